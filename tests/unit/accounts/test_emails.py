"""E-mail addresses in the form in which they are kept."""

import pytest

from accounts.users.emails import LONGEST_EMAIL, as_kept, normalised
from api.errors import InvalidArgument


def test_other_spellings_are_the_same() -> None:
    assert {as_kept(" Ada@Example.com "), as_kept("ada@EXAMPLE.COM")} == {"ada@example.com"}


@pytest.mark.parametrize("text", ["a", '"\\"', "\u00e9", "a.", "x <"])
def test_a_long_text_is_refused_for_its_length_alone(text: str) -> None:
    """Nobody has to log in to send 64 KiB, and to look at them took a tenth of a second in which all others waited."""
    long = text * (60_000 // len(text)) + "@example.com"
    with pytest.raises(InvalidArgument, match=f"more than {LONGEST_EMAIL} characters"):
        normalised(long)
    assert as_kept(long) == ""
