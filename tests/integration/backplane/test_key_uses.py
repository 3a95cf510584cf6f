"""The last use of keys, in memory and in Redis alike."""

from collections.abc import AsyncGenerator

import pytest

from api.errors import Unavailable
from backplane.interface import KeyUse, KeyUses
from backplane.key_uses import MOST_KEYS, KeyUseNotes
from backplane.memory import MemoryKeyUses
from backplane.redis import RedisBackplane
from backplane.redis.key_uses import RedisKeyUses
from tests.redis_server import RedisServer

OLD, NEW = KeyUse("acme", "key-1", 100, "10.0.0.1"), KeyUse("acme", "key-1", 200, "2001:db8::1")
OTHER, NAMELESS = KeyUse("other", "key-1", 150, "10.0.0.2"), KeyUse("acme", "key-2", 150, "")


@pytest.fixture(params=["memory", "redis"])
async def uses(request: pytest.FixtureRequest, server: RedisServer) -> AsyncGenerator[KeyUses]:
    """A store that has room for three keys."""
    if request.param == "memory":
        yield MemoryKeyUses(most_keys=3)
        return
    server.command("FLUSHALL")
    backplane = RedisBackplane(server.url, "test")
    yield RedisKeyUses(backplane.key_uses._store, most_keys=3)
    await backplane.close()


async def test_the_newest_use_of_each_key_is_taken_once(uses: KeyUses) -> None:
    assert await uses.take(10) == []
    await uses.report([OLD, OTHER])
    await uses.report([NEW, NAMELESS])
    await uses.report([OLD])
    taken = [*await uses.take(2), *await uses.take(2)]
    assert sorted(taken, key=repr) == sorted([NEW, OTHER, NAMELESS], key=repr)
    assert await uses.take(10) == []


async def test_what_there_is_no_room_for_is_dropped(uses: KeyUses) -> None:
    await uses.report([OLD, OTHER, NAMELESS])
    await uses.report([KeyUse("acme", "key-3", 300, ""), NEW])
    assert set(await uses.take(10)) == {NEW, OTHER, NAMELESS}


class Away(MemoryKeyUses):
    """A store that cannot be reached at first."""

    away = True

    async def report(self, uses: object) -> None:
        if self.away:
            raise Unavailable("the backplane cannot be reached")
        await super().report(uses)  # pyright: ignore[reportArgumentType] - passed on as it is


async def test_what_could_not_be_told_is_told_later() -> None:
    store = Away()
    notes = KeyUseNotes(store)
    notes.note(("acme", "key-1", "10.0.0.1"), 100.7)
    with pytest.raises(Unavailable):
        await notes.report()
    notes.note(("other", "key-1", "10.0.0.2"), 150)
    store.away = False
    await notes.report()
    assert set(await store.take(10)) == {OLD, OTHER}


async def test_no_more_keys_are_noted_than_there_is_room_for() -> None:
    store = MemoryKeyUses()
    notes = KeyUseNotes(store)
    for number in range(MOST_KEYS + 5):
        notes.note(("acme", f"key-{number}", ""), 1)
    notes.note(("acme", "key-0", ""), 2)
    await notes.report()
    taken = await store.take(MOST_KEYS + 5)
    assert len(taken) == MOST_KEYS
    assert KeyUse("acme", "key-0", 2, "") in taken
