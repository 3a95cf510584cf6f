"""Credentials: signed tokens, and the two packings in which people hold them.

Every token is a JWT signed with EdDSA. A router needs only the public keys to trust one, and only the account's
snapshot to know whether it was revoked since.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from api.errors import Unauthenticated
from api.jws import ALGORITHM, UnknownKey, opened
from api.rules import Rule

ISSUER = "tidings"
MAX_TOKEN_CHARACTERS = 16_384

Kind = Literal["session", "key", "api_token", "disposable", "refresh"]
"""`session`: a console log-in. `key`: an API key bound to a role (v2). `api_token`: an API key that carries its own
permissions (v1). `disposable`: a short-lived token for one client. `refresh`: renews one `api_token`, nothing else."""

_KINDS = frozenset(get_args(Kind))
_MALFORMED = (ValueError, TypeError, LookupError, ArithmeticError, RecursionError)
"""What the parsers raise for what a token may hold; infinity in place of a time is an ArithmeticError."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says.

    Attributes:
        id: The token's own id, by which it is revoked.
        issued_at: Epoch seconds.
        expires_at: Epoch seconds; None means never.
        role_id: The role of a `key`; its permissions are looked up with each change of the role.
        permissions: Serialised `permission_messages.Permissions` of the kinds that carry their own.
        rules: In place of them, where the token was made over REST, which knows more than the message.
        ancestors: Ids of the keys that it was made from; it is worth nothing once one of them is revoked.
        renewable_until: Epoch seconds after which no renewal of an `api_token` holds; None for no such bound.
        publisher_id: The `token_id` chosen at minting; items published with the token carry it.
        refreshes: For a `refresh` token, the id of the `api_token` that it renews.
        user_id: For a `session`, who has logged in; empty for one made on the machine.
        kid: Of the key that it was signed with, where it was verified.
    """

    kind: Kind
    account_id: str
    id: str
    issued_at: int
    expires_at: int | None = None
    role_id: str = ""
    permissions: bytes = b""
    publisher_id: str = ""
    refreshes: str = ""
    user_id: str = ""
    rules: tuple[Rule, ...] = ()
    ancestors: tuple[str, ...] = ()
    renewable_until: int | None = None
    kid: str = field(default="", compare=False)


class Signer:
    """Signs tokens with one private key, known to verifiers by its id."""

    def __init__(self, kid: str, private_key: Ed25519PrivateKey) -> None:
        self.kid = kid
        self._private_key = private_key

    def sign(self, claims: Claims) -> str:
        """Return the token for `claims`. An API key bound to a role carries `t: "g"`, by which SDKs know its format."""
        payload: dict[str, Any] = {
            "iss": ISSUER,
            "sub": claims.account_id,
            "jti": claims.id,
            "iat": claims.issued_at,
            "kind": claims.kind,
        }
        optional = {
            "exp": claims.expires_at,
            "role": claims.role_id,
            "perm": base64.b64encode(claims.permissions).decode(),
            "pub": claims.publisher_id,
            "of": claims.refreshes,
            "usr": claims.user_id,
            "rules": [rule.words() for rule in claims.rules],
            "by": list(claims.ancestors),
            "max": claims.renewable_until,
            "t": "g" if claims.kind == "key" else "",
        }
        payload |= {name: value for name, value in optional.items() if value}
        return jwt.encode(payload, self._private_key, algorithm=ALGORITHM, headers={"kid": self.kid})


class Verifier:
    """Checks tokens against the public keys it was given; the algorithm is pinned, never read from the token."""

    def __init__(self, public_keys: Mapping[str, bytes]) -> None:
        """Take raw 32-byte Ed25519 public keys by key id."""
        self._keys = {kid: Ed25519PublicKey.from_public_bytes(key) for kid, key in public_keys.items()}

    def verify(self, token: str, now: float) -> Claims:
        """Return what `token` says.

        Raises:
            Unauthenticated: it is malformed, expired at `now` (epoch seconds), or not signed by a known key.
        """
        if len(token) > MAX_TOKEN_CHARACTERS:
            raise Unauthenticated("the token is malformed: it is too long")
        try:
            claims = _claims(*opened(token, self._keys))
        except UnknownKey:
            raise Unauthenticated("the token was not signed by this service") from None
        except _MALFORMED as reason:
            raise Unauthenticated("the token is malformed, or its signature is wrong") from reason
        if claims.expires_at is not None and claims.expires_at <= now:
            raise Unauthenticated("the token has expired")
        return claims


def _claims(kid: str, payload: dict[str, Any]) -> Claims:
    kind = payload["kind"]
    if kind not in _KINDS or payload["iss"] != ISSUER or "aud" in payload or "nbf" in payload:
        raise ValueError("this is none of ours")
    return Claims(
        kind=kind,
        account_id=_text(payload, "sub"),
        id=_text(payload, "jti"),
        issued_at=int(payload["iat"]),
        expires_at=_second(payload, "exp"),
        role_id=str(payload.get("role", "")),
        permissions=base64.b64decode(payload.get("perm", ""), validate=True),
        publisher_id=str(payload.get("pub", "")),
        refreshes=str(payload.get("of", "")),
        user_id=str(payload.get("usr", "")),
        rules=tuple(map(Rule.of_words, payload.get("rules", ()))),
        ancestors=tuple(map(str, payload.get("by", ()))),
        renewable_until=_second(payload, "max"),
        kid=kid,
    )


def _text(payload: dict[str, Any], name: str) -> str:
    value = payload[name]
    if not isinstance(value, str):
        raise ValueError(name)  # noqa: TRY004 - see `_object` in jws.py
    return value


def _second(payload: dict[str, Any], name: str) -> int | None:
    value = payload.get(name)
    if value is not None and (type(value) is not int or not 0 < value < 2**53):
        raise ValueError(name)
    return value


def pack_credential(endpoint: str, api_key: str) -> str:
    """Return the form in which people hold a v1 key: base64 of JSON, with string members only (one SDK requires it)."""
    return base64.b64encode(json.dumps({"endpoint": endpoint, "api_key": api_key}).encode()).decode()


def unpack_credential(text: str) -> str:
    """Return the token in `text`, which is either the token itself or the packed form of it."""
    if "." in text:
        return text
    try:
        packed: object = json.loads(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return text
    match packed:
        case {"api_key": str(api_key)}:
            return api_key
        case _:
            return text
