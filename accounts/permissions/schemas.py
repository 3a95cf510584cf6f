"""What goes over the REST API about what credentials may do."""

from ipaddress import ip_address
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from accounts.permissions import rules
from accounts.permissions.rules import MOST_RULES, PermissionRule
from accounts.permissions.service import Question, Verdict
from accounts.permissions.service import Who as Found
from accounts.rest.paging import Listing
from accounts.rest.schemas import Input, Output
from api.tokens import MAX_TOKEN_CHARACTERS


def _address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError as reason:
        raise ValueError("must be an IPv4 or IPv6 address") from reason


NameText = Annotated[str, StringConstraints(max_length=1024)]
Address = Annotated[
    str,
    StringConstraints(max_length=64),
    AfterValidator(_address),
    Field(description="Where the client is; left out, wherever it may do so.", examples=["10.1.2.3"]),
]


class TopicQuestion(Input):
    """What is to be done with a topic: `publish` or `subscribe`."""

    action: Literal["publish", "subscribe"]
    cache: NameText = Field(examples=["chat"])
    topic: NameText = Field(examples=["room/1"])
    address: Address | None = None

    @property
    def question(self) -> Question:
        """The same for the service."""
        return Question(self.action, self.cache, self.topic, self.address)


class Check(TopicQuestion):
    """Exactly one of `credential`, `key_id`, `role_id` and `permissions` says who."""

    credential: Annotated[str, StringConstraints(min_length=1, max_length=2 * MAX_TOKEN_CHARACTERS)] | None = Field(
        None, description="A token, or its packed form."
    )
    key_id: Annotated[str, StringConstraints(max_length=64)] | None = None
    role_id: Annotated[str, StringConstraints(max_length=64)] | None = Field(None, examples=["viewer"])
    permissions: Annotated[list[PermissionRule], Field(max_length=MOST_RULES)] | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if sum(who is not None for who in (self.credential, self.key_id, self.role_id, self.permissions)) != 1:
            raise ValueError('give one of "credential", "key_id", "role_id" and "permissions"')
        return self


class Decision(Output):
    allowed: bool
    reason: str = Field(examples=["rule 1 of role 'viewer' allows it"])
    code: str | None = Field(description="Of the error that the client gets; null where it is allowed.")
    super_user: bool = Field(description="Everything is allowed, by no rule.")
    rule: PermissionRule | None = Field(description="The rule that allows it, the first of several.")
    rule_number: int | None = Field(description="Where it stands in its role or token, from 1.")
    role_id: str | None = Field(description="null for a token that carries its own rules.")

    @classmethod
    def of(cls, verdict: Verdict) -> "Decision":
        return cls(
            allowed=verdict.allowed,
            reason=verdict.reason,
            code=verdict.code or None,
            super_user=verdict.super_user,
            rule=None if verdict.rule is None else rules.shown(verdict.rule),
            rule_number=verdict.number or None,
            role_id=verdict.role_id or None,
        )


class KeyWhoMay(Output):
    key_id: str
    description: str
    role_id: str


class MemberWhoMay(Output):
    user_id: str
    email: str
    role_id: str


class Who(Listing):
    roles: list[Decision]
    api_keys: list[KeyWhoMay] = Field(description="A page of the keys in force that have one of these roles.")
    members: list[MemberWhoMay]

    @classmethod
    def of(cls, found: Found) -> "Who":
        return cls(
            roles=[Decision.of(verdict) for _, verdict in found.roles],
            api_keys=[
                KeyWhoMay(key_id=key.id, description=key.description, role_id=key.role_id) for key in found.keys.items
            ],
            members=[
                MemberWhoMay(user_id=person.user_id, email=person.email, role_id=person.role_id)
                for person in found.members
            ],
            next_token=found.keys.next_token,
        )
