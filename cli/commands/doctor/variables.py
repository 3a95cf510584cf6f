"""What `tidings doctor` is told: the variables of the tiers that it looks at."""

from typing import Annotated

from pydantic import AfterValidator, Field

from cli.variables import database_url as urls
from cli.variables.tiers import PemFile, TierVariables


class DoctorVariables(TierVariables):
    """Redis has to be told; what is left out of the rest is not looked at."""

    database_url: Annotated[str, AfterValidator(urls.accepted)] | None = Field(
        None, repr=False, description=urls.ACCEPTED
    )
    tls_cert: PemFile | None = None
    link_cert: PemFile | None = None
