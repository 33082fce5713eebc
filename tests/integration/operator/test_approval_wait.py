"""Goal: who holds a proven operator's session for a moment can approve nothing by it the next day.

Method: an operator's browser whose session is proven; passkeys added and removed in it, approvals
tried with each and without, up to the moment when each counts and from it on.
"""

from __future__ import annotations

import msgspec
import pytest

from fullreserve.custody.setbacks import Setbacks
from fullreserve.custody.unpaid import UnpaidNetwork
from fullreserve.custody.unsigned import UnsignedPayments
from fullreserve.exchange.worker_files import (
    CERTIFICATES,
    ENDING_MS,
    SETBACKS,
    Announced,
    AnnouncedKind,
    Announcement,
    CertificateEnd,
    HaltedToken,
    UnsignedPayment,
    announced_name,
    halted_name,
    unsigned_name,
)
from fullreserve.identity.approval_wait import moment
from fullreserve.identity.outbox import Kind
from fullreserve.identity.roles import Role
from fullreserve.identity.rules import DAY_MS, MINUTE_MS
from fullreserve.records.reached import PROJECTION
from tests.bed import ALICE, turn
from tests.integration.identity.authenticator import Authenticator
from tests.integration.identity.bed import PASSWORD, with_phone
from tests.integration.identity.test_passkeys import enter, register
from tests.integration.operator.bed import Console, Person
from tests.integration.operator.test_consent import signed
from tests.integration.rest.bed import Answer


async def followed(console: Console) -> None:
    """Until the leader knows that the records have all: a day behind, it would take no command."""
    door = console.town.rest.door
    while (known := await door.health()).projections.get(PROJECTION, 0) < known.durable:
        console.town.clock.advance(1)
        await turn()


async def again(console: Console, who: Person, ms: int = 0) -> None:
    """Time goes by, and the operator signs in anew with password and authenticator."""
    console.town.clock.advance(ms)
    who.browser.cookies.clear()
    begun = await who.browser.sign_in(who.email)
    code = who.phone.code()
    entered = await who.browser.post("x/sign-in/code", ticket=begun.row["ticket"], code=code)
    assert entered.code == "0", entered.json


async def proposed(console: Console) -> str:
    """Cleo is signed in anew for it."""
    await again(console, console.cleo, MINUTE_MS)
    body = {"account": "trading", "ccy": "USDT", "house": "treasury", "reason": "error"}
    made = await console.cleo.act("propose/correction", uid=ALICE, amount="5", **body)
    assert made.code == "0", made.json
    return str(made.row["proposal"])


async def by_passkey(who: Person, device: Authenticator, number: str) -> str:
    """The code of an approval that it signs."""
    asked = await who.post("passkey-options", action="approve", terms="{}")
    if asked.code != "0":
        return asked.code
    consent = await signed(who, device, "approve", proposal=number)
    return (await who.post("approve", proposal=number, **consent)).code


async def approves(who: Person) -> tuple[str, str]:
    row = (await who.browser.get("x/session")).row
    return row["approvesBy"], row["approvesTs"]


async def test_a_first_passkey_locks_nobody_out_and_counts_a_day_later(console: Console) -> None:
    """Criterion: OP-WAIT-1, OP-WAIT-4. Until then the authenticator goes on, as on a first day."""
    bea, device = console.bea, Authenticator()
    assert await approves(bea) == ("proof", "")
    await console.town.mail()
    made = await register(bea.browser, device)
    ready = console.town.clock.wall_ms() + DAY_MS
    assert made.row["approvesTs"] == str(ready)
    assert await approves(bea) == ("proof", str(ready))
    kinds = [one.kind for one in await console.town.mail()]
    assert kinds == [Kind.PASSKEY_ADDED, Kind.OPERATOR_PASSKEY]
    (noted,) = (await console.ada.get("audit", action="passkey-added")).data
    assert (noted["actor"], noted["terms"]["passkey"]) == (str(bea.uid), made.row["id"])
    assert await by_passkey(bea, device, await proposed(console)) == "91023"
    assert (await bea.post("approve", proposal=await proposed(console))).code == "0"
    # It proves nobody either: what it opened would stand for a proof.
    refused = await enter(console.town.browser(), device)
    assert (refused.code, "it does from 20" in refused.json["msg"]) == ("91026", True)
    begun = await bea.browser.post("x/step-up/passkey-options")
    answer = {"ticket": begun.row["ticket"], "credential": device.get(begun.row["publicKey"])}
    assert (await bea.browser.post("x/step-up/passkey", **answer)).code == "91026"
    await again(console, bea, ready - console.town.clock.wall_ms())
    assert await approves(bea) == ("passkey", "")
    number = await proposed(console)
    assert (await bea.post("approve", proposal=number)).code == "91025"
    assert await by_passkey(bea, device, number) == "0"
    assert (await enter(console.town.browser(), device)).code == "0"


async def test_a_second_passkey_signs_nothing_for_a_day(console: Console) -> None:
    """Criterion: OP-WAIT-1. Who has the session has one of his own made; the first goes on."""
    bea, first, other = console.bea, Authenticator(), Authenticator()
    await register(bea.browser, first)
    await again(console, bea, DAY_MS)
    ready = int((await register(bea.browser, other)).row["approvesTs"])
    assert await by_passkey(bea, other, await proposed(console)) == "91026"
    await again(console, bea, ready - console.town.clock.wall_ms() - MINUTE_MS - 1)
    number = await proposed(console)
    assert await by_passkey(bea, other, number) == "91026"
    assert await by_passkey(bea, first, number) == "0"
    await again(console, bea, 1)
    assert await by_passkey(bea, other, await proposed(console)) == "0"


@pytest.mark.parametrize("adds", [False, True])
async def test_who_takes_the_last_passkey_away_approves_nothing_for_a_day(
    console: Console, adds: bool
) -> None:
    """Criterion: OP-WAIT-2, OP-WAIT-4. Neither by authenticator, nor by one that was just added."""
    bea, first, other = console.bea, Authenticator(), Authenticator()
    made = await register(bea.browser, first)
    await again(console, bea, DAY_MS)
    if adds:
        added = await register(bea.browser, other)
    await console.town.mail()
    assert (await bea.browser.post("x/passkeys/remove", id=made.row["id"])).code == "0"
    until = console.town.clock.wall_ms() + DAY_MS
    assert await approves(bea) == ("nothing", str(until))
    kinds = [one.kind for one in await console.town.mail()]
    assert kinds == [Kind.PASSKEY_REMOVED, Kind.APPROVALS_WAIT]
    await again(console, console.ada)
    (noted,) = (await console.ada.get("audit", action="passkey-removed")).data
    assert noted["terms"]["passkey"] == made.row["id"]
    number = await proposed(console)
    if adds:
        # To take the new one away as well makes nothing better.
        assert await by_passkey(bea, other, number) == "91023"
        assert (await bea.browser.post("x/passkeys/remove", id=added.row["id"])).code == "0"
    refused = await bea.post("approve", proposal=number)
    assert (refused.code, "you approve again from 20" in refused.json["msg"]) == ("91027", True)
    await again(console, bea, until - console.town.clock.wall_ms() - 1)
    assert (await bea.post("approve", proposal=number)).code == "91027"
    console.town.clock.advance(1)
    assert (await bea.post("approve", proposal=await proposed(console))).code == "0"


async def test_another_that_approves_is_enough(console: Console) -> None:
    """Criterion: OP-WAIT-2. Then nothing is lost, and a passkey is asked for as before."""
    bea, first, other = console.bea, Authenticator(), Authenticator()
    made = await register(bea.browser, first)
    await register(bea.browser, other)
    await again(console, bea, DAY_MS)
    assert (await bea.browser.post("x/passkeys/remove", id=made.row["id"])).code == "0"
    assert await approves(bea) == ("passkey", "")
    assert await by_passkey(bea, other, await proposed(console)) == "0"


async def test_a_new_authenticator_approves_a_day_later_and_the_first_at_once(
    console: Console,
) -> None:
    """Criterion: OP-WAIT-3"""
    bea = console.bea
    assert (await bea.browser.post("x/totp/remove")).code == "0"
    bea.phone, _ = await with_phone(bea.browser)
    number = await proposed(console)
    assert (await bea.post("approve", proposal=number)).code == "91027"
    await followed(console)
    await again(console, bea, DAY_MS)
    assert (await bea.post("approve", proposal=await proposed(console))).code == "0"


async def test_an_authenticator_set_up_long_after_the_last_waits_as_well(console: Console) -> None:
    """Criterion: OP-WAIT-3. Who takes the session meanwhile has one of his own made."""
    bea = console.bea
    assert (await bea.browser.post("x/totp/remove")).code == "0"
    console.town.clock.advance(2 * DAY_MS)
    bea.browser.cookies.clear()
    assert (await bea.browser.sign_in(bea.email)).row["next"] == ""
    await console.town.mail()
    bea.phone, _ = await with_phone(bea.browser)
    assert Kind.APPROVALS_WAIT in [one.kind for one in await console.town.mail()]
    assert (await bea.post("approve", proposal=await proposed(console))).code == "91027"
    await followed(console)
    await again(console, bea, DAY_MS)
    assert (await bea.post("approve", proposal=await proposed(console))).code == "0"


async def noted(console: Console, action: str, who: Person) -> str:
    """Until when the audit log says that an operator approves nothing; mailed too."""
    assert Kind.APPROVALS_WAIT in [one.kind for one in await console.town.mail()]
    await again(console, console.ada, MINUTE_MS)
    (entry,) = (await console.ada.get("audit", action=action)).data
    assert (entry["actor"], entry["result"]) == (str(who.uid), "done")
    return str(entry["terms"]["until"])


async def reset(who: Person) -> Answer:
    """By a code to the operator's address."""
    begun = await who.browser.post("x/password/forgotten", email=who.email)
    code = (await who.browser.town.mail())[-1].values["code"]
    ticket = begun.row["ticket"]
    return await who.browser.post("x/password/reset", ticket=ticket, code=code, password=PASSWORD)


@pytest.mark.parametrize("action", ["recovery-codes-made", "password-changed", "password-reset"])
async def test_who_changes_what_proves_approves_nothing_for_a_day(
    console: Console, action: str
) -> None:
    """Criterion: OP-WAIT-6, OP-WAIT-4"""
    bea = console.bea
    await console.town.mail()
    if action == "password-reset":
        done = await reset(bea)
    elif action == "password-changed":
        done = await bea.browser.post("x/password/change", password=PASSWORD)
    else:
        done = await bea.browser.post("x/totp/recovery-codes")
    assert done.code == "0"
    until = console.town.clock.wall_ms() + DAY_MS
    assert await noted(console, action, bea) == moment(until)
    await again(console, bea, MINUTE_MS)
    assert await approves(bea) == ("nothing", str(until))
    assert (await bea.post("approve", proposal=await proposed(console))).code == "91027"
    await followed(console)
    await again(console, bea, until - console.town.clock.wall_ms())
    assert await approves(bea) == ("proof", "")
    assert (await bea.post("approve", proposal=await proposed(console))).code == "0"


async def test_recovery_codes_open_and_never_approve(console: Console) -> None:
    """Criterion: OP-WAIT-6. Not those that were drawn in a session of somebody else's either."""
    bea = console.bea
    drawn = (await bea.browser.post("x/totp/recovery-codes")).row["recoveryCodes"]
    console.town.clock.advance(DAY_MS)
    bea.browser.cookies.clear()
    begun = await bea.browser.sign_in(bea.email)
    await console.town.mail()
    ticket = begun.row["ticket"]
    assert (await bea.browser.post("x/sign-in/code", ticket=ticket, code=drawn[0])).code == "0"
    until = console.town.clock.wall_ms() + DAY_MS
    assert await noted(console, "recovery-code-used", bea) == moment(until)
    assert (await bea.post("approve", proposal=await proposed(console))).code == "91027"
    # By the authenticator afterwards no sooner: the wait is the operator's, and not a session's.
    await again(console, bea, until - console.town.clock.wall_ms() - 2 * MINUTE_MS)
    assert (await bea.post("approve", proposal=await proposed(console))).code == "91027"
    console.town.clock.advance(MINUTE_MS)
    assert await approves(bea) == ("proof", "")
    assert (await bea.browser.step_up(code=drawn[1])).code == "0"
    assert (await bea.post("approve", proposal=await proposed(console))).code == "91027"


async def test_a_passkey_that_has_waited_goes_on_when_all_else_changes(console: Console) -> None:
    """Criterion: OP-WAIT-6. One that waits is not put off by it: nobody is locked out for ever."""
    bea, device = console.bea, Authenticator()
    await register(bea.browser, device)
    await again(console, bea, DAY_MS)
    await console.town.mail()
    assert (await bea.browser.post("x/totp/recovery-codes")).code == "0"
    assert (await bea.browser.post("x/password/change", password=PASSWORD)).code == "0"
    kinds = [one.kind for one in await console.town.mail()]
    assert kinds == [Kind.RECOVERY_CODES, Kind.PASSWORD_CHANGED]
    assert await approves(bea) == ("passkey", "")
    assert await by_passkey(bea, device, await proposed(console)) == "0"


async def test_a_new_operator_chooses_a_password_and_then_works_at_once(console: Console) -> None:
    """Criterion: OP-WAIT-6, OP-WAIT-3. As on the first day of an exchange."""
    desk = console.town.rest.context.desk
    browser = await console.town.user("eve@desk.example", PASSWORD)
    uid = int((await browser.get("x/session")).row["uid"])
    await desk.act(desk.rooms.roles.grant, uid, Role.ADMIN)
    await console.enrol(uid)
    assert (await browser.post("x/password/change", password=PASSWORD)).code == "0"
    phone, _ = await with_phone(browser)
    eve = Person(browser, phone, uid, "eve@desk.example")
    assert await approves(eve) == ("proof", "")
    assert (await eve.post("approve", proposal=await proposed(console))).code == "0"


async def test_operators_see_what_cannot_be_vetted(console: Console) -> None:
    """Criterion: POL-28. As the worker on duty writes it; a damaged file shows none."""
    folder = console.town.rest.context.folder
    assert folder is not None
    kept = Setbacks(folder, console.town.clock)
    kept.note(7, ValueError("never shown"))
    kept.tell()
    (row,) = (await console.ada.get("overview")).row["unvetted"]
    assert (row["problem"], row["times"]) == ("ValueError", "1")
    (folder / SETBACKS).write_bytes(b"<html>")
    assert (await console.ada.get("overview")).row["unvetted"] == []


async def test_operators_see_networks_that_nothing_is_paid_on(console: Console) -> None:
    """Criterion: CHAINS-PAYER-14. As the payer writes it."""
    folder = console.town.rest.context.folder
    assert folder is not None
    assert (await console.ada.get("overview")).row["unpaid"] == []
    UnpaidNetwork(folder, 99, console.town.clock).fails(ValueError("never shown"))
    (row,) = (await console.ada.get("overview")).row["unpaid"]
    assert (row["network"], row["problem"]) == ("99", "ValueError")
    UnpaidNetwork(folder, 99, console.town.clock)
    assert (await console.ada.get("overview")).row["unpaid"] == []


async def test_operators_see_payments_that_signers_do_not_sign(console: Console) -> None:
    """Criterion: CHAINS-PAYER-26. As the payer writes it; a damaged file shows none."""
    folder = console.town.rest.context.folder
    assert folder is not None
    assert (await console.ada.get("overview")).row["unsigned"] == []
    told = UnsignedPayments(folder, 99, console.town.clock)
    reasons = ("one.sock: its payment_budget", "another")
    told.tell([UnsignedPayment(at, "", why) for at, why in enumerate(reasons)])
    (row,) = (await console.ada.get("overview")).row["unsigned"]
    assert (row["network"], row["payments"]) == ("99", "2")
    assert row["problem"] == "one.sock: its payment_budget"
    (folder / unsigned_name(98)).write_bytes(b"<html>")
    told.tell([])
    assert (await console.ada.get("overview")).row["unsigned"] == []


async def test_operators_see_tokens_that_lanes_may_not_send(console: Console) -> None:
    """Criterion: CHAINS-PAYER-25. As the payer writes it; a damaged file shows none."""
    folder = console.town.rest.context.folder
    assert folder is not None
    assert (await console.ada.get("overview")).row["halted"] == []
    place, found = folder / halted_name(99), HaltedToken(99, 2, ("0xab",), 1, 5)
    place.write_bytes(msgspec.json.encode([found]))
    (row,) = (await console.ada.get("overview")).row["halted"]
    assert row == {"chain": "99/2", "lanes": ["0xab"], "able": "1", "sinceTs": "5"}
    place.write_bytes(b"<html>")
    assert (await console.ada.get("overview")).row["halted"] == []


async def test_operators_see_what_owners_of_safes_announced(console: Console) -> None:
    """Criterion: CUST-GUARD-6. As the watcher writes it; a damaged file shows none."""
    folder = console.town.rest.context.folder
    assert folder is not None
    assert (await console.ada.get("overview")).row["announcements"] == []
    place, kind = folder / announced_name(99), AnnouncedKind.LIMIT
    found = (
        Announcement(99, "warm", "0xab", kind, "", 5, 1, str(3 * 10**8)),
        Announcement(99, "cold", "0xcd", kind, "0xef", 6, -1, str(1 << 255)),
        Announcement(99, "cold", "0xcd", AnnouncedKind.GUARD, "", 7),
    )
    place.write_bytes(msgspec.json.encode(Announced(99, ("ab",), 9, found)))
    coin, token, none = (await console.ada.get("overview")).row["announcements"]
    assert coin == {
        "network": "99", "tier": "warm", "safe": "0xab", "what": "limit", "address": "",
        "ccy": "BTC", "amt": "3", "fromTs": "5",
    }  # fmt: skip
    assert (token["address"], token["ccy"], token["amt"]) == ("0xef", "", str(1 << 255))
    assert (none["what"], none["address"], none["amt"]) == ("guard", "", "")
    place.write_bytes(b"<html>")
    assert (await console.ada.get("overview")).row["announcements"] == []


async def test_operators_see_until_when_certificates_count(console: Console) -> None:
    """Criterion: CUST-CERT-3. As the worker on duty writes it."""
    folder = console.town.rest.context.folder
    assert folder is not None
    assert (await console.ada.get("overview")).row["certificates"] == []
    now_ms = console.town.clock.wall_ms()
    ends = [
        CertificateEnd("ann", now_ms + ENDING_MS),
        CertificateEnd("bob", now_ms + 2 * ENDING_MS),
    ]
    (folder / CERTIFICATES).write_bytes(msgspec.json.encode(ends))
    shown = (await console.ada.get("overview")).row["certificates"]
    assert [(one["name"], one["endsTs"]) for one in shown] == [
        (one.name, str(one.ends_ms)) for one in ends
    ]
    assert [one["due"] for one in shown] == [True, False]


async def test_who_is_no_operator_waits_for_nothing(console: Console) -> None:
    """Criterion: OP-WAIT-5"""
    device = Authenticator()
    made = await register(console.dan, device)
    assert made.row["approvesTs"] == ""
    row = (await console.dan.get("x/session")).row
    assert (row["approvesBy"], row["approvesTs"]) == ("", "")
    assert (await enter(console.town.browser(), device)).code == "0"
    assert Kind.OPERATOR_PASSKEY not in [one.kind for one in await console.town.mail()]
