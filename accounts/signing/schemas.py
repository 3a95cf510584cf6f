"""What goes over the REST API about signing keys."""

import base64
from typing import Annotated, Literal

from pydantic import Field

from accounts.rest.schemas import Input, Output
from accounts.signing.retiring import Life
from accounts.signing.service import LEAD_SECONDS, LONGEST_LEAD_SECONDS, SHORTEST_LEAD_SECONDS
from api.tokens import ALGORITHM


class NewSigningKey(Input):
    signs_in_seconds: Annotated[
        int, Field(strict=True, ge=SHORTEST_LEAD_SECONDS, le=LONGEST_LEAD_SECONDS, examples=[LEAD_SECONDS])
    ] = Field(default=LEAD_SECONDS, description="Until then it is public, and the one before signs.")


class SigningKeyInfo(Output):
    kid: str = Field(examples=["sign_3kZc7YbQ4mHeW2dnZ0aK"])
    state: Literal["published", "signing", "verifying"] = Field(
        description="`published`: it will sign. `verifying`: another key signs, and what it has signed still holds."
    )
    created_at_epoch_seconds: int = Field(examples=[1767225600])
    signs_from_epoch_seconds: int | None = Field(description="Null for one that never signs here.")
    signed_until_epoch_seconds: int | None
    is_from_file: bool = Field(description="A version that kept keys in files may have signed with it.")
    api_keys: int = Field(description="API keys that it has signed and that hold.")
    other_tokens: int = Field(description="Tokens for longer than a day that it has signed and that may hold.")
    needed_until_epoch_seconds: int | None = Field(description="When the last of its tokens ends; null for never.")

    @classmethod
    def of(cls, life: Life) -> "SigningKeyInfo":
        row = life.row
        return cls(
            kid=row.kid,
            state=life.state,
            created_at_epoch_seconds=row.created_at,
            signs_from_epoch_seconds=row.signs_from,
            signed_until_epoch_seconds=life.signed_until,
            is_from_file=row.from_file,
            api_keys=life.api_keys.count,
            other_tokens=life.tokens.count,
            needed_until_epoch_seconds=life.needed_until,
        )


class SigningKeys(Output):
    signing_keys: list[SigningKeyInfo]


class JsonWebKey(Output):
    """A public key as RFC 8037 has it."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: str = Field(description="The raw key in base64url.", examples=["11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"])
    kid: str
    use: Literal["sig"]
    alg: Literal["EdDSA"]

    @classmethod
    def of(cls, kid: str, raw: bytes) -> "JsonWebKey":
        x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
        return cls(kty="OKP", crv="Ed25519", x=x, kid=kid, use="sig", alg=ALGORITHM)


class JsonWebKeySet(Output):
    keys: list[JsonWebKey]
