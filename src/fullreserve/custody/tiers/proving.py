"""Proof that a tier's wallet is ours: its holders sign a message that moves nothing.

A script's keys sign as they would pay, by BIP 322, over a transaction that spends what is not there
(https://github.com/bitcoin/bips/blob/master/bip-0322.mediawiki); the owners of a Safe sign its own
message, for which it says yes by EIP-1271. Any m of n do, at a machine or by files.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from fullreserve.custody import ownership
from fullreserve.custody.addresses import account_of, checksummed
from fullreserve.custody.keys.device import Device
from fullreserve.custody.keys.record import TierWallet
from fullreserve.custody.keys.signature import der, recovered
from fullreserve.custody.tiers import safe
from fullreserve.custody.tiers.wallet import WalletAddresses

ADDRESSES = 20  # of a script wallet that are proven, as by who spends from it
BIP322, EIP1271 = "bip322", "eip1271"

_ALL = b"\x01"  # SIGHASH_ALL
# The only output of BIP 322's `to_sign`: nothing, to OP_RETURN.
_OUTPUT = bytes(8) + b"\x01\x6a"


class NoProof(ValueError):
    """Not signed for, or not by enough; the message says why."""


class Proof(NamedTuple):
    """As evidence of reserves has it: BIP 322's text, or an owner's signatures each in hex."""

    form: str
    signatures: tuple[str, ...]


class Held(NamedTuple):
    """An address of a tier's wallet; `number` is 0 of a Safe, `place` as the chain has it."""

    tier: TierWallet
    number: int
    address: str
    place: bytes

    def digest(self, message: str) -> bytes:
        """What each holder signs; ownership.BadMessage, NoProof for another address's message."""
        text = ownership.checked(message)
        if f" address={self.address} " not in message:
            raise NoProof(f"the message is not about {self.address}")
        if self.tier.wallet is None:
            return safe.message_digest(self.tier.chain_id, self.place, message)
        return _script_digest(self.place, self.tier.wallet.witness_script(self.number), text)

    def keys(self) -> dict[str, bytes]:
        """By holder, what a signature is known by: the key, or an owner's account."""
        if self.tier.wallet is None:
            return {name: bytes.fromhex(one) for name, one in self.tier.owners.items()}
        return {one.holder: one.at(self.number) for one in self.tier.wallet.keys}

    def sign(self, message: str, device: Device, holder: str) -> bytes:
        """A holder's part, 65 bytes; NoProof, ownership.BadMessage, DeviceProblem."""
        if holder not in self.keys():
            raise NoProof(f"{holder} has no key of the {self.tier.name}")
        wallet = self.tier.wallet
        path: tuple[int, ...] = ()
        if wallet is not None:
            (key,) = (one for one in wallet.keys if one.holder == holder)
            path = key.path(self.number)
        made = device.sign(holder, self.digest(message), path)
        if not self.is_by(holder, message, made):
            raise NoProof(f"the device's key is not {holder}'s")
        return made

    def is_by(self, holder: str, message: str, part: bytes) -> bool:
        """Whether a part is this holder's; ownership.BadMessage, NoProof."""
        key = recovered(part, self.digest(message))
        known = self.keys().get(holder)
        if key is None:
            return False
        return known == (account_of(key) if self.tier.wallet is None else key)

    def completed(self, message: str, parts: Mapping[str, bytes]) -> Proof:
        """As many holders' sound parts as it takes, by holder; NoProof, ownership.BadMessage."""
        sound = {name: part for name, part in parts.items() if self.is_by(name, message, part)}
        needed = self.tier.threshold
        if len(sound) < needed:
            raise NoProof(f"{len(sound)} of {needed} holders of the {self.tier.name} have signed")
        order = self._order(sound)[:needed]
        if self.tier.wallet is None:
            made = tuple((sound[one][:64] + bytes((27 + sound[one][64],))).hex() for one in order)
            return Proof(EIP1271, made)
        script = self.tier.wallet.witness_script(self.number)
        stack = [b"", *(der(sound[one]) + _ALL for one in order), script]
        whole = bytes((len(stack),)) + b"".join(map(_sized, stack))
        return Proof(BIP322, ("smp" + base64.b64encode(whole).decode(),))

    def _order(self, names: Mapping[str, bytes]) -> list[str]:
        """Of the script's keys, or of a Safe's owners."""
        keys, wallet = self.keys(), self.tier.wallet
        order = [name for name in keys if name in names]
        if wallet is not None and wallet.recovery:
            return order  # as they stand
        return sorted(order, key=keys.__getitem__)


def addresses(tier: TierWallet) -> Iterator[Held]:
    """Those at which a tier's wallet may hold coins."""
    if tier.wallet is None:
        account = bytes.fromhex(tier.safe)
        yield Held(tier, 0, checksummed(account), account)
        return
    of = WalletAddresses(tier.wallet, tier.hrp)
    for index in range(ADDRESSES):
        place = of.place(index)
        yield Held(tier, index, of.text(place), place)


def _script_digest(place: bytes, script: bytes, message: bytes) -> bytes:
    """BIP 143 of the only input of BIP 322's `to_sign`."""
    tag = hashlib.sha256(b"BIP0322-signed-message").digest()
    said = hashlib.sha256(tag + tag + message).digest()
    spends = bytes(32) + b"\xff" * 4 + _sized(b"\x00\x20" + said) + bytes(4)
    pays = bytes(8) + _sized(place)
    to_spend = bytes(4) + b"\x01" + spends + b"\x01" + pays + bytes(4)
    outpoint = _twice(to_spend) + bytes(4)
    head = bytes(4) + _twice(outpoint) + _twice(bytes(4)) + outpoint
    tail = bytes(8) + bytes(4) + _twice(_OUTPUT) + bytes(4) + bytes((1, 0, 0, 0))
    return _twice(head + _sized(script) + tail)


def _twice(data: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


def _sized(data: bytes) -> bytes:
    length = len(data)
    return (bytes((length,)) if length < 0xFD else b"\xfd" + length.to_bytes(2, "little")) + data
