"""What a directory promises, in memory and in Redis."""

import asyncio
from collections.abc import Mapping

from api.account import AccountSnapshot
from backplane.interface import Directory
from tests.unit.credentials import account

Changes = list[tuple[str, AccountSnapshot | None]]


async def watched(directory: Directory) -> Changes:
    """Return what is told from now on of an account that is there, and was asked for: of others nothing need be."""
    await directory.put_account(account(version=1))
    await directory.account("acme")
    changes: Changes = []
    directory.watch_accounts(lambda account_id, snapshot: changes.append((account_id, snapshot)))
    return changes


async def test_an_account_is_known_as_soon_as_it_is_put(directory: Directory) -> None:
    assert await directory.account("acme") is None
    await directory.put_account(account())
    assert await directory.account("acme") == account()


async def test_a_newer_snapshot_replaces_an_older_one(directory: Directory) -> None:
    await directory.put_account(account(version=1))
    await directory.put_account(account(version=5, suspended=True))
    assert await directory.account("acme") == account(version=5, suspended=True)


async def test_a_snapshot_that_is_no_newer_changes_nothing_and_is_told_to_nobody(directory: Directory) -> None:
    changes = await watched(directory)
    await directory.put_account(account(version=5))
    for version in (1, 4, 5):
        await directory.put_account(account(version=version, suspended=True))
    assert await directory.account("acme") == account(version=5)
    assert changes == [("acme", account(version=5))]


async def test_accounts_do_not_share_their_versions(directory: Directory) -> None:
    await directory.put_account(account("acme", version=5))
    await directory.put_account(account("bolt", version=1))
    assert await directory.account("bolt") == account("bolt", version=1)


async def test_each_change_is_told_once_and_in_order(directory: Directory) -> None:
    changes = await watched(directory)
    await directory.put_account(account(version=2))
    await directory.put_account(account(version=3))
    await directory.remove_account("acme")
    assert changes == [("acme", account(version=2)), ("acme", account(version=3)), ("acme", None)]


async def test_a_removed_account_is_unknown(directory: Directory) -> None:
    await directory.put_account(account())
    await directory.remove_account("acme")
    assert await directory.account("acme") is None
    await directory.put_account(account(version=9))
    assert await directory.account("acme") is None, "a late snapshot brought it back"


async def test_removing_an_account_that_is_not_there_is_told_to_nobody(directory: Directory) -> None:
    changes = await watched(directory)
    await directory.remove_account("bolt")
    assert changes == []


async def test_a_watch_that_was_ended_hears_no_more_and_may_be_ended_again(directory: Directory) -> None:
    await watched(directory)
    heard: list[str] = []
    end_first = directory.watch_accounts(lambda account_id, _: heard.append(f"first {account_id}"))
    directory.watch_accounts(lambda account_id, _: heard.append(f"second {account_id}"))
    end_first()
    end_first()
    await directory.put_account(account(version=2))
    assert heard == ["second acme"]


async def test_a_watcher_may_end_its_own_watch(directory: Directory) -> None:
    await watched(directory)
    heard: list[str] = []

    def once(account_id: str, snapshot: AccountSnapshot | None) -> None:
        heard.append(account_id)
        end()

    end = directory.watch_accounts(once)
    await directory.put_account(account(version=2))
    await directory.put_account(account(version=3))
    assert heard == ["acme"]


async def test_the_same_function_may_watch_twice(directory: Directory) -> None:
    await watched(directory)
    heard: list[str] = []

    def watch(account_id: str, snapshot: AccountSnapshot | None) -> None:
        heard.append(account_id)

    end = directory.watch_accounts(watch)
    directory.watch_accounts(watch)
    end()
    await directory.put_account(account(version=2))
    assert heard == ["acme"]


async def test_the_versions_of_all_accounts_are_known_to_who_asked_for_none(directory: Directory) -> None:
    versions = {f"account-{number}": number for number in range(1, 1200)}
    await asyncio.gather(*(directory.put_account(account(id, version=version)) for id, version in versions.items()))
    await directory.remove_account("account-7")
    del versions["account-7"]
    assert await directory.versions() == versions


async def test_signing_keys_are_replaced_as_a_whole(directory: Directory) -> None:
    assert directory.keys() == {}
    await directory.put_keys({"one": b"1"})
    await directory.put_keys({"two": b"2"})
    assert directory.keys() == {"two": b"2"}


async def test_signing_keys_are_kept_as_they_were_put(directory: Directory) -> None:
    mine = {"one": b"1"}
    await directory.put_keys(mine)
    mine["two"] = b"2"
    assert directory.keys() == {"one": b"1"}


async def test_each_change_of_the_signing_keys_is_told(directory: Directory) -> None:
    changes: list[Mapping[str, bytes]] = []
    end = directory.watch_keys(changes.append)
    await directory.put_keys({"one": b"1"})
    end()
    await directory.put_keys({"two": b"2"})
    assert changes == [{"one": b"1"}]
