"""What goes over the REST API about API keys."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from accounts.keys.models import ApiKey
from accounts.rest.paging import Listing
from accounts.rest.schemas import PRINTABLE, Input, Output

Expiry = Annotated[
    Literal["never"] | Annotated[int, Field(strict=True, gt=0, lt=2**53)],
    Field(description='"never", or the epoch second from which on the key is refused.', examples=["never", 1893456000]),
]


class NewApiKey(Input):
    role_id: Annotated[str, StringConstraints(max_length=64), Field(examples=["owner"])]
    description: Annotated[
        str, StringConstraints(max_length=255, pattern=PRINTABLE), Field(examples=["the chat's back end"])
    ] = ""
    expiry: Expiry = "never"


class KeyInfo(Output):
    key_id: str
    account_id: str
    description: str
    role_id: str
    issued_at_epoch_seconds: int
    expires_at_epoch_seconds: int | None = Field(description="null for never")

    @classmethod
    def of(cls, key: ApiKey) -> "KeyInfo":
        return cls(
            key_id=key.id,
            account_id=key.account_id,
            description=key.description,
            role_id=key.role_id,
            issued_at_epoch_seconds=key.issued_at,
            expires_at_epoch_seconds=key.expires_at,
        )


class MadeApiKey(Output):
    api_key: str = Field(description="Shown this once; it is not kept.")
    key_info: KeyInfo


class ApiKeys(Listing):
    api_keys: list[KeyInfo]
