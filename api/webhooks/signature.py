"""Signatures of webhooks, in the form of Standard Webhooks: HMAC-SHA256 over id, time and body.

The receiver recomputes it with the secret, and refuses a time that is minutes away, so that nobody can send an old
message again. While one secret takes the place of another, a request carries a signature by each of them.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence

PREFIX = "whsec_"
_SECRET_BYTES = 32


def new_secret() -> str:
    """Return a new secret, as receivers are told it: `whsec_` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def headers(secrets: Sequence[str], id: str, timestamp: int, body: bytes) -> Mapping[str, str]:
    """Return the headers that sign a message.

    Args:
        secrets: From `new_secret`, the newest first.
        id: The same each time a message is sent, so that a receiver knows one that it has had.
        timestamp: When it is sent, in epoch seconds.
        body: What is sent.
    """
    signed = b".".join((id.encode(), str(timestamp).encode(), body))
    signatures = " ".join(f"v1,{_signature(secret, signed)}" for secret in secrets)
    return {"webhook-id": id, "webhook-timestamp": str(timestamp), "webhook-signature": signatures}


def contract_headers(secrets: Sequence[str], body: bytes) -> Mapping[str, str]:
    """Return the headers that receivers written for Momento look at: hexadecimal HMAC-SHA3-256 of the body.

    They know one signature only. It is the newest secret's; that of the one before has a header of its own.
    """
    signatures = [hmac.digest(secret.encode(), body, "sha3_256").hex() for secret in secrets]
    return dict(zip(("momento-signature", "momento-signature-previous"), signatures, strict=False))


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
