"""Encrypts small secrets, such as signing keys, before they are kept: AES-256-GCM, with the key's id beside the text.

The first key encrypts and all of them decrypt, so that a master key is replaced by putting a new one before it.
"""

import base64
import hashlib
import os
from collections.abc import Sequence
from typing import Self

from api.secret_keys import keys_in

_NONCE_BYTES = 12
_FORM = "1"


class InvalidMasterKey(ValueError):
    """A text holds no master keys; the message says what one looks like, and nothing of the text."""


class CannotDecrypt(Exception):
    """A secret was encrypted with a master key that is not here, for something else, or is damaged."""


class MasterKeys:
    """The keys that secrets are encrypted with.

    Args:
        keys: Of 32 bytes each; the first one encrypts.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415  commands only name the keys

        self._ciphers = {_id(key): AESGCM(key) for key in keys}
        self.newest = _id(keys[0])

    def __repr__(self) -> str:
        return f"<MasterKeys {', '.join(self._ciphers)}>"

    @classmethod
    def of_text(cls, text: str) -> Self:
        """Read keys in base64, with commas or blanks between them.

        Raises:
            InvalidMasterKey: there is none, or one is not 32 bytes long.
        """
        return cls(keys_in(text, "master key", InvalidMasterKey))

    def encrypt(self, secret: bytes, purpose: str) -> str:
        """Return `secret` as it may be kept. `purpose`, such as `totp user_1`, must be told again to decrypt it."""
        nonce = os.urandom(_NONCE_BYTES)
        body = nonce + self._ciphers[self.newest].encrypt(nonce, secret, purpose.encode())
        return f"{_FORM}.{self.newest}.{base64.b64encode(body).decode()}"

    def decrypt(self, kept: str, purpose: str) -> bytes:
        """Return the secret of what `encrypt` made.

        Raises:
            CannotDecrypt: its key is not here, it was for another purpose, or it is damaged.
        """
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415  see above

        form, key_id, body = [*kept.split(".", 2), "", ""][:3]
        cipher = self._ciphers.get(key_id)
        if form != _FORM or cipher is None:
            raise CannotDecrypt(
                f"it was encrypted with master key '{key_id}', which is not among those given here"
                f" ({', '.join(self._ciphers)}); set TIDINGS_MASTER_KEY or TIDINGS_MASTER_KEY_FILE to it"
            )
        try:
            sealed = base64.b64decode(body, validate=True)
            return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], purpose.encode())
        except (InvalidTag, ValueError) as reason:
            raise CannotDecrypt("it is damaged, or was encrypted for another purpose") from reason

    def is_outdated(self, kept: str) -> bool:
        """Whether a secret is to be encrypted anew, because another key encrypts by now."""
        return not kept.startswith(f"{_FORM}.{self.newest}.")


def _id(key: bytes) -> str:
    """Return what a key is known by; it tells nothing of the key."""
    return hashlib.sha256(b"tidings master key " + key).hexdigest()[:12]
