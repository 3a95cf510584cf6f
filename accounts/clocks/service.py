"""What time it is for an account."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence

from accounts import audit
from accounts.audit import Actor
from accounts.clocks import repository
from accounts.clocks.models import TestClock, TestClockPlacement
from accounts.database import Transaction
from api.errors import InvalidArgument

BatchKey = tuple[str, str, int]
"""Router, boot and number."""

Placed = Mapping[str, int]
"""Minutes of the epoch by account; of those alone that have a test clock."""

LATEST = 2**34
"""Somewhere in the year 2514; a calendar ends at 9999."""

LONGEST_TURN = 400 * 86400
"""Each month on the way is closed before the request is answered."""


class Clocks:
    """The present, in whole seconds of the epoch: everybody's, or that of an account with a test clock."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now

    def everywhere(self) -> int:
        """Return what time it is without a test clock."""
        return int(self._now())

    async def now(self, session: Transaction, account_id: str) -> int:
        """Return what time it is for an account."""
        clock = await repository.get(session, account_id)
        return self.everywhere() if clock is None else clock.now

    async def place(self, session: Transaction, batches: Sequence[tuple[BatchKey, Collection[str]]]) -> Placed:
        """Return in which minutes the usage of accounts with a test clock is counted: where their clock stands.

        Takes batches that are applied in this transaction, each with the accounts in it, and keeps where they went.
        """
        clocks = await repository.of_accounts(session, sorted({id for _, accounts in batches for id in accounts}))
        minutes = {account_id: now // 60 for account_id, now in clocks.items()}
        for (router, boot, number), accounts in batches:
            for account_id in minutes.keys() & accounts:
                placement = TestClockPlacement(
                    router=router, boot=boot, number=number, account_id=account_id, minute=minutes[account_id]
                )
                repository.add(session, placement)
        return minutes

    async def turn(self, session: Transaction, actor: Actor, account_id: str, now: int) -> None:
        """Give an account a test clock, or turn it.

        Raises:
            InvalidArgument: the clock would go back, or forward by more than 400 days.
        """
        if not 0 < now < LATEST:
            raise InvalidArgument("the time of a test clock is in epoch seconds, after 1970 and before 2514")
        clock = await repository.get(session, account_id)
        if clock is None:
            repository.add(session, TestClock(account_id=account_id, now=now))
            audit.record(session, actor, account_id, "test_clock.made", account_id, after={"now": now})
            return
        if now < clock.now:
            raise InvalidArgument(f"a test clock never goes back; it stands at {clock.now}")
        if now > clock.now + LONGEST_TURN:
            raise InvalidArgument(f"a test clock is turned by at most 400 days at a time; it stands at {clock.now}")
        audit.record(
            session, actor, account_id, "test_clock.turned", account_id, before={"now": clock.now}, after={"now": now}
        )
        clock.now = now
