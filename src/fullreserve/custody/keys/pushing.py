"""What was signed and is in no block: signed anew, with a higher fee or with another nonce of gas.

What a move is bound to stays the same, so that of all that is signed for it one is carried out. A
script wallet's holders sign again; a Safe's have signed for its nonce, and who pays the gas alone
signs again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple, Protocol

import msgspec

from fullreserve.custody.chains.adapter import Attempt
from fullreserve.custody.chains.rpc import Node
from fullreserve.custody.keys import moves
from fullreserve.custody.keys.gas import Bid, Call
from fullreserve.custody.keys.kept_moves import Kept, Sent
from fullreserve.custody.keys.move_standing import height_of
from fullreserve.custody.keys.record import Record
from fullreserve.custody.keys.tier_signer import Proposal
from fullreserve.custody.tiers import spending

STUCK_AFTER = 3  # blocks without being in one


class Gas(Protocol):
    """Who sends a Safe's transactions, and pays for that; NodeProblem, DeviceProblem."""

    def sign(self, node: Node, to: bytes, data: bytes) -> Call:
        """A call, signed with the next nonce."""

    def is_used(self, node: Node, bid: Bid) -> bool:
        """Whether a block has its nonce."""

    def again(
        self, node: Node, to: bytes, data: bytes, before: Bid, others: Collection[int]
    ) -> Call | None:
        """The call anew, or None when it is for others to go first; gas.FeeCap."""


class Asks(NamedTuple):
    """How holders are asked: for sound parts of a proposal. `rate` is sats a virtual byte."""

    record: Record
    gas: Gas | None
    rate: int
    parts: Callable[[Proposal], Sequence[bytes]]


def first(node: Node, kept: Kept, parts: Sequence[bytes], asks: Asks) -> Kept:
    """With the transaction that enough holders' parts make.

    spending.WrongPart, Unpayable, safe.NotEnough, BadMove, NodeProblem, DeviceProblem.
    """
    proposal = kept.proposal
    if proposal.spend is not None:
        sent = _script(node, proposal, parts, asks)
    else:
        call = moves.execution(proposal, asks.record, parts)
        if asks.gas is None:
            raise moves.BadMove("nobody pays the gas: start this with a file of keys for it")
        assert proposal.transaction is not None
        made = asks.gas.sign(node, proposal.transaction.safe, call)
        sent = _of_call(made, height_of(node, proposal))
        kept = msgspec.structs.replace(kept, call=call)
    return msgspec.structs.replace(kept, sent=(sent,))


def pushed(node: Node, kept: Kept, asks: Asks, others: Collection[int]) -> Kept:
    """With another transaction behind those that were sent, where they hang; else as it is.

    What was tried in vain is tried again after as many blocks. `others` are nonces of other moves.
    Raises what `first` does, and gas.FeeCap.
    """
    newest, height = kept.sent[-1], height_of(node, kept.proposal)
    is_stuck = height - newest.height >= STUCK_AFTER
    if kept.proposal.transaction is not None and asks.gas is not None:
        bid = newest.bid
        is_lost = bid is not None and asks.gas.is_used(node, bid)
        sent = _resent(node, kept, asks, others, height) if is_stuck or is_lost else None
    else:
        sent = _raised(node, kept, asks) if is_stuck else None
    return kept if sent is None else msgspec.structs.replace(kept, sent=(*kept.sent, sent))


def waits_again(kept: Kept, height: int) -> Kept:
    """The same, its newest transaction raised in vain at a height."""
    newest = msgspec.structs.replace(kept.sent[-1], height=height)
    return msgspec.structs.replace(kept, sent=(*kept.sent[:-1], newest))


def _resent(
    node: Node, kept: Kept, asks: Asks, others: Collection[int], height: int
) -> Sent | None:
    proposal, bid = kept.proposal, kept.sent[-1].bid
    assert proposal.transaction is not None
    assert asks.gas is not None
    # Owners sign for a few hours only; what they have signed holds as long as the Safe's nonce.
    call = kept.call or moves.execution(proposal, asks.record, asks.parts(proposal))
    account = proposal.transaction.safe
    if bid is None:
        return _of_call(asks.gas.sign(node, account, call), height)
    made = asks.gas.again(node, account, call, bid, others)
    return None if made is None else _of_call(made, height)


def _raised(node: Node, kept: Kept, asks: Asks) -> Sent | None:
    proposal, newest = kept.proposal, kept.sent[-1]
    tier = asks.record.wallet(proposal.intent.network, proposal.intent.source)
    if proposal.spend is None or tier.wallet is None:
        return None
    spend, size = proposal.spend, spending.vbytes(tier.wallet, proposal.spend)
    paid = spend.fee if newest.fee < 0 else newest.fee
    spend = msgspec.structs.replace(spend, left=spend.left + spend.fee - paid)
    rate = max(asks.rate, -(-(paid + size) // size))
    raised = spending.bumped(tier.wallet, spend, rate)
    wanted = msgspec.structs.replace(proposal, spend=raised)
    return _script(node, wanted, asks.parts(wanted), asks)


def _script(node: Node, proposal: Proposal, parts: Sequence[bytes], asks: Asks) -> Sent:
    made: Attempt = moves.completed(proposal, asks.record, parts)
    assert proposal.spend is not None
    return Sent(made.txid, made.raw, proposal.spend.fee, height_of(node, proposal))


def _of_call(made: Call, height: int) -> Sent:
    return Sent(made.attempt.txid, made.attempt.raw, height=height, bid=made.bid)
