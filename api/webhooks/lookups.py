"""Looks names up that strangers have chosen, in threads of their own.

The event loop in production has two threads for all names. One whose servers do not answer holds its thread for as long
as the system tries, some twenty seconds, and whoever needs a name meanwhile would wait: others' webhooks, and a
connection to the database.
"""

import asyncio
import socket
from collections import deque
from contextlib import suppress
from threading import Thread

LOOKUPS = 50
"""At a time, each with a thread; more wait."""

Host = tuple[str, int]
"""A name and a port."""

Answer = list[str] | Exception
"""The addresses of a host, or why there are none."""


class Lookups:
    """Looks up so many at a time, those included that nobody waits for any more; each host once for all who wait."""

    def __init__(self) -> None:
        self._answers: dict[Host, asyncio.Future[Answer]] = {}
        self._waiting: deque[Host] = deque()
        self._threads = 0

    async def addresses(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host, of which there is one at least.

        Raises:
            OSError, UnicodeError: it cannot be found, or is no name.
        """
        answer = self._answers.get((host, port))
        if answer is None:
            answer = self._answers[host, port] = asyncio.get_running_loop().create_future()
            self._waiting.append((host, port))
            self._begin()
        found = await asyncio.shield(answer)
        if isinstance(found, Exception):
            raise found
        return found

    def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting and self._threads < LOOKUPS:
            host = self._waiting.popleft()
            thread = Thread(target=self._look, args=(loop, host), name="lookup", daemon=True)  # no exit waits for it
            try:
                thread.start()
            except RuntimeError as reason:
                self._answers.pop(host).set_result(_failure(host, reason))
            else:
                self._threads += 1

    def _look(self, loop: asyncio.AbstractEventLoop, host: Host) -> None:
        try:
            found: Answer = [
                str(each[4][0]).partition("%")[0] for each in socket.getaddrinfo(*host, type=socket.SOCK_STREAM)
            ]
        except (OSError, UnicodeError) as reason:
            found = reason
        except Exception as reason:  # noqa: BLE001 - whatever it is, it must come to whoever waits
            found = _failure(host, reason)
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(self._end, host, found)

    def _end(self, host: Host, found: Answer) -> None:
        self._threads -= 1
        self._answers.pop(host).set_result(found)
        self._begin()


def _failure(host: Host, reason: Exception) -> OSError:
    failure = OSError(f"'{host[0]}' could not be looked up")
    failure.__cause__ = reason
    return failure
