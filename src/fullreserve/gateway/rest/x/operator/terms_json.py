"""What a proposal is about, in the names of the endpoint that makes one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fullreserve.exchange import decimals
from fullreserve.exchange.catalog import Catalog
from fullreserve.exchange.products.approval_acts import (
    Admit,
    AllotCoins,
    AnnounceMove,
    AnyAct,
    AssignIdentity,
    AssignTeam,
    AssignTier,
    BookLoss,
    Bust,
    ClaimDeposit,
    Close,
    CloseNetwork,
    Correct,
    Define,
    EndMove,
    FreeDeposit,
    Grant,
    Release,
    Retire,
    SetThreshold,
    UnbindPayments,
)
from fullreserve.exchange.wire.commands import (
    Definition,
    ListInstrument,
    Parameter,
    SetFeeTier,
    SetInstrument,
    SetInstrumentState,
    SetParameter,
    SetSuspension,
    Suspended,
    SuspensionLevel,
    TickBand,
    amount_int,
)
from fullreserve.exchange.wire.events import InstrumentChanged
from fullreserve.gateway.rest.x.operator.accounts_json import (
    account_word,
    amount_text,
    symbol_of,
)
from fullreserve.gateway.rest.x.operator.carrying import ROLES
from fullreserve.gateway.rest.x.operator.parameters import STATE_WORDS, flag_words
from fullreserve.marketdata import trade_ids

RATE_SCALE = 8
REASONS = {
    "deposit": 1,
    "fee": 2,
    "settlement": 3,
    "compensation": 4,
    "error": 5,
    "other": 6,
}
_REASON_WORDS = {number: word for word, number in REASONS.items()}
# What the log has of a team; never reused.
TEAMS = {
    "none": 0,
    "treasury": 1,
    "risk": 2,
    "support": 3,
    "markets": 4,
    "compliance": 5,
    "engineering": 6,
}
TEAM_WORDS = {number: word for word, number in TEAMS.items()}
_DEFINED: dict[type[Definition], str] = {
    SetInstrument: "instrument",
    ListInstrument: "listing",
    SetInstrumentState: "state",
    SetFeeTier: "fee-tier",
    SetParameter: "parameter",
    SetSuspension: "suspension",
}

_NAMES: dict[type[AnyAct], str] = {
    Correct: "correction",
    Bust: "bust",
    AssignTier: "user-tier",
    Release: "release",
    Admit: "member",
    SetThreshold: "threshold",
    Grant: "grant",
    ClaimDeposit: "claim",
    AssignTeam: "team",
    Close: "maintenance",
    CloseNetwork: "network-maintenance",
    Retire: "delisting",
    EndMove: "end-move",
    AnnounceMove: "announce-move",
    FreeDeposit: "free-deposit",
    BookLoss: "loss",
    AllotCoins: "allot",
    AssignIdentity: "identity",
    UnbindPayments: "unbind",
}

Terms = dict[str, Any]


def kind_of(act: AnyAct) -> str:
    """The last word of the endpoint that proposes such an act."""
    if isinstance(act, Define):
        return _DEFINED[type(act.command)]
    return _NAMES[type(act)]


def terms_of(act: AnyAct, catalog: Catalog) -> Terms:
    """An act's terms."""
    if isinstance(act, Correct):
        return {
            "uid": str(act.account.owner),
            "account": account_word(act.account.kind),
            "ccy": symbol_of(catalog, act.asset),
            "amount": amount_text(catalog, act.asset, amount_int(act.amount)),
            "house": account_word(act.house.kind),
            "reason": _REASON_WORDS.get(act.reason, str(act.reason)),
        }
    if isinstance(act, Bust):
        return {"instId": name_of(catalog, act.instrument), "tradeId": trade_ids.text(act.trade)}
    if isinstance(act, AssignTier):
        return {"uid": str(act.owner), "tier": str(act.tier)}
    if isinstance(act, Release):
        return {"uid": str(act.owner), "flags": flag_words(act.flags)}
    if isinstance(act, Admit):
        return {"uid": str(act.member)}
    if isinstance(act, AssignTeam):
        return {"uid": str(act.member), "team": TEAM_WORDS.get(act.team, str(act.team))}
    if isinstance(act, Define):
        return _definition(act.command, catalog)
    if isinstance(act, Grant):
        return {"uid": str(act.owner), "role": str(ROLES[act.role])}
    return _planned(act, catalog)


def _planned(act: AnyAct, catalog: Catalog) -> Terms:
    """Of an act that is carried out elsewhere, or that is about the group itself."""
    if isinstance(act, Close):
        return {
            "beginTs": str(act.begin_ms),
            "preopenTs": str(act.preopen_ms),
            "endTs": str(act.end_ms),
            "instIds": [name_of(catalog, each) for each in act.instruments],
        }
    if isinstance(act, Retire):
        return {
            "ccy": symbol_of(catalog, act.asset),
            "depositsTs": str(act.deposits_ms),
            "tradingTs": str(act.trading_ms),
            "withdrawalsTs": str(act.withdrawals_ms),
        }
    if isinstance(act, CloseNetwork):
        # Its `chain` is named by who knows the networks.
        return {
            "beginTs": str(act.begin_ms),
            "preopenTs": str(act.preopen_ms),
            "endTs": str(act.end_ms),
        }
    if isinstance(act, EndMove):
        return {"move": str(act.move)}
    if isinstance(act, AnnounceMove | BookLoss):
        return {"ccy": symbol_of(catalog, act.asset)}
    if isinstance(act, AssignIdentity):
        return {"uid": str(act.owner), "kyc": str(act.level)}
    if isinstance(act, AllotCoins | UnbindPayments):
        return {}  # by who knows what it is about
    if isinstance(act, ClaimDeposit | FreeDeposit):
        return {"uid": str(act.owner), "transfer": act.transfer.hex()}
    assert isinstance(act, SetThreshold)
    return {"threshold": str(act.threshold)}


def _definition(command: Definition, catalog: Catalog) -> Terms:
    if isinstance(command, SetInstrument):
        spec = catalog.instruments[command.instrument].spec
        return {"instId": spec.symbol, **limits(command, scales_of(spec, catalog))}
    if isinstance(command, ListInstrument):
        quote = catalog.assets[command.quote].scale
        scales = Scales(command.price_scale, command.size_scale, quote)
        state = STATE_WORDS.get(command.state, str(command.state))
        return {"instId": command.symbol, **limits(command, scales), "state": state}
    if isinstance(command, SetInstrumentState):
        state = STATE_WORDS.get(command.state, str(command.state))
        return {"instId": name_of(catalog, command.instrument), "state": state}
    if isinstance(command, SetFeeTier):
        return {"tier": str(command.tier), **rates(command.maker, command.taker)}
    if isinstance(command, SetParameter):
        return {"parameter": parameter_word(command.parameter), "value": str(command.value)}
    return {
        "suspension": str(command.suspension),
        "actions": action_words(command.actions),
        "level": SuspensionLevel(command.level).name.lower(),
        "key": str(command.key),
    }


class Scales:
    """Digits behind the point of an instrument's prices, sizes and quote amounts."""

    def __init__(self, price: int, size: int, quote: int) -> None:
        self.price = price
        self.size = size
        self.quote = quote


def scales_of(spec: InstrumentChanged, catalog: Catalog) -> Scales:
    """The digits of an instrument."""
    return Scales(spec.price_scale, spec.size_scale, catalog.assets[spec.quote].scale)


def limits(one: InstrumentChanged | SetInstrument | ListInstrument, scales: Scales) -> Terms:
    """What of an instrument can be changed."""

    def size(value: int) -> str:
        return decimals.text(value, scales.size)

    return {
        "ticks": tick_rows(one.ticks, scales.price),
        "lotSz": size(one.lot),
        "minSz": size(one.min_size),
        "maxLmtSz": size(one.max_limit_size),
        "maxMktSz": size(one.max_market_size),
        "maxMktAmt": decimals.text(one.max_market_amount, scales.quote),
        "maxPx": decimals.text(one.max_price, scales.price),
        "band": decimals.text(one.band, RATE_SCALE),
    }


def tick_rows(ticks: Sequence[TickBand], scale: int) -> list[Terms]:
    """Tick bands, the lowest first."""
    return [
        {
            "fromPx": decimals.text(one.from_price, scale),
            "tickSz": decimals.text(one.tick, scale),
        }
        for one in ticks
    ]


def rates(maker: int, taker: int) -> Terms:
    """Rates as fractions."""
    return {
        "maker": decimals.text(maker, RATE_SCALE),
        "taker": decimals.text(taker, RATE_SCALE),
    }


def parameter_word(parameter: int) -> str:
    """The name of a parameter."""
    return Parameter(parameter).name.lower()


def action_words(actions: int) -> list[str]:
    """What a suspension stops; empty when it lifts it."""
    return [one.name.lower() for one in Suspended if one & actions and one.name]


def name_of(catalog: Catalog, instrument: int) -> str:
    """The name of an instrument."""
    known = catalog.instruments.get(instrument)
    return known.symbol if known else str(instrument)
