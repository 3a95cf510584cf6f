"""Permissions as the contract writes them."""

from typing import Any

from momento_wire_types import permissionmessages_pb2 as permissions

READ_WRITE, READ_ONLY, WRITE_ONLY = 1, 2, 3


def topics(cache: str = "", *, role: int = READ_WRITE, name: str = "", prefix: str = "") -> Any:  # noqa: ANN401
    """Return the permission for topics: of all caches without a name, all topics without one or a prefix."""
    body: Any = permissions.PermissionsType.TopicPermissions()
    body.role = role
    if cache:
        body.cache_selector.cache_name = cache
    if name:
        body.topic_selector.topic_name = name
    if prefix:
        body.topic_selector.topic_name_prefix = prefix
    return permissions.PermissionsType(topic_permissions=body)


def caches() -> Any:  # noqa: ANN401
    """Return the permission to read and write the items of all caches."""
    body: Any = permissions.PermissionsType.CachePermissions()
    body.role = READ_WRITE
    return permissions.PermissionsType(cache_permissions=body)


def explicit(*entries: Any) -> Any:  # noqa: ANN401
    """Return explicit permissions."""
    return permissions.Permissions(explicit=permissions.ExplicitPermissions(permissions=list(entries)))
