"""A certificate authority of a test's own with a server certificate from it, or one that vouches for itself."""

import datetime as dt
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


@dataclass(frozen=True)
class Files:
    """What clients trust, and what the server shows."""

    authority: Path
    chain: Path
    key: Path

    @property
    def server(self) -> tuple[Path, Path]:
        return self.chain, self.key


def issue(folder: Path, *names: str, days: int = 1) -> Files:
    """Write an authority's certificate, and one from it for the names and the loopback address; it has so many days."""
    authority_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = _name("Test authority")
    is_authority = x509.BasicConstraints(ca=True, path_length=0)
    authority = _builder(issuer, issuer, authority_key).add_extension(is_authority, critical=True)
    server = _builder(_name(names[0]), issuer, server_key, days).add_extension(_alternatives(names), critical=False)
    files = Files(folder / "authority.pem", folder / "chain.pem", folder / "key.pem")
    for path, certificate in ((files.authority, authority), (files.chain, server)):
        signed = certificate.sign(authority_key, hashes.SHA256())
        path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    _write(server_key, files.key)
    return files


def self_signed(folder: Path, *names: str) -> tuple[Path, Path]:
    """Write a certificate for the names and the loopback address, and its key, and return their paths."""
    key, subject = ec.generate_private_key(ec.SECP256R1()), _name(names[0])
    signed = _builder(subject, subject, key).add_extension(_alternatives(names), critical=False)
    chain, private = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(signed.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    _write(key, private)
    return chain, private


def _alternatives(names: Sequence[str]) -> x509.SubjectAlternativeName:
    loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    return x509.SubjectAlternativeName([*(x509.DNSName(name) for name in names), loopback])


def _write(key: ec.EllipticCurvePrivateKey, file: Path) -> None:
    no_password = serialization.NoEncryption()
    file.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, no_password))


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int = 1
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=2))
        .not_valid_after(now + dt.timedelta(days=days))
    )
