"""What holds for all tests."""

import gc
import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

from cli.build import stale

# Tests start processes while gRPC's threads run; its handlers around a fork crash the child. Read when it is imported.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"

# Processes that tests start keep what they have compiled: else each compiles 500 files again, in 0.7 CPU-seconds.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A shell has what it runs in the background ignore interrupts, and so would what tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long one example takes says more of the machine than of the code.
settings.register_profile("tidings", deadline=None)
settings.load_profile("tidings")

LONG_FIRST = ("e2e/fleet", "browser", "e2e", "integration", "unit")
"""Folders whose files take minutes before those whose files take seconds, so that two workers end at about one time."""


def pytest_sessionstart() -> None:
    """Refuse to test what was compiled before its source was changed: Python would run that, and not the source."""
    if found := stale(Path(__file__).parents[1]):
        pytest.exit(f"changed since compiled: {', '.join(found)}; run `make compile`, or `make plain`", 4)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the files of a folder side by side: what they share would be started again after each of another folder."""
    items.sort(key=lambda item: _place(item.path))


def pytest_collection_finish() -> None:
    """Look less often for cycles, through all that an account service is made of: a third of its tests' time."""
    gc.collect()
    gc.freeze()  # what has been imported stays
    gc.set_threshold(10_000, 10, 50)


def _place(path: Path) -> int:
    folder = path.relative_to(Path(__file__).parent).as_posix()
    return next(place for place, first in enumerate(LONG_FIRST) if folder.startswith(f"{first}/"))
