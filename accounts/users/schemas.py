"""What goes over the REST API about people."""

from typing import Annotated

from pydantic import Field, StringConstraints

from accounts.rest.schemas import PRINTABLE, Input, Output
from accounts.second_factors.service import State
from accounts.users.emails import LONGEST_EMAIL
from accounts.users.models import User

Email = Annotated[str, StringConstraints(max_length=LONGEST_EMAIL), Field(examples=["ada@example.com"])]
Password = Annotated[str, StringConstraints(max_length=1024), Field(examples=["correct horse battery"])]
NewPassword = Annotated[
    str,
    StringConstraints(max_length=1024),
    Field(description="10 to 256 characters.", examples=["staple battery horse"]),
]
AccountName = Annotated[
    str,
    StringConstraints(max_length=1024),
    Field(description="1 to 255 printable characters.", examples=["Analytical Engines"]),
]
Token = Annotated[
    str,
    StringConstraints(max_length=255, pattern=PRINTABLE),
    Field(description="What the link in the mail ends with.", examples=["Zp3cV0mEw7sQyk1NQj4rT8uXo2aLhB6d"]),
]


class ByToken(Input):
    token: Token


class LoggedIn(Output):
    account_id: str = Field(examples=["acc_7bYq4mHeW2dnZ0aK1c2S"])
    user_id: str = Field(examples=["user_3kZc7YbQ4mHeW2dnZ0aK"])


class UserInfo(Output):
    user_id: str = Field(examples=["user_3kZc7YbQ4mHeW2dnZ0aK"])
    email: str = Field(examples=["ada@example.com"])
    is_confirmed: bool = Field(description="Somebody has shown to read what is sent to the e-mail.", examples=[True])
    has_second_factor: bool = Field(examples=[False])
    recovery_codes_left: int = Field(examples=[0])
    created_at_epoch_seconds: int = Field(examples=[1767225600])

    @classmethod
    def of(cls, user: User, second_factor: State) -> "UserInfo":
        return cls(
            user_id=user.id,
            email=user.email,
            is_confirmed=user.confirmed_at is not None,
            has_second_factor=second_factor.is_on,
            recovery_codes_left=second_factor.recovery_codes_left,
            created_at_epoch_seconds=user.created_at,
        )


class PasswordChange(Input):
    password: Password
    new_password: NewPassword
