"""Compares the books of a run: what is lost, twice, out of order, or missing without a word. Pure arithmetic."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.e2e.fleet.ledger import Corrupt, Gap, Item, Ledger, Message, Seen, Sent, decode, messages

SHOWN = 8
"""How many findings of a kind are printed."""


@dataclass
class Findings:
    """What is wrong with a run, each kind as sentences; all empty where all promises were kept.

    Attributes:
        lost: Acknowledged, promised to a subscriber, and not received.
        phantom: Received, but never sent.
        corrupt: Received, and not what a publisher made.
        duplicate: Received twice by one subscriber.
        disorder: Numbers that go back, publishers' messages out of turn, or subscribers who saw different orders.
        silent: Numbers missing without a Discontinuity, or other ones than it announced.
        discontinuities: How many each subscriber was told of.
        pages: How many sequence pages each subscriber saw.
    """

    lost: list[str] = field(default_factory=list[str])
    phantom: list[str] = field(default_factory=list[str])
    corrupt: list[str] = field(default_factory=list[str])
    duplicate: list[str] = field(default_factory=list[str])
    disorder: list[str] = field(default_factory=list[str])
    silent: list[str] = field(default_factory=list[str])
    discontinuities: dict[str, int] = field(default_factory=dict[str, int])
    pages: dict[str, int] = field(default_factory=dict[str, int])

    def broken(self) -> list[str]:
        """Return a line for each kind of violation, empty where there is none."""
        kinds = ("lost", "phantom", "corrupt", "duplicate", "disorder", "silent")
        return [f"{len(found)} {kind}: {found[:SHOWN]}" for kind in kinds if (found := getattr(self, kind))]


def check(ledger: Ledger, *, durable: bool) -> Findings:
    """Compare. What is not durable may be missing where a Discontinuity says so, what is durable never."""
    found = Findings()
    for topic, subscribers in ledger.by_topic().items():
        acknowledged = [sent for sent in ledger.acknowledged() if sent.message.topic == topic]
        _one_order(found, topic, subscribers)
        for seen in subscribers:
            found.discontinuities[seen.name] = len(seen.gaps())
            found.pages[seen.name] = len({item.page for item in seen.items()})
            _values(found, seen, ledger.attempted)
            _numbers(found, seen)
            _publishers(found, seen, acknowledged, durable=durable)
    return found


def _values(found: Findings, seen: Seen, attempted: set[Message]) -> None:
    for item in seen.items():
        try:
            message = decode(item.value)
        except Corrupt as reason:
            found.corrupt.append(f"{seen.name} got {reason}")
            continue
        if message not in attempted or message.topic != seen.topic:
            found.phantom.append(f"{seen.name} of {seen.topic} got {message}")
    twice = [message for message, count in Counter(messages(seen.items())).items() if count > 1]
    found.duplicate += [f"{seen.name} got {message} more than once" for message in twice]


def _numbers(found: Findings, seen: Seen) -> None:
    """Follow the numbers of one subscriber; page 0 stands for the page that it was on."""
    page, last, gap = 0, 0 if seen.from_start else None, None
    for event in seen.events:
        match event:
            case Gap():
                gap = event
            case Item():
                told = event.page or (gap.page if gap else page)
                where = f"{seen.name}: {told}/{event.number} after {page}/{last}"
                if page and last is not None and (told, event.number) <= (page, last):
                    found.disorder.append(where)
                elif gap is not None:
                    if told != gap.page or event.number not in (gap.new, gap.new + 1):
                        found.silent.append(f"{where}, where {gap} was announced")
                elif last is not None and (event.number != last + 1 or (page and told != page)):
                    found.silent.append(where)
                page, last, gap = told, event.number, None
            case _:
                pass


def _publishers(found: Findings, seen: Seen, acknowledged: list[Sent], *, durable: bool) -> None:
    """Find what a subscriber did not get of each publisher, and what it got out of turn."""
    promised: dict[tuple[str, str], list[Message]] = defaultdict(list)
    for sent in acknowledged:
        if sent.began >= seen.since:
            promised[sent.message.tenant, sent.message.publisher].append(sent.message)
    places = {message: place for place, message in _placed(seen)}
    gaps = [place for place, event in enumerate(seen.events) if isinstance(event, Gap)]
    for made in promised.values():
        before, missing = -1, list[Message]()
        for message in made:
            place = places.get(message)
            if place is None:
                missing.append(message)
                continue
            if place < before:
                found.disorder.append(f"{seen.name} got {message} too late")
            found.lost += _unexcused(seen, missing, gaps, (before, place), durable=durable)
            before, missing = place, []
        found.lost += _unexcused(seen, missing, gaps, (before, len(seen.events)), durable=durable)


def _unexcused(
    seen: Seen, missing: list[Message], gaps: list[int], between: tuple[int, int], *, durable: bool
) -> list[str]:
    """Return what is missing between two received items, unless a Discontinuity stands there and may excuse it."""
    first = bisect_left(gaps, between[0])
    excused = not durable and first < len(gaps) and gaps[first] < between[1]
    return [] if excused else [f"{seen.name} did not get {message}" for message in missing]


def _placed(seen: Seen) -> Iterator[tuple[int, Message]]:
    for place, event in enumerate(seen.events):
        if isinstance(event, Item):
            yield from ((place, message) for message in messages([event]))


def _one_order(found: Findings, topic: str, subscribers: list[Seen]) -> None:
    """Hold that a place in the topic means the same message to everybody who tells places."""
    held: dict[tuple[int, int], str] = {}
    for seen in subscribers:
        for item in seen.items():
            if item.page and held.setdefault((item.page, item.number), item.value) != item.value:
                found.disorder.append(f"{topic} {item.page}/{item.number} is another message to {seen.name}")
