"""Goal: who pays misses no coin that comes while he reads blocks. Method: litecoind."""

from __future__ import annotations

import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fullreserve.config import Settings
from fullreserve.custody import networks
from fullreserve.custody.coins import Coins
from fullreserve.custody.keys.rescan_commands import DEEP, rescan
from fullreserve.custody.networks import Branch, Network
from fullreserve.custody.paying import STORE
from fullreserve.custody.store import Store
from fullreserve.custody.sweeping import Sweeping
from fullreserve.door.socket_server import SOCKET_NAME
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
    network: Any = SimpleNamespace(is_script=True, network=chain.network, terms=TERMS)
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


async def test_a_coin_that_was_missed_is_found_by_reading_again(
    litecoin: UtxoBed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By a command, the exchange being stopped; what was known stays. Criterion: CHAINS-SWEEP-9."""
    litecoin.agree()
    chain, branches = litecoin.over(litecoin.url, 1), [one.public() for one in litecoin.roots]
    number, first = chain.network, chain.tip().height
    network = Network(
        network=number, kind="utxo", nodes=(litecoin.url,), decimals={litecoin.asset: 8},
        branches=tuple(Branch(one.key.hex(), one.code.hex()) for one in branches),
        coin=litecoin.asset, credit_after=1, unlock_after=2, hrp="rltc",
        genesis=litecoin.terms.genesis.hex(),
    )  # fmt: skip
    networks.keep(tmp_path, [network])
    settings, store = Settings(data=tmp_path), Store(tmp_path / STORE)
    await Coins(chain, store, TERMS).follow(first)
    known, missed = litecoin.fresh(), litecoin.fresh()
    chain.know(known + 1)
    for index in (known, missed):
        litecoin.pay(index, litecoin.unit)
    litecoin.mine(DEEP)
    await Coins(chain, store, TERMS).follow()
    chain.know(missed + 1)
    await Coins(chain, store, TERMS).follow()

    def held() -> list[int]:
        return sorted(one.index for one in chain.coins.values() if one.index in (known, missed))

    assert held() == [known]
    with socket.socket(socket.AF_UNIX) as running:
        running.bind(str(tmp_path / SOCKET_NAME))
        running.listen()
        assert rescan(settings, number, first) == 1
    assert "stop the exchange first" in capsys.readouterr().err
    (tmp_path / SOCKET_NAME).unlink()
    for height in (-1, chain.tip().height + 1):
        assert rescan(settings, number, height) == 1
    await Coins(chain, store, TERMS).follow()
    assert held() == [known]
    assert rescan(settings, number, first) == 0
    again = Coins(chain, store, TERMS)
    await again.follow()
    assert held() == [known, missed]
    # Also from the tip on: what the payer remembers bears a reorganisation.
    assert rescan(settings, number, chain.tip().height) == 0
    litecoin.reorganise(3)
    await again.follow()
    assert held() == [known, missed]
    store.close()
