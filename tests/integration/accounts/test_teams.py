"""Teams: invitations, roles, leaving and handing over; an account always keeps an owner."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from tests.integration.accounts.conftest import Start
from tests.integration.accounts.installation import PASSWORD, Installation
from tests.integration.accounts.smtp_server import mail_server, text_of, token_in
from tests.integration.accounts.test_mail import settings

BOB = "bob@example.com"


@asynccontextmanager
async def logged_in(here: Installation, email: str) -> AsyncGenerator[httpx.AsyncClient]:
    async with here.rest() as browser:
        assert (await browser.post("/v1/login", json={"email": email, "password": PASSWORD})).status_code == 200
        yield browser


async def post(browser: httpx.AsyncClient, path: str, status: int, **body: Any) -> dict[str, Any]:
    answer = await browser.post(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else {}


async def members(browser: httpx.AsyncClient) -> dict[str, str]:
    found = (await browser.get("/v1/members")).json()["members"]
    return {member["email"]: member["role_id"] for member in found}


async def id_of(browser: httpx.AsyncClient, email: str) -> str:
    found = (await browser.get("/v1/members")).json()["members"]
    return next(member["user_id"] for member in found if member["email"] == email)


async def test_somebody_new_joins_by_the_mail_that_invites_them(start: Start) -> None:
    async with mail_server() as server:
        here = await start(mail=settings(server.port))
        ada = await here.tenant("ada")
        async with logged_in(here, ada.email) as owner, here.rest() as bob:
            made = await post(owner, "/v1/invitations", 201, email=" BOB@example.com", role_id="viewer")
            assert made["token"] is None
            mail = await server.newest("invited")
            assert (mail["To"], "ada@example.com" in text_of(mail)) == (BOB, True)
            token = token_in(mail)
            assert token not in await here.rows()
            shown = await post(bob, "/v1/invitations/preview", 200, token=token)
            assert shown == {
                "account_name": "ada",
                "email": BOB,
                "role_id": "viewer",
                "invited_by": "ada@example.com",
                "is_known": False,
            }
            await post(bob, "/v1/invitations/acceptance", 401, token=token)
            await post(bob, "/v1/invitations/acceptance", 400, token=token, password="short")
            joined = await post(bob, "/v1/invitations/acceptance", 200, token=token, password=PASSWORD)
            assert joined["account_id"] == ada.id
            assert (await bob.get("/v1/user")).json()["is_confirmed"] is True
            assert await members(bob) == {"ada@example.com": "owner", BOB: "viewer"}
            assert (await owner.get("/v1/invitations")).json()["invitations"] == []
            await post(bob, "/v1/invitations/acceptance", 401, token=token, password=PASSWORD)


async def test_somebody_who_is_known_joins_with_the_log_in_of_that_e_mail(here: Installation) -> None:
    ada, bob, eve = [await here.tenant(name) for name in ("ada", "bob", "eve")]
    async with (
        logged_in(here, ada.email) as owner,
        logged_in(here, bob.email) as invited,
        logged_in(here, eve.email) as thief,
        here.rest() as stranger,
    ):
        token = (await post(owner, "/v1/invitations", 201, email=BOB, role_id="operator"))["token"]
        await post(thief, "/v1/invitations/acceptance", 403, token=token)
        await post(stranger, "/v1/invitations/acceptance", 409, token=token, password="another password")
        assert (await post(invited, "/v1/invitations/acceptance", 200, token=token))["account_id"] == ada.id
        assert (await invited.get("/v1/account")).json()["name"] == "ada"
        await post(owner, "/v1/invitations", 409, email=BOB, role_id="viewer")
        listed = (await invited.get("/v1/accounts")).json()["accounts"]
        assert {each["name"]: (each["role_id"], each["is_current"]) for each in listed} == {
            "ada": ("operator", True),
            "bob": ("owner", False),
        }
        await post(invited, "/v1/session/account", 204, account_id=bob.id)
        assert (await invited.get("/v1/account")).json()["name"] == "bob"
        await post(thief, "/v1/session/account", 404, account_id=bob.id)
        again = (await post(invited, "/v1/accounts", 201, name="third"))["account_id"]
        assert (await invited.get("/v1/account")).json()["account_id"] == again
        assert await here.directory.account(again) is not None


async def test_an_invitation_is_replaced_taken_back_and_forgotten(here: Installation) -> None:
    ada = await here.tenant("ada")
    async with logged_in(here, ada.email) as owner, here.rest() as bob:
        tokens = [
            (await post(owner, "/v1/invitations", 201, email=BOB, role_id=role))["token"]
            for role in ("viewer", "owner")
        ]
        await post(bob, "/v1/invitations/preview", 401, token=tokens[0])
        (waiting,) = (await owner.get("/v1/invitations")).json()["invitations"]
        assert waiting["role_id"] == "owner"
        assert (await owner.delete(f"/v1/invitations/{waiting['invitation_id']}")).status_code == 204
        assert (await owner.delete(f"/v1/invitations/{waiting['invitation_id']}")).status_code == 404
        await post(bob, "/v1/invitations/acceptance", 401, token=tokens[1], password=PASSWORD)
        token = (await post(owner, "/v1/invitations", 201, email=BOB, role_id="viewer"))["token"]
        async with here.accounts.database.transaction() as session:
            await session.execute(text("UPDATE invitation SET expires_at = expires_at - 7 * 86400 - 1"))
        await post(bob, "/v1/invitations/acceptance", 401, token=token, password=PASSWORD)
        assert (await owner.get("/v1/invitations")).json()["invitations"] == []


@pytest.mark.parametrize("role", ["operator", "viewer"])
async def test_owners_alone_manage_the_team(here: Installation, role: str) -> None:
    ada = await here.tenant("ada")
    async with logged_in(here, await here.join(ada.id, "bob", role)) as bob:
        owner = await id_of(bob, "ada@example.com")
        await post(bob, "/v1/invitations", 403, email="eve@example.com", role_id="viewer")
        assert (await bob.patch(f"/v1/members/{owner}", json={"role_id": "viewer"})).status_code == 403
        assert (await bob.delete(f"/v1/members/{owner}")).status_code == 403
        await post(bob, "/v1/account/owner", 403, user_id=await id_of(bob, BOB), password=PASSWORD)


async def test_a_role_changes_from_the_next_request_on(here: Installation) -> None:
    ada = await here.tenant("ada")
    async with logged_in(here, ada.email) as owner, logged_in(here, await here.join(ada.id, "bob", "viewer")) as bob:
        await post(bob, "/v1/caches", 403, name="chat")
        path = f"/v1/members/{await id_of(owner, BOB)}"
        tag = (await owner.get(path)).headers["etag"]
        stale = await owner.patch(path, json={"role_id": "operator"}, headers={"if-match": '"x"'})
        assert stale.status_code == 412
        changed = await owner.patch(path, json={"role_id": "operator"}, headers={"if-match": tag})
        assert (changed.status_code, changed.json()["role_id"]) == (200, "operator")
        await post(bob, "/v1/caches", 201, name="chat")
        for bad in ({"role_id": "emperor"}, {}, {"role_id": "viewer", "user_id": "x"}):
            assert (await owner.patch(path, json=bad)).status_code == 400


async def test_an_account_keeps_an_owner(here: Installation) -> None:
    ada = await here.tenant("ada")
    async with logged_in(here, ada.email) as owner:
        path = f"/v1/members/{await id_of(owner, ada.email)}"
        for answer in (
            await owner.patch(path, json={"role_id": "viewer"}),
            await owner.delete(path),
            await owner.post("/v1/account/leave"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (409, "last_owner")
        assert await members(owner) == {ada.email: "owner"}


async def test_of_two_owners_who_remove_each_other_one_stays(here: Installation) -> None:
    for number in range(5):
        ada = await here.tenant(f"ada-{number}")
        email = await here.join(ada.id, f"bob-{number}", "owner")
        async with logged_in(here, ada.email) as one, logged_in(here, email) as other:
            ids = await id_of(one, email), await id_of(one, ada.email)
            answers = await asyncio.gather(
                one.delete(f"/v1/members/{ids[0]}"),
                other.delete(f"/v1/members/{ids[1]}"),
                one.patch(f"/v1/members/{ids[1]}", json={"role_id": "viewer"}),
                other.post("/v1/account/leave"),
            )
            assert {answer.status_code for answer in answers} <= {200, 204, 401, 403, 404, 409}
        async with here.accounts.database.reading() as session:
            owners = "SELECT count(*) FROM membership WHERE role_id = 'owner' AND account_id = :account"
            assert await session.scalar(text(owners), {"account": ada.id}) >= 1


async def test_who_is_removed_is_out_at_once_and_may_sign_up_anew(here: Installation) -> None:
    ada = await here.tenant("ada")
    async with logged_in(here, ada.email) as owner, logged_in(here, await here.join(ada.id, "bob", "operator")) as bob:
        assert (await owner.delete(f"/v1/members/{await id_of(owner, BOB)}")).status_code == 204
        assert (await bob.get("/v1/account")).status_code == 401
        await post(bob, "/v1/login", 401, email=BOB, password=PASSWORD)
        await post(bob, "/v1/signup", 201, email=BOB, password=PASSWORD, account_name="bob's own")


async def test_who_leaves_one_account_stays_in_the_others(here: Installation) -> None:
    ada, bob = await here.tenant("ada"), await here.tenant("bob")
    async with logged_in(here, ada.email) as owner, logged_in(here, bob.email) as guest:
        token = (await post(owner, "/v1/invitations", 201, email=BOB, role_id="viewer"))["token"]
        await post(guest, "/v1/invitations/acceptance", 200, token=token)
        await post(guest, "/v1/account/leave", 204)
        assert (await guest.get("/v1/account")).status_code == 401
        assert (await post(guest, "/v1/login", 200, email=BOB, password=PASSWORD))["account_id"] == bob.id


async def test_an_account_is_handed_over_by_its_owner_with_the_password(here: Installation) -> None:
    ada = await here.tenant("ada")
    async with logged_in(here, ada.email) as owner, logged_in(here, await here.join(ada.id, "bob", "viewer")) as bob:
        new = await id_of(owner, BOB)
        await post(owner, "/v1/account/owner", 403, user_id=new, password="a wrong password")
        await post(owner, "/v1/account/owner", 404, user_id="user_nobody", password=PASSWORD)
        await post(owner, "/v1/account/owner", 204, user_id=new, password=PASSWORD)
        assert await members(bob) == {ada.email: "operator", BOB: "owner"}
        await post(owner, "/v1/invitations", 403, email="eve@example.com", role_id="viewer")


async def test_an_account_gets_another_name(here: Installation) -> None:
    ada = await here.tenant("ada")
    async with here.rest(authorization=ada.key) as program:
        tag = (await program.get("/v1/account")).headers["etag"]
        for name, status in (("", 400), ("\n", 400), ("x" * 256, 400), (" New name ", 200)):
            answer = await program.patch("/v1/account", json={"name": name}, headers={"if-match": tag})
            assert answer.status_code == status
        assert (await program.get("/v1/account")).json()["name"] == "New name"
        assert (await program.patch("/v1/account", json={"name": "x"}, headers={"if-match": tag})).status_code == 412
