"""Goal: withdrawals cost what the chain asks now, within bounds, and a silent node quotes nothing.

Method: a worker beside a real exchange; what the node says is turned by hand, prices are trades.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from fullreserve.custody.chains.rpc import NodeDown
from fullreserve.custody.fee_quotes import LASTS_MS, FeeQuotes, Quoted, quoted
from fullreserve.custody.networks import FeeBounds, Network
from fullreserve.custody.units import Scale
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.withdrawal_state import Fee, ListFees
from fullreserve.exchange.wire.commands import amount_bytes, amount_int
from tests.bed import BTC, USDT
from tests.integration.custody.withdrawing import NOTHING, Withdrawing

# The generator of secp256k1: some public key.
POINT = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
CHAIN, UNTRADED = 1, 2
LEAST, MOST = 1_000, 100_000


class Node:
    """What a payment costs there, in satoshis."""

    def __init__(self) -> None:
        self.cost = 4_000
        self.is_down = False

    def __call__(self, _asset: int) -> int:
        if self.is_down:
            raise NodeDown("nobody answers")
        return self.cost


class Bed:
    def __init__(self, exchange: Withdrawing, *assets: int, most: int = MOST) -> None:
        self.exchange = exchange
        self.node = Node()
        bounds = {one: FeeBounds(LEAST, most) for one in assets}
        network = Quoted(CHAIN, BTC, Scale(8), bounds, self.node)
        self.worker = FeeQuotes([network], exchange.house, exchange.bed.clock)

    async def fees(self) -> dict[int, int]:
        """By asset, after a round."""
        try:
            await self.worker.round()
        finally:
            self.told = await self.told_now()
        return {one.asset: amount_int(one.quote.fee) for one in self.told}

    async def told_now(self) -> list[Fee]:
        now_ms = await self.exchange.house.now_ms(self.exchange.bed.clock.wall_ms())
        found: list[Fee] = await self.exchange.house.ask(wire.WITHDRAWALS, ListFees(now_ms))
        return found

    def later(self, ms: int) -> None:
        clock: Any = self.exchange.bed.clock
        clock.advance(ms)


@pytest.fixture
async def exchange(tmp_path: Path) -> Any:
    lines = tuple(
        wire.NetworkAsset(one, 8, NOTHING, NOTHING, amount_bytes(1), amount_bytes(10**15), digits)
        for one, digits in ((BTC, 8), (UNTRADED, 8), (USDT, 2))
    )
    made = await Withdrawing.open(tmp_path, wire.DefineNetwork(CHAIN, "C", 1, 2, False, BTC, lines))
    yield made
    await made.close()


async def test_a_quote_follows_the_node_within_its_bounds(exchange: Withdrawing) -> None:
    """Criterion: CUST-FEE-6. Said again when it moved by more than a twentieth."""
    bed = Bed(exchange, BTC)
    assert await bed.fees() == {BTC: 4_000}
    for cost, fee in ((4_200, 4_000), (4_201, 4_201), (1, LEAST), (10**9, MOST)):
        bed.node.cost = cost
        assert await bed.fees() == {BTC: fee}


async def test_a_tokens_fee_is_the_coins_at_last_prices(exchange: Withdrawing) -> None:
    """Criterion: CUST-FEE-6. Rounded up to what a withdrawal may have; none without a price."""
    bed = Bed(exchange, UNTRADED, most=10**12)
    with pytest.raises(ValueError, match="no price"):
        await bed.fees()
    assert bed.told == []
    bed = Bed(exchange, USDT, most=10**12)
    assert await bed.fees() == {USDT: 160_000_000}  # at 40,000, 4,000 satoshis are 1.60
    bed.node.cost = 5_001
    assert await bed.fees() == {USDT: 201_000_000}  # 2.0004


async def test_a_silent_node_quotes_nothing_and_the_last_quote_ends(exchange: Withdrawing) -> None:
    """Criterion: CUST-FEE-7. It is renewed at half its time while the node answers."""
    bed = Bed(exchange, BTC)
    await bed.fees()
    (first,) = bed.told
    bed.later(LASTS_MS // 2)
    await bed.fees()
    assert bed.told == [first]
    bed.later(1)
    await bed.fees()
    assert bed.told[0].quote.until_ms == first.quote.until_ms + LASTS_MS // 2 + 1
    bed.node.is_down = True
    bed.later(LASTS_MS - 1)
    with pytest.raises(ValueError, match="nobody answers"):
        await bed.fees()
    assert bed.told == [Fee(CHAIN, BTC, bed.told[0].quote)]
    bed.later(1)
    assert await bed.told_now() == []


def test_bounds_come_from_the_file_of_networks() -> None:
    """Criterion: CUST-FEE-7. Without any the fee is fixed; bounds that mean nothing are refused."""
    plain: dict[str, Any] = {
        "network": 1, "kind": "evm", "nodes": ["http://127.0.0.1:1"], "coin": 1, "chain_id": 5,
        "branches": [{"key": POINT, "code": "22" * 32}], "decimals": {1: 18},
        "credit_after": 1, "unlock_after": 2,
    }  # fmt: skip
    assert quoted([msgspec.convert(plain, Network)]) == []
    (one,) = quoted([msgspec.convert(plain | {"fees": {1: {"least": 5, "most": 9}}}, Network)])
    assert (one.bounds, one.coin) == ({1: FeeBounds(5, 9)}, 1)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(plain | {"fees": {1: {"least": 9, "most": 5}}}, Network)
