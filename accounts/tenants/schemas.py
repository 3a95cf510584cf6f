"""What goes over the REST API about accounts."""

from typing import Annotated

from pydantic import Field, StringConstraints

from accounts.rest.paging import Listing
from accounts.rest.schemas import Input, Output
from accounts.tenants.models import Account
from accounts.tenants.service import Belonging
from accounts.users.schemas import AccountName, Password

AccountId = Annotated[str, StringConstraints(max_length=64), Field(examples=["acc_7bYq4mHeW2dnZ0aK1c2S"])]
UserId = Annotated[str, StringConstraints(max_length=64), Field(examples=["user_3kZc7YbQ4mHeW2dnZ0aK"])]


class NewAccount(Input):
    name: AccountName


class AccountChange(Input):
    name: AccountName


class AccountInfo(Output):
    account_id: str = Field(examples=["acc_7bYq4mHeW2dnZ0aK1c2S"])
    name: str = Field(examples=["Analytical Engines"])
    plan: str = Field(description="Which limits it has.", examples=["open"])
    time_zone: str = Field(examples=["Europe/Vienna"])
    suspended: bool = Field(examples=[False])
    created_at_epoch_seconds: int = Field(examples=[1767225600])

    @classmethod
    def of(cls, account: Account) -> "AccountInfo":
        return cls(
            account_id=account.id,
            name=account.name,
            plan=account.plan,
            time_zone=account.time_zone,
            suspended=account.suspended,
            created_at_epoch_seconds=account.created_at,
        )


class BelongingInfo(Output):
    account_id: str = Field(examples=["acc_7bYq4mHeW2dnZ0aK1c2S"])
    name: str = Field(examples=["Analytical Engines"])
    role_id: str = Field(description="Yours in it.", examples=["owner"])
    is_current: bool = Field(description="Your log-in works in it.", examples=[True])

    @classmethod
    def of(cls, belonging: Belonging, current_id: str) -> "BelongingInfo":
        return cls(
            account_id=belonging.account.id,
            name=belonging.account.name,
            role_id=belonging.membership.role_id,
            is_current=belonging.account.id == current_id,
        )


class Accounts(Listing):
    accounts: list[BelongingInfo]


class AccountChoice(Input):
    account_id: AccountId


class HandOver(Input):
    user_id: UserId
    password: Password = Field(description="Yours.")


class Deletion(Input):
    name: str = Field(max_length=255, description="The account's, typed once more.", examples=["Analytical Engines"])
    password: Password = Field(description="Yours.")
