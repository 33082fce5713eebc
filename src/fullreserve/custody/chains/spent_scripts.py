"""Where coins lay that transactions of a block spend, by the transactions that made them.

Anybody may spend as many at once as fill a block: they are asked for several in one exchange, each
once, and what was told is known where the block is read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from fullreserve.custody.chains.raw_block import Transaction, told_transactions
from fullreserve.custody.chains.rpc import Node, NodeGarbage

HASH = 32
ASKED_AT_ONCE = 50
KEPT = 50_000  # coins


class SpentScripts:
    """Through one node."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._known: dict[bytes, bytes] = {}

    def of(
        self, spending: Sequence[Transaction], block: Iterable[Transaction]
    ) -> Mapping[bytes, bytes]:
        """The scripts of what transactions spend, by outpoint, but a block's own coins.

        `block` is all that stands beside them. NodeProblem.
        """
        missing: dict[bytes, list[bytes]] = {}
        for one in spending:
            for spend in one.spends:
                name = spend[:HASH][::-1]
                if any(name) and spend not in self._known:
                    missing.setdefault(name, []).append(spend)
        for one in block:
            self._take(one, missing.pop(one.txid, ()))
        names = list(missing)
        for start in range(0, len(names), ASKED_AT_ONCE):
            some = names[start : start + ASKED_AT_ONCE]
            for one in told_transactions(self._node, some):
                self._take(one, missing[one.txid])
        found = {
            spend: self._known[spend]
            for one in spending
            for spend in one.spends
            if spend in self._known
        }
        while len(self._known) > KEPT:
            del self._known[next(iter(self._known))]
        return found

    def _take(self, one: Transaction, spends: Iterable[bytes]) -> None:
        for spend in spends:
            number = int.from_bytes(spend[HASH:], "little")
            if number >= len(one.outputs):
                raise NodeGarbage(f"{one.txid.hex()} has no output {number}")
            self._known[spend] = one.outputs[number].script
