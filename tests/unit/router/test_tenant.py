import asyncio

import pytest

from api.account import AccountSnapshot, Cache, CacheLimits, Limits
from api.errors import MessageTooLarge, PublishRateExceeded, ThroughputExceeded, TooManySubscriptions
from backplane.memory import MemoryDirectory
from backplane.memory_quotas import MemoryQuotas
from router.sharing import Sharing
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
    return Tenant("acme", account(limits=Limits(**limits)), sharing(clock))


def sharing(clock: Clock) -> Sharing:
    return Sharing(MemoryQuotas(clock), "router-1", clock)


def limited(version: int = 1, limits: Limits | None = None, **of_cache: int) -> AccountSnapshot:
    """Return an account whose cache `chat` has limits of its own."""
    caches = {"chat": Cache("acme-chat", "chat", limits=CacheLimits(**of_cache)), "news": Cache("acme-news", "news")}
    return AccountSnapshot("acme", version, limits or Limits(), caches=caches)


async def opened(by: Tenant, cache_id: str = "acme-cache", *, is_gone: bool = False) -> Stream:
    admission = await by.admit(cache_id)
    stream = Stream(is_gone=is_gone)
    by.admitted(stream, admission)
    return stream


async def test_accounts_with_spend_caps_are_known(clock: Clock) -> None:
    directory = MemoryDirectory()
    tenants = Tenants(directory, sharing(clock))
    await directory.put_account(AccountSnapshot("acme", 1, has_caps=True))
    assert not tenants.has_caps("acme")  # nobody has come with a token of theirs
    await tenants.tenant("acme")
    assert tenants.has_caps("acme")
    await directory.put_account(AccountSnapshot("acme", 2))
    assert not tenants.has_caps("acme")


def test_a_publish_within_the_limits_is_charged(clock: Clock) -> None:
    acme = tenant(clock, publishes_per_second=2)
    acme.charge_publish("acme-cache", 1)
    acme.charge_publish("acme-cache", 1)
    with pytest.raises(PublishRateExceeded, match="operations: 2 of 2 publishes a second in account 'acme'"):
        acme.charge_publish("acme-cache", 1)
    clock.advance(0.5)
    acme.charge_publish("acme-cache", 1)


def test_a_value_that_is_too_large_costs_nothing(clock: Clock) -> None:
    acme = tenant(clock, publishes_per_second=1, message_bytes=10)
    with pytest.raises(MessageTooLarge, match="request limit: 11 of 10 bytes in one value in account 'acme'"):
        acme.charge_publish("acme-cache", 11)
    acme.charge_publish("acme-cache", 10)


def test_bytes_are_charged_by_the_second(clock: Clock) -> None:
    acme = tenant(clock, publish_bytes_per_second=100)
    acme.charge_publish("acme-cache", 60)
    with pytest.raises(ThroughputExceeded, match="throughput: 100 of 100 bytes a second in account 'acme'"):
        acme.charge_publish("acme-cache", 60)
    clock.advance(0.6)
    acme.charge_publish("acme-cache", 60)


async def test_so_many_subscriptions_are_admitted_and_no_more(clock: Clock) -> None:
    acme = tenant(clock, subscriptions=2)
    first, _ = await opened(acme), await opened(acme)
    with pytest.raises(TooManySubscriptions, match="subscriptions: 2 of 2 in account 'acme'; no more subscribers"):
        await acme.admit("acme-cache")
    acme.closed(first)
    await opened(acme)


async def test_room_that_was_reserved_counts_until_it_is_given_back(clock: Clock) -> None:
    acme = tenant(clock, subscriptions=1)
    admission = await acme.admit("acme-cache")
    with pytest.raises(TooManySubscriptions):
        await acme.admit("acme-cache")
    acme.not_admitted(admission)
    await acme.admit("acme-cache")


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
            await acme.admit("acme-cache")
        assert stream.asked == asked
    clock.advance(1.0)
    stream.gone = True
    await acme.admit("acme-cache")


async def test_who_comes_while_clients_are_asked_waits_for_the_answer(clock: Clock) -> None:
    acme = tenant(clock, subscriptions=10)
    for _ in range(10):
        await opened(acme, is_gone=True)
    await asyncio.gather(*(acme.admit("acme-cache") for _ in range(10)))
    with pytest.raises(TooManySubscriptions):
        await acme.admit("acme-cache")


async def test_whoever_gives_up_while_clients_are_asked_leaves_nothing_behind(clock: Clock) -> None:
    acme = tenant(clock, subscriptions=1)
    stream = await opened(acme, is_gone=True)
    waiting = asyncio.ensure_future(acme.admit("acme-cache"))
    while not stream.asked:
        await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    clock.advance(1.0)
    await acme.admit("acme-cache")
    assert acme._own.slots.open == 1


async def test_a_change_of_the_account_is_put_to_each_subscription(clock: Clock) -> None:
    acme = tenant(clock)
    streams = [await opened(acme) for _ in range(3)]
    acme.change(account(version=2, limits=Limits(publishes_per_second=1)))
    assert [stream.checked for stream in streams] == [1, 1, 1]
    acme.charge_publish("acme-cache", 1)
    with pytest.raises(PublishRateExceeded):
        acme.charge_publish("acme-cache", 1)


async def test_a_subscription_may_end_itself_during_a_change(clock: Clock) -> None:
    class Leaving(Stream):
        def check(self) -> None:
            acme.closed(self)

    acme = tenant(clock)
    for _ in range(3):
        acme.admitted(Leaving(), await acme.admit("acme-cache"))
    acme.change(None)
    assert acme._own.slots.open == 0


def test_it_says_how_it_stands(clock: Clock) -> None:
    assert repr(tenant(clock, publishes_per_second=10, subscriptions=3)) == (
        "<Tenant acme, 0 subscriptions, <Allowance of account 'acme', "
        "<Bucket 5 left, 10 of 10 a second>, <Slots 0 of 0, 0 elsewhere, of 3>>>"
    )


def test_a_cache_may_have_limits_below_those_of_its_account(clock: Clock) -> None:
    acme = Tenant("acme", limited(publishes_per_second=1, message_bytes=10), sharing(clock))
    with pytest.raises(MessageTooLarge, match="11 of 10 bytes in one value in cache 'chat' of account 'acme'"):
        acme.charge_publish("acme-chat", 11)
    acme.charge_publish("acme-chat", 10)
    with pytest.raises(PublishRateExceeded, match="1 of 1 publishes a second in cache 'chat' of account 'acme'"):
        acme.charge_publish("acme-chat", 10)
    acme.charge_publish("acme-news", 1_000_000)


def test_what_the_account_refuses_costs_the_cache_nothing(clock: Clock) -> None:
    acme = Tenant("acme", limited(limits=Limits(publishes_per_second=1), publishes_per_second=2), sharing(clock))
    acme.charge_publish("acme-news", 1)
    with pytest.raises(PublishRateExceeded, match="in account 'acme'"):
        acme.charge_publish("acme-chat", 1)
    acme.change(limited(2, publishes_per_second=1))
    clock.advance(0.1)
    acme.charge_publish("acme-chat", 1)


async def test_subscriptions_of_a_cache_are_counted_for_both(clock: Clock) -> None:
    acme = Tenant("acme", limited(limits=Limits(subscriptions=3), subscriptions=1), sharing(clock))
    stream = await opened(acme, "acme-chat")
    with pytest.raises(TooManySubscriptions, match="subscriptions: 1 of 1 in cache 'chat' of account 'acme'"):
        await acme.admit("acme-chat")
    assert acme._own.slots.open == 1
    acme.closed(stream)
    acme.closed(stream)
    assert acme._own.slots.open == 0
    await opened(acme, "acme-chat")


async def test_a_limit_that_a_cache_gets_later_counts_what_is_open(clock: Clock) -> None:
    acme = Tenant("acme", account(caches=("chat", "news")), sharing(clock))
    streams = [await opened(acme, "acme-chat") for _ in range(3)]
    opening = await acme.admit("acme-chat")
    acme.change(limited(2, subscriptions=4))
    with pytest.raises(TooManySubscriptions, match="4 of 4"):
        await acme.admit("acme-chat")
    acme.not_admitted(opening)
    for stream in streams:
        acme.closed(stream)
    for _ in range(4):
        await opened(acme, "acme-chat")
    acme.change(account(version=3, caches=("chat", "news")))
    await opened(acme, "acme-chat")


async def test_a_lower_limit_leaves_subscriptions_open_and_admits_no_other(clock: Clock) -> None:
    acme = tenant(clock, subscriptions=4)
    streams = [await opened(acme) for _ in range(4)]
    acme.change(account(version=2, limits=Limits(subscriptions=2)))
    assert len(acme.subscriptions) == 4
    for stream in streams[:2]:
        acme.closed(stream)
        with pytest.raises(TooManySubscriptions):
            await acme.admit("acme-cache")
    acme.closed(streams[2])
    await opened(acme)


async def test_accounts_are_met_once_and_kept_true() -> None:
    directory = MemoryDirectory()
    tenants = Tenants(directory, sharing(Clock()))
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
    tenants = Tenants(directory, sharing(Clock()))
    assert (await tenants.tenant("acme")).snapshot is None
    assert tenants.all() == []
    await directory.put_account(account())
    assert (await tenants.tenant("acme")).snapshot == account()


async def test_a_closed_set_of_accounts_no_longer_follows_the_directory() -> None:
    directory = MemoryDirectory()
    tenants = Tenants(directory, sharing(Clock()))
    await directory.put_account(account())
    acme = await tenants.tenant("acme")
    tenants.close()
    await directory.remove_account("acme")
    assert acme.snapshot == account()
