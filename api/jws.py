"""The envelope of a token: JWS in its compact form (RFC 7515), signed with Ed25519 (RFC 8037) and with nothing else.

A router sees a new token with each client that comes, so it is taken apart once. Nothing that a token says chooses an
algorithm, or a key but by an id that is known already.
"""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ALGORITHM = "EdDSA"

_SEGMENT = re.compile(r"[A-Za-z0-9_-]+")
_NOT_UNDERSTOOD = frozenset({"crit", "b64"})
"""Headers that change what a signature means."""


class UnknownKey(ValueError):
    """The token names no key that is known."""


def opened(token: str, keys: Mapping[str, Ed25519PublicKey]) -> tuple[str, dict[str, Any]]:
    """Return the id of the key, one of `keys`, that has signed a token, and the token's payload.

    Raises:
        UnknownKey: it was signed by none of them.
        ValueError, RecursionError: it is malformed, or its signature is wrong.
    """
    signed, _, signature = token.rpartition(".")
    head, _, payload = signed.partition(".")
    header = _object(head)
    kid = header.get("kid")
    if not isinstance(kid, str) or (key := keys.get(kid)) is None:
        raise UnknownKey
    if header.get("alg") != ALGORITHM or not header.keys().isdisjoint(_NOT_UNDERSTOOD):
        raise ValueError("header")
    try:
        key.verify(_decoded(signature), signed.encode("ascii"))
    except InvalidSignature:
        raise ValueError("signature") from None
    return kid, _object(payload)


def _object(segment: str) -> dict[str, Any]:
    found: object = json.loads(_decoded(segment))
    if not isinstance(found, dict):
        raise ValueError("this is no JSON object")  # noqa: TRY004 - what a client sent is malformed, no type of ours wrong
    return cast("dict[str, Any]", found)


def _decoded(segment: str) -> bytes:
    if not _SEGMENT.fullmatch(segment):
        raise ValueError("this is not base64url")
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
