"""A rolling restart by SIGHUP: no call fails, and streams end, one after the other, in words that bring SDKs back."""

import itertools
import signal
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from tests.e2e.edge.conftest import PROBE, state
from tests.e2e.edge.http2 import Connection
from tests.e2e.service import Service, until

ENDED = (13, "Received RST_STREAM with code 0")


@dataclass
class Load:
    """Calls from threads, over kept and over fresh connections, until told to stop."""

    port: int
    stopped: threading.Event = field(default_factory=threading.Event)
    calls: int = 0
    failures: list[str] = field(default_factory=list[str])

    def keep_calling(self, *, fresh: bool) -> None:
        while not self.stopped.is_set():
            try:
                with Connection(self.port) as connection:
                    self._use(connection, 1 if fresh else 100_000)
            except (OSError, AssertionError) as error:
                self.failures.append(repr(error))

    def _use(self, connection: Connection, most: int) -> None:
        """Call until the server says GOAWAY, as a client does: then it takes a new connection."""
        for _ in range(most):
            if connection.goaways or self.stopped.is_set():
                return
            answer = connection.call("/probe.Probe/Call?milliseconds=2")
            self.calls += 1
            if answer.grpc[0] != 0:
                self.failures.append(repr(answer))


@contextmanager
def load(port: int) -> Generator[Load]:
    """Six threads of calls: three on kept connections, three with a new one for each call."""
    running = Load(port)
    threads = [threading.Thread(target=running.keep_calling, kwargs={"fresh": number % 2 == 0}) for number in range(6)]
    for thread in threads:
        thread.start()
    try:
        yield running
    finally:
        running.stopped.set()
        for thread in threads:
            thread.join()


def roll(service: Service) -> None:
    """Restart it and wait until only the new Envoy is there."""
    old = service.envoy_pid
    service.signal(signal.SIGHUP)
    until(lambda: service.envoy_pids not in ([old], []) and old not in service.envoy_pids, seconds=40)


def test_no_call_fails_over_restarts() -> None:
    with Service(*PROBE, "--drain-seconds", "2") as service, load(service.port) as calls:
        for _ in range(3):
            roll(service)
        before = calls.calls
        until(lambda: calls.calls > before + 100)
    assert calls.failures == []
    assert calls.calls > 1_000


def test_streams_are_ended_with_the_words_for_coming_back_spread_over_the_drain() -> None:
    with Service(*PROBE, "--drain-seconds", "2") as service, Connection(service.port) as connection:
        streams = [connection.open("/probe.Probe/Stream?interval=50") for _ in range(10)]
        connection.wait(lambda: all(connection.answers[stream].body for stream in streams))
        service.signal(signal.SIGHUP)
        ends: list[float] = []
        for count in range(1, len(streams) + 1):
            connection.wait(lambda count=count: _over(connection) >= count, seconds=20)
            ends.append(time.monotonic())
        assert {connection.answers[stream].grpc for stream in streams} == {ENDED}
        assert 1.2 < ends[-1] - ends[0] < 3.5
        assert max(later - sooner for sooner, later in itertools.pairwise(ends)) < 1
        until(lambda: len(service.envoy_pids) == 1, seconds=20)
        with Connection(service.port) as again:
            assert again.call("/probe.Probe/Call").grpc[0] == 0


def _over(connection: Connection) -> int:
    return sum(answer.over for answer in connection.answers.values())


def test_a_restart_that_fails_leaves_the_old_generation_serving(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Also when its application does not load any more."""
    folder = tmp_path_factory.mktemp("probe")
    (folder / "fragile.py").write_text("from tests.e2e.edge.probe_app import app as app\n")
    with Service("--app", "fragile:app", env={"PYTHONPATH": str(folder)}) as service:
        old = service.envoy_pid
        (folder / "fragile.py").write_text("raise SystemExit\n")
        service.signal(signal.SIGHUP)
        until(lambda: "generation 1 goes on" in service.errors, seconds=20)
        assert service.envoy_pids == [old]
        with Connection(service.port) as connection:
            assert connection.call("/probe.Probe/Call").grpc[0] == 0
        (folder / "fragile.py").write_text("from tests.e2e.edge.probe_app import app as app\n")
        roll(service)
        assert state(service)["pid"] != old


def test_restarts_asked_for_at_once_come_one_after_the_other() -> None:
    with Service(*PROBE, "--drain-seconds", "0.5") as service, load(service.port) as calls:
        first = service.envoy_pid
        for _ in range(3):
            service.signal(signal.SIGHUP)
            until(lambda: len(service.envoy_pids) <= 2)
        until(lambda: first not in service.envoy_pids and len(service.envoy_pids) == 1, seconds=40)
    assert calls.failures == []


def test_a_stop_in_the_middle_of_a_restart_ends_both() -> None:
    with Service(*PROBE, "--drain-seconds", "1") as service, Connection(service.port) as connection:
        stream = connection.open("/probe.Probe/Stream?interval=50")
        connection.wait(lambda: bool(connection.answers[stream].body))
        service.signal(signal.SIGHUP)
        until(lambda: len(service.envoy_pids) == 2)
        assert service.stop() == 0
        assert service.envoy_pids == []
