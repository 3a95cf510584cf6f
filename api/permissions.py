"""What a bearer may do: the contract's permission messages, made into questions with a yes or a no."""

from collections.abc import Callable
from typing import Any

from momento_wire_types import permissionmessages_pb2 as wire

from api.errors import InvalidArgument

MAX_STATEMENTS = 20
"""Permission statements in one token, by the published limits."""

_READ = frozenset({wire.TopicReadWrite, wire.TopicReadOnly})
_WRITE = frozenset({wire.TopicReadWrite, wire.TopicWriteOnly})

_Rule = tuple[Callable[[str], bool], Callable[[str], bool]]
"""Whether a cache matches, whether a topic matches."""


class Grant:
    """The permissions of one bearer. Entries are alternatives: one that matches is enough.

    Cache and function permissions are kept by whoever stores the message and grant nothing here: there is no cache
    data plane, and the control plane needs a super user.
    """

    def __init__(self, *, super_user: bool, read: tuple[_Rule, ...] = (), write: tuple[_Rule, ...] = ()) -> None:
        self.super_user = super_user
        self._read = read
        self._write = write

    @classmethod
    def of(cls, permissions: bytes) -> "Grant":
        """Make the grant of a serialised `Permissions` message."""
        message = wire.Permissions.FromString(permissions)
        if message.WhichOneof("kind") == "super_user":
            return cls(super_user=True)
        entries = [
            p.topic_permissions for p in message.explicit.permissions if p.WhichOneof("kind") == "topic_permissions"
        ]
        rules = [(entry.role, (_cache_rule(entry), _topic_rule(entry))) for entry in entries]
        return cls(
            super_user=False,
            read=tuple(rule for role, rule in rules if role in _READ),
            write=tuple(rule for role, rule in rules if role in _WRITE),
        )

    def may_read(self, cache: str, topic: str) -> bool:
        """Whether the bearer may subscribe to this topic."""
        return self.super_user or _any(self._read, cache, topic)

    def may_write(self, cache: str, topic: str) -> bool:
        """Whether the bearer may publish to this topic."""
        return self.super_user or _any(self._write, cache, topic)


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


def _any(rules: tuple[_Rule, ...], cache: str, topic: str) -> bool:
    return any(cache_matches(cache) and topic_matches(topic) for cache_matches, topic_matches in rules)


def _everything(_: str) -> bool:
    return True


def _nothing(_: str) -> bool:
    return False


def _cache_rule(entry: Any) -> Callable[[str], bool]:  # noqa: ANN401 - see check_explicit
    if entry.WhichOneof("cache") != "cache_selector":
        return _everything
    selector = entry.cache_selector
    return selector.cache_name.__eq__ if selector.WhichOneof("kind") else _nothing


def _topic_rule(entry: Any) -> Callable[[str], bool]:  # noqa: ANN401 - see check_explicit
    if entry.WhichOneof("topic") != "topic_selector":
        return _everything
    selector = entry.topic_selector
    match selector.WhichOneof("kind"):
        case "topic_name":
            return selector.topic_name.__eq__
        case "topic_name_prefix":
            prefix = selector.topic_name_prefix
            return lambda topic: topic.startswith(prefix)
        case _:
            return _nothing
