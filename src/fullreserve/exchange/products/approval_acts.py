"""What operators of the exchange decide together, and the commands by which they do.

Everything is numbers: operators, owners, instruments, amounts. Why an operator wants something is
sealed in the identity vault; `note` is the number of the audit entry that holds it.
"""

from __future__ import annotations

import msgspec

from fullreserve.exchange.wire.commands import AccountKey, Amount, Definition, Leg

ROLES_MAX = 4

# Bill types of the postings; the core lets them pass where a holder is frozen.
CORRECTION = 9001
BUST = 9002


class Act(msgspec.Struct, array_like=True, frozen=True, tag_field="message"):
    """Base of what a proposal does when it is approved."""


class Correct(Act, frozen=True, tag=1):
    """Moves `amount` (negative: takes it) to a user's account from a house account."""

    account: AccountKey
    house: AccountKey
    asset: int
    amount: Amount
    reason: int  # one of the console's list


class Bust(Act, frozen=True, tag=2):
    """Takes a trade back: what each side paid and got, fees included, the other way round.

    `legs` are those of the two sides; what they leave open goes to the accounts of fees and
    rounding, whence it came. `base_fee` and `quote_fee` are what the house had of the trade.
    """

    instrument: int
    trade: int
    legs: tuple[Leg, ...]
    base: int
    quote: int
    base_fee: Amount
    quote_fee: Amount


class Define(Act, frozen=True, tag=3):
    """An instrument's terms or state, a listing, a tier, a parameter or a suspension."""

    command: Definition


class AssignTier(Act, frozen=True, tag=4):
    """Puts an owner into a fee tier."""

    owner: int
    tier: int


class Release(Act, frozen=True, tag=5):
    """Takes flags of an owner away: unfreezes."""

    owner: int
    flags: int


class Admit(Act, frozen=True, tag=6):
    """Makes an operator a member of an approval group, or a member again."""

    group: int
    member: int


class SetThreshold(Act, frozen=True, tag=7):
    """How many approvals a group's proposals need."""

    group: int
    threshold: int


class Grant(Act, frozen=True, tag=8):
    """Gives an operator a role: the exchange that took the last approval does, in its vault."""

    owner: int
    role: int  # 1 admin, 2 trading, 3 support, 4 auditor


class ClaimDeposit(Act, frozen=True, tag=9):
    """What came without a memo, or with one that is nobody's, is this owner's."""

    owner: int
    network: int
    transfer: bytes


class AssignTeam(Act, frozen=True, tag=10):
    """Which team an operator of a group is in (0: none)."""

    group: int
    member: int
    team: int


class Close(Act, frozen=True, tag=11):
    """A window of maintenance, its opening with it; exchange time in ms."""

    begin_ms: int
    preopen_ms: int
    end_ms: int
    instruments: tuple[int, ...]


class Retire(Act, frozen=True, tag=12):
    """An asset is delisted: deposits, its instruments, withdrawals; exchange time in ms."""

    asset: int
    deposits_ms: int
    trading_ms: int
    withdrawals_ms: int


class EndMove(Act, frozen=True, tag=13):
    """A move between tiers is to end, once it is proven that it cannot be paid any more."""

    move: int


class AnnounceMove(Act, frozen=True, tag=14):
    """People are to move coins between tiers by hand, within a time from the last approval."""

    network: int
    asset: int
    source: int  # custody_wire.Tier
    target: int
    amount: Amount
    fee_least: Amount  # in the network's gas asset, paid by the source
    fee_most: Amount
    lasts_ms: int


class CloseNetwork(Act, frozen=True, tag=15):
    """A window of maintenance of a network, its opening with it; exchange time in ms."""

    network: int
    begin_ms: int
    preopen_ms: int
    end_ms: int


class FreeDeposit(Act, frozen=True, tag=16):
    """A deposit that was stopped for itself (11, 13 or 14) goes to its owner."""

    owner: int
    network: int
    transfer: bytes


class BookLoss(Act, frozen=True, tag=17):
    """Coins of a tier are gone for good; the ledger is to have them no more."""

    network: int
    asset: int
    tier: int  # custody_wire.Tier
    amount: Amount
    transfer: bytes  # keyed hash of the transaction that took them
    account: int  # kind of the house account that pays, as far as it has it


class AllotCoins(Act, frozen=True, tag=18):
    """Coins that strangers sent to a tier are this owner's, or the exchange's own (the house)."""

    owner: int
    network: int
    transfer: bytes
    amount: Amount


class AssignIdentity(Act, frozen=True, tag=19):
    """An owner, and what accounts he had when it was proposed, have this level of identity."""

    owner: int
    level: int
    subs: tuple[int, ...] = ()


class BoundPayment(msgspec.Struct, array_like=True, frozen=True):
    """A withdrawal and what it is bound to, 32 bytes."""

    withdrawal: int
    binding: bytes


class UnbindPayments(Act, frozen=True, tag=20):
    """Payments of which nothing was signed may be planned anew, by another lane."""

    network: int
    payments: tuple[BoundPayment, ...]


AnyAct = (
    Correct
    | Bust
    | Define
    | AssignTier
    | Release
    | Admit
    | SetThreshold
    | Grant
    | ClaimDeposit
    | AssignTeam
    | Close
    | Retire
    | EndMove
    | AnnounceMove
    | CloseNetwork
    | FreeDeposit
    | BookLoss
    | AllotCoins
    | AssignIdentity
    | UnbindPayments
)

# Acts on what users have, or on what ledger and chain may differ by: two teams agree on them, once
# operators have teams.
OF_TWO_TEAMS = (
    *(Correct, Bust, Release, ClaimDeposit, AnnounceMove, FreeDeposit, BookLoss),
    AllotCoins,
    AssignIdentity,
    UnbindPayments,
)

# Acts on who agrees: those too, and never by whom they are about.
OF_MEMBERS = (Admit, AssignTeam)

AUDITOR = 4  # the one role of a `Grant` that comes without a voice

# Acts that no fold of approvals carries out: whoever took the last approval does.
OUTSIDE = (
    *(Grant, ClaimDeposit, Close, Retire, EndMove, AnnounceMove, CloseNetwork),
    FreeDeposit,
    BookLoss,
    AllotCoins,
    UnbindPayments,
)


class Ask(msgspec.Struct, array_like=True, frozen=True, tag_field="message"):
    """Base of the payloads; the command's owner is the operator who asks."""


class Enrol(Ask, frozen=True, tag=1):
    """By the house: who may run commands on the exchange's own machine makes members."""

    group: int
    member: int


class Dismiss(Ask, frozen=True, tag=2):
    """By the house or another member: a member counts no more, at once."""

    group: int
    member: int


class Propose(Ask, frozen=True, tag=3):
    """`by_teams`: who agrees with whom is two teams' to say as well; not so in logs from before.

    `spares`: approvals hang on nobody, as far as that is the threshold's; nor that either.
    """

    act: AnyAct
    lasts_ms: int
    note: int = 0
    by_teams: bool = False
    spares: bool = False


class Approve(Ask, frozen=True, tag=4):
    """`reports`: who takes the last approval says by `Report` what came of an outside act."""

    proposal: int
    reports: bool = False


class Reject(Ask, frozen=True, tag=5):
    """By any member; by the proposer it is a withdrawal."""

    proposal: int
    note: int = 0


class Report(Ask, frozen=True, tag=6):
    """By the house: an outside act was done (0), or why it cannot be; again it changes nothing."""

    proposal: int
    code: int


AnyAsk = Enrol | Dismiss | Propose | Approve | Reject | Report
