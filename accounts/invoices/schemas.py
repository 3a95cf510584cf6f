"""What goes over the REST API about invoices."""

from pydantic import Field

from accounts.billing.money import plain, plain_unit
from accounts.billing.periods import Period, iso
from accounts.billing.statement import Line, Statement
from accounts.invoices.explaining import DRAFT
from accounts.invoices.models import Invoice
from accounts.invoices.service import Draft
from accounts.invoices.wording import description
from accounts.rest.paging import Listing
from accounts.rest.schemas import Output


class PeriodInfo(Output):
    """A month of the account's time zone."""

    label: str = Field(examples=["2028-02"])
    start: str = Field(examples=["2028-01-31T23:00:00Z"])
    end: str
    time_zone: str

    @classmethod
    def of(cls, period: Period) -> "PeriodInfo":
        return cls(label=period.label, start=iso(period.start), end=iso(period.end), time_zone=period.zone)


class LineInfo(Output):
    number: int
    kind: str = Field(description="usage, minimum, correction, adjustment, rounding, credit, tax or carried")
    description: str
    period: PeriodInfo
    amount: str = Field(description="As it counts in the total.")
    exact_amount: str = Field(description="Before it was rounded.")
    quantity: int
    unit_price: str | None
    meter: str | None
    tier: int | None = Field(description="0 for what is included")
    plan: str | None
    part_start: str | None
    part_end: str | None
    usage: str | None = Field(description="Where the usage is that the line is made of.")

    @classmethod
    def of(cls, number: int, line: Line, currency: str, base: str) -> "LineInfo":
        metered = line.kind in ("usage", "minimum", "correction")
        return cls(
            number=number,
            kind=line.kind,
            description=description(line, currency),
            period=PeriodInfo.of(line.period),
            amount=plain(line.amount),
            exact_amount=plain(line.exact),
            quantity=line.quantity,
            unit_price=None if line.unit_price is None else plain_unit(line.unit_price),
            meter=line.meter or None,
            tier=line.tier if metered else None,
            plan=f"{line.plan_id} v{line.plan_version}" if metered else None,
            part_start=iso(line.part_start) if metered else None,
            part_end=iso(line.part_end) if metered else None,
            usage=f"{base}/lines/{number}/usage" if line.kind in ("usage", "correction") else None,
        )


class InvoiceInfo(Output):
    invoice_id: str
    number: str
    kind: str = Field(description="invoice or credit_note")
    voids: str | None = Field(description="The invoice that a credit note makes void.")
    state: str = Field(description="final, paid or void")
    state_since: str
    state_reason: str
    period: PeriodInfo
    currency: str
    subtotal: str
    tax: str
    total: str
    finalized_at: str

    @classmethod
    def of(cls, invoice: Invoice, number: str) -> "InvoiceInfo":
        return cls(
            invoice_id=invoice.id,
            number=number,
            kind=invoice.kind,
            voids=invoice.voids or None,
            state=invoice.state,
            state_since=iso(invoice.state_at),
            state_reason=invoice.state_reason,
            period=PeriodInfo.of(Period(invoice.period_start, invoice.period_end, invoice.zone)),
            currency=invoice.currency,
            subtotal=plain(invoice.subtotal),
            tax=plain(invoice.tax),
            total=plain(invoice.total),
            finalized_at=iso(invoice.finalized_at),
        )


class InvoicePage(Listing):
    invoices: list[InvoiceInfo]


class WholeInvoice(InvoiceInfo):
    lines: list[LineInfo]

    @classmethod
    def whole(cls, invoice: Invoice, statement: Statement, number: str) -> "WholeInvoice":
        base = f"/v1/invoices/{invoice.id}"
        lines = [LineInfo.of(n, line, invoice.currency, base) for n, line in enumerate(statement.lines, 1)]
        return cls(**InvoiceInfo.of(invoice, number).model_dump(), lines=lines)


class DraftStatement(Output):
    currency: str
    subtotal: str
    tax: str
    total: str
    lines: list[LineInfo]


class DraftInfo(Output):
    """The month that runs, as if it were over now."""

    period: PeriodInfo
    as_of: str
    drafts: list[DraftStatement] = Field(description="One for each currency in which something is charged.")

    @classmethod
    def of(cls, draft: Draft) -> "DraftInfo":
        drafts = [_draft(each.statement) for each in draft.reckoned]
        return cls(period=PeriodInfo.of(draft.period), as_of=iso(draft.now), drafts=drafts)


def _draft(statement: Statement) -> DraftStatement:
    base = f"/v1/invoices/{DRAFT}{statement.currency}"
    lines = [LineInfo.of(n, line, statement.currency, base) for n, line in enumerate(statement.lines, 1)]
    return DraftStatement(
        currency=statement.currency,
        subtotal=plain(statement.subtotal),
        tax=plain(statement.tax),
        total=plain(statement.total),
        lines=lines,
    )


class UsagePiece(Output):
    start: str
    units: int
    detail: str = Field(description="Where to look closer.")


class UsageBatchInfo(Output):
    batch_id: str
    router: str
    boot: str
    number: int
    sha256: str = Field(description="Of the batch as its router wrote it; the batch that follows it says the same.")
    received_at: str
    units: int = Field(description="Of the line's meter, and of this account.")


class LineUsage(Output):
    """What a line is made of. The tiers of a meter share its hours."""

    meter: str
    part_start: str
    part_end: str
    units: int = Field(description="Of all pieces here.")
    pieces: list[UsagePiece]
    batches: list[UsageBatchInfo] = Field(description="Of one minute, where one was asked for.")
