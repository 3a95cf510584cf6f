"""What all accounts have used, one by one, for operators. Times are UTC: each account has a zone of its own."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from accounts.database import Database
from accounts.paging import Page, PageRequest
from accounts.tenants import repository as tenants
from accounts.usage import repository
from accounts.usage.calendar import local, month_start
from accounts.usage.levels import OF_ALL, cover
from accounts.usage.reports import minute_of
from accounts.usage.repository import Counts
from api.errors import InvalidArgument

_UTC: Final = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class AccountUse:
    """What one account has used.

    Attributes:
        name: Of the account; None where it was deleted.
        usage: By meter.
    """

    account_id: str
    name: str | None
    usage: Mapping[str, Counts]


@dataclass(frozen=True, slots=True)
class Found:
    """A page of accounts, and the time that was asked for: from `start` to before `end`."""

    start: datetime
    end: datetime
    page: Page[AccountUse]


class UsageOfAll:
    """The usage of all accounts, deleted ones too."""

    def __init__(self, database: Database, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now

    async def page(self, asked: PageRequest, start: str | None, end: str | None) -> Found:
        """Return a page of the accounts that used something in a time, in the order of their ids.

        Args:
            asked: The page.
            start: A date or time; None for the beginning of this month.
            end: The first moment that is not wanted any more; None for now.

        Raises:
            InvalidArgument: a time cannot be read, or the page is none of this list.
        """
        first, last = self._times(start, end)
        spans = list(cover(first, last, OF_ALL))
        after = asked.after(str)
        async with self._database.reading() as session:
            ids = await repository.accounts_with_usage(session, spans, after[0] if after else "", asked.fetch)
            page = asked.page(ids, lambda id: (id,))
            used = await repository.sums_of_accounts(session, page.items, spans)
            names = {account.id: account.name for account in await tenants.some(session, page.items)}
        uses = [AccountUse(id, names.get(id), used.get(id, {})) for id in page.items]
        return Found(local(first, _UTC), local(last, _UTC), Page(uses, page.next_token))

    def _times(self, start: str | None, end: str | None) -> tuple[int, int]:
        now = int(self._now()) // 60
        first = month_start(now, _UTC) if start is None else minute_of("from", start, _UTC)
        last = now + 1 if end is None else minute_of("to", end, _UTC)
        if last <= first:
            raise InvalidArgument("'to' must be after 'from'")
        return first, last
