"""A certificate for 127.0.0.1 and localhost, signed by an authority of its own; made once."""

from __future__ import annotations

import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_SINCE = datetime(2020, 1, 1, tzinfo=UTC)
_UNTIL = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=365 * 40)


def authority() -> str:
    """The certificate to trust, in PEM."""
    return _made()[0]


def unrelated_authority() -> str:
    """A certificate to trust that has signed nothing."""
    return _made.__wrapped__()[0]


def server_context() -> ssl.SSLContext:
    """For a server on loopback."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "both.pem")
        path.write_text(server_pem())
        context.load_cert_chain(path)
    return context


def server_pem() -> str:
    """The same server's certificate and key, in PEM."""
    _, certificate, key = _made()
    return certificate + key


@cache
def _made() -> tuple[str, str, str]:
    issuer_key, key = (
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP256R1()),
    )
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An authority for tests")])
    root = (
        _builder(issuer, issuer, issuer_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(issuer_key, hashes.SHA256())
    )
    names = [
        x509.IPAddress(ip_address("127.0.0.1")),
        x509.DNSName("localhost"),
    ]
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    leaf = (
        _builder(subject, issuer, key)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    return (
        root.public_bytes(pem).decode(),
        leaf.public_bytes(pem).decode(),
        key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_SINCE)
        .not_valid_after(_UNTIL)
    )
