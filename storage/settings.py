"""How much a storage node keeps, and for how long."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HistorySettings:
    """Bounds on what is kept for subscribers that resume.

    Attributes:
        items: Items of one topic.
        topic_bytes: Bytes of one topic's items, as framed.
        seconds: Age of an item.
        total_bytes: What all topics of the node take in memory, with their items; the topics published to least
            recently give way first.
        idle_seconds: How long a topic without history, subscribers and publishers is remembered. A topic that was
            forgotten starts a new page when it is used again.
    """

    items: int = 10_000
    topic_bytes: int = 16 * 1024 * 1024
    seconds: float = 600.0
    total_bytes: int = 512 * 1024 * 1024
    idle_seconds: float = 60.0
