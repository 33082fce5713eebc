"""`fullreserve tls localhost`: a certificate for trying TLS on one's own machine."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from fullreserve.clock import Clock, SystemClock
from fullreserve.config import Settings

FOLDER_NAME = "tls"
# Browsers refuse what is valid for longer.
VALID = timedelta(days=397)
# A clock that is a little late still takes it.
EARLIER = timedelta(hours=1)


def localhost(settings: Settings) -> int:
    """Write a new certificate and key into the data folder; an exchange that runs takes them."""
    folder = settings.data.absolute() / FOLDER_NAME
    certificate, key = write(folder, SystemClock())
    sys.stdout.write(
        f"wrote {certificate} and {key}\n"
        "serve with them:\n"
        f"  FULLRESERVE_TLS_CERTIFICATE={certificate} FULLRESERVE_TLS_KEY={key} fullreserve up\n"
        "clients trust it by its file:\n"
        f"  curl --cacert {certificate} https://localhost:{settings.http.port}/api/v5/public/time\n"
    )
    return 0


def write(folder: Path, clock: Clock) -> tuple[Path, Path]:
    """A self-signed certificate for localhost, 127.0.0.1 and ::1, and its key: their paths."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _certificate(key, datetime.fromtimestamp(clock.wall_ms() / 1000, UTC))
    plain = serialization.NoEncryption()
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    paths = folder / "localhost.pem", folder / "localhost.key"
    _replace(paths[0], certificate.public_bytes(pem), 0o644)
    _replace(paths[1], key.private_bytes(pem, form, plain), 0o600)
    return paths


def _certificate(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    addresses = [x509.IPAddress(ip_address(text)) for text in ("127.0.0.1", "::1")]
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), *addresses])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLIER)
        .not_valid_after(now - EARLIER + VALID)
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_SIGNS, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(identifier, critical=False)
    )
    return builder.sign(key, hashes.SHA256())


_SIGNS = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)


def _replace(path: Path, content: bytes, mode: int) -> None:
    """Puts a file in the place of another in one step."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    new.replace(path)
