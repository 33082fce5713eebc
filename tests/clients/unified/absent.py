"""Methods of products that are not offered, with what they answer and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import ccxt

from tests.clients.unified.caller import SYMBOL, Unified, python_name

NO_SWAP = "BTC/USDT:USDT"
ADDRESS = "0x0000000000000000000000000000000000000001"
DAY = "1d"


class Answer(NamedTuple):
    """A call and its answer: a value, or an exception of ccxt with a code or words in it."""

    arguments: tuple[Any, ...]
    value: Any = None
    refusal: type[Exception] | None = None
    words: str = ""


def gives(value: Any, *arguments: Any) -> Answer:
    return Answer(arguments, value=value)


def refused(refusal: type[Exception], words: str, *arguments: Any) -> Answer:
    return Answer(arguments, refusal=refusal, words=words)


_ALGO = (ccxt.ExchangeError, "50046")
_NO_LISTING = (ccxt.BadSymbol, "does not have market symbol")
_NO_MODE = (ccxt.AccountNotEnabled, "51010")

# There are no stop, trigger, trailing and attached orders.
ALGO_ORDERS: Mapping[str, Answer] = {
    "createStopLimitOrder": refused(*_ALGO, SYMBOL, "sell", 0.1, 80, 85),
    "createStopLossOrder": refused(*_ALGO, SYMBOL, "limit", "sell", 0.1, 80, 85),
    "createStopMarketOrder": refused(*_ALGO, SYMBOL, "sell", 0.1, 85),
    "createStopOrder": refused(*_ALGO, SYMBOL, "limit", "sell", 0.1, 80, 85),
    "createTakeProfitOrder": refused(*_ALGO, SYMBOL, "limit", "sell", 0.1, 120, 119),
    "createTrailingPercentOrder": refused(*_ALGO, SYMBOL, "market", "sell", 0.1, None, 5),
    "createTriggerOrder": refused(*_ALGO, SYMBOL, "limit", "buy", 0.1, 80, 85),
    "createOrderWithTakeProfitAndStopLoss": refused(
        ccxt.BadRequest, "attachAlgoOrds", SYMBOL, "limit", "buy", 0.1, 90, 120, 80
    ),
}

# An account of spot trading has neither positions nor margin nor loans.
MARGIN: Mapping[str, Answer] = {
    "createReduceOnlyOrder": refused(ccxt.InvalidOrder, "51205", SYMBOL, "limit", "buy", 0.1, 90),
    "closePosition": refused(ccxt.ExchangeError, "51023", SYMBOL),
    "addMargin": refused(ccxt.ExchangeError, "59300", SYMBOL, 10),
    "reduceMargin": refused(ccxt.ExchangeError, "59300", SYMBOL, 10),
    "borrowCrossMargin": refused(ccxt.OperationRejected, "59410", "USDT", 5),
    "repayCrossMargin": refused(ccxt.OperationRejected, "59410", "USDT", 5, {"id": "1"}),
    "fetchBorrowInterest": gives([]),
    "fetchBorrowRateHistories": gives({}),
    "fetchBorrowRateHistory": gives([], "USDT"),
    "fetchCrossBorrowRate": gives({"rate": None}, "USDT"),
    "fetchCrossBorrowRates": gives({}),
    "fetchLeverage": refused(*_NO_MODE, SYMBOL, {"marginMode": "cross"}),
    "setLeverage": refused(*_NO_MODE, 3, SYMBOL, {"mgnMode": "cross"}),
    "setMarginMode": refused(*_NO_MODE, "cross", SYMBOL, {"lever": 3}),
    "fetchMarginAdjustmentHistory": gives([], None, "add"),
    "fetchMarketLeverageTiers": gives([], SYMBOL, {"marginMode": "cross"}),
    "fetchPosition": refused(ccxt.NullResponse, "could not find a position", SYMBOL),
    "fetchPositionHistory": gives([], SYMBOL),
    "fetchPositions": gives([]),
    "fetchPositionsForSymbol": gives([], SYMBOL),
    "fetchPositionsHistory": gives([]),
}

# No contract is listed, and their data have nobody to be about.
CONTRACTS: Mapping[str, Answer] = {
    "fetchFundingHistory": gives([]),
    "fetchFundingRate": refused(*_NO_LISTING, NO_SWAP),
    "fetchFundingRateHistory": refused(*_NO_LISTING, NO_SWAP),
    "fetchFundingInterval": refused(*_NO_LISTING, NO_SWAP),
    "fetchFundingRates": gives({}),
    "fetchGreeks": refused(*_NO_LISTING, NO_SWAP),
    "fetchAllGreeks": gives({}, None, {"instFamily": "BTC-USD"}),
    "fetchLongShortRatioHistory": gives([], SYMBOL),
    "fetchMarkOHLCV": refused(ccxt.BadSymbol, "51001", SYMBOL, "1m"),
    "fetchMarkPrice": refused(*_NO_LISTING, NO_SWAP),
    "fetchMarkPrices": gives({}, None, {"instType": "SWAP"}),
    "fetchMySettlementHistory": gives([]),
    "fetchSettlementHistory": refused(*_NO_LISTING, NO_SWAP),
    "fetchOpenInterest": refused(*_NO_LISTING, NO_SWAP),
    "fetchOpenInterests": gives({}),
    "fetchOpenInterestHistory": gives([], "BTC", DAY),
    "fetchOption": refused(*_NO_LISTING, NO_SWAP),
    "fetchOptionChain": gives({}, "BTC"),
    "fetchUnderlyingAssets": gives([], {"type": "option"}),
}

# Money comes and goes between accounts of the exchange alone, and there is no conversion.
CUSTODY: Mapping[str, Answer] = {
    "fetchDeposit": gives({"info": {}, "id": None}, "1", "USDT"),
    "fetchDepositAddress": refused(ccxt.ExchangeError, "58014", "USDT"),
    "fetchDepositAddressesByNetwork": refused(ccxt.ExchangeError, "58014", "USDT"),
    "fetchDeposits": gives([], "USDT"),
    "fetchWithdrawal": gives({"info": {}, "id": None}, "1", "USDT"),
    "fetchWithdrawals": gives([], "USDT"),
    "withdraw": refused(
        ccxt.ExchangeError, "58013", "USDT", 10, ADDRESS, {"network": "ERC20", "fee": "0"}
    ),
    "fetchConvertCurrencies": gives({}),
    "fetchConvertQuote": refused(ccxt.ExchangeError, "52927", "USDT", "BTC", 10),
    "createConvertTrade": refused(ccxt.ExchangeError, "52905", "1", "USDT", "BTC", 10),
    "fetchConvertTrade": gives({"info": {}, "id": None}, "1"),
    "fetchConvertTradeHistory": gives([]),
}

ABSENT: Mapping[str, Answer] = {**ALGO_ORDERS, **MARGIN, **CONTRACTS, **CUSTODY}
# What no channel is for here: refused, by the server or by ccxt because no market is of that kind.
SOCKETS_ABSENT: Mapping[str, Answer] = {
    "watchMarkPrice": refused(ccxt.ExchangeError, "60018", SYMBOL),
    "watchMarkPrices": refused(ccxt.ExchangeError, "60018", ["ETH/USDT"]),
    "watchFundingRate": refused(*_NO_LISTING, NO_SWAP),
    "watchFundingRates": refused(*_NO_LISTING, [NO_SWAP]),
    "cancelAllOrdersWs": refused(ccxt.BadRequest, "only applicable to Option", SYMBOL),
}
# Taken, and nothing ever comes: nobody is liquidated.
SILENT: Mapping[str, tuple[Any, ...]] = {
    "watchLiquidations": (SYMBOL,),
    "watchLiquidationsForSymbols": ([SYMBOL],),
    "watchMyLiquidations": (SYMBOL,),
    "watchMyLiquidationsForSymbols": ([SYMBOL],),
}
# `has` names it, and no client has it.
NOT_IN_CCXT = frozenset({"fetchCurrenciesWs"})
# Not methods: what the exchange is said to have.
PROPERTIES = frozenset(
    {"publicAPI", "privateAPI", "sandbox", "spot", "margin", "swap", "future", "option", "ws"}
)


async def disagreement(client: Unified, name: str, expected: Answer) -> str:
    """How an answer differs from what is expected; nothing when it does not."""
    try:
        value = await getattr(client, python_name(name))(*expected.arguments)
    except ccxt.BaseError as problem:
        right = expected.refusal and isinstance(problem, expected.refusal)
        return "" if right and expected.words in str(problem) else repr(problem)
    if expected.refusal:
        return f"gave {value}"
    # Structures of ccxt have many keys; those that are named must agree.
    wanted = expected.value
    agrees = wanted == value if not wanted else wanted.items() <= dict(value).items()
    return "" if agrees else f"gave {value}"
