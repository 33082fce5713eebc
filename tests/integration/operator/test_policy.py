"""The policy over the API: rules in and out, a change with its replay, a decision approved."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from fullreserve.exchange import chart
from fullreserve.exchange.products.policy_rules import UNPRICED_USD, Category, Facts, Rule, Verb
from fullreserve.exchange.products.policy_wire import (
    EDITION,
    POLICY,
    Adopt,
    Decide,
    Found,
    SetRisk,
    Word,
)
from fullreserve.exchange.products.risk_rules import RiskTable
from fullreserve.exchange.wire.commands import Product
from fullreserve.gateway import ids
from fullreserve.identity.roles import Role
from tests.bed import ALICE, submit
from tests.integration.operator.bed import Console
from tests.integration.operator.test_approval_wait import again

USD = 10**8
RULES = [
    {"number": 1, "verb": "block", "categories": ["sanctioned"]},
    {"number": 2, "verb": "approve", "group": 1, "needed": 1, "mostUsd": 1000},
]


async def say(console: Console, word: Word) -> None:
    """By the house."""
    door = console.town.rest.door
    payload = msgspec.msgpack.encode(word)
    command = Product(door.gateway, door.numbers(1), POLICY, chart.HOUSE, payload)
    (reply,) = await submit(door, [command])  # type: ignore[misc]
    assert reply.code == 0


async def decide(console: Console, request: int, usd: int) -> None:
    await say(
        console, Decide(Facts(request, ALICE, ALICE, 1, 1, 1, Category.BOOK, 10, usd * USD, 1))
    )


async def test_a_change_is_replayed_and_agreed_on(console: Console) -> None:
    """Criterion: POL-11. And a decision says why it is so."""
    ada, bea = console.ada, console.bea
    made = await ada.act("policy/propose", rules=json.dumps(RULES))
    assert made.code == "0", made.json
    change = made.row["changes"][0]
    assert (change["tightens"], change["holdsTs"], change["rules"]) == (False, "", RULES)
    await decide(console, 7, 10)
    seen = (await bea.get("policy/replay", change=change["change"])).row
    assert [(one["before"], one["after"]) for one in seen["differs"]] == [("block", "approve")]
    assert (await bea.act("policy/agree", change=change["change"], replay="xx")).code == "51000"
    wrong = await bea.act("policy/agree", change=change["change"], replay="00" * 32)
    assert wrong.code == "95006"
    agreed = await bea.act("policy/agree", change=change["change"], replay=seen["replay"])
    assert agreed.row["changes"][0]["holdsTs"]
    row = (await ada.get("policy/decision", wdId=ids.text(7))).row
    assert (row["state"], row["rule"], row["trace"]) == ("blocked", "0", [])
    assert (await ada.act("policy/approve", wdId=ids.text(7))).code == "95003"


async def test_tightening_holds_at_once_and_what_is_not_there_is_said(console: Console) -> None:
    """Criterion: POL-11."""
    block = [{"number": 5, "verb": "block"}]
    made = await console.cleo.act("policy/propose", rules=json.dumps(block))
    assert made.row["rules"] == block
    await decide(console, 8, 10)
    row = (await console.ada.get("policy/decision", wdId=ids.text(8))).row
    assert (row["rule"], row["trace"]) == ("5", [{"rule": "5", "failed": ""}])
    assert (await console.ada.get("policy")).row["head"] == row["digest"]
    assert (await console.ada.act("policy/propose", rules="[{}]")).code == "51000"
    large: dict[str, Any] = {
        "number": 10**30, "group": 10**25, "needed": -1, "assets": [10**30], "mostUsd": 2**63,
        "leastAgeMs": 2**70, "initiators": [2**64], "mostShare": 10_001,
    }  # fmt: skip
    for wrong in ({"verb": "approve"}, *({name: value} for name, value in large.items())):
        bad = json.dumps([{"number": 5, "verb": "block", **wrong}])
        refused = await console.ada.act("policy/propose", rules=bad)
        assert (refused.code, "rules" in refused.json["msg"]) == ("51000", True), wrong
    assert (await console.ada.act("policy/withdraw", change=9)).code == "95002"
    assert (await console.ada.act("policy/approve", wdId=ids.text(4))).code == "95002"
    assert (await console.ada.act("policy/reject", wdId=ids.text(4))).code == "95002"
    assert (await console.ada.get("policy/decision", wdId=ids.text(4))).code == "95002"
    assert (await console.ada.get("policy/replay", change=3)).code == "95002"


async def test_what_has_no_price_is_shown_without_one(console: Console) -> None:
    """Criterion: POL-11."""
    facts = Facts(9, ALICE, ALICE, 1, 1, 1, Category.BOOK, 10, UNPRICED_USD, 1)
    await say(console, Decide(facts))
    await decide(console, 10, 17)
    for number, usd in ((9, ""), (10, "17")):
        assert (await console.ada.get("policy/decision", wdId=ids.text(number))).row["usd"] == usd


async def test_what_holds_is_shown_though_nobody_asked_for_anything_since(
    console: Console,
) -> None:
    """Criterion: POL-35. With what it closes; and nothing came into the log for it."""
    ada, bea = console.ada, console.bea
    await say(console, Adopt(EDITION))
    rules = [{"number": 1, "verb": "allow"}]
    made = await ada.act("policy/propose", rules=json.dumps(rules))
    assert made.code == "0", made.json
    number = made.row["changes"][0]["change"]
    other = [{"number": 2, "verb": "allow"}]
    assert (await ada.act("policy/propose", rules=json.dumps(other))).code == "0"
    seen = (await bea.get("policy/replay", change=number)).row
    agreed = await bea.act("policy/agree", change=number, replay=seen["replay"])
    before = (await ada.get("policy")).row
    assert (before["rules"] != rules, agreed.row["rules"]) == (True, before["rules"])
    holds = int(next(one for one in before["changes"] if one["change"] == number)["holdsTs"])
    clock = console.town.clock
    clock.advance(holds - clock.exchange_ms() - 1)
    await again(console, ada, 0)
    assert (await ada.get("policy")).row["rules"] == before["rules"]
    said = (await console.town.rest.door.health()).durable
    clock.advance(1)
    after = (await ada.get("policy")).row
    assert (after["version"], after["rules"]) == (number, rules)
    assert [one["over"] for one in after["changes"]] == [True, True]
    assert [one["supersededBy"] for one in after["changes"]] == [number, ""]
    assert (await console.town.rest.door.health()).durable == said


async def test_the_table_of_risk_scores_changes_as_the_rules_do(console: Console) -> None:
    """Criterion: RISK-13, RISK-15. Proposed, replayed and agreed on; a wrong one says why."""
    ada, bea = console.ada, console.bea
    for word in (Adopt(EDITION), SetRisk(RiskTable())):
        await say(console, word)
    looser = {"thresholds": {"step_up": 70}, "bounds": {"window_hours": 12}}
    made = await ada.act("policy/propose-risk", table=json.dumps(looser))
    assert made.code == "0", made.json
    change = made.row["changes"][0]
    assert (change["tightens"], change["holdsTs"], change["rules"]) == (False, "", [])
    assert change["risk"]["thresholds"] | {"step_up": 60} == made.row["risk"]["thresholds"]
    seen = (await bea.get("policy/replay", change=change["change"])).row
    assert (seen["lookedAt"], seen["differs"], seen["isWindowOther"]) == ("0", [], True)
    agreed = await bea.act("policy/agree", change=change["change"], replay=seen["replay"])
    assert agreed.row["changes"][0]["holdsTs"]
    assert agreed.row["risk"]["thresholds"]["step_up"] == 60
    tighter = await bea.act("policy/propose-risk", table=json.dumps({"points": {"by_api": 9}}))
    assert tighter.row["risk"]["points"]["by_api"] == 9
    assert tighter.row["changes"][1]["supersededBy"] == tighter.row["changes"][0]["change"]
    for bad in ("7", '{"points": {"luck": 1}}', '{"thresholds": {"step_up": 81}}', "{"):
        refused = await ada.act("policy/propose-risk", table=bad)
        assert refused.code == "51000", bad
        assert "table" in refused.json["msg"]


async def test_what_one_alone_tightened_is_taken_back_at_once(console: Console) -> None:
    """Criterion: POL-29, POL-30. And rules that only block are refused with what to do instead."""
    ada, bea = console.ada, console.bea
    for word in (Found((Rule(1, Verb.ALLOW),)), Adopt(EDITION)):
        await say(console, word)
    block = json.dumps([{"number": 5, "verb": "block"}])
    refused = await ada.act("policy/propose", rules=block)
    assert (refused.code, "suspend" in refused.json["msg"]) == ("95010", True)
    first = (await ada.get("policy")).row["rules"]
    tight = json.dumps([{"number": 1, "verb": "allow", "mostUsd": 1}])
    assert (await ada.act("policy/propose", rules=tight)).row["rules"] == json.loads(tight)
    made = (await bea.act("policy/propose", rules=json.dumps(first))).row["changes"][0]
    assert (made["returns"], made["tightens"], made["holdsTs"]) == (True, False, "")
    seen = (await ada.get("policy/replay", change=made["change"])).row
    done = await ada.act("policy/agree", change=made["change"], replay=seen["replay"])
    assert done.row["rules"] == first


async def test_one_alone_vetoes_nothing(console: Console) -> None:
    """Criterion: POL-29, POL-31. By words: how long it stays so, and what a rule may want."""
    ada, bea, cleo = console.ada, console.bea, console.cleo
    for word in (Found((Rule(1, Verb.ALLOW),)), Adopt(EDITION)):
        await say(console, word)
    first = (await ada.get("policy")).row["rules"]
    assert (await ada.act("policy/propose", rules=json.dumps(first))).code == "95011"

    def tight(most: int) -> str:
        return json.dumps([{"number": 1, "verb": "allow", "mostUsd": most}])

    assert (await bea.act("policy/propose", rules=tight(9))).row["rules"][0]["mostUsd"] == 9
    made = (await ada.act("policy/propose", rules=json.dumps(first))).row["changes"][0]
    refused = await bea.act("policy/withdraw", change=made["change"])
    assert (refused.status, refused.code) == (409, "95013")
    assert "within the last week" in refused.json["msg"]
    again = await bea.act("policy/propose", rules=tight(8))
    assert again.row["changes"][1]["over"] is False
    seen = (await cleo.get("policy/replay", change=made["change"])).row
    done = await cleo.act("policy/agree", change=made["change"], replay=seen["replay"])
    assert done.row["rules"] == first
    third = (await bea.act("policy/propose", rules=tight(7))).row
    assert (third["rules"], third["changes"][0]["contested"]) == (first, True)
    too_many = json.dumps([{"number": 5, "verb": "approve", "group": 1, "needed": 3}])
    hangs = await ada.act("policy/propose", rules=too_many)
    assert (hangs.code, "there are 3 of group 1" in hangs.json["msg"]) == ("95012", True)


async def test_operators_whom_a_rule_needs_are_not_spared(console: Console) -> None:
    """Criterion: OP-SET-3. As many and one have to count as approve what leaves at most."""
    for at in range(2):
        more = await console.operator(f"eva{at}@desk.example", Role.ADMIN)
        await console.enrol(more.uid)
    await say(console, Found((Rule(1, Verb.APPROVE, 1, 4),)))
    refused = await console.ada.act("operators/dismiss", uid=console.cleo.uid)
    assert refused.code == "91015"
    assert "5 operators have to count" in refused.json["msg"]


async def test_what_is_under_review_shows_whose_approvals_it_wants(console: Console) -> None:
    """Criterion: POL-39. The desk's and a reviewer's, who stands for whom, and what is left."""
    ada, bea, cleo = console.ada, console.bea, console.cleo
    desk = [await console.operator(f"desk{at}@desk.example", Role.ADMIN) for at in range(3)]
    for one in (*desk, ada):
        await console.enrol(one.uid, group=7)
    for word in (Found((Rule(3, Verb.APPROVE, 7, 2),)), Adopt(EDITION)):
        await say(console, word)
    facts = Facts(8, ALICE, ALICE, 1, 1, 1, Category.BOOK, 10, USD, 1)
    for asked in (facts, msgspec.structs.replace(facts, request=9, is_reviewed=True)):
        await say(console, Decide(asked))

    async def wants(number: int) -> list[tuple[str, str, list[str]]]:
        row = (await cleo.get("policy/decision", wdId=ids.text(number))).row
        return [(one["group"], one["needed"], one["approvals"]) for one in row["wants"]]

    first, second, reviewer = str(desk[0].uid), str(ada.uid), str(bea.uid)
    assert await wants(8) == [("7", "2", [])]
    assert (await bea.act("policy/approve", wdId=ids.text(8))).code == "95001"
    assert await wants(9) == [("7", "2", []), ("1", "1", [])]
    for one in (desk[0], ada):
        done = await one.act("policy/approve", wdId=ids.text(9))
        assert (done.code, done.row["state"]) == ("0", "waiting"), done.json
    assert await wants(9) == [("7", "2", [first]), ("1", "1", [second])]
    done = await bea.act("policy/approve", wdId=ids.text(9))
    assert done.row["state"] == "allowed"
    assert await wants(9) == [("7", "2", [first, second]), ("1", "1", [reviewer])]
    hangs = await ada.act("policy/propose", rules=json.dumps([
        {"number": 5, "verb": "approve", "group": 8, "needed": 1}
    ]))  # fmt: skip
    assert (hangs.code, "two of the reviewers" in hangs.json["msg"]) == ("95012", True)


async def test_operators_whom_a_review_needs_are_not_spared(console: Console) -> None:
    """Criterion: OP-SET-3, POL-39. Where the rule's group has nobody beside them."""
    for one in (console.ada, console.bea, console.cleo):
        await console.enrol(one.uid, group=7)
    more = await console.operator("eva@desk.example", Role.ADMIN)
    await console.enrol(more.uid)
    await say(console, Found((Rule(1, Verb.APPROVE, 7, 2),)))
    refused = await console.ada.act("operators/dismiss", uid=more.uid)
    assert refused.code == "91015"
    assert "4 operators have to count" in refused.json["msg"]
