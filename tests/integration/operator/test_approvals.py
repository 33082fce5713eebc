"""Proposals and approvals over the API: who may, what they do, and what stops them."""

from __future__ import annotations

from typing import Any

import pytest

from fullreserve.exchange.products.approval_acts import Propose, SetThreshold
from fullreserve.exchange.products.approval_state import CONSOLE
from fullreserve.exchange.wire.commands import Side
from fullreserve.gateway.rest.x.operator.fold import approvals, ask
from fullreserve.identity.roles import Role
from tests.bed import ALICE, BOB, order, submit
from tests.integration.operator.bed import Console, Person
from tests.integration.rest.bed import Answer


async def correction(who: Person, uid: int, amount: str, **more: Any) -> Answer:
    body = {"account": "trading", "ccy": "USDT", "house": "treasury", "reason": "error"} | more
    return await who.act("propose/correction", uid=uid, amount=amount, **body)


async def balance(who: Person, uid: int, account: str, ccy: str) -> str:
    rows = (await who.get("accounts", uid=uid)).data
    held = [one["balance"] for one in rows if (one["account"], one["ccy"]) == (account, ccy)]
    return held[0] if held else "0"


async def test_a_correction_needs_another_operator(console: Console) -> None:
    """Criterion: OP-APP-1, OP-APP-2"""
    made = await correction(console.cleo, ALICE, "-250.5")
    assert made.code == "0", made.json
    row = made.row
    assert row["state"] == "open"
    assert row["needed"] == "1"
    assert row["kind"] == "correction"
    assert row["terms"]["amount"] == "-250.5"
    assert row["beneficiaries"] == [str(ALICE)]
    number = row["proposal"]
    assert (await console.cleo.post("approve", proposal=number)).code == "91006"
    assert await balance(console.ada, ALICE, "L.u.trade", "USDT") == "1000000"
    detail = (await console.ada.get("proposal", proposal=number)).row
    assert (detail["note"], detail["mayApprove"]) == ("the reason why", "")
    assert {one["change"] for one in detail["postings"]} == {"-250.5", "250.5"}
    done = await console.ada.post("approve", proposal=number)
    assert done.code == "0", done.json
    assert (done.row["state"], done.row["mayApprove"]) == ("done", "91004")
    assert await balance(console.ada, ALICE, "L.u.trade", "USDT") == "999749.5"
    assert (await console.bea.post("approve", proposal=number)).code == "91004"
    # The posting leads back to the approval, and that to the proposal.
    await console.recorded()
    bill = (await console.ada.get("bills", uid=ALICE, account="L.u.trade", ccy="USDT")).data[0]
    assert (bill["type"], bill["change"]) == ("9001", "-250.5")
    command = (await console.ada.get("command", sequence=bill["sequence"])).row
    assert command["command"] == "Group"
    assert command["fields"]["cause"] == done.row["carriedOut"]
    assert {(one["uid"], one["change"]) for one in command["postings"]} == {
        (str(ALICE), "-250.5"), ("1", "250.5"),
    }  # fmt: skip


async def test_who_is_favoured_decides_nothing(console: Console) -> None:
    """Criterion: OP-APP-3. Neither the operator nor a sub-account of the operator's."""
    assert (await correction(console.ada, console.ada.uid, "5")).code == "91007"
    made = await console.bea.browser.post(
        "users/subaccount/create-subaccount", subAcct="beasub", label="b"
    )
    assert made.code == "0", made.json
    sub = int(made.row["uid"])
    assert (await correction(console.bea, sub, "5")).code == "91007"
    number = (await correction(console.ada, sub, "5")).row["proposal"]
    assert (await console.bea.post("approve", proposal=number)).code == "91007"
    assert (await console.bea.get("proposal", proposal=number)).row["mayApprove"] == "91007"
    assert (await console.cleo.post("approve", proposal=number)).code == "0"


async def test_of_each_who_counts_is_said_whether_and_why_not(console: Console) -> None:
    """Criterion: OP-APP-15. With teams: who shares the proposer's is told so."""
    made = await console.ada.act("propose/team", uid=console.cleo.uid, team="support")
    done = await console.bea.post("approve", proposal=made.row["proposal"])
    assert (done.row["state"], done.row["voices"]) == ("done", [])
    teams = {one["uid"]: one["team"] for one in (await console.ada.get("operators")).row["members"]}
    assert [teams[str(who.uid)] for who in (console.bea, console.cleo)] == ["none", "support"]
    number = (await correction(console.ada, ALICE, "5")).row["proposal"]
    row = (await console.bea.get("proposal", proposal=number)).row
    voices = {one["uid"]: one["mayApprove"] for one in row["voices"]}
    assert voices == {
        str(console.ada.uid): "91006", str(console.bea.uid): "91014", str(console.cleo.uid): "",
    }  # fmt: skip
    fees = await console.ada.act("propose/fee-tier", tier="9", maker="0", taker="0.001")
    row = (await console.bea.get("proposal", proposal=fees.row["proposal"])).row
    voices = {one["uid"]: one["mayApprove"] for one in row["voices"]}
    assert (voices[str(console.bea.uid)], voices[str(console.cleo.uid)]) == ("", "91020")


async def test_a_correction_below_zero_is_refused_with_whom_and_how_much(
    console: Console,
) -> None:
    """Criterion: OP-APP-4. When it is proposed, and again when it is approved."""
    over = await correction(console.ada, ALICE, "-1000001")
    assert (over.code, over.status) == ("91010", 409)
    assert f"user {ALICE} is 1 USDT short on trading" in over.json["msg"]
    number = (await correction(console.ada, ALICE, "-1000000")).row["proposal"]
    door = console.town.rest.door
    await submit(door, [order(door, ALICE, Side.BUY, 10_000, 100_000)])
    failed = await console.bea.post("approve", proposal=number)
    assert failed.code == "91010"
    assert f"user {ALICE} is 1000 USDT short" in failed.json["msg"]
    row = (await console.ada.get("proposal", proposal=number)).row
    assert (row["state"], row["code"]) == ("failed", "91010")
    assert row["shortages"] == [
        {"uid": str(ALICE), "account": "trading", "ccy": "USDT", "missing": "1000"}
    ]
    assert "1000 USDT short" in row["message"]


async def test_a_frozen_account_is_put_right_and_released(console: Console) -> None:
    """Criterion: OP-APP-5. One freezes; the way back is two operators'."""
    frozen = await console.cleo.act("users/freeze", uid=ALICE)
    assert frozen.data == [{"uid": str(ALICE), "flags": ["frozen"]}]
    number = (await correction(console.cleo, ALICE, "-1")).row["proposal"]
    assert (await console.ada.post("approve", proposal=number)).code == "0"
    release = await console.cleo.act("propose/release", uid=ALICE, flags="frozen")
    assert release.code == "0", release.json
    number = release.row["proposal"]
    assert (await console.ada.post("approve", proposal=number)).code == "0"
    assert (await console.ada.get("user", uid=ALICE)).row["flags"] == []
    again = await console.cleo.act("propose/release", uid=ALICE, flags="frozen")
    assert (await console.ada.post("approve", proposal=again.row["proposal"])).code == "91012"


async def test_a_trade_is_taken_back_with_its_fees_once(console: Console) -> None:
    """Criterion: OP-APP-6"""
    ada, door = console.ada, console.town.rest.door
    places = [
        (uid, kind, ccy)
        for ccy in ("BTC", "USDT")
        for uid, kind in ((ALICE, "L.u.trade"), (BOB, "L.u.trade"), (1, "I.fee.trade"))
    ]
    before = [await balance(ada, *place) for place in places]
    sell, buy = (order(door, uid, side, 50_000, 12_345) for uid, side in
                 ((ALICE, Side.SELL), (BOB, Side.BUY)))  # fmt: skip
    await submit(door, [sell, buy])
    assert [await balance(ada, *place) for place in places] != before
    await console.recorded()
    made = await ada.act("propose/bust", instId="BTC-USDT", tradeId="1000000001")
    assert made.code == "0", made.json
    twin = (await ada.act("propose/bust", instId="BTC-USDT", tradeId="1000000001")).row["proposal"]
    done = await console.bea.post("approve", proposal=made.row["proposal"])
    assert done.code == "0", done.json
    assert [await balance(ada, *place) for place in places] == before
    assert (await console.bea.post("approve", proposal=twin)).code == "91011"
    assert (await ada.act("propose/bust", instId="BTC-USDT", tradeId="1000000001")).code == "91011"
    assert (await ada.act("propose/bust", instId="BTC-USDT", tradeId="1000000002")).code == "91023"


async def test_a_bust_says_who_cannot_give_back(console: Console) -> None:
    """Criterion: OP-APP-6. Bob has passed on what he bought."""
    door = console.town.rest.door
    await submit(
        door,
        [
            order(door, ALICE, Side.SELL, 50_000, 5_000_000),
            order(door, BOB, Side.BUY, 50_000, 5_000_000),
            order(door, BOB, Side.SELL, 900_000, 14_000_000),
        ],
    )
    await console.recorded()
    refused = await console.ada.act("propose/bust", instId="BTC-USDT", tradeId="1000000001")
    assert refused.code == "91010"
    assert f"user {BOB} is" in refused.json["msg"]
    assert "BTC short" in refused.json["msg"]


TERMS = [
    ("instrument", {"instId": "BTC-USDT", "minSz": "0.001", "band": "0.2"}),
    ("state", {"instId": "BTC-USDT", "state": "post_only"}),
    ("fee-tier", {"tier": "9", "maker": "0.0001", "taker": "0.0012"}),
    ("user-tier", {"uid": str(ALICE), "tier": "2"}),
    ("identity", {"uid": str(ALICE), "kyc": "2"}),
    ("parameter", {"parameter": "walk_max", "value": "77"}),
]


@pytest.mark.parametrize(("kind", "terms"), TERMS, ids=[kind for kind, _ in TERMS])
async def test_terms_come_into_force_by_approval(
    console: Console, kind: str, terms: dict[str, str]
) -> None:
    """Criterion: OP-APP-7"""
    made = await console.ada.act(f"propose/{kind}", **terms)
    assert made.code == "0", made.json
    assert made.row["kind"] == kind
    assert terms.items() <= made.row["terms"].items()
    done = await console.bea.post("approve", proposal=made.row["proposal"])
    assert (done.code, done.json["data"] and done.row["state"]) == ("0", "done"), done.json
    shown = {
        "instrument": "instruments", "state": "instruments", "fee-tier": "fees",
        "parameter": "parameters",
    }.get(kind)  # fmt: skip
    rows = (await console.ada.get(shown)).data if shown else []
    if kind in ("user-tier", "identity"):
        rows = (await console.ada.get("user", uid=ALICE)).data
    assert any(terms.items() <= row.items() for row in rows), rows


async def test_a_level_of_identity_is_of_all_of_a_users_accounts(console: Console) -> None:
    """Criterion: OP-APP-16"""
    await console.dan.post("users/subaccount/create-subaccount", subAcct="workbench")
    dan = str(console.dan_uid)
    (sub,) = (await console.ada.get("user", uid=dan)).row["subs"]
    refused = await console.ada.act("propose/identity", uid=sub["uid"], kyc="1")
    assert (refused.code, "main account" in refused.json["msg"]) == ("51000", True)
    assert (await console.ada.act("propose/identity", uid="77", kyc="1")).code == "91023"
    assert (await console.ada.act("propose/identity", uid=dan, kyc="256")).code == "51000"
    for level, code in (("3", "0"), ("3", "91012"), ("0", "0")):
        made = await console.ada.act("propose/identity", uid=dan, kyc=level)
        assert made.row["terms"] == {"uid": dan, "kyc": level}
        assert made.row["beneficiaries"] == [dan]
        approved = await console.bea.post("approve", proposal=made.row["proposal"])
        assert approved.code == code
        for uid in (dan, sub["uid"]):
            assert (await console.ada.get("user", uid=uid)).row["kyc"] == level


async def test_an_instrument_is_listed_and_traded(console: Console) -> None:
    """Criterion: OP-APP-7"""
    terms = {
        "instId": "LTC-ETH", "tickSz": "0.0001", "lotSz": "0.01", "minSz": "0.01",
        "maxLmtSz": "1000", "maxMktSz": "1000", "maxMktAmt": "1000", "maxPx": "1000",
        "state": "live",
    }  # fmt: skip
    made = await console.ada.act("propose/listing", **terms)
    assert made.code == "0", made.json
    assert (await console.bea.post("approve", proposal=made.row["proposal"])).code == "0"
    public = await console.town.browser().get("public/instruments", "instType=SPOT&instId=LTC-ETH")
    assert public.row["tickSz"] == "0.0001"
    assert public.row["state"] == "live"
    twice = await console.ada.act("propose/listing", **terms)
    assert twice.code == "51000"


async def test_an_impossible_term_fails_with_the_cores_code(console: Console) -> None:
    """Criterion: OP-APP-8"""
    made = await console.ada.act("propose/fee-tier", tier="3", maker="-0.05", taker="0.001")
    failed = await console.bea.post("approve", proposal=made.row["proposal"])
    assert (failed.code, failed.status) == ("51000", 409)
    row = (await console.ada.get("proposal", proposal=made.row["proposal"])).row
    assert (row["state"], row["code"]) == ("failed", "51000")
    assert row["message"] == "The exchange's core does not take these terms"


async def test_a_proposal_ends_by_rejection_withdrawal_and_time(console: Console) -> None:
    """Criterion: OP-APP-9"""
    first, second, third = [
        (await correction(console.ada, ALICE, "1", lastsMs="60000")).row["proposal"]
        for _ in range(3)
    ]
    rejected = await console.cleo.act("reject", proposal=first)
    assert (rejected.row["state"], rejected.row["closingNote"]) == ("rejected", "the reason why")
    assert (await console.ada.act("reject", proposal=second)).row["state"] == "withdrawn"
    console.town.clock.advance(60_000)
    door = console.town.rest.door
    await submit(door, [order(door, ALICE, Side.BUY, 10_000, 1000)])
    assert (await console.bea.get("proposal", proposal=third)).row["state"] == "expired"
    assert (await console.bea.post("approve", proposal=third)).code == "91005"
    states = {one["state"] for one in (await console.ada.get("proposals", state="closed")).data}
    assert states == {"rejected", "withdrawn", "expired"}
    assert (await console.ada.get("proposals", state="open")).data == []


async def test_of_two_approvals_each_counts_once(console: Console) -> None:
    """Criterion: OP-APP-10. With two needed, the second of the same operator is none."""
    # Three bear no two, which is from before; nor do two admins.
    refused = await console.ada.act("propose/threshold", threshold="2")
    assert (refused.code, "4 admins" in refused.json["msg"]) == ("91015", True)
    row = (await console.ada.get("operators")).row
    assert (row["spare"], row["spareAdmins"]) == ("1", "0")
    two = Propose(SetThreshold(CONSOLE, 2), 3_600_000)
    assert (await ask(console.town.rest.context, console.ada.uid, two)).code == 0
    number = max((await approvals(console.town.rest.context)).proposals)
    assert (await console.bea.post("approve", proposal=number)).code == "0"
    assert (await console.ada.get("operators")).row["spare"] == "0"
    number = (await correction(console.ada, ALICE, "1")).row["proposal"]
    assert (await console.cleo.post("approve", proposal=number)).row["state"] == "open"
    assert (await console.cleo.post("approve", proposal=number)).code == "91008"
    done = await console.bea.post("approve", proposal=number)
    assert (done.row["state"], len(done.row["approvals"])) == ("done", 2)
    assert await balance(console.ada, ALICE, "L.u.trade", "USDT") == "1000001"
    # Admins alone decide on the threshold, and two of them agree to nothing that needs three.
    fewer = await console.ada.act("propose/threshold", threshold="1")
    assert (fewer.code, "3 with the role admin" in fewer.json["msg"]) == ("91015", True)
    await console.enrol((await console.operator("eva@desk.example", Role.ADMIN)).uid)
    fewer = await console.ada.act("propose/threshold", threshold="1")
    assert fewer.code == "0"
    await console.cleo.act("reject", proposal=fewer.row["proposal"])
