"""What the worker of moves keeps of each, as files of a folder: written before it is acted on.

`N.json` is the worker's own. `N.move` is the proposal for people: approvals of it are read from
`N-*.approval`, and what holders signed from `N-*.part`, as `approve-move` and `sign-move` write
them.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import structlog

from fullreserve.custody.chains.utxo_transaction import Coin
from fullreserve.custody.keys.gas import Bid
from fullreserve.custody.keys.intent import Approval
from fullreserve.custody.keys.tier_signer import Proposal

FOLDER = "custody-moves"
LOOKED_AT = 100

log = structlog.get_logger(__name__)


class Sent(msgspec.Struct, frozen=True):
    """A signed transaction, on disk before a node has it.

    `fee` is what the wallet itself pays for it (-1: its proposal's); of a Safe's, `bid` is what
    whoever pays the gas bid. `height` is that of the newest block when it was signed, or when it
    was last raised in vain.
    """

    txid: bytes
    raw: bytes
    fee: int = -1
    height: int = 0
    bid: Bid | None = None


class Kept(msgspec.Struct, frozen=True):
    """A proposal and what was signed for it; `since` is the height from which it may be found."""

    proposal: Proposal
    since: int
    sent: tuple[Sent, ...] = ()
    at: int = 0  # height for which a loss of the nonce was first seen
    call: bytes = b""  # to a Safe, as enough of its owners have signed it


class Damaged(ValueError):
    """A file that cannot be read as what it is; the message names it."""


class KeptMoves:
    """A data folder's. One damaged file is named, and stops nothing that does not need it."""

    def __init__(self, data: Path) -> None:
        self._named: dict[str, None] = {}
        self._folder = data / FOLDER
        self._folder.mkdir(mode=0o700, exist_ok=True)

    def find(self, number: int) -> Kept | None:
        """None where nothing is known; Damaged."""
        try:
            content = (self._folder / f"{number}.json").read_bytes()
        except FileNotFoundError:
            return None
        try:
            return msgspec.json.decode(content, type=Kept)
        except ValueError as problem:
            raise Damaged(f"{FOLDER}/{number}.json: {problem}") from None

    def keep(self, kept: Kept) -> None:
        """Replaces what was known, in one step."""
        number = kept.proposal.intent.number
        self._write(f"{number}.json", msgspec.json.encode(kept))

    def inputs(self, network: int) -> list[Coin]:
        """Coins of the newest proposals on a network, the oldest first.

        Spent before others they see to it that a move and one that lapsed before it cannot both be
        paid.
        """
        stems = (path.stem for path in self._folder.glob("*.json"))
        numbers = sorted(int(stem) for stem in stems if stem.isascii() and stem.isdecimal())
        found: dict[bytes, Coin] = {}
        for number in numbers[-LOOKED_AT:]:
            proposal = self._proposal(number)
            if proposal is None or proposal.spend is None:
                continue
            if proposal.intent.network == network:
                for one in proposal.spend.inputs:
                    found.setdefault(one.outpoint(), one)
        return list(found.values())

    def fee(self, number: int) -> int:
        """The most that a move costs its wallet, of all that is kept of it; 0 where nothing is."""
        try:
            kept = self.find(number)
        except Damaged as problem:
            self._name(str(problem))
            return 0
        spend = kept.proposal.spend if kept is not None else None
        if kept is None or spend is None:
            return 0
        return max(spend.fee, *(one.fee for one in kept.sent), 0)

    def _proposal(self, number: int) -> Proposal | None:
        """As it is kept; where that is damaged, as it was handed out."""
        try:
            kept = self.find(number)
        except Damaged as problem:
            self._name(str(problem))
        else:
            return kept.proposal if kept is not None else None
        try:
            content = (self._folder / f"{number}.move").read_bytes()
            return msgspec.json.decode(content, type=Proposal)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as problem:
            self._name(f"{FOLDER}/{number}.move: {problem}")
            return None

    def _name(self, problem: str) -> None:
        """Once, to whoever restores it."""
        if problem not in self._named:
            self._named[problem] = None
            log.error("a kept move is damaged; others go on", problem=problem)

    def hand_out(self, kept: Kept) -> Path:
        """The proposal for people, once it is bound."""
        name = f"{kept.proposal.intent.number}.move"
        if not (self._folder / name).exists():
            self._write(name, msgspec.json.encode(kept.proposal))
        return self._folder / name

    def approvals(self, number: int) -> tuple[Approval, ...]:
        """Those that were put there; what cannot be read counts for nothing."""
        found = []
        for path in sorted(self._folder.glob(f"{number}-*.approval")):
            try:
                found.append(msgspec.json.decode(path.read_bytes(), type=Approval))
            except (OSError, ValueError):
                continue
        return tuple(found)

    def parts(self, number: int) -> dict[str, bytes]:
        """What holders signed by themselves, by file."""
        paths = sorted(self._folder.glob(f"{number}-*.part"))
        return {path.name: path.read_bytes() for path in paths}

    def _write(self, name: str, content: bytes) -> None:
        fresh = self._folder / f"{name}.new"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._folder / name)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
