"""Whether a storage node may serve a topic, as the routers' sessions ask it."""

from typing import Protocol

from api.names import Topic


class Ownership(Protocol):
    """Which topics are this node's, now."""

    @property
    def map_version(self) -> int:
        """The version of the map that the node goes by."""
        ...

    def owns(self, topic: Topic, map_version: int) -> bool:
        """Whether the topic is this node's, for a router that goes by the map of this version."""
        ...

    def is_settled(self, topic: Topic) -> bool:
        """Whether no other node may still have the topic's items and numbers."""
        ...

    async def settle(self, topic: Topic) -> None:
        """Get the topic from whoever may still have it, or take it to be lost with a node that says nothing."""
        ...


class SoleOwnership:
    """Of a node that is alone: everything is its own, always."""

    map_version = 0

    def owns(self, topic: Topic, map_version: int) -> bool:
        return True

    def is_settled(self, topic: Topic) -> bool:
        return True

    async def settle(self, topic: Topic) -> None:
        """Nothing to get: there is nobody else."""
