import pytest

from api import request_ids
from api.log_context import binding


def sent(value: bytes) -> dict[str, object]:
    return {"headers": [(b"host", b"x"), (b"x-request-id", value)]}


@pytest.mark.parametrize("value", [b"a", b"7f3a-1c0e.5b9d_4e/62:8a+1f=0@c", b"x" * 64])
def test_a_client_may_bring_its_own(value: bytes) -> None:
    assert request_ids.of(sent(value)) == value.decode()


@pytest.mark.parametrize("value", [b"", b"x" * 65, b"a b", b"a\r\nb", b"a\x1b[2J", b"\xc3\xa9", b'"', b"a%0a", b"<b>"])
def test_one_that_is_not_well_formed_is_replaced(value: bytes) -> None:
    made = request_ids.of(sent(value))
    assert len(made) == 32
    assert made != request_ids.of(sent(value))


def test_the_client_is_told_of_the_one_that_is_served() -> None:
    assert request_ids.header() == []
    with binding(request_id="mine"):
        assert request_ids.header() == [(b"x-request-id", b"mine")]
