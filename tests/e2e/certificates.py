"""A certificate authority of a test's own, and a certificate for the host names that SDKs make of an endpoint."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

PREFIXES = ("", "cache.", "control.", "token.", "api.cache.", "web.cache.", "web.control.", "web.token.")


class Certificates(NamedTuple):
    """Paths of PEM files: the authority, the server's certificate and its key."""

    authority: Path
    chain: Path
    key: Path


def make(folder: Path, endpoint: str) -> Certificates:
    """Write an authority, and a certificate by it for all host names of `endpoint`."""
    made = Certificates(folder / "authority.pem", folder / "chain.pem", folder / "key.pem")
    authority_key, key = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tidings tests")])
    authority = _signed(issuer, issuer, authority_key, authority_key, x509.BasicConstraints(ca=True, path_length=0))
    names = x509.SubjectAlternativeName([x509.DNSName(f"{prefix}{endpoint}") for prefix in PREFIXES])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, endpoint)])
    chain = _signed(subject, issuer, key, authority_key, names)
    made.authority.write_bytes(authority.public_bytes(Encoding.PEM))
    made.chain.write_bytes(chain.public_bytes(Encoding.PEM))
    made.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return made


def _signed(
    subject: x509.Name,
    issuer: x509.Name,
    key: EllipticCurvePrivateKey,
    issuer_key: EllipticCurvePrivateKey,
    extension: x509.ExtensionType,
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(hours=1))
    builder = builder.not_valid_after(now + timedelta(days=1)).add_extension(extension, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())
