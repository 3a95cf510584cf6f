"""Who may call: a person by a cookie, from our own pages only, or a program by an API key."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request

from accounts.caller import Callers, Rank
from accounts.impersonations.service import TOKEN_PREFIX, Impersonations
from accounts.rest.cookies import Cookie
from accounts.roles.system import OWNER
from accounts.sessions.member import Member
from accounts.sessions.service import Sessions
from api.errors import PermissionDenied, Unauthenticated
from api.log_context import bind

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITE = frozenset({"same-origin", "none"})


class Guards:
    """Finds out who calls."""

    def __init__(self, sessions: Sessions, callers: Callers, cookie: Cookie) -> None:
        self._sessions = sessions
        self._callers = callers
        self.cookie = cookie

    async def member(self, request: Request) -> Member:
        """Return who calls.

        Raises:
            Unauthenticated: nobody that is known.
            PermissionDenied: the API key may not administer, or another site's page sent the request.
        """
        if credential := bearer_of(request):
            if credential.startswith(TOKEN_PREFIX):
                return await _looking(request, credential)
            caller = await self._callers.caller(credential, address_of(request))
            caller.require(Rank.SUPER_USER, "administer the account")
            user_id = caller.claims.user_id  # of a person's token, which may do no more than the person
            role_id = await self._sessions.role(caller.account_id, user_id) if user_id else OWNER
            return Member(user_id, caller.account_id, role_id, caller.actor, key=caller.minter)
        return await self.person(request)

    async def person(self, request: Request) -> Member:
        """Return who calls by a log-in; see `member`."""
        secret = self.cookie.secret(request)
        if not secret:
            raise Unauthenticated("log in, or send an API key in the header Authorization")
        check_origin(request)
        if secret.startswith(TOKEN_PREFIX):
            return await _looking(request, secret)
        member = await self._sessions.member(secret, address_of(request))
        bind(account=member.account_id)
        return member

    def credential(self, request: Request) -> str:
        """Return what a request shows of its caller, which nobody has checked; empty where it shows nothing."""
        return bearer_of(request) or self.cookie.secret(request)


async def _looking(request: Request, secret: str) -> Member:
    impersonations: Impersonations = request.app.state.impersonations
    member = await impersonations.member(secret, request.method, request.url.path, address_of(request))
    bind(account=member.account_id)
    return member


def bearer_of(request: Request) -> str:
    """Return the credential in the header `Authorization`, with or without the scheme before it; empty without one."""
    given = request.headers.get("authorization", "").strip()
    scheme, _, credential = given.partition(" ")
    return credential.strip() if scheme.lower() == "bearer" else given


def address_of(request: Request) -> str:
    """Return the true network address of the peer: the edge believes `X-Forwarded-For` from trusted proxies alone."""
    return request.client.host if request.client else ""


def check_origin(request: Request) -> None:
    """Refuse a change that another site's page makes in the name of somebody who is logged in here.

    Raises:
        PermissionDenied: the browser says that the request comes from elsewhere.
    """
    if request.method in _SAFE_METHODS:
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    foreign_site = site is not None and site not in _OWN_SITE
    foreign_origin = origin is not None and urlsplit(origin).netloc != request.headers.get("host")
    if foreign_site or (site is None and foreign_origin):
        raise PermissionDenied("this request comes from another site's page")


async def member_of(request: Request) -> Member:
    """Return who calls, by a log-in or an API key; see `Guards.member`."""
    guards: Guards = request.app.state.guards
    return await guards.member(request)


async def person_of(request: Request) -> Member:
    """Return who calls by a log-in; see `Guards.person`."""
    guards: Guards = request.app.state.guards
    return await guards.person(request)


AnyMember = Annotated[Member, Depends(member_of)]
"""Whoever calls by a log-in or an API key."""

Person = Annotated[Member, Depends(person_of)]
"""Whoever calls by a log-in."""
