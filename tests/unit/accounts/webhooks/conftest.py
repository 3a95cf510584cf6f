"""Couriers wait for minutes and hours: their tests run on a loop that leaps over them."""

from tests.unit.clock import leaping

pytest_asyncio_loop_factories = leaping
