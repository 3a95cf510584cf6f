"""What can be done with roles. Each change is seen by every router before it is answered."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from accounts import audit
from accounts.accepting import Accept, anything
from accounts.audit import Actor
from accounts.database import Database, Transaction
from accounts.identifiers import new_id
from accounts.roles import repository
from accounts.roles.models import Role
from accounts.roles.system import SYSTEM_ROLES
from accounts.snapshots import Snapshots
from accounts.tenants import repository as tenants
from api.errors import AlreadyExists, InUse, InvalidArgument, NotFound, TooManyRoles
from api.rules import Rule

MOST_ROLES = 100
"""Routers hold the roles of every account in memory."""

MOST_DETAILS = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be changed of a role; None for what stays."""

    name: str | None = None
    description: str | None = None
    rules: Sequence[Rule] | None = None


class Roles:
    """The roles that accounts made; those of the system are in `accounts.roles.system`."""

    def __init__(self, database: Database, snapshots: Snapshots) -> None:
        self._database = database
        self._snapshots = snapshots

    async def create(self, account_id: str, actor: Actor, name: str, description: str, rules: Sequence[Rule]) -> Role:
        """Make a role.

        Raises:
            AlreadyExists: the account has one of this name.
            TooManyRoles: it has as many as it may have.
        """
        role = Role(id=new_id("role"), account_id=account_id, name=name, description=description, rules=_words(rules))
        async with self._database.transaction() as session:
            await tenants.touch(session, account_id)
            others = await repository.of_account(session, account_id)
            if len(others) >= MOST_ROLES:
                raise TooManyRoles(f"the account has {len(others)} of at most {MOST_ROLES} roles; delete one")
            _require_free(name, others)
            await repository.add(session, role)
            audit.record(session, actor, account_id, "role.created", role.id, after=_audited(role))
        await self._snapshots.publish(account_id)
        return role

    async def list(self, account_id: str) -> Sequence[Role]:
        """Return the roles that the account made, in the order of their names."""
        async with self._database.reading() as session:
            return await repository.of_account(session, account_id)

    async def describe(self, account_id: str, role_id: str) -> Role:
        """Return a role that the account made.

        Raises:
            NotFound: it made none of this id.
        """
        async with self._database.reading() as session:
            return await _existing(session, account_id, role_id)

    async def change(
        self, account_id: str, actor: Actor, role_id: str, wanted: Wanted, accept: Accept[Role] = anything
    ) -> Role:
        """Change a role, and with it at once what its keys may do; subscriptions that it no longer allows end.

        Nothing is changed where `accept` raises at the sight of the role.

        Raises:
            NotFound: the account made none of this id.
            AlreadyExists: it has another one of this name.
        """
        async with self._database.transaction() as session:
            await tenants.touch(session, account_id)
            role = await _existing(session, account_id, role_id)
            accept(role)
            before = _audited(role)
            if wanted.name is not None and wanted.name != role.name:
                _require_free(wanted.name, await repository.of_account(session, account_id))
                role.name = wanted.name
            if wanted.description is not None:
                role.description = wanted.description
            if wanted.rules is not None:
                role.rules = _words(wanted.rules)
            role.changed_at = int(time.time())
            audit.record(session, actor, account_id, "role.changed", role_id, before=before, after=_audited(role))
        await self._snapshots.publish(account_id)
        return role

    async def delete(self, account_id: str, actor: Actor, role_id: str, accept: Accept[Role] = anything) -> None:
        """Delete a role that nothing uses. See `change` for `accept`.

        Raises:
            NotFound: the account made none of this id.
            InUse: keys or members have it; the details name them.
        """
        async with self._database.transaction() as session:
            await tenants.touch(session, account_id)  # nobody makes a key of this role meanwhile
            role = await _existing(session, account_id, role_id)
            accept(role)
            if users := await _users(session, account_id, role_id):
                raise InUse(f"role '{role.name}' is in use by {_counted(users)}", users[:MOST_DETAILS])
            audit.record(session, actor, account_id, "role.deleted", role_id, before=_audited(role))
            await repository.remove(session, role)
        await self._snapshots.publish(account_id)


async def require_role(session: Transaction, account_id: str, role_id: str) -> None:
    """Go on where the account has a role.

    Raises:
        InvalidArgument: it has not.
    """
    if role_id not in SYSTEM_ROLES and await repository.get(session, account_id, role_id) is None:
        raise InvalidArgument(
            f"there is no role '{role_id}': take {', '.join(SYSTEM_ROLES)}, or the role_id of one that you made"
        )


async def _existing(session: Transaction, account_id: str, role_id: str) -> Role:
    role = await repository.get(session, account_id, role_id)
    if role is None:
        raise NotFound(f"role '{role_id}' does not exist")
    return role


def _require_free(name: str, others: Sequence[Role]) -> None:
    if name in SYSTEM_ROLES or any(other.name == name for other in others):
        raise AlreadyExists(f"role '{name}' is there already")


async def _users(session: Transaction, account_id: str, role_id: str) -> list[Mapping[str, str]]:
    keys = await repository.keys_with(session, account_id, role_id, int(time.time()))
    found = [{"kind": "api_key", "id": key.id, "description": key.description} for key in keys]
    members = await repository.members_with(session, account_id, role_id)
    return [*found, *({"kind": "member", "id": user_id} for user_id in members)]


def _counted(users: Sequence[Mapping[str, str]]) -> str:
    keys = sum(1 for user in users if user["kind"] == "api_key")
    parts = [(keys, "API key"), (len(users) - keys, "member")]
    return " and ".join(f"{count} {noun}{'s' if count > 1 else ''}" for count, noun in parts if count)


def _words(rules: Sequence[Rule]) -> list[list[str]]:
    return [rule.words() for rule in rules]


def _audited(role: Role) -> dict[str, object]:
    return {"name": role.name, "description": role.description, "rules": role.rules}
