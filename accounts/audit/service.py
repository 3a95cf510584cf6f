"""Keeps the audit log."""

from collections.abc import Mapping
from typing import Any

from accounts.audit import repository
from accounts.audit.actor import Actor
from accounts.audit.models import AuditEntry
from accounts.database import Transaction
from api import request_ids

Fields = Mapping[str, Any]
"""What of a thing is worth to be told, ready for JSON; never a secret, nor the hash of one."""


def record(
    session: Transaction,
    actor: Actor,
    account_id: str | None,
    action: str,
    target: str,
    *,
    before: Fields | None = None,
    after: Fields | None = None,
) -> None:
    """Note a change, in the transaction that makes it.

    Args:
        session: The transaction.
        actor: Who makes the change.
        account_id: Whose log it belongs to; None for what concerns the installation as a whole.
        action: `noun.verb_in_past`, such as `api_key.revoked`.
        target: The id, or the name, of the thing.
        before: The fields that matter, as they were; None for what is new.
        after: The same, as they are now; None for what is gone.
    """
    entry = AuditEntry(
        account_id=account_id,
        actor_kind=actor.kind,
        actor_id=actor.id,
        address=actor.address,
        action=action,
        target=target,
        request_id=request_ids.current() or None,
        before=None if before is None else dict(before),
        after=None if after is None else dict(after),
    )
    repository.add(session, entry)
