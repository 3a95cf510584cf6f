"""What storage nodes and edges count, told in memory and in Redis alike."""

from collections.abc import AsyncGenerator, Mapping, Sequence

import pytest

from api.errors import Unavailable
from backplane.redis import RedisBackplane
from backplane.redis.witnesses import RedisWitnesses
from backplane.witnesses import MemoryWitnesses, Witness, Witnessed, Witnesses
from tests.redis_server import RedisServer
from tests.unit.clock import Clock

LARGE = 2**53 + 1
"""A float would make another number of it."""


def counted(messages: int, account: str = "acme", *, hour: int = 7, has_left: bool = False) -> Witnessed:
    return Witnessed("storage", "node-1", "boot", hour, account, messages, 10 * messages, messages, has_left)


@pytest.fixture(params=["memory", "redis"])
async def witnesses(request: pytest.FixtureRequest, server: RedisServer) -> AsyncGenerator[Witnesses]:
    if request.param == "memory":
        yield MemoryWitnesses()
        return
    server.command("FLUSHALL")
    backplane = RedisBackplane(server.url, "test")
    yield backplane.witnesses
    await backplane.close()


async def test_the_largest_numbers_of_each_hour_are_heard_in_whatever_order_they_came(witnesses: Witnesses) -> None:
    assert await witnesses.heard(7) == []
    await witnesses.tell([counted(LARGE), counted(1, 'ot"her')])
    await witnesses.tell([counted(9), counted(5, hour=8), counted(2, 'ot"her', has_left=True)])
    await witnesses.tell([counted(1, 'ot"her')])
    assert sorted(await witnesses.heard(7)) == sorted([counted(LARGE), counted(2, 'ot"her', has_left=True)])
    assert await witnesses.heard(8) == [counted(5, hour=8)]


async def test_thousands_of_accounts_are_heard(witnesses: Witnesses) -> None:
    told = [counted(number + 1, f"account-{number}") for number in range(2100)]
    await witnesses.tell(told)
    assert sorted(await witnesses.heard(7)) == sorted(told)


async def test_redis_takes_no_more_than_it_has_room_for(server: RedisServer) -> None:
    server.command("FLUSHALL")
    backplane = RedisBackplane(server.url, "test")
    narrow = RedisWitnesses(backplane.witnesses._store, most_counts=1)
    await narrow.tell([counted(1)])
    with pytest.raises(Unavailable, match="1 counts"):
        await narrow.tell([counted(2), counted(1, "other")])
    assert await narrow.heard(7) == [counted(2)]
    await backplane.close()


class Counting:
    """A witness that counts what it is told to."""

    def __init__(self) -> None:
        self.now: dict[str, Sequence[int]] = {}

    def take(self) -> Mapping[str, Sequence[int]]:
        taken, self.now = self.now, {}
        return taken


class Lossy(MemoryWitnesses):
    """A store that can be away, and lose what it had."""

    is_away = False

    async def tell(self, counted: Sequence[Witnessed]) -> str:
        if self.is_away:
            raise Unavailable("the store cannot be reached")
        return await super().tell(counted)


async def numbers(witnesses: Witnesses, hour: int) -> dict[str, tuple[int, int, int, bool]]:
    return {each.account: each[5:] for each in await witnesses.heard(hour)}


async def test_a_witness_tells_what_it_counted_in_each_hour_and_that_it_leaves() -> None:
    clock, witnesses, counting = Clock(7 * 3600 + 3598), Lossy(), Counting()
    witness = Witness(witnesses, "storage", "node-1", counting.take, now=clock)
    counting.now = {"acme": [3, 30]}
    await witness.step()
    counting.now = {"acme": [2, 20], "other": [1, 0]}
    witnesses.is_away = True
    with pytest.raises(Unavailable):
        await witness.step()
    witnesses.is_away = False
    clock.advance(2.4)  # what the last second of an hour has counted is the hour's
    counting.now = {"acme": [1, 10]}
    await witness.step()
    clock.advance(1)
    counting.now = {"acme": [4, 40]}
    await witness.step()
    assert await numbers(witnesses, 7) == {
        "": (0, 0, 0, False),
        "acme": (6, 60, 3, False),
        "other": (1, 0, 1, False),
    }
    counting.now = {"acme": [1, 1]}
    await witness.close()
    assert await numbers(witnesses, 8) == {"": (0, 0, 0, True), "acme": (5, 41, 4, False)}


async def test_what_redis_has_lost_is_told_again(server: RedisServer) -> None:
    server.command("FLUSHALL")
    backplane, counting = RedisBackplane(server.url, "test"), Counting()
    witness = Witness(backplane.witnesses, "storage", "node-1", counting.take, now=Clock(7 * 3600 + 10))
    counting.now = {"acme": [3, 30]}
    await witness.step()
    await witness.step()
    server.command("FLUSHALL")
    counting.now = {"other": [1, 1]}
    await witness.step()
    assert await numbers(backplane.witnesses, 7) == {"other": (1, 1, 1, False)}
    await witness.step()
    assert await numbers(backplane.witnesses, 7) == {
        "": (0, 0, 0, False),
        "acme": (3, 30, 3, False),
        "other": (1, 1, 1, False),
    }
    await backplane.close()
