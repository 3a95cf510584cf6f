"""Does the jobs of the account service: each of them at its time, by one service of the fleet.

Services go by their own clocks; a difference between them makes a job early or late by as much, and no more.
"""

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from accounts import audit
from accounts.audit import Actor
from accounts.database import Database, Remembered
from accounts.identifiers import new_id
from accounts.jobs import repository
from accounts.jobs.models import Job as Row
from accounts.jobs.repository import Ended
from api.errors import NotFound, TidingsError, Unavailable
from api.tasks import end

LOOK_SECONDS = 1.0
LEASE_SECONDS = 30
"""How long after the death of the service that does a job another one may begin it."""

RENEW_SECONDS = 10.0
TOGETHER_SECONDS = 0.05
"""Jobs that end within this time are let go of together."""

RETRY_SECONDS = 60
"""A run that failed is repeated after so long, where the next one would come later."""

LONGEST_DETAIL = 500

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """Work that is to be done again and again.

    Attributes:
        name: A noun and a verb, such as `limits.warn`.
        every_seconds: From the end of one run to the beginning of the next; 1 at least. After a failure no more than
            `RETRY_SECONDS`.
        run: Does the work and returns a few words on what was done. It must bear being done once more by another
            service when this one dies, or the database goes away, in the middle of it.
    """

    name: str
    every_seconds: int
    run: Callable[[], Awaitable[str]]


class Jobs:
    """The jobs of one account service. Add them all before `start`.

    Attributes:
        runs: How many runs of each job ended here, by its name and by `done` or `failed`.
    """

    def __init__(self, database: Database, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now
        self._holder = new_id("service")
        self._jobs: dict[str, Job] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._due = Remembered(database, repository.DUE)
        self._looking: asyncio.Task[None] | None = None
        self._ended: list[Ended] = []
        self._noting: asyncio.Task[None] | None = None
        self.runs: Counter[tuple[str, str]] = Counter()

    def __repr__(self) -> str:
        return f"<Jobs {len(self._jobs)}, running {sorted(self._running)}>"

    @property
    def names(self) -> Sequence[str]:
        """Of all of them, in order."""
        return sorted(self._jobs)

    def add(self, *jobs: Job) -> None:
        """Take more jobs."""
        self._jobs.update((job.name, job) for job in jobs)

    async def start(self) -> None:
        """Register the jobs, and begin to look for what is due."""
        await self.register()
        self._looking = asyncio.create_task(self._look_on())

    async def register(self) -> None:
        """Enter the jobs into the database; one that is new there is due at once."""
        async with self._database.transaction() as session:
            await repository.add_once(session, self.names, int(self._now()))

    async def close(self) -> None:
        """Stop. What is under way is given up, and done by another service when its lease has ended."""
        if self._looking is not None:
            await end(self._looking)
        await end(*self._running.values(), *([self._noting] if self._noting is not None else []))

    async def list(self) -> Sequence[Row]:
        """Return all jobs that this or another version of the service has done, in the order of their names."""
        async with self._database.reading() as session:
            return await repository.everything(session)

    async def hasten(self, name: str, actor: Actor) -> None:
        """Have a job done within a few seconds.

        Raises:
            NotFound: there is no such job.
        """
        async with self._database.transaction() as session:
            if not await repository.hasten(session, name, int(self._now())):
                raise NotFound(f"job '{name}' does not exist")
            audit.record(session, actor, None, "job.hastened", name)

    async def look(self) -> None:
        """Begin what is due and what nobody else does."""
        now = int(self._now())
        due = [name for name, at in (await self._due.get()).items() if now >= max(at) and name not in self._running]
        mine = [name for name in due if name in self._jobs]
        if not mine:
            return
        async with self._database.transaction() as session:
            taken = await repository.take(session, mine, self._holder, now, now + LEASE_SECONDS)
        for name in sorted(taken):
            task = self._running[name] = asyncio.create_task(self._do(self._jobs[name]))
            task.add_done_callback(lambda _, name=name: self._running.pop(name, None))

    async def _look_on(self) -> None:
        while True:
            try:
                await self.look()
            except Unavailable:  # the database has told the log
                pass
            except Exception:  # noqa: BLE001 - without looking nothing would be done any more
                _log.exception("jobs could not be looked at")
            await asyncio.sleep(LOOK_SECONDS)

    async def _do(self, job: Job) -> None:
        began = time.monotonic()
        holding = asyncio.create_task(self._hold(job.name))
        try:
            detail, failed = await job.run(), False
        except TidingsError as error:
            detail, failed = error.message, True
        except Exception as error:  # noqa: BLE001 - the next run may go well, and the other jobs must
            _log.exception("job '%s' failed", job.name)
            detail, failed = f"{type(error).__name__}: {error}", True
        finally:
            await end(holding)
        outcome = "failed" if failed else "done"
        self.runs[job.name, outcome] += 1
        took_ms = round((time.monotonic() - began) * 1000)
        rest = min(job.every_seconds, RETRY_SECONDS) if failed else job.every_seconds
        next_at = int(self._now()) + rest
        self._ended.append(Ended(job.name, next_at, took_ms, outcome, detail[:LONGEST_DETAIL], int(failed)))
        if self._noting is None or self._noting.done():
            self._noting = asyncio.create_task(self._note())
        await asyncio.shield(self._noting)

    async def _note(self) -> None:
        """Note in one transaction what ends together: each commit takes 2 ms, and has others look what is new."""
        await asyncio.sleep(TOGETHER_SECONDS)
        while self._ended:
            ended, self._ended = self._ended, []
            with contextlib.suppress(Unavailable):  # then their leases end, and they are done once more
                async with self._database.transaction() as session:
                    await repository.finish(session, self._holder, ended)

    async def _hold(self, name: str) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            with contextlib.suppress(Unavailable):
                async with self._database.transaction() as session:
                    until = int(self._now()) + LEASE_SECONDS
                    if not await repository.hold(session, name, self._holder, until):
                        _log.warning("job '%s' took so long that another service does it as well", name)
                        return
