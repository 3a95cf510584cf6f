"""REST: invoices."""

import asyncio
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Response

from accounts.invoices import html
from accounts.invoices.document import Document, document
from accounts.invoices.explaining import Explanations
from accounts.invoices.lines import of_minute, pieces
from accounts.invoices.schemas import DraftInfo, InvoiceInfo, InvoicePage, LineUsage, WholeInvoice
from accounts.invoices.service import Invoices
from accounts.rest.descriptions import file
from accounts.rest.etags import Tagging
from accounts.rest.guards import AnyMember
from accounts.rest.late_route import LateRoute
from accounts.rest.paging import Paging

Epoch = Annotated[int | None, Query(ge=0, lt=2**34, description="Epoch seconds.")]


def routes(invoices: Invoices, explanations: Explanations) -> APIRouter:
    """Return the endpoints for invoices."""
    router = APIRouter(prefix="/v1/invoices", tags=["billing"], route_class=LateRoute)
    drawing = asyncio.Lock()  # the library that draws has one table of fonts for all threads

    @router.get("")
    async def list_invoices(member: AnyMember, paging: Paging) -> InvoicePage:
        """List invoices and credit notes, the newest first."""
        page = await invoices.page(member.account_id, paging)
        listed = [InvoiceInfo.of(row, invoices.shown_number(row)) for row in page.items]
        return InvoicePage(invoices=listed, next_token=page.next_token)

    @router.get("/draft")
    async def draft(member: AnyMember) -> DraftInfo:
        """Show what the month that runs would be invoiced as, were it over now."""
        return DraftInfo.of(await invoices.draft(member.account_id))

    @router.get("/invoice.css", include_in_schema=False)
    async def style() -> Response:
        return Response(html.style(), media_type="text/css", headers={"cache-control": "public, max-age=3600"})

    @router.get("/{invoice_id}")
    async def read(invoice_id: str, member: AnyMember, tag: Tagging) -> WholeInvoice:
        """Show an invoice with its lines."""
        invoice, statement = await invoices.read(member.account_id, invoice_id)
        return tag(WholeInvoice.whole(invoice, statement, invoices.shown_number(invoice)))

    @router.get("/{invoice_id}/html", response_class=Response, responses=file("text/html"))
    async def as_page(invoice_id: str, member: AnyMember) -> Response:
        """Show an invoice as a page that prints well."""
        headers = {"content-security-policy": html.POLICY, "x-content-type-options": "nosniff"}
        page = html.page(await _document(invoices, member.account_id, invoice_id))
        return Response(page, media_type="text/html", headers=headers)

    @router.get("/{invoice_id}/pdf", response_class=Response, responses=file("application/pdf"))
    async def as_pdf(invoice_id: str, member: AnyMember) -> Response:
        """Give an invoice as a PDF."""
        page = await _document(invoices, member.account_id, invoice_id)
        headers = {"content-disposition": f'attachment; filename="{page.number}.pdf"'}
        async with drawing:
            drawn = await asyncio.to_thread(_drawn, page, invoices.settings.invoice_font)
        return Response(drawn, media_type="application/pdf", headers=headers)

    @router.get("/{invoice_id}/lines/{number}/usage")
    async def usage(
        invoice_id: str, number: int, member: AnyMember, hour: Epoch = None, minute: Epoch = None
    ) -> LineUsage:
        """Show what a line is made of: its hours, the minutes of one of them, or the batches of one minute."""
        line, meter = await explanations.line(member.account_id, invoice_id, number)
        here = f"/v1/invoices/{invoice_id}/lines/{number}/usage"
        if minute is not None:
            return of_minute(line, await explanations.sources(member.account_id, meter, minute // 60))
        if hour is not None:
            return pieces(line, here, "minute", await explanations.minutes(member.account_id, line, meter, hour))
        return pieces(line, here, "hour", await explanations.hours(member.account_id, line, meter))

    return router


async def _document(invoices: Invoices, account_id: str, invoice_id: str) -> Document:
    invoice, statement = await invoices.read(account_id, invoice_id)
    return document(invoice, statement, invoices.shown_number(invoice), invoices.settings.seller)


def _drawn(page: Document, font: Path | None) -> bytes:
    """Return an invoice as a PDF; for a thread, since 40 lines take 60 ms, and loading the library 120."""
    from accounts.invoices.pdf import pdf  # noqa: PLC0415  its library is slow to import, and a service starts often

    return pdf(page, font)
