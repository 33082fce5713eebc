"""Deposits that users miss: claimed, looked at, and made good by the word of two."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import Any

from fullreserve.custody.addresses import MemoAddresses
from fullreserve.custody.hd import Private
from fullreserve.exchange.products.custody_wire import DEPOSITS, Confirmed, Seen, Tip
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.gateway.custody_desk import say
from fullreserve.identity.outbox import Kind
from tests.bed import BTC
from tests.integration.operator.bed import Console
from tests.integration.rest.test_custody import COIN, HASH, terms

MEMO = 2
TRANSFER = bytes([9]) * 32
HEX = "ab" * 32
CLAIM = {"kind": "memo", "ccy": "BTC", "chain": "BTC-Memo", "txId": f"0x{HEX.upper()}"}
DECIDE = "deposits/claims/decide"


async def arrived(desk: Console, number: int = 0) -> str:
    """A deposit without a memo, or with that of a number; its id."""
    context = desk.town.rest.context
    context.transactions = lambda transfer: HEX if transfer == TRANSFER else ""
    for word in (
        terms(MEMO, "Memo", needs_memo=True),
        Seen(MEMO, TRANSFER, BTC, 0, number, amount_bytes(3 * COIN), 0, 9, HASH),
        Tip(MEMO, 12, HASH, healthy=True),
        Confirmed(MEMO, TRANSFER, 2),
    ):
        assert (await say(context, DEPOSITS, word)).code == 0
    return str((await desk.ada.get("deposits/unclaimed")).row["depId"])


async def test_a_memo_that_is_nobodys_is_shown_as_it_was_written(desk: Console) -> None:
    """With its check digit, as who claims writes it. Criterion: CUST-CLAIM-1"""
    branch = Private.of_seed(b"a seed of the tests alone, 32 by").public()
    desk.town.rest.context.addresses = {MEMO: MemoAddresses(branch)}
    await arrived(desk, 99_999)
    row = (await desk.ada.get("deposits/unclaimed")).row
    assert (row["memo"], row["written"]) == ("999999", "")


async def test_a_deposit_without_a_memo_is_claimed_found_and_credited(desk: Console) -> None:
    """Criterion: CUST-CLAIM-1, CUST-CLAIM-2"""
    deposit = await arrived(desk)
    filed = (await desk.dan.post("x/deposit-claims/file", **CLAIM, amt="3", memo="77")).row
    assert (filed["state"], filed["txId"], filed["memo"]) == ("open", CLAIM["txId"], "77")
    again = await desk.dan.post("x/deposit-claims/file", **CLAIM | {"txId": HEX})
    assert again.row["claimId"] == filed["claimId"]
    (listed,) = (await desk.cleo.get("deposits/claims")).data
    assert (listed["uid"], listed["deposits"]) == (str(desk.dan_uid), [deposit])
    made = await desk.cleo.act("propose/claim", uid=desk.dan_uid, depId=deposit)
    verdict = {"claim": filed["claimId"], "verdict": "settle", "answer": "It is yours."}
    early = await desk.cleo.act(DECIDE, **verdict, proposal=made.row["proposal"])
    assert (early.code, "proposal" in early.json["msg"]) == ("51000", True)
    assert (await desk.ada.post("approve", proposal=made.row["proposal"])).code == "0"
    (shown,) = (await desk.dan.get("x/deposit-claims")).data
    assert (shown["state"], shown["depId"]) == ("credited", deposit)
    looked_at: list[bytes] = []

    def looking(transfer: bytes) -> str:
        looked_at.append(transfer)
        return HEX

    desk.town.rest.context.transactions = looking
    (shown,) = (await desk.dan.get("x/deposit-claims")).data
    assert (shown["state"], shown["depId"], looked_at) == ("credited", deposit, [])
    other = (await desk.dan.post("x/deposit-claims/file", **CLAIM | {"txId": "b1"})).row
    wrong = await desk.cleo.act(
        DECIDE, **verdict | {"claim": other["claimId"]}, proposal=made.row["proposal"]
    )
    assert (wrong.code, "proposal" in wrong.json["msg"]) == ("51000", True)
    assert (await desk.dan.post("x/deposit-claims/withdraw", claimId=other["claimId"])).code == "0"
    await desk.town.mail()
    settled = await desk.cleo.act(DECIDE, **verdict, proposal=made.row["proposal"])
    assert (settled.row["state"], settled.row["proposal"]) == ("settled", made.row["proposal"])
    assert [one.kind for one in await desk.town.mail()] == [Kind.CLAIM_DECIDED]
    shown = (await desk.dan.get("x/deposit-claims")).data[-1]
    assert (shown["state"], shown["answer"]) == ("settled", "It is yours.")
    assert (await desk.cleo.act(DECIDE, **verdict, proposal=made.row["proposal"])).code == "95003"
    assert (await desk.cleo.get("deposits/claims")).data == []
    (closed,) = (await desk.cleo.get("deposits/claims", state="settled")).data
    assert closed["claimId"] == filed["claimId"]


async def corrected(desk: Console) -> str:
    """A correction that gave dan something; its proposal."""
    made = await desk.cleo.act(
        "propose/correction", uid=desk.dan_uid, account="funding", ccy="BTC", amount="2",
        house="treasury", reason="deposit",
    )  # fmt: skip
    assert (await desk.ada.post("approve", proposal=made.row["proposal"])).row["state"] == "done"
    return str(made.row["proposal"])


async def test_coins_on_another_chain_are_made_good_by_two_or_declined(desk: Console) -> None:
    """Criterion: CUST-CLAIM-2"""
    before = await corrected(desk)
    desk.town.clock.advance(1000)
    claims = []
    for kind, name in (("chain", "a1"), ("token", "a2"), ("missing", "a3")):
        filed = await desk.dan.post("x/deposit-claims/file", **CLAIM | {"kind": kind, "txId": name})
        claims.append(filed.row["claimId"])
    paid, declined, taken = claims
    proposal = await corrected(desk)
    verdict = {"claim": paid, "verdict": "settle", "answer": "Less the costs."}
    for number in ("0", "1", before):
        assert (await desk.cleo.act(DECIDE, **verdict, proposal=number)).code == "51000"
    assert (await desk.cleo.act(DECIDE, **verdict, proposal=proposal)).row["state"] == "settled"
    again = await desk.cleo.act(DECIDE, **verdict | {"claim": declined}, proposal=proposal)
    assert (again.code, "no other claim" in again.json["msg"]) == ("51000", True)
    no = {"claim": declined, "verdict": "decline", "answer": "We have no key there."}
    assert (await desk.cleo.act(DECIDE, **no)).row["state"] == "declined"
    assert (await desk.dan.post("x/deposit-claims/withdraw", claimId=taken)).code == "0"
    assert (await desk.dan.post("x/deposit-claims/withdraw", claimId=taken)).code == "51000"
    assert (await desk.cleo.act(DECIDE, **no | {"claim": taken})).code == "95003"
    states = [one["state"] for one in (await desk.dan.get("x/deposit-claims")).data]
    assert states == ["withdrawn", "declined", "settled"]
    own = (await desk.cleo.browser.post("x/deposit-claims/file", **CLAIM)).row["claimId"]
    assert (await desk.cleo.act(DECIDE, **no | {"claim": own})).code == "91007"
    assert (await desk.ada.act(DECIDE, **no | {"claim": 999})).code == "91023"


async def test_claims_that_mean_nothing_are_refused_and_ten_can_be_open(desk: Console) -> None:
    """Criterion: CUST-CLAIM-1"""
    wrong: dict[str, Any]
    for wrong, code in (
        ({"kind": "lost"}, "51000"),
        ({"txId": ""}, "50014"),
        ({"txId": "a b"}, "51000"),
        ({"txId": "a" * 129}, "51000"),
        ({"ccy": "x" * 65}, "51000"),
        ({"amt": "-1"}, "51000"),
        ({"note": "x" * 501}, "51000"),
    ):
        answer = await desk.dan.post("x/deposit-claims/file", **CLAIM | wrong)
        assert (answer.status, answer.code) == (400, code), wrong
    assert (await desk.dan.get("x/deposit-claims")).data == []
    for number in range(11):
        desk.town.clock.advance(1000)
        sent = CLAIM | {"txId": f"t{number}"}
        last = await desk.dan.post("x/deposit-claims/file", **sent)
    assert (last.code, "10 open" in last.json["msg"]) == ("90009", True)
    other = await desk.bea.browser.post("x/deposit-claims/withdraw", claimId="1")
    assert other.code == "51000"
    rest = desk.town.rest
    assert (await rest.get("x/deposit-claims", rest.alice)).code == "90011"


async def test_what_users_say_is_sealed_and_goes_with_the_account(desk: Console) -> None:
    """Criterion: CUST-CLAIM-3"""
    filed = await desk.dan.post("x/deposit-claims/file", **CLAIM, note="my secret note")
    no = {"claim": filed.row["claimId"], "verdict": "decline", "answer": "a sealed answer"}
    assert (await desk.cleo.act(DECIDE, **no)).code == "0"
    vault = desk.town.rest.vault
    store = vault.store.folder / "identity.db"
    with contextlib.closing(sqlite3.connect(store)) as db:
        (row,) = db.execute("SELECT * FROM deposit_claims").fetchall()
    kept = b" ".join(one if isinstance(one, bytes) else str(one).encode() for one in row)
    for secret in (HEX.upper(), "my secret note", "a sealed answer"):
        assert secret.encode() not in kept
    desk_of = desk.town.rest.context.desk
    await desk_of.act(desk_of.rooms.vault.erase_user, desk.dan_uid)
    assert (await desk.cleo.get("deposits/claims", state="all")).data == []
