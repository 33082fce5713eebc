"""The funding account: what it holds, its ledger, transfers, and no way out over a chain."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from fullreserve.clock import ManualClock
from fullreserve.door.protocol import Limit, Result
from fullreserve.identity.api_key import Permission
from fullreserve.identity.vault import NewKey
from tests.integration.rest.bed import API, HandClock, RestBed


@pytest_asyncio.fixture
async def payer(rest: RestBed) -> NewKey:
    """Alice with a key that may withdraw."""
    return rest.vault.create_key(rest.alice.uid, "p", Permission(7))


async def move(rest: RestBed, amount: str, source: str = "18", **more: object) -> object:
    target = "6" if source == "18" else "18"
    body = {"ccy": "USDT", "amt": amount, "from": source, "to": target, **more}
    answer = await rest.post("asset/transfer", rest.alice, body)
    assert answer.code == "0", answer.json
    return answer.row["transId"]


async def test_a_repeated_client_id_moves_money_once(rest: RestBed) -> None:
    """Criterion: REST-FUND-1"""
    first = await move(rest, "100", clientId="once")
    again = await move(rest, "100", clientId="once")
    assert again == first
    assert (await rest.get("asset/balances", rest.alice)).row["bal"] == "100"
    other = {"ccy": "USDT", "amt": "7", "from": "18", "to": "6", "clientId": "once"}
    assert (await rest.post("asset/transfer", rest.alice, other)).code == "50071"
    # Another user's ids are another user's.
    assert (await rest.post("asset/transfer", rest.bob, other)).code == "0"
    state = await rest.get("asset/transfer-state", rest.alice, clientId="once")
    assert (state.row["transId"], state.row["clientId"]) == (first, "once")
    by_id = await rest.get("asset/transfer-state", rest.alice, transId=first)
    assert by_id.row == state.row
    assert (await rest.get("asset/transfer-state", rest.alice, clientId="never")).code == "51000"
    assert (await rest.get("asset/transfer-state", rest.alice)).code == "50015"
    wrong = await rest.post("asset/transfer", rest.alice, {**other, "clientId": "a-b"})
    assert (wrong.code, "clientId" in wrong.json["msg"]) == ("51000", True)


async def test_a_repeated_request_moves_money_once(tmp_path: Path) -> None:
    """Criterion: REST-AUTH-4. With a `clientId` the answer is repeated."""
    clock = HandClock()
    rest = await RestBed.open(tmp_path, clock=clock)
    path = API + "asset/transfer"
    body = b'{"ccy":"USDT","amt":"10","from":"18","to":"6"}'
    named = body.replace(b"}", b',"clientId":"n1"}')
    answers = {}
    for content in (body, named):
        headers = rest.signed(rest.alice, "POST", path, content)
        send = partial(rest.call, "POST", path, body=content, headers=headers)
        answers[content] = [await send() for _ in range(2)]
        clock.advance(20_000)
        answers[content].append(await send())
    assert [one.code for one in answers[body]] == ["0", "50113", "50113"]
    assert len({one.row["transId"] for one in answers[named]}) == 1
    assert (await rest.get("asset/balances", rest.alice)).row["bal"] == "20"
    again = rest.signed(rest.alice, "POST", path, body)
    assert (await rest.call("POST", path, body=body, headers=again)).code == "0"
    await rest.close()


async def test_a_client_id_holds_over_a_restart(tmp_path: Path) -> None:
    """Criterion: REST-FUND-1"""
    rest = await RestBed.open(tmp_path)
    first = await move(rest, "100", clientId="once")
    keys = (rest.alice, rest.bob)
    await rest.close()
    rest = await RestBed.open(tmp_path, traders=keys)
    assert await move(rest, "100", clientId="once") == first
    assert (await rest.get("asset/balances", rest.alice)).row["bal"] == "100"
    await rest.close()


def forget_outcomes(folder: Path, number: int = 0) -> None:
    """As if the process had died before it noted an outcome, or before it sent the transfer."""
    database = sqlite3.connect(folder / "transfers.sqlite")
    database.execute("UPDATE transfers SET transfer = 0")
    if number:
        database.execute("UPDATE transfers SET number = ?", (number,))
    database.commit()
    database.close()


async def test_a_crash_before_the_outcome_was_noted(rest: RestBed) -> None:
    """Criterion: REST-FUND-1"""
    first = await move(rest, "100", clientId="once")
    forget_outcomes(rest.folder)
    assert await move(rest, "100", clientId="once") == first
    assert (await rest.get("asset/balances", rest.alice)).row["bal"] == "100"


@pytest.mark.parametrize("amount", ["", "100", "3"])
async def test_a_number_that_another_command_took(rest: RestBed, amount: str) -> None:
    """Criterion: REST-FUND-1

    It was noted, the process died before it was sent, and an order or a transfer of another took
    the number.
    """
    await move(rest, "50", clientId="once")
    taken = rest.door.numbers(1) + 1
    if amount:
        body = {"ccy": "USDT", "amt": amount, "from": "18", "to": "6"}
        assert (await rest.post("asset/transfer", rest.bob, body)).code == "0"
    else:
        await rest.place(rest.alice, "buy", "100", "0.1")
    forget_outcomes(rest.folder, taken)
    second = await move(rest, "50", clientId="once")
    assert (await rest.get("asset/balances", rest.alice)).row["bal"] == "100"
    assert await move(rest, "50", clientId="once") == second


async def test_noted_numbers_are_nobody_elses(tmp_path: Path) -> None:
    """Criterion: REST-FUND-1"""
    rest = await RestBed.open(tmp_path)
    await move(rest, "1", clientId="once")
    forget_outcomes(rest.folder, 5_000)
    keys = (rest.alice, rest.bob)
    await rest.close()
    rest = await RestBed.open(tmp_path, traders=keys)
    assert rest.door.numbers(1) > 5_000
    await rest.close()


async def test_a_refused_transfer_may_be_tried_anew(rest: RestBed) -> None:
    """Criterion: REST-FUND-1"""
    body = {"ccy": "USDT", "amt": "50", "from": "6", "to": "18", "clientId": "later"}
    assert (await rest.post("asset/transfer", rest.alice, body)).code == "58350"
    await move(rest, "60")
    assert (await rest.post("asset/transfer", rest.alice, body)).code == "0"


async def test_repeats_at_once_go_through_the_door_one_by_one(
    rest: RestBed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: REST-FUND-1

    Else the refusal of one could be noted over what the next one moved.
    """
    under_way, most = 0, 0
    submit = rest.door.submit

    def counted(
        commands: Sequence[bytes], done: Callable[[Result], None], limits: Sequence[Limit] = ()
    ) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)

        def answered(result: Result) -> None:
            nonlocal under_way
            under_way -= 1
            done(result)

        submit(commands, answered, limits)

    monkeypatch.setattr(rest.door, "submit", counted)
    body = {"ccy": "USDT", "amt": "50", "from": "6", "to": "18", "clientId": "once"}
    asked = [rest.post("asset/transfer", rest.alice, body) for _ in range(8)]
    assert {answer.code for answer in await asyncio.gather(*asked)} == {"58350"}
    assert most == 1
    await move(rest, "120")
    asked = [rest.post("asset/transfer", rest.alice, body) for _ in range(8)]
    answers = await asyncio.gather(*asked)
    assert len({answer.row["transId"] for answer in answers}) == 1
    assert (await rest.get("asset/balances", rest.alice)).row["bal"] == "70"


async def test_a_transfer_refused_at_the_door_may_be_tried_anew(tmp_path: Path) -> None:
    """Criterion: REST-FUND-1"""
    clock = ManualClock()
    rest = await RestBed.open(tmp_path, limits=True, clock=clock)
    for _ in range(2):
        await move(rest, "1")
    body = {"ccy": "USDT", "amt": "50", "from": "18", "to": "6", "clientId": "later"}
    assert (await rest.post("asset/transfer", rest.alice, body)).code == "50011"
    clock.advance(1000)
    # As another transfer: nothing is kept of the one that was never logged.
    await move(rest, "30", clientId="later")
    await rest.close()


async def test_a_repeat_refused_at_the_door_is_not_forgotten(tmp_path: Path) -> None:
    """Criterion: REST-FUND-1. Its number was sent before, and that may have moved money."""
    clock = ManualClock()
    rest = await RestBed.open(tmp_path, limits=True, clock=clock)
    first = await move(rest, "100", clientId="once")
    forget_outcomes(rest.folder)
    await move(rest, "1")
    body = {"ccy": "USDT", "amt": "100", "from": "18", "to": "6", "clientId": "once"}
    assert (await rest.post("asset/transfer", rest.alice, body)).code == "50011"
    clock.advance(1000)
    assert await move(rest, "100", clientId="once") == first
    await rest.close()


async def test_the_notes_are_closed_with_the_gateway(tmp_path: Path) -> None:
    """Criterion: REST-FUND-1"""
    rest = await RestBed.open(tmp_path)
    await move(rest, "1", clientId="once")
    assert (tmp_path / "transfers.sqlite-wal").exists()
    await rest.close()
    assert not (tmp_path / "transfers.sqlite-wal").exists()


async def test_the_ledger_of_the_funding_account(rest: RestBed) -> None:
    """Criterion: REST-FUND-2, REST-PAGE-1"""
    for amount in ("10", "20", "30"):
        await move(rest, amount)
    await move(rest, "5", source="6", clientId="back1")
    rows = (await rest.get("asset/bills", rest.alice)).data
    assert [(row["type"], row["balChg"], row["bal"]) for row in rows] == [
        ("131", "-5", "55"),
        ("130", "30", "60"),
        ("130", "20", "30"),
        ("130", "10", "10"),
    ]
    out = (await rest.get("asset/bills", rest.alice, type=131)).row
    assert out == rows[0]
    named = (await rest.get("asset/bills", rest.alice, clientId="back1")).data
    assert named == rows[:1]
    assert [row["clientId"] for row in rows] == ["back1", "", "", ""]
    assert (await rest.get("asset/bills", rest.alice, clientId="back2")).data == []
    assert (await rest.get("asset/bills", rest.alice, ccy="BTC")).data == []
    assert (await rest.get("asset/bills", rest.alice, type=1)).data == []
    ids = [row["billId"] for row in rows]
    by_id = {"pagingType": 2}
    older = await rest.get("asset/bills-history", rest.alice, **by_id, after=ids[1], limit=1)
    assert [row["billId"] for row in older.data] == [ids[2]]
    newer = await rest.get("asset/bills-history", rest.alice, **by_id, before=ids[1])
    assert [row["billId"] for row in newer.data] == [ids[0]]
    later = await rest.get("asset/bills", rest.alice, before=int(rows[0]["ts"]))
    assert later.data == []
    assert (await rest.get("asset/bills", rest.bob)).data == []


async def test_what_all_accounts_are_worth(rest: RestBed) -> None:
    """Criterion: REST-4"""
    await rest.place(rest.bob, "sell", "40000", "0.1")
    await rest.place(rest.alice, "buy", "40000", "0.1")
    await move(rest, "1000")
    row = (await rest.get("asset/asset-valuation", rest.alice)).row
    assert row["details"]["funding"] == "1000"
    dollars = float(row["totalBal"])
    assert dollars > 4_900_000
    coins = (await rest.get("asset/asset-valuation", rest.alice, ccy="BTC")).row
    assert abs(float(coins["totalBal"]) - dollars / 40000) < 0.001
    assert (await rest.get("asset/asset-valuation", rest.alice, ccy="XXX")).code == "51012"


async def test_there_is_no_custody(rest: RestBed, payer: NewKey) -> None:
    """Criterion: REST-FUND-3"""
    assert (await rest.get("asset/deposit-history", payer, ccy="BTC")).data == []
    assert (await rest.get("asset/withdrawal-history", payer)).data == []
    assert (await rest.get("asset/non-tradable-assets", payer)).data == []
    assert (await rest.get("asset/deposit-address", payer, ccy="BTC")).code == "58014"
    assert (await rest.get("asset/deposit-address", payer, ccy="XXX")).code == "51012"
    assert (await rest.get("asset/deposit-withdraw-status", payer)).code == "50015"
    assert (await rest.get("asset/deposit-withdraw-status", payer, wdId=1)).code == "58215"
    both = await rest.get("asset/deposit-withdraw-status", payer, wdId=1, txId=2)
    assert both.code == "50024"
    order = {"ccy": "BTC", "amt": "1", "dest": "4", "toAddr": "x"}
    assert (await rest.post("asset/withdrawal", payer, order)).code == "58013"
    assert (await rest.post("asset/withdrawal", payer, {**order, "amt": ""})).code == "50014"
    assert (await rest.post("asset/cancel-withdrawal", payer, {"wdId": 1})).code == "58215"
    assert (await rest.post("asset/withdrawal", rest.alice, order)).code == "50120"
    currency = (await rest.get("asset/currencies", payer, ccy="BTC")).row
    assert (currency["canDep"], currency["canWd"], currency["canInternal"]) == (False, False, True)
