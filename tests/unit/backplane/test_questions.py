"""A question to the processes of a fleet has an end, whatever the client library does with a cancellation."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest

from backplane.interface import Process, Registry
from backplane.redis.questions import WAIT_SECONDS, Answers, Questions
from backplane.redis.store import Store
from tests.patience import patient


class Deaf:
    """A store in which nobody answers, and whose calls go on when they are cancelled, as `asyncio.wait_for` may."""

    def key(self, *names: str) -> str:
        return ":".join(names)

    async def call(self, *_: object) -> Sequence[Any]:
        try:
            await asyncio.sleep(WAIT_SECONDS / 4)
        except asyncio.CancelledError:
            return []
        return []


class OneRouter:
    async def processes(self) -> Sequence[Process]:
        return [Process("router-1", "router", "127.0.0.1:1", "0", 0.0, 0.0)]


@pytest.mark.timeout(patient(20))
async def test_a_question_that_nobody_answers_ends_although_a_call_is_not_to_be_cancelled() -> None:
    questions = Questions(cast("Store", Deaf()), cast("Registry", OneRouter()), "audience")
    assert await questions.ask("acme", "cache", "lobby") == Answers([], asked=1)
