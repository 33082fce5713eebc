"""Coins of a wallet, found by reading blocks: no node's wallet and no index is needed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from fullreserve.custody.chains.raw_block import read_transactions
from fullreserve.custody.chains.rpc import Node, hexed
from fullreserve.custody.chains.utxo_transaction import Coin
from fullreserve.custody.tiers.wallet import Wallet

_HASH = 32


class Found(NamedTuple):
    """`height` is that of the block that holds it, `made` the transaction, without its witness."""

    coin: Coin
    height: int
    made: bytes


def found(node: Node, wallet: Wallet, indexes: int, first: int, last: int) -> list[Found]:
    """Unspent coins at the first `indexes` addresses, from blocks `first` to `last`; NodeProblem.

    The wallet's first coin must not be below `first`.
    """
    return found_of_all(node, [wallet], indexes, first, last)[0]


def found_of_all(
    node: Node, wallets: Sequence[Wallet], indexes: int, first: int, last: int
) -> list[list[Found]]:
    """The same of several wallets, in their order: each block is read once. NodeProblem."""
    places = {
        one.place(index): (number, index)
        for number, one in enumerate(wallets)
        for index in range(indexes)
    }
    held: dict[bytes, tuple[int, Found]] = {}
    for height in range(first, last + 1):
        hash_ = hexed(node.call("getblockhash", height), _HASH)
        for one in read_transactions(hexed(node.call("getblock", hash_.hex(), 0)), hash_):
            for spend in one.spends:
                held.pop(spend, None)
            for number, (amount, script) in enumerate(one.outputs):
                place = places.get(script)
                if place is not None and amount:
                    coin = Coin(one.txid, number, amount, place[1])
                    held[coin.outpoint()] = (place[0], Found(coin, height, one.plain))
    coins: list[list[Found]] = [[] for _ in wallets]
    for number, made in held.values():
        coins[number].append(made)
    return coins


def previous(coins: list[Found], inputs: Collection[Coin]) -> tuple[bytes, ...]:
    """The transactions that made those coins that are spent, each once."""
    spent = {one.outpoint() for one in inputs}
    return tuple({one.made: None for one in coins if one.coin.outpoint() in spent})


def ripe(coins: list[Found], wallet: Wallet, tip: int) -> list[Found]:
    """Those that recovery holders may spend in the next block."""
    return [one for one in coins if tip + 1 - one.height >= wallet.older]
