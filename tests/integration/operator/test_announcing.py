"""Goal: operators agree on a move by hand before anything of it is signed, see it, and end it.

Method: a whole exchange; the watcher is outside: its words are said here.
"""

from __future__ import annotations

import msgspec
import pytest

from fullreserve.exchange.products.approval_acts import Approve
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    Funded,
    Moved,
    SawAnnounced,
    Tier,
    Tip,
)
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.exchange.worker_files import (
    Adopted,
    AdoptedPayment,
    Line,
    Reconciled,
    Unknown,
    adopted_name,
)
from fullreserve.gateway import ids
from fullreserve.gateway.custody_desk import say
from fullreserve.gateway.rest.x.operator import carrying, fold
from tests.bed import BTC
from tests.integration.operator.bed import Console
from tests.integration.rest.bed import Answer
from tests.integration.rest.test_custody import COIN, HASH, NETWORK

TERMS = {
    "chain": "BTC-Bitcoin", "source": "warm", "target": "cold", "amount": "3.5",
    "feeLeast": "0.00001", "feeMost": "0.0005", "withinH": "12",
}  # fmt: skip
HOUR_MS = 3_600_000


@pytest.fixture(autouse=True)
async def warm(desk: Console) -> None:
    """Warm holds ten bitcoins."""
    await given(desk, 10)


async def given(desk: Console, coins: int) -> None:
    """So many more bitcoins in warm."""
    name = coins.to_bytes(32, "big")
    told = Funded(NETWORK, name, BTC, Tier.WARM, amount_bytes(coins * COIN))
    assert (await say(desk.town.rest.context, DEPOSITS, told)).code == 0


async def announced(desk: Console) -> str:
    """Ada proposes, Bea approves; its number."""
    made = await desk.ada.act("propose/announce-move", **TERMS)
    assert (made.code, made.row["kind"]) == ("0", "announce-move")
    assert made.row["terms"] == TERMS | {"ccy": "BTC", "feeCcy": "BTC"}
    assert (await desk.ada.post("approve", proposal=made.row["proposal"])).code == "91006"
    assert (await desk.cleo.get("tiers/announced")).data == []
    done = await desk.bea.post("approve", proposal=made.row["proposal"])
    assert (done.code, done.row["state"]) == ("0", "done")
    return str(made.row["proposal"])


async def test_two_announce_a_move_and_everybody_sees_what_becomes_of_it(desk: Console) -> None:
    """Criterion: CUST-ANNOUNCE-4"""
    number, context = await announced(desk), desk.town.rest.context
    (row,) = (await desk.cleo.get("tiers/announced")).data
    shown = {name: row[name] for name in TERMS if name != "withinH"}
    assert shown == {name: value for name, value in TERMS.items() if name != "withinH"}
    assert (row["move"], row["state"], row["height"]) == (number, "announced", "")
    assert int(row["expiresTs"]) - int(row["announcedTs"]) == 12 * HOUR_MS
    assert (await say(context, DEPOSITS, SawAnnounced(NETWORK, int(number), 9))).code == 0
    (row,) = (await desk.cleo.get("tiers/announced")).data
    assert (row["state"], row["height"]) == ("seen", "9")
    amount = amount_bytes(COIN * 7 // 2)
    told = Moved(NETWORK, HASH, BTC, Tier.WARM, Tier.COLD, amount, amount_bytes(0), int(number))
    assert (await say(context, DEPOSITS, told)).code == 0
    (row,) = (await desk.cleo.get("tiers/announced")).data
    assert (row["state"], bool(row["endedTs"])) == ("posted", True)
    assert (await desk.ada.act("tiers/end-announced", move=number)).code == "91012"


async def test_one_ends_it(desk: Console) -> None:
    """Criterion: CUST-ANNOUNCE-4. Who may not trade may not; what is none is said."""
    number = await announced(desk)
    assert (await desk.cleo.act("tiers/end-announced", move=number)).code == "91020"
    assert (await desk.ada.act("tiers/end-announced", move=9)).code == "91023"
    ended = await desk.ada.act("tiers/end-announced", move=number)
    assert (ended.code, ended.row["state"]) == ("0", "ended")
    assert (await desk.bea.act("tiers/end-announced", move=number)).code == "0"


async def test_one_that_a_process_before_announced_is_announced_once(desk: Console) -> None:
    """Criterion: CUST-ANNOUNCE-4. It told the log, and not what came of the proposal."""
    context = desk.town.rest.context
    made = await desk.ada.act("propose/announce-move", **TERMS)
    number = int(made.row["proposal"])
    assert (await fold.ask(context, desk.bea.uid, Approve(number, reports=True))).code == 0
    carried = (await fold.approvals(context)).proposals[number]
    for _ in range(2):
        await carrying.carry_out(context, carried)
    assert [one["move"] for one in (await desk.cleo.get("tiers/announced")).data] == [str(number)]
    assert (await desk.ada.get("proposal", proposal=number)).row["state"] == "done"


async def test_no_more_is_announced_than_the_tier_holds(desk: Console) -> None:
    """Criterion: CUST-ANNOUNCE-9. Nor approved, when it holds less by then or others took it."""

    async def proposed(amount: str) -> Answer:
        return await desk.ada.act("propose/announce-move", **(TERMS | {"amount": amount}))

    refused = await proposed("10.00000001")
    assert (refused.code, "at most 10 BTC" in refused.json["msg"]) == ("51000", True)
    first, second = [(await proposed(one)).row["proposal"] for one in ("6", "4.00000001")]
    assert (await desk.bea.post("approve", proposal=first)).code == "0"
    refused = await desk.bea.post("approve", proposal=second)
    assert (refused.code, "at most 4 BTC" in refused.json["msg"]) == ("51000", True)
    await given(desk, 1)
    assert (await desk.bea.post("approve", proposal=second)).code == "0"


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"chain": "BTC-Elsewhere"}, "chain"), ({"target": "warm"}, "target"),
        ({"source": "deposit"}, "source"), ({"amount": "0"}, "amount"),
        ({"amount": "-1"}, "amount"), ({"feeLeast": "1"}, "feeMost"),
        ({"amount": "0.001"}, "at least 0.00100001"), ({"amount": "0.00000001"}, "amount"),
        ({"feeMost": "0.10000001"}, "at most 0.1 BTC"), ({"feeMost": "9"}, "feeMost"),
        ({"amount": "0.002", "feeMost": "0.003"}, "at most 0.002 BTC"),
        ({"feeMost": "x"}, "feeMost"), ({"withinH": "0"}, "withinH"),
        ({"withinH": "169"}, "withinH"),
    ],
)  # fmt: skip
async def test_what_makes_no_sense_is_not_proposed(
    desk: Console, wrong: dict[str, str], named: str
) -> None:
    """Criterion: CUST-ANNOUNCE-4"""
    refused = await desk.ada.act("propose/announce-move", **(TERMS | wrong))
    assert refused.code.startswith("51")
    assert named in refused.json["msg"]
    assert (await desk.cleo.act("propose/announce-move", **TERMS)).code == "91020"


async def test_what_is_not_known_is_shown_as_such(desk: Console) -> None:
    """Criteria: CHAINS-RECONCILE-5, CHAINS-RESTORED-10. Never, not now, and not for some blocks."""
    context = desk.town.rest.context
    assert context.folder is not None

    async def shown(found: Reconciled | None = None) -> tuple[object, ...]:
        if found is not None:
            assert context.folder is not None
            place = context.folder / f"custody-reconciled-{NETWORK}.json"
            place.write_bytes(msgspec.json.encode(found))
        (row,) = (await desk.cleo.get("custody/reconciliation")).data
        return tuple(row[name] for name in ("state", "problem", "blocks", "alarm", "height"))

    assert await shown() == ("never", "", "", False, "")
    lines = (Line(1, BTC, COIN, COIN, COIN, COIN),)
    good = Reconciled(NETWORK, 12, 1_700_000_000_000, lines)
    assert await shown(good) == ("compared", "", "", False, "12")
    late = Unknown("the node is down", 1_700_000_001_000, 1, is_alarm=False)
    found = msgspec.structs.replace(good, unknown=late)
    assert await shown(found) == ("unknown", "the node is down", "1", False, "12")
    found = msgspec.structs.replace(good, unknown=msgspec.structs.replace(late, is_alarm=True))
    assert await shown(found) == ("unknown", "the node is down", "1", True, "12")
    (row,) = (await desk.cleo.get("custody/reconciliation")).data
    assert row["paidSince"] is None
    paid = Adopted(1_700_000_002_000, (AdoptedPayment("aa", (5,)), AdoptedPayment("bb", (), (6,))))
    (context.folder / adopted_name(NETWORK)).write_bytes(msgspec.json.encode(paid))
    (row,) = (await desk.cleo.get("custody/reconciliation")).data
    assert row["paidSince"] == {
        "restoredTs": "1700000002000",
        "payments": [
            {"txId": "bb", "wdIds": [], "likelyWdIds": [ids.text(6)]},
            {"txId": "aa", "wdIds": [ids.text(5)], "likelyWdIds": []},
        ],
    }
    # Who says nothing at all is known by what the log has heard since.
    assert (await say(context, DEPOSITS, Tip(NETWORK, 15, HASH, healthy=True))).code == 0
    assert await shown(good) == ("unknown", "", "3", True, "12")
