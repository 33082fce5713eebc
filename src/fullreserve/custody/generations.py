"""New generations of branches begin as the exchange starts: before any address is given out.

The log says which users' indexes were given out before, so that no address is of two generations.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import structlog

from fullreserve.custody import networks
from fullreserve.custody.networks import Network

log = structlog.get_logger(__name__)


async def begin(data: Path, newest: Callable[[int], Awaitable[int]]) -> None:
    """Has those in the file that wait begin with the next index; BadNetworks, OSError.

    `newest` tells the highest index that a network's users have, 0 for none.
    """
    known = networks.load(data)
    begun = [await _begun(one, newest) for one in known]
    if begun != known:
        networks.keep(data, begun)


async def _begun(network: Network, newest: Callable[[int], Awaitable[int]]) -> Network:
    if all(one.start for one in network.later):
        return network
    start = await newest(network.network) + 1
    later = tuple(
        one if one.start else msgspec.structs.replace(one, start=start) for one in network.later
    )
    hot = msgspec.structs.replace(network, later=later).addresses()
    named = hot.address(hot.own[0]) if network.is_script else ""
    log.info("branches begin", network=network.network, start=start, hot=named)
    return msgspec.structs.replace(network, later=later)
