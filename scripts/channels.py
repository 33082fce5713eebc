"""Write docs/reference/channels.md: every WebSocket channel and operation, and what it does.

`python -m scripts.channels` writes the file; a test fails when it is not up to date.
"""

from collections.abc import Iterator
from pathlib import Path

from fullreserve.gateway.ws import absent
from fullreserve.gateway.ws.channels import CANDLES, OF_INSTRUMENT, OF_OWNER, OTHERS
from fullreserve.gateway.ws.shapes import BUSINESS, LISTED, Shape
from scripts.source import ROOT

FILE = ROOT / "docs" / "reference" / "channels.md"

HEAD = """# WebSocket channels

Written by `python -m scripts.channels` from the tables of channels; do not edit. Every channel is
served on every path; *path* is its own, on which alone it is served with `gateway.strict`. An
argument in brackets may be left out. What names an instrument, a family, a currency or a type that
does not exist is refused with 60018, a channel that needs a login without one with 60011.

Connections: text `ping` is answered with `pong`; 30 s without data in either direction close with
4004, a first login that is refused with 4001; 480 subscribe, unsubscribe and login requests an
hour; 3 new connections a second for each address after a burst of 60; 30 connections of a user on a
private channel; requests of 64 KB. A client that does not read is closed with 4005.
permessage-deflate is spoken with clients that offer it.

`extraParams` of `account` and `positions` is a text that holds JSON, `{"updateInterval":"0"}`: 0
for events alone, 2000, 3000 or 4000 for a snapshot about so often in ms; any other number, or none,
is about each 5 s. What is no number is refused with 60013.
"""
ABOUT = {
    "account": "Balances: all at first, then those that changed, when the change is durable; "
    "all again each 5 s.",
    "balance_and_position": "Cash balances: all at first, then those that changed.",
    "bbo-tbt": "The best bid and offer when they differ, each 10 ms.",
    "books": "400 levels, then what differs, each 100 ms; CRC-32 of the best 25 levels.",
    "books-l2-tbt": "As `books`, each 10 ms, for every fee tier; never beside another such.",
    "books-rpi": "As `books`; rows are price, whole size, size without RPI orders, orders.",
    "books5": "The best 5 levels when they differ, each 100 ms.",
    "books50-l2-tbt": "As `books-l2-tbt`, 50 levels.",
    "candle": "The running bar at most once a second, and each bar once more when it closed.",
    "deposit-info": "The newest deposits, then each change within 1 s; of sub-accounts too.",
    "fills": "One message for each fill.",
    "index-candle": "As `candle…` without volumes; an index is the last price here.",
    "index-tickers": "The index at once, when it changed at most each 100 ms, else each minute.",
    "instruments": "Of `SPOT` all, then those that changed; of other types nothing.",
    "orders": "One message for each change of an order, a fill by itself.",
    "positions": "An empty snapshot, again each 5 s.",
    "price-limit": "The limits at once, then when they changed, at most each 200 ms.",
    "status": "What is suspended now, then each change within 2 s; a restart has notice 64008.",
    "x-reserves": "An extension: the newest statement of reserves, then each when it is made.",
    "x-reserves-proof": "An extension: one's own proof in the newest statement, then in each.",
    "x-reserves-receipt": "An extension: one's own signed balances, when they change.",
    "tickers": "The ticker at once, then for trades and best offers, at most each 100 ms.",
    "withdrawal-info": "The newest withdrawals, then each change within 1 s; of sub-accounts too.",
    "trades": "One message for each taker order and price.",
    "trades-all": "One message for each match.",
}
OPERATIONS = {
    "login": "With an API key, or with a token of `x/ws-token`.",
    "subscribe, unsubscribe": "One acknowledgement for each argument.",
    "order, batch-orders": "As on REST; `instIdCode` or `instId`.",
    "cancel-order, batch-cancel-orders": "As on REST.",
    "amend-order, batch-amend-orders": "As on REST.",
}


def shapes() -> dict[str, Shape]:
    """Every channel's shape by name; a bar stands behind those that end in `…`."""
    of_bar = dict.fromkeys(CANDLES, Shape(BUSINESS, names=("instId",), needs_name=True))
    candles = {f"{name}…": shape for name, shape in {**of_bar, **absent.CANDLES}.items()}
    public = {name: served.shape for name, served in OF_INSTRUMENT.items()}
    private = {name: served.shape for name, served in OF_OWNER.items()}
    return {**public, **private, **OTHERS, **candles}


def _arguments(shape: Shape) -> str:
    """What may stand beside `channel`."""
    names = " or ".join(f"`{name}`" for name in shape.names)
    parts = ["`instType`"] if shape.types else []
    if names:
        parts.append(names if shape.needs_name else f"[{names}]")
    return ", ".join(parts) or "–"


def _absent(name: str, shape: Shape) -> str:
    """What a channel of a product that is not offered does."""
    if name in absent.REFUSED:
        return f"Refused with {absent.REFUSED[name]}."
    if not shape.needs_name:
        others = [one for one in LISTED if one not in shape.types] if shape.types else []
        types = " or ".join(f"`{one}`" for one in shape.types)
        return f"Silent for {types}; of other types refused with 60018." if others else "Silent."
    return "Silent for instruments of spot trading." if shape.spot else "Refused with 60018."


def _rows(*, served: bool) -> Iterator[str]:
    for name, shape in sorted(shapes().items()):
        key = name.removesuffix("…")
        if (key in ABOUT) == served:
            about = ABOUT[key] if served else _absent(name, shape)
            login = "yes" if shape.login else ""
            yield f"| `{name}` | {shape.path} | {login} | {_arguments(shape)} | {about} |"


def text() -> str:
    """The whole file."""
    columns = "| channel | path | login | arguments | what comes |\n|---|---|---|---|---|"
    done = [f"| {name} | {about} |" for name, about in OPERATIONS.items()]
    refused = [
        f"| {name} | Not offered: {operation.code}. |"
        for name, operation in absent.OPERATIONS.items()
    ]
    return "\n".join(
        (
            HEAD,
            "## Served\n",
            "\n".join([columns, *_rows(served=True)]) + "\n",
            "## Of products that are not offered\n",
            "\n".join([columns, *_rows(served=False)]) + "\n",
            "## Operations\n",
            "\n".join(["| operation | |\n|---|---|", *done, *refused]) + "\n",
        )
    )


def main(file: Path = FILE) -> None:
    """Write the file."""
    file.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
