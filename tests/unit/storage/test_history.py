"""Numbering, bounds and resume rules of one topic (rules 40 to 45 of docs/compatibility.md)."""

import pytest

from api.items import Discontinuity
from storage.history import History
from storage.settings import HistorySettings
from tests.unit.storage.parts import number_of, numbers, value

PAGE = 1000
SETTINGS = HistorySettings(items=5, topic_bytes=10_000, seconds=60.0)


def history(published: int = 0, settings: HistorySettings = SETTINGS) -> History:
    """Return a topic to which so many items were published, one each second."""
    made = History(PAGE, settings)
    for second in range(published):
        made.append(value(), b"", float(second))
    return made


def test_numbers_start_at_one_and_have_no_gaps() -> None:
    topic = history()
    assert [number_of(topic.append(value(), b"", 0.0)) for _ in range(20)] == list(range(1, 21))


def test_at_most_so_many_items_are_kept() -> None:
    topic = history(12)
    assert (topic.first, topic.last, len(topic)) == (8, 12, 5)


def test_at_most_so_many_bytes_are_kept() -> None:
    topic = history(settings=HistorySettings(items=100, topic_bytes=1000))
    for _ in range(50):
        topic.append(value("x" * 200), b"", 0.0)
        assert topic.held_bytes <= 1000
    assert (topic.last, len(topic)) == (50, 4)


def test_the_newest_item_is_kept_however_large_it_is() -> None:
    topic = history(3)
    topic.append(value("x" * 20_000), b"", 3.0)
    assert (topic.first, topic.last) == (4, 4)
    topic.append(value(), b"", 4.0)
    assert (topic.first, topic.last) == (5, 5)


def test_items_go_when_they_are_too_old_and_numbering_goes_on() -> None:
    topic = history(5)
    topic.expire(now=62.5)
    assert (topic.first, topic.last) == (4, 5)
    topic.expire(now=1000.0)
    assert (topic.first, topic.last, len(topic), topic.held_bytes) == (6, 5, 0, 0)
    assert number_of(topic.append(value(), b"", 1000.0)) == 6


KEPT, NOTHING, EXPIRED = "items 8 to 12", "an unused topic", "a topic whose items are too old"
ALL = [8, 9, 10, 11, 12]


def topic_in_state(state: str) -> History:
    topic = history(0 if state == NOTHING else 12)
    if state == EXPIRED:
        topic.expire(now=1000.0)
    return topic


@pytest.mark.parametrize(
    ("state", "number", "page", "told", "items"),
    [
        # 40: no resume point gives the newest item, where there is one
        (KEPT, 0, 0, None, [12]),
        (NOTHING, 0, 0, None, []),
        (EXPIRED, 0, 0, None, []),
        # 41: a number without a page is of the current one
        (KEPT, 8, 0, None, ALL),
        (KEPT, 10, 0, None, [10, 11, 12]),
        # 42: with the current page, up to the one after the newest
        (KEPT, 10, PAGE, None, [10, 11, 12]),
        (KEPT, 12, PAGE, None, [12]),
        (KEPT, 13, PAGE, None, []),
        (NOTHING, 1, PAGE, None, []),
        (EXPIRED, 13, PAGE, None, []),
        (NOTHING, 0, PAGE, None, []),
        # 43: another page, or beyond what can be
        (KEPT, 10, 7, Discontinuity(9, 8, PAGE), ALL),
        (KEPT, 14, PAGE, Discontinuity(13, 8, PAGE), ALL),
        (KEPT, 300, 5_435_435, Discontinuity(299, 8, PAGE), ALL),
        (KEPT, 0, 7, Discontinuity(0, 8, PAGE), ALL),
        (NOTHING, 2, PAGE, Discontinuity(1, 0, PAGE), []),
        (NOTHING, 300, 7, Discontinuity(299, 0, PAGE), []),
        # 44: older than the oldest
        (KEPT, 7, PAGE, Discontinuity(6, 8, PAGE), ALL),
        (KEPT, 1, 0, Discontinuity(0, 8, PAGE), ALL),
        (KEPT, 0, PAGE, Discontinuity(0, 8, PAGE), ALL),
        # 45: nothing retained
        (EXPIRED, 5, PAGE, Discontinuity(4, 12, PAGE), []),
        (EXPIRED, 5, 7, Discontinuity(4, 12, PAGE), []),
    ],
)
def test_a_subscriber_resumes(state: str, number: int, page: int, told: Discontinuity | None, items: list[int]) -> None:
    topic = topic_in_state(state)
    resumed = topic.resume(number, page)
    assert (resumed.page, resumed.last) == (PAGE, topic.last)
    assert resumed.discontinuity == told
    assert numbers(resumed) == items


def test_it_says_what_it_holds() -> None:
    assert repr(history(12)) == f"<History page 1000, 5 of 12 items, {history(12).held_bytes} bytes>"
