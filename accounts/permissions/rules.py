"""How permission rules look over the REST API, wherever they are sent or shown."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints

from accounts.rest.schemas import PRINTABLE, Input
from api.rules import EVERY, Rule, Selector, network

MOST_RULES = 100
MOST_NETWORKS = 50

Name = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=PRINTABLE, strip_whitespace=True)]
Prefix = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=PRINTABLE)]


def _cidr(text: str) -> str:
    try:
        return str(network(text))
    except ValueError as reason:
        raise ValueError("must be an address range such as 10.0.0.0/8 or 2001:db8::/32") from reason


Cidr = Annotated[str, StringConstraints(max_length=64), AfterValidator(_cidr), Field(examples=["10.0.0.0/8"])]
Access = Annotated[list[Literal["read", "write"]], Field(min_length=1, max_length=2, examples=[["read"]])]
Networks = Annotated[
    tuple[Cidr, ...], Field(max_length=MOST_NETWORKS, description="Where the client must be; none for anywhere.")
]


class Named(Input):
    name: Name = Field(examples=["chat"])


class Prefixed(Input):
    name_prefix: Prefix = Field(examples=["room/"])


class CacheRule(Input):
    """Items of caches: kept, and of no effect, since there are none here."""

    type: Literal["cache"]
    permissions: Access
    caches: Literal["*"] | Named
    allowed_cidrs: Networks = ()


class TopicRule(Input):
    """Topics: `read` lets subscribe, `write` lets publish."""

    type: Literal["topic"]
    permissions: Access
    caches: Literal["*"] | Named
    topics: Literal["*"] | Named | Prefixed
    allowed_cidrs: Networks = ()


AnyRule = CacheRule | TopicRule
PermissionRule = Annotated[AnyRule, Field(discriminator="type")]


def read(rules: Iterable[AnyRule]) -> tuple[Rule, ...]:
    """Return rules as routers have them."""
    return tuple(
        Rule(
            rule.type,
            read="read" in rule.permissions,
            write="write" in rule.permissions,
            caches=_read(rule.caches),
            topics=_read(rule.topics) if isinstance(rule, TopicRule) else EVERY,
            networks=tuple(map(network, rule.allowed_cidrs)),
        )
        for rule in rules
    )


def shown(rule: Rule) -> AnyRule:
    """Return a rule as people see it. One that allows nothing cannot be shown; none of those is kept or decides."""
    fields: dict[str, Any] = {
        "permissions": [word for word, has in (("read", rule.read), ("write", rule.write)) if has],
        "caches": _shown(rule.caches),
        "allowed_cidrs": list(map(str, rule.networks)),
    }
    if rule.type == "cache":
        return CacheRule(type="cache", **fields)
    return TopicRule(type="topic", topics=_shown(rule.topics), **fields)


def _read(selector: Literal["*"] | Named | Prefixed) -> Selector:
    match selector:
        case Named(name=name):
            return Selector("name", name)
        case Prefixed(name_prefix=prefix):
            return Selector("prefix", prefix)
        case _:
            return EVERY


def _shown(selector: Selector) -> Any:  # noqa: ANN401 - which of them fits is for the rule to say
    match selector.match:
        case "name":
            return Named(name=selector.text)
        case "prefix" if selector.text:
            return Prefixed(name_prefix=selector.text)
        case _:
            return "*"
