"""Limits on their page: what is in force and used, and what an owner may set."""

import re

from tests.integration.accounts.console.visiting import logged_in
from tests.integration.accounts.installation import PASSWORD, Installation

LIMITS = "/console/limits"


async def test_limits_are_shown_raised_and_left_to_the_plan_again(here: Installation) -> None:
    client, account = await logged_in(here)
    await client.post("/console/caches/new", data={"name": "<i>one</i>"})
    await client.post("/console/caches/bounds", data={"cache": "<i>one</i>", "message_bytes": "77"})
    page = (await client.get(LIMITS)).text
    caches = re.findall(r'<th scope="row">Caches</th>.+?</tr>', page, re.DOTALL)[0]
    assert re.findall(r'class="amount">(\d+)<meter', caches) == ["1"]
    assert "&lt;i&gt;one" in page
    assert "77 B" in page
    changed = await client.post(LIMITS, data={"caches": "2"})
    assert changed.headers["location"] == f"{LIMITS}?note=limits-changed"
    page = (await client.get(LIMITS)).text
    assert re.findall(r'name="caches" type="text" value="(\d*)"', page) == ["2"]
    await client.post("/console/caches/new", data={"name": "two"})
    assert "of 2" in (await client.post("/console/caches/new", data={"name": "three"})).text
    await client.post(LIMITS, data={"caches": ""})
    assert (await client.post("/console/caches/new", data={"name": "three"})).status_code == 303
    changes = [
        change for change in (await client.get("/console/audit")).text.split("<li>") if "limits changed" in change
    ]
    assert len(changes) == 2
    assert account in changes[0]


async def test_a_limit_that_cannot_be_is_told_beside_its_field(here: Installation) -> None:
    client, _ = await logged_in(here)
    refused = await client.post(LIMITS, data={"caches": "many", "subscriptions": "12", "message_bytes": "0"})
    assert refused.status_code == 400
    assert 'id="caches-wrong"' in refused.text
    assert 'id="message_bytes-wrong"' in refused.text
    assert 'value="many"' in refused.text
    assert 'value="12"' in refused.text
    refused = await client.post(LIMITS, data={"api_keys": "9007199254740991"})
    assert 'id="api_keys-wrong"' in refused.text
    assert "an operator of the installation can raise that" in refused.text


async def test_an_operator_only_looks_and_another_site_changes_nothing(here: Installation) -> None:
    client, account = await logged_in(here)
    operator, email = here.rest(), await here.join(account, "bob", "operator")
    await operator.post("/login", data={"email": email, "password": PASSWORD})
    assert "Only an owner of the account may change its limits" in (await operator.get(LIMITS)).text
    assert (await operator.post(LIMITS, data={"caches": "1"})).status_code == 403
    foreign = await client.post(LIMITS, data={"caches": "1"}, headers={"sec-fetch-site": "cross-site"})
    assert foreign.status_code == 403
    assert 'name="caches" type="text" value=""' in (await client.get(LIMITS)).text
