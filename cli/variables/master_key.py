"""The variables that name the master key, which every command that opens the accounts reads."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, Field
from typing_extensions import override

from accounts.encryption import MasterKeys, MasterKeySource
from cli.variables.base import AbsolutePath, Variables


def _master_key(text: str) -> str:
    MasterKeys.of_text(text)
    return text


class MasterKeyVariables(Variables):
    """Where neither is set, the key is in the data folder."""

    master_key: Annotated[str, AfterValidator(_master_key)] | None = Field(
        None, repr=False, description="32 random bytes in base64; older keys may follow after commas"
    )
    master_key_file: AbsolutePath | None = Field(
        None, description="the path of a file with what TIDINGS_MASTER_KEY has"
    )

    @override
    def contradictions(self) -> Iterable[str]:
        yield from super().contradictions()
        if self.master_key and self.master_key_file:
            yield "TIDINGS_MASTER_KEY and TIDINGS_MASTER_KEY_FILE are both set: keep one of them"

    @property
    def master_key_source(self) -> MasterKeySource:
        """Return what the account service is told."""
        return MasterKeySource(self.master_key or "", self.master_key_file)
