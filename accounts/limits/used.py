"""How much of limits is and was used: of the present routers tell, of the past the usage that was added up."""

from collections.abc import Mapping
from dataclasses import dataclass

from accounts.database import Transaction
from accounts.limits import repository
from accounts.usage.scope import Scope
from accounts.usage.service import Usage
from api.errors import MessageTooLarge, PublishRateExceeded, ThroughputExceeded, TooManySubscriptions
from api.usage import CONCURRENCY, REFUSED
from backplane.interface import Use

HOUR_SECONDS = 3600
REFUSALS_HOURS = 24

REFUSALS = {
    "publishes_per_second": REFUSED + PublishRateExceeded.code,
    "publish_bytes_per_second": REFUSED + ThroughputExceeded.code,
    "subscriptions": REFUSED + TooManySubscriptions.code,
    "message_bytes": REFUSED + MessageTooLarge.code,
}
"""The meter of what is refused for a limit. The account service counts none of what it refuses itself."""


@dataclass(frozen=True, slots=True)
class Used:
    """What is known of the use of a limit; None for what nobody knows.

    Attributes:
        now: Of what is so much a second, the last second or less.
        peak: The most of the last seven days.
        refused: How many requests were refused for it in the last 24 hours.
    """

    now: int | None
    peak: int | None
    refused: int | None


@dataclass(frozen=True, slots=True)
class History:
    """The past of an account: peaks and refusals by cache (empty for the whole account) and limit."""

    peaks: Mapping[tuple[str, str], int]
    refused: Mapping[tuple[str, str], int]

    def of(self, cache_id: str, name: str, now: int | None) -> Used:
        """Return what is known of one limit, whose present use is `now`."""
        peak = self.peaks.get((cache_id, name))
        known = [use for use in (now, peak) if use is not None]
        refused = self.refused.get((cache_id, name), 0) if name in REFUSALS else None
        return Used(now, max(known) if known else None, refused)


def present(name: str, uses: Mapping[str, Use] | None, id: str, counts: Mapping[str, int]) -> int | None:
    """Return how much of a limit is used now."""
    if name in counts:
        return counts[name]
    if uses is None:
        return None
    use = uses[id]
    rates = {
        "publishes_per_second": use.publishes,
        "publish_bytes_per_second": use.publish_bytes,
        "subscriptions": use.subscriptions,
    }
    return round(rates[name]) if name in rates else None


async def history_of(session: Transaction, usage: Usage, account_id: str, now: int, peak_hours: int) -> History:
    """Return the past of an account; `now` is an epoch second."""
    minute = now // 60 + 1
    hour = now // HOUR_SECONDS
    peaks = dict(await repository.peaks(session, account_id, hour - peak_hours))
    since = minute - 60 * peak_hours
    for used in await usage.totals(session, Scope(account_id, None, [CONCURRENCY], by=["cache"]), since, minute):
        key = (used.cache_id, "subscriptions")
        peaks[key] = max(peaks.get(key, 0), used.counts.peak)
    refused: dict[tuple[str, str], int] = {}
    by_meter = {meter: name for name, meter in REFUSALS.items()}
    since = minute - 60 * REFUSALS_HOURS
    for used in await usage.totals(session, Scope(account_id, None, [*by_meter], by=["cache"]), since, minute):
        name = by_meter[used.meter]
        for cache_id in {used.cache_id, ""}:
            refused[cache_id, name] = refused.get((cache_id, name), 0) + used.counts.messages
    return History(peaks, refused)


async def note_count(session: Transaction, account_id: str, name: str, used: int, now: int) -> None:
    """Keep how many caches or API keys there are, for the most of seven days; to be told of each change."""
    await repository.raise_peaks(session, now // HOUR_SECONDS, {(account_id, "", name): used})
