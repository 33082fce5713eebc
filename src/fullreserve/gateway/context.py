"""What a gateway is made of: the rooms it speaks to, handed in by whoever starts it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from prometheus_client.registry import Collector

from fullreserve.clock import Clock
from fullreserve.door.protocol import Door
from fullreserve.exchange.catalog import Catalog
from fullreserve.identity.vault import Vault
from fullreserve.marketdata.market import Market
from fullreserve.records.history import History


@dataclass(slots=True)
class Context:
    """One gateway process.

    `catalog` and `market` are kept current by a `marketdata.feed.Feed`. `health` adds facts of
    the process to what the door says of the exchange.
    """

    door: Door
    clock: Clock
    catalog: Catalog
    market: Market
    vault: Vault
    history: History
    limits: bool = True
    health: Callable[[], Mapping[str, object]] = dict
    collectors: list[Collector] = field(default_factory=list)
