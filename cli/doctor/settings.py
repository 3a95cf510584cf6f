"""What `tidings doctor` is told: the variables of the tiers that it looks at."""

from typing import Annotated

from pydantic import AfterValidator, Field

from cli.tiers.settings import AccountsVariables, PemFile, TierVariables

_DATABASE_URL = AccountsVariables.model_fields["database_url"]


class DoctorVariables(TierVariables):
    """Redis has to be told; what is left out of the rest is not looked at."""

    database_url: Annotated[str | None, AfterValidator(lambda url: url)] = Field(
        None, repr=False, description=_DATABASE_URL.description
    )
    tls_cert: PemFile | None = None
