"""What goes over the REST API about sign-ups."""

from typing import Literal

from pydantic import Field

from accounts.rest.schemas import Input, Output
from accounts.users.schemas import AccountName, Email, NewPassword


class NewSignUp(Input):
    email: Email
    password: NewPassword
    account_name: AccountName


class ConfirmationSent(Output):
    """The same for an e-mail that has an account already; its owner alone is told."""

    state: Literal["confirmation_sent"]
    email: str = Field(description="As it was sent.", examples=["ada@example.com"])
