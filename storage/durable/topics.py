"""The durable topics of a node: loaded when they are first used, appended to in groups, let go when another owns them.

Memory is a copy of the stream's newest part. Publishes that come while an append is under way go out together with
the next one; none is acknowledged or broadcast before the stream has it.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from api.errors import Unavailable
from api.items import item_frame, item_parts, value_size
from api.link import Moved, Receipt
from api.names import Topic
from api.tracing import Span, carried_on, current
from storage.durable.journal import READ_ENTRIES, Behind, Entry, Fenced, Group, Journal, Short
from storage.history import History
from storage.node import Node

MAX_GROUP = 500
MAX_GROUP_BYTES = 4 * 1024 * 1024
MOST_TRIES = 3
STARTED_WITHIN_MS = 2000
"""How much later than the store says it may have started."""

MOST_LEFT = 100_000
"""So many topics that were let go are remembered."""


@dataclass(slots=True)
class _Asked:
    value: bytes
    publisher_id: bytes
    receipt: asyncio.Future[Receipt]
    span: Span | None


class _Left(NamedTuple):
    """Where a topic stood when it was let go, and the map by which it was this node's."""

    page: int
    last: int
    map_version: int


@dataclass(slots=True)
class _Writer:
    """The publishes of one topic that wait, and the task that appends them."""

    waiting: list[_Asked] = field(default_factory=list[_Asked])
    task: asyncio.Task[None] | None = None


class DurableTopics:
    """Publishes to the journal first, and to the node once that has succeeded."""

    def __init__(self, node: Node, journal: Journal, map_version: Callable[[], int]) -> None:
        self._node = node
        self._journal = journal
        self._map_version = map_version
        self._writers: dict[Topic, _Writer] = {}
        self._loading: dict[Topic, asyncio.Task[None]] = {}
        self._left: dict[Topic, _Left] = {}

    def __repr__(self) -> str:
        return f"<DurableTopics {self._journal!r}, {len(self._writers)} topics are written>"

    async def load(self, topic: Topic) -> None:
        """Have the topic in the node, claimed, with what the journal keeps of it.

        Raises:
            Moved: another node has claimed it at the same time.
            Unavailable: the journal cannot be reached.
        """
        if topic in self._node:
            return
        task = self._loading.get(topic)
        if task is None:
            task = self._loading[topic] = asyncio.create_task(self._load(topic))
            task.add_done_callback(lambda _: self._loading.pop(topic, None))
        await asyncio.wait((task,))
        try:
            task.result()
        except Fenced:
            raise Moved(self._map_version()) from None

    async def publish(self, topic: Topic, value: bytes, publisher_id: bytes) -> Receipt:
        """Return when the journal has the item and the topic's watchers were told of it.

        Raises:
            Moved: another node has claimed the topic; nothing was published.
            Unavailable: the journal cannot be reached; the item may have been published.
        """
        await self.load(topic)
        writer = self._writers.setdefault(topic, _Writer())
        asked = _Asked(value, publisher_id, asyncio.get_running_loop().create_future(), current())
        writer.waiting.append(asked)
        if writer.task is None:
            with carried_on(None):  # the task goes on with what others publish
                writer.task = asyncio.create_task(self._write(topic, writer))
        return await asked.receipt

    async def close(self) -> None:
        """Append nothing more."""
        tasks = [writer.task for writer in self._writers.values() if writer.task is not None]
        tasks += list(self._loading.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _load(self, topic: Topic) -> None:
        started_ms, entries = await self._journal.claim(topic)
        found = list(entries)
        while len(entries) == READ_ENTRIES:
            entries = await self._journal.read(topic, entries[-1].page, entries[-1].number)
            found += entries
        left = self._left.pop(topic, None)
        if not found:
            self._node.begin(topic)
            return
        history = self._restored(found)
        if self._may_have_lost_its_end(found[-1], left, started_ms):
            history = await self._renewed(topic, history)
        self._node.adopt(topic, history, self._map_version())

    def _may_have_lost_its_end(self, newest: Entry, left: _Left | None, started_ms: int) -> bool:
        """Return whether numbers after the newest entry may have been given already.

        A store that runs since before the newest entry was stored has all that followed. One that was started later
        may have been given an older copy of itself, or have lost what its disk had not, and cannot know it; then only
        this node does, if the topic has been nobody else's.
        """
        if left is not None and left.map_version == self._map_version():
            return (newest.page, newest.number) < (left.page, left.last)
        return newest.stored_ms < started_ms + STARTED_WITHIN_MS

    async def _renewed(self, topic: Topic, old: History) -> History:
        """Return the items of a history on a new page, in the journal as well: no number is given twice."""
        page = self._node.new_page(old.page)
        parts = [item_parts(frame) for _, frame in old.items()]
        frames = [item_frame(number, page, value, id) for number, (value, id) in enumerate(parts, 1)]
        await self._journal.append(topic, Group(page, 0, 1, time.time_ns() // 1_000_000, frames))
        history = History(page, self._node.settings)
        history.restore(len(frames), [(at, frame) for (at, _), frame in zip(old.items(), frames, strict=True)])
        return history

    def _restored(self, found: Sequence[Entry]) -> History:
        """Return the newest entries that have no gap: a stream that lost its end goes on behind one."""
        newest = found[-1]
        first = len(found) - 1
        while first and (found[first - 1].page, found[first - 1].number) == (newest.page, found[first].number - 1):
            first -= 1
        history = History(newest.page, self._node.settings)
        shift = time.monotonic() - time.time()
        history.restore(newest.number, [(entry.time_ms / 1000 + shift, entry.frame) for entry in found[first:]])
        return history

    async def _write(self, topic: Topic, writer: _Writer) -> None:
        try:
            while writer.waiting:
                group = _first(writer)
                try:
                    await self._append(topic, group)
                except Fenced:
                    self._let_go(topic)
                    self._left.pop(topic, None)  # somebody else has had it since
                    _fail(group, Moved(self._map_version()))
                except Exception as reason:  # noqa: BLE001 - whatever it is, each publisher must hear of it
                    # The append may have been done: what is known here is dropped and read anew.
                    self._let_go(topic)
                    _fail(group, reason)
                    _fail(writer.waiting, reason)
                    writer.waiting.clear()
        finally:
            self._writers.pop(topic, None)
            _fail(writer.waiting, Unavailable("the storage node stops"))

    async def _append(self, topic: Topic, asked: Sequence[_Asked]) -> None:
        for _ in range(MOST_TRIES):
            history = self._node.history(topic)
            if history is None:
                raise Fenced("the topic was let go")
            group = _group(history, asked)
            try:
                await self._journal_group(topic, history, group)
            except Behind:
                found = await self._catch_up(topic, history)
                if found[: len(group.frames)] == group.frames:
                    return self._acknowledge(topic, group, asked)  # done before, and sent again as its answer was lost
            else:
                if self._node.history(topic) is history:
                    for frame, one in zip(group.frames, asked, strict=True):
                        if one.span is None:
                            self._node.extend(topic, frame)
                        else:
                            with carried_on(one.span):
                                self._node.extend(topic, frame)
                return self._acknowledge(topic, group, asked)
        raise Unavailable("the topic's store goes on without this node")

    def _acknowledge(self, topic: Topic, group: Group, asked: Sequence[_Asked]) -> None:
        for number, one in enumerate(asked, group.last + 1):
            self._node.count(topic.account, value_size(one.value))
            if not one.receipt.done():
                one.receipt.set_result(Receipt(group.page, number))

    async def _journal_group(self, topic: Topic, history: History, group: Group) -> None:
        try:
            await self._journal.append(topic, group)
        except Short as short:
            await self._journal.append(topic, _mending(history, short, group), mends=True)

    async def _catch_up(self, topic: Topic, history: History) -> list[bytes]:
        """Tell the topic's watchers of what an append has left in the stream whose answer was lost; return it."""
        entries = await self._journal.read(topic, history.page, history.last)
        for entry in entries:
            if self._node.history(topic) is not history or (entry.page, entry.number) != (
                history.page,
                history.last + 1,
            ):
                raise Fenced("the topic went on elsewhere")
            self._node.extend(topic, entry.frame)
        return [entry.frame for entry in entries]

    def _let_go(self, topic: Topic) -> None:
        if topic in self._node:
            version = self._map_version()
            history = self._node.release(topic, version)
            self._left[topic] = _Left(history.page, history.last, version)
            if len(self._left) > MOST_LEFT:
                del self._left[next(iter(self._left))]


def _first(writer: _Writer) -> list[_Asked]:
    size = count = 0
    for asked in writer.waiting[:MAX_GROUP]:
        size += len(asked.value)
        if count and size > MAX_GROUP_BYTES:
            break
        count += 1
    group, writer.waiting = writer.waiting[:count], writer.waiting[count:]
    return group


def _group(history: History, asked: Sequence[_Asked]) -> Group:
    frames = [
        item_frame(number, history.page, one.value, one.publisher_id)
        for number, one in enumerate(asked, history.last + 1)
    ]
    return Group(history.page, history.last, history.first, time.time_ns() // 1_000_000, frames)


def _mending(history: History, short: Short, group: Group) -> Group:
    """Return the group with what is missing from the stream before it, as far as it is kept here."""
    known = short.number if short.page == history.page else 0
    last = max(known, history.first - 1)
    kept = [frame for _, frame in history.items()][last - history.first + 1 :]
    return Group(group.page, last, group.first_kept, group.time_ms, [*kept, *group.frames])


def _fail(group: Sequence[_Asked], reason: Exception) -> None:
    for asked in group:
        if not asked.receipt.done():
            asked.receipt.set_exception(reason)
