"""What coins hold, from the transactions that made them: on nobody's word.

A signature for a witness script commits to the amount of its own input alone (BIP 143). Who asks
for one transaction twice, each time with another input's amount understated, gets signatures that
are valid together, and the difference is burnt as its fee. So a signer wants the transaction of
each coin, whose hash is in the coin's name. Taproot's signatures commit to all amounts for this
very reason: https://github.com/bitcoin/bips/blob/master/bip-0341.mediawiki.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from fullreserve.custody.chains.raw_block import Output, outpoint, read_transaction
from fullreserve.custody.chains.rpc import NodeGarbage

if TYPE_CHECKING:
    from fullreserve.custody.chains.utxo_transaction import Coin

# Of one coin: no block holds a larger one without its witness.
TRANSACTION_MAX = 1_000_000


class UnprovenCoin(ValueError):
    """A coin is not shown to be what is said of it; the message says in what."""


def check(
    coins: Collection[Coin], place: Callable[[int], bytes], previous: Sequence[bytes]
) -> None:
    """That each coin lies at its index's place with its amount; UnprovenCoin.

    `previous` are the transactions that made them, in any order, with a witness or without.
    """
    made = _outputs(previous)
    for coin in coins:
        found = made.get(coin.outpoint())
        name = f"coin {coin.txid.hex()}:{coin.output}"
        if found is None:
            raise UnprovenCoin(f"{name} comes without the transaction that made it")
        if found.amount != coin.amount:
            raise UnprovenCoin(f"{name} holds {found.amount}, not {coin.amount}")
        if found.script != place(coin.index):
            raise UnprovenCoin(f"{name} does not lie at address {coin.index}")


def _outputs(previous: Sequence[bytes]) -> dict[bytes, Output]:
    found = {}
    for raw in previous:
        if len(raw) > TRANSACTION_MAX:
            raise UnprovenCoin("a transaction is larger than a block takes")
        try:
            one = read_transaction(raw)
        except NodeGarbage as bad:
            raise UnprovenCoin(f"what made a coin is no transaction: {bad}") from None
        for number, output in enumerate(one.outputs):
            found[outpoint(one.txid, number)] = output
    return found
