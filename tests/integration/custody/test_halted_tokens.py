"""Goal: a token that its issuer stops costs nobody a fee or his place, and operators know.

Method: the payer on a real node under the demo's tokens, which can be paused and can stop holders.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from fullreserve.clock import ManualClock
from fullreserve.custody import contracts
from fullreserve.custody.addresses import checksummed
from fullreserve.custody.chains.adapter import Halted, HotShort
from fullreserve.custody.chains.rpc import Node, NodeRefuses
from fullreserve.custody.chains.worth import Worth
from fullreserve.custody.destinations import Destinations
from fullreserve.custody.halted_tokens import EVERY
from fullreserve.custody.keys.intent import Rule
from fullreserve.custody.keys.refilling import filled
from fullreserve.custody.paying import STORE, Paying
from fullreserve.custody.signing import lane_of
from fullreserve.custody.store import Store
from fullreserve.exchange.products.withdrawal_state import REVERTED, WithdrawalState
from fullreserve.exchange.worker_files import halted_name
from fullreserve.gateway import unpaid
from tests.bed import USDT
from tests.integration.custody.conftest import made_bed
from tests.integration.custody.outsiders import COIN, TOKEN, EvmBed
from tests.integration.custody.test_payer import Agreement, payer_of, until_done
from tests.integration.custody.test_unpaid_network import GOOD, TARGETS, network, terms
from tests.integration.custody.withdrawing import START_MS, Withdrawing


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EvmBed]:
    made = made_bed("erc20", tmp_path_factory.mktemp("erc20"))
    assert isinstance(made, EvmBed)
    yield made
    made.close()


class Listing(EvmBed):
    """Its token stops holders on either side, as USDC does."""

    def _deploy(self, name: str) -> bytes:
        receipt = self.command(None, contracts.creation("DemoToken", "Demo USDC", "USDC", 6))
        return bytes.fromhex(receipt["contractAddress"][2:])


@pytest.fixture(scope="module")
def listing() -> Iterator[Listing]:
    made = Listing(31_341, TOKEN)
    yield made
    made.close()


@contextmanager
def paused(bed: EvmBed) -> Iterator[None]:
    bed.command(bed.token, contracts.call("setPaused(bool)", 1))
    try:
        yield
    finally:
        bed.command(bed.token, contracts.call("setPaused(bool)", 0))


@contextmanager
def stopped(
    bed: EvmBed, *holders: bytes, call: str = "setBlackListed(address,bool)"
) -> Iterator[None]:
    for one in holders:
        bed.command(bed.token, contracts.call(call, one, 1))
    try:
        yield
    finally:
        for one in holders:
            bed.command(bed.token, contracts.call(call, one, 0))


def used(bed: EvmBed) -> dict[bytes, int]:
    return dict(bed.chain.used(bed.terms.lanes, bed.chain.tip()))


async def test_withdrawals_of_a_paused_token_wait(bed: EvmBed, tmp_path: Path) -> None:
    """Nothing is bound, and no fee is paid; once it goes again they are paid.

    Criterion: CHAINS-PAYER-24.
    """
    index, store = bed.fresh(), Store(tmp_path / "store")
    book, before = Agreement(bed, index), used(bed)
    with paused(bed):
        for _ in range(3):
            await payer_of(bed, store, book).round()
            bed.mine()
    assert (book.short, book.bound, book.failed) == ([TOKEN] * 3, {}, {})
    assert used(bed) == before
    await until_done(bed, payer_of(bed, store, book), book)
    assert list(book.paid) == [index]
    store.close()


async def test_other_lanes_pay_for_one_that_is_stopped(bed: EvmBed, tmp_path: Path) -> None:
    """As the issuer's list has it; its coins are not gone. Criterion: CHAINS-PAYER-24."""
    indexes, store = [bed.fresh() for _ in range(6)], Store(tmp_path / "store")
    lane, book, before = bed.terms.lanes[0], Agreement(bed, *indexes), used(bed)
    with stopped(bed, lane):
        await until_done(bed, payer_of(bed, store, book), book)
    assert (list(book.paid), book.failed, book.short) == (indexes, {}, [])
    sent = {one: count - before[one] for one, count in used(bed).items()}
    assert (sent[lane], sum(sent.values())) == (0, len(indexes))
    assert bed.chain.room(TOKEN, ())
    store.close()


def test_what_a_stopped_lane_holds_is_not_counted_on(bed: EvmBed) -> None:
    """Neither by a payment nor by a sweep of hot. Criterion: CHAINS-PAYER-24."""
    payment = bed.payment(1, bed.fresh(), bed.unit)
    with stopped(bed, *bed.terms.lanes):
        assert bed.chain.room(TOKEN, ()) == 0
        with pytest.raises(HotShort):
            bed.chain.plan([payment], [])
    assert bed.chain.plan([payment], [])


def test_a_lane_without_any_is_not_told_of(bed: EvmBed) -> None:
    """A transfer of what it does not hold fails as well. Criterion: CHAINS-PAYER-24."""
    assert bed.chain.halted() == []
    terms, lanes = bed.terms, bed.terms.lanes
    empty = bytes([0x61]) * 20
    bed.terms = terms._replace(lanes=(*lanes, empty))
    try:
        chain = bed.over(bed.url)
    finally:
        bed.terms = terms
    assert chain.halted() == []
    with stopped(bed, lanes[1]):
        assert chain.halted() == [Halted(TOKEN, (checksummed(lanes[1]),), 2)]
    with paused(bed):
        assert chain.halted() == [Halted(TOKEN, tuple(map(checksummed, lanes)), 0)]


async def test_nothing_is_swept_to_a_lane_that_is_stopped(bed: EvmBed) -> None:
    """Whoever its contract lets receive. Criterion: CHAINS-PAYER-24."""
    indexes, lanes = [bed.fresh() for _ in range(6)], bed.terms.lanes
    for index in indexes:
        place = bed.chain.addresses.place(index)
        bed.command(bed.token, contracts.call("mint(address,uint256)", place, bed.unit))
        bed.command(place, value=10**17)
    priced = Worth(1, {TOKEN: (10**12, 1)})

    def targets() -> list[bytes]:
        made = bed.chain.sweeps(indexes, (), priced)
        assert [plan.move.asset for plan in made if plan.move is not None] == [TOKEN] * len(indexes)
        return sorted({out.payment.place for plan in made for out in bed.chain.outs(plan)})

    with stopped(bed, lanes[0]), stopped(bed, lanes[1]), stopped(bed, lanes[2]):
        made = bed.chain.sweeps(indexes, (), priced)
        assert TOKEN not in [plan.move.asset for plan in made if plan.move is not None]
    assert targets() == sorted(lanes)
    with stopped(bed, lanes[1]):
        assert targets() == sorted((lanes[0], lanes[2]))
    assert targets() == sorted(lanes)


def test_no_lane_that_is_stopped_is_refilled(bed: EvmBed) -> None:
    """Though it is the emptiest. Criterion: CHAINS-PAYER-24."""
    of, lanes = network(bed, GOOD), bed.terms.lanes
    of = msgspec.structs.replace(of, coin=COIN, tokens={TOKEN: bed.token.hex()})
    rules = [Rule(GOOD, "warm", "hot", TOKEN, lane, 1, 1, 0) for lane in lanes]
    bed.command(bed.token, contracts.call("mint(address,uint256)", lanes[0], 2))
    bed.command(bed.token, contracts.call("mint(address,uint256)", lanes[2], 1))
    chain = of.chains()[0]
    held = chain.balances(lanes, chain.tip())
    order = sorted(range(len(lanes)), key=lambda number: held[lanes[number], TOKEN])
    assert filled(of, rules) == (order[0], rules[order[0]])
    # Who waits for more than any has is paid by the one that lacks least.
    most = held[lanes[order[2]], TOKEN]
    assert filled(of, rules, most) == (order[0], rules[order[0]])
    assert filled(of, rules, most + 1) == (order[2], rules[order[2]])
    with stopped(bed, lanes[order[2]]):
        assert filled(of, rules, most + 1) == (order[1], rules[order[1]])
    with stopped(bed, lanes[order[0]]):
        assert filled(of, rules) == (order[1], rules[order[1]])
    with stopped(bed, lanes[order[0]]), stopped(bed, lanes[order[2]]):
        assert filled(of, rules) == (order[1], rules[order[1]])
        with stopped(bed, lanes[order[1]]):
            assert filled(of, rules) is None
    with paused(bed):
        assert filled(of, rules) is None
        assert filled(of, rules[:1]) is None
        # Which is nothing to the chain's coin.
        assert filled(of, [msgspec.structs.replace(one, asset=COIN) for one in rules]) is not None


class Busy(Node):
    """A node that answers no question about a transfer: no contract says anything by it."""

    def tried(self, asked: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        return [
            NodeRefuses(-32_005, "limit exceeded") if "from" in (params or [{}])[0] else told
            for (_, params), told in zip(asked, super().tried(asked), strict=True)
        ]


def test_a_busy_node_stops_no_token(bed: EvmBed) -> None:
    """The round fails, as for any other question. Criterion: CHAINS-PAYER-24."""
    chain = bed.over(bed.url)
    chain._node = Busy(bed.url)
    for asked in (chain.halted, lambda: chain.plan([bed.payment(1, bed.fresh(), 1)], [])):
        with pytest.raises(NodeRefuses, match="limit exceeded"):
            asked()
    chain._node.close()


async def test_a_receiver_that_is_stopped_gets_a_refund(listing: Listing, tmp_path: Path) -> None:
    """Final on the chain first; lanes go on, and the log says why. Criterion: CHAINS-PAYER-24."""
    bad, good = listing.fresh(), listing.fresh()
    place, store = listing.chain.addresses.place(bad), Store(tmp_path / "store")
    book = Agreement(listing, bad, good)
    with stopped(listing, place, call="setBlacklisted(address,bool)"), capture_logs() as said:
        assert listing.chain.halted() == []
        await until_done(listing, payer_of(listing, store, book), book)
    assert (book.failed, list(book.paid)) == ({bad: REVERTED}, [good])
    told = [one for one in said if one["log_level"] == "error"]
    assert [(one["event"], one["withdrawals"]) for one in told] == [
        ("in a block, and a contract refused it: refunded", (bad,))
    ]
    store.close()


async def test_operators_see_what_lanes_may_not_send(
    erc20: EvmBed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which token and lanes, and whether any other pays; until it goes again.

    In a real exchange, whose withdrawal waits for coins meanwhile. Criterion: CHAINS-PAYER-25.
    """
    exchange = await Withdrawing.open(tmp_path, terms(GOOD, "ERC20"))
    store, where = Store(tmp_path / STORE), Destinations(exchange.vault)
    clock, lanes = ManualClock(START_MS), [checksummed(one) for one in erc20.terms.lanes]
    (tmp_path / halted_name(GOOD)).write_bytes(b"[]")
    payer = Paying(network(erc20, GOOD), store, exchange.house, where, tmp_path, clock)

    async def look() -> list[tuple[int, list[str], int, int]]:
        for _ in range(EVERY):
            await payer.round()
        found = unpaid.halted(tmp_path)
        return [(one.asset, list(one.places), one.able, one.since_ms) for one in found]

    assert await look() == []
    with stopped(erc20, lane_of(erc20.keys[erc20.terms.lanes[1]])):
        assert await look() == [(USDT, lanes[1:2], 2, START_MS)]
    clock.advance(1_000)
    with paused(erc20):
        assert await look() == [(USDT, lanes, 0, START_MS)]
        number = await exchange.ask(GOOD, USDT, 700, TARGETS[0])
        await look()
        found = await exchange.found(number)
        assert (found.state, found.binding) == (WithdrawalState.SHORT, b"")
    assert await look() == []
    assert (await exchange.found(number)).binding
    said = capsys.readouterr().out
    assert [said.count(one) for one in ("other lanes pay it", "no other lane has", "again")] == [
        1, 1, 1
    ]  # fmt: skip
    await exchange.close()
    store.close()
