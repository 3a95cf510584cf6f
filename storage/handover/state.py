"""A topic's history as nodes send it to each other, in parts of bounded size; no I/O."""

from collections.abc import Iterator, Sequence

from api import link_pb2 as wire
from api.names import Topic
from api.topic_names import topic_message
from storage.history import History
from storage.settings import HistorySettings

PART_BYTES = 1024 * 1024
ITEM_OVERHEAD_BYTES = 16


def parts(topic: Topic, history: History, now: float) -> Iterator[wire.State]:
    """Return the messages that say how `history` stands at `now`, in seconds of this node's monotonic clock."""
    kept: list[wire.Kept] = []
    size = 0
    for appended, frame in history.items():
        if kept and size + len(frame) > PART_BYTES:
            yield _state(topic, history, kept, more=True)
            kept, size = [], 0
        kept.append(wire.Kept(frame=frame, age_ms=max(0, round((now - appended) * 1000))))
        size += len(frame) + ITEM_OVERHEAD_BYTES
    yield _state(topic, history, kept, more=False)


def restored(states: Sequence[wire.State], settings: HistorySettings, now: float) -> History:
    """Return the history that these parts say, in seconds of this node's own clock."""
    history = History(states[-1].page, settings)
    items = [(now - kept.age_ms / 1000, kept.frame) for state in states for kept in state.items]
    history.restore(states[-1].last, items)
    return history


def _state(topic: Topic, history: History, kept: list[wire.Kept], *, more: bool) -> wire.State:
    return wire.State(topic=topic_message(topic), page=history.page, last=history.last, items=kept, more=more)
