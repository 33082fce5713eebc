"""Goal: nobody gets what a blocked sender sends, and a vendor that is down lets nothing through.

Method: a real chain, the watcher, the worker of duty, lists and a vendor's service on loopback.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from fullreserve.clock import ManualClock
from fullreserve.custody import vendors
from fullreserve.custody.asked_service import DOWN_MS
from fullreserve.custody.deposit_screening import DepositScreening, Waits
from fullreserve.custody.networks import Network
from fullreserve.custody.store import Store
from fullreserve.custody.watcher import Watcher
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.deposit_state import EDITION, DepositState
from fullreserve.exchange.wire.commands import SetOwner
from fullreserve.exchange.worker_files import SENDERS, Sent, senders_shown
from tests.bed import ALICE, submit
from tests.integration.custody.outsiders import TOKEN, EvmBed
from tests.integration.custody.test_watcher import (
    NETWORK,
    PAID,
    SALT,
    World,
    chain,
    network,
    world,
)
from tests.unit.custody.vendor_service import SECRET, Remote

__all__ = ["chain", "network", "world"]

SECTION = "[deposits]\n"
SERVICE = """
[[vendor]]
kind = "address_risk"
url = "{url}"
secret = "vendor.secret"
"""


@pytest.fixture
def remote() -> Iterator[Remote]:
    made = Remote()
    made.answer = "clear"
    yield made
    made.close()


class Screened:
    """A deposit of ALICE that has the confirmations to be credited, and the worker on duty."""

    def __init__(self, bed: EvmBed, network: Network, world: World, folder: Path) -> None:
        self.bed = bed
        self.network = network
        self.world = world
        self.folder = folder
        self.clock = ManualClock(1_700_000_000_000)

    def configure(self, text: str) -> None:
        (self.folder / vendors.FILE).write_text(text)
        secret = self.folder / "vendor.secret"
        secret.write_bytes(SECRET)
        secret.chmod(0o600)

    async def came(self) -> None:
        index, store = await self.world.define(), Store(self.world.path)
        screens = vendors.screens_deposits(self.folder)
        watcher = Watcher(self.network, store, self.world.house, SALT, screens=screens)
        await watcher.round()
        self.bed.pay(index, PAID)
        self.bed.mine(3)
        await watcher.round()
        await self.world.house.settle_deposits()
        store.close()

    def worker(self, network: Network | None = None) -> DepositScreening:
        chains = {NETWORK: (network or self.network).chains()}
        asked = vendors.load(self.folder, self.clock)
        return DepositScreening(self.world.house, chains, self.world.path, asked)

    async def state(self) -> int:
        (one,) = await self.world.deposits()
        return one.state


@pytest.fixture
def screened(chain: EvmBed, network: Network, world: World, tmp_path: Path) -> Screened:
    return Screened(chain, network, world, tmp_path)


@pytest.mark.parametrize(
    ("file", "section", "state"),
    [
        ("", SECTION, DepositState.DONE),
        ("custody-sanctioned.txt", SECTION, DepositState.BLACKLISTED),
        ("custody-risky.txt", SECTION, DepositState.INTERCEPTED),
        ("", SECTION + "least_kyc = 9\n", DepositState.KYC),
        ("custody-sanctioned.txt", "", DepositState.DONE),
    ],
)
async def test_a_deposit_goes_where_its_sender_lets_it(
    screened: Screened, file: str, section: str, state: DepositState
) -> None:
    """Criterion: VENDOR-10, OP-KEPT-4. Unscreened where nothing says that it is to be."""
    screened.configure(section)
    if file:
        (screened.folder / file).write_text(screened.bed.outside.lower() + "\n")
    await screened.came()
    if section:
        assert (await screened.state(), await screened.world.funded()) == (0, 0)
    for _ in range(2):
        await screened.worker().round()
    assert await screened.state() == state
    (one,) = await screened.world.deposits()
    told = senders_shown(screened.world.path.with_name(SENDERS))
    paid_by = Sent((screened.bed.outside,), is_whole=True)
    assert told == ({one.transfer.hex(): paid_by} if section else {})
    funded = PAID * 100 if state == DepositState.DONE else 0
    assert await screened.world.funded() == funded


async def test_who_rises_to_the_level_has_what_was_kept_for_it(screened: Screened) -> None:
    """Criterion: VENDOR-10, CUST-DEP-24."""
    house, door = screened.world.house, screened.world.house._door
    assert await house.report(wire.DEPOSITS, wire.AdoptDeposits(EDITION)) == [0]
    screened.configure(SECTION + "least_kyc = 2\n")
    await screened.came()
    await screened.worker().round()
    for level, state in ((1, DepositState.KYC), (2, DepositState.DONE)):
        assert await screened.state() == DepositState.KYC
        await submit(door, [SetOwner(door.gateway, door.numbers(1), ALICE, 0, 1, 0, level)])
        await house.settle_deposits()
        assert await screened.state() == state
    assert await screened.world.funded() == PAID * 100


async def test_it_waits_while_a_vendor_is_down(screened: Screened, remote: Remote) -> None:
    """Criterion: VENDOR-10."""
    screened.configure(SECTION + SERVICE.format(url=remote.url))
    remote.answer = "nonsense"
    await screened.came()
    worker = screened.worker()
    for _ in range(2):
        with pytest.raises(Waits, match="a vendor does not answer"):
            await worker.round()
    assert (await screened.state(), await screened.world.funded()) == (0, 0)
    remote.answer = "clear"
    screened.clock.advance(DOWN_MS)
    await worker.round()
    assert await screened.state() == DepositState.DONE
    asked = remote.asked[-1]
    assert (asked["address"], asked["direction"]) == (screened.bed.outside, "deposit")
    assert (asked["asset"], asked["amount"]) == (str(TOKEN), str(PAID * 100))


async def test_a_blocked_sender_needs_no_other_vendor(screened: Screened, remote: Remote) -> None:
    """Criterion: VENDOR-10."""
    screened.configure(SECTION + SERVICE.format(url=remote.url))
    remote.answer = "nonsense"
    (screened.folder / "custody-sanctioned.txt").write_text(screened.bed.outside)
    await screened.came()
    await screened.worker().round()
    assert await screened.state() == DepositState.BLACKLISTED


async def test_it_waits_while_a_node_is_down_and_for_what_is_not_known(
    screened: Screened, chain: EvmBed
) -> None:
    """Criterion: VENDOR-10. And what people stopped meanwhile is theirs."""
    screened.configure(SECTION)
    await screened.came()
    nodes = (chain.url, "http://127.0.0.1:9")
    gone = screened.worker(msgspec.structs.replace(screened.network, nodes=nodes))
    with pytest.raises(Waits, match="deposits wait to be screened"):
        await gone.round()
    asked = vendors.load(screened.folder, screened.clock)
    stranger = DepositScreening(screened.world.house, {}, screened.world.path, asked)
    with pytest.raises(Waits, match="not known here"):
        await stranger.round()
    (one,) = await screened.world.deposits()
    stop = wire.Stop(NETWORK, one.transfer, DepositState.BLACKLISTED)
    assert await screened.world.house.report(wire.DEPOSITS, stop) == [0]
    await gone.round()
    await screened.world.house.settle_deposits()
    assert await screened.state() == DepositState.BLACKLISTED


async def test_it_waits_for_a_worker_that_knows_it_is_to_be_screened(screened: Screened) -> None:
    """Criterion: VENDOR-10. The watcher began with the section, the worker before."""
    screened.configure("")
    before = screened.worker()
    screened.configure(SECTION)
    await screened.came()
    with pytest.raises(Waits, match="start it again"):
        await before.round()
    assert await screened.state() == 0


async def test_what_waits_is_credited_when_nobody_screens_any_more(screened: Screened) -> None:
    """Criterion: VENDOR-10."""
    screened.configure(SECTION)
    await screened.came()
    screened.configure("")
    await screened.worker().round()
    assert await screened.state() == DepositState.DONE
