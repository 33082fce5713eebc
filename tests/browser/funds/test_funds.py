"""Goal: money comes in and goes out as a person sees it, on a real chain, and can be proven there.

Method: a browser on an exchange with anvil beside it; coins come from a wallet outside, and what
left is looked for on the chain. A proof is saved, read by the stand-alone verifier, and altered.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, WebSocketRoute, expect

from fullreserve.clock import SystemClock
from fullreserve.custody import networks
from fullreserve.custody.chains.rpc import Node
from fullreserve.custody.house import House
from fullreserve.door.socket_client import SocketDoor
from fullreserve.exchange.products.custody_wire import WITHDRAWALS, Hold
from fullreserve.identity.address_book import LOCK_MS, AddressBook
from fullreserve.identity.rules import MINUTE_MS
from fullreserve.identity.vault import Personal, Vault
from fullreserve.reserves import keys
from fullreserve.reserves.statement import signed
from fullreserve.simulation.outside import WALLET
from tests.bed import USDT
from tests.browser.conftest import DESK, PHONE, Visit
from tests.browser.funds.conftest import CHAIN_MS, MICRO
from tests.browser.operator.desk import Operator, X, at_the_door
from tests.browser.people import PASSWORD, Person
from tests.browser.test_pages import LIT, SMALL, complaints
from tests.browser.test_trading import EN, WORDS
from tests.integration.custody.live import LOOK_S
from tests.integration.custody.outside import Outside
from tests.server import LiveServer
from tests.unit.reserves.forge import logged
from verifier import verify

HOUR_MS = 60 * MINUTE_MS
ERC20 = 1  # the network


@pytest.fixture
def person(prices: Person, chained: LiveServer) -> Iterator[Person]:
    """Somebody with 500 USDT and 20 ETH to withdraw."""
    one = Person(chained, named=Personal(email=f"holder{prices.uid}@mail.example"))
    for ccy, amt in (("USDT", "500"), ("ETH", "20")):
        moved = {"ccy": ccy, "amt": amt, "from": "18", "to": "6"}
        one.post("asset/transfer", **moved)
    yield one
    one.close()


def booked(chained: LiveServer, person: Person, text: str, label: str) -> None:
    """An address that is in the person's book for longer than the lock."""
    vault = Vault(chained.folder, SystemClock().wall_ms)
    AddressBook(vault).add(person.uid, ERC20, text, label, age_ms=2 * LOCK_MS)
    vault.close()


def row_of(page: Page, table: str, text: str) -> Locator:
    return page.get_by_role("table", name=EN[table]).get_by_role("row").filter(has_text=text)


def test_a_deposit_is_shown_from_its_address_to_its_block(
    visit: Visit, person: Person, outside: Outside
) -> None:
    """Criterion: WEB-FUNDS-DEPOSIT-1. Nothing is loaded anew: the channel says each step."""
    page = visit("/deposit?ccy=USDT", person)
    expect(page.get_by_role("img", name="QR code of your USDT address on ERC20")).to_be_visible()
    expect(page.get_by_text("After 2 confirmations")).to_be_visible()
    expect(page.get_by_text("1 USDT", exact=True)).to_be_visible()
    address = page.get_by_role("main").get_by_role("code").first.inner_text()
    assert address == person.get("asset/deposit-address", ccy="USDT")[0]["addr"]
    expect(page.get_by_text(EN["deposit.none"])).to_be_visible()
    sent = outside.send(USDT, address, 25 * MICRO)
    row = row_of(page, "deposit.list", "25 USDT")
    expect(row).to_contain_text(EN["deposit.state.2"], timeout=CHAIN_MS)
    row.get_by_role("link", name="Details: deposit of 25 USDT").click()
    expect(page.get_by_role("heading", name="Deposit of 25 USDT")).to_be_visible()
    expect(page.get_by_text(sent.removeprefix("0x"))).to_be_visible()
    height = person.get("asset/deposit-history")[0]["xHeight"]
    expect(page.get_by_text(f"Block {height}")).to_be_visible()
    done = page.get_by_role("list", name=EN["funds.progress"]).get_by_text("– done")
    expect(done).to_have_count(4)


def test_what_is_under_the_minimum_says_what_is_missing_until_it_is_credited(
    visit: Visit, person: Person, outside: Outside
) -> None:
    """Criterion: CUST-REST-18. The rest is pushed while one looks."""
    page = visit("/deposit?ccy=USDT", person)
    address = page.get_by_role("main").get_by_role("code").first.inner_text()
    outside.send(USDT, address, 4 * MICRO // 10)
    row = row_of(page, "deposit.list", "0.4 USDT")
    small = EN["deposit.state.small"].format(missing="0.6", ccy="USDT")
    expect(row).to_contain_text(small, timeout=CHAIN_MS)
    row.get_by_role("link").click()
    expect(page.get_by_role("status").filter(has_text="minimum deposit of 1 USDT")).to_contain_text(
        "once another 0.6 USDT came"
    )
    page.get_by_role("link", name=re.compile(EN["deposit.list"])).click()
    outside.send(USDT, address, 6 * MICRO // 10)
    for amount in ("0.4 USDT", "0.6 USDT"):
        row = row_of(page, "deposit.list", amount)
        expect(row).to_contain_text(EN["deposit.state.2"], timeout=CHAIN_MS)


def test_a_deposit_that_is_missed_is_reported_and_shown(visit: Visit, person: Person) -> None:
    """Criterion: WEB-FUNDS-CLAIM-1"""
    page = visit("/deposit?ccy=USDT", person)
    page.get_by_role("button", name=EN["claim.new"]).click()
    dialog = page.get_by_role("dialog", name=EN["claim.new"])
    dialog.get_by_role("button", name=EN["claim.send"]).click()
    expect(dialog.get_by_text(EN["form.required"])).to_have_count(3)
    dialog.get_by_label(EN["claim.ccy"], exact=True).fill("USDT")
    dialog.get_by_label(EN["funds.network"], exact=True).fill("Tron")
    dialog.get_by_label(EN["funds.transaction"]).fill("not a hash")
    dialog.get_by_label(EN["claim.amt"]).fill("12.5 x")
    dialog.get_by_role("button", name=EN["claim.send"]).click()
    expect(dialog.get_by_text(EN["form.noNumber"])).to_be_visible()
    dialog.get_by_label(EN["claim.amt"]).fill("1,012.50")
    dialog.get_by_role("button", name=EN["claim.send"]).click()
    expect(dialog.get_by_text(re.compile("^Parameter txId error"))).to_be_visible()
    dialog.get_by_label(EN["funds.transaction"]).fill("0xfeed")
    dialog.get_by_role("button", name=EN["claim.send"]).click()
    row = row_of(page, "claim.title", "0xfeed")
    expect(row).to_contain_text(EN["claim.state.open"])
    (claim,) = person.get("x/deposit-claims")
    assert (claim["chain"], claim["amt"]) == ("Tron", "1012.5")


def age_proof(chained: LiveServer, person: Person) -> None:
    """As if the person had signed in a quarter of an hour ago."""
    vault = Vault(chained.folder, SystemClock().wall_ms)
    with vault.store.change():
        vault.store.db.execute(
            "UPDATE sessions SET proven_ms = proven_ms - ? WHERE uid = ?",
            (15 * MINUTE_MS, person.uid),
        )
        vault.store.outdate(person.uid)
    vault.close()


# Begins and ends as the wallet outside.
COPIED = WALLET[:5] + "0" * (len(WALLET) - 8) + WALLET[-3:]


def test_a_held_withdrawal_is_confirmed_and_arrives(
    visit: Visit, person: Person, chained: LiveServer, outside: Outside, operator: Operator
) -> None:
    """Criterion: WEB-FUNDS-HELD-1, WEB-OP-RISK-1. It is paid on the chain then."""
    vault = Vault(chained.folder, SystemClock().wall_ms)
    book = AddressBook(vault)
    book.add(person.uid, ERC20, COPIED, "Mine", age_ms=9 * LOCK_MS)
    book.add(person.uid, ERC20, WALLET, "Cold box", age_ms=8 * LOCK_MS)
    vault.close()
    page = visit("/withdraw?ccy=USDT", person)
    order = {"ccy": "USDT", "chain": "USDT-ERC20", "dest": "4", "toAddr": WALLET, "fee": "1"}
    (made,) = person.post("asset/withdrawal", amt="33.25", **order)
    row = row_of(page, "withdraw.list", "33.25 USDT")
    expect(row).to_contain_text(EN["withdraw.state.confirm"], timeout=CHAIN_MS)
    expect(row).to_contain_text(EN["withdraw.held.confirm"])
    desk = visit(f"/operator/withdrawals/{made['wdId']}", operator)
    expect(desk.get_by_text("60 · confirmation")).to_be_visible()
    expect(desk.get_by_role("list", name=EN["op.risk.reasons"])).to_contain_text(
        "60: the address looks like another of the book"
    )
    desk.get_by_role("link", name=EN["op.withdrawals"]).first.click()
    desk.get_by_role("tab", name="Held (1)").click()
    expect(desk.get_by_role("table", name="Held").get_by_role("row")).to_have_count(2)
    desk.go_back()
    expect(desk.get_by_text("60 · confirmation")).to_be_visible()
    before = outside.balance(USDT)
    row.get_by_role("button", name="Confirm the withdrawal of 33.25 USDT").click()
    dialog = page.get_by_role("dialog", name=EN["withdraw.confirm"])
    expect(dialog).to_contain_text(WALLET)
    dialog.get_by_role("button", name=EN["withdraw.confirm"]).click()
    proof = page.get_by_role("dialog", name=EN["proof.title"])
    proof.get_by_label(EN["form.password"], exact=True).fill(PASSWORD)
    proof.get_by_role("button", name=EN["proof.confirm"]).click()
    expect(row).to_contain_text(EN["withdraw.state.done"], timeout=CHAIN_MS)
    expect(desk.get_by_role("main")).to_contain_text(EN["op.wdState.2"])
    assert outside.balance(USDT) - before == 33_250_000


def test_a_withdrawal_is_checked_proven_and_arrives(
    visit: Visit, person: Person, chained: LiveServer, outside: Outside
) -> None:
    """Criterion: WEB-FUNDS-WITHDRAW-1, WEB-FUNDS-PROOF-1, WEB-STATUS-2"""
    booked(chained, person, WALLET, "Cold box")
    page = visit("/withdraw?ccy=USDT", person)
    amount = page.get_by_label("Amount in USDT")
    expect(page.get_by_text(EN["stops.share"].replace("{percent}", "50"))).to_be_visible()
    expect(page.get_by_text(EN["stops.price"].replace("{hours}", "24"))).to_be_visible()
    for typed, sentence in (
        ("abc", EN["form.noNumber"]),
        ("0.5", "At least 2 USDT."),
        ("500", "Not enough: 500 USDT is available, and the fee is 1 USDT."),
    ):
        amount.fill(typed)
        expect(page.get_by_text(sentence)).to_be_visible()
    page.get_by_role("button", name=EN["subs.max"]).click()
    expect(amount).to_have_value("499")
    amount.fill("120.5")
    page.get_by_role("button", name=EN["withdraw.continue"]).click()
    review = page.get_by_role("dialog", name=EN["withdraw.review"])
    expect(review).to_contain_text(WALLET)
    expect(review).to_contain_text("121.5 USDT")
    age_proof(chained, person)
    before = outside.balance(USDT)
    review.get_by_role("button", name=EN["withdraw.send"]).click()
    proof = page.get_by_role("dialog", name=EN["proof.title"])
    proof.get_by_label(EN["form.password"], exact=True).fill(PASSWORD)
    proof.get_by_role("button", name=EN["proof.confirm"]).click()
    row = row_of(page, "withdraw.list", "120.5 USDT")
    expect(row).to_contain_text("Cold box")
    expect(row).to_contain_text(EN["withdraw.state.done"], timeout=CHAIN_MS)
    assert outside.balance(USDT) - before == 120_500_000
    expect(page.get_by_role("table", name=EN["withdraw.list"]).get_by_role("row")).to_have_count(2)
    row.get_by_role("link", name="Details: withdrawal of 120.5 USDT").click()
    expect(page.get_by_text(EN["funds.transaction"])).to_be_visible()
    done = page.get_by_role("list", name=EN["funds.progress"]).get_by_text("– done")
    expect(done).to_have_count(5)


def lose_first_answer(page: Page) -> None:
    """Of a withdrawal: the exchange does what it was asked, and nobody hears of it."""
    lost: list[int] = []

    def answer(route: Route) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.fetch().status)
        route.abort()

    page.route("**/asset/withdrawal", answer)


@pytest.mark.parametrize("to", ["book", "user"])
def test_what_got_no_answer_is_done_once_though_the_review_is_opened_anew(
    visit: Visit, person: Person, chained: LiveServer, prices: Person, to: str
) -> None:
    """Criterion: WEB-FUNDS-WITHDRAW-2"""
    booked(chained, person, WALLET, "Cold box")
    page = visit("/withdraw?ccy=USDT" if to == "book" else "/withdraw?to=user", person)
    title, deed = EN["withdraw.review"], EN["withdraw.send"]
    if to == "user":
        title, deed = EN["withdraw.user.review"], EN["withdraw.user.send"]
        page.get_by_role("combobox", name=EN["currency"]).click()
        page.get_by_role("option", name="USDT").click()
        page.get_by_label(EN["withdraw.user.uid"]).fill(str(prices.uid))
    lose_first_answer(page)
    amount, review = page.get_by_label("Amount in USDT"), page.get_by_role("dialog", name=title)
    amount.fill("20")
    page.get_by_role("button", name=EN["withdraw.continue"]).click()
    review.get_by_role("button", name=deed).click()
    expect(review.get_by_role("alert")).to_be_visible()
    review.get_by_role("button", name=EN["cancel"]).click()
    page.get_by_role("button", name=EN["withdraw.continue"]).click()
    review.get_by_role("button", name=deed).click()
    expect(review).to_have_count(0)
    expect(amount).to_have_value("")
    assert [row["amt"] for row in person.get("asset/withdrawal-history")] == ["20"]


def test_money_is_sent_to_another_user_by_uid(visit: Visit, person: Person, prices: Person) -> None:
    """Criterion: WEB-FUNDS-USER-1. Who has it reads that it came over no network."""
    page = visit("/withdraw?to=user", person)
    uid, amount = page.get_by_label(EN["withdraw.user.uid"]), page.get_by_label("Amount in ETH")
    page.get_by_role("combobox", name=EN["currency"]).click()
    page.get_by_role("option", name="ETH").click()
    page.get_by_role("button", name=EN["withdraw.continue"]).click()
    expect(page.get_by_text(EN["withdraw.user.uid.fault"])).to_be_visible()
    amount.fill("21")
    expect(page.get_by_text("Not enough: 20 ETH is available.")).to_be_visible()
    amount.fill("1.5")
    uid.fill("99999999")
    page.get_by_role("button", name=EN["withdraw.continue"]).click()
    review = page.get_by_role("dialog", name=EN["withdraw.user.review"])
    review.get_by_role("button", name=EN["withdraw.user.send"]).click()
    expect(review.get_by_text(EN["refusal.58213"])).to_be_visible()
    review.get_by_role("button", name=EN["cancel"]).click()
    had = prices.get("asset/balances", ccy="ETH")
    before = float(had[0]["availBal"]) if had else 0.0
    uid.fill(str(prices.uid))
    page.get_by_role("button", name=EN["withdraw.continue"]).click()
    expect(review).to_contain_text(str(prices.uid))
    review.get_by_role("button", name=EN["withdraw.user.send"]).click()
    row = row_of(page, "withdraw.list", "1.5 ETH")
    expect(row).to_contain_text(EN["withdraw.inside"])
    expect(row).to_contain_text(f"UID {prices.uid}")
    expect(row).to_contain_text(EN["withdraw.state.done"])
    assert float(prices.get("asset/balances", ccy="ETH")[0]["availBal"]) == before + 1.5
    row.get_by_role("link", name="Details: withdrawal of 1.5 ETH").click()
    expect(page.get_by_text(EN["withdraw.user.free"])).to_be_visible()
    theirs = visit("/deposit?ccy=ETH", prices)
    got = row_of(theirs, "deposit.list", "1.5 ETH").first
    expect(got).to_contain_text(EN["withdraw.inside"])


def test_a_new_address_is_locked_and_one_like_a_known_one_warned_of(
    visit: Visit, person: Person, chained: LiveServer
) -> None:
    """Criterion: WEB-FUNDS-ADDRESS-1, WEB-FUNDS-LOOKALIKE-1"""
    booked(chained, person, WALLET, "Cold box")
    page = visit("/addresses", person)
    page.get_by_role("button", name=EN["addresses.add"]).click()
    dialog = page.get_by_role("dialog", name=EN["addresses.add"])
    dialog.get_by_label(EN["addresses.label"]).fill("Friend")
    dialog.get_by_label(EN["addresses.address"]).fill("0x70")
    dialog.get_by_role("button", name=EN["addresses.add"]).click()
    expect(dialog.get_by_text(EN["refusal.58222"])).to_be_visible()
    alike = f"{WALLET[:6]}{'1' * 32}{WALLET[-4:]}".lower()
    dialog.get_by_label(EN["addresses.address"]).fill(alike)
    expect(dialog.get_by_role("alert").filter(has_text="Careful")).to_contain_text(WALLET)
    dialog.get_by_role("button", name=EN["addresses.add"]).click()
    row = row_of(page, "addresses.list", "Friend")
    expect(row).to_contain_text(re.compile("Locked: (23 hours|1 day) left"))
    page.goto(page.url.replace("/addresses", "/withdraw?ccy=USDT"))
    page.get_by_role("combobox", name=EN["withdraw.to"]).click()
    page.get_by_role("option", name=re.compile("Friend")).click()
    expect(page.get_by_text(re.compile("Locked: (23 hours|1 day) left"))).to_be_visible()
    page.get_by_label("Amount in").fill("5")
    page.get_by_role("button", name=EN["withdraw.continue"]).click()
    expect(page.get_by_text(EN["refusal.addressLocked"])).to_be_visible()
    assert person.get("asset/withdrawal-history") == []


def held(chained: LiveServer, *, stopped: bool) -> None:
    """Withdrawals on the chain wait, or go on, as by a planned maintenance."""

    async def said(door: SocketDoor) -> None:
        house = House(door)
        assert await house.report(WITHDRAWALS, Hold(ERC20, 0, stopped)) == [0]
        await house.settle()

    at_the_door(chained, said)


@pytest.fixture
def crowded(chained: LiveServer) -> Iterator[None]:
    """The chain asks for 100 gwei a unit of gas, and stands still with that."""
    (network,) = networks.load(chained.folder)
    node = Node(network.nodes[0])
    node.call("evm_setIntervalMining", 0)
    node.call("anvil_setNextBlockBaseFeePerGas", hex(100 * 10**9))
    node.call("anvil_mine", "0x1")
    yield
    node.call("anvil_setNextBlockBaseFeePerGas", "0x1")
    node.call("anvil_mine", "0x1")
    node.call("evm_setIntervalMining", 1)


def fee_of(person: Person) -> str:
    (line,) = (
        one for one in person.get("asset/currencies", ccy="ETH") if one["chain"] == "ETH-ERC20"
    )
    return str(line["fee"])


def test_who_waits_is_asked_when_the_fee_rose_and_it_goes_on(
    visit: Visit, person: Person, chained: LiveServer, request: pytest.FixtureRequest
) -> None:
    """Criterion: WEB-FUNDS-FEE-1, CHAINS-DEMO-6. The node's own price moved, within its bounds."""
    booked(chained, person, WALLET, "Cold box")
    calm = fee_of(person)
    held(chained, stopped=True)
    asked = {"ccy": "ETH", "amt": "1", "dest": "4", "chain": "ETH-ERC20", "toAddr": WALLET}
    (told,) = person.post("asset/withdrawal", **asked)
    request.getfixturevalue("crowded")
    page = visit(f"/withdraw/{told['wdId']}", person)
    ends = time.monotonic() + CHAIN_MS / 1000
    while Decimal(fee_of(person)) <= Decimal(calm) * Decimal("1.2"):
        assert time.monotonic() < ends, "the node's price did not rise"
        time.sleep(LOOK_S)  # the next quote is pushed to nobody
    held(chained, stopped=False)
    risen = fee_of(person)
    expect(page.get_by_text(EN["withdraw.state.feeRose"]).first).to_be_visible(timeout=CHAIN_MS)
    page.get_by_role("button", name=f"Pay a fee of {risen} ETH").click()
    dialog = page.get_by_role("dialog", name=EN["withdraw.feeRose.title"])
    expect(dialog).to_contain_text(f"{calm} ETH are held for it")
    dialog.get_by_role("button", name=f"Pay a fee of {risen} ETH").click()
    expect(page.get_by_text(EN["withdraw.feeRose.done"])).to_be_visible()
    expect(page.get_by_text(EN["withdraw.state.feeRose"])).to_have_count(0)
    node = Node(networks.load(chained.folder)[0].nodes[0])
    node.call("evm_setIntervalMining", 1)
    done = page.get_by_role("list", name=EN["funds.progress"]).get_by_text("– done")
    expect(done).to_have_count(5, timeout=CHAIN_MS)
    (row,) = person.get("asset/withdrawal-history", wdId=told["wdId"])
    assert (row["state"], row["fee"]) == ("2", risen)


def test_what_is_paid_in_parts_says_what_was_sent_and_what_is_left(
    visit: Visit, person: Person, chained: LiveServer, desk: list[Operator]
) -> None:
    """Criterion: WEB-FUNDS-SPLIT-1. Of one user's stop, which the worker on duty drains."""
    booked(chained, person, WALLET, "Cold box")
    stop = {"actions": "withdraw", "level": "user", "key": str(person.uid), "mode": "queue"}
    terms = {"reason": "REGULATORY_ORDER", "note": "an order"}
    (made,) = desk[0].post(X + "suspending/suspend", **stop, **terms)
    of = {"suspension": made["suspension"]}
    order = {"ccy": "ETH", "dest": "4", "toAddr": WALLET, "chain": "ETH-ERC20"}
    (asked,) = person.post("asset/withdrawal", amt="8", xAllowSplit=True, **order)
    page = visit("/withdraw?ccy=ETH", person)
    plan = {"budgets": "ETH-ERC20:6:5", "intervalMs": "3600000"}
    (row,) = desk[0].post(X + "suspending/plan", **of, **plan, note="slowly")
    desk[0].post(X + "suspending/check", **of, note="as planned")
    seen = {"plannedTs": row["plannedTs"], "shown": row["shown"]}
    desk[1].post(X + "suspending/sign-off", **of, **seen, note="as planned")
    # The worker pays once in an hour: what is left waits.
    rest = row_of(page, "withdraw.list", "6 of 8 ETH sent; 2 ETH left.")
    expect(rest).to_contain_text(EN["withdraw.state.queued"], timeout=CHAIN_MS)
    part = row_of(page, "withdraw.list", "Part of a withdrawal of 8 ETH")
    expect(part).to_contain_text(EN["withdraw.state.done"], timeout=CHAIN_MS)
    queue = visit("/operator/withdrawals", desk[0])
    queue.get_by_role("tab", name=re.compile(EN["op.queue.queued"])).click()
    expect(queue.get_by_role("row").filter(has_text="6 / 8 ETH")).to_be_visible()
    rest.get_by_role("button", name="Cancel the withdrawal of 2 ETH").click()
    dialog = page.get_by_role("dialog", name=EN["withdraw.cancel"])
    expect(dialog).to_contain_text("What was sent stays sent.")
    dialog.get_by_role("button", name=EN["withdraw.cancel"]).click()
    row = row_of(page, "withdraw.list", "6 of 8 ETH sent.")
    expect(row).to_contain_text(EN["withdraw.state.canceled"])
    page.goto(page.url.partition("/withdraw")[0] + f"/withdraw/{asked['wdId']}")
    expect(page.get_by_text(EN["withdraw.split.parts"])).to_be_visible()


@pytest.fixture(scope="module")
def suspended(operator: Operator) -> None:
    """Withdrawals of ETH wait from here on; nothing of the other currencies does."""
    stop = {"actions": "withdraw", "level": "ccy_chain", "chain": "ETH-ERC20", "mode": "queue"}
    until = SystemClock().wall_ms() + HOUR_MS
    terms = {"reason": "WALLET_MAINT", "estOpenTs": str(until), "note": "a new wallet"}
    operator.post(X + "suspending/suspend", **stop, **terms)


# Nothing is asked for again because time has passed, what is pushed alone.
NO_INTERVALS = "window.setInterval = () => 0"


def test_a_form_says_that_withdrawals_are_stopped_when_the_banner_does(
    visit: Visit, person: Person, chained: LiveServer, request: pytest.FixtureRequest
) -> None:
    """Criterion: WEB-FUNDS-QUEUE-1. Of a stop that begins while the form is open."""
    booked(chained, person, WALLET, "Cold box")
    page = visit("/markets", person)
    page.add_init_script(NO_INTERVALS)
    page.goto(page.url.replace("/markets", "/withdraw?ccy=ETH"))
    expect(page.get_by_label("Amount in ETH")).to_be_visible()
    stopped = page.get_by_text("Withdrawals of ETH on ERC20 are stopped now.")
    expect(stopped).to_have_count(0)
    request.getfixturevalue("suspended")
    expect(page.get_by_role("status").filter(has_text="wallet maintenance")).to_be_visible()
    expect(stopped).to_be_visible()


def test_while_withdrawals_are_suspended_everybody_sees_where_they_stand(
    visit: Visit, person: Person, chained: LiveServer, suspended: None
) -> None:
    """Criterion: WEB-FUNDS-QUEUE-1, WEB-STATUS-1. Queued, shown with its place, cancelled."""
    booked(chained, person, WALLET, "Cold box")
    page = visit("/withdraw?ccy=ETH", person)
    expect(page.get_by_text("Withdrawals of ETH on ERC20 are stopped now.")).to_be_visible()
    page.get_by_label("Amount in ETH").fill("3")
    page.get_by_role("checkbox", name=EN["withdraw.split"]).check()
    page.get_by_role("button", name=EN["withdraw.continue"]).click()
    review = page.get_by_role("dialog", name=EN["withdraw.review"])
    expect(review).to_contain_text("What you request is kept in the order of requests")
    expect(review).to_contain_text(EN["withdraw.split"])
    review.get_by_role("button", name=EN["withdraw.send"]).click()
    row = row_of(page, "withdraw.list", "3 ETH")
    expect(row).to_contain_text(EN["withdraw.state.queued"])
    expect(row).to_contain_text("Place 1 in the queue, 0 ETH ahead. Expected:")
    (made,) = person.get("asset/withdrawal-history")
    assert (made["xAllowSplit"], made["xAskedAmt"]) == (True, "3")
    banner = page.get_by_role("status").filter(has_text="wallet maintenance")
    expect(banner).to_contain_text("Works as usual: trading, deposits")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.partition("/v5/")[2]))
    banner.get_by_role("link").click()
    expect(page.get_by_role("heading", name=EN["status.title"])).to_be_visible()
    expect(page.get_by_text("1 suspension is in force.")).to_be_visible()
    expect(page.get_by_text("1 withdrawal waits: 3 ETH on ERC20")).to_be_visible()
    expect(page.get_by_text(EN["status.gate.coverage"])).to_be_visible()
    # An address may ask once in five seconds: a second request of the page would be refused.
    assert [path for path in asked if path.startswith("system/status")] == ["system/status"]
    page.go_back()
    row.get_by_role("button", name="Cancel the withdrawal of 3 ETH").click()
    dialog = page.get_by_role("dialog", name=EN["withdraw.cancel"])
    expect(dialog.get_by_role("button", name=EN["withdraw.cancel.keep"])).to_be_visible()
    dialog.get_by_role("button", name=EN["withdraw.cancel"]).click()
    expect(row).to_contain_text(EN["withdraw.state.canceled"])
    (balance,) = person.get("asset/balances", ccy="ETH")
    assert (balance["availBal"], balance["frozenBal"]) == ("20", "0")


def test_an_address_is_shown_to_who_knows_that_withdrawals_are_suspended(
    visit: Visit, person: Person, suspended: None, operator: Operator
) -> None:
    """Criterion: WEB-FUNDS-DEPOSIT-2, WEB-STATUS-3, WEB-STATUS-4. The planned one began last."""
    incident = {"actions": "withdraw", "level": "ccy_chain", "chain": "BTC-ERC20", "mode": "queue"}
    planned = incident | {"chain": "SOL-ERC20", "reason": "WALLET_MAINT", "note": "a new wallet"}
    incident |= {"reason": "SECURITY_INCIDENT", "note": "coins left"}
    for terms in (incident, planned):
        operator.post(X + "suspending/suspend", **terms)
    page = visit("/deposit?ccy=BTC", person)
    banner = page.get_by_role("status").filter(has=page.get_by_role("link"))
    expect(banner).to_contain_text("a security incident")
    others = banner.get_by_role("listitem")
    expect(others).to_have_count(0)
    banner.get_by_text("2 more").click()
    expect(others).to_have_count(2)
    expect(others.filter(has_text="SOL-ERC20")).to_contain_text("wallet maintenance")
    main, code = page.get_by_role("main"), page.get_by_role("img", name="QR code of your BTC")
    told = main.get_by_text("Withdrawals of BTC on ERC20 are suspended: a security incident.")
    expect(told).to_be_visible()
    expect(main.get_by_text("Since:")).to_be_visible()
    expect(code).to_have_count(0)
    expect(main.get_by_role("code")).to_have_count(0)
    main.get_by_role("checkbox", name=EN["deposit.noWithdraw.know"]).click()
    expect(code).to_be_visible()
    expect(told).to_be_visible()
    expect(main.get_by_role("code").first).to_contain_text("0x")


# In px of a phone: what a suspension may take of the height of every page.
BANNER_MOST = 140
# Path, and the message that heads it.
PAGES = {
    "/deposit?ccy=USDT": "deposit.title",
    "/withdraw?ccy=USDT": "withdraw.title",
    "/withdraw?to=user": "withdraw.title",
    "/addresses": "addresses.title",
    "/status": "status.title",
    "/reserves": "reserves.title",
}


@pytest.mark.parametrize(
    ("language", "theme", "is_phone"),
    [
        # Russian words are the longest; the others may wait for the long run.
        ("ru", "light", True),
        pytest.param("zh", "dark", True, marks=pytest.mark.slow),
        pytest.param("en", "dark", False, marks=pytest.mark.slow),
        pytest.param("ru", "light", False, marks=pytest.mark.slow),
    ],
)
def test_everybody_can_use_the_pages(
    visit: Visit,
    person: Person,
    chained: LiveServer,
    suspended: None,
    language: str,
    theme: str,
    *,
    is_phone: bool,
) -> None:
    """Criterion: WEB-FUNDS-ACCESS-1, WEB-FUNDS-PHONE-1"""
    words = WORDS[language]
    booked(chained, person, WALLET, "Превосходительство")
    size = {"size": PHONE} if is_phone else {}
    page = visit("/markets", person, **size, language=language)
    origin = page.url.partition("/markets")[0]
    for path, heading in PAGES.items():
        page.goto(origin + path)
        expect(page.get_by_role("heading", name=words[heading]).first).to_be_visible()
        expect(page.get_by_text(words["loading"])).to_have_count(0)
        if is_phone:
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
            assert page.evaluate(SMALL) == [], path
            banner = page.get_by_role("status").filter(has=page.get_by_role("link")).bounding_box()
            assert banner, path
            assert banner["height"] < BANNER_MOST, path
        page.evaluate(LIT, theme)
        assert complaints(page) == [], path


# What the exchange answers who asks for the proof of an account that is too young.
EARLY = {"code": "50046", "msg": "The proof is not available now", "data": []}
PROOF = "**/api/v5/x/reserves/proof"
BUNDLES = '"channel":"x-reserves-proof"'
STEPS = ("signature", "log", "totals", "leaf", "history", "evidence")


class Line:
    """A page's WebSocket connections, on which bundles are held back or altered."""

    def __init__(self, page: Page) -> None:
        self.holds = False
        self.alters = False
        page.route_web_socket(re.compile("/ws/v5/private"), self._connected)

    def _connected(self, socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        server.on_message(lambda message: self._pass(socket, message))

    def _pass(self, socket: WebSocketRoute, message: str | bytes) -> None:
        text = message if isinstance(message, str) else message.decode()
        if BUNDLES not in text or '"data"' not in text:
            socket.send(message)
        elif not self.holds:
            socket.send(altered(text.encode()).decode() if self.alters else text)


def covered(page: Page, language: str = "en") -> None:
    """Signers have signed, the chain was read, and a statement has what they show."""
    expect(page.get_by_text(WORDS[language]["reserves.covered"])).to_be_visible(timeout=CHAIN_MS)


def altered(content: bytes) -> bytes:
    """A bundle in which the claim on the first asset has another first digit."""
    claim = content.index(b'"claims":["', content.index(b'"proof"')) + len(b'"claims":["')
    digit = b"2" if content[claim : claim + 1] != b"2" else b"3"
    return content[:claim] + digit + content[claim + 1 :]


# Puts a bundle among the receipts of a browser.
KEEP = """async ([uid, text]) => {
  const done = (request) => new Promise((ok, no) => {
    request.onsuccess = () => ok(request.result)
    request.onerror = no
  })
  const place = await done(indexedDB.open('fullreserve.reserves'))
  const { statement, signature } = JSON.parse(text)
  const { epoch, ts } = statement
  const store = place.transaction('receipts', 'readwrite').objectStore('receipts')
  await done(store.put({ uid, epoch, ts, signature, text }))
  place.close()
}"""


def another_story(bundle: dict[str, Any], data: Path) -> dict[str, Any]:
    """Another statement for the same epoch, with the exchange's own key, in a log of its own."""
    statement = {**bundle["statement"], "expires": bundle["statement"]["expires"] + 1}
    signer, epoch = keys.signer(data), statement["epoch"]
    history = [{"epoch": n} for n in range(1, epoch)] + [statement]
    return {**signed(statement, signer), "log": logged(history, epoch - 1, signer)}


# How wide the lines of an element's text are, in px.
LINES = """each => {
    const range = document.createRange()
    range.selectNodeContents(each)
    return [...range.getClientRects()].map(({ width }) => width)
}"""


def test_an_address_of_the_exchange_stands_in_halves(visit: Visit, chained: LiveServer) -> None:
    """Criterion: WEB-FUNDS-ACCESS-1"""
    page = visit("/reserves")
    covered(page)
    address, lines = page.locator("td code").first, list[float]()
    # How wide its column is hangs on what stands in the others by now.
    for width in range(1280, 300, -80):
        page.set_viewport_size({"width": width, "height": 900})
        lines = address.evaluate(LINES)
        if len(lines) == 2:
            break
    one, other = lines
    assert abs(one - other) < one / 8


def download(page: Page, button: str, to: Path) -> None:
    with page.expect_download() as saving:
        page.get_by_role("button", name=button).click()
    saving.value.save_as(to)


def test_a_proof_is_there_while_the_exchange_does_not_answer(
    visit: Visit, prices: Person, chained: LiveServer, tmp_path: Path
) -> None:
    """Pushed before anybody asked, kept, and compared: another story shows.

    Criterion: POR-PAGE-5, POR-PAGE-6
    """
    covered(visit("/reserves"))  # a proof of before says what was not shown yet
    person = Person(chained)
    page = visit("/reserves", person)
    kept = page.get_by_text("compared with each new one")
    expect(kept).to_be_visible(timeout=CHAIN_MS)
    download(page, EN["reserves.saveReceipts"], tmp_path / "receipts.json")
    assert verify.main([str(tmp_path / "receipts.json")]) == 0
    page.route("**/api/**", lambda route: route.abort())
    page.route("**/por/**", lambda route: route.abort())
    page.get_by_role("button", name=EN["reserves.check"]).click()
    expect(page.get_by_text(EN["reserves.step.leaf"])).to_be_visible()
    expect(page.get_by_text(EN["reserves.noEvidence"])).to_be_visible()
    # What was kept is of a story that the exchange does not tell any more.
    kept_now = json.loads((tmp_path / "receipts.json").read_bytes())["receipts"]
    receipt = [one for one in kept_now if "statement" in one][-1]
    page.evaluate(KEEP, [str(person.uid), json.dumps(another_story(receipt, chained.folder))])
    page.unroute_all()
    page.reload()
    expect(kept).to_be_visible()
    page.get_by_role("button", name=EN["reserves.check"]).click()
    expect(page.get_by_text("The exchange made two different statements").first).to_be_visible()
    person.close()


def test_a_user_trades_pays_in_checks_saves_and_alters(
    visit: Visit, prices: Person, chained: LiveServer, outside: Outside, tmp_path: Path
) -> None:
    """Criterion: POR-PAGE-1, POR-PAGE-4"""
    person = Person(chained)
    person.order("buy", "40010", "0.001")
    address = person.get("asset/deposit-address", ccy="USDT")[0]["addr"]
    outside.send(USDT, address, 25 * MICRO)
    page = visit("/markets", person)
    line = Line(page)
    line.holds = True
    page.route(PROOF, lambda route: route.fulfill(json=EARLY))
    page.goto(page.url.partition("/markets")[0] + "/reserves")
    covered(page)
    places = page.get_by_role("table", name=EN["reserves.addresses"])
    expect(places.get_by_text("0x").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= DESK["width"]
    # As long as no statement holds the account; the next one answers by itself.
    page.get_by_role("button", name=EN["reserves.check"]).click()
    expect(page.get_by_text(EN["reserves.early"])).to_be_visible()
    line.holds = False
    expect(page.get_by_text(EN["reserves.holds"])).to_be_visible(timeout=CHAIN_MS)
    expect(page.get_by_text("In these totals you are owed")).to_contain_text("100.000999 BTC")
    page.get_by_role("button", name=EN["reserves.check"]).click()
    # A receipt is pushed by itself, when something changed.
    steps = page.locator("main ol li").filter(has_not_text=EN["reserves.step.receipts"])
    expect(steps).to_have_text([EN[f"reserves.step.{one}"] for one in STEPS])
    saved, kept = tmp_path / "proof.json", tmp_path / "receipts.json"
    download(page, EN["reserves.save"], saved)
    download(page, EN["reserves.saveReceipts"], kept)
    assert verify.main([str(saved), str(kept)]) == 0
    saved.write_bytes(altered(saved.read_bytes()))
    assert verify.main([str(saved)]) == 1
    line.alters = True
    answer = '{"code":"0","msg":"","data":[' + saved.read_text() + "]}"
    page.route(PROOF, lambda route: route.fulfill(body=answer, content_type="application/json"))
    page.reload()
    page.get_by_role("button", name=EN["reserves.check"]).click()
    expect(page.get_by_text("It does not hold: Your proof does not lead")).to_be_visible()
    person.close()


def test_what_is_stale_is_red_and_all_of_it_is_public(visit: Visit, chained: LiveServer) -> None:
    """The page's own clock decides, whatever a statement says; it says what no proof can show.

    Criterion: POR-PAGE-2, POR-PAGE-3, POR-PIT-16
    """
    page = visit("/reserves", None, PHONE, language="ru")
    words = WORDS["ru"]
    covered(page, "ru")
    expect(page.get_by_text(words["reserves.signIn"])).to_be_visible()
    expect(page.get_by_role("table", name=words["reserves.addresses"])).to_contain_text(
        words["reserves.tier.cold"]
    )
    expect(page.get_by_role("link", name="verify.py")).to_be_visible()
    expect(page.get_by_text(words["reserves.notProved"])).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.evaluate(SMALL) == []
    assert complaints(page) == []
    page.route("**/por/latest.json", lambda route: route.abort())
    page.clock.install()
    page.clock.fast_forward(600_000)
    expect(page.get_by_text(words["reserves.stale"])).to_be_visible()
    expect(page.locator("[data-good=false]")).to_be_visible()


def test_what_a_stop_leaves_is_said_where_it_counts(
    visit: Visit, person: Person, operator: Operator
) -> None:
    """The last: what it stops stays stopped. Criterion: SUS-REST-11, WEB-STATUS-4."""
    stop = {"level": "ccy", "ccy": "USDT", "reason": "MARKET_DISLOCATION", "note": "no prices"}
    cap = {"actions": "withdraw", "mode": "cap", "capUsd": "300", "capAmt": "7"}
    operator.post(X + "suspending/suspend", **stop, **cap)
    others = {"actions": "internal_transfer,trade_open", "mode": "queue"}
    operator.post(X + "suspending/suspend", **stop, **others)
    main = visit("/withdraw?ccy=USDT", person).get_by_role("main")
    capped = main.get_by_text("Withdrawals of USDT are limited now: at most 300 USD in 24 hours")
    expect(capped).to_contain_text("you have 300 USD left")
    expect(capped).to_contain_text(
        "All users together can withdraw at most 7 USDT on this chain in 24 hours."
    )
    main = visit("/withdraw?to=user&ccy=USDT", person).get_by_role("main")
    expect(main.get_by_text("Transfers of USDT to other users are stopped now.")).to_be_visible()
    page = visit("/trade/ETH-USDT", person)
    form = page.get_by_role("form", name=EN["form.title"])
    expect(form.get_by_text("New orders (USDT): suspended – prices")).to_be_visible()
    expect(form.get_by_role("button", name=re.compile("^Buy "))).to_be_disabled()
    banner = page.get_by_role("status").filter(has=page.get_by_role("link"))
    expect(banner).not_to_contain_text("trading")
