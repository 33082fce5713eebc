"""Goal: coins of Bitcoin's family are shown by outpoint, with signatures of the script's keys.

Method: a real node with coins of a 2-of-3 script; the evidence of them is read by the stand-alone
verifier, alone and with the node; then coins are spent, and lines are altered.
"""

from __future__ import annotations

import asyncio
import copy
import io
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from coincurve import PrivateKey

from fullreserve.clock import ManualClock, SystemClock
from fullreserve.config import Settings
from fullreserve.custody import networks, nodes
from fullreserve.custody.addresses import UtxoAddresses
from fullreserve.custody.chains.adapter import Payment
from fullreserve.custody.chains.rpc import Node
from fullreserve.custody.networks import Branch, Network
from fullreserve.custody.ownership import sign_as_key
from fullreserve.custody.reconciling import PAYER_STORE
from fullreserve.custody.store import Store
from fullreserve.door.outcome import outcome
from fullreserve.door.protocol import Door
from fullreserve.exchange import chart
from fullreserve.exchange.products.registry import products
from fullreserve.exchange.wire import commands as c
from fullreserve.exchange.wire.events import Reply
from fullreserve.reserves import declaring
from fullreserve.reserves.audit import audit
from fullreserve.reserves.coins_chain import newest
from fullreserve.reserves.declared import WithDeclared
from fullreserve.reserves.evidence import Evidence, Rules
from fullreserve.reserves.keys import signer
from fullreserve.reserves.places import DAY_MS, NotProven, Ownership, Place, Said, message_of
from fullreserve.reserves.statement import Shown
from fullreserve.reserves.worker import Worker
from tests.bed import ALICE, BOB, BTC, USDT, Bed
from tests.integration.custody.conftest import made_bed
from tests.integration.custody.liar import Liar
from tests.integration.custody.outsiders import COINS, Approved, UtxoBed
from tests.integration.reserves.test_safes import Nobody
from tests.unit.reserves import wallet
from verifier import verify

# Blocks say which time it is.
NOW_MS = SystemClock().wall_ms()
NUMBER = 2
EXCHANGE = "ab" * 32
SUM = sum(40 * UtxoBed.unit + number for number in range(COINS))


class Keys:
    """Two of the three keys of the hot wallet's script."""

    def __init__(self, bed: UtxoBed) -> None:
        of = bed.chain.addresses
        assert isinstance(of, UtxoAddresses)
        self.script = of.witness_script(0)
        self.place = Place(NUMBER, "hot", of.address(0), of.place(0))
        self.keys = [PrivateKey(bed.roots[number].child(0).secret) for number in (0, 2)]
        self.hrp = bed._hrp

    async def places(self, network: int) -> list[Place]:
        return [self.place] if network == NUMBER else []

    async def prove(self, place: Place, message: str) -> Ownership:
        if place != self.place:
            raise NotProven("no address of ours")
        made = tuple(sign_as_key(key, message, self.hrp).hex() for key in self.keys)
        return Ownership(message=message, signatures=made, script=self.script.hex())


@pytest.fixture(
    scope="module", params=["bitcoin", pytest.param("litecoin", marks=pytest.mark.slow)]
)
def chain(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[UtxoBed]:
    try:
        made = made_bed(request.param, tmp_path_factory.mktemp(request.param))
    except nodes.NodeMissing as missing:
        pytest.skip(str(missing))
    assert isinstance(made, UtxoBed)
    yield made
    made.close()


@pytest_asyncio.fixture
async def evidence(chain: UtxoBed, tmp_path: Path) -> AsyncIterator[Evidence]:
    """Of an exchange whose payer knows the coins of the hot wallet."""
    branches = tuple(
        Branch(root.public().key.hex(), root.public().code.hex()) for root in chain.roots
    )
    network = Network(
        network=NUMBER,
        kind="utxo",
        nodes=(chain.url,),
        branches=branches,
        decimals={BTC: 8},
        coin=BTC,
        credit_after=1,
        unlock_after=2,
        hrp=chain._hrp,
        genesis=chain.terms.genesis.hex(),
    )
    networks.keep(tmp_path, [network])
    (tmp_path / "reserves").mkdir(exist_ok=True)
    store = Store(tmp_path / PAYER_STORE)
    for coin in chain.chain.coins.values():
        store.keep_coin(NUMBER, coin.outpoint(), msgspec.msgpack.encode(coin))
    store.close()
    bed = await Bed.open(tmp_path, folds=products(), clock=ManualClock(NOW_MS))
    door = await bed.door(7)
    yield Evidence(tmp_path, door, bed.clock, EXCHANGE, Keys(chain))
    await bed.close()


def checked(shown: Shown, document: dict[str, Any]) -> dict[str, int]:
    """What the verifier counts; verify.Refused."""
    (chain,), (of,) = document["chains"], shown.chains
    row = {
        "network": of.network, "name": of.name, "height": of.height, "block": of.block,
        "signed": of.signed_ms,
    }  # fmt: skip
    public, statement = bytes.fromhex(EXCHANGE), {"ts": NOW_MS}
    return verify.check_chain(chain, row, statement, public, set())


def asked_of(
    chain: UtxoBed, shown: Shown, document: dict[str, Any], payments: Sequence[Any] = ()
) -> None:
    """Has the verifier ask the node; verify.Refused."""
    (of,) = shown.chains
    rows = [{"network": of.network, "name": of.name, "height": of.height, "block": of.block}]
    statement = {"reserves": {"chains": rows}, "leaving": list(payments)}
    bitcoin = verify.Asset("BTC", 8, 0, 0)
    told = verify.Checked(statement, b"", [bitcoin], None, verify.Logged(1, b""))
    verify.check_node(f"{NUMBER}={chain.url}", told, [document])


async def test_coins_are_shown_by_outpoint(chain: UtxoBed, evidence: Evidence) -> None:
    """48 coins of a script, to the unit; a node has them. Criterion: POR-RESERVES-2, POR-PIT-12"""
    shown, document = await evidence.read(NOW_MS)
    assert document is not None
    assert shown.amounts == {BTC: SUM}
    assert shown.whole == {BTC}
    (place,) = document["chains"][0]["places"]
    assert len(place["coins"]) == COINS
    assert checked(shown, document) == {"BTC": SUM}
    asked_of(chain, shown, document)
    wrong = copy.deepcopy(document)
    one = wrong["chains"][0]["places"][0]
    one["coins"][0]["height"] -= 1
    with pytest.raises(verify.Refused, match="is younger than it is said to be"):
        asked_of(chain, shown, wrong)
    wrong = copy.deepcopy(document)
    one = wrong["chains"][0]["places"][0]
    one["coins"][0]["amount"] = str(int(one["coins"][0]["amount"]) + 1)
    with pytest.raises(verify.Refused, match="other coins than its amount says"):
        checked(shown, wrong)
    one["amounts"] = {"BTC": str(SUM + 1)}
    assert checked(shown, wrong) == {"BTC": SUM + 1}, "no block says what is unspent"
    with pytest.raises(verify.Refused, match="of another amount or another address"):
        asked_of(chain, shown, wrong)


class Counting(Liar):
    """Counts what the node is asked."""

    asked = 0

    def answer(self, asked: bytes, login: str | None) -> bytes:
        self.asked += 1
        return super().answer(asked, login)


async def test_coins_are_asked_for_together(evidence: Evidence, tmp_path: Path) -> None:
    """However many there are, a chain is read in a moment. Criterion: POR-STATE-20"""
    (network,) = networks.load(tmp_path)
    with Counting(network.nodes[0]) as node:
        networks.keep(tmp_path, [msgspec.structs.replace(network, nodes=(node.url,))])
        shown, _ = await evidence.read(NOW_MS)
    assert shown.amounts == {BTC: SUM}
    assert node.asked < COINS / 4


async def test_a_spent_coin_counts_no_more(
    chain: UtxoBed, evidence: Evidence, tmp_path: Path
) -> None:
    """Its change does at once, and its payment is on its way.

    Criterion: POR-RESERVES-2, POR-RESERVES-4
    """
    before, document = await evidence.read(NOW_MS)
    assert document is not None
    payment = Payment(1, chain.asset, chain.unit, chain._addresses.place(3))
    plan = chain.chain.plan([payment], [])
    attempt = chain.sign(plan, Approved(payment))
    chain.chain.broadcast(attempt)
    chain.mine()
    # The payer has kept what it sent, and has not looked at the block yet.
    store = Store(tmp_path / PAYER_STORE)
    store.change(store.keep_plan(msgspec.structs.replace(plan, network=NUMBER)), attempt)
    store.close()
    after, later = await evidence.read(NOW_MS)
    assert later is not None
    assert after.amounts[BTC] == before.amounts[BTC] - chain.unit - plan.fee
    ((network, txid, height, withdrawals),) = after.mined
    assert (network, txid, withdrawals) == (NUMBER, attempt.txid.hex(), (1,))
    assert height == after.chains[0].height
    paid = {"network": NUMBER, "txid": txid, "height": height, "symbol": "BTC"}
    paid["amount"] = str(chain.unit)
    asked_of(chain, after, later, [paid])
    with pytest.raises(verify.Refused, match="paid less BTC than that"):
        asked_of(chain, after, later, [paid | {"amount": str(chain.unit + 1)}])
    others = copy.deepcopy(later)
    others["chains"][0]["places"] = []
    with pytest.raises(verify.Refused, match="no address of the exchange"):
        asked_of(chain, after, others, [paid])
    with pytest.raises(verify.Refused, match="does not have the payment"):
        asked_of(chain, after, later, [paid | {"height": height - 1}])
    with pytest.raises(verify.Refused, match="it was spent, or never was"):
        asked_of(chain, before, document)


async def a_declared_coin_is_audited(
    chain: UtxoBed, evidence: Evidence, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody pays the declared address; a statement counts the coin, and an auditor finds it."""
    payment = Payment(9, chain.asset, chain.unit, wallet.to_witness_key().data)
    attempt = chain.sign(chain.chain.plan([payment], []), Approved(payment))
    chain.chain.broadcast(attempt)
    chain.mine()
    address, settings = wallet.address(wallet.to_witness_key()), Settings(data=data)
    exchange, until_ms = signer(data).public.hex(), NOW_MS + 29 * DAY_MS
    block = newest(Node(chain.url))
    said = Said(exchange, address, NUMBER, block.height, block.hash, NOW_MS - 1_000, until_ms)
    text = message_of(said)
    made, coin = list(wallet.by_witness_key(wallet.KEYS[0])(text)), f"{attempt.txid.hex()}:0"
    assert declaring.declare(settings, NUMBER, address, "bip322", text, made, [coin]) == 0
    clock, door = evidence._clock, evidence._door
    both = Evidence(data, door, clock, exchange, WithDeclared(data, Nobody()))
    worker = Worker(data, door, clock, 60, both)
    following = asyncio.create_task(worker.projection.follow())
    row = await worker.publish()
    following.cancel()
    (bitcoin,) = [one for one in row["statement"]["assets"] if one["symbol"] == "BTC"]
    assert bitcoin["reserves"] == str(chain.unit)
    node = [f"{NUMBER}={chain.url}"]
    assert audit(settings, None, node) == 1
    told = capsys.readouterr().out
    assert "1 addresses are the exchange's: their keys signed" in told
    assert "1 balances are those of your own nodes" in told
    assert "FAILED: BTC: reserves of 0.01 do not cover" in told


async def give_back(door: Door, owner: int, asset: int, amount: int) -> None:
    """So much of what a trader has goes to the house."""
    source = c.AccountKey(owner, chart.TRADE, 0)
    target = c.AccountKey(chart.HOUSE, chart.TREASURY, 0)
    number, units = door.numbers(1), c.amount_bytes(amount)
    moved = c.Transfer(door.gateway, number, chart.HOUSE, source, target, asset, units)
    reply = await outcome(door, moved)
    assert isinstance(reply, Reply)
    assert not reply.code


class Screen(io.StringIO):
    """A terminal, as far as programs ask."""

    def isatty(self) -> bool:
        return True


async def test_an_auditor_asks_an_own_node_for_each_coin(
    chain: UtxoBed,
    evidence: Evidence,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From claims to coins, with a bar that fills; a coin that was spent since is named.

    Criterion: POR-AUDIT-1
    """
    clock, door, settings = evidence._clock, evidence._door, Settings(data=tmp_path)
    for owner in (ALICE, BOB):  # nobody is owed USDT, which is not there, and of BTC little
        await give_back(door, owner, USDT, 1_000_000 * 10**8)
        await give_back(door, owner, BTC, 100 * 10**8 - chain.unit // 10)
    rules, exchange = Rules(own_tokens=frozenset({"USDT"})), signer(tmp_path).public.hex()
    shown = Evidence(tmp_path, door, clock, exchange, Keys(chain), rules)
    worker = Worker(tmp_path, door, clock, 60, shown)
    following = asyncio.create_task(worker.projection.follow())
    row = await worker.publish()
    following.cancel()
    screen = Screen()
    monkeypatch.setattr("sys.stderr", screen)
    node = [f"{NUMBER}={chain.url}"]
    assert audit(settings, None, node) == 0
    coins = len(outpoints_of(tmp_path, row))
    said = capsys.readouterr().out
    for sentence in (
        "claims of statement 1 are those of the journal, to the unit",
        "1 addresses are the exchange's: their keys signed",
        f"{coins} balances are those of your own nodes",
        "USDT is the exchange's own token: it covers claims on itself alone",
        "Every asset is covered. Everything that could be checked holds.",
    ):
        assert sentence in said
    half = coins // 2
    for bar in (f"] {half} of {coins}", f"[{'#' * 40}] {coins} of {coins}"):
        assert bar in screen.getvalue()
    payment = Payment(11, chain.asset, chain.unit, chain._addresses.place(3))
    attempt = chain.sign(chain.chain.plan([payment], []), Approved(payment))
    chain.chain.broadcast(attempt)
    chain.mine()
    assert audit(settings, None, node) == 1
    assert "it was spent, or never was" in capsys.readouterr().out


def outpoints_of(data: Path, row: dict[str, Any]) -> list[str]:
    """The outpoints of a published statement's evidence."""
    name = row["statement"]["reserves"]["evidence"]
    document = json.loads((data / f"reserves/public/evidence/{name}.json").read_bytes())
    places = document["chains"][0]["places"]
    return [coin["outpoint"] for place in places for coin in place["coins"]]


async def test_a_declared_address_counts_by_the_coins_named_with_it(
    chain: UtxoBed, evidence: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A witness key that no signer has, by BIP 322; a stranger's signature is not taken.

    Criterion: POR-RESERVES-3, POR-AUDIT-1
    """
    address, settings = wallet.address(wallet.to_witness_key()), Settings(data=tmp_path)
    if not address.startswith(f"{chain._hrp}1"):
        pytest.skip("the wallet of this test is of Bitcoin's test chain")
    assert declaring.message(settings, NUMBER, address, 30) == 0
    text = capsys.readouterr().out.strip()
    for key, code in ((wallet.STRANGER, 1), (wallet.KEYS[0], 0)):
        made = list(wallet.by_witness_key(key)(text))
        assert declaring.declare(settings, NUMBER, address, "bip322", text, made, None) == code
    assert "the signature does not hold" in capsys.readouterr().out
    (place,) = await WithDeclared(tmp_path, Nobody()).places(NUMBER)
    assert (place.address, place.tier) == (address, "declared")
    proof = await WithDeclared(tmp_path, Nobody()).prove(place, "another message")
    assert proof.message == text
    before, _ = await evidence.read(NOW_MS)
    assert before.amounts
    await a_declared_coin_is_audited(chain, evidence, tmp_path, capsys)
