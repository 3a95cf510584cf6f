"""What goes over the REST API about accounts, for operators of the installation."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, StringConstraints

from accounts.administration.service import Described
from accounts.limits.schemas import Amount
from accounts.rest.paging import Listing
from accounts.rest.schemas import PRINTABLE, Input, Output
from accounts.tenants.models import Account
from accounts.usage.of_all import AccountUse, Found
from accounts.usage.repository import Counts

Reason = Annotated[
    str, StringConstraints(min_length=1, max_length=255, pattern=PRINTABLE), Field(examples=["unpaid invoices"])
]


class AccountInfo(Output):
    account_id: str
    name: str
    limits_plan: str = Field(description="Whose limits it has.", examples=["open"])
    suspended: bool
    suspension_reason: str
    suspended_at_epoch_seconds: int | None
    time_zone: str
    created_at_epoch_seconds: int

    @classmethod
    def of(cls, account: Account) -> "AccountInfo":
        return cls(
            account_id=account.id,
            name=account.name,
            limits_plan=account.plan,
            suspended=account.suspended,
            suspension_reason=account.suspension_reason,
            suspended_at_epoch_seconds=account.suspended_at,
            time_zone=account.time_zone,
            created_at_epoch_seconds=account.created_at,
        )


class AccountMember(Output):
    user_id: str
    email: str
    role_id: str


class MeterUse(Output):
    meter: str = Field(examples=["publish"])
    messages: int
    bytes: int
    operations: int
    seconds: int
    peak: int


def _by_meter(usage: Mapping[str, Counts]) -> list[MeterUse]:
    return [MeterUse(meter=meter, **counts._asdict()) for meter, counts in sorted(usage.items())]


class AccountUsage(Output):
    account_id: str
    name: str | None = Field(description="null for an account that was deleted.")
    usage: list[MeterUse]

    @classmethod
    def of(cls, use: AccountUse) -> "AccountUsage":
        return cls(account_id=use.account_id, name=use.name, usage=_by_meter(use.usage))


class UsageOfAccounts(Listing):
    """What accounts have used from `start` to before `end`; those that used nothing then are left out."""

    start: str = Field(examples=["2026-03-01T00:00:00+00:00"])
    end: str
    accounts: list[AccountUsage]

    @classmethod
    def of(cls, found: Found) -> "UsageOfAccounts":
        return cls(
            start=found.start.isoformat(),
            end=found.end.isoformat(),
            accounts=list(map(AccountUsage.of, found.page.items)),
            next_token=found.page.next_token,
        )


class AccountDetail(Output):
    account: AccountInfo
    members: list[AccountMember]
    caches: int
    api_keys: int
    usage_this_month: list[MeterUse]

    @classmethod
    def of(cls, described: Described) -> "AccountDetail":
        return cls(
            account=AccountInfo.of(described.account),
            members=[AccountMember(**member._asdict()) for member in described.members],
            caches=described.caches,
            api_keys=described.api_keys,
            usage_this_month=_by_meter(described.usage),
        )


class AccountList(Listing):
    accounts: list[AccountInfo]


class Suspension(Input):
    reason: Reason


class AccountChange(Input):
    limits_plan: Annotated[str, StringConstraints(max_length=64), Field(examples=["contract"])]


class LimitOverride(Input):
    """What is left out stays as it is; null is what the plan gives."""

    value: Amount | None = Field(None, description="What is in force, up to the hard limit.", examples=[500])
    hard: Amount | None = Field(None, description="What the account's owner may raise it to.", examples=[5000])


class LimitsOverride(Input):
    publishes_per_second: LimitOverride | None = None
    publish_bytes_per_second: LimitOverride | None = None
    subscriptions: LimitOverride | None = None
    message_bytes: LimitOverride | None = None
    caches: LimitOverride | None = None
    api_keys: LimitOverride | None = None

    def wanted(self) -> dict[str, dict[str, int | None]]:
        """Return what is to be changed, by limit."""
        given = self.model_dump(exclude_unset=True)
        return {name: values for name, values in given.items() if values}
