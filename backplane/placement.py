"""Which storage node owns a topic.

Rendezvous hashing (Thaler and Ravishankar, 1998): every router computes the same owner from the same map, with no
look-up. All nodes are scored by a few array operations, so a thousand cost little more than ten.
"""

import numpy as np
import xxhash

from api.errors import Unavailable
from api.names import Topic
from backplane.interface import Node, NodeMap

REMEMBERED_TOPICS = 100_000

_MULTIPLIER = np.uint64(0xFF51AFD7ED558CCD)
_SHIFT = np.uint64(32)
_MANTISSA_SHIFT = np.uint64(11)


class Placement:
    """Owners of topics by one version of the map."""

    def __init__(self, nodes: NodeMap) -> None:
        owners = sorted((n for n in nodes.nodes.values() if n.state == "live"), key=lambda n: n.id)
        self.version = nodes.version
        self._nodes = owners or sorted(nodes.nodes.values(), key=lambda n: n.id)
        self._seeds = np.array([xxhash.xxh3_64_intdigest(n.id.encode()) for n in self._nodes], dtype=np.uint64)
        self._topic, self._scores, self._shifted = np.zeros((), np.uint64), self._seeds.copy(), self._seeds.copy()
        weights = np.array([n.weight for n in self._nodes])
        self._weights = None if len(set(weights.tolist())) <= 1 else weights
        self._remembered: dict[Topic, Node] = {}

    def __bool__(self) -> bool:
        return bool(self._nodes)

    def owner(self, topic: Topic) -> Node:
        """Return the node with the highest score for `topic`.

        Adding or removing one of n equal nodes moves 1/n of the topics and leaves the rest where they are. A
        draining node owns nothing while there is another.

        Raises:
            Unavailable: the map holds no node.
        """
        owner = self._remembered.get(topic)
        if owner is None:
            owner = self.computed_owner(topic)
            if len(self._remembered) >= REMEMBERED_TOPICS:
                self._remembered.clear()
            self._remembered[topic] = owner
        return owner

    def computed_owner(self, topic: Topic) -> Node:
        """Return the owner without a look at what is remembered."""
        if not self._nodes:
            raise Unavailable("no storage node is running")
        self._topic[()] = xxhash.xxh3_64_intdigest(_key(topic))
        scores, shifted = self._scores, self._shifted
        np.bitwise_xor(self._seeds, self._topic, scores)
        np.multiply(scores, _MULTIPLIER, scores)
        np.right_shift(scores, _SHIFT, shifted)
        np.bitwise_xor(scores, shifted, scores)
        np.multiply(scores, _MULTIPLIER, scores)
        if self._weights is None:
            return self._nodes[scores.argmax()]
        uniform = ((scores >> _MANTISSA_SHIFT) + 0.5) / 2.0**53
        return self._nodes[(self._weights / -np.log(uniform)).argmax()]


def _key(topic: Topic) -> bytes:
    """Each name after its length, so that ("a", "bc") and ("ab", "c") differ; durable or not."""
    parts = [part.encode() for part in topic[:3]]
    return b"".join(b"%d:%b" % (len(part), part) for part in parts)
