"""Where withdrawals go: the address book of the identity vault, by number."""

from __future__ import annotations

from fullreserve.custody.bech32 import BadAddress
from fullreserve.custody.look_alikes import is_look_alike
from fullreserve.exchange.products.risk_rules import Mark
from fullreserve.identity.address_book import Address, AddressBook
from fullreserve.identity.keyring import DamagedRow
from fullreserve.identity.vault import UnknownUser, Vault

PLACE_BYTES = 16


class Destinations:
    """Reads the address book; it changes nothing there."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
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

    def place(self, entry: Address) -> bytes:
        """The same for one address on one network, whose entry it is; tells nothing else of it."""
        text = f"{entry.network}:{entry.text}"
        return self._vault.store.keyed("withdrawal place", text)[:PLACE_BYTES]

    def marks(self, owner: int, entry: Address) -> int:
        """Flags of `Mark`, held against the older entries of the owner's book on the network."""
        older = (self._readable(owner, number) for number in self._book.older(owner, entry))
        return Mark.LOOK_ALIKE if is_look_alike(entry.text, older) else 0

    def _readable(self, owner: int, number: int) -> str:
        """An address; "" for a damaged one, which stops withdrawals to itself alone."""
        try:
            return self._book.text(owner, number)
        except DamagedRow:
            return ""
