"""Goal: an operator changes keys on the demo as the guide says.

Method: anvil, litecoind, the commands.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from fullreserve import cli
from fullreserve.clock import SystemClock
from fullreserve.custody import ceremony, demo, demo_people, holders, networks
from fullreserve.custody.chains.rpc import Node
from fullreserve.custody.demo import DemoChains
from fullreserve.custody.demo_terms import LITECOIN, NETWORK
from fullreserve.custody.house import WATCHER_GATEWAY
from fullreserve.custody.keys.record import FILE, Record
from fullreserve.custody.tiers.safe import SafeView
from fullreserve.door.local import LocalDoor
from fullreserve.exchange import chart
from fullreserve.exchange.products.registry import products
from tests.bed import Bed
from tests.integration.custody.test_demo_chain import hot

pytestmark = pytest.mark.slow

WORD = "a passphrase of the tests"
ZOE, BOB = 20, 5
LACKING = ("ann", "bob", "cyd", "dee", "eve", "fay", "gus", "hal", "ida")


def said(data: Path, word: str, *words: str | Path, code: int = 0) -> str:
    """What a command says."""
    out, bad = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FULLRESERVE_DATA", str(data))
        patch.setattr("sys.stdin", io.StringIO(word + "\n"))
        patch.setattr("sys.stdout", out)
        patch.setattr("sys.stderr", bad)
        told = cli.main(["custody", *map(str, words)])
    assert told == code, out.getvalue() + bad.getvalue()
    return out.getvalue() + bad.getvalue()


@asynccontextmanager
async def running(data: Path, door: LocalDoor) -> AsyncIterator[DemoChains]:
    chain = await DemoChains.open(data, door, SystemClock(), "two")
    try:
        yield chain
    finally:
        chain.close()


def as_before(data: Path) -> None:
    """The record as earlier versions wrote it: wallets alone."""
    made = [one for one in Record.of(data).entries if one.wallets]
    (data / FILE).unlink()
    record = Record.of(data)
    for one in made:
        record.append(msgspec.structs.replace(one, cards=(), persons=()))
    assert not record.state.cards


def replaced(data: Path, out: Path) -> None:
    """Bob of warm by zoe, on each chain, as the guide says."""
    word = ceremony.passphrase(data, demo_people.SIGNER).decode()
    keys = demo_people.keys_file(data)
    assert "warm wallet of network 1: 2 of ann (4), bob (5), cyd (6), dee (7)" in said(
        data, WORD, "show"
    )
    said(data, WORD, "holder-key", "zoe", out)
    job = out / "s.json"
    said(
        data, WORD, "replace-holder", "bob", out / "zoe.json", "--person", str(ZOE), "--out", job
    )  # fmt: skip
    for network in (NETWORK, LITECOIN):
        one = out / f"s-{network}-warm.json"
        parts = [out / f"{name}-{network}.part" for name in ("ann", "cyd")]
        for name, part in zip(("ann", "cyd"), parts, strict=True):
            said(
                data, word, "sign", one, name, "--keys", keys, "--out", part,
                "--card", out / "zoe.json",
            )  # fmt: skip
        said(data, word, "finish", one, *parts, "--payer", keys)


async def test_a_holder_of_the_demo_is_replaced_and_stays_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: CHAINS-DEMO-9. Also in a folder from before, whose record knew no cards."""
    monkeypatch.setitem(demo.CHAINS, "two", (demo.ANVIL, demo.LTC))
    data, out = tmp_path / "data", tmp_path / "out"
    data.mkdir()
    bed = await Bed.open(data, folds=products())
    door = await LocalDoor.open(bed.sequencer, WATCHER_GATEWAY)
    async with running(data, door):
        assert tuple(Record.of(data).state.cards) == LACKING
    as_before(data)
    async with running(data, door):
        assert tuple(Record.of(data).state.cards) == LACKING
        warm = await hot(door, chart.CHAIN_WARM)
        await asyncio.to_thread(replaced, data, out)
        (node,) = (one.nodes[0] for one in networks.load(data) if one.network == NETWORK)
        Node(node).call("anvil_mine", "0x1")  # a chain that ends forgets what is in no block
        before = len(Record.of(data).entries)
    async with running(data, door):
        state = Record.of(data).state
        assert len(Record.of(data).entries) == before
        for of in (NETWORK, LITECOIN):
            assert state.wallets[of, "warm"].holders == ("ann", "zoe", "cyd", "dee")
        served = {one.network: one for one in networks.load(data)}
        safe = bytes.fromhex(state.wallets[NETWORK, "warm"].safe)
        owners = {one.hex() for one in SafeView(Node(served[NETWORK].nodes[0]), safe).owners()}
        assert owners == set(state.wallets[NETWORK, "warm"].owners.values())
        persons = {one.person: one for one in holders.load(data)[1].holders}
        assert (ZOE in persons, BOB in persons) == (True, False)
        assert (persons[ZOE].signer, persons[ZOE].key) == (
            "holder-zoe.sock",
            state.cards["zoe"].key,
        )
        assert await hot(door, chart.CHAIN_WARM) == warm
    await bed.close()
