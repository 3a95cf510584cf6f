"""What goes over the REST API about budgets."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from accounts.billing.money import plain, rounded
from accounts.billing.periods import iso
from accounts.budgets.models import Budget
from accounts.budgets.service import BudgetFields
from accounts.rest.money import Amount, decimal
from accounts.rest.schemas import PRINTABLE, Input, Output
from api.errors import InvalidArgument
from api.usage import BY_KEY, BY_TOKEN

Mode = Literal["warn", "throttle", "stop_publishing", "stop"]
Percent = Annotated[int, Field(strict=True, ge=1, le=1000)]
Who = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=PRINTABLE)]


class NewBudget(Input):
    name: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=PRINTABLE), Field(examples=["chat"])]
    amount: Amount = Field(description="For each month, in the currency of the account's plan.")
    mode: Mode = Field(
        default="warn",
        description="From 100 % on: `throttle` lets `publishes_per_second` through, `stop_publishing` refuses"
        " publishes, `stop` refuses subscriptions as well and ends those that are open.",
    )
    cache: Annotated[str, StringConstraints(max_length=255)] | None = Field(default=None, description="null for all")
    api_key: Who | None = Field(default=None, description="What is spent with one API key, by its id.")
    token_id: Who | None = Field(default=None, description="What is spent with tokens of this `token_id`.")
    publishes_per_second: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] = 1
    alerts: Annotated[list[Percent], Field(max_length=10)] = Field(default=[50, 80, 100], description="Percentages.")

    def fields(self) -> BudgetFields:
        if self.api_key is not None and self.token_id is not None:
            raise InvalidArgument("a budget is for an api_key or for a token_id, not for both")
        principal = BY_KEY + self.api_key if self.api_key is not None else None
        if self.token_id is not None:
            principal = BY_TOKEN + self.token_id
        return BudgetFields(
            self.name,
            decimal(self.amount),
            self.mode,
            self.cache,
            principal,
            self.publishes_per_second,
            self.alerts,
        )


class BudgetChange(Input):
    amount: Amount | None = None
    mode: Mode | None = None


class BudgetInfo(Output):
    incidental = frozenset({"spent", "is_counted", "alerted", "in_force", "period_start"})

    budget_id: str
    name: str
    amount: str
    currency: str
    mode: str
    cache_id: str | None
    api_key: str | None
    token_id: str | None
    publishes_per_second: int
    alerts: list[int]
    spent: str = Field(
        description="In the month that runs, at the prices of the plan, before minimum, credits and tax."
    )
    is_counted: bool = Field(
        description="False where the account is charged in another currency, so that the budget holds nothing back."
    )
    alerted: int = Field(description="The highest percentage that was told in this month.")
    in_force: bool = Field(description="What its mode says holds at present.")
    period_start: str

    @classmethod
    def of(cls, row: Budget) -> "BudgetInfo":
        principal = row.principal or ""
        return cls(
            budget_id=row.id,
            name=row.name,
            amount=plain(row.amount),
            currency=row.currency,
            mode=row.mode,
            cache_id=row.cache_id,
            api_key=principal.removeprefix(BY_KEY) if principal.startswith(BY_KEY) else None,
            token_id=principal.removeprefix(BY_TOKEN) if principal.startswith(BY_TOKEN) else None,
            publishes_per_second=row.publishes_per_second,
            alerts=[int(percent) for percent in row.alerts.split(",") if percent],
            spent=plain(rounded(row.spent, row.currency)),
            is_counted=row.is_counted,
            alerted=row.alerted,
            in_force=row.in_force,
            period_start=iso(row.period_start),
        )


class BudgetList(Output):
    budgets: list[BudgetInfo]
