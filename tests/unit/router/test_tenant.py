import asyncio

import pytest

from api.account import Limits
from api.errors import MessageTooLarge, PublishRateExceeded, ThroughputExceeded, TooManySubscriptions
from backplane.memory import MemoryDirectory
from router.tenant import Tenant, Tenants
from tests.unit.clock import Clock
from tests.unit.credentials import account


class Stream:
    """A subscription that knows whether its client is there, and answers after a turn of the loop."""

    def __init__(self, *, is_gone: bool = False) -> None:
        self.gone = is_gone
        self.asked = 0
        self.checked = 0

    async def is_gone(self) -> bool:
        self.asked += 1
        await asyncio.sleep(0)
        return self.gone

    def check(self) -> None:
        self.checked += 1


@pytest.fixture
def clock() -> Clock:
    return Clock()


def tenant(clock: Clock, **limits: int) -> Tenant:
    return Tenant("acme", account(limits=Limits(**limits)), clock)


async def opened(by: Tenant, *, is_gone: bool = False) -> Stream:
    await by.admit()
    stream = Stream(is_gone=is_gone)
    by.admitted(stream)
    return stream


def test_a_publish_within_the_limits_is_charged(clock: Clock) -> None:
    acme = tenant(clock, publishes_per_second=2)
    acme.charge_publish(1)
    acme.charge_publish(1)
    with pytest.raises(PublishRateExceeded, match="rate of 2 operations a second is used up"):
        acme.charge_publish(1)
    clock.advance(0.5)
    acme.charge_publish(1)


def test_a_value_that_is_too_large_costs_nothing(clock: Clock) -> None:
    acme = tenant(clock, publishes_per_second=1, message_bytes=10)
    with pytest.raises(MessageTooLarge, match="11 bytes long; at most 10"):
        acme.charge_publish(11)
    acme.charge_publish(10)


def test_bytes_are_charged_by_the_second(clock: Clock) -> None:
    acme = tenant(clock, publish_bytes_per_second=100)
    acme.charge_publish(60)
    with pytest.raises(ThroughputExceeded, match="throughput of 100 bytes a second"):
        acme.charge_publish(60)
    clock.advance(0.3)
    acme.charge_publish(60)


async def test_so_many_subscriptions_are_admitted_and_no_more(clock: Clock) -> None:
    acme = tenant(clock, subscriptions=2)
    first, _ = await opened(acme), await opened(acme)
    with pytest.raises(TooManySubscriptions, match="2 of at most 2 subscribers"):
        await acme.admit()
    acme.closed(first)
    await opened(acme)


async def test_room_that_was_reserved_counts_until_it_is_given_back(clock: Clock) -> None:
    acme = tenant(clock, subscriptions=1)
    await acme.admit()
    with pytest.raises(TooManySubscriptions):
        await acme.admit()
    acme.not_admitted()
    await acme.admit()


async def test_clients_that_left_silently_make_room(clock: Clock) -> None:
    acme = tenant(clock, subscriptions=3)
    gone, stays = await opened(acme, is_gone=True), await opened(acme)
    await opened(acme, is_gone=True)
    await opened(acme)
    assert (gone.asked, stays.asked) == (1, 1)
    assert len(acme.subscriptions) == 2


async def test_clients_are_asked_only_when_the_account_is_full_and_once_a_second(clock: Clock) -> None:
    acme = tenant(clock, subscriptions=1)
    stream = await opened(acme)
    assert stream.asked == 0
    for asked in (1, 1, 1):
        with pytest.raises(TooManySubscriptions):
            await acme.admit()
        assert stream.asked == asked
    clock.advance(1.0)
    stream.gone = True
    await acme.admit()


async def test_who_comes_while_clients_are_asked_waits_for_the_answer(clock: Clock) -> None:
    acme = tenant(clock, subscriptions=10)
    for _ in range(10):
        await opened(acme, is_gone=True)
    await asyncio.gather(*(acme.admit() for _ in range(10)))
    with pytest.raises(TooManySubscriptions):
        await acme.admit()


async def test_whoever_gives_up_while_clients_are_asked_leaves_nothing_behind(clock: Clock) -> None:
    acme = tenant(clock, subscriptions=1)
    stream = await opened(acme, is_gone=True)
    waiting = asyncio.ensure_future(acme.admit())
    while not stream.asked:
        await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    clock.advance(1.0)
    await acme.admit()
    assert acme._count() == 1


async def test_a_change_of_the_account_is_put_to_each_subscription(clock: Clock) -> None:
    acme = tenant(clock)
    streams = [await opened(acme) for _ in range(3)]
    acme.change(account(version=2, limits=Limits(publishes_per_second=1)))
    assert [stream.checked for stream in streams] == [1, 1, 1]
    acme.charge_publish(1)
    with pytest.raises(PublishRateExceeded):
        acme.charge_publish(1)


async def test_a_subscription_may_end_itself_during_a_change(clock: Clock) -> None:
    class Leaving(Stream):
        def check(self) -> None:
            acme.closed(self)

    acme = tenant(clock)
    for _ in range(3):
        await acme.admit()
        acme.admitted(Leaving())
    acme.change(None)
    assert acme._count() == 0


def test_it_says_how_it_stands(clock: Clock) -> None:
    assert repr(tenant(clock, publishes_per_second=10)) == "<Tenant acme, 0 subscriptions, <Bucket 10 of 10 a second>>"


async def test_accounts_are_met_once_and_kept_true() -> None:
    directory = MemoryDirectory()
    tenants = Tenants(directory)
    await directory.put_account(account())
    acme = await tenants.tenant("acme")
    assert await tenants.tenant("acme") is acme
    assert tenants.all() == [acme]
    await directory.put_account(account(version=2, suspended=True))
    assert acme.snapshot == account(version=2, suspended=True)
    await directory.remove_account("acme")
    assert acme.snapshot is None
    assert tenants.all() == []


async def test_an_account_that_is_not_known_is_not_remembered() -> None:
    directory = MemoryDirectory()
    tenants = Tenants(directory)
    assert (await tenants.tenant("acme")).snapshot is None
    assert tenants.all() == []
    await directory.put_account(account())
    assert (await tenants.tenant("acme")).snapshot == account()


async def test_a_closed_set_of_accounts_no_longer_follows_the_directory() -> None:
    directory = MemoryDirectory()
    tenants = Tenants(directory)
    await directory.put_account(account())
    acme = await tenants.tenant("acme")
    tenants.close()
    await directory.remove_account("acme")
    assert acme.snapshot == account()
