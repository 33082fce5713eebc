"""The world outside the demo's exchange: a wallet on the demo's chains that anybody may use.

Its keys are known to all: those that every anvil has, and one of the demo's own. The demo's traders
have it in their address books for longer than the lock, so that a bot can withdraw to it at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fullreserve.custody import networks
from fullreserve.custody.demo_scripts import outside
from fullreserve.custody.networks import Network
from fullreserve.identity.address_book import LOCK_MS, AddressBook
from fullreserve.identity.demo import DemoKey
from fullreserve.identity.vault import Vault

# The second of anvil's accounts: the first one makes the demo's tokens.
WALLET = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
MEMO = "7"  # whatever the wallet's owner wants
LABEL = "Demo wallet"
HOLDERS = ("trader", "trader2", "taker1", "taker2")


def known_addresses(vault: Vault, data: Path, accounts: Sequence[DemoKey]) -> None:
    """Enters the wallet into the traders' address books, where it is not there yet."""
    book = AddressBook(vault)
    for account in accounts:
        for network in networks.served(data) if account.name in HOLDERS else ():
            text = address_on(network)
            book.add(int(account.uid), network.network, text, LABEL, age_ms=2 * LOCK_MS)


def address_on(network: Network) -> str:
    """The wallet's address on a chain."""
    if network.is_script:
        return outside(network.hrp)
    return f"{WALLET}:{MEMO}" if network.needs_memo else WALLET
