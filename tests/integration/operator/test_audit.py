"""The audit log: all that was done and denied, and that nobody can change it."""

from __future__ import annotations

import sqlite3

import pytest

from fullreserve.identity.store import FILE_NAME
from tests.bed import ALICE
from tests.integration.operator.bed import NOTE, Console
from tests.integration.operator.test_approvals import correction


async def test_acts_denials_and_looks_are_entries(console: Console) -> None:
    """Criterion: OP-AUD-1"""
    await console.dan.get("x/operator/overview")
    await console.cleo.act("propose/threshold", threshold="1")
    await console.cleo.get("users", query="dan@example.com")
    made = await correction(console.cleo, ALICE, "1")
    await console.cleo.post("approve", proposal=made.row["proposal"])
    rows = (await console.ada.get("audit")).data
    assert [(one["actor"], one["action"], one["result"], one["code"]) for one in rows] == [
        (str(console.cleo.uid), "approve", "denied", "91006"),
        (str(console.cleo.uid), "propose/correction", "done", "0"),
        (str(console.cleo.uid), "users", "done", "0"),
        (str(console.cleo.uid), "propose/threshold", "denied", "91020"),
        (str(console.dan_uid), "overview", "denied", "91020"),
    ]
    made_entry = rows[1]
    assert (made_entry["subject"], made_entry["note"]) == (str(ALICE), NOTE)
    assert (made_entry["ip"], made_entry["agent"]) == ("198.51.100.7", "Browser/1")
    assert made_entry["actorEmail"] == "cleo@desk.example"
    assert made_entry["terms"]["amount"] == "1"
    for query, count in (
        ({"actor": console.dan_uid}, 1), ({"subject": ALICE}, 1), ({"action": "users"}, 1),
        ({"result": "denied"}, 3), ({"limit": 2}, 2), ({"after": rows[2]["entry"]}, 2),
        ({"result": "unknown"}, 0), ({"begin": int(rows[0]["ts"]) + 1}, 0),
    ):  # fmt: skip
        assert len((await console.ada.get("audit", **query)).data) == count, query


async def test_strangers_do_not_fill_it(console: Console) -> None:
    """Criterion: OP-AUD-1. A customer's denials are counted no further than thirty an hour."""
    for _ in range(40):
        await console.dan.get("x/operator/overview")
    page = (await console.ada.get("audit", actor=console.dan_uid)).data
    assert len(page) == 30


async def test_nothing_in_it_can_be_changed(console: Console) -> None:
    """Criterion: OP-AUD-2"""
    for uid in range(3):
        await console.ada.act("users/end-sessions", uid=ALICE + uid % 2)
    assert (await console.ada.get("audit/verify")).row == {
        "entries": "6", "whole": True, "brokenAt": "",
    }  # fmt: skip
    store = sqlite3.connect(console.town.rest.folder / FILE_NAME)
    for change in ("UPDATE audit SET code = 0", "DELETE FROM audit"):
        with pytest.raises(sqlite3.IntegrityError, match="never"):
            store.execute(change)
    # Somebody with the file can drop the trigger, and is found out.
    store.execute("DROP TRIGGER audit_stays")
    store.execute("UPDATE audit SET actor = 1 WHERE entry = 3")
    store.commit()
    store.close()
    assert (await console.ada.get("audit/verify")).row == {
        "entries": "2", "whole": False, "brokenAt": "3",
    }  # fmt: skip


async def test_who_leaves_takes_what_is_personal_along(console: Console) -> None:
    """Criterion: OP-AUD-3"""
    await console.ada.act("users/freeze", uid=console.dan_uid, flags="no_withdraw")
    row = (await console.ada.get("audit")).data[0]
    assert row["note"] == NOTE
    content = (console.town.rest.folder / FILE_NAME).read_bytes()
    assert NOTE.encode() not in content
    assert b"198.51.100.7" not in content
    desk = console.town.rest.context.desk
    await desk.act(desk.rooms.vault.erase_user, console.dan_uid)
    after = (await console.ada.get("audit")).data[0]
    assert (after["note"], after["terms"], after["entry"]) == ("", {}, row["entry"])
    assert after["ip"] == "198.51.100.7"  # the operator's own, who is still here
    assert (await console.ada.get("audit/verify")).row["whole"] is True
