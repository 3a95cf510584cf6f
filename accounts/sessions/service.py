"""Log-ins, kept on the server: a cookie holds a secret, the database its hash."""

import time
from collections.abc import Callable
from typing import NamedTuple

from accounts import audit
from accounts.audit import Actor
from accounts.database import Database, Transaction
from accounts.identifiers import hashed, new_secret
from accounts.memberships import repository as memberships
from accounts.paging import Page, PageRequest
from accounts.sessions import repository
from accounts.sessions.member import Member, Peer
from accounts.sessions.models import Session
from accounts.token_bindings.service import Bound, TokenBindings
from accounts.users import repository as users
from api.errors import NotFound, Unauthenticated

VALID_SECONDS = 12 * 3600

USE_SECONDS = 300
"""How exactly it is known when a log-in was used last: each note of it is a write."""

LONGEST_AGENT = 255


class Ended(NamedTuple):
    """How many log-ins ended, and the accounts in which tokens ended with them."""

    log_ins: int
    accounts: set[str]


class Sessions:
    """Begins, finds and ends log-ins."""

    def __init__(
        self,
        database: Database,
        bindings: TokenBindings,
        *,
        must_confirm: bool = False,
        now: Callable[[], float] = time.time,
    ) -> None:
        """With `must_confirm`, people are asked to confirm their e-mails."""
        self._database = database
        self._bindings = bindings
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
            operates=found.operates,
        )

    async def page(self, user_id: str, asked: PageRequest) -> Page[Session]:
        """Return a page of a person's log-ins, the oldest first."""
        async with self._database.reading() as session:
            found = await repository.page(session, user_id, int(self._now()), asked)
            return asked.page(found, lambda row: (row.created_at, row.secret_hash))

    async def end(self, secret: str, address: str = "") -> None:
        """End a log-in, from this network address; nothing happens when there is none."""
        ended = set[str]()
        async with self._database.transaction() as session:
            user_id = await repository.user_of(session, hashed(secret))
            if user_id is not None:
                await self._bindings.lock(session, [user_id])
            row = await repository.end(session, hashed(secret))
            if row is not None:
                ended = await self._bindings.settle(session, [row.user_id])
                actor = Actor("user", row.user_id, address)
                audit.record(session, actor, row.account_id, "session.ended", row.id)
            await repository.remove_expired(session, int(self._now()))
        await self._bindings.tell(ended)

    async def revoke(self, person: Member, session_id: str) -> None:
        """End one of a person's log-ins.

        Raises:
            NotFound: the person has no such log-in.
        """
        async with self._database.transaction() as session:
            await self._bindings.lock(session, [person.user_id])
            row = await repository.end_one(session, person.user_id, session_id)
            if row is None:
                raise NotFound(f"session '{session_id}' does not exist")
            audit.record(session, person.actor, row.account_id, "session.revoked", row.id)
            ended = await self._bindings.settle(session, [person.user_id])
        await self._bindings.tell(ended)

    async def revoke_others(self, person: Member) -> None:
        """End all of a person's log-ins but the one that asks for it."""
        async with self._database.transaction() as session:
            ended = await self.end_others(session, person.user_id, person.session_id)
            after = {"ended": ended.log_ins}
            audit.record(
                session, person.actor, person.account_id, "session.others_revoked", person.user_id, after=after
            )
        await self.tell(ended)

    async def end_others(self, session: Transaction, user_id: str, session_id: str = "") -> Ended:
        """End all log-ins of a person but this one, as the first of what a transaction changes; `tell` after it."""
        await self._bindings.lock(session, [user_id])
        await users.get_alone(session, user_id)  # after accounts and before log-ins, as where members are removed
        log_ins = await repository.end_others(session, user_id, session_id)
        return Ended(log_ins, await self._bindings.settle(session, [user_id]))

    async def tell(self, ended: Ended) -> None:
        """Have routers know of tokens that ended with log-ins."""
        await self._bindings.tell(ended.accounts)

    async def bind_token(self, person: Member, token_id: str) -> Bound:
        """Note that a person makes a token that may do what they may, and tie it to their log-in.

        Raises:
            Unauthenticated: the log-in has ended, or has changed meanwhile.
            TooManyRevocations: too many log-ins with tokens ended lately.
        """
        async with self._database.transaction() as session:
            bound = await self._bindings.bind(session, person, VALID_SECONDS)
            after = {"expires_at": bound.until}
            audit.record(session, person.actor, person.account_id, "session_token.made", token_id, after=after)
        return bound

    async def role(self, account_id: str, user_id: str) -> str:
        """Return what a person is in an account.

        Raises:
            Unauthenticated: no member of it.
        """
        async with self._database.reading() as session:
            role_id = await memberships.role(session, account_id, user_id)
        if role_id is None:
            raise Unauthenticated("you are not a member of this account any more")
        return role_id

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
