"""SQL for jobs. What two services might do at the same time is one statement."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.database.insert import insert_once
from accounts.jobs.models import Job


async def add_once(session: AsyncSession, name: str, next_at: int) -> None:
    """Keep a job unless it is there."""
    await insert_once(session, Job, name=name, next_at=next_at)


async def everything(session: AsyncSession) -> Sequence[Job]:
    """Return all jobs in the order of their names."""
    return (await session.scalars(select(Job).order_by(Job.name))).all()


async def due(session: AsyncSession) -> Mapping[str, tuple[int, int]]:
    """Return of each job when it is to be done next, and until when somebody holds it."""
    rows = await session.execute(select(Job.name, Job.next_at, Job.held_until))
    return {row.name: (row.next_at, row.held_until) for row in rows}


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
