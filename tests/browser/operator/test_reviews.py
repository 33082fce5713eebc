"""Goal: an operator sees whose approvals a request waits for, and gives the reviewer's."""

from __future__ import annotations

import json
import re

import msgspec
from playwright.sync_api import expect

from fullreserve.door.outcome import outcome
from fullreserve.door.socket_client import SocketDoor
from fullreserve.exchange.products.approval_acts import Enrol
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    WITHDRAWALS,
    AdoptDeposits,
    Claim,
    Confirmed,
    Destination,
    Request,
    Seen,
    Tip,
)
from fullreserve.exchange.products.deposit_state import EDITION
from fullreserve.exchange.products.policy_rules import Category, Concern
from fullreserve.exchange.products.policy_wire import POLICY, Approve, Judge
from fullreserve.exchange.wire.commands import Product, amount_bytes
from fullreserve.exchange.wire.events import Reply
from fullreserve.gateway import ids
from tests.browser.conftest import Visit
from tests.browser.operator.desk import (
    Operator,
    X,
    at_the_door,
    found_policy,
    know_a_network,
    say_all,
)
from tests.browser.operator.test_console import NOTE
from tests.browser.people import Person
from tests.browser.test_trading import EN
from tests.server import LiveServer

DESK, DESKED = 7, (10_000_071, 10_000_072, 10_000_073)


def said_by(server: LiveServer, who: int, fold: int, word: msgspec.Struct) -> None:
    """A word of somebody's to a fold, taken."""

    async def said(door: SocketDoor) -> None:
        payload = msgspec.msgpack.encode(word)
        command = Product(door.gateway, door.numbers(1), fold, who, payload)
        result = await outcome(door, command)
        assert isinstance(result, Reply), result
        assert not result.code, result

    at_the_door(server, said)


def test_what_is_under_review_says_whom_it_waits_for(
    visit: Visit, ada: Operator, person: Person, server: LiveServer
) -> None:
    """Criterion: WEB-OP-POLICY-5. The desk and a reviewer beside it, each until it has approved."""
    know_a_network(server)
    found_policy(server, ada)
    name, block = b"w" * 32, b"b" * 32
    words = (
        AdoptDeposits(EDITION),
        Tip(77, 70, block, healthy=True),
        Seen(77, name, 1, 1_000_000, 0, amount_bytes(10**8), 0, 70, block),
        Confirmed(77, name, 1),
        Claim(77, name, person.uid),
    )
    say_all(server, *((DEPOSITS, word) for word in words))
    say_all(server, *((Approvals.number, Enrol(DESK, uid)) for uid in DESKED))
    known = ada.get(X + "policy")[0]["rules"]
    at = next(at for at, rule in enumerate(known) if rule["verb"] == "allow")
    asks = {"number": 900, "verb": "approve", "group": DESK, "needed": 2}
    rules = [*known[:at], {**known[at], **asks, "initiators": [person.uid]}, *known[at:]]
    (made,) = ada.post(X + "policy/propose", rules=json.dumps(rules), note=NOTE)
    assert made["version"] == made["changes"][0]["change"], "the desk's approvals tighten"
    amount, fee = amount_bytes(10**7), amount_bytes(10)
    said_by(
        *(server, person.uid, WITHDRAWALS),
        Request(77, 1, amount, fee, Destination.ADDRESS_BOOK, 1),
    )
    mine = [one for one in ada.get(X + "withdrawals") if one["uid"] == str(person.uid)]
    wd_id = mine[-1]["wdId"]
    # What gives no points: a score may ask the owner before people, where there is one.
    doubted = Judge(ids.number(wd_id), Category.BOOK, 10**10, concerns=int(Concern.TRAVEL_RULE))
    say_all(server, (POLICY, doubted))
    page = visit(f"/operator/withdrawals/{wd_id}", ada)
    main = page.get_by_role("main")
    reviewers, group = EN["op.wants.reviewers"], f"Group {DESK}"
    for shown in (f"{group}: 0 of 2", f"{reviewers}: 0 of 1", f"{group}, {reviewers}"):
        expect(main.get_by_text(shown, exact=True)).to_be_visible()
    for uid in DESKED[:2]:
        said_by(server, uid, POLICY, Approve(ids.number(wd_id)))
    expect(main.get_by_text(f"{group}: 2 of 2", exact=True)).to_be_visible()
    expect(main.get_by_text(reviewers, exact=True)).to_be_visible()
    queue = visit("/operator/withdrawals", ada)
    queue.get_by_role("tab", name=re.compile(EN["op.queue.policy"])).click()
    row = queue.get_by_role("row").filter(has_text=f"{reviewers}: 0 of 1")
    expect(row).to_contain_text(f"{group}: 2 of 2")
    (done,) = ada.post(X + "policy/approve", wdId=wd_id, note=NOTE)
    assert done["state"] == "allowed"
    expect(main.get_by_text(f"{reviewers}: 1 of 1", exact=True)).to_be_visible()
    expect(main.get_by_text(EN["op.wants.waits"], exact=True)).to_have_count(0)
