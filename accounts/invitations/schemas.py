"""What goes over the REST API about invitations."""

from pydantic import Field

from accounts.invitations.models import Invitation
from accounts.invitations.service import Preview
from accounts.memberships.schemas import MemberRole
from accounts.rest.paging import Listing
from accounts.rest.schemas import Input, Output
from accounts.users.schemas import Email, NewPassword, Token


class NewInvitation(Input):
    email: Email
    role_id: MemberRole


class InvitationInfo(Output):
    invitation_id: str = Field(examples=["invite_Q4mHeW2dnZ0aK3kZc7Yb"])
    email: str = Field(examples=["bob@example.com"])
    role_id: str = Field(examples=["viewer"])
    invited_by: str = Field(examples=["ada@example.com"])
    created_at_epoch_seconds: int = Field(examples=[1767225600])
    expires_at_epoch_seconds: int = Field(examples=[1767830400])

    @classmethod
    def of(cls, invitation: Invitation) -> "InvitationInfo":
        return cls(
            invitation_id=invitation.id,
            email=invitation.email,
            role_id=invitation.role_id,
            invited_by=invitation.invited_by,
            created_at_epoch_seconds=invitation.created_at,
            expires_at_epoch_seconds=invitation.expires_at,
        )


class MadeInvitation(Output):
    token: str | None = Field(
        description="What accepts it, where no mail server is set and you have to pass it on yourself; else null."
    )
    invitation: InvitationInfo


class Invitations(Listing):
    invitations: list[InvitationInfo]


class InvitationPreview(Output):
    account_name: str = Field(examples=["Analytical Engines"])
    email: str = Field(examples=["bob@example.com"])
    role_id: str = Field(examples=["viewer"])
    invited_by: str = Field(examples=["ada@example.com"])
    is_known: bool = Field(description="Somebody with this e-mail can log in, and does so before accepting.")

    @classmethod
    def of(cls, preview: Preview) -> "InvitationPreview":
        return cls(
            account_name=preview.account_name,
            email=preview.invitation.email,
            role_id=preview.invitation.role_id,
            invited_by=preview.invitation.invited_by,
            is_known=preview.is_known,
        )


class Acceptance(Input):
    token: Token
    password: NewPassword | None = Field(
        default=None, description="To log in with from now on, for somebody who cannot log in yet."
    )
