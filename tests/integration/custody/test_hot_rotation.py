"""Goal: a hot signer's key is gone for ever, and payments, deposits and the rotation go on; sweeps
of hot go on when warm's keys have changed.

Method: litecoind, an exchange, its payer, watcher and signers, and the commands that an operator
uses. The key of one of three signers is never there.
"""

from __future__ import annotations

import asyncio
import io
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from fullreserve import cli
from fullreserve.app import custody
from fullreserve.clock import ManualClock
from fullreserve.custody import generations, holders, holdings, keyfile, networks, ownership
from fullreserve.custody.addresses import UtxoAddresses
from fullreserve.custody.chains.adapter import Payment
from fullreserve.custody.chains.utxo import UtxoChain
from fullreserve.custody.chains.utxo_transaction import Coin, read_body
from fullreserve.custody.destinations import Destinations
from fullreserve.custody.exchange_view import LocalView
from fullreserve.custody.fee_budget import Budgets
from fullreserve.custody.intents import ExchangeIntents, Memory
from fullreserve.custody.keys.record import FILE, UTXO, Entry, Record, TierWallet
from fullreserve.custody.networks import Branch, Network
from fullreserve.custody.paying import STORE, Paying
from fullreserve.custody.reconciling import BEHIND_MS, Reconciler
from fullreserve.custody.signer import Signer, policies_of
from fullreserve.custody.signing import branch_name
from fullreserve.custody.store import Store
from fullreserve.custody.tiers.wallet import Wallet, WalletAddresses
from fullreserve.custody.tiers.wallet_coins import found
from fullreserve.custody.watcher import STORE as WATCHED
from fullreserve.custody.watcher import Watcher
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.custody_wire import Tier
from fullreserve.exchange.products.deposit_state import Deposit, GetAddress, ListDeposits
from fullreserve.exchange.products.tier_moves_wire import TIER_MOVES, Marks, SetMarks
from fullreserve.exchange.products.withdrawal_state import WithdrawalState
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.exchange.worker_files import Held, held_name
from tests.bed import ALICE, BOB, BTC
from tests.integration.custody.conftest import made_bed
from tests.integration.custody.holders import people
from tests.integration.custody.outsiders import UtxoBed
from tests.integration.custody.withdrawing import NOTHING, START_MS, Withdrawing

pytestmark = pytest.mark.usefixtures("cheap_passphrases")

NETWORK, FINAL = 3, 2
AMOUNT = 1_000_000
WORD = "a passphrase of the tests"
SALT = b"s" * 32
ROUNDS = 150
OLD = ("one", "two", "three")  # the last one's key is gone
NEW = ("one", "two", "four")
LINE = wire.NetworkAsset(BTC, 8, NOTHING, NOTHING, NOTHING, amount_bytes(10**15), 8)
TERMS = wire.DefineNetwork(NETWORK, "Litecoin", 1, FINAL, False, BTC, (LINE,))


def network(bed: UtxoBed) -> Network:
    branches = [root.public() for root in bed.roots]
    return Network(
        network=NETWORK, kind="utxo", nodes=(bed.url,), decimals={BTC: 8}, coin=BTC,
        branches=tuple(Branch(one.key.hex(), one.code.hex()) for one in branches),
        credit_after=1, unlock_after=FINAL, hrp="rltc", genesis=bed.terms.genesis.hex(),
        signers=tuple(f"{name}.sock" for name in OLD),
    )  # fmt: skip


class Office:
    """The exchange and its workers, over one chain and one data folder."""

    def __init__(self, folder: Path, bed: UtxoBed, exchange: Withdrawing) -> None:
        self.folder, self.bed, self.exchange = folder, bed, exchange
        self.clock = ManualClock(START_MS)
        self.store, self.watched = Store(folder / STORE), Store(folder / WATCHED)
        self._signers: dict[str, asyncio.Server] = {}
        self._memories: list[Memory] = []
        self._budgets: list[Budgets] = []
        self._outside = 0

    def command(self, *words: str | int | Path, code: int = 0) -> str:
        """A command, and all that it said."""
        out, bad = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("FULLRESERVE_DATA", str(self.folder))
            patch.setattr("sys.stdin", io.StringIO(2 * f"{WORD}\n"))
            patch.setattr("sys.stdout", out)
            patch.setattr("sys.stderr", bad)
            told = cli.main(["custody", *map(str, words)])
        assert told == code, out.getvalue() + bad.getvalue()
        return out.getvalue() + bad.getvalue()

    async def serve(self, *names: str, record: Path | None = None) -> None:
        """Those signers run, by what the file says now, and no others; their own `record`."""
        for name in list(self._signers):
            self.silence(name)
        served = networks.served(self.folder)
        for name in names:
            secrets = keyfile.unseal(self.folder / f"{name}.keys", WORD.encode())
            memory = Memory(self.folder / f"{name}.sqlite")
            self._memories.append(memory)
            view = LocalView(self.exchange.house, Destinations(self.exchange.vault))
            kept = record or self.folder
            intents = ExchangeIntents(view, served, memory, kept)
            budget = Budgets.open(self.folder / f"{name}-fees.sqlite", served, self.clock)
            presence = holders.key_of(secrets)
            policies = policies_of(served, secrets)
            signer = Signer(policies, intents, presence, budget, self.exchange.socket.is_payer)
            self._budgets.append(budget)
            place = self.folder / f"{name}.sock"
            self._signers[name] = await asyncio.start_unix_server(signer.serve, place)

    def silence(self, name: str) -> None:
        self._signers.pop(name).close()
        (self.folder / f"{name}.sock").unlink()

    def begin(self) -> None:
        """Payer, watcher and the comparison, as a start of the exchange has them."""
        (self.network,) = networks.served(self.folder)
        of, house = self.network, self.exchange.house
        where = Destinations(self.exchange.vault)
        self.paying = Paying(of, self.store, house, where, self.folder, self.clock)
        self.watcher = Watcher(of, self.watched, house, SALT)
        self.reconciler = Reconciler(of, house, self.folder / STORE, self.clock)

    async def paid(self) -> None:
        """A withdrawal is asked for and comes to its end."""
        self._outside += 1
        address = self.bed._addresses.address(1_000 + self._outside)
        number = await self.exchange.ask(NETWORK, BTC, AMOUNT, address)
        for _ in range(ROUNDS):
            await self.paying.round()
            if (await self.exchange.found(number)).state == WithdrawalState.SUCCESS:
                return
            self.bed.mine()
        raise AssertionError(await self.exchange.found(number))

    async def rounds(self, until: Callable[[], bool]) -> None:
        for _ in range(ROUNDS):
            await self.paying.round()
            if until():
                return
            self.bed.mine()
        raise AssertionError("it does not come to that")

    @property
    def chain(self) -> UtxoChain:
        """The payer's."""
        found = self.paying._chain
        assert isinstance(found, UtxoChain)
        return found

    def coins(self, index: int) -> list[Coin]:
        """What lies at an address of ours, by the node."""
        coins = [one for one in self.chain.coins.values() if one.index == index]
        spent = self.chain.spent(coins)
        return [one for one in coins if one not in spent]

    def held(self, index: int) -> int:
        return sum(one.amount for one in self.coins(index))

    def sources(self, amount: int) -> set[int]:
        """Where the coins lie that would pay so much."""
        payment = Payment(1, BTC, amount, self.bed._addresses.place(1_000))
        return {one.index for one in read_body(self.chain.plan([payment], []).body).coins}

    async def index_of(self, owner: int) -> int:
        """Of his address, given on first use."""
        await self.exchange.say(wire.AssignAddress(NETWORK), owner, wire.DEPOSITS)
        found: int = await self.exchange.house.ask(wire.DEPOSITS, GetAddress(NETWORK, owner))
        return found

    async def deposited(self, owner: int, index: int) -> None:
        """It is credited, can be withdrawn, and is swept."""
        await self.watcher.round()
        before = len(await self._deposits(owner))
        place = self.network.addresses().place(index)
        self.bed.send([Payment(0, self.bed.asset, AMOUNT, place)])
        for _ in range(FINAL):
            self.bed.mine()
            await self.watcher.round()
        states = [one.state for one in await self._deposits(owner)]
        assert states == [2] * (before + 1)
        await self.paying.round()
        assert self.held(index) == AMOUNT
        await self.rounds(lambda: self.held(index) == 0)
        await self.rounds(lambda: not self.store.open_plans(NETWORK))

    async def _deposits(self, owner: int) -> list[Deposit]:
        asked = ListDeposits(owner, 0, 10)
        found: list[Deposit] = await self.exchange.house.ask(wire.DEPOSITS, asked)
        return found

    async def compared(self) -> None:
        """Nothing differs, now and a while later."""
        await self.watcher.round()
        await self.paying.round()
        tip = self.chain.tip()
        for _ in range(2):
            assert await self.reconciler.check(tip) == []
            self.clock.advance(BEHIND_MS)
        assert {one.difference for one in self.reconciler.lines} == {0}
        assert any(one.tier == Tier.HOT and one.chain for one in self.reconciler.lines)

    async def proven(self) -> set[str]:
        """Hot addresses that the signers prove to be ours."""
        found = set()
        for place in holdings.places(self.network, 1):
            if place.tier == Tier.HOT:
                said = f"{ownership.PREFIX}test"
                made = await asyncio.to_thread(
                    holdings.prove, self.folder, self.network, place, said
                )
                assert ownership.verify(made)
                found.add(made.address)
        return found

    async def close(self) -> None:
        for name in list(self._signers):
            self.silence(name)
        for memory in self._memories:
            memory.close()
        for budget in self._budgets:
            budget.close()
        self.store.close()
        self.watched.close()


@pytest.fixture
def bed(tmp_path: Path) -> Iterator[UtxoBed]:
    """Of one test: where coins lie is what it is about."""
    made = made_bed("litecoin", tmp_path / "litecoin")
    assert isinstance(made, UtxoBed)
    yield made
    made.close()


@pytest.fixture
async def office(bed: UtxoBed, tmp_path: Path) -> AsyncIterator[Office]:
    """Hot is known to the ledger; the third signer's key exists nowhere any more."""
    networks.keep(tmp_path, [network(bed)])
    for name, root in zip(OLD[:2], bed.roots, strict=False):
        secrets = {branch_name(NETWORK): root.secret + root.code}
        keyfile.seal(tmp_path / f"{name}.keys", secrets, WORD.encode())
    exchange = await Withdrawing.open(tmp_path, TERMS)
    made = Office(tmp_path, bed, exchange)
    held = sum(coin.amount for coin in bed.chain.coins.values())
    funded = wire.Funded(NETWORK, bytes(32), BTC, Tier.HOT, amount_bytes(held))
    assert await exchange.house.report(wire.DEPOSITS, funded) == [0]
    yield made
    await made.close()
    await exchange.close()


async def prepared(office: Office) -> None:
    """By the commands alone: a new signer's keys, cards of those who stay, new branches."""
    for name in NEW:
        office.command("signer-key", NETWORK, name, office.folder)
    cards = [office.folder / f"{name}.json" for name in NEW]
    sockets = [f"{name}.sock" for name in NEW]
    before = (office.folder / networks.FILE).read_bytes()

    async def rotated(*words: str | Path, code: int = 0) -> str:
        asked = ("rotate-hot", NETWORK, *words)
        return await asyncio.to_thread(lambda: office.command(*asked, code=code))

    assert "2-of-2 keys: the loss of one must be borne" in await rotated(*cards[:2], code=1)
    said = await rotated(*cards, code=1)
    assert "keys of four are new: name all who are asked from then on, by --signers" in said
    said = await rotated(*cards, "--signers", *sockets[:2], code=1)
    assert "2 signers for 2 signatures" in said
    # Three sockets are named, and at none of them is the new key, or nobody answers at all.
    for named in ([*sockets[:2], "three.sock"], sockets):
        said = await rotated(*cards, "--signers", *named, "--dry-run", code=1)
        assert f"{named[2]} shows no key: no signer answers" in said
        assert "of 3 keys: 3 at least; no signer has shown the key of " in said
        assert "no signer has shown the key of four with fingerprint" in said
    await office.serve(*NEW)
    said = await rotated(*cards, "--signers", *sockets, "--dry-run")
    assert "four.sock has shown " in said
    assert "Nothing was done" in said
    assert (office.folder / networks.FILE).read_bytes() == before
    said = await rotated(*cards, "--signers", *sockets)
    assert await rotated(*cards, code=1)
    asked = await asyncio.to_thread(lambda: office.command("hot-keys", NETWORK))
    assert "All keys that hot pays by are there." in asked
    (waits,) = networks.served(office.folder)
    assert waits.addresses().own == (0,)  # until the exchange starts
    begun = msgspec.structs.replace(
        waits, later=(msgspec.structs.replace(waits.later[0], start=1),)
    ).addresses()
    assert begun.address(begun.own[0]) in said


async def test_a_hot_wallet_of_coins_changes_its_keys_without_who_is_gone(office: Office) -> None:
    """Criterion: CUST-GONE-5."""
    await office.serve("one", "two")
    office.begin()
    await office.paid()
    old = await office.index_of(ALICE)
    before = office.network.addresses()
    await office.deposited(ALICE, old)
    await prepared(office)
    await office.paid()
    await custody.begin(office.folder, office.exchange.door)
    custody.served(office.folder)  # which a start refuses where one alone stops payments
    await office.serve(*NEW)
    office.begin()
    new = await office.index_of(BOB)
    of = office.network.addresses()
    assert isinstance(of, UtxoAddresses)
    assert [of.address(one) for one in (0, old)] == [before.address(one) for one in (0, old)]
    assert of.address(new) != before.address(new)
    hot = of.own[0]
    assert office.bed.chain.addresses.address(0) == of.address(of.own[1])
    await office.paid()
    assert office.held(0) > 0  # while it goes on
    newest = max(one.amount for one in office.coins(hot))
    assert len(office.coins(hot)) > 1
    assert office.sources(newest + AMOUNT) == {hot}  # two coins, and no older one beside them
    await office.serve("one", "four")  # who sign together for the newest keys alone
    await office.paid()
    assert office.held(0) > 0
    await office.serve(*NEW)
    await office.rounds(lambda: office.held(0) == 0)
    await office.compared()
    assert await office.proven() == {of.address(hot), of.address(0)}
    for name in NEW:
        await office.serve(*(one for one in NEW if one != name))
        await office.paid()
        await office.deposited(BOB, new)
    await office.serve(*NEW)
    await office.deposited(ALICE, old)
    await office.compared()
    assert office.held(0) == 0


async def test_a_signer_by_an_older_file_spoils_no_payment(office: Office) -> None:
    """It sends change to the wallet of before: another transaction. Criterion: CUST-GONE-5."""
    await office.serve("one", "two")
    office.begin()
    await office.paid()
    await prepared(office)
    await generations.begin(office.folder, office.exchange.house.newest_index)
    office.begin()
    number = await office.exchange.ask(NETWORK, BTC, AMOUNT, office.bed._addresses.address(999))
    for _ in range(3):
        await office.paying.round()
        office.bed.mine()
    assert (await office.exchange.found(number)).state == WithdrawalState.WAITING
    (kept, *_) = office.store.open_plans(NETWORK)
    assert office.store.attempts(kept) == []
    await office.serve("one", "two")
    await office.paid()
    assert (await office.exchange.found(number)).state == WithdrawalState.SUCCESS


async def test_the_exchange_gives_new_branches_their_first_index(office: Office) -> None:
    """The next one, at its start, and once. Criterion: CUST-GONE-6."""
    given = await office.index_of(ALICE)
    await prepared(office)
    newest = office.exchange.house.newest_index
    await generations.begin(office.folder, newest)
    (one,) = networks.load(office.folder)
    assert [each.start for each in one.later] == [given + 1]
    later = await office.index_of(BOB)
    await generations.begin(office.folder, newest)
    assert networks.load(office.folder) == [one]
    assert one.addresses().place(later) != network(office.bed).addresses().place(later)
    assert one.addresses().place(given) == network(office.bed).addresses().place(given)


def warm_of(office: Office, first: int) -> Wallet:
    """Four people's, noted as the warm wallet from now on."""
    wallet = Wallet(2, tuple(one.key for one in people(4, first)))
    born, names = office.bed.node.call("getblockcount"), tuple(one.holder for one in wallet.keys)
    made = TierWallet(NETWORK, "warm", UTXO, 2, names, wallet, "rltc", born)
    Record.of(office.folder).append(Entry(0, first, "rotation", "", wallets=(made,)))
    return wallet


async def swept(office: Office, wallet: Wallet) -> int:
    """What one sweep brought there, where there was nothing; 0: none that anybody signed."""
    office.begin()  # it asks the log whether hot has too much
    for _ in range(20):
        await office.paying.round()
        office.bed.mine()
    tip = office.bed.node.call("getblockcount")
    return sum(one.coin.amount for one in found(office.bed.node, wallet, 1, 1, tip))


async def test_hot_is_swept_to_nobody_whose_keys_were_replaced(
    office: Office, tmp_path: Path
) -> None:
    """Criterion: CUST-SWEEP-4. The file names the wallet of before all the time."""
    least, most = amount_bytes(1), amount_bytes(10**12)
    marks = Marks(NETWORK, BTC, least, least, least, least, amount_bytes(AMOUNT), most)
    assert await office.exchange.house.report(TIER_MOVES, SetMarks(marks)) == [0]
    before = warm_of(office, 1)
    named = WalletAddresses(before, "rltc").address(0)
    networks.keep(tmp_path, [msgspec.structs.replace(network(office.bed), warm=named)])
    await office.serve("one", "two")
    assert await swept(office, before) == AMOUNT
    older = tmp_path / "older"
    older.mkdir()
    shutil.copy(tmp_path / FILE, older)
    after = warm_of(office, 11)
    await office.serve("one", "two", record=older)
    assert await swept(office, after) == 0
    (held,) = msgspec.json.decode(
        (tmp_path / held_name("sweep", NETWORK)).read_bytes(), type=dict[str, Held]
    ).values()
    assert "the outputs are not those of the approved" in held.detail
    await office.serve("one", "two")
    assert await swept(office, after) == AMOUNT
    assert await swept(office, before) == AMOUNT
