"""How what was counted adds up to the sums that are kept. Values in, values out."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from accounts.usage.levels import MINUTE, OF_ALL, OF_PRINCIPALS, QUARTER, floor
from accounts.usage.models import ALL, BY_ROUTER, LONGEST_PRINCIPAL
from accounts.usage.repository import Counts, SeriesKey
from api.usage import CONCURRENCY, Line

T = TypeVar("T")

Place = tuple[SeriesKey, int]
"""A series, and the minute in which a step of it begins."""

Sums = dict[Place, Counts]

STEPS = sorted({*OF_ALL, *OF_PRINCIPALS})
"""All steps, the finest first."""


def added(sums: Iterable[tuple[T, Counts]]) -> dict[T, Counts]:
    """Return the sum of each key."""
    result: dict[T, Counts] = {}
    for key, counts in sums:
        known = result.get(key)
        result[key] = counts if known is None else known.plus(counts)
    return result


def by_key(counted: Iterable[tuple[int, str, Line]]) -> Sums:
    """Return by minute what was counted: the minute, the router that did, and the line."""
    return added(((_key(line, router), minute), Counts._make(line[4:])) for minute, router, line in counted)


def coarser(sums: Mapping[Place, Counts], step: int) -> Sums:
    """Return sums in larger steps."""
    return added(((key, floor(minute, step)), counts) for (key, minute), counts in sums.items())


def peaks_in(detail: Mapping[Place, Counts]) -> set[Place]:
    """Return where the peak of a router is."""
    return {place for place in detail if place[0].meter == CONCURRENCY}


def quantities(detail: Mapping[Place, Counts]) -> dict[int, Sums]:
    """Return what the minutes of principals add up to in each step: also all principals, and quarters of all caches."""
    plain = {place: counts for place, counts in detail.items() if place[0].meter != CONCURRENCY}
    of_all = added(((key._replace(principal=ALL), minute), counts) for (key, minute), counts in plain.items())
    steps = {
        step: (coarser(plain, step) if step in OF_PRINCIPALS else {})
        | (coarser(of_all, step) if step in OF_ALL else {})
        for step in STEPS
    }
    steps[QUARTER] |= coarser(_of_all_caches(plain), QUARTER)
    return steps


def _of_all_caches(plain: Mapping[Place, Counts]) -> Sums:
    return added(((key._replace(cache_id=ALL), minute), counts) for (key, minute), counts in plain.items())


def peaks(of_minutes: Mapping[Place, Counts]) -> dict[int, Sums]:
    """Return what the peaks of all routers together, by minute, are in each step."""
    return {step: coarser(of_minutes, step) for step in (MINUTE, *reversed(OF_ALL))}


def peaks_of_minutes(detail: Mapping[Place, Counts]) -> Sums:
    """Return the peaks of all routers together: in a minute they add up."""
    highest: dict[Place, int] = {}
    for key, minute in peaks_in(detail):
        place = (key._replace(principal=ALL), minute)
        highest[place] = highest.get(place, 0) + detail[key, minute].peak
    return {place: Counts(peak=peak) for place, peak in highest.items()}


def _key(line: Line, router: str) -> SeriesKey:
    principal = BY_ROUTER + router if line.meter == CONCURRENCY else line.principal
    # A zero byte is the one character that a database may not keep; a batch must never fail for what is in a token.
    return SeriesKey(line.account, line.cache, line.meter, principal.replace("\0", "\ufffd")[:LONGEST_PRINCIPAL])
