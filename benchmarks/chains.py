"""Chains: addresses derived, transactions scanned by each adapter, withdrawals from hot lanes."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.figure import Figure
from fullreserve.custody import nodes
from fullreserve.custody.addresses import Addresses, EvmAddresses, UtxoAddresses
from fullreserve.custody.chains.adapter import Attempt, Chain, Payment, Plan
from fullreserve.custody.hd import Private
from fullreserve.custody.payer import Payer
from fullreserve.custody.payer_desk import Terms
from fullreserve.custody.store import Store
from fullreserve.custody.units import Scale
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.tier_moves_wire import Marks
from fullreserve.exchange.products.withdrawal_state import Binding
from fullreserve.exchange.wire.commands import amount_bytes
from tests.integration.custody.outsiders import COIN, TOKEN, Approved, EvmBed, UtxoBed

ADDRESSES = 5_000
TRANSACTIONS = 500
WITHDRAWALS = 200
BLOCKS = 125
SALT = b"s" * 32
_START = {"rltc": lambda path, _: nodes.start_litecoind(path), "bcrt": nodes.start_btcd}


def measure() -> Iterator[Figure]:
    """Figures of what this machine has nodes for."""
    roots = [Private.of_seed(bytes([number]) * 32) for number in (1, 2, 3)]
    branches = [root.public() for root in roots]
    reach = ">= 5,000"
    yield Figure("EVM addresses", _derived(EvmAddresses(branches[0])), "/s", reach=reach)
    of = UtxoAddresses(branches, 2, "bc")
    yield Figure("2-of-3 multisig addresses", _derived(of), "/s", reach="", note="three keys each")
    bed = EvmBed(31_400, TOKEN)
    try:
        yield Figure("deposit scan, EVM", _evm_scan(bed), "tx/s", reach=">= 1,000")
        yield Figure("hot EVM lanes, bound to broadcast", _withdrawals(bed), "/s", reach=">= 20")
    finally:
        bed.close()
    bed = EvmBed(31_401, COIN, memo=True)
    try:
        yield Figure("deposit scan, chain with memos", _evm_scan(bed), "tx/s", reach=">= 1,000")
    finally:
        bed.close()
    for name, hrp in (("Litecoin", "rltc"), ("Bitcoin", "bcrt")):
        with tempfile.TemporaryDirectory() as folder:
            try:
                rate = _utxo_scan(Path(folder), hrp)
            except nodes.NodeMissing as missing:
                print(missing)
            else:
                yield Figure(f"deposit scan, {name}", rate, "tx/s", reach=">= 1,000")


def _derived(addresses: Addresses) -> float:
    started = time.perf_counter()
    for index in range(ADDRESSES):
        addresses.address(index)
    return ADDRESSES / (time.perf_counter() - started)


def _scanned(chain: Chain, height: int) -> float:
    """Rate over one block, read some times over; the node's own work is in it."""
    block = chain.block(height)
    assert block is not None
    rounds, started = 5, time.perf_counter()
    found = sum(chain.scan(block, {}).transactions for _ in range(rounds))
    assert found >= rounds * TRANSACTIONS
    return found / (time.perf_counter() - started)


def _evm_scan(bed: EvmBed) -> float:
    for index in range(TRANSACTIONS):
        bed.pay(index % 1_000, 1_000)
    bed.mine()
    return _scanned(bed.chain, bed.chain.tip().height)


def _utxo_scan(folder: Path, hrp: str) -> float:
    bed = UtxoBed(_START[hrp], folder, hrp, BLOCKS)
    try:
        outsider = bed.outsider
        own = [Payment(0, bed.asset, 100_000, outsider.hot)] * TRANSACTIONS
        bed.send(own)
        bed.mine()
        outsider.coins.clear()
        block = bed.chain.tip()
        for deposit in outsider.scan(block, {}).deposits:
            if deposit.amount == own[0].amount:
                outsider.take_coin(deposit)
        for index in range(TRANSACTIONS):
            bed.pay(index % 1_000, 50_000)
        bed.mine()
        return _scanned(bed.chain, bed.chain.tip().height)
    finally:
        bed.close()


class _Exchange:
    """Says yes: what is measured is the payer, its store, the signer and the node."""

    def __init__(self, bed: EvmBed) -> None:
        self._bed = bed
        self.broadcast = 0

    async def pending(self, network: int) -> Sequence[wire.Pay]:
        each = amount_bytes(1_000)
        return [wire.Pay(n, network, TOKEN, each, n, b"", b"") for n in range(1, WITHDRAWALS + 1)]

    async def unpaid(self, network: int) -> Sequence[wire.Pay]:
        return await self.pending(network)

    async def under_way(self, network: int) -> Sequence[wire.Pay]:
        raise AssertionError(network)

    async def bindings(self, withdrawals: Sequence[int]) -> Sequence[Binding]:
        raise AssertionError(withdrawals)

    async def tranche(self, request: int, amount: bytes, binding: bytes) -> int:
        raise AssertionError(request, amount, binding)

    async def behind(self, network: int, asset: int, after: int, limit: int) -> Sequence[wire.Pay]:
        raise AssertionError(network, asset, after, limit)

    async def marks(self, network: int, asset: int) -> Marks | None:
        raise AssertionError(network, asset)

    async def free(self, network: int, asset: int) -> int:
        raise AssertionError(network, asset)

    async def starved(self, network: int) -> Sequence[wire.Pay]:  # noqa: ARG002 - the protocol's
        return []

    async def moved(self, *payloads: wire.Moved) -> Sequence[int]:
        raise AssertionError(payloads)

    async def stop(self, evidence: Mapping[str, object]) -> bool:
        raise AssertionError(evidence)

    async def destination(self, pay: wire.Pay) -> tuple[str, str]:
        return self._bed.chain.addresses.address(pay.destination), ""

    async def report(self, *payloads: wire.Payload) -> Sequence[int]:
        self.broadcast += sum(isinstance(one, wire.Broadcast) for one in payloads)
        return [0] * len(payloads)


def _withdrawals(bed: EvmBed) -> float:
    """Planned, kept on disk, signed and given to the node, over three lanes."""
    approved = Approved(*(bed.payment(n, n, 1_000) for n in range(1, WITHDRAWALS + 1)))
    exchange = _Exchange(bed)

    def sign(plan: Plan) -> Attempt:
        return bed.sign(plan, approved)

    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "store")
        terms = Terms({TOKEN: Scale(8), COIN: Scale(8)}, COIN)
        payer = Payer(bed.chain, store, exchange, sign, terms, SALT)
        started = time.perf_counter()
        asyncio.run(payer.round())
        taken = time.perf_counter() - started
        store.close()
    assert exchange.broadcast == WITHDRAWALS
    bed.mine()
    return WITHDRAWALS / taken
