"""Tokens that hot holds and may not send, as their issuer paused them or stopped lanes: shown.

Their file stands in the data folder for as long as that lasts. Their withdrawals wait, or other
lanes pay them; all other assets are paid.
"""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Mapping
from pathlib import Path

import structlog

from fullreserve.clock import Clock
from fullreserve.custody.chains.adapter import Chain, Halted
from fullreserve.custody.chains.rpc import NodeProblem
from fullreserve.custody.left import leave
from fullreserve.exchange.worker_files import HaltedToken, halted_name

EVERY = 20  # rounds of a payer between two looks

log = structlog.get_logger(__name__)


class HaltedTokens:
    """Of one network; what an earlier run left is found anew."""

    def __init__(self, data: Path, chain: Chain, clock: Clock) -> None:
        self._place = data / halted_name(chain.network)
        self._chain = chain
        self._clock = clock
        self._rounds = 0
        self._known: Mapping[int, HaltedToken] = {}
        self._unsaid = ""
        self._place.unlink(missing_ok=True)

    async def look(self) -> None:
        """Once in a while; what the node cannot say changes nothing that is shown."""
        self._rounds += 1
        if self._rounds % EVERY != 1:
            return
        try:
            found = await to_thread(self._chain.halted)
        except NodeProblem as problem:
            if str(problem) != self._unsaid:
                self._unsaid = str(problem)
                log.warning("what lanes may send is not known", problem=self._unsaid)
            return
        self._unsaid = ""
        self._tell({one.asset: self._shown(one) for one in found})

    def _shown(self, one: Halted) -> HaltedToken:
        before = self._known.get(one.asset)
        since_ms = before.since_ms if before is not None else self._clock.wall_ms()
        return HaltedToken(self._chain.network, one.asset, one.places, one.able, since_ms)

    def _tell(self, found: Mapping[int, HaltedToken]) -> None:
        if found == self._known:
            return
        network = self._chain.network
        for asset, one in found.items():
            if one != self._known.get(asset):
                log.error(
                    "its issuer keeps lanes from sending a token: "
                    + ("other lanes pay it" if one.able else "no other lane has any of it"),
                    network=network,
                    asset=asset,
                    lanes=one.places,
                )
        for asset in self._known.keys() - found.keys():
            log.info("lanes send the token again", network=network, asset=asset)
        self._known = found
        if found:
            leave(self._place, list(found.values()), "operators are not told of halted tokens")
        else:
            self._place.unlink(missing_ok=True)
