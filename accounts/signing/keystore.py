"""The keys that this installation signs tokens with: one file each, readable by its owner alone."""

import fcntl
import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from accounts.identifiers import new_id
from api.tokens import Claims, Signer


class Keystore:
    """A folder of private keys. The newest signs, all of them verify."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._keys: dict[str, Ed25519PrivateKey] = {}

    def open(self) -> None:
        """Read the keys, or make the first one.

        Raises:
            PermissionError: others than the owner may read a key; nothing is signed with it then.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(self._folder):  # or two that start together would each make a first key
            for path in sorted(self._folder.glob("*.pem"), key=lambda path: path.stat().st_mtime_ns):
                self._keys[path.stem] = _read(path)
            if not self._keys:
                self._make()

    def sign(self, claims: Claims) -> str:
        """Return a token, signed with the newest key."""
        kid, key = next(reversed(self._keys.items()))
        return Signer(kid, key).sign(claims)

    def public_keys(self) -> Mapping[str, bytes]:
        """Return the raw public keys by key id."""
        return {kid: key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw) for kid, key in self._keys.items()}

    def _make(self) -> None:
        kid, key = new_id("sign"), Ed25519PrivateKey.generate()
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        unfinished = self._folder / f"{kid}.new"
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(self._folder / f"{kid}.pem")
        self._keys[kid] = key


@contextmanager
def _alone(folder: Path) -> Generator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _read(path: Path) -> Ed25519PrivateKey:
    if path.stat().st_mode & 0o077:
        raise PermissionError(f"the signing key {path} can be read by others; run chmod 600 {path}")
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError(f"{path} is not an Ed25519 key")
    return key
