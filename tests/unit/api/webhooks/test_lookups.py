"""Names whose servers do not answer keep nobody else waiting."""

import asyncio
import socket
from collections.abc import Iterator
from threading import Event, Thread

import pytest

from api.webhooks import lookups
from api.webhooks.lookups import Lookups
from tests.patience import patient

Found = list[tuple[object, ...]]
SECONDS = patient(5)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Event]:
    """Names that begin with `slow` are not answered before this is set."""
    event = Event()

    def look_up(host: str, port: int, *_: object, **__: object) -> Found:
        if str(host).startswith("slow"):
            event.wait()
        if str(host).startswith("odd"):
            raise MemoryError
        if str(host).startswith("nowhere"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, 1, 6, "", ("192.0.2.1", port)), (socket.AF_INET6, 1, 6, "", ("fe80::1%lo", port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    yield event
    event.set()


async def begun(looking: Lookups, many: int) -> "list[asyncio.Task[list[str]]]":
    tasks = [asyncio.create_task(looking.addresses(f"slow-{number}.example", 443)) for number in range(many)]
    await asyncio.sleep(0)
    return tasks


async def test_a_host_has_all_its_addresses(answers: Event) -> None:
    assert await Lookups().addresses("quick.example", 443) == ["192.0.2.1", "fe80::1"]
    with pytest.raises(socket.gaierror):
        await Lookups().addresses("nowhere.example", 443)


async def test_slow_names_delay_neither_others_nor_whoever_else_asks_the_loop(answers: Event) -> None:
    """Also where those who asked have given up: their threads go on."""
    looking = Lookups()
    for task in await begun(looking, lookups.LOOKUPS - 1):
        task.cancel()
    async with asyncio.timeout(SECONDS):
        assert await looking.addresses("quick.example", 443)
        assert await asyncio.get_running_loop().getaddrinfo("database.example", 5432)


async def test_so_many_are_looked_up_at_a_time(answers: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookups, "LOOKUPS", 3)
    looking = Lookups()
    slow = await begun(looking, 3)
    slow[0].cancel()
    quick = asyncio.create_task(looking.addresses("quick.example", 443))
    done, _ = await asyncio.wait([quick], timeout=0.1)
    assert not done
    answers.set()
    async with asyncio.timeout(SECONDS):
        assert await quick


async def test_a_host_is_looked_up_once_for_all_who_wait(answers: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookups, "LOOKUPS", 2)
    looking = Lookups()
    given_up, *waiting = [asyncio.create_task(looking.addresses("slow.example", 443)) for _ in range(10)]
    await asyncio.sleep(0)
    given_up.cancel()
    async with asyncio.timeout(SECONDS):
        assert await looking.addresses("quick.example", 443)
        answers.set()
        assert await asyncio.gather(*waiting) == [["192.0.2.1", "fe80::1"]] * 9


@pytest.mark.parametrize("fails", ["thread", "look-up"])
async def test_what_cannot_be_looked_up_leaves_its_place_to_others(
    answers: Event, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    monkeypatch.setattr(lookups, "LOOKUPS", 1)
    looking = Lookups()

    def no_thread(_: Thread) -> None:
        message = "can't start new thread"
        raise RuntimeError(message)

    async with asyncio.timeout(SECONDS):
        with monkeypatch.context() as patched:
            if fails == "thread":
                patched.setattr(Thread, "start", no_thread)
            with pytest.raises(OSError, match="could not be looked up"):
                await looking.addresses("odd.example", 443)
        assert await looking.addresses("quick.example", 443)
