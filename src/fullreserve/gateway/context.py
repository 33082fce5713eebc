"""What a gateway is made of: the rooms it speaks to, handed in by whoever starts it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from fullreserve.clock import US_PER_MS, Clock
from fullreserve.config import CustodySettings
from fullreserve.door.protocol import Door
from fullreserve.exchange.catalog import Catalog
from fullreserve.gateway.chain_addresses import ChainAddresses
from fullreserve.gateway.client_ids import ClientIds
from fullreserve.gateway.log_desk import LogDesk
from fullreserve.gateway.maintenance import Maintenance
from fullreserve.gateway.order_rates import OrderRates
from fullreserve.gateway.readers import Readers
from fullreserve.gateway.rest.address import Proxies
from fullreserve.identity.desk import Desk
from fullreserve.identity.vault import Vault
from fullreserve.marketdata.market import Market

if TYPE_CHECKING:  # a gateway opens its doors before the database is loaded
    from fullreserve.records.history import History


class SocketPlace(NamedTuple):
    """Where pages find the WebSocket: at an origin, else at a port of the page's own host."""

    origin: str = ""
    port: int = 8081
    secure: bool = False
    strict: bool = False


@dataclass(slots=True)
class Context:
    """One gateway process.

    `catalog` and `market` are kept current by a `marketdata.feed.Feed`. `history` waits until the
    records are open: for threads, not for the loop. `health` adds facts of the process to what the
    door says of the exchange. `vault` is what the loop reads; `desk` writes to the same store and
    is closed with it. `folder` is for what a gateway itself must not forget over a crash; without
    one it is forgotten with the process. `demo` opens the faucet. `usd_cny` is
    what a dollar is worth in CNY, empty where the operator does not say. `socket` is told to web
    pages, whose files are in `web`, or where set-up built them. `log` is for operators: without
    one the log can be read and not replayed. `addresses` are those of chains, by network: without
    them nobody is shown an address, and none can be withdrawn to. `transactions` gives the chain's
    own name of a transaction that the log knows by a hash, for threads, and `memos` what a sender
    wrote as the memo of a deposit that is nobody's; `is_house`, for threads too, tells whether an
    address of a network is of the exchange's own wallets; `is_compared`, for threads too, whether
    it is known what a network paid since a backup that was put back, and `uncompared` of which
    networks it is not; `tokens` are the contracts of
    assets, by network and asset, as people write them; `pays` says whether who pays withdrawals is
    there. `proxies` are those whose word on a caller's address counts.
    `began_ms` of wall time is when this process began to listen: a request that was signed before
    may have been taken by another one.
    """

    door: Door
    clock: Clock
    catalog: Catalog
    market: Market
    vault: Vault
    history: Callable[[], History]
    limits: bool = True
    health: Callable[[], Mapping[str, object]] = dict
    folder: Path | None = None
    demo: bool = False
    usd_cny: str = ""
    socket: SocketPlace = field(default_factory=SocketPlace)
    web: Path | None = None
    log: LogDesk | None = None
    addresses: Mapping[int, ChainAddresses] = field(default_factory=dict)
    transactions: Callable[[bytes], str] = bytes.hex
    memos: Callable[[bytes], str] = lambda _transfer: ""
    is_house: Callable[[int, str], bool] = lambda _network, _address: False
    is_compared: Callable[[int], bool] = lambda _network: True
    uncompared: Callable[[], tuple[int, ...]] = tuple
    tokens: Mapping[tuple[int, int], str] = field(default_factory=dict)
    pays: Callable[[], bool] = bool
    proxies: Proxies = field(default_factory=Proxies)
    custody: CustodySettings = field(default_factory=CustodySettings)
    desk: Desk = field(init=False)
    readers: Readers = field(init=False)
    began_ms: int = field(init=False)
    rates: OrderRates = field(init=False, default_factory=OrderRates)
    maintenance: Maintenance = field(init=False)
    client_ids: ClientIds = field(init=False)
    # Instruments that a window of maintenance has closed, with when they pre-open (ms).
    closed: dict[int, int] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.began_ms = self.clock.wall_us() // US_PER_MS
        self.desk = Desk(self.vault)
        self.readers = Readers(self.clock)
        self.maintenance = Maintenance(self.clock, self.folder)
        self.client_ids = ClientIds(self.folder)
        self.vault.at_close(self.readers.close)
        self.vault.at_close(self.client_ids.close)
