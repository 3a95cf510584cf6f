"""What goes over the REST API about roles."""

from typing import Annotated

from pydantic import Field, StringConstraints

from accounts.permissions import rules
from accounts.permissions.rules import MOST_RULES, PermissionRule
from accounts.rest.paging import Listing
from accounts.rest.schemas import PRINTABLE, Input, Output
from accounts.roles.models import Role
from accounts.roles.system import DESCRIPTIONS, SYSTEM_ROLES

RoleName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=255, pattern=PRINTABLE, strip_whitespace=True),
    Field(examples=["room readers"]),
]
Description = Annotated[str, StringConstraints(max_length=255, pattern=PRINTABLE), Field(examples=["for the app"])]
PermissionRules = Annotated[
    list[PermissionRule],
    Field(
        min_length=1,
        max_length=MOST_RULES,
        description="Alternatives: what one of them allows is allowed.",
        examples=[[{"type": "topic", "permissions": ["read"], "caches": "*", "topics": {"name_prefix": "room/"}}]],
    ),
]


class NewRole(Input):
    name: RoleName
    description: Description = ""
    permissions: PermissionRules


class RoleChange(Input):
    """What is left out stays as it is."""

    name: RoleName | None = None
    description: Description | None = None
    permissions: PermissionRules | None = None


class RoleInfo(Output):
    role_id: str
    account_id: str
    name: str
    description: str
    system: bool = Field(description="Every account has it, and nobody changes it.")
    super_user: bool = Field(description="May do everything, and administer the account.")
    permissions: list[PermissionRule]
    created_at_epoch_seconds: int | None = Field(description="null for a role that every account has")
    changed_at_epoch_seconds: int | None

    @classmethod
    def of(cls, role: Role) -> "RoleInfo":
        return cls(
            role_id=role.id,
            account_id=role.account_id,
            name=role.name,
            description=role.description,
            system=False,
            super_user=False,
            permissions=[rules.shown(rule) for rule in role.grant.rules],
            created_at_epoch_seconds=role.created_at,
            changed_at_epoch_seconds=role.changed_at,
        )

    @classmethod
    def of_system(cls, account_id: str, role_id: str) -> "RoleInfo":
        grant = SYSTEM_ROLES[role_id]
        return cls(
            role_id=role_id,
            account_id=account_id,
            name=role_id,
            description=DESCRIPTIONS[role_id],
            system=True,
            super_user=grant.super_user,
            permissions=[rules.shown(rule) for rule in grant.rules],
            created_at_epoch_seconds=None,
            changed_at_epoch_seconds=None,
        )


class Roles(Listing):
    roles: list[RoleInfo]
