"""Money between accounts, ledgers, and what an account is."""

from __future__ import annotations

from tests.clients.unified.caller import Desk, exercises


@exercises("transfer", "fetchTransfer", "fetchTransfers", "fetchLedger")
async def transfers_are_in_both_ledgers(desk: Desk) -> None:
    me = desk.me
    before = await me.fetch_balance()
    moved = await me.transfer("USDT", 10, "trading", "funding")
    assert (moved["amount"], moved["fromAccount"], moved["toAccount"]) == (10, "trading", "funding")
    found = await me.fetch_transfer(moved["id"])
    assert (found["amount"], found["status"]) == (10, "ok")
    assert (await me.fetch_balance({"type": "funding"}))["USDT"]["total"] == 10
    after = await me.fetch_balance()
    assert after["USDT"]["total"] == before["USDT"]["total"] - 10
    newest = (await me.fetch_transfers("USDT"))[-1]
    seen = newest["amount"], newest["fromAccount"], newest["toAccount"]
    assert seen == (10, "trading", "funding")
    paid = (await me.fetch_ledger("USDT", None, 5, {"method": "privateGetAssetBills"}))[-1]
    assert (paid["direction"], paid["amount"], paid["after"]) == ("in", 10, 10)


@exercises("fetchAccounts", "fetchPositionMode", "setPositionMode")
async def an_account_of_spot_trading(desk: Desk) -> None:
    (account,) = await desk.me.fetch_accounts()
    assert account["id"] == account["info"]["uid"]
    assert account["info"]["acctLv"] == "1"
    await desk.me.set_position_mode(False)
    assert (await desk.me.fetch_position_mode())["hedged"] is False
