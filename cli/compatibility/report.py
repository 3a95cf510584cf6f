"""Prints what came of the checks."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from cli.compatibility.check import Row


def as_json(rows: Sequence[Row]) -> str:
    """Return the matrix for a program."""
    return json.dumps([asdict(row) for row in rows], indent=2)


def as_text(rows: Sequence[Row], endpoint: str) -> str:
    """Return the matrix for a person; the points' numbers are those of `docs/compatibility.md`."""
    lines = [f"{row.outcome:11}  {row.point:3}  {row.promise}{f' ({row.text})' if row.text else ''}" for row in rows]
    counts = Counter(row.outcome for row in rows)
    summary = f"{counts['ok']} ok, {counts['failed']} failed, {counts['not checked']} not checked"
    return "\n".join([f"compatibility of {endpoint} with the published SDKs", *lines, summary])
