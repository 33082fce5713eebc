"""What the chains of a data folder add to the exchange: addresses for its gateways, and workers.

Without a networks' file there is nothing, and nothing of custody is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

import structlog

from fullreserve.app import risk_table
from fullreserve.app.supervision import Program
from fullreserve.custody.house import PAYER_GATEWAY
from fullreserve.door.protocol import Door
from fullreserve.exchange.products.risk_rules import RiskTable
from fullreserve.gateway.chain_addresses import ChainAddresses

__all__ = ["PAYER_GATEWAY", "Custody", "served"]

WATCHER, PAYER = "fullreserve.custody.watcher", "fullreserve.custody.paying"
DUTY = "fullreserve.custody.duty"
SIGNER_DESK = "fullreserve.custody.signer_desk"
NETWORKS = "custody.json"

log = structlog.get_logger(__name__)


def _unknown(_transfer: bytes) -> str:
    return ""


def _always(_network: int) -> bool:
    return True


def _nowhere(_network: int, _address: str) -> bool:
    return False


class Custody(NamedTuple):
    """Addresses by network; the chains' own names of transactions; the workers, and who pays.

    `memos` gives what was written as the memo of a deposit that is nobody's.
    `is_house` tells whether an address of a network is one of the exchange's own wallets.
    `is_compared` tells whether it is known what a network paid since a backup that was put back.
    `uncompared` names the networks of which that is not known.
    `tokens` are the contracts of assets on networks, as people write them.
    `risk` is the file's table by which withdrawals' risk is scored, None without one.
    """

    addresses: Mapping[int, ChainAddresses] = {}
    transactions: Callable[[bytes], str] = _unknown
    memos: Callable[[bytes], str] = _unknown
    programs: tuple[Program, ...] = ()
    payers: tuple[Program, ...] = ()
    risk: RiskTable | None = None
    is_house: Callable[[int, str], bool] = _nowhere
    is_compared: Callable[[int], bool] = _always
    tokens: Mapping[tuple[int, int], str] = {}
    uncompared: Callable[[], tuple[int, ...]] = tuple


async def begin(data: Path, door: Door) -> None:
    """New keys of the file's networks begin, with the next user's address.

    Before addresses are given out, and before any worker reads the file. BadNetworks, Unavailable.
    """
    if not (data / NETWORKS).exists():
        return
    from fullreserve.custody import generations
    from fullreserve.custody.house import House

    await generations.begin(data, House(door).newest_index)


def served(data: Path, signers: str = "") -> Custody:
    """Of a data folder; BadNetworks, also for one whose payments hang on one; BadHolders.

    BadRiskTable. `signers` is where those elsewhere ask, empty for nowhere.
    """
    if not (data / NETWORKS).exists():
        return Custody()
    from fullreserve.custody import holders, network_fields, networks, spare
    from fullreserve.custody.house_places import HousePlaces
    from fullreserve.custody.restore_mark import is_compared, uncompared
    from fullreserve.custody.transactions import Transactions

    known, found = networks.load(data), networks.served(data)
    for one in known:
        if not one.nodes:
            log.warning("a network has no node: nobody follows it, its coins wait",
                        network=one.network, file=NETWORKS)  # fmt: skip
    # Also of those that wait for a node: nothing unsound is to come with it.
    network_fields.check(data, known)
    spare.check(known, holders.load(data))
    if not found:
        return Custody()
    named = Transactions(data, found)
    return Custody(
        {one.network: one.addresses() for one in found},
        named.text,
        named.memo,
        (Program(WATCHER), Program(DUTY), *((Program(SIGNER_DESK),) if signers else ())),
        (Program(PAYER),),
        risk_table.load(data),
        HousePlaces(data, found).is_ours,
        partial(is_compared, data),
        {
            (one.network, asset): one.family.contract(one, contract)
            for one in found
            for asset, contract in one.tokens.items()
        },
        partial(uncompared, data),
    )
