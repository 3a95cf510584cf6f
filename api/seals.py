"""Seals on what passes through a store that others may write to: HMAC-SHA256, with keys that the tiers share.

The first key seals and each of them is believed, so that keys are changed while everything runs: the new one is put
behind the old one everywhere, then before it, and then the old one is left out.
"""

import hmac
from collections.abc import Sequence
from typing import Self

from api.secret_keys import keys_in


class InvalidSealKey(ValueError):
    """A text holds no keys; the message says what one looks like, and nothing of the text."""


class Seals:
    """Makes seals and knows those of others with the same keys.

    Args:
        keys: Of 32 bytes each; the first one seals.
        purpose: What is sealed; a seal for one purpose is none for another.
    """

    def __init__(self, keys: Sequence[bytes], purpose: str) -> None:
        self._keys = tuple(hmac.digest(key, purpose.encode(), "sha256") for key in keys)

    def __repr__(self) -> str:
        return f"<Seals with {len(self._keys)} keys>"

    @classmethod
    def of_text(cls, text: str, purpose: str) -> Self:
        """Read keys in base64, with commas or blanks between them.

        Raises:
            InvalidSealKey: there is none, or one is not 32 bytes long.
        """
        return cls(keys_in(text, "key for seals", InvalidSealKey), purpose)

    def seal(self, data: bytes) -> bytes:
        """Return what proves that somebody with a key has written `data`."""
        return hmac.digest(self._keys[0], data, "sha256")

    def is_genuine(self, data: bytes, seal: bytes) -> bool:
        """Whether `seal` was made of `data` with one of the keys."""
        return any(hmac.compare_digest(hmac.digest(key, data, "sha256"), seal) for key in self._keys)
