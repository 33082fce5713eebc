"""Custody: a queue looked at again and put in order, a batch of outputs paid, hot lanes live."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec
import pbk

from benchmarks.figure import Figure
from fullreserve.custody import nodes
from fullreserve.custody.chains import utxo_transaction as tx
from fullreserve.custody.chains.adapter import Plan
from fullreserve.exchange import chart
from fullreserve.exchange.products.custody_wire import (
    WITHDRAWALS,
    Destination,
    Drain,
    Hold,
    Payload,
    Request,
    Settle,
)
from fullreserve.exchange.products.registry import products
from fullreserve.exchange.products.withdrawal_state import ANSWERS, ListPay, ListQueue
from fullreserve.exchange.wire.commands import (
    AccountKey,
    AnyCommand,
    OpenOwner,
    Product,
    Transfer,
    amount_bytes,
)
from tests.integration.custody.outsiders import Approved, UtxoBed
from tests.unit.exchange.custody_world import COIN, FEE_USDT, TOKENS, USDT, World

QUEUED = 10_000
FIRST = 20_000_000
HELD = 100 * COIN
OUTPUTS = 100
BLOCKS = 125
LIVE_S = 600
ROOT = Path(__file__).resolve().parent.parent


def measure() -> Iterator[Figure]:
    """Figures of what this machine has nodes for."""
    yield from _queue()
    for name, hrp in (("btcd", "bcrt"), ("litecoind", "rltc")):
        try:
            yield _batch(name, hrp)
        except nodes.NodeMissing as missing:
            print(missing)
        else:
            break
    try:
        nodes.anvil()
    except nodes.NodeMissing as missing:
        print(missing)
        return
    yield _live()


def _queue() -> Iterator[Figure]:
    """All of a queue is looked at again, stays, then is put in fair order and released."""
    world = _waiting()
    checked = _timed(world, Settle())
    assert len(world.ask(WITHDRAWALS, ListQueue(), ANSWERS[ListQueue])) == QUEUED
    ordered = _timed(world, Drain(TOKENS, USDT, amount_bytes(QUEUED * HELD), QUEUED))
    paid = world.ask(WITHDRAWALS, ListPay(TOKENS, 0, QUEUED), ANSWERS[ListPay])
    assert len(paid) == QUEUED
    name, note = "10,000 queued withdrawals re-checked and ordered", "one owner each"
    yield Figure(name, checked + ordered, "s", reach="< 5 s", note=note)


def _timed(world: World, payload: Payload) -> float:
    started = time.perf_counter()
    assert world.say(WITHDRAWALS, payload) == 0
    return time.perf_counter() - started


def _waiting() -> World:
    """Owners who asked for what they have while everything was stopped."""
    world = World(products)
    world.define(WITHDRAWALS)
    assert world.say(WITHDRAWALS, Hold(0, 0, stopped=True)) == 0
    treasury, each = AccountKey(chart.HOUSE, chart.TREASURY, 0), amount_bytes(HELD)
    amount, fee = amount_bytes(HELD - FEE_USDT), amount_bytes(FEE_USDT)
    asked = Request(TOKENS, USDT, amount, fee, Destination.ADDRESS_BOOK, 1)
    word = msgspec.msgpack.encode(asked)
    for owner in range(FIRST, FIRST + QUEUED):
        fund = AccountKey(owner, chart.FUND, 0)
        commands: list[AnyCommand] = [
            OpenOwner(0, 0, owner, owner, 0, 1, 0, 1),
            Transfer(0, 0, chart.HOUSE, treasury, fund, USDT, each),
            Product(0, 0, WITHDRAWALS, owner, word),
        ]
        world.core(*commands)
    return world


def _batch(name: str, hrp: str) -> Figure:
    """A batch from a plan to a transaction that Bitcoin Core's own library accepts."""
    start = nodes.start_btcd if name == "btcd" else lambda path, _: nodes.start_litecoind(path)
    with tempfile.TemporaryDirectory() as folder:
        bed = UtxoBed(start, Path(folder), hrp, BLOCKS)
        try:
            return _batch_on(bed)
        finally:
            bed.close()


def _batch_on(bed: UtxoBed) -> Figure:
    payments = [bed.payment(number, number, bed.unit) for number in range(1, OUTPUTS + 1)]
    approved = Approved(*payments)
    started = time.perf_counter()
    plan = bed.chain.plan(payments, [])
    attempt = bed.sign(plan, approved)
    assert _is_accepted(bed, plan, attempt.raw)
    taken = time.perf_counter() - started
    bed.chain.broadcast(attempt)
    name, inputs = (
        "100 outputs built, signed 2-of-3 and verified",
        len(tx.read_body(plan.body).inputs),
    )
    return Figure(name, taken, "s", reach="< 2 s", note=f"{inputs} inputs, libbitcoinkernel")


def _is_accepted(bed: UtxoBed, plan: Plan, raw: bytes) -> bool:
    flags = pbk.ScriptVerificationFlags.ALL & ~pbk.ScriptVerificationFlags.TAPROOT
    made = pbk.Transaction(raw)
    return all(
        pbk.ScriptPubkey(bed.chain.addresses.place(coin.index)).verify(
            coin.amount, made, None, number, flags
        )
        for number, coin in enumerate(tx.read_body(plan.body).inputs)
    )


def _live() -> Figure:
    """Withdrawals of a running exchange, from the first request to the last one given to anvil."""
    command = [sys.executable, "-m", "benchmarks.paying"]
    with tempfile.TemporaryDirectory() as folder:
        run = partial(subprocess.run, command, capture_output=True, text=True, timeout=LIVE_S)
        done = run(check=False, cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stdout + done.stderr
    said = [line for line in done.stdout.splitlines() if line.startswith("rate ")]
    name = "hot EVM withdrawals, a running exchange with its payer and signers"
    return Figure(name, float(said[-1].split()[1]), "/s", reach=">= 20")
