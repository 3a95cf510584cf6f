"""Asks routers through the store for the busiest topics of a cache."""

from collections.abc import Sequence
from typing import Any

from backplane.busiest import MOST_TOLD, Counting, HeardTopics, TopicUse, added_up, with_subscriptions
from backplane.interface import Registry, Unwatch
from backplane.redis.questions import Questions
from backplane.redis.store import Store


class RedisBusiest:
    """Asks twice: which topics are the busiest, and how many subscriptions to those are open on any router."""

    def __init__(self, store: Store, registry: Registry) -> None:
        self._questions = Questions(store, registry, "busiest")

    async def topics(self, account: str, cache: str, most: int) -> HeardTopics:
        counted = await self._questions.ask(account, cache, None)
        uses = added_up(([TopicUse(*use) for use in answer] for answer in counted.all), most)
        if not uses:
            return HeardTopics([], counted.is_complete)
        opened = await self._questions.ask(account, cache, [use.name for use in uses])
        return HeardTopics(with_subscriptions(uses, opened.all), counted.is_complete and opened.is_complete)

    def answer(self, counting: Counting) -> Unwatch:
        def reply(question: Sequence[Any]) -> Sequence[object]:
            account, cache, names = question
            if names is None:
                return counting.busiest(account, cache, MOST_TOLD)
            return counting.audiences(account, cache, names)

        return self._questions.answer(reply)

    async def close(self) -> None:
        await self._questions.close()
