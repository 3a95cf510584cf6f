"""Usage as Parquet, with a library that not every installation has: it is larger than all else together."""

import io
from collections.abc import Iterable
from importlib import import_module
from typing import Any

from accounts.exports.rows import USAGE_COLUMNS, USAGE_NUMBERS, Cells
from api.errors import Unimplemented


class Parquet:
    """Parquet, one row group for each `rows`. Nothing but the present row group is in memory.

    Raises:
        Unimplemented: the library is not installed.
    """

    media_type = "application/vnd.apache.parquet"
    suffix = "parquet"

    def __init__(self) -> None:
        try:
            self._arrow: Any = import_module("pyarrow")
            parquet: Any = import_module("pyarrow.parquet")
        except ImportError as reason:
            raise Unimplemented(
                "this installation cannot write Parquet; for that, its operator runs: pip install 'tidings[parquet]'"
            ) from reason
        arrow = self._arrow
        self._schema = arrow.schema(
            [arrow.field(name, arrow.int64() if name in USAGE_NUMBERS else arrow.string()) for name in USAGE_COLUMNS]
        )
        self._out = io.BytesIO()
        self._writer = parquet.ParquetWriter(_Sink(self._out), self._schema, compression="snappy")

    def begin(self) -> bytes:
        """Return what comes first."""
        return self._written()

    def rows(self, rows: Iterable[Cells]) -> bytes:
        """Return rows."""
        table = self._arrow.Table.from_pylist([dict(row) for row in rows], schema=self._schema)
        self._writer.write_table(table)
        return self._written()

    def end(self) -> bytes:
        """Return what comes last."""
        self._writer.close()
        return self._written()

    def _written(self) -> bytes:
        data = self._out.getvalue()
        self._out.seek(0)
        self._out.truncate()
        return data


class _Sink(io.RawIOBase):
    """A file that tells how much was written, and hands it on."""

    def __init__(self, out: io.BytesIO) -> None:
        super().__init__()
        self._out = out
        self._at = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def write(self, data: Any, /) -> int:  # noqa: ANN401 - whatever holds bytes
        written = self._out.write(data)
        self._at += written
        return written
