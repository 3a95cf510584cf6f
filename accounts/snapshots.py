"""Tells routers how an account stands, from what the database says."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from accounts.billing.periods import following
from accounts.budgets import repository as budgets
from accounts.budgets.models import CAP_MODES, Budget
from accounts.caches import repository as caches
from accounts.clocks import repository as clocks
from accounts.database import Database, RememberedRows, Rows, Transaction
from accounts.keys import repository as keys
from accounts.limits.force import in_force
from accounts.roles import repository as roles
from accounts.roles.system import SYSTEM_ROLES
from accounts.tenants import repository as tenants
from accounts.tenants.models import Account
from accounts.token_bindings import repository as bindings
from accounts.tokens import repository as tokens
from accounts.tokens.models import TokenRevocation
from api.account import AccountSnapshot, Cache, Cap
from api.errors import Unavailable
from api.revocations import Revocations
from backplane.interface import Directory

POLL_SECONDS = 0.25
"""How soon a change by another process, such as the command line, is seen."""

AFTER_FAILURE_SECONDS = 5.0

_log = logging.getLogger(__name__)


class Snapshots:
    """Puts each changed account into the directory."""

    def __init__(
        self, database: Database, directory: Directory, public_keys: Callable[[], Mapping[str, bytes]]
    ) -> None:
        self._database = database
        self._directory = directory
        self._public_keys = public_keys
        self._published: dict[str, int] = {}
        self._followed_to = 0
        self._newest = RememberedRows(database, tenants.NEWEST)

    async def publish(self, account_id: str) -> None:
        """Publish an account as it stands now. Called after each committed change, before it is answered."""
        now = int(time.time())
        async with self._database.reading() as session:
            account = await tenants.get(session, account_id)
            if account is None:
                return
            caps = await budgets.caps(session, account_id)
            snapshot = AccountSnapshot(
                id=account.id,
                version=account.version,
                limits=await in_force(session, account),
                suspended=account.suspended,
                caches={
                    cache.name: Cache(cache.id, cache.name, cache.durable, cache.limits, cache.history, cache.policy)
                    for cache in await caches.of_account(session, account_id)
                },
                roles={**SYSTEM_ROLES, **{role.id: role.grant for role in await roles.of_account(session, account_id)}},
                caps=await _reached(session, account, caps),
                has_caps=bool(caps),
                revoked=frozenset(
                    (*await keys.revoked(session, account_id, now), *await bindings.ended(session, account_id, now))
                ),
                ends=await keys.ends(session, account_id, now),
                revocations=_revocations(await tokens.in_force(session, account_id, now)),
            )
        await self._directory.put_account(snapshot)
        self._published[account_id] = max(snapshot.version, self._published.get(account_id, 0))

    async def announce(self, account_id: str) -> None:
        """Publish an account that has gained something, of which nobody is hurt who learns of it later.

        Where the directory is away `follow` does it: what was made is there, and its answer may hold a secret that
        nobody can ask for again.
        """
        try:
            await self.publish(account_id)
        except Unavailable as reason:
            _log.warning("routers are told of account '%s' later: %s", account_id, reason.message)

    async def publish_changed(self) -> None:
        """Publish every account that changed since it was published last."""
        async with self._database.reading() as session:
            changed = await tenants.changed_since(session, self._followed_to)
        for account_id, version in changed:
            if self._published.get(account_id) != version:
                await self.publish(account_id)
        # Only here: what this process has published of one account says nothing about changes of others.
        self._followed_to = max((version for _, version in changed), default=self._followed_to)

    async def overtake(self) -> None:
        """Have routers believe the database again where they know newer states than it has: it is a restored backup.

        What it knows nothing of stays with the routers: this may as well be another installation's database.

        Raises:
            Unavailable: the directory cannot be reached.
        """
        told = await self._directory.versions()
        async with self._database.reading() as session:
            known = dict(await tenants.changed_since(session, 0))
        if strangers := told.keys() - known.keys():
            _log.warning("routers know %d accounts that the database does not have", len(strangers))
        ahead = [account_id for account_id, version in known.items() if told.get(account_id, 0) > version]
        if not ahead:
            return
        _log.warning("the database is older than what routers know of %d accounts; it counts again", len(ahead))
        async with self._database.transaction() as session:
            await tenants.overtake(session, max(told.values()), ahead)

    async def fill(self) -> None:
        """Write every account and key anew, unless the directory has them all: it may have lost what it had.

        Raises:
            Unavailable: the directory cannot be reached.
        """
        if await self._directory.is_filled():
            return
        await self._directory.put_keys(self._public_keys())
        async with self._database.reading() as session:
            everyone = await tenants.changed_since(session, 0)
        for account_id, _ in everyone:
            await self.publish(account_id)
        await self._directory.mark_filled()
        _log.info("all %d accounts were written to the directory, which did not have them", len(everyone))

    async def follow(self, also: Callable[[], Awaitable[None]]) -> None:
        """Publish what other processes change, and do `also`, until cancelled. A database that fails is asked again."""
        seen: Rows | None = None
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                await also()
                newest = self._newest.get()
                if newest is None or newest != seen:
                    await self.publish_changed()
                    seen = newest
                await self.fill()
            except Unavailable:  # the database has told the log
                continue
            except Exception:  # noqa: BLE001 - the data plane goes on with what it knows
                _log.exception("changes could not be published")
                await asyncio.sleep(AFTER_FAILURE_SECONDS)


async def _reached(session: Transaction, account: Account, caps: Sequence[Budget]) -> tuple[Cap, ...]:
    rows = [row for row in caps if row.in_force]
    # The months of a test clock end by that clock, which routers know nothing of.
    zone = account.time_zone if rows and await clocks.get(session, account.id) is None else None
    return tuple(_cap(row, zone) for row in rows)


def _cap(row: Budget, zone: str | None) -> Cap:
    until = None if zone is None else following(row.period_start, zone).end
    mode = CAP_MODES[row.mode]
    return Cap(row.id, row.name, mode, row.cache_id, row.principal, row.publishes_per_second, until)


def _revocations(rows: Sequence[TokenRevocation]) -> Revocations:
    return Revocations(
        ids={row.text: row.until for row in rows if not row.is_prefix},
        prefixes={row.text: row.until for row in rows if row.is_prefix},
    )
