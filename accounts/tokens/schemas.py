"""What goes over the REST API about disposable tokens."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from accounts.permissions.rules import PermissionRule
from accounts.rest.paging import Listing
from accounts.rest.schemas import PRINTABLE, Input, Output
from accounts.tokens.models import TokenRevocation
from accounts.tokens.revoking import Which
from accounts.tokens.service import LONGEST_DISPOSABLE_SECONDS, LONGEST_TOKEN_ID
from api.permissions import MAX_STATEMENTS

TokenId = Annotated[
    str,
    StringConstraints(max_length=LONGEST_TOKEN_ID, pattern=PRINTABLE, strip_whitespace=True),
    Field(examples=["user-17"]),
]


class NewToken(Input):
    expires_in: Annotated[int, Field(strict=True, ge=1, le=LONGEST_DISPOSABLE_SECONDS, examples=[3600])] = Field(
        description="Seconds. A token never outlives the API key that it is made with."
    )
    permissions: Annotated[
        list[PermissionRule],
        Field(
            min_length=1,
            max_length=MAX_STATEMENTS,
            description="Alternatives: what one of them allows is allowed.",
            examples=[[{"type": "topic", "permissions": ["read"], "caches": "*", "topics": {"name": "news"}}]],
        ),
    ]
    token_id: TokenId = Field(
        "", description="Items published with the token carry it as their publisher's id; it is revoked by it."
    )


class MadeToken(Output):
    token: str = Field(description="Shown this once; it is kept nowhere.")
    packed: str = Field(description="The same with the endpoint beside it, as SDKs take it from one text.")
    endpoint: str
    token_id: str
    expires_at_epoch_seconds: int


class NewRevocation(Input):
    """Exactly one of the three."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"token_id_prefix": "user-"}]})

    token_id: Annotated[TokenId, StringConstraints(min_length=1)] | None = None
    token_id_prefix: (
        Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TOKEN_ID, pattern=PRINTABLE)] | None
    ) = None
    all: bool = Field(default=False, description="Every disposable token of the account, also those without an id.")

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.token_id is not None) + (self.token_id_prefix is not None) + self.all != 1:
            raise ValueError('give one of "token_id", "token_id_prefix" and "all": true')
        return self

    @property
    def which(self) -> Which:
        """The tokens that are meant."""
        return Which(self.token_id or self.token_id_prefix or "", is_prefix=self.token_id is None)


class RevocationInfo(Output):
    revocation_id: str
    token_id: str | None
    token_id_prefix: str | None
    all: bool
    revoked_at_epoch_seconds: int = Field(description="Tokens made before are refused.")
    forgotten_at_epoch_seconds: int = Field(description="By then none of them would hold any more.")

    @classmethod
    def of(cls, revocation: TokenRevocation) -> "RevocationInfo":
        is_prefix = revocation.is_prefix
        return cls(
            revocation_id=revocation.id,
            token_id=None if is_prefix else revocation.text,
            token_id_prefix=revocation.text or None if is_prefix else None,
            all=is_prefix and not revocation.text,
            revoked_at_epoch_seconds=revocation.created_at,
            forgotten_at_epoch_seconds=revocation.forget_at,
        )


class Revocations(Listing):
    revocations: list[RevocationInfo]
