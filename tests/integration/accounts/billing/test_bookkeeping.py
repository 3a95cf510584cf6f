"""What operators of the installation do with the money of accounts over REST, and what the audit log says of it."""

from collections.abc import AsyncGenerator
from decimal import Decimal
from typing import Any

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import select

from accounts.audit.models import AuditEntry
from accounts.payments.stripe import Stripe
from tests.integration.accounts.billing.books import Books, at, plan
from tests.integration.accounts.billing.stripe_stand_in import KEY
from tests.integration.accounts.installation import Installation

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def operator(here: Installation) -> AsyncGenerator[httpx.AsyncClient]:
    """A script with an operator's token."""
    token, _ = await here.accounts.operation.operators.make_token("a script", None)
    async with here.rest(authorization=token) as client:
        yield client


async def said(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()


async def audited(here: Installation, account_id: str | None, action: str) -> tuple[str, Any, Any]:
    async with here.accounts.database.reading() as session:
        of = (AuditEntry.account_id == account_id, AuditEntry.action == action)
        found = await session.scalars(select(AuditEntry).where(*of).order_by(AuditEntry.id.desc()).limit(1))
        row = found.one()
        return row.actor_kind, row.before, row.after


async def test_plans_are_made_in_versions(here: Installation, operator: httpx.AsyncClient) -> None:
    tier = {"up_to": None, "unit_price": "0.002"}
    price = {"meter": "publish_operations", "included": 5, "model": "graduated", "tiers": [tier]}
    body = {"plan_id": "by-rest", "name": "By REST", "currency": "EUR", "minimum": "1.50", "prices": [price]}
    for version in (1, 2):
        made = await said(await operator.post("/v1/admin/plans", json=body), 201)
        assert (made["version"], made["public"], made["prices"]) == (version, False, [price])
    assert len((await said(await operator.get("/v1/admin/plans/by-rest")))["plans"]) == 2
    listed = (await said(await operator.get("/v1/admin/plans?limit=100")))["plans"]
    assert ("by-rest", 2) in [(each["plan_id"], each["version"]) for each in listed]
    kind, before, after = await audited(here, None, "price_plan.made")
    assert (kind, before, after["name"]) == ("operator", None, "By REST")
    bad = await said(await operator.post("/v1/admin/plans", json={**body, "currency": "XXX"}), 400)
    assert "'XXX' is not a currency" in bad["message"]


async def test_what_an_account_owes_is_changed_with_a_reason(here: Installation, operator: httpx.AsyncClient) -> None:
    books = await Books.open(here, "2028-02-01T00:00:00")
    await books.has(plan(publish_operations="0.10"))
    base = f"/v1/admin/accounts/{books.account}"
    money = {"amount": "2.00", "currency": "USD", "reason": "welcome"}
    credit = await said(await operator.post(f"{base}/credits", json=money), 201)
    adjusted = {**money, "amount": "-1.00", "reason": "an outage"}
    adjustment = await said(await operator.post(f"{base}/adjustments", json=adjusted), 201)
    assert (await said(await operator.put(f"{base}/tax", json={"tax_rate": "0.10"})))["tax_rate"] == "0.1"
    await books.use(publish=100)
    (invoice,) = await books.turn(at("2028-03-01T00:00:00"))
    assert (invoice.subtotal, invoice.tax, invoice.total) == (Decimal("9.00"), Decimal("0.70"), Decimal("7.70"))
    assert (await said(await operator.get(f"{base}/credits")))["credits"] == [{**credit, "left": "0.00"}]
    assert (await said(await operator.get(f"{base}/adjustments")))["adjustments"] == [
        {**adjustment, "invoice_id": invoice.id}
    ]
    assert await audited(here, books.account, "credit.granted") == ("operator", None, money)
    assert await audited(here, books.account, "adjustment.made") == ("operator", None, adjusted)
    none = await operator.post("/v1/admin/accounts/acc_none/credits", json=money)
    assert (await said(none, 404))["message"] == "account 'acc_none' does not exist"


async def test_invoices_of_all_accounts_are_listed_paid_and_made_void(
    here: Installation, operator: httpx.AsyncClient
) -> None:
    books = await Books.open(here, "2028-02-01T00:00:00")
    await books.has(plan(publish_operations="0.10", minimum="1"))
    first, second = await books.turn(at("2028-04-01T00:00:00"))
    one = f"/v1/admin/invoices/{first.id}"
    assert [line["kind"] for line in (await said(await operator.get(one)))["lines"]] == ["minimum"]
    paid = await said(await operator.post(f"{one}/payment", json={"reference": "cash"}), 201)
    assert (paid["state"], paid["account_id"], paid["state_reason"]) == ("paid", books.account, "cash")
    await said(await operator.post(f"{one}/payment", json={}), 409)
    voiding = {"reason": "wrong name", "bill_again": True}
    note = await said(await operator.post(f"/v1/admin/invoices/{second.id}/credit-note", json=voiding), 201)
    assert (note["kind"], note["voids"], note["total"]) == ("credit_note", second.id, "-1.00")
    for state, ids in (("paid", {first.id}), ("void", {second.id}), ("final", {note["invoice_id"]})):
        query = f"/v1/admin/invoices?state={state}&account_id={books.account}"
        assert {each["invoice_id"] for each in (await said(await operator.get(query)))["invoices"]} == ids
    everybodys = (await said(await operator.get("/v1/admin/invoices?limit=100")))["invoices"]
    assert {first.id, second.id, note["invoice_id"]} <= {each["invoice_id"] for each in everybodys}
    assert (await audited(here, books.account, "invoice.paid"))[1:] == (
        {"state": "final"},
        {"state": "paid", "reason": "cash"},
    )
    await said(await operator.get("/v1/admin/invoices/inv_none"), 404)


async def test_a_payment_customer_is_linked_and_told_how_it_stands(
    here: Installation, operator: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = (await here.tenant("payer-by-rest")).id
    path = f"/v1/admin/accounts/{account}/payment-customer"
    without = await operator.put(path, json={"customer_id": "cus_1"})
    assert "no payment provider is set up" in (await said(without, 400))["message"]
    await said(await operator.get(path), 404)
    provider = Stripe(KEY)
    monkeypatch.setattr(here.accounts.finance.payments, "provider", provider)
    linked = await said(await operator.put(path, json={"customer_id": "cus_1"}))
    assert (linked["customer_id"], linked["told_to"], linked["events"], linked["pending"]) == ("cus_1", None, 0, 0)
    changed = await said(await operator.put(path, json={"customer_id": "cus_2"}))
    listed = await said(await operator.get("/v1/admin/payment-customers"))
    assert (listed["provider"], listed["customers"]) == ("stripe", [changed])
    assert await said(await operator.get(path)) == changed
    _, before, after = await audited(here, account, "payment_customer.linked")
    assert (before["customer_id"], after["customer_id"]) == ("cus_1", "cus_2")
    assert (await operator.delete(path)).status_code == 204
    assert (await audited(here, account, "payment_customer.unlinked"))[1]["customer_id"] == "cus_2"
    await said(await operator.delete(path), 404)
    await provider.close()
