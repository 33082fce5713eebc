"""Goal: an operator runs the exchange by its pages. Method: a browser against a live exchange."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Page, Request, expect

from fullreserve.identity.vault import Personal
from tests.browser.conftest import Visit
from tests.browser.operator.desk import Operator, X
from tests.browser.people import Person
from tests.browser.test_trading import EN, PAIR, WORDS
from tests.server import LiveServer

NOTE = "asked for in ticket 12 <img src=x onerror=alert(1)>"
HOSTILE = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>"
STOPPED = "SOL-USDT"
TRIES = 5  # before the page gives up


def choose(page: Page, label: str, option: str) -> None:
    """Pick from a select of the open dialog."""
    page.get_by_role("dialog").get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=option, exact=True).click()


def give_reason(page: Page, deed: str, words: dict[str, str] = EN) -> None:
    """Say why and press the button, twice as the impatient do."""
    dialog = page.get_by_role("dialog")
    dialog.get_by_label(words["op.note"], exact=True).fill(NOTE)
    dialog.get_by_role("button", name=deed, exact=True).dblclick()


def number_of(page: Page) -> str:
    """The proposal that the page shows."""
    expect(page).to_have_url(re.compile(r"/operator/approvals/\d+$"))
    return page.url.rpartition("/")[2]


def approve(page: Page, words: dict[str, str] = EN) -> None:
    """Approve the proposal that is shown, as the second of two."""
    page.get_by_role("button", name=words["op.approve"], exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=words["op.approve"], exact=True).click()
    expect(page.get_by_text(words["op.proposal.done"], exact=True)).to_be_visible()


def test_set_up_mode_is_visible_and_changes_no_money(
    visit: Visit, newcomers: list[Operator], person: Person
) -> None:
    """Criterion: WEB-OP-SETUP-1"""
    page = visit(f"/operator/users/{person.uid}", newcomers[0])
    expect(page.get_by_text(EN["op.setUp.title"])).to_be_visible()
    page.get_by_role("button", name=EN["op.kind.correction"]).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label(EN["currency"], exact=True).fill("USDT")
    dialog.get_by_label(EN["form.size"], exact=True).fill("5")
    give_reason(page, EN["op.propose"])
    expect(dialog.get_by_role("alert")).to_have_text(EN["refusal.91002"])
    expect(dialog.get_by_label(EN["form.size"], exact=True)).to_have_value("5")


def test_an_operator_signs_in_with_an_authenticator_and_sees_the_exchange_live(
    visit: Visit, bea: Operator, person: Person
) -> None:
    """Criterion: WEB-OP-IN-1, WEB-OP-LIVE-1"""
    page = visit("/operator")
    page.get_by_label(EN["form.email"], exact=True).fill(bea.known.email)
    page.get_by_label(EN["form.password"], exact=True).fill(bea.known.password)
    page.keyboard.press("Enter")
    page.get_by_label(EN["entry.code"], exact=True).fill(bea.code())
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=EN["op.overview"])).to_be_visible()
    expect(page.get_by_text(EN["op.health.running"], exact=True)).to_be_visible()
    for plot in ("rates", "latency", "lags", "errors", "memory", "connections", "disk", "data"):
        name = re.compile("^" + EN[f"op.plot.{plot}"])
        expect(page.get_by_role("img", name=name)).to_be_visible()
    figures = page.locator("dl").first
    before = figures.inner_text()
    person.order("buy", "39000", "0.1")
    expect(figures).not_to_have_text(before)
    latency = page.get_by_role("img", name=re.compile(EN["op.plot.latency"]))
    expect(latency.locator("path[d^='M']").nth(3)).to_be_attached()
    page.route("**/x/operator/overview", lambda route: route.abort())
    running = page.get_by_text(EN["op.health.running"], exact=True)
    expect(page.locator("[data-stale]").filter(has=running).first).to_be_visible()


def test_an_exchange_that_does_not_answer_is_said_once(visit: Visit, ada: Operator) -> None:
    """Criterion: WEB-OP-AWAY-1"""
    page = visit("/operator/audit", ada)
    expect(page.get_by_role("heading", name=EN["op.audit"])).to_be_visible()
    asked = iter(range(TRIES))
    said = page.get_by_role("alert").filter(has_text=EN["refusal.offline"])
    stale = page.locator("[data-stale]")

    def is_given_up(request: Request) -> bool:
        return request.url.endswith("/fees") and next(asked) == TRIES - 1

    page.context.route("**/api/v5/x/operator/**", lambda route: route.abort())
    with page.expect_event("requestfailed", is_given_up):
        page.get_by_role("link", name=EN["op.fees"], exact=True).click()
    expect(stale).to_be_visible()
    expect(said).to_have_count(1)
    page.context.unroute_all()
    tiers = page.get_by_role("table", name=EN["op.tiers"])
    expect(tiers.get_by_role("row").nth(1)).to_contain_text("%")
    expect(said).to_have_count(0)
    expect(stale).to_have_count(0)


@pytest.mark.parametrize(
    "language",
    ["en", pytest.param("ru", marks=pytest.mark.slow), pytest.param("zh", marks=pytest.mark.slow)],
)
def test_an_instrument_is_stopped_at_once_and_resumed_by_two(
    visit: Visit, ada: Operator, bea: Operator, language: str
) -> None:
    """Criterion: WEB-OP-INST-1"""
    words = WORDS[language]
    page = visit("/operator/instruments", ada, language=language)
    row = page.get_by_role("row").filter(has_text=STOPPED)
    row.get_by_role("button", name=f"{words['op.stop']}: {STOPPED}").click()
    choose(page, words["op.newState"], words["op.stateDeed.suspend"])
    page.get_by_role("button", name=words["op.stop.deed"]).click()
    expect(page.get_by_text(words["op.note.fault"])).to_be_visible()
    give_reason(page, words["op.stop.deed"], words)
    expect(row).to_contain_text(words["op.state.suspend"])
    row.get_by_role("button", name=f"{words['op.resume']}: {STOPPED}").click()
    choose(page, words["op.newState"], words["op.state.live"])
    give_reason(page, words["op.propose"], words)
    number = number_of(page)
    expect(page.locator("del")).to_have_text(words["op.state.suspend"])
    other = visit(f"/operator/approvals/{number}", bea, language=language)
    approve(other, words)
    page.get_by_role("link", name=words["op.instruments"], exact=True).click()
    expect(row).to_contain_text(words["op.state.live"])


def test_a_user_is_frozen_with_a_reason_and_released_by_two(
    visit: Visit, ada: Operator, bea: Operator, person: Person
) -> None:
    """Criterion: WEB-OP-USER-1, WEB-OP-TEXT-1"""
    page = visit("/operator/users", ada)
    page.get_by_label(EN["op.users.query"]).fill(str(person.uid))
    page.keyboard.press("Enter")
    page.get_by_role("link", name=str(person.uid)).click()
    page.get_by_role("button", name=EN["op.freeze"], exact=True).click()
    give_reason(page, EN["op.freeze"])
    expect(page.get_by_text(EN["op.flag.frozen"], exact=True)).to_be_visible()
    body = {"instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit"}
    assert person.refused("trade/order", **body, px="39000", sz="0.1") != "0"
    page.get_by_role("button", name=EN["op.release"]).click()
    give_reason(page, EN["op.propose"])
    number = number_of(page)
    expect(page.get_by_text(NOTE)).to_be_visible()
    assert page.locator("img[src=x]").count() == 0
    approve(visit(f"/operator/approvals/{number}", bea))
    assert person.order("buy", "39000", "0.1")


def test_a_level_of_identity_is_given_by_two(
    visit: Visit, ada: Operator, bea: Operator, person: Person
) -> None:
    """Criterion: WEB-OP-USER-3"""
    page = visit(f"/operator/users/{person.uid}", ada)
    page.get_by_role("button", name=EN["op.kind.identity"]).click()
    page.get_by_role("dialog").get_by_label(EN["op.term.kyc"], exact=True).fill("3")
    give_reason(page, EN["op.propose"])
    other = visit(f"/operator/approvals/{number_of(page)}", bea)
    expect(other.locator("dl").filter(has_text=EN["op.term.kyc"])).to_contain_text("3")
    approve(other)
    after = visit(f"/operator/users/{person.uid}", bea)
    facts = after.locator("dl").filter(has_text=EN["op.user.kyc"])
    expect(facts).to_contain_text(re.compile(EN["op.user.kyc"] + r"\s*3"))


def test_what_people_call_themselves_is_text_in_the_console(
    visit: Visit, ada: Operator, server: LiveServer
) -> None:
    """Criterion: WEB-OP-TEXT-1"""
    named = Personal(email="a'onload=alert`1`&<b>@mail.example", label=HOSTILE)
    person = Person(server, named=named, agent=HOSTILE)
    sub = {"subAcct": "hostile01", "label": HOSTILE[:50]}
    person.post("users/subaccount/create-subaccount", **sub)
    page = visit("/operator/users", ada)
    page.get_by_label(EN["op.users.query"]).fill(HOSTILE[:20])
    page.keyboard.press("Enter")
    expect(page.get_by_text(named.email)).to_be_visible()
    page.get_by_role("link", name=str(person.uid), exact=True).click()
    expect(page.get_by_role("table", name=EN["sessions.title"])).to_contain_text(HOSTILE)
    expect(page.get_by_text(HOSTILE[:50]).first).to_be_visible()
    assert page.locator("main img, main script").count() == 0
    page = visit(PAIR, person)
    page.get_by_role("button", name=f"{EN['account']}: {named.email}").click()
    expect(page.get_by_role("menu").get_by_text(named.email)).to_be_visible()
    assert page.locator("img, b > script").count() == 0
    person.close()


def test_keys_and_sessions_of_a_user_are_ended(visit: Visit, ada: Operator, person: Person) -> None:
    """Criterion: WEB-OP-USER-2"""
    page = visit(f"/operator/users/{person.uid}", ada)
    page.get_by_role("button", name=EN["op.revoke.all"]).click()
    give_reason(page, EN["op.revoke"])
    expect(page.get_by_text("1 key revoked").first).to_be_visible()
    page.get_by_role("button", name=EN["op.endSessions"]).click()
    give_reason(page, EN["op.endSessions"])
    expect(page.get_by_role("button", name=EN["op.endSessions"])).to_be_hidden()
    assert person.refused("x/cancel-all") == "90002"


def test_a_correction_needs_two_and_leads_from_the_ledger_to_its_command(
    visit: Visit, ada: Operator, bea: Operator, person: Person, server: LiveServer
) -> None:
    """Criterion: WEB-OP-APP-2, WEB-OP-LEDGER-2"""
    page = visit(f"/operator/users/{person.uid}", ada)
    page.get_by_role("button", name=EN["op.kind.correction"]).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label(EN["currency"], exact=True).fill("USDT")
    dialog.get_by_label(EN["form.size"], exact=True).fill("-20000000")
    give_reason(page, EN["op.propose"])
    expect(dialog.get_by_role("alert")).to_contain_text("A balance would be below zero: user")
    dialog.get_by_label(EN["form.size"], exact=True).fill("12.5")
    dialog.get_by_role("button", name=EN["op.propose"], exact=True).dblclick()
    number = number_of(page)
    expect(page.get_by_text(EN["op.decide.own"])).to_be_visible()
    expect(page.get_by_role("button", name=EN["op.approve"], exact=True)).to_have_count(0)
    assert ada.refused(X + "approve", proposal=number) == "91006"
    mine = [one for one in ada.get(X + "proposals") if one["terms"].get("uid") == str(person.uid)]
    assert [one["proposal"] for one in mine] == [number]
    other = visit(f"/operator/approvals/{number}", bea)
    expect(other.get_by_role("table", name=EN["op.postings"])).to_contain_text("+12.5")
    approve(other)
    # The browser's driver keeps a loop in this thread.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(server.await_records).result()
    other.goto(other.url.replace(f"approvals/{number}", f"ledger/{person.uid}"))
    row = other.get_by_role("row").filter(has_text="10,000,012.5")
    row.get_by_role("link").click()
    bill = other.get_by_role("row").filter(has_text="+12.5")
    bill.get_by_role("link").first.click()
    expect(other.get_by_role("heading", name=re.compile("^Command "))).to_be_visible()
    postings = other.get_by_role("table", name=EN["op.postings"])
    expect(postings).to_contain_text("+12.5")
    expect(postings).to_contain_text("−12.5")
    other.get_by_role("link", name=re.compile("^Caused by command")).click()
    expect(other.get_by_text("payload.Approve.proposal")).to_be_visible()


def test_who_is_frozen_is_told_before_anything_is_filled_in(
    visit: Visit, ada: Operator, person: Person
) -> None:
    """Criterion: CUST-REST-20. Where there is money, and by an order form that takes none."""
    ada.post(X + "users/freeze", uid=str(person.uid), flags="frozen", note=NOTE)
    for path in ("/portfolio", "/deposit", "/withdraw"):
        expect(visit(path, person).get_by_text(EN["standing.frozen"])).to_be_visible()
    form = visit("/trade/BTC-USDT", person).get_by_role("form", name=EN["form.title"])
    expect(form.get_by_text(EN["standing.frozen"])).to_be_visible()
    expect(form.get_by_role("button", name=re.compile("^Buy "))).to_be_disabled()


def test_the_audit_log_has_all_of_it_filtered_and_exported(
    visit: Visit, ada: Operator, person: Person
) -> None:
    """Criterion: WEB-OP-AUDIT-2, WEB-OP-TEXT-1"""
    uid = str(person.uid)
    freeze = {"uid": uid, "flags": "no_withdraw", "note": NOTE}
    ada.post(X + "users/freeze", **freeze)
    assert ada.refused(X + "users/freeze", uid=uid, note="x") == "51000"
    page = visit("/operator/audit", ada)
    page.get_by_label(EN["op.audit.subject"]).fill("nonsense")
    expect(page.get_by_text(EN["op.number.fault"])).to_be_visible()
    page.get_by_label(EN["op.audit.subject"]).fill(uid)
    page.keyboard.press("Enter")
    rows = page.get_by_role("row").filter(has_text="users/freeze")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("51000")
    expect(rows.nth(1)).to_contain_text(EN["op.result.done"])
    expect(rows.nth(1)).to_contain_text(NOTE)
    assert page.locator("img[src=x]").count() == 0
    with page.expect_download() as saved:
        page.get_by_role("button", name=EN["op.audit.export"]).click()
    entries = [json.loads(line) for line in saved.value.path().read_text().splitlines()]
    assert {entry["subject"] for entry in entries} == {uid}
    assert NOTE in [entry["note"] for entry in entries]
    page.get_by_role("button", name=EN["op.audit.verify"]).click()
    expect(page.get_by_text(re.compile("The chain is whole")).first).to_be_visible()


@pytest.mark.slow
def test_the_log_is_replayed_and_its_rows_are_read(visit: Visit, ada: Operator) -> None:
    """Criterion: WEB-OP-JOURNAL-2"""
    page = visit("/operator/journal", ada)
    page.get_by_role("button", name=EN["op.replay.start"]).click()
    expect(page.get_by_text(EN["op.replay.done"], exact=True)).to_be_visible()
    expect(page.get_by_role("table", name=EN["op.replay.component"])).to_contain_text("orders")
    page.get_by_label(EN["op.journal.from"]).fill("1")
    page.get_by_role("button", name=EN["op.show"]).click()
    page.get_by_text("DefineKind", exact=True).first.click()
    page.get_by_role("link", name="Command 1", exact=True).click()
    expect(page.get_by_role("heading", name=EN["op.fields"])).to_be_visible()


def test_who_is_no_operator_is_told_so(visit: Visit, person: Person) -> None:
    """Criterion: WEB-OP-IN-2"""
    page = visit("/operator/users", person)
    expect(page.get_by_role("heading", name=EN["op.noRole.title"])).to_be_visible()
    expect(page.get_by_role("navigation", name=EN["nav.operator"])).to_have_count(0)
