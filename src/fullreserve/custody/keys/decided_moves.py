"""What a tier's signer learns of a move from the exchange: that its log decided and bound it.

Whoever asks for a signature decides nothing. What is signed for stays within the signer's own
policy whatever the exchange says.
"""

from __future__ import annotations

from collections.abc import Sequence

from fullreserve.custody.exchange_view import ExchangeView
from fullreserve.custody.keys.intent import EXCHANGE, Intent, NotApproved
from fullreserve.custody.keys.tier_signer import Proposal
from fullreserve.custody.networks import Network
from fullreserve.exchange.products.custody_wire import Tier
from fullreserve.exchange.products.tier_moves_wire import Move, MoveState
from fullreserve.exchange.wire.commands import amount_int


class DecidedMoves:
    """Asks the exchange; `networks` say in what units a chain counts."""

    def __init__(self, exchange: ExchangeView, networks: Sequence[Network]) -> None:
        self._exchange = exchange
        self._networks = {one.network: one for one in networks}

    async def check(self, proposal: Proposal) -> None:
        """NotApproved when the log has not decided and bound exactly this, Unavailable."""
        wanted = proposal.intent
        found = await self._exchange.move(wanted.number)
        network = self._networks.get(wanted.network)
        if found is None or network is None or found.state != MoveState.BOUND:
            raise NotApproved("the exchange has not decided and bound this move")
        if found.binding != proposal.binding:
            raise NotApproved("the exchange has bound the move to other coins or another nonce")
        if intent_of(found, network, wanted.place, wanted.policy) != wanted:
            raise NotApproved("the exchange has decided another move")


def intent_of(move: Move, network: Network, place: bytes, policy: str) -> Intent:
    """A decided move as signers see it; ValueError for an amount that the chain cannot express."""
    source, target = (Tier(one).name.lower() for one in (move.source, move.target))
    amount = network.scales[move.asset].to_chain(amount_int(move.amount))
    return Intent(
        move.number, move.network, source, target, move.asset, place, amount, EXCHANGE, policy,
        move.decided_ms, move.expires_ms,
    )  # fmt: skip
