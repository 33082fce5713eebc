"""Goal: on a bad day the page, the files and both verifiers are green or red as they must.

Method: an exchange with a real chain, a browser on its page; withdrawals are stopped, the process
of statements, the signers and the exchange itself are killed, nodes made to disagree, and one unit
more owed than is there. Each time verify.py and verify.html, without a network, judge the files.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import httpx
import msgspec
import psutil
from playwright.sync_api import Browser, Page, expect

from fullreserve.clock import SystemClock
from fullreserve.custody import ceremony, demo_people, holdings, networks, nodes
from fullreserve.custody.chains.rpc import Node
from fullreserve.door.outcome import outcome
from fullreserve.door.socket_client import SocketDoor
from fullreserve.exchange import chart
from fullreserve.exchange.wire.commands import AccountKey, Transfer, amount_bytes
from fullreserve.exchange.wire.events import Reply
from fullreserve.reserves import keys, owned
from fullreserve.reserves.places import Ownership, Said, message_of
from tests.bed import BTC
from tests.browser.conftest import DESK, WAIT_MS, Visit
from tests.browser.funds.conftest import CHAIN_MS
from tests.browser.funds.test_funds import covered, download
from tests.browser.operator.desk import X, at_the_door, open_desk
from tests.browser.people import Person
from tests.browser.reserves.judges import ROOT, Judges, mirror
from tests.browser.test_trading import EN
from tests.server import LiveServer

HOUR_MS = 3_600_000
NETWORK = "ERC20"
WORKER, SIGNER = "fullreserve.reserves.worker", "fullreserve.custody.signer"
HOLDERS = "fullreserve.custody.demo_holders"
TREASURY = AccountKey(chart.HOUSE, chart.TREASURY, 0)


def red(page: Page, fault: str) -> None:
    """The verdict of the page, in the verifiers' words."""
    expect(page.get_by_text(EN["reserves.notCovered"])).to_be_visible(timeout=CHAIN_MS)
    expect(page.locator("[data-good=false]")).to_be_visible()
    expect(page.get_by_text(f"It does not hold: {fault}")).to_be_visible()


def green(page: Page, judges: Judges) -> None:
    """Of the page, of the files and of both verifiers."""
    covered(page)
    expect(page.locator("[data-good=true]")).to_be_visible()
    assert judges.of_latest() == ""


def follows(page: Page, epoch: int) -> None:
    """The page shows a later statement."""
    later = page.get_by_role("link", name=f"Statement {epoch}", exact=True)
    expect(later).to_be_visible(timeout=CHAIN_MS)


def processes(server: LiveServer, module: str) -> list[psutil.Process]:
    """Those of a module."""
    found = []
    for one in psutil.Process(server.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # or nothing but its exit code is left
            found += [one] if module in one.cmdline() else []
    return found


def kill_worker(server: LiveServer, meanwhile: Callable[[], object] = bool) -> None:
    """End the process of statements, which is started again; `meanwhile` it writes nothing."""
    (worker,) = processes(server, WORKER)
    worker.suspend()
    meanwhile()
    worker.send_signal(signal.SIGKILL)


def move(server: LiveServer, source: AccountKey, target: AccountKey, units: int) -> None:
    """BTC of the house to somebody, or back."""

    async def said(door: SocketDoor) -> None:
        number = door.numbers(1)
        command = Transfer(
            *(door.gateway, number, chart.HOUSE, source, target, BTC, amount_bytes(units))
        )
        result = await outcome(door, command)
        assert isinstance(result, Reply), result
        assert not result.code

    at_the_door(server, said)


def test_suspended_withdrawals_stop_no_statement(
    visit: Visit, chained: LiveServer, judges: Judges
) -> None:
    """Criterion: POR-STATE-12"""
    page = visit("/reserves")
    green(page, judges)
    desk = open_desk(chained)
    until = SystemClock().wall_ms() + HOUR_MS
    desk[0].post(
        *(X + "suspending/suspend",),
        actions="withdraw", level="global", mode="queue", reason="WALLET_MAINT",
        estOpenTs=str(until), note="a new wallet",
    )  # fmt: skip
    before = judges.latest()["epoch"]
    expect(page.get_by_role("status").filter(has_text="wallet maintenance")).to_be_visible()
    follows(page, before + 2)
    green(page, judges)
    for one in desk:
        one.close()


def test_one_unit_that_lacks_is_red_everywhere(
    visit: Visit, chained: LiveServer, judges: Judges, person: Person
) -> None:
    """And green again once it is covered. Criterion: POR-STATE-13"""
    page = visit("/reserves")
    covered(page)
    follows(page, judges.latest()["epoch"] + 2)  # with the person's money in it
    green(page, judges)
    row, trade = judges.of_asset("BTC"), AccountKey(person.uid, chart.TRADE, 0)
    spare = int(row["reserves"]) - int(row["users"])
    move(chained, TREASURY, trade, spare)
    follows(page, judges.latest()["epoch"] + 2)
    green(page, judges)
    assert judges.of_asset("BTC")["ratio"] == "1.0000"
    move(chained, TREASURY, trade, 1)
    owed = int(row["reserves"]) + 1
    there, lacks = (f"{units // 10**8}.{units % 10**8:08}" for units in (owed - 1, owed))
    fault = f"BTC: reserves of {there.rstrip('0').rstrip('.')} do not cover {lacks} owed to users."
    red(page, fault)
    assert judges.of_latest() == fault
    expect(page.get_by_role("table", name=EN["reserves.assets"])).to_contain_text("99.99%")
    move(chained, trade, TREASURY, spare + 1)
    green(page, judges)


def test_a_lost_projection_is_made_anew_under_an_open_page(
    visit: Visit, chained: LiveServer, judges: Judges
) -> None:
    """With what it keeps of the lowest ratios. Criterion: POR-STATE-14"""
    page = visit("/reserves")
    green(page, judges)
    before = judges.latest()
    kill_worker(chained, (chained.folder / "reserves" / "lows.json").unlink)
    follows(page, before["epoch"] + 3)
    green(page, judges)
    now = judges.latest()
    assert [one["claims"] for one in now["assets"]] == [one["claims"] for one in before["assets"]]
    for one, then in zip(now["assets"], before["assets"], strict=True):
        assert int(one["lowest"]["30"]["reserves"]) <= int(then["lowest"]["30"]["reserves"])


def test_nodes_that_split_are_red_once_nothing_stands_in(
    visit: Visit, chained: LiveServer, judges: Judges
) -> None:
    """What was read before stands in, and the page says so. Criterion: POR-STATE-15"""
    page = visit("/reserves")
    green(page, judges)
    (network,) = networks.load(chained.folder)
    other = nodes.start_anvil(network.chain_id)
    try:
        at_the_door(chained, lambda _door: other.ready(SystemClock()))
        node = Node(other.url)
        node.call("anvil_mine", "0x200")
        both = (*network.nodes, other.url)
        networks.keep(chained.folder, [msgspec.structs.replace(network, nodes=both)])
        expect(page.get_by_text(EN["reserves.readOld"])).to_be_visible(timeout=CHAIN_MS)
        green(page, judges)
        kill_worker(chained)
        expect(page.get_by_text(f"{NETWORK} ({EN['reserves.unshown.notRead']})")).to_be_visible(
            timeout=CHAIN_MS
        )
        fault = judges.of_latest()
        assert " reserves of 0 do not cover " in fault
        red(page, fault)
    finally:
        networks.keep(chained.folder, [network])
        other.stop()
    green(page, judges)
    expect(page.get_by_text(EN["reserves.readOld"])).to_have_count(0)


def signed_before(server: LiveServer, age_ms: int) -> bytes:
    """What keeps signatures over all places, as if the signers had made them so long ago."""
    (network,) = networks.load(server.folder)
    exchange = keys.signer(server.folder).public.hex()
    node = Node(network.nodes[0])
    block = node.call("eth_getBlockByNumber", "0x1", False)
    at_ms = SystemClock().wall_ms() - age_ms
    made = {}
    for place in holdings.places(network, 0):
        said = Said(
            *(exchange, place.address, network.network, 1, block["hash"][2:]),
            *(at_ms, at_ms + 30 * 24 * HOUR_MS),
        )
        text = message_of(said)
        proof = holdings.prove(server.folder, network, place, text)
        kept = Ownership(message=text, signatures=proof.signatures, script=proof.script)
        made[f"{network.network} {place.address}"] = kept
    return msgspec.json.encode(made)


def lose(server: LiveServer, keys: Sequence[Path], module: str) -> None:
    """Those processes end, and what is left of their keys opens no more."""
    for place in keys:
        place.rename(place.with_suffix(".away"))
        place.write_bytes(b"nothing that opens")
    for one in processes(server, module):
        one.kill()


def test_old_signatures_of_dead_signers_are_told_and_end(
    visit: Visit, chained: LiveServer, judges: Judges
) -> None:
    """After half a day they are red, after their time nothing counts. Criterion: POR-STATE-16"""
    page = visit("/reserves")
    green(page, judges)
    file = chained.folder / "reserves" / owned.FILE
    half, month = (signed_before(chained, hours * HOUR_MS) for hours in (13, 30 * 24 + 1))
    lost = [ceremony.keys_file(chained.folder, name) for name in ceremony.SIGNERS[:2]]
    held = demo_people.keys_file(chained.folder)
    lose(chained, lost, SIGNER)
    kill_worker(chained, lambda: file.write_bytes(half))
    old = page.get_by_text(EN["reserves.signedOld"])
    expect(old).to_be_visible(timeout=CHAIN_MS)
    expect(old).to_contain_text("780 minutes ago")
    green(page, judges)
    lose(chained, [held], HOLDERS)
    kill_worker(chained, lambda: file.write_bytes(month))
    fault = "BTC: reserves of 0 do not cover"
    red(page, fault)
    assert judges.of_latest().startswith(fault)
    for place in (*lost, held):
        place.with_suffix(".away").rename(place)
    page.close()
    chained.kill()
    chained.start()
    green(visit("/reserves"), judges)


RATIO_COLOURS = """
    [...new Set([...document.querySelectorAll('td b')]
        .filter((one) => one.textContent.endsWith('%'))
        .map((one) => getComputedStyle(one).color))].join()
"""
RED = "getComputedStyle(document.querySelector('[data-good=false]')).borderTopColor"


def test_a_dead_exchange_leaves_proofs_that_hold(
    browser: Browser, chained: LiveServer, judges: Judges, tmp_path: Path
) -> None:
    """The open page says it; files, the page from files, and what was kept go on.

    Criterion: POR-STATE-17
    """
    person = Person(chained)
    context = browser.new_context(viewport=DESK, reduced_motion="reduce")
    context.add_cookies([person.cookie])
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    page.goto(f"http://localhost:{chained.http.rpartition(':')[2]}/reserves")
    green(page, judges)
    kept = page.get_by_text("compared with each new one")
    expect(kept).to_be_visible(timeout=CHAIN_MS)
    config = httpx.get(f"http://{chained.http}/app-config.json").content
    chained.kill()
    expect(page.get_by_text(EN["reserves.stale"])).to_be_visible()
    expect(page.get_by_text(EN["reserves.silent"])).to_be_visible()
    expect(page.locator("[data-good=false]")).to_be_visible()
    # No ratio of it is green either.
    assert page.evaluate(RATIO_COLOURS) == page.evaluate(RED)
    assert judges.of_latest() == ""
    check = page.get_by_role("button", name=EN["reserves.check"])
    check.click()
    expect(page.get_by_text(EN["reserves.step.leaf"])).to_be_visible()
    expect(page.get_by_text(EN["reserves.checkedOld"])).to_be_visible()
    expect(page.get_by_text(EN["reserves.noEvidence"])).to_be_visible()
    saved, receipts = tmp_path / "proof.json", tmp_path / "receipts.json"
    download(page, EN["reserves.save"], saved)
    download(page, EN["reserves.saveReceipts"], receipts)
    assert judges.of(saved, receipts) == ""
    port = int(chained.http.rpartition(":")[2])
    with mirror(ROOT / "web" / "dist", config, judges.public, port):
        page.reload()
        expect(page.get_by_text(f"keeps proofs of account {person.uid}")).to_be_visible()
        expect(page.get_by_text(EN["reserves.stale"])).to_be_visible()
        check.click()
        expect(page.get_by_text(EN["reserves.holds"])).to_be_visible()
        expect(page.get_by_text("In these totals you are owed")).to_contain_text("100 BTC")
        assert json.loads(saved.read_bytes())["proof"]["account"] == str(person.uid)
    chained.start()
    page.reload()
    green(page, judges)
    context.close()
    person.close()
