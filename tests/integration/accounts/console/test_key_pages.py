"""A key in place of another, by the forms of the console."""

import re

from tests.integration.accounts.console.visiting import logged_in
from tests.integration.accounts.installation import PASSWORD, Installation

ROTATE = "/console/keys/rotate"


async def test_a_key_is_rotated_once_and_both_are_listed(here: Installation) -> None:
    client, account = await logged_in(here)
    await client.post("/console/keys/new", data={"role": "operator", "description": "<i>chat</i>", "expiry": ""})
    listed = (await client.get("/console/keys")).text
    (key_id,) = re.findall(r"keys/rotate\?key=([^\"]+)", listed)
    assert "never used" in listed
    asked = (await client.get(ROTATE, params={"key": key_id})).text
    assert "&lt;i&gt;chat" in asked
    wrong = await client.post(ROTATE, data={"key": key_id, "overlap": "12"})
    assert (wrong.status_code, 'id="overlap-wrong"' in wrong.text) == (400, True)
    answer = await client.post(ROTATE, data={"key": key_id, "overlap": "3600"})
    assert key_id in answer.text
    (secret,) = re.findall(r'id="new-key">([^<]+)<', answer.text)
    assert (await here.rest(authorization=secret).get("/v1/account")).status_code == 200
    assert secret not in (await client.get("/console/keys")).text
    assert "refused from" in (await client.get("/console/keys")).text
    assert (await here.accounts.keys.describe(account, key_id)).replaced_by is not None
    again = await client.post(ROTATE, data={"key": key_id, "overlap": "0"})
    assert again.status_code == 409
    assert "was replaced by" in again.text


async def test_an_operator_rotates_no_owners_key_and_a_stranger_none(here: Installation) -> None:
    client, account = await logged_in(here)
    await client.post("/console/keys/new", data={"role": "owner", "expiry": ""})
    (key_id,) = re.findall(r"keys/rotate\?key=([^\"]+)", (await client.get("/console/keys")).text)
    for role in ("operator", "viewer"):
        colleague = here.rest()
        email = await here.join(account, role, role)
        await colleague.post("/login", data={"email": email, "password": PASSWORD})
        assert (await colleague.get(ROTATE, params={"key": key_id})).status_code == 403
        assert (await colleague.post(ROTATE, data={"key": key_id, "overlap": "0"})).status_code == 403
    other, _ = await logged_in(here, "bob")
    assert (await other.post(ROTATE, data={"key": key_id, "overlap": "0"})).status_code == 404
    foreign = await client.post(ROTATE, data={"key": key_id, "overlap": "0"}, headers={"sec-fetch-site": "cross-site"})
    assert foreign.status_code == 403
    assert (await here.accounts.keys.describe(account, key_id)).replaced_by is None
