"""The audit log on its page: what the account did itself, and nothing of another."""

import re

from tests.integration.accounts.console.visiting import logged_in
from tests.integration.accounts.installation import Installation


async def test_changes_are_told_the_newest_first_with_what_was_before(here: Installation) -> None:
    client, _ = await logged_in(here)
    await client.post("/console/caches/new", data={"name": "chat"})
    await client.post("/console/caches/bounds", data={"cache": "chat", "message_bytes": "77"})
    page = (await client.get("/console/audit", params={"about": "cache"})).text
    assert re.findall(r"cache (created|changed)", page) == ["changed", "created"]
    assert "77" in page
    other, _ = await logged_in(here, "bob")
    assert "cache created" not in (await other.get("/console/audit")).text


async def test_a_long_log_has_pages(here: Installation) -> None:
    client, _ = await logged_in(here)
    for number in range(51):
        await client.post("/console/caches/new", data={"name": f"cache {number}"})
    first = (await client.get("/console/audit", params={"about": "cache"})).text
    assert first.count("cache created") == 50
    (further,) = re.findall(r'href="([^"]+)" rel="next"', first)
    assert (await client.get(further.replace("&amp;", "&"))).text.count("cache created") == 1


async def test_changes_of_one_kind_are_chosen_from_those_of_all(here: Installation) -> None:
    client, _ = await logged_in(here)
    invited = {"email": "bob@example.com", "role_id": "viewer"}
    assert (await client.post("/v1/invitations", json=invited)).status_code == 201
    assert (await client.patch("/v1/limits", json={"caches": 20})).status_code == 200
    for about, actions in (("invitation", ["invitation sent"]), ("limits", ["limits changed"]), ("member", [])):
        page = (await client.get("/console/audit", params={"about": about})).text
        assert re.findall(r'"title">([\w ]+) <code>', page) == actions
        assert re.search(rf'<option value="{about}" selected', page)
