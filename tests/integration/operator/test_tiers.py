"""Goal: operators see by what marks hot is filled, what is moved and what holds it, and end it.

Method: a whole exchange with hot far above its cap; the worker is outside: its words are said here.
"""

from __future__ import annotations

import msgspec

from fullreserve.exchange.products.custody_wire import Tier
from fullreserve.exchange.products.tier_moves_wire import (
    TIER_MOVES,
    Bind,
    End,
    GiveUp,
    Marks,
    MoveState,
    SetMarks,
    Want,
)
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.exchange.worker_files import Held, Stage, Why
from fullreserve.gateway.custody_desk import say
from tests.bed import BTC
from tests.integration.operator.bed import Console
from tests.integration.rest.test_custody import COIN, NETWORK

SWEEP = Want(NETWORK, BTC, Tier.HOT, Tier.WARM)


async def decided(desk: Console) -> str:
    """A sweep that the log decided; its number."""
    context = desk.town.rest.context
    low, target, cap, least, most = (amount_bytes(n * COIN) for n in (10, 100, 200, 1, 300))
    marks = Marks(NETWORK, BTC, low, target, cap, least, most, most, while_stopped=True)
    for word in (SetMarks(marks), SWEEP):
        assert (await say(context, TIER_MOVES, word)).code == 0
    (move,) = (await desk.cleo.get("tiers/moves")).data
    return str(move["move"])


async def agreed(desk: Console, move: str) -> None:
    """Ada proposes that it ends, and Bea approves."""
    made = await desk.ada.act("propose/end-move", move=move)
    terms = {"move": move, "chain": "BTC-Bitcoin", "source": "hot", "target": "warm", "amt": "300"}
    assert (made.code, made.row["kind"], made.row["terms"]) == ("0", "end-move", terms)
    asked = await desk.bea.get("proposal", proposal=made.row["proposal"])
    assert asked.row["terms"] == terms
    done = await desk.bea.post("approve", proposal=made.row["proposal"])
    assert (done.code, done.row["state"]) == ("0", "done")


async def test_marks_and_moves_are_shown_with_what_holds_them(desk: Console) -> None:
    """Criterion: CUST-HANG-6"""
    assert (await desk.cleo.get("tiers")).data == []
    number = await decided(desk)
    (row,) = (await desk.cleo.get("tiers")).data
    assert (row["chain"], row["hot"], row["cap"], row["state"]) == (
        "BTC-Bitcoin", "500", "200", "over",
    )  # fmt: skip
    (move,) = (await desk.cleo.get("tiers/moves")).data
    assert (move["source"], move["target"], move["amt"]) == ("hot", "warm", "300")
    assert (move["stage"], move["holds"]) == ("decided", "")
    context = desk.town.rest.context
    assert (await say(context, TIER_MOVES, Bind(int(number), bytes(32)))).code == 0
    assert context.folder is not None
    place = context.folder / f"custody-held-sweep-{NETWORK}.json"
    for held, stage in (
        (Held(Stage.WAITING, Why.UNSIGNED, "1 of 2"), "bound"),
        (Held(Stage.SENT), "sent"),
    ):
        place.write_bytes(msgspec.json.encode({number: held}))
        (move,) = (await desk.cleo.get("tiers/moves")).data
        shown = (move["stage"], move["holds"], move["detail"])
        assert shown == (stage, held.why, held.detail)
    end = End(int(number), MoveState.DONE, bytes(32))
    assert (await say(context, TIER_MOVES, end)).code == 0
    (move,) = (await desk.cleo.get("tiers/moves")).data
    assert (move["stage"], move["holds"], move["detail"]) == ("done", "", "")


async def test_two_operators_end_a_move_that_nothing_is_bound_to(desk: Console) -> None:
    """Criterion: CUST-HANG-4. One that has ended, or is none, cannot be proposed."""
    number = await decided(desk)
    await agreed(desk, number)
    (move,) = (await desk.cleo.get("tiers/moves")).data
    assert move["state"] == "lapsed"
    for other in (number, 9):
        assert (await desk.ada.act("propose/end-move", move=other)).code == "91023"


async def test_a_move_that_a_process_before_ended_has_not_failed(desk: Console) -> None:
    """Criterion: CUST-HANG-4. It told the log, and not what came of the proposal."""
    number, context = await decided(desk), desk.town.rest.context
    made = await desk.ada.act("propose/end-move", move=number)
    assert (await say(context, TIER_MOVES, GiveUp(int(number)))).code == 0
    done = await desk.bea.post("approve", proposal=made.row["proposal"])
    assert (done.code, done.row["state"]) == ("0", "done")


async def test_one_that_is_bound_waits_for_the_proof(desk: Console) -> None:
    """Criterion: CUST-HANG-4"""
    number, context = await decided(desk), desk.town.rest.context
    assert (await say(context, TIER_MOVES, Bind(int(number), bytes(32)))).code == 0
    end = End(int(number), MoveState.OVERTAKEN, bytes(32), by_people=True)
    assert (await say(context, TIER_MOVES, end)).code != 0
    await agreed(desk, number)
    (move,) = (await desk.cleo.get("tiers/moves")).data
    assert (move["state"], bool(move["givenUpTs"])) == ("bound", True)
    assert (await say(context, TIER_MOVES, end)).code == 0
    (move,) = (await desk.cleo.get("tiers/moves")).data
    assert (move["state"], move["givenUpTs"]) == ("overtaken", "")
