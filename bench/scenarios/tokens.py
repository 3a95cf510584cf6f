"""How long a router takes to find out who calls: with a token that it knows, and with one that it sees first."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from momento_wire_types import permissionmessages_pb2 as wire

from api.account import AccountSnapshot, Cache
from api.permissions import MAX_STATEMENTS, SUPER_USER
from api.rules import Rule, Selector, network
from api.tokens import Claims, Signer
from backplane.key_uses import KeyUseNotes
from backplane.memory import MemoryDirectory, MemoryKeyUses
from backplane.memory_quotas import MemoryQuotas
from bench.measurement import Measurement
from bench.scenarios.interface import Against, Figure, Plan, Scenario
from bench.systems.interface import Running
from router.bearer import Bearers
from router.meters.meters import Meters
from router.sharing import Sharing
from router.tenant import Tenants

_ADDRESS: Final = "192.0.2.1"
_TOKENS: Final = 200
_REPETITIONS: Final = 9

Check = Callable[[str], Awaitable[object]]


def _run(running: Running | None, plan: Plan) -> Measurement:
    del running, plan
    return Measurement("tokens", "Tidings", asyncio.run(_measured()))


async def _measured() -> Mapping[str, float]:
    private_key = Ed25519PrivateKey.generate()
    signer, keys = Signer("bench", private_key), {"bench": private_key.public_key().public_bytes_raw()}
    directory = MemoryDirectory()
    await directory.put_keys(keys)
    await directory.put_account(
        AccountSnapshot("account-1", 1, caches={"chat": Cache("cache-1", "chat")}, roles={"owner": SUPER_USER})
    )
    tenants = Tenants(directory, Sharing(MemoryQuotas(), "bench"))
    bearers = Bearers(directory, tenants, Meters.in_memory(), KeyUseNotes(MemoryKeyUses()))

    async def known(token: str) -> None:
        await bearers.bearer(token, _ADDRESS)

    async def topic(token: str) -> None:
        (await bearers.bearer(token, _ADDRESS)).writable("chat", "news", _ADDRESS)

    values: dict[str, float] = {}
    for name, claims in _kinds().items():
        tokens, means = _tokens(signer, claims), list[float]()
        for _ in range(_REPETITIONS):
            await directory.put_keys(keys)  # makes the router forget the tokens that it knows
            means.append(await _mean(known, tokens))
        values[name] = statistics.median(means)
    repeated = [_tokens(signer, _kinds()["statements"])[0]] * _TOKENS
    for name, check in (("known", known), ("topic", topic)):
        await check(repeated[0])
        values[name] = statistics.median([await _mean(check, repeated) for _ in range(_REPETITIONS)])
    return values


async def _mean(check: Check, tokens: Sequence[str]) -> float:
    begin = time.thread_time()
    for token in tokens:
        await check(token)
    return (time.thread_time() - begin) / len(tokens) * 1e6


def _tokens(signer: Signer, claims: Claims) -> Sequence[str]:
    return [signer.sign(replace(claims, id=f"token-{number}")) for number in range(_TOKENS)]


def _kinds() -> Mapping[str, Claims]:
    """Return what is in tokens of each kind."""
    now = int(time.time())
    key = Claims("key", "account-1", "key-1", now, role_id="owner")
    disposable = replace(
        key, kind="disposable", role_id="", expires_at=now + 3600, publisher_id="user-1", ancestors=("key-1",)
    )
    return {
        "key": key,
        "statement": replace(disposable, permissions=_statements(1)),
        "statements": replace(disposable, permissions=_statements(MAX_STATEMENTS)),
        "rules": replace(disposable, rules=tuple(map(_rule, range(MAX_STATEMENTS)))),
    }


def _rule(number: int) -> Rule:
    networks = network("10.0.0.0/8"), network("192.0.2.0/24"), network("2001:db8::/32")
    return Rule("topic", read=True, write=True, topics=Selector("prefix", f"room/{number}/"), networks=networks)


def _statements(count: int) -> bytes:
    """Return so many permissions for topics, of which the last one is for every topic."""
    bodies = [wire.PermissionsType.TopicPermissions(role=wire.TopicReadWrite) for _ in range(count)]
    for number, body in enumerate(bodies[1:]):
        body.cache_selector.cache_name = f"cache-{number}"
        body.topic_selector.topic_name_prefix = f"room/{number}/"
    entries = [wire.PermissionsType(topic_permissions=body) for body in reversed(bodies)]
    return wire.Permissions(explicit=wire.ExplicitPermissions(permissions=entries)).SerializeToString()


SCENARIO: Final = Scenario(
    "tokens",
    "Check of a token",
    "Microseconds of CPU for a router to find out who calls and what that token may do, in one thread and without the "
    "network. *Known*: the token came before; *and topic*: with it, whether it may publish to a topic that it "
    "published to before. The others are seen for the first time, signature and all: an API key, disposable tokens "
    f"with one permission statement and with {MAX_STATEMENTS}, and one made over REST with {MAX_STATEMENTS} rules, "
    f"each for the same three networks. Means over {_TOKENS} tokens, medians of {_REPETITIONS} repetitions.",
    (
        Figure("known", "known, µs", 2),
        Figure("topic", "and topic, µs", 2),
        Figure("key", "API key, µs"),
        Figure("statement", "1 statement, µs"),
        Figure("statements", f"{MAX_STATEMENTS} statements, µs"),
        Figure("rules", f"{MAX_STATEMENTS} rules, µs"),
    ),
    _run,
    against=Against.NOTHING,
    more_is_better=False,
)
