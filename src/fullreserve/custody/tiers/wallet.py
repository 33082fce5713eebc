"""Scripts of a tier: any m of n holders, and after a long silence the holders of recovery keys.

`wsh(sortedmulti(m, …))` without recovery; with it
`wsh(or_d(multi(m, …), and_v(v:multi(r, …), older(N))))`. Descriptors: BIP 380 to 383; what the
script says of time: BIP 112. Miniscript's meaning: https://bitcoin.sipa.be/miniscript/.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from fullreserve.custody import bech32
from fullreserve.custody.addresses import Addresses
from fullreserve.custody.hd import Public, fingerprint

KEYS_MAX = 15
OLDER_MAX = 65_535  # blocks, as BIP 68 counts them

_NUMBER = 0x50
_CHECK, _CHECK_VERIFY = 0xAE, 0xAF
_IFDUP, _NOTIF, _ENDIF, _SEQUENCE_VERIFY = 0x73, 0x64, 0x68, 0xB2


class BadWallet(ValueError):
    """No such wallet may be made; the message says why."""


class Key(msgspec.Struct, frozen=True):
    """A holder's public key in hexadecimal digits; without `code` it is a single key."""

    holder: str
    key: str
    code: str = ""

    def at(self, index: int) -> bytes:
        """The key of an address; a single key is the same in all."""
        return self.branch.child(index).key if self.code else bytes.fromhex(self.key)

    def path(self, index: int) -> tuple[int, ...]:
        """From the device's key to that of an address."""
        return (index,) if self.code else ()

    @property
    def branch(self) -> Public:
        return Public(bytes.fromhex(self.key), bytes.fromhex(self.code))

    @property
    def fingerprint(self) -> str:
        return fingerprint(bytes.fromhex(self.key)).hex()

    def text(self) -> str:
        """As a descriptor has it."""
        inner = f"{self.branch.text()}/*" if self.code else self.key
        return f"[{self.fingerprint}]{inner}"


class Wallet(msgspec.Struct, frozen=True):
    """Who may spend, in the order of the script; see `quorums` for who may be missing."""

    threshold: int
    keys: tuple[Key, ...]
    recovery_threshold: int = 0
    recovery: tuple[Key, ...] = ()
    older: int = 0  # blocks until recovery holders may spend

    def __post_init__(self) -> None:
        _check_quorum(self.threshold, self.keys)
        if self.recovery:
            _check_quorum(self.recovery_threshold, self.recovery)
            if not 1 <= self.older <= OLDER_MAX:
                raise BadWallet(f"recovery waits for 1 to {OLDER_MAX} blocks, not {self.older}")
        both = [one.key for one in (*self.keys, *self.recovery)]
        if len(set(both)) != len(both):
            raise BadWallet("a key stands twice")

    def witness_script(self, index: int) -> bytes:
        """The script of an address."""
        keys = [one.at(index) for one in self.keys]
        if not self.recovery:
            return _multi(self.threshold, sorted(keys), _CHECK)
        first = _multi(self.threshold, keys, _CHECK)
        late = [one.at(index) for one in self.recovery]
        second = _multi(self.recovery_threshold, late, _CHECK_VERIFY)
        waits = _pushed(self.older) + bytes((_SEQUENCE_VERIFY,))
        return first + bytes((_IFDUP, _NOTIF)) + second + waits + bytes((_ENDIF,))

    def place(self, index: int) -> bytes:
        """The output script of an address."""
        return bech32.script_of(0, hashlib.sha256(self.witness_script(index)).digest())

    def descriptor(self) -> str:
        """With its checksum, for whatever other software watches the wallet."""
        from embit.descriptor.checksum import add_checksum

        kind = "multi" if self.recovery else "sortedmulti"
        inner = _text(kind, self.threshold, self.keys)
        if self.recovery:
            late = _text("multi", self.recovery_threshold, self.recovery)
            inner = f"or_d({inner},and_v(v:{late},older({self.older})))"
        made: str = add_checksum(f"wsh({inner})")
        return made

    def spenders(self, *, recovers: bool) -> tuple[int, tuple[Key, ...]]:
        """How many of whom a way of spending needs; BadWallet where there is no such way."""
        if recovers and not self.recovery:
            raise BadWallet("the wallet has no way of recovery")
        return (self.recovery_threshold, self.recovery) if recovers else (self.threshold, self.keys)


class WalletAddresses(Addresses):
    """A wallet's addresses on one chain."""

    def __init__(self, wallet: Wallet, hrp: str) -> None:
        self._wallet = wallet
        self._hrp = hrp

    def place(self, index: int) -> bytes:
        return self._wallet.place(index)

    def text(self, place: bytes) -> str:
        return bech32.encode(self._hrp, place[0] - _NUMBER if place[0] else 0, place[2:])

    def read(self, text: str) -> bytes:
        return bech32.script_of(*bech32.decode(self._hrp, text))


def _check_quorum(threshold: int, keys: Sequence[Key]) -> None:
    count = len(keys)
    if not 2 <= count <= KEYS_MAX:
        raise BadWallet(f"a wallet has 2 to {KEYS_MAX} keys, not {count}")
    if threshold < 1:
        raise BadWallet(f"a threshold is at least 1, not {threshold}")
    if threshold >= count:
        raise BadWallet(f"{threshold} of {count}: nobody could ever be missing")


def _multi(threshold: int, keys: Sequence[bytes], check: int) -> bytes:
    pushed = b"".join(b"\x21" + key for key in keys)
    return bytes((_NUMBER + threshold,)) + pushed + bytes((_NUMBER + len(keys), check))


def _pushed(number: int) -> bytes:
    """As short as it goes, which consensus demands."""
    if number <= 16:
        return bytes((_NUMBER + number,))
    size = (number.bit_length() + 8) // 8  # one bit more for the sign
    return bytes((size,)) + number.to_bytes(size, "little")


def _text(kind: str, threshold: int, keys: Sequence[Key]) -> str:
    return f"{kind}({threshold},{','.join(one.text() for one in keys)})"
