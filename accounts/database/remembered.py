"""What a question to the database is answered, asked again and again by loops that wait for something to do.

A look by a session takes 2.4 ms of CPU, and each commit of anything, by any process, is followed by one of each loop.
So where the database is a file, whose pages are in memory, the statement is read from it without a session: 0.1 ms.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select

from accounts.database.engine import Database
from accounts.database.sqlite import Rows, Version

T = TypeVar("T")


Asked = Select[*tuple[Any, ...]]
"""A statement of a few rows of numbers and texts, found by an index."""


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """A statement, and how its answer is read from its rows; all that the answer depends on is in them."""

    statement: Asked
    read: Callable[[Sequence[Sequence[Any]]], T]


class RememberedRows:
    """The rows of a statement. Where nothing was committed since they were read, they are not read again."""

    def __init__(self, database: Database, statement: Asked) -> None:
        self._database = database
        self._statement = statement
        self._found: tuple[Version, Rows] | None = None

    def get(self) -> Rows | None:
        """Return the rows, for who compares them with those of before; None where that takes a session.

        It takes one on a database server.
        """
        version = self._database.version()
        if version is None:
            return None
        if self._found is None or version != self._found[0]:
            rows = self._database.glance(self._statement)
            if rows is None:
                return None
            self._found = version, rows
        return self._found[1]


class Remembered(Generic[T]):
    """The answer to a question. Where nothing was committed since it was asked, it is not asked again."""

    def __init__(self, database: Database, question: Question[T]) -> None:
        self._database = database
        self._question = question
        self._rows = RememberedRows(database, question.statement)

    async def get(self) -> T:
        """Return the answer.

        Raises:
            Unavailable: the database cannot be reached.
        """
        rows: Sequence[Sequence[Any]] | None = self._rows.get()
        if rows is None:
            async with self._database.reading() as session:
                rows = (await session.execute(self._question.statement)).all()
        return self._question.read(rows)
