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


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """A statement of a few rows of numbers and texts, found by an index; all that its answer depends on is in it."""

    statement: Select[*tuple[Any, ...]]
    read: Callable[[Sequence[Sequence[Any]]], T]


class Remembered(Generic[T]):
    """The answer to a question. Where nothing was committed since it was asked, it is not asked again."""

    def __init__(self, database: Database, question: Question[T]) -> None:
        self._database = database
        self._question = question
        self._found: tuple[Version, Rows] | None = None

    async def get(self) -> T:
        """Return the answer.

        Raises:
            Unavailable: the database cannot be reached.
        """
        rows: Sequence[Sequence[Any]] | None = self.rows()
        if rows is None:
            async with self._database.reading() as session:
                rows = (await session.execute(self._question.statement)).all()
        return self._question.read(rows)

    def rows(self) -> Rows | None:
        """Return the rows that make the answer; None where that takes a session, as on a database server.

        Whoever asks whether anything has changed compares them with those of before.
        """
        version = self._database.version()
        if version is None:
            return None
        if self._found is None or version != self._found[0]:
            rows = self._database.glance(self._question.statement)
            if rows is None:
                return None
            self._found = version, rows
        return self._found[1]
