"""Screens deposits before they are credited: vendors are asked about who sent them.

Every node of the network is asked for the senders, and all that any of them names are looked at. A
deposit waits while a node or a vendor does not answer. A sender that is blocked stops it (11); one
that a vendor doubts, or senders that are not all known, keep it until people looked (13); an owner
below the level of identity that is asked for does not get it (14) before he has it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from fullreserve.custody.chains.adapter import Chain, Senders
from fullreserve.custody.chains.rpc import NodeProblem
from fullreserve.custody.house import House
from fullreserve.custody.left import leave
from fullreserve.custody.store import read_name
from fullreserve.custody.vendors import Vendors, screens_deposits
from fullreserve.custody.vetting import Subject
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.deposit_state import Deposit, DepositState, ListUnscreened
from fullreserve.exchange.products.policy_rules import Concern
from fullreserve.exchange.worker_files import SENDERS, Sent, senders_shown

LOOKED_AT = 50  # in a round
TOLD_KEPT = 1_000
SILENT = Concern.SANCTIONS_DOWN | Concern.RISK_DOWN


SHOWN_MOST = 1_000  # deposits whose senders operators see


class Waits(ValueError):
    """A deposit cannot be screened now; the message says why."""


class DepositScreening:
    """Of all networks; `names` is the watcher's store in the data folder: names of transactions."""

    def __init__(
        self,
        house: House,
        chains: Mapping[int, Sequence[Chain]],
        names: Path,
        vendors: Vendors,
    ) -> None:
        self._house = house
        self._chains = chains
        self._names = names
        self._vetting = vendors.senders
        self._least_kyc = vendors.least_kyc
        self._after = 0
        self._told: dict[bytes, Senders] = {}  # of those whose word is not taken yet

    async def round(self) -> None:
        """What is in a block is screened, in turn; Unavailable, Waits for what has to wait."""
        question = ListUnscreened(self._after, LOOKED_AT)
        found: list[Deposit] = await self._house.ask(wire.DEPOSITS, question)
        self._after = found[-1].number if len(found) == LOOKED_AT else 0
        problem = ""
        for one in found:
            if not one.height:
                continue
            try:
                await self._screen(one)
            except (NodeProblem, Waits) as why:
                problem = problem or str(why)
        if problem:
            raise Waits(f"deposits wait to be screened: {problem}")

    async def _screen(self, one: Deposit) -> None:
        """Says at once what was found: a kill amid a long round loses one answer. As `_judged`."""
        state = await self._judged(one)
        kyc = self._least_kyc if state == DepositState.KYC else 0
        word = wire.Screened(one.network, one.transfer, state, kyc)
        (code,) = await self._house.report(wire.DEPOSITS, word)
        if code:
            raise Waits(f"the word about a screened deposit was refused with {code}")
        self._told.pop(one.transfer, None)

    async def _judged(self, one: Deposit) -> DepositState:
        """NodeProblem, Waits."""
        if self._vetting is None:  # it was asked for once
            if screens_deposits(self._names.parent):
                raise Waits("they are to be screened since this worker began; start it again")
            return DepositState.CREDITED
        senders = await self._senders(one)
        subjects = [_subject(one, address) for address in senders.addresses]
        vetted = await asyncio.gather(*map(self._vetting.of, subjects))
        if any(each.is_blocked for each in vetted):
            return DepositState.BLACKLISTED
        if any(each.concerns & SILENT for each in vetted):
            raise Waits("a vendor does not answer")
        if not senders.is_whole or any(each.concerns for each in vetted):
            return DepositState.INTERCEPTED
        if await self._house.kyc(one.owner) < self._least_kyc:
            return DepositState.KYC
        return DepositState.CREDITED

    async def _senders(self, one: Deposit) -> Senders:
        """All that any node names."""
        if one.transfer not in self._told:
            if len(self._told) >= TOLD_KEPT:
                self._told.clear()
            self._told[one.transfer] = await self._asked(one)
            await asyncio.to_thread(self._tell, one.transfer, self._told[one.transfer])
        return self._told[one.transfer]

    def _tell(self, transfer: bytes, found: Senders) -> None:
        """Operators see who paid what is under way, and what is kept since."""
        place = self._names.with_name(SENDERS)
        shown = {**senders_shown(place), transfer.hex(): Sent(found.addresses, found.is_whole)}
        newest = dict(list(shown.items())[-SHOWN_MOST:])
        leave(place, newest, "operators are not told of senders", is_quiet=True)

    async def _asked(self, one: Deposit) -> Senders:
        name = await asyncio.to_thread(read_name, self._names, one.transfer)
        chains = self._chains.get(one.network, ())
        if name is None or not chains:
            raise Waits(f"its transaction, or network {one.network}, is not known here")
        told = [await asyncio.to_thread(chain.senders, name.txid) for chain in chains]
        addresses = dict.fromkeys(address for each in told for address in each.addresses)
        return Senders(tuple(addresses), all(each.is_whole for each in told))


def _subject(one: Deposit, address: str) -> Subject:
    about = (one.number, one.owner, one.network, one.asset, one.value, 0)
    return Subject(*about, address, "", "deposit")
