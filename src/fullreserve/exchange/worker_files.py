"""What workers of custody write for gateways to show, as files of the data folder.

Each is replaced as something changes, and is only shown: nothing is decided by it, but that holders
are challenged sooner.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import msgspec

SETBACKS = "custody-setbacks.json"  # list[Setback]
SENDERS = "custody-senders.json"  # dict[str, Sent], by the deposit's transfer in hex


def held_name(worker: str, network: int | str) -> str:
    """Of what holds moves between tiers up, by worker and network: dict[str, Held] by number."""
    return f"custody-held-{worker}-{network}.json"


UNPAID = "custody-unpaid-"


def unpaid_name(network: int) -> str:
    """Of a network that nothing is paid on: Unpaid; there is none while payments go."""
    return f"{UNPAID}{network}.json"


UNSIGNED = "custody-unsigned-"


def unsigned_name(network: int) -> str:
    """Of payments of a network that wait for signers: Unsigned; there is none while none does."""
    return f"{UNSIGNED}{network}.json"


HALTED = "custody-halted-"


def halted_name(network: int) -> str:
    """Of what a network's hot wallet may not send: list[HaltedToken]; none while it may all."""
    return f"{HALTED}{network}.json"


ANNOUNCED = "custody-announced-"


def announced_name(network: int) -> str:
    """Of what owners of a network's Safes have announced and is not in force: Announced."""
    return f"{ANNOUNCED}{network}.json"


CERTIFICATES = "custody-certificate-ends.json"  # list[CertificateEnd], by name
ENDING_MS = 60 * 86_400_000  # before its end a certificate is called for


def refused_name(network: int) -> str:
    """Of deposits on a network that the exchange has not taken: list[RefusedDeposit]."""
    return f"custody-refused-{network}.json"


GONE = "custody-gone-"


def gone_name(network: int) -> str:
    """Of signers that did not answer a network's payer when it asked last: list[str], by name."""
    return f"{GONE}{network}.json"


UNWELL = "custody-unwell-"


def unwell_name(network: int) -> str:
    """Of when a network's nodes were not believed: list[Spell], the oldest first."""
    return f"{UNWELL}{network}.json"


RECONCILED = "custody-reconciled-"


def reconciled_name(network: int) -> str:
    """Of a network's last comparison: Reconciled."""
    return f"{RECONCILED}{network}.json"


def adopted_name(network: int) -> str:
    """Of what had left a network's hot wallet since a backup that was put back: Adopted."""
    return f"custody-adopted-{network}.json"


# In units of the ledger: what rounding and dust may come to, and more where fees are paid.
TOLERANCE, COIN_TOLERANCE = 1_000, 50_000


def tolerance(asset: int, coin: int) -> int:
    """What chain and ledger may differ by without a reason; `coin` is what fees are paid in."""
    return COIN_TOLERANCE if asset == coin else TOLERANCE


class Stage(StrEnum):
    """How far a move is, beyond what the log says of it."""

    WAITING = "waiting"  # nothing was given to a node
    SENT = "sent"  # a node has it
    INCLUDED = "included"  # it is in a block, and not deep enough yet


class Why(StrEnum):
    """What it waits for."""

    NOTHING = ""
    UNPLANNED = "unplanned"  # no transaction can carry it out now
    SHORT = "short"  # the source holds less than that and its fee
    NONCE = "nonce"  # another move has its nonce or inputs
    REFUSED = "refused"  # the log: withdrawals are stopped, or it was decided otherwise
    UNKNOWN = "unknown"  # bound, and not known to the worker
    UNSIGNED = "unsigned"  # too few holders have signed
    GAS = "gas"  # who pays the gas has too little
    HANGS = "hangs"  # sent, and it cannot be raised now
    TAKEN = "taken"  # another transaction has its nonce or inputs
    SHALLOW = "shallow"  # so it is by the second node, and not deep enough there
    DIFFER = "differ"  # nodes do
    NODE = "node"  # a node, a file or a device is at fault


class Held(msgspec.Struct, frozen=True):
    """Of one move; `detail` is what a node, a signer or a file said, where one did.

    Of REFUSED it is the name of the log's code.
    """

    stage: Stage = Stage.WAITING
    why: Why = Why.NOTHING
    detail: str = ""


class Setback(msgspec.Struct, frozen=True):
    """Of one withdrawal that could not be vetted; times in ms of the world's clock.

    `problem` is the kind of fault and where it came from.
    """

    number: int
    problem: str
    times: int
    since_ms: int
    again_ms: int


class Unpaid(msgspec.Struct, frozen=True):
    """A network that nothing is paid on.

    `problem` is the kind of fault in planning and its place, or what is not known yet since a
    backup was put back (`is_restored`).
    """

    network: int
    problem: str
    since_ms: int
    is_restored: bool = False


class WhyUnsigned(StrEnum):
    """Why a payment is neither signed nor let go of its lane."""

    SIGNERS = "signers"  # too few sign; people did not let it go
    PAYING = "paying"  # they did, and its lane still pays
    SIGNED = "signed"  # a signer has signed it, and shows no transaction that can be sent
    UNTOLD = "untold"  # a signer answers, and does not tell what it has signed
    TAKEN = "taken"  # a node says that its nonce is taken, or about to be
    NODES = "nodes"  # nodes do not agree, cannot be believed or are too few


class UnsignedPayment(msgspec.Struct, frozen=True):
    """A withdrawal that too few signers sign; `lane` is who is to pay it, "" where coins do.

    `problem` is in the words of signers or nodes.
    """

    withdrawal: int
    lane: str
    problem: str
    why: WhyUnsigned = WhyUnsigned.SIGNERS


class Unsigned(msgspec.Struct, frozen=True):
    """So many payments that too few signers sign; `problem` is what they say of the oldest.

    `oldest` are the first of them.
    """

    network: int
    payments: int
    problem: str
    since_ms: int
    oldest: tuple[UnsignedPayment, ...] = ()


class HaltedToken(msgspec.Struct, frozen=True):
    """A token of which `places` of hot, as people write them, can send nothing of what they hold.

    As its contract says: its issuer paused it, or stopped those places. `able` others that hold
    some can send it.
    """

    network: int
    asset: int
    places: tuple[str, ...]
    able: int
    since_ms: int


class AnnouncedKind(StrEnum):
    """What a Safe's guard will let through."""

    DESTINATION = "destination"
    LIMIT = "limit"  # a higher one
    GUARD = "guard"  # another in its place


class Announcement(msgspec.Struct, frozen=True):
    """What owners of a Safe announced to its guard, and from when (chain's time) it counts.

    `account` is of a limit the token's, "" the chain's coin; of a guard "" is none at all. `amount`
    of a limit is at the ledger's scale, in the token's own units where `asset` is not known (-1).
    """

    network: int
    tier: str
    safe: str
    kind: AnnouncedKind
    account: str
    from_ms: int
    asset: int = -1
    amount: str = ""


class Announced(msgspec.Struct, frozen=True):
    """Of a network, the soonest first; logs of `guards` are read up to a height."""

    network: int
    guards: tuple[str, ...] = ()
    height: int = -1
    found: tuple[Announcement, ...] = ()


class CertificateEnd(msgspec.Struct, frozen=True):
    """By which one of custody is known over TLS, and from when (wall time) it counts no more."""

    name: str
    ends_ms: int

    def is_due(self, now_ms: int) -> bool:
        """Whether it is time to renew it, or too late."""
        return self.ends_ms - now_ms <= ENDING_MS


class Spell(msgspec.Struct, frozen=True):
    """In which a network's nodes were not believed; `state` is a word of `health`.

    Times are the exchange's, in ms; `until_ms` 0: it lasts.
    """

    network: int
    state: str
    since_ms: int
    until_ms: int = 0


class Line(msgspec.Struct, array_like=True, frozen=True):
    """What was found of a tier and asset, at the ledger's scale."""

    tier: int
    asset: int
    ledger: int
    low: int  # what the chain may hold
    high: int
    chain: int

    @property
    def difference(self) -> int:
        """What the chain has too much, or (negative) lacks; 0 within the interval."""
        return min(0, self.chain - self.low) + max(0, self.chain - self.high)

    def whole(self, allowed: int) -> int:
        """The same with what was allowed for, as people look for it in the books; 0 stays 0."""
        far = self.difference
        return far + allowed * ((far > 0) - (far < 0))


# Not knowing alarms after so many blocks.
UNKNOWN_BLOCKS = 3


class Blind(StrEnum):
    """Why balances cannot be told; the others are a chain's states when it is not well."""

    DOWN = "down"
    GARBAGE = "garbage"
    BEHIND = "behind"
    BEHIND_SECOND = "behind_second"  # the other node is, which is asked beside it
    SPLIT = "split"
    UNREAD = "unread"  # blocks up to the newest are not read yet
    ARRIVALS = "arrivals"  # what came to the tiers cannot be read
    CALLS = "calls"  # what contracts sent is asked for still
    DEEP = "deep"  # the chain took more blocks back than are kept


class Unknown(msgspec.Struct, frozen=True):
    """Why the newest comparison is not of now: balances could not be told since.

    `why` is a word of `Blind`, "" where an earlier version wrote it; `problem` the worker's own
    sentence. `number` is of what `why` says: blocks that are missing or asked for, or the height at
    which nodes differ; `said` what a node said, "" where none did.
    """

    problem: str
    since_ms: int
    blocks: int  # that came meanwhile and were not compared
    is_alarm: bool  # it lasts
    why: str = ""
    number: int = 0
    said: str = ""


class Unmeasured(StrEnum):
    """Why warm and cold are not compared."""

    READING = "reading"  # their blocks are, for the first time
    RECORD = "record"  # of ceremonies: it cannot be read
    NODE = "node"  # it does not answer, or not with what is asked for


class Unasked(msgspec.Struct, array_like=True, frozen=True):
    """Coins of a stranger's that the ledger has not, at its scale; `transaction` as chains say.

    Or the block's hash, of what contracts sent.
    """

    tier: int
    asset: int
    amount: int
    height: int
    transaction: str


# The largest so many of a tier and asset are shown.
UNASKED_SHOWN = 20


class UnaskedSum(msgspec.Struct, array_like=True, frozen=True):
    """All that strangers sent to a tier of an asset and the ledger has not, at its scale."""

    tier: int
    asset: int
    amount: int
    number: int  # of transactions


class Uncharged(msgspec.Struct, array_like=True, frozen=True):
    """A fee that a finished job of the record took from a tier, at the ledger's scale.

    Until `charge-tier` has told it the ledger has more than the chain by it.
    """

    tier: int
    asset: int
    amount: int
    transaction: str
    is_due: bool = False  # it is deep enough for that


class LostCalls(msgspec.Struct, array_like=True, frozen=True):
    """So many blocks of which what contracts sent is not credited.

    A node has lost their state, or told of them too late. `lowest` and `highest` are the
    heights that they lie between.
    """

    blocks: int
    lowest: int
    highest: int


class RefusedDeposit(msgspec.Struct, array_like=True, frozen=True):
    """What came to a user's address and the exchange refuses, by a code; amounts at its scale.

    `is_final`: it is not asked about again, and people have to look.
    """

    network: int
    asset: int
    amount: int
    height: int
    transaction: str
    code: int
    is_final: bool
    since_ms: int
    transfer: str = ""  # the journal's name of it


class Reconciled(msgspec.Struct, frozen=True):
    """A network after the block at a height; without one where it was never compared."""

    network: int
    height: int = 0
    time_ms: int = 0
    lines: tuple[Line, ...] = ()
    announced: tuple[int, ...] = ()  # moves by hand that the chain shows and the ledger has not yet
    uncompared: str = ""  # why warm and cold are not, in the worker's own sentence
    unknown: Unknown | None = None
    unasked: tuple[Unasked, ...] = ()
    unasked_sums: tuple[UnaskedSum, ...] = ()
    lost_calls: LostCalls | None = None
    uncompared_why: str = ""  # a word of `Unmeasured`
    uncharged: tuple[Uncharged, ...] = ()


class AdoptedPayment(msgspec.Struct, array_like=True, frozen=True):
    """A transaction and the withdrawals, by number, that it pays; none of those that wait: ().

    `likely` wait for coins of the same kind to the same place, and for another amount.
    """

    transaction: str
    withdrawals: tuple[int, ...]
    likely: tuple[int, ...] = ()


class Adopted(msgspec.Struct, frozen=True):
    """Transactions that are not paid again, the oldest first; `restored_ms` as the mark has it."""

    restored_ms: int
    payments: tuple[AdoptedPayment, ...]


class Sent(msgspec.Struct, frozen=True):
    """Who paid a deposit that was screened; `is_whole`: these are all of them."""

    addresses: tuple[str, ...]
    is_whole: bool


_decode_senders = msgspec.json.Decoder(dict[str, Sent]).decode


def senders_shown(place: Path) -> dict[str, Sent]:
    """Those that a file has, the oldest first; none where it is missing or damaged."""
    try:
        return _decode_senders(place.read_bytes())
    except (OSError, msgspec.DecodeError):
        return {}
