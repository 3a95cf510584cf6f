"""What goes over the REST API about log-ins."""

from pydantic import Field

from accounts.rest.paging import Listing
from accounts.rest.schemas import Input, Output
from accounts.second_factors.schemas import Code
from accounts.sessions.models import Session
from accounts.users.schemas import Email, Password, Token


class LogIn(Input):
    email: Email
    password: Password
    code: Code | None = None


class CodeNeeded(Output):
    """The password was right; `POST /v1/login/code` with the ticket and a code of the authenticator goes on."""

    ticket: str
    expires_at_epoch_seconds: int = Field(examples=[1767225900])


class LogInCode(Input):
    ticket: Token
    code: Code


class SessionToken(Output):
    session_token: str
    expires_at_epoch_seconds: int = Field(examples=[1767268800])


class SessionInfo(Output):
    session_id: str = Field(examples=["session_W2dnZ0aK1c2S7bYq4mHe"])
    account_id: str = Field(examples=["acc_7bYq4mHeW2dnZ0aK1c2S"])
    address: str = Field(description="The network address that it was begun from.", examples=["192.0.2.1"])
    user_agent: str = Field(examples=["Mozilla/5.0"])
    created_at_epoch_seconds: int = Field(examples=[1767225600])
    used_at_epoch_seconds: int = Field(description="Exact to five minutes.", examples=[1767229200])
    expires_at_epoch_seconds: int = Field(examples=[1767268800])
    is_current: bool = Field(description="It is the one that asks.", examples=[True])

    @classmethod
    def of(cls, session: Session, current_id: str) -> "SessionInfo":
        return cls(
            session_id=session.id,
            account_id=session.account_id,
            address=session.address,
            user_agent=session.user_agent,
            created_at_epoch_seconds=session.created_at,
            used_at_epoch_seconds=session.used_at,
            expires_at_epoch_seconds=session.expires_at,
            is_current=session.id == current_id,
        )


class Sessions(Listing):
    sessions: list[SessionInfo]
