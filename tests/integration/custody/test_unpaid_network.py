"""Goal: a network whose payments cannot be planned stops alone, and operators see it.

Method: a real exchange and a real node under two networks; in one of them planning raises.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from copy import copy
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fullreserve.clock import ManualClock
from fullreserve.custody.addresses import checksummed
from fullreserve.custody.chains.adapter import Chain, Payment, Plan
from fullreserve.custody.chains.evm import EvmChain
from fullreserve.custody.destinations import Destinations
from fullreserve.custody.networks import Branch, Network
from fullreserve.custody.paying import STORE, Paying
from fullreserve.custody.restore_mark import MARK, Mark, is_compared
from fullreserve.custody.restored import AT_ONCE
from fullreserve.custody.store import Store
from fullreserve.custody.unpaid import UnpaidNetwork
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.exchange.worker_files import unpaid_name
from fullreserve.gateway import unpaid
from tests.bed import USDT
from tests.integration.custody.outsiders import COIN, EvmBed
from tests.integration.custody.withdrawing import NOTHING, START_MS, Withdrawing

GOOD, BAD = 1, 2
LARGE = amount_bytes(10**15)
SECRET = "\U0001f642 and nothing that a log may hold"
TARGETS = [checksummed(bytes([number]) * 20) for number in (0x31, 0x32, 0x33)]


def terms(number: int, code: str) -> wire.DefineNetwork:
    line = wire.NetworkAsset(USDT, 6, NOTHING, NOTHING, NOTHING, LARGE, 6)
    return wire.DefineNetwork(number, code, 1, 2, needs_memo=False, gas_asset=COIN, assets=(line,))


def broken(chain: Chain) -> Chain:
    """Planning fails whatever is to be paid, as a fault of ours would have it."""

    class Broken(type(chain)):  # type: ignore[misc]
        def plan_all(self, batches: Sequence[Sequence[Payment]], bound: Sequence[Plan]) -> Any:
            raise RuntimeError(SECRET)

    made = copy(chain)
    made.__class__ = Broken
    return made


class BrokenNetwork(Network, frozen=True, kw_only=True):
    """Its adapter has a fault."""

    def chains(self) -> list[Chain]:
        return [broken(one) for one in super().chains()]


@pytest.fixture
async def exchange(tmp_path: Path) -> AsyncIterator[Withdrawing]:
    made = await Withdrawing.open(tmp_path, terms(GOOD, "ERC20"), terms(BAD, "Other"))
    yield made
    await made.close()


def network(bed: EvmBed, number: int) -> Network:
    branch = bed.root.public()
    return Network(
        network=number, kind="evm", nodes=(bed.url,),
        branches=(Branch(branch.key.hex(), branch.code.hex()),), coin=COIN,
        decimals={COIN: 18, USDT: 6}, credit_after=2, unlock_after=3, chain_id=31_338,
        tokens={USDT: bed.token.hex()}, lanes=tuple(one.hex() for one in bed.keys),
    )  # fmt: skip


async def test_a_network_that_cannot_be_planned_stops_alone(
    erc20: EvmBed, exchange: Withdrawing, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before and after a restart. Criterion: CHAINS-PAYER-14."""
    good, fields = network(erc20, GOOD), msgspec.structs.asdict(network(erc20, BAD))
    clock, where = ManualClock(START_MS), Destinations(exchange.vault)
    stuck = await exchange.ask(BAD, USDT, 700, TARGETS[0])
    for target in TARGETS[1:]:
        number = await exchange.ask(GOOD, USDT, 700, target)
        store = Store(tmp_path / STORE)
        workers = [
            Paying(one, store, exchange.house, where, tmp_path, clock)
            for one in (BrokenNetwork(**fields), good)
        ]
        assert unpaid.known(tmp_path) == []
        for worker in [*workers, *workers]:
            await worker.round()
        assert (await exchange.found(number)).binding
        (found,) = unpaid.known(tmp_path)
        assert (found.network, found.problem) == (BAD, "RuntimeError in plan_all")
        assert not found.is_restored
        said = capsys.readouterr().out
        assert said.count("nothing is paid on this network") == 1
        assert "RuntimeError in plan_all" in said
        assert SECRET not in said
        store.close()
    assert not (await exchange.found(stuck)).binding
    store = Store(tmp_path / STORE)
    mended = Paying(network(erc20, BAD), store, exchange.house, where, tmp_path, clock)
    await mended.round()
    store.close()
    assert (await exchange.found(stuck)).binding
    assert unpaid.known(tmp_path) == []


def test_what_is_waited_for_since_a_backup_is_no_fault(tmp_path: Path) -> None:
    """Criterion: WEB-OP-RECON-5."""
    told = UnpaidNetwork(tmp_path, BAD, ManualClock(START_MS))
    told.waits("what left the hot wallet is read up to block 3 of 9")
    assert [(one.network, one.is_restored) for one in unpaid.known(tmp_path)] == [(BAD, True)]
    told.goes()
    assert unpaid.known(tmp_path) == []


async def test_a_network_goes_again_when_it_can_be_planned(
    erc20: EvmBed, exchange: Withdrawing, tmp_path: Path
) -> None:
    """By the same process: what was shown is taken away. Criterion: CHAINS-PAYER-14."""
    await exchange.ask(BAD, USDT, 700, TARGETS[0])
    store, where = Store(tmp_path / STORE), Destinations(exchange.vault)
    fields = msgspec.structs.asdict(network(erc20, BAD))
    clock = ManualClock(START_MS)
    one = Paying(BrokenNetwork(**fields), store, exchange.house, where, tmp_path, clock)
    await one.round()
    assert [row.network for row in unpaid.known(tmp_path)] == [BAD]
    (tmp_path / unpaid_name(9)).write_bytes(b"<html>")
    assert [row.network for row in unpaid.known(tmp_path)] == [BAD]
    # A node that is away for a moment has nothing to do with it.
    here, one._chain = one._chain, erc20.over("http://127.0.0.1:9")
    await one.round()
    one._chain = here
    assert [row.network for row in unpaid.known(tmp_path)] == [BAD]
    one._payer._desk = one._payer._desk._replace(chain=network(erc20, BAD).chains()[0])
    await one.round()
    assert unpaid.known(tmp_path) == []
    store.close()


async def test_a_network_that_was_put_back_is_shown_until_it_is_compared(
    erc20: EvmBed, exchange: Withdrawing, tmp_path: Path
) -> None:
    """Criterion: CHAINS-RESTORED-3. Until then who waits there can cancel nothing."""
    first = erc20.chain.tip().height
    mark = Mark(1, {GOOD: first})
    (tmp_path / MARK).write_bytes(msgspec.json.encode(mark))
    erc20.mine(AT_ONCE + 50)
    store, where = Store(tmp_path / STORE), Destinations(exchange.vault)
    clock = ManualClock(START_MS)
    one = Paying(network(erc20, GOOD), store, exchange.house, where, tmp_path, clock)
    await one.round()
    (found,) = unpaid.known(tmp_path)
    assert found.problem.endswith(f"read up to block {first + AT_ONCE} of {first + AT_ONCE + 50}")
    assert [is_compared(tmp_path, number) for number in (GOOD, BAD)] == [False, True]
    erc20.mine(AT_ONCE)
    clock.advance(1_000)
    await one.round()
    (later,) = unpaid.known(tmp_path)
    assert (later.problem != found.problem, later.since_ms) == (True, found.since_ms)
    await one.round()
    assert unpaid.known(tmp_path) == []
    assert is_compared(tmp_path, GOOD)
    assert isinstance(one._chain, EvmChain)
    one._chain._node.close()
    store.close()
