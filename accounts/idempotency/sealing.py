"""Seals the answers that are kept. Whoever has the database alone opens none of them.

The key is derived from the idempotency key and from the caller's credential, neither of which is kept.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_BYTES = 12


def seal(answer: bytes, credential: str, key: str) -> bytes:
    """Return the answer to a request, as it is kept."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(_key(credential, key)).encrypt(nonce, answer, None)


def unseal(sealed: bytes, credential: str, key: str) -> bytes | None:
    """Return what was sealed; None where it was sealed for another credential."""
    try:
        return AESGCM(_key(credential, key)).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
    except InvalidTag:
        return None


def _key(credential: str, key: str) -> bytes:
    known = f"{len(credential)}:{credential}{key}".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"tidings idempotent answer").derive(known)
