"""The roles that every account has."""

from collections.abc import Mapping

from api.permissions import SUPER_USER, Grant
from api.rules import Rule

OWNER, OPERATOR, VIEWER = "owner", "operator", "viewer"

SYSTEM_ROLES: Mapping[str, Grant] = {
    OWNER: SUPER_USER,
    OPERATOR: SUPER_USER,
    VIEWER: Grant((Rule("topic", read=True, write=False),)),
}
"""What keys of these roles may do, by role id."""

DESCRIPTIONS: Mapping[str, str] = {
    OWNER: "may do everything",
    OPERATOR: "may do everything but make an owner's key",
    VIEWER: "may look, and subscribe to every topic",
}

_RISING = (VIEWER, OPERATOR, OWNER)


def is_lesser(role_id: str, than: str) -> bool:
    """Whether a member of one of these roles may do less than a member of the other."""
    return _RISING.index(role_id) < _RISING.index(than)
