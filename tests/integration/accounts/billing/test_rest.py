"""Billing over REST: an integrator runs a month in seconds, and reads its bill in every form."""

import asyncio
import json
from dataclasses import replace
from decimal import Decimal
from io import BytesIO
from itertools import count
from typing import Any

import httpx
import pytest
from pypdf import PdfReader

from accounts.audit import SYSTEM
from accounts.billing.plan import Model, Price, Tier
from accounts.billing.settings import BillingSettings
from accounts.console.usage import question
from accounts.pricing.service import Pricing, When
from tests.integration.accounts.billing.books import Books, at, plan
from tests.integration.accounts.installation import Installation

pytestmark = pytest.mark.asyncio(loop_scope="module")

NUMBERS = count(1)
PUBLISHED = "publish_operations"


async def account(here: Installation, begins: str = "2028-02-01T00:00:00") -> tuple[Books, httpx.AsyncClient]:
    tenant = await here.tenant(f"rest{next(NUMBERS)}")
    books = Books(here, tenant.id)
    await books.turn(at(begins))
    return books, here.rest(authorization=tenant.key)


async def test_a_plan_is_chosen_and_a_month_is_billed(here: Installation) -> None:
    books, program = await account(here)
    async with program:
        plans = (await program.get("/v1/plans")).json()["plans"]
        assert {"free", "pay-per-use"} <= {each["plan_id"] for each in plans}
        assert (await program.get("/v1/billing/plan")).json()["plans"][0]["plan_id"] == "free"
        chosen = await program.post("/v1/billing/plan", json={"plan_id": "pay-per-use"})
        assert (chosen.status_code, chosen.json()["version"]) == (201, 1)
        profile = await program.patch("/v1/billing/profile", json={"name": "Ada & <Co>", "address": "Row 1\nRoom 2"})
        assert profile.json()["name"] == "Ada & <Co>"
        await books.use(publish=3_000_000, delivery=1_000_000)
        draft = (await program.get("/v1/invoices/draft")).json()
        assert draft["drafts"][0]["total"] == "1.00"
        turned = await program.post("/v1/test-clock", json={"now": at("2028-03-01T00:00:00")})
        (invoice_id,) = turned.json()["invoices"]
        listed = (await program.get("/v1/invoices")).json()["invoices"]
        assert [each["invoice_id"] for each in listed] == [invoice_id]
        invoice = (await program.get(f"/v1/invoices/{invoice_id}")).json()
    assert [(line["description"], line["quantity"], line["amount"]) for line in invoice["lines"]] == [
        ("Delivered operations, included", 1_000_000, "0.00"),
        ("Published operations, included", 1_000_000, "0.00"),
        ("Published operations, tier 1 at 0.0000005 USD", 2_000_000, "1.00"),
    ]
    assert (invoice["total"], invoice["state"], invoice["period"]["label"]) == ("1.00", "final", "2028-02")


async def test_usage_is_that_of_the_month_of_the_test_clock(here: Installation) -> None:
    books, program = await account(here)
    async with program:
        await books.turn(at("2028-02-10T10:30:00"))
        await books.use(publish=5)
        report = (await program.get("/v1/usage")).json()
        assert (report["start"], report["end"]) == ("2028-02-01T00:00:00+00:00", "2028-02-11T00:00:00+00:00")
        assert [(row["start"], row["operations"]) for row in report["usage"]] == [("2028-02-10T00:00:00+00:00", 5)]
        exported = await program.get("/v1/exports/usage?format=jsonl&granularity=minute")
        assert [json.loads(line)["operations"] for line in exported.text.splitlines()] == [5]
    day = await here.accounts.ledger.reports.report(books.account, question("day"))
    assert [(row.start.hour, row.counts.operations) for row in day.rows] == [(10, 5)]


async def test_a_line_leads_to_hours_minutes_and_batches(here: Installation) -> None:
    books, program = await account(here)
    await books.has(plan(publish_operations="0.01"))
    async with program:
        await books.use(publish=5)
        await books.turn(at("2028-02-10T10:30:00"))
        await books.use(publish=6)
        await books.use(publish=7, cache="cache_2")
        (made,) = await books.turn(at("2028-03-01T00:00:00"))
        (line,) = (await program.get(f"/v1/invoices/{made.id}")).json()["lines"]
        hours = (await program.get(line["usage"])).json()
        assert [(piece["start"], piece["units"]) for piece in hours["pieces"]] == [
            ("2028-02-01T00:00:00Z", 5),
            ("2028-02-10T10:00:00Z", 13),
        ]
        assert hours["units"] == line["quantity"] == 18
        minutes = (await program.get(hours["pieces"][1]["detail"])).json()
        assert [(piece["start"], piece["units"]) for piece in minutes["pieces"]] == [("2028-02-10T10:30:00Z", 13)]
        batches = (await program.get(minutes["pieces"][0]["detail"])).json()["batches"]
    assert [(each["boot"], each["number"], each["units"]) for each in batches] == [
        (books.boot.boot, 2, 6),
        (books.boot.boot, 3, 7),
    ]


async def test_an_invoice_is_a_page_and_a_pdf(here: Installation) -> None:
    books, program = await account(here)
    await books.has(plan(publish_operations="0.01"))
    await books.finance.profiles.change(books.account, SYSTEM, {"name": "Ada & <script>", "address": "Größe 1"})
    await books.use(publish=123456)
    (made,) = await books.turn(at("2028-03-01T00:00:00"))
    async with program:
        page = await program.get(f"/v1/invoices/{made.id}/html")
        pdf = await program.get(f"/v1/invoices/{made.id}/pdf")
        style = await program.get("/v1/invoices/invoice.css")
    assert "Ada &amp; &lt;script&gt;" in page.text
    assert "1234.56 USD" in page.text
    assert "<style" not in page.text
    assert "style=" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
    assert (style.status_code, style.headers["content-type"]) == (200, "text/css; charset=utf-8")
    text = "".join(sheet.extract_text() for sheet in PdfReader(BytesIO(pdf.content)).pages)
    for part in ("1234.56", "Ada & <script>", "Größe 1", "2028-02-29", "Published operations"):
        assert part in text
    assert pdf.headers["content-type"] == "application/pdf"


async def test_an_address_longer_than_a_page_makes_a_longer_pdf(here: Installation) -> None:
    books, program = await account(here)
    await books.has(plan(publish_operations="0.01"))
    lines = [f"Row {number}" for number in range(120)]
    await books.use(publish=1)
    async with program:
        changed = await program.patch("/v1/billing/profile", json={"address": "\n".join(lines)})
        assert changed.status_code == 200
        (made,) = await books.turn(at("2028-03-01T00:00:00"))
        pdf = await program.get(f"/v1/invoices/{made.id}/pdf")
    text = "".join(sheet.extract_text() for sheet in PdfReader(BytesIO(pdf.content)).pages)
    for part in (*lines, "0.01 USD"):
        assert part in text


async def test_pdfs_that_are_asked_for_together_are_each_whole(here: Installation) -> None:
    books, program = await account(here)
    await books.has(plan(publish_operations="0.01"))
    await books.use(publish=1)
    (made,) = await books.turn(at("2028-03-01T00:00:00"))
    async with program:
        asked = [program.get(f"/v1/invoices/{made.id}/pdf") for _ in range(4)]
        answers = await asyncio.gather(*asked)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1


async def test_nobody_sees_or_chooses_what_is_another_ones(here: Installation) -> None:
    books, program = await account(here)
    await books.has(plan(publish_operations="0.01"))
    await books.use(publish=5)
    (made,) = await books.turn(at("2028-03-01T00:00:00"))
    private = await books.finance.pricing.make(SYSTEM, plan(), public=False)
    _, other = await account(here)
    async with program, other:
        for path in ("", "/html", "/pdf", "/lines/1/usage"):
            assert (await program.get(f"/v1/invoices/{made.id}{path}")).status_code == 200
            assert (await other.get(f"/v1/invoices/{made.id}{path}")).status_code == 404
        assert (await other.get("/v1/invoices")).json()["invoices"] == []
        assert (await other.post("/v1/billing/plan", json={"plan_id": private.id})).status_code == 404
        shown = (await other.get("/v1/plans?limit=100")).json()["plans"]
        assert private.id not in {each["plan_id"] for each in shown}


async def test_a_clock_is_given_out_by_operators_and_never_goes_back(here: Installation) -> None:
    tenant = await here.tenant(f"clockless{next(NUMBERS)}")
    _, program = await account(here)
    async with here.rest(authorization=tenant.key) as clockless, program:
        refused = await clockless.post("/v1/test-clock", json={"now": at("2028-02-01T00:00:00")})
        assert (refused.status_code, (await clockless.get("/v1/test-clock")).status_code) == (403, 404)
        for now in (at("2028-01-31T00:00:00"), at("2030-01-01T00:00:00"), 0, 2**40, "tomorrow"):
            assert (await program.post("/v1/test-clock", json={"now": now})).status_code == 400


async def test_a_line_of_the_month_that_runs_leads_to_its_hours_and_minutes(here: Installation) -> None:
    books, program = await account(here)
    await books.has(plan(publish_operations="0.01"))
    await books.use(publish=5)
    async with program:
        (draft,) = (await program.get("/v1/invoices/draft")).json()["drafts"]
        path = draft["lines"][0]["usage"]
        for _ in ("its hours", "the minutes of one of them"):
            (piece,) = (await program.get(path)).json()["pieces"]
            assert piece["units"] == 5
            path = piece["detail"]
        (batch,) = (await program.get(path)).json()["batches"]
        assert batch["units"] == 5
        for absent in (f"draft-{draft['currency']}/lines/9", "draft-XXX/lines/1", "draft-/lines/1"):
            assert (await program.get(f"/v1/invoices/{absent}/usage")).status_code == 404


async def test_a_line_that_is_not_there_is_not_found(here: Installation) -> None:
    books, program = await account(here)
    await books.has(plan(publish_operations="0.01"))
    await books.use(publish=5)
    (made,) = await books.turn(at("2028-03-01T00:00:00"))
    async with program:
        for number in ("0", "2", "9" * 20):
            assert (await program.get(f"/v1/invoices/{made.id}/lines/{number}/usage")).status_code == 404


async def choose(program: httpx.AsyncClient, plan_id: str, **fields: Any) -> httpx.Response:
    return await program.post("/v1/billing/plan", json={"plan_id": plan_id, **fields})


async def test_an_account_chooses_the_newest_version_or_keeps_its_own(here: Installation) -> None:
    books, program = await account(here)
    pricing, first = books.finance.pricing, plan(publish_operations="0.01")
    await pricing.make(SYSTEM, first, public=True)
    async with program:
        await choose(program, first.id)
        await pricing.make(SYSTEM, replace(first, name="Dearer"), public=True)
        _, other = await account(here)
        async with other:
            assert (await choose(other, first.id, version=1)).status_code == 404
            shown = (await other.get(f"/v1/plans/{first.id}")).json()["plans"]
            assert [each["version"] for each in shown] == [2]
            await pricing.make(SYSTEM, replace(first, name="Withdrawn"), public=False)
            for version in ({}, {"version": 1}, {"version": 2}, {"version": 3}):
                assert (await choose(other, first.id, **version)).status_code == 404
        assert (await choose(program, first.id, version=1, when="next_month")).status_code == 201
        shown = (await program.get(f"/v1/plans/{first.id}")).json()["plans"]
        assert [each["version"] for each in shown] == [1]
        assert (await choose(program, "free")).status_code == 201


@pytest.mark.parametrize("when", ["now", "next_month"])
async def test_an_account_does_not_leave_what_operators_have_agreed_with_it(here: Installation, when: When) -> None:
    books, program = await account(here, "2028-02-01T00:04:00")
    agreed = await books.finance.pricing.make(SYSTEM, plan(minimum="1000"), public=False)
    await books.finance.pricing.assign(books.account, SYSTEM, agreed.id, None, when, any_plan=True)
    async with program:
        for wanted in ("now", "next_month"):
            refused = await choose(program, "free", when=wanted)
            assert (refused.status_code, "given to the account by the operators" in refused.text) == (403, True)
        await books.finance.pricing.assign(books.account, SYSTEM, "pay-per-use", None, when, any_plan=True)
        assert (await choose(program, "free")).status_code == 201


async def test_a_choice_makes_nothing_cheaper_that_was_used_before(here: Installation) -> None:
    books, program = await account(here, "2028-02-01T00:04:00")
    dear = await books.finance.pricing.make(SYSTEM, plan(publish_operations="0.01"), public=True)
    async with program:
        chosen = await choose(program, dear.id)  # from a plan that charges nothing
        assert chosen.json()["since_epoch_seconds"] == at("2028-02-01T00:00:00")
        await books.use(publish=5)
        await books.turn(at("2028-02-01T00:14:59"))
        chosen = await choose(program, "free")
        assert chosen.json()["since_epoch_seconds"] == at("2028-02-01T00:15:00")
        assert await books.draft() == ["usage publish_operations 5 0.05"]
        await books.turn(at("2028-02-29T23:50:00"))
        assert await books.draft() == ["usage publish_operations 5 0.05"]


@pytest.mark.parametrize("model", ["graduated", "volume"])
async def test_no_choice_brings_the_bounds_of_tiers_nearer(here: Installation, model: Model) -> None:
    books, program = await account(here, "2028-02-01T00:04:00")
    tiers = (Tier(1_000, Decimal("0.50")), Tier(None, Decimal("0.30")))
    tiered = replace(plan(), prices={PUBLISHED: Price(PUBLISHED, tiers, model=model)})
    await books.has(tiered)
    await books.use(publish=1_000)
    used = [f"usage {PUBLISHED} 1000 500.00"]
    async with program:
        for wanted, since in ((tiered.id, "2028-02-01T00:00:00"), ("free", "2028-03-01T00:00:00")):
            chosen = await choose(program, wanted)
            assert chosen.json()["since_epoch_seconds"] == at(since)
            await books.turn(at("2028-02-10T00:00:00") if wanted == "free" else at("2028-02-01T00:16:00"))
            assert await books.draft() == used


@pytest.mark.parametrize("by", ["tiers", "minimum"])
async def test_no_plan_that_goes_by_the_month_is_chosen_for_a_part_of_one(here: Installation, by: str) -> None:
    """For a quarter of an hour its tiers would be near and its minimum small, and its prices for many units low."""
    books, program = await account(here, "2028-02-01T00:04:00")
    flat = replace(plan(), id="flat", prices={PUBLISHED: Price(PUBLISHED, (Tier(None, Decimal("0.50")),))})
    tiers = (
        (Tier(1_000, Decimal("0.50")), Tier(None, Decimal("0.05"))) if by == "tiers" else (Tier(None, Decimal("0.05")),)
    )
    minimum = Decimal(0) if by == "tiers" else Decimal(100)
    cheap = replace(plan(), id=f"cheap-{by}", prices={PUBLISHED: Price(PUBLISHED, tiers)}, minimum=minimum)
    for made in (flat, cheap):
        await books.finance.pricing.make(SYSTEM, made, public=True)
    async with program:
        assert (await choose(program, "flat")).json()["since_epoch_seconds"] == at("2028-02-01T00:00:00")
        for here_and_back in (cheap.id, "flat", cheap.id):
            assert (await choose(program, here_and_back)).status_code == 201
        held = (await program.get("/v1/billing/plan")).json()["plans"]
        await books.turn(at("2028-02-01T00:20:00"))
        await books.use(publish=2_000)
        assert await books.draft() == [f"usage {PUBLISHED} 2000 1000.00"]
    assert [(each["plan_id"], each["since_epoch_seconds"]) for each in held][-1] == (
        cheap.id,
        at("2028-03-01T00:00:00"),
    )


async def test_who_chooses_the_plan_that_they_have_forgets_what_was_to_come(here: Installation) -> None:
    books, program = await account(here, "2028-02-01T00:04:00")
    dear = await books.finance.pricing.make(SYSTEM, plan(publish_operations="0.01"), public=True)
    async with program:
        for hour, wanted, when in (
            ("2028-02-01T01:00:00", "free", "now"),
            ("2028-02-01T02:00:00", dear.id, "now"),
            ("2028-02-01T03:00:00", "free", "next_month"),
            ("2028-02-01T04:00:00", dear.id, "now"),
        ):
            assert (await choose(program, wanted, when=when)).status_code == 201
            await books.turn(at(hour))
        held = (await program.get("/v1/billing/plan")).json()["plans"]
    assert [each["plan_id"] for each in held] == ["free", dear.id]
    assert await books.draft() == []


async def test_what_an_account_began_with_was_not_agreed_on_though_the_default_is_another_now(
    here: Installation,
) -> None:
    finance = here.accounts.finance
    former = await finance.pricing.make(SYSTEM, plan(minimum="5"), public=False)
    before = Pricing(here.accounts.database, finance.clocks, BillingSettings(default_plan=former.id))
    tenant = await here.tenant(f"rest{next(NUMBERS)}")
    async with here.accounts.database.transaction() as session:
        await before.customer_alone(session, tenant.id)
    async with here.rest(authorization=tenant.key) as program:
        assert (await choose(program, "free", when="next_month")).status_code == 201
        await finance.pricing.assign(tenant.id, SYSTEM, former.id, None, "next_month", any_plan=True)
        assert (await choose(program, "free")).status_code == 201
        agreed = await finance.pricing.make(SYSTEM, plan(minimum="9"), public=False)
        await finance.pricing.assign(tenant.id, SYSTEM, agreed.id, None, "next_month", any_plan=True)
        assert (await choose(program, "free")).status_code == 403
