"""SQL for deliveries: who delivers for which webhook, how far they are, and what became of events."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.caches.models import Cache
from accounts.database import Question
from accounts.paging import PageRequest
from accounts.webhook_deliveries.models import WebhookEvent
from accounts.webhooks.models import Webhook

IS_ANY: Question[bool] = Question(select(Webhook.id).limit(1), bool)
"""Whether there is a webhook."""


async def is_any_to_hold(session: AsyncSession, holder: str, now: int, soon: int) -> bool:
    """Whether there is a webhook that nobody holds, or that `holder` holds for no longer than until `soon`."""
    mine = (Webhook.held_by == holder) & (Webhook.held_until <= soon)
    found = select(Webhook.id).where(mine | (Webhook.held_until <= now)).limit(1)
    return await session.scalar(found) is not None


async def hold(session: AsyncSession, holder: str, now: int, until: int, most: int) -> None:
    """Hold until an epoch second what `holder` has already, and up to `most` webhooks that nobody has."""
    free = (
        select(Webhook.id)
        .where(Webhook.held_until <= now)
        .order_by(Webhook.held_until)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    taken = or_((Webhook.held_by == holder) & (Webhook.held_until > now), Webhook.id.in_(free.scalar_subquery()))
    await session.execute(update(Webhook).where(taken).values(held_by=holder, held_until=until))


async def let_go(session: AsyncSession, holder: str) -> None:
    """Let others hold what `holder` has."""
    await session.execute(update(Webhook).where(Webhook.held_by == holder).values(held_by="", held_until=0))


async def held(session: AsyncSession, holder: str, now: int) -> Sequence[tuple[Webhook, str]]:
    """Return what `holder` has, each with the name of its cache."""
    found = select(Webhook, Cache.name).join(Cache, Cache.id == Webhook.cache_id)
    rows = await session.execute(found.where(Webhook.held_by == holder, Webhook.held_until > now))
    return [(row[0], row[1]) for row in rows]


async def note(session: AsyncSession, key: tuple[str, str, int], **values: Any) -> bool:
    """Note how it stands with a webhook; `key` is its id, its holder and its version. Return whether that holds."""
    id, holder, version = key
    mine = (Webhook.id == id, Webhook.held_by == holder, Webhook.version == version)
    noted = await session.execute(update(Webhook).where(*mine).values(**values).returning(Webhook.id))
    return noted.first() is not None


async def add(session: AsyncSession, rows: Sequence[WebhookEvent]) -> None:
    """Keep what became of events."""
    session.add_all(rows)
    await session.flush()


async def forget_delivered(session: AsyncSession, webhook_id: str, most: int) -> None:
    """Forget the events that were delivered, but for the newest so many."""
    delivered = (WebhookEvent.webhook_id == webhook_id, WebhookEvent.state == "delivered")
    kept = select(WebhookEvent.id).where(*delivered).order_by(*_NEWEST).limit(most)
    await session.execute(delete(WebhookEvent).where(*delivered, WebhookEvent.id.not_in(kept)))


async def count(session: AsyncSession, webhook_id: str, *states: str) -> int:
    """Return how many events of a webhook are in one of these states."""
    found = select(func.count()).select_from(WebhookEvent)
    found = found.where(WebhookEvent.webhook_id == webhook_id, WebhookEvent.state.in_(states))
    return await session.scalar(found) or 0


async def dead_letters(session: AsyncSession, webhook_ids: Sequence[str]) -> Mapping[str, int]:
    """Return how many dead letters there are, by webhook."""
    found = select(WebhookEvent.webhook_id, func.count().label("have"))
    found = found.where(WebhookEvent.webhook_id.in_(webhook_ids), WebhookEvent.state != "delivered")
    rows = await session.execute(found.group_by(WebhookEvent.webhook_id))
    return {row.webhook_id: row.have for row in rows}


async def page(
    session: AsyncSession, webhook_id: str, states: Sequence[str], asked: PageRequest
) -> Sequence[WebhookEvent]:
    """Return events in these states, the newest first."""
    found = select(WebhookEvent).where(WebhookEvent.webhook_id == webhook_id, WebhookEvent.state.in_(states))
    if after := asked.after(int, int, str):
        page, number, id = after
        same_page = (WebhookEvent.page == page) & (WebhookEvent.number < number)
        same_number = (WebhookEvent.page == page) & (WebhookEvent.number == number) & (WebhookEvent.id < id)
        found = found.where(or_(WebhookEvent.page < page, same_page, same_number))
    return (await session.scalars(found.order_by(*_NEWEST).limit(asked.fetch))).all()


async def get(session: AsyncSession, webhook_id: str, event_id: str) -> WebhookEvent | None:
    """Return a dead letter of a webhook."""
    of = (WebhookEvent.webhook_id == webhook_id, WebhookEvent.id == event_id, WebhookEvent.state != "delivered")
    return await session.scalar(select(WebhookEvent).where(*of))


async def remove(session: AsyncSession, row: WebhookEvent) -> None:
    """Forget a dead letter."""
    await session.delete(row)


async def replay(session: AsyncSession, webhook_id: str, event_id: str | None) -> int:
    """Have a dead letter, or all of a webhook, sent once more; return how many."""
    dead = [WebhookEvent.webhook_id == webhook_id, WebhookEvent.state == "dead"]
    if event_id is not None:
        dead.append(WebhookEvent.id == event_id)
    changed = update(WebhookEvent).where(*dead).values(state="replaying").returning(WebhookEvent.id)
    return len((await session.execute(changed)).all())


async def replaying(session: AsyncSession, holder: str, most: int) -> Sequence[WebhookEvent]:
    """Return dead letters to be sent once more, of the webhooks that `holder` has; the oldest first."""
    found = select(WebhookEvent).join(Webhook, Webhook.id == WebhookEvent.webhook_id)
    found = found.where(Webhook.held_by == holder, WebhookEvent.state == "replaying")
    oldest = (WebhookEvent.page, WebhookEvent.number, WebhookEvent.id)
    return (await session.scalars(found.order_by(*oldest).limit(most))).all()


async def replayed(session: AsyncSession, event_id: str, **values: Any) -> None:
    """Note what came of sending a dead letter once more."""
    sent = update(WebhookEvent).where(WebhookEvent.id == event_id, WebhookEvent.state == "replaying")
    await session.execute(sent.values(**values, tries=WebhookEvent.tries + 1))


_NEWEST = (WebhookEvent.page.desc(), WebhookEvent.number.desc(), WebhookEvent.id.desc())
