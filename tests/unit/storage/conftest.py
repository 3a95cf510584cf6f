"""The storage node's unit tests run on a loop that leaps over waiting."""

import asyncio
from collections.abc import Callable, Mapping

import pytest

from tests.unit.clock import LeapingLoop


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"loop": LeapingLoop}
