"""An account with a test clock and usage that a test puts there, as routers would."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import count
from zoneinfo import ZoneInfo

from accounts.audit import SYSTEM
from accounts.billing.plan import Plan, Price, Tier
from accounts.billing.statement import Statement
from accounts.finance import Finance
from accounts.identifiers import new_id
from accounts.invoices.models import Invoice
from accounts.pricing.service import When
from accounts.tenants import repository as tenants
from accounts.tenants.plans import OPEN
from api.usage import DELIVERY, PUBLISH, Line
from tests.integration.accounts.counted import Boot
from tests.integration.accounts.installation import Installation

_numbers = count(1)


def at(text: str, zone: str = "UTC") -> int:
    """Return the instant of a local time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


def plan(currency: str = "USD", minimum: str = "0", **prices: str) -> Plan:
    """Return a plan, of an id that no other has, with one price a unit of each meter."""
    made = {meter: Price(meter, (Tier(None, Decimal(price)),)) for meter, price in prices.items()}
    return Plan(f"plan-{next(_numbers)}", 0, "Metered", currency, made, Decimal(minimum))


@dataclass
class Books:
    """What is known of one account's money."""

    here: Installation
    account: str
    boot: Boot = field(default_factory=lambda: Boot("router-1", f"boot-{next(_numbers)}"))

    @property
    def finance(self) -> Finance:
        return self.here.accounts.finance

    @classmethod
    async def open(cls, here: Installation, start: str, zone: str = "UTC") -> "Books":
        """Return the books of a new account whose clock stands at this local time."""
        books = cls(here, new_id("acc"))
        async with here.accounts.database.transaction() as session:
            await tenants.add(session, books.account, "Ada", OPEN)
        await books.turn(at(start, zone))
        if zone != "UTC":
            await books.set_zone(zone)
        return books

    async def set_zone(self, zone: str) -> None:
        async with self.here.accounts.database.transaction() as session:
            await tenants.set_time_zone(session, self.account, zone)

    async def turn(self, now: int) -> list[Invoice]:
        """Turn the clock, and return the invoices of the months that are over."""
        return list(await self.finance.test_clocks.turn(self.account, SYSTEM, now))

    async def has(self, plan: Plan, when: When = "now", *, by_operator: bool = False) -> None:
        """Have the account choose a plan, or an operator give it one."""
        made = await self.finance.pricing.make(SYSTEM, plan, public=True)
        await self.finance.pricing.assign(self.account, SYSTEM, made.id, made.version, when, any_plan=by_operator)

    async def use(self, publish: int = 0, delivery: int = 0, cache: str = "cache_1", principal: str = "") -> None:
        """Have a router count so many operations now."""
        lines = [
            Line(self.account, cache, meter, principal, units, units * 100, units)
            for meter, units in ((PUBLISH, publish), (DELIVERY, delivery))
            if units
        ]
        minute = int(datetime.now(ZoneInfo("UTC")).timestamp()) // 60
        await self.here.accounts.ledger.batches.apply([self.boot.seal(minute, lines)])

    async def late(self, when: str, publish: int, cache: str = "cache_1") -> None:
        """Have usage of an earlier time become known."""
        async with self.here.accounts.database.transaction() as session:
            line = Line(self.account, cache, PUBLISH, "", publish, publish * 100, publish)
            await self.here.accounts.usage.record(session, [(at(when) // 60, "router-1", line)])

    async def draft(self) -> list[str]:
        """Return the lines of the month that runs."""
        draft = await self.finance.invoices.draft(self.account)
        return [text for reckoned in draft.reckoned for text in shown(reckoned.statement)]

    async def lines(self, invoice: Invoice) -> list[str]:
        """Return the lines of an invoice."""
        return shown((await self.finance.invoices.read(self.account, invoice.id))[1])


def shown(statement: Statement) -> list[str]:
    """Return lines in the form 'kind meter quantity amount'."""
    return [f"{line.kind} {line.meter} {line.quantity} {line.amount}".replace("  ", " ") for line in statement.lines]
