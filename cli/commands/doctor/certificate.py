"""Does the certificate last?"""

from datetime import UTC, datetime, timedelta

from cryptography import x509

from cli.commands.doctor.finding import Finding
from cli.commands.doctor.variables import DoctorVariables

SOON = timedelta(days=21)


async def look(variables: DoctorVariables) -> list[Finding]:
    """Return what is found; nothing where no certificate was told."""
    if variables.tls_cert is None:
        return []
    try:
        certificate = x509.load_pem_x509_certificate(variables.tls_cert.read_bytes())
    except (OSError, ValueError) as error:
        advice = "TIDINGS_TLS_CERT must be a PEM file that can be read."
        return [Finding("certificate", "error", f"{variables.tls_cert}: {error}", advice)]
    ends = certificate.not_valid_after_utc
    left = ends - datetime.now(UTC)
    advice = "Renew it, and send SIGHUP to the processes that use it."
    if left <= timedelta(0):
        return [Finding("certificate", "error", f"it expired at {ends:%Y-%m-%d %H:%M} UTC", advice)]
    if left < SOON:
        return [Finding("certificate", "warning", f"it expires in {left.days} days", advice)]
    return [Finding("certificate", "ok", f"it lasts {left.days} days")]
