"""Uses the published Python SDK as lines of JSON on standard input say, and answers each with a line of JSON.

A process of its own, which a test may kill as a machine's failure would.
"""

import json
import os
import sys
from datetime import timedelta
from typing import Any

from momento import CredentialProvider, TopicClient, TopicConfigurations


class Program:
    """Clients of one key, and the subscriptions that are open."""

    def __init__(self, key: str, port: int) -> None:
        host = "127.0.0.1"
        configuration = TopicConfigurations.Default.latest().with_client_timeout(timedelta(days=1))
        self._topics: Any = TopicClient(configuration, CredentialProvider(key, host, host, host, port))
        self._open: dict[str, list[Any]] = {}

    def publish(self, cache: str, topic: str, sizes: list[int]) -> list[str]:
        """Publish a value of each size, in bytes; return what each came to."""
        answers = [self._topics.publish(cache, topic, b"x" * size) for size in sizes]
        return [answer.error_code.name if hasattr(answer, "error_code") else "stored" for answer in answers]

    def subscribe(self, cache: str, topic: str, count: int = 1, number: int = 0, page: int = 0) -> int:
        """Open subscriptions and read nothing of them yet."""
        made = [self._topics.subscribe(cache, topic, number, page) for _ in range(count)]
        self._open[topic] = made
        return sum(hasattr(subscription, "__next__") for subscription in made)

    def read(self, topic: str, count: int) -> list[list[int]]:
        """Return number, page and size of the next items of each subscription of a topic, one after the other."""
        return [_told(next(subscription)) for subscription in self._open[topic] for _ in range(count)]

    def read_to(self, topic: str, number: int) -> list[list[int]]:
        """Return the same of a topic's one subscription, up to the item of a number."""
        (subscription,) = self._open[topic]
        found: list[list[int]] = []
        while not found or found[-1][0] != number:
            found.append(_told(next(subscription)))
        return found


def _told(item: Any) -> list[int]:
    return [item.sequence_number, item.sequence_page, len(item.value)]


def main() -> None:
    """Do what is said until nothing more is."""
    program = Program(sys.argv[1], int(sys.argv[2]))
    for line in sys.stdin:
        method, arguments = json.loads(line)
        sys.stdout.write(json.dumps(getattr(program, method)(**arguments)) + "\n")
        sys.stdout.flush()
    os._exit(0)  # the SDK's own clean-up waits for subscriptions that never end


if __name__ == "__main__":
    main()
