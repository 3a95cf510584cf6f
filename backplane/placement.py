"""Which storage node owns a topic.

Rendezvous hashing (Thaler and Ravishankar, 1998): every router computes the same owner from the same map, with no
look-up. A few nodes are scored one after the other; many by a few array operations, so a thousand cost little more
than a hundred. Both find the same owner.
"""

from collections.abc import Callable, Sequence

import xxhash

from api.errors import Unavailable
from api.names import Topic
from backplane.interface import Node, NodeMap

REMEMBERED_TOPICS = 100_000

FEW_NODES = 8
"""Of one weight. So many take no longer without arrays, and processes of a small fleet do without their library."""

MULTIPLIER = 0xFF51AFD7ED558CCD
_64_BITS = 2**64 - 1


class Placement:
    """Owners of topics by one version of the map."""

    def __init__(self, nodes: NodeMap) -> None:
        owners = sorted((n for n in nodes.nodes.values() if n.state == "live"), key=lambda n: n.id)
        self.version = nodes.version
        self._nodes = owners or sorted(nodes.nodes.values(), key=lambda n: n.id)
        self._highest = _highest(self._nodes)
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
        return self._nodes[self._highest(xxhash.xxh3_64_intdigest(_key(topic)))]


def _highest(nodes: Sequence[Node]) -> Callable[[int], int]:
    """Return what finds the place of the node with the highest score for a topic's hash."""
    seeds = [xxhash.xxh3_64_intdigest(node.id.encode()) for node in nodes]
    weights = [node.weight for node in nodes]
    if len(seeds) <= FEW_NODES and len(set(weights)) <= 1:
        return lambda topic: highest_of_few(seeds, topic)
    from backplane.scores import Scores  # noqa: PLC0415  see FEW_NODES

    return Scores(seeds, weights).highest


def highest_of_few(seeds: Sequence[int], topic: int) -> int:
    """Return the place of the seed with the highest score, the first one of several."""
    place, highest = 0, -1
    for number, seed in enumerate(seeds):
        score = (seed ^ topic) * MULTIPLIER & _64_BITS
        score = (score ^ score >> 32) * MULTIPLIER & _64_BITS
        if score > highest:
            place, highest = number, score
    return place


def _key(topic: Topic) -> bytes:
    """Each name after its length, so that ("a", "bc") and ("ab", "c") differ; durable or not."""
    parts = [part.encode() for part in topic[:3]]
    return b"".join(b"%d:%b" % (len(part), part) for part in parts)
