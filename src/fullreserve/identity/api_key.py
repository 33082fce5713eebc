"""An API key as the gateways hold it in memory: what it may do, and how it proves itself."""

from __future__ import annotations

import hmac
from enum import IntFlag
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

from fullreserve.identity import passwords

NETWORKS_MAX = 20


class Permission(IntFlag):
    """What a key may do; reading is part of each."""

    NONE = 0
    READ_ONLY = 1
    TRADE = 2
    WITHDRAW = 4


PERMISSION_NAMES = {
    Permission.READ_ONLY: "read_only",
    Permission.TRADE: "trade",
    Permission.WITHDRAW: "withdraw",
}


def permission_text(permissions: int) -> str:
    """The comma list that account/config shows."""
    return ",".join(name for bit, name in PERMISSION_NAMES.items() if permissions & bit)


class KeySecrets(msgspec.Struct, array_like=True):
    """The sealed part of a key."""

    secret: str
    passphrase_hash: str
    label: str
    networks: list[str]

    def __repr__(self) -> str:
        return "KeySecrets(…)"


class ApiKey:
    """A key and its owner; the secret itself is kept only inside a keyed MAC."""

    __slots__ = (
        "_known_passphrase",
        "_mac",
        "_networks",
        "_passphrase_hash",
        "expires_ms",
        "key",
        "label",
        "limits",
        "main_uid",
        "network_texts",
        "permissions",
        "uid",
        "used_ms",
    )

    def __init__(
        self,
        key: str,
        uid: int,
        main_uid: int,
        permissions: int,
        expires_ms: int,
        sealed: KeySecrets,
    ) -> None:
        self.key = key
        self.uid = uid
        self.main_uid = main_uid
        self.permissions = permissions
        self.expires_ms = expires_ms
        self.label = sealed.label
        self.network_texts = tuple(sealed.networks)
        self.used_ms = 0
        # Rate-limit buckets of this key's user, filled in by the gateway that meets them.
        self.limits: dict[tuple[str, int], Any] = {}
        self._mac = HMAC(sealed.secret.encode(), hashes.SHA256())
        self._networks: list[IPv4Network | IPv6Network] = [ip_network(n) for n in sealed.networks]
        self._passphrase_hash = sealed.passphrase_hash
        self._known_passphrase: bytes | None = None

    def __repr__(self) -> str:
        return f"ApiKey({self.key[:8]}…, uid={self.uid})"

    def sign(self, message: bytes) -> bytes:
        """HMAC-SHA256 of a message under the key's secret."""
        mac = self._mac.copy()
        mac.update(message)
        return mac.finalize()

    def knows_passphrase(self) -> bool:
        """Whether `passphrase_matches` is cheap by now."""
        return self._known_passphrase is not None

    def passphrase_matches(self, passphrase: bytes) -> bool:
        """Whether this is the key's passphrase; slow (argon2) until it was right once."""
        if self._known_passphrase is not None:
            return hmac.compare_digest(passphrase, self._known_passphrase)
        if not passwords.matches(self._passphrase_hash, passphrase.decode("utf-8", "replace")):
            return False
        self._known_passphrase = passphrase
        return True

    def allows_address(self, address: str) -> bool:
        """Whether a caller's IP is on the key's list; an empty list allows all."""
        if not self._networks:
            return True
        try:
            caller = ip_address(address)
        except ValueError:
            return False
        mapped = getattr(caller, "ipv4_mapped", None)
        return any((mapped or caller) in network for network in self._networks)


def networks(texts: list[str]) -> list[str]:
    """The normal form of an IP list; ValueError on too many or on one that is no address."""
    if len(texts) > NETWORKS_MAX:
        raise ValueError(f"a key takes at most {NETWORKS_MAX} addresses or networks")
    return [str(ip_network(text, strict=False)) for text in texts]
