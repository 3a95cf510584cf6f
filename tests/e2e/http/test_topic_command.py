"""`tidings topic publish` and `subscribe`, as a shell runs them."""

import json
import os
import signal
import ssl
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.e2e.certificates import issue
from tests.e2e.http.conftest import Api
from tests.e2e.http.link import Link
from tests.e2e.service import ROOT, Service, until
from tests.patience import patient
from tests.ports import free_port

COMMAND = (sys.executable, "-m", "cli.main", "topic")


@pytest.fixture
def topic() -> str:
    return f"topic-{uuid4()}"


def environment(api: Api, url: str | None = None) -> dict[str, str]:
    return {**os.environ, "TIDINGS_API_KEY": api.key, "TIDINGS_ENDPOINT": url or api.service.url, "LC_ALL": "C"}


def run(api: Api, *arguments: str, stdin: bytes = b"", **variables: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=ROOT,
        env=environment(api) | variables,
        input=stdin,
        capture_output=True,
        timeout=patient(60),
        check=False,
    )


class Running:
    """A `subscribe` that goes on while the test does something else."""

    def __init__(self, api: Api, folder: Path, *arguments: str, url: str | None = None) -> None:
        self._out, self._err = folder / "out", folder / "err"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                [*COMMAND, "subscribe", *arguments], cwd=ROOT, env=environment(api, url), stdout=out, stderr=err
            )

    @property
    def lines(self) -> list[str]:
        return self._out.read_text().splitlines()

    @property
    def errors(self) -> str:
        return self._err.read_text()

    def wait(self) -> int:
        try:
            return self.process.wait(timeout=patient(30))
        finally:
            self.process.kill()


def test_a_text_that_is_published_is_printed(api: Api, topic: str) -> None:
    assert run(api, "publish", api.cache, topic, "grüß dich").returncode == 0
    done = run(api, "subscribe", api.cache, topic, "--count", "1")
    assert (done.returncode, done.stdout.decode(), done.stderr) == (0, "grüß dich\n", b"")


def test_bytes_come_from_standard_input_and_are_shown_as_json(api: Api, topic: str) -> None:
    assert run(api, "publish", api.cache, topic, "--binary", "--file", "-", stdin=b"\xff\x00").returncode == 0
    done = run(api, "subscribe", api.cache, topic, "--count", "1", "--json")
    item = json.loads(done.stdout)["item"]
    assert (item["topic_sequence_number"], item["value"]) == (1, {"binary": "/wA="})


def test_it_begins_where_it_is_told_and_says_how_it_went(api: Api, topic: str) -> None:
    for word in (b"one", b"two", b"three"):
        api.publish(topic, word)
    done = run(api, "subscribe", api.cache, topic, "--from", "2", "--count", "2", "--progress")
    assert done.stdout.decode().splitlines() == ["two", "three"]
    last = done.stderr.decode().splitlines()[-1]
    assert last.startswith("2 items, ")
    assert last.endswith(":3, 0 gaps")


def test_a_number_of_another_page_is_reported_as_a_gap(api: Api, topic: str) -> None:
    api.publish(topic, b"one")
    done = run(api, "subscribe", api.cache, topic, "--from", "9", "--page", "7", "--count", "1")
    assert (done.stdout, done.stderr) == (b"one\n", b"gap: after 8, going on with 1\n")


def test_a_connection_that_breaks_is_resumed_without_a_gap_or_a_duplicate(api: Api, topic: str, tmp_path: Path) -> None:
    with Link(api.service.port) as link:
        url = f"http://127.0.0.1:{link.port}"
        running = Running(api, tmp_path, api.cache, topic, "--from", "1", "--count", "9", url=url)
        for cut in range(3):
            for number in range(3):
                api.publish(topic, str(3 * cut + number).encode())
            until(lambda cut=cut: len(running.lines) == 3 * cut + 3, seconds=30, what=f"items after {cut} cuts")
            link.hang_up()
        assert running.wait() == 0
    assert running.lines == [str(number) for number in range(9)]
    assert running.errors.count("connection lost") >= 2
    assert "gap" not in running.errors


def test_an_interrupt_ends_it_without_a_trace(api: Api, topic: str, tmp_path: Path) -> None:
    api.publish(topic, b"one")
    running = Running(api, tmp_path, api.cache, topic)
    until(lambda: running.lines == ["one"], what="the first item")
    running.process.send_signal(signal.SIGINT)
    assert running.wait() == 130
    assert "Traceback" not in running.errors


@pytest.mark.parametrize("verb", [("publish", "value"), ("subscribe",)])
def test_what_goes_wrong_is_one_sentence_and_an_exit_code(api: Api, topic: str, verb: tuple[str, ...]) -> None:
    name, *value = verb
    nowhere = f"http://127.0.0.1:{free_port()}"
    cases = [
        (run(api, name, "nope", topic, *value), 1, "cache 'nope' does not exist"),
        (run(api, name, api.cache, topic, *value, TIDINGS_API_KEY="a.b.c"), 1, "UNAUTHENTICATED"),
        (run(api, name, api.cache, topic, *value, TIDINGS_ENDPOINT=nowhere), 3, f"nobody answers at {nowhere}"),
        (run(api, name, api.cache, topic, *value, TIDINGS_ENDPOINT="ftp://x"), 2, "is not a URL"),
        (run(api, name, api.cache, topic, *value, TIDINGS_ENDPOINT="http://x:99999"), 2, "is not a URL"),
        (run(api, name, api.cache, topic, *value, TIDINGS_API_KEY="schlüssel"), 2, "in no key"),
    ]
    for done, exit_code, sentence in cases:
        assert (done.returncode, sentence in done.stderr.decode()) == (exit_code, True), done.stderr
        assert api.key not in done.stderr.decode()


def test_a_value_is_given_once_and_as_text_unless_said_otherwise(api: Api, topic: str) -> None:
    assert run(api, "publish", api.cache, topic).returncode == 2
    assert run(api, "publish", api.cache, topic, "a", "--file", "-").returncode == 2
    assert b"publish it with --binary" in run(api, "publish", api.cache, topic, "--file", "-", stdin=b"\xff").stderr


def test_with_https_it_speaks_tls(tmp_path: Path, topic: str) -> None:
    files = issue(tmp_path, "localhost")
    with Service(tls=files.server) as service:
        with httpx.Client(base_url=service.url, verify=ssl.create_default_context(cafile=files.authority)) as client:
            made = {"email": "tls@example.com", "password": "correct horse", "account_name": "TLS"}
            assert client.post("/v1/signup", json=made).status_code == 201
            assert client.post("/v1/caches", json={"name": "http"}).status_code == 201
            asked = {"role_id": "owner", "description": "", "expiry": "never"}
            api = Api(service, client.post("/v1/api-keys", json=asked).json()["api_key"], "http")
        trusted = str(files.authority)
        published = run(api, "publish", "http", topic, "hello", GRPC_DEFAULT_SSL_ROOTS_FILE_PATH=trusted)
        assert published.returncode == 0
        done = run(api, "subscribe", "http", topic, "--count", "1", GRPC_DEFAULT_SSL_ROOTS_FILE_PATH=trusted)
        assert (done.returncode, done.stdout) == (0, b"hello\n")
