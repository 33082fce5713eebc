"""Follows a chain block by block and says what became of each deposit.

The cursor remembers the newest blocks by hash. A block whose parent is not the one before makes the
follower step back until the chain and the cursor agree again; what the blocks it leaves held is
orphaned, and the transactions that could take its place are looked for. What is reported depends on
the cursor and the chain alone: whoever stores the cursor only after its reports were taken, and
is killed in between, says the same things once more.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from typing import NamedTuple, TypeAlias, TypeVar

import msgspec

from fullreserve.custody.chains.adapter import Block, Chain, Deposit, Incoming
from fullreserve.custody.chains.rpc import NodeGarbage

BLOCKS_AT_ONCE = 20  # a node that fails in the last of them has all of them asked for again
KEPT = 500  # blocks that a cursor remembers, thus the deepest reorganisation it follows


class TooDeep(Exception):
    """The chain left a block that is older than all the cursor knows: a person has to look."""


class Terms(NamedTuple):
    """Confirmations at which a deposit is credited, and can be withdrawn."""

    credit_after: int
    unlock_after: int


class Open(msgspec.Struct, array_like=True):
    """A deposit that may still change. `told` is the highest confirmation that was reported.

    One that was refused (`refused` is the code) is kept, with its block, until it is taken.
    """

    deposit: Deposit
    height: int  # 0: in no block
    told: int = 0
    taken_at: int = 0  # height at which another transaction took what it spends
    refused: int = 0
    block_hash: bytes = b""


class Cursor(msgspec.Struct, array_like=True):
    """How far a chain was followed."""

    blocks: list[tuple[int, bytes]] = msgspec.field(default_factory=list)
    open: list[Open] = msgspec.field(default_factory=list)


class Seen(NamedTuple):
    deposit: Deposit
    block: Block


class Confirmed(NamedTuple):
    deposit: Deposit
    confirmations: int


class Orphaned(NamedTuple):
    deposit: Deposit
    height: int


class Replaced(NamedTuple):
    deposit: Deposit


class Left(NamedTuple):
    """A reorganisation: the newest `depth` blocks gave way to others, from `height` on."""

    height: int
    depth: int


class Reached(NamedTuple):
    """The chain was followed to this block; what its contracts sent, if it ran any, is not read."""

    block: Block
    runs_code: bool = False


Report: TypeAlias = Seen | Confirmed | Orphaned | Replaced | Left | Reached

_Told = TypeVar("_Told", Deposit, Incoming)

# JSON: amounts of 18 decimals are larger than MessagePack's integers.
_codec = msgspec.json.Decoder(Cursor)


def store(cursor: Cursor) -> bytes:
    """The cursor as bytes."""
    return msgspec.json.encode(cursor)


def restore(data: bytes) -> Cursor:
    """The cursor from bytes; msgspec.DecodeError."""
    return _codec.decode(data)


class NodesDiffer(NodeGarbage):
    """Two nodes have a block of one hash, and say that it holds other things."""


def advance(
    chain: Chain,
    cursor: Cursor,
    terms: Terms,
    blocks_max: int = BLOCKS_AT_ONCE,
    *,
    second: Chain | None = None,
) -> Iterator[Report]:
    """Follows up to `blocks_max` blocks; the cursor is right once all reports are taken.

    An empty cursor begins at the tip. NodeProblem leaves a cursor that is to be thrown away: also
    where the newest block is one of those below the cursor's, as of a node that has lost some: what
    it still holds says nothing of what the chain left, another block in place of one does. What
    a block's hash does not prove, a `second` node has to say as well: a block that it does not have
    waits, and what it tells otherwise of one is NodesDiffer.
    """
    second = None if chain.proves_scan else second
    tip = chain.tip()
    if not cursor.blocks:
        cursor.blocks.append((tip.height, tip.hash))
        yield Reached(tip)
        return
    newest = dict(cursor.blocks[-KEPT:]).get(tip.height)
    if newest == tip.hash and tip.height < cursor.blocks[-1][0]:
        why = f"its newest block, {tip.height}, lies below {cursor.blocks[-1][0]}, which it had"
        raise NodeGarbage(why)
    yield from _step_back(chain, cursor)
    last = min(tip.height, cursor.blocks[-1][0] + blocks_max)
    for height in range(cursor.blocks[-1][0] + 1, last + 1):
        block = chain.block(height)
        if block is None:
            break  # the chain moved under our feet: the next call steps back
        if block.parent != cursor.blocks[-1][1]:
            _check_moved(chain, cursor, block)
            break
        if second is not None and second.block(height) != block:
            break
        runs_code = yield from _take(chain, second, cursor, block)
        yield Reached(block, runs_code)
        yield from _confirm(cursor, terms, height)
    del cursor.blocks[:-KEPT]


def _check_moved(chain: Chain, cursor: Cursor, block: Block) -> None:
    """Whether the chain has left the block that one with another parent follows; NodeGarbage."""
    height, hash_ = cursor.blocks[-1]
    below = chain.block(height)
    if below is not None and below.hash == hash_:
        why = f"block {block.height} follows {block.parent.hex()}, and block {height} is another"
        raise NodeGarbage(why)


def _step_back(chain: Chain, cursor: Cursor) -> Iterator[Report]:
    depth, places = 0, {hash_: height for height, hash_ in cursor.blocks}
    while True:
        height, hash_ = cursor.blocks[-1]
        block = chain.block(height)
        if block is not None:
            # A header of coins does not say its height.
            told = places.get(block.hash, block.height)
            if told != height:
                raise NodeGarbage(f"asked for block {height}, told of block {told}")
        if block is not None and block.hash == hash_:
            if depth:
                yield Left(height + 1, depth)
            return
        if len(cursor.blocks) == 1:
            raise TooDeep(f"the chain left block {height}, the oldest that is remembered")
        cursor.blocks.pop()
        depth += 1
        for one in cursor.open:
            if one.taken_at == height:
                one.taken_at = 0
            if one.height == height:
                one.height = one.told = 0
                yield Orphaned(one.deposit, height)


def _take(
    chain: Chain, second: Chain | None, cursor: Cursor, block: Block
) -> Generator[Report, None, bool]:
    """Takes a block onto the cursor; whether it ran code."""
    homeless = [one for one in cursor.open if not one.height]
    wanted = {spend: one.deposit.txid for one in homeless for spend in one.deposit.spends}
    found = chain.scan(block, wanted)
    if second is not None and second.scan(block, wanted) != found:
        raise NodesDiffer(f"two nodes tell other transfers of block {block.height}")
    cursor.blocks.append((block.height, block.hash))
    for one in homeless:
        # Its own transaction may come back and pay nothing this time, as a token that was paused.
        # What this block's own contracts sent waits until that is read once more.
        is_taken = not found.taken.keys().isdisjoint(one.deposit.spends)
        if is_taken and one.deposit.txid != block.hash:
            one.taken_at = block.height
    yield from _seen(cursor, block, found.deposits)
    return found.runs_code


def read_later(
    cursor: Cursor, terms: Terms, block: Block, deposits: Iterable[Deposit]
) -> Iterator[Report]:
    """Takes what contracts sent in a block of the cursor's: it is read behind the others."""
    yield from _seen(cursor, block, deposits)
    for one in cursor.open:
        if not one.height and one.deposit.txid == block.hash:
            one.taken_at = block.height  # its block came back, and tells of it no more
    yield from _confirm(cursor, terms, cursor.blocks[-1][0])


def _seen(cursor: Cursor, block: Block, deposits: Iterable[Deposit]) -> Iterator[Report]:
    known = {(one.deposit.txid, one.deposit.output): one for one in cursor.open}
    for deposit in deposits:
        again = known.get((deposit.txid, deposit.output))
        if again is None:
            cursor.open.append(Open(deposit, block.height))
        else:
            again.deposit, again.height, again.told, again.taken_at = deposit, block.height, 0, 0
        yield Seen(deposit, block)


def internal(
    chain: Chain, second: Chain | None, block: Block, ask: Callable[[Chain], list[_Told] | None]
) -> list[_Told] | None:
    """What contracts sent in a block, by both nodes; NodeProblem, NodesDiffer.

    None where a node has not kept its state.
    """
    found = ask(chain)
    told = ask(second) if second is not None else found
    if found is None or told is None:
        return None
    if told != found:
        raise NodesDiffer(f"two nodes tell other balances around block {block.height}")
    return found


def _confirm(cursor: Cursor, terms: Terms, height: int) -> Iterator[Report]:
    """Says which deposits have come to a threshold; what can change no more is forgotten."""
    kept = []
    for one in cursor.open:
        if one.height:
            depth = height - one.height + 1
            for threshold in sorted(set(terms)):
                if one.told < threshold <= depth:
                    one.told = threshold
                    yield Confirmed(one.deposit, threshold)
            if depth < KEPT or one.refused:
                kept.append(one)
        elif one.taken_at and height - one.taken_at + 1 >= terms.unlock_after:
            yield Replaced(one.deposit)
        else:
            kept.append(one)
    cursor.open = kept
