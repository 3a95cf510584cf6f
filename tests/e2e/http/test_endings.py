"""How polls and streams end over the real edge: the service restarts, or the key is revoked."""

import json
import signal
import threading

import httpx

from tests.e2e.http.conftest import streams
from tests.e2e.service import Service, until
from tests.e2e.tenant import Tenant
from tests.patience import patient

SSE = {"accept": "text/event-stream"}


class Request:
    """A GET that a thread reads to its end."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self.status = 0
        self.text = ""
        self._thread = threading.Thread(target=self._read, args=(url, headers))
        self._thread.start()

    def wait(self) -> str:
        self._thread.join(60)
        assert not self._thread.is_alive()
        return self.text

    def _read(self, url: str, headers: dict[str, str]) -> None:
        with httpx.stream("GET", url, headers=headers, timeout=patient(60)) as answer:
            self.status = answer.status_code
            for piece in answer.iter_text():
                self.text += piece


def test_a_restart_ends_polls_and_streams_so_that_their_clients_come_back() -> None:
    with Service("--drain-seconds", "1") as service, Tenant(service) as tenant:
        headers = {"authorization": tenant.key}
        url = f"{service.url}/topics/{tenant.new_cache()}/silent"
        polls, events = Request(url, headers), Request(url, headers | SSE)
        until(lambda: streams(service) == 2, what="two subscriptions")
        service.signal(signal.SIGHUP)
        assert json.loads(polls.wait()) == {"items": []}
        assert events.wait().startswith("retry: 500\n\n")
        assert "event:" not in events.text
        again = Request(url, headers)
        assert httpx.post(url, content=b"after", headers=headers, timeout=patient(60)).status_code == 204
        assert json.loads(again.wait())["items"][0]["item"]["value"] == {"text": "after"}


def test_a_revoked_key_ends_polls_and_streams_with_the_reason(service: Service) -> None:
    with Tenant(service) as tenant:
        key, key_id = tenant.new_key()
        caller = {"authorization": key, "x-request-id": "mine"}
        url, before = f"{service.url}/topics/{tenant.new_cache()}/silent", streams(service)
        polls, events = Request(url, caller), Request(url, caller | SSE)
        until(lambda: streams(service) == before + 2, what="two subscriptions")
        tenant.revoke(key_id)
        told = {"code": "unauthenticated", "message": "the token was revoked", "request_id": "mine"}
        assert (json.loads(polls.wait()), polls.status) == (told, 401)
        event, data = events.wait().rstrip("\n").rpartition("\n\n")[2].splitlines()
        assert (event, json.loads(data.removeprefix("data: "))) == ("event: error", told)
