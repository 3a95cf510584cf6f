"""Tells accounts of themselves on `$sys/` topics: every few seconds, and only what somebody listens to.

Every item is what the REST API answers. So a program that knows the one knows the other.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

from accounts.audit.log import AuditLog
from accounts.audit.repository import Sought as SoughtEntries
from accounts.audit.schemas import AuditEntryInfo
from accounts.gaps.repository import Sought
from accounts.gaps.schemas import GapInfo, GapList
from accounts.jobs.service import Job
from accounts.ledger import Ledger
from accounts.limits.schemas import LimitInfo, LimitsInfo
from accounts.limits.service import AccountLimits
from accounts.paging import MOST, PageRequest
from accounts.usage.reports import Question
from api.errors import NotFound, Unavailable
from api.system import SystemTopic
from backplane.system import SystemItem, SystemTopics

EVERY_SECONDS = 5
MINUTES = 2
"""Usage and gaps are told of the minute under way and the one before, which may still grow."""

MOST_ROWS = 2_000
"""Of more, the usage of all caches is told together: an item must not be too large for SDKs."""

Bodies = Callable[[str], Awaitable[Sequence[str]]]


class SelfObservation:
    """The job `system.tell`."""

    def __init__(
        self,
        told: SystemTopics,
        ledger: Ledger,
        limits: AccountLimits,
        log: AuditLog,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._told = told
        self._reports = ledger.reports
        self._limits = limits
        self._gaps = ledger.gaps
        self._log = log
        self._now = now
        self._entries: dict[str, int] = {}
        self._bodies: Mapping[SystemTopic, Bodies] = {
            "$sys/usage": self._usage,
            "$sys/limits": self._limits_in_force,
            "$sys/gaps": self._newest_gaps,
            "$sys/audit": self._new_entries,
        }

    def jobs(self) -> list[Job]:
        """Return what is done again and again."""
        return [Job("system.tell", EVERY_SECONDS, self.tell)]

    async def tell(self) -> str:
        """Tell those who listen, and return how many items that were.

        Raises:
            Unavailable: the database or the backplane cannot be reached; audit entries are told the next time.
        """
        before = self._entries
        try:
            return await self._tell()
        except Unavailable:
            self._entries = before
            raise

    async def _tell(self) -> str:
        interests = await self._told.interests()
        listened = {interest.account for interest in interests if interest.topic == "$sys/audit"}
        self._entries = {account: newest for account, newest in self._entries.items() if account in listened}
        items: list[SystemItem] = []
        for account, topic in sorted(interests):
            bodies = self._bodies.get(topic)
            if bodies is None:
                continue  # a newer router knows more topics
            with suppress(NotFound):  # the account was deleted a moment ago
                items += [SystemItem(account, topic, body) for body in await bodies(account)]
        if items:
            await self._told.tell(items)
        return f"{len(items)} items for {len(interests)} topics"

    async def _usage(self, account_id: str) -> Sequence[str]:
        last = timedelta(minutes=MINUTES - 1)
        report = await self._reports.json(account_id, Question("minute", last=last, group_by=("cache",)))
        if report.rows > MOST_ROWS:
            report = await self._reports.json(account_id, Question("minute", last=last))
        return [report.text]

    async def _limits_in_force(self, account_id: str) -> Sequence[str]:
        standings = await self._limits.standings(account_id)
        return [LimitsInfo(limits=[LimitInfo.of(standing) for standing in standings]).model_dump_json()]

    async def _newest_gaps(self, account_id: str) -> Sequence[str]:
        page = await self._gaps.page(Sought(account_id, start=self._since()), PageRequest(MOST))
        return [GapList(gaps=[GapInfo.of(each) for each in page.items], next_token=page.next_token).model_dump_json()]

    async def _new_entries(self, account_id: str) -> Sequence[str]:
        """Return the entries since the last time, the oldest first; the first time the newest one.

        Of more than `MOST` the rest is told the next time.
        """
        last = self._entries.get(account_id)
        if last is None:
            new = (await self._log.search(SoughtEntries(account_id), PageRequest(1))).items
        else:
            new = await self._log.following(account_id, last, MOST)
        if new:
            self._entries[account_id] = new[-1].id
        return [AuditEntryInfo.of(entry).model_dump_json() for entry in new]

    def _since(self) -> int:
        return int(self._now()) // 60 - MINUTES + 1
