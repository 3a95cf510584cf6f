"""The storage node's unit tests run on a loop that leaps over waiting."""

from tests.unit.clock import leaping

pytest_asyncio_loop_factories = leaping
