"""Tokens that stand for a person who has logged in: they end with the log-in, however it ends, and with the rights."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from api.errors import Unauthenticated
from api.standing import standing
from api.tokens import Verifier
from tests.integration.accounts.conftest import Start
from tests.integration.accounts.installation import PASSWORD, Installation, Refused, Tenant
from tests.integration.accounts.smtp_server import token_in

NEW = "a new password"


@dataclass
class Scene:
    """An account with two owners, of whom Bob has logged in twice and made tokens with one log-in."""

    here: Installation
    folder: Path
    account: Tenant
    ada: httpx.AsyncClient
    bob: httpx.AsyncClient
    bobs_other: httpx.AsyncClient
    bob_id: str
    email: str

    async def tokens(self) -> dict[str, str]:
        made = await self.bob.post("/v1/session-token")
        assert made.status_code == 201, made.text
        page = await self.bob.post("/console/page-token", data={"cache": "chat", "role": ""})
        assert page.status_code == 200, page.text
        return {"session": made.json()["session_token"], "page": page.json()["token"]}

    async def refused(self, token: str, here: Installation | None = None) -> bool:
        """Whether a router would refuse a token, by what it is told now; and RPC and REST with it."""
        here = here or self.here
        claims = Verifier(here.directory.keys()).verify(token, time.time())
        try:
            standing(claims, await here.directory.account(self.account.id))
        except Unauthenticated:
            refused = True
        else:
            refused = False
        if claims.kind == "session" and here is self.here:
            await self._check_calls(token, refused=refused)
        return refused

    async def _check_calls(self, token: str, *, refused: bool) -> None:
        if refused:
            with pytest.raises(Refused) as error:
                await self.here.list_caches(token)
            assert error.value.status == 16
        else:
            await self.here.list_caches(token)
        async with self.here.rest(authorization=f"Bearer {token}") as program:
            assert (await program.get("/v1/caches")).status_code == (401 if refused else 200)


async def log_in(here: Installation, email: str) -> httpx.AsyncClient:
    browser = here.rest()
    answer = await browser.post("/v1/login", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return browser


@pytest.fixture
async def scene(here: Installation, tmp_path: Path) -> Scene:
    account = await here.tenant("ada")
    email = await here.join(account.id, "bob", "owner")
    await here.create_cache(account.key, "chat")
    bob = await log_in(here, email)
    bob_id = (await bob.get("/v1/user")).json()["user_id"]
    others = await log_in(here, account.email), await log_in(here, email)
    return Scene(here, tmp_path, account, others[0], bob, others[1], bob_id, email)


async def log_out(scene: Scene) -> httpx.Response:
    return await scene.bob.post("/v1/logout")


async def log_in_anew(scene: Scene) -> httpx.Response:
    return await scene.bob.post("/v1/login", json={"email": scene.email, "password": PASSWORD})


async def revoke_it(scene: Scene) -> httpx.Response:
    found = (await scene.bob.get("/v1/sessions")).json()["sessions"]
    id = next(each["session_id"] for each in found if each["is_current"])
    return await scene.bobs_other.delete(f"/v1/sessions/{id}")


async def revoke_others(scene: Scene) -> httpx.Response:
    return await scene.bobs_other.delete("/v1/sessions")


async def change_password(scene: Scene) -> httpx.Response:
    body = {"password": PASSWORD, "new_password": NEW}
    return await scene.bobs_other.post("/v1/user/password", json=body)


async def reset_password(scene: Scene) -> httpx.Response:
    await scene.ada.post("/v1/password-reset", json={"email": scene.email})
    await scene.here.accounts.mails.deliver()
    (path,) = (scene.folder / "mail").glob("*.eml")
    body = {"token": token_in(message_from_bytes(path.read_bytes(), policy=policy.default)), "new_password": NEW}
    return await scene.ada.post("/v1/password-reset/confirmation", json=body)


async def be_removed(scene: Scene) -> httpx.Response:
    return await scene.ada.delete(f"/v1/members/{scene.bob_id}")


async def leave(scene: Scene) -> httpx.Response:
    return await scene.bobs_other.post("/v1/account/leave")


async def be_made_less(scene: Scene) -> httpx.Response:
    return await scene.ada.patch(f"/v1/members/{scene.bob_id}", json={"role_id": "operator"})


async def hand_over(scene: Scene) -> httpx.Response:
    ada_id = (await scene.ada.get("/v1/user")).json()["user_id"]
    return await scene.bobs_other.post("/v1/account/owner", json={"user_id": ada_id, "password": PASSWORD})


async def lose_the_account(scene: Scene) -> httpx.Response:
    token, _ = await scene.here.accounts.operation.operators.make_token("a script", None)
    async with scene.here.rest(authorization=token) as operator:
        return await operator.delete(f"/v1/admin/accounts/{scene.account.id}")


WAYS = [
    log_out,
    log_in_anew,
    revoke_it,
    revoke_others,
    change_password,
    reset_password,
    be_removed,
    leave,
    be_made_less,
    hand_over,
    lose_the_account,
]


@pytest.mark.parametrize("way", WAYS)
async def test_tokens_are_worth_nothing_when_the_end_of_their_log_in_is_answered(
    scene: Scene, way: Callable[[Scene], Awaitable[httpx.Response]]
) -> None:
    tokens = await scene.tokens()
    for kind, token in tokens.items():
        assert not await scene.refused(token), kind
    answer = await way(scene)
    assert answer.status_code in (200, 204), answer.text
    for kind, token in tokens.items():
        assert await scene.refused(token), kind
    assert not await scene.refused(scene.account.key) or way is lose_the_account


async def test_what_ends_other_log_ins_leaves_this_ones_tokens(scene: Scene) -> None:
    tokens = await scene.tokens()
    await scene.bobs_other.post("/v1/logout")
    await scene.bob.delete("/v1/sessions")
    await scene.bob.post("/v1/user/password", json={"password": PASSWORD, "new_password": NEW})
    answer = await scene.ada.patch(f"/v1/members/{scene.bob_id}", json={"role_id": "owner"})
    assert answer.status_code == 200
    assert [await scene.refused(token) for token in tokens.values()] == [False, False]


async def test_another_role_ends_old_tokens_and_lets_new_ones_be_made(scene: Scene) -> None:
    old = await scene.tokens()
    await be_made_less(scene)
    new = await scene.tokens()
    assert [await scene.refused(token) for token in (*old.values(), *new.values())] == [True, True, False, False]


async def test_another_service_of_the_fleet_hears_of_it_by_itself(scene: Scene, start: Start) -> None:
    elsewhere = await start()
    tokens = await scene.tokens()
    assert not await scene.refused(tokens["page"], elsewhere)
    await log_out(scene)
    began = time.monotonic()
    while not await scene.refused(tokens["page"], elsewhere):
        assert time.monotonic() - began < 30.0
        await asyncio.sleep(0.01)
    assert await scene.refused(tokens["session"], elsewhere)


async def test_a_log_in_that_moved_takes_what_it_made_elsewhere_with_it(scene: Scene) -> None:
    tokens = await scene.tokens()
    assert (await scene.bob.post("/v1/accounts", json={"name": "another"})).status_code == 201
    assert not await scene.refused(tokens["page"])
    another = (await scene.bob.get("/v1/account")).json()["account_id"]
    token, _ = await scene.here.accounts.operation.operators.make_token("a script", None)
    async with scene.here.rest(authorization=token) as operator:
        assert (await operator.delete(f"/v1/admin/accounts/{another}")).status_code == 204
    assert await scene.refused(tokens["page"])
    assert await scene.refused(tokens["session"])


async def test_a_token_does_not_outlive_the_hours_of_its_log_in(scene: Scene) -> None:
    async with scene.here.accounts.database.transaction() as session:
        await session.execute(text("UPDATE session SET expires_at = :at"), {"at": int(time.time()) + 60})
    for token in (await scene.tokens()).values():
        claims = Verifier(scene.here.directory.keys()).verify(token, time.time())
        assert claims.expires_at is not None
        assert claims.expires_at <= time.time() + 60


async def test_no_token_is_made_by_a_log_in_that_ends_meanwhile(scene: Scene) -> None:
    people = scene.here.accounts.people
    bob = await people.sessions.member(scene.bob.cookies["tidings"], "")
    await be_made_less(scene)
    with pytest.raises(Unauthenticated):
        await people.sessions.bind_token(bob, "session_1")
    bob = await people.sessions.member(scene.bob.cookies["tidings"], "")
    await log_out(scene)
    with pytest.raises(Unauthenticated):
        await people.sessions.bind_token(bob, "session_2")


async def test_a_persons_token_may_do_no_more_over_rest_than_the_person(scene: Scene) -> None:
    await be_made_less(scene)
    token = (await scene.tokens())["session"]
    async with scene.here.rest(authorization=f"Bearer {token}") as program:
        assert (await program.post("/v1/api-keys", json={"role_id": "owner"})).status_code == 403
        assert (await program.patch("/v1/limits", json={})).status_code == 403
        assert (await program.post("/v1/api-keys", json={"role_id": "operator"})).status_code == 201


async def test_what_has_expired_is_forgotten(scene: Scene) -> None:
    await scene.tokens()
    await log_out(scene)
    found = await scene.here.directory.account(scene.account.id)
    assert found is not None
    assert len(found.revoked) == 1
    assert await scene.here.accounts.people.bindings.tidy() == "0 bindings were forgotten"
    async with scene.here.accounts.database.transaction() as session:
        await session.execute(text("UPDATE token_binding SET expires_at = 1"))
    assert await scene.here.accounts.people.bindings.tidy() == "1 bindings were forgotten"
