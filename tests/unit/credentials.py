"""Tokens and accounts for tests, signed with a key that is the same in each run."""

from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from momento_wire_types import permissionmessages_pb2 as wire

from api.account import AccountSnapshot, Cache, Limits
from api.permissions import super_user_permissions
from api.tokens import Claims, Kind, Signer

PRIVATE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC_KEYS = {"key-1": PRIVATE_KEY.public_key().public_bytes_raw()}
SIGNER = Signer("key-1", PRIVATE_KEY)

ISSUED_AT = 1_700_000_000


def claims(kind: Kind = "api_token", account: str = "acme", **others: Any) -> Claims:
    """Return what a token says; a super user's unless told otherwise."""
    known: dict[str, Any] = {"id": "token-1", "issued_at": ISSUED_AT, "permissions": super_user_permissions()}
    return Claims(kind, account, **(known | others))


def token(kind: Kind = "api_token", account: str = "acme", **others: Any) -> str:
    """Return a signed token."""
    return SIGNER.sign(claims(kind, account, **others))


def topic_permission(
    role: int = wire.TopicReadWrite, *, cache: str = "", topic: str = "", prefix: str = ""
) -> wire.PermissionsType:
    """Return a topic permission; what is left out matches everything."""
    body = wire.PermissionsType.TopicPermissions(role=role)  # pyright: ignore[reportArgumentType] - the stubs want the enum's name
    if cache:
        body.cache_selector.cache_name = cache
    if topic:
        body.topic_selector.topic_name = topic
    if prefix:
        body.topic_selector.topic_name_prefix = prefix
    return wire.PermissionsType(topic_permissions=body)


def explicit(*entries: wire.PermissionsType) -> bytes:
    """Return serialised explicit permissions."""
    return wire.Permissions(explicit=wire.ExplicitPermissions(permissions=entries)).SerializeToString()


def account(id: str = "acme", version: int = 1, caches: tuple[str, ...] = ("cache",), **others: Any) -> AccountSnapshot:
    """Return an account whose caches' ids are their names with the account's before them."""
    known = {name: Cache(f"{id}-{name}", name) for name in caches}
    limits = others.pop("limits", Limits())
    return AccountSnapshot(id, version, limits, caches=known, **others)
