"""Suspension and reopening over the API: operators, everybody, the user who waits, and feeds."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from fullreserve.exchange.products.custody_wire import (
    WITHDRAWALS,
    Bound,
    Cancel,
    Decide,
    Destination,
    Hold,
    Paid,
    Request,
    RequirePolicy,
    Tier,
)
from fullreserve.exchange.products.liveness import LIVENESS, Answered, Call, Define
from fullreserve.exchange.products.quorum_rules import Holder, Quorum, Role
from fullreserve.exchange.products.suspension_state import EDITION
from fullreserve.exchange.products.suspension_wire import SUSPENSIONS, Adopt, Coins, Measure
from fullreserve.exchange.products.withdrawal_state import EDITION as BY_EACH
from fullreserve.exchange.products.withdrawal_state import WithdrawalState
from fullreserve.exchange.wire.commands import SetOwner, amount_bytes
from fullreserve.exchange.wire.queries import GetOwner
from fullreserve.gateway import ids
from fullreserve.gateway.custody_desk import say
from fullreserve.gateway.queue_places import NOWHERE
from fullreserve.gateway.rest.app import routes
from fullreserve.gateway.rest.x.operator.lacking import lacking
from fullreserve.gateway.rest.x.suspension_rows import LEVELS
from fullreserve.gateway.rest.x.suspensions import places
from fullreserve.gateway.suspension_desk import suspensions
from fullreserve.gateway.ws.custody import WithdrawalInfo
from fullreserve.gateway.ws.reference import Status
from tests.bed import ALICE, BOB, BTC, submit
from tests.integration.operator.bed import Console, Person
from tests.integration.rest.test_custody import NETWORK
from verifier.drain import Wrong, check, place

COIN = 10**8
HOT = Quorum(1, Role.HOT, 2, (Holder(1), Holder(2), Holder(3)), 300_000)
HOUR_MS = 3_600_000
HERE = b"exchange.example:8080"
DIGEST = sha256(b"a document").hexdigest()
NOTICE = "The notice of 14:00 stands on the status page."
STAFFED = "Six people from 14:00 on."


async def request(desk: Console, coins: float) -> int:
    """A withdrawal of ALICE's; its number."""
    amount = amount_bytes(round(coins * COIN))
    fee = amount_bytes(40_000)
    asked = Request(NETWORK, BTC, amount, fee, Destination.ADDRESS_BOOK, 5)
    reply = await say(desk.town.rest.context, WITHDRAWALS, asked, ALICE)
    assert reply.code == 0
    return reply.sequence


async def paid(desk: Console, number: int) -> None:
    context = desk.town.rest.context
    binding = number.to_bytes(32, "big")
    for word in (Bound(number, binding), Paid(number, binding, 5, amount_bytes(10))):
        assert (await say(context, WITHDRAWALS, word)).code == 0


async def done(who: Person, name: str, suspension: str, **more: Any) -> dict[str, Any]:
    answer = await who.act(f"suspending/{name}", suspension=suspension, **more)
    assert answer.code == "0", (name, answer.json)
    return dict(answer.row)


STOP = {"actions": "withdraw", "level": "chain", "chain": "Bitcoin", "reason": "SECURITY_INCIDENT"}


async def in_segment(desk: Console, uid: int, segment: int) -> None:
    """Puts a user into a segment."""
    door = desk.town.rest.context.door
    found = await door.query(GetOwner(uid))
    assert found is not None
    words = (segment, found.tier, found.flags, found.kyc)
    await submit(door, [SetOwner(door.gateway, door.numbers(1), uid, *words)])


async def test_from_the_stop_to_the_report(desk: Console) -> None:
    """Criterion: SUS-REST-1. Each step by its endpoint; and what the others see."""
    rest, ada, bea = desk.town.rest, desk.ada, desk.bea
    assert (await say(rest.context, SUSPENSIONS, Adopt(EDITION))).code == 0
    made = await ada.act("suspending/suspend", **STOP)
    assert made.code == "0", made.json
    number = made.row["suspension"]
    numbers = [await request(desk, coins) for coins in (0.1, 0.2, 12, 0.3)]
    await _seen_by_all(desk, number)
    place = (await rest.get("x/withdrawal-queue", rest.alice, wdId=ids.text(numbers[2]))).row
    assert (place["lane"], place["position"], place["aheadAmt"]) == ("L", "3", "0.3")
    assert (place["suspension"], place["etaFromTs"]) == (number, "")
    assert (await ada.act("suspending/ratify", suspension=number)).code == "93005"
    await done(bea, "ratify", number)
    row = (await ada.get("suspending/detail", suspension=number)).row
    _offered_line(row, budget="12.6", transactions="4")
    opens = rest.context.clock.exchange_ms() + 2 * HOUR_MS
    for wrong in ("BTC-Bitcoin:0:3", "BTC-Bitcoin:10:0", "ETH-ERC20:1:1", "BTC-Bitcoin:10"):
        refused = await ada.act("suspending/plan", suspension=number, estOpenTs=opens,
                                budgets=wrong)  # fmt: skip
        assert (refused.code, "budgets" in refused.json["msg"]) == ("51000", True)
    budgets = "BTC-Bitcoin:10:3"
    row = await done(ada, "plan", number, estOpenTs=opens)
    assert [one["chain"] for one in row["budgets"]] == ["BTC-Bitcoin"]
    _offered_line(row, budget=row["budgets"][0]["amt"], transactions="10")
    row = await done(ada, "plan", number, estOpenTs=opens, budgets=budgets, intervalMs=1000)
    assert [(one["amt"], one["transactions"]) for one in row["budgets"]] == [("10", "3")]
    assert row["maxWaitTicks"] == "60"
    _offered_line(row, budget="10", transactions="3")
    late = {"estOpenTs": opens, "budgets": budgets, "maxWaitTicks": 0}
    assert (await ada.act("suspending/plan", suspension=number, **late)).code == "51000"
    place = (await rest.get("x/withdrawal-queue", rest.alice, wdId=ids.text(numbers[2]))).row
    assert int(place["etaToTs"]) > int(place["etaFromTs"]) == opens
    await _told_to_its_owner(desk, numbers, place)
    row = await done(bea, "show", number, gate="6", document=NOTICE, public=True)
    await _waits_for_its_hour(desk, row)
    desk.town.clock.advance(HOUR_MS)
    for person in (ada, bea):
        await proven(person)
    await _through_the_gates(desk, number, numbers)
    await _drained(desk, number)


async def _waits_for_people(desk: Console, number: str, canary: int) -> None:
    """Criterion: SUS-CANARY-6. As long as the policy leaves it to them, and no longer."""
    context = desk.town.rest.context
    for state, waits in ((WithdrawalState.REVIEW, True), (WithdrawalState.APPROVED, False)):
        assert (await say(context, WITHDRAWALS, Decide(canary, state))).code == 0
        (row,) = (await desk.ada.get("suspending/detail", suspension=number)).row["canaries"]
        assert (row["wdId"], row["waitsForPeople"]) == (ids.text(canary), waits)
        said = (await desk.ada.act("suspending/open-drain", suspension=number)).json["msg"]
        assert said.endswith("Bitcoin: it waits for people") == waits


def _offered_line(row: dict[str, Any], **planned: str) -> None:
    """Criterion: SUS-REST-8. What waits on a line, what pays it, and how much of it a tick does."""
    (line,) = row["lines"]
    known = {key: line[key] for key in ("chain", "decimals", "count", "amt")}
    assert known == {"chain": "BTC-Bitcoin", "decimals": "8", "count": "4", "amt": "12.6"}
    assert {key: line[key] for key in planned} == planned


async def _told_to_its_owner(desk: Console, numbers: list[int], place: dict[str, str]) -> None:
    """Criterion: SUS-PLACE-1. A push when somebody ahead leaves; none while nothing changes."""
    rest, name = desk.town.rest, ids.text(numbers[2])
    row = (await rest.get("asset/withdrawal-history", rest.alice, wdId=name)).row
    told = {key: row[key] for key in NOWHERE}
    assert told == {
        "xSuspId": place["suspension"], "xQueuePos": "3", "xAheadAmt": "0.3",
        "xEtaFromMs": place["etaFromTs"], "xEtaMs": place["etaToTs"],
    }  # fmt: skip
    status = (await rest.get("asset/deposit-withdraw-status", rest.alice, wdId=name)).row
    assert status["estCompleteTime"] == place["etaToTs"]
    topic = WithdrawalInfo({"channel": "withdrawal-info"}, ALICE, rest.context)
    pushed: list[bytes] = []
    topic.write = pushed.append  # type: ignore[assignment, method-assign]
    fourth = numbers.pop()
    numbers.append(await request(desk, 0.3))
    for _ in range(2):
        await topic._learn(0)
    (first,) = pushed
    assert b'"xQueuePos":"5"' in first
    assert (await say(rest.context, WITHDRAWALS, Cancel(fourth), ALICE)).code == 0
    await topic._learn(0)
    assert b'"xQueuePos":""' in pushed[1]  # of the one that left
    assert b'"xQueuePos":"4"' in pushed[1]  # of who waits behind it
    assert b'"xQueuePos":"3"' not in pushed[1]


async def _seen_by_all(desk: Console, number: str) -> None:
    rest = desk.town.rest
    row = (await rest.get("x/suspensions")).row
    (one,) = row["suspensions"]
    assert (one["suspension"], one["reason"], one["chain"]) == (
        number, "SECURITY_INCIDENT", "Bitcoin",
    )  # fmt: skip
    assert set(one["title"]) == {"en", "ru", "zh"}
    assert one["title"]["zh"].startswith("提币 (Bitcoin)：暂停 – ")
    assert one["title"]["en"].startswith("Withdrawals (Bitcoin): suspended – ")
    assert "withdraw" in row["works"]  # on other chains
    assert not {"earn_subscribe", "convert", "loan_out", "fiat"} & set(row["works"])
    assert (row["hourlyShare"], row["priceAgeH"]) == ("50", "24")
    line = (await rest.get("asset/currencies", rest.alice, ccy="BTC")).row
    assert (line["canDep"], line["canWd"]) == (True, False)
    status = (await rest.get("system/status")).row
    assert (status["state"], status["serviceType"], status["maintType"]) == ("ongoing", "99", "2")
    feeds = await _feeds(desk)
    assert all("Withdrawals" in text and "investigating" in text for text in feeds.values())
    links = _links(feeds)
    assert links
    assert all(one.startswith("http://exchange.example:8080/status") for one in links)
    hostile = _links(await _feeds(desk, b'evil.example/"><script>'))
    assert all(one.startswith("http://localhost/") for one in hostile)
    topic = Status({"channel": "status"}, rest.context)
    written: list[bytes] = []
    topic.write = written.append  # type: ignore[assignment, method-assign]
    await topic._learn()
    assert b'"state":"ongoing"' in written[0]
    await topic._learn()
    assert len(written) == 1


def _links(feeds: dict[str, str]) -> list[str]:
    """Criterion: SUS-REST-7. Of every feed, each of which has one for each item."""
    told = [one["url"] for one in json.loads(feeds["/status.json"])["items"]]
    rss, atom = (ET.fromstring(feeds[f"/status.{kind}"]) for kind in ("rss", "atom"))
    named = [one.text or "" for one in rss.iter("link")]
    referred = [one.get("href", "") for one in atom.iter("{http://www.w3.org/2005/Atom}link")]
    assert len(told) == len(referred) == len(named) - 1
    return told + named + referred


async def _feeds(desk: Console, host: bytes = HERE) -> dict[str, str]:
    from fullreserve.gateway.rest.metrics import RequestMetrics
    from fullreserve.gateway.rest.operations import operations

    context = desk.town.rest.context
    served = operations(context, RequestMetrics(), routes(context))
    names = ("/status.json", "/status.rss", "/status.atom")
    return {name: (await served[name]({b"host": host}))[2].decode() for name in names}


async def proven(person: Person) -> None:
    answer = await person.browser.post(
        "x/step-up", password="correct horse battery", code=person.phone.code()
    )
    assert answer.code == "0", answer.json


async def _waits_for_its_hour(desk: Console, row: dict[str, Any]) -> None:
    """Criterion: SUS-REST-6."""
    waits = {one["gate"]: one["passesTs"] for one in row["gates"] if one["passesTs"]}
    at_ms = int(next(one["ts"] for one in row["gates"] if one["gate"] == "G6")) + HOUR_MS
    assert waits == {"G6": str(at_ms)}
    context, number = desk.town.rest.context, int(row["suspension"])
    one = next(one for one in await suspensions(context) if one.number == number)
    at = datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert f"G6 passes at {at}" in await lacking(context, one, await places(context))


async def _through_the_gates(desk: Console, number: str, numbers: list[int]) -> None:
    ada, bea = desk.ada, desk.bea
    await done(ada, "check", number)
    early = await ada.act("suspending/canary", suspension=number, wdId=ids.text(numbers[0]))
    assert early.code == "93007"
    lacks = "; ".join(f"G{gate} is missing" for gate in (1, 2, 3, 5, 7, 8))
    assert early.json["msg"].endswith(f"signed off: {lacks}; 0 of 1 have signed off")
    context = desk.town.rest.context
    unmeasured = await bea.act("suspending/show", suspension=number, gate="1")
    assert unmeasured.code == "93015"
    assert (await say(context, LIVENESS, Define(HOT))).code == 0
    for gate, code in (("1", "93013"), ("2", "93012"), ("8", "93014")):
        early = await bea.act("suspending/show", suspension=number, gate=gate)
        assert early.code == code, early.json
        if code == "93012":
            unlooked = "was not measured since the restart was planned and 30 minutes ago"
            assert early.json["msg"].endswith(f"BTC-Bitcoin {unlooked}")
    for said in (
        Call(HOT.number, bytes(32), (int(number),)),
        Answered(HOT.number, 1, bytes(32)),
        Answered(HOT.number, 3, bytes(32)),
    ):
        assert (await say(context, LIVENESS, said)).code == 0
    coins = (Coins(Tier.HOT, BTC, amount_bytes(1000 * COIN)),)
    word = Measure(NETWORK, 9, bytes(32), coins)
    assert (await say(context, SUSPENSIONS, word)).code == 0
    for gate, more in (
        ("1", {}),
        ("2", {}),
        ("3", {"figures": "BTC-Bitcoin:20"}),
        ("5", {"count": len(numbers)}),
        ("7", {"document": "10 BTC a minute is what hot can bear."}),
    ):
        await done(bea, "show", number, gate=gate, **more)
    await _signed_off(desk, number)
    early = await ada.act("suspending/open-drain", suspension=number)
    assert early.code == "93007"
    assert early.json["msg"].endswith("signed off: no canary has arrived on Bitcoin")
    row = await done(ada, "canary", number, wdId=ids.text(numbers[0]))
    assert {one["state"] for one in row["gates"] if one["gate"] != "G4"} == {"passed"}
    early = await ada.act("suspending/open-drain", suspension=number)
    assert early.code == "93007"
    assert early.json["msg"].endswith("signed off: no canary has arrived on Bitcoin")
    await _waits_for_people(desk, number, numbers[0])
    await paid(desk, numbers[0])
    row = await done(ada, "open-drain", number)
    assert [(one["ccy"], one["grossOut"], one["netOut"]) for one in row["flows"]] == [
        ("BTC", "0.1", "0.1")
    ]
    assert (len(row["drain"]["commitment"]), row["drain"]["seed"]) == (64, "")
    assert row["evidence"][-1]["gate"] == "G4"
    assert row["evidence"][-1]["uid"] == str(ada.uid)


async def _signed_off(desk: Console, number: str) -> None:
    """Criterion: SUS-REOPEN-6, SUS-GATE-8. Of this plan, and of everything that was shown."""
    bea, name = desk.bea, "suspending/sign-off"
    found = (await bea.get("suspending/detail", suspension=number)).row
    of = {"suspension": number, "plannedTs": found["plannedTs"]}
    early = await bea.act(name, **of, shown=found["shown"])
    assert early.code == "93007"
    assert early.json["msg"].endswith("signed off: G8 is missing")
    short = await bea.act("suspending/show", suspension=number, gate="8", document="y")
    assert short.code == "93014"
    row = await done(bea, "show", number, gate="8", document=STAFFED)
    await _evidence_itself(desk, number)
    other = await bea.act(name, suspension=number, plannedTs=1, shown=row["shown"])
    assert other.code == "93004"
    said = "it is gate_check; allowed in it: plan, show, sign-off (plannedTs "
    assert said + found["plannedTs"] in other.json["msg"]
    assert (await bea.act(name, **of, shown=found["shown"])).code == "93016"
    await done(bea, "sign-off", number, plannedTs=found["plannedTs"], shown=row["shown"])


async def _evidence_itself(desk: Console, number: str) -> None:
    """Criterion: SUS-REST-4. Operators read all of it, everybody the records and what is public."""
    row = (await desk.bea.get("suspending/detail", suspension=number)).row
    digests = {one["gate"]: one["digest"] for one in row["evidence"]}
    mine = {one["gate"]: one for one in row["kept"]}
    public = (await desk.town.rest.get("x/suspension", suspension=number)).row
    theirs = {one["gate"]: one for one in public["kept"]}
    assert set(mine) == set(theirs) == {"G1", "G2", "G3", "G5", "G6", "G7", "G8"}
    for gate, one in theirs.items():
        assert sha256(one["record"].encode()).hexdigest() == digests[gate]
        assert one["record"] == mine[gate]["record"]
    assert (mine["G8"]["document"], theirs["G8"]["document"]) == (STAFFED, "")
    assert mine["G6"]["document"] == theirs["G6"]["document"] == NOTICE
    assert json.loads(theirs["G2"]["record"])["measured"][0]["height"] == 9


async def test_gate_5_is_passed_while_requests_go_on_coming(desk: Console) -> None:
    """Criterion: SUS-REST-12, SUS-GATE-9. By the console's way, and by a count alone."""
    ada, bea, context = desk.ada, desk.bea, desk.town.rest.context
    assert (await say(context, SUSPENSIONS, Adopt(EDITION))).code == 0
    number = (await ada.act("suspending/suspend", **STOP)).row["suspension"]
    last = [await request(desk, coins) for coins in (0.1, 0.2)][-1]
    early = await bea.post("suspending/survey", suspension=number)
    assert early.code == "93004"
    await done(bea, "ratify", number)
    await done(ada, "plan", number)
    row = await done(ada, "check", number)
    assert row["screening"] == []
    # Who counts what waits and says so is told what was found, and that passes whoever comes.
    await request(desk, 0.3)
    refused = await bea.act("suspending/show", suspension=number, gate="5", count=2)
    (read,) = (await bea.get("suspending/detail", suspension=number)).row["screening"]
    assert (read["count"], read["stopped"], int(read["upTo"]) > last) == ("3", "0", True)
    assert refused.code == "93020"
    assert refused.json["msg"] == (
        "The count is not that of a recent reading of the queue: 3 wait who asked before "
        f"{read['upTo']}; show gate 5 with count 3 and upTo {read['upTo']} within 10 minutes, "
        "who asks later is behind them"
    )
    await request(desk, 0.4)
    row = await done(bea, "show", number, gate="5", count=3, upTo=read["upTo"])
    assert _fifth(row) == ("passed", 3, int(read["upTo"]))
    # Of the queue as it is where nobody asks in between.
    row = await done(bea, "show", number, gate="5", count=4)
    assert _fifth(row)[:2] == ("passed", 4)
    # As the console does it.
    (read,) = (await bea.post("suspending/survey", suspension=number)).row["screening"]
    await request(desk, 0.5)
    row = await done(bea, "show", number, gate="5", count=read["count"], upTo=read["upTo"])
    assert _fifth(row) == ("passed", 4, int(read["upTo"]))
    # One of long ago is named no more, and the queue is read anew.
    desk.town.clock.advance(601_000)
    assert (await bea.get("suspending/detail", suspension=number)).row["screening"] == []
    await proven(bea)
    late = await bea.act("suspending/show", suspension=number, gate="5", count=4, upTo=read["upTo"])
    assert late.code == "93020"
    assert ": 5 wait who asked before " in late.json["msg"]


def _fifth(row: dict[str, Any]) -> tuple[str, int, int]:
    """Gate 5 as everybody reads it: its state, how many were screened, up to where."""
    state = next(one["state"] for one in row["gates"] if one["gate"] == "G5")
    record = json.loads(next(one["record"] for one in row["kept"] if one["gate"] == "G5"))
    return state, record["count"], record["upTo"]


async def test_secrets_and_long_documents_are_refused(desk: Console) -> None:
    """Criterion: SUS-REST-4. Before they are in the log; the message does not repeat them."""
    made = await desk.ada.act("suspending/suspend", **STOP)
    number = made.row["suspension"]
    phrase = "legal winner thank year wave sausage worth useful legal winner thank yellow"
    for document, said in ((f"we keep {phrase}", "words"), ("x" * 8_193, "8192 bytes")):
        answer = await desk.bea.act(
            "suspending/show", suspension=number, gate="8", document=document
        )
        assert answer.code == "51000"
        assert said in answer.json["msg"]
        assert "sausage" not in answer.json["msg"]


async def _drained(desk: Console, number: str) -> None:
    rest, ada = desk.town.rest, desk.ada
    early = await rest.get("x/drain", suspension=number)
    assert early.code == "93004"
    assert early.json["msg"].endswith("it is draining; a drain is shown once it was lifted")
    for _ in range(4):
        await done(ada, "tick", number)
        desk.town.clock.advance(1000)
        listed = (await rest.get("asset/withdrawal-history", rest.alice, state="10")).data
        for one in listed:
            await paid(desk, ids.number(one["wdId"]))
    progress = (await rest.get("x/suspension", suspension=number)).row["drain"]
    assert [one["paid"] for one in progress["lines"]] == ["3"]
    await done(ada, "lift", number)
    artefact = (await rest.get("x/drain", suspension=number)).row
    assert artefact["commitment"] == progress["commitment"]
    check(artefact, [progress["lines"][0]["digest"]])
    assert [one["gate"] for one in artefact["evidence"]] == [f"G{at}" for at in range(1, 9)]
    assert STAFFED not in str(artefact)
    (canary,) = (await ada.get("suspending/detail", suspension=number)).row["canaries"]
    assert place(artefact, canary["wdId"]).startswith("a canary, paid before the drain")
    assert place(artefact, ids.text(1)) == "not among those that were paid"
    await _forged(artefact)
    await done(desk.bea, "report", number, digest=DIGEST)
    assert (await rest.get("x/suspensions")).row["suspensions"] == []
    closed = (await rest.get("x/suspensions", state="closed")).row["suspensions"]
    assert closed[0]["state"] == "reported"
    assert (await rest.get("system/status", state="completed")).row["state"] == "completed"


async def _forged(artefact: dict[str, Any]) -> None:
    """Criterion: SUS-VERIFY-2. A gate's evidence is hashed as well."""
    for name, text in (("record", "{}"), ("document", "another"), ("digest", "00")):
        forged = json.loads(json.dumps(artefact))
        next(one for one in forged["evidence"] if one["gate"] == "G6")[name] = text
        with pytest.raises(Wrong):
            check(forged)


async def test_a_plan_is_kept_to_while_its_drain_runs_and_after_a_break(desk: Console) -> None:
    """Criterion: SUS-DRAIN-13, SUS-DRAIN-14. Of one user's stop, which has no gates."""
    ada, bea, context = desk.ada, desk.bea, desk.town.rest.context
    assert (await say(context, SUSPENSIONS, Adopt(EDITION))).code == 0
    assert (await say(context, WITHDRAWALS, RequirePolicy(BY_EACH))).code == 0
    one = {"actions": "withdraw", "level": "user", "key": ALICE, "reason": "SANCTIONS"}
    number = (await ada.act("suspending/suspend", **one)).row["suspension"]
    await done(bea, "ratify", number)
    for _ in range(2):
        await request(desk, 1)
    terms = {"budgets": "BTC-Bitcoin:1:1", "intervalMs": 30_000, "maxWaitTicks": 7}
    row = await done(ada, "plan", number, **terms)
    await done(ada, "check", number)
    await done(bea, "sign-off", number, plannedTs=row["plannedTs"], shown=row["shown"])
    await done(ada, "open-drain", number)
    row = await done(ada, "tick", number)
    assert [line["paid"] for line in row["drain"]["lines"]] == ["1"]
    early = await ada.act("suspending/tick", suspension=number)
    assert (early.code, early.json["msg"]) == (
        "93018",
        "The drain has paid as fast as its plan allows; it pays again in 30 s",
    )
    await done(bea, "fall", number)
    other = await ada.act("suspending/plan", suspension=number, **(terms | {"maxWaitTicks": 8}))
    assert (other.code, other.json["msg"]) == (
        "93019",
        "The drain of this suspension has begun with another maxWaitTicks: 7",
    )
    await done(ada, "plan", number, **terms)


async def test_an_estimate_that_has_passed_is_no_estimate(desk: Console) -> None:
    """Criterion: SUS-REST-5, WEB-STATUS-LATE-1."""
    rest, ends = desk.town.rest, desk.town.rest.context.clock.exchange_ms() + HOUR_MS
    assert (await desk.ada.act("suspending/suspend", **STOP, estOpenTs=ends)).code == "0"

    async def told() -> tuple[str, bool, str, str, str, str, bool]:
        (one,) = (await rest.get("x/suspensions")).row["suspensions"]
        line = (await rest.get("asset/currencies", rest.alice, ccy="BTC")).row
        status = (await rest.get("system/status")).row
        mine = (await desk.ada.get("suspending")).row
        return (
            *(one["estOpenTs"], one["isLate"], line["wdEstOpenTime"], status["end"]),
            *(status["scheDesc"], mine["estOpenTs"], mine["isLate"]),
        )

    at = str(ends)
    assert await told() == (at, False, at, at, "", at, False)
    desk.town.clock.advance(HOUR_MS)
    assert await told() == ("", True, "", "", "Later than expected", at, True)


async def test_an_announced_end_is_the_same_wherever_it_is_told(desk: Console) -> None:
    """Criterion: SUS-PLACE-2. And promised under nothing that lasts longer or has no end."""
    rest, now = desk.town.rest, desk.town.rest.context.clock.exchange_ms()
    name = ""

    async def told() -> tuple[str, str, str, str, str]:
        place = (await rest.get("x/withdrawal-queue", rest.alice, wdId=name)).row
        row = (await rest.get("asset/withdrawal-history", rest.alice, wdId=name)).row
        status = (await rest.get("asset/deposit-withdraw-status", rest.alice, wdId=name)).row
        assert place["suspension"] == row["xSuspId"]
        assert place["etaFromTs"] == row["xEtaFromMs"]
        return (
            *(place["suspension"], place["etaFromTs"], place["etaToTs"]),
            *(row["xEtaMs"], status["estCompleteTime"]),
        )

    ends = [str(now + hours * HOUR_MS) for hours in (1, 2, 3)]
    stop, wide = STOP | {"level": "ccy", "ccy": "BTC", "chain": ""}, STOP | {"level": "global"}
    wide["chain"] = ""
    made = (await desk.ada.act("suspending/suspend", **stop, estOpenTs=ends[0])).row
    first = made["suspension"]
    name = ids.text(await request(desk, 0.1))
    assert await told() == (first, ends[0], "", ends[0], ends[0])
    second = (await desk.ada.act("suspending/suspend", **wide, estOpenTs=ends[1])).row["suspension"]
    assert await told() == (second, ends[1], "", ends[1], ends[1])
    context = rest.context
    held = Hold(NETWORK, 0, stopped=True, until_ms=int(ends[2]))
    assert (await say(context, WITHDRAWALS, held)).code == 0
    assert await told() == (second, ends[2], "", ends[2], ends[2])
    third = (await desk.ada.act("suspending/suspend", **wide)).row["suspension"]
    assert await told() == (third, "", "", "", "")


@pytest.mark.parametrize("level", list(LEVELS))
async def test_how_wide_a_stop_is_comes_out_in_the_words_that_it_went_in(
    desk: Console, level: str
) -> None:
    """Criterion: SUS-REST-10."""
    where_by: dict[str, dict[str, Any]] = {
        "chain": {"chain": "Bitcoin"},
        "ccy": {"ccy": "BTC"},
        "ccy_chain": {"chain": "BTC-Bitcoin"},
        "segment": {"key": 3},
        "user": {"key": ALICE},
    }
    if level == "segment":
        await in_segment(desk, BOB, 3)
    where = where_by.get(level, {})
    terms = {"actions": "withdraw", "reason": "SECURITY_INCIDENT", "level": level}
    made = await desk.ada.act("suspending/suspend", **terms, **where)
    assert made.code == "0", made.json
    rows = (await desk.ada.get("suspending")).data
    rows += [(await desk.ada.get("suspending/detail", suspension=made.row["suspension"])).row]
    rows += (await desk.town.rest.get("x/suspensions")).row["suspensions"]
    assert {row["level"] for row in (made.row, *rows)} == {level}


async def test_a_maintenance_tells_its_end_to_who_waits(desk: Console) -> None:
    """Criterion: SUS-PLACE-2. As long as it is known, and has not passed."""
    rest, context = desk.town.rest, desk.town.rest.context
    ends = context.clock.exchange_ms() + HOUR_MS
    assert (await say(context, WITHDRAWALS, Hold(NETWORK, 0, stopped=True))).code == 0
    name = ids.text(await request(desk, 0.1))
    for until, shown in ((0, ""), (ends, str(ends)), (context.clock.exchange_ms(), "")):
        held = Hold(NETWORK, 0, stopped=True, until_ms=until)
        assert (await say(context, WITHDRAWALS, held)).code == 0
        place = (await rest.get("x/withdrawal-queue", rest.alice, wdId=name)).row
        assert (place["suspension"], place["etaFromTs"], place["etaToTs"]) == ("", shown, "")
        line = (await rest.get("asset/currencies", rest.alice, ccy="BTC")).row
        assert line["wdEstOpenTime"] == shown


async def test_a_stop_of_transfers_tells_of_no_queue(desk: Console) -> None:
    """Though withdrawals wait for another stop. Criterion: SUS-REST-5."""
    made = await desk.ada.act("suspending/suspend", **STOP)
    await request(desk, 0.1)
    other = {"actions": "internal_transfer", "level": "global", "reason": "SECURITY_INCIDENT"}
    apart = await desk.ada.act("suspending/suspend", **other)
    queues = []
    for each in (made, apart):
        number = each.row["suspension"]
        queues.append((await desk.town.rest.get("x/suspension", suspension=number)).row["queue"])
        assert (await desk.ada.get("suspending/detail", suspension=number)).row["queue"] == queues[
            -1
        ]
    assert [len(one) for one in queues] == [1, 0]


async def test_a_stop_of_some_shows_operators_their_queue_alone(desk: Console) -> None:
    """By which gate 5 is passed. Criterion: SUS-REST-9."""
    more = {"actions": "withdraw", "reason": "SANCTIONS"}
    assert (await desk.ada.act("suspending/suspend", **STOP)).code == "0"
    for coins in (0.1, 0.2):
        await request(desk, coins)
    await in_segment(desk, BOB, 7)
    queues = []
    for level, key in (("segment", 0), ("segment", 7), ("user", ALICE), ("user", BOB)):
        made = await desk.ada.act("suspending/suspend", level=level, key=key, **more)
        assert made.code == "0", made.json
        number = made.row["suspension"]
        rows = (await desk.bea.get("suspending/detail", suspension=number)).row["queue"]
        queues.append([(one["count"], one["amt"]) for one in rows])
    assert queues == [[("2", "0.3")], [], [("2", "0.3")], []]


async def test_what_concerns_one_user_is_not_public(desk: Console) -> None:
    """Criterion: SUS-REST-2. Nor a draft; operators see both."""
    more = {"actions": "withdraw", "reason": "SANCTIONS"}
    user = await desk.ada.act("suspending/suspend", level="user", key=ALICE, **more)
    draft = await desk.ada.act("suspending/draft", level="global", **more)
    assert user.code == draft.code == "0"
    assert (await desk.town.rest.get("x/suspensions", state="all")).row["suspensions"] == []
    listed = (await desk.bea.get("suspending")).data
    assert [one["level"] for one in listed] == ["global", "user"]
    hidden = await desk.town.rest.get("x/suspension", suspension=user.row["suspension"])
    assert hidden.code == "93003"
    await done(desk.bea, "discard", draft.row["suspension"])


async def test_what_cannot_be_is_said(desk: Console) -> None:
    """Criterion: SUS-REST-3. Each refusal names what is allowed."""
    for change, code in (
        ({"actions": "everything"}, "51000"),
        ({"chain": "Moon"}, "51000"),
        ({"estOpenTs": "1000"}, "51000"),
        ({"reason": "BAD_LUCK"}, "51000"),
        ({"level": "ccy", "ccy": "MOON"}, "51012"),
        ({"level": "user"}, "50014"),
        ({"mode": "cap"}, "50015"),
        ({"actions": "trade_open"}, "51000"),
    ):
        answer = await desk.ada.act("suspending/suspend", **(STOP | change))
        assert answer.code == code, (change, answer.json)
    made = await desk.ada.act("suspending/suspend", **STOP)
    for word in ("lift", "tick", "open-drain", "check", "fall"):
        early = await desk.bea.act(f"suspending/{word}", suspension=made.row["suspension"])
        assert early.code == "93004", (word, early.json)
        assert early.json["msg"].endswith("it is active; allowed in it: ratify, plan, extend")
    assert (await desk.ada.act("suspending/check", suspension="7")).code == "93003"
    assert (await desk.ada.act("suspending/report", suspension="7", digest="x")).code == ("51000")
