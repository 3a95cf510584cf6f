"""Who calls the account tier with a token, and what that token may decide."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from accounts.audit import Actor
from api.errors import PermissionDenied, Unauthenticated
from api.log_context import bind
from api.permissions import Grant
from api.standing import standing
from api.tokens import Claims, Verifier, unpack_credential
from backplane.interface import Directory
from backplane.key_uses import KeyUseNotes

LOCAL_ACCOUNT = "local"


class Rank(IntEnum):
    """What a token may decide, the later the more."""

    EXPLICIT = 0
    """What its permissions list, and nothing about the account."""
    SUPER_USER = 1
    """Caches; and tokens with explicit permissions."""
    SESSION = 2
    """The same, and super users: a person who has logged in, or the local account."""


@dataclass(frozen=True, slots=True)
class Minter:
    """Who makes tokens. A person makes them for as long as they like; a program for no longer than its own key holds.

    Attributes:
        key_ids: Of the key that tokens are made with, and of those that it was made from; empty for a person.
        until: Epoch seconds after which none of the tokens holds.
    """

    account_id: str
    key_ids: tuple[str, ...] = ()
    until: float = float("inf")


@dataclass(frozen=True, slots=True)
class Caller:
    """The bearer of a token that holds.

    Attributes:
        expires_at: Epoch seconds; infinity for never.
        address: Its network address; empty where it is not known.
    """

    account_id: str
    rank: Rank
    claims: Claims
    expires_at: float = float("inf")
    address: str = ""

    @property
    def minter(self) -> Minter:
        """Who makes the tokens that this caller asks for."""
        if self.claims.kind == "session":
            return Minter(self.account_id)
        return Minter(self.account_id, (self.claims.id, *self.claims.ancestors), self.expires_at)

    @property
    def actor(self) -> Actor:
        """Who the audit log names."""
        if self.claims.kind == "session":
            return Actor("user", self.claims.user_id or self.claims.id, self.address)
        return Actor("key", self.claims.id, self.address)

    def require(self, rank: Rank, to_do: str) -> None:
        """Go on where the caller's rank is high enough.

        Raises:
            PermissionDenied: it is not.
        """
        if self.rank < rank:
            raise PermissionDenied(f"this token may not {to_do}")


class Callers:
    """Checks tokens. What was revoked, and what a role may do, is known from the account's snapshot."""

    def __init__(self, directory: Directory, key_uses: KeyUseNotes, *, local: bool) -> None:
        self._key_uses = key_uses
        self._directory = directory
        self._local = local
        self._verifier = Verifier(directory.keys())
        directory.watch_keys(self._keys_changed)

    async def caller(self, credential: str, address: str = "") -> Caller:
        """Return who holds `credential`, and calls from this network address.

        Raises:
            Unauthenticated: it is missing, malformed, expired or revoked.
            PermissionDenied: its account is suspended.
        """
        if not credential:
            return self._nobody(address)
        claims = self.claims(credential)
        bind(account=claims.account_id)
        grant, expires_at = standing(claims, await self._directory.account(claims.account_id))
        if expires_at <= time.time():
            raise Unauthenticated("the token has expired")
        if claims.kind in {"key", "api_token"}:
            self._key_uses.note((claims.account_id, claims.id, address), time.time())
        return Caller(claims.account_id, _rank(claims, grant), claims, expires_at, address)

    def claims(self, credential: str) -> Claims:
        """Return what a token says, whether it has expired or not.

        Raises:
            Unauthenticated: it is malformed or not signed by this installation.
        """
        return self._verifier.verify(unpack_credential(credential), now=0)

    def _nobody(self, address: str) -> Caller:
        if not self._local:
            raise Unauthenticated("the request carries no token")
        claims = Claims("session", LOCAL_ACCOUNT, id=LOCAL_ACCOUNT, issued_at=0)
        return Caller(LOCAL_ACCOUNT, Rank.SESSION, claims, address=address)

    def _keys_changed(self, keys: Mapping[str, bytes]) -> None:
        self._verifier = Verifier(keys)


def _rank(claims: Claims, grant: Grant) -> Rank:
    if claims.kind == "session":
        return Rank.SESSION
    return Rank.SUPER_USER if grant.super_user else Rank.EXPLICIT
