"""What every chain looks like to the watcher and the payer.

A chain of one of this source's families (`families`) is added by `custody.json` alone. Another
family is one class that fulfils `Chain`, one that fulfils `Addresses`, a policy for signers, and a
`Family` that names them: one Python file of the data folder, which `custody.json` names by its hash
(`adapter_files`; `examples/adapters/` has one to begin from). Each has to pass the conformance
suite, which runs on a bed that says how to pay and to mine there.

Amounts here are in the chain's own units. Every method may raise what `rpc.NodeProblem` stands for:
a node that is down, that answers nonsense, or that refuses.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec

from fullreserve.custody.addresses import Addresses
from fullreserve.custody.chains.rpc import NodeRefuses
from fullreserve.custody.chains.worth import Worth
from fullreserve.exchange.products.custody_wire import Tier

T = TypeVar("T")


class Block(NamedTuple):
    """A block of one chain; hashes as bytes in the order in which people write them."""

    height: int
    hash: bytes
    parent: bytes


class Deposit(msgspec.Struct, array_like=True, frozen=True):
    """A payment to one of our addresses; one of no transaction has its block's hash as `txid`.

    `spends` are what the transaction takes and no other can take too: outpoints, or the sender's
    nonce. Who takes one of them elsewhere has replaced it.
    """

    txid: bytes
    output: int  # output or log; -1: the transaction's own value; less: of no transaction
    asset: int
    index: int
    memo: int
    amount: int
    spends: tuple[bytes, ...]
    # What the sender wrote where a memo belongs, of those that are nobody's; for people to read.
    written: str = ""


class Scan(NamedTuple):
    """What a block held for us."""

    deposits: list[Deposit]
    taken: dict[bytes, bytes]  # of the spends that were asked for: which transaction took each
    transactions: int
    runs_code: bool = False  # contracts may have sent coins that no transaction names


class Incoming(NamedTuple):
    """What a transaction from outside brought to one of our tiers, of one asset, in its units.

    What came by no transaction has its block's hash as `txid`.
    `number` tells apart what one brought to several, or in several assets.
    """

    txid: bytes
    number: int
    tier: int
    asset: int
    amount: int


def gathered(came: Iterable[tuple[bytes, int, int, int]]) -> list[Incoming]:
    """Payments as (txid, tier, asset, amount), summed; numbered in the order in which they came."""
    sums: dict[tuple[bytes, int, int], int] = {}
    for txid, tier, asset, amount in came:
        sums[txid, tier, asset] = sums.get((txid, tier, asset), 0) + amount
    seen: Counter[bytes] = Counter()
    found = []
    for (txid, tier, asset), amount in sums.items():
        found.append(Incoming(txid, seen[txid], tier, asset, amount))
        seen[txid] += 1
    return found


SENDERS_MAX = 50  # of a deposit, that are told


class Senders(NamedTuple):
    """Who paid a deposit, as people write their addresses; `is_whole`: these are all of them."""

    addresses: tuple[str, ...]
    is_whole: bool


class Payment(msgspec.Struct, array_like=True, frozen=True):
    """What a withdrawal is to pay: to a place of the chain (account or script), in its units."""

    withdrawal: int
    asset: int
    amount: int
    place: bytes
    memo: str = ""  # as the receiver's side wrote it


GAS = "gas/"  # before the account of a lane that was left, in the key of what it is given


class Move(msgspec.Struct, array_like=True, frozen=True):
    """Coins that go from one place of ours to another; tiers as the exchange numbers them.

    `key` names the user's address that it is about, as `holdings` does; "": several.
    """

    asset: int
    source: int
    target: int
    key: str
    amount: int

    @property
    def is_within(self) -> bool:
        """Whether it stays in its tier, which loses its fee alone."""
        return self.source == self.target

    @property
    def is_of_users(self) -> bool:
        """Whether it moves coins of users' addresses."""
        return self.source == Tier.DEPOSIT

    @property
    def is_gas(self) -> bool:
        """Whether it pays the way of what is to be swept."""
        return (self.source, self.target) == (Tier.HOT, Tier.DEPOSIT) or self.key.startswith(GAS)


class Plan(msgspec.Struct, array_like=True, frozen=True):
    """How withdrawals are paid by one transaction, which only its own replacements may follow.

    `body` is the chain's own description of it, unsigned; `binding` is the hash of the inputs or
    the (lane, nonce), the same for every replacement; `fee` is what it costs at most. A plan with a
    `move` pays no withdrawal.
    """

    network: int
    withdrawals: tuple[int, ...]
    binding: bytes
    body: bytes
    fee: int
    move: Move | None = None


class Attempt(NamedTuple):
    """A signed transaction."""

    txid: bytes
    raw: bytes


class Standing(msgspec.Struct, array_like=True, frozen=True):
    """What became of a plan.

    `height` is that of the block that holds one of its attempts (0: none does), `block` its hash,
    `txid` which.
    `paid` is false when the transaction is in a block and did nothing, as a reverted call.
    `taken_by` is a foreign transaction that took its inputs or nonce. `known`: a node holds it.
    One that makes the same payment with the same nonce is none, whoever kept what was signed.
    """

    known: bool = False
    height: int = 0
    confirmations: int = 0
    txid: bytes = b""
    fee: int = 0
    paid: bool = True
    taken_by: bytes = b""
    block: bytes = b""
    came: int = -1  # of a token's transfer what its target got by the token's word; -1: all


class Out(NamedTuple):
    """What one transaction pays to one place; `is_ours`: it stays with us."""

    payment: Payment  # of no withdrawal yet
    is_ours: bool


class Departed(NamedTuple):
    """A transaction out of the hot wallet as a block has it; `body` is the chain's plan of it.

    `others` are further bindings under which it may have been signed, coins being added later.
    """

    attempt: Attempt
    binding: bytes
    body: bytes
    fee: int
    outs: tuple[Out, ...]
    others: tuple[bytes, ...] = ()

    @property
    def bindings(self) -> tuple[bytes, ...]:
        return (self.binding, *self.others)


class Spender(NamedTuple):
    """A transaction that took a plan's inputs, in the block at `height`; `depth` counts that one.

    `is_ours`: it does all that the plan does, at whatever `fee`. `paid` are those of the plan's
    withdrawals that it pays. `fee` is 0 where it does not take all the inputs, before any others.
    """

    txid: bytes
    height: int
    depth: int
    is_ours: bool = False
    fee: int = 0
    paid: tuple[int, ...] = ()
    block: bytes = b""


class Asked(NamedTuple):
    """A plan whose standing is asked for, with the ids of all that was signed for it."""

    plan: Plan
    attempts: Sequence[bytes]


class Halted(NamedTuple):
    """A token that its issuer keeps places of hot from sending; `able` others can send it still.

    None can where it is paused.
    """

    asset: int
    places: tuple[str, ...]
    able: int


class Unpayable(ValueError):
    """No transaction can pay this; the message says why. Nothing was signed."""


class HotShort(Unpayable):
    """The hot wallet holds too little of `asset`."""

    def __init__(self, asset: int, message: str) -> None:
        super().__init__(message)
        self.asset = asset


class Chain(ABC):
    """One network, seen through one node."""

    addresses: Addresses
    network: int
    is_script = False  # as its family says
    batch_max = 1  # withdrawals that one transaction may pay
    proves_taken = False  # whether `Standing.taken_by` is final
    proves_scan = False  # whether a block's hash proves what `scan` says of it

    # Watching

    @abstractmethod
    def tip(self) -> Block:
        """The newest block."""

    @abstractmethod
    def block(self, height: int) -> Block | None:
        """None beyond the tip."""

    @abstractmethod
    def scan(self, block: Block, spends: Mapping[bytes, bytes]) -> Scan:
        """What exactly this block holds; `spends` maps those to look for to who had them."""

    def internal(self, block: Block) -> list[Deposit] | None:  # noqa: ARG002 - the interface
        """Deposits that no transaction of a block names, as its contracts sent them; NodeProblem.

        Each spends its height alone, which another block takes. None: the node says that it has
        not kept a state so old.
        """
        return []

    def apart(self) -> Chain:
        """The same with connections of its own, for who asks for long while others ask as well."""
        return self

    @abstractmethod
    def incoming(self, block: Block, tiers: Mapping[bytes, int]) -> list[Incoming]:
        """What this block brought from outside to places of our tiers, by place; NodeProblem.

        What any address of ours sent is none of it.
        """

    def incoming_internal(
        self,
        block: Block,  # noqa: ARG002 - the interface
        tiers: Mapping[bytes, int],  # noqa: ARG002 - the interface
    ) -> list[Incoming] | None:
        """The same of what no transaction of a block names, as its contracts sent it; NodeProblem.

        Named by the block's hash and numbered by its tier. Nothing of a block in which a place of
        ours lost some in a way that is not known. None: the node has not kept a state so old.
        """
        return []

    @abstractmethod
    def senders(self, txid: bytes) -> Senders:
        """Who sent a transaction that brought a deposit; NodeProblem.

        Nobody, and not whole, for a deposit of no transaction.
        """

    @abstractmethod
    def departed(self, block: Block) -> list[Departed]:
        """What this block holds that was sent from the hot wallet, by whomever; NodeProblem."""

    @abstractmethod
    def outs(self, plan: Plan) -> tuple[Out, ...]:
        """What a plan pays, as `departed` has it of its transaction."""

    @abstractmethod
    def is_leaving(self, known: Sequence[Plan]) -> bool:
        """Whether something out of the hot wallet is in no block yet, by its node; NodeProblem.

        Nothing that takes the nonce, or the coins, that a plan of `known` is bound to.
        """

    @abstractmethod
    def know(self, count: int) -> None:
        """Look for the addresses of all indexes below `count` from now on."""

    @abstractmethod
    def balances(self, places: Sequence[bytes], block: Block) -> Mapping[tuple[bytes, int], int]:
        """What places of ours hold after a block, by place and asset."""

    def used(
        self,
        places: Sequence[bytes],  # noqa: ARG002 - the interface
        block: Block,  # noqa: ARG002 - the interface
    ) -> Mapping[bytes, int]:
        """How many nonces each account has used after a block; NodeProblem.

        Nothing where that cannot be told: what left by none of our plans is a difference then,
        and no spend that is known by name. Chains of scripts are asked for their coins instead.
        """
        return {}

    def used_by_safes(
        self,
        places: Sequence[bytes],  # noqa: ARG002 - the interface
        block: Block,  # noqa: ARG002 - the interface
    ) -> Mapping[bytes, int]:
        """How many transactions each Safe has carried out after a block; other accounts none."""
        return {}

    def nonce_of(self, plan: Plan) -> tuple[bytes, int] | None:  # noqa: ARG002 - the interface
        """The account that a plan is sent from, and its nonce, as `used` counts it."""
        return None

    # Paying

    @abstractmethod
    def sweeps(self, indexes: Sequence[int], bound: Sequence[Plan], worth: Worth) -> list[Plan]:
        """Plans that bring what users' addresses hold to the hot wallet, as far as it is worth it.

        The most worth first. Where an address cannot pay for that itself, what it needs is brought
        there first.
        """

    def not_signed(self, plan: Plan) -> bool:  # noqa: ARG002 - the interface
        """Nobody signed a plan, which was dropped: whether later ones go another way first."""
        return False

    def why_kept(self, plan: Plan) -> str:  # noqa: ARG002 - the interface
        """Why what a plan of which nothing was signed pays may not be planned anew; "": it may.

        It may where its account pays no more, and no node says that its nonce is taken.
        """
        return "it is bound to coins, which other plans may need"

    def next_nonce(self, plan: Plan) -> int:  # noqa: ARG002 - the interface
        """The first nonce of its account that nothing takes, in a block or before; NodeProblem."""
        raise NodeRefuses(0, "this chain's nonces are not told")

    @abstractmethod
    def plan(self, payments: Sequence[Payment], bound: Sequence[Plan]) -> Plan:
        """A plan that takes nothing that a plan of `bound` has taken; HotShort, Unpayable."""

    def room(self, asset: int, bound: Sequence[Plan]) -> int | None:  # noqa: ARG002 - the interface
        """The most of an asset that one transaction can take beside `bound`; None: all there is."""
        return None

    def carries(self, plans: Sequence[Plan]) -> list[bool]:
        """Whether each moves something as the chain is now: its source has that; NodeProblem."""
        return [True] * len(plans)

    def halted(self) -> list[Halted]:
        """What hot holds now and may not send, whose withdrawals wait; NodeProblem."""
        return []

    def previous(self, plan: Plan) -> tuple[bytes, ...]:  # noqa: ARG002 - the interface
        """The transactions that made the coins that a plan spends, for signers; NodeProblem.

        None where an account is spent from, whose signature commits to all there is.
        """
        return ()

    @abstractmethod
    def payment_cost(self, asset: int) -> int:
        """What paying one withdrawal of an asset costs now, in units of the chain's coin."""

    @abstractmethod
    def bumped(self, plan: Plan, bound: Sequence[Plan] = ()) -> Plan:
        """The same inputs or nonce with a fee that replaces it; Unpayable above the fee cap.

        What it may take beside those is nothing that a plan of `bound` has taken.
        """

    def eased(self, plans: Sequence[Plan]) -> list[Plan]:
        """The same inputs or nonces at the fee of now, where that is lower; else as they are.

        For those that nobody has signed: what they were planned with may be above what signers
        allow. NodeProblem.
        """
        return list(plans)

    def child(
        self,
        plan: Plan,  # noqa: ARG002 - the interface
        attempts: Sequence[Attempt],  # noqa: ARG002 - the interface
    ) -> Plan | None:
        """A move that spends the change of one of a plan's attempts, with a fee for both.

        For what waits at a node that takes no replacement; None where it has no change, or where
        the next transaction does not pay for the one before, as of accounts. Unpayable.
        """
        return None

    def parents(self, plan: Plan) -> frozenset[bytes]:  # noqa: ARG002 - the interface
        """The ids of the transactions that made what a plan spends; accounts: none."""
        return frozenset()

    def consolidation(self, bound: Sequence[Plan]) -> list[Plan]:  # noqa: ARG002 - the interface
        """A move that makes one coin of many small ones of hot, while fees are low."""
        return []

    @abstractmethod
    def without(self, plan: Plan, withdrawal: int) -> Plan | None:
        """The same inputs or nonce without one of the withdrawals, nothing being signed yet.

        None: nothing is left to pay.
        """

    @abstractmethod
    def broadcast(self, attempt: Attempt) -> None:
        """Gives it to the node; giving it again changes nothing."""

    @abstractmethod
    def standing(self, plan: Plan, attempts: Sequence[bytes]) -> Standing:
        """What became of it; `attempts` are the ids of all that was signed for it."""

    def spender(self, plan: Plan, since: int) -> Spender | None:  # noqa: ARG002 - the interface
        """What took any of a plan's inputs in block `since` or later; chains of accounts say None.

        Those name it by `Standing.taken_by`.
        """
        return None

    def cancelled(self, plan: Plan) -> Plan | None:  # noqa: ARG002 - the interface
        """The same nonce with a higher fee, paying nobody; None where coins are taken instead.

        Unpayable above the fee cap.
        """
        return None

    def moved(self, plan: Plan, fee: int) -> int:  # noqa: ARG002 - the interface
        """What a plan that is a move brings to its target when it costs this fee."""
        return plan.move.amount if plan.move is not None else 0

    def fillers(self, bound: Sequence[Plan]) -> list[Plan]:  # noqa: ARG002 - the interface
        """Moves that pay nobody, for places in line that were given up and hold others up."""
        return []

    # Many at once, for adapters that can ask their node for all of them in one exchange.

    def plan_all(
        self, batches: Sequence[Sequence[Payment]], bound: Sequence[Plan]
    ) -> list[Plan | Unpayable]:
        """`plan` for each, none taking what another has taken; why not, where it cannot be."""
        taken, made = list(bound), list[Plan | Unpayable]()
        for batch in batches:
            try:
                plan = self.plan(batch, taken)
            except Unpayable as problem:
                made.append(problem)
            else:
                made.append(plan)
                taken.append(plan)
        return made

    def broadcast_all(self, attempts: Sequence[Attempt]) -> list[NodeRefuses | None]:
        """`broadcast` of each; the refusals."""
        return [_refusal(self.broadcast, one) for one in attempts]

    def standing_all(self, asked: Sequence[Asked]) -> list[Standing | NodeRefuses]:
        """`standing` of each."""
        return [_refusal(self.standing, *one) for one in asked]


def _refusal(call: Callable[..., T], *arguments: Any) -> T | NodeRefuses:
    try:
        return call(*arguments)
    except NodeRefuses as refusal:
        return refusal
