"""Turning a test clock: the months that it passes are closed before the answer."""

import time
from collections.abc import Collection, Sequence

from accounts.audit import Actor
from accounts.clocks import repository
from accounts.clocks.service import Clocks
from accounts.database import Database
from accounts.invoices.closing import Closing
from accounts.invoices.models import Invoice
from accounts.jobs import repository as jobs
from accounts.payments import repository as payments
from accounts.pricing import repository as pricing_rows
from accounts.pricing.service import Pricing
from api.errors import InvalidArgument


class TestClocks:
    """The test clocks of accounts."""

    __test__ = False

    def __init__(
        self, database: Database, clocks: Clocks, pricing: Pricing, closing: Closing, hastened: Collection[str] = ()
    ) -> None:
        """`hastened` are the jobs that have something to do when a clock was turned."""
        self._database = database
        self._clocks = clocks
        self._pricing = pricing
        self._closing = closing
        self._hastened = hastened

    async def read(self, account_id: str) -> int | None:
        """Return where an account's test clock stands, in epoch seconds; None where it has none."""
        async with self._database.reading() as session:
            clock = await repository.get(session, account_id)
        return None if clock is None else clock.now

    async def turn(self, account_id: str, actor: Actor, now: int) -> Sequence[Invoice]:
        """Give an account a test clock that stands at `now`, or turn it to there; return the invoices of months passed.

        From the first time on the account's usage is counted where its clock stands, and its first month is the one of
        that time.

        Raises:
            NotFound: there is no such account.
            InvalidArgument: the clock would go back, too far forward, or the account was billed or pays without one.
        """
        async with self._database.transaction() as session:
            customer = await self._pricing.customer_alone(session, account_id)
            is_new = await repository.get(session, account_id) is None
            if is_new and await payments.customer(session, account_id) is not None:
                raise InvalidArgument("the account is a customer of a payment provider, and pays by real time")
            if is_new and await pricing_rows.last_closed(session, account_id) is not None:
                raise InvalidArgument("the account has lived through a month without a test clock; make another one")
            await self._clocks.turn(session, actor, account_id, now)
            if is_new:
                await self._pricing.begin(session, customer, now)
        made = await self._closing.close(account_id)
        async with self._database.transaction() as session:
            for job in self._hastened:
                await jobs.hasten(session, job, int(time.time()))
        return made
