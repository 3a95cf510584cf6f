"""When items came: a time for each millisecond, and never too many."""

from router.arrivals import MOST, Arrivals


def test_an_item_came_when_those_came_that_are_noted_with_it() -> None:
    arrivals = Arrivals()
    arrivals.note(7, 3, 10.0)
    arrivals.note(7, 4, 10.0005)
    arrivals.note(7, 5, 10.5)
    arrivals.note(9, 1, 10.5001)
    assert [arrivals.of(7, number) for number in (2, 3, 4, 5, 6)] == [None, 10.0, 10.0, 10.5, 10.5]
    assert (arrivals.of(8, 1), arrivals.of(9, 1)) == (None, 10.5001)


def test_the_oldest_times_are_forgotten() -> None:
    arrivals = Arrivals()
    for number in range(1, MOST + 2):
        arrivals.note(7, number, float(number))
    assert repr(arrivals) == f"<Arrivals {MOST // 2 + 1} times>"
    assert (arrivals.of(7, 1), arrivals.of(7, MOST)) == (None, float(MOST))
