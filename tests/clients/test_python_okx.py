"""python-okx trades here with another `domain`."""

from __future__ import annotations

from typing import Any

import pytest
from okx.Account import AccountAPI
from okx.Funding import FundingAPI
from okx.MarketData import MarketAPI
from okx.PublicData import PublicAPI
from okx.Trade import TradeAPI

from fullreserve.identity.vault import NewKey
from tests.server import LiveServer

# Its HTTP library is used in a way that is deprecated.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

# Near what ccxt's tests trade at, inside the price band that follows from it.
PRICE = "19999.9"


class Client:
    """The library's groups for one key."""

    def __init__(self, server: LiveServer, key: NewKey) -> None:
        signed = (key.key, key.secret, key.passphrase, False, "0", f"http://{server.http}")
        self.account = AccountAPI(*signed, debug=False)
        self.funding = FundingAPI(*signed, debug=False)
        self.trade = TradeAPI(*signed, debug=False)
        public = {"flag": "0", "domain": f"http://{server.http}", "debug": False}
        self.market = MarketAPI(**public)
        self.public = PublicAPI(**public)

    def close(self) -> None:
        for group in (self.account, self.funding, self.trade, self.market, self.public):
            group.close()


@pytest.fixture
def client(server: LiveServer, trader: NewKey) -> Any:
    made = Client(server, trader)
    yield made
    made.close()


@pytest.fixture
def other(server: LiveServer, counterparty: NewKey) -> Any:
    made = Client(server, counterparty)
    yield made
    made.close()


def good(answer: Any) -> Any:
    assert answer["code"] == "0", answer
    return answer["data"]


ORDER = {"instId": "BTC-USDT", "tdMode": "cash", "ordType": "limit", "px": PRICE}


def test_reference_and_market_data(client: Client) -> None:
    """Criterion: REST-CLIENT-2"""
    assert good(client.public.get_system_time())
    names = {row["instId"] for row in good(client.public.get_instruments(instType="SPOT"))}
    assert "BTC-USDT" in names
    assert len(good(client.market.get_tickers(instType="SPOT"))) == len(names)
    assert good(client.market.get_ticker("BTC-USDT"))[0]["instId"] == "BTC-USDT"
    assert good(client.market.get_orderbook("BTC-USDT", sz="5"))
    good(client.market.get_trades("BTC-USDT"))
    good(client.market.get_candlesticks("BTC-USDT", bar="1H"))


def test_account(client: Client) -> None:
    """Criterion: REST-CLIENT-2"""
    assert good(client.account.get_account_config())[0]["acctLv"] == "1"
    details = good(client.account.get_account_balance())[0]["details"]
    assert {"BTC", "ETH", "USDT"} == {row["ccy"] for row in details}
    assert good(client.account.get_fee_rates(instType="SPOT"))
    assert good(client.funding.get_currencies())
    moved = good(client.funding.funds_transfer(ccy="USDT", amt="5", from_="18", to="6"))
    assert good(client.funding.get_balances())[0]["bal"] == "5"
    state = client.funding.transfer_state(transId=moved[0]["transId"])
    assert good(state)[0]["state"] == "success"


def test_place_amend_cancel(client: Client) -> None:
    """Criterion: REST-CLIENT-2"""
    placed = good(client.trade.place_order(**ORDER, side="buy", sz="0.1", clOrdId="po1"))[0]
    row = good(client.trade.get_order("BTC-USDT", clOrdId="po1"))[0]
    assert (row["ordId"], row["state"]) == (placed["ordId"], "live")
    good(client.trade.amend_order("BTC-USDT", ordId=placed["ordId"], newSz="0.2"))
    assert [row["sz"] for row in good(client.trade.get_order_list())] == ["0.2"]
    good(client.trade.cancel_order("BTC-USDT", ordId=placed["ordId"]))
    history = good(client.trade.get_orders_history("SPOT"))
    assert [(row["ordId"], row["state"]) for row in history] == [(placed["ordId"], "canceled")]


def test_batches_and_fills(client: Client, other: Client) -> None:
    """Criterion: REST-CLIENT-2"""
    sells = [{**ORDER, "side": "sell", "sz": "0.1"} for _ in range(3)]
    made = good(other.trade.place_multiple_orders(sells))
    buy = good(client.trade.place_order(**ORDER, side="buy", sz="0.1"))[0]
    fills = good(client.trade.get_fills(instType="SPOT"))
    assert [(fill["ordId"], fill["fillPx"]) for fill in fills] == [(buy["ordId"], PRICE)]
    left = [{"instId": "BTC-USDT", "ordId": row["ordId"]} for row in made[1:]]
    amended = [{**one, "newSz": "0.05"} for one in left]
    good(other.trade.amend_multiple_orders(amended))
    good(other.trade.cancel_multiple_orders(left))
    assert good(other.trade.get_order_list()) == []


def test_refusals(client: Client) -> None:
    """Criterion: REST-CLIENT-2, REST-3"""
    answer = client.trade.place_order(**ORDER, side="sell", sz="101")
    assert (answer["code"], answer["data"][0]["sCode"]) == ("1", "51008")
    assert "enough for" in answer["data"][0]["sMsg"]
    assert client.trade.get_order("BTC-USDT", ordId="1000000000999999999")["code"] == "51603"
    assert client.market.get_ticker("NO-SUCH")["code"] == "51001"
