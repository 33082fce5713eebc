"""What the fold of deposits remembers, and the questions that it answers."""

from __future__ import annotations

from enum import IntEnum

import msgspec

from fullreserve.exchange.folds import State
from fullreserve.exchange.products.announced_moves import Announced
from fullreserve.exchange.products.custody_wire import (
    Allotted,
    CameUnasked,
    DefineNetwork,
    Hold,
    Tip,
)
from fullreserve.exchange.products.deposit_losses import Loss
from fullreserve.exchange.wire.commands import Amount, amount_bytes, amount_int

# Blocks below the newest after which a deposit that is done is forgotten; records keep it.
KEPT_BLOCKS = 100_000
MOVES_KEPT = 100_000
# Deposits that one command credits after a suspension; the next block's goes on.
SETTLED_AT_ONCE = 200
EDITION = 10  # of the fold's rules, that this version knows
BY_A_FEW = 1  # the edition from which on no command walks all deposits that are open
MOVED_MAX = 100  # deposits that a command goes on with, from then on
KEPT_AT_REST = 2  # the edition from which on no walk changes what a frozen account keeps
FREED = 3  # and from which on it goes to its owner once he is not frozen any more
INTERCEPTS = 4  # and from which on one may be stopped with the state 13
# And from which on what a reorganisation took of what was spent is a debt, and what is kept for
# its owner's level of identity goes to him once he has it.
OWES = 5
# And from which on a word that keeps one may only be stricter than what was said before, one that
# is not screened yet still is, and what the core would not let go is freed later, not the page
# refused.
STRICTER = 6
COMPLETES = 7  # and from which on a loss that was booked too small may be booked further
RETURNS = 8  # and from which on what was credited once waits for no sum when its chain has it again
# And from which on what comes again takes back the break that its sweep, or its going, left.
REJOINS = 9
# And from which on what waits for no sum, as it comes again or is claimed, is credited by itself
# and counts for none; the gas of a sweep leaves such a break too; and what lies below the ledger's
# scale is kept once.
BY_ITSELF = 10
# And from which on what a sweep took before it had arrived takes its break back as it arrives.
EARLY = 10
NO_AMOUNT = amount_bytes(0)
UNSCREENED = -2  # in place of what stops a deposit, until that is known


class DepositState(IntEnum):
    """OKX's codes, and GONE of what left its chain."""

    GONE = -1
    WAITING = 0
    CREDITED = 1
    DONE = 2
    SUSPENDED = 8
    BLACKLISTED = 11
    FROZEN = 12
    INTERCEPTED = 13
    KYC = 14


# Why a deposit is kept from its owner for itself, until people free it.
STOPS = (DepositState.BLACKLISTED, DepositState.INTERCEPTED, DepositState.KYC)  # strictest first


def stricter(*states: int) -> int:
    """The strictest of what keeps a deposit; 0 where nothing does."""
    return next((one for one in STOPS if one in states), max(states, default=0))


class Phase(IntEnum):
    """How far the ledger has gone with a deposit."""

    SEEN = 0  # in no block
    BOOKED = 1  # unconfirmed against unallocated
    ARRIVED = 2  # on the chain for good, and nobody's
    CREDITED = 3
    UNLOCKED = 4


class Deposit(msgspec.Struct, array_like=True):
    """A payment to an address of ours. `number` is its id and its place among its block's."""

    number: int
    network: int
    transfer: bytes
    asset: int
    owner: int  # 0: nobody's
    index: int
    memo_number: int
    amount: Amount
    dust: int
    height: int
    block_hash: bytes
    seen_ms: int
    changed_ms: int
    version: int  # sequence of the last change
    confirmations: int = 0
    state: int = DepositState.WAITING
    phase: int = Phase.SEEN
    stop: int = 0  # a state that sends it to the frozen account, or UNSCREENED
    target: int = 0  # kind of account that was credited
    protected: Amount = NO_AMOUNT
    lost: Amount = NO_AMOUNT  # spent before a reorg undid it; what comes back pays it first

    @property
    def value(self) -> int:
        return amount_int(self.amount)

    @property
    def was_credited(self) -> bool:
        """Whether it is credited, or was before its chain took it back."""
        return self.target != 0

    @property
    def awaits_screening(self) -> bool:
        """Whether its owner does not get it before it is screened."""
        return self.stop == UNSCREENED and self.owner != 0


class Unallotted(msgspec.Struct, array_like=True, frozen=True):
    """Coins that strangers sent, as far as nobody has them yet."""

    terms: CameUnasked
    number: int  # sequence of the command that booked them
    time_ms: int
    left: Amount

    @property
    def transfer(self) -> bytes:
        """The journal's name of what brought them."""
        return self.terms.transfer


class Allotment(msgspec.Struct, array_like=True, frozen=True):
    """What operators agreed of such coins."""

    terms: Allotted
    came: CameUnasked
    sequence: int
    time_ms: int


class DepositsState(State):
    """Networks by number; holds by network and asset (0: all of it)."""

    networks: dict[int, DefineNetwork] = msgspec.field(default_factory=dict)
    holds: dict[int, dict[int, Hold]] = msgspec.field(default_factory=dict)
    tips: dict[int, Tip] = msgspec.field(default_factory=dict)
    floors: dict[int, int] = msgspec.field(default_factory=dict)
    addresses: dict[int, dict[int, int]] = msgspec.field(default_factory=dict)  # owner: index
    deposits: dict[bytes, Deposit] = msgspec.field(default_factory=dict)
    dust: dict[int, dict[int, dict[int, int]]] = msgspec.field(default_factory=dict)
    moves: dict[bytes, int] = msgspec.field(default_factory=dict)
    announced: dict[int, Announced] = msgspec.field(default_factory=dict)
    edition: int = 0
    losses: dict[int, Loss] = msgspec.field(default_factory=dict)  # by proposal
    unallotted: dict[bytes, Unallotted] = msgspec.field(default_factory=dict)
    allotments: dict[int, Allotment] = msgspec.field(default_factory=dict)  # by proposal
    # By transfer: since when (ms) what a deposit lost is owed; at which level one kept goes free.
    debts: dict[bytes, int] = msgspec.field(default_factory=dict)
    levels: dict[bytes, int] = msgspec.field(default_factory=dict)
    # By transfer: at what state people keep one that is not screened yet.
    said: dict[bytes, int] = msgspec.field(default_factory=dict)
    # By transfer, amounts that arrived and whose chain has them no more; by network and asset, how
    # much of a break goes as they come, again or at first; and by transfer how much of it is of one
    # that comes again.
    undone: dict[bytes, int] = msgspec.field(default_factory=dict)
    broken: dict[int, dict[int, int]] = msgspec.field(default_factory=dict)
    lacked: dict[bytes, int] = msgspec.field(default_factory=dict)


class Question(msgspec.Struct, array_like=True, frozen=True, tag_field="message"):
    """Base of what `AskFold` carries; it changes nothing."""


class ListNetworks(Question, frozen=True, tag=1):
    """-> list[NetworkState]"""


class GetAddress(Question, frozen=True, tag=2):
    """-> int, the owner's address index on a network; 0: none."""

    network: int
    owner: int


class ListAddresses(Question, frozen=True, tag=3):
    """-> list[int], indexes above `after`, ascending: what a watcher has to watch."""

    network: int
    after: int
    limit: int


class ListDeposits(Question, frozen=True, tag=4):
    """-> list[Deposit], newest change first, of one owner or all (0).

    A page ends where a command's changes end, above `limit` if need be; the next one
    is `changed_before` the last one's version (0: from the newest).
    """

    owner: int
    changed_after: int  # sequence
    limit: int
    changed_before: int = 0


class ListUnclaimed(Question, frozen=True, tag=5):
    """-> list[Deposit] that arrived and are nobody's."""

    limit: int


class FindOwner(Question, frozen=True, tag=6):
    """-> int, who has an address index on a network; 0: nobody."""

    network: int
    index: int


class HasForgotten(Question, frozen=True, tag=7):
    """-> bool, whether something is over for so long that the records alone have it."""


class ListAnnounced(Question, frozen=True, tag=8):
    """-> list[Announced], newest first: the open ones alone, or all that are known."""

    is_open: bool
    limit: int


class NextOpen(Question, frozen=True, tag=9):
    """-> int, the last deposit that a `Settle` of so many behind one looks at; 0: there is none."""

    after: int  # a deposit's number
    most: int


class NextDue(Question, frozen=True, tag=26):
    """-> Due, of the same: nothing has to be said where a `Settle` of them changes nothing."""

    after: int
    most: int
    now_ms: int = 0


class Due(msgspec.Struct, array_like=True, frozen=True):
    """`last` that a `Settle` looks at, 0: there is none; whether it changes anything."""

    last: int
    is_due: bool


class Owes(Question, frozen=True, tag=27):
    """-> bool, whether an owner owes of an asset what a chain took back after it was spent."""

    owner: int
    asset: int


class CountAddresses(Question, frozen=True, tag=10):
    """-> int, how many owners have an address on a network: the highest index that was given."""

    network: int


class SumComing(Question, frozen=True, tag=11):
    """-> dict[int, Amount] by asset: what is in blocks of a network and has not arrived."""

    network: int


class SumSmall(Question, frozen=True, tag=28):
    """-> Amount, what of an owner's asset on a network is confirmed and not credited.

    What is under the least deposit stands in it until the sum reaches that; what was credited
    before its chain took it back waits for no sum and stands in none (edition 10).
    """

    owner: int
    network: int
    asset: int


class FindMoved(Question, frozen=True, tag=12):
    """-> int, sequence of the command by which the ledger has a move's transfer; 0: it has not."""

    transfer: bytes


class ListMoved(Question, frozen=True, tag=13):
    """-> list[bytes], those of some moves' transfers that the ledger has."""

    transfers: tuple[bytes, ...]


class ListBooked(Question, frozen=True, tag=22):
    """-> list[Booked], moves and coins from outside that the ledger has, newest first.

    Of commands behind the one whose sequence is `after`.
    """

    after: int
    limit: int


class Booked(msgspec.Struct, array_like=True, frozen=True):
    """The transfer of a move, or of coins from outside, and the sequence of its command."""

    transfer: bytes
    sequence: int


class FindDeposit(Question, frozen=True, tag=14):
    """-> Deposit | None, by its number."""

    number: int


class ListKept(Question, frozen=True, tag=15):
    """-> list[Deposit] that are stopped, credited or not."""

    limit: int


class ListLosses(Question, frozen=True, tag=16):
    """-> list[Loss], newest first: coins of tiers that are gone for good."""

    limit: int


class ListUnscreened(Question, frozen=True, tag=17):
    """-> list[Deposit] to be screened, numbers above `after`, ascending."""

    after: int
    limit: int


class ListUnallotted(Question, frozen=True, tag=18):
    """-> list[Unallotted]: strangers' coins that are owed to nobody known.

    So many of each network and asset, the largest first.
    """

    limit: int


class ListAllotments(Question, frozen=True, tag=19):
    """-> list[Allotment], newest first."""

    limit: int


class Debt(msgspec.Struct, array_like=True, frozen=True):
    """What a deposit lost (`lost`) and its owner owes."""

    deposit: Deposit
    since_ms: int


class ListDebts(Question, frozen=True, tag=20):
    """-> list[Debt], the oldest first; of one owner, or of all (0) that began after `after_ms`."""

    limit: int
    owner: int = 0
    after_ms: int = 0


class FindTransfer(Question, frozen=True, tag=21):
    """-> Deposit | None, by its transfer."""

    transfer: bytes


class FindUnallotted(Question, frozen=True, tag=23):
    """-> Unallotted | None, by its number; where that is 0, by what brought the coins."""

    number: int
    transfer: bytes = b""


class FindAllotment(Question, frozen=True, tag=24):
    """-> Allotment | None, by its proposal."""

    number: int


class ListUncredited(Question, frozen=True, tag=25):
    """-> list[Deposit] of owners that are under way and not kept, newest change first."""

    limit: int


class NetworkState(msgspec.Struct, array_like=True, frozen=True):
    terms: DefineNetwork
    holds: tuple[Hold, ...]  # in force
    tip: Tip | None


AnyQuestion = (
    ListNetworks
    | GetAddress
    | ListAddresses
    | ListDeposits
    | ListUnclaimed
    | FindOwner
    | HasForgotten
    | ListAnnounced
    | NextOpen
    | NextDue
    | Owes
    | CountAddresses
    | SumComing
    | SumSmall
    | FindMoved
    | ListMoved
    | FindDeposit
    | FindTransfer
    | ListKept
    | ListLosses
    | ListUnscreened
    | ListUnallotted
    | ListAllotments
    | FindUnallotted
    | FindAllotment
    | ListDebts
    | ListBooked
    | ListUncredited
)
AboutTiers = (
    ListMoved
    | ListBooked
    | ListLosses
    | ListUnallotted
    | ListAllotments
    | FindUnallotted
    | FindAllotment
)
AboutMany = (
    ListDeposits
    | ListUnclaimed
    | ListAnnounced
    | NextOpen
    | SumComing
    | ListKept
    | ListUncredited
    | ListUnscreened
    | ListDebts
    | AboutTiers
)

ANSWERS: dict[type[Question], object] = {
    ListNetworks: list[NetworkState],
    GetAddress: int,
    ListAddresses: list[int],
    ListDeposits: list[Deposit],
    ListUnclaimed: list[Deposit],
    FindOwner: int,
    HasForgotten: bool,
    ListAnnounced: list[Announced],
    NextOpen: int,
    NextDue: Due,
    Owes: bool,
    CountAddresses: int,
    SumComing: dict[int, Amount],
    SumSmall: Amount,
    FindMoved: int,
    ListMoved: list[bytes],
    ListBooked: list[Booked],
    FindDeposit: Deposit | None,
    FindTransfer: Deposit | None,
    ListKept: list[Deposit],
    ListUncredited: list[Deposit],
    ListLosses: list[Loss],
    ListUnscreened: list[Deposit],
    ListUnallotted: list[Unallotted],
    ListAllotments: list[Allotment],
    FindUnallotted: Unallotted | None,
    FindAllotment: Allotment | None,
    ListDebts: list[Debt],
}

decode_question = msgspec.msgpack.Decoder(AnyQuestion).decode
