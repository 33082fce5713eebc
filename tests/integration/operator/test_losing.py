"""Goal: two teams book coins that are gone for good, never more than the chain lacks.

Method: a whole exchange; what the watcher found is written as it writes it.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from fullreserve.exchange import chart
from fullreserve.exchange.products.approval_acts import Approve
from fullreserve.exchange.products.custody_wire import DEPOSITS, AdoptDeposits, Tier, Tip
from fullreserve.exchange.products.deposit_state import EDITION
from fullreserve.exchange.wire.commands import amount_int
from fullreserve.exchange.wire.queries import AccountState, ListBalances
from fullreserve.exchange.worker_files import Line, Reconciled, Unknown, reconciled_name
from fullreserve.gateway.custody_desk import say
from fullreserve.gateway.rest.x.operator import carrying, fold
from tests.bed import BTC
from tests.integration.operator.bed import Console
from tests.integration.rest.bed import Answer
from tests.integration.rest.test_custody import COIN, HASH, NETWORK

SPARE, HEIGHT = 50_000, 12
THEFT = "ab" * 32
TERMS = {
    "chain": "BTC-Bitcoin", "tier": "hot", "amount": "10", "transaction": THEFT, "account": "loss",
}  # fmt: skip


def found(desk: Console, ledger: int, chain: int, unknown: Unknown | None = None) -> None:
    """The last comparison of hot, in coins."""
    has = ledger * COIN
    line = Line(Tier.HOT, BTC, has, has - SPARE, has + SPARE, chain * COIN)
    told = Reconciled(NETWORK, HEIGHT, 1_700_000_000_000, (line,), unknown=unknown)
    folder = desk.town.rest.context.folder
    assert folder is not None
    (folder / reconciled_name(NETWORK)).write_bytes(msgspec.json.encode(told))


async def proposed(desk: Console, **more: str) -> Answer:
    return await desk.ada.act("propose/loss", **(TERMS | more))


async def balances(desk: Console) -> tuple[int, int]:
    """Of hot and of the loss, in coins."""
    held: list[AccountState] = await desk.town.rest.context.door.query(ListBalances(chart.HOUSE))

    def of(kind: int) -> int:
        here = (one for one in held if (one.kind, one.instance, one.asset) == (kind, NETWORK, BTC))
        return sum(-amount_int(one.balance) for one in here) // COIN

    return of(chart.CHAIN_HOT), of(chart.LOSS)


async def test_two_book_a_loss_and_everybody_sees_it(desk: Console) -> None:
    """Criterion: CUST-LOSS-2"""
    found(desk, 500, 490)
    made = await proposed(desk, transaction=f"0x{THEFT.upper()}")
    assert (made.code, made.row["kind"]) == ("0", "loss"), made.json
    assert made.row["terms"] == TERMS | {"ccy": "BTC"}
    number = made.row["proposal"]
    assert (await desk.ada.post("approve", proposal=number)).code == "91006"
    assert (await desk.cleo.post("approve", proposal=number)).code == "91020"
    assert (await desk.cleo.get("custody/losses")).data == []
    done = await desk.bea.post("approve", proposal=number)
    assert (done.code, done.row["state"]) == ("0", "done"), done.json
    (row,) = (await desk.cleo.get("custody/losses")).data
    assert row.pop("ts")
    wanted = {name: value for name, value in TERMS.items() if name != "transaction"}
    assert row == wanted | {
        "proposal": number, "ccy": "BTC", "paid": "0", "unpaid": "10", "txId": THEFT,
        "proposer": str(desk.ada.uid), "approvals": [{"uid": str(desk.bea.uid)}],
    }  # fmt: skip
    assert await balances(desk) == (490, 10)
    assert (await proposed(desk, amount="0.001")).code == "51000"


async def test_a_loss_that_was_booked_too_small_is_completed(desk: Console) -> None:
    """Criterion: CUST-LOSS-1, CUST-LOSS-3. As far as the chain lacks it, under its own name."""
    context = desk.town.rest.context
    assert (await say(context, DEPOSITS, AdoptDeposits(EDITION))).code == 0
    found(desk, 500, 490)
    for amount in ("4", "6"):
        number = (await proposed(desk, amount=amount)).row["proposal"]
        done = await desk.bea.post("approve", proposal=number)
        assert (done.code, done.row["state"]) == ("0", "done"), done.json
        over = await proposed(desk, amount="6.00000001")
        assert (over.code, "at most" in over.json["msg"]) == ("51000", True)
    rows = (await desk.cleo.get("custody/losses")).data
    assert [(row["amount"], row["txId"]) for row in rows] == [("6", THEFT), ("4", THEFT)]
    assert await balances(desk) == (490, 10)


async def test_a_loss_that_a_process_before_booked_is_booked_once(desk: Console) -> None:
    """Criterion: CUST-LOSS-2. It told the log, and not what came of the proposal."""
    found(desk, 500, 490)
    context = desk.town.rest.context
    number = int((await proposed(desk)).row["proposal"])
    assert (await fold.ask(context, desk.bea.uid, Approve(number, reports=True))).code == 0
    carried = (await fold.approvals(context)).proposals[number]
    for _ in range(2):
        await carrying.carry_out(context, carried)
    assert await balances(desk) == (490, 10)
    assert (await desk.ada.get("proposal", proposal=number)).row["state"] == "done"


async def test_no_more_is_booked_than_the_chain_lacks(desk: Console) -> None:
    """Criterion: CUST-LOSS-3. Nor approved, when less is missing by then; nobody takes after."""
    refused = await proposed(desk)
    assert (refused.code, "not compared" in refused.json["msg"]) == ("51000", True)
    found(desk, 500, 500)
    refused = await proposed(desk, amount="0.00000001")
    assert (refused.code, "at most 0 BTC" in refused.json["msg"]) == ("51000", True)
    found(desk, 500, 490)
    refused = await proposed(desk, amount="10.00000001")
    assert (refused.code, "at most 10 BTC" in refused.json["msg"]) == ("51000", True)
    first, second = [
        (await proposed(desk, transaction=one * 32, amount="6")).row["proposal"]
        for one in ("01", "02")
    ]
    assert (await desk.bea.post("approve", proposal=first)).code == "0"
    # The comparison is still that of before.
    refused = await desk.bea.post("approve", proposal=second)
    assert (refused.code, "at most 4 BTC" in refused.json["msg"]) == ("51000", True)
    found(desk, 494, 494)
    assert (await desk.bea.post("approve", proposal=second)).code == "51000"
    assert await balances(desk) == (494, 6)


async def test_what_is_not_of_now_says_nothing_of_a_loss(desk: Console) -> None:
    """Criterion: CUST-LOSS-3. The node is down, or blocks came that were not compared."""
    found(desk, 500, 490, Unknown("the node is down", 1_700_000_001_000, 1, is_alarm=False))
    assert (await proposed(desk)).code == "51000"
    found(desk, 500, 490)
    context = desk.town.rest.context
    assert (await say(context, DEPOSITS, Tip(NETWORK, HEIGHT + 3, HASH, healthy=True))).code == 0
    assert (await proposed(desk)).code == "51000"


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"chain": "BTC-Elsewhere"}, "chain"), ({"tier": "lukewarm"}, "tier"),
        ({"amount": "0"}, "amount"), ({"amount": "-1"}, "amount"), ({"amount": "x"}, "amount"),
        ({"transaction": "ab"}, "transaction"), ({"transaction": "g" * 64}, "transaction"),
        ({"account": "fees"}, "account"), ({"tier": "warm"}, "warm is not compared"),
    ],
)  # fmt: skip
async def test_what_makes_no_sense_is_not_proposed(
    desk: Console, wrong: dict[str, Any], named: str
) -> None:
    """Criterion: CUST-LOSS-2"""
    found(desk, 500, 490)
    refused = await proposed(desk, **wrong)
    assert refused.code.startswith("51"), refused.json
    assert named in refused.json["msg"]
    assert (await desk.cleo.act("propose/loss", **TERMS)).code == "91020"
