"""`x/operator/custody`: coins by tier, as the ledger has them, and compared with the chains."""

from __future__ import annotations

import asyncio
from typing import Any

from fullreserve.exchange import chart
from fullreserve.exchange.products.custody_ledger import TIERS
from fullreserve.exchange.products.custody_wire import DEPOSITS, DefineNetwork, Tier, Tip
from fullreserve.exchange.products.deposit_state import ListNetworks, NetworkState
from fullreserve.exchange.products.suspension_state import Suspension
from fullreserve.exchange.products.suspension_wire import Trigger
from fullreserve.exchange.wire.commands import amount_int
from fullreserve.exchange.wire.queries import AccountState, ListBalances
from fullreserve.exchange.worker_files import (
    UNKNOWN_BLOCKS,
    LostCalls,
    Reconciled,
    Unasked,
    UnaskedSum,
    tolerance,
)
from fullreserve.gateway import ids, reconciled, suspension_desk, wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import Line, ask, lines
from fullreserve.gateway.rest.params import Params
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.x.operator.accounts_json import amount_text, symbol_of
from fullreserve.gateway.rest.x.operator.guard import Guard, Operator

_Key = tuple[int, int, int]  # kind, network, asset


def routes(context: Context, guard: Guard) -> Routes:
    """Endpoints by method and path."""
    desk = _Custody(context)
    return dict(
        (
            guard.reads("custody", Params, desk.tiers),
            guard.reads("custody/reconciliation", Params, desk.reconciliation),
        )
    )


class _Custody:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._catalog = context.catalog

    async def tiers(self, _who: Operator, _params: Params) -> bytes:
        """Each currency on each chain: what its tiers hold by the ledger, and what is stopped."""
        held: list[AccountState] = await self._context.door.query(ListBalances(chart.HOUSE))
        balances = {(one.kind, one.instance, one.asset): amount_int(one.balance) for one in held}
        networks: list[NetworkState] = await ask(self._context, DEPOSITS, ListNetworks())
        tips = {one.terms.network: one.tip for one in networks}
        known = await lines(self._context)
        numbers = dict.fromkeys(one.network.network for one in known)
        compared = {number: await self._newest(number) for number in numbers}
        return wire.envelope(
            [
                self._line(one, balances, tips.get(one.network.network))
                | {"differences": self._differences(one, compared[one.network.network])}
                for one in known
            ]
        )

    async def _newest(self, network: int) -> Reconciled:
        return await asyncio.to_thread(reconciled.newest, self._context.folder, network)

    def _differences(self, line: Line, found: Reconciled) -> list[dict[str, str]]:
        """Where the last comparison found chain and ledger apart, which the ledger cannot show."""
        allowed = tolerance(line.asset.id, line.network.gas_asset)
        return [
            {"tier": Tier(one.tier).name.lower(), "amt": line.asset.text(one.whole(allowed))}
            for one in found.lines
            if one.asset == line.asset.id and one.difference
        ]

    def _line(self, one: Line, balances: dict[_Key, int], tip: Tip | None) -> dict[str, Any]:
        network, asset = one.network.network, one.asset
        tiers = {tier: -balances.get((kind, network, asset.id), 0) for tier, kind in TIERS.items()}
        total = sum(tiers.values())
        return {
            "chain": one.chain,
            "ccy": asset.symbol,
            "network": one.network.code,
            "tiers": [
                {
                    "tier": Tier(tier).name.lower(),
                    "amt": asset.text(amount),
                    "share": _share(amount, total),
                }
                for tier, amount in tiers.items()
            ],
            "amt": asset.text(total),
            "break": asset.text(-balances.get((chart.BREAK, network, asset.id), 0)),
            "tolerance": asset.text(tolerance(asset.id, one.network.gas_asset)),
            "depositsStopped": one.deposits is not None,
            "withdrawalsStopped": one.withdrawals is not None,
            "height": str(tip.height) if tip is not None else "",
            "healthy": tip is None or tip.healthy,
        }

    async def reconciliation(self, _who: Operator, _params: Params) -> bytes:
        """Each network's last comparison of ledger and chain, and whether it is of now."""
        defined = {one.network.network: one.network for one in await lines(self._context)}
        stops = await suspension_desk.suspensions(self._context)
        networks: list[NetworkState] = await ask(self._context, DEPOSITS, ListNetworks())
        tips = {one.terms.network: one.tip for one in networks}
        rows = []
        for number, network in defined.items():
            found = await self._newest(number)
            row = self._compared(found, network, stops) | standing(found, tips.get(number))
            more = {"paidSince": await self._paid_since(number)}
            rows.append(row | more | {"refused": await self._refused(number)})
        return wire.envelope(rows)

    async def _refused(self, network: int) -> list[dict[str, Any]]:
        """Deposits that the exchange has not taken, the newest first."""
        told = await asyncio.to_thread(reconciled.refused, self._context.folder, network)
        return [
            {
                "ccy": symbol_of(self._catalog, one.asset),
                "amt": amount_text(self._catalog, one.asset, one.amount),
                "height": str(one.height),
                "txId": one.transaction,
                "code": str(one.code),
                "isFinal": one.is_final,
                "sinceTs": str(one.since_ms),
            }
            for one in reversed(told[-REFUSED_MOST:])
        ]

    async def _paid_since(self, network: int) -> dict[str, Any] | None:
        """What had left hot since the newest backup that was put back; None where none was."""
        told = await asyncio.to_thread(reconciled.adopted, self._context.folder, network)
        if told is None:
            return None
        return {
            "restoredTs": str(told.restored_ms),
            "payments": [
                {
                    "txId": one.transaction,
                    "wdIds": [ids.text(each) for each in one.withdrawals],
                    "likelyWdIds": [ids.text(each) for each in one.likely],
                }
                for one in reversed(told.payments)
            ],
        }

    def _compared(
        self, found: Reconciled, network: DefineNetwork, stops: list[Suspension]
    ) -> dict[str, Any]:
        return {
            "network": network.code,
            "height": str(found.height) if found.time_ms else "",
            "ts": str(found.time_ms) if found.time_ms else "",
            "announced": [str(one) for one in found.announced],
            "uncompared": found.uncompared,
            "uncomparedWhy": found.uncompared_why,
            "callsLost": _lost_calls(found.lost_calls),
            "unasked": [
                {
                    "tier": Tier(one.tier).name.lower(),
                    "ccy": symbol_of(self._catalog, one.asset),
                    "amt": amount_text(self._catalog, one.asset, one.amount),
                    "height": str(one.height),
                    "txId": one.transaction,
                    "command": _booking(found.network, one, one.transaction),
                }
                for one in found.unasked
            ],
            "unaskedSums": [
                {
                    "tier": Tier(one.tier).name.lower(),
                    "ccy": symbol_of(self._catalog, one.asset),
                    "amt": amount_text(self._catalog, one.asset, one.amount),
                    "count": str(one.number),
                    "command": _booking(found.network, one),
                }
                for one in found.unasked_sums
            ],
            "uncharged": [
                {
                    "tier": Tier(one.tier).name.lower(),
                    "ccy": symbol_of(self._catalog, one.asset),
                    "amt": amount_text(self._catalog, one.asset, one.amount),
                    "txId": one.transaction,
                    "command": reconciled.Charge(found.network, one).command,
                    "due": one.is_due,
                }
                for one in found.uncharged
            ],
            "lines": [
                {
                    "tier": Tier(one.tier).name.lower(),
                    "ccy": symbol_of(self._catalog, one.asset),
                    "ledger": amount_text(self._catalog, one.asset, one.ledger),
                    "chain": amount_text(self._catalog, one.asset, one.chain),
                    "lowest": amount_text(self._catalog, one.asset, one.low),
                    "highest": amount_text(self._catalog, one.asset, one.high),
                    "difference": amount_text(
                        self._catalog,
                        one.asset,
                        one.whole(tolerance(one.asset, network.gas_asset)),
                    ),
                    "suspension": _suspension(stops, found.network, one.asset),
                }
                for one in found.lines
            ],
        }


def standing(found: Reconciled, tip: Tip | None) -> dict[str, Any]:
    """Whether the last comparison is of now: nothing that is not known counts as agreeing.

    A watcher that compares nothing and says nothing shows by the blocks that the log has had since.
    """
    told, height = found.unknown, tip.height if tip is not None else 0
    behind = max(0, height - found.height) if found.time_ms else 0
    blocks = max(told.blocks if told is not None else 0, behind)
    is_late = behind >= UNKNOWN_BLOCKS
    if not found.time_ms and told is None:
        state = "never"
    else:
        state = "unknown" if told is not None or is_late else "compared"
    return {
        "state": state,
        "why": told.why if told is not None else "",
        "problem": told.problem if told is not None else "",
        "number": str(told.number) if told is not None and told.number else "",
        "said": told.said if told is not None else "",
        "unknownTs": str(told.since_ms) if told is not None else "",
        "blocks": str(blocks) if state == "unknown" else "",
        "alarm": is_late or (told is not None and told.is_alarm),
    }


def _lost_calls(lost: LostCalls | None) -> dict[str, str] | None:
    """Blocks of which it is not known what contracts sent."""
    if lost is None:
        return None
    return {"blocks": str(lost.blocks), "from": str(lost.lowest), "to": str(lost.highest)}


def _booking(network: int, one: Unasked | UnaskedSum, transaction: str = "") -> str:
    """What books a stranger's coins, or all of a sum, as it is typed."""
    words = ["fullreserve custody fund-tier", network, Tier(one.tier).name.lower(), one.asset]
    if transaction:
        words += [one.amount, transaction]
    return " ".join(map(str, [*words, "--unasked"]))


def _share(amount: int, total: int) -> str:
    """A fraction at four digits, down; nothing of nothing."""
    parts = amount * 10_000 // total if total > 0 <= amount else 0
    return f"{parts // 10_000}.{parts % 10_000:04d}" if total > 0 else ""


REFUSED_MOST = 100  # deposits that are told of
BREAKS = (Trigger.LEDGER_MISMATCH, Trigger.UNKNOWN_SPEND)


def _suspension(stops: list[Suspension], network: int, asset: int) -> str:
    """The number of what a difference there has stopped, while it is stopped."""
    for one in reversed(stops):
        scope = one.terms.scope
        here = (scope.network, scope.asset) == (network, asset)
        if one.trigger in BREAKS and one.is_in_force and here:
            return str(one.number)
    return ""
