"""Goal: histories of deposits and withdrawals that outlive what the folds remember.

Method: the whole application over a real exchange and its records, which a test lets the folds
forget, drops, and reads page by page.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from fullreserve.exchange.products import withdrawal_answers, withdrawal_table
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    WITHDRAWALS,
    Confirmed,
    Hold,
    Seen,
    Tip,
)
from fullreserve.exchange.products.withdrawal_state import ListReceived, ListWithdrawals
from fullreserve.exchange.wire.commands import SetOwner, amount_bytes
from fullreserve.gateway.custody_desk import ask
from fullreserve.gateway.rest import past
from fullreserve.gateway.rest.asset import history_page
from fullreserve.gateway.ws.custody import DepositInfo
from fullreserve.identity.api_key import Permission
from fullreserve.identity.vault import NewKey
from fullreserve.records import schema
from fullreserve.records.database import database_url, open_database
from fullreserve.records.history import History, rows_of
from tests.bed import ALICE, BOB, BTC, submit, until
from tests.integration.rest.bed import Answer, HandClock, RestBed
from tests.integration.rest.test_custody import (
    COIN,
    HASH,
    NETWORK,
    Numbers,
    booked,
    funded,
    house,
    terms,
)

SECOND = 1_000


@pytest_asyncio.fixture
async def rest(tmp_path: Path) -> AsyncIterator[RestBed]:
    """ALICE has two BTC to withdraw, BOB may receive."""
    made = await RestBed.open(tmp_path, clock=HandClock())
    made.context.addresses = {NETWORK: Numbers()}
    made.context.pays = lambda: True
    for fold in (DEPOSITS, WITHDRAWALS):
        await house(made, fold, terms(NETWORK, "Bitcoin"))
    await made.place(made.bob, "sell", "40000", "0.1")
    await made.place(made.alice, "buy", "40000", "0.1")
    await funded(made, 2)
    door = made.door
    await submit(door, [SetOwner(door.gateway, door.numbers(1), BOB, 0, 1, 0, 1)])
    yield made
    await made.close()


@pytest.fixture
def payer(rest: RestBed) -> NewKey:
    """A key of ALICE's that may withdraw."""
    bits = Permission.READ_ONLY | Permission.TRADE | Permission.WITHDRAW
    return rest.vault.create_key(ALICE, "Phrase-payer", bits, "payer", ["127.0.0.1"])


async def recorded(rest: RestBed) -> None:
    """Returns once the records have everything."""
    async with asyncio.timeout(60):
        while True:
            health = await rest.door.health()
            if health.projections.get("records", 0) >= health.durable:
                return
            await asyncio.sleep(0.01)


async def deposit(rest: RestBed, number: int) -> None:
    """A deposit of so many BTC, a second after the last one."""
    await rest.pass_time(SECOND)
    transfer = bytes([number]) * 32
    seen = Seen(NETWORK, transfer, BTC, 1, 0, amount_bytes(number * COIN), 0, 10, HASH)
    await house(rest, DEPOSITS, seen)


async def withdraw(rest: RestBed, payer: NewKey, number: int) -> str:
    """An internal withdrawal of so many hundredths, a second after the last one; its id."""
    await rest.pass_time(SECOND)
    order = {"ccy": "BTC", "amt": f"0.0{number}", "dest": "3", "toAddr": str(BOB)}
    made = await rest.post("asset/withdrawal", payer, order | {"clientId": f"c{number}"})
    assert made.code == "0", made.json
    return str(made.row["wdId"])


class Pages:
    """One of the histories, as a client reads it."""

    def __init__(self, rest: RestBed, key: NewKey, path: str) -> None:
        self._rest = rest
        self._key = key
        self._path = path

    async def answer(self, **query: Any) -> Answer:
        await self._rest.pass_time(SECOND)
        return await self._rest.get(self._path, self._key, **query)

    async def rows(self, **query: Any) -> list[dict[str, str]]:
        answer = await self.answer(**query)
        assert answer.code == "0", answer.json
        rows: list[dict[str, str]] = answer.data
        return rows

    async def amounts(self, **query: Any) -> list[str]:
        return [row["amt"] for row in await self.rows(**query)]


async def check_pages(pages: Pages, amounts: list[str]) -> None:
    """Both directions, exclusive bounds, and filters; `amounts` are newest first."""
    whole = await pages.rows()
    assert [row["amt"] for row in whole] == amounts
    times = [row["ts"] for row in whole]
    assert await pages.amounts(limit=2) == amounts[:2]
    assert await pages.amounts(after=times[1]) == amounts[2:]
    assert await pages.amounts(after=times[0], limit=1) == amounts[1:2]
    assert await pages.amounts(before=times[1]) == amounts[:1]
    assert await pages.amounts(before=times[-1], limit=1) == amounts[:1]
    assert await pages.amounts(after=times[0], before=times[-1]) == amounts[1:-1]
    for row in whole:
        assert await pages.amounts(txId=row["txId"] or "none") == (
            [row["amt"]] if row["txId"] else []
        )
    assert await pages.amounts(ccy="BTC") == amounts
    assert await pages.amounts(ccy="ETH") == []
    assert await pages.amounts(state="12") == []
    for state in ("99", "x", "9" * 40):
        assert (await pages.answer(state=state)).code == "51000"


async def test_deposits_page_in_both_directions(rest: RestBed, payer: NewKey) -> None:
    """Criterion: REC-60, CUST-REST-9."""
    await rest.get("asset/deposit-address", payer, ccy="BTC")
    await house(rest, DEPOSITS, Tip(NETWORK, 10, HASH, healthy=True))
    for number in (1, 2, 3, 4):
        await deposit(rest, number)
    await house(rest, DEPOSITS, Confirmed(NETWORK, bytes([2]) * 32, 1))
    await recorded(rest)
    pages = Pages(rest, payer, "asset/deposit-history")
    await check_pages(pages, ["4", "3", "2", "1"])
    assert await pages.amounts(state="1") == ["2"]
    assert await pages.amounts(state="0") == ["4", "3", "1"]
    assert (await pages.amounts(type="4"), await pages.amounts(type="3")) == (
        ["4", "3", "2", "1"],
        [],
    )
    (_, third, *_) = await pages.rows()
    assert await pages.amounts(depId=third["depId"]) == ["3"]
    assert await Pages(rest, rest.bob, "asset/deposit-history").rows() == []


async def paged(pages: Pages, limit: int, step_ms: int) -> list[list[str]]:
    """All pages from the newest on, each behind the last one's `ts` less `step_ms`; amounts."""
    found: list[list[str]] = []
    query: dict[str, Any] = {"limit": limit}
    while rows := await pages.rows(**query):
        found.append([row["amt"] for row in rows])
        query["after"] = int(rows[-1]["ts"]) - step_ms
    return found


async def check_no_row_is_lost(pages: Pages, amounts: list[str], most: int) -> None:
    """By OKX's cursor, and by that of ccxt, a millisecond less.

    `most` rows have one time: no page has more than its limit, but where that is less.
    """
    for limit in (1, 2, 3, 5, 100):
        for step_ms in (0, 1):
            found = await paged(pages, limit, step_ms)
            assert [each for page in found for each in page] == amounts, (limit, step_ms)
            assert max(map(len, found)) <= max(most, limit)


async def test_pages_lose_no_deposit_of_the_same_millisecond(rest: RestBed, payer: NewKey) -> None:
    """Criterion: CUST-REST-17. What a block brings has one time, and other users send between."""
    await rest.get("asset/deposit-address", rest.bob, ccy="BTC")
    await house(rest, DEPOSITS, Tip(NETWORK, 10, HASH, healthy=True))
    number, amounts = 0, list[str]()
    for together in (1, 6, 1, 3):
        await rest.pass_time(SECOND)
        for _ in range(together):
            number += 1
            seen = Seen(
                *(NETWORK, bytes([number]) * 32, BTC, 1, 0, amount_bytes(number * COIN)),
                *(0, 10, HASH),
            )
            await house(rest, DEPOSITS, seen)
            amounts.append(str(number))
    await withdraw(rest, payer, 1)
    amounts.append("0.01")
    await rest.pass_time(1)
    last = Seen(NETWORK, bytes(32), BTC, 1, 0, amount_bytes(99 * COIN), 0, 10, HASH)
    await house(rest, DEPOSITS, last)
    amounts.append("99")
    pages = Pages(rest, rest.bob, "asset/deposit-history")
    await check_no_row_is_lost(pages, amounts[::-1], 6)
    (first, *_) = await pages.rows()
    newer = await pages.rows(before=int(first["ts"]) - 1, limit=1)
    assert [row["amt"] for row in newer] == ["99"]


async def test_pages_lose_no_withdrawal_of_the_same_millisecond(
    rest: RestBed, payer: NewKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: CUST-REST-17. Of those that the records alone have too."""
    keep_one(monkeypatch)
    monkeypatch.setattr(history_page, "AHEAD", 1)
    number, amounts = 0, list[str]()
    order = {"ccy": "BTC", "dest": "3", "toAddr": str(BOB)}
    for together in (2, 4, 1, 2):
        await rest.pass_time(SECOND)
        for _ in range(together):
            number += 1
            made = await rest.post("asset/withdrawal", payer, order | {"amt": f"0.0{number}"})
            assert made.code == "0", made.json
            amounts.append(f"0.0{number}")
            await recorded(rest)
    for key, path in ((payer, "withdrawal"), (rest.bob, "deposit")):
        pages = Pages(rest, key, f"asset/{path}-history")
        await check_no_row_is_lost(pages, amounts[::-1], 4)


def keep_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the fold keep one withdrawal that is over."""
    for module in (withdrawal_table, withdrawal_answers):
        monkeypatch.setattr(module, "FINAL_KEPT", 1)


async def test_records_that_are_behind_keep_nothing_back_that_the_folds_have(
    rest: RestBed, payer: NewKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: CUST-REST-10. Of what may be forgotten it says that the records are behind."""
    await rest.get("asset/deposit-address", payer, ccy="BTC")
    await house(rest, DEPOSITS, Tip(NETWORK, 10, HASH, healthy=True))
    monkeypatch.setattr(past, "CUSTODY_KEPT", -(10**9))
    for number in (1, 2):
        await deposit(rest, number)
        await withdraw(rest, payer, number)
    paid_in = Pages(rest, payer, "asset/deposit-history")
    paid_out = Pages(rest, payer, "asset/withdrawal-history")
    assert await paid_in.amounts() == ["2", "1"]
    assert await paid_out.amounts() == ["0.02", "0.01"]
    keep_one(monkeypatch)
    newest = await withdraw(rest, payer, 3)
    assert await paid_in.amounts(type="4") == ["2", "1"]
    assert await paid_out.amounts(wdId=newest) == ["0.03"]
    assert await paid_out.amounts(clientId="c3") == ["0.03"]
    for query in ({}, {"clientId": "c1"}, {"ccy": "BTC"}):
        answer = await rest.get("asset/withdrawal-history", payer, **query)
        assert (answer.code, "behind" in answer.json["msg"]) == ("50046", True)


async def test_withdrawals_that_the_fold_has_forgotten_are_shown(
    rest: RestBed, payer: NewKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: REC-60, CUST-REST-9, CUST-REST-12. The fold keeps one, the records all."""
    keep_one(monkeypatch)
    numbers = []
    for number in (1, 2, 3, 4):
        numbers.append(await withdraw(rest, payer, number))
        await recorded(rest)
    known = await ask(rest.context, WITHDRAWALS, ListWithdrawals(ALICE, 0, 100))
    assert len(known) == 1
    pages = Pages(rest, payer, "asset/withdrawal-history")
    await check_pages(pages, ["0.04", "0.03", "0.02", "0.01"])
    assert await pages.amounts(wdId=numbers[0]) == ["0.01"]
    assert await pages.amounts(clientId="c2") == ["0.02"]
    assert [row["clientId"] for row in await pages.rows(clientId="c2")] == ["c2"]
    assert [row["clientId"] for row in await pages.rows()] == ["c4", "c3", "c2", "c1"]
    bills = await Pages(rest, payer, "asset/bills").rows(clientId="c2")
    assert [(row["balChg"], row["clientId"]) for row in bills] == [("-0.02", "c2")]
    assert await pages.amounts(clientId="c9") == []
    assert await pages.amounts(state="2", type="3") == ["0.04", "0.03", "0.02", "0.01"]
    other = {"ccy": "BTC", "amt": "0.05", "dest": "3", "toAddr": str(BOB), "clientId": "c4"}
    taken = await rest.post("asset/withdrawal", payer, other)
    assert (taken.code, taken.json["msg"]) == ("50071", "clientId already exists")
    assert await pages.amounts(type="4") == await pages.amounts(state="0") == []
    assert await Pages(rest, rest.bob, "asset/withdrawal-history").rows() == []


async def test_what_another_user_sent_stands_among_the_deposits(
    rest: RestBed, payer: NewKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: CUST-REST-11, CUST-REST-9. Also what the fold has forgotten."""
    keep_one(monkeypatch)
    numbers = []
    for number in (1, 2, 3, 4):
        numbers.append(await withdraw(rest, payer, number))
        await recorded(rest)
    assert len(await ask(rest.context, WITHDRAWALS, ListReceived(BOB, 0, 100))) == 1
    pages = Pages(rest, rest.bob, "asset/deposit-history")
    await check_pages(pages, ["0.04", "0.03", "0.02", "0.01"])
    (row,) = await pages.rows(fromWdId=numbers[0])
    assert {name: row[name] for name in ("from", "fromWdId", "to", "txId", "chain", "state")} == {
        "from": str(ALICE), "fromWdId": numbers[0], "to": "", "txId": "", "chain": "", "state": "2",
    }  # fmt: skip
    assert await pages.rows(depId=row["depId"]) == [row]
    assert await pages.rows(depId=row["depId"], fromWdId=numbers[1]) == []
    assert await pages.rows(fromWdId="none") == await pages.rows(depId="none") == []
    assert await pages.amounts(state="2", type="3", limit=1) == ["0.04"]
    assert await pages.amounts(type="4") == await pages.amounts(state="0") == []
    (sent,) = await Pages(rest, payer, "asset/withdrawal-history").rows(wdId=numbers[0])
    assert (sent["state"], sent["to"], sent["toAddrType"], sent["txId"], sent["fee"]) == (
        "2", str(BOB), "2", "", "0",
    )  # fmt: skip
    assert await Pages(rest, payer, "asset/deposit-history").rows() == []


async def test_deposits_of_both_types_stand_in_one_order(rest: RestBed, payer: NewKey) -> None:
    """Criterion: CUST-REST-11"""
    await rest.get("asset/deposit-address", rest.bob, ccy="BTC")
    await house(rest, DEPOSITS, Tip(NETWORK, 10, HASH, healthy=True))
    for number in (1, 2):
        await deposit(rest, number)
        await withdraw(rest, payer, number)
    pages = Pages(rest, rest.bob, "asset/deposit-history")
    assert await pages.amounts() == ["0.02", "2", "0.01", "1"]
    assert await pages.amounts(type="4") == ["2", "1"]
    assert await pages.amounts(limit=3) == ["0.02", "2", "0.01"]
    (*_, third, _) = await pages.rows()
    assert await pages.amounts(after=third["ts"]) == ["1"]


async def test_the_receiver_hears_of_a_payment_once(rest: RestBed, payer: NewKey) -> None:
    """Criterion: CUST-REST-11"""
    pushed: dict[int, list[bytes]] = {BOB: [], ALICE: []}
    topics = []
    for uid, found in pushed.items():
        topic = DepositInfo({"channel": "deposit-info"}, uid, rest.context)
        topic.write = found.append  # type: ignore[assignment, method-assign]
        topics.append(topic)
    for number in (1, 2):
        made = await withdraw(rest, payer, number)
        for topic in topics * 2:
            await topic._learn(0)
        assert (len(pushed[BOB]), pushed[ALICE]) == (number, [])
        assert b'"fromWdId":"%b"' % made.encode() in pushed[BOB][-1]
        assert b'"from":"%d"' % ALICE in pushed[BOB][-1]
    assert b'"amt":"0.01"' not in pushed[BOB][-1]


async def test_bills_of_payments_have_the_types_of_deposits_and_withdrawals(
    rest: RestBed, payer: NewKey
) -> None:
    """Criterion: CUST-REST-11, CUST-REST-12, REST-FUND-2. So is what is held and what came back."""
    await withdraw(rest, payer, 1)
    await house(rest, WITHDRAWALS, Hold(NETWORK, 0, stopped=True))
    order = {"ccy": "BTC", "amt": "0.5", "dest": "4", "toAddr": "addr77", "chain": "BTC-Bitcoin"}
    await booked(rest)
    made = await rest.post("asset/withdrawal", payer, order | {"clientId": "back"})
    assert (await rest.post("asset/cancel-withdrawal", payer, {"wdId": made.row["wdId"]})).code == (
        "0"
    )
    await recorded(rest)
    bills = [Pages(rest, key, "asset/bills") for key in (rest.bob, payer)]
    got, sent = [
        [(row["type"], row["balChg"]) for row in await pages.rows(ccy="BTC")] for pages in bills
    ]
    assert got == [("1", "0.01")]
    assert sent[:3] == [("13", "0.5004"), ("2", "-0.5004"), ("2", "-0.01")]
    rows = await bills[1].rows(ccy="BTC")
    assert [row["clientId"] for row in rows] == ["back", "back", "c1", *[""] * (len(rows) - 3)]
    assert await bills[1].rows(clientId="back") == rows[:2]
    by_name = await bills[1].rows(clientId="c1")
    assert [(row["balChg"], row["clientId"]) for row in by_name] == [("-0.01", "c1")]
    assert await bills[1].rows(clientId="c1", ccy="USDT") == []
    assert await bills[1].rows(clientId="c1", before=by_name[0]["ts"]) == []
    assert await bills[1].rows(clientId="c9") == await bills[0].rows(clientId="c1") == []
    of_type = [await bills[1].rows(type=kind) for kind in (13, 2, 130, 1, 131, 99)]
    assert [len(rows) for rows in of_type] == [1, 2, 1, 0, 0, 0]


def content(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    engine = open_database(database_url("", folder))
    try:
        with engine.connect() as connection:
            return {
                table.name: rows_of(connection, table) for table in schema.metadata.sorted_tables
            }
    finally:
        engine.dispose()


async def test_histories_are_rebuilt_as_they_were(rest: RestBed, payer: NewKey) -> None:
    """Criterion: REC-60, REC-31."""
    await rest.get("asset/deposit-address", payer, ccy="BTC")
    await house(rest, DEPOSITS, Tip(NETWORK, 10, HASH, healthy=True))
    for number in (1, 2):
        await deposit(rest, number)
        await withdraw(rest, payer, number)
    await recorded(rest)
    await house(rest, DEPOSITS, Confirmed(NETWORK, bytes([1]) * 32, 1))
    await recorded(rest)
    paths = ("asset/deposit-history", "asset/withdrawal-history")
    shown = [await Pages(rest, payer, path).rows() for path in paths]
    assert [len(rows) for rows in shown] == [2, 2]
    await rest.hold_records()
    before = content(rest.folder)
    assert (len(before["deposits"]), len(before["withdrawals"])) == (2, 2)
    rest.history.close()
    for path in rest.folder.glob("records.sqlite3*"):
        path.unlink()
    rest.follow_records()
    rest.history = History(open_database(database_url("", rest.folder), read_only=True))
    head = rest.bed.journal.head.sequence
    await until(lambda: rest.history.progress().sequence >= head)
    assert [await Pages(rest, payer, path).rows() for path in paths] == shown
    await rest.hold_records()
    assert content(rest.folder) == before
