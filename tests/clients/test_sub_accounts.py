"""A master's bots: ccxt makes the sub-account, python-okx looks after it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ccxt
import pytest
from okx.Funding import FundingAPI
from okx.SubAccount import SubAccountAPI

from fullreserve.clock import SystemClock
from fullreserve.identity.vault import NewKey, Vault
from tests.clients.test_ccxt_rest import settings
from tests.clients.test_python_okx import good
from tests.server import TRADE, LiveServer

# Its HTTP library is used in a way that is deprecated.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def bound(server: LiveServer, trader: NewKey) -> NewKey:
    """Another key of the trader, bound to this machine."""
    vault = Vault(server.folder, SystemClock().wall_ms)
    made = vault.create_key(trader.uid, "Bound-Phrase-1", TRADE, addresses=["127.0.0.1"])
    vault.close()
    return made


@pytest.fixture
def okx(server: LiveServer, bound: NewKey) -> Iterator[Any]:
    signed = (bound.key, bound.secret, bound.passphrase, False, "0", f"http://{server.http}")
    groups = SubAccountAPI(*signed, debug=False), FundingAPI(*signed, debug=False)
    yield groups
    for group in groups:
        group.close()


def test_a_sub_account_from_its_making_to_its_bills(
    server: LiveServer, bound: NewKey, okx: Any
) -> None:
    """Criterion: ID-SUB-9"""
    subs, funding = okx
    master = ccxt.okx(settings(server, bound))
    for name in ("ccxtbot1", "ccxtbot2"):
        made = master.private_post_users_subaccount_create_subaccount(
            {"subAcct": name, "type": "1", "label": "a bot"}
        )
        assert made["data"][0]["subAcct"] == name
    assert {row["subAcct"] for row in good(subs.get_subaccount_list())} == {"ccxtbot1", "ccxtbot2"}
    key = master.private_post_users_subaccount_apikey(
        {"subAcct": "ccxtbot1", "label": "k", "passphrase": "Sub-Phrase-1", "perm": "trade"}
    )["data"][0]
    moved = funding.funds_transfer("USDT", "100", "18", "18", type="1", subAcct="ccxtbot1")
    assert good(moved)
    (balance,) = good(subs.get_account_balance("ccxtbot1"))
    assert [row["cashBal"] for row in balance["details"]] == ["100"]
    mine = NewKey(0, key["apiKey"], key["secretKey"], key["passphrase"])
    bot = ccxt.okx(settings(server, mine))
    assert bot.fetch_balance()["USDT"]["free"] == 100
    way = ("USDT", "40", "18", "6", "ccxtbot1", "ccxtbot2")
    assert good(subs.subAccount_transfer(*way))
    assert [row["bal"] for row in good(subs.get_funding_balance("ccxtbot2"))] == ["40"]
    assert good(subs.set_permission_transfer_out("ccxtbot1", False))
    barred = {"ccy": "USDT", "amt": "1", "from": "18", "to": "18", "type": "3"}
    with pytest.raises(ccxt.ExchangeError, match="58119"):
        bot.private_post_asset_transfer(barred)
    # Its master moves what it may not send itself.
    assert good(subs.subAccount_transfer("USDT", "10", "18", "6", "ccxtbot1", "ccxtbot2"))
    changed = good(subs.reset_subaccount_apikey("ccxtbot1", key["apiKey"], perm="read_only"))
    assert changed[0]["perm"] == "read_only"
    with pytest.raises(ccxt.ExchangeError):
        bot.create_order("BTC/USDT", "limit", "buy", 0.001, 10_000)
    assert good(subs.get_entrust_subaccount_list()) == []
    assert isinstance(good(subs.bills()), list)
