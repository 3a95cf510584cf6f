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
