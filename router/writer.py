"""Writes what a subscription has to its stream, by callbacks: no task is woken for a write.

A task that waits for the feed, and then for its write, is woken twice for each.
"""

import asyncio
from typing import NoReturn

from api.gone import ClientGone, forgotten
from api.grpc_asgi import Send, wrote
from router.subscription import Subscription


class Writer:
    """One stream of a subscription that follows its feed."""

    __slots__ = ("_end", "_send", "_subscription")

    def __init__(self, subscription: Subscription, send: Send) -> None:
        self._subscription = subscription
        self._send = send
        # The reason is in a list, to be taken out: one that is kept would lead by its traceback to whoever keeps it.
        self._end: asyncio.Future[list[BaseException]] = asyncio.get_running_loop().create_future()

    async def run(self) -> NoReturn:
        """Write until the subscription has ended.

        Raises:
            ClientGone: nobody reads the stream any more.
            TidingsError: it has ended, for this reason.
        """
        self._write(woken=False)
        try:
            raise (await self._end).pop()
        finally:
            self._subscription.wait_no_more()

    def _wake(self) -> None:
        if not self._end.done():  # a request that is cancelled may be woken before it has come to `wait_no_more`
            self._write(woken=True)

    def _write(self, *, woken: bool) -> None:
        try:
            while (frames := self._subscription.take(woken=woken)) is not None:
                written = wrote(self._send, frames)
                if not written.done():
                    written.add_done_callback(self._written)
                    return
                written.result()
                self._subscription.delivered()
                woken = False
            self._subscription.wait(self._wake)
        except Exception as reason:  # noqa: BLE001 - `run` raises it
            self._fail(reason)

    def _written(self, written: "asyncio.Future[None]") -> None:
        """Go on, where nobody has given up `run` meanwhile."""
        failure = ClientGone() if written.cancelled() else written.exception()
        if self._end.done():
            return
        if failure is None:
            self._subscription.delivered()
            self._write(woken=False)
        else:
            self._fail(failure)

    def _fail(self, reason: BaseException) -> None:
        self._end.set_result([ClientGone() if isinstance(forgotten(reason), OSError) else reason])
