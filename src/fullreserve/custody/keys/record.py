"""The record of ceremonies: who holds which keys since when, as a chain of hashes.

Public keys, quorums and fingerprints; no secret. Each holder keeps a copy: what he is asked to sign
is compared with his own. The chain says that nothing was changed, not who wrote it: what is added
to a holder's copy is judged by `taken`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from fullreserve.custody.keys.card import Card
from fullreserve.custody.keys.tier_quorum import Person
from fullreserve.custody.tiers.safe import SafeTransaction
from fullreserve.custody.tiers.spending import Spend
from fullreserve.custody.tiers.wallet import Wallet

FILE = "custody-keys.jsonl"
FIRST = "0" * 64
UTXO, SAFE = "utxo", "safe"
RENEWAL = "renewal"


class BadRecord(ValueError):
    """The record is damaged or was changed; the message says where."""


class TierWallet(msgspec.Struct, frozen=True):
    """A tier's wallet on a network: a script, or a Safe whose owners are accounts by holder."""

    network: int
    tier: str
    kind: str
    threshold: int
    holders: tuple[str, ...]
    wallet: Wallet | None = None
    hrp: str = ""
    born: int = 0  # the height below which it has no coins
    chain_id: int = 0
    safe: str = ""  # accounts in hexadecimal digits
    guard: str = ""
    owners: dict[str, str] = {}

    @property
    def name(self) -> str:
        return f"{self.tier} wallet of network {self.network}"


class Proof(msgspec.Struct, frozen=True):
    """What holders of a wallet signed as another followed it; `proof` makes and checks it.

    `signed` are signatures of a script wallet's first coin, by holder, which cover all that is
    paid; `parts` are those of a Safe's owners.
    """

    spend: Spend | None = None
    signed: dict[str, bytes] = {}
    transactions: tuple[SafeTransaction, ...] = ()
    parts: tuple[bytes, ...] = ()


class ShownKey(msgspec.Struct, frozen=True):
    """A new certificate and the one that it follows (PEM), by which keys are known.

    `signed` is by the key of before, of another that follows it; see `exchange_key`.
    """

    certificate: str
    before: str = ""
    signed: bytes = b""


class Entry(msgspec.Struct, frozen=True):
    """One thing that was done. `hash` covers all but `proof`, `exchange` and `payer`."""

    number: int
    time_ms: int
    kind: str  # ceremony, rotation, replacement, recovery, renewal
    previous: str
    cards: tuple[Card, ...] = ()
    persons: tuple[Person, ...] = ()
    wallets: tuple[TierWallet, ...] = ()
    gone: tuple[str, ...] = ()  # holders whose keys count no more
    authority: str = ""
    certificates: dict[str, str] = {}  # fingerprints by name
    said: tuple[str, ...] = ()
    hash: str = ""
    # They prove themselves. Outside of the hash, so that who knows none reads the record as well.
    proof: Proof | msgspec.UnsetType = msgspec.UNSET
    exchange: ShownKey | msgspec.UnsetType = msgspec.UNSET
    payer: ShownKey | msgspec.UnsetType = msgspec.UNSET

    def sealed(self) -> Entry:
        no = msgspec.UNSET
        bare = msgspec.structs.replace(self, hash="", proof=no, exchange=no, payer=no)
        made = hashlib.sha256(msgspec.json.encode(bare, order="deterministic")).hexdigest()
        return msgspec.structs.replace(self, hash=made)


class State(msgspec.Struct):
    """What holds now."""

    cards: dict[str, Card] = {}
    persons: dict[str, Person] = {}
    wallets: dict[tuple[int, str], TierWallet] = {}
    authorities: list[str] = []
    certificates: dict[str, str] = {}
    # Names by fingerprints from before a renewal: of the same keys, so they count until they end.
    renewed: dict[str, str] = {}

    def apply(self, entry: Entry) -> None:
        """The state after an entry."""
        changed = {*entry.certificates, *entry.gone}
        if entry.kind == RENEWAL:
            held = self.certificates
            self.renewed |= {held[name]: name for name in entry.certificates if name in held}
        else:
            self.renewed = {one: name for one, name in self.renewed.items() if name not in changed}
        self.cards |= {one.holder: one for one in entry.cards}
        self.persons |= {one.holder: one for one in entry.persons}
        self.wallets |= {(one.network, one.tier): one for one in entry.wallets}
        self.certificates |= entry.certificates
        if entry.authority:
            self.authorities.append(entry.authority)
        for holder in entry.gone:
            self.certificates.pop(holder, None)
            self.cards.pop(holder, None)


class Record:
    """The file of a data folder, read whole and added to."""

    def __init__(self, path: Path, upto: int | None = None) -> None:
        """With `upto`: as it stood after so many entries, to be read alone. BadRecord."""
        self._path = path
        self.entries = _read(path)[:upto]
        self.state = State()
        for entry in self.entries:
            self.state.apply(entry)

    @classmethod
    def of(cls, data: Path) -> Record:
        """That of a data folder; BadRecord."""
        return cls(data / FILE)

    def wallet(self, network: int, tier: str) -> TierWallet:
        """BadRecord when there is none."""
        found = self.state.wallets.get((network, tier))
        if found is None:
            raise BadRecord(f"no {tier} wallet of network {network} is in the record")
        return found

    def card(self, holder: str) -> Card:
        """His last one, though he may be gone; KeyError for who never had any."""
        held = (one for entry in self.entries for one in entry.cards if one.holder == holder)
        return {one.holder: one for one in held}[holder]

    def first(self, network: int, tier: str) -> TierWallet:
        """As it was made, before any change of keys; BadRecord when there is none."""
        return next(iter(self.every(network, tier)), self.wallet(network, tier))

    def holders(self, network: int, tier: str) -> set[str]:
        """Who holds a key of it or has held one before."""
        return {name for one in self.every(network, tier) for name in one.holders}

    def every(self, network: int, tier: str) -> list[TierWallet]:
        """As it was after each ceremony and change of keys, the newest last."""
        all_ = (one for entry in self.entries for one in entry.wallets)
        return [one for one in all_ if (one.network, one.tier) == (network, tier)]

    def left(self, network: int, tier: str) -> list[TierWallet]:
        """Script wallets that it was and is no more, each once, the oldest first; BadRecord."""
        newest, found = self.wallet(network, tier), dict[Wallet, TierWallet]()
        for one in self.every(network, tier):
            if one.wallet is not None and one.wallet != newest.wallet:
                found.setdefault(one.wallet, one)
        return list(found.values())

    def append(self, entry: Entry) -> Entry:
        """The entry as it stands in the file, on disk."""
        last = self.entries[-1].hash if self.entries else FIRST
        placed = msgspec.structs.replace(entry, number=len(self.entries) + 1, previous=last)
        made = placed.sealed()
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            file.write(msgspec.json.encode(made) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self.entries.append(made)
        self.state.apply(made)
        return made


def _read(path: Path) -> list[Entry]:
    try:
        lines: Sequence[bytes] = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    previous, found = FIRST, []
    for number, line in enumerate(lines, 1):
        try:
            entry = msgspec.json.decode(line, type=Entry)
        except (msgspec.DecodeError, ValueError):
            raise BadRecord(f"{path.name}: entry {number} cannot be read") from None
        chained = entry.number == number and entry.previous == previous
        if not chained or entry.sealed().hash != entry.hash:
            raise BadRecord(f"{path.name}: entry {number} is not what was written")
        previous = entry.hash
        found.append(entry)
    return found
