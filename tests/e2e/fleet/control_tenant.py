"""The control tenant: one publisher and one subscriber, 20 messages a second, beside whatever a test breaks.

Nothing may be missing there without a word, and its latency is printed.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.e2e.fleet.findings import Findings
from tests.e2e.fleet.pace import percentile
from tests.e2e.fleet.workload import Reach, Shape, Workload

SHAPE = Shape(topics=1, subscribers=1, publishers=1, interval_seconds=0.05, name="control")


@dataclass
class Beside:
    """How the control tenant fared, once its block has ended."""

    findings: Findings = field(default_factory=Findings)
    p99_seconds: float = 0.0
    failed: int = 0


@asynccontextmanager
async def control(reach: Reach) -> AsyncGenerator[Beside]:
    """Run the control tenant beside the block, and hold it to its promise where the block ended well."""
    beside = Beside()
    async with Workload(reach, SHAPE) as load:
        yield beside
        beside.findings = await load.settle()
    beside.p99_seconds = percentile(load.pace.latencies(), 0.99)
    beside.failed = len(load.ledger.failed())
    print(f"control tenant: p99 {beside.p99_seconds * 1000:.0f} ms, {beside.failed} failed")  # noqa: T201
    assert beside.findings.broken() == []
