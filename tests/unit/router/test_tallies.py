from hypothesis import given
from hypothesis import strategies as st
from momento_wire_types import cachepubsub_pb2 as wire

from api.items import item_frame
from api.usage import operations
from router.tallies import NOTHING, Tallies, Tally, tally, told

SIZES = st.lists(st.one_of(st.none(), st.integers(0, 5000)), max_size=60)


def counted(sizes: list[int | None]) -> Tally:
    values = [size for size in sizes if size is not None]
    return told(len(values), sum(values), sum(map(operations, values)))


@given(SIZES, st.data())
def test_a_run_of_frames_is_the_sum_of_them_wherever_it_begins(sizes: list[int | None], data: st.DataObject) -> None:
    tallies = Tallies()
    for size in sizes:
        if size is None:
            tallies.add_other()
        else:
            tallies.add_item(size)
    dropped = data.draw(st.integers(0, len(sizes)))
    tallies.drop(dropped)
    start = data.draw(st.integers(0, len(sizes) - dropped))
    end = data.draw(st.integers(start, len(sizes) - dropped))
    assert tallies.between(start, end) == counted(sizes[dropped + start : dropped + end])


@given(st.lists(st.integers(0, 5000), max_size=20), st.integers(1, 2**40), st.integers(1, 2**45))
def test_frames_of_a_history_are_told_by_their_bytes(sizes: list[int], number: int, page: int) -> None:
    values = [wire._TopicValue(binary=b"x" * size).SerializeToString() for size in sizes]
    frames = [item_frame(number + i, page, value, b"ada") for i, value in enumerate(values)]
    assert tally(frames) == counted(list(sizes))


def test_nothing_and_something_is_something() -> None:
    assert NOTHING.plus(told(1, 5, 1)).plus(told(2, 3000, 4)) == told(3, 3005, 5)
