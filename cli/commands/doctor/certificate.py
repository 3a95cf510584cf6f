"""Do the certificates last: the one that clients see, and the one of links?"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from cli.commands.doctor.finding import Finding
from cli.commands.doctor.variables import DoctorVariables

SOON = timedelta(days=21)


async def look(variables: DoctorVariables) -> list[Finding]:
    """Return what is found; nothing of a certificate that was not told."""
    found: list[Finding] = []
    if variables.tls_cert is not None:
        advice = "Renew it, and send SIGHUP to the processes that use it."
        found.append(_finding("certificate", "TIDINGS_TLS_CERT", variables.tls_cert, advice))
    if variables.link_cert is not None:
        advice = "Renew it, and restart one process after the other: links that are open go on, and no new one is made."
        found.append(_finding("link certificate", "TIDINGS_LINK_CERT", variables.link_cert, advice))
    return found


def _finding(check: str, variable: str, file: Path, advice: str) -> Finding:
    try:
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
    except (OSError, ValueError) as error:
        return Finding(check, "error", f"{file}: {error}", f"{variable} must be a PEM file that can be read.")
    ends = certificate.not_valid_after_utc
    left = ends - datetime.now(UTC)
    if left <= timedelta(0):
        return Finding(check, "error", f"it expired at {ends:%Y-%m-%d %H:%M} UTC", advice)
    if left < SOON:
        return Finding(check, "warning", f"it expires in {left.days} days", advice)
    return Finding(check, "ok", f"it lasts {left.days} days")
