"""Goal: whose deposit a chain took back hears of it: by his history, his standing and a message.

Method: what the chain does is said by the house, as the worker says it; a browser looks.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from fullreserve.exchange import chart
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    WITHDRAWALS,
    AdoptDeposits,
    AssignAddress,
    Confirmed,
    Hold,
    Orphaned,
    Replaced,
    Seen,
    Settle,
    Tip,
)
from fullreserve.exchange.products.deposit_state import EDITION
from fullreserve.exchange.wire.commands import AccountKey, Transfer, amount_bytes
from fullreserve.gateway.custody_desk import say
from fullreserve.gateway.debt_notices import NewDebts
from fullreserve.gateway.notices import Notices
from fullreserve.identity.courier import sentence
from fullreserve.identity.outbox import Kind
from tests.bed import BTC, submit
from tests.integration.identity.bed import Town
from tests.integration.identity.test_held_withdrawals import Held
from tests.integration.rest.test_custody import COIN, HASH, NETWORK, ORDER

TRANSFER = bytes([9]) * 32


@pytest_asyncio.fixture
async def held(town: Town) -> AsyncIterator[Held]:
    """A person with five coins, and a deposit of three that are credited."""
    made = await Held.open(town)
    assert (await say(made.rest.context, DEPOSITS, AssignAddress(NETWORK), made.uid)).code == 0
    for word in (
        AdoptDeposits(EDITION),
        Tip(NETWORK, 12, HASH, healthy=True),
        Seen(NETWORK, TRANSFER, BTC, 1, 0, amount_bytes(3 * COIN), 0, 12, HASH),
        Confirmed(NETWORK, TRANSFER, 1),
    ):
        await made.say(DEPOSITS, word)
    await town.mail()
    yield made


async def spend(held: Held, coins: int) -> None:
    door = held.rest.door
    fund = AccountKey(held.uid, chart.FUND, 0)
    treasury = AccountKey(chart.HOUSE, chart.TREASURY, 0)
    amount = amount_bytes(coins * COIN)
    spent = Transfer(door.gateway, door.numbers(1), chart.HOUSE, fund, treasury, BTC, amount)
    await submit(door, [spent])


async def test_who_owes_what_a_chain_took_back_is_told(held: Held) -> None:
    """Criterion: CUST-REST-20. Once, whatever begins anew; the deposit stays in his history."""
    context = held.rest.context
    await spend(held, 7)
    assert (await held.home.get("x/standing")).row == {"frozenBy": [], "debts": []}
    await held.say(DEPOSITS, Orphaned(NETWORK, TRANSFER, 12))
    row = (await held.home.get("asset/deposit-history")).row
    assert (row["state"], row["xOwed"]) == ("0", "2")
    assert row["xMsg"].endswith("2 BTC that were spent by then are owed")
    standing = (await held.home.get("x/standing")).row
    assert standing["frozenBy"] == ["exchange"]
    (debt,) = standing["debts"]
    assert (debt["ccy"], debt["owed"], debt["depId"]) == ("BTC", "2", row["depId"])
    held.town.clock.advance(1)
    for _ in range(2):
        await Notices(context, NewDebts(context)).round()
    (told,) = await held.town.mail()
    assert (told.kind, told.email) == (Kind.DEPOSIT_OWED, "ada@example.com")
    assert "2 BTC of it that were spent by then are owed" in sentence(told)


async def test_a_deposit_that_its_chain_took_back_stays_in_the_history(held: Held) -> None:
    """Criterion: CUST-REST-20. With its own state, in the list, by its state, and in words."""
    await held.say(DEPOSITS, Orphaned(NETWORK, TRANSFER, 12))
    await held.say(DEPOSITS, Replaced(NETWORK, TRANSFER))
    for query in ("", "state=-1"):
        (row,) = (await held.home.get("asset/deposit-history", query)).data
        assert (row["state"], row["amt"], row["xOwed"]) == ("-1", "3", "")
        assert row["xMsg"].startswith("Its chain took it back")
    assert (await held.home.get("asset/deposit-history", "state=2")).data == []
    status = await held.home.get("asset/deposit-withdraw-status", f"txId={TRANSFER.hex()}")
    assert status.row["state"] == "Taken back by its chain"


async def test_a_withdrawal_that_came_back_for_a_debt_says_so(held: Held) -> None:
    """Criterion: CUST-REST-20. Not that its money was returned."""
    await held.say(WITHDRAWALS, Hold(NETWORK, BTC, stopped=True))
    number = (await held.home.post("asset/withdrawal", **ORDER)).row["wdId"]
    await held.judged(number)
    await spend(held, 7)
    await held.say(DEPOSITS, Orphaned(NETWORK, TRANSFER, 12))
    await held.say(WITHDRAWALS, Settle(0, 100))
    row = await held.row(number)
    assert (row["state"], row["xReason"]) == ("-1", "58204")
    status = await held.home.get("asset/deposit-withdraw-status", f"wdId={number}")
    assert status.row["state"].startswith(
        "Stopped by risk control; what was held came back, less what the account"
    )
