"""What the fold of withdrawals remembers, and the questions that it answers."""

from __future__ import annotations

from enum import IntEnum

import msgspec

from fullreserve.exchange.folds import State
from fullreserve.exchange.products.custody_wire import DefineNetwork, Hold, Pay
from fullreserve.exchange.products.deposit_state import (
    Due,
    HasForgotten,
    ListNetworks,
    NetworkState,
    Question,
)
from fullreserve.exchange.products.drain_log import (
    DrainLog,
    DrainLogs,
    DrainSum,
    Passes,
    Queued,
    SplitLog,
    SplitLogs,
)
from fullreserve.exchange.products.risk_rules import Whence
from fullreserve.exchange.products.risk_tracing import PassedList
from fullreserve.exchange.wire.commands import Amount, amount_int

DAY_MS = 86_400_000
# Withdrawals that are final and still answered for; records keep all.
FINAL_KEPT = 100_000
MOVED_MAX = 100  # withdrawals that a word of the house moves
QUOTA_USD = 10_000_000 * 10**8  # of who has none of his own
# An owner's that have not come to their end: so many are looked at again and again.
OPEN_PER_OWNER = 100
EDITION = 19  # of the fold's rules, that this version knows
# The edition from which on a review asks again, and no word of the house moves more than a few.
ASKED_AGAIN = 2
BY_A_FEW = 3  # the edition from which on a drain that begins walks its queue a few at a time
# The edition from which on the walk of what waits comes by those whose fee rose.
FEES_WALKED = 4
TRAVEL_SHOWN = 6  # the edition from which on what waits for the travel rule alone is shown so
SMALL_SAVES = 5  # the edition from which on a drain that begins saves for lane S's first request
# The edition from which on a drain lets go what its own suspension holds, for itself alone: what
# several drains hold is paid once each of them has let it go.
EACH_LETS_GO = 7
# The edition from which on the walk of what waits takes back what its owner asked for who owes of
# that asset: it pays the debt.
PAYS_DEBTS = 9
# The edition from which on what a fee fell by comes back under the bill of a canceled withdrawal:
# no freeze and no stop of transfers holds that up, nor with it the word that a chain has paid.
REST_COMES_BACK = 10
# The edition from which on what people refuse of a request in tranches is refused whole, a tranche
# has been let go by whoever let its request go, no quote outlives the queue that it was for, and a
# request is known as long as a tranche of it is open.
OF_ONE_REQUEST = 11
# The edition from which on in a drain that begins those that have waited for long stay in their
# lanes, are paid in tranches too, and have waited since they first came in.
STAYS_IN_LANE = 12
# The edition from which on a tranche that its owner, the rules or people still look at goes back
# into its request as one that nobody looks at does: as soon as anything holds it.
GOES_BACK = 13
# The edition from which on what people look at is shown by who has to: a second reviewer once the
# first has approved, compliance where vendors doubt who is paid, or cannot be asked.
SHOWS_REVIEWERS = 14
# The edition from which on what was bound, and nobody has signed, can be let go by two teams.
LETS_GO_UNSIGNED = 15
# The edition from which on what is asked for in tranches has its fee shared among them without a
# rest also where it was quoted anew, and its owner's one word on a risen fee counts for them all.
ONE_FEE = 16
# The edition from which on what of a request in tranches was let go before its owner agreed to a
# risen fee counts, once it is back, as holding no more than it does: it had counted as if it held
# its share of that, so that of a fee that fell again too little was taken, at worst nothing.
COUNTS_LACKS = 17
KEEPS_LEFT = 18  # the edition from which on what has left in 30 days is kept by owner
# The edition from which on one that is paid follows its chain: a reorganisation may bring it back
# in another block, as another version of its transaction, or at another fee.
FOLLOWS = 19
LEFT_MS = 30 * DAY_MS
SPLITS = 8  # the edition from which on a request may be paid in tranches
TRANCHES_MAX = 10  # payments of a request, for which the house has one fee
# Codes of `Failed` for what the chain did, whatever was signed.
REVERTED, OVERTAKEN = 1, 2
SMALL_USD = 10_000 * 10**8  # up to here an owner's queue drains first in, first out
EVERY_NETWORK = 0
LEDGER_DIGITS = 8


class WithdrawalState(IntEnum):
    """OKX's codes, but for FEE_ROSE and COOLING, which its clients are shown as QUEUED."""

    CANCELED = -2
    FAILED = -1
    QUEUED = 0
    BROADCASTING = 1
    SUCCESS = 2
    REVIEW = 4
    REVIEW_2 = 5
    REVIEW_3 = 6
    APPROVED = 7
    REVIEW_4 = 8
    REVIEW_5 = 9
    WAITING = 10  # approved, to be taken by the payer
    COMPLIANCE = 12
    PENDING = 15  # in a block, not final
    TRAVEL_RULE = 17
    SHORT = 19  # of coins in the hot wallet
    FEE_ROSE = 99  # its owner is to agree to the fee of now, or may cancel it; in no queue
    COOLING = 100  # its owner is to confirm it, or may cancel it for a time; in no queue

    @property
    def shown(self) -> int:
        """As OKX's clients know it."""
        is_ours = self in (WithdrawalState.FEE_ROSE, WithdrawalState.COOLING)
        return WithdrawalState.QUEUED if is_ours else self


REVIEWS = (
    WithdrawalState.REVIEW,
    WithdrawalState.REVIEW_2,
    WithdrawalState.REVIEW_3,
    WithdrawalState.REVIEW_4,
    WithdrawalState.REVIEW_5,
    WithdrawalState.COMPLIANCE,
    WithdrawalState.TRAVEL_RULE,
)
CANCELABLE = (
    WithdrawalState.QUEUED,
    WithdrawalState.TRAVEL_RULE,
    WithdrawalState.SHORT,
    WithdrawalState.COOLING,
    WithdrawalState.FEE_ROSE,
)
FINAL = (WithdrawalState.CANCELED, WithdrawalState.FAILED, WithdrawalState.SUCCESS)


class Refused(IntEnum):
    """Codes of refusals that a user meets; OKX's but for the last three."""

    CLIENT_ID_TAKEN = 50_071
    PARAMETER = 51_000
    NO_ROUTE = 58_200
    QUOTA = 58_201
    RISK = 58_204
    ABOVE = 58_205
    BELOW = 58_206
    NOT_IN_BOOK = 58_207
    SUB_ACCOUNT = 58_209
    CHAIN_STOPPED = 58_214
    UNKNOWN = 58_215
    CREDENTIALS = 58_219
    CANCELED_ALREADY = 58_220
    RECIPIENT = 58_231
    BALANCE = 58_350
    ADDRESS_RISK = 58_217
    ALL_STOPPED = 58_405
    LOCKED = 59_000
    TOO_LATE = 92_010
    TOO_MANY = 92_011
    NOT_CONFIRMING = 92_012


class Withdrawal(msgspec.Struct, array_like=True):
    """`number` is its id, and its place in every queue."""

    number: int
    owner: int
    network: int  # 0: within the exchange
    asset: int
    amount: Amount
    fee: Amount
    kind: int
    destination: int
    usd: int  # at 10^-8 when it was asked for
    requested_ms: int
    changed_ms: int
    version: int  # sequence of the last change
    client: bytes = b""
    by_api: bool = False
    state: int = WithdrawalState.WAITING
    reason: int = 0
    is_approved: bool = True
    is_released: bool = False  # by a drain, before its suspension is lifted
    binding: bytes = b""
    transfer: bytes = b""
    height: int = 0
    network_fee: Amount = b""

    @property
    def is_failed_by_chain(self) -> bool:
        """Whether it failed for what the chain did, and not for people, rules or its own terms."""
        return self.state == WithdrawalState.FAILED and self.reason in (REVERTED, OVERTAKEN)

    @property
    def value(self) -> int:
        return amount_int(self.amount)

    @property
    def total(self) -> int:
        return amount_int(self.amount) + amount_int(self.fee)


class FeeQuote(msgspec.Struct, array_like=True, frozen=True):
    """What a withdrawal costs until then, and between what that may move."""

    least: Amount
    fee: Amount
    most: Amount
    until_ms: int


class Split(msgspec.Struct, array_like=True, frozen=True):
    """A request that may be paid in tranches: what was asked for, and how small a tranche may be.

    No tranche and no rest is smaller than `least`: the least withdrawal of its asset, and a tenth
    of what was asked for. All are multiples of `step`, as the chain can pay.
    """

    amount: Amount
    least: Amount
    step: Amount


class SplitFee(msgspec.Struct, array_like=True, frozen=True):
    """The whole fee that a request in tranches holds, or its owner agreed to last.

    `back`: its tranches that went back into it.
    """

    fee: Amount
    back: tuple[int, ...] = ()


class Left(msgspec.Struct, array_like=True, frozen=True):
    """What was paid of a request, for good."""

    owner: int
    number: int  # the sequence of its first payment
    time_ms: int  # and when that was
    usd: int  # of all of its payments, at 10^-8 when it was asked for


class OwnSettings(msgspec.Struct, array_like=True, frozen=True):
    """What an owner does not allow himself, and until when it only gets stricter."""

    book_only: bool = False  # nothing to users by their id
    usd: int = 0  # in 24 hours, at 10^-8; 0: no limit of his own
    locked_until_ms: int = 0


class WithdrawalsState(State):
    networks: dict[int, DefineNetwork] = msgspec.field(default_factory=dict)
    holds: dict[int, dict[int, Hold]] = msgspec.field(default_factory=dict)
    withdrawals: dict[int, Withdrawal] = msgspec.field(default_factory=dict)
    stops: dict[int, int] = msgspec.field(default_factory=dict)  # owner: until ms
    quotas: dict[int, int] = msgspec.field(default_factory=dict)  # owner: USD; 0: everybody
    short: dict[int, dict[int, bool]] = msgspec.field(default_factory=dict)
    credits: dict[int, dict[int, dict[int, Amount]]] = msgspec.field(default_factory=dict)
    drains: DrainLogs = msgspec.field(default_factory=dict)
    asks_policy: bool = False
    judged: dict[int, int] = msgspec.field(default_factory=dict)  # open ones: DecisionState
    edition: int = 0
    passes: Passes = msgspec.field(default_factory=dict)
    own: dict[int, OwnSettings] = msgspec.field(default_factory=dict)
    whence: dict[int, Whence] = msgspec.field(default_factory=dict)  # of open ones, if known
    fees: dict[int, dict[int, FeeQuote]] = msgspec.field(default_factory=dict)
    # What is taken of open ones, where a later quote was less than what they hold.
    requoted: dict[int, Amount] = msgspec.field(default_factory=dict)
    # Ticks after which a request of a drain comes first, by suspension, network and asset.
    max_waits: dict[int, dict[int, dict[int, int]]] = msgspec.field(default_factory=dict)
    # Of open ones, the drains that have let them go: the sequences at which these opened.
    released: dict[int, tuple[int, ...]] = msgspec.field(default_factory=dict)

    # Requests that may be paid in tranches, tranches with their requests, and what of them the
    # logs of drains have.
    splits: dict[int, Split] = msgspec.field(default_factory=dict)
    parts: dict[int, int] = msgspec.field(default_factory=dict)
    split_logs: SplitLogs = msgspec.field(default_factory=dict)
    # What people have agreed that open ones be let go of; what any was let go of, for as long as it
    # is known.
    may_unbind: dict[int, bytes] = msgspec.field(default_factory=dict)
    unbound: dict[int, tuple[bytes, ...]] = msgspec.field(default_factory=dict)
    split_fees: dict[int, SplitFee] = msgspec.field(default_factory=dict)  # by request
    # Of open ones of these, what each holds less than its share of the fee agreed to last.
    lacking: dict[int, Amount] = msgspec.field(default_factory=dict)
    left: dict[int, Left] = msgspec.field(default_factory=dict)  # by request; who left first first

    def request_of(self, number: int) -> int:
        """What was asked for, of which a withdrawal is a tranche; else the withdrawal itself."""
        return self.parts.get(number, number)

    def split_of(self, one: Withdrawal) -> Split | None:
        """Of a tranche's request, or of one of which a tranche was made."""
        found = self.splits.get(self.request_of(one.number))
        return None if found is None or found.amount == one.amount else found

    def lack_of(self, number: int) -> int:
        """What it holds less than its share of the fee that was agreed to last."""
        return amount_int(self.lacking[number]) if number in self.lacking else 0

    def max_wait_of(self, suspension: int, network: int, asset: int) -> int:
        """Of one line; 0: it has no bound."""
        return self.max_waits.get(suspension, {}).get(network, {}).get(asset, 0)


class ListWithdrawals(Question, frozen=True, tag=20):
    """-> list[Withdrawal], newest change first, of one owner or all (0).

    A page ends where a command's changes end, above `limit` if need be; the next one
    is `changed_before` the last one's version (0: from the newest).
    """

    owner: int
    changed_after: int  # sequence
    limit: int
    changed_before: int = 0


class ListReceived(Question, frozen=True, tag=49):
    """-> list[Withdrawal] to one owner within the exchange, newest change first.

    `changed_before`: as of `ListWithdrawals`.
    """

    receiver: int
    changed_after: int  # sequence
    limit: int
    changed_before: int = 0


class GetWithdrawal(Question, frozen=True, tag=21):
    """-> Withdrawal | None"""

    number: int


class FindWithdrawal(Question, frozen=True, tag=22):
    """-> Withdrawal | None, by the owner's client id's hash."""

    owner: int
    client: bytes


class GetRequest(Question, frozen=True, tag=70):
    """-> Withdrawal | None: what was asked for, whole, of which a withdrawal is a tranche.

    Its number, amount and USD are those of the request, all else is the withdrawal's.
    """

    number: int


class ListParts(Question, frozen=True, tag=71):
    """-> list[Parts], of each withdrawal."""

    numbers: tuple[int, ...]
    now_ms: int = 0  # 0: without the fees of now


class GetSplits(Question, frozen=True, tag=72):
    """-> SplitLog, what the logs of a suspension's drain have of tranches."""

    suspension: int


class ListBindings(Question, frozen=True, tag=73):
    """-> list[Binding], of each withdrawal."""

    numbers: tuple[int, ...]


class Binding(msgspec.Struct, array_like=True, frozen=True):
    """What a withdrawal is bound to, or b"", whether people let it go of that, and what it was.

    `unbound` are the bindings that it was let go of.
    """

    binding: bytes = b""
    may_unbind: bool = False
    unbound: tuple[bytes, ...] = ()


class Parts(msgspec.Struct, array_like=True, frozen=True):
    """What is known of a withdrawal's tranches.

    `request`: of which it is one; 0: of none. `asked`: what was asked for, of one that may be paid
    in tranches and of these; empty of others. `parts`: its tranches; `paid`: what was sent of them,
    and of itself, or is about to be; `left`: what of them is to be sent still. `fee`: what the
    owner is asked to agree to, for all of a request that waits for that, or would; `held`: what
    that holds. Empty: nothing is asked for it.
    """

    request: int = 0
    asked: Amount = b""
    parts: tuple[int, ...] = ()
    paid: Amount = bytes(16)
    fee: Amount = b""
    held: Amount = b""
    left: Amount = bytes(16)


class ListPay(Question, frozen=True, tag=23):
    """-> list[Pay] of a network that are to be paid or on their way, in the queue's order."""

    network: int
    after: int
    limit: int
    bound: bool | None = None  # only those that are, or are not


class GetQuota(Question, frozen=True, tag=24):
    """-> Quota of an owner at a time."""

    owner: int
    now_ms: int


class GetOwnSettings(Question, frozen=True, tag=60):
    """-> OwnSettings"""

    owner: int


class ListFees(Question, frozen=True, tag=61):
    """-> list[Fee] that are in force at a time, of what was quoted."""

    now_ms: int


class Fee(msgspec.Struct, array_like=True, frozen=True):
    """What withdrawals of an asset on a network cost."""

    network: int
    asset: int
    quote: FeeQuote


class GetPlace(Question, frozen=True, tag=25):
    """-> Place | None in the queue of its asset on its network."""

    number: int


class ListQueue(Question, frozen=True, tag=40):
    """-> list[Queued], approved ones in state 0, in the queue's order."""

    after: int = 0  # a withdrawal's number
    limit: int = 0  # 0: all
    network: int = 0  # 0: every one
    asset: int = 0  # 0: every one


class GetSmallest(Question, frozen=True, tag=50):
    """-> Queued | None, the smallest in USD in state 0 on a network; of an asset, or any (0)."""

    network: int
    asset: int = 0


class ListSums(Question, frozen=True, tag=45):
    """-> list[Sum] of what waits in state 0, or of what is bound, by network and asset."""

    bound: bool


class NextSettled(Question, frozen=True, tag=46):
    """-> int, the last that a `Settle` of so many behind a number looks at; 0: there is none."""

    after: int
    most: int


class NextDue(Question, frozen=True, tag=62):
    """-> Due, of the same at a time: nothing has to be said where a `Settle` changes nothing."""

    after: int
    most: int
    now_ms: int
    left: tuple[int, ...] = ()


class GetDrains(Question, frozen=True, tag=41):
    """-> dict[int, dict[int, DrainLog]] of a suspension, by network and asset."""

    suspension: int


class SumDrains(Question, frozen=True, tag=48):
    """-> list[DrainSum] of a suspension: how far its drain is, without its ticks."""

    suspension: int


class ListShort(Question, frozen=True, tag=26):
    """-> list[Pay], of each asset of a network that its hot wallet is short of the oldest."""

    network: int


class ListBehind(Question, frozen=True, tag=66):
    """-> list[Pay], of what waits for an asset's hot wallet and for nothing else, by number."""

    network: int
    asset: int
    after: int
    limit: int


class GetDemand(Question, frozen=True, tag=47):
    """-> Demand, what of an asset on a network is bound, and what waits for its hot wallet."""

    network: int
    asset: int
    since_ms: int = 0


class Demand(msgspec.Struct, array_like=True, frozen=True):
    """Sums of what withdrawals are to pay."""

    bound: Amount
    short: Amount
    waiting: Amount = bytes(16)  # to be taken by the payer
    taken: Amount = bytes(16)  # asked for after `since_ms` of the last day, and not given back


class ListUndecided(Question, frozen=True, tag=27):
    """-> list[Undecided], what the policy, or people by its word, decide of.

    First those that were not asked about, the oldest first, so that nobody's hide them; then those
    that were, from behind `after` on. At most `limit` of each.
    """

    limit: int
    after: int = 0  # a withdrawal's number


class Undecided(msgspec.Struct, array_like=True, frozen=True):
    """`is_asked`: the policy was heeded; `judged` is the DecisionState that was, 0 before."""

    withdrawal: int
    owner: int
    network: int
    destination: int
    is_asked: bool
    judged: int = 0
    request: int = 0  # that the policy is asked about
    state: int = 0


class ListOpen(Question, frozen=True, tag=28):
    """-> list[Withdrawal] that have not come to their end, the oldest first."""

    after: int  # a withdrawal's number
    limit: int


class GetAsker(Question, frozen=True, tag=51):
    """-> Asker | None, who asked for a withdrawal that is open."""

    number: int


class ListPassed(Question, frozen=True, tag=52):
    """-> PassedList, what an owner sent to other owners by id after a time, or had of them.

    Of the newest `limit` withdrawals of the owner, or transfers to the owner.
    """

    owner: int
    since_ms: int
    limit: int
    is_sent: bool


class GetHistory(Question, frozen=True, tag=74):
    """-> History, what of an owner's has left after a time of the last 30 days."""

    owner: int
    since_ms: int


class History(msgspec.Struct, array_like=True, frozen=True):
    """Requests, and USD at 10^-8 that were paid of them."""

    count: int = 0
    usd: int = 0


class Asker(msgspec.Struct, array_like=True, frozen=True):
    """`stopped_until_ms`: the newest stop behind a change of credentials, also if over; 0: none."""

    whence: Whence
    stopped_until_ms: int


class Quota(msgspec.Struct, array_like=True, frozen=True):
    """USD at 10^-8 in 24 hours."""

    limit: int
    used: int
    stopped_until_ms: int  # after a change of credentials; 0: not


class Place(msgspec.Struct, array_like=True, frozen=True):
    """`usd` is what its owner has in the same queue, at 10^-8."""

    position: int  # from 1
    ahead: Amount
    usd: int = 0


class Sum(msgspec.Struct, array_like=True, frozen=True):
    """How many withdrawals and for how much; `oldest` is the first one's number."""

    network: int
    asset: int
    count: int
    amount: Amount
    oldest: int


AnyQuestion = (
    ListNetworks
    | ListWithdrawals
    | ListReceived
    | GetWithdrawal
    | FindWithdrawal
    | ListPay
    | GetQuota
    | GetOwnSettings
    | ListFees
    | GetPlace
    | ListQueue
    | GetDrains
    | SumDrains
    | ListShort
    | ListBehind
    | ListUndecided
    | ListOpen
    | HasForgotten
    | ListSums
    | NextSettled
    | NextDue
    | GetDemand
    | GetSmallest
    | GetAsker
    | GetHistory
    | ListPassed
    | GetRequest
    | ListParts
    | GetSplits
    | ListBindings
)

ANSWERS: dict[type[Question], object] = {
    ListNetworks: list[NetworkState],
    ListWithdrawals: list[Withdrawal],
    ListReceived: list[Withdrawal],
    GetWithdrawal: Withdrawal | None,
    FindWithdrawal: Withdrawal | None,
    ListPay: list[Pay],
    GetQuota: Quota,
    GetOwnSettings: OwnSettings,
    ListFees: list[Fee],
    GetPlace: Place | None,
    ListQueue: list[Queued],
    GetDrains: dict[int, dict[int, DrainLog]],
    SumDrains: list[DrainSum],
    ListShort: list[Pay],
    ListBehind: list[Pay],
    ListUndecided: list[Undecided],
    ListOpen: list[Withdrawal],
    ListSums: list[Sum],
    NextSettled: int,
    NextDue: Due,
    GetSmallest: Queued | None,
    GetDemand: Demand,
    GetAsker: Asker | None,
    GetHistory: History,
    ListPassed: PassedList,
    GetRequest: Withdrawal | None,
    ListParts: list[Parts],
    GetSplits: SplitLog,
    ListBindings: list[Binding],
}

decode_question = msgspec.msgpack.Decoder(AnyQuestion).decode
