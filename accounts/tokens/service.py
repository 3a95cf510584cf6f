"""Mints tokens that carry their own permissions, and renews them."""

import time
from dataclasses import dataclass, replace
from typing import Any

from accounts.caller import Callers, Minter, Rank
from accounts.identifiers import new_id
from accounts.keys.minted import MintedKeys
from accounts.signing.keystore import Keystore
from accounts.signing.models import SHORT_SECONDS
from api.errors import InvalidArgument, Unauthenticated
from api.permissions import MAX_STATEMENTS, check_explicit
from api.rules import Rule
from api.tokens import MAX_TOKEN_CHARACTERS, Claims
from backplane.interface import Directory

LONGEST_VALIDITY_SECONDS = 2**31 - 1
LONGEST_DISPOSABLE_SECONDS = SHORT_SECONDS
LONGEST_TOKEN_ID = 64


@dataclass(frozen=True, slots=True)
class Minted:
    """A new token.

    Attributes:
        refresh_token: What renews it; empty for one that cannot be renewed.
        valid_until: Epoch seconds; 0 means for ever.
    """

    api_key: str
    refresh_token: str
    valid_until: int


class Tokens:
    """Mints for callers who show a token of their own in the request itself, as the contract has it."""

    def __init__(self, callers: Callers, directory: Directory, keystore: Keystore, minted: MintedKeys) -> None:
        self._callers = callers
        self._minted = minted
        self._directory = directory
        self._keystore = keystore

    async def generate(
        self,
        credential: str,
        permissions: Any,  # noqa: ANN401 - the stubs name the message by a path that does not resolve
        valid_for_seconds: int | None,
        token_id: str,
        description: str = "",
    ) -> Minted:
        """Mint an API token.

        Args:
            credential: The caller's token.
            permissions: A `permission_messages.Permissions`.
            valid_for_seconds: None for ever.
            token_id: What items published with the token carry as their publisher's id.
            description: A note to find it by among the account's API keys.

        Raises:
            Unauthenticated: the caller's token does not hold.
            InvalidArgument: the permissions, the validity, the id or the description cannot be.
            PermissionDenied: the caller may not mint this.
            TooManyApiKeys: the account has as many as it may have.
        """
        caller = await self._callers.caller(credential)
        _check_validity(valid_for_seconds, LONGEST_VALIDITY_SECONDS)
        wants_super_user = permissions.WhichOneof("kind") == "super_user"
        if not wants_super_user:
            check_explicit(permissions)
        publisher_id = _checked_token_id(token_id)
        if wants_super_user:
            caller.require(Rank.SESSION, "make a super user's key; log in on the console for that")
        caller.require(Rank.SUPER_USER, "make API keys")
        minter = caller.minter
        claims = Claims(
            "api_token",
            caller.account_id,
            new_id("token"),
            issued_at=int(time.time()),
            expires_at=_end(minter, valid_for_seconds),
            permissions=permissions.SerializeToString(),
            publisher_id=publisher_id,
            ancestors=minter.key_ids,
            renewable_until=_end(minter, None),
            kid=self._keystore.signing_kid(),
        )
        minted = self._refreshable(claims)
        await self._minted.note(claims, caller.actor, description)
        return minted

    async def refresh(self, api_key: str, refresh_token: str) -> Minted:
        """Renew an API token: the same permissions and validity, counted from now.

        Raises:
            Unauthenticated: the token is not one of ours, or was revoked.
            InvalidArgument: the token has expired, or the refresh token is not its own.
        """
        old = self._callers.claims(api_key)
        if old.kind != "api_token":
            raise InvalidArgument("only an API key that came with a refresh token can be refreshed")
        if old.expires_at is not None and old.expires_at <= time.time():
            raise InvalidArgument("the API key has expired; make a new one")
        await self._callers.caller(api_key)
        if self._refreshed_by(refresh_token) != old.id:
            raise InvalidArgument("the refresh token does not belong to this API key")
        now = int(time.time())
        ends = [] if old.expires_at is None else [now + old.expires_at - old.issued_at]
        ends += [] if old.renewable_until is None else [old.renewable_until]
        kid = self._keystore.signing_kid()
        new = replace(old, id=new_id("token"), issued_at=now, expires_at=min(ends, default=None), kid=kid)
        minted = self._refreshable(new)
        await self._minted.note_renewed(old, new)
        return minted

    async def mint(
        self, minter: Minter, rules: tuple[Rule, ...], valid_for_seconds: int, token_id: str
    ) -> tuple[str, Claims]:
        """Mint a disposable token that may do what one of the rules allows; return it, and what it says.

        Raises:
            InvalidArgument: the validity or the id cannot be, or the rules are too long for a token.
        """
        claims = await self._disposable(minter, valid_for_seconds, token_id)
        claims = replace(claims, rules=rules)
        return self._signed(claims), claims

    async def generate_disposable(
        self,
        credential: str,
        permissions: Any,  # noqa: ANN401 - see generate
        valid_for_seconds: int,
        token_id: str,
    ) -> Minted:
        """Mint a disposable token. See `generate`; it always expires, and lists its permissions."""
        caller = await self._callers.caller(credential)
        _check_validity(valid_for_seconds, LONGEST_DISPOSABLE_SECONDS)
        check_explicit(permissions, most=MAX_STATEMENTS)
        publisher_id = _checked_token_id(token_id)
        caller.require(Rank.SUPER_USER, "make disposable tokens")
        claims = await self._disposable(caller.minter, valid_for_seconds, publisher_id)
        claims = replace(claims, permissions=permissions.SerializeToString())
        return Minted(self._signed(claims), "", claims.expires_at or 0)

    async def _disposable(self, minter: Minter, valid_for_seconds: int, token_id: str) -> Claims:
        """Return what a disposable token says, but for what it may do."""
        _check_validity(valid_for_seconds, LONGEST_DISPOSABLE_SECONDS)
        publisher_id = _checked_token_id(token_id)
        account = await self._directory.account(minter.account_id)
        revoked_until = account.revocations.until(publisher_id) if account else 0
        return Claims(
            "disposable",
            minter.account_id,
            new_id("token"),
            issued_at=max(int(time.time()), revoked_until),  # what was revoked is told by its time from what is new
            expires_at=_end(minter, valid_for_seconds),
            publisher_id=publisher_id,
            ancestors=minter.key_ids,
        )

    def _refreshed_by(self, refresh_token: str) -> str:
        try:
            claims = self._callers.claims(refresh_token)
        except Unauthenticated:
            return ""
        return claims.refreshes if claims.kind == "refresh" else ""

    def _refreshable(self, claims: Claims) -> Minted:
        refresh = Claims(
            "refresh", claims.account_id, new_id("refresh"), claims.issued_at, claims.expires_at, refreshes=claims.id
        )
        key = self._signed(claims, claims.kid)
        return Minted(key, self._signed(refresh, claims.kid), claims.expires_at or 0)

    def _signed(self, claims: Claims, kid: str | None = None) -> str:
        token = self._keystore.sign(claims, kid)
        if len(token) > MAX_TOKEN_CHARACTERS:
            raise InvalidArgument("the permissions are too long for a token; use prefixes, or fewer statements")
        return token


def _end(minter: Minter, valid_for_seconds: int | None) -> int | None:
    """Return when a token expires that is made now: never after the key that it is made with."""
    wanted = float("inf") if valid_for_seconds is None else time.time() + valid_for_seconds
    end = min(wanted, minter.until)
    return None if end == float("inf") else int(end)


def _check_validity(seconds: int | None, longest: int) -> None:
    if seconds is not None and not 0 < seconds <= longest:
        raise InvalidArgument(f"a token of this kind is valid for 1 to {longest} seconds, not {seconds}")


def _checked_token_id(token_id: str) -> str:
    trimmed = token_id.strip()
    if len(trimmed) > LONGEST_TOKEN_ID:
        raise InvalidArgument(f"token_id has at most {LONGEST_TOKEN_ID} characters, not {len(trimmed)}")
    return trimmed
