import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest
from momento_wire_types import permissionmessages_pb2 as wire

from api.account import AccountSnapshot
from api.errors import InvalidArgument, NotFound, PermissionDenied, Unauthenticated
from api.names import Topic
from api.permissions import Grant
from api.revocations import Revocations
from api.rules import Rule, network
from api.tokens import pack_credential
from backplane.key_uses import KeyUseNotes
from backplane.memory import MemoryDirectory, MemoryKeyUses
from backplane.memory_quotas import MemoryQuotas
from router.bearer import Bearer, Bearers
from router.meters.meters import Meters
from router.sharing import Sharing
from router.tenant import Tenants
from tests.unit.credentials import PUBLIC_KEYS, account, explicit, token, topic_permission


class Door:
    """What a router has to know who calls: a directory, and bearers that watch it."""

    def __init__(self, *, local: bool = False) -> None:
        self.directory = MemoryDirectory()
        self.tenants = Tenants(self.directory, Sharing(MemoryQuotas(), "router-1"))
        self.told = MemoryKeyUses()
        self.key_uses = KeyUseNotes(self.told)
        self.bearers = Bearers(self.directory, self.tenants, Meters.in_memory(), self.key_uses, local=local)

    async def knows(self, **changes: object) -> "Door":
        if not self.directory.keys():
            await self.directory.put_keys(PUBLIC_KEYS)
        await self.directory.put_account(account(**changes))  # pyright: ignore[reportArgumentType] - passed on as they are
        return self

    async def bearer(self, credential: str | None = None) -> Bearer:
        return await self.bearers.bearer(token() if credential is None else credential)


async def test_a_super_user_reaches_every_topic_of_its_caches() -> None:
    bearer = await (await Door().knows()).bearer()
    assert bearer.readable("cache", "a") == bearer.writable("cache", "a") == Topic("acme", "acme-cache", "a")


async def test_names_are_trimmed_before_they_are_looked_up() -> None:
    bearer = await (await Door().knows()).bearer()
    assert bearer.readable(" cache ", "\ttopic\n").name == "topic"


async def test_a_packed_credential_is_as_good_as_the_token_in_it() -> None:
    door = await Door().knows()
    assert (await door.bearer(pack_credential("localhost", token()))).readable("cache", "a")


async def test_a_token_that_was_verified_is_remembered() -> None:
    door = await Door().knows()
    assert await door.bearer() is await door.bearer()


async def test_a_token_with_which_many_come_at_once_is_remembered_once() -> None:
    """Before its account was looked up; each time it counted among the characters that may be remembered."""
    door = await Door().knows()
    credential = token()
    door.directory.account = slowly(door.directory.account)  # pyright: ignore[reportAttributeAccessIssue]
    first, *others = await asyncio.gather(*(door.bearer(credential) for _ in range(5)))
    assert all(other is first for other in others)
    assert door.bearers._characters == len(credential)


def slowly(look_up: Callable[[str], Awaitable[AccountSnapshot | None]]) -> Callable[[str], Awaitable[object]]:
    async def looked_up(account_id: str) -> AccountSnapshot | None:
        await asyncio.sleep(0)
        return await look_up(account_id)

    return looked_up


@pytest.mark.parametrize("kind", ["session", "api_token", "disposable"])
async def test_each_kind_of_token_may_do_what_it_says(kind: str) -> None:
    door = await Door().knows()
    assert (await door.bearer(token(kind, expires_at=int(time.time()) + 60))).writable("cache", "a")  # pyright: ignore[reportArgumentType] - a Kind


async def test_a_key_may_do_what_its_role_says_and_changes_with_it() -> None:
    only_read = explicit(topic_permission(wire.TopicReadOnly))
    door = await Door().knows(roles={"role-1": Grant.of(only_read)})
    key = token("key", role_id="role-1", permissions=b"")
    with pytest.raises(PermissionDenied, match="may not publish"):
        (await door.bearer(key)).writable("cache", "a")
    await door.knows(version=2, roles={"role-1": Grant.of(explicit(topic_permission()))})
    assert (await door.bearer(key)).writable("cache", "a")


async def test_a_key_of_a_role_that_was_removed_may_do_nothing() -> None:
    door = await Door().knows()
    with pytest.raises(PermissionDenied):
        (await door.bearer(token("key", role_id="role-1", permissions=b""))).readable("cache", "a")


async def test_a_refresh_token_opens_nothing() -> None:
    door = await Door().knows()
    with pytest.raises(Unauthenticated, match="only refreshes"):
        await door.bearer(token("refresh", refreshes="token-1"))


async def test_without_a_token_nobody_gets_in() -> None:
    door = await Door().knows()
    with pytest.raises(Unauthenticated, match="carries no token"):
        await door.bearer("")


async def test_in_local_mode_no_token_is_the_local_accounts_super_user() -> None:
    door = await Door(local=True).knows(id="local")
    assert (await door.bearer("")).writable("cache", "a") == Topic("local", "local-cache", "a")


async def test_an_expired_token_is_refused_also_when_it_is_remembered() -> None:
    door = await Door().knows()
    bearer = await door.bearer(token(expires_at=int(time.time()) + 60))
    bearer.check(time.time())
    with pytest.raises(Unauthenticated, match="expired"):
        bearer.check(time.time() + 61)


async def test_a_revoked_token_is_refused_at_once_and_for_good() -> None:
    door = await Door().knows()
    await door.bearer()
    await door.knows(version=2, revoked=frozenset({"token-1"}))
    for _ in range(3):
        with pytest.raises(Unauthenticated, match="revoked"):
            await door.bearer()


async def test_tokens_of_a_suspended_account_are_refused_until_it_is_not() -> None:
    door = await Door().knows()
    await door.bearer()
    await door.knows(version=2, suspended=True)
    for _ in range(3):
        with pytest.raises(PermissionDenied, match="suspended"):
            await door.bearer()
    await door.knows(version=3)
    assert (await door.bearer()).readable("cache", "a")


async def test_tokens_of_an_account_that_was_removed_are_refused_for_good() -> None:
    door = await Door().knows()
    await door.bearer()
    await door.directory.remove_account("acme")
    for _ in range(3):
        with pytest.raises(Unauthenticated, match="does not exist"):
            await door.bearer()


async def test_a_token_of_an_account_that_is_not_there_is_refused_until_it_is() -> None:
    door = await Door().knows(id="other")
    for _ in range(3):
        with pytest.raises(Unauthenticated, match="does not exist"):
            await door.bearer()
    await door.knows()
    assert (await door.bearer()).readable("cache", "a")


async def test_a_cache_that_was_deleted_is_not_found_and_made_again_is_another() -> None:
    door = await Door().knows()
    before = (await door.bearer()).writable("cache", "a")
    await door.knows(version=2, caches=())
    with pytest.raises(NotFound, match="cache 'cache' does not exist"):
        (await door.bearer()).writable("cache", "a")
    again = account(version=3)
    renamed = {"cache": type(again.caches["cache"])("acme-cache-2", "cache")}
    await door.directory.put_account(type(again)("acme", 3, caches=renamed))
    assert (await door.bearer()).writable("cache", "a") != before


async def test_names_are_checked_before_permission_and_permission_before_existence() -> None:
    door = await Door().knows()
    bearer = await door.bearer(token(permissions=explicit(topic_permission(wire.TopicWriteOnly, topic="mine"))))
    with pytest.raises(InvalidArgument):
        bearer.readable("no such cache", " ")
    with pytest.raises(PermissionDenied):
        bearer.readable("no such cache", "mine")
    with pytest.raises(NotFound):
        bearer.writable("no such cache", "mine")


async def test_signing_keys_that_are_replaced_no_longer_open_anything() -> None:
    door = await Door().knows()
    await door.bearer()
    await door.directory.put_keys({})
    with pytest.raises(Unauthenticated, match="not signed by this service"):
        await door.bearer()


async def test_it_shows_who_it_is_without_the_token() -> None:
    bearer = await (await Door().knows()).bearer()
    assert repr(bearer) == "<Bearer of api_token token-1 in acme>"


OFFICE = Grant((Rule("topic", read=True, write=True, networks=(network("10.0.0.0/8"),)),))


async def test_a_rule_with_networks_lets_in_who_is_there_and_nobody_who_comes_later_from_elsewhere() -> None:
    door = await Door().knows(roles={"office": OFFICE})
    bearer = await door.bearer(token("key", role_id="office", permissions=b""))
    for _ in range(2):
        assert bearer.writable("cache", "a", "10.1.2.3")
        assert bearer.readable("cache", "a", "::ffff:10.1.2.3")
        for elsewhere in ("11.1.2.3", ""):
            with pytest.raises(PermissionDenied, match="from"):
                bearer.writable("cache", "a", elsewhere)
            with pytest.raises(PermissionDenied, match="from"):
                bearer.readable("cache", "a", elsewhere)


async def test_a_key_that_was_replaced_is_refused_from_its_end_on() -> None:
    door = await Door().knows()
    bearer = await door.bearer()
    end = int(time.time()) + 60
    await door.knows(version=2, ends={"token-1": end})
    bearer.check(end - 1)
    with pytest.raises(Unauthenticated, match="expired"):
        bearer.check(end)


async def test_a_disposable_token_that_was_revoked_is_refused_and_its_successor_is_not() -> None:
    door = await Door().knows()
    made = int(time.time())
    old = token("disposable", publisher_id="user-1", issued_at=made, expires_at=made + 60)
    assert await door.bearer(old)
    await door.knows(version=2, revocations=Revocations(ids={"user-1": made + 1}))
    with pytest.raises(Unauthenticated, match="revoked"):
        await door.bearer(old)
    assert await door.bearer(token("disposable", publisher_id="user-1", issued_at=made + 1, expires_at=made + 60))


async def test_the_use_of_a_key_is_noted_now_and_then_and_that_of_other_tokens_is_not() -> None:
    door = await Door().knows(roles={"office": OFFICE})
    for _ in range(3):
        await door.bearers.bearer(token("key", id="key-1", role_id="office"), "10.0.0.1")
        await door.bearers.bearer(token("disposable"), "10.0.0.1")
    await door.key_uses.report()
    (use,) = await door.told.take(10)
    assert (use.account_id, use.key_id, use.address) == ("acme", "key-1", "10.0.0.1")
    await door.bearers.bearer(token("key", id="key-1", role_id="office"), "10.0.0.1")
    await door.key_uses.report()
    assert await door.told.take(10) == []


async def test_the_use_of_a_key_that_carries_its_permissions_is_noted_too() -> None:
    door = await Door().knows()
    await door.bearers.bearer(token("api_token", id="token-7"), "10.0.0.1")
    await door.key_uses.report()
    (use,) = await door.told.take(10)
    assert (use.account_id, use.key_id, use.address) == ("acme", "token-7", "10.0.0.1")


async def test_a_key_that_is_refused_was_not_used() -> None:
    door = await Door().knows(revoked=frozenset({"key-1"}))
    with pytest.raises(Unauthenticated):
        await door.bearers.bearer(token("key", id="key-1", role_id="office"), "10.0.0.1")
    await door.key_uses.report()
    assert await door.told.take(10) == []
