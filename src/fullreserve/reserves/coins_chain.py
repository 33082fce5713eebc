"""What places hold on a chain of Bitcoin's family: its unspent outputs, by outpoint.

Such chains have no root of what is unspent, so no proof can stand for it offline; whoever has a
node asks it for each outpoint (`gettxout`), as is done here. The block is the newest: nodes know
what is unspent as of no other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import structlog

from fullreserve.custody.chains.adapter import Block
from fullreserve.custody.chains.rpc import Node, NodeGarbage, NodeProblem, field, hexed
from fullreserve.custody.coins import know_coins
from fullreserve.custody.keys.record import BadRecord
from fullreserve.custody.networks import Network
from fullreserve.custody.reconciling import PAYER_STORE
from fullreserve.custody.store import Sent
from fullreserve.custody.tier_places import TierCoins, TierPlaces
from fullreserve.exchange.products.custody_wire import Tier
from fullreserve.reserves.accounts_chain import AT_ONCE, Coin, Found, Pinned
from fullreserve.reserves.keys import FOLDER
from fullreserve.reserves.places import Place

SATS = 100_000_000
HASH = 32
TIME = slice(68, 72)  # of a header
TRIES = 5
# As the verifiers read them: of any other spelling they refuse the whole evidence.
_OUTPOINT = re.compile(r"[0-9a-f]{64}:(0|[1-9][0-9]{0,8})", re.ASCII)


log = structlog.get_logger(__name__)


def found(
    data: Path, network: Network, symbol: str, places: Sequence[Place], sent: Sequence[Sent] = ()
) -> Found:
    """Reads all coins that the payer's store knows at these places, and people's; NodeProblem.

    `sent` may be in the newest block, whose coins the payer has not looked for yet.
    """
    from fullreserve.custody.chains.utxo import UtxoChain

    node = Node(network.nodes[0])
    try:
        (chain, *_) = network.chains()
        assert isinstance(chain, UtxoChain)
        know_coins(chain, data / PAYER_STORE)
        by_place = {one.account: one.address for one in places}
        known = [
            _Known(one.txid.hex(), one.output, by_place[place])
            for one in chain.coins.values()
            if (place := chain.addresses.place(one.index)) in by_place
        ]
        known = list(dict.fromkeys(known + _change(network, sent, by_place)))
        declared = _declared(places)
        for _ in range(TRIES):
            block = newest(node)
            followed = _followed(data, network, node, block)
            held = _unspent(node, known) | _unspent(node, declared)
            held = _merged(held, _of_people(node, followed.coins, by_place))
            if newest(node) == block:
                _agree(network, block)
                return _as_found(block, symbol, held)._replace(is_whole=followed.is_whole)
    finally:
        node.close()
    raise NodeProblem("blocks come faster than coins can be read")


class _Known(NamedTuple):
    """A coin that may be there, and the address that it is said to lie at."""

    txid: str
    output: int
    address: str = ""


class _Followed(NamedTuple):
    """Coins that were found by reading blocks; `is_whole` once all are read."""

    coins: Sequence[_Known]
    is_whole: bool


def _followed(data: Path, network: Network, node: Node, block: Pinned) -> _Followed:
    """Those of wallets that people hold, and what these paid to hot.

    With a file of its own: the watcher's is read for another block. A node that lacks old blocks
    hides these coins alone.
    """
    try:
        wallets = TierPlaces(network, data).script_wallets()
    except BadRecord:  # whoever lists the places says so
        wallets = []
    if not wallets:
        return _Followed((), is_whole=True)
    of = network.addresses()
    (data / FOLDER).mkdir(parents=True, exist_ok=True, mode=0o700)
    place = data / FOLDER / f"tier-coins-{network.network}.msgpack"
    coins = TierCoins(wallets, place, {of.place(index): Tier.HOT for index in of.own})
    try:
        read = coins.read(node, Block(block.height, bytes.fromhex(block.hash), b""))
    except NodeProblem as problem:
        log.warning("coins that people hold are not read", problem=str(problem))
        read = None
    named = [
        _Known(one[:HASH][::-1].hex(), int.from_bytes(one[HASH:], "little"))
        for one in coins.outpoints()
    ]
    return _Followed(named, is_whole=read is not None)


def _of_people(
    node: Node, coins: Sequence[_Known], by_place: Mapping[bytes, str]
) -> dict[str, list[Coin]]:
    """By the address that each pays."""
    held: dict[str, list[Coin]] = {}
    for (txid, output, _), told in _told(node, coins):
        address = by_place.get(hexed(field(field(told, "scriptPubKey"), "hex")))
        if address is not None:
            held.setdefault(address, []).append(_coin(txid, output, told))
    return held


def _merged(
    one: Mapping[str, list[Coin]], other: Mapping[str, list[Coin]]
) -> dict[str, list[Coin]]:
    """Each coin once."""
    return {
        address: list(dict.fromkeys([*one.get(address, ()), *other.get(address, ())]))
        for address in {**one, **other}
    }


def _change(network: Network, sent: Sequence[Sent], by_place: Mapping[bytes, str]) -> list[_Known]:
    """What comes back to the hot wallet from what was sent, whichever attempt a block has.

    By each generation's address, as it was sent before or after the newest one began.
    """
    from fullreserve.custody.chains import utxo_transaction

    of = network.addresses()
    hots = [hot for index in of.own if (hot := by_place.get(of.place(index))) is not None]
    bodies = [(utxo_transaction.read_body(one.plan.body), one.txids) for one in sent]
    made = [(txid, len(body.pays)) for body, txids in bodies if body.change for txid in txids]
    return [_Known(txid.hex(), output, hot) for txid, output in made for hot in hots]


def _declared(places: Sequence[Place]) -> list[_Known]:
    """Coins that were named with their address, each once, without what is no outpoint."""
    found = []
    for place in places:
        for name in dict.fromkeys(place.coins):
            if not _OUTPOINT.fullmatch(name):
                log.warning("no output of a transaction", address=place.address, coin=name[:80])
                continue
            txid, _, output = name.partition(":")
            found.append(_Known(txid, int(output), place.address))
    return found


def newest(node: Node) -> Pinned:
    """The node's newest block; NodeProblem."""
    name = hexed(node.call("getbestblockhash"), HASH).hex()
    told = node.call("getblockheader", name, True)
    header = hexed(node.call("getblockheader", name, False))
    time_ms = int.from_bytes(header[TIME], "little") * 1000
    return Pinned(int(field(told, "height")), name, header.hex(), time_ms)


def _agree(network: Network, block: Pinned) -> None:
    for url in network.nodes[1:]:
        other = Node(url)
        try:
            if other.call("getblockhash", block.height) != block.hash:
                raise NodeProblem(f"two nodes do not agree on block {block.height}")
        finally:
            other.close()


def _unspent(node: Node, known: Sequence[_Known]) -> dict[str, list[Coin]]:
    """By address, which a coin has to pay: what was declared, or is change, may not."""
    held: dict[str, list[Coin]] = {}
    for (txid, output, address), told in _told(node, known):
        if address in _addresses(told):
            held.setdefault(address, []).append(_coin(txid, output, told))
    return held


def _told(node: Node, known: Sequence[_Known]) -> Iterator[tuple[_Known, Any]]:
    """What the node says of those that are unspent; NodeProblem."""
    for start in range(0, len(known), AT_ONCE):
        some = known[start : start + AT_ONCE]
        asked = [("gettxout", (one.txid, one.output, False)) for one in some]
        for name, told in zip(some, node.calls(asked), strict=True):
            if told is not None:
                yield name, told


def _coin(txid: str, output: int, told: Any) -> Coin:
    return Coin(f"{txid}:{output}", _sats(told), int(field(told, "confirmations")))


def _addresses(told: Any) -> Sequence[str]:
    """Whom an output pays; nodes of different ages say it under two names."""
    script = field(told, "scriptPubKey")
    return [script["address"]] if "address" in script else script.get("addresses", [])


def _sats(told: Any) -> int:
    """Coins as JSON wrote them, in sats; doubles hold every amount there is to 8 digits."""
    try:
        return int((Decimal(str(field(told, "value"))) * SATS).to_integral_value())
    except ArithmeticError as problem:
        raise NodeGarbage("an amount of coins is no number") from problem


def _as_found(block: Pinned, symbol: str, held: dict[str, list[Coin]]) -> Found:
    amounts = {
        address: {symbol: sum(one.units for one in coins)} for address, coins in held.items()
    }
    ordered = {address: sorted(coins) for address, coins in held.items()}
    return Found(block, amounts, {}, (), ordered)
