"""Order books, from memory."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.rest.params import OfInstrument
from fullreserve.gateway.rest.public.instruments import spot
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, Taking, public
from fullreserve.marketdata.market import InstrumentMarket

BOOK_MAX = 400
FULL_BOOK_MAX = 5000


class BookParams(OfInstrument):
    """So many levels of each side."""

    sz: Annotated[int, Meta(ge=1, le=BOOK_MAX, description="Levels of each side")] = 1


class FullBookParams(OfInstrument):
    """So many levels of each side."""

    sz: Annotated[int, Meta(ge=1, le=FULL_BOOK_MAX, description="Levels of each side")] = 1


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    books = _Books(context)
    return {
        ("GET", "market/books"): public(Taking(BookParams, books.books), 40),
        ("GET", "market/books-full"): public(Taking(FullBookParams, books.full), 10),
        ("GET", "market/books-rpi"): public(Taking(BookParams, books.rpi), 40),
    }


class _Books:
    def __init__(self, context: Context) -> None:
        self._catalog = context.catalog
        self._market = context.market
        self._now = context.clock.exchange_ms

    def _of(self, name: str) -> InstrumentMarket:
        return self._market.of(spot(self._catalog, name).id)

    async def books(self, _request: Request, params: BookParams) -> bytes:
        """The order book."""
        book = self._of(params.inst_id).book
        ts = book.time_ms or self._now()
        return b'{"code":"0","msg":"","data":[{"asks":%b,"bids":%b,"ts":"%d","seqId":%d}]}' % (
            book.asks.rows(params.sz).encode(),
            book.bids.rows(params.sz).encode(),
            ts,
            book.sequence,
        )

    async def full(self, _request: Request, params: FullBookParams) -> bytes:
        """The order book, deep: levels are price, size and number of orders."""
        bids, asks = self._levels(params.inst_id, params.sz)
        data = {
            "asks": [[price, size, orders] for price, size, orders in asks],
            "bids": [[price, size, orders] for price, size, orders in bids],
        }
        return wire.envelope([{**data, "ts": self._ts(params.inst_id)}])

    async def rpi(self, _request: Request, params: BookParams) -> bytes:
        """The order book with retail price improvement: there are no such orders here."""
        bids, asks = self._levels(params.inst_id, params.sz)
        data = {
            "asks": [[price, size, size, orders] for price, size, orders in asks],
            "bids": [[price, size, size, orders] for price, size, orders in bids],
        }
        sequence = self._of(params.inst_id).book.sequence
        return wire.envelope([{**data, "ts": self._ts(params.inst_id), "seqId": sequence}])

    def _levels(self, name: str, size: int) -> list[list[tuple[str, str, str]]]:
        market = self._of(name)
        text = market.instrument.size_text
        return [
            [(level.price_text, text(level.size), str(level.orders)) for level in side]
            for side in market.book.top(size)
        ]

    def _ts(self, name: str) -> str:
        return str(self._of(name).book.time_ms or self._now())
