"""SQL for jobs. What two services might do at the same time is one statement."""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple, cast

from sqlalchemy import Integer, Table, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.database import Question
from accounts.database.insert import insert_all_once
from accounts.jobs.models import Job

_UNSEEN: Final = {"synchronize_session": False}
"""No session has rows of jobs that it changes."""

DUE: Question[dict[str, tuple[int, int]]] = Question(
    select(Job.name, Job.next_at, Job.held_until), lambda rows: {row[0]: (row[1], row[2]) for row in rows}
)
"""Of each job when it is to be done next, and until when somebody holds it."""


class Ended(NamedTuple):
    """How a run ended, after so many milliseconds; the next one is at an epoch second."""

    job: str
    at: int
    took: int
    how: str
    what: str
    failed: int


_FINISHED: Final = (
    update(cast("Table", Job.__table__))
    .where(Job.name == bindparam("job"), Job.holder == bindparam("by"))
    .values(
        holder="",
        held_until=0,
        next_at=bindparam("at"),
        started_at=Job.began_at,
        took_ms=bindparam("took"),
        outcome=bindparam("how"),
        detail=bindparam("what"),
        runs=Job.runs + 1,
        failures=Job.failures + bindparam("failed", type_=Integer),
    )
)


async def add_once(session: AsyncSession, names: Sequence[str], next_at: int) -> None:
    """Keep jobs, of which there must be some, unless they are there."""
    await insert_all_once(session, Job, [{"name": name, "next_at": next_at} for name in names])


async def everything(session: AsyncSession) -> Sequence[Job]:
    """Return all jobs in the order of their names."""
    return (await session.scalars(select(Job).order_by(Job.name))).all()


async def take(session: AsyncSession, names: Collection[str], holder: str, now: int, held_until: int) -> set[str]:
    """Become the one that does these jobs which are due; return those of which that worked."""
    free = select(Job.name).where(Job.name.in_(names), Job.next_at <= now, Job.held_until <= now)
    taken = update(Job).where(Job.name.in_(free.with_for_update(skip_locked=True).scalar_subquery()))
    values = taken.values(holder=holder, held_until=held_until, began_at=now)
    return set(await session.scalars(values.returning(Job.name), execution_options=_UNSEEN))


async def hold(session: AsyncSession, name: str, holder: str, held_until: int) -> bool:
    """Go on holding a job; return whether this was still its holder."""
    held = update(Job).where(Job.name == name, Job.holder == holder).values(held_until=held_until)
    return await session.scalar(held.returning(Job.name)) is not None


async def finish(session: AsyncSession, holder: str, ended: Sequence[Ended]) -> None:
    """Note how runs ended, and let go of the jobs; nothing happens to one that another holds by now."""
    rows = [{**each._asdict(), "by": holder} for each in sorted(ended)]  # by name, so that two services wait one way
    await (await session.connection()).execute(_FINISHED, rows)


async def hasten(session: AsyncSession, name: str, now: int) -> bool:
    """Have a job done as soon as somebody looks; return whether there is one of this name."""
    found = update(Job).where(Job.name == name).values(next_at=now).returning(Job.name)
    return await session.scalar(found) is not None
