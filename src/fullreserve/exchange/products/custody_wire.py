"""What the folds of deposits and withdrawals and the custody workers say to each other.

Everything is numbers and hashes. A transaction is known by its `transfer`: BLAKE2b-256, keyed with
the data folder's salt, over (network, transaction id, output or log index). Address text, memos and
transaction ids stay in the workers' stores and the identity vault. A block is known by its height
and its 32-byte hash.

A payload is the `payload` of a `Product` command, `owner` of which is the house for what a worker
or an operator says, and the user for what a user asks. One space of tags for both folds: what comes
to the wrong one is refused. Every report of a worker may be repeated: again, it changes nothing and
is answered with code 0.

Units: amounts are at the asset's ledger scale, 16 bytes, big-endian, signed (`amount_bytes`);
`dust` is what of an amount on the chain lies below the ledger scale, in the chain's own units.
"""

from __future__ import annotations

from enum import IntEnum

import msgspec

from fullreserve.exchange.products.risk_rules import Whence
from fullreserve.exchange.wire.commands import Amount

DEPOSITS = 3  # number of the fold
WITHDRAWALS = 4

HOUSE_INDEX = 0  # the house's own address on every network; users' count up from 1


class Tier(IntEnum):
    """Where coins lie; each is a kind of account of the house, its instance the network."""

    DEPOSIT = 0  # addresses of users, not swept yet
    HOT = 1
    WARM = 2
    COLD = 3


class Destination(IntEnum):
    """What the number of a destination names."""

    ADDRESS_BOOK = 0  # an entry in the identity vault
    OWNER = 1  # a user of the exchange


class Payload(msgspec.Struct, array_like=True, frozen=True, tag_field="message"):
    """Base of the payloads; fields are appended with defaults, tags are never reused."""


class NetworkAsset(msgspec.Struct, array_like=True, frozen=True):
    """An asset on a network."""

    asset: int
    decimals: int  # of the chain's own unit
    minimum_deposit: Amount  # less is kept until the sum reaches it
    fee: Amount  # fixed; nobody is charged more or less
    minimum: Amount  # of a withdrawal, fee not included
    maximum: Amount  # of one withdrawal
    digits: int  # of a withdrawal's amount after the point


class DefineNetwork(Payload, frozen=True, tag=1):
    """By the house, to both folds: adds a network or replaces its terms."""

    network: int
    code: str  # "ERC20": the part of OKX's `chain` behind the currency
    credit_after: int  # confirmations until it can be traded
    unlock_after: int  # and until it can be withdrawn
    needs_memo: bool
    gas_asset: int  # that network fees are paid in
    assets: tuple[NetworkAsset, ...]


class Hold(Payload, frozen=True, tag=2):
    """By the house, to the fold that it concerns: stops a network, or an asset on it.

    Deposits are seen and wait (8). Withdrawals are taken and wait (0), or with `refuses` are not
    taken. `until_ms` is what users are told (0: not known); nothing is lifted by itself.
    """

    network: int  # 0: every one; of withdrawals only
    asset: int  # 0: all of the network's
    stopped: bool
    refuses: bool = False
    until_ms: int = 0


# Deposits, from users and the house


class AssignAddress(Payload, frozen=True, tag=10):
    """By a user: gives the owner an address index on a network; once, for ever."""

    network: int


class Claim(Payload, frozen=True, tag=11):
    """By the house: what came without a memo, or with one that is nobody's, is this owner's."""

    network: int
    transfer: bytes
    owner: int


class Stop(Payload, frozen=True, tag=12):
    """By the house: a deposit goes to the owner's frozen account with a state (11, 13 or 14).

    1 frees it, whether it is credited by then or not. Before edition 3 12 was one of them, and
    before edition 4 13 was none. From edition 6 on it may only be stricter than what was said
    before (11, 13, 14), and one that is not screened yet still is: the stricter of both stays.
    """

    network: int
    transfer: bytes
    state: int


class Screened(Payload, frozen=True, tag=16):
    """By the house: what vendors say of an unscreened deposit: 1, or a state that stops it.

    What was screened meanwhile stays as it is, and what people said where that is stricter (before
    edition 6: in any case). `kyc`, with 14: the level of identity with which it is its owner's.
    """

    network: int
    transfer: bytes
    state: int
    kyc: int = 0


class Settle(Payload, frozen=True, tag=13):
    """By the house, to either fold: goes on with what waited for a suspension that ended.

    Of withdrawals, what is stopped goes back into its queue as well. `most` are looked at that wait
    behind the number `after`, and `NextSettled` says where the next word begins; 0, as logs from
    before have it: all at once. Withdrawals on the networks that are `left` stay as they are: it is
    not known what those have paid since a backup was put back.
    """

    after: int = 0
    most: int = 0
    left: tuple[int, ...] = ()


# Deposits, from the watcher


class Seen(Payload, frozen=True, tag=20):
    """A payment to one of our addresses, in the mempool (height 0) or in a block.

    Again with another height when it moved to another block. `index` is the address index; on a
    network with memos all share index 0 and `memo_number` is the owner's (0: it had none).
    `unscreened`: it is no user's before a `Screened` says what its senders are.
    """

    network: int
    transfer: bytes
    asset: int
    index: int
    memo_number: int
    amount: Amount
    dust: int
    height: int
    block_hash: bytes
    unscreened: bool = False


class Confirmed(Payload, frozen=True, tag=21):
    """Has reached at least so many confirmations; sent at the network's two thresholds."""

    network: int
    transfer: bytes
    confirmations: int


class Orphaned(Payload, frozen=True, tag=22):
    """The block at `height` that held it is no longer in the chain; it may come back."""

    network: int
    transfer: bytes
    height: int


class Replaced(Payload, frozen=True, tag=23):
    """Another transaction took its inputs: it can never confirm."""

    network: int
    transfer: bytes


class Tip(Payload, frozen=True, tag=24):
    """The newest block; at most once for each. `healthy`: two nodes agree and are not behind."""

    network: int
    height: int
    block_hash: bytes
    healthy: bool


class Moved(Payload, frozen=True, tag=25):
    """A confirmed transaction between our own tiers; amount 0 when it only burned its fee."""

    network: int
    transfer: bytes
    asset: int
    source: int  # Tier
    target: int  # Tier
    amount: Amount
    network_fee: Amount  # in the gas asset, paid by `source`
    announced: int = 0  # the announced move that it was, which has ended with it
    # What a token's contract took of it on the way: it left `source` too, and is the house's cost.
    taken: Amount = bytes(16)


class Funded(Payload, frozen=True, tag=26):
    """Coins came to a tier that are no user's deposit; credits the treasury.

    `unasked`: in logs from before `CameUnasked`, strangers sent them; nobody allots those.
    """

    network: int
    transfer: bytes
    asset: int
    tier: int
    amount: Amount
    unasked: bool = False


# Moves between tiers by hand


class Announce(Payload, frozen=True, tag=27):
    """By the house: operators have agreed on a move by people, before anything of it is signed.

    `number` is its own for ever, that of their proposal; again with the same terms it changes
    nothing. The source pays the network's fee within the band; 0 to 0 where others pay it.
    """

    network: int
    number: int
    asset: int
    source: int  # Tier, not DEPOSIT
    target: int
    amount: Amount
    fee_least: Amount  # in the gas asset
    fee_most: Amount
    lasts_ms: int  # from this command on


class SawAnnounced(Payload, frozen=True, tag=28):
    """By the watcher: after the block at `height` the chain holds what the move leaves."""

    network: int
    number: int
    height: int


class EndAnnounced(Payload, frozen=True, tag=29):
    """By the house: an announced move counts no more.

    `expired`: its time is over, and it was not seen; else an operator says so.
    """

    network: int
    number: int
    expired: bool = False


class Lost(Payload, frozen=True, tag=15):
    """By the house: operators have agreed that coins of a tier are gone for good.

    `number` is their proposal's; again with the same terms it changes nothing. `account` is the
    kind of house account that pays as far as it has it; the rest is booked as a loss.
    """

    network: int
    number: int
    asset: int
    tier: int  # Tier
    amount: Amount
    transfer: bytes  # keyed hash of the transaction that took them
    account: int
    note: int = 0  # of the audit entry that names the transaction
    voices: tuple[int, ...] = ()  # who proposed it, then who agreed, by uid


# Coins that strangers sent


class CameUnasked(Payload, frozen=True, tag=17):
    """Coins that nobody asked for came to a tier; credits what was received of nobody known."""

    network: int
    transfer: bytes
    asset: int
    tier: int
    amount: Amount


class Allotted(Payload, frozen=True, tag=18):
    """By the house: operators have agreed whose such coins are, all of them or some.

    `number` is their proposal's; again with the same terms it changes nothing.
    """

    network: int
    number: int
    transfer: bytes  # of `CameUnasked`
    owner: int  # the house: the exchange's own
    amount: Amount
    voices: tuple[int, ...]  # who proposed it, then who agreed, by uid


# Withdrawals, from users and the house


class Request(Payload, frozen=True, tag=30):
    """By a user: holds amount and fee at once.

    `client` is a keyed hash of the clientId (empty: none): asking again makes no second one.
    """

    network: int  # 0: to a user of the exchange
    asset: int
    amount: Amount
    fee: Amount  # as the user saw it; another than the network's is refused
    kind: int  # Destination
    destination: int
    client: bytes = b""
    by_api: bool = False
    from_book: bool = False  # to a user, who was found by an address of the sender's book
    whence: Whence = Whence()
    allow_split: bool = False  # a drain may pay it in tranches; from edition 8 on, on a chain


class Cancel(Payload, frozen=True, tag=31):
    """By a user, while it waits (0, 17, 19; also for a confirmation or a delay, shown as 0)."""

    withdrawal: int


class Decide(Payload, frozen=True, tag=32):
    """By the house: what the policy or a reviewer says of a withdrawal that waits for it.

    `state` is 7 (approved), 4, 5, 6, 8, 9 or 12 (reviews), 17 (travel rule) or -1 (refused).
    """

    withdrawal: int
    state: int
    reason: int = 0


class StopOwner(Payload, frozen=True, tag=33):
    """By the house: no withdrawals until then, after a change of credentials (58219)."""

    owner: int
    until_ms: int


class SetQuota(Payload, frozen=True, tag=34):
    """By the house: USD in 24 hours, at 10^-8; owner 0: everybody without one of his own."""

    owner: int
    usd: int


class Drain(Payload, frozen=True, tag=35):
    """By the house: takes the next of an asset's queue, in fair order, up to a budget.

    From edition 3 on it looks at a few only, and pays when it comes to the queue's end (`SumDrains`
    tells): it is to be said again until then. `suspension` is whose drain it is, 0 in logs from
    before words named it: the first one's that drains there. `max_wait`, of a drain's first
    word: after so many ticks a request comes before both lanes; 0: never. From edition 7 on a line
    pays once in the interval of its plan; what is said between is refused (93018).
    """

    network: int
    asset: int
    budget: Amount
    slots: int  # transactions
    suspension: int = 0
    max_wait: int = 0  # ticks


class RequirePolicy(Payload, frozen=True, tag=36):
    """By the house: from here on nothing is bound that the policy has not let through.

    And the fold goes by a later edition of its rules. 1: an owner has a bounded number of open
    requests. 2: what was let through before people had to look at it is asked about again; `Hold`
    says what is to be stopped, and those that wait follow by `Settle`; no word moves all at once.
    3: a drain that begins walks its queue a few at a time, and is a suspension's. 5: in a drain
    that begins lane S saves for its first request. 6: what people look at for the travel rule alone
    waits in state 17, in which its owner may cancel it. 7: what several drains hold waits until
    each has let it go, and none pays sooner than its plan says. 8: a request may be paid in
    tranches. 9: what waits of an owner who owes of its asset is refunded, and pays that. 10: that a
    chain has paid is taken of whom transfers are stopped for too, though his fee fell meanwhile.
    11: what people refuse of a request in tranches is refused whole. 12: in a drain that begins who
    has waited for long keeps his share of lane L, or his place in lane S. 13: a tranche that is
    looked at goes back into its request when a suspension comes again. 14: what people look at has
    the state of who has to: 4, 5 once the first of several has approved, 12 for compliance. 15:
    what nothing was signed for can be let go of its binding. 16: a request in tranches has one fee
    to the last unit, and is agreed to once where that rose. 17: what was let go of it before that,
    and goes back, counts as holding its old share. 18: what has left in 30 days is kept by owner.
    19: what is paid follows its chain to another block or another version of its transaction.
    """

    edition: int = 0


class Heed(Payload, frozen=True, tag=37):
    """By the house: goes by what the policy has decided of a withdrawal, which the fold asks for.

    Again, or of one that is bound or over, it changes nothing.
    """

    withdrawal: int


class LimitOwn(Payload, frozen=True, tag=60):
    """By a user, to withdrawals: what of his own he does not allow; None leaves it as it is.

    `book_only`: nothing goes to users by their id. `usd`: in 24 hours, at 10^-8; 0: no limit of
    his own. While it is locked it only gets stricter (59000).
    """

    book_only: bool | None = None
    usd: int | None = None


class LockSettings(Payload, frozen=True, tag=61):
    """By a user: for so many days (1 to 30) nothing of the above is loosened; never shorter."""

    days: int


class QuoteFee(Payload, frozen=True, tag=62):
    """By the house: what a withdrawal of an asset costs on a network until then, within bounds.

    At most an hour ahead. While no quote is in force the fixed fee of the terms is.
    """

    network: int
    asset: int
    least: Amount
    fee: Amount
    most: Amount
    until_ms: int


class AgreeToFee(Payload, frozen=True, tag=63):
    """By a user: what a withdrawal of his, which waits for this word, costs now is taken too."""

    withdrawal: int
    fee: Amount  # the whole fee; another than it costs now is refused


# Withdrawals, from the payer


class Bound(Payload, frozen=True, tag=40):
    """The withdrawal is paid by this input set, or this (lane, nonce), and by nothing else.

    To be accepted (code 0) before anything is signed. Repeating it with the same binding changes
    nothing; with another it is refused, as it is for what is not to be paid (any more).
    """

    withdrawal: int
    binding: bytes  # 32 bytes


class FoundPaid(Payload, frozen=True, tag=47):
    """The chain has paid the withdrawal, as was found after a backup was put back.

    It is bound to what paid it, whatever it waits for: its owner, people or a suspension can end it
    no more, and where it could not have been bound (`Bound`) no signer signs anything for it. Again
    it changes nothing; of what is over, or bound to something else, it is refused.

    With an `amount` it has paid that much of a request that may be paid in tranches: a tranche of
    it is made, which the binding and the amount tell from others, and bound.
    """

    withdrawal: int
    binding: bytes  # 32 bytes
    amount: Amount = b""


class MayUnbind(Payload, frozen=True, tag=48):
    """By the house: two teams have agreed that a withdrawal may be let go of what it is bound to.

    `proposal` is theirs, as the fold of approvals has it, approved and not yet reported. Again it
    changes nothing; of what was given to the network, or is bound to something else, it is refused.
    """

    withdrawal: int
    binding: bytes  # 32 bytes
    proposal: int


class Unbound(Payload, frozen=True, tag=49):
    """Nothing was signed for the withdrawal, and nothing will be: it is to be planned anew.

    Taken after `MayUnbind` alone. What it was bound to is never bound to it again.
    """

    withdrawal: int
    binding: bytes  # 32 bytes


class Broadcast(Payload, frozen=True, tag=41):
    """Given to the network; again, with another `transfer`, for each replacement."""

    withdrawal: int
    transfer: bytes
    network_fee: Amount


class Included(Payload, frozen=True, tag=42):
    """In a block at `height`; 0: no longer in any."""

    withdrawal: int
    transfer: bytes
    height: int


class Paid(Payload, frozen=True, tag=43):
    """Final. `network_fee` is this withdrawal's share of the transaction's, in the gas asset."""

    withdrawal: int
    transfer: bytes
    height: int
    network_fee: Amount


class Short(Payload, frozen=True, tag=44):
    """The hot wallet cannot pay what is not bound yet: those wait in state 19.

    The oldest `most` of them at once; 0, as logs from before have it: all.
    """

    network: int
    asset: int
    most: int = 0


class Refilled(Payload, frozen=True, tag=45):
    """The hot wallet can pay again: the oldest `most` go on, or into the queue of what stops them.

    It counts as short until nobody waits any more. 0, as logs from before have it: all go on.
    """

    network: int
    asset: int
    most: int = 0


class Covered(Payload, frozen=True, tag=64):
    """The hot wallet can pay this one, of those in state 19, though not an older one: it goes on.

    Or into the queue of what stops it. The others wait as before.
    """

    withdrawal: int


class Failed(Payload, frozen=True, tag=46):
    """It will never be paid: the hold goes back.

    Of a bound one only with its binding and `conflict`, the transfer that spent the same inputs or
    nonce and is final.
    """

    withdrawal: int
    code: int
    binding: bytes = b""
    conflict: bytes = b""


# What the payer reads


class Pay(msgspec.Struct, array_like=True, frozen=True):
    """A withdrawal to be paid from the hot wallet, in the fold's order.

    Without `binding` nothing was signed for it; with one, only what conflicts with the first may
    be. `transfer` is that of the newest broadcast.
    """

    withdrawal: int
    network: int
    asset: int
    amount: Amount  # what arrives
    destination: int  # entry of the identity vault's address book
    binding: bytes
    transfer: bytes
    owner: int = 0


class AdoptDeposits(Payload, frozen=True, tag=14):
    """By the house, to deposits: from here on the fold goes by an edition of its rules.

    1: a block credits nothing by itself, and a `Settle` goes on with a few that wait.
    2: what a frozen account keeps is no change of each of those.
    3: what came while its owner was frozen is his once he is not, when it is looked at; so no
    `Stop` says that state (12) any more.
    4: a `Stop` may say 13.
    """

    edition: int


AnyDeposits = (
    DefineNetwork
    | Hold
    | AssignAddress
    | Claim
    | Stop
    | Settle
    | Seen
    | Confirmed
    | Orphaned
    | Replaced
    | Tip
    | Moved
    | Funded
    | Announce
    | SawAnnounced
    | EndAnnounced
    | AdoptDeposits
    | Lost
    | Screened
    | CameUnasked
    | Allotted
)
AnyWithdrawals = (
    DefineNetwork
    | Hold
    | Request
    | Cancel
    | Decide
    | StopOwner
    | SetQuota
    | Drain
    | RequirePolicy
    | Heed
    | LimitOwn
    | LockSettings
    | QuoteFee
    | AgreeToFee
    | Settle
    | Bound
    | FoundPaid
    | MayUnbind
    | Unbound
    | Broadcast
    | Included
    | Paid
    | Short
    | Refilled
    | Covered
    | Failed
)

decode_deposits = msgspec.msgpack.Decoder(AnyDeposits).decode
decode_withdrawals = msgspec.msgpack.Decoder(AnyWithdrawals).decode
encode_payload = msgspec.msgpack.Encoder().encode
