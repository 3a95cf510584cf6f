"""Webhooks on their pages: made, looked at with their secret and dead letters, and deleted."""

import re

import httpx

from accounts.webhook_deliveries.letters import Letters
from accounts.webhook_deliveries.models import WebhookEvent
from tests.integration.accounts.console.visiting import logged_in
from tests.integration.accounts.installation import PASSWORD, Installation

LIST, NEW = "/console/webhooks", "/console/webhooks/new"
FORM = {
    "cache": "chat",
    "topic": "<i>news</i>",
    "name": "archive",
    "url": "https://example.com/items",
    "concurrency": "4",
    "rate": "250",
}


async def made(here: Installation) -> tuple[httpx.AsyncClient, str, str]:
    """Make a webhook by the form; return the browser, the account and the webhook's id."""
    client, account = await logged_in(here)
    assert "Make a cache" in (await client.get(NEW)).text
    await client.post("/console/caches/new", data={"name": "chat"})
    answer = await client.post(NEW, data=FORM)
    assert answer.status_code == 303
    found = re.search(r"webhook=([\w-]+)", answer.headers["location"])
    assert found
    return client, account, found.group(1)


async def give_up(here: Installation, webhook: str, number: int) -> str:
    """Have an event that was given up; return the id of its dead letter."""
    id = f"event_{number}"
    letter = Letters(here.accounts.master_keys).seal({"text": f"<b>{number}</b>"}, id)
    row = WebhookEvent(
        id=id, webhook_id=webhook, kind="item", page=1, number=number, state="dead", tries=3, status=422,
        reason="answered 422", letter=letter, settled_at=1_900_000_000,
    )  # fmt: skip
    async with here.accounts.database.transaction() as session:
        session.add(row)
    return id


async def test_a_webhook_is_made_shown_with_its_secret_and_deleted(here: Installation) -> None:
    client, _, webhook = await made(here)
    assert "archive" in (await client.get(LIST)).text
    page = (await client.get(f"{LIST}/one?webhook={webhook}")).text
    assert "&lt;i&gt;news&lt;/i&gt;" in page
    assert "4 at a time, 250 a second" in page
    assert "whsec_" not in page
    shown = re.findall(r"whsec_[\w+/=]+", (await client.post(f"{LIST}/secret", data={"webhook": webhook})).text)
    rotated = await client.post(f"{LIST}/rotate", data={"webhook": webhook, "overlap": "3600"})
    assert "The one before signs too until" in rotated.text
    assert len({*shown, *re.findall(r"whsec_[\w+/=]+", rotated.text)}) == 2
    assert (await client.post(f"{LIST}/delete", data={"webhook": webhook})).headers["location"].startswith(LIST)
    assert "No webhooks" in (await client.get(LIST)).text


async def test_what_cannot_be_is_told_beside_its_field(here: Installation) -> None:
    client, _, _ = await made(here)
    for field, wrong in {
        "name": "archive",
        "url": "https://127.0.0.1/",
        "topic": " ",
        "concurrency": "11",
        "rate": "many",
    }.items():
        refused = await client.post(NEW, data={**FORM, "name": "another", field: wrong})
        assert refused.status_code in {400, 409}
        assert f'id="{field}-wrong"' in refused.text


async def test_its_receiver_and_its_pace_are_changed_and_its_place_stays(here: Installation) -> None:
    client, account, webhook = await made(here)
    before, _ = await here.accounts.posting.webhooks.read(account, webhook)
    form = {"webhook": webhook, "url": "https://example.com/other", "concurrency": "2", "rate": "30"}
    assert (await client.post(f"{LIST}/change", data=form)).headers["location"].endswith("note=webhook-changed")
    page = (await client.get(f"{LIST}/one?webhook={webhook}")).text
    assert "2 at a time, 30 a second" in page
    assert "https://example.com/other" in page
    for field, wrong in {"url": "https://127.0.0.1/", "concurrency": "0", "rate": "1001"}.items():
        refused = await client.post(f"{LIST}/change", data={**form, field: wrong})
        assert refused.status_code == 400
        assert f'id="{field}-wrong"' in refused.text
    after, _ = await here.accounts.posting.webhooks.read(account, webhook)
    assert (after.topic, after.page, after.number) == (before.topic, before.page, before.number)
    assert (after.url, after.concurrency, after.per_second) == ("https://example.com/other", 2, 30)


async def test_dead_letters_are_shown_replayed_and_discarded(here: Installation) -> None:
    client, _, webhook = await made(here)
    first, second = await give_up(here, webhook, 1), await give_up(here, webhook, 2)
    assert "2 dead letters" in (await client.get(LIST)).text
    page = (await client.get(f"{LIST}/one?webhook={webhook}")).text
    assert "&lt;b&gt;1&lt;/b&gt;" in page
    await client.post(f"{LIST}/discard", data={"webhook": webhook, "letter": first})
    await here.accounts.posting.couriers.close()  # nobody sends it meanwhile
    await client.post(f"{LIST}/replay", data={"webhook": webhook, "letter": ""})
    page = (await client.get(f"{LIST}/one?webhook={webhook}")).text
    assert (first in page, second in page, "about to be sent" in page) == (False, True, True)


async def test_a_viewer_sees_neither_secret_nor_buttons_and_a_stranger_nothing(here: Installation) -> None:
    _, account, webhook = await made(here)
    await give_up(here, webhook, 1)
    viewer, email = here.rest(), await here.join(account, "vera", "viewer")
    await viewer.post("/login", data={"email": email, "password": PASSWORD})
    page = (await viewer.get(f"{LIST}/one?webhook={webhook}")).text
    assert "answered 422" in page
    assert "/console/webhooks/" not in page.partition("<main")[2]
    stranger, _ = await logged_in(here, "eve")
    for path in ("change", "secret", "rotate", "replay", "discard", "delete"):
        form = {"webhook": webhook, "letter": "event_1", "overlap": "0"}
        assert (await viewer.post(f"{LIST}/{path}", data=form)).status_code == 403
        assert (await stranger.post(f"{LIST}/{path}", data=form)).status_code == 404
    assert (await stranger.get(f"{LIST}/one?webhook={webhook}")).status_code == 404
