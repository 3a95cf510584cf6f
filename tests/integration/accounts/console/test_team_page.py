"""The team on its page: who may change it, and how somebody invited comes in."""

import html
import re

import httpx

from tests.integration.accounts.console.visiting import PERSON, logged_in
from tests.integration.accounts.installation import PASSWORD, Installation

TEAM = "/console/team"
BOB = "bob@example.com"


async def colleague(here: Installation, account: str, role: str) -> tuple[httpx.AsyncClient, str]:
    """Return the browser of another member, and their id."""
    client, email = here.rest(), await here.join(account, role, role)
    assert (await client.post("/login", data={"email": email, "password": PASSWORD})).status_code == 303
    listed = (await client.get("/v1/members")).json()["members"]
    return client, next(member["user_id"] for member in listed if member["email"] == email)


async def invited(client: httpx.AsyncClient, email: str = BOB, role: str = "viewer") -> str:
    """Invite somebody; return the path of the link that is to be passed on."""
    made = await client.post(f"{TEAM}/invite", data={"email": email, "role_id": role})
    assert made.status_code == 200, made.text
    (link,) = re.findall(r'id="invitation-link">([^<]+)<', made.text)
    return html.unescape(link).removeprefix("http://tidings.test")


def token_of(link: str) -> str:
    return httpx.QueryParams(link.partition("?")[2])["token"]


async def test_somebody_new_accepts_with_a_password_and_is_a_member(here: Installation) -> None:
    client, _ = await logged_in(here)
    link = await invited(client)
    assert BOB in (await client.get(TEAM)).text
    bob = here.rest()
    assert "Join Analytical Engines" in (await bob.get(link)).text
    short = await bob.post("/invitation", data={"token": token_of(link), "password": "short"})
    assert 'id="password-wrong"' in short.text
    joined = await bob.post("/invitation", data={"token": token_of(link), "password": PASSWORD})
    assert joined.headers["location"] == "/console?note=joined"
    page = (await bob.get(TEAM)).text
    assert "Only an owner may invite" in page
    assert f"{TEAM}/invite" not in page
    assert (await bob.get(link)).status_code == 401


async def test_somebody_known_logs_in_first_and_works_there_then(here: Installation) -> None:
    client, account = await logged_in(here)
    other, _ = await logged_in(here, "bob")
    link = await invited(client)
    led = await here.rest().post("/invitation", data={"token": token_of(link), "password": ""})
    assert led.headers["location"].startswith("/login?next=%2Finvitation%3Ftoken%3D")
    wrong = await client.post("/invitation", data={"token": token_of(link), "password": ""})
    assert "sent to another e-mail" in wrong.text
    back = httpx.QueryParams(led.headers["location"].partition("?")[2])["next"]
    bob = here.rest()
    entered = await bob.post("/login", data={**PERSON, "email": BOB, "next": back})
    assert entered.headers["location"] == link
    assert (await other.post("/invitation", data={"token": token_of(link), "password": ""})).status_code == 303
    assert (await other.get("/v1/account")).json()["account_id"] == account


async def test_a_new_invitation_and_taking_back_make_the_old_link_useless(here: Installation) -> None:
    client, _ = await logged_in(here)
    first, second = await invited(client), await invited(client)
    assert (await here.rest().get(first)).status_code == 401
    assert (await here.rest().get(second)).status_code == 200
    (waiting,) = re.findall(r'name="invitation" value="([^"]+)"', (await client.get(TEAM)).text)
    taken = await client.post(f"{TEAM}/take-back", data={"invitation": waiting})
    assert taken.headers["location"] == f"{TEAM}?note=taken-back"
    assert (await here.rest().get(second)).status_code == 401


async def test_a_wrong_invitation_keeps_what_was_typed(here: Installation) -> None:
    client, _ = await logged_in(here)
    refused = await client.post(f"{TEAM}/invite", data={"email": "<b>@", "role_id": "operator"})
    assert (refused.status_code, 'id="email-wrong"' in refused.text) == (400, True)
    assert 'value="&lt;b&gt;@"' in refused.text
    assert '<option value="operator" selected>' in refused.text.split('id="invite"')[1]
    refused = await client.post(f"{TEAM}/invite", data={"email": BOB, "role_id": "king"})
    assert 'id="role_id-wrong"' in refused.text
    member = await client.post(f"{TEAM}/invite", data={"email": PERSON["email"], "role_id": "viewer"})
    assert "is a member already" in member.text


async def test_roles_are_given_members_removed_and_the_account_handed_over(here: Installation) -> None:
    client, account = await logged_in(here)
    viewer, viewer_id = await colleague(here, account, "viewer")
    _, operator_id = await colleague(here, account, "operator")
    await client.post(f"{TEAM}/role", data={"member": viewer_id, "role_id": "operator"})
    assert (await viewer.post("/console/caches/new", data={"name": "a"})).status_code == 303
    assert "viewer@example.com" in (await client.get(f"{TEAM}/remove", params={"member": viewer_id})).text
    await client.post(f"{TEAM}/remove", data={"member": viewer_id})
    assert (await viewer.get(TEAM)).status_code == 303
    refused = await client.post(f"{TEAM}/leave")
    assert (refused.status_code, "keeps an owner" in refused.text) == (409, True)
    wrong = await client.post(f"{TEAM}/hand-over", data={"member": operator_id, "password": "nonsense"})
    assert 'id="password-wrong"' in wrong.text
    await client.post(f"{TEAM}/hand-over", data={"member": operator_id, "password": PASSWORD})
    assert "Only an owner may invite" in (await client.get(TEAM)).text
    assert (await client.post(f"{TEAM}/leave")).headers["location"] == "/login?note=left"
    assert (await client.get(TEAM)).status_code == 303


async def test_nobody_but_an_owner_and_no_other_site_changes_the_team(here: Installation) -> None:
    client, account = await logged_in(here)
    operator, operator_id = await colleague(here, account, "operator")
    stranger, _ = await logged_in(here, "eve")
    forms = {
        "invite": {"email": BOB, "role_id": "owner"},
        "role": {"member": operator_id, "role_id": "owner"},
        "remove": {"member": operator_id},
        "hand-over": {"member": operator_id, "password": PASSWORD},
    }
    for path, form in forms.items():
        assert (await operator.post(f"{TEAM}/{path}", data=form)).status_code == 403, path
        foreign = await client.post(f"{TEAM}/{path}", data=form, headers={"sec-fetch-site": "cross-site"})
        assert foreign.status_code == 403, path
        if path != "invite":
            assert (await stranger.post(f"{TEAM}/{path}", data=form)).status_code == 404, path
    assert "Nobody is invited" in (await client.get(TEAM)).text
    assert operator_id in (await client.get(TEAM)).text


async def test_a_viewer_of_an_account_without_caches_is_sent_to_whoever_may_make_one(here: Installation) -> None:
    owner, account = await logged_in(here)
    viewer, _ = await colleague(here, account, "viewer")
    for page, lead in (("/console", "Take the first steps"), ("/console/start", "Make both")):
        assert lead in (await owner.get(page)).text
        shown = (await viewer.get(page)).text
        assert (lead in shown, "ask an owner or operator of the account" in shown) == (False, True)
        assert 'action="/console/start"' not in shown
