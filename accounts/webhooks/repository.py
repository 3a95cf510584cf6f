"""SQL for webhooks of topics."""

from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.caches.models import Cache
from accounts.paging import PageRequest
from accounts.webhooks.models import Webhook


def add(session: AsyncSession, row: Webhook) -> None:
    """Keep a new webhook."""
    session.add(row)


async def page(
    session: AsyncSession, account_id: str, cache_id: str | None, asked: PageRequest
) -> Sequence[tuple[Webhook, str]]:
    """Return webhooks of an account, or of one cache, in the order of their names, each with its cache's name."""
    found = select(Webhook, Cache.name).join(Cache, Cache.id == Webhook.cache_id)
    found = found.where(Webhook.account_id == account_id)
    if cache_id is not None:
        found = found.where(Webhook.cache_id == cache_id)
    if after := asked.after(str, str):
        name, id = after
        found = found.where((Webhook.name > name) | ((Webhook.name == name) & (Webhook.id > id)))
    rows = await session.execute(found.order_by(Webhook.name, Webhook.id).limit(asked.fetch))
    return [(row[0], row[1]) for row in rows]


async def of_cache(session: AsyncSession, cache_id: str) -> Sequence[Webhook]:
    """Return all webhooks of a cache in the order of their names."""
    return (await session.scalars(select(Webhook).where(Webhook.cache_id == cache_id).order_by(Webhook.name))).all()


async def count(session: AsyncSession, account_id: str) -> int:
    """Return how many an account has."""
    mine = select(func.count()).select_from(Webhook).where(Webhook.account_id == account_id)
    return await session.scalar(mine) or 0


async def get(session: AsyncSession, account_id: str, webhook_id: str) -> tuple[Webhook, str] | None:
    """Return a webhook of this account, and the name of its cache."""
    found = select(Webhook, Cache.name).join(Cache, Cache.id == Webhook.cache_id)
    found = found.where(Webhook.account_id == account_id, Webhook.id == webhook_id)
    row = (await session.execute(found)).first()
    return None if row is None else (row[0], row[1])


async def by_name(session: AsyncSession, cache_id: str, name: str) -> Webhook | None:
    """Return the webhook of this name."""
    return await session.scalar(select(Webhook).where(Webhook.cache_id == cache_id, Webhook.name == name))


async def remove(session: AsyncSession, row: Webhook) -> None:
    """Forget a webhook, with what is known of its deliveries."""
    await session.execute(delete(Webhook).where(Webhook.id == row.id))
