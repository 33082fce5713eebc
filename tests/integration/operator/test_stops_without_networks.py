"""Goal: what stops withdrawals can be ended where no network is served: nothing is paid there.

Method: an exchange without any network, and its operators by the endpoints that the console uses.
"""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from fullreserve.exchange.products.suspension_state import EDITION, FRESH_MS
from fullreserve.exchange.products.suspension_wire import SUSPENSIONS, Adopt
from fullreserve.gateway.custody_desk import say
from tests.integration.operator.bed import Console
from tests.integration.operator.test_suspending import HOUR_MS, NOTICE, STAFFED, done, proven

STOP = {"actions": "withdraw,trade_all", "level": "global", "reason": "SECURITY_INCIDENT"}
SHOWN: tuple[tuple[str, dict[str, Any]], ...] = (
    ("1", {}),
    ("2", {}),
    ("3", {}),
    ("7", {"document": "There is nothing to pay on any network."}),
    ("8", {"document": STAFFED}),
)


async def test_a_stop_of_all_is_ended_where_no_network_is(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: SUS-CANARY-7, SUS-AUTO-4. However fast time runs while its drain is opened."""
    ada, bea, clock = console.ada, console.bea, console.town.clock
    assert (await say(console.town.rest.context, SUSPENSIONS, Adopt(EDITION))).code == 0
    number = (await ada.act("suspending/suspend", **STOP)).row["suspension"]
    await done(bea, "ratify", number)
    row = await done(ada, "plan", number, estOpenTs=clock.exchange_ms() + HOUR_MS)
    assert row["lines"] == row["budgets"] == []
    await done(bea, "show", number, gate="6", document=NOTICE, public=True)
    clock.advance(HOUR_MS)
    for person in (ada, bea):
        await proven(person)
    await done(ada, "check", number)
    assert (await bea.post("suspending/survey", suspension=number)).code == "0"
    (read,) = (await bea.get("suspending/detail", suspension=number)).row["screening"]
    await done(bea, "show", number, gate="5", count=read["count"], upTo=read["upTo"])
    for gate, more in SHOWN:
        row = await done(bea, "show", number, gate=gate, **more)
    of = {"plannedTs": row["plannedTs"], "shown": row["shown"]}
    await done(bea, "sign-off", number, **of)
    with monkeypatch.context() as fast:
        leap_ms = FRESH_MS + 1
        leaps = count(clock.exchange_ms() + leap_ms, leap_ms)
        fast.setattr(clock, "exchange_ms", lambda: next(leaps))
        row = await done(ada, "open-drain", number)
    assert {one["state"] for one in row["gates"]} == {"passed"}
    row = await done(ada, "lift", number)
    assert row["state"] == "lifted"
