"""The oracle finds each kind of violation, and nothing in a run that kept its promises."""

from collections.abc import Sequence

import pytest

from tests.e2e.fleet.findings import check
from tests.e2e.fleet.ledger import ACKNOWLEDGED, Corrupt, Ended, Event, Gap, Item, Ledger, Message, Sent, decode, encode

PAGE = 1_700_000_000_000


def message(n: int, publisher: str = "p") -> Message:
    return Message("tenant", "topic", publisher, n)


def item(number: int, n: int | None = None, page: int = PAGE) -> Item:
    return Item(page, number, encode(message(number if n is None else n)))


def books(*subscribers: Sequence[Event], acknowledged: int = 0, failed: Sequence[int] = ()) -> Ledger:
    """Return the ledger of one publisher whose first `acknowledged` messages were, but for those that failed."""
    ledger = Ledger()
    for n in range(1, max(acknowledged, *failed, 0) + 1):
        ledger.attempted.add(message(n))
        ledger.sent.append(Sent(message(n), "UNAVAILABLE" if n in failed else ACKNOWLEDGED, float(n), 0.01))
    for place, events in enumerate(subscribers):
        seen = ledger.listener(f"s{place}", "topic")
        seen.since, seen.events = 0.0, list(events)
    return ledger


def test_a_value_names_its_message_and_no_other_passes_for_one() -> None:
    value = encode(message(7), "filler")
    assert decode(value) == message(7)
    for other in (value.replace("filler", "filled"), value[:-1], "", "a|b|c|1|x|y"):
        with pytest.raises(Corrupt):
            decode(other)


def test_nothing_is_found_where_everybody_saw_everything() -> None:
    everything = [item(1), item(2), Ended("INTERNAL", "moved"), item(3)]
    found = check(books(everything, everything, acknowledged=3), durable=True)
    assert found.broken() == []
    assert found.discontinuities == {"s0": 0, "s1": 0}
    assert found.pages == {"s0": 1, "s1": 1}


def test_a_failed_publish_may_have_arrived_or_not() -> None:
    assert check(books([item(1), item(2), item(3)], acknowledged=3, failed=[2]), durable=True).broken() == []
    assert check(books([item(1), item(2, 3)], acknowledged=3, failed=[2]), durable=True).broken() == []


def test_a_missing_message_is_lost() -> None:
    for events in ([item(1), item(2, 3)], [item(1), item(2)], [item(1, 2), item(2, 3)]):
        assert len(check(books(events, acknowledged=3), durable=False).lost) == 1


def test_a_discontinuity_excuses_what_is_missing_where_it_stands_and_nowhere_else() -> None:
    new = PAGE + 1
    told = Gap(1, 0, new)
    assert check(books([item(1), told, item(1, 3, new)], acknowledged=3), durable=False).broken() == []
    assert len(check(books([item(1), told, item(1, 3, new)], acknowledged=3), durable=True).lost) == 1
    elsewhere = [item(1), item(2, 3), told, item(1, 4, new)]
    assert len(check(books(elsewhere, acknowledged=4), durable=False).lost) == 1


def test_what_was_published_before_a_subscriber_listened_is_not_promised_to_it() -> None:
    ledger = books([item(3), item(4)], acknowledged=4)
    ledger.seen[0].since, ledger.seen[0].from_start = 2.5, False
    assert check(ledger, durable=True).broken() == []


def test_a_message_that_nobody_sent_is_a_phantom() -> None:
    assert len(check(books([item(1), item(2, 9)], acknowledged=1), durable=True).phantom) == 1


def test_a_changed_value_is_corrupt() -> None:
    changed = Item(PAGE, 1, encode(message(1)) + "0")
    assert len(check(books([changed]), durable=True).corrupt) == 1


def test_a_message_that_is_numbered_twice_is_a_duplicate() -> None:
    assert len(check(books([item(1), item(2, 1)], acknowledged=1), durable=True).duplicate) == 1


def test_a_number_that_comes_again_is_disorder() -> None:
    found = check(books([item(1), item(2), item(2)], acknowledged=2), durable=True)
    assert len(found.disorder) == 1
    assert len(found.duplicate) == 1


def test_an_older_page_is_disorder() -> None:
    older = [item(1), Gap(1, 1, PAGE - 1), item(1, 2, PAGE - 1)]
    assert len(check(books(older, acknowledged=2), durable=True).disorder) == 1


def test_a_publisher_whose_messages_come_out_of_turn_is_disorder() -> None:
    assert len(check(books([item(1, 2), item(2, 1)], acknowledged=2), durable=True).disorder) == 1


def test_two_subscribers_with_different_orders_are_disorder() -> None:
    ledger = books([item(1, 1), item(2, 2)], [item(1, 2), item(2, 1)], failed=[1, 2])
    assert len(check(ledger, durable=True).disorder) == 2


def test_a_number_that_is_left_out_without_a_word_is_a_silent_gap() -> None:
    ledger = books([item(1), item(3)], acknowledged=3, failed=[2])
    assert len(check(ledger, durable=True).silent) == 1


def test_a_first_number_other_than_one_is_a_silent_gap_for_whoever_listened_from_the_start() -> None:
    assert len(check(books([item(2)], acknowledged=2, failed=[1]), durable=True).silent) == 1


def test_a_page_that_changes_without_a_word_is_a_silent_gap() -> None:
    for number in (1, 2):
        ledger = books([item(1), item(number, 2, PAGE + 1)], acknowledged=2)
        assert len(check(ledger, durable=True).silent) == 1


def test_a_discontinuity_that_announces_another_number_or_page_does_not_count() -> None:
    for told in (Gap(1, 3, PAGE + 1), Gap(1, 1, PAGE + 2)):
        ledger = books([item(1), told, item(5, 2, PAGE + 1)], acknowledged=2)
        assert len(check(ledger, durable=True).silent) == 1


def test_a_client_that_tells_no_pages_is_followed_by_its_discontinuities() -> None:
    events = [item(1, page=0), item(2, page=0), Gap(2, 0, PAGE), item(1, 3, page=0), item(2, 4, page=0)]
    found = check(books(events, acknowledged=4), durable=True)
    assert found.broken() == []
    assert found.discontinuities == {"s0": 1}
