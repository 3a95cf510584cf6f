"""The inspector's stream over the real edge: what clients do is told, and a revoked key ends it."""

import json
import threading
import time
from typing import Any

import httpx

from tests.e2e.http.conftest import Api
from tests.e2e.service import Service, until
from tests.e2e.tenant import Tenant
from tests.patience import patient


class Stream:
    """An inspector that a thread reads to its end."""

    def __init__(self, url: str, key: str) -> None:
        self.text = ""
        self.headers = httpx.Headers()
        self._leave = threading.Event()
        self._thread = threading.Thread(target=self._read, args=(url, key))
        self._thread.start()
        until(lambda: "heartbeat" in self.text, what="the inspector's first heartbeat")

    def told(self, kind: str) -> list[dict[str, Any]]:
        blocks = self.text.split("\n\n")[:-1]
        begin = f"event: {kind}\ndata: "
        return [json.loads(block.removeprefix(begin)) for block in blocks if block.startswith(begin)]

    def leave(self) -> None:
        self._leave.set()
        self.wait()

    def wait(self) -> None:
        self._thread.join(30)
        assert not self._thread.is_alive()

    def _read(self, url: str, key: str) -> None:
        headers = {"authorization": key, "origin": "https://a.example"}
        with httpx.stream("GET", url, headers=headers, timeout=patient(60)) as answer:
            self.headers = answer.headers
            for piece in answer.iter_text():
                self.text += piece
                if self._leave.is_set():
                    return


def test_what_clients_do_is_told(api: Api) -> None:
    stream = Stream(f"{api.service.url}/inspect/{api.cache}", api.key)
    assert stream.headers["access-control-allow-origin"]
    reading = threading.Thread(target=api.poll, args=("seen",))
    reading.start()
    until(lambda: bool(stream.told("opened")), what="the subscription")
    assert api.publish("seen", b"hello").status_code == 204
    assert api.publish("seen", b"\xff").status_code == 400
    reading.join()
    until(lambda: bool(stream.told("delivered") and stream.told("refused") and stream.told("ended")), what="events")
    (published,), (delivered,), (refused,) = map(stream.told, ("published", "delivered", "refused"))
    assert (published["topic"], published["text"], published["bytes"]) == ("seen", "hello", 5)
    assert abs(published["at"] - time.time()) < 60
    assert (delivered["topic"], delivered["subscribers"], delivered["items"]) == ("seen", 1, 1)
    assert (refused["topic"], refused["call"], refused["code"]) == ("seen", "publish", "invalid_argument")
    stream.leave()


def test_a_revoked_key_ends_it_with_the_reason(service: Service) -> None:
    with Tenant(service) as tenant:
        key, key_id = tenant.new_key()
        stream = Stream(f"{service.url}/inspect/{tenant.new_cache()}", key)
        tenant.revoke(key_id)
        stream.wait()
        (told,) = stream.told("error")
        assert (told["code"], told["message"]) == ("unauthenticated", "the token was revoked")


def test_another_accounts_cache_is_not_there(api: Api) -> None:
    with Tenant(api.service) as tenant:
        answer = httpx.get(f"{api.service.url}/inspect/{api.cache}", headers={"authorization": tenant.key})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
