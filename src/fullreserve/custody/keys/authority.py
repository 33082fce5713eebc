"""Certificates by which signers and those who ask them know each other.

Each ceremony makes an authority, has it sign what the cards ask for, and forgets its key: nobody
has to be there to use it later, and nobody can. Whoever is new gets a new authority's; which
certificates count is in the record of ceremonies.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAYS = 800
SUFFIX = ".custody.fullreserve"  # names that no public authority vouches for

_EARLY = dt.timedelta(minutes=5)


class BadRequest(ValueError):
    """What asks for a certificate makes no sense."""


class Issued(NamedTuple):
    """PEM; certificates by name."""

    authority: str
    certificates: dict[str, str]


class Identity(NamedTuple):
    """A key and the request for its certificate; PEM."""

    key: bytes
    request: str


def identity(name: str, passphrase: bytes = b"") -> Identity:
    """Made by whoever will be known by it; without a passphrase the key is in the clear."""
    key = ec.generate_private_key(ec.SECP256R1())
    asked = x509.CertificateSigningRequestBuilder().subject_name(_named(name))
    request = asked.sign(key, hashes.SHA256())
    sealed = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase)
        if passphrase
        else serialization.NoEncryption(),
    )
    return Identity(sealed, request.public_bytes(serialization.Encoding.PEM).decode())


def issue(title: str, requests: Sequence[tuple[str, str]], now_ms: int) -> Issued:
    """Certificates for names and their requests; BadRequest. The authority's key ends here."""
    return _issued(title, {name: _requested(name, text) for name, text in requests}, now_ms)


def renew(title: str, held: Sequence[tuple[str, str]], now_ms: int) -> Issued:
    """New certificates for names and the keys of their certificates (PEM); BadRequest."""
    return _issued(title, {name: _certified(name, text) for name, text in held}, now_ms)


def ends_ms(certificate: str) -> int:
    """From when a certificate (PEM) counts no more; BadRequest for what is none."""
    return int(_read("the certificate", certificate).not_valid_after_utc.timestamp() * 1000)


def _issued(title: str, keys: Mapping[str, ec.EllipticCurvePublicKey], now_ms: int) -> Issued:
    now = dt.datetime.fromtimestamp(now_ms / 1000, dt.UTC)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _named(title)
    root = _builder(subject, subject, key.public_key(), now)
    root = root.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    root = root.add_extension(_usage(signs=True), critical=True)
    authority = root.sign(key, hashes.SHA256())
    made = {name: _certificate(name, one, authority, key, now) for name, one in keys.items()}
    return Issued(_pem(authority), made)


def _requested(name: str, text: str) -> ec.EllipticCurvePublicKey:
    try:
        request = x509.load_pem_x509_csr(text.encode())
        public = request.public_key()
        if not request.is_signature_valid or not isinstance(public, ec.EllipticCurvePublicKey):
            raise BadRequest(f"{name}: the request is not signed by its own key")
    except (ValueError, InvalidSignature):
        raise BadRequest(f"{name}: what asks for a certificate cannot be read") from None
    return public


def _certified(name: str, text: str) -> ec.EllipticCurvePublicKey:
    public = _read(f"the certificate of {name}", text).public_key()
    if not isinstance(public, ec.EllipticCurvePublicKey):
        raise BadRequest(f"the certificate of {name} has another kind of key")
    return public


def _read(what: str, text: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(text.encode())
    except ValueError:
        raise BadRequest(f"{what} cannot be read") from None


def _certificate(
    name: str,
    public: ec.EllipticCurvePublicKey,
    authority: x509.Certificate,
    key: ec.EllipticCurvePrivateKey,
    now: dt.datetime,
) -> str:
    # The name is the card's, whatever the request says.
    built = _builder(_named(name), authority.subject, public, now)
    built = built.add_extension(
        x509.SubjectAlternativeName([x509.DNSName(name + SUFFIX)]), critical=False
    )
    both = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    built = built.add_extension(x509.ExtendedKeyUsage(both), critical=True)
    built = built.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    built = built.add_extension(_usage(signs=False), critical=True)
    return _pem(built.sign(key, hashes.SHA256()))


def fingerprint(certificate: str) -> str:
    """SHA-256 of a certificate's DER form, in hexadecimal digits."""
    return x509.load_pem_x509_certificate(certificate.encode()).fingerprint(hashes.SHA256()).hex()


def key_fingerprint(certificate: str) -> str:
    """SHA-256 of its public key (SubjectPublicKeyInfo, DER), in hexadecimal digits; BadRequest."""
    try:
        return _key_print(_read("the certificate", certificate).public_key())
    except UnsupportedAlgorithm:
        raise BadRequest("the certificate has a key of another kind") from None


def requested_fingerprint(name: str, request: str) -> str:
    """As `key_fingerprint`, of the key that a request (PEM) is for; BadRequest."""
    return _key_print(_requested(name, request))


def _key_print(key: CertificatePublicKeyTypes) -> str:
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(key.public_bytes(*form)).hexdigest()


def sign(secret: bytes, certificate: str, message: bytes) -> bytes:
    """By a certificate's key (PEM, in the clear); BadRequest where it is another's or sealed."""
    try:
        key = serialization.load_pem_private_key(secret, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadRequest("the key cannot be read") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise BadRequest("the key is of another kind")
    if _key_print(key.public_key()) != key_fingerprint(certificate):
        raise BadRequest("the key is not the certificate's")
    return key.sign(message, ec.ECDSA(hashes.SHA256()))


def is_signed(certificate: str, signature: bytes, message: bytes) -> bool:
    """Whether a certificate's key made it; BadRequest for another kind of key."""
    try:
        _certified("the signer", certificate).verify(signature, message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _builder(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, now: dt.datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLY)
        .not_valid_after(now + dt.timedelta(days=DAYS))
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=signs, crl_sign=signs,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
