"""Asks for what is not known here: whatever is wanted while one question is under way goes into the next one."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import islice
from typing import Generic, TypeVar

from api.errors import Unavailable
from api.tasks import end

V = TypeVar("V")


class Asking(Generic[V]):
    """Answers to questions by id.

    Args:
        read: Returns the answers to these ids, or the error of each that has none.
        most: Ids in one question.
    """

    def __init__(self, read: Callable[[Sequence[str]], Awaitable[Mapping[str, V | Unavailable]]], most: int) -> None:
        self._read = read
        self._most = most
        self._waiting: dict[str, asyncio.Future[V]] = {}
        self._under_way: Sequence[str] = ()
        self._task: asyncio.Task[None] | None = None

    def ids(self) -> set[str]:
        """Return what is asked for at this moment."""
        return {*self._waiting, *self._under_way}

    async def ask(self, id: str) -> V:
        """Return the answer to a question that is sent after this call.

        Raises:
            Unavailable: there is none.
        """
        future = self._waiting.get(id)
        if future is None:
            future = self._waiting[id] = asyncio.get_running_loop().create_future()
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._run())
        return await asyncio.shield(future)

    async def close(self) -> None:
        """Answer nobody any more."""
        if self._task is not None:
            await end(self._task)
        for future in self._waiting.values():
            future.cancel()

    async def _run(self) -> None:
        while self._waiting:
            some = {id: self._waiting.pop(id) for id in list(islice(self._waiting, self._most))}
            self._under_way = list(some)
            try:
                answers = await self._read(self._under_way)
            except Unavailable as error:
                answers = dict.fromkeys(some, error)
            except BaseException:
                for future in some.values():
                    future.cancel()
                raise
            finally:
                self._under_way = ()
            for id, future in some.items():
                _settle(future, answers[id])


def _settle(future: asyncio.Future[V], answer: V | Unavailable) -> None:
    if isinstance(answer, Unavailable):
        future.set_exception(answer)
        future.exception()  # whoever asked may have left; an error that nobody takes would be logged
    else:
        future.set_result(answer)
