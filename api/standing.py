"""What a token that was verified is worth, as its account stands: the one place where that is decided.

Routers ask for each request, the account service for its own calls and to tell people what routers would say.
"""

from collections.abc import Mapping
from typing import NamedTuple

from api.account import AccountSnapshot, Cache
from api.errors import InvalidArgument, NotFound, PermissionDenied, Unauthenticated
from api.names import Topic, checked_cache_name, checked_topic_name
from api.permissions import NOBODY, SUPER_USER, Grant
from api.rules import Action, Rule
from api.system import PREFIX, SYSTEM_TOPICS, is_system, known
from api.tokens import Claims


class Standing(NamedTuple):
    """The worth of a token.

    Attributes:
        expires_at: Epoch seconds, infinity for never; earlier than the token says where its key was replaced.
    """

    grant: Grant
    expires_at: float


class Ruling(NamedTuple):
    """What was allowed, and by which rule."""

    topic: Topic
    rule: Rule


def standing(claims: Claims, account: AccountSnapshot | None) -> Standing:
    """Return what a token is worth.

    Raises:
        Unauthenticated: it was revoked, opens nothing by itself, or its account is gone.
        PermissionDenied: its account is suspended.
    """
    if claims.kind == "refresh":
        raise Unauthenticated("a refresh token only refreshes; send the API key itself")
    if account is None:
        raise Unauthenticated("the token's account does not exist")
    if account.has_revoked(claims):
        raise Unauthenticated("the token was revoked")
    if account.suspended:
        raise PermissionDenied("the account is suspended; its owner can tell why")
    says = float("inf") if claims.expires_at is None else float(claims.expires_at)
    return Standing(_grant(claims, account), min(says, account.ends.get(claims.id, says)))


def ruling(
    grant: Grant,
    account_id: str,
    caches: Mapping[str, Cache],
    action: Action,
    names: tuple[str, str],
    address: str | None,
) -> Ruling:
    """Decide whether `grant` lets a client at `address` publish or subscribe to a topic.

    Args:
        grant: What it may do.
        account_id: The account.
        caches: Of the account, by name.
        action: What it wants to do.
        names: Of the cache and the topic, as the client wrote them.
        address: Where the client is; empty where that is not known, None for wherever it must be.

    Raises:
        InvalidArgument: a name cannot be one.
        PermissionDenied: it may not.
        NotFound: there is no such cache.
    """
    cache, topic = checked_cache_name(names[0]), checked_topic_name(names[1])
    if is_system(topic):
        _check_system(action, topic)
    rule = grant.allowing(action, cache, topic, address)
    if rule is None:
        elsewhere = any(rule.allows(action, cache, topic) for rule in grant.rules)
        raise PermissionDenied(
            f"this token may not {action} to topic '{topic}' of cache '{cache}'"
            + (f" from {address or 'an unknown address'}" if elsewhere else "")
        )
    found = caches.get(cache)
    if found is None:
        raise NotFound(f"cache '{cache}' does not exist")
    return Ruling(Topic(account_id, found.id, topic, found.durable), rule)


def _check_system(action: Action, topic: str) -> None:
    if known(topic) is None:
        raise InvalidArgument(f"there is no topic '{topic}'; those under {PREFIX} are {', '.join(SYSTEM_TOPICS)}")
    if action == "publish":
        raise PermissionDenied(f"topic '{topic}' is written by the service alone")


def _grant(claims: Claims, account: AccountSnapshot) -> Grant:
    match claims.kind:
        case "session":
            return SUPER_USER
        case "key":
            return account.roles.get(claims.role_id, NOBODY)
        case _:
            return Grant(claims.rules) if claims.rules else Grant.of(claims.permissions)
