"""Ids and secrets that nobody can guess."""

import hashlib
import secrets

_ID_BYTES = 15
_SECRET_BYTES = 32


def new_id(prefix: str) -> str:
    """Return a new id such as `acc_…`; 120 random bits make it unique."""
    return f"{prefix}_{secrets.token_urlsafe(_ID_BYTES)}"


def new_secret() -> str:
    """Return a new secret of 256 random bits."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def hashed(secret: str) -> str:
    """Return what is kept of a secret that `new_secret` made: whoever reads it cannot show the secret."""
    return hashlib.sha256(secret.encode()).hexdigest()
