"""The command line's client: whose word an error is, and what may be given as an endpoint."""

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import click
import grpc
import pytest
from momento_wire_types import cachepubsub_pb2 as wire

from cli.commands.topic_client import Client, Refused, Unreachable
from cli.compatibility.deployment import Addresses
from cli.endpoint import address_of

BROKE = "the link to the topic's storage node broke; the value may be published"


@contextmanager
def refusing(status: grpc.StatusCode, *trailers: tuple[str, str]) -> Generator[Client]:
    """Answer each call with one status, and be called."""

    def refuse(_: bytes, context: grpc.ServicerContext) -> bytes:
        context.set_trailing_metadata(trailers)
        context.abort(status, BROKE)
        return b""

    methods: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {"Publish": grpc.unary_unary_rpc_method_handler(refuse)}
    server = grpc.server(ThreadPoolExecutor(1))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("cache_client.pubsub.Pubsub", methods),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    client = Client(f"http://127.0.0.1:{port}", "a.b.c")
    try:
        yield client
    finally:
        client.close()
        server.stop(None)


@pytest.mark.parametrize("status", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED])
@pytest.mark.parametrize("trailer", [("err", "server_is_busy"), ("x-request-id", "5f0c")])
def test_what_the_service_says_is_told(status: grpc.StatusCode, trailer: tuple[str, str]) -> None:
    with refusing(status, trailer) as client, pytest.raises(Refused, match=BROKE):
        client.publish("chat", "lobby", wire._TopicValue(text="hello"))


def test_where_the_service_says_nothing_nobody_answered() -> None:
    with refusing(grpc.StatusCode.UNAVAILABLE) as client, pytest.raises(Unreachable, match="nobody answers at"):
        client.publish("chat", "lobby", wire._TopicValue(text="hello"))


@pytest.mark.parametrize(
    ("endpoint", "address", "secure"),
    [
        ("http://127.0.0.1:8080", "127.0.0.1:8080", False),
        ("http://[::1]", "[::1]:80", False),
        ("https://tidings.example", "tidings.example:443", True),
        ("topics.example.com", "cache.topics.example.com:443", True),
    ],
)
def test_an_endpoint_is_a_url_or_a_host_name(endpoint: str, address: str, *, secure: bool) -> None:
    assert address_of(endpoint) == (address, secure)
    assert Addresses.of(endpoint)[0] == address


@pytest.mark.parametrize("endpoint", ["", "127.0.0.1", "::1", "127.0.0.1:8080", "ftp://x", "http://x:99999", "a b"])
def test_what_is_no_endpoint_is_told_with_the_option_and_the_variable(endpoint: str) -> None:
    with pytest.raises(click.UsageError, match=r"is not a URL .* --endpoint, or TIDINGS_ENDPOINT"):
        address_of(endpoint)
