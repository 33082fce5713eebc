"""Holders of keys in tests, each with a device of his own."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from fullreserve.custody.addresses import account_of
from fullreserve.custody.hd import Private
from fullreserve.custody.keys.device import Device
from fullreserve.custody.keys.key_file import FileDevice
from fullreserve.custody.tiers import safe
from fullreserve.custody.tiers.safe import SafeTransaction
from fullreserve.custody.tiers.spending import Spend, sign
from fullreserve.custody.tiers.wallet import Key, Wallet


class Holder(NamedTuple):
    """`key` is what a wallet knows of him."""

    name: str
    device: Device
    key: Key

    @property
    def account(self) -> bytes:
        return account_of(self.device.public(self.name))

    def signs(self, wallet: Wallet, spend: Spend) -> bytes:
        return sign(wallet, spend, self.device, self.name, self.key)

    def approves(self, transaction: SafeTransaction) -> dict[bytes, bytes]:
        return dict([safe.sign(transaction, self.device, self.name)])


def people(count: int, first: int = 1) -> list[Holder]:
    """So many, each the same whenever he is asked for."""
    made = []
    for number in range(first, first + count):
        name, branch = f"holder-{number}", Private.of_seed(bytes([number]) * 32)
        public = branch.public()
        device = FileDevice(Path(name), {name: branch})
        made.append(Holder(name, device, Key(name, public.key.hex(), public.code.hex())))
    return made
