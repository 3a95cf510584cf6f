"""What an account has used is invoiced when it is deleted, once, whatever dies meanwhile."""

import asyncio
import json
import time
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from accounts.audit import SYSTEM
from accounts.billing.settings import BillingSettings
from accounts.invoices.proving import Proofs
from accounts.pricing import repository as pricing_rows
from accounts.purges import repository as purges
from api.errors import InvalidArgument, NotFound
from tests.integration.accounts.billing.books import Books, at, plan
from tests.integration.accounts.installation import PASSWORD, Installation
from tests.patience import patient
from tests.unit.api.webhooks.receiver import receiving

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def admin(here: Installation, path: str) -> Any:
    token, _ = await here.accounts.operation.operators.make_token("a script", None)
    async with here.rest(authorization=token) as client:
        answer = await client.get(f"/v1/admin/{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()


async def invoices_of(books: Books) -> list[Any]:
    listed = (await admin(books.here, "invoices?limit=100"))["invoices"]
    return [invoice for invoice in listed if invoice["account_id"] == books.account]


async def delete(books: Books) -> None:
    await books.here.accounts.operation.accounts.delete(books.account, SYSTEM)


async def entries(books: Books, action: str) -> list[str]:
    async with books.here.accounts.database.reading() as session:
        found = text("SELECT after FROM audit_entry WHERE account_id = :id AND action = :action ORDER BY id")
        return [str(row.after) for row in await session.execute(found, {"id": books.account, "action": action})]


async def test_the_month_that_runs_is_invoiced_to_the_minute(here: Installation) -> None:
    books = await Books.open(here, "2028-05-31T00:00:00")
    await books.has(plan(publish_operations="0.01", minimum="3"))
    await books.turn(at("2028-06-16T00:00:00") - 60)
    await books.use(publish=100)
    await delete(books)
    june, may = await invoices_of(books)
    assert (june["state"], Decimal(june["total"]), Decimal(may["total"])) == ("final", Decimal("1.50"), Decimal("0.10"))
    invoice, _ = await books.finance.invoices.read(None, june["invoice_id"])
    assert (invoice.period_start, invoice.period_end) == (at("2028-06-01T00:00:00"), at("2028-06-16T00:00:00"))
    assert await books.lines(invoice) == ["usage publish_operations 100 1.00", "minimum minimum 1 0.50"]
    detail = await admin(here, f"invoices/{june['invoice_id']}")
    assert "1.50" in str(detail)
    assert june["invoice_id"] in (await entries(books, "account.deleted"))[0]


async def test_an_owner_who_deletes_the_account_is_billed_as_well(here: Installation) -> None:
    ada = await here.tenant(f"ada-{time.time_ns()}")
    books = Books(here, ada.id)
    await books.has(plan(publish_operations="1"))
    await books.use(publish=7)
    async with here.rest() as browser:
        assert (await browser.post("/v1/login", json={"email": ada.email, "password": PASSWORD})).status_code == 200
        name = (await browser.get("/v1/account")).json()["name"]
        answer = await browser.request("DELETE", "/v1/account", json={"name": name, "password": PASSWORD})
        assert answer.status_code == 204, answer.text
    (invoice,) = await invoices_of(books)
    assert (Decimal(invoice["total"]), invoice["state"]) == (7, "final")


async def test_a_deletion_that_dies_has_billed_nothing_and_one_that_comes_twice_bills_once(
    here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    books = await Books.open(here, "2028-06-01T00:00:00")
    await books.has(plan(publish_operations="1"))
    await books.use(publish=8)

    async def dies(*_: object) -> None:
        raise RuntimeError("dies")

    with monkeypatch.context() as patched:
        patched.setattr(purges, "add", dies)  # after the invoice and the deletion, before they are committed
        with pytest.raises(RuntimeError, match="dies"):
            await delete(books)
    assert await invoices_of(books) == []
    assert await books.draft() == ["usage publish_operations 8 8.00"]
    outcomes = await asyncio.gather(
        delete(books), delete(books), books.finance.closing.close(books.account), return_exceptions=True
    )
    assert all(each is None or isinstance(each, (NotFound, list)) for each in outcomes), outcomes
    with pytest.raises(NotFound):
        await delete(books)
    assert [Decimal(each["total"]) for each in await invoices_of(books)] == [8]


async def test_what_comes_when_the_account_is_gone_is_noted(here: Installation) -> None:
    books = await Books.open(here, "2028-06-01T00:00:00")
    await books.has(plan(publish_operations="1"))
    await books.use(publish=8)
    assert await entries(books, "usage.not_billed") == []
    await delete(books)
    await books.use(publish=5, delivery=2)
    (noted,) = await entries(books, "usage.not_billed")
    assert "publish_operations" in noted
    assert "5" in noted
    assert [Decimal(each["total"]) for each in await invoices_of(books)] == [8]
    async with here.accounts.database.reading() as session:
        assert await pricing_rows.settled(session, {books.account, "acc_nobody"}) == {books.account}


async def test_the_last_invoice_is_told_proved_and_made_void_like_any_other(here: Installation) -> None:
    ada = await here.tenant(f"ada-{time.time_ns()}")
    books = Books(here, ada.id)
    await books.has(plan(publish_operations="1"))
    async with receiving() as receiver, here.rest(authorization=ada.key) as program:
        wanted = {"url": receiver.url, "events": ["invoice.finalized"]}
        assert (await program.post("/v1/billing/webhooks", json=wanted)).status_code == 201
        await books.use(publish=9)
        await delete(books)
        async with asyncio.timeout(patient(30)):
            while not receiver.requests:
                await asyncio.sleep(0.05)
    (invoice,) = await invoices_of(books)
    assert json.loads(receiver.requests[0].body)["data"]["invoice_id"] == invoice["invoice_id"]
    proof = await Proofs(here.accounts.database, BillingSettings()).prove(invoice["invoice_id"])
    assert proof.findings == []
    with pytest.raises(InvalidArgument, match="no next invoice"):
        await books.finance.invoices.void(invoice["invoice_id"], SYSTEM, "a mistake", bill_again=True)
    note = await books.finance.invoices.void(invoice["invoice_id"], SYSTEM, "a mistake", bill_again=False)
    assert note.total == -9
    assert {each["state"] for each in await invoices_of(books)} == {"void", "final"}

    async def endpoints() -> int:
        async with here.accounts.database.reading() as session:
            mine = {"id": books.account}
            found = text("SELECT count(*) FROM webhook_endpoint WHERE account_id = :id")
            return int(await session.scalar(found, mine) or 0)

    assert await endpoints() == 1
    async with asyncio.timeout(patient(30)):
        while await endpoints():
            await here.accounts.finance.delivering.tidy()
            await asyncio.sleep(0.05)
