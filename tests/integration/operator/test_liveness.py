"""The margin of each quorum for everybody, and who is missing for operators."""

from __future__ import annotations

import msgspec

from fullreserve.exchange import chart
from fullreserve.exchange.products.liveness import LIVENESS, Answered, Challenge, Define
from fullreserve.exchange.products.quorum_rules import Holder, Quorum, Role
from fullreserve.exchange.wire.commands import Product
from tests.bed import submit
from tests.integration.operator.bed import Console

HOT = Quorum(1, Role.HOT, 2, (Holder(1), Holder(2), Holder(3)), 300_000)


async def test_the_margin_is_public_and_the_persons_are_not(console: Console) -> None:
    """Criterion: LIVE-10. And a planned absence is one operator's word."""
    rest = console.town.rest
    digest = bytes(range(32))
    words = [Define(HOT), Challenge(1, digest), *(Answered(1, who, digest) for who in (1, 2, 3))]
    for word in words:
        payload = msgspec.msgpack.encode(word)
        number = rest.door.numbers(1)
        command = Product(rest.door.gateway, number, LIVENESS, chart.HOUSE, payload)
        (reply,) = await submit(rest.door, [command])  # type: ignore[misc]
        assert reply.code == 0
    row = (await rest.get("x/liveness")).row
    assert (row["role"], row["margin"], row["colour"]) == ("hot", "1", "green")
    now = rest.context.clock.exchange_ms()
    away = {"person": 3, "fromTs": now - 1, "untilTs": now + 10_000}
    told = await console.cleo.act("liveness/away", **away)
    assert told.code == "0", told.json
    for wrong in ({"person": 999}, {"untilTs": now - 2}):
        assert (await console.cleo.act("liveness/away", **(away | wrong))).code == "51000"
    row = (await rest.get("x/liveness")).row
    assert (row["margin"], row["colour"]) == ("0", "red")
    assert not {"missing", "people"} & set(row)
    row = (await console.ada.get("liveness")).row
    assert [one["person"] for one in row["missing"]] == ["3"]
    # By the numbers that an absence is told with.
    people = {one["person"]: one["answeredTs"] for one in row["people"]}
    assert {"1", "2", "3"} <= set(people)
    assert 0 < int(people["3"]) <= now
    assert all(not answered for person, answered in people.items() if int(person) > 3)
    assert "page_everybody" in row["actions"]
