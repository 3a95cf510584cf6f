"""Billing as a customer meets it: the examples of the page, a month of real messages, and a cap that stops them."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.e2e.service import Service
from tests.patience import patient

PAGE = Path(__file__).parents[3] / "docs" / "billing.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PLAN = re.compile(r"^```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FEBRUARY, MARCH = 1832976000, 1835481600


class Customer:
    """An account of a local service, with a cache and a key."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.email = f"{uuid4()}@example.com"
        with httpx.Client(base_url=service.url) as browser:
            signed_up = {"email": self.email, "password": "correct horse", "account_name": "Bills"}
            assert browser.post("/v1/signup", json=signed_up).status_code == 201
            self.key = browser.post("/v1/api-keys", json={"role_id": "owner", "expiry": "never"}).json()["api_key"]
            assert browser.post("/v1/caches", json={"name": "billing-docs"}).status_code == 201
        self.api = httpx.Client(base_url=service.url, headers={"authorization": self.key}, timeout=patient(30))

    def publish(self, value: bytes) -> httpx.Response:
        return self.api.post("/topics/billing-docs/lobby", content=value, headers={"content-type": "text/plain"})

    def post(self, path: str, **body: Any) -> Any:
        answer = self.api.post(path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def command(self, *arguments: str) -> Any:
        data = ["--data", str(self.service.data)]
        done = subprocess.run(
            [sys.executable, "-m", "cli.main", "billing", *arguments, *data],
            capture_output=True,
            text=True,
            timeout=patient(60),
            check=True,
        )
        return json.loads(done.stdout)

    def until(self, condition: Callable[[], bool], seconds: float = 30) -> None:
        deadline = time.monotonic() + patient(seconds)
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.fixture
def customer(local_service: Service) -> Iterator[Customer]:
    made = Customer(local_service)
    yield made
    made.api.close()


def test_the_examples_of_the_page_do_what_it_says(customer: Customer) -> None:
    environment = {**os.environ, "URL": customer.service.url, "AUTH": f"Authorization: {customer.key}"}
    commands = [line for block in BLOCK.findall(PAGE.read_text()) for line in block.splitlines() if line]
    assert len(commands) == 11
    outputs: list[str] = []
    for command in commands:
        done = subprocess.run(
            ["bash", "-ec", command], env=environment, capture_output=True, text=True, timeout=patient(60), check=False
        )
        assert done.returncode == 0, command + done.stderr
        outputs.append(done.stdout)
    estimate = json.loads(outputs[2])
    assert (estimate["chunks"], estimate["operations"], estimate["amount"]) == (4, 40, "0")
    assert json.loads(outputs[8])["mode"] == "stop_publishing"


def test_a_month_of_real_messages_is_billed_to_the_operation(customer: Customer, tmp_path: Path) -> None:
    (file,) = PLAN.findall(PAGE.read_text())
    path = tmp_path / "plan.json"
    path.write_text(file)
    assert customer.command("plan", str(path))["plan_id"] == "team"
    customer.post("/v1/test-clock", now=FEBRUARY)
    assert customer.command("assign", customer.email, "team")["plan_id"] == "team"
    for size in (0, 1, 1023, 1024, 1025, 4096):
        assert customer.publish(b"x" * size).status_code == 204

    def drafted() -> dict[str, int]:
        drafts = customer.api.get("/v1/invoices/draft").json()["drafts"]
        return {line["meter"]: line["quantity"] for draft in drafts for line in draft["lines"] if line["meter"]}

    customer.until(lambda: drafted().get("publish_operations") == 10)
    (invoice_id,) = customer.post("/v1/test-clock", now=MARCH)["invoices"]
    invoice = customer.api.get(f"/v1/invoices/{invoice_id}").json()
    assert [(line["kind"], line["quantity"], line["amount"]) for line in invoice["lines"]] == [
        ("usage", 10, "0.00"),
        ("minimum", 1, "10.00"),
    ]
    assert (invoice["currency"], invoice["total"]) == ("EUR", "10.00")
    verified = customer.service.run(
        "usage", "verify", "--invoice", invoice["number"], "--data", str(customer.service.data)
    )
    assert verified.startswith(f"clean: {invoice['number']} over 10.00 EUR")
    assert customer.command("pay", invoice_id, "--reference", "cash")["state"] == "paid"


def test_a_cap_stops_publishing_soon_and_says_its_name(customer: Customer, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    prices = [{"meter": "publish_operations", "tiers": [{"unit_price": "0.01"}]}]
    path.write_text(json.dumps({"plan_id": "dear", "name": "Dear", "currency": "USD", "prices": prices}))
    customer.command("plan", str(path))
    customer.command("assign", customer.email, "dear")
    budget = customer.post("/v1/budgets", name="pocket money", amount="0.05", mode="stop_publishing")
    for _ in range(5):
        assert customer.publish(b"hello").status_code == 204
    began = time.monotonic()
    customer.until(lambda: customer.publish(b"hello").status_code == 429)
    took = time.monotonic() - began
    refused = customer.publish(b"hello")
    assert refused.json()["code"] == "spend_cap_reached"
    assert "spend cap 'pocket money' is reached" in refused.json()["message"]
    assert took < 20
    raised = customer.api.patch(f"/v1/budgets/{budget['budget_id']}", json={"amount": "100.00"})
    assert raised.json()["in_force"] is False
    customer.until(lambda: customer.publish(b"hello").status_code == 204)
