"""Goal: what warm and cold wallets hold, which people hold the keys of, counts as reserves.

Method: a real node with coins of a script that holders' signers answer for, and of one whose
holders sign by files alone; Safes on anvil. The stand-alone verifier judges.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import msgspec
import pytest
from structlog.testing import capture_logs

from fullreserve.clock import ManualClock, SystemClock
from fullreserve.config import Settings
from fullreserve.custody import holders, networks, nodes
from fullreserve.custody.addresses import account_of
from fullreserve.custody.chains.adapter import Payment
from fullreserve.custody.chains.utxo_transaction import Pays
from fullreserve.custody.hd import Private
from fullreserve.custody.keys.intent import TierPolicy
from fullreserve.custody.keys.key_file import FileDevice
from fullreserve.custody.keys.record import SAFE, UTXO, Entry, Record, TierWallet
from fullreserve.custody.keys.refill_commands import listening
from fullreserve.custody.keys.tier_signer import TierMemory, TierSigner
from fullreserve.custody.networks import Branch, Network
from fullreserve.custody.tiers import safe, spending, wallet_coins
from fullreserve.custody.tiers.safe import SafeMissing, SafeTransaction, SafeView
from fullreserve.custody.tiers.wallet import Key, Wallet
from fullreserve.exchange.products.registry import products
from fullreserve.reserves import asking_holders, declared, keys
from fullreserve.reserves.declared import WithDeclared
from fullreserve.reserves.evidence import Evidence
from fullreserve.reserves.signers import Signers
from fullreserve.reserves.statement import Shown
from tests.bed import BTC, Bed
from tests.integration.custody.conftest import made_bed
from tests.integration.custody.holders import Holder, people
from tests.integration.custody.outsiders import UtxoBed
from tests.integration.custody.safes import CHAIN, ETHER, Chain
from verifier import verify

# Blocks say which time it is.
NOW_MS = SystemClock().wall_ms()
NUMBER, PHRASE = 3, "a phrase of this test"
ANN = people(4)
POLICY = TierPolicy(1, 2, dict.fromkeys("abc", "02" * 33), ())


@pytest.fixture(scope="module")
def bitcoin(tmp_path_factory: Any) -> Iterator[UtxoBed]:
    try:
        made = made_bed("bitcoin", tmp_path_factory.mktemp("bitcoin"))
    except nodes.NodeMissing as missing:
        pytest.skip(str(missing))
    assert isinstance(made, UtxoBed)
    yield made
    made.close()


@pytest.fixture(scope="module")
def anvil() -> Iterator[Chain]:
    try:
        made = Chain()
    except (nodes.NodeMissing, SafeMissing) as missing:
        pytest.skip(str(missing))
    yield made
    made.process.stop()


def network(url: str, **other: Any) -> Network:
    root = Private.of_seed(bytes(32)).public()
    made = Network(
        network=NUMBER,
        kind="evm",
        nodes=(url,),
        branches=(Branch(root.key.hex(), root.code.hex()),),
        decimals={BTC: 18},
        coin=BTC,
        credit_after=0,
        unlock_after=6,
        chain_id=CHAIN,
    )
    return msgspec.structs.replace(made, **other)


def script_network(bed: UtxoBed) -> Network:
    branches = tuple(
        Branch(root.public().key.hex(), root.public().code.hex()) for root in bed.roots
    )
    return network(
        bed.url, kind="utxo", branches=branches, decimals={BTC: 8}, hrp="bcrt", chain_id=0,
        genesis=bed.terms.genesis.hex(),
    )  # fmt: skip


class House:
    """An exchange with one chain; `read` is what a statement would show."""

    def __init__(self, data: Path, bed: Bed) -> None:
        self.data = data
        self.bed = bed
        self.settings = Settings(data=data)
        self.exchange = keys.signer(data).public.hex()
        self.evidence: Evidence

    @classmethod
    async def open(cls, data: Path, of: Network) -> House:
        networks.keep(data, [of])
        made = cls(data, await Bed.open(data, folds=products(), clock=ManualClock(NOW_MS)))
        await made.start()
        return made

    async def start(self) -> None:
        """As a process that knows what the files say."""
        door = await self.bed.door(7)
        control = WithDeclared(self.data, Signers(self.data, door))
        self.evidence = Evidence(self.data, door, self.bed.clock, self.exchange, control)

    async def read(self, now_ms: int = NOW_MS) -> tuple[Shown, dict[str, dict[str, Any]]]:
        """With the places that a verifier has taken, by address."""
        shown, document = await self.evidence.read(now_ms)
        if document is None:
            return shown, {}
        (chain,), (of,) = document["chains"], shown.chains
        row = {
            "network": of.network, "name": of.name, "height": of.height, "block": of.block,
            "signed": of.signed_ms,
        }  # fmt: skip
        public, statement = bytes.fromhex(self.exchange), {"ts": now_ms}
        verify.check_chain(chain, row, statement, public, set())
        return shown, {one["address"]: one for one in chain["places"]}


class Room:
    """Holders' signers, each at a socket."""

    def __init__(self, data: Path, who: Sequence[Holder]) -> None:
        self.data = data
        self.who = who
        self._servers: list[asyncio.Server] = []
        self._memories: list[TierMemory] = []

    async def __aenter__(self) -> Self:
        wallets, online = Record.of(self.data).state.wallets, []
        for person, one in enumerate(self.who, 1):
            memory = TierMemory(self.data / f"{one.name}.sqlite")
            signer = TierSigner(one.name, one.device, wallets, POLICY, memory, SystemClock())

            async def answered(question: bytes, signer: TierSigner = signer) -> bytes:
                return await signer.answer("", question)

            place = f"{one.name}.sock"
            self._servers.append(await listening(self.data / place, answered))
            self._memories.append(memory)
            online.append(holders.Holder(person, place, one.key.key))
        holders.keep(self.data, [holders.Online(1, tuple(online))])
        return self

    async def __aexit__(self, *_: object) -> None:
        for server in self._servers:
            server.close()
        for memory in self._memories:
            memory.close()
        for one in self.who:
            (self.data / f"{one.name}.sock").unlink(missing_ok=True)


class Afar:
    """Holders with files of keys on machines that are never connected, and copies of the record."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self.names = names
        self.folder = folder
        self.keys: dict[str, Key] = {}
        for name in names:
            (folder / name).mkdir(parents=True)
            device = FileDevice.create(self._keys(name), PHRASE.encode(), [name])
            branch = device.branch(name)
            self.keys[name] = Key(name, branch.key.hex(), branch.code.hex())

    def _keys(self, name: str) -> Path:
        return self.folder / name / "keys"

    def signs(self, name: str, asked: Path, record: Path, patch: pytest.MonkeyPatch) -> Path:
        """A holder's part."""
        home, out = self.folder / name, self.folder / f"{name}.part"
        (home / record.name).write_bytes(record.read_bytes())
        patch.setattr("sys.stdin", io.StringIO(PHRASE + "\n"))
        settings = Settings(data=home)
        keys_file = self._keys(name)
        assert asking_holders.sign(settings, asked, name, keys_file, None, "", out) == 0
        return out


def told(house: House, *wallets: TierWallet) -> Path:
    Record.of(house.data).append(Entry(0, 0, "ceremony", "", wallets=wallets))
    return house.data / "custody-keys.jsonl"


def paid(bed: UtxoBed, wallet: Wallet, amount: int, number: int) -> None:
    """Coins come to one of a wallet's addresses from outside."""
    bed.send([Payment(0, bed.asset, amount, wallet.place(number))])
    bed.mine()


def script_wallet(bed: UtxoBed, tier: str, wallet: Wallet) -> TierWallet:
    names = tuple(one.holder for one in wallet.keys)
    born = bed.node.call("getblockcount") + 1
    return TierWallet(NUMBER, tier, UTXO, wallet.threshold, names, wallet, "bcrt", born)


async def test_a_script_of_holders_who_answer_counts(bitcoin: UtxoBed, tmp_path: Path) -> None:
    """Two of four sign. One is silent and nothing changes; with one left, nobody's word counts.

    Criterion: POR-PEOPLE-1
    """
    warm = Wallet(2, tuple(one.key for one in ANN))
    house = await House.open(tmp_path, script_network(bitcoin))
    told(house, script_wallet(bitcoin, "warm", warm))
    for number, amount in ((0, 3), (7, 4)):
        paid(bitcoin, warm, amount * bitcoin.unit, number)
    async with Room(tmp_path, ANN[1:]):
        shown, places = await house.read()
    assert shown.amounts == {BTC: 7 * bitcoin.unit}
    assert {one["tier"] for one in places.values()} == {"warm"}
    assert sorted(one["amounts"]["BTC"] for one in places.values()) == [
        str(3 * bitcoin.unit), str(4 * bitcoin.unit)
    ]  # fmt: skip
    assert shown.whole == {BTC}
    (tmp_path / "reserves" / "ownership.json").unlink()
    await house.start()
    async with Room(tmp_path, ANN[:1]):
        alone, _ = await house.read()
    assert not alone.amounts
    assert alone.lacks
    await house.bed.close()


async def test_a_refill_hides_no_coin(bitcoin: UtxoBed, tmp_path: Path) -> None:
    """What warm paid to hot, and its change, count in the very block that moved them.

    Criterion: POR-PEOPLE-2
    """
    warm = Wallet(2, tuple(one.key for one in people(4, 21)))
    tier = script_wallet(bitcoin, "warm", warm)
    house = await House.open(tmp_path, script_network(bitcoin))
    told(house, tier)
    paid(bitcoin, warm, 9 * bitcoin.unit, 0)
    coins = wallet_coins.found(bitcoin.node, warm, 1, tier.born, bitcoin.node.call("getblockcount"))
    pays = [Pays(bitcoin.chain.addresses.place(0), 2 * bitcoin.unit)]
    spend = spending.planned(warm, [one.coin for one in coins], pays, warm.place(1), 10)
    signers = people(4, 21)
    async with Room(tmp_path, signers):
        before, _ = await house.read()
        signed = [one.signs(warm, spend) for one in signers[:2]]
        bitcoin.chain.broadcast(spending.completed(warm, spend, signed))
        bitcoin.mine()
        after, places = await house.read()
    # Of hot nobody signs here: that it is there is all that its coin says.
    left = before.amounts[BTC] - 2 * bitcoin.unit - spend.fee
    assert after.amounts == {BTC: left}
    assert [one["tier"] for one in places.values()] == ["warm"]
    assert after.lacks, "hot's coin was seen, and nobody has signed for it"
    await house.bed.close()


async def test_cold_holders_sign_once_by_files(
    bitcoin: UtxoBed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """For thirty days, whatever comes to any of its addresses meanwhile; recovery keys beside them.

    Criterion: POR-PEOPLE-3
    """
    afar = Afar(tmp_path / "afar", ("eve", "fay", "gus"))
    late = tuple(one.key for one in people(3, 11))
    cold = Wallet(2, tuple(afar.keys.values()), 2, late, 4_320)
    house = await House.open(tmp_path, script_network(bitcoin))
    record = told(house, script_wallet(bitcoin, "cold", cold))
    asked = tmp_path / "cold.asked"
    assert asking_holders.ask(house.settings, NUMBER, "cold", 30, asked) == 0
    parts = [afar.signs(name, asked, record, monkeypatch) for name in ("gus", "eve")]
    assert "it moves nothing" in capsys.readouterr().out
    assert asking_holders.take(house.settings, asked, parts[:1]) == 1
    assert "1 of 2 holders" in capsys.readouterr().out
    assert not declared.load(tmp_path)
    assert asking_holders.take(house.settings, asked, parts) == 0
    paid(bitcoin, cold, 5 * bitcoin.unit, 3)
    shown, places = await house.read(SystemClock().wall_ms())
    assert shown.amounts == {BTC: 5 * bitcoin.unit}
    (place,) = places.values()
    assert (place["tier"], place["form"]) == ("cold", "bip322")
    await house.bed.close()


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"network": 4}, "no cold wallet of network 4"),
        ({"messages": {}}, "names no address"),
        ({"messages": {"bcrt1q": "Fullreserve gives it away"}}, "not a message of ownership"),
    ],
)
async def test_holders_sign_nothing_but_ownership(
    anvil: Chain, tmp_path: Path, wrong: dict[str, Any], why: str, capsys: Any
) -> None:
    """Also not another wallet's. Criterion: POR-PEOPLE-3"""
    house = await House.open(tmp_path, network(anvil.process.url))
    told(house, safe_of(anvil, "cold", ANN))
    asked = tmp_path / "asked"
    assert asking_holders.ask(house.settings, NUMBER, "cold", 1, asked) == 0
    good = msgspec.json.decode(asked.read_bytes())
    asked.write_bytes(msgspec.json.encode(good | wrong))
    out = tmp_path / "part"
    code = asking_holders.sign(house.settings, asked, ANN[0].name, None, None, "", out)
    assert code == 1
    assert why in capsys.readouterr().out
    assert not out.exists()
    address, text = next(iter(good["messages"].items()))
    swapped = {"messages": {address: text.replace(address, "0x" + "11" * 20)}}
    asked.write_bytes(msgspec.json.encode(good | swapped))
    assert asking_holders.sign(house.settings, asked, ANN[0].name, None, None, "", out) == 1
    await house.bed.close()


def safe_of(chain: Chain, tier: str, owners: Sequence[Holder]) -> TierWallet:
    """Of which two have to sign, with 3 ETH."""
    accounts = {one.name: account_of(one.device.public(one.name)) for one in owners}
    first = safe.set_up(list(accounts.values()), 2, chain.handler)
    made = chain.send(chain.factory, safe.proxy(chain.singleton, first, next(chain.salts)))
    account = bytes.fromhex(made["logs"][-1]["topics"][1][2:])[-20:]
    chain.send(account, b"", 3 * ETHER)
    return TierWallet(
        NUMBER, tier, SAFE, 2, tuple(accounts), chain_id=CHAIN, safe=account.hex(),
        owners={name: one.hex() for name, one in accounts.items()},
    )  # fmt: skip


async def test_safes_of_holders_who_answer_count(anvil: Chain, tmp_path: Path) -> None:
    """Warm's by machine, and cold's not before its own holders sign. Criterion: POR-PEOPLE-1"""
    cold = people(3, 31)
    house = await House.open(tmp_path, network(anvil.process.url))
    told(house, safe_of(anvil, "warm", ANN), safe_of(anvil, "cold", cold))
    async with Room(tmp_path, ANN):
        shown, places = await house.read()
    assert shown.amounts == {BTC: 3 * 10**8}
    assert [(one["tier"], one["form"]) for one in places.values()] == [("warm", "eip1271")]
    assert BTC not in shown.whole
    await house.start()
    async with Room(tmp_path, [*ANN, *cold[1:]]):
        shown, places = await house.read()
    assert shown.amounts == {BTC: 6 * 10**8}
    assert {one["tier"] for one in places.values()} == {"warm", "cold"}
    await house.bed.close()


def swapped(chain: Chain, tier: TierWallet, old: Holder, new: Holder) -> None:
    """The Safe's chain has another owner, of which the record does not know."""
    account = bytes.fromhex(tier.safe)
    view = SafeView(chain.node, account)
    call = safe.swap_call(view.owners(), old.account, new.account)
    swap = SafeTransaction(CHAIN, account, view.nonce(), account, 0, call)
    chain.send(account, swap.execution(ANN[0].approves(swap) | ANN[1].approves(swap)))


async def test_a_safe_counts_in_each_statement_while_its_owner_is_replaced(
    anvil: Chain, tmp_path: Path
) -> None:
    """By its owners of before, by those who stay, and by those of now. Criterion: POR-PEOPLE-4"""
    (zoe,) = people(1, 41)
    house = await House.open(tmp_path, network(anvil.process.url))
    tier = safe_of(anvil, "warm", ANN)
    told(house, tier)
    first, second, *others = ANN  # in which order they are asked
    has = {BTC: 3 * 10**8}

    async def counts() -> None:
        with capture_logs() as said:
            shown, places = await house.read()
        assert (shown.amounts, len(places), shown.lacks) == (has, 1, False)
        assert [one for one in said if one["log_level"] == "warning"] == []

    async with Room(tmp_path, [first, second]):  # whose signatures are kept
        await counts()
    async with Room(tmp_path, ANN):
        swapped(anvil, tier, first, zoe)
        await counts()  # the record does not know of it yet
        (tmp_path / "reserves" / "ownership.json").unlink()
        await house.start()
        await counts()
    after = [zoe, second, *others]
    owners = {one.name: one.account.hex() for one in after}
    told(house, msgspec.structs.replace(tier, holders=tuple(owners), owners=owners))
    async with Room(tmp_path, [zoe, second]):
        await counts()
        (tmp_path / "reserves" / "ownership.json").unlink()
        await house.start()
        await counts()
    await house.bed.close()


async def test_a_safe_whose_owners_of_now_do_not_answer_counts_not(
    anvil: Chain, tmp_path: Path
) -> None:
    """Who was one and is no more signs for nothing, which is said. Criterion: POR-PEOPLE-4"""
    (zoe,) = people(1, 51)
    house = await House.open(tmp_path, network(anvil.process.url))
    tier = safe_of(anvil, "warm", ANN)
    told(house, tier)
    async with Room(tmp_path, ANN[:2]):
        assert (await house.read())[0].amounts == {BTC: 3 * 10**8}
        swapped(anvil, tier, ANN[0], zoe)
        with capture_logs() as said:
            shown, _ = await house.read()
    assert (shown.amounts, shown.lacks) == ({}, True)
    problems = [one["problem"] for one in said if one["event"] == "place not signed for"]
    assert len(problems) == 1
    assert problems[0].startswith("1 of 2 holders")
    await house.bed.close()


async def test_owners_sign_for_their_safe_by_files(
    anvil: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: POR-PEOPLE-3."""
    afar = Afar(tmp_path / "afar", ("hal", "ida", "jon"))
    devices = [
        Holder(name, FileDevice.open(afar._keys(name), PHRASE.encode()), key)
        for name, key in afar.keys.items()
    ]
    house = await House.open(tmp_path, network(anvil.process.url))
    record = told(house, safe_of(anvil, "cold", devices))
    asked = tmp_path / "asked"
    assert asking_holders.ask(house.settings, NUMBER, "cold", 30, asked) == 0
    parts = [afar.signs(name, asked, record, monkeypatch) for name in ("jon", "hal")]
    assert asking_holders.take(house.settings, asked, parts) == 0
    shown, places = await house.read(SystemClock().wall_ms())
    assert shown.amounts == {BTC: 3 * 10**8}
    assert [one["tier"] for one in places.values()] == ["cold"]
    await house.bed.close()
