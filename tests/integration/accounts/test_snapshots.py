"""What routers are told of an account, and when."""

import asyncio
import time
from collections.abc import Callable

import pytest
from sqlalchemy import text

from accounts.audit import SYSTEM
from accounts.tenants.plans import CONTRACT, PLANS
from api.account import AccountSnapshot
from api.errors import Unavailable
from tests.integration.accounts.conftest import Start
from tests.integration.accounts.installation import PASSWORD, Installation, Refused
from tests.patience import patient


async def snapshot(here: Installation, account_id: str) -> AccountSnapshot:
    found = await here.directory.account(account_id)
    assert found is not None
    return found


async def until(
    here: Installation, account_id: str, seconds: float, condition: Callable[[AccountSnapshot], bool] = lambda _: True
) -> None:
    """Wait until the account is known to `here`, and is as the condition says."""
    async with asyncio.timeout(patient(seconds)):
        while (found := await here.directory.account(account_id)) is None or not condition(found):
            await asyncio.sleep(0.005)


async def test_an_account_is_known_when_its_sign_up_is_answered(here: Installation) -> None:
    made = await here.tenant(plan=CONTRACT)
    assert (await snapshot(here, made.id)).limits == PLANS[CONTRACT]
    assert set((await snapshot(here, made.id)).roles) == {"owner", "operator", "viewer"}


async def test_what_is_made_while_the_directory_is_away_is_there_and_known_once_it_is_back(
    here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_: AccountSnapshot) -> None:
        raise Unavailable("the backplane cannot be reached")

    person = {"email": "bob@example.com", "password": PASSWORD, "account_name": "bob"}
    key = {"role_id": "owner", "description": "", "expiry": "never"}
    with monkeypatch.context() as patched:
        patched.setattr(here.directory, "put_account", away)
        async with here.rest() as browser:
            assert (await browser.post("/v1/signup", json=person)).status_code == 201
            account_id = (await browser.get("/v1/account")).json()["account_id"]
            key_id = (await browser.post("/v1/api-keys", json=key)).json()["key_info"]["key_id"]
            rotated = await browser.post(f"/v1/api-keys/{key_id}/rotate", json={"overlap_seconds": 3600})
            assert rotated.status_code == 201
            assert (await browser.delete(f"/v1/api-keys/{key_id}")).status_code == 503  # routers go on to believe it
        assert await here.directory.account(account_id) is None
    await until(here, account_id, 2.0, lambda account: key_id in account.revoked)
    await here.create_cache(rotated.json()["api_key"], "chat")


async def test_a_revoked_key_is_in_the_snapshot_when_its_revocation_is_answered(here: Installation) -> None:
    ada = await here.tenant()
    async with here.rest(authorization=ada.key) as program:
        assert (await program.delete(f"/v1/api-keys/{ada.key_id}")).status_code == 204
        assert (await snapshot(here, ada.id)).revoked == {ada.key_id}
        assert (await program.get("/v1/caches")).status_code == 401
    with pytest.raises(Refused) as refused:
        await here.create_cache(ada.key, "chat")
    assert refused.value.status == 16


async def test_a_revoked_key_that_has_expired_is_forgotten(here: Installation) -> None:
    ada = await here.tenant()
    await here.accounts.keys.revoke(ada.id, SYSTEM, ada.key_id)
    async with here.accounts.database.transaction() as transaction:
        await transaction.execute(text("UPDATE api_key SET expires_at = 1"))
    await here.create_cache((await here.accounts.keys.generate(ada.id, SYSTEM, "owner", "", None))[0], "chat")
    assert (await snapshot(here, ada.id)).revoked == frozenset()


async def test_what_another_process_changes_is_known_within_a_second(start: Start) -> None:
    here, elsewhere = await start(), await start()
    ada = await elsewhere.tenant()
    await until(here, ada.id, 1.0)
    await elsewhere.create_cache(ada.key, "chat")
    await until(here, ada.id, 1.0, lambda account: "chat" in account.caches)
    await elsewhere.accounts.keys.revoke(ada.id, SYSTEM, ada.key_id)
    await until(here, ada.id, 1.0, lambda account: ada.key_id in account.revoked)
    assert await snapshot(here, ada.id) == await snapshot(elsewhere, ada.id)


async def test_no_change_is_missed_when_many_are_made_in_two_processes_at_once(start: Start) -> None:
    here, elsewhere = await start(), await start()
    tenants = [await here.tenant(name) for name in ("ada", "bob", "eve")]
    for tenant in tenants:
        await until(elsewhere, tenant.id, 2.0)
    await asyncio.gather(
        *(
            side.accounts.caches.create(tenant.id, SYSTEM, f"cache-{name}-{n}")
            for n in range(8)
            for tenant in tenants
            for name, side in (("here", here), ("elsewhere", elsewhere))
        )
    )
    for tenant in tenants:
        for side in (here, elsewhere):
            await until(side, tenant.id, 2.0, lambda account: len(account.caches) == 16)
    versions = [(await snapshot(here, tenant.id)).version for tenant in tenants]
    assert len(set(versions)) == len(versions)


async def test_a_suspended_account_is_told_so(here: Installation) -> None:
    ada = await here.tenant()
    async with here.accounts.database.transaction() as transaction:
        await transaction.execute(text("UPDATE account SET suspended = true, version = version + 1"))
    await here.accounts.snapshots.publish(ada.id)
    with pytest.raises(Refused) as refused:
        await here.create_cache(ada.key, "chat")
    assert refused.value.status == 7


async def test_the_directory_has_the_keys_before_any_token_is_signed(here: Installation) -> None:
    assert here.directory.keys() == here.accounts.keystore.public_keys()
    assert len(here.directory.keys()) == 1


async def test_two_processes_on_one_folder_take_each_others_tokens(start: Start) -> None:
    here, elsewhere = await asyncio.gather(start(), start())
    ada = await elsewhere.tenant()
    await until(here, ada.id, 1.0)
    await here.create_cache(ada.key, "chat")


async def test_without_a_token_the_local_account_is_there_in_local_mode_only(start: Start) -> None:
    local = await start(local=True)
    for no_token in ("", None):
        await local.create_cache(no_token, f"cache-{time.monotonic_ns()}")
    closed = await start()
    with pytest.raises(Refused) as refused:
        await closed.create_cache("", "chat")
    assert refused.value.status == 16
