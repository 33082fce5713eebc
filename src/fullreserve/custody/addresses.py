"""Deposit addresses: pure functions from (network, index) to text, and back by table.

No key is here: public branches suffice. Index 0 is the house's own; users' count up from 1.
Branches may be followed by others, a generation each: it has the users' indexes from its first one
on, and on chains of Bitcoin's family one of the house's own, counted down from the last there is.
"""

from __future__ import annotations

import hashlib
import re
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Collection, Sequence

from coincurve import PublicKey

from fullreserve.custody import bech32
from fullreserve.custody.hd import HARDENED, Public, base58check, derive
from fullreserve.custody.keccak import keccak256

# On chains of Bitcoin's family the cold wallet's index, the last there is.
COLD_INDEX = HARDENED - 1
MEMO_DIGITS_MIN = 6
MEMO_DIGITS_MAX = 20  # of a receiver elsewhere

_HEX = frozenset("0123456789abcdefABCDEF")
_EVM_BYTES = 20
# Version bytes of the older addresses, to a key and to a script, by the prefix of the newer.
_OLDER = {
    "bc": (b"\x00", b"\x05"),
    "ltc": (b"\x30", b"\x32"),
    "tb": (b"\x6f", b"\xc4"),
    "bcrt": (b"\x6f", b"\xc4"),
    "tltc": (b"\x6f", b"\x3a"),
    "rltc": (b"\x6f", b"\x3a"),
}


# In the smallest unit a virtual byte, by the same prefix: Litecoin Core's is ten times Bitcoin's.
_DUST_RATES = {"ltc": 30, "tltc": 30, "rltc": 30}
_DUST_RATE = 3
# Base 58, of 21 bytes and their checksum. Those of one case alone may be of the newer form.
_OLDER_SHAPE = re.compile("(?=.*[A-Z])(?=.*[a-z])[1-9A-HJ-NP-Za-km-z]{25,36}")


class Addresses(ABC):
    """Addresses of one network. `own` are the indexes of the house's own, the newest first."""

    own: tuple[int, ...] = (0,)

    @abstractmethod
    def place(self, index: int) -> bytes:
        """What the chain itself holds: an account's bytes, or an output script."""

    @abstractmethod
    def text(self, place: bytes) -> str:
        """How people write it."""

    @abstractmethod
    def read(self, text: str) -> bytes:
        """The place that a text names; bech32.BadAddress, which says what is wrong."""

    def memo(self, text: str) -> str:
        """A receiver's memo, as a transaction carries it; bech32.BadAddress."""
        if text:
            raise bech32.BadAddress("addresses of this chain have no memo")
        return text

    def address(self, index: int) -> str:
        """The text of an index."""
        return self.text(self.place(index))


class EvmAddresses(Addresses):
    """Accounts of a public branch; text with the checksum of EIP-55.

    `contracts` are those of the network's tokens: nobody gets coins out of one again. `later` are
    the branches that follow it, each with the first index that is its.
    """

    def __init__(
        self,
        branch: Public,
        contracts: Collection[bytes] = (),
        later: Sequence[tuple[int, Public]] = (),
    ) -> None:
        branches = (branch, *(one for _, one in later))
        self._branches = [(PublicKey(one.key), one.key, one.code) for one in branches]
        self._contracts = frozenset(contracts)
        self._starts = [start for start, _ in later]

    def place(self, index: int) -> bytes:
        key, _ = derive(*self._branches[bisect_right(self._starts, index)], index)
        return account_of(key)

    def text(self, place: bytes) -> str:
        return checksummed(place)

    def read(self, text: str) -> bytes:
        account = read_account(text)
        if not any(account):
            raise bech32.BadAddress("it is the zero address, which nobody has the key of")
        if account in self._contracts:
            raise bech32.BadAddress("it is a token's own contract: coins sent there are lost")
        return account


class UtxoAddresses(Addresses):
    """`wsh(sortedmulti(threshold, branch/*, …))`; the first of `own` is the hot wallet's index.

    `later` are generations of branches that follow these, each with its first user's index.
    """

    def __init__(
        self,
        branches: Sequence[Public],
        threshold: int,
        hrp: str,
        later: Sequence[tuple[int, Sequence[Public]]] = (),
    ) -> None:
        generations = (branches, *(following for _, following in later))
        self._generations = [
            [(PublicKey(one.key), one.key, one.code) for one in each] for each in generations
        ]
        self._starts = [start for start, _ in later]
        self._threshold = threshold
        self._hrp = hrp
        self.own = (*range(COLD_INDEX - len(later), COLD_INDEX), 0)

    def generation(self, index: int) -> int:
        """Which generation's branches an index has; 0 is the first, cold's too."""
        number = COLD_INDEX - index
        is_own = 0 <= number <= len(self._starts)
        return number if is_own else bisect_right(self._starts, index)

    def keys(self, index: int) -> list[bytes]:
        """Those of an index, in the order of its script (BIP 67)."""
        branches = self._generations[self.generation(index)]
        return sorted(derive(*branch, index)[0] for branch in branches)

    def witness_script(self, index: int) -> bytes:
        """`m <keys, sorted> n CHECKMULTISIG`."""
        keys = self.keys(index)
        pushed = b"".join(b"\x21" + key for key in keys)
        return bytes((0x50 + self._threshold,)) + pushed + bytes((0x50 + len(keys), 0xAE))

    def place(self, index: int) -> bytes:
        return bech32.script_of(0, hashlib.sha256(self.witness_script(index)).digest())

    def text(self, place: bytes) -> str:
        if not is_witness(place):
            return self.text_of_any(place)
        version = place[0] - 0x50 if place[0] else 0
        return bech32.encode(self._hrp, version, place[2:])

    def read(self, text: str) -> bytes:
        if _OLDER_SHAPE.fullmatch(text):
            return self._read_older(text)
        return bech32.script_of(*bech32.decode(self._hrp, text))

    def _read_older(self, text: str) -> bytes:
        """To a key's hash, or a script's (BIP 16): what many wallets still give."""
        from embit import base58

        try:
            data = base58.decode_check(text)
        except ValueError:
            raise bech32.BadAddress(
                "a letter of it is wrong: its checksum does not match"
            ) from None
        version, hashed = bytes(data[:1]), bytes(data[1:])
        to_key, to_script = _OLDER.get(self._hrp, (b"", b""))
        if len(hashed) == 20 and version == to_key:
            return b"\x76\xa9\x14" + hashed + b"\x88\xac"
        if len(hashed) == 20 and version == to_script:
            return b"\xa9\x14" + hashed + b"\x87"
        raise bech32.BadAddress("it is an address of another chain, or none")

    def dust(self, script: bytes) -> int:
        """The least that nodes pass on to a script, as spending less would cost more than it is.

        Core's `GetDustThreshold`, at its `dustrelayfee` for this chain.
        """
        spent = 67 if is_witness(script) else 148
        return (9 + len(script) + spent) * _DUST_RATES.get(self._hrp, _DUST_RATE)

    def text_of_any(self, script: bytes) -> str:
        """The address of a sender's script, older kinds too; "" for one that has none.

        https://en.bitcoin.it/wiki/List_of_address_prefixes
        """
        to_key, to_script = _OLDER.get(self._hrp, (b"", b""))
        if len(script) == 25 and script[:3] == b"\x76\xa9\x14" and script[23:] == b"\x88\xac":
            return base58check(to_key + script[3:23]) if to_key else ""
        if len(script) == 23 and script[:2] == b"\xa9\x14" and script[22:] == b"\x87":
            return base58check(to_script + script[2:22]) if to_script else ""
        return self.text(script) if is_witness(script) else ""


def is_witness(script: bytes) -> bool:
    """BIP 141: a version, 0 to 16, and a push of 2 to 40 bytes."""
    if not 4 <= len(script) <= 42:
        return False
    return (script[0] == 0 or 0x51 <= script[0] <= 0x60) and script[1] == len(script) - 2


class MemoAddresses(EvmAddresses):
    """One address for all; the memo tells users apart."""

    def place(self, index: int) -> bytes:  # noqa: ARG002 - all share it
        return super().place(0)

    def address(self, index: int) -> str:
        """`address:memo`; the house's own has none."""
        alone = self.text(self.place(0))
        return f"{alone}:{memo_of(index)}" if index else alone

    def read(self, text: str) -> bytes:
        """Of the part before the colon; what follows one has to be a memo."""
        alone, colon, memo = text.partition(":")
        if colon:
            self.memo(memo)
        return super().read(alone)

    def memo(self, text: str) -> str:
        """Digits; whose they are is nothing that this chain says, `index_of_memo` knows ours."""
        plain = text.isascii() and text.isdigit()
        if not (plain and len(text) <= MEMO_DIGITS_MAX):
            raise bech32.BadAddress(f"its memo is 1 to {MEMO_DIGITS_MAX} digits, 0 to 9")
        return text


class Table:
    """Which index a place belongs to, for the house's own and the first `count` indexes."""

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses
        self._index: dict[bytes, int] = {}
        self._count = 0
        for index in addresses.own:
            self.add(index)

    def extend(self, count: int) -> None:
        """Knows all indexes below `count`."""
        for index in range(self._count, count):
            self._index.setdefault(self._addresses.place(index), index)
        self._count = max(self._count, count)

    def add(self, index: int) -> None:
        """Knows one more index."""
        self._index.setdefault(self._addresses.place(index), index)

    def places(self) -> list[bytes]:
        """All that it knows."""
        return list(self._index)

    def index(self, place: bytes) -> int | None:
        """None for a place that is not ours."""
        return self._index.get(place)


def account_of(key: bytes) -> bytes:
    """The account of a public key: the last 20 bytes of its hash."""
    return keccak256(PublicKey(key).format(compressed=False)[1:])[-_EVM_BYTES:]


def checksummed(account: bytes) -> str:
    """`0x…` with upper case as EIP-55 says: https://eips.ethereum.org/EIPS/eip-55."""
    text = account.hex()
    check = keccak256(text.encode()).hex()
    return "0x" + "".join(
        letter.upper() if int(nibble, 16) >= 8 else letter
        for letter, nibble in zip(text, check, strict=False)
    )


def read_account(text: str) -> bytes:
    """The 20 bytes; a text in mixed case must have the right checksum."""
    digits = text.removeprefix("0x")
    if not text.startswith("0x") or len(digits) != 2 * _EVM_BYTES or not _HEX.issuperset(digits):
        raise bech32.BadAddress("an address of this chain is 0x and 40 hexadecimal digits")
    account = bytes.fromhex(digits)
    if digits not in (digits.lower(), digits.upper()) and checksummed(account) != text:
        raise bech32.BadAddress("its checksum (upper and lower case) is wrong")
    return account


def memo_of(index: int) -> str:
    """Digits of the index and one check digit after Damm, which finds each slip and each swap."""
    digits = str(index)
    return (digits + str(_damm(digits))).zfill(MEMO_DIGITS_MIN)


def index_of_memo(memo: str) -> int | None:
    """None for a memo that nobody was given."""
    if not (memo.isascii() and memo.isdigit()) or _damm(memo):
        return None
    index = int(memo[:-1] or "0")
    return index if index and memo_of(index) == memo else None


# H. Michael Damm, Total anti-symmetrische Quasigruppen (2004): the table of order 10. Leading
# zeros do not change the check digit.
_DAMM = (
    "0317598642", "7092154863", "4206871359", "1750983426", "6123045978",
    "3674209581", "5869720134", "8945362017", "9438617205", "2581436790",
)  # fmt: skip


def _damm(digits: str) -> int:
    held = 0
    for digit in digits:
        held = int(_DAMM[held][int(digit)])
    return held
