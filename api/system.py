"""Topics that the service itself writes: what it knows of an account, told in each of its caches.

They are read as any topic is, by who may do so by name. A rule for all topics does not mean these.
"""

from typing import Literal, get_args

PREFIX = "$sys/"

SystemTopic = Literal["$sys/usage", "$sys/limits", "$sys/gaps", "$sys/audit"]
SYSTEM_TOPICS: tuple[SystemTopic, ...] = get_args(SystemTopic)


def is_system(topic: str) -> bool:
    """Whether a topic of this name is the service's own."""
    return topic.startswith(PREFIX)


def known(topic: str) -> SystemTopic | None:
    """Return the topic of this name; None where there is none."""
    return next((each for each in SYSTEM_TOPICS if each == topic), None)
