"""Where sweeps of hot go: by the record of ceremonies, once it has a warm wallet of the network.

A change of keys of a script wallet leaves an address behind. What the file of networks names may be
that one, whose keys were changed for a reason: the payer and hot's signers each look into their own
copy of the record, and pay the newest alone.
"""

from __future__ import annotations

from pathlib import Path

from fullreserve.custody.bech32 import BadAddress
from fullreserve.custody.keys.record import FILE, Record, TierWallet
from fullreserve.custody.networks import FILE as NETWORKS
from fullreserve.custody.networks import Network

TIER = "warm"
ADDRESSES = 20  # of a wallet that are looked at


def warm_place(data: Path, network: Network) -> bytes:
    """The newest warm wallet's; BadAddress where there is none, BadRecord.

    `data` is the folder of the record, which may have none: then what the file of networks names.
    """
    if not network.warm:
        raise BadAddress("the file of networks names no place of warm's")
    named = network.addresses().read(network.warm)
    known = Record.of(data).every(network.network, TIER)
    if not known:
        return named
    if not any(_has(one, named) for one in known):
        raise BadAddress(
            f"`warm` in {NETWORKS} is {network.warm}, which is no warm wallet of {FILE}"
        )
    newest = known[-1]
    if newest.wallet is None:
        return bytes.fromhex(newest.safe)
    return newest.wallet.place(0)


def _has(one: TierWallet, place: bytes) -> bool:
    if one.wallet is None:
        return bytes.fromhex(one.safe) == place
    return any(one.wallet.place(index) == place for index in range(ADDRESSES))
