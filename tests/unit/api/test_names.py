import contextlib
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.errors import InvalidArgument
from api.names import MAX_NAME_CHARACTERS, Topic, checked_cache_name, checked_topic_name

CHECKS = [checked_cache_name, checked_topic_name]
ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=300)


def is_control(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cs"}


@given(ANY_TEXT)
@example("\0")
@example("a\0b")
@example("\ud800")
@example("\u202e")
@example("a\x7fb")
@example("a\x85b")
def test_a_name_is_refused_or_kept_as_it_is(text: str) -> None:
    trimmed = text.strip()
    for check in CHECKS:
        name = None
        with contextlib.suppress(InvalidArgument):
            name = check(text)
        if 0 < len(trimmed) <= MAX_NAME_CHARACTERS and not any(map(is_control, trimmed)):
            assert name == trimmed
        else:
            assert name is None


@given(ANY_TEXT)
def test_a_name_that_was_accepted_is_accepted_again_and_fits_the_wire(text: str) -> None:
    for check in CHECKS:
        with contextlib.suppress(InvalidArgument):
            name = check(text)
            assert check(name) == name
            assert name.encode().decode() == name


@pytest.mark.parametrize("length", [1, MAX_NAME_CHARACTERS])
@pytest.mark.parametrize("character", ["a", "é", "🦀"])
def test_the_length_is_counted_in_characters(length: int, character: str) -> None:
    for check in CHECKS:
        assert check(character * length) == character * length
        with pytest.raises(InvalidArgument, match="at most 255 characters long, not 256"):
            check(character * (MAX_NAME_CHARACTERS + 1))


@pytest.mark.parametrize("text", ["", " ", "\t\n", "\u00a0", "\u3000"])
def test_a_blank_name_is_empty(text: str) -> None:
    for check in CHECKS:
        with pytest.raises(InvalidArgument, match="must not be empty"):
            check(text)


@pytest.mark.parametrize("name", ["/", "a/b", "..", "*", "a:b", "%2f", "a b", "-", "AllDataReadWrite-token-scope.x_1"])
def test_characters_that_mean_something_elsewhere_mean_nothing_here(name: str) -> None:
    for check in CHECKS:
        assert check(name) == name


def test_names_that_look_alike_stay_apart() -> None:
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    assert unicodedata.normalize("NFC", decomposed) == composed
    assert checked_topic_name(composed) != checked_topic_name(decomposed)


def test_an_error_says_which_name_is_wrong() -> None:
    with pytest.raises(InvalidArgument, match=r"^cache name must"):
        checked_cache_name("")
    with pytest.raises(InvalidArgument, match=r"^topic name must"):
        checked_topic_name("")


@given(st.tuples(*[st.text()] * 3), st.tuples(*[st.text()] * 3))
def test_topics_are_equal_only_when_each_part_is(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    assert (Topic(*one) == Topic(*other)) == (one == other)
