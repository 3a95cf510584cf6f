"""What goes over the REST API about the audit log."""

from typing import Any, Literal

from pydantic import Field

from accounts.audit.models import AuditEntry
from accounts.rest.paging import Listing
from accounts.rest.schemas import Output


class AuditEntryInfo(Output):
    """One change."""

    entry_id: int = Field(description="Grows with each change of the installation.", examples=[4711])
    at_epoch_seconds: int = Field(examples=[1790000000])
    account_id: str | None = Field(description="null for what concerns the installation as a whole.")
    actor_kind: Literal["user", "key", "operator", "system"] = Field(
        description="A person, an API key, an operator of the installation, or the service itself.", examples=["user"]
    )
    actor_id: str = Field(examples=["user_3kZc7YbQ4mHeW2dnZ0aK"])
    address: str = Field(description="Where it came from; empty for what came over no network.", examples=["192.0.2.7"])
    action: str = Field(examples=["cache.created"])
    target: str = Field(description="The id, or the name, of the thing.", examples=["chat"])
    request_id: str | None = Field(
        description="Of the request that made the change; null for what came over no network.",
        examples=["7f3a1c0e5b9d4e628a1f0c3d5e7b9a12"],
    )
    before: dict[str, Any] | None = Field(description="The fields that matter, as they were; null for what is new.")
    after: dict[str, Any] | None = Field(description="The same as they are now; null for what is gone.")

    @classmethod
    def of(cls, entry: AuditEntry) -> "AuditEntryInfo":
        return cls(
            entry_id=entry.id,
            at_epoch_seconds=entry.created_at,
            account_id=entry.account_id,
            actor_kind=entry.actor_kind,  # pyright: ignore[reportArgumentType] - what is written is an ActorKind
            actor_id=entry.actor_id,
            address=entry.address,
            action=entry.action,
            target=entry.target,
            request_id=entry.request_id,
            before=entry.before,
            after=entry.after,
        )


class AuditEntries(Listing):
    entries: list[AuditEntryInfo]
