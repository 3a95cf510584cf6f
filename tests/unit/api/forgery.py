"""Tokens that nobody should accept, built by hand from their parts."""

import base64
import hashlib
import hmac
import json
from typing import Any

from tests.unit.credentials import ISSUED_AT, PRIVATE_KEY

HEADER: dict[str, Any] = {"alg": "EdDSA", "typ": "JWT", "kid": "key-1"}
PAYLOAD: dict[str, Any] = {"iss": "tidings", "sub": "acme", "jti": "token-1", "iat": ISSUED_AT, "kind": "session"}


def encoded(data: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def to_sign(payload: dict[str, Any] | bytes, header: dict[str, Any] | bytes) -> str:
    parts = (part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, payload))
    return ".".join(map(encoded, parts))


def signed(payload: dict[str, Any] | bytes = PAYLOAD, header: dict[str, Any] | bytes = HEADER) -> str:
    """Return a token that is signed with the true key, whatever it says; bytes are taken as they are."""
    text = to_sign(payload, header)
    return f"{text}.{encoded(PRIVATE_KEY.sign(text.encode()))}"


def saying(**claims: Any) -> str:
    """Return a rightly signed token with some claims changed."""
    return signed(PAYLOAD | claims)


def with_secret(secret: bytes, header: dict[str, Any]) -> str:
    """Return a token signed with HMAC, as if a public key were a shared secret."""
    text = to_sign(PAYLOAD, header)
    return f"{text}.{encoded(hmac.digest(secret, text.encode(), hashlib.sha256))}"
