"""Auth and Token: CONFORMANCE A5."""

import time
from typing import Any

import pytest
from momento_wire_types import permissionmessages_pb2 as permissions

from tests.e2e.conformance.refusals import refused
from tests.e2e.tenant import Tenant
from tests.e2e.wire import Client, cache_grant, explicit, super_user, topic_grant

GO_MINUS_100 = 2**32 - 100
ALL_DATA = (cache_grant(), topic_grant())


def until_refused(client: Client) -> None:
    """Ask until the token has expired; whoever asks too early is served."""
    for _ in range(1_000):
        try:
            client.list_caches()
        except Exception:  # noqa: BLE001 - which one is asked for next
            return
        time.sleep(0.01)


def test_a_key_that_never_expires_is_valid_until_zero(tenant: Tenant, owner: Client) -> None:
    made = owner.generate(tenant.session, explicit(topic_grant()))
    assert made.valid_until == 0
    assert made.refresh_token
    assert made.endpoint


def test_a_key_expires_when_it_says(tenant: Tenant, owner: Client) -> None:
    began = time.time()
    made = owner.generate(tenant.session, seconds=86_400)
    assert began + 86_399 <= made.valid_until <= time.time() + 86_401
    short = tenant.client(owner.generate(tenant.session, seconds=1).api_key)
    until_refused(short)
    with refused("UNAUTHENTICATED"):
        short.create_cache("too-late")


@pytest.mark.parametrize("who", ["session", "super user", "explicit", "owner's key"])
def test_who_may_make_what(tenant: Tenant, owner: Client, who: str) -> None:
    token = {
        "session": lambda: tenant.session,
        "super user": lambda: tenant.super_user,
        "explicit": lambda: owner.generate(tenant.session, explicit(*ALL_DATA)).api_key,
        "owner's key": lambda: tenant.key,
    }[who]()
    if who == "session":
        owner.generate(token)
    else:
        with refused("PERMISSION_DENIED"):
            owner.generate(token, super_user())
    if who == "explicit":
        with refused("PERMISSION_DENIED"):
            owner.generate(token, explicit(topic_grant()))
        with refused("PERMISSION_DENIED"):
            owner.disposable(token, explicit(topic_grant()))
    else:
        owner.disposable(token, explicit(topic_grant()))
    if who in ("session", "super user"):
        owner.generate(token, explicit(topic_grant()))


@pytest.mark.parametrize("seconds", [0, 2**31, GO_MINUS_100])
def test_an_absurd_expiry_is_refused(tenant: Tenant, owner: Client, seconds: int) -> None:
    with refused("INVALID_ARGUMENT"):
        owner.generate(tenant.session, explicit(topic_grant()), seconds=seconds)
    with refused("INVALID_ARGUMENT"):
        owner.disposable(tenant.session, explicit(topic_grant()), seconds=seconds)


DUPLICATES = [
    (),
    (cache_grant(), cache_grant(role=2)),
    (cache_grant("a"), cache_grant("a", role=2)),
    (topic_grant("a", "b"), topic_grant("a", "b", role=2)),
    (topic_grant("a", prefix="b"), topic_grant("a", prefix="b", role=2)),
]
FINE = [
    (cache_grant("a", key=b"k"), cache_grant("a", key_prefix=b"k")),
    (cache_grant(), cache_grant("a")),
    (topic_grant(), topic_grant("a")),
    (topic_grant("a", "b"), topic_grant("a", prefix="b")),
]


@pytest.mark.parametrize("entries", DUPLICATES)
def test_permissions_without_entries_or_with_one_resource_twice_are_refused(
    tenant: Tenant, owner: Client, entries: tuple[Any, ...]
) -> None:
    with refused("INVALID_ARGUMENT"):
        owner.generate(tenant.session, explicit(*entries))
    with refused("INVALID_ARGUMENT"):
        owner.disposable(tenant.session, explicit(*entries))


@pytest.mark.parametrize("entries", FINE)
def test_different_resources_are_fine(tenant: Tenant, owner: Client, entries: tuple[Any, ...]) -> None:
    owner.generate(tenant.session, explicit(*entries))
    owner.disposable(tenant.session, explicit(*entries))


def test_a_refreshed_key_has_the_same_lifetime_anew(tenant: Tenant, owner: Client, cache: str) -> None:
    first = owner.generate(tenant.session, explicit(topic_grant(cache=cache)), seconds=600)
    started = time.time()
    second = owner.refresh(first.api_key, first.refresh_token)
    assert second.api_key != first.api_key
    assert abs(second.valid_until - (started + 600)) <= 2
    third = owner.refresh(second.api_key, second.refresh_token)
    client = tenant.client(third.api_key)
    client.publish(cache, "a", "x")
    with refused("PERMISSION_DENIED"):
        client.create_cache("more")


def test_a_refresh_with_a_wrong_or_an_expired_pair_is_an_invalid_argument(tenant: Tenant, owner: Client) -> None:
    one = owner.generate(tenant.session, explicit(topic_grant()), seconds=600)
    other = owner.generate(tenant.session, explicit(topic_grant()), seconds=600)
    with refused("INVALID_ARGUMENT"):
        owner.refresh(one.api_key, other.refresh_token)
    short = owner.generate(tenant.session, seconds=1)
    until_refused(tenant.client(short.api_key))
    with refused("INVALID_ARGUMENT"):
        owner.refresh(short.api_key, short.refresh_token)


def test_a_disposable_token_has_bounds(tenant: Tenant, owner: Client) -> None:
    fine, longest = explicit(topic_grant()), 25 * 3600
    owner.disposable(tenant.key, fine, seconds=longest, token_id="x" * 64)
    with refused("INVALID_ARGUMENT"):
        owner.disposable(tenant.key, fine, seconds=longest + 1)
    with refused("INVALID_ARGUMENT"):
        owner.disposable(tenant.key, fine, token_id="x" * 65)
    with refused("INVALID_ARGUMENT"):
        owner.disposable(tenant.key, super_user())
    owner.disposable(tenant.key, explicit(*(topic_grant("a", f"t{n}") for n in range(20))))
    with refused("INVALID_ARGUMENT"):
        owner.disposable(tenant.key, explicit(*(topic_grant("a", f"t{n}") for n in range(21))))


@pytest.mark.parametrize("who", ["super user", "key", "session"])
def test_who_mints_disposable_tokens(tenant: Tenant, owner: Client, cache: str, who: str) -> None:
    token = {"super user": tenant.super_user, "key": tenant.key, "session": tenant.session}[who]
    made = owner.disposable(token, explicit(topic_grant()))
    assert made.valid_until > time.time()
    tenant.client(made.api_key).publish(cache, "a", "x")


@pytest.mark.parametrize(
    ("role", "reads", "writes"), [(0, False, False), (1, True, True), (2, True, False), (3, False, True)]
)
def test_roles(tenant: Tenant, owner: Client, cache: str, role: int, reads: bool, writes: bool) -> None:
    assert allowed(tenant, owner, cache, "a", topic_grant(cache=cache, role=role)) == (reads, writes)


def allowed(tenant: Tenant, owner: Client, cache: str, topic: str, *entries: Any) -> tuple[bool, bool]:
    """Return whether a token with these permissions may read and write."""
    client = tenant.client(owner.disposable(tenant.key, explicit(*entries)).api_key)
    return _may(lambda: client.subscribe(cache, topic).cancel()), _may(lambda: client.publish(cache, topic, "x"))


def _may(call: Any) -> bool:
    try:
        call()
    except Exception as error:
        if "PERMISSION_DENIED" in repr(error):
            return False
        raise
    return True


def wrapped(**fields: Any) -> permissions.PermissionsType:
    return permissions.PermissionsType(
        topic_permissions=permissions.PermissionsType.TopicPermissions(role=permissions.TopicReadWrite, **fields)
    )


def test_selectors(tenant: Tenant, owner: Client, cache: str) -> None:
    """Unset is all, as a wrapped All is; a prefix matches itself; an empty selector matches nothing."""
    everything = permissions.PermissionsType.All()
    no_topic, no_cache = permissions.PermissionsType.TopicSelector(), permissions.PermissionsType.CacheSelector()
    for topic, entry, expected in (
        ("a", topic_grant(), True),
        ("a", wrapped(all_caches=everything, all_topics=everything), True),
        ("a", topic_grant("other"), False),
        ("a", topic_grant(cache, "a"), True),
        ("ab", topic_grant(cache, "a"), False),
        ("a", topic_grant(cache, prefix="a"), True),
        ("ab", topic_grant(cache, prefix="a"), True),
        ("ba", topic_grant(cache, prefix="a"), False),
        ("é", topic_grant(cache, prefix="é"), True),
        (" a ", topic_grant(f" {cache}", " a "), True),
        ("a", wrapped(topic_selector=no_topic), False),
        ("a", wrapped(cache_selector=no_cache), False),
    ):
        assert allowed(tenant, owner, cache, topic, entry) == (expected, expected), entry


def test_entries_are_alternatives_and_cache_rights_are_no_topic_rights(
    tenant: Tenant, owner: Client, cache: str
) -> None:
    reads, writes = topic_grant(cache, "a", role=2), topic_grant(cache, prefix="a", role=3)
    assert allowed(tenant, owner, cache, "a", reads, writes) == (True, True)
    assert allowed(tenant, owner, cache, "a", cache_grant(cache)) == (False, False)


def test_all_data_is_no_control(tenant: Tenant, owner: Client, cache: str) -> None:
    functions = permissions.PermissionsType(function_permissions=permissions.PermissionsType.FunctionPermissions())
    made = owner.generate(tenant.session, explicit(*ALL_DATA, functions))
    client = tenant.client(made.api_key)
    client.publish(cache, "a", "x")
    client.subscribe(cache, "a").cancel()
    for call in (client.create_cache, client.delete_cache):
        with refused("PERMISSION_DENIED"):
            call("AllDataReadWrite-token-scope-should-fail-to-create-cache")
