"""What one operator stops at once."""

from __future__ import annotations

from fullreserve.exchange.wire.commands import Side
from tests.bed import ALICE, order, submit
from tests.integration.operator.bed import Console


async def test_an_instrument_is_stopped_by_one_and_started_by_two(console: Console) -> None:
    """Criterion: OP-STOP-1"""
    ada, door = console.ada, console.town.rest.door
    for state in ("post_only", "cancel_only", "suspend"):
        answer = await ada.act("instruments/state", instId="BTC-USDT", state=state)
        assert answer.row == {"instId": "BTC-USDT", "state": state}
    (reply,) = await submit(door, [order(door, ALICE, Side.BUY, 10_000, 100)])  # type: ignore[misc]
    assert reply.code == 51022
    assert (await ada.act("instruments/state", instId="BTC-USDT", state="suspend")).code == "91012"
    looser = await ada.act("instruments/state", instId="BTC-USDT", state="live")
    assert (looser.status, looser.code) == (409, "91022")
    made = await ada.act("propose/state", instId="BTC-USDT", state="live")
    assert (await console.bea.post("approve", proposal=made.row["proposal"])).code == "0"
    rows = (await ada.get("instruments")).data
    assert next(one for one in rows if one["instId"] == "BTC-USDT")["state"] == "live"


async def test_a_user_is_stopped_with_sub_accounts_orders_keys_and_sessions(
    console: Console,
) -> None:
    """Criterion: OP-STOP-2"""
    made = await console.dan.post("users/subaccount/create-subaccount", subAcct="dansub", label="d")
    sub = int(made.row["uid"])
    rest = console.town.rest
    door = rest.door
    await submit(door, [order(door, ALICE, Side.BUY, 10_000, 100)])
    frozen = await console.cleo.act("users/freeze", uid=console.dan_uid, flags="frozen,no_trade")
    both = ["frozen", "no_trade"]
    assert frozen.data == [
        {"uid": str(console.dan_uid), "flags": both}, {"uid": str(sub), "flags": both},
    ]  # fmt: skip
    await console.cleo.act("users/freeze", uid=ALICE, cancelOrders="true")
    seen = (await console.cleo.get("user", uid=ALICE)).row
    assert (seen["openOrders"], seen["flags"]) == ([], ["frozen"])
    (key,) = seen["keys"]
    assert key["apiKey"] == rest.alice.key
    path = "/api/v5/account/balance"
    signed = rest.signed(rest.alice, "GET", path)
    assert (await rest.call("GET", path, headers=signed)).code == "0"
    assert (await console.cleo.act("users/revoke-keys", uid=ALICE)).row == {"revoked": "1"}
    assert (await rest.call("GET", path, headers=signed)).code == "50111"
    ended = await console.cleo.act("users/end-sessions", uid=console.dan_uid)
    assert ended.row == {"ended": "1"}
    assert (await console.dan.get("x/session")).code == "90002"
