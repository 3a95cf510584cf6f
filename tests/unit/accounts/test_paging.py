"""Lists in pages: nothing is shown twice or left out, and no token that was made by hand does harm."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.paging import PageRequest
from api.errors import InvalidArgument


def token(position: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


KEPT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
"""What a column of texts can hold."""


@given(st.sets(st.tuples(st.integers(0, 2**40), KEPT), max_size=30), st.integers(1, 10))
def test_pages_put_together_are_the_list(things: set[tuple[int, str]], limit: int) -> None:
    shown: list[tuple[int, str]] = []
    rows, asked = sorted(things), PageRequest(limit)
    while True:
        after = asked.after(int, str)
        page = asked.page([row for row in rows if after is None or row > after][: asked.fetch], lambda row: row)
        assert len(page.items) <= limit
        shown += page.items
        if page.next_token is None:
            break
        asked = PageRequest(limit, page.next_token)
    assert shown == rows


@pytest.mark.parametrize(
    "next_token",
    [
        "",
        "x",
        "!!!!",
        "é",
        token("a"),
        token([]),
        token([1, 2]),
        token(["a"]),
        token(["a", 1]),
        token([True, "a"]),
        token([1.5, "a"]),
        token([2**63, "a"]),
        token([1, "\0"]),
        token([1, "\ud800"]),
        token([1, "a", "b"]),
        base64.urlsafe_b64encode(b"[" * 3000).decode(),
    ],
)
def test_a_token_that_no_list_gave_is_refused(next_token: str) -> None:
    with pytest.raises(InvalidArgument, match="next_token"):
        PageRequest(10, next_token).after(int, str)
