"""Two account services over one database and a real Redis: both sign with a key that one makes, and routers know it."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from sqlalchemy import text

from accounts.audit import SYSTEM
from accounts.component import Accounts, AccountsSettings
from accounts.database import sqlite_url
from api.tokens import Verifier
from backplane.interface import Directory
from backplane.redis import RedisBackplane
from tests.patience import patient
from tests.redis_server import RedisServer
from tests.unit.credentials import claims

WITHIN_SECONDS = 1.0
SLACK_SECONDS = 1.0
DEADLINE_SECONDS = 30.0
"""For a machine that stands still for a while."""


@asynccontextmanager
async def backplane(server: RedisServer) -> AsyncGenerator[RedisBackplane]:
    made = RedisBackplane(server.url, "signing-keys")
    await made.start()
    yield made
    await made.close()


@asynccontextmanager
async def service(directory: Directory, folder: Path) -> AsyncGenerator[Accounts]:
    settings = AccountsSettings(data_dir=folder, endpoint="tidings.test", database_url=sqlite_url(folder))
    made = Accounts(settings, directory)
    await made.start()
    yield made
    await made.close()


async def seconds_until(holds: Callable[[], bool]) -> float:
    began = time.monotonic()
    async with asyncio.timeout(patient(DEADLINE_SECONDS)):
        while not holds():
            await asyncio.sleep(0.005)
    return time.monotonic() - began


async def test_a_rotated_and_a_retired_key_reach_a_router_within_a_second(server: RedisServer, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        planes = [await stack.enter_async_context(backplane(server)) for _ in range(3)]
        one, other = [await stack.enter_async_context(service(each.directory, tmp_path)) for each in planes[:2]]
        router = planes[2].directory
        await seconds_until(lambda: router.keys() == one.keystore.public_keys())
        old = other.keystore.sign(claims())
        made = await one.signing_keys.rotate(SYSTEM)
        to_rotate = await seconds_until(lambda: router.keys() == one.keystore.public_keys())
        assert made.kid in set(router.keys())
        async with one.database.transaction() as session:
            await session.execute(text("UPDATE token_signing_key SET signs_from = signs_from - 600"))
        await seconds_until(lambda: other.keystore.signing_kid() == made.kid)
        new = other.keystore.sign(claims())
        for directory in (router, planes[0].directory, planes[1].directory):
            found = [Verifier(directory.keys()).verify(token, now=0).kid for token in (old, new)]
            assert found[1] == made.kid != found[0]
        await other.signing_key_lives.retire(found[0], SYSTEM, force=True)
        left = {made.kid: one.keystore.public_keys()[made.kid]}
        to_retire = await seconds_until(lambda: router.keys() == left)
        assert min(to_rotate, to_retire) < WITHIN_SECONDS + SLACK_SECONDS  # the machine may stand still in one of them
