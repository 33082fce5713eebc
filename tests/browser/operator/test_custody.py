"""Goal: an operator stops, plans the way back and writes policy by the console's pages."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Callable, Iterator

import msgspec
import pytest
from playwright.sync_api import Locator, Page, expect

from fullreserve.door.outcome import outcome
from fullreserve.door.socket_client import SocketDoor
from fullreserve.exchange import chart
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    WITHDRAWALS,
    AdoptDeposits,
    Bound,
    CameUnasked,
    Claim,
    Confirmed,
    Destination,
    Funded,
    Orphaned,
    Request,
    RequirePolicy,
    Seen,
    Tier,
    Tip,
)
from fullreserve.exchange.products.deposit_state import EDITION
from fullreserve.exchange.products.withdrawal_state import EDITION as WITHDRAWALS_EDITION
from fullreserve.exchange.wire.commands import (
    AccountKey,
    Product,
    Transfer,
    Withdraw,
    amount_bytes,
    amount_int,
)
from fullreserve.exchange.wire.events import Reply
from fullreserve.exchange.wire.queries import AccountState, ListBalances
from fullreserve.exchange.worker_files import (
    CERTIFICATES,
    SENDERS,
    Adopted,
    AdoptedPayment,
    Announced,
    AnnouncedKind,
    Announcement,
    Blind,
    CertificateEnd,
    Line,
    LostCalls,
    Reconciled,
    RefusedDeposit,
    Sent,
    Unasked,
    UnaskedSum,
    Uncharged,
    Unknown,
    Unmeasured,
    Unsigned,
    UnsignedPayment,
    WhyUnsigned,
    adopted_name,
    announced_name,
    reconciled_name,
    refused_name,
    unsigned_name,
)
from tests.browser.conftest import PHONE, Visit
from tests.browser.operator.desk import (
    Operator,
    X,
    address_of,
    at_the_door,
    found_policy,
    know_a_network,
    say_all,
)
from tests.browser.operator.test_console import NOTE, approve, choose, give_reason, number_of
from tests.browser.people import Person
from tests.browser.test_trading import EN, WORDS
from tests.server import LiveServer

THEFT = "5a" * 32
STAFFED = "Six people from 14:00 on."


def act(page: Page, button: str, deed: str = "") -> None:
    """Open an act's dialog, say why and do it."""
    page.get_by_role("button", name=button, exact=True).click()
    # What was done before is told in a dialog of its own.
    dialog = page.get_by_role("dialog", name=button, exact=True)
    dialog.get_by_label(EN["op.note"], exact=True).fill(NOTE)
    dialog.get_by_role("button", name=deed or button, exact=True).click()
    expect(dialog).to_be_hidden()


def step(page: Page, state: str) -> None:
    """The suspension has come to a state."""
    current = page.locator("li[aria-current=step]")
    expect(current).to_have_text(EN[f"op.sus.state.{state}"])


def test_one_stops_and_the_way_back_shows_its_gates(visit: Visit, ada: Operator) -> None:
    """Criterion: WEB-OP-SUS-3, SUS-RULES-1. Where no chain is served."""
    page = visit("/operator/suspensions", ada)
    page.get_by_role("button", name=EN["op.sus.stop"]).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name=EN["op.sus.stop.deed"])).to_be_in_viewport()
    # Of people of whom there are none, so that nothing that other tests do is stopped.
    choose(page, EN["op.level"], EN["op.sus.level.segment"])
    dialog.get_by_label(EN["op.user.segment"], exact=True).fill("9")
    choose(page, EN["op.sus.reason"], EN["op.sus.reason.VENDOR_DOWN"])
    dialog.get_by_label(EN["op.note"], exact=True).fill(NOTE)
    dialog.get_by_role("button", name=EN["op.sus.stop.deed"]).click()
    expect(page.get_by_role("heading", name=re.compile("^Suspension "))).to_be_visible()
    expect(page.get_by_text(re.compile(r"^To ratify: \d+:\d\d$")).first).to_be_visible()
    expect(page.get_by_text(NOTE)).to_be_visible()
    step(page, "active")
    act(page, EN["op.sus.deed.plan"])
    step(page, "reopen_planned")
    act(page, EN["op.sus.deed.check"])
    step(page, "gate_check")
    gates = page.get_by_role("table", name=EN["op.gates"])
    gate = gates.get_by_role("row").filter(has_text="G8")
    gate.get_by_role("button").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=EN["op.gate.show"], exact=True).click()
    # What is allowed is said beside what is wrong.
    expect(dialog.get_by_text(EN["form.required"]).first).to_be_visible()
    expect(dialog.get_by_text(EN["op.gate.document.hint"])).to_be_visible()
    dialog.get_by_label(EN["op.gate.document"], exact=True).fill(STAFFED)
    dialog.get_by_label(EN["op.note"], exact=True).fill(NOTE)
    dialog.get_by_role("button", name=EN["op.gate.show"], exact=True).click()
    expect(gate).to_contain_text(EN["op.gateState.passed"])
    gate.locator("summary").click()
    expect(gate.get_by_text(STAFFED)).to_be_visible()
    expect(gate.get_by_text(EN["op.gate.isOurs"])).to_be_visible()
    _screened(page, gates.get_by_role("row").filter(has_text="G5"))
    # Nobody waits who could be a canary.
    expect(page.get_by_role("button", name=EN["op.sus.deed.open-drain"])).to_be_visible()
    expect(page.get_by_role("button", name=EN["op.sus.deed.canary"])).to_have_count(0)
    act(page, EN["op.sus.deed.fall"])
    step(page, "active")


def _screened(page: Page, gate: Locator) -> None:
    """Criterion: WEB-OP-SUS-5. What is shown is what a reading found, and no number is typed."""
    show = gate.get_by_role("button", name=EN["op.gate.show"])
    expect(show).to_be_disabled()
    expect(gate).to_contain_text(EN["op.screening.none"])
    gate.get_by_role("button", name=EN["op.screening.read"]).click()
    found = re.compile(r"0 waited who had asked before \d+; 0 of stopped owners\.")
    expect(gate).to_contain_text(found)
    show.click()
    dialog = page.get_by_role("dialog", name=EN["op.gate.show.title"].format(gate="G5"))
    expect(dialog).to_contain_text(found)
    dialog.get_by_label(EN["op.note"], exact=True).fill(NOTE)
    dialog.get_by_role("button", name=EN["op.gate.show"], exact=True).click()
    expect(gate).to_contain_text(EN["op.gateState.passed"])


def test_a_drain_is_planned_in_a_table_that_who_signs_off_sees_too(
    visit: Visit, ada: Operator, bea: Operator, server: LiveServer
) -> None:
    """Criterion: WEB-OP-SUS-4"""
    know_a_network(server)
    # Of people of whom there are none, so that nothing that other tests do is stopped.
    terms = {"actions": "withdraw", "level": "segment", "key": "8", "reason": "VENDOR_DOWN"}
    number = ada.post(X + "suspending/suspend", **terms, note=NOTE)[0]["suspension"]
    page = visit(f"/operator/suspensions/{number}", ada)
    plan = EN["op.sus.deed.plan"]
    page.get_by_role("button", name=plan, exact=True).click()
    dialog = page.get_by_role("dialog", name=plan, exact=True)
    row = dialog.get_by_role("row").filter(has_text="BTC-Testnet")
    transactions = row.get_by_label(EN["op.sus.budget.transactionsOf"].format(chain="BTC-Testnet"))
    budget = row.get_by_label(EN["op.sus.budget.amountOf"].format(chain="BTC-Testnet"))
    expect(transactions).to_have_value("10")
    budget.fill("0.000000001")
    transactions.fill("1.5")
    expect(row).to_contain_text(EN["op.sus.budget.fault.decimals"].format(decimals=8))
    expect(row).to_contain_text(EN["op.sus.budget.fault.whole"])
    dialog.get_by_label(EN["op.note"], exact=True).fill(NOTE)
    dialog.get_by_role("button", name=plan, exact=True).click()
    expect(dialog.get_by_text(EN["form.marked"])).to_be_visible()
    budget.fill("1,250")
    expect(budget).to_have_value("1250")
    expect(row).to_contain_text(EN["op.sus.budget.overHot"])
    transactions.fill("7")
    dialog.get_by_role("button", name=plan, exact=True).click()
    expect(dialog).to_be_hidden()
    agreed = page.get_by_role("table", name=EN["op.sus.budgets"])
    expect(agreed.get_by_role("row").filter(has_text="BTC-Testnet")).to_contain_text("1,250 BTC")
    phone = visit(f"/operator/suspensions/{number}", bea, PHONE)
    gate = phone.get_by_role("table", name=EN["op.gates"]).get_by_role("row").filter(has_text="G8")
    expect(gate).to_be_visible()
    # What is not shown yet takes no lines of a phone's; a press opens it.
    figures = gate.locator("td").nth(2)
    expect(figures).to_be_hidden()
    gate.get_by_role("button", name=EN["table.details"]).click()
    expect(figures).to_be_visible()
    other = visit(f"/operator/suspensions/{number}", bea)
    sign = EN["op.sus.deed.sign-off"]
    other.get_by_role("button", name=sign, exact=True).click()
    dialog = other.get_by_role("dialog", name=sign, exact=True)
    row = dialog.get_by_role("row").filter(has_text="BTC-Testnet")
    expect(row).to_contain_text("1,250 BTC")
    expect(row.get_by_role("cell", name="7", exact=True)).to_be_visible()
    expect(dialog.get_by_text(EN["op.sus.deedAbout.sign-off"])).to_be_visible()


def test_a_move_by_hand_is_announced_by_two_and_ended_by_one(
    visit: Visit, ada: Operator, bea: Operator, server: LiveServer
) -> None:
    """Criterion: WEB-OP-CUST-2"""
    know_a_network(server)
    held = Funded(77, b"w" * 32, 1, Tier.WARM, amount_bytes(2 * 10**8))
    say_all(server, (DEPOSITS, held))
    page = visit("/operator/custody", ada)
    page.get_by_role("button", name=EN["op.kind.announce-move"], exact=True).click()
    choose(page, EN["op.term.chain"], "BTC-Testnet")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label(EN["op.term.amount"], exact=True).fill("1.25")
    dialog.get_by_label(EN["op.term.feeMost"], exact=True).fill("0.0005")
    give_reason(page, EN["op.propose"])
    expect(page.get_by_text(EN["op.kind.announce-move"]).first).to_be_visible()
    number = number_of(page)
    other = visit(f"/operator/approvals/{number}", bea)
    expect(other.get_by_text("0.0005", exact=True)).to_be_visible()
    approve(other)
    other.goto(other.url.partition("/operator")[0] + "/operator/custody")
    row = other.get_by_role("table", name=EN["op.announced"]).get_by_role("row")
    row = row.filter(has_text="1.25")
    expect(row).to_contain_text(EN["op.announcedState.announced"])
    expect(row).to_contain_text("Warm → Cold")
    row.get_by_role("button").click()
    dialog = other.get_by_role("dialog")
    dialog.get_by_label(EN["op.note"], exact=True).fill(NOTE)
    dialog.get_by_role("button", name=EN["op.announced.end"], exact=True).click()
    expect(row).to_contain_text(EN["op.announcedState.ended"])


@pytest.fixture
def lacking(server: LiveServer) -> Iterator[None]:
    """Hot of the network has 2 BTC in the ledger, and 0.25 less on its chain."""
    know_a_network(server)
    held = 2 * 10**8
    say_all(server, (DEPOSITS, Funded(77, b"h" * 32, 1, Tier.HOT, amount_bytes(held))))
    line = Line(Tier.HOT, 1, held, held, held, held - 25 * 10**6)
    found = server.folder / reconciled_name(77)
    found.write_bytes(msgspec.json.encode(Reconciled(77, 9, 1_700_000_000_000, (line,))))
    yield
    found.unlink()


@pytest.mark.usefixtures("lacking")
def test_a_loss_is_booked_by_two_and_says_who_they_were(
    visit: Visit, ada: Operator, bea: Operator
) -> None:
    """Criterion: WEB-OP-CUST-3"""
    page = visit("/operator/custody", ada)
    page.get_by_role("button", name=EN["op.kind.loss"], exact=True).click()
    choose(page, EN["op.term.chain"], "BTC-Testnet")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label(EN["op.term.transaction"], exact=True).fill(THEFT)
    amount = dialog.get_by_label(EN["op.term.amount"], exact=True)
    amount.fill("0.26")
    give_reason(page, EN["op.propose"])
    expect(dialog.get_by_text(re.compile("hot lacks no more on the chain"))).to_be_visible()
    amount.fill("0.25")
    dialog.get_by_role("button", name=EN["op.propose"], exact=True).click()
    number = number_of(page)
    other = visit(f"/operator/approvals/{number}", bea)
    for shown in (THEFT, "0.25", EN["op.tierName.hot"], EN["op.side.loss"]):
        expect(other.get_by_text(shown, exact=True)).to_be_visible()
    approve(other)
    other.goto(other.url.partition("/operator")[0] + "/operator/custody")
    row = other.get_by_role("table", name=EN["op.losses"]).get_by_role("row")
    row = row.filter(has_text=THEFT)
    for shown in ("BTC-Testnet", "0.25 BTC", f"0{EN['op.side.loss']}"):
        expect(row).to_contain_text(shown)
    people = row.get_by_role("link")
    expect(people).to_have_text([str(ada.uid), str(bea.uid)])


def test_a_deposit_under_way_is_kept_by_the_button_in_its_row(
    visit: Visit, ada: Operator, person: Person, server: LiveServer
) -> None:
    """Criterion: WEB-OP-CUST-6"""
    know_a_network(server)
    name, block = b"u" * 32, b"b" * 32
    words = (
        AdoptDeposits(EDITION),
        Tip(77, 60, block, healthy=True),
        Seen(77, name, 1, address_of(server, person.uid), 0, amount_bytes(7 * 10**7), 0, 60, block),
    )
    say_all(server, *((DEPOSITS, word) for word in words))
    told = {name.hex(): Sent(("tb1somebody",), is_whole=True)}
    (server.folder / SENDERS).write_bytes(msgspec.json.encode(told))
    page = visit("/operator/custody", ada)
    row = page.get_by_role("table", name=EN["op.underWay"]).get_by_role("row")
    row = row.filter(has_text=str(person.uid))
    for shown in ("BTC-Testnet", "0.7 BTC", "1 of 1", "tb1somebody"):
        expect(row).to_contain_text(shown)
    row.get_by_role("button").click()
    choose(page, EN["op.state"], EN["deposit.state.13"])
    dialog = page.get_by_role("dialog")
    dialog.get_by_label(EN["op.note"], exact=True).fill(NOTE)
    dialog.get_by_role("button", name=EN["op.kept.stop"], exact=True).click()
    kept = page.get_by_role("table", name=EN["op.kept"]).get_by_role("row")
    expect(kept.filter(has_text="0.7 BTC")).to_contain_text(EN["deposit.state.13"])
    expect(row).to_have_count(0)


@pytest.fixture
def given(server: LiveServer) -> Iterator[None]:
    """Strangers sent hot of the network 0.03 BTC, by two transactions; nothing of now is known."""
    know_a_network(server)
    unasked = tuple(
        Unasked(Tier.HOT, 1, coins * 10**6, 7, tx * 32) for coins, tx in ((2, "c1"), (1, "c2"))
    )
    told = Unknown("connection refused", 1_700_000_000_000, 4, is_alarm=True, why=Blind.DOWN,
                   said="connection refused")  # fmt: skip
    sums = (UnaskedSum(Tier.HOT, 1, 3 * 10**6, 2),)
    kept = Reconciled(77, 9, 1_700_000_000_000, unknown=told, unasked=unasked, unasked_sums=sums,
                      lost_calls=LostCalls(4, 5, 8),
                      uncharged=(Uncharged(Tier.COLD, 1, 128_340, "ef" * 32, True),))  # fmt: skip
    found = server.folder / reconciled_name(77)
    found.write_bytes(msgspec.json.encode(kept))
    paid = Adopted(
        1_700_000_000_000, (AdoptedPayment("ab" * 32, (7,)), AdoptedPayment("cd", (), (8,)))
    )
    since = server.folder / adopted_name(77)
    since.write_bytes(msgspec.json.encode(paid))
    refused = server.folder / refused_name(77)
    told_of = [
        RefusedDeposit(77, 1, 5 * 10**6, 8, "de" * 32, 92_004, is_final=True, since_ms=1),
        RefusedDeposit(77, 1, 6 * 10**6, 9, "fa" * 32, 51_000, is_final=False, since_ms=2),
    ]
    refused.write_bytes(msgspec.json.encode(told_of))
    yield
    for one in (found, since, refused):
        one.unlink()


@pytest.mark.usefixtures("given")
def test_what_was_paid_since_a_backup_stands_beside_reconciliation(
    visit: Visit, ada: Operator
) -> None:
    """Criterion: WEB-OP-RECON-4"""
    page = visit("/operator/reconciliation", ada)
    region = page.get_by_role("region", name=EN["op.paidSince"].format(network="Testnet"))
    row = region.get_by_role("row").filter(has_text="ab" * 32)
    expect(row.get_by_role("link")).to_have_attribute("href", re.compile("/operator/withdrawals/"))
    other = region.get_by_role("row").filter(has_text="cd").last
    expect(other).to_contain_text(EN["op.paidSince.stranger"])
    expect(other).to_contain_text(EN["op.paidSince.likely"])
    expect(other.get_by_role("link")).to_have_attribute(
        "href", re.compile("/operator/withdrawals/")
    )


@pytest.mark.parametrize("language", ["ru", "zh"])
def test_what_is_not_compared_is_said_in_the_readers_language(
    visit: Visit, ada: Operator, server: LiveServer, language: str
) -> None:
    """Criterion: WEB-OP-RECON-5. What nobody else said is in no other one."""
    know_a_network(server)
    told = Unknown("two nodes differ at block 8", 1_700_000_000_000, 4, is_alarm=True,
                   why=Blind.SPLIT, number=8)  # fmt: skip
    kept = Reconciled(77, 9, 1_700_000_000_000, unknown=told, uncompared="they are being read",
                      uncompared_why=Unmeasured.READING)  # fmt: skip
    found = server.folder / reconciled_name(77)
    found.write_bytes(msgspec.json.encode(kept))
    try:
        page = visit("/operator/reconciliation", ada, language=language)
        words = WORDS[language]
        region = page.get_by_role("region", name=re.compile("Testnet"))
        expect(region).to_contain_text(words["op.blind.split"].format(number="8"))
        expect(region).to_contain_text(words["op.uncompared.reading"])
        expect(region.locator("[lang=en]")).to_have_count(0)
    finally:
        found.unlink()


def test_what_owners_of_a_safe_announced_stands_on_the_first_page(
    visit: Visit, ada: Operator, server: LiveServer
) -> None:
    """Criterion: CUST-GUARD-6. And where it is alarmed by."""
    know_a_network(server)
    limit, other, safe = AnnouncedKind.LIMIT, "0x" + "cd" * 20, "0x" + "ab" * 20
    found = (
        Announcement(77, "cold", safe, limit, "", 1_700_000_000_000, 1, str(3 * 10**8)),
        Announcement(77, "cold", safe, AnnouncedKind.DESTINATION, other, 1_700_000_000_000),
        Announcement(77, "cold", safe, AnnouncedKind.GUARD, "", 1_700_000_000_000),
    )
    place = server.folder / announced_name(77)
    place.write_bytes(msgspec.json.encode(Announced(77, (), 9, found)))
    try:
        with urllib.request.urlopen(f"http://{server.http}/healthz") as health:
            told = json.load(health)["announcements"]
        assert told == [[77, "cold", one.kind] for one in found]
        with urllib.request.urlopen(f"http://{server.http}/metrics") as metrics:
            assert b'fullreserve_alarms{alarm="announcements"} 3.0' in metrics.read()
        alarm = visit("/operator", ada).get_by_role("alert")
        for said in ("higher limit in 24 hours: 3 BTC", f"new destination: {other}",
                     "another guard: none at all"):  # fmt: skip
            expect(alarm).to_contain_text(f"Testnet, Cold (Safe {safe}): {said}, counts from Nov")
    finally:
        place.unlink()


def test_certificates_to_renew_stand_with_their_last_days(
    visit: Visit, ada: Operator, server: LiveServer
) -> None:
    """Criterion: CUST-CERT-3"""
    place = server.folder / CERTIFICATES
    place.write_bytes(msgspec.json.encode([CertificateEnd("ann", 1_700_000_000_000)]))
    try:
        expect(visit("/operator", ada).get_by_role("alert")).to_contain_text("ann: Nov 14, 2023")
    finally:
        place.unlink()


@pytest.mark.usefixtures("given")
def test_strangers_coins_stand_with_what_books_them_and_no_green_word_beside_what_is_not_known(
    visit: Visit, ada: Operator, server: LiveServer
) -> None:
    """Criterion: WEB-OP-RECON-2, WEB-OP-RECON-3, CHAINS-INTERNAL-5, CHAINS-REFUSED-2,
    CUST-CHARGE-4, CUST-CHARGE-5.
    """
    charge = f"fullreserve custody charge-tier 77 cold {'ef' * 32}"
    with urllib.request.urlopen(f"http://{server.http}/healthz") as health:
        assert json.load(health)["chargesDue"] == [charge]
    with urllib.request.urlopen(f"http://{server.http}/metrics") as metrics:
        told = metrics.read()
    assert b'fullreserve_alarms{alarm="chargesDue"} 1.0' in told
    assert b'fullreserve_alarms{alarm="gasShort"} 0.0' in told
    alarm = visit("/operator", ada).get_by_role("alert")
    expect(alarm).to_contain_text("Testnet, Cold: 0.0012834 BTC for a change of keys")
    expect(alarm.locator("code")).to_have_text(charge)
    page = visit("/operator/custody", ada)
    summary = page.get_by_role("region", name=EN["op.reconciliation"], exact=True)
    expect(summary).to_contain_text("Testnet: not known since")
    expect(summary).to_contain_text(f"{EN['op.blind.down']}: connection refused")
    expect(summary).not_to_contain_text("agree")
    summary.get_by_role("link").click()
    expect(page.get_by_text("sent in 4 blocks is not credited (heights 5 to 8)")).to_be_visible()
    expect(page.get_by_text(EN["op.reconciliation.refusedBadge"], exact=True)).to_be_visible()
    refused = page.get_by_text(re.compile("is refused for good .code 92004."))
    expect(refused).to_contain_text("A deposit of 0.05 BTC (transaction dededededede…)")
    expect(page.get_by_text(re.compile("0.06 BTC .* is refused .code 51000."))).to_be_visible()
    fee = page.get_by_text(re.compile("Cold: a change of keys cost 0.0012834 BTC in fees"))
    expect(fee).to_contain_text(f"It is deep enough, tell it: {charge}")
    expect(page.get_by_text(EN["op.charges"], exact=True)).to_be_visible()
    table = page.get_by_role("table", name=re.compile("nobody asked for: Testnet"))
    expect(table.locator("code")).to_have_text(
        [
            "fullreserve custody fund-tier 77 hot 1 --unasked",
            f"fullreserve custody fund-tier 77 hot 1 2000000 {'c1' * 32} --unasked",
            f"fullreserve custody fund-tier 77 hot 1 1000000 {'c2' * 32} --unasked",
        ]
    )
    expect(table.get_by_role("button")).to_have_count(3)


def test_a_strangers_coins_become_a_users_and_the_treasurys(
    visit: Visit, ada: Operator, bea: Operator, person: Person, server: LiveServer
) -> None:
    """Criterion: WEB-OP-CUST-4"""
    know_a_network(server)
    say_all(server, (DEPOSITS, CameUnasked(77, b"g" * 32, 1, Tier.WARM, amount_bytes(3 * 10**7))))
    for button, amount, owner in (
        ("op.unallotted.user", "0.11", str(person.uid)),
        ("op.unallotted.house", "0.19", EN["op.side.treasury"]),
    ):
        page = visit("/operator/custody", ada)
        page.get_by_role("button", name=re.compile(f"^{EN[button]}: ")).click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label(EN["op.term.amount"], exact=True).fill(amount)
        whose = dialog.get_by_label(EN["op.term.uid"], exact=True)
        if owner == str(person.uid):
            whose.fill("4")
        give_reason(page, EN["op.propose"])
        if owner == str(person.uid):
            # Who there is not is refused where he was named.
            expect(whose).to_have_attribute("aria-invalid", "true")
            whose.fill(owner)
            dialog.get_by_role("button", name=EN["op.propose"], exact=True).click()
        other = visit(f"/operator/approvals/{number_of(page)}", bea)
        for shown in (amount, EN["op.tierName.warm"], owner):
            expect(other.get_by_text(shown, exact=True).first).to_be_visible()
        approve(other)
        other.goto(other.url.partition("/operator")[0] + "/operator/custody")
        row = other.get_by_role("table", name=EN["op.allotted"]).get_by_role("row")
        row = row.filter(has_text=f"{amount} BTC")
        for shown in ("BTC-Testnet", owner, str(ada.uid), str(bea.uid)):
            expect(row).to_contain_text(shown)
    expect(other.get_by_text(EN["op.unallotted.none"])).to_be_visible()


LANE = "0x1c3AD3a60E811F04Fd6Bfa9fcE9a1b16933d399c"


@pytest.fixture
def stuck(server: LiveServer, person: Person) -> Iterator[Callable[[WhyUnsigned], None]]:
    """Two payments of 0.31 and 0.32 BTC are bound to a lane that nobody can sign for."""
    know_a_network(server)
    numbers: list[int] = []

    async def asks(door: SocketDoor) -> None:
        trade, fund = (AccountKey(person.uid, kind, 0) for kind in (chart.TRADE, chart.FUND))
        coins = amount_bytes(10**8)
        moved = Transfer(door.gateway, door.numbers(1), person.uid, trade, fund, 1, coins)
        words: list[Transfer | Product] = [moved]
        for amount in (31, 32):
            what = (77, 1, amount_bytes(amount * 10**6), amount_bytes(10))
            asked = msgspec.msgpack.encode(Request(*what, Destination.ADDRESS_BOOK, 5))
            number = door.numbers(1)
            words.append(Product(door.gateway, number, WITHDRAWALS, person.uid, asked))
        for word in words:
            result = await outcome(door, word)
            assert isinstance(result, Reply), result
            assert not result.code
            numbers.append(result.sequence)

    at_the_door(server, asks)
    bound = [(WITHDRAWALS, Bound(one, one.to_bytes(32, "big"))) for one in numbers[1:]]
    say_all(server, *bound, (WITHDRAWALS, RequirePolicy(WITHDRAWALS_EDITION)))
    problem = "0 of 2 signers signed: ann.sock: the lane is not one of this signer's"
    told = tuple(UnsignedPayment(one, LANE, problem) for one in numbers[1:])
    place = server.folder / unsigned_name(77)

    def tell(why: WhyUnsigned) -> None:
        rows = tuple(msgspec.structs.replace(one, why=why) for one in told)
        place.write_bytes(msgspec.json.encode(Unsigned(77, 2, problem, 1_700_000_000_000, rows)))

    tell(WhyUnsigned.SIGNERS)
    yield tell
    place.unlink()


def test_payments_of_a_lost_lane_are_let_go_by_two(
    visit: Visit, ada: Operator, bea: Operator, stuck: Callable[[WhyUnsigned], None]
) -> None:
    """Each by itself or all of a lane. Criterion: WEB-OP-CUST-8"""
    page = visit("/operator/custody", ada)
    rows = page.get_by_role("table", name=EN["op.unsigned"]).get_by_role("row")
    row = rows.filter(has_text="0.32 BTC")
    for shown in ("BTC-Testnet", LANE, EN["op.unsignedWhy.signers"], "0 of 2 signers signed"):
        expect(row).to_contain_text(shown)
    expect(row.get_by_role("button", name=f"{EN['op.unsigned.one']}: 0.32 BTC")).to_be_visible()
    page.get_by_role("button", name=EN["op.kind.unbind"], exact=True).click()
    choose(page, EN["op.unsigned.which"], f"Testnet {LANE}: 2")
    give_reason(page, EN["op.propose"])
    other = visit(f"/operator/approvals/{number_of(page)}", bea)
    expect(other.get_by_role("term").filter(has_text=EN["op.term.wdIds"])).to_be_visible()
    expect(other.get_by_text(re.compile(r"^\d+,\d+$"))).to_be_visible()
    approve(other)
    stuck(WhyUnsigned.TAKEN)
    other.goto(other.url.partition("/operator")[0] + "/operator/custody")
    rows = other.get_by_role("table", name=EN["op.unsigned"]).get_by_role("row")
    for amount in ("0.31 BTC", "0.32 BTC"):
        row = rows.filter(has_text=amount)
        for shown in (EN["op.unsigned.letGo"], EN["op.unsignedWhy.taken"]):
            expect(row).to_contain_text(shown)
        expect(row.get_by_role("button")).to_have_count(0)
    expect(other.get_by_role("button", name=EN["op.kind.unbind"], exact=True)).to_have_count(0)


def test_what_a_chain_took_back_and_was_spent_is_listed_as_owed(
    visit: Visit, ada: Operator, person: Person, server: LiveServer
) -> None:
    """Criterion: WEB-OP-CUST-5"""
    know_a_network(server)
    name, block = b"r" * 32, b"b" * 32
    came = amount_bytes(3 * 10**7)
    words = (
        AdoptDeposits(EDITION),
        Tip(77, 50, block, healthy=True),
        Seen(77, name, 1, 1_000_000, 0, came, 0, 50, block),
        Confirmed(77, name, 1),
        Claim(77, name, person.uid),
    )
    say_all(server, *((DEPOSITS, word) for word in words))

    async def spends(door: SocketDoor) -> None:
        """All that there is but 0.1 BTC of the deposit."""
        held: list[AccountState] = await door.query(ListBalances(person.uid))
        kept = {chart.FUND: 10**7, chart.TRADE: 0}
        for one in held:
            if one.asset == 1 and one.kind in kept:
                account = AccountKey(person.uid, one.kind, 0)
                spent = amount_bytes(amount_int(one.balance) - kept[one.kind])
                word = Withdraw(door.gateway, door.numbers(1), account, 1, spent)
                result = await outcome(door, word)
                assert isinstance(result, Reply), result
                assert not result.code

    at_the_door(server, spends)
    say_all(server, (DEPOSITS, Orphaned(77, name, 50)))
    page = visit("/operator/custody", ada)
    row = page.get_by_role("table", name=EN["op.owed"]).get_by_role("row")
    row = row.filter(has_text=str(person.uid))
    for shown in ("BTC-Testnet", "0.3 BTC", "0.2 BTC"):
        expect(row).to_contain_text(shown)


@pytest.mark.slow
def test_rules_are_drafted_proposed_and_in_force(
    visit: Visit, ada: Operator, server: LiveServer
) -> None:
    """Criterion: WEB-OP-POLICY-2"""
    found_policy(server, ada)
    page = visit("/operator/policy", ada)
    page.get_by_role("button", name=EN["op.rules.edit"]).click()
    page.get_by_role("button", name=EN["op.rules.add"]).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("checkbox", name=EN["op.category.sanctioned"], exact=True).check()
    dialog.get_by_role("button", name=EN["op.rule.keep"]).click()
    act(page, EN["op.rules.propose"], EN["op.propose"])
    expect(page.get_by_text(EN["op.rules.inForce"])).to_be_visible()
    expect(page.get_by_role("list", name=EN["op.rules"])).to_contain_text(
        EN["op.category.sanctioned"]
    )
    assert ada.get(X + "policy")[0]["rules"][-1]["categories"] == ["sanctioned"]


def test_a_stop_is_planned_moved_and_given_up(visit: Visit, ada: Operator) -> None:
    """Criterion: WEB-OP-MAINT-1. Years ahead, so that it stops nobody."""
    page = visit("/operator/maintenance", ada)
    expect(page.get_by_text(EN["op.maint.none"])).to_be_visible()
    for button, year in (("op.maint.plan", "2041"), ("op.maint.move", "2042")):
        page.get_by_role("button", name=EN[button]).click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label(EN["op.maint.begin"]).fill(f"{year}-03-04T05:06")
        dialog.get_by_label(EN["op.note"], exact=True).fill(NOTE)
        dialog.get_by_role("button", name=EN["op.maint.plan"]).click()
        expect(dialog).to_be_hidden()
        expect(page.get_by_text(re.compile(f"Mar 4, {year}"))).to_be_visible()
    expect(page.get_by_text(EN["op.maint.unknown"])).to_be_visible()
    page.goto(page.url.replace("/operator/maintenance", "/status"))
    expect(page.get_by_role("heading", name=EN["status.planned"])).to_be_visible()
    page.go_back()
    page.get_by_role("button", name=EN["op.maint.cancel"]).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label(EN["op.note"], exact=True).fill(NOTE)
    dialog.get_by_role("button", name=EN["op.maint.cancel"]).click()
    expect(page.get_by_text(EN["op.maint.none"])).to_be_visible()
