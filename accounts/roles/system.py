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
