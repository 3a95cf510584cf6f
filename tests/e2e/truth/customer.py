"""An account whose traffic goes through the published SDK, and what the service says that it has used."""

import json
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack
from typing import Any, Literal, NamedTuple, Self

from tests.e2e.sdk_node.node import program
from tests.e2e.service import ROOT, Service, until
from tests.e2e.tenant import Tenant

COMPARED = {
    "publishes_billed",
    "publishes_stored",
    "publish_bytes_billed",
    "publish_bytes_stored",
    "deliveries_billed",
    "delivery_bytes_billed",
    "bytes_sent",
}


PYTHON = [sys.executable, "-m", "tests.e2e.truth.program"]

Language = Literal["python", "node"]


class Used(NamedTuple):
    """What is billed of a cache: published and delivered."""

    publish_messages: int = 0
    publish_bytes: int = 0
    publish_operations: int = 0
    delivery_messages: int = 0
    delivery_bytes: int = 0
    delivery_operations: int = 0


class Sdk:
    """A process that uses a published SDK; a context manager, at whose end it is killed."""

    def __init__(self, key: str, port: int, language: Language = "python") -> None:
        started = program("e2e/truth/program.mjs") if language == "node" else PYTHON
        command = [*started, key, str(port)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def publish(self, cache: str, topic: str, sizes: list[int]) -> list[str]:
        """Publish a value of each size, in bytes; return what each came to."""
        return self._do("publish", cache=cache, topic=topic, sizes=sizes)

    def subscribe(self, cache: str, topic: str, **more: int) -> int:
        """Open subscriptions, and return how many are open."""
        return self._do("subscribe", cache=cache, topic=topic, **more)

    def read(self, topic: str, count: int) -> list[list[int]]:
        """Return number, page and size of the next items of each subscription of a topic."""
        return self._do("read", topic=topic, count=count)

    def read_to(self, topic: str, number: int) -> list[list[int]]:
        """Return the same up to the item of a number."""
        return self._do("read_to", topic=topic, number=number)

    def kill(self) -> None:
        """End it at once, as when its machine dies."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _do(self, method: str, **arguments: str | int | list[int]) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([method, arguments]) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


class Customer:
    """Makes caches and processes that use the SDK, and asks what was used."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._stack = ExitStack()
        self._began = int(time.time()) - 60

    def __enter__(self) -> Self:
        self.tenant = self._stack.enter_context(Tenant(self._service))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def sdk(self, key: str | None = None, language: Language = "python") -> Sdk:
        """Start a process."""
        return self._stack.enter_context(Sdk(key or self.tenant.key, self._service.port, language))

    def subscribers(self, cache: str, topic: str) -> int:
        """Ask how many subscribers a topic has at this moment."""
        asked = {"bytes": 1, "cache": cache, "topic": topic}
        return self.tenant.http.post("/v1/estimate", json=asked).raise_for_status().json()["subscribers"]

    def until_subscribers(self, cache: str, topic: str, count: int) -> None:
        """Wait until a topic has so many subscribers."""
        until(lambda: self.subscribers(cache, topic) == count, what=f"{count} subscribers")

    def used(self) -> dict[str, Used]:
        """Return what is billed, by the names of caches, as GET /v1/usage tells it."""
        sums: dict[str, dict[str, int]] = {}
        for row in self._usage():
            if row["meter"] in {"publish", "delivery"}:
                mine = sums.setdefault(row["cache"], dict.fromkeys(Used._fields, 0))
                for unit in ("messages", "bytes", "operations"):
                    mine[f"{row['meter']}_{unit}"] += row[unit]
        return {cache: Used(**numbers) for cache, numbers in sums.items()}

    def subscription_seconds(self, cache: str) -> int:
        """Return how long subscriptions of a cache were open, as GET /v1/usage tells it."""
        return sum(row["subscription_seconds"] for row in self._usage() if row["cache"] == cache)

    def compared(self) -> Counter[str]:
        """Return what was billed of all accounts and what was counted elsewhere, also if an hour ended meanwhile."""
        arguments = ("usage", "reconcile", "--so-far", "--json", "--data", str(self._service.data))
        counted = Counter[str]()
        for hour in json.loads(self._service.run(*arguments))["hours"]:
            counted.update({name: number or 0 for name, number in hour.items() if name in COMPARED})
        return counted

    def verify(self) -> str:
        """Return the last line of `tidings usage verify`, which adds everything up again."""
        return self._service.run("usage", "verify", "--data", str(self._service.data)).splitlines()[-1]

    def _usage(self) -> list[dict[str, Any]]:
        asked = {"from": _iso(self._began), "granularity": "minute", "group_by": "cache"}
        return self.tenant.http.get("/v1/usage", params=asked).raise_for_status().json()["usage"]


def _iso(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
