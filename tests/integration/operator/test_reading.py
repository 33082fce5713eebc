"""What operators read: users, the ledger, the journal, replays, vitals."""

from __future__ import annotations

import json

from fullreserve.exchange.wire.commands import Side
from fullreserve.gateway.vitals import quantile
from fullreserve.journal.replay import recover
from fullreserve.journal.ring import Ring
from fullreserve.journal.snapshots import write_snapshot
from tests.bed import ALICE, BOB, order, submit
from tests.integration.identity.bed import PASSWORD
from tests.integration.operator.bed import Console


async def test_users_are_found(console: Console) -> None:
    """Criterion: OP-READ-5"""
    dan = str(console.dan_uid)
    await console.dan.post(
        "users/subaccount/create-subaccount", subAcct="laboratory", label="Test Bench"
    )
    for query in (dan, "dan@example.com", "DAN@example.com"):
        assert [one["uid"] for one in (await console.ada.get("users", query=query)).data] == [dan]
    (sub,) = (await console.ada.get("users", query="bench")).data
    assert (sub["mainUid"], sub["label"]) == (dan, "Test Bench")
    assert (await console.ada.get("users", query="nobody@example.com")).data == []
    everyone = (await console.ada.get("users", limit=2)).data
    assert len(everyone) == 2
    rest = (await console.ada.get("users", after=everyone[-1]["uid"])).data
    assert dan in [one["uid"] for one in rest]
    row = (await console.ada.get("user", uid=dan)).row
    assert (row["email"], row["subAccounts"], row["totp"]) == ("dan@example.com", "1", False)
    assert [one["uid"] for one in row["subs"]] == [sub["uid"]]
    assert [one["agent"] for one in row["sessions"]] == ["Browser/1"]
    assert PASSWORD not in json.dumps(row)
    assert (await console.ada.get("user", uid=77)).code == "91023"


async def test_every_bill_leads_to_its_command(console: Console) -> None:
    """Criterion: OP-READ-1. From memory, and by a replay when the row is older than that."""
    door, ada = console.town.rest.door, console.ada
    sell, buy = order(door, ALICE, Side.SELL, 50_000, 100), order(door, BOB, Side.BUY, 50_000, 100)
    await submit(door, [sell, buy])
    await console.recorded()
    rows = (await ada.get("bills", uid=BOB, account="L.u.trade", ccy="BTC")).data
    assert (rows[0]["change"], rows[0]["tradeId"], rows[0]["px"]) == (
        "0.000999",
        "1000000001",
        "5000",
    )
    command = (await ada.get("command", sequence=rows[0]["sequence"])).row
    assert (command["command"], command["fields"]["owner"]) == ("PlaceOrder", str(BOB))
    assert {"Trade", "Order", "Balance", "Reply"} <= {one["event"] for one in command["events"]}
    funding = rows[-1]["sequence"]
    recent = (await ada.get("command", sequence=funding)).row
    console.town.rest.bed.sequencer._rows.ring = Ring()
    replayed = (await ada.get("command", sequence=funding)).row
    assert replayed == recent
    assert {(one["uid"], one["change"]) for one in replayed["postings"]} == {
        ("1", "-100"), (str(BOB), "100"),
    }  # fmt: skip
    assert (await ada.get("command", sequence=10**9)).code == "91023"
    assert (await ada.get("bills", uid=BOB, account="L.no")).code == "51000"
    house = (await ada.get("accounts", uid=1)).data
    fees = [one for one in house if one["account"] == "I.fee.trade"]
    assert {one["ccy"] for one in fees if one["balance"] != "0"} == {"BTC", "USDT"}


async def test_the_journal_is_read_row_by_row(console: Console) -> None:
    """Criterion: OP-READ-2"""
    ada = console.ada
    extent = (await ada.get("journal")).row
    assert extent["first"] == "1"
    first = (await ada.get("journal/rows", limit=1)).row
    assert (first["sequence"], first["commands"][0]["command"]) == ("1", "DefineKind")
    following = int(first["count"]) + 1
    rows = (await ada.get("journal/rows", **{"from": following})).data
    assert rows[0]["sequence"] == str(following)
    commands = [one for row in rows for one in row["commands"]]
    enrolled = [one for one in commands if one["command"] == "Product"]
    assert enrolled[0]["fields"]["payload"] == {
        "Enrol": {"group": "1", "member": str(console.ada.uid)}
    }
    assert "ada@desk" not in json.dumps(rows)
    beyond = int(extent["durable"]) + 1
    assert (await ada.get("journal/rows", **{"from": beyond})).data == []


async def test_a_replay_compares_snapshots(console: Console) -> None:
    """Criterion: OP-READ-3"""
    ada, rest = console.ada, console.town.rest
    place = write_snapshot(recover(rest.bed.journal).replica, rest.folder / "snapshots")
    at = int(place.name)
    door = rest.door
    await submit(door, [order(door, ALICE, Side.BUY, 10_000, 100)])
    health = await door.health()
    begun = await ada.post("journal/replay", sequence=str(health.durable))
    assert begun.row["state"] == "running"
    assert (await ada.post("journal/replay", sequence="1")).code == "91024"
    assert rest.context.log is not None
    await rest.context.log._task  # type: ignore[attr-defined]
    row = (await ada.get("journal/replay")).row
    assert (row["state"], row["reached"]) == ("done", str(health.durable))
    assert row["snapshots"] == [{"sequence": str(at), "equal": True, "differs": []}]
    found = {one["name"]: one["hash"] for one in row["components"]}
    own = {one.name: one.hash.hex() for one in rest.bed.sequencer.machine.hashes()}
    assert found == own
    manifest = place / "manifest.json"
    text = manifest.read_text().replace(own["approvals"], "00" * 32)
    manifest.write_text(text)
    await ada.post("journal/replay", sequence=str(at))
    await rest.context.log._task  # type: ignore[attr-defined]
    (wrong,) = (await ada.get("journal/replay")).row["snapshots"]
    assert wrong == {"sequence": str(at), "equal": False, "differs": ["approvals"]}


async def test_the_overview_counts_what_happened(console: Console) -> None:
    """Criterion: OP-READ-4"""
    ada, rest = console.ada, console.town.rest
    first = (await ada.get("overview")).row
    assert (first["state"], first["setUp"]) == ("running", False)
    assert int(first["memoryBytes"]) > 0
    assert int(first["dataBytes"]) > 0
    await correction_of_nothing(console)
    console.town.clock.advance(2_000)
    vitals = rest.app.vitals
    sample = await vitals.take()
    assert float(sample.refusals_per_s) > 0
    series = (await ada.get("series", after=first["ts"])).data
    assert [one["ts"] for one in series] == sorted(one["ts"] for one in series)
    assert sample.ts in [one["ts"] for one in series]
    projections = (await ada.get("overview")).row["projections"]
    assert [one["name"] for one in projections] == ["market", "records"]


async def correction_of_nothing(console: Console) -> None:
    for _ in range(5):
        await console.ada.act("users/freeze", uid=99_999_999)


def test_quantiles_are_bounds_of_buckets() -> None:
    """Criterion: OP-READ-4"""
    counts = [0] * 13
    assert quantile(counts, 50) == ""
    counts[0], counts[2] = 98, 2
    assert [quantile(counts, percent) for percent in (50, 95, 98, 99)] == [
        "200", "200", "200", "1000",
    ]  # fmt: skip
    counts[12] = 100
    assert quantile(counts, 99) == "5000000"
