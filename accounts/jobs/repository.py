"""SQL for jobs. What two services might do at the same time is one statement."""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.database import Question
from accounts.database.insert import insert_once
from accounts.jobs.models import Job

DUE: Question[dict[str, tuple[int, int]]] = Question(
    select(Job.name, Job.next_at, Job.held_until), lambda rows: {row[0]: (row[1], row[2]) for row in rows}
)
"""Of each job when it is to be done next, and until when somebody holds it."""


async def add_once(session: AsyncSession, name: str, next_at: int) -> None:
    """Keep a job unless it is there."""
    await insert_once(session, Job, name=name, next_at=next_at)


async def everything(session: AsyncSession) -> Sequence[Job]:
    """Return all jobs in the order of their names."""
    return (await session.scalars(select(Job).order_by(Job.name))).all()


async def take(session: AsyncSession, name: str, holder: str, now: int, held_until: int) -> bool:
    """Become the one that does a job which is due; return whether it worked."""
    free = update(Job).where(Job.name == name, Job.next_at <= now, Job.held_until <= now)
    taken = free.values(holder=holder, held_until=held_until, began_at=now).returning(Job.name)
    return await session.scalar(taken) is not None


async def hold(session: AsyncSession, name: str, holder: str, held_until: int) -> bool:
    """Go on holding a job; return whether this was still its holder."""
    held = update(Job).where(Job.name == name, Job.holder == holder).values(held_until=held_until)
    return await session.scalar(held.returning(Job.name)) is not None


async def finish(
    session: AsyncSession, name: str, holder: str, *, next_at: int, took_ms: int, failed: bool, detail: str
) -> None:
    """Note how a run ended, and let go of the job; nothing happens where another holds it by now."""
    held = update(Job).where(Job.name == name, Job.holder == holder)
    await session.execute(
        held.values(
            holder="",
            held_until=0,
            next_at=next_at,
            started_at=Job.began_at,
            took_ms=took_ms,
            outcome="failed" if failed else "done",
            detail=detail,
            runs=Job.runs + 1,
            failures=Job.failures + int(failed),
        )
    )


async def hasten(session: AsyncSession, name: str, now: int) -> bool:
    """Have a job done as soon as somebody looks; return whether there is one of this name."""
    found = update(Job).where(Job.name == name).values(next_at=now).returning(Job.name)
    return await session.scalar(found) is not None
