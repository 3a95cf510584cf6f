"""Batches as routers make them, and what they add up to by the simplest reckoning there is."""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from accounts.usage.service import Used
from api.usage import CONCURRENCY, DELIVERY, PUBLISH, SUBSCRIPTION, Batch, Line, digest, encode, operations

Numbers = tuple[int, int, int, int]


@dataclass
class Boot:
    """One life of a router's process, with all that it has counted."""

    router: str
    boot: str
    batches: list[Batch] = field(default_factory=list[Batch])
    payloads: list[bytes] = field(default_factory=list[bytes])

    def seal(self, minute: int, lines: Sequence[Line], *, last: bool = False) -> bytes:
        previous = digest(self.payloads[-1]) if self.payloads else b""
        batch = Batch(self.router, self.boot, len(self.batches) + 1, previous, minute, lines, last=last)
        self.batches.append(batch)
        self.payloads.append(encode(batch))
        return self.payloads[-1]


def published(account: str, cache: str, principal: str, *sizes: int, meter: str = PUBLISH) -> Line:
    """Return the line of messages of these sizes."""
    return Line(account, cache, meter, principal, len(sizes), sum(sizes), sum(map(operations, sizes)))


def random_lines(random: random.Random, accounts: Sequence[str]) -> list[Line]:
    lines: dict[tuple[str, ...], Line] = {}
    for _ in range(random.randint(1, 8)):
        account, cache = random.choice(accounts), random.choice(["cache-1", "cache-2"])
        principal = random.choice(["key:key_1", "token:ada", ""])
        sizes = [random.choice([0, 1, 1023, 1024, 1025, 4096, 10**6]) for _ in range(random.randint(1, 20))]
        match random.choice([PUBLISH, DELIVERY, SUBSCRIPTION, CONCURRENCY]):
            case "subscription":
                line = Line(account, cache, SUBSCRIPTION, principal, seconds=random.randint(1, 90))
            case "concurrency":
                line = Line(account, random.choice([cache, ""]), CONCURRENCY, "", peak=random.randint(1, 50))
            case meter:
                line = published(account, cache, principal, *sizes, meter=meter)
        lines[line[:4]] = line
    return list(lines.values())


def by_hand(batches: Iterable[Batch], zone: ZoneInfo, form: str) -> dict[tuple[str, ...], Numbers]:
    """Add up quantities by local time in this form, account, meter, cache and principal."""
    sums = Counter[tuple[tuple[str, ...], int]]()
    for batch in batches:
        piece = datetime.fromtimestamp(batch.minute * 60, zone).strftime(form)
        for line in batch.lines:
            if line.meter != CONCURRENCY:
                key = (piece, line.account, line.meter, line.cache, line.principal)
                sums.update({(key, place): number for place, number in enumerate(line[4:8])})
    return {key: (sums[key, 0], sums[key, 1], sums[key, 2], sums[key, 3]) for key, _ in sums}


def as_found(account: str, used: Iterable[Used], zone: ZoneInfo, form: str) -> dict[tuple[str, ...], Numbers]:
    """Return what the service found in the form of `by_hand`; two pieces with one name would show as an error."""
    found: dict[tuple[str, ...], Numbers] = {}
    for each in used:
        piece = datetime.fromtimestamp(each.start * 60, zone).strftime(form)
        key = (piece, account, each.meter, each.cache_id, each.principal)
        assert key not in found
        found[key] = each.counts[:4]
    return found


def without_principal(sums: dict[tuple[str, ...], Numbers]) -> dict[tuple[str, ...], Numbers]:
    merged: dict[tuple[str, ...], Numbers] = {}
    for (*key, _), numbers in sums.items():
        known = merged.get((*key, ""), (0, 0, 0, 0))
        merged[*key, ""] = (known[0] + numbers[0], known[1] + numbers[1], known[2] + numbers[2], known[3] + numbers[3])
    return merged
