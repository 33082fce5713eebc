"""Goal: operators put people into teams and plan what closes and goes, by the console's pages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.account.test_security import with_authenticator
from tests.browser.conftest import PHONE, Visit
from tests.browser.operator.desk import (
    Operator,
    X,
    adopt_policy,
    found_policy,
    know_a_network,
    set_risk,
)
from tests.browser.operator.test_console import NOTE, approve, choose, give_reason, number_of
from tests.browser.test_pages import SMALL, complaints
from tests.browser.test_trading import EN, WORDS
from tests.server import LiveServer

LANGUAGES = ("en", "ru", "zh")
# The words of a command that stand on more than one line, and would fit on one.
BROKEN = """each => [...each.querySelectorAll('span')].filter(word => {
    const range = document.createRange()
    range.selectNodeContents(word)
    const lines = [...range.getClientRects()]
    const width = lines.reduce((sum, line) => sum + line.width, 0)
    return lines.length > 1 && width < each.clientWidth
}).map(word => word.textContent)"""
CEREMONIES = [
    one.partition(".about")[0].removeprefix("op.ceremony.")
    for one in EN
    if re.fullmatch(r"op\.ceremony\.\w+\.about", one)
]
WINDOW = {
    "op.term.beginTs": "2043-03-04T05:00",
    "op.term.preopenTs": "2043-03-04T06:00",
    "op.term.endTs": "2043-03-04T07:00",
}


@pytest.fixture
def ada(desk: list[Operator], server: LiveServer) -> Iterator[Operator]:
    """An admin who has just signed in: however long other tests took, it is proof enough."""
    one = Operator(server, desk[0].known)
    yield one
    one.close()


@pytest.fixture
def bea(desk: list[Operator], server: LiveServer) -> Iterator[Operator]:
    """Another."""
    one = Operator(server, desk[1].known)
    yield one
    one.close()


def is_usable(page: Page, where: str) -> None:
    """Axe finds nothing; on a phone nothing sticks out and what is touched is large enough."""
    assert complaints(page) == [], where
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width, where
    if width == PHONE["width"]:
        assert page.evaluate(SMALL) == [], where


def test_a_team_is_proposed_and_who_may_not_approve_reads_why(
    visit: Visit, ada: Operator, desk: list[Operator]
) -> None:
    """Criterion: WEB-OP-TEAM-1, OP-TEAM-2. It is withdrawn, so that other tests have no teams."""
    page = visit("/operator/operators", ada)
    expect(page.get_by_text(EN["op.teams.none"])).to_be_visible()
    page.get_by_role("button", name=EN["op.kind.team"]).click()
    choose(page, EN["op.team.who"], f"{desk[2].known.email} · {EN['op.team.none']}")
    page.get_by_role("combobox", name=EN["op.team"], exact=True).click()
    page.get_by_role("option", name=EN["op.team.risk"], exact=True).click()
    give_reason(page, EN["op.propose"])
    number = number_of(page)
    voices = page.get_by_role("table", name=EN["op.voices"])
    for one, voice in zip(desk, ("91006", "may", "91007"), strict=True):
        row = voices.get_by_role("row").filter(has_text=one.known.email)
        expect(row).to_contain_text(EN[f"op.voice.{voice}"])
    for language in LANGUAGES:
        phone = visit(f"/operator/approvals/{number}", ada, PHONE, language=language)
        table = phone.get_by_role("table", name=WORDS[language]["op.voices"])
        expect(table).to_contain_text(WORDS[language]["op.voice.91006"])
        is_usable(phone, language)
        phone.goto(phone.url.replace(f"approvals/{number}", "operators"))
        waiting = phone.get_by_role("table", name=WORDS[language]["op.waiting"])
        expect(waiting).to_contain_text(WORDS[language]["op.team.risk"])
        is_usable(phone, language)
    ada.post(X + "reject", proposal=number, note=NOTE)


def test_a_window_is_previewed_planned_seen_by_all_and_called_off(
    visit: Visit, ada: Operator, bea: Operator
) -> None:
    """Criterion: WEB-OP-CAL-1, WEB-STATUS-WINDOW-1. Years ahead, so that it stops nobody."""
    page = visit("/operator/calendar", ada)
    page.get_by_role("button", name=EN["op.cal.maintenance"], exact=True).click()
    dialog = page.get_by_role("dialog")
    choose(page, EN["currency"], "SOL")
    preview = dialog.get_by_role("region", name=EN["op.cal.preview"])
    expect(preview).to_contain_text(EN["op.cal.preview.none"])
    for label, moment in WINDOW.items():
        dialog.get_by_label(EN[label], exact=True).fill(moment)
    expect(preview).to_contain_text("SOL-USDT")
    expect(preview).to_contain_text(EN["op.cal.phase.preopen.about"])
    is_usable(page, "the dialog")
    give_reason(page, EN["op.propose"])
    number = number_of(page)
    page.goto(page.url.replace(f"approvals/{number}", "calendar"))
    expect(page.get_by_role("table", name=EN["op.waiting"])).to_contain_text("SOL-USDT")
    bea.post(X + "approve", proposal=number)
    plan = ada.get(X + "calendar")[0]["plan"]
    for language in LANGUAGES:
        words = WORDS[language]
        phone = visit("/operator/calendar", ada, PHONE, language=language)
        title = words["op.cal.window"].replace("{number}", plan)
        section = phone.get_by_role("region", name=title)
        expect(section).to_contain_text(words["op.cal.state.planned"])
        expect(section.get_by_role("table")).to_contain_text(words["op.cal.may.postOnly"])
        is_usable(phone, language)
        public = visit("/status", None, PHONE, language=language)
        shown = public.get_by_role("region", name=words["status.window"])
        expect(shown).to_contain_text("SOL-USDT")
        expect(shown).to_contain_text("2043")
        is_usable(public, language)
    page.get_by_role("button", name=f"{EN['op.cal.callOff']}: Maintenance {plan}").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label(EN["op.note"], exact=True).fill(NOTE)
    dialog.get_by_role("button", name=EN["op.cal.callOff"], exact=True).click()
    past = page.get_by_role("table", name=EN["op.cal.past"])
    expect(past.get_by_role("row").filter(has_text=plan)).to_contain_text(
        EN["op.cal.state.called_off"]
    )


def test_a_network_s_window_is_planned_and_told_to_all(
    visit: Visit, ada: Operator, bea: Operator, server: LiveServer
) -> None:
    """Criterion: WEB-OP-CAL-2, WEB-STATUS-WINDOW-2. Years ahead, so that it stops nobody."""
    know_a_network(server)
    page = visit("/operator/calendar", ada)
    page.get_by_role("button", name=EN["op.cal.network"]).click()
    dialog = page.get_by_role("dialog")
    choose(page, EN["op.sus.network"], "Testnet")
    for label, moment in zip(
        ("op.term.beginTs", "op.cal.network.preopen", "op.term.endTs"), WINDOW.values(), strict=True
    ):
        dialog.get_by_label(EN[label], exact=True).fill(moment)
    preview = dialog.get_by_role("region", name=EN["op.cal.preview"])
    expect(preview).to_contain_text(EN["op.cal.phase.netPreopen.about"])
    is_usable(page, "the dialog")
    give_reason(page, EN["op.propose"])
    number = number_of(page)
    page.goto(page.url.replace(f"approvals/{number}", "calendar"))
    expect(page.get_by_role("table", name=EN["op.waiting"])).to_contain_text("Testnet")
    bea.post(X + "approve", proposal=number)
    plan = ada.get(X + "calendar")[0]["plan"]
    for language in LANGUAGES:
        words = WORDS[language]
        phone = visit("/operator/calendar", ada, PHONE, language=language)
        title = words["op.cal.networkWindow"]
        title = title.replace("{number}", plan).replace("{chain}", "Testnet")
        section = phone.get_by_role("region", name=title)
        expect(section.get_by_role("table")).to_contain_text(words["op.cal.may.wait"])
        is_usable(phone, language)
        public = visit("/status", None, PHONE, language=language)
        named = words["status.network"].replace("{chain}", "Testnet")
        shown = public.get_by_role("region", name=named)
        expect(shown).to_contain_text(words["status.network.about"])
        expect(shown).to_contain_text("2043")
        is_usable(public, language)
    ada.post(X + "calendar/call-off", plan=plan, note=NOTE)


def test_a_delisting_shows_what_goes_when_and_the_message_to_holders(
    visit: Visit, ada: Operator
) -> None:
    """Criterion: WEB-OP-CAL-1. It is only looked at: a proposal is enough elsewhere."""
    page = visit("/operator/calendar", ada)
    page.get_by_role("button", name=EN["op.cal.delisting"]).click()
    dialog = page.get_by_role("dialog")
    choose(page, EN["currency"], "SOL")
    dialog.get_by_label(EN["op.term.tradingTs"], exact=True).fill("2043-03-04T05:00")
    preview = dialog.get_by_role("region", name=EN["op.cal.preview"])
    expect(preview).to_contain_text(EN["op.cal.phase.noTrading.about"])
    expect(preview).to_contain_text(re.compile(r"SOL is delisted\. .* before 2043-06-02 "))
    is_usable(page, "the dialog")


def test_a_policy_change_says_by_which_it_was_superseded(
    visit: Visit, ada: Operator, bea: Operator, server: LiveServer
) -> None:
    """By bea: ada may have closed another change alone this week. Criterion: WEB-OP-POLICY-3"""
    found_policy(server, ada)
    policy = ada.get(X + "policy")[0]
    known = [policy["rules"], *(change["rules"] for change in policy["changes"])]
    number = max((rule["number"] for rules in known for rule in rules), default=0) + 1
    looser = {"number": number, "verb": "allow"}
    tighter = {"number": number + 1, "verb": "block", "categories": ["sanctioned"]}
    for rule in (looser, tighter):
        rules = json.dumps([*policy["rules"], rule])
        bea.post(X + "policy/propose", rules=rules, note=NOTE)
    now = ada.get(X + "policy")[0]
    superseded = now["changes"][1]["change"]
    page = visit("/operator/policy", ada)
    past = page.get_by_role("table", name=EN["op.changes.past"])
    row = past.get_by_role("row").filter(has_text=superseded).first
    expect(row).to_contain_text(EN["op.change.superseded"].replace("{number}", now["version"]))
    row.get_by_role("button").click()
    expect(page.get_by_role("heading", name=EN["op.rules.draft"])).to_be_visible()


def test_the_table_of_risk_scores_is_proposed_and_agreed_on(
    visit: Visit, ada: Operator, bea: Operator, server: LiveServer
) -> None:
    """Criterion: WEB-OP-RISK-2. On a phone and in each language what changes can be read."""
    adopt_policy(server)
    if not ada.get(X + "policy")[0]["risk"]:
        set_risk(server)
    page = visit("/operator/policy", ada)
    page.get_by_role("region", name=EN["op.table"]).get_by_role("button").click()
    dialog = page.get_by_role("dialog")
    points = EN["op.table.points"].replace("{why}", EN["op.risk.reason.by_api"])
    field = dialog.get_by_label(points, exact=True)
    field.fill("1.5")
    give_reason(page, EN["op.propose"])
    expect(dialog.get_by_role("alert")).to_contain_text("points.by_api")
    field.fill("1")
    dialog.get_by_role("button", name=EN["op.propose"], exact=True).click()
    expect(dialog).to_be_hidden()
    shown = EN["op.table.from"].replace("{name}", points)
    shown = shown.replace("{before}", "5").replace("{after}", "1")
    for language in LANGUAGES:
        phone = visit("/operator/policy", bea, PHONE, language=language)
        expect(phone.get_by_text(WORDS[language]["op.table.changes"])).to_be_visible()
        is_usable(phone, language)
    other = visit("/operator/policy", bea)
    expect(other.get_by_text(shown)).to_be_visible()
    other.get_by_role("button", name=EN["op.change.agree"]).click()
    give_reason(other, EN["op.change.agree"])
    expect(other.get_by_role("dialog")).to_be_hidden()
    row = bea.get(X + "policy")[0]
    assert row["changes"][0]["holdsTs"]
    assert row["risk"]["points"]["by_api"] == 5
    ada.post(X + "policy/withdraw", change=row["changes"][0]["change"], note=NOTE)


def test_an_approval_is_signed_by_the_operators_passkey(
    visit: Visit, ada: Operator, bea: Operator
) -> None:
    """Criterion: WEB-OP-CONSENT-1. The passkey goes, so that other tests approve without."""
    terms = {"tier": "40", "maker": "0.0009", "taker": "0.0011", "note": NOTE}
    number = ada.post(X + "propose/fee-tier", **terms)[0]["proposal"]
    page = visit(f"/operator/approvals/{number}", bea, PHONE)
    expect(page.get_by_text(EN["op.consent.none"])).to_be_visible()
    is_usable(page, "without a passkey")
    with_authenticator(page)
    page.get_by_role("link", name=EN["op.consent.add"]).click()
    page.get_by_role("button", name=EN["passkeys.add"]).click()
    page.get_by_role("dialog").get_by_role("button", name=EN["entry.continue"], exact=True).click()
    expect(page.get_by_role("table", name=EN["passkeys.title"])).to_be_visible()
    try:
        assert bea.refused(X + "approve", proposal=number) == "91025"
        page.goto(page.url.partition("/account")[0] + f"/operator/approvals/{number}")
        expect(page.get_by_text(EN["op.consent.signs"])).to_be_visible()
        approve(page)
        done = ada.get(X + "audit", actor=str(bea.uid), action="approve", result="done")[0]
        assert done["terms"]["passkey"] == bea.get("x/passkeys")[0]["id"]
    finally:
        for passkey in bea.get("x/passkeys"):
            bea.post("x/passkeys/remove", id=passkey["id"])


def test_a_ceremony_is_led_through_and_goes_on_after_a_reload(visit: Visit, ada: Operator) -> None:
    """Criterion: WEB-OP-CEREMONY-1, WEB-OP-CEREMONY-2"""
    page = visit("/operator/ceremony", ada)
    page.get_by_role("combobox", name=EN["op.ceremony.which"]).click()
    page.get_by_role("option", name=EN["op.ceremony.replace"], exact=True).click()
    page.get_by_label(EN["op.ceremony.word.HOLDERS"], exact=True).fill("alice, dan")
    page.get_by_label(EN["op.ceremony.word.NETWORK"], exact=True).fill("3")
    signed = page.get_by_text("custody sign job-3-TIER.json dan --keys dan.keys --out dan.part")
    expect(signed).to_be_visible()
    gone = page.get_by_label(EN["op.ceremony.word.GONE"], exact=True)
    gone.fill("eve; reboot")
    expect(page.get_by_text(EN["op.fault.name"])).to_be_visible()
    expect(page.get_by_text("replace-holder GONE cards/NEW.json").first).to_be_visible()
    gone.fill("eve")
    expect(page.get_by_text("replace-holder eve cards/NEW.json").first).to_be_visible()
    expect(page.get_by_text(EN["op.fault.name"])).to_be_hidden()
    step = EN["op.ceremony.step"].replace("{number}", "1")
    page.get_by_role("checkbox", name=re.compile(rf"^{step}\b")).check()
    progress = EN["op.ceremony.progress"].replace("{count}", "1").replace("{all}", "12")
    expect(page.get_by_text(progress)).to_be_visible()
    is_usable(page, "desk")
    page.reload()
    page.get_by_role("combobox", name=EN["op.ceremony.which"]).click()
    page.get_by_role("option", name=EN["op.ceremony.replace"], exact=True).click()
    expect(signed).to_be_visible()
    expect(page.get_by_text(progress)).to_be_visible()


@pytest.mark.parametrize(
    "language",
    # Russian words are the longest; the others may wait for the long run.
    ["ru", *(pytest.param(one, marks=pytest.mark.slow) for one in ("en", "zh"))],
)
def test_no_ceremony_sticks_out_of_a_phone(visit: Visit, ada: Operator, language: str) -> None:
    """Criterion: WEB-OP-CEREMONY-1, WEB-OP-PHONE-1. Each command is broken between its words."""
    words = WORDS[language]
    phone = visit("/operator/ceremony", ada, PHONE, language=language)
    for name in CEREMONIES:
        title = words[f"op.ceremony.{name}"]
        phone.get_by_role("combobox", name=words["op.ceremony.which"]).click()
        phone.get_by_role("option", name=title, exact=True).click()
        expect(phone.get_by_role("heading", name=title, exact=True)).to_be_visible()
        assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], name
        assert phone.evaluate(SMALL) == [], name
        commands = phone.locator("code").all()
        assert all(one.locator("span").count() > 2 for one in commands)
        assert [word for one in commands for word in one.evaluate(BROKEN)] == [], name
    is_usable(phone, language)


def test_a_lane_is_replaced_by_its_command(visit: Visit, ada: Operator) -> None:
    """Criterion: WEB-OP-CEREMONY-2, WEB-OP-CEREMONY-3"""
    page = visit("/operator/ceremony", ada)
    page.get_by_role("combobox", name=EN["op.ceremony.which"]).click()
    page.get_by_role("option", name=EN["op.ceremony.lane"], exact=True).click()
    new, old = "0x" + "a1" * 20, "0x" + "b2" * 20
    people = {"SIGNERS": "ann, bob", "NEW": "dan", "SECOND": "eve", "NETWORK": "1"}
    for word, text in (people | {"NEWLANE": new, "OLDLANE": new}).items():
        page.get_by_label(EN[f"op.ceremony.word.{word}"], exact=True).fill(text)
    expect(page.get_by_text(EN["op.fault.sameLane"])).to_be_visible()
    page.get_by_label(EN["op.ceremony.word.OLDLANE"], exact=True).fill(old)
    signers = "--signers ann.sock bob.sock dan.sock eve.sock"
    rotate = f"fullreserve custody rotate-lanes 1 --add {new} --leave {old} {signers}"
    for line in (
        f"{rotate} --dry-run",
        rotate,
        f"fullreserve custody rotate-lanes 1 --forget {old}",
    ):
        expect(page.get_by_text(line, exact=True)).to_be_visible()
    expect(page.get_by_text(EN["op.ceremony.does.letGo"])).to_be_visible()
