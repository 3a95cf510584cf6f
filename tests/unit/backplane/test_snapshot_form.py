"""The form in which accounts are kept in the store, and what was written by an older version."""

import base64
import json

from api.account import AccountSnapshot, Cache, CacheLimits, History, Limits
from api.permissions import SUPER_USER, Grant, super_user_permissions
from api.revocations import Revocations
from api.rules import Rule, Selector, network
from backplane.redis.snapshot import decoded, encoded
from tests.unit.credentials import account, explicit, topic_permission

OFFICE = Rule(
    "topic",
    read=True,
    write=False,
    topics=Selector("prefix", "room/"),
    networks=(network("10.0.0.0/8"), network("::1")),
)


def test_all_of_an_account_is_the_same_after_it_was_written_and_read() -> None:
    whole = account(
        version=7,
        limits=Limits(caches=3),
        suspended=True,
        roles={"owner": SUPER_USER, "office": Grant((OFFICE,)), "nothing": Grant()},
        revoked=frozenset({"key-1"}),
        ends={"key-2": 1_800_000_000},
        revocations=Revocations({"user-1": 5}, {"": 6}),
    )
    assert decoded(whole.id, encoded(whole)) == whole


def test_caches_keep_their_limits_and_bounds_and_those_of_an_older_version_have_none() -> None:
    chat = Cache("cache_1", "chat", durable=True, limits=CacheLimits(message_bytes=10), history=History(items=3))
    whole = AccountSnapshot("acme", 1, caches={"chat": chat, "news": Cache("cache_2", "news")})
    assert decoded(whole.id, encoded(whole)) == whole
    old = json.loads(encoded(whole))
    old["caches"] = [cache[:3] for cache in old["caches"]]
    assert decoded(whole.id, json.dumps(old).encode()).caches["chat"] == Cache("cache_1", "chat", durable=True)


def test_caches_keep_what_becomes_of_slow_readers_and_a_policy_that_is_not_known_here_is_the_default() -> None:
    whole = AccountSnapshot("acme", 1, caches={"chat": Cache("cache_1", "chat", slow_reader_policy="disconnect")})
    assert decoded(whole.id, encoded(whole)) == whole
    newer = encoded(whole).replace(b'"disconnect"', b'"hypnotise",1')
    assert decoded(whole.id, newer).caches["chat"].slow_reader_policy == "drop_oldest"


def test_an_older_version_does_not_tell_whether_there_are_caps_so_there_may_be() -> None:
    for has_caps in (True, False):
        whole = AccountSnapshot("acme", 1, has_caps=has_caps)
        assert decoded(whole.id, encoded(whole)) == whole
    old = json.loads(encoded(AccountSnapshot("acme", 1)))
    del old["has_caps"]
    assert decoded("acme", json.dumps(old).encode()).has_caps


def test_roles_of_an_older_version_are_understood() -> None:
    old = json.loads(encoded(account()))
    for name in ("grants", "ends", "revocations"):
        del old[name]
    bodies = {"owner": super_user_permissions(), "chat": explicit(topic_permission(prefix="room/"))}
    old["roles"] = {id: base64.b64encode(body).decode() for id, body in bodies.items()}
    read = decoded("acme", json.dumps(old).encode())
    rooms = Rule("topic", read=True, write=True, topics=Selector("prefix", "room/"))
    assert read.roles == {"owner": SUPER_USER, "chat": Grant((rooms,))}
    assert (read.ends, read.revocations) == ({}, Revocations())
