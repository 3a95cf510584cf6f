"""What a bearer may do: rules, and the contract's permission messages made into rules."""

from dataclasses import dataclass
from typing import Any

from momento_wire_types import permissionmessages_pb2 as wire

from api.errors import InvalidArgument
from api.rules import EVERY, EVERYTHING, NOTHING, Action, Rule, Selector

MAX_STATEMENTS = 20
"""Permission statements in one token, by the published limits."""

EVERY_TOPIC = (EVERY, Selector("prefix", ""))
"""Both say the same."""

_READ = frozenset({wire.TopicReadWrite, wire.TopicReadOnly})
_WRITE = frozenset({wire.TopicReadWrite, wire.TopicWriteOnly})
_CACHE_READ = frozenset({wire.CacheReadWrite, wire.CacheReadOnly})
_CACHE_WRITE = frozenset({wire.CacheReadWrite, wire.CacheWriteOnly})


@dataclass(frozen=True, slots=True)
class Grant:
    """The permissions of one bearer. Rules are alternatives: one that matches is enough.

    A grant is not the control plane's business, which needs a super user.
    """

    rules: tuple[Rule, ...] = ()
    super_user: bool = False

    @classmethod
    def of(cls, permissions: bytes) -> "Grant":
        """Make the grant of a serialised `Permissions` message."""
        message = wire.Permissions.FromString(permissions)
        if message.WhichOneof("kind") == "super_user":
            return SUPER_USER
        return cls(tuple(rule for entry in message.explicit.permissions if (rule := _rule(entry)) is not None))

    def allowing(self, action: Action, cache: str, topic: str, address: str | None = "") -> Rule | None:
        """Return the rule that lets a client at `address` do this, the first of several; None where it may not.

        With None for the address, the client is wherever it must be.
        """
        if self.super_user:
            return EVERYTHING
        for rule in self.rules:
            if rule.allows(action, cache, topic) and rule.admits(address):
                return rule
        return None

    def reads_all(self, cache: str, address: str) -> bool:
        """Whether one rule lets a client at `address` read all topics of a cache."""
        return self.super_user or any(
            rule.topics in EVERY_TOPIC and rule.allows("subscribe", cache, "") and rule.admits(address)
            for rule in self.rules
        )


SUPER_USER = Grant(super_user=True)
NOBODY = Grant()


def super_user_permissions() -> bytes:
    """Return the serialised permissions of a super user."""
    return wire.Permissions(super_user=wire.SuperUser).SerializeToString()


def check_explicit(permissions: Any, *, most: int | None = None) -> None:  # noqa: ANN401 - the stubs name it by a path that does not resolve
    """Check a `Permissions` message that somebody wants a token for.

    Args:
        permissions: The message; it must list explicit permissions.
        most: How many statements it may hold.

    Raises:
        InvalidArgument: the list is absent, empty or too long, or two entries of one kind name the same resource.
    """
    entries = list(permissions.explicit.permissions)
    if permissions.WhichOneof("kind") != "explicit" or not entries:
        raise InvalidArgument("permissions must list at least one explicit permission")
    if most is not None and len(entries) > most:
        raise InvalidArgument(f"a token holds at most {most} permission statements, not {len(entries)}")
    seen: set[bytes] = set()
    for entry in entries:
        kind = entry.WhichOneof("kind")
        if kind is None:
            raise InvalidArgument("a permission statement must name a cache, topic or function permission")
        selector = _without_role(entry, kind)
        if selector in seen:
            raise InvalidArgument("two permission statements name the same resource; give each resource one role")
        seen.add(selector)


def _without_role(entry: Any, kind: str) -> bytes:  # noqa: ANN401 - see check_explicit
    selector = wire.PermissionsType()
    selector.CopyFrom(entry)
    body = getattr(selector, kind)
    body.ClearField("role")
    for unset, everything in (
        ("cache", "all_caches"),
        ("topic", "all_topics"),
        ("cache_item", "all_items"),
        ("function", "all_functions"),
    ):
        if unset in body.DESCRIPTOR.oneofs_by_name and body.WhichOneof(unset) is None:
            getattr(body, everything).SetInParent()
    return selector.SerializeToString(deterministic=True)


def _rule(entry: Any) -> Rule | None:  # noqa: ANN401 - see check_explicit
    match entry.WhichOneof("kind"):
        case "topic_permissions":
            body = entry.topic_permissions
            role = body.role
            return Rule("topic", role in _READ, role in _WRITE, _caches(body), _topics(body))
        case "cache_permissions":
            body = entry.cache_permissions
            return Rule("cache", body.role in _CACHE_READ, body.role in _CACHE_WRITE, _caches(body))
        case _:
            return None


def _caches(entry: Any) -> Selector:  # noqa: ANN401 - see check_explicit
    if entry.WhichOneof("cache") != "cache_selector":
        return EVERY
    selector = entry.cache_selector
    return _named(selector.cache_name) if selector.WhichOneof("kind") else NOTHING


def _topics(entry: Any) -> Selector:  # noqa: ANN401 - see check_explicit
    if entry.WhichOneof("topic") != "topic_selector":
        return EVERY
    selector = entry.topic_selector
    match selector.WhichOneof("kind"):
        case "topic_name":
            return _named(selector.topic_name)
        case "topic_name_prefix":
            return Selector("prefix", selector.topic_name_prefix)
        case _:
            return NOTHING


def _named(name: str) -> Selector:
    return Selector("name", name.strip())  # as the name of a request is read, see `api.names`
