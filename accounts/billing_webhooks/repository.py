"""SQL for webhooks."""

from collections.abc import Collection, Sequence

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.billing_webhooks.models import WebhookDelivery, WebhookEndpoint
from accounts.database import Question
from accounts.paging import PageRequest
from accounts.tenants.models import Account

NEXT_DUE: Question[int | None] = Question(
    select(WebhookDelivery.next_at)
    .where(WebhookDelivery.state == "waiting")
    .order_by(WebhookDelivery.next_at)
    .limit(1),
    lambda rows: rows[0][0] if rows else None,
)
"""When there is something to tell; None where nothing waits."""


def add(session: AsyncSession, row: WebhookEndpoint | WebhookDelivery) -> None:
    """Keep an endpoint or a delivery."""
    session.add(row)


async def of_account(session: AsyncSession, account_id: str) -> Sequence[WebhookEndpoint]:
    """Return an account's endpoints, the oldest first."""
    found = select(WebhookEndpoint).where(WebhookEndpoint.account_id == account_id)
    return (await session.scalars(found.order_by(WebhookEndpoint.created_at, WebhookEndpoint.id))).all()


async def get(session: AsyncSession, account_id: str, endpoint_id: str) -> WebhookEndpoint | None:
    """Return an endpoint of this account."""
    mine = (WebhookEndpoint.account_id == account_id, WebhookEndpoint.id == endpoint_id)
    return await session.scalar(select(WebhookEndpoint).where(*mine))


async def remove(session: AsyncSession, endpoint_id: str) -> None:
    """Forget an endpoint, with all that was to be told there."""
    await session.execute(delete(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id))
    await session.execute(delete(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id))


async def deliveries(session: AsyncSession, endpoint_id: str, asked: PageRequest) -> Sequence[WebhookDelivery]:
    """Return deliveries to an endpoint, the newest first."""
    found = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id)
    if after := asked.after(int, str):
        at, id = after
        older = (WebhookDelivery.created_at == at) & (WebhookDelivery.id < id)
        found = found.where((WebhookDelivery.created_at < at) | older)
    order = (WebhookDelivery.created_at.desc(), WebhookDelivery.id.desc())
    return (await session.scalars(found.order_by(*order).limit(asked.fetch))).all()


async def waiting_pings(session: AsyncSession, endpoint_id: str, ping: str) -> int:
    """Return how many events of the type `ping` wait for an endpoint."""
    waiting = select(func.count()).where(WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.state == "waiting")
    return await session.scalar(waiting.where(WebhookDelivery.type == ping)) or 0


async def take(
    session: AsyncSession, now: int, until: int, most: int, most_each: int, but: Collection[str]
) -> Sequence[tuple[str, WebhookDelivery]]:
    """Return what is to be told, and to which account; nobody else is given it before `until`.

    It is `most` events, of one account no more than `most_each`, and of those named by `but` none.
    """
    is_due = (WebhookDelivery.state == "waiting", WebhookDelivery.next_at <= now)
    turn = func.row_number().over(
        partition_by=WebhookEndpoint.account_id, order_by=(WebhookDelivery.next_at, WebhookDelivery.id)
    )
    queue = select(WebhookDelivery.id, turn.label("turn")).join(WebhookEndpoint)
    queued = queue.where(*is_due, WebhookEndpoint.account_id.not_in(but)).subquery()
    due = (
        select(WebhookDelivery.id)
        .where(WebhookDelivery.id.in_(select(queued.c.id).where(queued.c.turn <= most_each)), *is_due)
        .order_by(WebhookDelivery.next_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    taken = update(WebhookDelivery).where(WebhookDelivery.id.in_(due.scalar_subquery()))
    rows = (await session.scalars(taken.values(next_at=until).returning(WebhookDelivery))).all()
    endpoints = select(WebhookEndpoint.id, WebhookEndpoint.account_id)
    found = await session.execute(endpoints.where(WebhookEndpoint.id.in_({row.endpoint_id for row in rows})))
    accounts = {row.id: row.account_id for row in found}
    return [(accounts[row.endpoint_id], row) for row in rows]


async def endpoint(session: AsyncSession, endpoint_id: str) -> WebhookEndpoint | None:
    """Return an endpoint of any account."""
    return await session.get(WebhookEndpoint, endpoint_id)


async def settle(
    session: AsyncSession, delivery_id: str, *, state: str, next_at: int, status: int, reason: str
) -> None:
    """Note how a try ended."""
    values = {"state": state, "next_at": next_at, "status": status, "reason": reason[:255]}
    tried = update(WebhookDelivery).where(WebhookDelivery.id == delivery_id)
    await session.execute(tried.values(**values, tries=WebhookDelivery.tries + 1))


async def remove_old(session: AsyncSession, before: int) -> None:
    """Forget deliveries that ended before a time."""
    old = (WebhookDelivery.state != "waiting", WebhookDelivery.created_at < before)
    await session.execute(delete(WebhookDelivery).where(*old))


async def remove_of_nobody(session: AsyncSession) -> None:
    """Forget endpoints whose account is gone, where nothing is left to be told."""
    waits = exists().where(WebhookDelivery.endpoint_id == WebhookEndpoint.id, WebhookDelivery.state == "waiting")
    account = exists().where(Account.id == WebhookEndpoint.account_id)
    for id in (await session.scalars(select(WebhookEndpoint.id).where(~account, ~waits))).all():
        await remove(session, id)
