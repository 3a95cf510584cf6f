"""The examples of pages about HTTP, run in one shell after the other against the running service."""

import json
import os
import re
import subprocess
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import pytest

from tests.e2e.http.conftest import Api

DOCS = Path(__file__).parents[3] / "docs"
PAGES = {"http.md": 6, "rest.md": 8, "permissions.md": 5, "limits.md": 3}
"""How many commands each page has, so that none is overlooked."""

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SEQUENCE_PAGE = re.compile(r"\b\d{13}\b")


def examples(page: str, cache: str) -> list[tuple[str, str, str]]:
    """Return each command with the output that the page shows, and whether that is JSON."""
    blocks = [*BLOCK.findall((DOCS / page).read_text().replace("news", cache)), ("", "")]
    return [
        (command, output if kind in ("json", "text") else "", kind)
        for (language, command), (kind, output) in pairwise(blocks)
        if language == "sh"
    ]


def comparable(output: str, kind: str) -> object:
    """Return an output without what differs in each run: the sequence page, which is the time of a topic's birth."""
    same = SEQUENCE_PAGE.sub("0", output)
    return json.loads(same) if kind == "json" else same


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("curl", ["--http1.1", "--http2-prior-knowledge"])
def test_the_examples_of_the_page_do_what_it_says(api: Api, page: str, curl: str, tmp_path: Path) -> None:
    (tmp_path / ".curlrc").write_text(curl)
    environment = {**os.environ, "CURL_HOME": str(tmp_path)}
    environment |= {"TIDINGS_URL": api.service.url, "TIDINGS_API_KEY": api.key}
    found = examples(page, f"news-{uuid4()}")
    assert len(found) == PAGES[page]
    for command, output, kind in found:
        done = subprocess.run(
            ["bash", "-ec", command], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, command + done.stderr
        if output:
            assert comparable(done.stdout, kind) == comparable(output, kind), command
