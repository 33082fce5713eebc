"""Goal: two operators say whose coins are that a stranger sent; nobody has more of them than came.

Method: a whole exchange; the ledger is told of the coins as `fund-tier --unasked` tells it.
"""

from __future__ import annotations

from typing import Any

import pytest

from fullreserve.exchange import chart
from fullreserve.exchange.products.approval_acts import Approve
from fullreserve.exchange.products.custody_wire import DEPOSITS, CameUnasked, Tier
from fullreserve.exchange.wire.commands import OwnerFlag, SetOwner, amount_bytes, amount_int
from fullreserve.exchange.wire.queries import AccountState, ListBalances
from fullreserve.gateway.custody_desk import say
from fullreserve.gateway.rest.x.operator import carrying, fold
from tests.bed import ALICE, BOB, BTC, submit
from tests.integration.operator.bed import Console
from tests.integration.rest.bed import Answer
from tests.integration.rest.test_custody import COIN, HASH, NETWORK

NAME = "ab" * 32


async def came(desk: Console) -> str:
    """Four coins of a stranger's lie in warm; their number."""
    context = desk.town.rest.context
    context.transactions = lambda transfer: NAME if transfer == HASH else ""
    told = CameUnasked(NETWORK, HASH, BTC, Tier.WARM, amount_bytes(4 * COIN))
    assert (await say(context, DEPOSITS, told)).code == 0
    return str((await desk.cleo.get("custody/unallotted")).row["coins"])


async def proposed(desk: Console, coins: str, uid: int, amount: str = "") -> Answer:
    return await desk.cleo.act("propose/allot", coins=coins, uid=uid, amount=amount)


async def has(desk: Console, owner: int, kind: int) -> int:
    held: list[AccountState] = await desk.town.rest.context.door.query(ListBalances(owner))
    here = (one for one in held if (one.kind, one.asset) == (kind, BTC))
    return sum(amount_int(one.balance) for one in here) // COIN


async def test_two_say_whose_coins_are_and_everybody_sees_it(desk: Console) -> None:
    """Criterion: CUST-ALLOT-3"""
    coins = await came(desk)
    (row,) = (await desk.cleo.get("custody/unallotted")).data
    assert row.pop("bookedTs")
    there = {"chain": "BTC-Bitcoin", "ccy": "BTC", "tier": "warm", "txId": NAME}
    assert row == there | {"coins": coins, "came": "4", "amt": "4"}
    made = await proposed(desk, coins, ALICE, "3")
    assert (made.code, made.row["kind"]) == ("0", "allot"), made.json
    assert made.row["beneficiaries"] == [str(ALICE)]
    terms = {"chain": "BTC-Bitcoin", "ccy": "BTC", "tier": "warm", "transaction": NAME}
    assert made.row["terms"] == terms | {"amount": "3", "uid": str(ALICE)}
    number, before = made.row["proposal"], await has(desk, ALICE, chart.FUND)
    assert (await desk.cleo.post("approve", proposal=number)).code == "91006"
    assert (await desk.bea.post("approve", proposal=number)).row["state"] == "done"
    assert await has(desk, ALICE, chart.FUND) == before + 3
    (row,) = (await desk.ada.get("custody/allotted")).data
    assert row.pop("ts")
    assert row == there | {
        "amt": "3", "uid": str(ALICE), "proposal": number, "proposer": str(desk.cleo.uid),
        "approvals": [{"uid": str(desk.bea.uid)}],
    }  # fmt: skip
    assert (await desk.cleo.get("custody/unallotted")).row["amt"] == "1"
    # And what is known of it stays said of the proposal.
    assert (await desk.bea.get("proposal", proposal=number)).row["terms"]["amount"] == "3"


async def test_what_is_nobodys_becomes_the_exchanges_own(desk: Console) -> None:
    """Criterion: CUST-ALLOT-3. All of it, and once, also of a process that ended in between."""
    coins, before = await came(desk), await has(desk, chart.HOUSE, chart.TREASURY)
    made = await proposed(desk, coins, 0)
    assert made.row["terms"]["account"] == "treasury"
    context, number = desk.town.rest.context, int(made.row["proposal"])
    assert (await fold.ask(context, desk.bea.uid, Approve(number, reports=True))).code == 0
    carried = (await fold.approvals(context)).proposals[number]
    for _ in range(2):
        await carrying.carry_out(context, carried)
    assert await has(desk, chart.HOUSE, chart.TREASURY) == before + 4
    assert (await desk.cleo.get("custody/unallotted")).data == []
    assert (await desk.cleo.get("custody/allotted")).row["uid"] == ""


async def test_no_more_is_allotted_than_is_left_by_then(desk: Console) -> None:
    """Criterion: CUST-ALLOT-3"""
    coins = await came(desk)
    made = [await proposed(desk, coins, uid, "3") for uid in (ALICE, BOB)]
    first, second = (one.row["proposal"] for one in made)
    assert (await desk.bea.post("approve", proposal=first)).code == "0"
    refused = await desk.bea.post("approve", proposal=second)
    assert (refused.code, "at most 1 BTC" in refused.json["msg"]) == ("51000", True)
    rest = (await proposed(desk, coins, 0)).row["proposal"]
    assert (await desk.bea.post("approve", proposal=rest)).code == "0"
    assert (await desk.bea.post("approve", proposal=second)).code == "91012"


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"coins": "999999"}, "999999"), ({"coins": "x"}, "coins"), ({"uid": "424242"}, "424242"),
        ({"uid": "-1"}, "uid"), ({"uid": str(BOB)}, "not frozen"), ({"amount": "0"}, "amount"),
        ({"amount": "-1"}, "amount"), ({"amount": "4.00000001"}, "at most 4 BTC"),
    ],
)  # fmt: skip
async def test_what_makes_no_sense_is_not_proposed(
    desk: Console, wrong: dict[str, Any], named: str
) -> None:
    """Criterion: CUST-ALLOT-3. BOB is frozen."""
    door = desk.town.rest.context.door
    frozen = SetOwner(door.gateway, door.numbers(1), BOB, 0, 0, OwnerFlag.FROZEN, 0)
    await submit(door, [frozen])
    terms: dict[str, Any] = {"coins": await came(desk), "uid": ALICE} | wrong
    refused = await desk.cleo.act("propose/allot", **terms)
    assert refused.code != "0"
    assert named in refused.json["msg"], refused.json


async def test_who_says_that_he_sent_them_is_answered_by_an_allotment(desk: Console) -> None:
    """Criterion: CUST-CLAIM-2. By none that is another's, or that was proposed before."""
    coins = await came(desk)
    made = [await proposed(desk, coins, desk.dan_uid, "1")]
    desk.town.clock.advance(1000)
    missed = {"kind": "missing", "ccy": "BTC", "chain": "BTC-Bitcoin", "txId": f"0x{NAME}"}
    filed = (await desk.dan.post("x/deposit-claims/file", **missed)).row
    assert (await desk.cleo.get("deposits/claims")).row["coins"] == [coins]
    made += [await proposed(desk, coins, uid, "1") for uid in (ALICE, desk.dan_uid)]
    verdict = {"claim": filed["claimId"], "verdict": "settle", "answer": "They are yours."}
    codes = []
    for one in made:
        number = one.row["proposal"]
        assert (await desk.bea.post("approve", proposal=number)).code == "0"
        answer = await desk.cleo.act("deposits/claims/decide", **verdict, proposal=number)
        codes.append(answer.code)
    assert codes == ["51000", "51000", "0"]
    assert (answer.row["state"], answer.row["coins"]) == ("settled", [])
