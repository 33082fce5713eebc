"""Networks by the names that people call them, for commands: `Litecoin`, where others say 3.

The names are those of `custody.json` (`code`); of a network that has none there, what the running
exchange calls it. A number is taken as it is: a network may have keys before the file has it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from fullreserve.clock import SystemClock
from fullreserve.custody import networks
from fullreserve.custody.house import House, Unknown
from fullreserve.door.protocol import Unavailable
from fullreserve.door.socket_client import SocketDoor
from fullreserve.door.socket_server import SOCKET_NAME
from fullreserve.exchange.products.custody_wire import DEPOSITS
from fullreserve.exchange.products.deposit_state import ListNetworks, NetworkState
from fullreserve.identity.commands import COMMAND_GATEWAY


class UnknownName(ValueError):
    """Nothing, or more than one network, is called so; the message has the names."""


def number_of(data: Path, text: str) -> int:
    """The number of a network that is called so, in letters of any case; UnknownName, BadNetworks.

    The running exchange is asked where the file does not say what all of its networks are called.
    """
    names = {one.network: one.code for one in networks.stated(data)}
    if not _called(names, text) and (not names or "" in names.values()):
        names = (
            dict.fromkeys(names, "")
            | _told(data)
            | {number: code for number, code in names.items() if code}
        )
    found = _called(names, text)
    if len(found) != 1:
        known = ", ".join(f"{number} {code}".rstrip() for number, code in sorted(names.items()))
        what = f"is the name of {len(found)} networks" if found else "is no network"
        raise UnknownName(f"network: {text!r} {what}; those are {known or 'none'}")
    return found[0]


def _called(names: Mapping[int, str], text: str) -> list[int]:
    return [number for number, code in names.items() if code.casefold() == text.casefold()]


def _told(data: Path) -> dict[int, str]:
    """What the running exchange calls its networks; nothing where none runs."""
    try:
        return asyncio.run(_ask(data))
    except (Unavailable, Unknown, OSError):
        return {}


async def _ask(data: Path) -> dict[int, str]:
    door = await SocketDoor.open(data / SOCKET_NAME, COMMAND_GATEWAY, SystemClock())
    try:
        found: list[NetworkState] = await House(door).ask(DEPOSITS, ListNetworks())
    finally:
        await door.close()
    return {one.terms.network: one.terms.code for one in found}
