"""A month of messages is over: its invoice is in the console, is downloaded as a PDF, and explains itself."""

import json
from pathlib import Path

import httpx
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.browser.console.conftest import Visit
from tests.browser.console.pictures import keep
from tests.browser.console.visit import Visitor
from tests.e2e.service import until

FEBRUARY, MARCH = 1832976000, 1835481600
PLAN = {
    "plan_id": "ferries",
    "name": "Ferries",
    "currency": "EUR",
    "prices": [{"meter": "publish_operations", "tiers": [{"unit_price": "0.25"}]}],
}


def turn(visitor: Visitor, now: int) -> None:
    """Set the clock that the account's bills go by."""
    assert visitor.page.request.post("/v1/test-clock", data={"now": now}).ok


def month_of_messages(visitor: Visitor, plan: Path) -> None:
    """Publish ten operations in February 2028 on a plan of 0.25 EUR for each."""
    service, key = visitor.service, visitor.new_key()
    plan.write_text(json.dumps(PLAN))
    service.run("billing", "plan", str(plan), "--data", str(service.data))
    turn(visitor, FEBRUARY)
    service.run("billing", "assign", visitor.email, "ferries", "--data", str(service.data))
    for size in (1, 1024, 8 * 1024):
        sent = httpx.post(f"{service.url}/topics/chat/lobby", content=b"x" * size, headers={"Authorization": key})
        assert sent.status_code == 204
    until(lambda: "2.50 EUR" in visitor.page.request.get("/console/billing").text(), what="a bill of 2.50 EUR")


def follow_to_batches(visitor: Visitor, line: str, *times: str) -> list[str]:
    """Click from a line of the bill that is shown to an hour, a minute and its batches; return where these were."""
    page, addresses = visitor.page, list[str]()
    page.get_by_role("link", name=line).click()
    for heading, time in zip(("Hours of a line", "Minutes of an hour"), times, strict=True):
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        expect(page.locator("tbody .amount")).to_have_text("10")
        assert visitor.violations() == []
        keep(visitor, heading.lower().replace(" ", "-"))
        addresses.append(page.url)
        page.locator("tbody").get_by_role("link", name=time).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Batches of a minute")
    assert visitor.violations() == []
    keep(visitor, "batches-of-a-minute")
    return [*addresses, page.url]


def assert_batches_of_the_month(page: Page) -> None:
    """See that the batches that are shown make the ten operations, and are those that the REST API has."""
    ids = page.locator("tbody").get_by_role("rowheader").all_inner_texts()
    digests = page.locator("tbody code").all_inner_texts()
    units = [int(text) for text in page.locator("tbody .amount").all_inner_texts()]
    assert sum(units) == 10
    same = page.request.get(page.get_by_role("link", name="The same as JSON").get_attribute("href") or "").json()
    told = [(batch["batch_id"], batch["sha256"], batch["units"]) for batch in same["batches"]]
    assert list(zip(ids, digests, units, strict=True)) == told
    counted = page.request.get("/v1/usage/batches?from=2028-02-01&to=2028-02-02").json()["batches"]
    intact = {
        f"{each['router']}/{each['boot']}/{each['number']}": each["digest"] for each in counted if each["is_intact"]
    }
    assert [intact[id] for id in ids] == digests


def test_a_month_leads_to_its_batches_while_it_runs_and_as_an_invoice_with_a_pdf(visit: Visit, tmp_path: Path) -> None:
    ada = visit()
    ada.sign_up("Tidewater Ferries")
    ada.new_cache("chat")
    ada.page.goto("/console/billing/profile")
    ada.fill(name="Tidewater Ferries", address="1 Quay\nHarbour")
    ada.page.locator("form [name=name]").press("Enter")
    month_of_messages(ada, tmp_path / "plan.json")
    page, line, first = ada.page, "Published operations, tier 1 at 0.25 EUR", "2028-02-01 00:00 UTC"
    page.goto("/console/billing")
    keep(ada, "billing")
    so_far = follow_to_batches(ada, line, first, first)
    assert_batches_of_the_month(page)
    ways_back = page.get_by_role("navigation", name="Way back").get_by_role("link").all()
    assert [f"{ada.service.url}{way.get_attribute('href')}" for way in ways_back[1:]] == so_far[:-1]
    turn(ada, MARCH)
    page.goto("/console/billing")
    page.locator(".rows .title a").click()
    keep(ada, "invoice")
    number = page.get_by_role("heading", level=1).inner_text()
    expect(page.get_by_role("main")).to_contain_text("2.50 EUR")
    assert ada.violations() == []
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the PDF").click()
    assert download.value.suggested_filename.endswith(".pdf")
    text = "\n".join(sheet.extract_text() for sheet in PdfReader(download.value.path()).pages)
    for part in (number.split()[-1], "Tidewater Ferries", "1 Quay", "2.50", "EUR"):
        assert part in text
    page.goto("/console/billing")
    with page.expect_download() as again:
        page.get_by_role("link", name="PDF of").click()
    assert again.value.path().read_bytes() == download.value.path().read_bytes()
    page.locator(".rows .title a").click()
    addresses = [page.url, *follow_to_batches(ada, line, first, first)]
    assert_batches_of_the_month(page)
    ways_back = page.get_by_role("navigation", name="Way back").get_by_role("link").all()
    assert [f"{ada.service.url}{way.get_attribute('href')}" for way in ways_back[1:]] == addresses[:-1]
    stranger = visit()
    stranger.sign_up()
    for address in (download.value.url, *so_far, *addresses):
        assert stranger.page.request.get(address).status == 404
