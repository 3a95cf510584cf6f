"""Stripe is told each unit once, whatever is answered, lost or late; a stand-in checks what is sent."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count

import pytest
import pytest_asyncio

from accounts.audit import SYSTEM
from accounts.payments import service
from accounts.payments.provider import MeterEvent
from accounts.payments.service import HOUR, Payments
from accounts.payments.stripe import Stripe
from accounts.pricing import repository as pricing_rows
from api.errors import InvalidArgument, NotFound, Unavailable
from api.usage import DELIVERY, PUBLISH, Line
from tests.integration.accounts.billing.books import Books, plan
from tests.integration.accounts.billing.stripe_stand_in import KEY, StripeStandIn, stripe_stand_in
from tests.integration.accounts.installation import Installation
from tests.unit.clock import Clock

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning"),  # the library's call of httpx
]

NUMBERS = count(1)


@dataclass
class Paying:
    """A customer of Stripe, and hours that are over."""

    books: Books
    payments: Payments
    stripe: StripeStandIn
    customer: str
    hour: int

    async def use(self, publish: int, delivery: int = 0, hours_ago: int = 0, minute: int = 5) -> None:
        """Have usage of a minute of an hour become known."""
        minute += (self.hour - hours_ago * HOUR) // 60
        lines = [
            Line(self.books.account, "cache_1", meter, "", units, units, units)
            for meter, units in ((PUBLISH, publish), (DELIVERY, delivery))
            if units
        ]
        async with self.books.here.accounts.database.transaction() as session:
            await self.books.here.accounts.usage.record(session, [(minute, "router-1", line) for line in lines])

    def told(self, meter: str = "publish_operations") -> int:
        return self.stripe.sums[self.customer, f"tidings_{meter}"]


@pytest_asyncio.fixture(loop_scope="module")
async def paying(here: Installation, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Paying]:
    account = await here.tenant(f"payer{next(NUMBERS)}")
    books, finance = Books(here, account.id), here.accounts.finance
    await books.has(plan(publish_operations="0.01", delivery_operations="0.01"))
    now = int(time.time()) // HOUR * HOUR + 1800
    async with stripe_stand_in() as stripe:
        provider = Stripe(KEY, stripe.url)
        payments = Payments(here.accounts.database, finance.clocks, finance.pricing, here.accounts.usage, provider)
        monkeypatch.setattr(finance.clocks, "_now", lambda: now - 5 * HOUR)
        customer = f"cus_{next(NUMBERS)}"
        await payments.link(account.id, SYSTEM, customer)
        monkeypatch.setattr(finance.clocks, "_now", lambda: now)
        yield Paying(books, payments, stripe, customer, now - 1800 - HOUR)
        with suppress(NotFound):
            await payments.unlink(account.id, SYSTEM)
        await provider.close()
        assert stripe.wrong == []


async def test_hours_that_are_over_are_told_once(paying: Paying) -> None:
    await paying.use(100, delivery=7)
    await paying.use(20, hours_ago=2)
    await paying.use(5, hours_ago=-1)
    for _ in range(2):
        await paying.payments.report_due()
        assert (paying.told(), paying.told("delivery_operations"), paying.stripe.requests) == (120, 7, 3)
    hours = {int(form["timestamp"]) for form in paying.stripe.seen.values()}
    assert hours == {paying.hour, paying.hour - 2 * HOUR}


async def test_who_pays_gets_no_test_clock(paying: Paying) -> None:
    with pytest.raises(InvalidArgument, match="pays by real time"):
        await paying.books.finance.test_clocks.turn(paying.books.account, SYSTEM, paying.hour)


async def test_what_was_used_while_it_cost_nothing_is_not_told(paying: Paying, monkeypatch: pytest.MonkeyPatch) -> None:
    clocks, account = paying.books.finance.clocks, paying.books.account
    clock = Clock(paying.hour - 2 * HOUR + 1800)
    monkeypatch.setattr(clocks, "_now", clock)
    async with paying.books.here.accounts.database.transaction() as session:
        await pricing_rows.assign(session, account, int(clock()) - HOUR, "free", 1, int(clock()))
    await paying.books.finance.pricing.assign(account, SYSTEM, "pay-per-use", None, "now", any_plan=True)
    clock.advance(4 * HOUR)
    await paying.use(100)
    await paying.use(1000, hours_ago=2)  # in the first minutes of the hour in whose middle the plan began
    await paying.use(20, hours_ago=2, minute=45)
    await paying.use(10_000, hours_ago=3)
    await paying.payments.report_due()
    assert (paying.told(), len(paying.stripe.seen)) == (120, 2)


async def test_what_is_late_is_told_as_another_event(paying: Paying) -> None:
    await paying.use(100)
    await paying.payments.report_due()
    await paying.use(11)
    await paying.payments.report_due()
    assert (paying.told(), len(paying.stripe.seen)) == (111, 2)


@pytest.mark.parametrize(
    "answers", [[(500, True)], [(500, False)], [(429, False), (200, True)], [(503, True), (500, True)]]
)
async def test_an_event_that_failed_is_sent_again_and_counts_once(
    paying: Paying, answers: list[tuple[int, bool]]
) -> None:
    paying.stripe.answers = list(answers)
    await paying.use(100)
    await paying.payments.report_due()
    await paying.use(9)
    for _ in range(4):
        await paying.payments.report_due()
    assert paying.told() == 109


async def test_a_service_that_dies_between_sending_and_writing_tells_nothing_twice(
    paying: Paying, monkeypatch: pytest.MonkeyPatch
) -> None:
    await paying.use(100)

    async def dies(*_: object) -> None:
        raise RuntimeError("dies")

    with monkeypatch.context() as patch:
        patch.setattr(paying.payments, "_told", dies)
        with pytest.raises(RuntimeError):
            await paying.payments.report_due()
    await paying.use(9)
    for _ in range(2):
        await paying.payments.report_due()
    assert paying.told() == 109


async def test_two_services_tell_nothing_twice(paying: Paying) -> None:
    await paying.use(100, delivery=3)
    await asyncio.gather(*(paying.payments.report_due() for _ in range(4)))
    await paying.payments.report_due()
    assert (paying.told(), paying.told("delivery_operations")) == (100, 3)


async def test_a_service_that_hears_late_what_became_of_an_event_takes_no_later_one_for_it(
    paying: Paying, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = paying.payments.provider
    assert provider is not None
    report = provider.report

    async def is_heard_late(event: MeterEvent) -> None:
        await report(event)
        monkeypatch.setattr(provider, "report", report)
        await paying.payments.report_due()  # another service sends the same, and hears at once
        await paying.use(9)
        paying.stripe.answers = [(503, False)]
        await paying.payments.report_due()  # it has written down the next event, which does not get there

    monkeypatch.setattr(provider, "report", is_heard_late)
    await paying.use(100)
    for _ in range(2):
        await paying.payments.report_due()
    assert paying.told() == 109


async def test_a_refusal_is_noted_and_mended_by_another_customer(paying: Paying) -> None:
    paying.stripe.answers = [(400, False)]
    await paying.use(100)
    await paying.payments.report_due()
    assert paying.told() == 0
    await paying.payments.report_due()
    assert paying.told() == 100


async def test_the_rest_is_told_before_an_account_is_deleted(paying: Paying, monkeypatch: pytest.MonkeyPatch) -> None:
    administration = paying.books.here.accounts.operation.accounts
    monkeypatch.setattr(administration, "_payments", paying.payments)
    await paying.use(100)
    await paying.use(5, hours_ago=-1)
    paying.stripe.answers = [(503, True)]
    with pytest.raises(Unavailable, match="payment provider cannot be told"):
        await administration.delete(paying.books.account, SYSTEM)
    await paying.use(11)
    await administration.delete(paying.books.account, SYSTEM)
    assert paying.told() == 116
    with pytest.raises(NotFound):
        await paying.payments.read(paying.books.account)


async def test_who_deletes_an_account_waits_for_some_seconds_and_goes_on_where_it_ended(
    paying: Paying, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider, told = paying.payments.provider, list[int]()
    assert provider is not None
    report = provider.report

    async def is_slow(event: MeterEvent) -> None:
        if told:
            await asyncio.sleep(60)
        await report(event)
        told.append(event.units)

    for hours in (1, 2, 3):
        await paying.use(10 * hours, hours_ago=hours)
    monkeypatch.setattr(provider, "report", is_slow)
    monkeypatch.setattr(service, "REST_SECONDS", 0.5)
    with pytest.raises(Unavailable, match="goes on where it ended"):
        await paying.payments.tell_rest(paying.books.account)
    assert len(told) == 1
    monkeypatch.setattr(provider, "report", report)
    monkeypatch.setattr(service, "REST_SECONDS", 10)
    await paying.payments.tell_rest(paying.books.account)
    assert paying.told() == 60
    assert paying.stripe.requests == 3


async def test_without_a_provider_nobody_is_told(here: Installation) -> None:
    finance = here.accounts.finance
    assert await finance.payments.report_due() == "no payment provider is set up"
    with pytest.raises(InvalidArgument, match="TIDINGS_STRIPE_API_KEY"):
        await finance.payments.link("acc", SYSTEM, "cus_1")
