"""The receiver on the page of webhooks."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from accounts.webhook_deliveries.events import request
from api.webhooks import new_secret
from tests.e2e.service import until
from tests.ports import free_port
from tools import snippets
from tools.tree import ROOT


def test_the_pages_receiver_takes_what_is_ours_and_nothing_else(tmp_path: Path) -> None:
    (program,) = [each for each in snippets.of(ROOT / "docs" / "webhooks.md") if each.language == "python"]
    secret, port, printed = new_secret(), free_port(), tmp_path / "printed"
    url, now = f"http://127.0.0.1:{port}/", int(time.time() * 1000)
    told = {"topic_sequence_number": 42, "text": "hello"}
    with (
        printed.open("wb") as out,
        subprocess.Popen(
            [sys.executable, "-c", program.text],
            env={**os.environ, "WEBHOOK_SECRET": secret, "PORT": str(port)},
            stdout=out,
        ) as receiver,
    ):
        try:
            until(lambda: _answers(url), what="the receiver")
            headers, body = request("m.1.42", told, [new_secret(), secret], now)
            assert [httpx.post(url, headers=headers, content=body).status_code for _ in range(2)] == [204, 204]
            gap = {"discontinuity": {"last_topic_sequence": 42}}
            headers, body = request("m.1.50.gap", gap, [secret], now)
            assert httpx.post(url, headers=headers, content=body).status_code == 204
            wrong: list[tuple[Mapping[str, str], bytes]] = [
                request("m.1.43", told, [new_secret()], now),
                request("m.1.43", told, [secret], now - 400_000),
                (headers, body + b" "),
                ({**headers, "webhook-id": "m.1.44"}, body),
                ({}, body),
            ]
            assert {httpx.post(url, headers=had, content=sent).status_code for had, sent in wrong} == {401}
        finally:
            receiver.kill()
    assert printed.read_text() == "42 hello\nmissed some: {'last_topic_sequence': 42}\n"


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 501
    except httpx.TransportError:
        return False
