"""Secret keys as settings hold them: random bytes in base64, with commas or blanks between one key and the next."""

import base64
import binascii

KEY_BYTES = 32
_HOW = f"make one with: openssl rand -base64 {KEY_BYTES}"


def keys_in(text: str, name: str, refusal: type[ValueError]) -> list[bytes]:
    """Return the keys, of `KEY_BYTES` each. A refusal calls one by `name`, and tells nothing of the text.

    Raises:
        refusal: there is none, or one has another length.
    """
    keys = [_decoded(word) for word in text.replace(",", " ").split()]
    if not keys:
        raise refusal(f"there is no {name}; {_HOW}")
    if any(len(key) != KEY_BYTES for key in keys):
        raise refusal(f"a {name} is {KEY_BYTES} random bytes in base64; {_HOW}")
    return keys


def _decoded(word: str) -> bytes:
    try:
        return base64.b64decode(word, validate=True)
    except binascii.Error:
        return b""
