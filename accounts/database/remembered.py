"""What a look at the database has found, for as long as nobody commits."""

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from accounts.database.engine import Database, Transaction
from accounts.database.sqlite import Version

T = TypeVar("T")


class Remembered(Generic[T]):
    """Looks again only after a commit, of any process; each time where the database has no cheap sign of one."""

    def __init__(self, database: Database, look: Callable[[Transaction], Awaitable[T]]) -> None:
        self._database = database
        self._look = look
        self._found: tuple[Version | None, T] | None = None

    async def get(self) -> T:
        """Return what there is to be found.

        Raises:
            Unavailable: the database cannot be reached; what was found before is kept.
        """
        version = self._database.version()
        if version is None or self._found is None or version != self._found[0]:
            async with self._database.reading() as session:
                self._found = version, await self._look(session)
        return self._found[1]
