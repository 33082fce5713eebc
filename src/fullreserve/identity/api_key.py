"""An API key as the gateways hold it in memory: what it may do, and how it proves itself."""

from __future__ import annotations

import hmac
from enum import IntFlag
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import NamedTuple

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

from fullreserve.identity import passwords
from fullreserve.identity.caller import Caller

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


class KeyFacts(NamedTuple):
    """The readable part of a key; times in ms, 0 where there is none."""

    permissions: int
    expires_ms: int
    created_ms: int
    used_ms: int
    revision: int
    is_frozen: bool  # by the user's master switch


class ApiKey(Caller):
    """A key and its owner."""

    __slots__ = (
        "_allowed_address",
        "_idle_since_ms",
        "_known_passphrase",
        "_mac",
        "_networks",
        "_passphrase_hash",
        "_secret",
        "created_ms",
        "current_at",
        "expires_ms",
        "is_frozen",
        "revision",
    )

    def __init__(
        self, key: str, uid: int, main_uid: int, facts: KeyFacts, sealed: KeySecrets
    ) -> None:
        super().__init__(
            key, uid, main_uid, facts.permissions, sealed.label, tuple(sealed.networks)
        )
        self.created_ms = facts.created_ms
        self.expires_ms = facts.expires_ms
        self.revision = facts.revision
        self.is_frozen = facts.is_frozen
        # The store's count at which it was last found in force.
        self.current_at = -1
        self._idle_since_ms = max(facts.created_ms, facts.used_ms)
        self._secret = sealed.secret
        self._mac = HMAC(sealed.secret.encode(), hashes.SHA256())
        self._networks: list[IPv4Network | IPv6Network] = [ip_network(n) for n in sealed.networks]
        # The one that was found on the list last: a bot calls from one address all day.
        self._allowed_address = ""
        self._passphrase_hash = sealed.passphrase_hash
        self._known_passphrase: bytes | None = None

    def __repr__(self) -> str:
        return f"ApiKey({self.name[:8]}…, uid={self.uid})"

    @property
    def key(self) -> str:
        """The key's own name, as clients send it."""
        return self.name

    def adopt(self, before: ApiKey) -> None:
        """Take over what the process learnt about the same key before it was read again."""
        self.used_ms = before.used_ms
        self.limits = before.limits
        if before._passphrase_hash == self._passphrase_hash:
            self._known_passphrase = before._known_passphrase

    def idle_since_ms(self) -> int:
        """When it was last used, or made."""
        return max(self._idle_since_ms, self.used_ms)

    def may_idle(self) -> bool:
        """Whether disuse does not end it: it only reads, or acts from known addresses alone."""
        return bool(self._networks) or not self.permissions & (
            Permission.TRADE | Permission.WITHDRAW
        )

    def sign(self, message: bytes) -> bytes:
        """HMAC-SHA256 of a message under the key's secret."""
        mac = self._mac.copy()
        mac.update(message)
        return mac.finalize()

    def knows_passphrase(self) -> bool:
        """Whether `passphrase_matches` is cheap by now."""
        return self._known_passphrase is not None

    def credentials(self) -> tuple[bytes, bytes] | None:
        """Secret and passphrase, for who checks signatures; None before the latter was proven."""
        known = self._known_passphrase
        return None if known is None or self.is_frozen else (self._secret.encode(), known)

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
        if not self._networks or address == self._allowed_address:
            return True
        allowed = self._is_listed(address)
        if allowed:
            self._allowed_address = address
        return allowed

    def _is_listed(self, address: str) -> bool:
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
