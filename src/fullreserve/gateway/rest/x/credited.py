"""Whether a deposit that was claimed has come by now: asked often, looked at once."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from fullreserve.exchange.products.custody_wire import DEPOSITS
from fullreserve.exchange.products.deposit_state import Deposit, ListDeposits, Phase
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import changed, names_of
from fullreserve.identity.deposit_claims import Claim, State, plain_name

LISTED_MAX = 10_000
CLAIMS_KEPT = 10_000


class Credited:
    """Deposits that open claims name and their users have; of each only changes are looked at."""

    def __init__(self, context: Context) -> None:
        self._context = context
        # By the claim's number: how far its user's deposits were looked at, and which it was.
        self._seen: dict[int, int] = {}
        self._found: dict[int, Deposit] = {}

    async def by(self, claims: Iterable[Claim]) -> dict[int, Deposit]:
        """The deposits by the claim's number."""
        if len(self._seen) > CLAIMS_KEPT:
            self._seen.clear()
            self._found.clear()
        of_user: dict[int, list[Claim]] = {}
        for one in claims:
            if one.state is State.OPEN:
                of_user.setdefault(one.uid, []).append(one)
        for uid, mine in of_user.items():
            await self._look(uid, mine)
        numbers = [one.number for mine in of_user.values() for one in mine]
        return {number: self._found[number] for number in numbers if number in self._found}

    async def _look(self, uid: int, mine: list[Claim]) -> None:
        after = min(self._seen.get(one.number, 0) for one in mine)
        question = partial(ListDeposits, uid, after)
        found: list[Deposit] = await changed(self._context, DEPOSITS, question, LISTED_MAX)
        if not found:
            return
        credited = [one for one in found if one.phase >= Phase.CREDITED]
        names = await names_of(self._context, (one.transfer for one in credited))
        # The chain's name of a transaction may come after what it pays.
        nameless = [one.version for one in credited if not names.get(one.transfer)]
        seen = min(nameless) - 1 if nameless else max(one.version for one in found)
        latest = {one.transfer: one for one in found}
        # The newest change comes first, and is the one to show.
        named = {plain_name(names.get(one.transfer, "")): one for one in reversed(credited)}
        for claim in mine:
            self._note(claim, latest, named)
            self._seen[claim.number] = max(seen, self._seen.get(claim.number, 0))

    def _note(self, claim: Claim, latest: dict[bytes, Deposit], named: dict[str, Deposit]) -> None:
        had = self._found.get(claim.number)
        deposit = named.get(plain_name(claim.said.transaction))
        if deposit is not None and (had is None or deposit.version >= had.version):
            self._found[claim.number] = deposit
            return
        now = latest.get(had.transfer) if had is not None else None
        # A reorganization of the chain may have taken it back.
        if had is not None and now is not None and now.version > had.version:
            del self._found[claim.number]
