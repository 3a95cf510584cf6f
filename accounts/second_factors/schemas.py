"""What goes over the REST API about second factors."""

from typing import Annotated

from pydantic import Field, StringConstraints

from accounts.rest.schemas import Input, Output
from accounts.users.schemas import Password

Code = Annotated[
    str,
    StringConstraints(min_length=1, max_length=64),
    Field(description="Six digits of the authenticator, or a recovery code.", examples=["492039"]),
]


class NewSecondFactor(Input):
    password: Password


class BegunSecondFactor(Output):
    secret: str = Field(examples=["JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"])
    uri: str = Field(
        description="The same as authenticators take it in, often as a picture.",
        examples=["otpauth://totp/Tidings:ada%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Tidings"],
    )


class ShownCode(Input):
    code: Code


class ShownBoth(Input):
    password: Password
    code: Code


class RecoveryCodes(Output):
    recovery_codes: list[str] = Field(
        description="Each is good for one log-in without the authenticator. They are shown this once.",
        examples=[["k3zc-7ybq-4mhe-w2dn"]],
    )
