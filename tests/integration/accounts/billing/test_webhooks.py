"""Webhooks of billing: signed, sent again until they are taken, and to nobody else's network."""

import asyncio
import base64
import hashlib
import hmac
from itertools import count

import httpx
import pytest

from accounts.billing_webhooks.delivering import TOGETHER_EACH
from accounts.billing_webhooks.service import MOST_WAITING_PINGS
from tests.integration.accounts.billing.books import Books, at, plan
from tests.integration.accounts.installation import Installation
from tests.patience import patient
from tests.unit.api.webhooks.receiver import receiving

pytestmark = pytest.mark.asyncio(loop_scope="module")

NUMBERS = count(1)


async def account(here: Installation) -> tuple[Books, httpx.AsyncClient]:
    tenant = await here.tenant(f"hooked{next(NUMBERS)}")
    books = Books(here, tenant.id)
    await books.turn(at("2028-02-01T00:00:00"))
    return books, here.rest(authorization=tenant.key)


async def test_an_invoice_is_told_signed_and_again_until_it_is_taken(
    here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.billing_webhooks.delivering.RETRY_SECONDS", (0, 0))
    books, program = await account(here)
    await books.has(plan(publish_operations="0.01"))
    async with program, receiving() as receiver:
        receiver.statuses = [500, 302, 204]
        made = await program.post("/v1/billing/webhooks", json={"url": receiver.url, "events": ["invoice.finalized"]})
        secret = made.json()["secret"]
        path = f"/v1/billing/webhooks/{made.json()['webhook_id']}"
        assert secret not in (await program.get("/v1/billing/webhooks")).text
        assert secret not in await here.rows()
        await books.use(publish=123)
        (invoice,) = await books.turn(at("2028-03-01T00:00:00"))
        async with asyncio.timeout(patient(30)):
            while (await program.get(f"{path}/deliveries")).json()["deliveries"][0]["state"] != "delivered":
                await asyncio.sleep(0.05)
        (delivery,) = (await program.get(f"{path}/deliveries")).json()["deliveries"]
    assert (delivery["tries"], delivery["status"]) == (3, 204)
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1
    request = receiver.requests[-1]
    signed = b".".join(
        (request.headers["webhook-id"].encode(), request.headers["webhook-timestamp"].encode(), request.body)
    )
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert request.headers["webhook-signature"] == expected
    told = httpx.Response(200, content=request.body).json()
    assert told["data"]["invoice_id"] == invoice.id
    assert (told["type"], told["data"]["total"], told["data"]["currency"]) == ("invoice.finalized", "1.23", "USD")


async def test_what_nobody_takes_is_given_up(here: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.billing_webhooks.delivering.RETRY_SECONDS", (0,))
    _, program = await account(here)
    async with program, receiving() as receiver:
        receiver.statuses = [500]
        made = (
            await program.post("/v1/billing/webhooks", json={"url": receiver.url, "events": ["invoice.finalized"]})
        ).json()
        path = f"/v1/billing/webhooks/{made['webhook_id']}"
        assert (await program.post(f"{path}/ping")).status_code == 202
        async with asyncio.timeout(patient(30)):
            while (await program.get(f"{path}/deliveries")).json()["deliveries"][0]["state"] == "waiting":
                await asyncio.sleep(0.05)
        (delivery,) = (await program.get(f"{path}/deliveries")).json()["deliveries"]
        assert (delivery["state"], delivery["tries"], delivery["reason"]) == ("failed", 2, "answered 500")
        assert (await program.delete(path)).status_code == 204
        assert (await program.get(f"{path}/deliveries")).status_code == 404


async def test_endpoints_are_their_accounts_own(here: Installation) -> None:
    _, program = await account(here)
    _, other = await account(here)
    async with program, other, receiving() as receiver:
        made = (
            await program.post("/v1/billing/webhooks", json={"url": receiver.url, "events": ["invoice.finalized"]})
        ).json()
        path = f"/v1/billing/webhooks/{made['webhook_id']}"
        for method, where in (("GET", f"{path}/deliveries"), ("POST", f"{path}/ping"), ("DELETE", path)):
            assert (await other.request(method, where)).status_code == 404
        for url, events in (("ftp://x/", ["invoice.finalized"]), (receiver.url, list[str]())):
            refused = await program.post("/v1/billing/webhooks", json={"url": url, "events": events})
            assert refused.status_code == 400


async def hook(program: httpx.AsyncClient, url: str) -> str:
    made = await program.post("/v1/billing/webhooks", json={"url": url, "events": ["invoice.finalized"]})
    return f"/v1/billing/webhooks/{made.json()['webhook_id']}"


async def test_whose_endpoints_never_answer_delays_nobody_else(here: Installation) -> None:
    (_, hostile), (_, program) = await account(here), await account(here)
    async with hostile, program, receiving() as silent, receiving() as receiver:
        silent.silent = True
        hooks = [await hook(hostile, silent.url) for _ in range(2)]
        for path in hooks:
            for _ in range(MOST_WAITING_PINGS):
                assert (await hostile.post(f"{path}/ping")).status_code == 202
            refused = await hostile.post(f"{path}/ping")
            assert (refused.status_code, "5 pings wait" in refused.json()["message"]) == (429, True)
        async with asyncio.timeout(patient(30)):
            while len(silent.requests) < TOGETHER_EACH:
                await asyncio.sleep(0.02)
        path = await hook(program, receiver.url)
        for _ in range(MOST_WAITING_PINGS + 1):
            await program.post(f"{path}/ping")
            async with asyncio.timeout(patient(30)):
                while (await program.get(f"{path}/deliveries")).json()["deliveries"][0]["state"] == "waiting":
                    await asyncio.sleep(0.02)
        tried = [(await hostile.get(f"{each}/deliveries")).json()["deliveries"] for each in hooks]
        assert {delivery["tries"] for deliveries in tried for delivery in deliveries} == {0}
        assert len(silent.requests) == TOGETHER_EACH
        for each in hooks:
            await hostile.delete(each)
