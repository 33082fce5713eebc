"""Hierarchical keys after BIP 32.

https://github.com/bitcoin/bips/blob/master/bip-0032.mediawiki
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import NamedTuple

from coincurve import PrivateKey, PublicKey

HARDENED = 1 << 31
XPUB = bytes.fromhex("0488b21e")

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


class Public(NamedTuple):
    """A public branch: 33 bytes of key, 32 of chain code, and where it stands."""

    key: bytes
    code: bytes
    depth: int = 0
    parent: bytes = bytes(4)  # fingerprint
    number: int = 0

    def child(self, number: int) -> Public:
        """The branch below; ValueError for a hardened number."""
        key, code = derive(PublicKey(self.key), self.key, self.code, number)
        return Public(key, code, self.depth + 1, fingerprint(self.key), number)

    def text(self) -> str:
        """`xpub…`."""
        place = bytes((self.depth,)) + self.parent + self.number.to_bytes(4, "big")
        return base58check(XPUB + place + self.code + self.key)


@dataclass(frozen=True, slots=True, repr=False)
class Private:
    """A private branch. Never shown: `repr` tells its public key only.

    It is no tuple, which a log would take apart.
    """

    secret: bytes
    code: bytes
    depth: int = 0
    parent: bytes = bytes(4)
    number: int = 0

    def __repr__(self) -> str:
        return f"Private(public={self.public().key.hex()})"

    @classmethod
    def of_seed(cls, seed: bytes) -> Private:
        """The root of a seed of 16 to 64 bytes."""
        made = hmac.digest(b"Bitcoin seed", seed, "sha512")
        return cls(made[:32], made[32:])

    def public(self) -> Public:
        """What may be shown."""
        key = PrivateKey(self.secret).public_key.format()
        return Public(key, self.code, self.depth, self.parent, self.number)

    def child(self, number: int) -> Private:
        """The branch below; numbers from `HARDENED` on are hardened."""
        own = PrivateKey(self.secret)
        key = own.public_key.format()
        start = b"\0" + self.secret if number >= HARDENED else key
        made = hmac.digest(self.code, start + number.to_bytes(4, "big"), "sha512")
        secret = own.add(made[:32]).secret
        return Private(secret, made[32:], self.depth + 1, fingerprint(key), number)

    def at(self, *path: int) -> Private:
        """The branch at the end of a path."""
        branch = self
        for number in path:
            branch = branch.child(number)
        return branch


def derive(point: PublicKey, key: bytes, code: bytes, number: int) -> tuple[bytes, bytes]:
    """Key and chain code of a child; `key` is the point compressed, so that it is made once."""
    if not 0 <= number < HARDENED:
        raise ValueError(f"{number} is no number of a public child")
    made = hmac.digest(code, key + number.to_bytes(4, "big"), "sha512")
    return point.add(made[:32]).format(), made[32:]


def fingerprint(key: bytes) -> bytes:
    """The first four bytes of HASH160."""
    return hash160(key)[:4]


def hash160(data: bytes) -> bytes:
    """RIPEMD-160 of SHA-256."""
    from Crypto.Hash import RIPEMD160  # OpenSSL 3 builds may leave it out

    return RIPEMD160.new(hashlib.sha256(data).digest()).digest()


def base58check(data: bytes) -> str:
    """Base 58 with four bytes of double SHA-256."""
    whole = data + hashlib.sha256(hashlib.sha256(data).digest()).digest()[:4]
    number, text = int.from_bytes(whole, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = _ALPHABET[digit] + text
    return "1" * (len(whole) - len(whole.lstrip(b"\0"))) + text
