"""`python -m benchmarks.paying`: how fast a running exchange pays many withdrawals on anvil.

Exchange, payer, signers and node are processes of their own, as they are in the demo; nobody
trades. The rate is over all, from the first request to the last transaction that anvil was given.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from fullreserve.app.command import run
from fullreserve.app.running import Running
from fullreserve.app.supervision import Program
from fullreserve.clock import Clock
from fullreserve.config import Address, Settings
from fullreserve.custody import networks
from fullreserve.identity.address_book import LOCK_MS, AddressBook
from fullreserve.identity.vault import Personal
from fullreserve.simulation.app import BOTS, Market
from fullreserve.simulation.scenario import people as persons
from fullreserve.simulation.scenario.exchange import Exchange
from fullreserve.simulation.scenario.outside_wallets import Wallets
from fullreserve.simulation.scenario.people import Person

PEOPLE = 500
WITHIN_S = 300


class Paying(Market):
    """Everybody withdraws at once."""

    def prepare(self, settings: Settings, clock: Clock) -> None:
        """No candles from before."""

    def children(self) -> Sequence[str | Program]:
        return [one for one in super().children() if one != BOTS]

    async def settle(self, running: Running) -> None:
        exchange = await Exchange.of(running)
        people = self._people(running, exchange)
        await exchange.fund(people, [2 * one.part(1) for one in people])
        began_ns = running.clock.monotonic_ns()
        numbers = await exchange.withdraw(people, [one.part(1) for one in people])
        await exchange.final(numbers, WITHIN_S)
        taken_ns = max(exchange.sent_ns[one] for one in numbers) - began_ns
        sys.stdout.write(f"rate {len(numbers) * 10**9 / taken_ns:.1f}\n")
        os.kill(os.getpid(), signal.SIGTERM)

    @staticmethod
    def _people(running: Running, exchange: Exchange) -> list[Person]:
        served = networks.served(running.settings.data)
        wallets, book = Wallets(running.settings.data, served), AddressBook(running.vault)
        codes = {"ERC20": served[0].network}
        known = persons.places(codes, exchange.catalog.asset_named)
        # Without a market the others have no price, and a person looks at each withdrawal.
        (place,) = (one for one in known if one.asset.symbol == "USDT")
        people = []
        with running.vault.store.change():
            for at in range(PEOPLE):
                user = running.vault.create_user(personal=Personal(name=f"user {at}"))
                address = wallets.address(place.network, at)
                entry = book.add(user.uid, place.network, address, "mine", age_ms=2 * LOCK_MS)
                people.append(Person(user.uid, at, place, entry.number))
        return people

    def announce(self, running: Running) -> None:
        """Nothing: it is over when it would be said."""


def main() -> int:
    paying = Paying()
    with tempfile.TemporaryDirectory() as folder:
        here = Address("127.0.0.1", 0)
        settings = replace(
            Settings.load(), data=Path(folder) / "data", records="", http=here, ws=here
        )
        try:
            return run(settings, paying)
        finally:
            paying.close()


if __name__ == "__main__":
    sys.exit(main())
