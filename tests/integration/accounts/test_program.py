"""`tidings` as a process of its own, while a service runs on the same folder."""

import asyncio
import json
import sys
from pathlib import Path

from accounts.component import Accounts, AccountsSettings
from backplane.memory import MemoryDirectory
from tests.integration.accounts.installation import PASSWORD, Installation
from tests.patience import patient

TIDINGS = Path(sys.executable).with_name("tidings")
SECONDS = 60.0


async def tidings(*arguments: str, stdin: str = "") -> dict[str, str]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(TIDINGS, *arguments, stdin=pipe, stdout=pipe, stderr=pipe)
    async with asyncio.timeout(patient(SECONDS)):
        out, err = await process.communicate(stdin.encode())
    assert (process.returncode, err.decode()) == (0, "")
    return json.loads(out)


async def test_it_makes_what_the_service_then_serves_and_says_nothing_else(tmp_path: Path) -> None:
    directory = MemoryDirectory()
    service = Accounts(AccountsSettings(tmp_path, "tidings.test"), directory)
    await service.start()
    here = Installation(service, directory)
    try:
        made = await tidings(
            *("account", "create", "ada@example.com", "--password-stdin", "--json", "--data", str(tmp_path)),
            stdin=f"{PASSWORD}\n",
        )
        key = await tidings("key", "create", "ada@example.com", "--json", "--data", str(tmp_path))
        assert key["account_id"] == made["account_id"]
        async with asyncio.timeout(patient(SECONDS)):
            while await directory.account(made["account_id"]) is None:
                await asyncio.sleep(0.01)
        await here.create_cache(key["api_key"], "chat")
    finally:
        await service.close()
