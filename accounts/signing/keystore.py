"""The keys that this installation signs tokens with, as they are known in memory: signing waits for nobody."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from accounts.encryption import CannotDecrypt, MasterKeys
from api.tokens import Claims, Signer


class Kept(NamedTuple):
    """A key as the database has it.

    Attributes:
        public_key: Raw.
        sealed: The private key, encrypted; None for one that only verifies.
        signs_from: Epoch seconds.
    """

    kid: str
    public_key: bytes
    sealed: str | None
    signs_from: int | None


class Keystore:
    """Signs with the newest key whose time has come and that routers know; all of them verify."""

    def __init__(self, master_keys: MasterKeys, now: Callable[[], float] = time.time) -> None:
        self._master_keys = master_keys
        self._now = now
        self._keys: Sequence[Kept] = ()
        self._signers: dict[str, Signer] = {}
        self._told: Collection[str] | None = None

    def __repr__(self) -> str:
        return f"<Keystore {', '.join(key.kid for key in self._keys)}>"

    def learn(self, keys: Sequence[Kept]) -> None:
        """Go by these keys from now on."""
        self._keys = keys
        kids = {key.kid for key in keys}
        self._signers = {kid: signer for kid, signer in self._signers.items() if kid in kids}

    def routers_know(self, kids: Collection[str]) -> None:
        """Sign with none but these from now on, unless all that could sign are others."""
        self._told = kids

    def signing_kid(self) -> str:
        """Return the id of the key that signs now.

        Raises:
            LookupError: there is none yet.
        """
        now = self._now()
        due = [key for key in self._keys if key.sealed and key.signs_from is not None and key.signs_from <= now]
        known = [key for key in due if self._told is None or key.kid in self._told]
        if not due:
            raise LookupError("there is no signing key yet; the account service makes the first one when it starts")
        return max(known or due, key=lambda key: (key.signs_from or 0, key.kid)).kid

    def sign(self, claims: Claims, kid: str | None = None) -> str:
        """Return a token, signed with the key that signs now, or with one that did so a moment ago.

        Raises:
            CannotDecrypt: the master key that the private key is encrypted with is not here.
        """
        return self._signer(kid or self.signing_kid()).sign(claims)

    def check(self) -> None:
        """Go on where tokens can be signed. See `sign` for errors."""
        self._signer(self.signing_kid())

    def public_keys(self) -> Mapping[str, bytes]:
        """Return the raw public keys by key id."""
        return {key.kid: key.public_key for key in self._keys}

    def _signer(self, kid: str) -> Signer:
        signer = self._signers.get(kid)
        if signer is None:
            sealed = next((key.sealed for key in self._keys if key.kid == kid), None)
            if sealed is None:
                raise LookupError(f"signing key '{kid}' signs no more")
            signer = self._signers[kid] = Signer(kid, unsealed(self._master_keys, kid, sealed))
        return signer


def sealed(master_keys: MasterKeys, kid: str, key: Ed25519PrivateKey) -> str:
    """Return a private key as the database has it."""
    return master_keys.encrypt(key.private_bytes_raw(), _purpose(kid))


def unsealed(master_keys: MasterKeys, kid: str, kept: str) -> Ed25519PrivateKey:
    """Return a private key.

    Raises:
        CannotDecrypt: the master key that it is encrypted with is not here.
    """
    try:
        return Ed25519PrivateKey.from_private_bytes(master_keys.decrypt(kept, _purpose(kid)))
    except CannotDecrypt as reason:
        raise CannotDecrypt(f"signing key '{kid}' cannot be used: {reason}") from reason


def _purpose(kid: str) -> str:
    return f"signing key {kid}"
