"""What goes over the REST API about members."""

from typing import Literal

from pydantic import Field

from accounts.memberships.service import Colleague
from accounts.rest.paging import Listing
from accounts.rest.schemas import Input, Output

MemberRole = Literal["owner", "operator", "viewer"]


class MemberInfo(Output):
    user_id: str = Field(examples=["user_3kZc7YbQ4mHeW2dnZ0aK"])
    email: str = Field(examples=["ada@example.com"])
    role_id: str = Field(examples=["operator"])
    joined_at_epoch_seconds: int = Field(description="0 where nobody noted it.", examples=[1767225600])

    @classmethod
    def of(cls, colleague: Colleague) -> "MemberInfo":
        return cls(
            user_id=colleague.membership.user_id,
            email=colleague.email,
            role_id=colleague.membership.role_id,
            joined_at_epoch_seconds=colleague.membership.joined_at,
        )


class Members(Listing):
    members: list[MemberInfo]


class MemberChange(Input):
    role_id: MemberRole
