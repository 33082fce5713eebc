"""`x/operator/custody/losses`: coins of tiers that are gone for good, as operators booked them.

Two teams agree on a loss, and no more of it than the newest comparison with the chain lacks there:
nobody can book first and take after.
"""

from __future__ import annotations

import asyncio
import re
from hashlib import blake2b
from typing import Annotated, Literal

from msgspec import Meta

from fullreserve.exchange import chart
from fullreserve.exchange.products.approval_acts import BookLoss
from fullreserve.exchange.products.approval_state import Proposal
from fullreserve.exchange.products.custody_ledger import TIERS
from fullreserve.exchange.products.custody_wire import DEPOSITS, Lost, Tier
from fullreserve.exchange.products.deposit_losses import HASH_BYTES, Loss
from fullreserve.exchange.products.deposit_state import ListLosses, ListNetworks, NetworkState
from fullreserve.exchange.wire.commands import amount_bytes, amount_int
from fullreserve.exchange.wire.queries import AccountState, ListBalances
from fullreserve.exchange.worker_files import tolerance
from fullreserve.gateway import reconciled, wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import Line, ask, lines
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.params import Hundred, Params
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.x.operator.custody import standing
from fullreserve.gateway.rest.x.operator.guard import Guard, Operator
from fullreserve.gateway.rest.x.operator.numbers import amount_of
from fullreserve.gateway.rest.x.operator.parameters import ProposalParams
from fullreserve.identity.desk import Rooms

ACCOUNTS = {"loss": chart.LOSS, "treasury": chart.TREASURY, "insurance": chart.INSURANCE}
WORDS = {kind: word for word, kind in ACCOUNTS.items()}
# What the chains of this exchange call a transaction by; capitals are the same.
TRANSACTION = re.compile(r"(?:0x)?([0-9a-f]{64})")


def _transaction(name: str, text: str) -> str:
    found = TRANSACTION.fullmatch(text.strip().lower())
    if found is None:
        raise Problem(51000, name, "the 64 hexadecimal digits of a transaction")
    return found[1]


class LossParams(ProposalParams):
    """A loss."""

    chain: Annotated[str, Meta(description="For example BTC-Bitcoin")]
    tier: Annotated[Literal["deposit", "hot", "warm", "cold"], Meta(description="Whose coins")]
    amount: Annotated[
        str, Meta(description="In the currency; no more than the last comparison lacks there")
    ]
    transaction: Annotated[
        str,
        Meta(
            description="That took the coins, as the chain names it", extra={"read": _transaction}
        ),
    ]
    account: Annotated[
        Literal["loss", "treasury", "insurance"],
        Meta(description="Who pays, as far as it has it; the rest is X.loss"),
    ] = "loss"


class LossesParams(Params):
    """How many losses."""

    limit: Hundred = 20


def routes(context: Context, guard: Guard) -> Routes:
    """Endpoints by method and path."""
    return dict((guard.reads("custody/losses", LossesParams, _Losses(context).listed),))


async def act_of(context: Context, params: LossParams) -> BookLoss:
    """What is proposed; Problem."""
    found = [one for one in await lines(context) if one.chain == params.chain]
    if not found:
        raise Problem(51000, "chain", "a chain of x/operator/custody")
    line = found[0]
    asset, amount = amount_of(context.catalog, line.asset.symbol, params.amount)
    if amount < 0:
        raise Problem(51000, "amount", "an amount above 0")
    network = line.network.network
    name = hash_of(context, network, params.transaction)
    tier = Tier[params.tier.upper()]
    return BookLoss(network, asset, tier, amount_bytes(amount), name, ACCOUNTS[params.account])


def hash_of(context: Context, network: int, transaction: str) -> bytes:
    """What the log has of a transaction: 32 bytes, which nobody can look up outside."""
    key = context.vault.store.keyed("lost by transaction", str(network))
    content = bytes.fromhex(transaction)
    return blake2b(content, digest_size=HASH_BYTES, key=key[:32]).digest()


async def require_missing(context: Context, act: BookLoss) -> None:
    """Problem 51000 for more than the chain lacks there; of a loss that is booked, what is left."""
    asset, tier = context.catalog.assets[act.asset], Tier(act.tier).name.lower()
    missing = await _missing(context, act)
    if missing is None:
        allowed = f"none now: {tier} is not compared with the chain (custody/reconciliation)"
        raise Problem(51000, "amount", allowed)
    if amount_int(act.amount) > missing:
        lacks = f"at most {asset.text(missing)} {asset.symbol}: {tier} lacks no more on the chain"
        raise Problem(51000, "amount", lacks)


async def _missing(context: Context, act: BookLoss) -> int | None:
    """What the newest comparison lacks, less what the ledger was rid of since; None: not known."""
    networks: list[NetworkState] = await ask(context, DEPOSITS, ListNetworks())
    known = {one.terms.network: one for one in networks}
    found = await asyncio.to_thread(reconciled.newest, context.folder, act.network)
    there = [one for one in found.lines if (one.tier, one.asset) == (act.tier, act.asset)]
    network = known.get(act.network)
    if network is None or not there or standing(found, network.tip)["state"] != "compared":
        return None
    line = there[0]
    house: list[AccountState] = await context.door.query(ListBalances(chart.HOUSE))
    place = (TIERS[act.tier], act.network, act.asset)
    has = -sum(
        amount_int(one.balance) for one in house if (one.kind, one.instance, one.asset) == place
    )
    lacks = -line.whole(tolerance(act.asset, network.terms.gas_asset))
    return max(0, lacks - max(0, line.ledger - has))


def word_of(act: BookLoss, one: Proposal) -> Lost:
    """What the fold of deposits is told of an approved one."""
    place = (act.network, one.number, act.asset, act.tier)
    voices = (one.proposer, *(given.member for given in one.approvals))
    return Lost(*place, act.amount, act.transfer, act.account, one.note, voices)


async def terms_of(context: Context, act: BookLoss, note: int) -> dict[str, str]:
    """What is proposed, for those who decide about it, in the endpoint's own names."""
    places = {(one.network.network, one.asset.id): one for one in await lines(context)}
    line = places.get((act.network, act.asset))
    if line is None:
        return {}
    return _way(line, act) | {"transaction": await _named(context, act, note)}


def _way(line: Line, one: BookLoss | Lost) -> dict[str, str]:
    return {
        "chain": line.chain,
        "tier": Tier(one.tier).name.lower(),
        "amount": line.asset.text(amount_int(one.amount)),
        "account": WORDS[one.account],
    }


async def _named(context: Context, one: BookLoss | Lost, note: int) -> str:
    """The transaction, as its proposer's audit entry has it; "" where that is another."""

    def read(rooms: Rooms) -> str:
        return rooms.audit.what(note).terms.get("transaction", "")

    said = TRANSACTION.fullmatch((await context.desk.act(read, context.desk.rooms)).strip().lower())
    is_meant = said is not None and hash_of(context, one.network, said[1]) == one.transfer
    return said[1] if said is not None and is_meant else ""


class _Losses:
    def __init__(self, context: Context) -> None:
        self._context = context

    async def listed(self, _who: Operator, params: LossesParams) -> bytes:
        """Coins of tiers that were lost, newest first: who paid, and what nobody did."""
        places = {(one.network.network, one.asset.id): one for one in await lines(self._context)}
        found: list[Loss] = await ask(self._context, DEPOSITS, ListLosses(params.limit))
        return wire.envelope(
            [
                {"proposal": str(one.terms.number), "ccy": line.asset.symbol}
                | _way(line, one.terms)
                | {
                    "paid": line.asset.text(amount_int(one.paid)),
                    "unpaid": line.asset.text(amount_int(one.terms.amount) - amount_int(one.paid)),
                    "txId": await _named(self._context, one.terms, one.terms.note),
                    "ts": str(one.time_ms),
                    "proposer": "".join(str(uid) for uid in one.terms.voices[:1]),
                    "approvals": [{"uid": str(uid)} for uid in one.terms.voices[1:]],
                }
                for one in found
                for line in (places.get((one.terms.network, one.terms.asset)),)
                if line is not None
            ]
        )
