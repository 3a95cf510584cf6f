"""Adds an invoice up again from the batches of routers, and names what its lines charge differently.

An invoice charges what was known when it was made. So batches that came later are told apart: what they add is on a
later invoice, as a correction.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from accounts.batches.chain import Finding
from accounts.batches.repository import BATCHES
from accounts.batches.said import Said, said
from accounts.billing.meters import METERS
from accounts.billing.periods import Period, iso
from accounts.billing.rating import ChargeKey, Charges, Part, difference, rate_all
from accounts.billing.settings import BillingSettings
from accounts.billing.statement import Statement
from accounts.clocks.service import Clocks
from accounts.database import Database, Transaction
from accounts.invoices import arithmetic, repository
from accounts.invoices.models import Invoice
from accounts.invoices.reckoning import Reckoning
from accounts.invoices.records import REAL, TEST
from accounts.invoices.service import CREDIT_NOTE, Invoices
from accounts.pricing.service import Customer, Pricing
from accounts.usage import repository as usage
from accounts.usage.service import Usage
from api.errors import InvalidArgument, NotFound
from api.usage import batch_id

NUMBER = re.compile(r"(.*?)(\d{1,18})")

Units = Counter[tuple[str, str]]
"""By cache id and billable meter."""


@dataclass(slots=True)
class Proof:
    """What came of it.

    Attributes:
        invoice: Its number as people see it.
        batches: How many batches say something of the account in its time.
        late: How many of them came after the invoice was made.
        findings: What is wrong; empty where everything is right.
    """

    invoice: str
    total: str
    batches: int = 0
    late: int = 0
    findings: list[Finding] = field(default_factory=list[Finding])


class Proofs:
    """Proves invoices. It reads only, and a service may count meanwhile."""

    def __init__(self, database: Database, settings: BillingSettings) -> None:
        clocks = Clocks()
        self._database = database
        self._pricing = Pricing(database, clocks, settings)
        self._reckoning = Reckoning(self._pricing, Usage())
        self._invoices = Invoices(database, clocks, self._pricing, self._reckoning, settings)

    async def prove(self, name: str) -> Proof:
        """Add up the invoice of this number or id.

        Raises:
            NotFound: there is no such invoice, or its account was deleted by a version that kept no plans of such.
            InvalidArgument: it is a credit note, which repeats an invoice.
        """
        invoice, statement = await self._find(name)
        if invoice.kind == CREDIT_NOTE:
            raise InvalidArgument(f"'{name}' is a credit note; verify the invoice that it makes void")
        shown = self._invoices.shown_number(invoice)
        proof = Proof(shown, f"{invoice.total} {invoice.currency}")
        proof.findings += arithmetic.differences(shown, statement)
        own = Period(invoice.period_start, invoice.period_end, invoice.zone)
        for period in dict.fromkeys([own, *(line.period for line in statement.lines)]):
            await self._period(proof, invoice, period)
        return proof

    async def _find(self, name: str) -> tuple[Invoice, Statement]:
        async with self._database.reading() as session:
            invoice = await repository.get(session, None, name)
            parts = NUMBER.fullmatch(name)
            if invoice is None and parts:
                series = TEST if parts[1].upper() == "TEST-" else REAL
                invoice = await repository.by_number(session, series, int(parts[2]))
        if invoice is None:
            raise NotFound(f"invoice '{name}' does not exist; name its number or its id")
        return await self._invoices.read(None, invoice.id)

    async def _period(self, proof: Proof, invoice: Invoice, period: Period) -> None:
        async with self._database.reading() as session:
            customer = await self._customer(session, invoice)
            parts = await self._reckoning.parts(session, customer, period)
            charged = await repository.billed(session, invoice.account_id, period.start, invoice)
            gone = (await usage.pruned(session)).get(BATCHES, 0)
        where = f"{proof.invoice}, {period.label}"
        if period.start // 60 < gone:
            kept = iso(gone * 60)
            proof.findings.append(Finding("missing", where, f"batches from before {kept} were deleted for their age"))
            return
        used = [(part, await self._counted(proof, invoice, part)) for part in parts]
        proof.findings += _told(where, charged, rate_all(used))

    async def _customer(self, session: Transaction, invoice: Invoice) -> Customer:
        try:
            return await self._pricing.customer(session, invoice.account_id)
        except NotFound:
            return await self._pricing.former_customer(session, invoice.account_id, invoice.zone)

    async def _counted(self, proof: Proof, invoice: Invoice, part: Part) -> Units:
        units: Units = Counter()
        async for each in said(self._database, invoice.account_id, part.start // 60, part.end // 60):
            if not each.is_whole:
                where = batch_id(each.router, each.boot, each.number)
                proof.findings.append(Finding("altered", where, "its bytes are not those that were received"))
            if each.lines:
                proof.batches += 1
                if each.received_at > invoice.written_at:
                    proof.late += 1
                else:
                    units.update(_units(each))
        return units


def _units(each: Said) -> Units:
    units: Units = Counter()
    for line in each.lines:
        for name, meter in METERS.items():
            if meter.usage == line.meter:
                units[line.cache, name] += int(getattr(line, meter.measure))
    return units


def _told(where: str, charged: Charges, expected: Charges) -> Iterator[Finding]:
    for key in sorted(difference(charged, expected), key=_order):
        price = f"{key.unit_price:f}"
        named = f"{where}, {key.meter} at {price} each, cache {key.cache_id or '-'}"
        yield Finding("different", named, f"{charged.get(key, 0)} units are charged and not {expected.get(key, 0)}")


def _order(key: ChargeKey) -> tuple[int, str, int, str]:
    return key.part_start, key.meter, key.tier, key.cache_id
