"""What a program does with the published Python SDK, each thing a coroutine; run in a process of its own.

A subscription of this SDK (1.29) spins its event loop once its stream ends, so nothing else may run beside it. Prints
one line of JSON: what the scenario saw.
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

from momento import (
    AuthClientAsync,
    CacheClient,
    CacheClientAsync,
    Configurations,
    CredentialProvider,
    TopicClient,
    TopicClientAsync,
    TopicConfigurations,
)
from momento.auth.access_control.disposable_token_scopes import DisposableTokenScopes
from momento.config.auth_configurations import AuthConfigurations
from momento.responses import GenerateDisposableToken
from momento.utilities.expiration import ExpiresIn

TTL = timedelta(minutes=1)
PATIENT = TopicConfigurations.Default.latest().with_client_timeout(timedelta(days=1))
"""The client's timeout is also the life of its subscriptions, so it must be long."""


def credential(key: str | None = None) -> CredentialProvider:
    """Return how the service is reached: with TLS by the endpoint's names, or plainly at host and port."""
    key = os.environ["KEY"] if key is None else key
    if endpoint := os.environ.get("ENDPOINT"):
        return CredentialProvider.from_api_key_v2(key, endpoint)
    here = "127.0.0.1"
    return CredentialProvider(key, here, here, here, port=int(os.environ["PORT"]))


def told(response: Any) -> dict[str, str]:
    """Return what a response says of itself."""
    said = {"response": type(response).__name__}
    error = getattr(response, "error_code", None)
    return said if error is None else {**said, "error": error.name}


def shown(item: Any) -> dict[str, Any]:
    """Return an item as JSON can hold it."""
    value = item.value if isinstance(item.value, str) else item.value.hex()
    return {"kind": type(item).__name__, "value": value, "number": item.sequence_number, "page": item.sequence_page}


async def caches() -> Any:
    """Create, list and delete a cache; twice each, to see the errors."""
    async with await CacheClientAsync.create(Configurations.Laptop.latest(), credential(), TTL) as client:
        created = [told(await client.create_cache("python")) for _ in range(2)]
        listed = await client.list_caches()
        names = [cache.name for cache in getattr(listed, "caches", [])]
        deleted = [told(await client.delete_cache("python")) for _ in range(2)]
        bad = told(await client.create_cache("   "))
    return {"created": created, "names": names, "deleted": deleted, "bad": bad}


async def caches_sync() -> Any:
    """The same with the client that blocks."""
    with CacheClient(Configurations.Laptop.latest(), credential(), TTL) as client:
        created = [told(client.create_cache("python-sync")) for _ in range(2)]
        names = [cache.name for cache in getattr(client.list_caches(), "caches", [])]
        deleted = [told(client.delete_cache("python-sync")) for _ in range(2)]
    return {"created": created, "names": names, "deleted": deleted}


async def topics() -> Any:
    """Publish text and bytes to a subscriber, and to one that comes later."""
    cache = os.environ["CACHE"]
    client = TopicClientAsync(PATIENT, credential())
    first = await client.subscribe(cache, "python")
    published = [told(await client.publish(cache, "python", value)) for value in ("grüß dich", b"\x00\xff")]
    items = [shown(await anext(first)) for _ in range(2)]  # type: ignore[arg-type]
    late = await client.subscribe(cache, "python")
    return {"published": published, "items": items, "newest": shown(await anext(late))}  # type: ignore[arg-type]


async def topics_sync() -> Any:
    """The same with the client that blocks."""
    cache = os.environ["CACHE"]
    client = TopicClient(PATIENT, credential())
    first = client.subscribe(cache, "python-sync")
    published = [told(client.publish(cache, "python-sync", value)) for value in ("text", b"\x00\xff")]
    return {"published": published, "items": [shown(next(first)) for _ in range(2)]}  # type: ignore[call-overload]


async def resumed() -> Any:
    """Publish three, and subscribe from the second."""
    cache = os.environ["CACHE"]
    client = TopicClientAsync(PATIENT, credential())
    for value in ("one", "two", "three"):
        await client.publish(cache, "resumed", value)
    subscription = await client.subscribe(cache, "resumed", resume_at_topic_sequence_number=2)
    return [shown(await anext(subscription)) for _ in range(2)]  # type: ignore[arg-type]


async def refusals() -> Any:
    """Publish and subscribe where one may not, or where there is nothing."""
    client = TopicClientAsync(PATIENT, credential())
    nobody = TopicClientAsync(PATIENT, credential("garbage"))
    cache, reader = os.environ["CACHE"], TopicClientAsync(PATIENT, credential(os.environ["PREFIX_TOKEN"]))
    return {
        "no cache": [told(await client.publish("nope", "t", "x")), told(await client.subscribe("nope", "t"))],
        "bad name": [told(await client.publish(cache, "   ", "x")), told(await client.subscribe(cache, "   "))],
        "bad token": [told(await nobody.publish(cache, "t", "x")), told(await nobody.subscribe(cache, "t"))],
        "read only": [told(await reader.publish(cache, "room-1", "x")), told(await reader.subscribe(cache, "room-1"))],
        "other topic": [told(await reader.subscribe(cache, "hall-1"))],
        "too large": [told(await client.publish(cache, "t", b"x" * 4_194_000))],
    }


async def disposable() -> Any:
    """Mint a token for one topic, and use it."""
    cache = os.environ["CACHE"]
    minting = credential(os.environ["SUPER_USER"])
    async with AuthClientAsync(AuthConfigurations.Laptop.latest(), minting) as auth:
        scope = DisposableTokenScopes.topic_publish_subscribe(cache, "mine")
        minted = await auth.generate_disposable_token(scope, ExpiresIn.minutes(5))
    assert isinstance(minted, GenerateDisposableToken.Success), minted
    client = TopicClientAsync(PATIENT, credential(minted.auth_token))
    subscription = await client.subscribe(cache, "mine")
    published = [told(await client.publish(cache, topic, "x")) for topic in ("mine", "theirs")]
    return {"published": published, "item": shown(await anext(subscription))}  # type: ignore[arg-type]


SCENARIOS: dict[str, Callable[[], Coroutine[Any, Any, Any]]] = {
    scenario.__name__: scenario
    for scenario in (caches, caches_sync, topics, topics_sync, resumed, refusals, disposable)
}

if __name__ == "__main__":
    print(json.dumps(asyncio.run(SCENARIOS[sys.argv[1]]())), flush=True)  # noqa: T201 - the test reads it
    os._exit(0)  # what the SDK leaves running must not keep the process
