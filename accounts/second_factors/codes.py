"""Codes of authenticators (RFC 6238: six digits for each 30 seconds) and recovery codes; no I/O."""

import base64
import hmac
import secrets

from pyotp import random_base32
from pyotp.totp import TOTP

STEP_SECONDS = 30
DRIFT_STEPS = 1
"""A clock may be wrong by so many periods."""

RECOVERY_CODES = 10
_RECOVERY_BYTES = 10
_GROUP = 4


def new_secret() -> str:
    """Return a new secret for an authenticator, of 160 bits in base32."""
    return random_base32()


def uri(secret: str, email: str) -> str:
    """Return what an authenticator takes in, often as a picture."""
    return TOTP(secret).provisioning_uri(name=email, issuer_name="Tidings")


def step_of(secret: str, code: str, now: float) -> int | None:
    """Return the period that a code belongs to, of those near `now` (epoch seconds); None for no code of the secret."""
    totp, present = TOTP(secret), int(now) // STEP_SECONDS
    for step in range(present - DRIFT_STEPS, present + DRIFT_STEPS + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode()):
            return step
    return None


def new_recovery_codes() -> list[str]:
    """Return new recovery codes of 80 bits each, such as `k3zc-7ybq-4mhe-w2dn`."""
    return [_grouped(base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode()) for _ in range(RECOVERY_CODES)]


def plain(code: str) -> str:
    """Return a code without what people put between its letters, or write in another way."""
    return "".join(letter for letter in code.lower() if letter.isalnum())


def _grouped(text: str) -> str:
    return "-".join(text[start : start + _GROUP] for start in range(0, len(text), _GROUP)).lower()
