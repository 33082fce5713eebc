"""`fullreserve custody define-network`: the running exchange learns of a chain of `custody.json`.

The file says what the workers of custody do, the log what the exchange credits and pays. All but
the name comes from the file, so that the two say the same; assets are added by their manifests
(`fullreserve asset list`). Again, it tells the log of other confirmations.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from fullreserve.app.assets import NotTaken, define, defined, say
from fullreserve.clock import SystemClock
from fullreserve.config import Settings
from fullreserve.custody import holders, network_fields, networks, spare
from fullreserve.custody.holders import BadHolders
from fullreserve.custody.keys.adapter_commands import tried
from fullreserve.custody.networks import BadNetworks, Network
from fullreserve.door.protocol import Door, Unavailable
from fullreserve.door.socket_client import SocketDoor
from fullreserve.door.socket_server import SOCKET_NAME
from fullreserve.exchange.products.custody_wire import DefineNetwork
from fullreserve.exchange.wire.events import AssetDefined
from fullreserve.exchange.wire.queries import ListAssets
from fullreserve.identity.commands import COMMAND_GATEWAY

DONE, FAILED = 0, 1


def define_network(
    settings: Settings, network: int, code: str, adapter: Path | None, dry_run: bool
) -> int:
    """Tell the running exchange of a network, or what that would be.

    Of the family of a file, where one is named: the data folder has it from then on.
    """
    try:
        taken = None if adapter is None else tried(settings.data, network, adapter)
        known = networks.load(settings.data) if taken is None else taken.networks
        found = checked(settings, known, network)
        if taken is not None and not dry_run:
            taken.keep(settings.data)
        lines = [] if taken is None else taken.said
        lines += asyncio.run(_told(settings, found, code, dry_run))
    except (BadNetworks, BadHolders, NotTaken, Unavailable, OSError) as problem:
        sys.stderr.write(f"fullreserve: {problem}\n")
        return FAILED
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return DONE


def checked(settings: Settings, known: Sequence[Network], number: int) -> Network:
    """A network of those of `custody.json`, all of which a start would take.

    BadNetworks, BadHolders.
    """
    network_fields.check(settings.data, known)
    spare.check(known, holders.load(settings.data))
    found = networks.named(known, number)
    try:
        found.addresses()
        found.chains()
    except (ValueError, IndexError) as problem:
        raise BadNetworks(f"network {number} in {networks.FILE}: {problem}") from None
    return found


async def _told(settings: Settings, found: Network, code: str, dry_run: bool) -> list[str]:
    door = await SocketDoor.open(settings.data / SOCKET_NAME, COMMAND_GATEWAY, SystemClock())
    try:
        return await told(door, found, code, is_dry=dry_run)
    finally:
        await door.close()


async def told(door: Door, found: Network, code: str, *, is_dry: bool = False) -> list[str]:
    """Tells the log of a network where it does not know it so, and says what that was.

    BadNetworks, NotTaken, Unavailable.
    """
    assets: list[AssetDefined] = await door.query(ListAssets())
    symbols = {one.asset: one.symbol for one in assets}
    known = await defined(door)
    before = known.get(found.network)
    terms = terms_of(found, code, known, symbols)
    coin, number = symbols[terms.gas_asset], terms.gas_asset
    said = [
        f"Network {terms.network} is {terms.code}: its coin is {coin}, asset {number}.",
        f"Deposits are credited after {terms.credit_after} confirmations.",
        f"They can be withdrawn after {terms.unlock_after}.",
    ]
    if not found.nodes:
        said.append(f"Nobody follows it: it has no node in {networks.FILE}.")
    if not terms.assets:
        said.append("It has no asset yet: fullreserve asset list adds each by its manifest.")
    if terms == before:
        return [*said, "Nothing was done: the exchange knows it so."]
    if is_dry:
        return [*said, "Nothing was done: this was a dry run."]
    for command in define(terms):
        await say(door, command)
    if before is not None:
        said.append("Start the exchange again: its workers read the file at their start.")
    return said


def terms_of(
    found: Network, code: str, known: Mapping[int, DefineNetwork], symbols: Mapping[int, str]
) -> DefineNetwork:
    """What the log is to know of a network, with the assets that it has there; BadNetworks.

    `known` are the log's networks, `symbols` its assets.
    """
    number, before = found.network, known.get(found.network)
    wrong = list(_wrong(found, symbols))
    if wrong:
        raise BadNetworks(f"network {number} in {networks.FILE}: {'; '.join(wrong)}")
    if code and found.code not in ("", code):
        raise BadNetworks(f"--code {code}: {networks.FILE} calls network {number} {found.code}")
    code = code or found.code or (before.code if before is not None else "")
    if not network_fields.is_code(code):
        raise BadNetworks(f"{code!r} is no --code: {network_fields.code_allowed()}")
    others = {one.code: one.network for one in known.values() if one.network != number}
    if code in others:
        raise BadNetworks(f"{code} is the code of network {others[code]}")
    after = (found.credit_after, found.unlock_after)
    if before is None:
        return DefineNetwork(number, code, *after, found.needs_memo, found.coin, ())
    changed = list(_changed(found, before))
    if changed:
        raise BadNetworks(f"network {number}: {'; '.join(changed)}; another number is another one")
    return msgspec.structs.replace(before, code=code, credit_after=after[0], unlock_after=after[1])


def _wrong(found: Network, symbols: Mapping[int, str]) -> list[str]:
    listed = ", ".join(f"{number} {symbol}" for number, symbol in sorted(symbols.items()))
    return [
        *network_fields.faults(found),
        *(
            f"asset {asset} is not listed; those are {listed or 'none'}"
            for asset in found.decimals
            if asset not in symbols
        ),
    ]


def _changed(found: Network, before: DefineNetwork) -> list[str]:
    """What of a network stays as it was when users first had addresses there."""
    said = []
    if found.coin != before.gas_asset:
        said.append(f"its coin was asset {before.gas_asset}, and is {found.coin}")
    if found.needs_memo != before.needs_memo:
        said.append(f"it {'had' if before.needs_memo else 'had no'} memos, which cannot change")
    said += [
        f"asset {one.asset} has {one.decimals} decimals there, not {found.decimals[one.asset]}"
        for one in before.assets
        if found.decimals.get(one.asset, one.decimals) != one.decimals
    ]
    return said
