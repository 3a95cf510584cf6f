"""The FOCUS file as the `focus-validator` of PyPI sees it, where that is installed.

It needs a NumPy and a pandas that are years old, so it has a place of its own: `pip install focus-validator
"multimethod<2"` there, and its program in TIDINGS_FOCUS_VALIDATOR. It knows FOCUS 1.0, of which 1.2 keeps the columns.
"""

import csv
import io
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.integration.accounts.billing.test_exports import Billed, billed
from tests.patience import patient

__all__ = ["billed"]

PROGRAM = os.environ.get("TIDINGS_FOCUS_VALIDATOR") or shutil.which("focus-validator")

WRONG_ITSELF = {
    "InvoiceIssuer_Required",  # the specification says InvoiceIssuerName
    "Provider_Required",  # ProviderName
    "Publisher_Required",  # PublisherName
    "ResourceID_Required",  # ResourceId
    "SkuPriceId_Nullable",  # looks for ChargeType, which is ChargeCategory
    "BillingCurrency_IsCurrencyCode",  # reads a list of currencies that its package does not hold
}
"""Rules of version 1.0.0 that no file can pass."""

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(PROGRAM is None, reason="focus-validator is not installed; see TIDINGS_FOCUS_VALIDATOR"),
]


def broken_rules(text: str, folder: Path) -> set[str]:
    assert PROGRAM is not None
    file = folder / "focus.csv"
    file.write_text(text)
    command = [PROGRAM, "--data-file", str(file), "--validate-version", "1.0", "--output-type", "console"]
    said = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=patient(120)).stdout
    assert "Validation" in said
    return set(re.findall(r"^(\w+) failed:$", said, re.MULTILINE))


async def test_the_file_breaks_no_rule_that_a_file_can_keep(billed: Billed, tmp_path: Path) -> None:
    text = (await billed.program.get("/v1/exports/charges?format=focus")).text
    assert broken_rules(text, tmp_path) <= WRONG_ITSELF


async def test_a_file_that_is_wrong_breaks_others(billed: Billed, tmp_path: Path) -> None:
    rows = await billed.rows("charges?format=focus")
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0])
    writer.writeheader()
    writer.writerows({**row, "ChargeCategory": "Use", "BilledCost": "much"} for row in rows)
    assert broken_rules(out.getvalue(), tmp_path) - WRONG_ITSELF
