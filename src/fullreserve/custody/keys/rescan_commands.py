"""Has the payer read blocks of a chain of scripts once more: `rescan`.

What it has read it does not read again: a coin that it missed there, as by a fault of before, is
never swept, never spent and missing from the chain's side of every comparison.
"""

from __future__ import annotations

import socket
from pathlib import Path

from fullreserve.config import Settings
from fullreserve.custody import networks
from fullreserve.custody.chains import following
from fullreserve.custody.keys.commands import carried_out, say
from fullreserve.custody.networks import BadNetworks, Network
from fullreserve.custody.paying import STORE
from fullreserve.custody.store import Store
from fullreserve.door.socket_server import SOCKET_NAME

# Below the tip, so that no reorganisation is deeper than what the payer remembers then.
DEEP = 144


@carried_out
def rescan(settings: Settings, network: int, height: int) -> None:
    """Has the payer read from a block on, at the next start of the exchange."""
    known = {one.network: one for one in networks.served(settings.data)}
    if network not in known:
        raise BadNetworks(f"network {network} has no node in {networks.FILE}")
    of = known[network]
    if not of.is_script:
        raise BadNetworks("a chain of accounts is asked for balances: no coin of it is missed")
    if height < 0:
        raise BadNetworks(f"a block's height is from 0 on, not {height}")
    _want_stopped(settings.data)
    begin(of, settings.data, height)
    say(f"At its next start the payer reads from block {height} on, and before that pays nothing.")


def begin(of: Network, data: Path, height: int) -> None:
    """Puts the payer's cursor before a block; BadNetworks, NodeProblem where a node lacks it."""
    chain = of.chains()[0]
    tip = chain.tip().height
    # The block that it goes on from, the first of a chain being nobody's.
    before = max(0, min(height - 1, tip - DEEP))
    at, first = chain.block(before), chain.block(before + 1)
    if at is None or first is None or height > tip:
        raise BadNetworks(f"the chain has blocks up to {tip}")
    chain.scan(first, {})  # a node that has dropped old blocks would hold up the payer for ever
    store = Store(data / STORE)
    try:
        store.keep_cursor(of.network, following.store(following.Cursor([(at.height, at.hash)])))
    finally:
        store.close()


def _want_stopped(data: Path) -> None:
    """The payer writes the same row: what is said beside it would be lost."""
    place = data / SOCKET_NAME
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asked:
        try:
            asked.connect(str(place))
        except OSError:
            return
    raise BadNetworks("stop the exchange first: its payer says how far it has read")
