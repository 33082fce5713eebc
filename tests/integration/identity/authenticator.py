"""An authenticator in software: makes passkeys and answers challenges as WebAuthn says.

Its parts can be bent, so that each of the server's checks is shown to bite.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


class Authenticator:
    """One passkey (ES256) for one site, as the browser at `origin` hands it on."""

    def __init__(self, origin: str = "http://localhost:8080", host: str = "localhost") -> None:
        self.origin = origin
        self.host = host
        self.flags = PRESENT | VERIFIED
        self.count = 0
        self.id = secrets.token_bytes(16)
        self._key = ec.generate_private_key(ec.SECP256R1())

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """What `navigator.credentials.create` gives."""
        numbers = self._key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        attested = bytes(16) + len(self.id).to_bytes(2) + self.id + cbor2.dumps(cose)
        data = self._data(ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options["challenge"])
        return self._credential(
            clientDataJSON=base64url(client), attestationObject=base64url(attestation)
        )

    def get(self, options: dict[str, Any]) -> dict[str, Any]:
        """What `navigator.credentials.get` gives."""
        self.count += 1
        client = self._client("webauthn.get", options["challenge"])
        data = self._data(0)
        signed = data + hashlib.sha256(client).digest()
        signature = self._key.sign(signed, ec.ECDSA(hashes.SHA256()))
        return self._credential(
            clientDataJSON=base64url(client),
            authenticatorData=base64url(data),
            signature=base64url(signature),
        )

    def _data(self, more: int) -> bytes:
        host = hashlib.sha256(self.host.encode()).digest()
        return host + bytes((self.flags | more,)) + self.count.to_bytes(4)

    def _client(self, kind: str, challenge: str) -> bytes:
        assert urlsafe_b64decode(challenge + "==")
        content = {"type": kind, "challenge": challenge, "origin": self.origin}
        return json.dumps(content | {"crossOrigin": False}).encode()

    def _credential(self, **response: str) -> dict[str, Any]:
        name = base64url(self.id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response}
