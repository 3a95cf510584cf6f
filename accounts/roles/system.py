"""The roles that every account has. Their permissions are written in the contract's own messages."""

from collections.abc import Mapping

from momento_wire_types import permissionmessages_pb2 as wire

OWNER, OPERATOR, VIEWER = "owner", "operator", "viewer"


def _viewer() -> wire.Permissions:
    every = wire.PermissionsType.All()
    topics = wire.PermissionsType.TopicPermissions(role=wire.TopicReadOnly, all_caches=every, all_topics=every)
    return wire.Permissions(
        explicit=wire.ExplicitPermissions(permissions=[wire.PermissionsType(topic_permissions=topics)])
    )


SYSTEM_ROLES: Mapping[str, bytes] = {
    OWNER: wire.Permissions(super_user=wire.SuperUser).SerializeToString(),
    OPERATOR: wire.Permissions(super_user=wire.SuperUser).SerializeToString(),
    VIEWER: _viewer().SerializeToString(),
}
"""Serialised `permission_messages.Permissions` by role id."""
