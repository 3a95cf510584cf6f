"""The keys that tokens are signed with: in the database, rotated with overlap, retired when nothing needs them."""

import asyncio
import base64
import time
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from sqlalchemy import text

from accounts.audit import SYSTEM
from accounts.encryption import CannotDecrypt, MasterKeySource
from accounts.signing.service import TokenSigningKeys
from api.errors import AlreadyExists, InUse, NotFound, Unauthenticated
from api.permissions import super_user_permissions
from api.tokens import Signer, Verifier
from backplane.memory import MemoryDirectory
from tests.integration.accounts.conftest import Start
from tests.integration.accounts.installation import Installation
from tests.integration.accounts.minting import SUPER_USER, TOPICS, generate, generate_disposable, refresh, token
from tests.patience import patient
from tests.unit.accounts.test_keystore import pem
from tests.unit.credentials import claims

ADMIN = "/v1/admin/signing-keys"
HOUR, DAY = 3600, 86400
ONE, TWO = (MasterKeySource(base64.b64encode(letter * 32).decode()) for letter in (b"1", b"2"))


async def pass_time(here: Installation, seconds: int) -> None:
    """Have it be so much later for signing keys, their tokens and no others."""
    async with here.accounts.database.transaction() as session:
        for column in ("created_at", "signs_from"):
            await session.execute(text(f"UPDATE token_signing_key SET {column} = {column} - {seconds}"))
    await here.accounts.signing_keys.refresh()


async def states(here: Installation) -> Mapping[str, str]:
    return {life.row.kid: life.state for life in await here.accounts.signing_key_lives.list()}


async def rotated(here: Installation) -> tuple[str, str]:
    """Have another key sign; return the old one and the new one."""
    old = here.accounts.keystore.signing_kid()
    new = (await here.accounts.signing_keys.rotate(SYSTEM)).kid
    await pass_time(here, 600)
    assert here.accounts.keystore.signing_kid() == new
    return old, new


def kid_of(credential: str) -> str:
    return jwt.get_unverified_header(credential)["kid"]


@pytest.fixture
async def operator(here: Installation) -> AsyncGenerator[httpx.AsyncClient]:
    secret, _ = await here.accounts.operation.operators.make_token("a script", None)
    async with here.rest(authorization=secret) as client:
        yield client


async def test_a_key_rotated_on_one_service_signs_on_the_other_and_both_verify(start: Start) -> None:
    here, elsewhere = await asyncio.gather(start(master_key=ONE), start(master_key=ONE))
    ada = await here.tenant()
    old = here.accounts.keystore.signing_kid()
    assert (old, {old}) == (kid_of(ada.key), set(elsewhere.directory.keys()))
    new = (await here.accounts.signing_keys.rotate(SYSTEM)).kid
    began = time.monotonic()
    while set(elsewhere.directory.keys()) != {old, new} or not await elsewhere.directory.account(ada.id):
        assert time.monotonic() - began < 30.0
        await asyncio.sleep(0.01)
    assert set(here.directory.keys()) == {old, new}
    assert kid_of(token(elsewhere, ada.id, "session")) == old, "it is public before it signs"
    await pass_time(elsewhere, 600)
    fresh = token(elsewhere, ada.id, "session")
    assert kid_of(fresh) == new
    for service in (here, elsewhere):
        for each in (ada.key, fresh):
            await service.list_caches(each)
        for each in (ada.key, fresh):
            assert Verifier(service.directory.keys()).verify(each, time.time()).account_id == ada.id


async def test_a_private_key_is_encrypted_and_needs_the_master_key(start: Start, tmp_path: Path) -> None:
    here = await start(master_key=ONE)
    kid = here.accounts.keystore.signing_kid()
    raw = here.accounts.keystore._signer(kid)._private_key.private_bytes_raw()
    rows = await here.rows()
    assert kid in rows
    for form in (raw.hex(), base64.b64encode(raw).decode(), repr(raw)):
        assert form not in rows
    assert not (tmp_path / "keys").exists()
    with pytest.raises(CannotDecrypt, match=f"signing key '{kid}' cannot be used.*TIDINGS_MASTER_KEY"):
        await start(master_key=TWO)


async def test_a_new_master_key_takes_over(start: Start) -> None:
    here = await start(master_key=ONE)
    kid = here.accounts.keystore.signing_kid()
    await here.accounts.signing_key_lives.tend()
    both = await start(master_key=MasterKeySource(f"{TWO.text} {ONE.text}"))
    await both.accounts.signing_key_lives.tend()
    alone = await start(master_key=TWO)
    assert alone.accounts.keystore.signing_kid() == kid
    await alone.list_caches(token(alone, (await alone.tenant()).id, "session"))


async def test_keys_in_files_are_taken_over_and_what_they_signed_holds(start: Start, tmp_path: Path) -> None:
    older, newer = pem(tmp_path / "keys", "older", age=10), pem(tmp_path / "keys", "newer")
    here = await start()
    ada = await here.tenant()
    assert kid_of(ada.key) == "newer"
    for kid, key in (("older", older), ("newer", newer)):
        old = Signer(kid, key).sign(claims(account=ada.id, permissions=super_user_permissions()))
        await here.list_caches(old)
    assert set(here.directory.keys()) == {"older", "newer"}
    pem(tmp_path / "keys", "late")
    again = await start()
    assert again.accounts.keystore.signing_kid() == "newer", "one that comes later only verifies"
    assert await states(again) == {"older": "verifying", "newer": "signing", "late": "verifying"}


async def test_a_retired_key_is_not_taken_over_again(start: Start, tmp_path: Path) -> None:
    pem(tmp_path / "keys", "old")
    here = await start()
    await rotated(here)
    await here.accounts.signing_key_lives.retire("old", SYSTEM, force=True)
    again = await start()
    assert "old" not in set(again.directory.keys())
    assert "old" not in await states(again)


async def test_what_came_from_a_file_ends_by_force_alone(start: Start, tmp_path: Path) -> None:
    pem(tmp_path / "keys", "old")
    here = await start()
    ada = await here.tenant()
    async with here.accounts.database.transaction() as session:
        await session.execute(text("UPDATE api_key SET kid = NULL"))  # as a version before has left it
    await rotated(here)
    await pass_time(here, 400 * DAY)
    await here.accounts.signing_key_lives.tend()
    with pytest.raises(InUse, match="kept keys in files") as refused:
        await here.accounts.signing_key_lives.retire("old", SYSTEM)
    assert [detail["api_key"] for detail in refused.value.details] == [ada.key_id]
    await here.list_caches(ada.key)


async def test_a_key_is_retired_when_nothing_that_it_signed_holds(here: Installation) -> None:
    ada = await here.tenant()
    await here.accounts.keys.revoke(ada.id, SYSTEM, ada.key_id)
    disposable = await generate_disposable(here, token(here, ada.id, "session"), TOPICS)
    old, new = await rotated(here)
    lives = here.accounts.signing_key_lives
    assert await lives.tend() == "no key was made, 0 were retired"
    with pytest.raises(InUse, match="disposable tokens"):
        await lives.retire(old, SYSTEM)
    Verifier(here.directory.keys()).verify(disposable.api_key, time.time())
    await pass_time(here, 25 * HOUR)
    assert await lives.tend() == "no key was made, 0 were retired"
    await pass_time(here, HOUR)
    assert await lives.tend() == "no key was made, 1 were retired"
    assert set(here.directory.keys()) == set(here.accounts.keystore.public_keys()) == {new}
    with pytest.raises(Unauthenticated):
        Verifier(here.directory.keys()).verify(disposable.api_key, time.time())


async def test_a_key_is_kept_for_api_keys_and_tokens_that_last(here: Installation) -> None:
    ada, bob = await here.tenant("ada"), await here.tenant("bob")
    session = token(here, bob.id, "session")
    never, _ = [await generate(here, session, SUPER_USER, None) for _ in range(2)]
    short = await generate(here, session, SUPER_USER, HOUR)
    await here.accounts.keys.revoke(bob.id, SYSTEM, bob.key_id)
    old, _ = await rotated(here)
    await pass_time(here, 400 * DAY)
    lives = here.accounts.signing_key_lives
    await lives.tend()
    await here.accounts.signing_keys.note_lasting(bob.id, old, None)
    with pytest.raises(InUse, match="has signed 4 API keys and 1 other tokens that may hold") as refused:
        await lives.retire(old, SYSTEM)
    assert [each["account_id"] for each in refused.value.details].count(bob.id) == 4
    assert {"api_key": ada.key_id, "account_id": ada.id, "description": "", "until": "never"} in refused.value.details
    assert {"tokens": "1", "account_id": bob.id, "until": "never"} in refused.value.details
    for each in (ada.key, never.api_key, short.api_key):
        await here.list_caches(each)
    await lives.retire(old, SYSTEM, force=True)
    async with here.rest() as client:
        for each in (ada.key, never.api_key, short.api_key):
            answer = await client.get("/v1/caches", headers={"authorization": each})
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert (await here.accounts.keys.describe(ada.id, ada.key_id)).revoked_at is not None


async def test_a_renewed_token_counts_for_the_key_that_renewed_it(here: Installation) -> None:
    ada = await here.tenant()
    made = await generate(here, token(here, ada.id, "session"), SUPER_USER, 40 * DAY)
    _, new = await rotated(here)
    await refresh(here, made.api_key, made.refresh_token)
    life = next(life for life in await here.accounts.signing_key_lives.list() if life.row.kid == new)
    assert (life.api_keys.count, life.needed_until) == (1, None)
    assert life.api_keys.until >= time.time() + 39 * DAY


async def test_the_schedule_rotates_once_and_with_no_days_never(start: Start) -> None:
    here, elsewhere = await start(signing_key_days=90), await start(signing_key_days=90)
    lives = here.accounts.signing_key_lives
    assert await lives.tend() == "no key was made, 0 were retired"
    await pass_time(here, 90 * DAY)
    tended = await asyncio.gather(*(each.tend() for each in (lives, elsewhere.accounts.signing_key_lives)))
    assert sorted(tended) == ["a key was made, 0 were retired", "no key was made, 0 were retired"]
    assert await lives.tend() == "no key was made, 0 were retired"
    assert sorted((await states(here)).values()) == ["published", "signing"]
    never = await start(signing_key_days=0)
    await pass_time(here, 900 * DAY)
    assert (await never.accounts.signing_key_lives.tend()).startswith("no key was made")


async def test_a_private_key_goes_when_it_signs_no_more(here: Installation) -> None:
    ada = await here.tenant()
    old, _ = await rotated(here)
    await pass_time(here, HOUR)
    await here.accounts.signing_key_lives.tend()
    async with here.accounts.database.reading() as session:
        rows = (await session.execute(text("SELECT kid, sealed FROM token_signing_key WHERE sealed IS NULL"))).all()
    assert [row.kid for row in rows] == [old]
    await here.list_caches(ada.key)


async def test_no_two_keys_wait_to_sign_and_the_one_that_signs_is_not_retired(here: Installation) -> None:
    keys, lives = here.accounts.signing_keys, here.accounts.signing_key_lives
    tries = await asyncio.gather(*(keys.rotate(SYSTEM) for _ in range(3)), return_exceptions=True)
    assert sum(isinstance(each, AlreadyExists) for each in tries) == 2
    with pytest.raises(InUse, match="rotate first"):
        await lives.retire(keys.keystore.signing_kid(), SYSTEM, force=True)
    (waiting,) = [kid for kid, state in (await states(here)).items() if state == "published"]
    await lives.retire(waiting, SYSTEM)
    assert waiting not in set(here.directory.keys())
    with pytest.raises(NotFound):
        await lives.retire(waiting, SYSTEM)


class Held(MemoryDirectory):
    """A directory in which the first that is put waits."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.answers = asyncio.Event(), asyncio.Event()

    async def put_keys(self, public_keys: Mapping[str, bytes]) -> None:
        if not self.asked.is_set():
            self.asked.set()
            await self.answers.wait()
        await super().put_keys(public_keys)


async def test_what_was_read_before_a_rotation_does_not_undo_it(here: Installation, tmp_path: Path) -> None:
    directory = Held()
    keys = TokenSigningKeys(here.accounts.database, here.accounts.master_keys, directory, tmp_path / "none")
    earlier = asyncio.create_task(keys.refresh())
    await directory.asked.wait()
    rotating = asyncio.create_task(keys.rotate(SYSTEM))
    await asyncio.wait({rotating}, timeout=0.3)
    directory.answers.set()
    await earlier
    assert (await rotating).kid in set(directory.keys())


async def test_what_somebody_else_put_in_the_directory_is_put_right(here: Installation) -> None:
    keys = here.accounts.keystore.public_keys()
    await here.directory.put_keys({"of-a-version-before": b"k" * 32})
    async with asyncio.timeout(patient(30.0)):
        while here.directory.keys() != keys:
            await asyncio.sleep(0.01)


async def test_anybody_may_check_tokens_with_the_public_keys(here: Installation) -> None:
    ada = await here.tenant()
    _, new = await rotated(here)
    async with here.rest() as anybody:
        answer = await anybody.get("/.well-known/jwks.json")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "public, max-age=300")
    found = jwt.PyJWKSet.from_dict(answer.json())
    assert {key.key_id for key in found.keys} == {kid_of(ada.key), new}
    for each in (ada.key, token(here, ada.id, "session")):
        told = jwt.decode(each, found[kid_of(each)], algorithms=["EdDSA"], issuer="tidings")
        assert told["sub"] == ada.id
    assert all(set(key) == {"kty", "crv", "x", "kid", "use", "alg"} for key in answer.json()["keys"])


async def test_operators_rotate_and_retire_and_the_log_has_it(here: Installation, operator: httpx.AsyncClient) -> None:
    async def shown(answer: httpx.Response, status: int) -> dict[str, Any]:
        assert answer.status_code == status, answer.text
        return answer.json()

    ada = await here.tenant()
    old = kid_of(ada.key)
    made = await shown(await operator.post(f"{ADMIN}/rotate", json={"signs_in_seconds": 60}), 201)
    assert (made["state"], made["signed_until_epoch_seconds"]) == ("published", None)
    assert made["kid"] in set(here.directory.keys())
    await shown(await operator.post(f"{ADMIN}/rotate"), 409)
    await shown(await operator.post(f"{ADMIN}/rotate", json={"signs_in_seconds": 1}), 400)
    await pass_time(here, 60)
    first, second = (await shown(await operator.get(ADMIN), 200))["signing_keys"]
    assert (first["kid"], first["state"], first["api_keys"], first["needed_until_epoch_seconds"]) == (
        old,
        "verifying",
        1,
        None,
    )
    assert (second["kid"], second["state"]) == (made["kid"], "signing")
    refused = await shown(await operator.delete(f"{ADMIN}/{old}"), 409)
    assert (refused["code"], refused["details"][0]["api_key"]) == ("in_use", ada.key_id)
    assert (await shown(await operator.delete(f"{ADMIN}/{old}?force=true"), 200))["api_keys"] == 1
    await shown(await operator.delete(f"{ADMIN}/{old}?force=true"), 404)
    async with here.accounts.database.reading() as session:
        rows = await session.execute(
            text(
                "SELECT action, target, actor_kind FROM audit_entry WHERE action LIKE 'token_signing_key%' ORDER BY id"
            )
        )
        assert [tuple(row) for row in rows] == [
            ("token_signing_key.made", old, "system"),
            ("token_signing_key.rotated", made["kid"], "operator"),
            ("token_signing_key.retired", old, "operator"),
        ]
