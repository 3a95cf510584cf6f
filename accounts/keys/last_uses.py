"""When and from where keys were used last: taken from what routers tell, and kept beside the keys."""

from accounts.database import Database
from accounts.jobs.service import Job
from accounts.keys import repository
from backplane.interface import KeyUses

EVERY_SECONDS = 5
AT_ONCE = 200


class LastUses:
    """Writes uses down. What the service itself sees of keys it tells to the same store as the routers do."""

    def __init__(self, database: Database, uses: KeyUses) -> None:
        self._database = database
        self.uses = uses

    def jobs(self) -> list[Job]:
        """Return what is to be done again and again."""
        return [Job("keys.note_uses", EVERY_SECONDS, self.write)]

    async def write(self) -> str:
        """Write down all that is there, and return how much it was."""
        written = 0
        while uses := await self.uses.take(AT_ONCE):
            async with self._database.transaction() as session:
                # In one order, or two services that write the same keys could wait for each other.
                for use in sorted(uses, key=lambda use: use.key_id):
                    written += await repository.note_use(session, use.account_id, use.key_id, use.at, use.address)
        return f"{written} keys were used"
