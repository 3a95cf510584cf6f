"""Takes batches of usage from the backplane and applies them, as one of several services that do.

The order is: applied in the database, archived, then marked for the router, then taken off the backplane. Whatever is
cut off in between comes again, and changes nothing.
"""

import asyncio
import logging
import time
from collections.abc import Sequence

from accounts.batches.admission import Admission
from accounts.batches.archive import Archive
from accounts.batches.service import Applied, Batches
from api.errors import InvalidArgument, Unavailable
from api.tasks import end
from api.usage import Unreadable
from backplane.interface import Delivered, Usage

BATCHES_AT_ONCE = 200
WAIT_SECONDS = 1.0
REST_SECONDS = 0.5
"""How long it leaves a database or a backplane alone that could not be reached."""

ALARM_SECONDS = 10.0

_log = logging.getLogger(__name__)


class Consumer:
    """Applies batches until it is closed.

    Attributes:
        applied: How many batches were applied.
        repeated: How many had been applied before.
    """

    def __init__(
        self, batches: Batches, usage: Usage, name: str, admission: Admission, archive: Archive | None = None
    ) -> None:
        """`name` tells this service from others that consume as well."""
        self._batches = batches
        self._usage = usage
        self._name = name
        self._admission = admission
        self._archive = archive
        self._task: asyncio.Task[None] | None = None
        self._alarm_at = float("-inf")
        self._taken: list[Delivered] = []
        """What was read and is not done with; after a fault this service need not wait until it counts as abandoned."""
        self.applied = 0
        self.repeated = 0

    def __repr__(self) -> str:
        return f"<Consumer {self._name}, {self.applied} applied, {self.repeated} repeated>"

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stop; what is under way is done as a whole, or comes again."""
        if self._task is not None:
            await end(self._task)

    async def step(self, wait_seconds: float = WAIT_SECONDS) -> None:
        """Apply what there is, or what comes within some seconds.

        Raises:
            Unavailable: the database or the backplane cannot be reached.
        """
        if not self._taken:
            self._taken = list(await self._usage.read(self._name, BATCHES_AT_ONCE, wait_seconds))
            self._taken, forged = await self._admission.sort(self._taken)
            await self._usage.acknowledge([each.token for each in forged])
        if not self._taken:
            return
        try:
            await self._apply(self._taken)
        except (Unreadable, InvalidArgument):
            for each in self._taken:  # one of them cannot be applied; the others must not wait for it
                await self._apply_alone(each)
        self._taken = []

    async def _run(self) -> None:
        while True:
            try:
                await self.step()
            except Unavailable:  # database and backplane have told the log
                await asyncio.sleep(REST_SECONDS)
            except Exception:  # noqa: BLE001 - the batches come again, and usage must go on being applied
                _log.exception("usage could not be applied")
                await asyncio.sleep(REST_SECONDS)

    async def _apply(self, delivered: Sequence[Delivered]) -> None:
        applied = await self._batches.apply([each.batch.payload for each in delivered])
        self._count(applied)
        if self._archive is not None:  # before the router may delete them
            await asyncio.to_thread(self._archive.keep, [each.batch.payload for each in delivered])
        await self._usage.mark({f"{router}/{boot}": number for (router, boot), number in applied.marks.items()})
        await self._usage.acknowledge([each.token for each in delivered])

    async def _apply_alone(self, delivered: Delivered) -> None:
        try:
            await self._apply([delivered])
        except (Unreadable, InvalidArgument) as reason:
            # It is not marked, so its router keeps it and sends it again: an upgrade of this service may read it.
            if time.monotonic() >= self._alarm_at:
                self._alarm_at = time.monotonic() + ALARM_SECONDS
                _log.error("batch %s cannot be applied, and stays with its router: %s", delivered.batch.id, reason)
            await self._usage.acknowledge([delivered.token])

    def _count(self, applied: Applied) -> None:
        self.applied += applied.new
        self.repeated += applied.repeated
