"""Each hour, what was billed is compared with what storage nodes stored and edges sent."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from accounts.batches.pruning import Pruning
from accounts.batches.retention import Retention
from accounts.paging import PageRequest
from accounts.reconciliation.models import UsageReconciliation
from accounts.reconciliation.service import SETTLE_SECONDS, Reconciliation
from api.usage import DELIVERY
from backplane.witnesses import MemoryWitnesses, Witnessed
from cli.commands.operator import operator
from cli.commands.usage import usage
from tests.integration.accounts.counted import Boot, published
from tests.integration.accounts.installation import Installation
from tests.integration.accounts.test_usage_sums import now_minute
from tests.unit.clock import Clock

HOUR = now_minute() // 60 - 2
"""The one that is compared; it was over a few minutes ago by the clock of these tests."""


class Hour:
    """An hour in which three messages were published, of 1, 2 and 3 bytes, and each was delivered once."""

    def __init__(self, here: Installation) -> None:
        self.here = here
        self.clock = Clock((HOUR + 1) * 3600 + 200)
        self.witnesses = MemoryWitnesses()
        self.reconciliation = Reconciliation(here.accounts.database, self.witnesses, now=self.clock)
        self.boot = Boot("router-1", "a")
        here.accounts.ledger.batches._now = self.clock

    async def bill(self, *sizes: int, account: str = "acme") -> None:
        lines = [published(account, "cache", "key:k", *sizes, meter=meter) for meter in ("publish", DELIVERY)]
        await self.here.accounts.ledger.batches.apply([self.boot.seal(HOUR * 60 + 5, lines)])

    async def store(self, *sizes: int, account: str = "acme", most: int = 0, node: str = "node-1") -> None:
        counted = Witnessed("storage", node, "a", HOUR, account, len(sizes), sum(sizes), most)
        stays = [Witnessed("storage", node, "a", HOUR + hour) for hour in (0, 1)]
        await self.witnesses.tell([counted, *stays])

    async def send(self, size: int) -> None:
        await self.witnesses.tell(
            [Witnessed("edge", "router-1", "a", HOUR + hour, "", 0, size * (1 - hour)) for hour in (0, 1)]
        )

    async def reports(self) -> Sequence[UsageReconciliation]:
        self.clock.advance(1)
        await self.reconciliation.hear()
        await self.reconciliation.run()
        return (await self.reconciliation.page(PageRequest())).items


@pytest.fixture
async def hour(here: Installation) -> Hour:
    made = Hour(here)
    await made.bill(1, 2, 3)
    return made


async def test_what_agrees_is_reported_as_equal(hour: Hour) -> None:
    await hour.store(1, 2, 3)
    await hour.send(1000)
    (report,) = await hour.reports()
    assert (report.hour, report.outcome, report.accounts) == (HOUR, "equal", 1)
    assert (report.publishes_billed, report.publishes_stored) == (3, 3)
    assert (report.publish_bytes_billed, report.publish_bytes_stored) == (6, 6)
    assert (report.deliveries_billed, report.delivery_bytes_billed, report.bytes_sent) == (3, 6, 1000)
    assert await hour.reconciliation.run() == "all reports are made"


async def test_what_differs_is_named_until_late_batches_mend_it(hour: Hour, caplog: pytest.LogCaptureFixture) -> None:
    await hour.store(1, 2, 3, 1000)
    (report,) = await hour.reports()
    assert report.outcome == "different"
    (finding,) = json.loads(report.findings)
    assert (finding["account_id"], finding["billed_messages"], finding["counted_messages"]) == ("acme", 3, 4)
    assert (finding["difference_messages"], finding["difference_bytes"]) == (-1, -1000)
    assert hour.reconciliation.different == 1
    assert "account acme: (3, 6) billed, (4, 1006) counted" in caplog.text
    await hour.bill(1000)
    (report,) = await hour.reports()
    assert (report.outcome, report.publishes_billed) == ("equal", 4)


async def test_nobody_pays_for_more_bytes_than_were_sent(hour: Hour) -> None:
    await hour.store(1, 2, 3)
    await hour.send(5)
    (report,) = await hour.reports()
    (finding,) = json.loads(report.findings)
    assert (report.outcome, finding["account_id"], finding["difference_bytes"]) == ("different", None, 1)


async def test_what_a_service_did_not_hear_is_heard_by_the_next(hour: Hour) -> None:
    await hour.store(1, 2, 3)
    hour.clock.advance(3 * 3600)
    later = Reconciliation(hour.here.accounts.database, hour.witnesses, now=hour.clock)
    await later.hear()
    await later.run()
    found = (await later.page(PageRequest())).items
    assert [(report.hour, report.outcome) for report in found][-1] == (HOUR, "equal")
    assert {report.outcome for report in found[:-2]} == {"unwitnessed"}


async def test_reports_go_when_the_batches_go(hour: Hour) -> None:
    await hour.store(1, 2, 3)
    assert len(await hour.reports()) == 1
    database = hour.here.accounts.database
    for days, left in ((30, 1), (42, 0)):
        await Pruning(database, Retention(batches=40), now=lambda days=days: HOUR * 3600.0 + days * 86400).run()
        assert len((await hour.reconciliation.page(PageRequest())).items) == left


async def test_each_hour_is_shown_at_any_time_once(hour: Hour) -> None:
    await hour.store(1, 2, 3)
    shown: list[list[tuple[int, str]]] = []
    for seconds in (-60, 60, SETTLE_SECONDS + 1):
        hour.clock.seconds = (HOUR + 1) * 3600 + seconds
        reports = await hour.reports()
        shown.append([(each.hour - HOUR, each.outcome) for each in [*await hour.reconciliation.so_far(), *reports]])
    assert shown == [[(0, "running")], [(1, "running"), (0, "running")], [(1, "running"), (0, "equal")]]


async def test_an_operator_sees_the_reports(hour: Hour) -> None:
    await hour.store(1, 2, account="acme")
    await hour.store(account="<b>bold</b>", most=1)
    await hour.reports()
    token, _ = await hour.here.accounts.operation.operators.make_token("a script", None)
    async with hour.here.rest(authorization=token) as client:
        answer = (await client.get("/v1/admin/usage/reconciliation")).json()
    (report,) = answer["hours"]
    assert (report["outcome"], report["publishes_billed"], report["publishes_stored"]) == ("different", 3, 2)
    assert report["findings"][0]["account_id"] == "acme"
    assert answer["next_token"] is None


def test_the_command_says_the_same(tmp_path: Path) -> None:
    sign_up = ["create", "ada@example.com", "--password-stdin", "--data", str(tmp_path)]
    assert CliRunner().invoke(operator, sign_up, "correct horse battery\n").exit_code == 0
    told = CliRunner().invoke(usage, ["reconcile", "--so-far", "--data", str(tmp_path)])
    assert told.exit_code == 0, told.output
    assert told.output.splitlines()[-1] in {"1 hours compared", "2 hours compared"}  # 2 just after the full hour
    assert "running: publishes 0 billed, 0 stored" in told.output
