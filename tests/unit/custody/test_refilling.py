"""Goal: what is wrong with one refill, or with one node, holds up no other and ends none.

Method: the log's fold on a bed, and the real worker over a Safe; the nodes are outside, and say of
the Safe what a test wants.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fullreserve.custody.addresses import account_of
from fullreserve.custody.chains.adapter import Attempt
from fullreserve.custody.chains.rpc import Node, NodeRefuses
from fullreserve.custody.hd import Private
from fullreserve.custody.house import MOVES_GATEWAY, House
from fullreserve.custody.keys.decided_moves import DecidedMoves
from fullreserve.custody.keys.intent import Approval, Rule, TierPolicy
from fullreserve.custody.keys.key_file import FileDevice
from fullreserve.custody.keys.record import SAFE, Entry, Record, TierWallet
from fullreserve.custody.keys.refilling import AGAIN_MS, Refilling, Terms
from fullreserve.custody.keys.tier_signer import Answer, TierMemory, TierSigner
from fullreserve.custody.networks import Branch, Network
from fullreserve.custody.tiers import safe
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products import tier_moves_wire as moves
from fullreserve.exchange.products.registry import products
from fullreserve.exchange.wire.commands import amount_bytes
from tests.bed import Bed

NETWORK, COIN, TOKEN = 1, 2, 6
UNIT, FINAL = 10**8, 2
HOT, WARM, CONTRACT = b"h" * 20, b"w" * 20, b"t" * 20
URL = "http://127.0.0.1:1"
BRANCH = Private.of_seed(b"an owner of a test's Safe alone.")
APPROVERS = {name: BRANCH.public().key.hex() for name in ("ann", "bob", "cyd")}
IDA = FileDevice(Path("ida"), {"ida": BRANCH})


class Safe(Node):
    """What a node says of the Safe."""

    def __init__(self) -> None:
        super().__init__(URL)
        self.nonce, self.height, self.asked = 0, 1, 0

    def call(self, method: str, *params: Any) -> Any:
        self.asked += 1
        if method == "eth_blockNumber":
            return hex(self.height)
        if method == "eth_getLogs":
            return []
        assert method == "eth_call", method
        return "0x" + self.nonce.to_bytes(32, "big").hex()


class Refusing:
    """Gas for calls that would revert."""

    def __init__(self) -> None:
        self.asked = 0

    def sign(self, node: Node, to: bytes, data: bytes) -> Attempt:
        self.asked += 1
        raise NodeRefuses(3, "execution reverted")


class Refills:
    """Warm has 90 of each asset; 20 of one are due once it has marks."""

    def __init__(self, folder: Path, bed: Bed, house: House) -> None:
        self.folder, self.bed, self.house = folder, bed, house
        public = BRANCH.public()
        network = Network(
            network=NETWORK, kind="evm", nodes=(URL, URL), chain_id=1, coin=COIN,
            branches=(Branch(public.key.hex(), public.code.hex()),), credit_after=1,
            decimals={COIN: 18, TOKEN: 6}, unlock_after=FINAL, lanes=(HOT.hex(),),
            tokens={TOKEN: CONTRACT.hex()},
        )  # fmt: skip
        most = 10**30
        limits = (most, most, 0)
        rules = (
            Rule(NETWORK, "warm", "hot", COIN, HOT, *limits, standing=True),
            Rule(NETWORK, "warm", "hot", TOKEN, HOT, *limits, CONTRACT, standing=True),
        )
        owner = account_of(IDA.public("ida")).hex()
        tier = TierWallet(NETWORK, "warm", SAFE, 1, ("ida",), chain_id=1, safe=WARM.hex(),
                          owners={"ida": owner})  # fmt: skip
        Record.of(folder).append(Entry(0, 1, "ceremony", "", wallets=(tier,)))
        self.gas = Refusing()
        terms = Terms(network, TierPolicy(1, 2, APPROVERS, rules), (), self.gas)
        self.worker = Refilling(folder, house, bed.clock, terms)
        self.safes = [Safe(), Safe()]
        self.worker._node, self.worker._second = self.safes

    @classmethod
    async def open(cls, folder: Path) -> Refills:
        bed = await Bed.open(folder, folds=products())
        made = cls(folder, bed, House(await bed.door(MOVES_GATEWAY)))
        none, most = amount_bytes(0), amount_bytes(10**15)
        lines = tuple(
            wire.NetworkAsset(asset, decimals, none, none, amount_bytes(1), most, 8)
            for asset, decimals in ((COIN, 18), (TOKEN, 6))
        )
        defined = wire.DefineNetwork(NETWORK, "Coin", 1, FINAL, False, COIN, lines)
        for fold in (wire.DEPOSITS, wire.WITHDRAWALS):
            assert await made.house.report(fold, defined) == [0]
        for asset in (COIN, TOKEN):
            held = amount_bytes(90 * UNIT)
            funded = wire.Funded(NETWORK, bytes([asset]) * 32, asset, wire.Tier.WARM, held)
            assert await made.house.report(wire.DEPOSITS, funded) == [0]
        return made

    async def wanted(self, *assets: int) -> None:
        low, target, cap, least, most = (amount_bytes(n * UNIT) for n in (10, 20, 40, 1, 500))
        for asset in assets:
            marks = moves.Marks(NETWORK, asset, low, target, cap, least, most, most, True)
            assert await self.house.report(moves.TIER_MOVES, moves.SetMarks(marks)) == [0]

    async def known(self) -> Sequence[moves.Move]:
        """The oldest first."""
        asked = moves.ListMoves(is_open=False, limit=9)
        found: list[moves.Move] = await self.house.ask(moves.TIER_MOVES, asked)
        return found[::-1]

    async def states(self) -> list[int]:
        return [one.state for one in await self.known()]

    def signed(self, move: moves.Move) -> None:
        """Ida's part of it is in the folder."""
        kept = self.worker._kept.find(move.number)
        assert kept is not None
        assert kept.proposal.transaction is not None
        part = safe.sign(kept.proposal.transaction, IDA, "ida")[1]
        (self.folder / "custody-moves" / f"{move.number}-ida.part").write_bytes(part)


@pytest.fixture
async def refills(tmp_path: Path) -> AsyncIterator[Refills]:
    made = await Refills.open(tmp_path)
    yield made
    await made.bed.close()


async def test_of_a_safes_moves_one_has_its_nonce_the_oldest_first(refills: Refills) -> None:
    """Criterion: CUST-REFILL-4. Two assets are due at once."""
    await refills.wanted(COIN, TOKEN)
    for _ in range(3):
        await refills.worker.round()
    assert await refills.states() == [moves.MoveState.BOUND, moves.MoveState.DECIDED]
    refills.safes[0].nonce = 1
    await refills.worker.round()
    assert await refills.states() == [moves.MoveState.BOUND] * 2


async def test_a_move_that_reverts_holds_up_no_other(refills: Refills) -> None:
    """Criterion: CUST-REFILL-4. As a token that is paused."""
    await refills.wanted(COIN)
    for _ in range(2):
        await refills.worker.round()
    (move,) = await refills.known()
    refills.signed(move)
    await refills.wanted(TOKEN)
    await refills.worker.round()
    assert refills.gas.asked == 1
    assert await refills.states() == [moves.MoveState.BOUND, moves.MoveState.DECIDED]


async def test_a_nonce_that_is_used_is_signed_for_no_more(refills: Refills) -> None:
    """Criterion: CUST-REFILL-4. Its move ends once that is final."""
    await refills.wanted(COIN)
    for _ in range(2):
        await refills.worker.round()
    (move,) = await refills.known()
    refills.signed(move)
    for one in refills.safes:
        one.nonce = 1
    await refills.worker.round()
    for one in refills.safes:
        one.height += FINAL
    await refills.worker.round()
    assert refills.gas.asked == 0
    assert (await refills.states())[0] == moves.MoveState.OVERTAKEN


async def test_no_move_is_given_up_by_the_word_of_one_node(refills: Refills) -> None:
    """Criterion: CUST-REFILL-5. The nonce is used by one node's word alone, at first."""
    await refills.wanted(COIN)
    for _ in range(2):
        await refills.worker.round()
    first, second = refills.safes
    first.nonce = 1
    for _ in range(3):
        await refills.worker.round()
        first.height += FINAL
    assert await refills.states() == [moves.MoveState.BOUND]
    second.nonce = 1
    await refills.worker.round()
    assert (await refills.states())[0] == moves.MoveState.OVERTAKEN


async def test_a_doubt_that_is_over_is_forgotten(refills: Refills) -> None:
    """Criterion: CUST-REFILL-5. The next one begins anew."""
    await refills.wanted(COIN)
    for _ in range(2):
        await refills.worker.round()
    (move,) = await refills.known()
    kept = refills.worker._kept.find(move.number)
    assert kept is not None
    refills.worker._kept.keep(msgspec.structs.replace(kept, at=1))
    await refills.worker._follow(move, msgspec.structs.replace(kept, at=1))
    after = refills.worker._kept.find(move.number)
    assert after is not None
    assert after.at == 0


async def test_a_stray_approval_spoils_no_standing_rule(refills: Refills) -> None:
    """Criterion: CUST-REFILL-3. Nor is one enough where the log has not decided."""
    await refills.wanted(COIN)
    for _ in range(2):
        await refills.worker.round()
    (move,) = await refills.known()
    kept = refills.worker._kept.find(move.number)
    assert kept is not None
    terms, memory = refills.worker._terms, TierMemory(refills.folder / "ida.sqlite")
    decided = DecidedMoves(refills.house, [terms.network])
    wallets = Record.of(refills.folder).state.wallets
    signer = TierSigner("ida", IDA, wallets, terms.policy, memory, refills.bed.clock, decided)
    change = msgspec.structs.replace
    stray = change(kept.proposal, approvals=(Approval("nobody", b"?" * 65),))
    told = msgspec.json.decode(await signer.answer("", msgspec.json.encode(stray)), type=Answer)
    assert told.part
    other = change(stray, intent=change(stray.intent, number=99))
    told = msgspec.json.decode(await signer.answer("", msgspec.json.encode(other)), type=Answer)
    assert "0 of 2 approvers" in told.refusal
    memory.close()


async def test_what_was_not_bound_is_not_built_at_once_again(refills: Refills) -> None:
    """Criterion: CUST-REFILL-4. It may take the reading of a whole chain."""
    await refills.wanted(COIN)
    await refills.worker.round()
    zero, one = amount_bytes(0), amount_bytes(1)
    none = moves.Marks(NETWORK, COIN, zero, zero, zero, one, one, one)
    assert await refills.house.report(moves.TIER_MOVES, moves.SetMarks(none)) == [0]
    await refills.worker.round()
    asked = refills.safes[0].asked
    await refills.worker.round()
    assert refills.safes[0].asked == asked
    assert await refills.states() == [moves.MoveState.DECIDED]
    await refills.wanted(COIN)
    refills.bed.clock.advance(AGAIN_MS)  # type: ignore[attr-defined]
    await refills.worker.round()
    assert await refills.states() == [moves.MoveState.BOUND]


async def test_a_move_whose_file_is_damaged_holds_up_no_other(refills: Refills) -> None:
    """Criterion: CUST-REFILL-4"""
    await refills.wanted(COIN)
    for _ in range(2):
        await refills.worker.round()
    (move,) = await refills.known()
    (refills.folder / "custody-moves" / f"{move.number}.json").write_bytes(b"{")
    await refills.wanted(TOKEN)
    await refills.worker.round()
    assert await refills.states() == [moves.MoveState.BOUND, moves.MoveState.DECIDED]
