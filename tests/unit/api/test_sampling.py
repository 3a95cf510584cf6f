import pytest

from api.sampling import MOST_OF_CLIENTS, Sampling
from tests.unit.clock import Clock

SAMPLED = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
NOT_SAMPLED = SAMPLED[:-1] + b"0"


def with_parent(value: bytes) -> list[tuple[bytes, bytes]]:
    return [(b"authorization", b"x"), (b"traceparent", value)]


def sampling(ratio: float, *, follows: bool = True, chance: float = 0.5, clock: Clock | None = None) -> Sampling:
    return Sampling(ratio, follows=follows, chance=lambda: chance, now=clock or Clock())


def test_what_a_client_has_decided_counts() -> None:
    assert sampling(0).parent(with_parent(SAMPLED)) == SAMPLED.decode()
    assert sampling(1).parent(with_parent(NOT_SAMPLED)) is None


def test_where_nobody_has_decided_a_share_is_taken() -> None:
    assert sampling(0.6).parent([]) == ""
    assert sampling(0.4).parent([]) is None
    assert sampling(0.0, chance=0.0).parent([]) is None


def test_a_client_may_be_told_not_to_decide() -> None:
    assert sampling(0.6, follows=False).parent(with_parent(NOT_SAMPLED)) == NOT_SAMPLED.decode()
    assert sampling(0.4, follows=False).parent(with_parent(SAMPLED)) is None


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"x",
        SAMPLED.upper(),
        SAMPLED + b"-",
        b"01" + SAMPLED[2:],
        SAMPLED.replace(b"4bf92f3577b34da6a3ce929d0e0e4736", b"0" * 32),
    ],
)
def test_what_is_no_traceparent_is_as_if_it_were_not_there(value: bytes) -> None:
    assert sampling(0).parent(with_parent(value)) is None
    assert sampling(1).parent(with_parent(value)) == ""


def test_clients_decide_on_so_many_traces_a_second() -> None:
    clock = Clock()
    decides = sampling(0, clock=clock)
    clock.advance(seconds=10)
    taken = [decides.parent(with_parent(SAMPLED)) for _ in range(MOST_OF_CLIENTS + 10)]
    assert taken.count(None) == 10
    clock.advance(seconds=1.1)
    assert decides.parent(with_parent(SAMPLED))
