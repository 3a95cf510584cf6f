"""What goes over the REST API about operators who look at accounts."""

from typing import Annotated

from pydantic import Field, StringConstraints

from accounts.impersonations.models import Impersonation
from accounts.rest.schemas import PRINTABLE, Input, Output

Reason = Annotated[
    str, StringConstraints(min_length=1, max_length=255, pattern=PRINTABLE), Field(examples=["ticket 4711"])
]


class NewImpersonation(Input):
    reason: Reason


class ImpersonationInfo(Output):
    impersonation_id: str
    account_id: str
    operator_id: str
    reason: str
    created_at_epoch_seconds: int
    expires_at_epoch_seconds: int

    @classmethod
    def of(cls, row: Impersonation) -> "ImpersonationInfo":
        return cls(
            impersonation_id=row.id,
            account_id=row.account_id,
            operator_id=row.operator_id,
            reason=row.reason,
            created_at_epoch_seconds=row.created_at,
            expires_at_epoch_seconds=row.expires_at,
        )


class MadeImpersonation(Output):
    token: str = Field(description="Shown this once. GET requests with it in Authorization see the account.")
    impersonation: ImpersonationInfo


class Impersonations(Output):
    impersonations: list[ImpersonationInfo]
