"""Minting as SDKs do it, and tokens of every kind to do it with."""

import time
from typing import Any

from momento_wire_types import auth_pb2, token_pb2
from momento_wire_types import permissionmessages_pb2 as permissions

from accounts.identifiers import new_id
from api.permissions import super_user_permissions
from api.tokens import Claims, Kind
from tests.integration.accounts.installation import AUTH, TOKEN, Installation, Refused
from tests.unit.credentials import explicit, topic_permission

HOUR = 3600
SUPER_USER = permissions.Permissions.FromString(super_user_permissions())


def listed(*entries: permissions.PermissionsType) -> permissions.Permissions:
    """Return a list of permissions."""
    return permissions.Permissions.FromString(explicit(*entries))


TOPICS = listed(topic_permission())


def token(
    here: Installation, account: str, kind: Kind, granted: bytes = b"", *, expires_in: int | None = HOUR, **others: Any
) -> str:
    """Return a token of any kind, signed by this installation."""
    now = int(time.time())
    expires_at = None if expires_in is None else now + expires_in
    claims = Claims(kind, account, new_id(kind), now, expires_at, permissions=granted, **others)
    return here.accounts.keystore.sign(claims)


def super_user_key(here: Installation, account: str, expires_in: int = HOUR) -> str:
    """Return a key of the first format with all rights."""
    return token(here, account, "api_token", super_user_permissions(), expires_in=expires_in)


async def generate(
    here: Installation, caller: str, granted: permissions.Permissions, seconds: int | None = HOUR, token_id: str = ""
) -> auth_pb2._GenerateApiTokenResponse:
    """Mint an API token; with None for seconds, one that never expires."""
    request = auth_pb2._GenerateApiTokenRequest(auth_token=caller, permissions=granted, token_id=token_id)
    if seconds is None:
        request.never.SetInParent()
    else:
        request.expires.valid_for_seconds = seconds
    return await here.call(AUTH, "GenerateApiToken", request, auth_pb2._GenerateApiTokenResponse)


async def generate_disposable(
    here: Installation, caller: str, granted: permissions.Permissions, seconds: int = HOUR, token_id: str = ""
) -> token_pb2._GenerateDisposableTokenResponse:
    """Mint a disposable token."""
    request = token_pb2._GenerateDisposableTokenRequest(auth_token=caller, permissions=granted, token_id=token_id)
    request.expires.valid_for_seconds = seconds
    return await here.call(TOKEN, "GenerateDisposableToken", request, token_pb2._GenerateDisposableTokenResponse)


async def refresh(here: Installation, api_key: str, refresh_token: str) -> auth_pb2._RefreshApiTokenResponse:
    """Renew an API token."""
    request = auth_pb2._RefreshApiTokenRequest(api_key=api_key, refresh_token=refresh_token)
    return await here.call(AUTH, "RefreshApiToken", request, auth_pb2._RefreshApiTokenResponse)


async def status(call: Any) -> int:
    """Return the status with which a call ends."""
    try:
        await call
    except Refused as refused:
        return refused.status or 0
    return 0
