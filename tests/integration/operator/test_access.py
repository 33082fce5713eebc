"""Who gets into the console, what each role may do, and the set-up mode."""

from __future__ import annotations

from typing import Any

import pytest

from fullreserve.exchange.products import policy_wire
from fullreserve.exchange.products.policy_rules import Rule, Verb
from fullreserve.exchange.products.policy_wire import EDITION as POLICY_EDITION
from fullreserve.exchange.products.policy_wire import POLICY
from fullreserve.exchange.products.suspension_state import EDITION
from fullreserve.exchange.products.suspension_wire import SUSPENSIONS, Adopt
from fullreserve.gateway.custody_desk import say
from fullreserve.gateway.rest.app import routes
from fullreserve.gateway.rest.route import API
from fullreserve.identity.roles import Role
from tests.bed import ALICE
from tests.integration.operator.bed import NOTE, Console, X
from tests.integration.operator.test_approvals import correction
from tests.integration.operator.test_reference import ANY_BODY
from tests.memory_folder import memory_folder

LOOSER = '[{"number": 1, "verb": "allow"}, {"number": 2, "verb": "allow"}]'


async def test_customers_and_keys_see_nothing(console: Console) -> None:
    """Criterion: OP-IN-1. On every endpoint there is."""
    rest = console.town.rest
    for method, path in routes(rest.context):
        name = path.removeprefix(API)
        if name.startswith(X):
            answer = await (
                console.dan.get(name) if method == "GET" else console.dan.post(name, **ANY_BODY)
            )
            assert (answer.status, answer.code) == (403, "91020"), name
    headers = rest.signed(rest.alice, "GET", API + "x/operator/overview")
    answer = await rest.call("GET", API + "x/operator/overview", headers=headers)
    assert answer.code == "90011"


async def test_an_operator_needs_an_authenticator(console: Console) -> None:
    """Criterion: OP-IN-1"""
    desk = console.town.rest.context.desk
    await desk.act(desk.rooms.roles.grant, console.dan_uid, Role.ADMIN)
    answer = await console.dan.get("x/operator/overview")
    assert (answer.status, answer.code) == (403, "91021")
    assert (await console.ada.get("overview")).code == "0"


async def test_roles_bound_what_operators_do(console: Console) -> None:
    """Criterion: OP-IN-2. Support neither halts a market nor decides on one."""
    refused = await console.cleo.act("instruments/state", instId="BTC-USDT", state="suspend")
    assert (refused.status, refused.code) == (403, "91020")
    assert "trading or admin" in refused.json["msg"]
    assert (await console.cleo.act("propose/threshold", threshold="1")).code == "91020"
    made = await console.ada.act("propose/state", instId="BTC-USDT", state="post_only")
    number = made.row["proposal"]
    assert (await console.cleo.get("proposal", proposal=number)).row["mayApprove"] == "91020"
    assert (await console.cleo.post("approve", proposal=number)).code == "91020"
    assert (await console.cleo.act("reject", proposal=number)).code == "91020"
    auditor = await console.operator("abe@desk.example", Role.AUDITOR)
    assert (await auditor.get("audit")).code == "0"
    assert (await auditor.act("users/freeze", uid=ALICE)).code == "91020"


async def test_below_m_plus_one_members_nothing_is_decided() -> None:
    """Criterion: OP-APP-11"""
    with memory_folder() as folder:
        console = await Console.open(folder, members=1)
        assert (await console.ada.get("overview")).row["setUp"] is True
        refused = await correction(console.ada, ALICE, "1")
        assert (refused.status, refused.code) == (409, "91002")
        assert "2 have to count, 1 do" in refused.json["msg"]
        frozen = await console.ada.act("users/freeze", uid=ALICE)
        assert frozen.code == "0", frozen.json
        # Who has a role and is no member decides nothing.
        assert (await correction(console.bea, ALICE, "1")).code == "91001"
        await console.enrol(console.bea.uid)
        assert (await console.ada.get("operators")).row["setUp"] is False
        made = await correction(console.ada, ALICE, "1")
        assert (await console.cleo.post("approve", proposal=made.row["proposal"])).code == "91001"
        # The proposal outlives its group; it cannot be approved until that is whole again.
        dismissed = await console.ada.act("operators/dismiss", uid=console.bea.uid, anyway=True)
        assert dismissed.row["setUp"] is True
        await console.enrol(console.cleo.uid)
        assert (await console.cleo.post("approve", proposal=made.row["proposal"])).code == "0"
        await console.close()


async def test_two_operators_stop_and_with_a_third_they_restart() -> None:
    """Criterion: SUS-BOARD-2, POL-32. Who is dismissed later stops nothing."""
    with memory_folder() as folder:
        console = await Console.open(folder, members=2)
        ada, bea, context = console.ada, console.bea, console.town.rest.context
        assert (await say(context, SUSPENSIONS, Adopt(EDITION))).code == 0
        words = (
            policy_wire.Found((Rule(1, Verb.ALLOW, most_usd=1000),)),
            policy_wire.Adopt(POLICY_EDITION),
        )
        for word in words:
            assert (await say(context, POLICY, word)).code == 0
        stop = {"actions": "trade_open", "level": "global", "reason": "MARKET_DISLOCATION"}
        number = (await ada.act("suspending/suspend", **stop)).row["suspension"]
        assert (await bea.act("suspending/ratify", suspension=number)).code == "0"
        assert (await ada.get("operators")).row["founded"] is False
        refused = await ada.act("suspending/plan", suspension=number)
        assert (refused.status, refused.code) == (409, "93002")
        made = (await ada.act("policy/propose", rules=LOOSER)).row["changes"][0]
        seen = (await bea.get("policy/replay", change=made["change"])).row
        consent = {"change": made["change"], "replay": seen["replay"]}
        changed = await bea.act("policy/agree", **consent)
        assert (changed.status, changed.code) == (409, "95007")
        for answer in (refused, changed):
            assert "3 have to count, 2 do; fullreserve user create-operator" in answer.json["msg"]
        await console.enrol(console.cleo.uid)
        assert (await ada.get("operators")).row["founded"] is True
        gone = await ada.act("operators/dismiss", uid=console.cleo.uid, anyway=True)
        assert (gone.row["enabled"], gone.row["spare"]) == ("2", "0")
        assert (await bea.act("policy/agree", **consent)).row["changes"][0]["holdsTs"]
        planned = await ada.act("suspending/plan", suspension=number)
        assert (planned.code, planned.row["signOffsNeeded"]) == ("0", "1")
        await console.close()


async def test_who_is_dismissed_is_out_at_once(console: Console) -> None:
    """Criterion: OP-STOP-3"""
    refused = await console.ada.act("operators/dismiss", uid=console.bea.uid)
    assert (refused.code, "3 operators have to count" in refused.json["msg"]) == ("91015", True)
    answer = await console.ada.act("operators/dismiss", uid=console.bea.uid, anyway=True)
    assert answer.code == "0", answer.json
    (bea,) = [one for one in answer.row["members"] if one["uid"] == str(console.bea.uid)]
    assert (bea["member"], bea["enabled"], bea["roles"]) == (True, False, [])
    assert (await console.bea.get("overview")).code == "90002"
    assert (
        await console.ada.act("operators/dismiss", uid=console.bea.uid, anyway=True)
    ).code == "91023"
    assert (await console.ada.act("operators/dismiss", uid=console.ada.uid)).code == "51000"
    member = await console.ada.act("propose/member", uid=console.bea.uid)
    assert member.code == "91023"  # without a role nobody becomes a member


async def test_what_too_few_may_approve_is_not_proposed(console: Console) -> None:
    """Criterion: OP-SET-3. An admin alone cannot have a limit approved; the support can help."""
    ada, bea = console.ada, console.bea
    await console.town.rest.context.desk.act(_support_too, console.town.rest.context, bea.uid)
    taken = await ada.act("operators/revoke", uid=bea.uid, role="admin")
    assert (taken.code, "3 admins have to count" in taken.json["msg"]) == ("91015", True)
    taken = await ada.act("operators/revoke", uid=bea.uid, role="admin", anyway=True)
    assert (taken.code, taken.row["enabled"], taken.row["spareAdmins"]) == ("0", "3", "0")
    alone = await ada.act("propose/parameter", parameter="walk_max", value="77")
    assert (alone.code, "2 with the role admin" in alone.json["msg"]) == ("91015", True)
    made = await correction(ada, ALICE, "1")
    assert (await bea.post("approve", proposal=made.row["proposal"])).row["state"] == "done"


async def test_who_may_be_spared_is_dismissed_by_one_word(console: Console) -> None:
    """Criterion: OP-SET-3. With m + 2 left, and as many admins as before."""
    more = await console.operator("eva@desk.example", Role.SUPPORT)
    await console.enrol(more.uid)
    answer = await console.ada.act("operators/dismiss", uid=more.uid)
    assert (answer.code, answer.row["spare"]) == ("0", "1")


@pytest.mark.parametrize("gone", ["ada", "bea", "cleo"])
async def test_any_one_admin_may_be_gone(console: Console, gone: str) -> None:
    """Criterion: CUST-GONE-12. What admins alone decide goes on, and another is made one."""
    await console.town.rest.context.desk.act(
        _admin_too, console.town.rest.context, console.cleo.uid
    )
    first, second = (getattr(console, one) for one in ("ada", "bea", "cleo") if one != gone)
    lost = getattr(console, gone).uid
    more = await console.operator("eva@desk.example", Role.SUPPORT)
    await console.enrol(more.uid)
    refused = await first.act("operators/revoke", uid=lost, role="admin")
    assert (refused.code, "3 admins have to count" in refused.json["msg"]) == ("91015", True)
    for asked in ({"name": "grant", "uid": more.uid, "role": "admin"}, {"name": "threshold"}):
        made = await first.act(f"propose/{asked.pop('name')}", **(asked or {"threshold": "1"}))
        approved = await second.post("approve", proposal=made.row["proposal"])
        assert approved.row["state"] == "done", approved.json
    dismissed = await second.act("operators/dismiss", uid=lost)
    assert (dismissed.code, dismissed.row["spareAdmins"]) == ("0", "1")
    made = await more.act("propose/parameter", parameter="walk_max", value="77")
    approved = await first.post("approve", proposal=made.row["proposal"])
    assert approved.row["state"] == "done"


def _admin_too(context: Any, uid: int) -> None:
    context.desk.rooms.roles.grant(uid, Role.ADMIN)


def _support_too(context: Any, uid: int) -> None:
    context.desk.rooms.roles.grant(uid, Role.SUPPORT)


async def test_too_many_proposals_are_refused(console: Console) -> None:
    """Criterion: OP-APP-9"""
    for at in range(200):
        made = await console.ada.act("propose/parameter", parameter="walk_max", value=str(at + 1))
        assert made.code == "0", made.json
    refused = await console.ada.act("propose/parameter", parameter="walk_max", value="1")
    assert refused.code == "91009"


async def test_strange_input_gets_a_sentence(console: Console) -> None:
    """Criterion: OP-IN-2. What is not possible is refused before anything is logged."""
    cases = [
        ("propose/correction", {"amount": "x"}, "51000"),
        ("propose/correction", {"amount": "0"}, "51000"),
        ("propose/correction", {"ccy": "NONE"}, "51012"),
        ("propose/correction", {"uid": "99999999999"}, "91023"),
        ("propose/correction", {"note": " "}, "51000"),
        ("propose/correction", {"note": "x" * 501}, "51000"),
        ("propose/correction", {"lastsMs": "1"}, "51000"),
        ("propose/instrument", {"instId": "NO-PE"}, "51001"),
        ("propose/instrument", {"ticks": "1:2"}, "51000"),
        ("propose/instrument", {"ticks": "0:0"}, "51000"),
        ("propose/listing", {"instId": "BTC-NONE"}, "51012"),
        ("propose/listing", {}, "51000"),
        ("propose/parameter", {"parameter": "nope"}, "51000"),
        ("propose/suspension", {"actions": "fly"}, "51000"),
        ("propose/release", {"flags": "all"}, "51000"),
        ("propose/bust", {"tradeId": "77"}, "91023"),
        ("propose/member", {"uid": str(ALICE)}, "91023"),
        ("approve", {"proposal": "9"}, "91003"),
        ("users/freeze", {"uid": "99999999"}, "91023"),
        ("users/revoke-keys", {"uid": str(ALICE), "apiKey": "k"}, "59506"),
        ("instruments/state", {"state": "open"}, "51000"),
    ]
    for path, body, code in cases:
        answer = await console.ada.post(path, **(ANY_BODY | {"note": NOTE} | body))
        assert answer.code == code, (path, body, answer.json)
        assert "{" not in answer.json["msg"]
    assert (await console.ada.act("propose/instrument", instId="BTC-USDT")).code == "91012"
