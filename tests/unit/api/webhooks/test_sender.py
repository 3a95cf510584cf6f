"""Webhooks: signed as Standard Webhooks says, and kept out of this installation's own network."""

import base64
import hashlib
import hmac
import ipaddress
import socket

import pytest

from api.errors import InvalidArgument
from api.webhooks import LateSender, checked_url, headers, new_secret, sender, targets
from api.webhooks.lookups import Lookups
from api.webhooks.targets import is_public
from tests.http_stand_in import Request, answering, response
from tests.unit.api.webhooks.receiver import receiving


def test_a_signature_is_the_one_of_the_standard() -> None:
    """The example of the Standard Webhooks specification's own libraries."""
    secret, id, timestamp = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330
    signed = headers([secret], id, timestamp, b'{"test": 2432232314}')
    assert signed["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert (signed["webhook-id"], signed["webhook-timestamp"]) == (id, "1614265330")


def test_a_secret_signs_with_all_its_bytes() -> None:
    secret = new_secret()
    key = base64.b64decode(secret.removeprefix("whsec_"))
    assert len(key) == 32
    expected = base64.b64encode(hmac.digest(key, b"m.1.{}", hashlib.sha256)).decode()
    assert headers([secret], "m", 1, b"{}")["webhook-signature"] == f"v1,{expected}"


async def test_what_is_sent_arrives_as_it_is() -> None:
    async with receiving() as receiver:
        sending = LateSender(allow_private=True)
        outcome = await sending.send(receiver.url, {"webhook-id": "m"}, b'{"a":1}')
        await sending.close()
    (request,) = receiver.requests
    assert (outcome.delivered, outcome.status) == (True, 200)
    assert request.line == "POST /hook?x=1 HTTP/1.1"
    assert request.body == b'{"a":1}'
    assert request.headers["webhook-id"] == "m"
    assert request.headers["host"] == receiver.url.split("/")[2]


@pytest.mark.parametrize("status", [300, 302, 404, 500])
async def test_any_other_answer_is_no_delivery_and_no_redirect_is_followed(status: int) -> None:
    async with receiving() as receiver:
        receiver.statuses = [status]
        receiver.headers = "location: http://127.0.0.1:1/\r\n"
        sending = LateSender(allow_private=True)
        outcome = await sending.send(receiver.url, {}, b"{}")
        await sending.close()
    assert (outcome.delivered, outcome.status, outcome.reason) == (False, status, f"answered {status}")
    assert len(receiver.requests) == 1


async def test_a_redirect_to_the_metadata_of_a_cloud_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[str] = []
    look_up = targets.public_address

    async def counted(lookups: Lookups, host: str, port: int, *, allow_private: bool) -> str:
        looked_up.append(host)
        return await look_up(lookups, host, port, allow_private=allow_private)

    monkeypatch.setattr(sender, "public_address", counted)
    async with receiving() as receiver:
        receiver.statuses = [307]
        receiver.headers = "location: http://169.254.169.254/latest/meta-data/\r\n"
        sending = LateSender(allow_private=True)
        outcome = await sending.send(receiver.url, {}, b"{}")
        await sending.close()
    assert (outcome.delivered, outcome.status) == (False, 307)
    assert looked_up == ["127.0.0.1"]


async def test_a_name_that_leads_elsewhere_the_second_time_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is connected to is the address that was looked at: a name is looked up once for a connection."""
    answers = ["93.184.215.14", "169.254.169.254"]
    connected: list[object] = []

    def look_up(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, 1, 6, "", (answers.pop(0), 443))]

    async def connect(_: object, host: str, *__: object) -> None:
        connected.append(host)
        raise OSError("nobody is there")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr("httpcore.AnyIOBackend.connect_tcp", connect)
    sending = LateSender()
    outcomes = [await sending.send("https://rebinding.example/", {}, b"{}") for _ in range(2)]
    await sending.close()
    assert connected == ["93.184.215.14"]
    assert "169.254.169.254" in outcomes[1].reason


async def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "TIMEOUT_SECONDS", 0.2)
    async with receiving() as receiver:
        receiver.silent = True
        sending = LateSender(allow_private=True)
        outcome = await sending.send(receiver.url, {}, b"{}")
        await sending.close()
    assert not outcome.delivered
    assert "no answer" in outcome.reason


async def test_nobody_is_asked_in_the_own_network() -> None:
    async with receiving() as receiver:
        sending = LateSender()
        for host in ("127.0.0.1", "localhost"):
            outcome = await sending.send(receiver.url.replace("127.0.0.1", host), {}, b"{}")
            assert not outcome.delivered
            assert "not of the public network" in outcome.reason
        await sending.close()
    assert receiver.requests == []


async def test_a_name_with_one_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def two_addresses(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, 1, 6, "", (address, 443)) for address in ("93.184.215.14", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", two_addresses)
    sending = LateSender()
    outcome = await sending.send("https://both.example/", {}, b"{}")
    await sending.close()
    assert "10.0.0.1" in outcome.reason


async def test_a_host_that_cannot_be_found_is_an_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_: object, **__: object) -> list[tuple[object, ...]]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nothing)
    sending = LateSender()
    outcome = await sending.send("https://nowhere.invalid/", {}, b"{}")
    await sending.close()
    assert "not known" in outcome.reason


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07::1", True),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.215.14", True),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("2002:7f00:1::", False),
        ("::127.0.0.1", False),
        ("::ffff:0:127.0.0.1", False),
        ("64:ff9b:1::a9fe:a9fe", False),
        ("fec0::1", False),
        ("192.0.0.192", False),
    ],
)
def test_only_the_public_network_is_public(address: str, *, public: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is public


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "http://example.com/",
        "ftp://example.com/",
        "https://",
        "https://user:word@example.com/",
        "https://example.com/#part",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://[::1/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://localhost/",
        "https://things.LOCALHOST.:8443/",
        "https://example.com/a b",
        "https://example.com/\n",
        "https://exämple.com/",
        "https://example.com/" + "x" * 2048,
    ],
)
def test_a_url_that_cannot_be_one_is_refused(url: str) -> None:
    with pytest.raises(InvalidArgument, match="cannot be a webhook's URL"):
        checked_url(url, allow_private=False)


def test_a_url_of_the_public_network_is_accepted() -> None:
    assert checked_url("https://example.com:8443/a?b=c", allow_private=False) == "https://example.com:8443/a?b=c"
    assert checked_url("http://127.0.0.1:80/", allow_private=True) == "http://127.0.0.1:80/"


async def test_a_connection_serves_the_next_request_unless_the_answer_was_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Request] = []

    def answer(request: Request) -> bytes:
        asked.append(request)
        return response(200, b"x" * (sender.MOST_ANSWER_BYTES + 1 if len(asked) == 2 else 10))

    looked_up: list[object] = []
    look_up = targets.public_address

    async def counted(lookups: Lookups, host: str, port: int, *, allow_private: bool) -> str:
        looked_up.append(host)
        return await look_up(lookups, host, port, allow_private=allow_private)

    monkeypatch.setattr(sender, "public_address", counted)
    async with answering(answer) as origin:
        sending = LateSender(allow_private=True)
        outcomes = [await sending.send(origin, {}, b"{}") for _ in range(3)]
        await sending.close()
    assert [outcome.delivered for outcome in outcomes] == [True] * 3
    assert len(looked_up) == 2
