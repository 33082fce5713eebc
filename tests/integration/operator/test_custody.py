"""Coins by tier, what waits to be decided, whose a deposit is, and roles, over the API."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from fullreserve.cli import build_parser
from fullreserve.custody.held_moves import HeldMoves
from fullreserve.door.protocol import Refused, Unavailable
from fullreserve.exchange import chart
from fullreserve.exchange.products.approval_acts import Approve
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    WITHDRAWALS,
    Claim,
    Confirmed,
    Destination,
    Request,
    Seen,
    Tip,
)
from fullreserve.exchange.products.suspension_wire import (
    SUSPENSIONS,
    Level,
    Scope,
    Trigger,
    Trip,
)
from fullreserve.exchange.wire.commands import AccountKey, Transfer, amount_bytes
from fullreserve.exchange.wire.queries import AnyQuestion
from fullreserve.exchange.worker_files import (
    Line,
    LostCalls,
    Reconciled,
    RefusedDeposit,
    Unasked,
    UnaskedSum,
    Uncharged,
    Why,
    held_name,
)
from fullreserve.gateway import ids
from fullreserve.gateway.custody_desk import say
from fullreserve.gateway.rest.x.operator import carrying, fold
from tests.bed import ALICE, BOB, BTC, submit, until
from tests.integration.operator.bed import Console
from tests.integration.operator.test_policy import decide
from tests.integration.operator.test_suspending import STOP, request
from tests.integration.rest.test_custody import COIN, HASH, NETWORK, terms

MEMO = 2
SPARE = 50_000  # of a chain's own coin
TRANSFER = bytes([7]) * 32


async def test_coins_stand_by_tier_and_are_held_against_the_chain(desk: Console) -> None:
    """Criterion: OP-CUST-1, CHAINS-INTERNAL-5, CHAINS-REFUSED-2, CUST-CHARGE-4"""
    context = desk.town.rest.context
    (row,) = (await desk.cleo.get("custody")).data
    tiers = {one["tier"]: (one["amt"], one["share"]) for one in row["tiers"]}
    assert (row["chain"], row["amt"], row["break"]) == ("BTC-Bitcoin", "500", "0")
    assert (row["tolerance"], row["differences"]) == ("0.0005", [])
    assert tiers["hot"] == ("500", "1.0000")
    assert tiers["cold"] == ("0", "0.0000")
    (shown,) = (await desk.cleo.get("custody/reconciliation")).data
    assert (shown["state"], shown["lines"]) == ("never", [])
    lines = (
        Line(1, BTC, 500 * COIN, 500 * COIN - SPARE, 500 * COIN + SPARE, 490 * COIN),
        Line(3, BTC, 0, 0, 0, 0),
    )
    gift = Unasked(3, BTC, 7 * COIN, 11, "ab" * 32)
    sum_ = UnaskedSum(3, BTC, 9 * COIN, 4)
    found = Reconciled(
        *(NETWORK, 12, 1_700_000_000_000, lines),
        unasked=(gift,),
        unasked_sums=(sum_,),
        lost_calls=LostCalls(4, 5, 11),
        uncharged=(Uncharged(3, BTC, COIN // 4, "ef" * 32, is_due=True),),
    )
    assert context.folder is not None
    place = context.folder / f"custody-reconciled-{NETWORK}.json"
    place.write_bytes(msgspec.json.encode(found))
    deposit = RefusedDeposit(
        *(NETWORK, BTC, 3 * COIN, 12, "cd" * 32, 92_004), is_final=True, since_ms=5, transfer="ef"
    )
    refused = context.folder / f"custody-refused-{NETWORK}.json"
    refused.write_bytes(msgspec.json.encode([deposit]))
    trip = Trip(Trigger.LEDGER_MISMATCH, Scope(Level.ASSET_CHAIN, NETWORK, BTC))
    reply = await say(context, SUSPENSIONS, trip)
    (shown,) = (await desk.cleo.get("custody/reconciliation")).data
    assert (shown["network"], shown["height"]) == ("Bitcoin", "12")
    assert [(one["tier"], one["difference"]) for one in shown["lines"]] == [
        ("hot", "-10"), ("cold", "0"),
    ]  # fmt: skip
    assert shown["refused"] == [
        {
            "ccy": "BTC", "amt": "3", "height": "12", "txId": "cd" * 32, "code": "92004",
            "isFinal": True, "sinceTs": "5",
        }
    ]  # fmt: skip
    assert shown["callsLost"] == {"blocks": "4", "from": "5", "to": "11"}
    assert shown["lines"][0]["suspension"] == str(reply.sequence)
    row = {"tier": "cold", "ccy": "BTC", "amt": "7", "height": "11", "txId": "ab" * 32}
    books = f"fullreserve custody fund-tier {NETWORK} cold {BTC}"
    assert shown["unasked"] == [row | {"command": f"{books} {7 * COIN} {'ab' * 32} --unasked"}]
    assert shown["unaskedSums"] == [
        {"tier": "cold", "ccy": "BTC", "amt": "9", "count": "4", "command": f"{books} --unasked"}
    ]
    charge = f"fullreserve custody charge-tier {NETWORK} cold {'ef' * 32}"
    assert shown["uncharged"] == [
        {"tier": "cold", "ccy": "BTC", "amt": "0.25", "txId": "ef" * 32, "command": charge,
         "due": True}
    ]  # fmt: skip
    typed = build_parser().parse_args(charge.split()[1:])
    assert (typed.network, typed.tier, typed.transaction) == (NETWORK, "cold", "ef" * 32)
    for command in (shown["unasked"][0]["command"], shown["unaskedSums"][0]["command"]):
        typed = build_parser().parse_args(command.split()[1:])
        assert (typed.network, typed.tier, typed.asset) == (NETWORK, "cold", BTC)
    # The table of tiers does not say 0 and leave it to another page.
    (row,) = (await desk.cleo.get("custody")).data
    assert (row["break"], row["differences"]) == ("0", [{"tier": "hot", "amt": "-10"}])
    place.write_text("{")
    (shown,) = (await desk.cleo.get("custody/reconciliation")).data
    assert (shown["state"], shown["lines"]) == ("never", [])


async def test_a_fee_that_is_to_be_told_stands_with_its_command(desk: Console) -> None:
    """Once it is deep enough; a damaged file shows none. Criterion: CUST-CHARGE-5"""
    folder = desk.town.rest.context.folder
    assert folder is not None
    place = folder / f"custody-reconciled-{NETWORK}.json"
    for is_due in (False, True):
        fee = Uncharged(3, BTC, COIN // 4, "ef" * 32, is_due)
        found = Reconciled(NETWORK, 12, 1_700_000_000_000, uncharged=(fee,))
        place.write_bytes(msgspec.json.encode(found))
        charge = f"fullreserve custody charge-tier {NETWORK} cold {'ef' * 32}"
        row = {"network": "Bitcoin", "tier": "cold", "ccy": "BTC", "amt": "0.25"}
        told = (await desk.cleo.get("overview")).row["charges"]
        assert told == ([row | {"command": charge}] if is_due else [])
    place.write_text("{")
    assert (await desk.cleo.get("overview")).row["charges"] == []


async def test_moves_whose_gas_nobody_can_pay_stand_on_the_first_page(desk: Console) -> None:
    """As their worker says it; a damaged file shows none. Criterion: CUST-HANG-10"""
    folder = desk.town.rest.context.folder
    assert folder is not None
    worker = HeldMoves(folder, "refill", NETWORK)
    for why in (Why.HANGS, Why.GAS):
        worker.say(7, why=why, detail="0xab pays the gas and has 1 of the 2 wei")
        told = (await desk.cleo.get("overview")).row["gasShort"]
        row = {"network": "Bitcoin", "problem": "0xab pays the gas and has 1 of the 2 wei"}
        assert told == ([row] if why == Why.GAS else [])
    (folder / held_name("refill", NETWORK)).write_text("{")
    assert (await desk.cleo.get("overview")).row["gasShort"] == []


async def test_a_reviewer_lets_one_go_on_and_gives_one_back(desk: Console) -> None:
    """Criterion: OP-WD-1"""
    assert (await desk.ada.act("suspending/suspend", **(STOP | {"mode": "review"}))).code == "0"
    first, second = [ids.text(await request(desk, coins)) for coins in (0.1, 2)]
    waiting = (await desk.bea.get("withdrawals", queue="review")).data
    assert [(one["wdId"], one["amt"], one["policy"]) for one in waiting] == [
        (first, "0.1", ""), (second, "2", ""),
    ]  # fmt: skip
    assert [one["wdId"] for one in (await desk.bea.get("withdrawals", after=first)).data] == [
        second
    ]
    queues = {one["queue"]: one for one in (await desk.bea.get("withdrawals/queues")).data}
    assert (queues["review"]["count"], queues["review"]["usd"]) == ("2", "84000.00")
    gone_on = await desk.cleo.act("withdrawals/decide", wdId=first, verdict="approve")
    assert (gone_on.row["queue"], gone_on.row["state"]) == ("ready", "10")
    desk.town.rest.context.is_compared = lambda number: number != NETWORK
    early = await desk.cleo.act("withdrawals/decide", wdId=second, verdict="refuse")
    assert (early.code, "a backup was put back" in early.json["msg"]) == ("50001", True)
    desk.town.rest.context.is_compared = lambda _: True
    given_back = await desk.cleo.act("withdrawals/decide", wdId=second, verdict="refuse")
    assert (given_back.row["queue"], given_back.row["state"]) == ("", "-1")
    again = await desk.cleo.act("withdrawals/decide", wdId=second, verdict="approve")
    assert again.code == "95003"
    unknown = await desk.cleo.act("withdrawals/decide", wdId=ids.text(5), verdict="approve")
    assert unknown.code == "95002"
    assert (await desk.cleo.get("withdrawal", wdId=first)).row["uid"] == str(ALICE)


async def test_a_stop_leaves_what_waits_where_a_backup_is_not_compared_yet(desk: Console) -> None:
    """It may be paid: its amount is to stay what the chain shows. Criterion: CHAINS-RESTORED-12."""
    number = ids.text(await request(desk, 0.1))
    context = desk.town.rest.context
    context.uncompared = lambda: (NETWORK,)
    assert (await desk.ada.act("suspending/suspend", **STOP)).code == "0"
    assert (await desk.bea.get("withdrawal", wdId=number)).row["state"] == "10"
    context.uncompared = tuple
    assert (await desk.ada.act("suspending/suspend", **STOP)).code == "0"
    assert (await desk.bea.get("withdrawal", wdId=number)).row["state"] == "0"


async def test_nobody_reviews_a_withdrawal_of_their_own(desk: Console) -> None:
    """Criterion: OP-WD-1"""
    rest, uid = desk.town.rest, desk.ada.uid
    treasury, target = (
        AccountKey(chart.HOUSE, chart.TREASURY, 0),
        AccountKey(uid, chart.FUND, 0),
    )
    number = rest.door.numbers(1)
    amount = amount_bytes(5 * COIN)
    await submit(
        rest.door, [Transfer(rest.door.gateway, number, chart.HOUSE, treasury, target, BTC, amount)]
    )
    await desk.bea.act("suspending/suspend", **(STOP | {"mode": "review"}))
    asked = Request(
        *(NETWORK, BTC, amount_bytes(COIN), amount_bytes(40_000)),
        *(Destination.ADDRESS_BOOK, 5),
    )
    reply = await say(rest.context, WITHDRAWALS, asked, uid)
    assert reply.code == 0
    mine = ids.text(reply.sequence)
    assert (await desk.ada.act("withdrawals/decide", wdId=mine, verdict="approve")).code == "91007"
    assert (await desk.bea.act("withdrawals/decide", wdId=mine, verdict="refuse")).code == "0"


async def test_two_agree_whose_a_deposit_without_a_memo_is(desk: Console) -> None:
    """Criterion: OP-CLAIM-1, CUST-DEP-16"""
    context = desk.town.rest.context
    context.memos = {TRANSFER: "for alice"}.__getitem__
    for word in (
        terms(MEMO, "Memo", needs_memo=True),
        Seen(MEMO, TRANSFER, BTC, 0, 0, amount_bytes(3 * COIN), 0, 9, HASH),
        Tip(MEMO, 12, HASH, healthy=True),
        Confirmed(MEMO, TRANSFER, 2),
    ):
        assert (await say(context, DEPOSITS, word)).code == 0
    (row,) = (await desk.ada.get("deposits/unclaimed")).data
    assert (row["chain"], row["amt"], row["memo"]) == ("BTC-Memo", "3", "")
    assert row["written"] == "for alice"
    terms_of = {"uid": ALICE, "depId": row["depId"]}
    made = await desk.cleo.act("propose/claim", **terms_of)
    assert (made.row["kind"], made.row["terms"]["uid"]) == ("claim", str(ALICE))
    shown = (await desk.ada.get("proposal", proposal=made.row["proposal"])).row["terms"]
    assert {key: shown[key] for key in ("ccy", "chain", "amt", "memo")} == {
        "ccy": "BTC", "chain": "BTC-Memo", "amt": "3", "memo": "for alice",
    }  # fmt: skip
    assert shown["transaction"]
    other = await desk.cleo.act("propose/claim", **(terms_of | {"uid": desk.dan_uid}))
    assert (await desk.cleo.post("approve", proposal=made.row["proposal"])).code == "91006"
    done = await desk.ada.post("approve", proposal=made.row["proposal"])
    assert done.row["state"] == "done"
    assert (await desk.ada.get("deposits/unclaimed")).data == []
    late = await desk.ada.post("approve", proposal=other.row["proposal"])
    assert late.code == "91012"
    assert (await desk.ada.post("approve", proposal=made.row["proposal"])).code == "91004"
    assert (await desk.cleo.act("propose/claim", **terms_of)).code == "91023"


async def given(console: Console, proposal: str) -> None:
    """The last approval, by a process that ends before it carries anything out."""
    context = console.town.rest.context
    reply = await fold.ask(context, console.ada.uid, Approve(int(proposal), reports=True))
    assert reply.code == 0
    shown = (await console.bea.get("proposal", proposal=proposal)).row
    assert (shown["state"], shown["mayApprove"]) == ("carrying", "")
    listed = (await console.bea.get("proposals", state="open")).data
    assert proposal in [one["proposal"] for one in listed]


async def unclaimed(console: Console) -> str:
    """A deposit that came without a memo; its id."""
    context = console.town.rest.context
    for word in (
        terms(MEMO, "Memo", needs_memo=True),
        Seen(MEMO, TRANSFER, BTC, 0, 0, amount_bytes(3 * COIN), 0, 9, HASH),
        Tip(MEMO, 12, HASH, healthy=True),
        Confirmed(MEMO, TRANSFER, 2),
    ):
        assert (await say(context, DEPOSITS, word)).code == 0
    return str((await console.ada.get("deposits/unclaimed")).row["depId"])


async def test_a_claim_that_a_crash_cut_short_is_carried_out_at_the_next_start(
    desk: Console,
) -> None:
    """Criterion: OP-APP-14"""
    made = await desk.cleo.act("propose/claim", uid=ALICE, depId=await unclaimed(desk))
    await given(desk, made.row["proposal"])
    for _ in range(2):
        await carrying.resume(desk.town.rest.context)
        shown = (await desk.ada.get("proposal", proposal=made.row["proposal"])).row
        assert (shown["state"], shown["code"]) == ("done", "0")
        assert (await desk.ada.get("deposits/unclaimed")).data == []


async def test_a_claim_that_cannot_be_carried_out_has_failed(desk: Console) -> None:
    """Criterion: OP-APP-14. Another has got the deposit between the approval and its effect."""
    made = await desk.cleo.act("propose/claim", uid=ALICE, depId=await unclaimed(desk))
    await given(desk, made.row["proposal"])
    assert (await say(desk.town.rest.context, DEPOSITS, Claim(MEMO, TRANSFER, BOB))).code == 0
    refused = await desk.bea.post("approve", proposal=made.row["proposal"])
    assert (refused.status, refused.code) == (409, "91013")
    shown = (await desk.ada.get("proposal", proposal=made.row["proposal"])).row
    assert (shown["state"], shown["code"]) == ("failed", "91013")
    assert shown["message"] == "What was approved cannot be done any more"
    assert (await desk.bea.post("approve", proposal=made.row["proposal"])).code == "91004"


async def test_a_role_that_a_crash_cut_short_is_given_by_the_next_approval(
    console: Console,
) -> None:
    """Criterion: OP-APP-14. Once: a later one does not give back what was taken meanwhile."""
    ada, bea, uid = console.ada, console.bea, console.dan_uid
    made = await bea.act("propose/grant", uid=uid, role="trading")
    await given(console, made.row["proposal"])
    assert (await bea.post("approve", proposal=made.row["proposal"])).row["state"] == "done"
    taken = await bea.act("operators/revoke", uid=uid, role="trading")
    assert taken.code == "0"
    assert (await ada.post("approve", proposal=made.row["proposal"])).code == "91004"
    await carrying.resume(console.town.rest.context)
    (dan,) = [one for one in (await ada.get("operators")).row["members"] if one["uid"] == str(uid)]
    assert (dan["roles"], dan["enabled"]) == ([], False)


async def test_a_role_waits_while_the_exchange_takes_nothing_and_is_given_then(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: OP-APP-14. Refused twice and not answered once, as around a stop of intake."""
    made = await console.bea.act("propose/grant", uid=console.dan_uid, role="trading")
    await given(console, made.row["proposal"])
    town = console.town
    door = town.rest.door
    submit_really, query_really, left = door.submit, door.query, ["query", "submit", "submit"]

    def submitting(commands: Any, done: Any, limits: Any = ()) -> None:
        if "submit" in left:
            left.remove("submit")
            done(Refused(50013, "busy", known=True))
        else:
            submit_really(commands, done, limits)

    async def asking(query: AnyQuestion) -> Any:
        if "query" in left:
            left.remove("query")
            raise Unavailable("not connected")
        return await query_really(query)

    monkeypatch.setattr(door, "submit", submitting)
    monkeypatch.setattr(door, "query", asking)
    trying = asyncio.create_task(carrying.resume(town.rest.context))

    def over() -> bool:
        town.clock.advance(1)
        return trying.done()

    await until(over)
    await trying
    assert not left
    shown = (await console.ada.get("proposal", proposal=made.row["proposal"])).row
    assert (shown["state"], shown["code"]) == ("done", "0")


async def test_a_role_is_given_by_two_and_taken_by_one(console: Console) -> None:
    """Criterion: OP-ROLE-1"""
    ada, bea, uid = console.ada, console.bea, console.dan_uid
    made = await ada.act("propose/grant", uid=uid, role="trading")
    assert made.row["terms"] == {"uid": str(uid), "role": "trading"}
    assert (await console.cleo.post("approve", proposal=made.row["proposal"])).code == "91020"
    done = await bea.post("approve", proposal=made.row["proposal"])
    assert done.row["state"] == "done"
    members = (await ada.get("operators")).row["members"]
    (dan,) = [one for one in members if one["uid"] == str(uid)]
    assert (dan["roles"], dan["enabled"]) == (["trading"], True)
    assert (await ada.act("propose/grant", uid=uid, role="trading")).code == "91012"
    assert (await ada.act("propose/grant", uid=4, role="trading")).code == "91023"
    assert (await ada.act("operators/revoke", uid=ada.uid, role="admin")).code == "51000"
    assert (await ada.act("operators/revoke", uid=uid, role="admin")).code == "91012"
    taken = await bea.act("operators/revoke", uid=uid, role="trading")
    (dan,) = [one for one in taken.row["members"] if one["uid"] == str(uid)]
    assert (dan["roles"], dan["enabled"]) == ([], False)
    assert (await console.dan.get("x/session")).data == []


async def test_decisions_of_the_policy_are_listed(console: Console) -> None:
    """Criterion: OP-WD-2"""
    await decide(console, 7, 10)
    await decide(console, 8, 20)
    rows = (await console.cleo.get("policy/decisions")).data
    assert [(one["wdId"], one["usd"], one["state"]) for one in rows] == [
        (ids.text(8), "20", "blocked"), (ids.text(7), "10", "blocked"),
    ]  # fmt: skip
    assert (await console.cleo.get("policy/decisions", state="waiting")).data == []
