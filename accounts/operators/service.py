"""Who operates the installation. The first operator is made by `tidings operator create`, on the machine."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from accounts import audit
from accounts.audit import SYSTEM, Actor
from accounts.database import Database, Transaction
from accounts.identifiers import hashed, new_id, new_secret
from accounts.impersonations import repository as impersonations
from accounts.memberships import repository as memberships
from accounts.operators import repository
from accounts.operators.models import Operator, OperatorToken
from accounts.users import repository as users
from api.errors import NotFound, PermissionDenied, Unauthenticated

TOKEN_PREFIX = "tdop_"  # noqa: S105 - what every operator's token begins with


@dataclass(frozen=True, slots=True)
class InstallationOperator:
    """Who calls: an operator of the installation, in person or by a script's token. Made by `Operators` alone."""

    actor: Actor


class Operators:
    """The operators of the installation, and their tokens."""

    def __init__(self, database: Database, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now

    async def appoint(self, email: str) -> Operator:
        """Make the person with this e-mail, in its normalised form, an operator.

        Raises:
            NotFound: there is no such person.
        """
        async with self._database.transaction() as session:
            user = await users.by_email(session, email)
            if user is None:
                raise NotFound(f"nobody has signed up as '{email}'")
            if await repository.add(session, user.id):
                audit.record(session, SYSTEM, None, "operator.appointed", user.id, after={"email": email})
        return Operator(user_id=user.id)

    async def dismiss(self, email: str) -> None:
        """Take the right from a person, and end their looks at accounts.

        Their log-in stays, unless the right was all that kept it: see `memberships.forget_homeless`.

        Raises:
            NotFound: nobody with this e-mail is an operator.
        """
        async with self._database.transaction() as session:
            user = await users.by_email(session, email)
            if user is None or not await repository.remove(session, user.id):
                raise NotFound(f"'{email}' is not an operator")
            audit.record(session, SYSTEM, None, "operator.dismissed", user.id, before={"email": email})
            await _end_looks(session, user.id, "the operator was dismissed")
            await memberships.forget_homeless(session, [user.id])

    async def list(self) -> Sequence[tuple[Operator, str]]:
        """Return all operators with their e-mails."""
        async with self._database.reading() as session:
            return await repository.everybody(session)

    async def make_token(self, description: str, expires_at: int | None) -> tuple[str, OperatorToken]:
        """Make a token for scripts; return it, and what is kept of it. The token itself cannot be had again."""
        secret = TOKEN_PREFIX + new_secret()
        token = OperatorToken(
            id=new_id("optoken"),
            secret_hash=hashed(secret),
            description=description,
            created_at=int(self._now()),
            expires_at=expires_at,
        )
        async with self._database.transaction() as session:
            repository.add_token(session, token)
            after = {"description": description, "expires_at": expires_at}
            audit.record(session, SYSTEM, None, "operator_token.made", token.id, after=after)
        return secret, token

    async def tokens(self) -> Sequence[OperatorToken]:
        """Return what is kept of all tokens, the oldest first."""
        async with self._database.reading() as session:
            return await repository.tokens(session)

    async def revoke_token(self, token_id: str) -> None:
        """Make a token useless at once, and end the looks at accounts that were begun by it.

        Raises:
            NotFound: there is no such token.
        """
        async with self._database.transaction() as session:
            if not await repository.remove_token(session, token_id):
                raise NotFound(f"operator token '{token_id}' does not exist")
            audit.record(session, SYSTEM, None, "operator_token.revoked", token_id)
            await _end_looks(session, token_id, "the operator's token was revoked")

    async def by_token(self, secret: str, address: str) -> InstallationOperator:
        """Return who holds a token, and calls from this network address.

        Raises:
            Unauthenticated: nobody, or it has expired.
        """
        async with self._database.reading() as session:
            token = await repository.token(session, hashed(secret), int(self._now()))
        if token is None:
            raise Unauthenticated("the operator's token was revoked or has expired")
        return InstallationOperator(Actor("operator", token.id, address))

    async def by_user(self, user_id: str, address: str) -> InstallationOperator:
        """Return a person who has logged in as an operator.

        Raises:
            PermissionDenied: the person is none.
        """
        async with self._database.reading() as session:
            if not user_id or not await repository.is_one(session, user_id):
                raise PermissionDenied("this is for operators of the installation alone")
        return InstallationOperator(Actor("operator", user_id, address))


async def _end_looks(session: Transaction, operator_id: str, reason: str) -> None:
    for look in await impersonations.take_of(session, operator_id):
        after = {"reason": reason}
        audit.record(session, SYSTEM, look.account_id, "impersonation.ended", look.id, after=after)
