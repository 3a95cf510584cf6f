"""Rows as CSV and as JSON Lines.

A spreadsheet takes a cell that begins with certain characters for a formula, whoever wrote it: such a text gets an
apostrophe before it.
"""

import csv
import io
import json
from collections.abc import Iterable, Sequence

from accounts.exports.rows import Cells

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class Csv:
    """CSV with a header (RFC 4180). `null` stands where there is no value."""

    media_type = "text/csv; charset=utf-8"
    suffix = "csv"

    def __init__(self, columns: Sequence[str], numbers: Iterable[str], null: str = "") -> None:
        """Columns among `numbers` are written as they are; their texts are digits."""
        self._columns = columns
        self._numbers = frozenset(numbers)
        self._null = null

    def begin(self) -> bytes:
        """Return the header."""
        return self._lines([list(self._columns)])

    def rows(self, rows: Iterable[Cells]) -> bytes:
        """Return rows."""
        return self._lines([[self._cell(name, row[name]) for name in self._columns] for row in rows])

    def end(self) -> bytes:
        """Return what comes last."""
        return b""

    def _cell(self, name: str, value: str | int | None) -> str:
        if value is None:
            return self._null
        text = str(value)
        return f"'{text}" if name not in self._numbers and text.startswith(_FORMULA) else text

    def _lines(self, rows: list[list[str]]) -> bytes:
        out = io.StringIO(newline="")
        csv.writer(out).writerows(rows)
        return out.getvalue().encode()


class JsonLines:
    """One JSON object a line."""

    media_type = "application/x-ndjson"
    suffix = "jsonl"

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns

    def begin(self) -> bytes:
        """Return what comes first."""
        return b""

    def rows(self, rows: Iterable[Cells]) -> bytes:
        """Return rows."""
        lines = (json.dumps({name: row[name] for name in self._columns}, separators=(",", ":")) for row in rows)
        return "".join(f"{line}\n" for line in lines).encode()

    def end(self) -> bytes:
        """Return what comes last."""
        return b""
