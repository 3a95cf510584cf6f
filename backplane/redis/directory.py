"""Accounts and signing keys in the store, with a copy of those accounts that were asked for here.

Each change gets the next number. A reader takes what changed since the last number it has seen; in a new epoch, and
once the store is filled, it reads again all that it knows, so that nothing is missed however the store was lost.
"""

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from api.account import AccountSnapshot
from api.errors import Unavailable
from backplane.interface import Unwatch
from backplane.redis.asking import Asking
from backplane.redis.follower import Follower
from backplane.redis.news import News
from backplane.redis.scripts import load
from backplane.redis.snapshot import UnknownForm, decoded, decoded_keys, encoded, encoded_keys
from backplane.redis.store import Store
from backplane.watchers import Watchers

POLL_SECONDS = 1.0
CHANGES_AT_ONCE = 5_000
ACCOUNTS_AT_ONCE = 500

_PUT_ACCOUNT = load("epoch", "put_account")
_REMOVE_ACCOUNT = load("epoch", "remove_account")
_READ_ACCOUNTS = load("epoch", "read_accounts")
_READ_VERSIONS = load("epoch", "read_versions")
_READ_CHANGES = load("epoch", "read_changes")
_PUT_KEYS = load("epoch", "put_keys")
_MARK_FILLED = load("epoch", "mark_filled")

_REMOVED = b"removed"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Position:
    """Up to where this reader has followed the store."""

    epoch: str = ""
    filled: bool = False
    number: int = 0


class RedisDirectory:
    """The directory of a fleet: reads of what is known here never wait for the store."""

    def __init__(self, store: Store, news: News) -> None:
        self._store = store
        self._channel = news.channel
        self._known: dict[str, AccountSnapshot | None] = {}
        self._asking = Asking(self._answers, ACCOUNTS_AT_ONCE)
        self._position = _Position()
        self._filling = ""
        self._keys_body = b""
        self._keys: Mapping[str, bytes] = {}
        self._account_watchers = Watchers[str, AccountSnapshot | None]()
        self._key_watchers = Watchers[Mapping[str, bytes]]()
        self._follower = Follower(self._catch_up, news.events["directory"], POLL_SECONDS)

    def __repr__(self) -> str:
        return f"<RedisDirectory {len(self._known)} accounts, {self._position}>"

    async def start(self) -> None:
        await self._follower.start()

    async def close(self) -> None:
        await self._follower.close()
        await self._asking.close()

    async def put_account(self, snapshot: AccountSnapshot) -> None:
        keys = self._store.keys("accounts", "changes", "number")
        words = (snapshot.id, str(snapshot.version), encoded(snapshot), self._channel)
        if await self._store.call(_PUT_ACCOUNT, keys, *words) and self._is_wanted(snapshot.id):
            self._learn(snapshot.id, snapshot)

    async def remove_account(self, account_id: str) -> None:
        keys = self._store.keys("accounts", "changes", "number")
        await self._store.call(_REMOVE_ACCOUNT, keys, account_id, self._channel)
        if self._is_wanted(account_id):
            self._learn(account_id, None)

    async def account(self, account_id: str) -> AccountSnapshot | None:
        if account_id in self._known:
            return self._known[account_id]
        if not self._store.reachable:  # the follower tells when it is back; nobody waits for that
            raise Unavailable("the backplane cannot be reached")
        return await self._asking.ask(account_id)

    async def renew(self, account_id: str) -> None:
        if self._store.reachable:
            with suppress(Unavailable):
                await self._asking.ask(account_id)

    async def versions(self) -> Mapping[str, int]:
        found: dict[str, int] = {}
        cursor = "0"
        while True:
            answer = await self._store.call(_READ_VERSIONS, self._store.keys("accounts"), cursor)
            found.update((id.decode(), int(version)) for id, version in zip(*[iter(answer[1])] * 2, strict=True))
            cursor = answer[0].decode()
            if cursor == "0":
                return found

    def watch_accounts(self, changed: Callable[[str, AccountSnapshot | None], None]) -> Unwatch:
        return self._account_watchers.add(changed)

    async def put_keys(self, public_keys: Mapping[str, bytes]) -> None:
        body = encoded_keys(public_keys)
        await self._store.call(_PUT_KEYS, self._store.keys("keys"), body, self._channel)
        self._learn_keys(body)

    def keys(self) -> Mapping[str, bytes]:
        return self._keys

    def watch_keys(self, changed: Callable[[Mapping[str, bytes]], None]) -> Unwatch:
        return self._key_watchers.add(changed)

    async def is_filled(self) -> bool:
        self._filling, filled, _ = await self._read([])
        return filled

    async def mark_filled(self) -> None:
        """Take note that the store is filled, unless it was lost since the last `is_filled` of this process."""
        if not self._filling:
            await self.is_filled()
        await self._store.call(_MARK_FILLED, self._store.keys("filled"), self._filling, self._channel)

    async def _catch_up(self) -> None:
        more = True
        while more:
            more = await self._take_changes()

    async def _take_changes(self) -> bool:
        digest = hashlib.sha1(self._keys_body, usedforsecurity=False).hexdigest()
        keys = self._store.keys("changes", "number", "filled", "keys")
        words = (str(self._position.number), str(CHANGES_AT_ONCE), digest)
        answer = await self._store.call(_READ_CHANGES, keys, *words)
        epoch, filled, newest, reached = answer[0].decode(), bool(answer[1]), int(answer[2]), int(answer[3])
        if answer[5] is not None:
            self._learn_keys(answer[5])
        wanted = {*self._known, *self._asking.ids()}
        afresh = (epoch, filled) != (self._position.epoch, self._position.filled)
        changed = wanted if afresh else wanted.intersection(id.decode() for id in answer[4])
        if not await self._read_again(sorted(changed), epoch):
            return True  # it was lost once more meanwhile
        self._position = _Position(epoch, filled, newest if afresh else reached)
        return not afresh and reached < newest

    async def _read_again(self, account_ids: Sequence[str], epoch: str) -> bool:
        """Learn how these accounts stand, and return whether the epoch is still this one."""
        for start in range(0, len(account_ids), ACCOUNTS_AT_ONCE):
            some = account_ids[start : start + ACCOUNTS_AT_ONCE]
            current, filled, bodies = await self._read(some)
            if current != epoch:
                return False
            for account_id, body in zip(some, bodies, strict=True):
                if body is not None:
                    self._learn_body(account_id, body)
                elif filled and account_id in self._known:
                    self._learn(account_id, None)
        return True

    async def _read(self, account_ids: Sequence[str]) -> tuple[str, bool, Sequence[bytes | None]]:
        answer = await self._store.call(_READ_ACCOUNTS, self._store.keys("accounts", "filled"), *account_ids)
        return answer[0].decode(), bool(answer[1]), answer[2]

    async def _answers(self, account_ids: Sequence[str]) -> Mapping[str, AccountSnapshot | Unavailable | None]:
        _, filled, bodies = await self._read(account_ids)
        answers: dict[str, AccountSnapshot | Unavailable | None] = {}
        for account_id, body in zip(account_ids, bodies, strict=True):
            if body is not None:
                self._learn_body(account_id, body)
            nothing = None if body is None and filled else Unavailable("the backplane has not been filled yet")
            answers[account_id] = self._known.get(account_id, nothing)
        return answers

    def _is_wanted(self, account_id: str) -> bool:
        return account_id in self._known or account_id in self._asking.ids()

    def _learn_body(self, account_id: str, body: bytes) -> None:
        if body == _REMOVED:
            self._learn(account_id, None)
            return
        try:
            snapshot = decoded(account_id, body.partition(b" ")[2])
        except UnknownForm:
            _log.exception("account '%s' is known here as it was before", account_id)
        else:
            self._learn(account_id, snapshot)

    def _learn(self, account_id: str, snapshot: AccountSnapshot | None) -> None:
        if account_id not in self._known:
            self._known[account_id] = snapshot
            return
        known = self._known[account_id]
        if known is None or (snapshot is not None and snapshot.version <= known.version):
            return
        self._known[account_id] = snapshot
        self._account_watchers.tell(account_id, snapshot)

    def _learn_keys(self, body: bytes) -> None:
        if body != self._keys_body:
            self._keys_body = body
            self._keys = decoded_keys(body)
            self._key_watchers.tell(self._keys)
