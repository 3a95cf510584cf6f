"""Each test of the server runs on two loops: one that leaps over waiting, and the one that serves in production."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
import uvloop

from tests.integration.http2.serving import Service, serving
from tests.unit.clock import LeapingLoop

LoopFactory = Callable[[], asyncio.AbstractEventLoop]


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> Mapping[str, LoopFactory]:
    return {"leaping": LeapingLoop, "uvloop": uvloop.new_event_loop}


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    """A server with its usual limits."""
    async with serving() as service:
        yield service
