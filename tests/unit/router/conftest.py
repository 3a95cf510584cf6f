"""The router's unit tests run on a loop that leaps over waiting."""

from collections.abc import AsyncIterator

import pytest

from tests.unit.clock import leaping
from tests.unit.router.parts import World, world

pytest_asyncio_loop_factories = leaping


@pytest.fixture
async def acme() -> AsyncIterator[World]:
    """A router over two storage nodes that knows the account acme with one cache."""
    made = await world()
    yield made
    made.router.close()
