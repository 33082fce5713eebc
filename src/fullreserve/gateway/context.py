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

Health = Mapping[str, object]


def _healthy() -> Health:
    return {"state": "ok"}


@dataclass(slots=True)
class Context:
    """One gateway process.

    `catalog` and `market` are kept current by the owner of the door's row stream. `health` gives at
    least `state`, which is `ok` while the exchange takes commands.
    """

    door: Door
    clock: Clock
    catalog: Catalog
    market: Market
    vault: Vault
    history: History
    limits: bool = True
    health: Callable[[], Health] = _healthy
    collectors: list[Collector] = field(default_factory=list)
