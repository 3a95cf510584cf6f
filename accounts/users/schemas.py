"""What goes over the REST API about people."""

from typing import Annotated

from pydantic import Field, StringConstraints

from accounts.rest.schemas import Input, Output

Email = Annotated[str, StringConstraints(max_length=320), Field(examples=["ada@example.com"])]
Password = Annotated[str, StringConstraints(max_length=1024), Field(examples=["correct horse battery"])]


class SignUp(Input):
    email: Email
    password: Password
    account_name: Annotated[str, StringConstraints(max_length=1024), Field(examples=["Analytical Engines"])]


class LogIn(Input):
    email: Email
    password: Password


class SignedUp(Output):
    account_id: str
    user_id: str


class SessionToken(Output):
    session_token: str
    expires_at_epoch_seconds: int
