"""What accounts say of their caches, as far as a storage node must know it: how much history, and what is gone.

A node asks for an account when it meets the first topic of it, and does not wait for the answer: until it is there, the
node's own bounds hold, than which no other is wider.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from api.account import AccountSnapshot, History
from api.errors import Unavailable
from api.names import Topic
from backplane.interface import Directory
from storage.node import Node
from storage.settings import HistorySettings

RETRY_SECONDS = 0.5

Bounds = Mapping[str, HistorySettings | None]
"""By cache id; None where the node's own hold."""


class CacheBounds:
    """Keeps a node's topics within the bounds of their caches, until `close`."""

    def __init__(self, node: Node, directory: Directory) -> None:
        self._node = node
        self._directory = directory
        self._accounts: dict[str, Bounds] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._unwatch = directory.watch_accounts(self._changed)
        node.settings_of = self.of

    def __repr__(self) -> str:
        return f"<CacheBounds {len(self._accounts)} accounts, {len(self._asking)} asked for>"

    def of(self, topic: Topic) -> HistorySettings:
        """Return the bounds of a topic, as far as they are known."""
        account_id = topic.account
        known = self._accounts.get(account_id)
        if known is not None:
            return known.get(topic.cache) or self._node.settings
        if account_id not in self._asking:
            self._asking[account_id] = asyncio.create_task(self._ask(account_id))
        return self._node.settings

    async def close(self) -> None:
        """Follow no account any more."""
        self._unwatch()
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self, account_id: str) -> None:
        try:
            while True:
                try:
                    snapshot = await self._directory.account(account_id)
                except Unavailable:
                    await asyncio.sleep(RETRY_SECONDS)
                else:
                    self._learn(account_id, snapshot)
                    return
        finally:
            del self._asking[account_id]

    def _changed(self, account_id: str, snapshot: AccountSnapshot | None) -> None:
        if account_id in self._accounts:
            self._learn(account_id, snapshot)

    def _learn(self, account_id: str, snapshot: AccountSnapshot | None) -> None:
        before = self._accounts.pop(account_id, {})
        if snapshot is None:
            self._node.drop(account_id)
            return
        now = {cache.id: self._narrowed(cache.history) for cache in snapshot.caches.values()}
        self._accounts[account_id] = now
        if gone := before.keys() - now.keys():
            self._node.drop(account_id, gone)
        if _narrow(before) != _narrow(now):
            self._node.bound(account_id)

    def _narrowed(self, history: History) -> HistorySettings | None:
        own = self._node.settings
        if history == History():
            return None
        return replace(
            own,
            items=min(history.items or own.items, own.items),
            topic_bytes=min(history.bytes or own.topic_bytes, own.topic_bytes),
            seconds=min(history.seconds or own.seconds, own.seconds),
        )


def _narrow(bounds: Bounds) -> Bounds:
    return {id: settings for id, settings in bounds.items() if settings is not None}
