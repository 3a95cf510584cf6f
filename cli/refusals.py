"""Why `tidings up` does not start: each reason in one sentence, with an exit code of its own."""

from typing import ClassVar


class Refusal(Exception):
    """The service cannot start; the message is a sentence for the operator."""

    exit_code: ClassVar[int] = 1


class StartFailed(Refusal):
    """Envoy or the application in it ended, or did not become ready in time."""

    exit_code = 1


class AddressUnavailable(Refusal):
    """The address cannot be listened on."""

    exit_code = 3


class DataFolderUnusable(Refusal):
    """The data folder cannot be written, or another `tidings up` holds it."""

    exit_code = 4


class EdgeMissing(Refusal):
    """Envoy or the shared Python library is not installed for this platform."""

    exit_code = 5


class CertificateUnusable(Refusal):
    """The TLS files cannot be read, or do not belong together."""

    exit_code = 6
