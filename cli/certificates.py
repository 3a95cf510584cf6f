"""The TLS files, looked at before Envoy does, so that a mistake is one sentence."""

import ssl
from pathlib import Path

from cli.edge.settings import Certificate
from cli.refusals import CertificateUnusable


def certificate(
    chain: Path | None, key: Path | None, names: tuple[str, str] = ("--tls-cert", "--tls-key")
) -> Certificate | None:
    """Return the pair, or nothing if neither is given. `names` are what the operator knows them by.

    Raises:
        CertificateUnusable: One is missing, cannot be read, is no PEM file, or they do not belong together.
    """
    if chain is None and key is None:
        return None
    if chain is None or key is None:
        msg = f"TLS needs both {names[0]} and {names[1]}"
        raise CertificateUnusable(msg)
    for path in (chain, key):
        try:
            path.read_bytes()
        except OSError as error:
            msg = f"the TLS file {path} cannot be read: {error.strerror}"
            raise CertificateUnusable(msg) from error
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(chain, key, password="")
    except (ssl.SSLError, ValueError) as error:
        reason = error.reason if isinstance(error, ssl.SSLError) else str(error)
        msg = f"the TLS files {chain} and {key} cannot be used: {reason or error}"
        raise CertificateUnusable(msg) from error
    return Certificate(chain=chain.resolve(), key=key.resolve())


def unchecked() -> ssl.SSLContext:
    """Return what asks a process of our own over TLS: its certificate is for other names, and is not checked."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # without the 17 ms that reading all authorities takes
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
