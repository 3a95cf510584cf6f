"""Looks names up that strangers have chosen, in threads of their own.

The event loop in production has two threads for all names. One whose servers do not answer holds its thread for as long
as the system tries, some twenty seconds, and whoever needs a name meanwhile would wait: others' webhooks, and a
connection to the database.
"""

import asyncio
import socket
from contextlib import suppress
from threading import Thread

LOOKUPS = 50
"""At a time, each with a thread; more wait."""


class Lookups:
    """Looks up so many at a time, those included that nobody waits for any more."""

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(LOOKUPS)

    async def addresses(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host, of which there is one at least.

        Raises:
            OSError, UnicodeError: it cannot be found, or is no name.
        """
        loop = asyncio.get_running_loop()
        found: asyncio.Future[list[str]] = loop.create_future()

        def settle(addresses: list[str], failure: Exception | None) -> None:
            self._room.release()
            if found.done():  # nobody waits any more
                return
            if failure is None:
                found.set_result(addresses)
            else:
                found.set_exception(failure)

        def look() -> None:
            addresses, failure = list[str](), None
            try:
                all_found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
                addresses = [str(each[4][0]).partition("%")[0] for each in all_found]
            except (OSError, UnicodeError) as reason:
                failure = reason
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(settle, addresses, failure)

        await self._room.acquire()
        Thread(target=look, name="lookup", daemon=True).start()  # no end of the process waits for it
        return await found
