import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from tests import guarded
from tests.e2e.service import ROOT, until

TESTS = """
import sys, pathlib, time
from tests import guarded
log = open("log", "wb")
print(guarded.popen(["/bin/sleep", "300"], folder=pathlib.Path.cwd(), stdout=log, stderr=log).pid, flush=True)
time.sleep(300)
"""


def test_a_process_dies_with_the_tests_that_started_it(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", TESTS], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE
    ) as tests:
        assert tests.stdout is not None
        pid = int(tests.stdout.readline())
        until(lambda: psutil.Process(pid).name() == "sleep", what="the start of the process")
        tests.send_signal(signal.SIGKILL)
        until(lambda: not psutil.pid_exists(pid), what="the end of the process")


def test_no_watcher_stays_behind_a_process_that_ended(tmp_path: Path) -> None:
    before = watchers()
    with (tmp_path / "log").open("wb") as log, guarded.popen(["/bin/true"], folder=tmp_path, stdout=log, stderr=log):
        pass
    until(lambda: watchers() <= before, what="the end of the watcher")


def watchers() -> set[int]:
    return {
        found.pid for found in psutil.process_iter(["cmdline"]) if guarded.__file__ in (found.info["cmdline"] or [])
    }
