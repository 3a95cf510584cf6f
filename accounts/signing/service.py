"""The keys that tokens are signed with, in the database: all account services of a fleet have the same.

A new key is public for a while before it signs, so that nobody meets a token whose key they do not know.
"""

import asyncio
import base64
import logging
import time
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from accounts import audit
from accounts.audit import Actor
from accounts.database import Database, RememberedRows, Rows, Transaction
from accounts.encryption import MasterKeys
from accounts.identifiers import new_id
from accounts.signing import files, repository
from accounts.signing.keystore import Kept, Keystore, sealed, unsealed
from accounts.signing.models import NEVER, SHORT_SECONDS, TokenSigningKey
from api.errors import AlreadyExists, InvalidArgument
from backplane.interface import Directory

LEAD_SECONDS = 600
"""Twice as long as others may keep the public keys before they ask again: see `endpoints.KEEP_SECONDS`."""

SHORTEST_LEAD_SECONDS = 5
LONGEST_LEAD_SECONDS = 30 * 86400

_log = logging.getLogger(__name__)


class TokenSigningKeys:
    """Makes signing keys, and tells routers of them.

    Args:
        folder: Where a version before this one has kept signing keys; it may hold none, or not be there.
    """

    def __init__(
        self,
        database: Database,
        master_keys: MasterKeys,
        directory: Directory,
        folder: Path,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._master_keys = master_keys
        self._directory = directory
        self._folder = folder
        self._now = now
        self.keystore = Keystore(master_keys, now)
        self._refreshing = asyncio.Lock()
        self._news = RememberedRows(database, repository.NEWS)
        self._seen: Rows | None = None

    async def open(self) -> None:
        """Learn the keys that there are."""
        async with self._database.reading() as session:
            await self._learn(session)

    async def ensure(self) -> None:
        """Take over the keys in files that the database does not know, and make the first key where there is none.

        Raises:
            PermissionError: others than the owner may read a file.
            CannotDecrypt: the master key that the keys are encrypted with is not here.
        """
        found = files.read(self._folder)
        async with self._database.transaction() as session:
            await repository.alone(session)
            known = await repository.known(session)
            new = [file for file in found if file.kid not in known]
            signer = new[-1].kid if new and not known else ""
            for kid, key in new:  # the newest is the last
                row = self._row(kid, key, signs_from=self._second() if kid == signer else None)
                row.from_file = True
                repository.add(session, row)
                audit.record(session, audit.SYSTEM, None, "token_signing_key.taken_over", kid)
            if not known and not new:
                kid = new_id("sign")
                repository.add(session, self._row(kid, Ed25519PrivateKey.generate(), signs_from=self._second()))
                audit.record(session, audit.SYSTEM, None, "token_signing_key.made", kid)
            await session.flush()
            await self._learn(session)
        self.keystore.check()
        if new:
            _log.warning(
                "%d signing keys were taken over from %s; see docs/operating.md on them", len(new), self._folder
            )

    async def refresh(self) -> None:
        """Learn what other processes have changed, and have routers know the public keys.

        Raises:
            Unavailable: the database or the directory cannot be reached.
        """
        async with self._refreshing:  # or one that read before a change would end after one that read it, and undo it
            # Before the database: what another service has put meanwhile is newer than what is read here, and stays.
            told = self._directory.keys()
            async with self._database.reading() as session:
                await self._learn(session)
            public = self.keystore.public_keys()
            if told != public:
                await self._directory.put_keys(public)
            self.keystore.routers_know(public.keys())

    async def refresh_changed(self) -> None:
        """Do what `refresh` does if keys have changed here or for routers, or if that cannot be told without it."""
        rows = self._news.get()
        if rows is None or rows != self._seen or self._directory.keys() != self.keystore.public_keys():
            await self.refresh()
            self._seen = rows

    async def rotate(self, actor: Actor, lead_seconds: int = LEAD_SECONDS) -> TokenSigningKey:
        """Make a key that signs in a while; routers know it before it is answered.

        Raises:
            InvalidArgument: it would sign before routers know it, or not for a month.
            AlreadyExists: another one is about to sign.
            CannotDecrypt: the master key is not the one that other services have.
        """
        if not SHORTEST_LEAD_SECONDS <= lead_seconds <= LONGEST_LEAD_SECONDS:
            bounds = f"{SHORTEST_LEAD_SECONDS} to {LONGEST_LEAD_SECONDS}"
            raise InvalidArgument(f"a key signs {bounds} seconds after it was made, not {lead_seconds}")
        kid, now = new_id("sign"), self._second()
        async with self._database.transaction() as session:
            await repository.alone(session)
            await self._learn(session)
            for other in await repository.in_use(session):
                if (rest := (other.signs_from or 0) - now) > 0:
                    raise AlreadyExists(f"signing key '{other.kid}' is about to sign, in {rest} seconds")
            before = {"kid": self.keystore.signing_kid()}
            self.keystore.check()
            row = self._row(kid, Ed25519PrivateKey.generate(), signs_from=now + lead_seconds)
            repository.add(session, row)
            after = {"kid": kid, "signs_from": row.signs_from}
            audit.record(session, actor, None, "token_signing_key.rotated", kid, before=before, after=after)
        await self.refresh()
        return row

    async def note_lasting(self, account_id: str, kid: str, until: int | None) -> None:
        """Note until when a token holds that is kept nowhere and that a key signs; None for ever."""
        end = NEVER if until is None else until
        if end > self._second() + SHORT_SECONDS:
            async with self._database.transaction() as session:
                await repository.note(session, kid, account_id, end)

    def seal_anew(self, row: TokenSigningKey) -> bool:
        """Encrypt a private key with the newest master key; return whether that was not done already."""
        if row.sealed is None or not self._master_keys.is_outdated(row.sealed):
            return False
        row.sealed = sealed(self._master_keys, row.kid, unsealed(self._master_keys, row.kid, row.sealed))
        return True

    def _row(self, kid: str, key: Ed25519PrivateKey, *, signs_from: int | None) -> TokenSigningKey:
        raw = key.public_key().public_bytes_raw()
        return TokenSigningKey(
            kid=kid,
            public_key=base64.b64encode(raw).decode(),
            sealed=None if signs_from is None else sealed(self._master_keys, kid, key),
            created_at=self._second(),
            signs_from=signs_from,
            from_file=False,
        )

    async def _learn(self, session: Transaction) -> None:
        rows = await repository.in_use(session)
        self.keystore.learn(
            [Kept(row.kid, base64.b64decode(row.public_key), row.sealed, row.signs_from) for row in rows]
        )

    def _second(self) -> int:
        return int(self._now())
