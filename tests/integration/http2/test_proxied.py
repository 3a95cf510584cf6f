"""The header that a proxy puts before a connection's bytes (PROXY protocol, version 2)."""

import asyncio
import socket
import struct

import pytest

from tests.integration.http2 import wire
from tests.integration.http2.serving import Service, serving

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
LOCAL, PROXY = 0x20, 0x21
TCP4, TCP6, UNIX = 0x11, 0x21, 0x31


def header(command: int, family: int, addresses: bytes) -> bytes:
    return SIGNATURE + struct.pack(">BBH", command, family, len(addresses)) + addresses


def tcp4(client: str = "192.0.2.7", port: int = 40_001, more: bytes = b"") -> bytes:
    ends = socket.inet_aton(client) + socket.inet_aton("198.51.100.1")
    return header(PROXY, TCP4, ends + struct.pack(">HH", port, 443) + more)


def tcp6(client: str = "2001:db8::7", port: int = 40_001) -> bytes:
    ends = socket.inet_pton(socket.AF_INET6, client) + socket.inet_pton(socket.AF_INET6, "2001:db8::1")
    return header(PROXY, TCP6, ends + struct.pack(">HH", port, 443))


CRC32C = b"\x03\0\x04abcd"
"""A field after the addresses, of which there may be any number."""

ORIGINS = {
    "IPv4": (tcp4(), ("192.0.2.7", 40_001)),
    "IPv6": (tcp6(), ("2001:db8::7", 40_001)),
    "with more fields": (tcp4(more=CRC32C * 10), ("192.0.2.7", 40_001)),
    "the proxy itself": (header(LOCAL, 0, b""), None),
    "the proxy itself, with addresses": (header(LOCAL, TCP4, bytes(12)), None),
}


async def told(service: Service, *pieces: bytes) -> object:
    peer = await service.stranger()
    peer.is_quiet = True
    for piece in pieces:
        peer.send(piece)
        await asyncio.sleep(0)
    assert (await peer.answer(1)).status == 0
    return service.app.scopes[-1]["client"]


@pytest.mark.parametrize(("sent", "client"), ORIGINS.values(), ids=ORIGINS)
async def test_the_application_is_told_where_its_client_is(sent: bytes, client: object) -> None:
    async with serving(proxied=True) as service:
        assert await told(service, sent + wire.PREFACE + wire.request(1)) == client


async def test_whoever_answers_at_once_is_told_too() -> None:
    async with serving(proxied=True) as service:
        peer = await service.stranger()
        peer.send(tcp4() + wire.PREFACE + wire.settings() + wire.request(1, "/echo?at_once"))
        assert (await peer.answer(1)).status == 0
        assert [scope["client"] for scope in service.app.offered] == [("192.0.2.7", 40_001)]


async def test_the_header_may_be_torn_anywhere() -> None:
    async with serving(proxied=True) as service:
        whole = tcp4() + wire.PREFACE
        for cut in range(1, len(whole)):
            assert await told(service, whole[:cut], whole[cut:] + wire.request(1)) == ("192.0.2.7", 40_001)


async def test_the_header_may_come_byte_by_byte() -> None:
    async with serving(proxied=True) as service:
        whole = tcp6() + wire.PREFACE + wire.request(1)
        assert await told(service, *(bytes((byte,)) for byte in whole)) == ("2001:db8::7", 40_001)


async def test_each_connection_has_its_own_client() -> None:
    async with serving(proxied=True) as service:
        for port in range(1, 20):
            assert await told(service, tcp4(port=port) + wire.PREFACE + wire.request(1)) == ("192.0.2.7", port)


GARBAGE = {
    "none": wire.PREFACE + wire.request(1),
    "the first version": b"PROXY TCP4 192.0.2.7 198.51.100.1 40001 443\r\n",
    "a wrong signature": b"\r\n\r\n\0\r\nQUIT\r" + tcp4()[12:],
    "another version": header(0x11, TCP4, bytes(12)),
    "an unknown command": header(0x22, TCP4, bytes(12)),
    "an address that is cut": header(PROXY, TCP4, bytes(11)),
    "an IPv6 address that is cut": header(PROXY, TCP6, bytes(35)),
    "a Unix socket": header(PROXY, UNIX, bytes(216)),
    "much too long": header(PROXY, TCP4, bytes(60_000)),
}


@pytest.mark.parametrize("sent", GARBAGE.values(), ids=GARBAGE)
async def test_what_comes_from_no_proxy_is_cut(sent: bytes) -> None:
    async with serving(proxied=True) as service:
        peer = await service.stranger()
        peer.send(sent)
        await peer.closed()
        assert service.app.scopes == []
        assert await told(service, tcp4() + wire.PREFACE + wire.request(1)) == ("192.0.2.7", 40_001)


@pytest.mark.asyncio(loop_factories=["leaping"])
@pytest.mark.parametrize("sent", [b"", SIGNATURE, tcp4()[:-1], tcp4()], ids=range(4))
async def test_a_connection_that_says_nothing_is_cut(sent: bytes) -> None:
    async with serving(proxied=True, first_bytes_seconds=3.0) as service:
        peer = await service.stranger()
        peer.send(sent)
        await peer.closed(seconds=100)
