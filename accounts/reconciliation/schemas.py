"""What goes over the REST API about comparing what was billed with what was counted elsewhere."""

import json
from typing import Any

from pydantic import Field

from accounts.billing.periods import iso
from accounts.reconciliation.comparing import Outcome
from accounts.reconciliation.models import UsageReconciliation
from accounts.rest.paging import Listing
from accounts.rest.schemas import Output
from backplane.witnesses import HOUR_SECONDS


class ReconciliationFinding(Output):
    account_id: str | None = Field(description="null for the bytes that edges sent, of all accounts together.")
    billed_messages: int
    billed_bytes: int
    counted_messages: int = Field(description="By storage nodes.")
    counted_bytes: int = Field(description="By storage nodes, or by edges.")
    difference_messages: int = Field(description="Billed beyond what was counted, with what the hour before left.")
    difference_bytes: int


class ReconciliationInfo(Output):
    hour: str = Field(description="Its beginning.", examples=["2026-03-01T12:00:00Z"])
    made_at_epoch_seconds: int
    outcome: Outcome = Field(
        description="`within`: no more differs than was under way as the hour ended, or lost with a killed process."
    )
    accounts: int
    publishes_billed: int
    publishes_stored: int
    publish_bytes_billed: int
    publish_bytes_stored: int
    deliveries_billed: int
    delivery_bytes_billed: int
    bytes_sent: int | None = Field(description="By edges to clients, all that surrounds messages included; null: none.")
    vanished: list[str] = Field(description="What ended without a word, and what it counted last with it.")
    findings: list[ReconciliationFinding] = Field(description="A hundred at most.")

    @classmethod
    def of(cls, report: UsageReconciliation) -> "ReconciliationInfo":
        findings: list[dict[str, Any]] = json.loads(report.findings)
        return cls(
            hour=iso(report.hour * HOUR_SECONDS),
            made_at_epoch_seconds=report.made_at,
            outcome=report.outcome,  # pyright: ignore[reportArgumentType] - checked by the model
            accounts=report.accounts,
            publishes_billed=report.publishes_billed,
            publishes_stored=report.publishes_stored,
            publish_bytes_billed=report.publish_bytes_billed,
            publish_bytes_stored=report.publish_bytes_stored,
            deliveries_billed=report.deliveries_billed,
            delivery_bytes_billed=report.delivery_bytes_billed,
            bytes_sent=report.bytes_sent,
            vanished=json.loads(report.vanished),
            findings=[ReconciliationFinding(**finding) for finding in findings],
        )


class Reconciliations(Listing):
    hours: list[ReconciliationInfo]
