"""What goes over the REST API about new passwords."""

from typing import Literal

from accounts.rest.schemas import Input, Output
from accounts.users.schemas import Email, NewPassword, Token


class NewPasswordReset(Input):
    email: Email


class PasswordResetSent(Output):
    """The same whether somebody has this e-mail or nobody."""

    state: Literal["sent_if_known"]


class PasswordReset(Input):
    token: Token
    new_password: NewPassword
