"""What goes over the REST API."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from accounts.caches.models import Cache
from accounts.keys.models import ApiKey

PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
"""No control characters, which logs and terminals would obey; a zero byte is one that Postgres cannot keep."""

Email = Annotated[str, StringConstraints(max_length=320), Field(examples=["ada@example.com"])]
Password = Annotated[str, StringConstraints(max_length=1024), Field(examples=["correct horse battery"])]
Expiry = Annotated[
    Literal["never"] | Annotated[int, Field(strict=True, gt=0, lt=2**53)],
    Field(description='"never", or the epoch second from which on the key is refused.', examples=["never", 1893456000]),
]

Durable = Annotated[
    bool, Field(strict=True, description="What was published outlives the storage node that owns the topic.")
]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Output(BaseModel):
    model_config = ConfigDict(frozen=True)


class Error(_Output):
    """Every error looks like this."""

    code: str = Field(examples=["not_found"])
    message: str = Field(examples=["cache 'x' does not exist"])
    details: list[dict[str, str]] = Field(examples=[[]])


class SignUp(_Input):
    email: Email
    password: Password
    account_name: Annotated[str, StringConstraints(max_length=1024), Field(examples=["Analytical Engines"])]


class LogIn(_Input):
    email: Email
    password: Password


class SignedUp(_Output):
    account_id: str
    user_id: str


class NewApiKey(_Input):
    role_id: Annotated[str, StringConstraints(max_length=64), Field(examples=["owner"])]
    description: Annotated[
        str, StringConstraints(max_length=255, pattern=PRINTABLE), Field(examples=["the chat's back end"])
    ] = ""
    expiry: Expiry = "never"


class KeyInfo(_Output):
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


class MadeApiKey(_Output):
    api_key: str = Field(description="Shown this once; it is not kept.")
    key_info: KeyInfo


class ApiKeys(_Output):
    api_keys: list[KeyInfo]


class SessionToken(_Output):
    session_token: str
    expires_at_epoch_seconds: int


class NewCache(_Input):
    name: Annotated[str, StringConstraints(max_length=1024), Field(examples=["chat"])]
    durable: Durable = False


class CacheChange(_Input):
    durable: Durable


class CacheInfo(_Output):
    name: str
    durable: bool
    created_at_epoch_seconds: int

    @classmethod
    def of(cls, cache: Cache) -> "CacheInfo":
        return cls(name=cache.name, durable=cache.durable, created_at_epoch_seconds=cache.created_at)


class Caches(_Output):
    caches: list[CacheInfo]
