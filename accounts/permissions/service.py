"""Says what routers would say: whether a credential may do something, and who may.

It reads the same snapshot of the account as the routers do, and asks the same code (`api.standing`).
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from accounts.database import Database
from accounts.keys import repository as keys
from accounts.keys.models import NO_ROLE, ApiKey
from accounts.memberships import repository as memberships
from accounts.memberships.repository import Person
from accounts.paging import Page, PageRequest
from api.account import AccountSnapshot
from api.errors import InvalidArgument, NotFound, TidingsError, Unauthenticated
from api.names import checked_cache_name, checked_topic_name
from api.permissions import Grant
from api.rules import Action, Rule
from api.standing import ruling, standing
from api.tokens import Claims
from backplane.interface import Directory


@dataclass(frozen=True, slots=True)
class Question:
    """May a client do this?

    Attributes:
        address: Where the client is; None for wherever it may do so.
    """

    action: Action
    cache: str
    topic: str
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer.

    Attributes:
        code: Of the error that a client gets; empty for none.
        rule: The one that decided; None where none did, or where a super user may do everything.
        number: Of the rule in its role or token, from 1; 0 for none.
        role_id: The role that has the rule; empty for a token that carries its own.
    """

    allowed: bool
    reason: str
    code: str = ""
    rule: Rule | None = None
    number: int = 0
    role_id: str = ""
    super_user: bool = False


@dataclass(frozen=True, slots=True)
class Who:
    """Who may do something: roles with what decides, and a page of keys and all members that have them.

    Keys and tokens that carry permissions of their own are not among them.
    """

    roles: Sequence[tuple[str, Verdict]]
    keys: Page[ApiKey]
    members: Sequence[Person]


class Permissions:
    """Answers questions. `claims_of` returns what a credential says, or raises `Unauthenticated`."""

    def __init__(self, database: Database, directory: Directory, claims_of: Callable[[str], Claims]) -> None:
        self._database = database
        self._directory = directory
        self._claims_of = claims_of

    async def of_credential(self, account_id: str, credential: str, question: Question) -> Verdict:
        """Say whether a token may do something, and if not, why.

        Raises:
            NotFound: it is a token of another account.
        """
        try:
            claims = self._claims_of(credential)
        except Unauthenticated as error:
            return Verdict(allowed=False, reason=error.message, code=error.code)
        if claims.account_id != account_id:
            raise NotFound("the credential is not one of this account")
        return await self._of_claims(claims, question)

    async def of_key(self, account_id: str, key_id: str, question: Question) -> Verdict:
        """Say whether an API key may do something.

        Raises:
            NotFound: the account has no such key.
            InvalidArgument: what it may do is in the key itself, which is kept nowhere.
        """
        async with self._database.reading() as session:
            key = await keys.get(session, account_id, key_id)
        if key is None:
            raise NotFound(f"API key '{key_id}' does not exist")
        if key.role_id == NO_ROLE:
            raise InvalidArgument(f"API key '{key_id}' carries permissions of its own; send the key as the credential")
        claims = Claims("key", account_id, key.id, key.issued_at, key.expires_at, role_id=key.role_id)
        return await self._of_claims(claims, question)

    async def of_role(self, account_id: str, role_id: str, question: Question) -> Verdict:
        """Say whether keys of a role may do something.

        Raises:
            NotFound: the account has no such role.
        """
        if role_id not in (await self._account(account_id)).roles:
            raise NotFound(f"role '{role_id}' does not exist")
        return await self._of_claims(Claims("key", account_id, "", 0, role_id=role_id), question)

    async def of_rules(self, account_id: str, rules: tuple[Rule, ...], question: Question) -> Verdict:
        """Say whether a token with these rules may do something."""
        return await self._of_claims(Claims("disposable", account_id, "", 0, rules=rules), question)

    async def who(self, account_id: str, question: Question, asked: PageRequest) -> Who:
        """Say who may do something.

        Raises:
            InvalidArgument: a name cannot be one.
            NotFound: there is no such cache.
        """
        account = await self._account(account_id)
        cache = checked_cache_name(question.cache)
        checked_topic_name(question.topic)
        if cache not in account.caches:
            raise NotFound(f"cache '{cache}' does not exist")
        verdicts = {
            role_id: decide(Claims("key", account_id, "", 0, role_id=role_id), account, question)
            for role_id in account.roles
        }
        roles = [(role_id, verdict) for role_id, verdict in verdicts.items() if verdict.allowed]
        ids = [role_id for role_id, _ in roles]
        async with self._database.reading() as session:
            found = await keys.page(session, account_id, int(time.time()), asked, ids)
            members = await memberships.people_with(session, account_id, ids)
        return Who(roles, asked.page(found, lambda key: (key.issued_at, key.id)), members)

    async def _of_claims(self, claims: Claims, question: Question) -> Verdict:
        return decide(claims, await self._account(claims.account_id), question)

    async def _account(self, account_id: str) -> AccountSnapshot:
        account = await self._directory.account(account_id)
        if account is None:
            raise NotFound("the account does not exist")
        return account


def decide(claims: Claims, account: AccountSnapshot, question: Question) -> Verdict:
    """Say what a router says to a client with this token.

    Raises:
        InvalidArgument: a name cannot be one.
    """
    names = (question.cache, question.topic)
    try:
        grant, expires_at = standing(claims, account)
        if expires_at <= time.time():
            raise Unauthenticated("the token has expired")
        _, rule = ruling(grant, account.id, account.caches, question.action, names, question.address)
    except InvalidArgument:
        raise
    except TidingsError as error:
        return Verdict(allowed=False, reason=error.message, code=error.code, role_id=claims.role_id)
    return _allowed(claims, grant, rule)


def _allowed(claims: Claims, grant: Grant, rule: Rule) -> Verdict:
    place = f"role '{claims.role_id}'" if claims.role_id else "the token"
    if grant.super_user:
        reason = f"{place} may do everything"
        return Verdict(allowed=True, reason=reason, role_id=claims.role_id, super_user=True)
    number = grant.rules.index(rule) + 1
    where = f", from {' and '.join(map(str, rule.networks))} alone" if rule.networks else ""
    reason = f"rule {number} of {place} allows it{where}"
    return Verdict(allowed=True, reason=reason, rule=rule, number=number, role_id=claims.role_id)
