"""Signing keys in files, as versions before this one kept them: one file each, readable by its owner alone."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key


class KeyFile(NamedTuple):
    """A key, and what it is known by."""

    kid: str
    key: Ed25519PrivateKey


def read(folder: Path) -> Sequence[KeyFile]:
    """Return the keys in a folder, which need not be there; the newest, which signed, is the last.

    Raises:
        PermissionError: others than the owner may read one.
        TypeError: one is of another kind.
    """
    paths = sorted(folder.glob("*.pem"), key=lambda path: path.stat().st_mtime_ns)
    return [KeyFile(path.stem, _read(path)) for path in paths]


def _read(path: Path) -> Ed25519PrivateKey:
    if path.stat().st_mode & 0o077:
        raise PermissionError(f"the signing key {path} can be read by others; run chmod 600 {path}")
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError(f"{path} is not an Ed25519 key")
    return key
