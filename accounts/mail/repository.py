"""SQL for mails that are still to be delivered."""

from collections.abc import Sequence

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.database import Question
from accounts.mail.models import Mail

NEXT_DUE: Question[int | None] = Question(select(func.min(Mail.next_at)), lambda rows: rows[0][0])
"""When the next mail is to be delivered; None while there is none."""


def add(session: AsyncSession, mail: Mail) -> None:
    """Keep a mail until it is delivered."""
    session.add(mail)


async def take(session: AsyncSession, now: int, until: int, most: int) -> Sequence[Mail]:
    """Return mails to deliver, which nobody else is given before `until`."""
    due = (
        select(Mail.id).where(Mail.next_at <= now).order_by(Mail.next_at).limit(most).with_for_update(skip_locked=True)
    )
    taken = update(Mail).where(Mail.id.in_(due.scalar_subquery())).values(next_at=until, tries=Mail.tries + 1)
    return (await session.scalars(taken.returning(Mail))).all()


async def postpone(session: AsyncSession, mail_id: str, until: int) -> None:
    """Have a mail delivered later."""
    await session.execute(update(Mail).where(Mail.id == mail_id).values(next_at=until))


async def remove(session: AsyncSession, mail_id: str) -> None:
    """Forget a mail."""
    await session.execute(delete(Mail).where(Mail.id == mail_id))
