"""Asks and tells routers through the store what subscribers of `$sys/` topics listen to, and hear."""

from collections.abc import Sequence
from typing import Any

from backplane.interface import Registry, Unwatch
from backplane.redis.questions import Questions
from backplane.redis.store import Store
from backplane.system import Interest, Listening, SystemItem


class RedisSystemTopics:
    """A question without items asks; one with items tells."""

    def __init__(self, store: Store, registry: Registry) -> None:
        self._questions = Questions(store, registry, "system")

    async def interests(self) -> set[Interest]:
        answers = await self._questions.ask(None)
        return {Interest(*interest) for answer in answers.all for interest in answer}

    async def tell(self, items: Sequence[SystemItem]) -> None:
        await self._questions.ask(items)

    def answer(self, listening: Listening) -> Unwatch:
        def reply(question: Sequence[Any]) -> Sequence[Interest]:
            (items,) = question
            if items is None:
                return listening.interests()
            listening.tell([SystemItem(*item) for item in items])
            return []

        return self._questions.answer(reply)

    async def close(self) -> None:
        await self._questions.close()
