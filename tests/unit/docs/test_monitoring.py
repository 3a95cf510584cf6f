"""Pages, alerts and dashboard speak of numbers that the processes tell, and of all of them."""

import asyncio
import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from accounts.metrics import AccountsMetrics
from accounts.webhook_deliveries.tally import Tally
from cli.metrics.native_grpc import NativeGrpcMetrics
from cli.metrics.page import Page
from cli.metrics.port import STARTS
from http2.counts import Counts
from router.meters.handover import Metering
from router.metrics import RouterMetrics
from storage.metrics import MemberMetrics, NodeMetrics
from tests.unit.router.parts import world

ROOT = Path(__file__).parents[3]
MONITORING = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
RUNBOOKS = (ROOT / "docs" / "runbooks.md").read_text(encoding="utf-8")
ALERTS: list[dict[str, Any]] = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yaml").read_text())["groups"][0][
    "rules"
]
DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy/grafana/tidings.json").read_text())
ROW = re.compile(r"^\| `(tidings_\w+)` \| ([^|]*) \| ([^|]+) \|$", re.MULTILINE)
NAME = re.compile(r"\b(?:tidings|process|envoy)_\w+")
FROM_THE_LIBRARY = {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds"}


async def collectors(folder: Path) -> list[Collector]:
    """Return all that there are; what they read is only as real as it takes to be asked for names."""
    acme = await world()
    usage: Any = None
    metering = Metering(folder, "router", usage)
    member: Any = SimpleNamespace(
        membership=SimpleNamespace(map_version=1, lease_seconds_left=2.0, state="fresh"),
    )
    accounts: Any = SimpleNamespace(
        database=SimpleNamespace(reachable=True, connections_in_use=0, most_connections=15),
        ledger=SimpleNamespace(applied=0, repeated=0, refused=0),
        jobs=SimpleNamespace(runs={}),
        posting=SimpleNamespace(couriers=SimpleNamespace(tally=Tally(), backlog=0, webhooks=0, failing=0)),
        operation=SimpleNamespace(reconciliation=SimpleNamespace(different=0)),
    )
    server: Any = SimpleNamespace(sessions=1, waiting_bytes=0)
    return [
        RouterMetrics(acme.router, metering),
        NodeMetrics(acme.nodes.values()),
        MemberMetrics(member, server),
        AccountsMetrics(accounts),
        NativeGrpcMetrics(Counts()),
    ]


@pytest.fixture(scope="module")
def families(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Metric]:
    """Return what a process that were all tiers would tell, by the name that Prometheus shows."""

    async def text() -> str:
        return Page(await collectors(tmp_path_factory.mktemp("usage"))).text() + STARTS.format(1)

    found = list(text_string_to_metric_families(asyncio.run(text())))
    return {family.name + ("_total" if family.type == "counter" else ""): family for family in found}


def known(name: str, families: dict[str, Metric]) -> bool:
    return name in FROM_THE_LIBRARY or re.sub(r"_(bucket|sum|count)$", "", name) in families


def test_the_page_has_a_row_for_each_number(families: dict[str, Metric]) -> None:
    told = {name: family.documentation for name, family in families.items() if name.startswith("tidings_")}
    assert {name: text for name, _, text in ROW.findall(MONITORING)} == told


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_each_alert_asks_for_numbers_that_are_there_and_has_a_runbook(
    alert: dict[str, Any], families: dict[str, Metric]
) -> None:
    names = NAME.findall(alert["expr"])
    assert [name for name in names if not known(name, families)] == []
    page, _, section = alert["annotations"]["runbook"].partition("#")
    assert page == "docs/runbooks.md"
    headings = re.findall(r"^## (.+)$", RUNBOOKS, re.MULTILINE)
    assert section in [heading.lower().replace(" ", "-") for heading in headings]
    assert alert["labels"]["severity"] in {"page", "ticket"}


def test_each_runbook_belongs_to_an_alert() -> None:
    named = {alert["annotations"]["runbook"].partition("#")[2] for alert in ALERTS}
    headings = re.findall(r"^## (.+)$", RUNBOOKS, re.MULTILINE)
    assert {heading.lower().replace(" ", "-") for heading in headings} == named


def test_the_dashboard_shows_numbers_that_are_there(families: dict[str, Metric]) -> None:
    asked = {
        name
        for panel in DASHBOARD["panels"]
        for target in panel.get("targets", ())
        for name in NAME.findall(target["expr"])
    }
    assert len(asked) > 20
    assert [name for name in asked if not known(name, families)] == []
