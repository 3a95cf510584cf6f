"""The settings of an account on their page, and its end."""

from tests.integration.accounts.console.visiting import PERSON, logged_in
from tests.integration.accounts.installation import PASSWORD, Installation

PAGE = "/console/account"


async def test_name_and_time_zone_are_changed_and_audited(here: Installation) -> None:
    client, _ = await logged_in(here)
    assert (await client.post(f"{PAGE}/name", data={"name": "<i>Engines</i>"})).headers["location"].endswith("renamed")
    changed = await client.post(f"{PAGE}/time-zone", data={"time_zone": "Europe/Vienna"})
    assert changed.headers["location"].endswith("zone-changed")
    page = (await client.get(PAGE)).text
    assert "&lt;i&gt;Engines" in page
    assert "<i>Engines" not in page
    assert 'value="Europe/Vienna"' in page
    assert "UTC → Europe/Vienna" in (await client.get("/console/audit")).text


async def test_what_cannot_be_is_told_beside_its_field_and_stays(here: Installation) -> None:
    client, _ = await logged_in(here)
    for path, name, value in (
        ("name", "name", "a\tb"),
        ("time-zone", "time_zone", "Moon/Base"),
        ("new", "new_name", " "),
    ):
        refused = await client.post(f"{PAGE}/{path}", data={name: value})
        assert (refused.status_code, f'id="{name}-wrong"' in refused.text) == (400, True)
        assert f'value="{value}"' in refused.text


async def test_another_account_is_made_and_one_works_in_the_first_again(here: Installation) -> None:
    client, first = await logged_in(here)
    await client.post("/console/caches/new", data={"name": "in the first"})
    await client.post(f"{PAGE}/new", data={"new_name": "second"})
    assert "in the first" not in (await client.get("/console/caches")).text
    assert (await client.post(f"{PAGE}/switch", data={"account": first})).headers["location"].endswith("switched")
    assert "in the first" in (await client.get("/console/caches")).text
    _, others = await logged_in(here, "bob")
    assert (await client.post(f"{PAGE}/switch", data={"account": others})).status_code == 404


async def test_an_account_is_deleted_by_its_typed_name_and_the_password(here: Installation) -> None:
    client, account = await logged_in(here)
    for form, field in (
        ({"confirmation": "Analytical", "password": PASSWORD}, "confirmation"),
        ({"confirmation": PERSON["account_name"], "password": "nonsense"}, "password"),
    ):
        refused = await client.post(f"{PAGE}/delete", data=form)
        assert f'id="{field}-wrong"' in refused.text
        assert f'value="{form["confirmation"]}"' in refused.text
    assert await here.directory.account(account) is not None
    form = {"confirmation": PERSON["account_name"], "password": PASSWORD}
    assert (await client.post(f"{PAGE}/delete", data=form)).headers["location"] == "/login?note=account-deleted"
    assert await here.directory.account(account) is None
    assert (await client.get(PAGE)).status_code == 303


async def test_only_an_owner_deletes_and_a_viewer_changes_nothing(here: Installation) -> None:
    client, account = await logged_in(here)
    operator, viewer = here.rest(), here.rest()
    for browser, role in ((operator, "operator"), (viewer, "viewer")):
        email = await here.join(account, role, role)
        await browser.post("/login", data={"email": email, "password": PASSWORD})
    form = {"confirmation": PERSON["account_name"], "password": PASSWORD}
    assert (await operator.post(f"{PAGE}/delete", data=form)).status_code == 403
    assert (await client.post(f"{PAGE}/delete", data=form, headers={"sec-fetch-site": "cross-site"})).status_code == 403
    assert "A viewer may not change the settings" in (await viewer.get(PAGE)).text
    assert (await viewer.post(f"{PAGE}/name", data={"name": "mine"})).status_code == 403
    assert (await viewer.post(f"{PAGE}/time-zone", data={"time_zone": "UTC"})).status_code == 403
    assert (await client.get("/v1/account")).json()["name"] == PERSON["account_name"]
