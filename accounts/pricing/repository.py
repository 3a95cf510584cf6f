"""SQL for price plans, assignments and billing profiles."""

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.clocks.models import TestClock
from accounts.database.insert import insert_once
from accounts.paging import PageRequest
from accounts.pricing.models import BillingProfile, ClosedPeriod, PlanAssignment, PricePlan
from accounts.tenants.models import Account

_SETTLED: Final = (
    select(ClosedPeriod.account_id)
    .where(ClosedPeriod.account_id.in_(bindparam("accounts", expanding=True)))
    .where(~select(Account.id).where(Account.id == ClosedPeriod.account_id).exists())
    .distinct()
)


async def plan(session: AsyncSession, plan_id: str, version: int | None) -> PricePlan | None:
    """Return a version of a plan; the newest one for None."""
    versions = select(PricePlan).where(PricePlan.id == plan_id)
    if version is not None:
        versions = versions.where(PricePlan.version == version)
    return await session.scalar(versions.order_by(PricePlan.version.desc()).limit(1))


async def newest_plans(session: AsyncSession, asked: PageRequest, *, public_only: bool) -> Sequence[PricePlan]:
    """Return the newest version of each plan in the order of their ids."""
    newest = select(PricePlan.id, func.max(PricePlan.version).label("version")).group_by(PricePlan.id).subquery()
    plans = select(PricePlan).join(newest, (PricePlan.id == newest.c.id) & (PricePlan.version == newest.c.version))
    if public_only:
        plans = plans.where(PricePlan.public)
    if after := asked.after(str):
        plans = plans.where(PricePlan.id > after[0])
    return (await session.scalars(plans.order_by(PricePlan.id).limit(asked.fetch))).all()


async def versions(session: AsyncSession, plan_id: str) -> Sequence[PricePlan]:
    """Return all versions of a plan, the oldest first."""
    found = select(PricePlan).where(PricePlan.id == plan_id).order_by(PricePlan.version)
    return (await session.scalars(found)).all()


async def add_plan(session: AsyncSession, row: PricePlan) -> bool:
    """Keep a version of a plan; return whether it is new."""
    values = {column.key: getattr(row, column.key) for column in PricePlan.__table__.columns}
    return await insert_once(session, PricePlan, **values)


async def assignments(session: AsyncSession, account_id: str) -> Sequence[tuple[int, PricePlan]]:
    """Return since when an account has had which plan, in the order of time."""
    of = (PlanAssignment.plan_id == PricePlan.id) & (PlanAssignment.plan_version == PricePlan.version)
    found = (
        select(PlanAssignment.since, PricePlan)
        .join(PricePlan, of)
        .where(PlanAssignment.account_id == account_id)
        .order_by(PlanAssignment.since)
    )
    return [(since, row) for since, row in await session.execute(found)]


async def made_at(session: AsyncSession, account_id: str, since: int) -> int | None:
    """Return when it was settled which plan an account has from `since` on, if one begins there."""
    row = await session.get(PlanAssignment, (account_id, since))
    return None if row is None else row.made_at


async def assign(session: AsyncSession, account_id: str, since: int, plan_id: str, version: int, now: int) -> None:
    """Give an account a plan from `since` on; what was to come later is forgotten."""
    await forget_later(session, account_id, since - 1)
    session.add(PlanAssignment(account_id=account_id, since=since, plan_id=plan_id, plan_version=version, made_at=now))
    await session.flush()


async def forget_later(session: AsyncSession, account_id: str, after: int) -> None:
    """Forget the plans that an account was to have from a time after `after` on."""
    later = (PlanAssignment.account_id == account_id, PlanAssignment.since > after)
    await session.execute(delete(PlanAssignment).where(*later))


async def move_assignment(session: AsyncSession, account_id: str, since: int, to: int, now: int) -> None:
    """Give an account the plan that it is to have from `since` on from `to` on instead."""
    row = await session.get(PlanAssignment, (account_id, since))
    if row is not None and since != to:
        plan_id, version = row.plan_id, row.plan_version
        await session.delete(row)
        await session.flush()
        await assign(session, account_id, to, plan_id, version, now)


async def profile(session: AsyncSession, account_id: str) -> BillingProfile | None:
    """Return an account's billing profile, if it was looked at before."""
    return await session.get(BillingProfile, account_id)


def add_profile(session: AsyncSession, row: BillingProfile) -> None:
    """Keep a new billing profile."""
    session.add(row)


async def without_profile(session: AsyncSession, most: int) -> Sequence[str]:
    """Return accounts that have no billing profile yet."""
    there = select(BillingProfile.account_id).where(BillingProfile.account_id == Account.id).exists()
    return (await session.scalars(select(Account.id).where(~there).limit(most))).all()


async def due(session: AsyncSession, now: int, most: int) -> Sequence[str]:
    """Return accounts whose month is to be closed; those with a test clock are closed when it is turned."""
    by_clock = select(TestClock.account_id)
    found = (
        select(BillingProfile.account_id)
        .where(BillingProfile.closes_at <= now, BillingProfile.account_id.not_in(by_clock))
        .order_by(BillingProfile.closes_at)
    )
    return (await session.scalars(found.limit(most))).all()


async def last_closed(session: AsyncSession, account_id: str) -> ClosedPeriod | None:
    """Return the month that was closed last."""
    periods = select(ClosedPeriod).where(ClosedPeriod.account_id == account_id)
    return await session.scalar(periods.order_by(ClosedPeriod.start.desc()).limit(1))


async def closed_since(session: AsyncSession, account_id: str, end: int) -> Sequence[ClosedPeriod]:
    """Return the closed months that ended after `end`, the oldest first."""
    periods = select(ClosedPeriod).where(ClosedPeriod.account_id == account_id, ClosedPeriod.end > end)
    return (await session.scalars(periods.order_by(ClosedPeriod.start))).all()


async def settled(session: AsyncSession, account_ids: Collection[str]) -> set[str]:
    """Return which of these accounts are deleted, with their last month billed."""
    return set(await session.scalars(_SETTLED, {"accounts": list(account_ids)}))


def add_closed(session: AsyncSession, row: ClosedPeriod) -> None:
    """Keep that a month is closed."""
    session.add(row)
