"""Webhooks of a running service, made by the published Node.js SDK: what is published is posted, signed."""

import base64
import hashlib
import hmac
from collections.abc import Iterator

import pytest

from api.tokens import pack_credential
from tests.e2e.access import Access, plaintext
from tests.e2e.sdk_node.node import program
from tests.e2e.service import Service, until
from tests.e2e.tenant import Tenant
from tests.e2e.webhooks.receiver import Receiver
from tests.e2e.wire import explicit, topic_grant

PROGRAM = "e2e/sdk_node/program.mjs"


@pytest.fixture(scope="module")
def posting() -> Iterator[Tenant]:
    """Somebody on a service whose webhooks may go to this machine."""
    with Service(env={"TIDINGS_PRIVATE_WEBHOOKS": "true"}) as service, Tenant(service) as tenant:
        yield tenant


def standard_signature(secret: str, headers: dict[str, str], body: bytes) -> str:
    signed = b".".join((headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def contract_signature(secret: str, body: bytes) -> str:
    return hmac.digest(secret.encode(), body, "sha3_256").hex()


def test_the_sdks_webhook_gets_what_is_published_signed_by_both_secrets_after_a_rotation(posting: Tenant) -> None:
    cache = posting.new_cache()
    with Receiver() as receiver:
        done = plaintext(posting).run(program(PROGRAM), "webhooks", cache=cache, url=receiver.url)
        first, kept, second, again = done["secrets"]
        assert done["answers"] == ["Success"] * 5
        assert done["listed"] == [[cache, "archive", "news", receiver.url]]
        assert (kept, again) == (first, second)
        assert first != second
        until(lambda: any("binary" in told for told in receiver.told), seconds=30, what="the last item")
        # What was under way when the secret was rotated is posted again with the new one.
        *texts, binary = receiver.told
        headers, body = receiver.got[-1]
    text = texts[0]
    assert all(again["text"] == "first" for again in texts)
    assert (text["text"], text["topic_sequence_number"], text["cache"], text["topic"]) == ("first", 1, cache, "news")
    assert (binary["binary"], binary["topic_sequence_number"]) == (base64.b64encode(b"\0\xff").decode(), 2)
    assert "text" not in binary
    assert headers["momento-signature"] == contract_signature(second, body)
    assert headers["momento-signature-previous"] == contract_signature(first, body)
    expected = [standard_signature(secret, headers, body) for secret in (second, first)]
    assert headers["webhook-signature"].split() == expected


def test_the_sdk_gets_the_contracts_errors(access: Access) -> None:
    cache, key = access.tenant.new_cache(), access.tenant.key
    made = access.tenant.owner.disposable(key, explicit(topic_grant(cache=cache)))
    body = {"cache": cache, "name": "archive", "topic": "news", "url": "https://example.com/"}
    access.tenant.http.post("/v1/webhooks", json=body).raise_for_status()
    token = pack_credential(made.endpoint, made.api_key)
    answers = access.run(program(PROGRAM), "webhookGone", cache=cache, token=token)
    assert answers == [
        "Success",
        "NOT_FOUND_ERROR",
        "NOT_FOUND_ERROR",
        "NOT_FOUND_ERROR",
        "NOT_FOUND_ERROR",
        "INVALID_ARGUMENT_ERROR",
        "PERMISSION_ERROR",
    ]


def test_a_redirect_to_the_network_of_the_service_is_not_followed_and_dead_letters_are_replayed(
    posting: Tenant,
) -> None:
    cache = posting.new_cache()
    with Receiver() as receiver:
        receiver.status, receiver.location = 302, "http://169.254.169.254/latest/meta-data/"
        body = {"cache": cache, "name": "archive", "topic": "news", "url": receiver.url}
        made = posting.http.post("/v1/webhooks", json=body).raise_for_status().json()
        path = f"/v1/webhooks/{made['webhook_id']}"
        posting.owner.publish(cache, "news", "hello")
        until(lambda: len(receiver.got) >= 2, seconds=30, what="a second try")
        shown = posting.http.get(path).json()
        assert (shown["state"], shown["last_status"], shown["last_reason"]) == ("failing", 302, "answered 302")
        receiver.status, receiver.location = 422, ""
        until(lambda: posting.http.get(path).json()["dead_letters"] == 1, seconds=30, what="a dead letter")
        (letter,) = posting.http.get(f"{path}/dead-letters").json()["dead_letters"]
        assert (letter["event"]["text"], letter["status"], letter["state"]) == ("hello", 422, "dead")
        receiver.status = 200
        replay = f"{path}/dead-letters/{letter['dead_letter_id']}/replay"
        assert posting.http.post(replay).json() == {"dead_letters": 1}
        until(lambda: posting.http.get(path).json()["dead_letters"] == 0, seconds=30, what="the replay")
        assert receiver.told[-1]["text"] == "hello"
        assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
        (delivery,) = posting.http.get(f"{path}/deliveries").json()["deliveries"]
        assert (delivery["state"], delivery["status"]) == ("delivered", 200)
