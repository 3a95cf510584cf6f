"""Tenants beside whatever a test breaks: the control tenant, and one whose topics are durable.

The control tenant is one publisher and one subscriber, 20 messages a second. Nothing may be missing there without a
word, and its latency is printed. Of durable topics nothing may be missing at all.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.e2e.fleet.findings import Findings
from tests.e2e.fleet.pace import percentile
from tests.e2e.fleet.workload import Reach, Shape, Workload

SHAPE = Shape(topics=1, subscribers=1, publishers=1, interval_seconds=0.05, name="control")
KEPT = Shape(topics=4, subscribers=3, publishers=1, interval_seconds=0.25, name="kept")


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


@asynccontextmanager
async def kept(reach: Reach) -> AsyncGenerator[None]:
    """Run durable topics beside the block, and hold them to their promise where the block ended well."""
    async with Workload(reach, KEPT) as load:
        await load.go_on()
        yield
        await load.until(load.is_open, "resumed streams")
        await load.go_on()
        unbroken(await load.settle())


def unbroken(found: Findings) -> None:
    """Hold that nothing is lost or doubled, and that numbers go on."""
    assert found.broken() == []
    assert set(found.discontinuities.values()) == {0}
    assert set(found.pages.values()) == {1}
