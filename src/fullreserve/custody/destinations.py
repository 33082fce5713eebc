"""Where withdrawals go: the address book of the identity vault, by number."""

from __future__ import annotations

from fullreserve.custody.bech32 import BadAddress
from fullreserve.identity.address_book import Address, AddressBook
from fullreserve.identity.vault import UnknownUser, Vault


class Destinations:
    """Reads the address book; it changes nothing there."""

    def __init__(self, vault: Vault) -> None:
        self._book = AddressBook(vault)

    def of(self, owner: int, network: int, number: int) -> tuple[str, str]:
        """Address and memo of an owner's entry on a network; BadAddress where it is none."""
        text, _, memo = self.entry(owner, network, number).text.partition(":")
        return text, memo

    def entry(self, owner: int, network: int, number: int) -> Address:
        """An owner's entry on a network; BadAddress where it is none."""
        try:
            found = self._book.entry(owner, number)
        except UnknownUser:
            found = None
        if found is None or found.network != network:
            raise BadAddress("the address book has no such entry of the owner's on this network")
        return found
