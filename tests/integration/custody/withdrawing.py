"""An exchange with withdrawals on it, at a data folder, for whoever signs and pays."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from fullreserve.custody.house import House
from fullreserve.door.local import LocalDoor
from fullreserve.door.socket_server import SOCKET_NAME, SocketServer
from fullreserve.exchange import chart
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.products.deposits import Deposits
from fullreserve.exchange.products.liveness import Liveness
from fullreserve.exchange.products.policy import Policy
from fullreserve.exchange.products.suspensions import Suspensions
from fullreserve.exchange.products.tier_moves import TierMoves
from fullreserve.exchange.products.withdrawal_state import GetWithdrawal, Withdrawal
from fullreserve.exchange.products.withdrawals import Withdrawals
from fullreserve.exchange.wire.commands import (
    AccountKey,
    Product,
    Side,
    Transfer,
    amount_bytes,
)
from fullreserve.identity.address_book import AddressBook
from fullreserve.identity.vault import Vault
from tests.bed import ALICE, BOB, BTC, USDT, Bed, place, submit

START_MS = 1_700_000_000_000
COIN = 10**8
NOTHING = amount_bytes(0)
GATEWAY = 7


class Withdrawing:
    """ALICE has 50 BTC and 500,000 USDT on her funding account, and a price to them."""

    def __init__(self, bed: Bed, door: LocalDoor, socket: SocketServer, vault: Vault) -> None:
        self.bed = bed
        self.door = door
        self.house = House(door)
        self.book = AddressBook(vault)
        self.socket = socket
        self.vault = vault

    @classmethod
    async def open(cls, folder: Path, *networks: wire.DefineNetwork) -> Withdrawing:
        folds = (
            *(Approvals(), Deposits(), Withdrawals(), Suspensions(), Liveness(), Policy()),
            TierMoves(),
        )
        bed = await Bed.open(folder, folds=folds)
        door = await LocalDoor.open(bed.sequencer, GATEWAY)
        socket = await SocketServer.start(bed.sequencer, folder / SOCKET_NAME)
        socket.payers = lambda: (os.getpid(),)  # this test's process pays
        vault = Vault(folder, lambda: START_MS)
        if vault.user(ALICE) is None:
            vault.create_user(uid=ALICE)
        made = cls(bed, door, socket, vault)
        for network in networks:
            for fold in (wire.DEPOSITS, wire.WITHDRAWALS):
                assert await made.house.report(fold, network) == [0]
        if networks:
            await made._fund()
        return made

    async def _fund(self) -> None:
        source, target = (AccountKey(ALICE, kind, 0) for kind in (chart.TRADE, chart.FUND))
        for asset, units in ((BTC, 50), (USDT, 500_000)):
            number, amount = self.door.numbers(1), amount_bytes(units * COIN)
            moved = Transfer(GATEWAY, number, ALICE, source, target, asset, amount)
            await submit(self.door, [moved])
        await place(self.door, BOB, Side.SELL, 400_000, 10_000)
        await place(self.door, ALICE, Side.BUY, 400_000, 10_000)

    async def ask(self, network: int, asset: int, amount: int, address: str) -> int:
        """ALICE asks for a withdrawal; its number."""
        entry = self.book.add(ALICE, network, address, "somewhere")
        asked = wire.Request(
            *(network, asset, amount_bytes(amount), NOTHING),
            *(wire.Destination.ADDRESS_BOOK, entry.number),
        )
        return await self.say(asked)

    async def say(
        self, payload: msgspec.Struct, owner: int = ALICE, fold: int = wire.WITHDRAWALS
    ) -> int:
        """The sequence of an accepted word of a user's."""
        number = self.door.numbers(1)
        body = wire.encode_payload(payload)
        replies = await submit(self.door, [Product(GATEWAY, number, fold, owner, body)])
        assert not isinstance(replies, tuple) or replies
        assert replies[0].code == 0, replies
        return int(replies[0].sequence)

    async def found(self, number: int) -> Withdrawal:
        one: Withdrawal | None = await self.house.ask(wire.WITHDRAWALS, GetWithdrawal(number))
        assert one is not None
        return one

    async def close(self) -> None:
        await self.socket.close()
        await self.bed.close()
        self.vault.close()
