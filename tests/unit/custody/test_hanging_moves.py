"""Goal: no move hangs for ever, and none is ended that could still be paid.

Method: the log's fold on a bed, the real worker over a Safe and the real payer of gas; the nodes
are outside, and say of nonces and blocks what a test wants. Then the ending that operators ask for,
over the same nodes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from eth_account import Account

from fullreserve.custody.addresses import account_of
from fullreserve.custody.chains.rpc import Node, NodeRefuses
from fullreserve.custody.hd import Private
from fullreserve.custody.keccak import keccak256
from fullreserve.custody.keys.gas import FEE_MAX, PAYER, Bid, FeeCap, FileGas
from fullreserve.custody.keys.kept_moves import Kept
from fullreserve.custody.keys.key_file import FileDevice
from fullreserve.custody.keys.move_commands import posted, told_of
from fullreserve.custody.keys.move_endings import Ending, NotProven, of_refill
from fullreserve.custody.keys.move_standing import standing
from fullreserve.custody.keys.moves import BadMove
from fullreserve.custody.keys.pushing import STUCK_AFTER
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products import tier_moves_wire as moves
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.exchange.worker_files import Held, Stage
from fullreserve.gateway.held_moves import gas_short, held
from tests.unit.custody.refill_world import COIN, FINAL, TOKEN, URL, Refills

GAS = FileGas(
    FileDevice(Path("gas"), {PAYER: Private.of_seed(b"who pays the gas in these tests.")})
)
TO, DATA = b"s" * 20, b"call"


class Mempool(Node):
    """A Safe's nonce, the payer's, and what a node was given; blocks are as many as `height`."""

    def __init__(self) -> None:
        super().__init__(URL)
        self.nonce, self.used, self.pending, self.height = 0, 0, 0, 1
        self.since = 0  # height from which on the Safe's nonce is what it is
        self.base = 10**9
        self.has = 10**18  # of who pays the gas
        self.given: dict[str, None] = {}
        self.logs: list[dict[str, Any]] = []  # of the one receipt that it has

    def call(self, method: str, *params: Any) -> Any:
        if method == "eth_call":
            of = self.height if params[1] == "latest" else int(params[1], 16)
            return "0x" + (self.nonce if of >= self.since else 0).to_bytes(32, "big").hex()
        if method == "eth_getTransactionReceipt":
            return {"blockNumber": "0x1", "logs": self.logs} if self.logs else None
        if method == "eth_sendRawTransaction":
            if not self.has:
                raise NodeRefuses(-32003, "insufficient funds for gas")
            self.given[params[0]] = None
            return "0x"
        told: dict[str, Any] = {
            "eth_blockNumber": hex(self.height),
            "eth_getLogs": [],
            "eth_estimateGas": hex(90_000),
            "eth_gasPrice": hex(self.base),
            "eth_chainId": "0x1",
            "eth_getBalance": hex(self.has),
        }
        if method == "eth_getTransactionCount":
            return hex(self.pending if params[1] == "pending" else self.used)
        return told[method]


@pytest.fixture
async def refills(tmp_path: Path) -> AsyncIterator[Refills]:
    """A refill of the coin that is signed and that a node was given, with the payer's nonce 0."""
    made = await Refills.open(tmp_path)
    made.worker._terms = made.worker._terms._replace(gas=GAS)
    nodes = [Mempool(), Mempool()]
    made.worker._node, made.worker._second = nodes
    await made.wanted(COIN)
    for _ in range(2):
        await made.worker.round()
    (move,) = await made.known()
    made.signed(move)
    await made.worker.round()
    assert len(nodes[0].given) == 1
    yield made
    await made.bed.close()


def nodes_of(refills: Refills) -> list[Mempool]:
    found = [refills.worker._node, refills.worker._second]
    return [one for one in found if isinstance(one, Mempool)]


async def kept(refills: Refills) -> Kept:
    (move,) = [one for one in await refills.known() if one.asset == COIN]
    found = refills.worker._kept.find(move.number)
    assert found is not None
    return found


async def bids(refills: Refills) -> list[Bid]:
    return [one.bid for one in (await kept(refills)).sent if one.bid is not None]


async def test_a_nonce_of_gas_that_another_transaction_used_is_given_up(refills: Refills) -> None:
    """Criterion: CUST-HANG-1. Who pays the gas paid something else with it; the next one is taken.

    Holders are not asked again: their time may be over.
    """
    node = nodes_of(refills)[0]
    node.used, node.pending = 1, 2
    refills.bed.clock.advance(moves.LASTS_MS)  # type: ignore[attr-defined]
    await refills.worker.round()
    assert [one.nonce for one in await bids(refills)] == [0, 2]
    assert len(node.given) == 2
    await refills.worker.round()
    assert len(await bids(refills)) == 2


async def test_what_hangs_is_replaced_with_a_higher_fee(refills: Refills) -> None:
    """Criterion: CUST-HANG-1. On the same nonce, after some blocks and not before."""
    node = nodes_of(refills)[0]
    node.height += STUCK_AFTER - 1
    await refills.worker.round()
    assert len(await bids(refills)) == 1
    node.height += 1
    await refills.worker.round()
    first, second = await bids(refills)
    assert second.nonce == first.nonce == 0
    assert second.fee * 10 >= first.fee * 11
    assert second.tip * 10 >= first.tip * 11
    assert await refills.states() == [moves.MoveState.BOUND]


async def test_what_stands_behind_a_lost_nonce_takes_its_place(refills: Refills) -> None:
    """Criterion: CUST-HANG-1. Unless another move has that nonce, which is sent anew by itself."""
    node = nodes_of(refills)[0]
    before = Bid(nonce=3, tip=1, fee=1)
    assert GAS.again(node, TO, DATA, before, others={0}) is None
    made = GAS.again(node, TO, DATA, before, others={3})
    assert made is not None
    assert made.bid.nonce == 0
    with pytest.raises(FeeCap):
        GAS.again(node, TO, DATA, Bid(nonce=0, tip=1, fee=FEE_MAX), others=())


async def test_who_pays_the_gas_may_be_gone_for_ever(refills: Refills) -> None:
    """Criterion: CUST-GONE-4. Another's account takes over what was sent; owners sign no more."""
    node = nodes_of(refills)[0]
    node.height += STUCK_AFTER
    heir = FileDevice(Path("heir"), {PAYER: Private.of_seed(b"who pays the gas from now on....")})
    refills.worker._terms = refills.worker._terms._replace(gas=FileGas(heir))
    for one in (refills.folder / "custody-moves").glob("*.part"):
        one.unlink()
    await refills.worker.round()
    sent = [Account.recover_transaction(one) for one in node.given]
    paid = account_of(heir.public(PAYER)).hex()
    assert len(sent) == 2
    assert sent[0].lower() != sent[1].lower() == f"0x{paid}"


async def test_a_nonce_that_is_lost_is_not_believed_before_it_is_deep(refills: Refills) -> None:
    """Criterion: CUST-HANG-2. By the followed node and by the second one, in its own blocks."""
    first, second = nodes_of(refills)
    first.height = second.height = 20
    first.nonce, first.since = 1, 20
    second.nonce, second.since = 1, 20
    await refills.worker.round()
    assert (await refills.states())[0] == moves.MoveState.BOUND
    first.height += FINAL - 1
    await refills.worker.round()
    assert (await refills.states())[0] == moves.MoveState.BOUND
    second.height += FINAL - 1
    await refills.worker.round()
    assert (await refills.states())[0] == moves.MoveState.OVERTAKEN


async def test_what_cannot_be_signed_anew_holds_up_no_other_move(refills: Refills) -> None:
    """Criterion: CUST-HANG-1. As a call that would revert now."""
    node = nodes_of(refills)[0]
    node.height += STUCK_AFTER

    def refuses(method: str, *params: Any, told: Any = node.call) -> Any:
        if method == "eth_estimateGas":
            raise NodeRefuses(3, "execution reverted")
        return told(method, *params)

    node.call = refuses  # type: ignore[method-assign]
    await refills.wanted(TOKEN)
    await refills.worker.round()
    assert len(await bids(refills)) == 1
    assert len(await refills.known()) == 2


def shown(refills: Refills) -> dict[int, Held]:
    return held(refills.folder, 1)


async def test_what_holds_a_move_is_shown_until_it_goes_on(refills: Refills) -> None:
    """Criterion: CUST-HANG-6. By the worker's word, from its file; what has ended is forgotten."""
    (move,) = await refills.known()
    assert shown(refills)[move.number] == Held(stage=Stage.SENT)
    first, second = nodes_of(refills)
    first.height = second.height = first.since = 20
    first.nonce = 1
    await refills.worker.round()
    assert shown(refills)[move.number].why == "taken"
    assert not shown(refills)[move.number].detail, "what it says is all that there is to say"
    first.height += FINAL
    await refills.worker.round()
    assert (shown(refills)[move.number].why, shown(refills)[move.number].stage) == (
        "differ",
        "sent",
    )
    second.nonce = 1
    second.height += FINAL
    for _ in range(2):
        await refills.worker.round()
    assert move.number not in shown(refills)


async def test_one_that_nobody_can_pay_the_gas_of_alarms_until_it_goes_on(
    refills: Refills,
) -> None:
    """Of what hangs. With who is to have how much. Criterion: CUST-HANG-10."""
    (move,) = await refills.known()
    node = nodes_of(refills)[0]
    node.height, node.has = node.height + STUCK_AFTER, 0
    await refills.worker.round()
    assert shown(refills)[move.number].why == "gas"
    (said,) = gas_short(refills.folder).values()
    assert " pays the gas and has 0 of the " in said
    assert "--payer" in said
    assert len(await bids(refills)) == 1
    node.height, node.has = node.height + STUCK_AFTER, 10**18
    await refills.worker.round()
    assert len(await bids(refills)) == 2
    assert gas_short(refills.folder) == {}


# What operators ask for


async def ending(
    refills: Refills, nodes: Sequence[Node], now_ms: int | None = None, *, sent: bool = True
) -> Ending:
    worker = refills.worker
    known = await kept(refills)
    if not sent:
        known = msgspec.structs.replace(known, sent=())
    (move,) = await refills.known()
    network = worker._terms.network
    now = move.decided_ms if now_ms is None else now_ms
    return of_refill(network, nodes, move, known, now)


async def test_what_can_still_be_paid_is_not_ended(refills: Refills) -> None:
    """Criterion: CUST-HANG-3. Each reason in words; then it is proven, by every node."""
    nodes = nodes_of(refills)
    late = moves.LASTS_MS + (await refills.known())[0].decided_ms
    with pytest.raises(NotProven, match="what was signed can still be paid"):
        await ending(refills, nodes, late)
    with pytest.raises(NotProven, match="still be signed, for 240 minutes"):
        await ending(refills, nodes, sent=False)
    lapsed = await ending(refills, nodes, late, sent=False)
    assert lapsed.state == moves.MoveState.LAPSED
    for one in nodes:
        one.height = 20
    nodes[0].nonce, nodes[0].since = 1, 20
    with pytest.raises(NotProven, match="the nodes differ"):
        await ending(refills, nodes)
    nodes[1].nonce, nodes[1].since = 1, 20
    with pytest.raises(NotProven, match=f"0 of {FINAL} blocks deep"):
        await ending(refills, nodes)
    for one in nodes:
        one.height += FINAL - 1
    found = await ending(refills, nodes)
    assert found.state == moves.MoveState.OVERTAKEN
    assert "both nodes" in found.said
    assert "the one node there is" in (await ending(refills, nodes[:1])).said


async def test_another_moves_file_proves_nothing(refills: Refills) -> None:
    """Criterion: CUST-HANG-3"""
    (move,) = await refills.known()
    other = msgspec.structs.replace(move, binding=b"?" * 32)
    network = refills.worker._terms.network
    with pytest.raises(NotProven, match="other coins or another nonce"):
        of_refill(network, nodes_of(refills), other, await kept(refills), 0)


async def test_a_nonce_that_was_just_used_is_in_no_block_for_sure(refills: Refills) -> None:
    """Criterion: CUST-HANG-2. Between two answers of a node our own call may have come."""
    node = nodes_of(refills)[0]
    node.height = node.since = 20
    node.nonce = 1
    taken = standing(node, (await kept(refills)).proposal, 0, FINAL)
    assert taken is not None
    assert (taken.depth, taken.is_ours) == (0, False)


async def test_a_safes_call_is_posted_by_what_it_did(refills: Refills) -> None:
    """Criterion: CUST-POST-1. Another Safe's success, or of another call, is not it."""
    node, proposal = nodes_of(refills)[0], (await kept(refills)).proposal
    assert proposal.transaction is not None
    node.height = 9
    safe, digest = proposal.transaction.safe, proposal.transaction.digest()
    name = b"n" * 32
    with pytest.raises(BadMove, match="no block"):
        posted(node, proposal, name, FINAL)
    for account, done in ((safe, b"?" * 32), (b"?" * 20, digest)):
        node.logs = [executed(account, done)]
        with pytest.raises(BadMove, match="did not carry out"):
            posted(node, proposal, name, FINAL)
    node.logs = [executed(safe, digest)]
    assert posted(node, proposal, name, FINAL).txid == name


def executed(account: bytes, digest: bytes) -> dict[str, Any]:
    event = keccak256(b"ExecutionSuccess(bytes32,uint256)")
    return {"address": f"0x{account.hex()}", "topics": [f"0x{event.hex()}", f"0x{digest.hex()}"]}


async def test_both_are_said_where_the_ledger_has_it_and_the_move_has_ended(
    refills: Refills,
) -> None:
    """Criterion: CUST-POST-2"""
    (move,) = await refills.known()
    name, word = b"n" * 32, moves.End(move.number, moves.MoveState.OVERTAKEN, b"o" * 32)
    assert await refills.house.report(moves.TIER_MOVES, word) == [0]
    tiers = (wire.Tier.WARM, wire.Tier.HOT)
    said = wire.Moved(1, name, COIN, *tiers, move.amount, amount_bytes(0))
    assert await told_of(refills.house, move.number, said) == (0, moves.Refused.CONTRADICTS)
    assert await told_of(refills.house, 0, said) == (0, 0)
