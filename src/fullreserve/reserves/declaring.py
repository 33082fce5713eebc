"""`fullreserve reserves message`, `declare`, `undeclare`: addresses whose keys are elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from fullreserve.clock import SystemClock
from fullreserve.config import Settings
from fullreserve.custody import networks
from fullreserve.custody.chains.rpc import Node, NodeProblem
from fullreserve.custody.networks import BadNetworks, Network
from fullreserve.reserves import accounts_chain, coins_chain, keys
from fullreserve.reserves.accounts_chain import Pinned
from fullreserve.reserves.checker import NoVerifier
from fullreserve.reserves.declared import BadDeclared, Declared, drop, judged, keep
from fullreserve.reserves.places import DAY_MS, NotProven, Said, message_of, read_message

DONE, WRONG = 0, 1


def message(settings: Settings, network: int, address: str, days: int) -> int:
    """Print what an address's keys have to sign now, to be believed for so many days."""
    try:
        block = newest_of(network_of(settings.data, network))
    except (BadNetworks, NodeProblem) as problem:
        return _failed(problem)
    exchange = keys.signer(settings.data).public.hex()
    now_ms = SystemClock().wall_ms()
    until_ms = now_ms + days * DAY_MS
    text = message_of(Said(exchange, address, network, block.height, block.hash, now_ms, until_ms))
    sys.stdout.write(text + "\n")
    return DONE


def declare(
    settings: Settings,
    network: int,
    address: str,
    form: str,
    text: str,
    signature: Sequence[str],
    coin: Sequence[str] | None,
) -> int:
    """Keep an address with its signatures, once the verifier has found nothing against them."""
    one = Declared(
        network=network,
        address=address,
        form=form,
        message=text,
        signatures=tuple(signature),
        coins=tuple(coin or ()),
    )
    try:
        judged(network_of(settings.data, network), one)
        keep(settings.data, one)
    except (BadNetworks, BadDeclared, NotProven, NoVerifier, OSError) as problem:
        return _failed(problem)
    until = datetime.fromtimestamp(read_message(text).ends_ms / 1000, UTC)
    sys.stdout.write(
        f"{address} is published from the next statement on; what is new counts after "
        f"{settings.reserves.wait_h} hours, until {until:%Y-%m-%d %H:%M} UTC\n"
    )
    return DONE


def undeclare(settings: Settings, network: int, address: str) -> int:
    """Forget an address that was declared."""
    try:
        drop(settings.data, network, address)
    except (BadDeclared, OSError) as problem:
        return _failed(problem)
    sys.stdout.write(f"{address} counts no more from the next statement on\n")
    return DONE


def newest_of(network: Network) -> Pinned:
    """Its newest block; NodeProblem."""
    node = Node(network.nodes[0])
    try:
        is_script = network.is_script
        return coins_chain.newest(node) if is_script else accounts_chain.pinned(node, 0)
    finally:
        node.close()


def network_of(data: Path, number: int) -> Network:
    """BadNetworks where it is not served."""
    for one in networks.served(data):
        if one.network == number:
            return one
    raise BadNetworks(f"network {number} is not served")


def _failed(problem: Exception) -> int:
    sys.stdout.write(f"FAILED: {problem}\n")
    return WRONG
