"""Goal: a move whose fee was raised is known as paid, whatever is kept of what was signed for it.

Method: a script wallet's real holders sign a move and sign it again; blocks that are made here hold
the second one, and the nodes that tell of them are outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from fullreserve.custody.addresses import UtxoAddresses
from fullreserve.custody.chains.adapter import Attempt, Plan
from fullreserve.custody.chains.adapter import Move as PlanMove
from fullreserve.custody.chains.rpc import NodeRefuses
from fullreserve.custody.chains.utxo import UtxoChain
from fullreserve.custody.chains.utxo_reading import Terms as UtxoTerms
from fullreserve.custody.chains.utxo_transaction import Body, Coin, Pays, binding
from fullreserve.custody.hd import Private
from fullreserve.custody.hot_sweeps import KEY
from fullreserve.custody.keys.ending_commands import copied
from fullreserve.custody.keys.intent import Intent
from fullreserve.custody.keys.kept_moves import Kept, Sent
from fullreserve.custody.keys.move_commands import posted
from fullreserve.custody.keys.move_endings import of_refill, of_sweep
from fullreserve.custody.keys.move_standing import EARLIER_MS, standing
from fullreserve.custody.keys.moves import BadMove
from fullreserve.custody.keys.pushing import STUCK_AFTER, Asks, pushed
from fullreserve.custody.keys.record import UTXO, Entry, Record, TierWallet
from fullreserve.custody.keys.tier_signer import Proposal
from fullreserve.custody.networks import Network
from fullreserve.custody.payer import Payer
from fullreserve.custody.payer_desk import Run, Terms
from fullreserve.custody.store import Store
from fullreserve.custody.tiers import spending
from fullreserve.custody.tiers.wallet import Wallet
from fullreserve.custody.units import Scale
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.custody_wire import Tier
from fullreserve.exchange.products.tier_moves_wire import Move, MoveState
from fullreserve.exchange.wire.commands import amount_bytes, amount_int
from tests.integration.custody.holders import people
from tests.unit.custody.made_blocks import HOUR_S, Blocks
from tests.unit.custody.test_tier_places import STRANGER, spent, transaction

NETWORK, COIN, UNIT, FINAL, RATE = 3, 4, 10**6, 2, 7
HOLDERS = people(3)
WARM = Wallet(2, tuple(one.key for one in HOLDERS))
HOT = b"\x00\x20" + b"h" * 32
FEE = 7_000


def network() -> Network:
    return Network(
        network=NETWORK, kind="utxo", nodes=(), branches=(), decimals={COIN: 8}, coin=COIN,
        credit_after=1, unlock_after=FINAL,
    )  # fmt: skip


class Raised:
    """A refill of hot that hung and was signed again; the block that holds the second one is next.

    `kept` is what the worker has of it, `lost` what is left of that without its own files.
    """

    def __init__(self, folder: Path) -> None:
        self.chain = Blocks()
        funded = self.chain.mine(WARM.place(0), amount=9 * UNIT)
        coin = Coin(spent(funded)[:32][::-1], 0, 9 * UNIT, 0)
        record = Record.of(folder)
        tier = TierWallet(NETWORK, "warm", UTXO, 2, (), WARM, "rltc", 0)
        record.append(Entry(0, 1, "ceremony", "", wallets=(tier,)))
        spend = spending.planned(WARM, [coin], [Pays(HOT, 4 * UNIT)], WARM.place(0), RATE)
        intent = Intent(1, NETWORK, "warm", "hot", COIN, HOT, 4 * UNIT, "exchange", "policy", 1, 1)
        self.lost = Kept(Proposal(intent, (), spend), since=0)
        first = spending.completed(WARM, spend, self.parts(self.lost.proposal))
        sent = Sent(first.txid, first.raw, spend.fee, 0)
        before = msgspec.structs.replace(self.lost, sent=(sent,))
        while len(self.chain.raw) <= STUCK_AFTER:
            self.chain.mine(STRANGER)
        self.kept = pushed(self.chain, before, Asks(record, None, RATE, self.parts), ())
        amount = amount_bytes(4 * UNIT)
        self.move = Move(1, NETWORK, COIN, Tier.WARM, Tier.HOT, amount, 0, 1, 1)
        self.move = msgspec.structs.replace(
            self.move, state=MoveState.BOUND, binding=self.lost.proposal.binding
        )

    def parts(self, proposal: Proposal) -> Sequence[bytes]:
        assert proposal.spend is not None
        return [one.signs(WARM, proposal.spend) for one in HOLDERS[:2]]

    def mine(self, fee: int, script: bytes = HOT) -> None:
        """What a block holds of it: without its witness, which no name of it covers."""
        spend = self.lost.proposal.spend
        assert spend is not None
        raised = msgspec.structs.replace(spend, pays=(Pays(script, 4 * UNIT),), left=5 * UNIT - fee)
        self.chain.hold(spending.unsigned(WARM, raised).tx.serialize())


@pytest.fixture
def raised(tmp_path: Path) -> Raised:
    return Raised(tmp_path)


def test_what_hangs_is_signed_again_with_a_higher_fee(raised: Raised) -> None:
    """Criterion: CUST-HANG-1. Of a script wallet: the rest pays it, and the coins are the same."""
    first, second = raised.kept.sent
    assert second.fee > first.fee
    assert second.txid != first.txid
    raised.mine(second.fee)
    taken = standing(raised.chain, raised.kept.proposal, 0)
    assert taken is not None
    assert (taken.txid, taken.fee, taken.is_ours) == (second.txid, second.fee, True)


def test_a_move_that_was_paid_is_not_overtaken_where_its_files_are_lost(raised: Raised) -> None:
    """Criterion: CUST-HANG-7. By its coins and its payment, not by what is kept of it."""
    raised.mine(raised.kept.sent[-1].fee)
    raised.chain.mine(STRANGER)
    nodes = [raised.chain, raised.chain]
    for kept in (raised.kept, raised.lost):
        assert of_refill(network(), nodes, raised.move, kept, 1).state == MoveState.DONE


def test_what_pays_another_place_overtakes(raised: Raised) -> None:
    """Criterion: CUST-HANG-7"""
    raised.mine(raised.kept.sent[-1].fee, STRANGER)
    raised.chain.mine(STRANGER)
    found = of_refill(network(), [raised.chain], raised.move, raised.lost, 1)
    assert found.state == MoveState.OVERTAKEN


def test_a_raised_transaction_is_posted_with_what_it_cost(raised: Raised) -> None:
    """Criterion: CUST-POST-1. Final, and by its name."""
    sent = raised.kept.sent[-1]
    proposal = raised.lost.proposal
    with pytest.raises(NodeRefuses):
        posted(raised.chain, proposal, sent.txid, FINAL)
    raised.mine(sent.fee)
    with pytest.raises(BadMove, match=f"1 of {FINAL}"):
        posted(raised.chain, proposal, sent.txid, FINAL)
    raised.chain.mine(STRANGER)
    seen = posted(raised.chain, proposal, sent.txid, FINAL)
    assert seen.fee == sent.fee > raised.kept.sent[0].fee


def test_another_transaction_is_not_posted(raised: Raised) -> None:
    """Criterion: CUST-POST-1. However final it is."""
    for raw in (raised.chain.mine(HOT, amount=4 * UNIT), raised.chain.mine(STRANGER)):
        for _ in range(FINAL):
            raised.chain.mine(STRANGER)
        with pytest.raises(BadMove, match="did not carry out"):
            posted(raised.chain, raised.lost.proposal, spent(raw)[:32][::-1], FINAL)


def test_a_copy_is_looked_for_from_the_hour_of_its_move(raised: Raised, tmp_path: Path) -> None:
    """Criterion: CUST-HANG-8. Blocks are an hour apart; some hours before it are looked at too."""
    path, chain = tmp_path / "1.move", raised.chain
    path.write_bytes(msgspec.json.encode(raised.lost.proposal))
    while len(chain.raw) < 40:
        chain.mine(STRANGER)
    move = msgspec.structs.replace(raised.move, decided_ms=20 * HOUR_S * 1_000)
    kept = copied(path, chain, move)
    assert kept.since == 20 - EARLIER_MS // (HOUR_S * 1_000)
    asked = chain.asked
    assert standing(chain, kept.proposal, kept.since) is None
    assert chain.asked - asked == 40 - kept.since


# Sweeps of hot


class Hears:
    """What the payer says to the exchange and to who decides sweeps."""

    def __init__(self) -> None:
        self.said: list[wire.Moved] = []
        self.states: list[bool] = []

    async def moved(self, *payloads: wire.Moved) -> Sequence[int]:
        self.said += payloads
        return [0] * len(payloads)

    async def report(self, *payloads: wire.Payload) -> Sequence[int]:
        return [0] * len(payloads)

    async def ended(self, plan: Plan, name: bytes, *, is_paid: bool) -> None:
        self.states.append(is_paid)


class Unindexed(Blocks):
    """A node that knows no transaction by its name; the sweep's coins are spent."""

    def __init__(self) -> None:
        super().__init__(index=False)

    def call(self, method: str, *params: Any) -> Any:
        return None if method == "gettxout" else super().call(method, *params)


class Swept:
    """A sweep of hot that was bound; a block holds one whose fee nobody here knows of."""

    def __init__(self, folder: Path, script: bytes) -> None:
        self.node, coin = Unindexed(), Coin(b"c" * 32, 1, 9 * UNIT)
        body = Body((coin,), (Pays(WARM.place(0), 4 * UNIT),), 5 * UNIT - 900)
        plan = Plan(NETWORK, (), binding(body.inputs), msgspec.msgpack.encode(body), body.fee)
        move = PlanMove(COIN, Tier.HOT, Tier.WARM, f"{KEY}1", 4 * UNIT)
        self.plan = msgspec.structs.replace(plan, move=move)
        rest = (5 * UNIT - FEE, HOT)
        self.node.hold(transaction([coin.outpoint()], [(4 * UNIT, script), rest]))
        self.node.mine(STRANGER)
        genesis = self.node.call("getblockhash", 0)
        places = UtxoAddresses([Private.of_seed(b"hot" * 11).public()], 1, "rltc")
        self.chain = UtxoChain(self.node, places, UtxoTerms(NETWORK, COIN, bytes.fromhex(genesis)))
        self.heard = Hears()
        self.store = Store(folder / "payer.sqlite")
        terms = Terms({COIN: Scale(8)}, COIN, FINAL)
        heard = cast("Any", self.heard)
        self.payer = Payer(
            self.chain, self.store, heard, self.signs, terms, b"salt", self.chain, heard
        )

    def signs(self, plan: Plan) -> Attempt:
        raise AssertionError("it is signed for already")

    async def followed(self) -> None:
        await self.payer._outcomes._coins_taken(Run(self.store.keep_plan(self.plan), []))
        self.store.close()


async def test_a_sweep_that_was_paid_is_not_overtaken(tmp_path: Path) -> None:
    """Criterion: CUST-HANG-7. Of a payer's store from a backup; the ledger has its real fee."""
    swept = Swept(tmp_path, WARM.place(0))
    await swept.followed()
    assert swept.heard.states == [True]
    assert [amount_int(one.network_fee) for one in swept.heard.said] == [FEE]


async def test_a_sweep_whose_coins_went_elsewhere_is_overtaken(tmp_path: Path) -> None:
    """Criterion: CUST-HANG-7"""
    swept = Swept(tmp_path, STRANGER)
    await swept.followed()
    assert swept.heard.states == [False]
    assert swept.heard.said == []


@pytest.mark.parametrize(
    ("script", "state"),
    [(WARM.place(0), MoveState.DONE), (STRANGER, MoveState.OVERTAKEN)],
)
def test_operators_end_no_sweep_that_was_paid(
    tmp_path: Path, script: bytes, state: MoveState
) -> None:
    """Criterion: CUST-HANG-7. A store from a backup names none of what was signed."""
    swept = Swept(tmp_path, script)
    amount = amount_bytes(4 * UNIT)
    move = Move(1, NETWORK, COIN, Tier.HOT, Tier.WARM, amount, 0, 1, 1)
    move = msgspec.structs.replace(move, state=MoveState.BOUND, binding=swept.plan.binding)
    assert of_sweep(network(), [swept.chain], move, swept.plan, (), 1).state == state
    swept.store.close()
