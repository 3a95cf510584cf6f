"""Everything about who may do what, put together: keys, roles, tokens, and who calls with them."""

import asyncio
from dataclasses import dataclass

from fastapi import APIRouter

from accounts.caller import Callers
from accounts.database import Database
from accounts.jobs.service import Job
from accounts.keys import endpoints as key_routes
from accounts.keys.last_uses import LastUses
from accounts.keys.minted import MintedKeys
from accounts.keys.service import Keys
from accounts.permissions import endpoints as permission_routes
from accounts.permissions.service import Permissions
from accounts.roles import endpoints as role_routes
from accounts.roles.service import Roles
from accounts.rpc.auth import AUTH, TOKEN, Minting
from accounts.rpc.service import Service
from accounts.signing.service import TokenSigningKeys
from accounts.snapshots import Snapshots
from accounts.tokens import endpoints as token_routes
from accounts.tokens.revoking import RevokedTokens
from accounts.tokens.service import Tokens
from api.tasks import end
from backplane.interface import Directory, KeyUses
from backplane.key_uses import KeyUseNotes


@dataclass(frozen=True, slots=True)
class Backplane:
    """What routers and the account service tell each other of credentials."""

    directory: Directory
    key_uses: KeyUses


class Credentials:
    """Keys, roles and tokens. `endpoint` is the host name that minted tokens come with."""

    def __init__(
        self,
        database: Database,
        snapshots: Snapshots,
        signing_keys: TokenSigningKeys,
        backplane: Backplane,
        *,
        endpoint: str,
        local: bool,
    ) -> None:
        self._notes = KeyUseNotes(backplane.key_uses)
        self._noting: asyncio.Task[None] | None = None
        self.callers = Callers(backplane.directory, self._notes, local=local)
        self.keys = Keys(database, snapshots, signing_keys.keystore)
        self.last_uses = LastUses(database, backplane.key_uses)
        self.roles = Roles(database, snapshots)
        self.minted_keys = MintedKeys(database, snapshots)
        self.tokens = Tokens(self.callers, backplane.directory, signing_keys.keystore, self.minted_keys)
        self.permissions = Permissions(database, backplane.directory, self.callers.claims)
        self.revoked_tokens = RevokedTokens(database, snapshots)
        self._endpoint = endpoint
        self._minting = Minting(self.tokens, endpoint)

    def routers(self) -> list[APIRouter]:
        """Return the endpoints."""
        return [
            key_routes.routes(self.keys),
            role_routes.routes(self.roles),
            permission_routes.routes(self.permissions),
            token_routes.routes(self.tokens, self.revoked_tokens, self._endpoint),
        ]

    def services(self) -> list[Service]:
        """Return the gRPC services."""
        return [Service(AUTH, self._minting.auth_methods()), Service(TOKEN, self._minting.token_methods())]

    def jobs(self) -> list[Job]:
        """Return what is to be done again and again."""
        return [*self.last_uses.jobs(), *self.revoked_tokens.jobs()]

    def start(self) -> None:
        """Begin to tell of keys that are used here."""
        self._noting = asyncio.create_task(self._notes.run())

    async def close(self) -> None:
        """Stop."""
        if self._noting is not None:
            await end(self._noting)
