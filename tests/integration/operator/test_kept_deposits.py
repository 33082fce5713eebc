"""Deposits that an operator keeps from their owners and that two free, over the API."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from fullreserve.exchange import chart
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    AdoptDeposits,
    AssignAddress,
    Confirmed,
    Orphaned,
    Payload,
    Screened,
    Seen,
    Tip,
)
from fullreserve.exchange.products.deposit_state import (
    EDITION,
    DepositState,
    ListDeposits,
    ListNetworks,
    NetworkState,
)
from fullreserve.exchange.wire.commands import (
    AccountKey,
    Side,
    Transfer,
    amount_bytes,
    amount_int,
)
from fullreserve.exchange.wire.queries import ListBalances
from fullreserve.exchange.worker_files import SENDERS, Sent
from fullreserve.gateway import ids
from fullreserve.gateway.custody_desk import ask, say
from fullreserve.gateway.rest.x.operator import carrying
from tests.bed import ALICE, BOB, BTC, place, submit
from tests.integration.operator.bed import Console
from tests.integration.operator.test_custody import given
from tests.integration.rest.test_custody import COIN, HASH, NETWORK

TRANSFER = bytes([9]) * 32
STOP, FREE = "deposits/stop", "propose/free-deposit"


async def tell(desk: Console, *words: Payload) -> None:
    for word in words:
        assert (await say(desk.town.rest.context, DEPOSITS, word)).code == 0


async def came(desk: Console, owner: int, *, unscreened: bool = False) -> str:
    """A deposit of an owner that is in a block and has no confirmations yet; its id."""
    context = desk.town.rest.context
    assert (await say(context, DEPOSITS, AssignAddress(NETWORK), owner)).code == 0
    await tell(
        desk,
        AdoptDeposits(EDITION),
        Tip(NETWORK, 12, HASH, healthy=True),
        Seen(NETWORK, TRANSFER, BTC, 1, 0, amount_bytes(3 * COIN), 0, 12, HASH, unscreened),
    )
    (found,) = await ask(context, DEPOSITS, ListDeposits(owner, 0, 10))
    return ids.text(found.number)


async def holdings(desk: Console, owner: int) -> dict[int, int]:
    """By kind of account."""
    held = await desk.town.rest.door.query(ListBalances(owner))
    return {one.kind: amount_int(one.balance) for one in held if one.asset == BTC}


async def test_what_is_under_the_least_deposit_is_told_apart(desk: Console) -> None:
    """Criterion: CUST-REST-18. Dust that anybody sends is no deposit that somebody waits for."""
    await came(desk, ALICE)
    (row,) = (await desk.cleo.get("deposits/under-way")).data
    assert row["missing"] == ""
    context = desk.town.rest.context
    known: list[NetworkState] = await ask(context, DEPOSITS, ListNetworks())
    (network,) = [one.terms for one in known if one.terms.network == NETWORK]
    assets = tuple(
        replace(one, minimum_deposit=amount_bytes(5 * COIN)) if one.asset == BTC else one
        for one in network.assets
    )
    await tell(desk, replace(network, assets=assets))
    (row,) = (await desk.cleo.get("deposits/under-way")).data
    assert (row["amt"], row["missing"]) == ("3", "2")


async def test_one_keeps_a_deposit_and_two_free_it(desk: Console) -> None:
    """Criterion: OP-KEPT-1, OP-KEPT-4, CUST-DEP-20."""
    before = await holdings(desk, ALICE)
    dep_id = await came(desk, ALICE)
    folder = desk.town.rest.context.folder
    assert folder is not None
    told = {TRANSFER.hex(): Sent(("bc1somebody",), is_whole=True)}
    (folder / SENDERS).write_bytes(msgspec.json.encode(told))
    (under_way,) = (await desk.cleo.get("deposits/under-way")).data
    assert under_way["senders"] == ["bc1somebody"]
    assert (under_way["depId"], under_way["uid"], under_way["amt"]) == (dep_id, str(ALICE), "3")
    assert (under_way["confirmations"], under_way["creditAfter"]) == ("1", "1")
    assert (await desk.cleo.act(FREE, depId=dep_id)).code == "91023"
    assert (await desk.cleo.act(STOP, depId=ids.text(5), reason="kyc")).code == "91023"
    kept = await desk.cleo.act(STOP, depId=dep_id, reason="intercepted")
    assert (kept.row["state"], kept.row["credited"]) == ("13", False)
    softer = await desk.cleo.act(STOP, depId=dep_id, reason="kyc")
    assert (softer.code, "blacklisted or intercepted" in softer.json["msg"]) == ("51000", True)
    assert "propose/free-deposit" in softer.json["msg"]
    assert (await desk.cleo.get("deposits/under-way")).data == []
    await tell(desk, Confirmed(NETWORK, TRANSFER, 1))
    (row,) = (await desk.ada.get("deposits/kept")).data
    assert (row["uid"], row["amt"], row["state"], row["credited"]) == (str(ALICE), "3", "13", True)
    assert (await holdings(desk, ALICE))[chart.FROZEN] == 3 * COIN
    late = await desk.cleo.act(STOP, depId=dep_id, reason="kyc")
    assert (late.code, "not credited yet" in late.json["msg"]) == ("51000", True)
    made, other = [await desk.cleo.act(FREE, depId=dep_id) for _ in range(2)]
    assert (made.row["kind"], made.row["terms"]["uid"]) == ("free-deposit", str(ALICE))
    assert (await desk.cleo.post("approve", proposal=made.row["proposal"])).code == "91006"
    assert (await desk.ada.post("approve", proposal=made.row["proposal"])).row["state"] == "done"
    after = await holdings(desk, ALICE)
    assert after[chart.FUND] == before.get(chart.FUND, 0) + 3 * COIN
    assert after.get(chart.FROZEN, 0) == 0
    assert (await desk.ada.get("deposits/kept")).data == []
    again = await desk.ada.post("approve", proposal=other.row["proposal"])
    assert again.code == "91012"


async def test_what_is_not_screened_yet_is_kept_and_screened_all_the_same(desk: Console) -> None:
    """Criterion: OP-KEPT-1, CUST-DEP-25. With the stricter word, which the console lists."""
    dep_id = await came(desk, ALICE, unscreened=True)
    assert (await desk.cleo.act(STOP, depId=dep_id, reason="kyc")).row["state"] == "14"
    await tell(desk, Screened(NETWORK, TRANSFER, DepositState.BLACKLISTED))
    (row,) = (await desk.ada.get("deposits/kept")).data
    assert (row["depId"], row["state"]) == (dep_id, "11")
    for reason in ("kyc", "intercepted"):
        softer = await desk.cleo.act(STOP, depId=dep_id, reason=reason)
        assert (softer.code, "blacklisted, as" in softer.json["msg"]) == ("51000", True)
    assert (await desk.cleo.act(STOP, depId=dep_id, reason="blacklisted")).row["state"] == "11"


async def test_nobody_frees_a_deposit_of_their_own(desk: Console) -> None:
    """Criterion: OP-KEPT-1."""
    dep_id = await came(desk, desk.ada.uid)
    assert (await desk.ada.act(STOP, depId=dep_id, reason="blacklisted")).code == "0"
    assert (await desk.ada.act(FREE, depId=dep_id)).code == "91007"
    made = await desk.cleo.act(FREE, depId=dep_id)
    assert (await desk.ada.post("approve", proposal=made.row["proposal"])).code == "91007"


async def test_a_freeing_that_a_crash_cut_short_is_carried_out_at_the_next_start(
    desk: Console,
) -> None:
    """Criterion: OP-KEPT-1."""
    dep_id = await came(desk, ALICE)
    await desk.cleo.act(STOP, depId=dep_id, reason="blacklisted")
    made = await desk.cleo.act(FREE, depId=dep_id)
    await given(desk, made.row["proposal"])
    for _ in range(2):
        await carrying.resume(desk.town.rest.context)
        shown = (await desk.ada.get("proposal", proposal=made.row["proposal"])).row
        assert (shown["state"], (await desk.ada.get("deposits/kept")).data) == ("done", [])


async def test_what_a_chain_took_back_and_was_spent_is_listed_as_owed(desk: Console) -> None:
    """Criterion: OP-KEPT-2."""
    uid, door = desk.ada.uid, desk.town.rest.door
    dep_id = await came(desk, uid)
    await tell(desk, Confirmed(NETWORK, TRANSFER, 1))
    fund, trade = (AccountKey(uid, kind, 0) for kind in (chart.FUND, chart.TRADE))
    spent = Transfer(door.gateway, door.numbers(1), uid, fund, trade, BTC, amount_bytes(2 * COIN))
    await submit(door, [spent])
    for owner, side in ((BOB, Side.BUY), (uid, Side.SELL)):
        assert (await place(door, owner, side, 400_000, 2 * 10**5)).code == 0
    assert (await desk.cleo.get("deposits/owed")).data == []
    await tell(desk, Orphaned(NETWORK, TRANSFER, 12))
    (row,) = (await desk.cleo.get("deposits/owed")).data
    assert (row["depId"], row["uid"], row["amt"], row["owed"]) == (dep_id, str(uid), "3", "2")
    assert int(row["owedTs"]) >= int(row["seenTs"])
