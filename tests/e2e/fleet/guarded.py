"""Runs one tier, and sees that it does not outlive the test: `python -m tests.e2e.fleet.guarded FD TIER`.

The file descriptor is the reading end of a pipe. When the other end is closed, by the test or by its death, the tier
and its Envoy are killed.
"""

import os
import signal
import sys
from contextlib import suppress


def main() -> None:
    """Leave a watcher behind, and become the tier."""
    pipe, tier = int(sys.argv[1]), sys.argv[2]
    own = os.getpid()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.read(pipe, 1)
            with suppress(ProcessLookupError):
                os.killpg(own, signal.SIGKILL)
        os._exit(0)
    os.wait()
    os.close(pipe)
    os.execv(sys.executable, [sys.executable, "-m", "cli.main", tier])


if __name__ == "__main__":
    main()
