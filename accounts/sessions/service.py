"""Log-ins, kept on the server: a cookie holds a secret, the database its hash."""

import time
from collections.abc import Callable

from accounts import audit
from accounts.audit import Actor
from accounts.database import Database, Transaction
from accounts.identifiers import hashed, new_secret
from accounts.memberships import repository as memberships
from accounts.paging import Page, PageRequest
from accounts.sessions import repository
from accounts.sessions.member import Member, Peer
from accounts.sessions.models import Session
from api.errors import NotFound, Unauthenticated

VALID_SECONDS = 12 * 3600

USE_SECONDS = 300
"""How exactly it is known when a log-in was used last: each note of it is a write."""

LONGEST_AGENT = 255


class Sessions:
    """Begins, finds and ends log-ins."""

    def __init__(self, database: Database, *, must_confirm: bool = False, now: Callable[[], float] = time.time) -> None:
        """With `must_confirm`, people are asked to confirm their e-mails."""
        self._database = database
        self._must_confirm = must_confirm
        self._now = now

    def begin(self, session: Transaction, user_id: str, account_id: str, peer: Peer) -> str:
        """Begin a log-in within a transaction; return the secret for the cookie."""
        secret, now = new_secret(), int(self._now())
        row = Session(
            secret_hash=hashed(secret),
            user_id=user_id,
            account_id=account_id,
            address=peer.address,
            user_agent=_printable(peer.user_agent),
            created_at=now,
            used_at=now,
            expires_at=now + VALID_SECONDS,
        )
        repository.add(session, row)
        audit.record(session, Actor("user", user_id, peer.address), account_id, "session.begun", row.id)
        return secret

    async def member(self, secret: str, address: str) -> Member:
        """Return who has logged in with this secret, and calls from this network address.

        Raises:
            Unauthenticated: nobody, or too long ago.
        """
        now = int(self._now())
        async with self._database.reading() as session:
            found = await repository.find(session, hashed(secret), now)
        if found is None:
            raise Unauthenticated("you are not logged in, or your session has expired; log in again")
        row = found.session
        if row.used_at <= now - USE_SECONDS:
            async with self._database.transaction() as session:
                await repository.note_use(session, row.secret_hash, now)
        return Member(
            row.user_id,
            row.account_id,
            found.role_id,
            Actor("user", row.user_id, address),
            session_id=row.id,
            must_confirm=self._must_confirm and not found.is_confirmed,
        )

    async def page(self, user_id: str, asked: PageRequest) -> Page[Session]:
        """Return a page of a person's log-ins, the oldest first."""
        async with self._database.reading() as session:
            found = await repository.page(session, user_id, int(self._now()), asked)
            return asked.page(found, lambda row: (row.created_at, row.secret_hash))

    async def end(self, secret: str, address: str = "") -> None:
        """End a log-in, from this network address; nothing happens when there is none."""
        async with self._database.transaction() as session:
            row = await repository.end(session, hashed(secret))
            if row is not None:
                actor = Actor("user", row.user_id, address)
                audit.record(session, actor, row.account_id, "session.ended", row.id)
            await repository.remove_expired(session, int(self._now()))

    async def revoke(self, person: Member, session_id: str) -> None:
        """End one of a person's log-ins.

        Raises:
            NotFound: the person has no such log-in.
        """
        async with self._database.transaction() as session:
            row = await repository.end_one(session, person.user_id, session_id)
            if row is None:
                raise NotFound(f"session '{session_id}' does not exist")
            audit.record(session, person.actor, row.account_id, "session.revoked", row.id)

    async def revoke_others(self, person: Member) -> None:
        """End all of a person's log-ins but the one that asks for it."""
        async with self._database.transaction() as session:
            ended = await self.end_others(session, person.user_id, person.session_id)
            after = {"ended": ended}
            audit.record(
                session, person.actor, person.account_id, "session.others_revoked", person.user_id, after=after
            )

    async def end_others(self, session: Transaction, user_id: str, session_id: str = "") -> int:
        """End all log-ins of a person but this one, within a transaction; return how many there were."""
        return await repository.end_others(session, user_id, session_id)

    async def note_token(self, person: Member, token_id: str, expires_at: int) -> None:
        """Note that a person makes a token that may do what they may."""
        async with self._database.transaction() as session:
            after = {"expires_at": expires_at}
            audit.record(session, person.actor, person.account_id, "session_token.made", token_id, after=after)

    async def switch(self, person: Member, account_id: str) -> None:
        """Have a log-in work in another account of the person's.

        Raises:
            NotFound: the person is not a member of it.
        """
        async with self._database.transaction() as session:
            if await memberships.role(session, account_id, person.user_id) is None:
                raise NotFound(f"you are not a member of account '{account_id}'")
            await repository.move(session, person.session_id, account_id)
            before, after = {"account_id": person.account_id}, {"account_id": account_id}
            audit.record(
                session, person.actor, account_id, "session.switched", person.session_id, before=before, after=after
            )


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())[:LONGEST_AGENT]
