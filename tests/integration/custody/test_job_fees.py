"""Goal: what a change of keys costs stops nobody until the ledger has it, and hides nothing else.

Method: litecoind, the commands that an operator gives, the exchange itself, and fees above what a
comparison tolerates.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from fullreserve.clock import ManualClock
from fullreserve.custody import networks
from fullreserve.custody.chains.adapter import Payment
from fullreserve.custody.chains.utxo_transaction import Coin, Pays
from fullreserve.custody.keys import job
from fullreserve.custody.left import leave
from fullreserve.custody.networks import Network
from fullreserve.custody.reconciling import BEHIND_MS, Reconciler
from fullreserve.custody.tiers.spending import Spend, completed, swept
from fullreserve.custody.tiers.wallet import Wallet
from fullreserve.custody.tiers.wallet_coins import found
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products import suspension_wire as suspensions
from fullreserve.exchange.products.suspension_state import Suspension
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.exchange.worker_files import COIN_TOLERANCE, Line, Uncharged, reconciled_name
from fullreserve.gateway.reconciled import charges_due, newest
from tests.integration.custody.liar import REFUSED, Liar
from tests.integration.custody.outsiders import UtxoBed
from tests.integration.custody.refills import FINAL, scripts
from tests.integration.custody.test_key_changes import NETWORK, Office, bed, holder, office
from tests.integration.custody.withdrawing import NOTHING, START_MS, Withdrawing

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("cheap_passphrases")]

__all__ = ["bed", "office"]  # fixtures

RATE = 400  # sats a virtual byte
STRANGER = b"\x00\x14" + b"\x99" * 20
WARM = wire.Tier.WARM


class Desk:
    """The office's exchange, whose ledger says what its warm wallet holds, and its watcher."""

    def __init__(self, bed: UtxoBed, office: Office, exchange: Withdrawing, of: Network) -> None:
        self.bed, self.office, self.exchange, self.network = bed, office, exchange, of
        self.clock, self.funded = ManualClock(START_MS), 0
        self.reconciler = self.watching(of)

    def watching(self, of: Network) -> Reconciler:
        """A fresh one, as after a start."""
        payer = self.office.data / "payer"
        return Reconciler(of, self.exchange.house, payer, self.clock)

    @property
    def wallet(self) -> Wallet:
        """The newest warm one."""
        one = self.office.record.wallet(NETWORK, "warm").wallet
        assert one is not None
        return one

    async def come(self, wallet: Wallet, *amounts: int) -> None:
        """Coins of the house's, which the ledger has."""
        self.bed.send([Payment(0, self.bed.asset, one, wallet.place(0)) for one in amounts])
        self.bed.mine()
        await self.fund(sum(amounts))

    async def fund(self, amount: int) -> None:
        self.funded += 1
        name = self.funded.to_bytes(32, "big")
        told = wire.Funded(NETWORK, name, self.bed.asset, WARM, amount_bytes(amount))
        assert await self.exchange.house.report(wire.DEPOSITS, told) == [0]

    async def do(self, *words: str | Path, code: int = 0) -> str:
        return await asyncio.to_thread(self.office.do, *words, code=code)

    async def job(self, *words: str | Path) -> Path:
        """A command that makes one, of the only file that it writes."""
        out = self.office.folder / "made.json"
        more = ("--rate", str(RATE), "--node", self.bed.url, "--out", out)
        await self.do(*words, *more)
        (made,) = self.office.folder.glob("made-*.json")
        return made.rename(self.office.folder / f"job-{made.stem}-{self.funded}.json")

    async def finish(self, made: Path, signers: Sequence[str]) -> int:
        """Signed, sent and recorded, in no block yet; its fee."""
        parts = await asyncio.to_thread(self.office.sign, made, signers)
        await self.do("finish", made, *parts, "--node", self.bed.url)
        spend = job.read(made).spend
        assert spend is not None
        assert spend.fee > COIN_TOLERANCE
        return spend.fee

    async def replaced(self) -> int:
        """One holder by another, with all that the wallet holds; the fee."""
        who = ("replace-holder", "bob", self.office.cards / "hal.json", "--person", "8")
        return await self.finish(await self.job(*who, "--site", "site 8"), ("ann", "dan"))

    def send(self, wallet: Wallet, spend: Spend) -> None:
        """By as many holders as it needs, and no job of the record."""
        parts = [holder(self.office, name).signs(wallet, spend) for name in ("ann", "dan")]
        raw = completed(wallet, spend, parts).raw.hex()
        self.bed.node.call("sendrawtransaction", raw)
        self.bed.mine()

    async def differs(self) -> list[Line]:
        """Now, and still when the watcher looks again."""
        block = self.bed.chain.tip()
        first = await self.reconciler.check(block)
        self.clock.advance(BEHIND_MS)
        return first or await self.reconciler.check(block)

    async def agrees(self) -> bool:
        broken = await self.differs()
        known: list[Suspension] = await self.exchange.house.ask(
            suspensions.SUSPENSIONS, suspensions.ListAll()
        )
        is_compared = WARM in {one.tier for one in self.reconciler.lines}
        return is_compared and not broken and not known

    @property
    def uncharged(self) -> list[Uncharged]:
        """As the console shows it."""
        return list(newest(self.office.data, NETWORK).uncharged)

    async def charged(self, told: Uncharged) -> None:
        await self.do("charge-tier", str(NETWORK), "warm", told.transaction)


@pytest.fixture
async def desk(bed: UtxoBed, office: Office) -> AsyncIterator[Desk]:
    wallet = office.record.wallet(NETWORK, "warm").wallet
    assert wallet is not None
    of = msgspec.structs.replace(scripts(bed, wallet, ()).network, nodes=(bed.url, bed.url))
    networks.keep(office.data, [of])
    limits = (amount_bytes(1), amount_bytes(10**15), 8)
    line = wire.NetworkAsset(bed.asset, 8, NOTHING, NOTHING, *limits)
    terms = wire.DefineNetwork(NETWORK, "Coin", 1, FINAL, False, bed.asset, (line,))
    made = Desk(bed, office, await Withdrawing.open(office.data, terms), of)
    await made.fund(10_000_000)  # the two coins that the office has
    await made.come(wallet, 1_000_000, 2_000_000)
    yield made
    await made.exchange.close()


async def test_a_change_of_keys_suspends_nothing_until_its_fee_is_charged(desk: Desk) -> None:
    """Criterion: CHAINS-RECONCILE-13, CUST-CHARGE-4, CUST-CHARGE-5. Also of what is gathered.

    Posted it explains nothing more.
    """
    assert await desk.agrees()
    left = desk.wallet
    fee = await desk.replaced()
    assert await desk.agrees()
    assert desk.uncharged == []
    desk.bed.mine()
    assert await desk.agrees()
    (told,) = desk.uncharged
    assert (told.tier, told.asset, told.amount) == (WARM, desk.bed.asset, fee)
    assert (told.is_due, charges_due(desk.office.data)) == (False, [])
    assert f"  transaction {told.transaction}\n" in await desk.do("show")
    desk.reconciler = desk.watching(desk.network)
    assert await desk.agrees()
    early = await desk.do("charge-tier", str(NETWORK), "warm", told.transaction, code=1)
    assert f"it has 1 of {FINAL} confirmations" in early
    desk.bed.mine(FINAL - 1)
    with capture_logs() as said:
        assert await desk.agrees()
    (alarm,) = [one for one in said if one["log_level"] == "warning"]
    assert (alarm["transaction"], alarm["tier"]) == (told.transaction, "warm")
    (due,) = charges_due(desk.office.data)
    assert due.command.startswith("fullreserve custody ")
    written = newest(desk.office.data, NETWORK)
    both = (*written.uncharged, *written.uncharged)
    leave(
        desk.office.data / reconciled_name(NETWORK),
        msgspec.structs.replace(written, uncharged=both),
        "",
    )
    assert charges_due(desk.office.data) == [due, due]
    await desk.do(*due.command.split()[2:])
    assert await desk.agrees()
    assert (desk.uncharged, charges_due(desk.office.data)) == ([], [])

    await desk.come(left, 2_000_000, 2_000_000)
    assert await desk.agrees()
    fee = await desk.finish(await desk.job("gather", str(NETWORK), "warm"), ("bob", "dan"))
    desk.bed.mine(FINAL)
    assert await desk.agrees()
    assert [one.amount for one in desk.uncharged] == [fee]
    await desk.charged(desk.uncharged[0])
    assert await desk.agrees()


@pytest.mark.parametrize("is_charged", [False, True])
async def test_a_thief_s_coin_beside_it_is_found(desk: Desk, is_charged: bool) -> None:
    """Criterion: CHAINS-RECONCILE-13. To the unit: the fee is no room for anybody."""
    left, lost = desk.wallet, 300_000
    who = ("replace-holder", "bob", desk.office.cards / "hal.json", "--person", "8")
    made = await desk.job(*who, "--site", "site 8")
    await desk.come(left, lost)  # which the job does not move
    await desk.finish(made, ("ann", "dan"))
    desk.bed.mine(FINAL)
    assert await desk.agrees()
    if is_charged:
        await desk.charged(desk.uncharged[0])
        assert await desk.agrees()
    (coin,) = at(desk, left)
    desk.send(left, Spend((coin,), (Pays(STRANGER, lost - 50_000),), STRANGER, 0))
    (line,) = await desk.differs()
    assert (line.tier, line.difference) == (WARM, COIN_TOLERANCE - lost)


async def test_a_fee_that_no_job_of_the_record_paid_is_found(desk: Desk) -> None:
    """Criterion: CHAINS-RECONCILE-13. Though all else comes back to the tier."""
    spend = swept(desk.wallet, at(desk, desk.wallet), desk.wallet.place(0), RATE)
    assert await desk.agrees()
    desk.send(desk.wallet, spend)
    (line,) = await desk.differs()
    assert (line.tier, line.difference) == (WARM, COIN_TOLERANCE - spend.fee)
    assert desk.uncharged == []


async def test_what_a_second_node_does_not_tell_is_not_believed(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: CHAINS-RECONCILE-13"""
    fee = await desk.replaced()
    desk.bed.mine()
    holds = desk.bed.chain.tip().height
    desk.bed.mine()
    with Liar(desk.bed.url) as other:
        two = msgspec.structs.replace(desk.network, nodes=(desk.bed.url, other.url))
        desk.reconciler = desk.watching(two)
        assert await desk.agrees()
        for lie in ("ab" * 32, REFUSED):
            of = ("getblockhash", [holds])
            other.lie = lambda *said, of=of, lie=lie: lie if said[:2] == of else said[2]
            await desk.reconciler.check(desk.bed.chain.tip())
            (line,) = [one for one in desk.reconciler.lines if one.difference]
            assert (line.tier, line.difference) == (WARM, COIN_TOLERANCE - fee)
        other.lie = None
        assert await desk.agrees()
    assert capsys.readouterr().out.count("fees of finished jobs cannot be read") == 2


def at(desk: Desk, wallet: Wallet) -> list[Coin]:
    """What lies at a wallet's first addresses."""
    tip = desk.bed.node.call("getblockcount")
    born = desk.office.record.entries[0].wallets[0].born
    return [one.coin for one in found(desk.bed.node, wallet, 3, born, tip)]
