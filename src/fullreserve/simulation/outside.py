"""The world outside the demo's exchange: a wallet on the demo's chain that anybody may use.

Its keys are those that every anvil has, known to all. The demo's traders have it in their address
books for longer than the lock, so that a bot can withdraw to it at once.
"""

from __future__ import annotations

from collections.abc import Sequence

from fullreserve.custody.demo import NETWORK
from fullreserve.identity.address_book import LOCK_MS, AddressBook
from fullreserve.identity.demo import DemoKey
from fullreserve.identity.vault import Vault

# The second of anvil's accounts: the first one makes the demo's tokens.
WALLET = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
LABEL = "Demo wallet"
HOLDERS = ("trader", "trader2", "taker1", "taker2")


def known_addresses(vault: Vault, accounts: Sequence[DemoKey]) -> None:
    """Enters the wallet into the traders' address books, where it is not there yet."""
    book = AddressBook(vault)
    for account in accounts:
        if account.name in HOLDERS:
            book.add(int(account.uid), NETWORK, WALLET, LABEL, age_ms=2 * LOCK_MS)
