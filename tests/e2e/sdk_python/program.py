"""Uses the Python SDK as told on the command line, and prints what came of it as JSON.

A process of its own, because a subscription of this SDK that outlives its client's timeout never gives the processor
back. One text serves both kinds of clients: `do` awaits what the asynchronous ones return.
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeAlias

from momento import (
    AuthClient,
    AuthClientAsync,
    CacheClient,
    CacheClientAsync,
    Configurations,
    CredentialProvider,
    TopicClient,
    TopicClientAsync,
    TopicConfigurations,
)
from momento.auth.access_control.disposable_token_scope import DisposableTokenProps
from momento.auth.access_control.disposable_token_scopes import DisposableTokenScopes
from momento.config.auth_configurations import AuthConfigurations
from momento.config.transport.topic_transport_strategy import (
    StaticTopicGrpcConfiguration,
    StaticTopicTransportStrategy,
)
from momento.utilities import ExpiresIn

Response: TypeAlias = Any
"""A client or response of the SDK, of either kind."""


class Program:
    """The SDK's clients, made from the settings."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        self.is_async = settings["style"] == "async"
        self._loop = asyncio.new_event_loop() if self.is_async else None
        credentials = self.credentials(settings["key"])
        self.topics = self.made(lambda: self.topics_with(credentials))
        configuration = Configurations.Laptop.latest()
        cache_client = CacheClientAsync if self.is_async else CacheClient
        self.caches: Any = self.made(lambda: cache_client(configuration, credentials, timedelta(seconds=60)))
        auth_client: Any = AuthClientAsync if self.is_async else AuthClient
        self.auth = self.made(lambda: auth_client(AuthConfigurations.Laptop.latest(), credentials))

    def credentials(self, token: str) -> CredentialProvider:
        """Return the credentials for plaintext at a port, or those that the SDK makes of an endpoint."""
        if self.settings["endpoint"] is None:
            host = self.settings["host"]
            return CredentialProvider(token, host, host, host, self.settings["port"])
        endpoint = self.settings["endpoint"]
        if token == self.settings["key"]:
            return CredentialProvider.from_api_key_v2(token, endpoint)
        return CredentialProvider(token, f"control.{endpoint}", f"cache.{endpoint}", f"token.{endpoint}", 443)

    def disposable(self, token: str) -> CredentialProvider:
        """Return the credentials of a packed disposable token; in plaintext with host and port of our own."""
        packed = CredentialProvider.from_disposable_token(token)
        return self.credentials(packed.auth_token) if self.settings["endpoint"] is None else packed

    def topics_with(self, credentials: CredentialProvider) -> Response:
        """Return a topic client; its timeout is also how long a subscription lives."""
        configuration = TopicConfigurations.Default.latest().with_client_timeout(timedelta(days=1))
        return (TopicClientAsync if self.is_async else TopicClient)(configuration, credentials)

    def made(self, make: Callable[[], Any]) -> Response:
        """Make a client where it will be used: an asynchronous one inside its event loop."""

        async def inside() -> Response:
            return make()

        return self._loop.run_until_complete(inside()) if self._loop else make()

    def do(self, result: Response) -> Response:
        return self._loop.run_until_complete(result) if self._loop else result

    def next(self, subscription: Response) -> Response:
        return self.do(subscription.__anext__()) if self.is_async else next(subscription)

    def run(self) -> Response:
        return getattr(self, f"scenario_{self.settings['scenario']}")()

    def scenario_caches(self) -> list[Any]:
        name = self.settings["cache"]
        steps = [self.do(self.caches.create_cache(name)) for _ in range(2)]
        listed = self.do(self.caches.list_caches())
        steps.append(self.do(self.caches.delete_cache(name)))
        steps.append(self.do(self.caches.delete_cache(name)))
        return [[told(step) for step in steps], [cache.name for cache in listed.caches]]

    def scenario_publish_subscribe(self) -> list[Any]:
        cache = self.settings["cache"]
        subscription = self.do(self.topics.subscribe(cache, "news"))
        for value in ("grüße", b"\x00\xff"):
            self.do(self.topics.publish(cache, "news", value))
        return [item(self.next(subscription)) for _ in range(2)]

    def scenario_resume(self) -> list[Any]:
        cache = self.settings["cache"]
        for value in ("one", "two", "three"):
            self.do(self.topics.publish(cache, "news", value))
        newest = self.next(self.do(self.topics.subscribe(cache, "news")))
        resumed = self.do(self.topics.subscribe(cache, "news", 2, newest.sequence_page))
        return [item(newest), *(item(self.next(resumed)) for _ in range(2))]

    def scenario_publish(self) -> str:
        """Publish with the settings' token and return what kind of answer comes."""
        topics = self.made(lambda: self.topics_with(self.credentials(self.settings["token"])))
        value = "x" * self.settings.get("length", 1)
        return told(self.do(topics.publish(self.settings["cache"], self.settings["topic"], value)))

    def scenario_subscribe(self) -> str:
        topics = self.made(lambda: self.topics_with(self.credentials(self.settings["token"])))
        return told(self.do(topics.subscribe(self.settings["cache"], self.settings["topic"])))

    def scenario_disposable(self) -> list[str]:
        """Mint a token for publishing to one topic, and try what it gives."""
        cache = self.settings["cache"]
        scope = DisposableTokenScopes.topic_publish_only(cache, "news")
        props = DisposableTokenProps(token_id="python")
        made = self.do(self.auth.generate_disposable_token(scope, ExpiresIn.minutes(5), props))
        topics = self.made(lambda: self.topics_with(self.disposable(made.auth_token)))
        return [
            told(self.do(topics.publish(cache, "news", "x"))),
            told(self.do(topics.publish(cache, "other", "x"))),
            told(self.do(topics.subscribe(cache, "news"))),
        ]

    def scenario_prefix(self) -> list[str]:
        """Use a packed token that allows topics beginning with `news-`."""
        cache = self.settings["cache"]
        topics = self.made(lambda: self.topics_with(self.disposable(self.settings["token"])))
        subscription = self.do(topics.subscribe(cache, "news-1"))
        answers = [told(self.do(topics.publish(cache, name, "x"))) for name in ("news-1", "news", "other")]
        return [*answers, item(self.next(subscription))[1]]

    def scenario_many(self) -> list[int]:
        """Hold many subscriptions on the one connection that this SDK's channels share, and publish besides."""
        cache, count = self.settings["cache"], self.settings["count"]
        subscriptions = [self.do(self.topics.subscribe(cache, "news")) for _ in range(count)]
        self.do(self.topics.publish(cache, "news", "x"))
        return [self.next(subscription).sequence_number for subscription in subscriptions]

    def scenario_apart(self) -> list[int]:
        """Hold more subscriptions than a connection does, by clients that do not share one, and publish besides."""
        cache, count = self.settings["cache"], self.settings["count"]
        credentials = self.credentials(self.settings["key"])

        def client(number: int) -> Response:
            grpc = StaticTopicGrpcConfiguration(timedelta(days=1), keepalive_time=timedelta(milliseconds=5000 + number))
            configuration = TopicConfigurations.Default.latest().with_max_subscriptions(count)
            return TopicClient(configuration.with_transport_strategy(StaticTopicTransportStrategy(grpc)), credentials)

        readers = [client(number) for number in range(2)]
        subscriptions = [reader.subscribe(cache, "news") for reader in readers for _ in range(count)]
        client(2).publish(cache, "news", "x")
        return [self.next(subscription).sequence_number for subscription in subscriptions]


def told(response: Response) -> str:
    """Return the name of a response, or the error's code."""
    return response.error_code.name if hasattr(response, "error_code") else type(response).__name__


def item(response: Response) -> list[Any]:
    value = response.value.hex() if isinstance(response.value, bytes) else response.value
    return [type(response).__name__, value, response.sequence_number]


if __name__ == "__main__":
    result = Program(json.loads(sys.argv[1])).run()
    sys.stdout.write(json.dumps(result) + "\n")
    sys.stdout.flush()
    os._exit(0)  # the SDK's own clean-up waits for subscriptions that never end
