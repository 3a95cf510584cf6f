"""One durable topic as a Redis Stream: ids are `page-number`, and only the node that claimed it last may append."""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final, NamedTuple, Protocol, cast

from redis.exceptions import NoScriptError, RedisError, ResponseError

from api.errors import Unavailable
from api.names import Topic
from backplane.redis.connection import Client
from backplane.redis.refusals import Refusals
from backplane.redis.topics import index_key, topic_keys

READ_ENTRIES: Final = 500

_log = logging.getLogger(__name__)


class Fenced(Exception):
    """Another node has claimed the topic since."""


class Behind(Exception):
    """The stream holds newer items than the caller knows, such as those of an append whose answer was lost."""


class Short(Exception):
    """The stream lost items that the caller knows.

    Attributes:
        page, number: Of the newest item that is left; both 0 where there is none.
    """

    def __init__(self, page: int, number: int) -> None:
        super().__init__(page, number)
        self.page = page
        self.number = number


class Entry(NamedTuple):
    """One item.

    Attributes:
        time_ms: When it was accepted: epoch milliseconds by the clock of the node.
        stored_ms: When it was stored: the same by the clock of the store.
    """

    page: int
    number: int
    time_ms: int
    frame: bytes
    stored_ms: int


class Claim(NamedTuple):
    """What a topic's new owner finds.

    Attributes:
        started_ms: Since when the store runs: epoch milliseconds by its own clock, to the second.
        entries: The oldest entries, up to `READ_ENTRIES`.
    """

    started_ms: int
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class Group:
    """Frames that follow number `last` of `page`; what is before `first_kept` may go. `time_ms` as in `Entry`."""

    page: int
    last: int
    first_kept: int
    time_ms: int
    frames: Sequence[bytes]


class Journal(Protocol):
    """Where durable topics are kept. Each method raises Unavailable where it cannot be reached."""

    async def claim(self, topic: Topic) -> Claim:
        """Become the only one that may append."""
        ...

    async def read(self, topic: Topic, page: int, number: int) -> Sequence[Entry]:
        """Return up to `READ_ENTRIES` entries after this one.

        Raises:
            Fenced: see there.
        """
        ...

    async def append(self, topic: Topic, group: Group, *, mends: bool = False) -> None:
        """Append a group, after what the stream has lost where it `mends` that.

        Raises:
            Fenced: see there.
            Behind: see there; nothing was appended.
            Short: see there; nothing was appended.
        """
        ...


@dataclass(frozen=True, slots=True)
class _Script:
    text: str
    digest: str


def _script(name: str) -> _Script:
    text = files(__package__ or "").joinpath(f"{name}.lua").read_text(encoding="utf-8")
    return _Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


class StreamJournal:
    """Implements `Journal`; each topic has a hash slot of its own, so that a cluster spreads them.

    Args:
        client: Of Redis.
        prefix: Keeps installations that share a Redis apart.
        token: Tells this process apart from all others that may append.
    """

    def __init__(self, client: Client, prefix: str, token: str) -> None:
        self._client = client
        self._prefix = prefix
        self._token = token
        self._refusals = Refusals(_log, "the store of durable topics")
        self._claim, self._read, self._append = _script("claim"), _script("read"), _script("append")

    def __repr__(self) -> str:
        return f"<StreamJournal {self._prefix}>"

    async def claim(self, topic: Topic) -> Claim:
        await self._list(topic)
        started_ms, found = await self._run(self._claim, topic, "0-0", str(READ_ENTRIES))
        return Claim(started_ms, _entries(found))

    async def read(self, topic: Topic, page: int, number: int) -> Sequence[Entry]:
        return _entries(await self._run(self._read, topic, f"{page}-{number}", str(READ_ENTRIES)))

    async def append(self, topic: Topic, group: Group, *, mends: bool = False) -> None:
        numbers = map(str, (group.page, group.last, group.first_kept, group.time_ms, int(mends)))
        await self._run(self._append, topic, *numbers, *group.frames)

    async def _list(self, topic: Topic) -> None:
        """Have the topic found when its cache is deleted."""
        index = index_key(self._prefix, topic.account, topic.cache)
        try:
            await cast("Any", self._client).execute_command("SADD", index, topic.name)
        except ResponseError as error:
            raise self._meant(error) from error
        except (RedisError, OSError, TimeoutError) as error:
            raise Unavailable("the store of durable topics cannot be reached") from error

    async def _run(self, script: _Script, topic: Topic, *words: str | bytes) -> Any:  # noqa: ANN401 - Redis' answer
        arguments = (2, *topic_keys(self._prefix, topic), self._token, *words)
        execute = cast("Any", self._client).execute_command
        try:
            try:
                return await execute("EVALSHA", script.digest, *arguments)
            except NoScriptError:
                return await execute("EVAL", script.text, *arguments)
        except ResponseError as error:
            raise self._meant(error) from error
        except (RedisError, OSError, TimeoutError) as error:
            raise Unavailable("the store of durable topics cannot be reached") from error

    def _meant(self, error: ResponseError) -> Exception:
        text = str(error)
        if "FENCED" in text:
            return Fenced(text)
        if "BEHIND" in text:
            return Behind(text)
        if text.startswith("SHORT"):
            page, _, number = text.split()[1].partition("-")
            return Short(int(page), int(number))
        self._refusals.note(error)
        return Unavailable("the store of durable topics refuses what it is asked")


def _entries(answer: list[Any]) -> list[Entry]:
    entries: list[Entry] = []
    for id, fields in answer:
        page, _, number = id.decode().partition("-")
        said = dict(zip(fields[::2], fields[1::2], strict=True))
        time_ms = int(said[b"t"])  # also when it was stored, where a version before 0.2 has stored it
        entries.append(Entry(int(page), int(number), time_ms, said[b"f"], int(said.get(b"s", time_ms))))
    return entries
