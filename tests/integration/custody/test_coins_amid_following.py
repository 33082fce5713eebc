"""Goal: who pays misses no coin that comes while he reads blocks. Method: litecoind."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from fullreserve.custody.coins import Coins
from fullreserve.custody.store import Store
from fullreserve.custody.sweeping import Sweeping
from tests.integration.custody.outsiders import TERMS, UtxoBed


class Given:
    """The exchange, as far as it gives out addresses."""

    def __init__(self, newest: int) -> None:
        self.newest = newest

    async def newest_index(self, _network: int) -> int:
        return self.newest


async def test_a_coin_to_an_address_given_out_meanwhile_is_found(
    litecoin: UtxoBed, tmp_path: Path
) -> None:
    """Criterion: CHAINS-SWEEP-8. Given, paid and mined before the blocks are read."""
    litecoin.agree()
    chain = litecoin.over(litecoin.url, 1)
    store = Store(tmp_path / "payer.sqlite")
    index = litecoin.fresh()
    given = Given(index - 1)
    network: Any = SimpleNamespace(kind="utxo", network=chain.network, terms=TERMS)
    sweeping = Sweeping(network, chain, store, given)  # type: ignore[arg-type]
    await Coins(chain, store, TERMS).follow(chain.tip().height)
    know, asks = chain.know, iter([True])

    def slow(count: int) -> None:
        know(count)
        if next(asks, False):
            given.newest = index
            litecoin.pay(index, litecoin.unit)
            litecoin.mine()

    chain.know = slow  # type: ignore[method-assign]
    await sweeping.follow()
    await sweeping.follow()
    assert [one.amount for one in chain.coins.values() if one.index == index] == [litecoin.unit]
