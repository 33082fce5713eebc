"""The chart of accounts: every kind of account, its sign and how it counts in the reserves.

A balance is positive where the exchange owes it (credit). Kinds are data of the log (`DefineKind`);
the numbers here are written into each log's genesis and are never reused.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from fullreserve.exchange.wire.commands import (
    AccountKey,
    AnyCommand,
    ClaimClass,
    DefineHouse,
    DefineKind,
    HouseRole,
    OpenOwner,
    OwnerFlag,
    SetFeeTier,
    SignRule,
)

FUND = 1  # OKX account 6
TRADE = 2  # OKX account 18
HOLD = 3
FROZEN = 4
PROTECTED = 12
UNALLOCATED = 23
CHAIN_HOT = 30
CHAIN_WARM = 31
CHAIN_COLD = 32
CHAIN_DEPOSIT = 33
LOAN = 35
UNCONFIRMED = 37
BREAK = 38
PROTECTION = 39
TREASURY = 42
FEE_TRADE = 50
FEE_WITHDRAWAL = 51
GAS = 60
REORG = 64
LOSS = 65
INSURANCE = 40
ROUNDING = 41

HOUSE = 1  # the owner of all house accounts
FIRST_USER = 10_000_001  # lower numbers are the exchange's own

_OWED = (SignRule.CREDIT, ClaimClass.ON_DEMAND)
_TERM = (SignRule.CREDIT, ClaimClass.TERM)
_ASSET = (SignRule.DEBIT, ClaimClass.NOT_A_CLAIM)
_EQUITY = (SignRule.CREDIT, ClaimClass.NOT_A_CLAIM)
_MEMO = (SignRule.CREDIT, ClaimClass.NOT_A_CLAIM)
_EITHER = (SignRule.EITHER, ClaimClass.NOT_A_CLAIM)


class Kind(NamedTuple):
    """One line of the chart; `instance` of an account tells pools, loans or chains apart."""

    number: int
    code: str
    sign: SignRule
    claim: ClaimClass
    meaning: str


def _kind(number: int, code: str, rule: tuple[SignRule, ClaimClass], meaning: str) -> Kind:
    return Kind(number, code, rule[0], rule[1], meaning)


CHART: tuple[Kind, ...] = (
    _kind(FUND, "L.u.fund", _OWED, "a user's funding account"),
    _kind(TRADE, "L.u.trade", _OWED, "a user's trading account"),
    _kind(HOLD, "L.u.hold", _OWED, "withdrawals in flight"),
    _kind(FROZEN, "L.u.frozen", _OWED, "stopped by compliance"),
    _kind(5, "L.u.flex", _OWED, "flexible savings"),
    _kind(6, "L.u.fixed", _TERM, "fixed savings"),
    _kind(7, "L.u.stake", _TERM, "staked, by product"),
    _kind(8, "L.u.js", _OWED, "in a Jumpstart pool"),
    _kind(9, "L.u.bot", _OWED, "set aside for a trading bot"),
    _kind(10, "L.u.col", _TERM, "collateral of a loan"),
    _kind(11, "L.u.locked", _TERM, "locked by a campaign"),
    _kind(PROTECTED, "M.u.protected", _MEMO, "of fund and trade, what cannot be withdrawn yet"),
    _kind(20, "L.p.js", _TERM, "a project's tokens awaiting emission"),
    _kind(21, "L.p.campaign", _TERM, "a campaign's reserved budget"),
    _kind(22, "L.p.psw", _TERM, "profit share withheld"),
    _kind(UNALLOCATED, "L.p.unallocated", _TERM, "received, owner unknown"),
    _kind(CHAIN_HOT, "A.chain.hot", _ASSET, "hot wallets, by chain"),
    _kind(CHAIN_WARM, "A.chain.warm", _ASSET, "warm wallets, by chain"),
    _kind(CHAIN_COLD, "A.chain.cold", _ASSET, "cold wallets, by chain"),
    _kind(CHAIN_DEPOSIT, "A.chain.deposit", _ASSET, "deposit addresses not yet swept, by chain"),
    _kind(34, "A.stake", _ASSET, "staked with a protocol"),
    _kind(LOAN, "A.loan", _ASSET, "lent to a user"),
    _kind(36, "A.custodian", _ASSET, "held by a custodian"),
    _kind(UNCONFIRMED, "A.unconfirmed", _ASSET, "seen on a chain, not confirmed"),
    _kind(BREAK, "A.break", _EITHER, "where a chain and the ledger do not agree, by chain"),
    _kind(PROTECTION, "M.protected", _EITHER, "the other side of M.u.protected"),
    _kind(INSURANCE, "E.ins", _EQUITY, "insurance fund, by product"),
    _kind(ROUNDING, "E.dust", _EQUITY, "remainders of rounding, by product"),
    _kind(TREASURY, "E.treasury", _EQUITY, "the exchange's own holdings"),
    # A maker's rebate may be in another asset than the taker's fee, so it can be overdrawn.
    _kind(FEE_TRADE, "I.fee.trade", _EITHER, "trading fees less rebates"),
    _kind(FEE_WITHDRAWAL, "I.fee.wd", _EQUITY, "withdrawal fees"),
    _kind(52, "I.fee.stake", _EQUITY, "staking commission"),
    _kind(53, "I.penalty", _EQUITY, "penalties"),
    _kind(GAS, "X.gas", _ASSET, "network fees"),
    _kind(61, "X.reward", _ASSET, "rewards, by campaign"),
    _kind(62, "X.subsidy", _ASSET, "subsidies"),
    _kind(63, "X.slash", _ASSET, "slashing losses"),
    _kind(REORG, "X.reorg", _ASSET, "deposits undone by a chain after they were spent, by chain"),
    _kind(LOSS, "X.loss", _ASSET, "coins that were lost on a chain, by chain"),
    _kind(70, "T.conv", _EITHER, "conversion clearing"),
)


def missing(known: Iterable[int]) -> list[AnyCommand]:
    """What brings a log that began with an older chart up to this one."""
    numbers = frozenset(known)
    return [
        DefineKind(0, 0, kind.number, kind.code, kind.sign, kind.claim)
        for kind in CHART
        if kind.number not in numbers
    ]


def genesis() -> list[AnyCommand]:
    """The commands that every log begins with: chart, house owner, house accounts, fee tier 0."""
    house = OwnerFlag.HOUSE
    return [
        *missing(()),
        SetFeeTier(0, 0, 0, 0, 0),
        OpenOwner(0, 0, HOUSE, HOUSE, 0, 0, house),
        DefineHouse(0, 0, HouseRole.TRADE_FEE, AccountKey(HOUSE, FEE_TRADE, 0)),
        DefineHouse(0, 0, HouseRole.ROUNDING, AccountKey(HOUSE, ROUNDING, 0)),
    ]
