"""What a holder brings to a ceremony: his public key, and proof that he holds the private one.

Made on the holder's own machine; nothing in it is secret. A hardware wallet signs no such proof:
its card is taken by comparing the fingerprint with what its display shows.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import msgspec

from fullreserve.custody.addresses import account_of
from fullreserve.custody.hd import fingerprint
from fullreserve.custody.keys.device import Device
from fullreserve.custody.keys.signature import recovered
from fullreserve.custody.tiers.wallet import Key

HARDWARE = "hardware"
KINDS = ("file", "pkcs11", HARDWARE)

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_MAGIC = b"Fullreserve key card\n"


class BadCard(ValueError):
    """The card is damaged, or nobody holds its key; the message says which."""


class Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Hexadecimal digits; `code` is empty for a single key, `request` for who never connects."""

    holder: str
    device: str
    key: str
    code: str = ""
    request: str = ""  # of a certificate: PEM
    proof: str = ""

    def digest(self) -> bytes:
        """What the proof signs: everything else."""
        bare = msgspec.structs.replace(self, proof="")
        return hashlib.sha256(_MAGIC + msgspec.json.encode(bare)).digest()

    @property
    def in_wallet(self) -> Key:
        """As a wallet knows it."""
        return Key(self.holder, self.key, self.code)

    @property
    def account(self) -> str:
        """On EVM chains: that of the key itself."""
        return account_of(bytes.fromhex(self.key)).hex()

    @property
    def fingerprint(self) -> str:
        return fingerprint(bytes.fromhex(self.key)).hex()


def make(device: Device, name: str, kind: str, request: str = "") -> Card:
    """The card of a device's key; BadCard for a name that cannot be, keys.device.DeviceProblem."""
    branch = device.branch(name)
    code = branch.code.hex() if branch is not None else ""
    card = Card(name, kind, device.public(name).hex(), code, request)
    proof = device.sign(name, card.digest())
    return checked(msgspec.structs.replace(card, proof=proof.hex()))


def checked(card: Card) -> Card:
    """The card itself; BadCard."""
    if not _NAME.fullmatch(card.holder):
        raise BadCard(f"{card.holder!r} is no name: small letters, digits and -, up to 32")
    if card.device not in KINDS:
        raise BadCard(f"{card.holder}: a device is {', '.join(KINDS)}, not {card.device!r}")
    try:
        key, proof = bytes.fromhex(card.key), bytes.fromhex(card.proof)
        _ = card.in_wallet.at(0), card.account
    except ValueError:
        raise BadCard(f"{card.holder}: there is no such key") from None
    is_proven = card.device == HARDWARE or recovered(proof, card.digest()) == key
    if not is_proven:
        raise BadCard(f"{card.holder}: the proof is not by the card's key")
    return card


def read(path: Path) -> Card:
    """A card's file; BadCard."""
    try:
        return checked(msgspec.json.decode(path.read_bytes(), type=Card))
    except OSError as problem:
        raise BadCard(f"{path}: {problem.strerror}") from None
    except msgspec.DecodeError:
        raise BadCard(f"{path} is no card") from None
