"""Notes usage that comes when its account is deleted and its last invoice made: nobody is left to be billed for it."""

from collections import Counter
from collections.abc import Sequence

from accounts import audit
from accounts.audit import SYSTEM
from accounts.billing.meters import METERS
from accounts.database import Transaction
from accounts.pricing import repository as pricing
from api.usage import Batch, Line


async def note(session: Transaction, batches: Sequence[Batch]) -> None:
    """Note in the audit log of each deleted account what billable units of it are in each of these batches."""
    named = {line.account for batch in batches for line in batch.lines}
    gone = await pricing.settled(session, named) if named else set[str]()
    for batch in batches:
        for account_id in sorted(gone):
            units = _units([line for line in batch.lines if line.account == account_id])
            if units:
                audit.record(session, SYSTEM, account_id, "usage.not_billed", batch.id, after={"units": units})


def _units(lines: Sequence[Line]) -> dict[str, int]:
    units: Counter[str] = Counter()
    for line in lines:
        for name, meter in METERS.items():
            if meter.usage == line.meter:
                units[name] += int(getattr(line, meter.measure))
    return {name: count for name, count in units.items() if count}
