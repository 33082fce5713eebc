"""Settings of an account: in spot mode each has one state, and the others are refused."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.levels import level
from fullreserve.gateway.rest.account.owner import owner_of
from fullreserve.gateway.rest.params import Ccy, InstIds, Params
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Route, Routes, Taking, reading, trading
from fullreserve.identity.api_key import permission_text
from fullreserve.identity.caller import Caller

MarginMode = Annotated[Literal["isolated", "cross"], Meta(description="Margin mode")]

# What an account in spot mode without borrowing has no choice in.
_FIXED: dict[str, object] = {
    "acctLv": "1",
    "acctStpMode": "cancel_maker",
    "autoLoan": False,
    "ctIsoMode": "automatic",
    "enableSpotBorrow": False,
    "feeType": "0",
    "greeksType": "PA",
    "levelTmp": "",
    "liquidationGear": "-1",
    "mgnIsoMode": "automatic",
    "opAuth": "0",
    "posMode": "net_mode",
    "roleType": "0",
    "settleCcy": "",
    "settleCcyList": [],
    "spotBorrowAutoRepay": False,
    "spotOffsetType": "",
    "spotRoleType": "0",
    "spotTraderInsts": [],
    "stgyType": "0",
    "traderInsts": [],
}


class LevelParams(Params):
    """An account mode."""

    acct_lv: Annotated[Literal["1", "2", "3", "4"], Meta(description="1 is spot mode")]


class PositionModeParams(Params):
    """A position mode."""

    pos_mode: Annotated[Literal["net_mode", "long_short_mode"], Meta(description="Mode")]


class AutoLoanParams(Params):
    """Whether to borrow by itself."""

    auto_loan: bool = True


class AutoRepayParams(Params):
    """Whether to repay by itself."""

    auto_repay: bool


class FeeTypeParams(Params):
    """In which currency fees are taken."""

    fee_type: Annotated[
        Literal["0", "1"], Meta(description="0: in what is received; 1: in the quote currency")
    ]


class GreeksParams(Params):
    """How greeks are shown."""

    greeks_type: Annotated[Literal["PA", "BS"], Meta(description="PA in coins, BS in dollars")]


class IsolatedModeParams(Params):
    """How margin of isolated positions is moved."""

    iso_mode: str
    type: Annotated[Literal["MARGIN", "CONTRACTS"], Meta(description="Product")]


class LeverageParams(Params):
    """A leverage."""

    lever: Annotated[str, Meta(description="Leverage")]
    mgn_mode: MarginMode
    inst_id: str = ""
    ccy: Ccy = ""
    pos_side: str = ""


class LeverageInfoParams(Params):
    """Whose leverage."""

    mgn_mode: MarginMode
    inst_id: InstIds = ()
    ccy: Ccy = ""


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""

    async def config(request: Request, _params: Params) -> bytes:
        """The account's modes, ids and permissions."""
        owner = await owner_of(context, request)
        varying = _of_key(request.key)
        row = {**_FIXED, **varying, "kycLv": str(owner.kyc), "level": level(owner.tier)}
        return wire.envelope([row])

    return {
        ("GET", "account/config"): reading(Taking(Params, config), 5),
        ("POST", "account/set-account-level"): _fixed(LevelParams, "acctLv", "1"),
        ("POST", "account/set-position-mode"): _fixed(PositionModeParams, "posMode", "net_mode"),
        ("POST", "account/set-auto-loan"): _fixed(AutoLoanParams, "autoLoan", value=False),
        ("POST", "account/set-auto-repay"): _fixed(AutoRepayParams, "autoRepay", value=False),
        ("POST", "account/set-fee-type"): _fixed(FeeTypeParams, "feeType", "0"),
        ("POST", "account/set-greeks"): _fixed(GreeksParams, "greeksType", "PA"),
        ("POST", "account/set-isolated-mode"): trading(
            Taking(IsolatedModeParams, _not_in_spot_mode), 5
        ),
        ("POST", "account/set-leverage"): trading(Taking(LeverageParams, _not_in_spot_mode), 20),
        ("GET", "account/leverage-info"): reading(
            Taking(LeverageInfoParams, _not_in_spot_mode), 20
        ),
    }


def _of_key(key: Caller) -> dict[str, object]:
    return {
        "ip": ",".join(key.network_texts),
        "label": key.label,
        "mainUid": str(key.main_uid),
        "perm": permission_text(key.permissions),
        "type": "0" if key.main_uid == key.uid else "1",
        "uid": str(key.uid),
    }


async def _not_in_spot_mode(_request: Request, params: Params) -> bytes:
    """Leverage and margin: not possible in spot mode (51010)."""
    raise Problem(51010, name=getattr(params, "mgn_mode", "Isolated margin"))


def _fixed(shape: type[Params], parameter: str, value: object) -> Route:
    field = shape.__struct_fields__[0]

    async def handler(_request: Request, params: Params) -> bytes:
        if getattr(params, field) != value:
            shown = str(value).lower() if isinstance(value, bool) else value
            raise Problem(59000, allowed=f"{parameter} is {shown} for every account for now")
        return wire.envelope([{parameter: value}])

    handler.__doc__ = f"{shape.__doc__} Here only {value} is possible."
    return trading(Taking(shape, handler), 5)
