import os
import select
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from bench.cpu import tree
from bench.systems.interface import process

SECONDS = 30.0
ROOT = Path(__file__).parents[3]
DIRECTOR = """
import sys
from pathlib import Path
from bench.systems.interface import process

with process(["sleep", "1000"], Path(sys.argv[1])) as started:
    print(started.pid, flush=True)
    started.wait()
"""


def test_a_server_ends_with_the_benchmark_even_if_that_is_killed(tmp_path: Path) -> None:
    director = subprocess.Popen([sys.executable, "-c", DIRECTOR, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    with director:
        assert director.stdout
        server = os.pidfd_open(int(director.stdout.readline()))
        director.kill()
    try:
        assert select.select([server], [], [], SECONDS)[0], "the server goes on"
    finally:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(server, signal.SIGKILL)
        os.close(server)


def test_a_fleet_that_is_told_to_end_leaves_no_process(tmp_path: Path) -> None:
    with process([sys.executable, "-m", "bench.systems.fleet_process", str(tmp_path)], tmp_path, ROOT) as fleet:
        assert fleet.stdout
        assert fleet.stdout.readline().startswith("ready "), (tmp_path / "stderr.log").read_text()
        family = tree(fleet.pid)
        fleet.terminate()
        assert fleet.wait(SECONDS) == 0
    assert not [pid for pid in family if Path(f"/proc/{pid}").exists()]
