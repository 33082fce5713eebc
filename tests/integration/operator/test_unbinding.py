"""Goal: operators see which payments nobody signs, and two of them let those go of their lane.

Method: a whole exchange; what the payer says and leaves in its file is said and left here.
"""

from __future__ import annotations

from fullreserve.custody.unsigned import UnsignedPayments
from fullreserve.exchange.products.approval_acts import Approve
from fullreserve.exchange.products.custody_wire import WITHDRAWALS, Bound, Broadcast, Unbound
from fullreserve.exchange.products.withdrawal_state import EDITION
from fullreserve.exchange.products.withdrawals import Withdrawals
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.exchange.worker_files import UnsignedPayment
from fullreserve.gateway import ids
from fullreserve.gateway.custody_desk import say
from fullreserve.gateway.rest.x.operator import carrying, fold
from tests.integration.operator.bed import Console
from tests.integration.operator.test_suspending import request
from tests.integration.rest.test_custody import NETWORK

OLD, NEW = b"\x01" * 32, b"\x02" * 32
LANE, WHY = "0xAb", "0 of 2 signers signed: one.sock: the lane is not one of this signer's"


async def stuck(desk: Console, count: int = 1) -> list[int]:
    """Payments that are bound, as the payer shows them."""
    rest = desk.town.rest
    next(one for one in rest.bed.folds if isinstance(one, Withdrawals)).state.edition = EDITION
    numbers = [await request(desk, 0.1) for _ in range(count)]
    for number in numbers:
        assert (await say(rest.context, WITHDRAWALS, Bound(number, OLD))).code == 0
    assert rest.context.folder is not None
    shown = UnsignedPayments(rest.context.folder, NETWORK, desk.town.clock)
    shown.tell([UnsignedPayment(number, LANE, WHY) for number in numbers])
    return numbers


async def code(desk: Console, word: Bound | Unbound | Broadcast) -> int:
    return (await say(desk.town.rest.context, WITHDRAWALS, word)).code


async def test_two_let_payments_go_of_their_lane(desk: Console) -> None:
    """Criterion: CUST-UNBIND-6."""
    numbers = await stuck(desk, 2)
    rows = (await desk.cleo.get("withdrawals/unsigned")).data
    assert [row["wdId"] for row in rows] == [ids.text(one) for one in numbers]
    shown = (rows[0]["lane"], rows[0]["problem"], rows[0]["letGo"], rows[0]["why"])
    assert shown == (LANE, WHY, False, "signers")
    assert (rows[0]["chain"], rows[0]["ccy"], rows[0]["amt"]) == ("BTC-Bitcoin", "BTC", "0.1")
    assert rows[0]["boundTs"]
    wanted = ",".join(row["wdId"] for row in rows)
    made = await desk.ada.act("propose/unbind", wdIds=wanted)
    assert (made.code, made.row["kind"]) == ("0", "unbind"), made.json
    assert made.row["terms"] == {"chain": "Bitcoin", "wdIds": wanted}
    number = made.row["proposal"]
    assert await code(desk, Unbound(numbers[0], OLD)) != 0, "nobody has agreed"
    assert (await desk.ada.post("approve", proposal=number)).code == "91006"
    assert (await desk.cleo.post("approve", proposal=number)).code == "91020"
    done = await desk.bea.post("approve", proposal=number)
    assert (done.code, done.row["state"]) == ("0", "done"), done.json
    assert [row["letGo"] for row in (await desk.ada.get("withdrawals/unsigned")).data] == [True] * 2
    for one in numbers:
        assert await code(desk, Unbound(one, OLD)) == 0
        assert await code(desk, Bound(one, NEW)) == 0


async def test_a_process_that_ended_in_between_is_followed_by_another(desk: Console) -> None:
    """Criterion: CUST-UNBIND-6."""
    (number,) = await stuck(desk)
    made = await desk.ada.act("propose/unbind", wdIds=ids.text(number))
    proposal, context = int(made.row["proposal"]), desk.town.rest.context
    assert (await fold.ask(context, desk.bea.uid, Approve(proposal, reports=True))).code == 0
    carried = (await fold.approvals(context)).proposals[proposal]
    for _ in range(2):
        await carrying.carry_out(context, carried)
    assert (await desk.ada.get("proposal", proposal=proposal)).row["state"] == "done"
    assert await code(desk, Unbound(number, OLD)) == 0


async def test_what_is_not_bound_or_was_sent_is_refused(desk: Console) -> None:
    """When it is proposed, approved, and carried out. Criterion: CUST-UNBIND-6."""
    first, second = await stuck(desk, 2)
    waiting = await request(desk, 0.1)
    for text in ("", "5", ids.text(waiting), f"{ids.text(first)},{ids.text(first)}", ",".join(
        [ids.text(first)] * 101)):  # fmt: skip
        refused = await desk.ada.act("propose/unbind", wdIds=text)
        assert refused.code == ("50014" if not text else "51000"), refused.json
    made = [
        (await desk.ada.act("propose/unbind", wdIds=ids.text(one))).row["proposal"]
        for one in (first, second)
    ]
    assert await code(desk, Broadcast(first, b"\x03" * 32, amount_bytes(1))) == 0
    assert (await desk.bea.post("approve", proposal=made[0])).code == "91012"
    context = desk.town.rest.context
    reply = await fold.ask(context, desk.bea.uid, Approve(int(made[1]), reports=True))
    assert reply.code == 0
    assert await code(desk, Broadcast(second, b"\x04" * 32, amount_bytes(1))) == 0
    await carrying.carry_out(context, (await fold.approvals(context)).proposals[int(made[1])])
    row = (await desk.ada.get("proposal", proposal=made[1])).row
    assert (row["state"], row["code"]) == ("failed", "91013")
    assert (await desk.ada.get("withdrawals/unsigned")).data == []
