"""What goes over the REST API about API keys."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from accounts.keys.models import ApiKey
from accounts.keys.service import Replacement
from accounts.rest.paging import Listing
from accounts.rest.schemas import PRINTABLE, Input, Output

Expiry = Annotated[
    Literal["never"] | Annotated[int, Field(strict=True, gt=0, lt=2**53)],
    Field(description='"never", or the epoch second from which on the key is refused.', examples=["never", 1893456000]),
]


Description = Annotated[
    str, StringConstraints(max_length=255, pattern=PRINTABLE), Field(examples=["the chat's back end"])
]
LONGEST_OVERLAP_SECONDS = 30 * 86_400


class NewApiKey(Input):
    role_id: Annotated[str, StringConstraints(max_length=64), Field(examples=["owner"])]
    description: Description = ""
    expiry: Expiry = "never"


class KeyChange(Input):
    description: Description


class Rotation(Input):
    overlap_seconds: Annotated[
        int, Field(strict=True, ge=0, le=LONGEST_OVERLAP_SECONDS, description="How long the old key still holds.")
    ]
    expiry: Expiry | None = Field(None, description="Of the new key; left out, as long as the old one was made for.")

    @property
    def replacement(self) -> Replacement:
        match self.expiry:
            case None:
                return Replacement(self.overlap_seconds)
            case "never":
                return Replacement(self.overlap_seconds, None)
            case second:
                return Replacement(self.overlap_seconds, second)


class KeyInfo(Output):
    incidental = frozenset({"last_used_at_epoch_seconds", "last_used_address"})

    key_id: str
    account_id: str
    description: str
    role_id: str | None = Field(description="null for a key that carries permissions of its own.")
    issued_at_epoch_seconds: int
    expires_at_epoch_seconds: int | None = Field(description="null for never")
    replaced_by: str | None = Field(description="The key_id of the key that has taken its place.")
    last_used_at_epoch_seconds: int | None = Field(description="To half a minute; null for a key that was never used")
    last_used_address: str | None

    @classmethod
    def of(cls, key: ApiKey) -> "KeyInfo":
        return cls(
            key_id=key.id,
            account_id=key.account_id,
            description=key.description,
            role_id=key.role_id or None,
            issued_at_epoch_seconds=key.issued_at,
            expires_at_epoch_seconds=key.holds_until,
            replaced_by=key.replaced_by,
            last_used_at_epoch_seconds=key.last_used_at,
            last_used_address=key.last_used_address,
        )


class MadeApiKey(Output):
    api_key: str = Field(description="Shown this once; it is not kept.")
    key_info: KeyInfo


class RotatedApiKey(MadeApiKey):
    replaced: KeyInfo


class ApiKeys(Listing):
    api_keys: list[KeyInfo]
