"""Looks again and again at what is used of limits: keeps the peaks, and tells owners before a limit is used up."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from accounts.caches import repository as caches
from accounts.database import Database, Transaction
from accounts.jobs.service import Job
from accounts.keys import repository as keys
from accounts.limits import repository
from accounts.limits.alarm import FULL, Alarm, judged
from accounts.limits.force import Limit, limits_of
from accounts.limits.models import LimitWarning
from accounts.limits.service import PEAK_HOURS
from accounts.limits.used import HOUR_SECONDS, present
from accounts.mail.service import Mails
from accounts.memberships import repository as memberships
from accounts.tenants import repository as tenants
from backplane.interface import Quotas, Use

WATCH_SECONDS = 10
COUNT_SECONDS = 60
"""Caches and keys do not come and go as quickly, and to count them all takes a while."""

RATES = ("publishes_per_second", "publish_bytes_per_second")
OF_ROUTERS = (*RATES, "subscriptions")
COUNTED = ("caches", "api_keys")

RATE_IS_FULL = 97.0
"""Percent: routers keep a rate to its limit within a few percent, so that it may never be seen to reach it."""


class Key(NamedTuple):
    """A limit of an account."""

    account_id: str
    name: str


class Reading(NamedTuple):
    """How much of a limit is used."""

    used: int
    value: int

    def percent(self, name: str) -> float:
        """Return it in percent."""
        if not self.value:
            return float(FULL) if self.used else 0.0
        percent = 100 * self.used / self.value
        return float(FULL) if name in RATES and RATE_IS_FULL <= percent < FULL else percent


@dataclass(slots=True)
class _Look:
    """What one look has found."""

    readings: dict[Key, Reading] = field(default_factory=dict[Key, Reading])
    peaks: dict[repository.PeakKey, int] = field(default_factory=dict[repository.PeakKey, int])
    names: dict[str, str] = field(default_factory=dict[str, str])
    warnings: Sequence[LimitWarning] = ()


class Watch:
    """The job `limits.watch`."""

    def __init__(self, database: Database, quotas: Quotas, mails: Mails, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._quotas = quotas
        self._mails = mails
        self._now = now
        self._before: dict[Key, float] = {}
        self._kept: dict[repository.PeakKey, int] = {}
        self._hour = 0
        self._counted_at = 0

    def jobs(self) -> list[Job]:
        """Return what is done again and again."""
        return [Job("limits.watch", WATCH_SECONDS, self.run)]

    async def run(self) -> str:
        """Look once.

        Raises:
            Unavailable: the database or the backplane cannot be reached.
        """
        now = int(self._now())
        uses = await self._quotas.uses()
        async with self._database.reading() as session:
            look = await self._look(session, uses, now)
        percents = self._percents(look.readings)
        known = {Key(row.account_id, row.name): _alarm(row) for row in look.warnings}
        changed, told = _judged(percents, known, now)
        peaks = self._new_peaks(look.peaks, now)
        if changed or peaks or told:
            async with self._database.transaction() as session:
                await repository.raise_peaks(session, self._hour, peaks)
                await repository.forget_peaks(session, self._hour - PEAK_HOURS)
                await self._keep(session, changed)
                for account_id in sorted({key.account_id for key in told}):
                    await self._tell(session, account_id, look, told)
        return f"{len(uses)} accounts and caches in use, {len(told)} limits told of"

    async def _look(self, session: Transaction, uses: Mapping[str, Use], now: int) -> _Look:
        look = _Look(warnings=await repository.warnings(session))
        ids = {*uses, *(row.account_id for row in look.warnings)}
        counts = await self._counts(session, now)
        accounts = await tenants.some(session, sorted({*ids, *(key.account_id for key in counts)}))
        overrides = await repository.overrides_of(session, [account.id for account in accounts])
        for account in accounts:
            look.names[account.id] = account.name
            limits = limits_of(account, overrides.get(account.id, {}))
            self._read(look, limits, account.id, {account.id: uses.get(account.id, Use())}, counts)
        for cache in await caches.some(session, sorted(ids)):
            for name in OF_ROUTERS:
                look.peaks[cache.account_id, cache.id, name] = present(name, uses, cache.id, {}) or 0
        return look

    def _read(
        self,
        look: _Look,
        limits: Mapping[str, Limit],
        account_id: str,
        uses: Mapping[str, Use],
        counts: Mapping[Key, int],
    ) -> None:
        for name in OF_ROUTERS:
            used = present(name, uses, account_id, {}) or 0
            look.readings[Key(account_id, name)] = Reading(used, limits[name].value)
            look.peaks[account_id, "", name] = used
        for name in COUNTED:
            key = Key(account_id, name)
            if key in counts:
                look.readings[key] = Reading(counts[key], limits[name].value)

    async def _counts(self, session: Transaction, now: int) -> Mapping[Key, int]:
        if now - self._counted_at < COUNT_SECONDS:
            return {}
        self._counted_at = now
        of_caches = await caches.counts(session)
        of_keys = await keys.counts(session, now)
        return {Key(id, "caches"): count for id, count in of_caches.items()} | {
            Key(id, "api_keys"): count for id, count in of_keys.items()
        }

    def _percents(self, readings: Mapping[Key, Reading]) -> Mapping[Key, float]:
        """Return the use in percent; of rates what was seen twice in a row, or each short burst would be told of."""
        percents = {key: reading.percent(key.name) for key, reading in readings.items()}
        before, self._before = self._before, {key: value for key, value in percents.items() if key.name in RATES}
        return {
            key: min(value, before.get(key, 0.0)) if key.name in RATES else value for key, value in percents.items()
        }

    def _new_peaks(self, peaks: Mapping[repository.PeakKey, int], now: int) -> Mapping[repository.PeakKey, int]:
        hour = now // HOUR_SECONDS
        if hour != self._hour:
            self._hour, self._kept = hour, {}
        new = {key: peak for key, peak in peaks.items() if peak > self._kept.get(key, 0)}
        self._kept.update(new)
        return new

    async def _keep(self, session: Transaction, changed: Mapping[Key, Alarm]) -> None:
        for key, alarm in sorted(changed.items()):
            row = await repository.warning(session, *key)
            if alarm.is_nothing:
                if row is not None:
                    await repository.remove_warning(session, row)
                continue
            if row is None:
                row = LimitWarning(account_id=key.account_id, name=key.name)
                repository.add_warning(session, row)
            row.level, row.below_since = alarm.level, alarm.below_since
            row.told_near_at, row.told_full_at = alarm.told_near_at, alarm.told_full_at

    async def _tell(self, session: Transaction, account_id: str, look: _Look, told: Mapping[Key, int]) -> None:
        limits = [
            {"name": key.name, **look.readings[key]._asdict(), "is_full": mark == FULL}
            for key, mark in sorted(told.items())
            if key.account_id == account_id
        ]
        for email in await memberships.emails_of_owners(session, account_id):
            self._mails.add(session, email, "limit-warning", account=look.names[account_id], limits=limits)


def _alarm(row: LimitWarning) -> Alarm:
    return Alarm(row.level, row.below_since, row.told_near_at, row.told_full_at)


def _judged(
    percents: Mapping[Key, float], known: Mapping[Key, Alarm], now: int
) -> tuple[Mapping[Key, Alarm], Mapping[Key, int]]:
    changed: dict[Key, Alarm] = {}
    told: dict[Key, int] = {}
    for key, percent in percents.items():
        before = known.get(key, Alarm())
        alarm, mark = judged(before, percent, now)
        if alarm != before and not (key not in known and alarm.is_nothing):
            changed[key] = alarm
        if mark:
            told[key] = mark
    return changed, told
