"""Usage and bills on pages: the figures of the database, drawn and in a table, to the last one."""

import html
import re
from typing import Any

from accounts.audit import SYSTEM
from tests.integration.accounts.billing.books import Books, at, plan
from tests.integration.accounts.conftest import Start
from tests.integration.accounts.console.visiting import logged_in
from tests.integration.accounts.installation import Installation

HOSTILE = "<script>alert('x')</script> & \"=1+1"


async def test_a_chart_has_the_figures_of_the_table(here: Installation) -> None:
    client, account = await logged_in(here)
    cache = await here.accounts.caches.create(account, SYSTEM, HOSTILE)
    books = Books(here, account)
    await books.use(publish=40, delivery=360, cache=cache.id)
    page = await client.get("/console/usage", params={"span": "hour", "by": "cache"})
    assert re.findall(r'class="amount">([\d\N{NARROW NO-BREAK SPACE}]+)</td>', page.text) == ["400", "400"]
    assert f"<title>{html.escape('x')}" not in page.text
    assert "<script>alert" not in page.text
    assert html.escape(HOSTILE, quote=False).split("&amp;")[0].strip() in page.text.replace("&#39;", "'")
    assert "40" in (await client.get("/console")).text


async def test_rates_are_of_the_last_minutes_also_in_the_hour_that_clocks_repeat(here: Installation) -> None:
    client, account = await logged_in(here)
    books = Books(here, account)
    await books.set_zone("Europe/Vienna")
    await books.turn(at("2028-10-29 01:02"))
    await books.late("2028-10-29 00:30", publish=3_000_000)
    await books.late("2028-10-29 01:01", publish=3_000)
    page = (await client.get("/console/live")).text
    assert "<dd>10<small>messages a second" in page


async def test_a_month_that_is_over_is_an_invoice_with_its_pdf(start: Start) -> None:
    here = await start()
    client, account = await logged_in(here)
    books = Books(here, account)
    await books.turn(at("2028-03-10 12:00"))
    await books.has(plan("USD", publish_operations="0.25"))
    await books.late("2028-03-11 08:00", publish=8)
    await books.turn(at("2028-03-20 12:00"))
    assert "2.00 USD" in (await client.get("/console/billing")).text
    (invoice,) = await books.turn(at("2028-04-02 12:00"))
    listed = (await client.get("/console/billing")).text
    assert here.accounts.finance.invoices.shown_number(invoice) in listed
    page = await client.get("/console/billing/invoice", params={"id": invoice.id})
    assert "2.00 USD" in page.text
    pdf = await client.get(f"/v1/invoices/{invoice.id}/pdf")
    assert pdf.headers["content-type"] == "application/pdf"
    other, _ = await logged_in(here, "bob")
    assert (await other.get("/console/billing/invoice", params={"id": invoice.id})).status_code == 404
    line = {"id": invoice.id, "number": 1}
    assert "2028-03-11 08:00 UTC" in (await client.get("/console/billing/line", params=line)).text
    eight = at("2028-03-11 08:00")
    empty = await client.get("/console/billing/line", params={**line, "hour": eight + 3600})
    assert "Nothing is kept of this time" in empty.text
    for query, status in (({"number": 99}, 404), ({"hour": -1}, 400), ({"minute": "x"}, 400)):
        assert (await client.get("/console/billing/line", params={**line, **query})).status_code == status
    assert (await other.get("/console/billing/line", params=line)).status_code == 404


async def test_a_billing_address_keeps_its_lines(here: Installation) -> None:
    client, _ = await logged_in(here)
    form = {"name": HOSTILE, "address": "1 Quay\r\nHarbour", "email": "", "tax_id": ""}
    assert (await client.post("/console/billing/profile", data=form)).status_code == 303
    page = (await client.get("/console/billing/profile")).text
    assert "1 Quay\nHarbour</textarea>" in page
    assert "<script>alert" not in page
    wrong = await client.post("/console/billing/profile", data={**form, "tax_id": "x" * 65})
    assert wrong.status_code == 400
    assert 'id="tax_id-wrong"' in wrong.text


async def test_an_address_for_invoices_is_one(here: Installation) -> None:
    client, _ = await logged_in(here)
    form = {"name": "Ada", "address": "", "email": "nonsense", "tax_id": ""}
    wrong = await client.post("/console/billing/profile", data=form)
    assert (wrong.status_code, 'id="email-wrong"' in wrong.text) == (400, True)
    kept = {**form, "email": "Ada@Example.com"}
    assert (await client.post("/console/billing/profile", data=kept)).status_code == 303
    assert "ada@example.com" in (await client.get("/console/billing/profile")).text


async def test_a_budget_that_is_not_right_is_told_in_words(here: Installation) -> None:
    client, _ = await logged_in(here)
    form = {"name": "", "amount": "much", "mode": "warn", "cache": ""}
    wrong = await client.post("/console/budgets/new", data=form)
    assert wrong.status_code == 400
    assert "It must not be empty." in wrong.text
    assert "It must be an amount, such as 12.50." in wrong.text


async def test_a_budget_says_what_it_is_for_when_people_are_told_and_what_happens_then(here: Installation) -> None:
    client, _ = await logged_in(here)
    for name in ("chat", "gone"):
        await client.post("/console/caches/new", data={"name": name})
    budgets: tuple[dict[str, Any], ...] = (
        {"name": "all"},
        {"name": "key", "api_key": "key_7", "alerts": [75], "mode": "throttle", "publishes_per_second": 20},
        {"name": "token", "token_id": "guest", "cache": "chat", "alerts": []},
        {"name": "gone", "cache": "gone", "mode": "throttle"},
    )
    for body in budgets:
        made = await client.post("/v1/budgets", json={"amount": "20.00", **body})
        assert made.status_code == 201
    await client.delete("/v1/caches/gone")
    page = (await client.get("/console/budgets")).text
    rows = [re.findall(r"<span>([^<]*)</span>", row)[1:] for row in page.split('class="meta figures"')[1:]]
    told = "told at 50 %, 80 %, 100 %"
    assert sorted(rows) == [
        ["API key key_7", "told at 75 %", "then: let 20 publishes a second through"],
        ["a cache that is gone", told, "then: let one publish a second through"],
        ["cache chat, tokens with the id guest", "nobody is told", "then: tell us"],
        ["everything", told, "then: tell us"],
    ]


async def test_what_is_included_in_the_plan_is_told_on_the_overview_from_the_first_whole_month(start: Start) -> None:
    here = await start()
    client, account = await logged_in(here)
    books = Books(here, account)
    await books.turn(at("2028-03-10 12:00"))
    await client.post("/console/billing/plan", data={"plan": "pay-per-use"})
    assert "included" not in (await client.get("/console")).text
    await books.turn(at("2028-04-10 12:00"))
    await books.late("2028-04-05 08:00", publish=250_000)
    page = (await client.get("/console")).text
    told = re.findall(r"<dt>([^<]+), included</dt><dd>([^<]+)<small>of ([^<]+) in this month", page)
    thin = "\N{NARROW NO-BREAK SPACE}"
    assert [(used, included) for _, used, included in told] == [
        (f"250{thin}000", f"1{thin}000{thin}000"),
        ("0", f"1{thin}000{thin}000"),
    ]
    assert 'value="25"' in page
