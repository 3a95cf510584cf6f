"""`python -m bench.scale`: what topics, links and usage cost the tiers behind the routers.

`docs/scale.md` reckons with these figures, and those of `bench/results.md`, what breaks first in a large fleet. Each is
CPU time or memory of this process alone, so that other work on the machine changes it little.
"""

import asyncio
import gc
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from accounts.component import Accounts, AccountsSettings
from accounts.tenants.plans import OPEN
from api.names import Topic
from api.usage import Batch, Line, encode
from backplane.memory import MemoryDirectory
from bench.cpu import resident_bytes
from bench.load.messages import Ready
from bench.load.worker import Pipe, Worker
from bench.scenarios.interface import VALUE
from router.links.remote import RemoteLink
from storage.node import Node
from storage.server import Server

_TOPICS: Final = 100_000
_LINKS: Final = 100
_ITEMS: Final = 100
_APART_SECONDS: Final = 0.02
_BATCHES: Final = 200
_LINES: Final = 20
"""Of a batch: so many combinations of cache, meter and key are in use at a router within a second."""

_TOPIC: Final = Topic("account", "cache", "hot")
_SET_UP_SECONDS: Final = 60.0


def main() -> None:
    """Measure, and print a table."""
    rows = {
        f"memory of a topic with one item of {len(VALUE)} bytes, KiB": _topic_kib(),
        "CPU of a node for an item to one more router, µs": asyncio.run(_link_microseconds()),
        f"CPU of the account service for a batch of {_LINES} lines, µs": asyncio.run(_batch_microseconds()),
    }
    sys.stdout.write("| what | cost |\n| --- | ---: |\n")
    sys.stdout.writelines(f"| {name} | {value:,.1f} |\n" for name, value in rows.items())


def _topic_kib() -> float:
    node, pid = Node("node"), os.getpid()
    gc.collect()
    before = resident_bytes(pid)
    for number in range(_TOPICS):
        node.publish(Topic("account", "cache", f"topic-{number}"), VALUE, b"")
    return (resident_bytes(pid) - before) / _TOPICS / 1024


async def _link_microseconds() -> float:
    node = Node("node")
    server = Server(node, "127.0.0.1:0")
    port = await server.start()
    with Worker(_watch, port) as routers:
        await asyncio.to_thread(routers.pipe.receive, Ready, _SET_UP_SECONDS)
        used = time.process_time()
        for _ in range(_ITEMS):
            node.publish(_TOPIC, VALUE, b"")
            await asyncio.sleep(_APART_SECONDS)  # or else several would go out in one write
        used = time.process_time() - used
        routers.pipe.send(Ready())
    await server.close(grace_seconds=0)
    return used / _ITEMS / _LINKS * 1e6


def _watch(port: int, pipe: Pipe) -> None:
    """Be so many routers that watch the topic, until told to stop."""

    async def run() -> None:
        links = [RemoteLink(f"127.0.0.1:{port}", _Deaf()) for _ in range(_LINKS)]
        for link in links:
            link.start()
            await link.subscribe(_TOPIC, 0, 0)
        pipe.send(Ready())
        await asyncio.to_thread(pipe.receive, Ready, _SET_UP_SECONDS)
        for link in links:
            await link.close()

    asyncio.run(run())


class _Deaf:
    """A router that nobody is subscribed to any more."""

    def item(self, topic: Topic, page: int, number: int, frame: bytes) -> None:
        pass

    def stands(self, topic: Topic, page: int, last: int) -> None:
        pass

    def moved(self, topic: Topic, map_version: int) -> None:
        pass


async def _batch_microseconds() -> float:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        accounts = Accounts(AccountsSettings(Path(folder), "tidings.test"), MemoryDirectory())
        await accounts.open()
        try:
            made = await accounts.users.sign_up("bench@example.com", "correct horse battery", "Bench", OPEN)
            await accounts.ledger.batches.apply([_batch(made.account_id, 0, 1)])
            payloads = [_batch(made.account_id, router, 1) for router in range(1, _BATCHES + 1)]
            used = time.process_time()
            await accounts.ledger.batches.apply(payloads)
            return (time.process_time() - used) / _BATCHES * 1e6
        finally:
            await accounts.close()


def _batch(account: str, router: int, number: int) -> bytes:
    lines = [Line(account, f"cache-{cache}", "publish", "", 1, len(VALUE), 1) for cache in range(_LINES)]
    return encode(Batch(f"router-{router}", "boot", number, b"", int(time.time() // 60), lines))


if __name__ == "__main__":
    main()
