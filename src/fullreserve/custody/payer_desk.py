"""What a payer works with on one network, and whom it tells of what it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from fullreserve.custody.chains.adapter import Attempt, Chain, Move, Plan
from fullreserve.custody.hot_sweeps import number_of, sweep_number
from fullreserve.custody.store import End, Kept, Store
from fullreserve.custody.transfers import transfer
from fullreserve.custody.units import Scale
from fullreserve.custody.waits import Waits
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.tier_moves_wire import Marks
from fullreserve.exchange.products.withdrawal_state import Binding
from fullreserve.exchange.worker_files import Why

BUMP_AFTER = 3  # blocks without being in one
FINAL_AFTER = 12


class Exchange(Protocol):
    """The payer's side of the door."""

    async def report(self, *payloads: wire.Payload) -> Sequence[int]:
        """The replies' codes, 0 once it is durable; raises door.protocol.Unavailable."""

    async def moved(self, *payloads: wire.Moved) -> Sequence[int]:
        """The same of coins that went from one place of ours to another."""

    async def pending(self, network: int) -> Sequence[wire.Pay]:
        """What is to be paid or under way, in the queue's order."""

    async def unpaid(self, network: int) -> Sequence[wire.Pay]:
        """All that is neither bound nor over, whatever it waits for; what is to be paid first."""

    async def under_way(self, network: int) -> Sequence[wire.Pay]:
        """All that is bound and not over."""

    async def tranche(self, request: int, amount: bytes, binding: bytes) -> int:
        """The number of what the chain has paid of a request; 0 where it is not paid in tranches.

        It is made and bound if it was not; raises door.protocol.Unavailable.
        """

    async def bindings(self, withdrawals: Sequence[int]) -> Sequence[Binding]:
        """What each is bound to, was let go of, and may be."""

    async def starved(self, network: int) -> Sequence[wire.Pay]:
        """Of each asset that the hot wallet was short of, the first that waits for it."""

    async def behind(self, network: int, asset: int, after: int, limit: int) -> Sequence[wire.Pay]:
        """What waits for an asset's hot wallet and for nothing else, by number."""

    async def free(self, network: int, asset: int) -> int:
        """What hot has of an asset beside payments that are bound or to be bound, by the ledger."""

    async def marks(self, network: int, asset: int) -> Marks | None:
        """The rule by which hot is refilled; None where nothing says so."""

    async def stop(self, evidence: Mapping[str, object]) -> bool:
        """Whether withdrawals of the network are suspended now: what was final is not."""

    async def destination(self, pay: wire.Pay) -> tuple[str, str]:
        """Address and memo; BadAddress when there is none that may be paid."""


class Sweeps(Protocol):
    """Who decides and binds sweeps of the hot wallet itself."""

    async def bind(self, plan: Plan) -> int:
        """0 once it is bound; raises door.protocol.Unavailable."""

    def waits(self, number: int, why: Why, detail: str) -> None:
        """What one waits for."""

    def goes(self, number: int, *, is_included: bool) -> None:
        """A node has it, or a block."""

    async def is_over(self, plan: Plan) -> bool:
        """Whether a bound one of which nothing is signed ends unpaid."""

    async def ended(self, plan: Plan, name: bytes, *, is_paid: bool) -> None:
        """What is final of it, by name."""


class NotSigned(Exception):
    """Too few signers signed; the message says what they said. It is asked again."""


class Terms(NamedTuple):
    """How a network is paid on."""

    scales: Mapping[int, Scale]  # by asset
    gas_asset: int
    final_after: int = FINAL_AFTER
    bump_after: int = BUMP_AFTER


class Run:
    """A plan on its way; `attempts` are what was signed for it, and whether it was told."""

    def __init__(self, kept: Kept, attempts: list[tuple[Attempt, bool]]) -> None:
        self.kept = kept
        self.attempts = attempts
        self.is_outbid = False  # a node wants a higher fee, as it holds another that takes the same

    @property
    def plan(self) -> Plan:
        return self.kept.plan

    @property
    def newest(self) -> Attempt:
        return self.attempts[-1][0]

    @property
    def untold(self) -> list[Attempt]:
        """What the exchange does not know of, and a node perhaps neither."""
        return [attempt for attempt, told in self.attempts if not told]

    @property
    def told(self) -> list[Attempt]:
        """What a node took, so that it may be in a block one day."""
        return [attempt for attempt, told in self.attempts if told]


class Desk(NamedTuple):
    """Of one network."""

    chain: Chain
    store: Store
    exchange: Exchange
    terms: Terms
    salt: bytes
    sweeps: Sweeps | None
    waits: Waits

    def say_held(self, move: Move | None, why: Why, detail: str) -> None:
        """What a sweep of hot waits for; nothing of any other move."""
        number = sweep_number(move.key) if move is not None else 0
        if number and self.sweeps is not None:
            self.sweeps.waits(number, why, detail)

    def say_going(self, runs: Sequence[Run], *, is_included: bool) -> None:
        """Of those that are sweeps of hot: a node has them, or a block."""
        for number in filter(None, (number_of(run.plan) for run in runs)):
            if self.sweeps is not None:
                self.sweeps.goes(number, is_included=is_included)

    async def report(self, words: Sequence[wire.Payload]) -> Sequence[int]:
        """The exchange's codes; Unavailable."""
        return await self.exchange.report(*words) if words else ()

    def finish(self, done: Sequence[Kept], ends: Mapping[int, End] | None = None) -> None:
        """Nothing about these plans may change any more, but by a chain that leaves their blocks.

        `ends` by plan; of what ended without a block there is none.
        """
        with self.store.together():
            for kept in done:
                kept.is_done = True
                self.store.change(kept)
                if ends and kept.id in ends:
                    self.store.keep_end(kept, ends[kept.id])

    def drop(self, kept: Kept) -> None:
        """Nothing was signed for this plan, and nothing will be."""
        self.waits.forget(kept.id)
        self.store.drop(kept)

    def name(self, txid: bytes) -> bytes:
        """What the journal calls a transaction."""
        return transfer(self.salt, self.chain.network, txid)

    def cost(self, fee: int, withdrawals: int = 0) -> int:
        """A withdrawal's share of a fee in ledger units; the whole of a move's."""
        return self.terms.scales[self.terms.gas_asset].cost(-(-fee // max(1, withdrawals)))
