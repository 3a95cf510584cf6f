"""Asks routers through the store how many subscribers a topic has."""

from collections.abc import Sequence
from typing import Any

from api.names import Topic
from backplane.audience import Count, Heard
from backplane.interface import Registry, Unwatch
from backplane.redis.questions import Questions
from backplane.redis.store import Store


class RedisAudience:
    """Asks, and answers where somebody has said what. Webhooks subscribe by routers within account services."""

    def __init__(self, store: Store, registry: Registry) -> None:
        self._questions = Questions(store, registry, "audience", {"router", "accounts"})

    async def subscribers(self, topic: Topic) -> Heard:
        answers = await self._questions.ask(topic.account, topic.cache, topic.name)
        return Heard(sum(answers.all), len(answers.all), answers.asked)

    def answer(self, count: Count) -> Unwatch:
        def reply(question: Sequence[Any]) -> int:
            account, cache, name = question
            return count(Topic(account, cache, name))

        return self._questions.answer(reply)

    async def close(self) -> None:
        await self._questions.close()
