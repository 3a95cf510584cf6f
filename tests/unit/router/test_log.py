from momento_wire_types import cachepubsub_pb2 as wire

from api.items import Discontinuity, item_frame
from router.counts import Gap
from router.log import FRAME_BYTES, MAX_EPOCHS, Log
from tests.unit.asgi import parsed

PAGE, NEXT_PAGE = 7, 8
WRITE = 1 << 16
VALUE = b"\x0a\x01x"
ITEM_BYTES = len(item_frame(1, PAGE, VALUE, b""))


def log(max_bytes: int = 1 << 20) -> Log:
    made = Log(max_bytes)
    made.align(PAGE, 0)
    return made


def add(to: Log, *numbers: int, page: int = PAGE) -> None:
    for number in numbers:
        to.append(page, number, item_frame(number, page, VALUE, b""))


def read(of: Log, cursor: int, max_bytes: int = WRITE) -> tuple[list[int | Discontinuity], int]:
    """Return all that a subscriber gets from `cursor` on, and where it is then."""
    got: list[int | Discontinuity] = []
    while chunk := of.after(cursor, max_bytes):
        cursor = chunk.cursor
        for message in parsed(chunk.data):
            if message.HasField("item"):
                got.append(message.item.topic_sequence_number)
            else:
                got.append(_told(message.discontinuity))
    return got, cursor


def test_a_cursor_gets_what_comes_after_it_and_then_nothing() -> None:
    topic = log()
    assert topic.after(0, WRITE) is None
    add(topic, 1, 2, 3)
    assert read(topic, 0) == ([1, 2, 3], 3)
    assert topic.after(3, WRITE) is None


def test_cursors_at_the_same_place_get_the_same_bytes() -> None:
    topic = log()
    add(topic, 1, 2, 3)
    first, second = topic.after(0, WRITE), topic.after(0, WRITE)
    assert first is not None
    assert second is not None
    assert first.data is second.data


def test_what_was_joined_is_joined_anew_when_more_has_come() -> None:
    topic = log()
    add(topic, 1)
    topic.after(0, WRITE)
    add(topic, 2)
    chunk = topic.after(0, WRITE)
    assert chunk is not None
    assert (len(chunk.data), chunk.cursor) == (2 * ITEM_BYTES, 2)


def test_a_write_carries_at_most_so_many_bytes_and_at_least_one_frame() -> None:
    topic = log()
    add(topic, *range(1, 11))
    chunk = topic.after(0, 3 * ITEM_BYTES)
    assert chunk is not None
    assert (len(chunk.data), chunk.cursor) == (3 * ITEM_BYTES, 3)
    assert topic.after(0, 1) is not None
    assert read(topic, 0, 1)[0] == list(range(1, 11))


def test_the_oldest_give_way_and_whoever_needed_them_is_told_exactly_what_is_missing() -> None:
    topic = log(4 * ITEM_BYTES)
    add(topic, *range(1, 11))
    assert topic.held_bytes <= 4 * ITEM_BYTES
    assert read(topic, 0) == ([Discontinuity(0, 7, PAGE), 7, 8, 9, 10], 10)
    assert read(topic, 5) == ([Discontinuity(5, 7, PAGE), 7, 8, 9, 10], 10)
    assert read(topic, 6) == ([7, 8, 9, 10], 10)


def test_the_newest_is_kept_however_large_it_is() -> None:
    topic = log(max_bytes=1)
    add(topic, 1, 2, 3)
    assert read(topic, 0) == ([Discontinuity(0, 3, PAGE), 3], 3)


def test_trimming_lets_go_of_what_everybody_has() -> None:
    topic = log()
    add(topic, 1, 2, 3)
    topic.trim(2)
    assert read(topic, 2) == ([3], 3)
    topic.trim(100)
    assert (topic.held_bytes, topic.start, topic.end) == (0, 3, 3)
    add(topic, 4)
    assert read(topic, 3) == ([4], 4)


def test_an_item_that_came_before_is_not_taken_twice() -> None:
    topic = log()
    add(topic, 1, 2, 2, 1, 3)
    assert read(topic, 0) == ([1, 2, 3], 3)


def test_a_gap_between_items_is_told_just_before_the_item_that_follows() -> None:
    topic = log()
    add(topic, 1, 2, 6, 7)
    assert read(topic, 0)[0] == [1, 2, Discontinuity(2, 6, PAGE), 6, 7]


def test_a_new_page_is_told_just_before_its_first_item() -> None:
    topic = log()
    add(topic, 1, 2)
    add(topic, 1, 2, page=NEXT_PAGE)
    assert read(topic, 0)[0] == [1, 2, Discontinuity(2, 1, NEXT_PAGE), 1, 2]
    assert (topic.page, topic.last) == (NEXT_PAGE, 2)


def test_who_missed_a_gap_that_was_itself_let_go_is_told_of_all_that_it_missed() -> None:
    topic = log(2 * ITEM_BYTES)
    add(topic, 1, 2, 6, 7, 8, 9)
    assert read(topic, 2) == ([Discontinuity(2, 8, PAGE), 8, 9], 6)


def test_who_missed_a_change_of_page_that_was_let_go_is_told_from_where_it_stood() -> None:
    topic = log(2 * ITEM_BYTES)
    add(topic, 1, 2)
    add(topic, 1, 2, 3, 4, page=NEXT_PAGE)
    assert read(topic, 2) == ([Discontinuity(2, 3, NEXT_PAGE), 3, 4], 6)


def test_a_node_that_turns_out_to_be_further_is_news() -> None:
    topic = log()
    add(topic, 1, 2)
    topic.align(PAGE, 5)
    add(topic, 6)
    assert read(topic, 0)[0] == [1, 2, Discontinuity(2, 5, PAGE), 6]


def test_a_node_with_another_page_is_news_once() -> None:
    topic = log()
    add(topic, 1)
    topic.align(NEXT_PAGE, 3)
    topic.align(NEXT_PAGE, 3)
    topic.align(PAGE, 1)
    assert read(topic, 0)[0] == [1, Discontinuity(1, 3, NEXT_PAGE)]


def test_an_answer_that_is_older_than_what_came_since_is_no_news() -> None:
    topic = log()
    add(topic, 1, 2, 3)
    topic.align(PAGE, 1)
    assert read(topic, 0)[0] == [1, 2, 3]
    assert topic.cursor(PAGE, 2) == 1


def test_a_number_has_a_position_also_before_it_comes() -> None:
    topic = Log(1 << 20)
    topic.align(PAGE, 41)
    assert topic.cursor(PAGE, 42) == topic.end
    add(topic, 42, 43)
    assert read(topic, topic.cursor(PAGE, 43))[0] == [43]


def test_a_number_that_the_log_does_not_reach_back_to_is_where_it_starts() -> None:
    topic = Log(1 << 20)
    topic.align(PAGE, 41)
    add(topic, 42)
    assert topic.cursor(PAGE, 7) == topic.cursor(3, 1) == topic.start


def test_an_item_may_come_before_the_nodes_answer() -> None:
    topic = Log(1 << 20)
    add(topic, 6, 7)
    topic.align(PAGE, 5)
    assert read(topic, topic.cursor(PAGE, 6))[0] == [6, 7]


def test_only_so_many_changes_of_page_are_remembered() -> None:
    topic = log()
    for page in range(PAGE, PAGE + 100):
        add(topic, 1, page=page)
    assert len(topic._epochs) == MAX_EPOCHS
    assert read(topic, 98)[0] == [Discontinuity(1, 1, PAGE + 98), 1, Discontinuity(1, 1, PAGE + 99), 1]


def test_it_says_where_it_stands() -> None:
    topic = log()
    add(topic, 1)
    assert repr(topic) == f"<Log positions 0 to 1, {ITEM_BYTES} bytes, page 7>"


def test_who_skips_to_the_newest_is_told_what_lies_between_and_gets_that_one() -> None:
    topic = log(max_bytes=3 * ITEM_BYTES)
    add(topic, *range(1, 11))
    skipped = topic.skip(2, topic.end - 1)
    assert read(topic, skipped.cursor) == ([10], 10)
    assert skipped.gap == Gap("slow_reader", 2, 10)
    (told,) = parsed(skipped.data)
    assert _told(told.discontinuity) == Discontinuity(2, 10, PAGE)


def test_who_skips_to_the_newest_of_another_page_is_told_of_that() -> None:
    topic = log(max_bytes=3 * ITEM_BYTES)
    add(topic, *range(1, 11))
    add(topic, 1, 2, page=NEXT_PAGE)
    (told,) = parsed(topic.skip(2, topic.end - 1).data)
    assert _told(told.discontinuity) == Discontinuity(2, 2, NEXT_PAGE)


def _told(told: wire._Discontinuity) -> Discontinuity:
    return Discontinuity(told.last_topic_sequence, told.new_topic_sequence, told.new_sequence_page)


def test_it_can_be_bound_to_less_and_keeps_the_newest() -> None:
    topic = log()
    add(topic, 1, 2, 3, 4)
    topic.bound(2 * (ITEM_BYTES + FRAME_BYTES))
    assert topic.held_bytes == 2 * ITEM_BYTES
    assert read(topic, 0) == ([Discontinuity(0, 3, PAGE), 3, 4], 4)


def test_it_can_be_emptied_and_whoever_needed_what_is_gone_is_told_and_gets_what_comes_then() -> None:
    topic = log()
    add(topic, 1, 2)
    topic.bound(0)
    assert (topic.taken_bytes, topic.start, topic.end) == (0, 2, 2)
    assert read(topic, 2) == ([], 2)
    assert read(topic, 1) == ([Discontinuity(1, 3, PAGE)], 2)
    add(topic, 3)
    assert read(topic, 0) == ([Discontinuity(0, 3, PAGE), 3], 3)
