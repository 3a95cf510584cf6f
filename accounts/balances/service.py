"""Credits and manual adjustments: operators grant them, invoices use them up."""

from decimal import Decimal

from accounts import audit
from accounts.audit import Actor
from accounts.balances import repository
from accounts.balances.models import Adjustment, Credit
from accounts.billing.money import checked_currency, payable, plain
from accounts.clocks.service import Clocks
from accounts.database import Database, Transaction
from accounts.identifiers import new_id
from accounts.paging import Page, PageRequest
from accounts.tenants import repository as tenants
from api.errors import InvalidArgument, NotFound


class Balances:
    """What accounts have to their credit, and what is put on their next invoice."""

    def __init__(self, database: Database, clocks: Clocks) -> None:
        self._database = database
        self._clocks = clocks

    async def grant(self, account_id: str, actor: Actor, currency: str, amount: Decimal, reason: str) -> Credit:
        """Give an account a credit. Invoices in its currency use it up before anything is to be paid.

        Raises:
            NotFound: there is no such account.
            InvalidArgument: the amount cannot be paid in this currency, or is not above 0.
        """
        amount = payable(amount, checked_currency(currency))
        if amount <= 0:
            raise InvalidArgument("a credit is above 0; an adjustment may be below")
        async with self._database.transaction() as session:
            now = await self._now(session, account_id)
            row = new_credit(account_id, currency, amount, reason, now)
            repository.add(session, row)
            after = {"amount": plain(amount), "currency": currency, "reason": reason}
            audit.record(session, actor, account_id, "credit.granted", row.id, after=after)
        return row

    async def adjust(self, account_id: str, actor: Actor, currency: str, amount: Decimal, reason: str) -> Adjustment:
        """Put an amount on the account's next invoice in this currency; a negative one is for the customer.

        Raises:
            NotFound: there is no such account.
            InvalidArgument: the amount cannot be paid in this currency, or is 0.
        """
        amount = payable(amount, checked_currency(currency))
        if not amount:
            raise InvalidArgument("an adjustment of 0 changes nothing")
        async with self._database.transaction() as session:
            row = Adjustment(
                id=new_id("adj"),
                account_id=account_id,
                currency=currency,
                amount=amount,
                reason=reason,
                created_at=await self._now(session, account_id),
            )
            repository.add(session, row)
            after = {"amount": plain(amount), "currency": currency, "reason": reason}
            audit.record(session, actor, account_id, "adjustment.made", row.id, after=after)
        return row

    async def credits(self, account_id: str, asked: PageRequest) -> Page[Credit]:
        """Return credits, the oldest first."""
        async with self._database.reading() as session:
            found = await repository.credits_page(session, account_id, asked)
        return asked.page(found, lambda row: (row.created_at, row.id))

    async def adjustments(self, account_id: str, asked: PageRequest) -> Page[Adjustment]:
        """Return adjustments, the oldest first."""
        async with self._database.reading() as session:
            found = await repository.adjustments_page(session, account_id, asked)
        return asked.page(found, lambda row: (row.created_at, row.id))

    async def _now(self, session: Transaction, account_id: str) -> int:
        if await tenants.get(session, account_id) is None:
            raise NotFound(f"account '{account_id}' does not exist")
        return await self._clocks.now(session, account_id)


def new_credit(account_id: str, currency: str, amount: Decimal, reason: str, now: int) -> Credit:
    """Return a credit of which nothing is used."""
    return Credit(
        id=new_id("credit"),
        account_id=account_id,
        currency=currency,
        amount=amount,
        left=amount,
        reason=reason,
        created_at=now,
    )
