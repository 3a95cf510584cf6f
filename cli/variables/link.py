"""The variables by which routers and storage nodes are told how to know each other."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

from pydantic import Field
from typing_extensions import override

from cli.certificates import certificate
from cli.refusals import CertificateUnusable
from cli.variables.base import AbsolutePath, Variables

if TYPE_CHECKING:
    from api.link_security import LinkSecurity

NAMES = ("TIDINGS_LINK_CERT", "TIDINGS_LINK_KEY")

PemFile = Annotated[AbsolutePath, Field(description="the path of a PEM file")]


class LinkVariables(Variables):
    """All three or none."""

    link_ca_file: PemFile | None = None
    link_cert: PemFile | None = None
    link_key: PemFile | None = None

    @override
    def contradictions(self) -> Iterable[str]:
        yield from super().contradictions()
        files = (self.link_ca_file, self.link_cert, self.link_key)
        if any(files) and not all(files):
            yield "TIDINGS_LINK_CA_FILE, TIDINGS_LINK_CERT and TIDINGS_LINK_KEY go together: set all three, or none"


def link_security(variables: LinkVariables) -> "LinkSecurity | None":
    """Return how the process is known to others, and they to it; nothing where everybody is believed.

    Raises:
        CertificateUnusable: a file is missing, cannot be read, is no PEM file, or they do not belong together.
    """
    from api.link_security import LinkSecurity  # noqa: PLC0415  with it comes gRPC, which a command may do without

    authority = variables.link_ca_file
    pair = certificate(variables.link_cert, variables.link_key, NAMES)
    if authority is None or pair is None:
        return None
    try:
        return LinkSecurity.read(authority, pair.chain, pair.key)
    except OSError as error:
        msg = f"the TLS file {authority} cannot be read: {error.strerror}"
        raise CertificateUnusable(msg) from error
