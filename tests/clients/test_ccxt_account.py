"""ccxt on the account's side: ledgers, transfers, and what an account without margin answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import ccxt
import pytest

from fullreserve.identity.vault import NewKey
from tests.clients.test_ccxt_rest import settings
from tests.server import LiveServer

SYMBOL = "BTC/USDT"


def client(server: LiveServer, key: NewKey) -> Any:
    made = ccxt.okx(settings(server, key))
    made.load_markets()
    return made


@pytest.fixture
def okx(server: LiveServer, trader: NewKey) -> Iterator[Any]:
    made = client(server, trader)
    yield made
    made.close()


def test_transfers_and_both_ledgers(okx: Any) -> None:
    """Criterion: REST-CLIENT-1, REST-FUND-2"""
    moved = okx.transfer("USDT", 10, "trading", "funding")
    assert (moved["amount"], moved["fromAccount"], moved["toAccount"]) == (10, "trading", "funding")
    found = okx.fetch_transfer(moved["id"])
    assert (found["amount"], found["status"]) == (10, "ok")
    assert okx.fetch_balance({"type": "funding"})["USDT"]["total"] == 10
    paid = okx.fetch_ledger("USDT", None, 5, {"method": "privateGetAssetBills"})[0]
    assert (paid["amount"], paid["currency"]) == (10, "USDT")
    # Transfers are of no product, so that asking for spot leaves them out, as on OKX.
    assert okx.fetch_ledger("USDT") == []
    assert okx.fetch_transfers()[0]["id"]


def test_fills_are_in_the_ledger(okx: Any, server: LiveServer, counterparty: NewKey) -> None:
    """Criterion: REST-CLIENT-1, REST-ACC-1"""
    other = client(server, counterparty)
    other.create_order(SYMBOL, "limit", "sell", 0.5, 20_000)
    bought = okx.create_order(SYMBOL, "limit", "buy", 0.5, 20_000)
    base, quote = (okx.fetch_ledger(code)[-1] for code in ("BTC", "USDT"))
    assert (base["referenceId"], base["direction"]) == (bought["id"], "in")
    assert (quote["amount"], quote["direction"]) == (-10_000, "out")
    assert okx.fetch_order_trades(bought["id"], SYMBOL)[0]["amount"] == 0.5
    other.close()


def test_there_is_no_custody_and_no_margin(okx: Any) -> None:
    """Criterion: REST-CLIENT-1, REST-FUND-3, REST-ACC-2, REST-ABSENT-1"""
    assert okx.fetch_deposits("USDT") == okx.fetch_withdrawals("USDT") == []
    assert okx.fetch_positions() == okx.fetch_positions_history() == []
    assert okx.fetch_borrow_interest() == []
    assert okx.fetch_cross_borrow_rates() == {}
    assert okx.fetch_convert_trade_history() == okx.fetch_open_orders(SYMBOL, params={"trigger": 1})
    assert okx.fetch_funding_rates() == okx.fetch_option_chain("BTC") == {}
    assert okx.fetch_underlying_assets({"type": "option"}) == []
    refused: list[tuple[Callable[[], object], type[Exception]]] = [
        (lambda: okx.fetch_deposit_address("USDT"), ccxt.ExchangeError),
        (lambda: okx.set_leverage(3, SYMBOL, {"mgnMode": "cross"}), ccxt.AccountNotEnabled),
        (lambda: okx.borrow_cross_margin("USDT", 5), ccxt.OperationRejected),
        (lambda: okx.cancel_order("1", SYMBOL, {"trigger": True}), ccxt.OrderNotFound),
        (lambda: okx.fetch_ohlcv(SYMBOL, "1m", params={"price": "mark"}), ccxt.BadSymbol),
    ]
    for call, problem in refused:
        with pytest.raises(problem):
            call()


def test_the_dead_mans_switch(okx: Any) -> None:
    """Criterion: REST-CLIENT-1, REST-ORD-6"""
    armed = okx.cancel_all_orders_after(10_000)
    assert int(armed["data"][0]["triggerTime"]) > okx.fetch_time() + 5_000
    assert okx.cancel_all_orders_after(0)["data"][0]["triggerTime"] == "0"
