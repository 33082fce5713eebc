"""Planning a stop from the operator's console."""

from __future__ import annotations

from fullreserve.gateway.maintenance import Maintenance
from fullreserve.gateway.ws.reference import Status
from tests.integration.operator.bed import Console

HOUR_MS = 3_600_000


async def test_a_planned_stop_is_told_to_everybody(console: Console) -> None:
    """Criterion: WS-STOP-2"""
    ada, rest = console.ada, console.town.rest
    now = rest.clock.wall_ms()
    begin, end = now + HOUR_MS, now + 2 * HOUR_MS
    assert (await ada.get("maintenance")).data == []
    made = await ada.act("maintenance/plan", beginTs=begin, endTs=end)
    row = {"beginTs": str(begin), "endTs": str(end), "plannedTs": str(now)}
    assert made.row == row
    assert (await ada.get("maintenance")).row == row
    kept = Maintenance(rest.clock, rest.folder).plan
    assert kept is not None
    assert kept.begin_ms == begin
    told = (await rest.get("system/status")).row
    assert (told["state"], told["begin"], told["end"], told["maintType"]) == (
        "scheduled", str(begin), str(end), "1",
    )  # fmt: skip
    assert (await rest.get("system/status", state="ongoing")).data == []
    moved = await ada.act("maintenance/plan", beginTs=begin + 1)
    assert moved.row | {"plannedTs": ""} == {
        "beginTs": str(begin + 1), "endTs": "", "plannedTs": "",
    }  # fmt: skip
    assert (await rest.get("system/status")).row["begin"] == str(begin + 1)
    assert (await ada.act("maintenance/cancel")).data == []
    assert (await rest.get("system/status")).data == []
    assert (await rest.get("system/status", state="canceled")).row["state"] == "canceled"
    assert (await ada.act("maintenance/cancel")).code == "91012"


async def test_only_a_stop_to_come_can_be_planned_and_by_whom_it_may(console: Console) -> None:
    """Criterion: WS-STOP-2"""
    now = console.town.rest.clock.wall_ms()
    for body, name in (
        ({"beginTs": now}, "beginTs"),
        ({"beginTs": now + 10, "endTs": now + 10}, "endTs"),
    ):
        refused = await console.ada.act("maintenance/plan", **body)
        assert (refused.code, name in refused.json["msg"]) == ("51000", True)
    for path, body in (("plan", {"beginTs": now + HOUR_MS}), ("cancel", {})):
        assert (await console.cleo.act(f"maintenance/{path}", **body)).code == "91020"
    assert console.town.rest.context.maintenance.plan is None


async def test_the_channel_of_the_status_tells_of_it(console: Console) -> None:
    """Criterion: WS-STOP-2. Whoever comes when it was given up is told nothing."""
    context = console.town.rest.context
    written: list[bytes] = []
    for state in ("scheduled", "canceled"):
        if state == "scheduled":
            context.maintenance.put(context.clock.wall_ms() + HOUR_MS, 0)
            topic = Status({"channel": "status"}, context)
            topic.write = written.append  # type: ignore[assignment, method-assign]
        else:
            context.maintenance.cancel()
        await topic._learn()
        await topic._learn()
        (frame,) = written
        assert f'"state":"{state}"'.encode() in frame
        written.clear()
    late = Status({"channel": "status"}, context)
    late.write = written.append  # type: ignore[assignment, method-assign]
    await late._learn()
    assert written == []
