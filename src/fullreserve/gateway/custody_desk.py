"""The folds of deposits and withdrawals, as the gateway reads them and speaks to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from fullreserve.exchange import chart
from fullreserve.exchange.catalog import Asset
from fullreserve.exchange.products import (
    calendar_wire,
    deposit_state,
    tier_moves_wire,
    withdrawal_state,
)
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    WITHDRAWALS,
    DefineNetwork,
    Hold,
    NetworkAsset,
    StopOwner,
)
from fullreserve.exchange.products.deposit_state import ListNetworks, NetworkState
from fullreserve.exchange.products.withdrawal_state import Fee, FeeQuote, ListFees
from fullreserve.exchange.wire.commands import Product, amount_int
from fullreserve.exchange.wire.events import Reply
from fullreserve.exchange.wire.queries import AskFold
from fullreserve.gateway.context import Context
from fullreserve.gateway.rest.submitted import submitted_all

CREDENTIALS_STOP_MS = 24 * 3_600_000
CLIENT_BYTES = 16
PAGE = 200  # records in an answer

_encode = msgspec.msgpack.Encoder().encode
_ANSWERS: dict[Any, object] = {
    **deposit_state.ANSWERS,
    **withdrawal_state.ANSWERS,
    **calendar_wire.ANSWERS,
    **tier_moves_wire.ANSWERS,
}


class Line(NamedTuple):
    """A currency on a network, and what stops it there."""

    asset: Asset
    network: DefineNetwork
    terms: NetworkAsset
    deposits: Hold | None
    withdrawals: Hold | None
    tip: int = 0  # height of the newest block that all nodes agree on; 0: not known
    is_well: bool = True  # its nodes answer and are believed
    quote: FeeQuote | None = None  # what a withdrawal costs now, where that is quoted

    @property
    def chain(self) -> str:
        """OKX's name of it."""
        return f"{self.asset.symbol}-{self.network.code}"

    @property
    def fees(self) -> tuple[int, int, int]:
        """What a withdrawal costs: at least, now, at most; of a fixed fee all the same."""
        if self.quote is None:
            fixed = amount_int(self.terms.fee)
            return fixed, fixed, fixed
        quote = self.quote
        return amount_int(quote.least), amount_int(quote.fee), amount_int(quote.most)

    def confirmations(self, height: int) -> int:
        """How many blocks bear what is in the one of a height; 0 for in none."""
        return max(0, self.tip - height + 1) if height else 0


async def ask(context: Context, fold: int, question: msgspec.Struct) -> Any:
    """A fold's answer, as the durable log has it."""
    answer: bytes | None = await context.door.query(AskFold(fold, _encode(question)))
    assert answer is not None
    return msgspec.msgpack.decode(answer, type=_ANSWERS[type(question)])


async def changed(
    context: Context,
    fold: int,
    question: Callable[[int, int], msgspec.Struct],
    most: int,
    since_ms: int = 0,
) -> list[Any]:
    """Records, newest change first, asked for by the page: orders go in between.

    `question` is given a page's limit and before which change it begins (0: with the newest). At
    least `most`, where as many changed since a time.
    """
    found: list[Any] = []
    before = 0
    while len(found) < most:
        limit = min(PAGE, most - len(found))
        page = await ask(context, fold, question(limit, before))
        found += page
        if len(page) < limit or page[-1].changed_ms < since_ms:
            break
        before = page[-1].version
    return found


async def say(
    context: Context, fold: int, payload: msgspec.Struct, owner: int = chart.HOUSE
) -> Reply:
    """The reply to a payload; the fold's refusal, or the core's, is its code."""
    return (await say_all(context, fold, ((payload, owner),)))[0]


async def say_all(
    context: Context, fold: int, said: Sequence[tuple[msgspec.Struct, int]]
) -> Sequence[Reply]:
    """The replies to payloads, each of an owner, that are of one moment and nobody's between."""
    door = context.door
    first = door.numbers(len(said))
    commands = [
        Product(door.gateway, number, fold, owner, _encode(payload))
        for number, (payload, owner) in enumerate(said, first)
    ]
    return await submitted_all(context, commands)


async def lines(context: Context) -> list[Line]:
    """Every currency on every network that the log has defined."""
    deposits: list[NetworkState] = await ask(context, DEPOSITS, ListNetworks())
    withdrawals: list[NetworkState] = await ask(context, WITHDRAWALS, ListNetworks())
    others = {one.terms.network: one for one in withdrawals}
    now_ms = context.clock.exchange_ms()
    quoted: list[Fee] = await ask(context, WITHDRAWALS, ListFees(now_ms))
    quotes = {(one.network, one.asset): one.quote for one in quoted}
    return [
        Line(
            context.catalog.assets[terms.asset],
            one.terms,
            terms,
            hold_of(one, terms.asset),
            hold_of(others.get(one.terms.network), terms.asset),
            one.tip.height if one.tip is not None and one.tip.healthy else 0,
            one.tip is None or one.tip.healthy,
            quotes.get((one.terms.network, terms.asset)),
        )
        for one in deposits
        for terms in one.terms.assets
        if terms.asset in context.catalog.assets
    ]


async def networks_named(context: Context) -> dict[int, str]:
    """What the log's networks are called, `Bitcoin`, by number."""
    found: list[NetworkState] = await ask(context, DEPOSITS, ListNetworks())
    return {one.terms.network: one.terms.code for one in found}


def hold_of(network: NetworkState | None, asset: int) -> Hold | None:
    """What of maintenance stops an asset on a network."""
    holds = network.holds if network is not None else ()
    return next((one for one in holds if one.asset in (0, asset)), None)


async def names_of(context: Context, transfers: Iterable[bytes]) -> dict[bytes, str]:
    """The chains' own names of transactions, "" where they are not known yet."""
    wanted = [one for one in dict.fromkeys(transfers) if one]
    if not wanted:
        return {}
    return await context.readers.ask(lambda: {one: context.transactions(one) for one in wanted})


async def stop_after_change(context: Context, uid: int) -> None:
    """No withdrawals of a user for a day: what opens the account was changed (58219)."""
    until = context.clock.exchange_ms() + CREDENTIALS_STOP_MS
    await say(context, WITHDRAWALS, StopOwner(uid, until))


def client_hash(context: Context, uid: int, client: str) -> bytes:
    """What the log has of a clientId; nothing for none."""
    if not client:
        return b""
    key = context.vault.store.keyed("withdrawal client id", str(uid))
    return blake2b(client.encode(), digest_size=CLIENT_BYTES, key=key[:32]).digest()
