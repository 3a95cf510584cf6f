"""One permission rule: what may be done with which topics, and from where.

Roles, tokens made over REST and the wire's own permission messages all become rules, so that one piece of code decides.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Literal, NamedTuple

from api.system import PREFIX, is_system

Action = Literal["publish", "subscribe"]
Network = IPv4Network | IPv6Network

_SIGNS = {"*": "all", "=": "name", "^": "prefix", "!": "nothing"}


class Selector(NamedTuple):
    """Which names a rule is about.

    Attributes:
        match: `all` of them, the one `name`, those that begin with the `prefix`, which it matches itself, or `nothing`.
        text: The name or the prefix; compared code point by code point.
    """

    match: Literal["all", "name", "prefix", "nothing"]
    text: str = ""

    def matches(self, name: str) -> bool:
        """Whether it is about `name`."""
        match self.match:
            case "all":
                return True
            case "name":
                return name == self.text
            case "prefix":
                return name.startswith(self.text)
            case "nothing":
                return False


EVERY = Selector("all")
NOTHING = Selector("nothing")


@dataclass(frozen=True, slots=True)
class Rule:
    """One alternative of a grant.

    Attributes:
        type: A `cache` rule is about the items of caches, of which there are none here: it is kept and allows nothing.
        read: For topics, to subscribe.
        write: For topics, to publish.
        networks: Where the client must be; empty for anywhere.
    """

    type: Literal["cache", "topic"]
    read: bool
    write: bool
    caches: Selector = EVERY
    topics: Selector = EVERY
    networks: tuple[Network, ...] = ()

    def allows(self, action: Action, cache: str, topic: str) -> bool:
        """Whether the rule allows this, wherever the client is. Topics of the service itself have to be named."""
        return (
            self.type == "topic"
            and (self.read if action == "subscribe" else self.write)
            and self.caches.matches(cache)
            and self.topics.matches(topic)
            and (not is_system(topic) or self.topics.text.startswith(PREFIX))
        )

    def admits(self, address: str | None) -> bool:
        """Whether a client at `address` is where the rule wants it. The empty one is nowhere; None is where it must."""
        if not self.networks or address is None:
            return True
        at = _parsed(address)
        return at is not None and any(at in network for network in self.networks)

    def words(self) -> list[str]:
        """Return the rule as it is written into tokens and snapshots."""
        access = ("r" if self.read else "") + ("w" if self.write else "")
        return [f"{self.type}:{access}", _sign(self.caches), _sign(self.topics), *map(str, self.networks)]

    @classmethod
    def of_words(cls, words: Iterable[str]) -> "Rule":
        """Return the rule of what `words` made.

        Raises:
            ValueError, TypeError: it is none.
        """
        head, caches, topics, *networks = words
        type_, colon, access = head.partition(":")
        if type_ not in {"cache", "topic"} or not colon:
            raise ValueError("this is no rule")
        return cls(
            "topic" if type_ == "topic" else "cache",
            read="r" in access,
            write="w" in access,
            caches=_selector(caches),
            topics=_selector(topics),
            networks=tuple(map(_network, networks)),
        )


EVERYTHING = Rule("topic", read=True, write=True)
"""What a super user may do."""


def network(text: str) -> Network:
    """Return the network that a CIDR range means; bits after the prefix are dropped, a bare address is a range of one.

    Raises:
        ValueError: it is none.
    """
    return ip_network(text, strict=False)


_network = lru_cache(maxsize=4096)(ip_network)
"""Tokens that are made for many clients name the same few networks."""


@lru_cache(maxsize=4096)
def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        at = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    # A listener on `::` sees IPv4 clients in this form.
    return at.ipv4_mapped or at if isinstance(at, IPv6Address) else at


def _sign(selector: Selector) -> str:
    sign = next(sign for sign, match in _SIGNS.items() if match == selector.match)
    return sign + selector.text


def _selector(word: str) -> Selector:
    match word[:1]:
        case "*":
            return EVERY
        case "=":
            return Selector("name", word[1:])
        case "^":
            return Selector("prefix", word[1:])
        case "!":
            return NOTHING
        case _:
            raise ValueError("this is no selector")
