"""Key sets of rows, as the strictest known client (nautilus_trader's Rust structs) demands them."""

from __future__ import annotations


def _keys(text: str) -> frozenset[str]:
    return frozenset(text.split())


INSTRUMENT = _keys(
    """
    instType instId uly instFamily baseCcy quoteCcy settleCcy ctVal ctMult ctValCcy optType
    stk listTime expTime lever tickSz lotSz minSz ctType state ruleType instIdCode
    """
)
BALANCE = _keys(
    """
    adjEq borrowFroz details imr isoEq mgnRatio mmr notionalUsdForBorrow notionalUsdForFutures
    notionalUsdForOption notionalUsdForSwap notionalUsd ordFroz totalEq uTime upl availEq
    """
)
DETAIL = _keys(
    """
    availBal availEq borrowFroz cashBal ccy crossLiab disEq eq eqUsd smtSyncEq
    spotCopyTradingEq fixedBal frozenBal imr interest isoEq isoLiab isoUpl liab maxLoan
    mgnRatio mmr notionalLever ordFrozen rewardBal spotInUseAmt clSpotInUseAmt maxSpotInUse
    spotIsoBal stgyEq twap uTime upl uplLiab spotBal openAvgPx accAvgPx spotUpl spotUplRatio
    totalPnl totalPnlRatio
    """
)
ORDER = _keys(
    """
    accFillSz algoClOrdId algoId attachAlgoClOrdId attachAlgoOrds avgPx cTime cancelSource
    cancelSourceReason category ccy clOrdId fee feeCcy fillPx fillSz fillTime instId instType
    isTpLimit lever linkedAlgoOrd ordId ordType pnl posSide px pxType pxUsd pxVol quickMgnType
    rebate rebateCcy reduceOnly side slOrdPx slTriggerPx slTriggerPxType source state stpId
    stpMode sz tag tdMode tgtCcy tpOrdPx tpTriggerPx tpTriggerPxType tradeId tradeQuoteCcy
    uTime
    """
)
FILL = _keys(
    """
    instType instId tradeId ordId clOrdId billId subType tag fillPx fillSz fillIdxPx fillPnl
    fillPxVol fillPxUsd fillMarkVol fillFwdPx fillMarkPx side posSide execType feeCcy fee
    feeRate tradeQuoteCcy ts fillTime
    """
)
TICKER = _keys(
    """
    instType instId last lastSz askPx askSz bidPx bidSz open24h high24h low24h volCcy24h
    vol24h sodUtc0 sodUtc8 ts
    """
)
TRADE = _keys(
    """
    instId px sz side source tradeId ts
    """
)
FEE = _keys(
    """
    level taker maker takerU makerU instType ts
    """
)
CURRENCY = _keys(
    """
    ccy chain canDep canWd canInternal mainNet needTag name logoLink ctAddr minDep minWd maxWd
    wdTickSz wdQuota usedWdQuota fee minFee maxFee minFeeForCtAddr maxFeeForCtAddr minInternal
    minDepArrivalConfirm minWdUnlockConfirm depQuotaFixed usedDepQuotaFixed
    depQuoteDailyLayer2 burningFeeRate depEstOpenTime wdEstOpenTime
    """
)
CONFIG = _keys(
    """
    uid mainUid acctLv acctStpMode posMode autoLoan greeksType feeType level levelTmp
    ctIsoMode mgnIsoMode spotOffsetType stgyType roleType traderInsts spotRoleType
    spotTraderInsts opAuth kycLv label ip perm liquidationGear enableSpotBorrow
    spotBorrowAutoRepay type settleCcy settleCcyList
    """
)
BILL = _keys(
    """
    billId instType type subType ts balChg posBalChg bal posBal sz px ccy pnl fee mgnMode instId
    ordId execType from to notes interest tag fillTime tradeId clOrdId fillIdxPx fillMarkPx
    fillPxVol fillPxUsd fillMarkVol fillFwdPx earnAmt earnApr
    """
)
INDEX = _keys("instId idxPx high24h low24h open24h sodUtc0 sodUtc8 ts")
PRICE_LIMIT = _keys("instId instType buyLmt sellLmt enabled ts")
SNAPSHOT = _keys("asks bids ts seqId")
TRANSFER = _keys("transId ccy clientId from amt to")
# A row without names.
CANDLE = ("ts", "o", "h", "l", "c", "vol", "volCcy", "volCcyQuote", "confirm")
