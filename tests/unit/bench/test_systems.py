import os
import select
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

SECONDS = 30.0
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
