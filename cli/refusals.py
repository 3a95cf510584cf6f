"""Why a command does not start: each reason in one sentence, with an exit code of its own."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import ClassVar

import click


class Refusal(Exception):
    """The service cannot start; each line of the message is a sentence for the operator."""

    exit_code: ClassVar[int] = 1


class StartFailed(Refusal):
    """Envoy or the application in it ended, or did not become ready in time."""

    exit_code = 1


class AddressUnavailable(Refusal):
    """The address cannot be listened on."""

    exit_code = 3


class DataFolderUnusable(Refusal):
    """The data folder cannot be written, or another process holds it."""

    exit_code = 4


class EdgeMissing(Refusal):
    """Envoy or the shared Python library is not installed for this platform."""

    exit_code = 5


class CertificateUnusable(Refusal):
    """The TLS files cannot be read, or do not belong together."""

    exit_code = 6


class SettingsRefused(Refusal):
    """A variable is missing or has a value that is not accepted."""

    exit_code = 7


class NodeIdInUse(Refusal):
    """Another storage node of this name is alive."""

    exit_code = 8


@contextmanager
def told_in_a_sentence() -> Generator[None]:
    """Print a refusal on standard error and end the process with its exit code."""
    try:
        yield
    except Refusal as refusal:
        for sentence in str(refusal).splitlines():
            click.echo(f"tidings: {sentence}", err=True)
        sys.exit(refusal.exit_code)
