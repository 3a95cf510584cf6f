"""What goes over the REST API about estimates and forecasts."""

from typing import Annotated

from pydantic import Field

from accounts.billing.money import plain, plain_unit
from accounts.billing.periods import iso
from accounts.estimates.service import Asked, Estimate
from accounts.invoices.forecasting import Forecast
from accounts.invoices.schemas import PeriodInfo
from accounts.rest.schemas import Input, Output
from api.account import LARGEST_MESSAGE_BYTES


class EstimateRequest(Input):
    bytes: Annotated[int, Field(strict=True, ge=0, le=LARGEST_MESSAGE_BYTES, examples=[4096])]
    cache: Annotated[str, Field(max_length=1024, examples=["chat"])]
    topic: Annotated[str, Field(max_length=1024, examples=["lobby"])]
    messages: Annotated[int, Field(strict=True, ge=1, le=10**12)] = 1
    subscribers: Annotated[int, Field(strict=True, ge=0, le=10**9)] | None = Field(
        default=None, description="null for as many as the topic has at this moment"
    )

    def asked(self) -> Asked:
        return Asked(self.bytes, self.cache, self.topic, self.messages, self.subscribers)


class EstimateInfo(Output):
    subscribers: int
    subscribers_exact: bool = Field(description="Every router has answered, or the request said how many there are.")
    chunks: int = Field(description="Operations of one message, published or delivered once.")
    publish_operations: int
    delivery_operations: int
    operations: int
    amount: str = Field(description="What they add to the month's bill, exact and not rounded.")
    currency: str

    @classmethod
    def of(cls, estimate: Estimate) -> "EstimateInfo":
        return cls(
            subscribers=estimate.subscribers,
            subscribers_exact=estimate.heard is None or estimate.heard.is_complete,
            chunks=estimate.chunks,
            publish_operations=estimate.publish_operations,
            delivery_operations=estimate.delivery_operations,
            operations=estimate.publish_operations + estimate.delivery_operations,
            amount=plain_unit(estimate.amount),
            currency=estimate.currency,
        )


class MeterForecast(Output):
    used: int
    expected: int


class ForecastInfo(Output):
    period: PeriodInfo
    as_of: str
    currency: str
    spent: str
    expected: str = Field(description="At the month's end, before adjustments, credits and tax.")
    meters: dict[str, MeterForecast]
    pace_of_seconds: int = Field(description="The pace of so long a time was taken.")

    @classmethod
    def of(cls, forecast: Forecast) -> "ForecastInfo":
        meters = {
            meter: MeterForecast(used=used, expected=expected) for meter, (used, expected) in forecast.units.items()
        }
        return cls(
            period=PeriodInfo.of(forecast.period),
            as_of=iso(forecast.now),
            currency=forecast.currency,
            spent=plain(forecast.spent),
            expected=plain(forecast.expected),
            meters=meters,
            pace_of_seconds=forecast.window_seconds,
        )
