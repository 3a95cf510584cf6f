"""Signatures of webhooks, in the form of Standard Webhooks: HMAC-SHA256 over id, time and body.

The receiver recomputes it with the secret, and refuses a time that is minutes away, so that nobody can send an old
message again.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping

PREFIX = "whsec_"
_SECRET_BYTES = 32


def new_secret() -> str:
    """Return a new secret, as receivers are told it: `whsec_` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def headers(secret: str, id: str, timestamp: int, body: bytes) -> Mapping[str, str]:
    """Return the headers that sign a message.

    Args:
        secret: From `new_secret`.
        id: The same each time a message is sent, so that a receiver knows one that it has had.
        timestamp: When it is sent, in epoch seconds.
        body: What is sent.
    """
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = b".".join((id.encode(), str(timestamp).encode(), body))
    signature = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return {"webhook-id": id, "webhook-timestamp": str(timestamp), "webhook-signature": f"v1,{signature}"}
