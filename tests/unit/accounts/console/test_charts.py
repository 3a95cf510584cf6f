"""Charts as numbers: nothing lies outside the drawing, and what is drawn adds up to what was counted."""

from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.console.charts import BOTTOM, HEIGHT, LEFT, OTHERS, TOP, WIDTH, columns, short

Drawn = tuple[int, dict[str, list[int]]]

FIGURES = st.integers(1, 40).flatmap(
    lambda length: st.dictionaries(
        st.text(min_size=1, max_size=8),
        st.lists(st.integers(0, 10**15), min_size=length, max_size=length),
        max_size=12,
    ).map(lambda figures: (length, figures))
)


@given(FIGURES)
@settings(deadline=None)  # a busy machine makes one of many cases slow
def test_every_block_lies_within_the_drawing_and_stands_on_the_one_below(
    drawn: tuple[int, dict[str, list[int]]],
) -> None:
    length, figures = drawn
    chart = columns([str(place) for place in range(length)], figures)
    assert chart.total == sum(map(sum, figures.values()))
    for block in chart.blocks:
        assert block.x >= LEFT
        assert block.x + block.width <= WIDTH + 1e-6
        assert block.y >= TOP - 1e-6
        assert block.y + block.height <= HEIGHT - BOTTOM + 1e-6
        assert block.height >= 0


def test_what_is_smaller_than_the_five_largest_goes_together() -> None:
    chart = columns(["a"], {str(number): [number] for number in range(1, 10)})
    assert list(chart.series) == ["9", "8", "7", "6", "5", OTHERS]
    assert chart.values == [[9, 8, 7, 6, 5, 1 + 2 + 3 + 4]]


def test_a_cache_that_is_called_others_is_not_lost_among_them() -> None:
    chart = columns(["a"], {**{str(number): [number] for number in range(1, 9)}, OTHERS: [100]})
    assert list(chart.series).count(OTHERS) == 2
    assert chart.total == 136


def test_a_scale_has_round_steps() -> None:
    assert [mark.text for mark in columns(["a"], {"x": [9]}).scale] == ["0", "2.5", "5", "7.5", "10"]
    assert [mark.text for mark in columns(["a"], {"x": [1_100_000]}).scale] == ["0", "300 k", "600 k", "900 k", "1.2 M"]
    assert [mark.text for mark in columns(["a"], {"x": [0]}).scale] == ["0", "1", "2", "3", "4"]


def test_numbers_are_told_in_few_letters() -> None:
    assert [short(number) for number in (0, 999, 1200, 2.5e6, 1e9)] == ["0", "999", "1.2 k", "2.5 M", "1 G"]
