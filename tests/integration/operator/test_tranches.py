"""Goal: who may be paid in tranches is told what has gone, what is left and where it stands.

Method: a stop of a chain through its gates, and the drain tick by tick over the API; the published
artefact is worked out again.
"""

from __future__ import annotations

from typing import Any

from fullreserve.exchange.products.custody_wire import (
    WITHDRAWALS,
    Bound,
    Broadcast,
    Destination,
    Request,
    Tier,
)
from fullreserve.exchange.products.liveness import LIVENESS, Answered, Call
from fullreserve.exchange.products.suspension_state import EDITION
from fullreserve.exchange.products.suspension_wire import SUSPENSIONS, Adopt, Coins, Measure
from fullreserve.exchange.products.withdrawal_state import EDITION as OF_WITHDRAWALS
from fullreserve.exchange.products.withdrawals import Withdrawals
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.gateway import ids
from fullreserve.gateway.custody_desk import say
from fullreserve.gateway.ws.custody import WithdrawalInfo
from fullreserve.identity.api_key import Permission
from tests.bed import ALICE, BTC
from tests.integration.operator.bed import Console
from tests.integration.operator.test_suspending import (
    COIN,
    HOT,
    HOUR_MS,
    NOTICE,
    STAFFED,
    STOP,
    _through_the_gates,
    done,
    paid,
    proven,
    request,
)
from tests.integration.rest.test_custody import NETWORK, quote
from verifier.drain import check, place


async def opened(desk: Console) -> tuple[str, int]:
    """A drain of 10 BTC a tick, and Alice's request of 25 in it, after a canary; by its ids."""
    rest, ada, bea = desk.town.rest, desk.ada, desk.bea
    folds = rest.bed.folds
    # By the rules of now, and by no policy.
    next(fold for fold in folds if isinstance(fold, Withdrawals)).state.edition = OF_WITHDRAWALS
    assert (await say(rest.context, SUSPENSIONS, Adopt(EDITION))).code == 0
    number = (await ada.act("suspending/suspend", **STOP)).row["suspension"]
    await done(bea, "ratify", number)
    canary = await request(desk, 0.1)
    word = Request(
        *(NETWORK, BTC, amount_bytes(25 * COIN), amount_bytes(40_000)),
        *(Destination.ADDRESS_BOOK, 5),
        allow_split=True,
    )
    reply = await say(rest.context, WITHDRAWALS, word, ALICE)
    assert reply.code == 0
    await noticed(desk, number)
    await _through_the_gates(desk, number, [canary, reply.sequence])
    return number, reply.sequence


async def noticed(desk: Console, number: str) -> None:
    """A plan and its notice, of which an hour goes by."""
    rest, ada, bea = desk.town.rest, desk.ada, desk.bea
    opens = rest.context.clock.exchange_ms() + 2 * HOUR_MS
    terms = {"estOpenTs": opens, "budgets": "BTC-Bitcoin:10:3", "intervalMs": 1000}
    await done(ada, "plan", number, **terms)
    await done(bea, "show", number, gate="6", document=NOTICE, public=True)
    desk.town.clock.advance(HOUR_MS)
    for person in (ada, bea):
        await proven(person)


async def opened_again(desk: Console, number: str, canary: int, waiting: int) -> None:
    """By a plan and evidence of its own."""
    ada, bea, context = desk.ada, desk.bea, desk.town.rest.context
    await noticed(desk, number)
    await done(ada, "check", number)
    for said in (
        Call(HOT.number, bytes(32), (int(number),)),
        Answered(HOT.number, 1, bytes(32)),
        Answered(HOT.number, 3, bytes(32)),
    ):
        assert (await say(context, LIVENESS, said)).code == 0
    coins = (Coins(Tier.HOT, BTC, amount_bytes(1000 * COIN)),)
    assert (await say(context, SUSPENSIONS, Measure(NETWORK, 10, bytes(32), coins))).code == 0
    for gate, more in (
        ("1", {}),
        ("2", {}),
        ("3", {"figures": "BTC-Bitcoin:20"}),
        ("5", {"count": waiting}),
        ("7", {"document": "10 BTC a minute is what hot can bear."}),
        ("8", {"document": STAFFED}),
    ):
        row = await done(bea, "show", number, gate=gate, **more)
    await done(bea, "sign-off", number, plannedTs=row["plannedTs"], shown=row["shown"])
    await done(ada, "canary", number, wdId=ids.text(canary))
    await paid(desk, canary)
    await done(ada, "open-drain", number)


async def sent(desk: Console, number: int) -> None:
    """It is on its way to the chain."""
    name = number.to_bytes(32, "big")
    for word in (Bound(number, name), Broadcast(number, name, amount_bytes(10))):
        assert (await say(desk.town.rest.context, WITHDRAWALS, word)).code == 0


async def ticked(desk: Console, number: str) -> None:
    """A tick, and what it lets go is paid."""
    rest = desk.town.rest
    await done(desk.ada, "tick", number)
    desk.town.clock.advance(1000)
    for one in (await rest.get("asset/withdrawal-history", rest.alice, state="10")).data:
        await paid(desk, ids.number(one["wdId"]))


async def shown(desk: Console, number: int) -> dict[str, Any]:
    rest = desk.town.rest
    row = (await rest.get("asset/withdrawal-history", rest.alice, wdId=ids.text(number))).row
    names = ("amt", "fee", "state", "xAskedAmt", "xPaidAmt", "xLeftAmt", "xTranches")
    return {key: row[key] for key in names}


async def test_what_is_paid_and_what_is_left_is_told(desk: Console) -> None:
    """Criterion: SUS-DRAIN-18. In three ticks, which anyone works out again."""
    rest = desk.town.rest
    number, mine = await opened(desk)
    topic = WithdrawalInfo({"channel": "withdrawal-info"}, ALICE, rest.context)
    pushed: list[bytes] = []
    topic.write = pushed.append  # type: ignore[assignment, method-assign]
    await topic._learn(0)
    whole = {"xAskedAmt": "25", "xTranches": []}
    assert await shown(desk, mine) == whole | {
        "amt": "25", "fee": "0.0004", "state": "0", "xPaidAmt": "0", "xLeftAmt": "25",
    }  # fmt: skip
    await done(desk.ada, "tick", number)
    desk.town.clock.advance(1000)
    going = await shown(desk, mine)
    # Its first tranche is let go, and nobody has sent it yet.
    assert (going["amt"], going["xPaidAmt"], going["xLeftAmt"]) == ("15", "0", "25")
    await paid(desk, ids.number(going["xTranches"][0]))
    await topic._learn(0)
    first, *_ = (await shown(desk, mine))["xTranches"]
    assert await shown(desk, mine) == whole | {
        "amt": "15", "fee": "0.00024", "state": "0", "xPaidAmt": "10", "xLeftAmt": "15",
        "xTranches": [first],
    }  # fmt: skip
    assert f'"xTranches":["{first}"]'.encode() in pushed[-1]
    row = (await rest.get("asset/withdrawal-history", rest.alice, wdId=first)).row
    names = ("amt", "fee", "state", "xParentWdId", "xAskedAmt", "xAllowSplit")
    assert [row[name] for name in names] == [
        "10", "0.00016", "2", ids.text(mine), "25", False,
    ]  # fmt: skip
    (waits,) = (await desk.ada.get("withdrawals", queue="queued")).data
    assert (waits["amt"], waits["askedAmt"], waits["paidAmt"]) == ("15", "25", "10")
    assert (waits["allowSplit"], waits["tranches"]) == (True, [first])
    await ticked(desk, number)
    await done(desk.ada, "tick", number)
    desk.town.clock.advance(1000)
    going = await shown(desk, mine)
    assert (going["amt"], going["state"], going["xPaidAmt"]) == ("5", "10", "20")
    assert going["xLeftAmt"] == "5"
    await sent(desk, mine)
    going = await shown(desk, mine)
    assert (going["amt"], going["state"], going["xPaidAmt"]) == ("5", "1", "25")
    assert going["xLeftAmt"] == "0"
    await paid(desk, mine)
    done_ = await shown(desk, mine)
    assert (done_["amt"], done_["state"], done_["xPaidAmt"]) == ("5", "2", "25")
    progress = (await rest.get("x/suspension", suspension=number)).row["drain"]["lines"][0]
    assert (progress["paid"], progress["paidAmt"]) == ("3", "25")
    await done(desk.ada, "lift", number)
    artefact = (await rest.get("x/drain", suspension=number)).row
    assert artefact["format"] == "fullreserve-drain/7"
    check(artefact, [progress["digest"]])
    found = place(artefact, ids.text(mine))
    assert found.endswith("a tranche in tick 1, a tranche in tick 2, paid as number 3, in tick 3")
    assert place(artefact, first).endswith("paid as number 1, in tick 1")


async def test_a_fee_that_rose_is_agreed_to_once_for_all_tranches(desk: Console) -> None:
    """Criterion: CUST-FEE-10. The total stands on the request and on each tranche."""
    rest = desk.town.rest
    number, mine = await opened(desk)
    bits = Permission.READ_ONLY | Permission.TRADE | Permission.WITHDRAW
    payer = rest.vault.create_key(ALICE, "Phrase-payer", bits, "payer", ["127.0.0.1"])
    await quote(rest, "0.0001", "0.0012", "0.01")
    for _ in range(2):
        await done(desk.ada, "tick", number)
        desk.town.clock.advance(1000)
    rows = (await rest.get("asset/withdrawal-history", rest.alice, state="0")).data
    assert [(row["xFeeNow"], row["xFeeHeld"]) for row in rows] == [("0.0012", "0.0004")] * 3
    (waits,) = [row for row in rows if row["wdId"] == ids.text(mine)]
    assert (waits["amt"], waits["fee"]) == ("5", "0.00008")
    agree = {"wdId": waits["wdId"], "fee": "0.0004"}
    refused = await rest.post("x/withdrawal-fee/agree", payer, agree)
    assert (refused.code, "0.0012" in refused.json["msg"]) == ("51000", True)
    agree["fee"] = "0.0012"
    assert (await rest.post("x/withdrawal-fee/agree", payer, agree)).code == "0"
    rows = (await rest.get("asset/withdrawal-history", rest.alice)).data
    now = {row["wdId"]: (row["fee"], row["xFeeNow"], row["xFeeHeld"]) for row in rows}
    assert now[waits["wdId"]] == ("0.00024", "", "")
    assert [now[part] for part in waits["xTranches"]] == [("0.00048", "", "")] * 2
    again = await rest.post("x/withdrawal-fee/agree", payer, agree)
    assert (again.code, "this does not" in again.json["msg"]) == ("51000", True)


async def test_what_a_drain_that_is_broken_off_was_committed_to_is_told(desk: Console) -> None:
    """Criterion: SUS-DRAIN-22. At once; its seed and queue once all is over, as the script has."""
    rest = desk.town.rest
    number, _ = await opened(desk)
    noted = (await rest.get("x/suspension", suspension=number)).row["drain"]
    assert noted["broken"] == []
    await ticked(desk, number)
    await done(desk.bea, "fall", number)
    drain = (await rest.get("x/suspension", suspension=number)).row["drain"]
    (broken,) = drain["broken"]
    names = ("commitment", "queueDigest")
    assert [drain["commitment"], broken["seed"]] == ["", ""]
    assert [broken[name] for name in names] == [noted[name] for name in names]
    (line,) = broken["lines"]
    assert (line["ticks"], line["paid"], line["paidAmt"]) == ("1", "1", "10")
    await opened_again(desk, number, await request(desk, 0.1), 2)
    assert (await rest.get("x/drain", suspension=number)).code != "0"
    for _ in range(2):
        await ticked(desk, number)
    row = await done(desk.ada, "lift", number)
    artefact = (await rest.get("x/drain", suspension=number)).row
    (part,) = artefact["broken"]
    assert artefact["format"] == "fullreserve-drain/8"
    assert [part[name] for name in names] == [noted[name] for name in names]
    assert part["seed"] == row["drain"]["broken"][0]["seed"] != ""
    assert part["queue"] != artefact["queue"]
    assert "BTC-Bitcoin: broken off after 1 ticks, 1 paid" in check(artefact)
