"""The router's unit tests run on a loop that leaps over waiting."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest

from tests.unit.clock import LeapingLoop
from tests.unit.router.parts import World, world

LoopFactory = Callable[[], asyncio.AbstractEventLoop]


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> Mapping[str, LoopFactory]:
    return {"loop": LeapingLoop}


@pytest.fixture
async def acme() -> AsyncIterator[World]:
    """A router over two storage nodes that knows the account acme with one cache."""
    made = await world()
    yield made
    made.router.close()
