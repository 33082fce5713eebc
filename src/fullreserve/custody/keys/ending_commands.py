"""`fullreserve custody end-move`: ends a move that operators agreed to end, by what nodes show."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from fullreserve.clock import SystemClock
from fullreserve.config import Settings
from fullreserve.custody import networks
from fullreserve.custody.chains.rpc import Node
from fullreserve.custody.hot_sweeps import KEY
from fullreserve.custody.house import House
from fullreserve.custody.keys.commands import carried_out, say
from fullreserve.custody.keys.kept_moves import Kept, KeptMoves
from fullreserve.custody.keys.move_commands import COMMAND_GATEWAY
from fullreserve.custody.keys.move_endings import Ending, NotProven, of_refill, of_sweep
from fullreserve.custody.keys.move_standing import begun
from fullreserve.custody.keys.moves import BadMove
from fullreserve.custody.keys.tier_signer import Proposal
from fullreserve.custody.networks import Network
from fullreserve.custody.reconciling import PAYER_STORE
from fullreserve.custody.store import read_plan
from fullreserve.custody.transfers import salt_of, transfer
from fullreserve.door.protocol import Unavailable
from fullreserve.door.socket_client import SocketDoor
from fullreserve.door.socket_server import SOCKET_NAME
from fullreserve.exchange.products.custody_wire import Tier
from fullreserve.exchange.products.tier_moves_wire import (
    TIER_MOVES,
    End,
    GetMove,
    ListGivenUp,
    Move,
    MoveState,
)


@carried_out
def end_move(settings: Settings, number: int, move_file: Path | None, dry_run: bool) -> None:
    """Ends a move, when two operators have agreed and every node shows that it is over."""
    try:
        asyncio.run(_ended(settings.data, number, move_file, dry_run=dry_run))
    except Unavailable as gone:
        raise BadMove(str(gone)) from None


async def _ended(data: Path, number: int, move_file: Path | None, *, dry_run: bool) -> None:
    clock = SystemClock()
    door = await SocketDoor.open(data / SOCKET_NAME, COMMAND_GATEWAY, clock)
    try:
        house = House(door)
        move: Move | None = await house.ask(TIER_MOVES, GetMove(number))
        network = _open_on(move, networks.load(data))
        assert move is not None
        now_ms = await house.now_ms(clock.wall_ms())
        found = await asyncio.to_thread(ending, data, network, move, move_file, now_ms)
        say(f"Move {number}: {found.said}.")
        given_up: dict[int, int] = await house.ask(TIER_MOVES, ListGivenUp())
        if number not in given_up:
            raise BadMove("two operators have to agree first: propose it in the console")
        if dry_run:
            say("Nothing was done: this was a dry run.")
            return
        name = transfer(salt_of(data), network.network, found.txid) if found.txid else b""
        (code,) = await house.report(TIER_MOVES, End(number, found.state, name, by_people=True))
        if code:
            raise BadMove(f"the exchange refuses it with code {code}")
        say(f"It has ended: {found.state.name.lower()}.")
    finally:
        await door.close()


def _open_on(move: Move | None, known: list[Network]) -> Network:
    """The network of a move that can be ended; BadMove."""
    if move is None:
        raise BadMove("the log has no such move")
    if not move.is_open:
        raise BadMove(f"it has ended already: {MoveState(move.state).name.lower()}")
    if not move.binding:
        raise BadMove("it is bound to nothing yet: it ends at once when two operators agree")
    for one in known:
        if one.network == move.network and one.nodes:
            return one
    raise BadMove(f"network {move.network} has no node in {networks.FILE}: nothing can be proven")


def ending(data: Path, network: Network, move: Move, move_file: Path | None, now_ms: int) -> Ending:
    """What the nodes show of a bound move; NotProven, NodeProblem, BadMove."""
    if move.source == Tier.HOT:
        known = read_plan(data / PAYER_STORE, network.network, f"{KEY}{move.number}")
        if known is None:
            raise NotProven("the payer's store does not know it: look at the chain's own records")
        found = of_sweep(network, network.chains(), move, *known, now_ms)
        if found.state == MoveState.DONE:
            raise BadMove(f"{found.said}: the payer tells the ledger of it by itself")
        return found
    nodes = [Node(url) for url in network.nodes]
    if move_file is None:
        kept = KeptMoves(data).find(move.number)
    else:
        kept = copied(move_file, nodes[0], move)
    if kept is None:
        raise NotProven("its file is not here: name a holder's copy of it with --move-file")
    found = of_refill(network, nodes, move, kept, now_ms)
    if found.state == MoveState.LAPSED and move_file is not None:
        raise NotProven("no block has its coins or nonce, and whether it was sent nobody knows")
    if found.state == MoveState.DONE:
        raise BadMove(f"{found.said}: post-move tells the ledger of it, which ends it")
    return found


def copied(path: Path, node: Node, move: Move) -> Kept:
    """A holder's copy, looked for from the block in which its move was decided; NodeProblem."""
    try:
        proposal = msgspec.json.decode(path.read_bytes(), type=Proposal)
    except (OSError, msgspec.DecodeError, ValueError) as problem:
        raise BadMove(f"{path} is no move: {problem}") from None
    return Kept(proposal, begun(node, proposal, move.decided_ms))
