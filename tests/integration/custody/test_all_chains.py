"""Goal: coins of every kind of chain go in and out of one exchange. Method: all chains, live."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fullreserve.config import Settings
from fullreserve.custody import networks, nodes
from fullreserve.custody.demo_marks import MARKED
from fullreserve.exchange.products.liveness import QuorumState
from fullreserve.exchange.products.tier_moves_wire import MoveState
from fullreserve.simulation import wallet
from fullreserve.simulation.outside import address_on
from tests.integration.custody.live import Live
from tests.memory_folder import memory_folder

pytestmark = pytest.mark.slow

COINS = {"BTC-Bitcoin": 2, "LTC-Litecoin": 3, "XRP-Memo": 4}
PRICES = {"BTC": 40_000, "LTC": 80, "XRP": 0.6}
AMOUNT = 20
# What goes out: enough for each chain, and little enough that nobody has to approve it.
AMOUNTS = {"BTC": "1", "LTC": "10", "XRP": "10"}


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    try:
        for node in (nodes.anvil, nodes.btcd, nodes.litecoind):
            node()
    except nodes.NodeMissing as missing:
        pytest.skip(str(missing))
    with memory_folder() as folder:
        made = Live(folder / "data").start("all")
        yield made
        assert made.stop() == 0, made.log
        assert "Traceback" not in made.log


def sent(live: Live, chain: str, address: str) -> None:
    settings = Settings(data=Path(live.folder))
    assert wallet.send(settings, chain, str(AMOUNT), address) == 0


def address_of(okx: Any, chain: str) -> str:
    rows = okx.private_get_asset_deposit_address({"ccy": chain.partition("-")[0]})["data"]
    (row,) = (row for row in rows if row["chain"] == chain)
    return str(row["addr"]) + (f":{row['tag']}" if row.get("tag") else "")


def test_coins_of_every_chain_go_in_and_out(live: Live) -> None:
    """Criterion: CHAINS-ALL-1."""
    okx, other = live.client(), live.client("trader2")
    for symbol, price in PRICES.items():
        # A price, without which a person looks at each withdrawal.
        pair = f"{symbol}/USDT"
        other.create_order(pair, "limit", "sell", 1, price)
        okx.create_order(pair, "limit", "buy", 1, price)
    for chain in COINS:
        sent(live, chain, address_of(okx, chain))
    live.until(
        lambda: sorted(one["info"]["state"] for one in okx.fetch_deposits()) == ["2"] * 3,
        "deposits on three chains",
    )
    asked = {}
    for network in networks.served(live.folder):
        chain = next((name for name, one in COINS.items() if one == network.network), "")
        if chain:
            symbol = chain.partition("-")[0]
            order = {"ccy": symbol, "amt": AMOUNTS[symbol], "dest": "4", "chain": chain}
            answer = okx.private_post_asset_withdrawal(order | {"toAddr": address_on(network)})
            asked[chain] = answer["data"][0]["wdId"]
    done = live.until(
        lambda: (
            [one for one in okx.fetch_withdrawals() if one["info"]["state"] == "2"][2:]
            and okx.fetch_withdrawals()
        ),
        "withdrawals on three chains",
    )
    assert {one["id"] for one in done} == set(asked.values())
    assert all(one["txid"] for one in done)


def test_what_comes_without_a_memo_is_given_to_its_owner_by_a_claim(live: Live) -> None:
    """Criterion: CHAINS-ALL-2."""
    okx = live.client("trader2")
    alone = address_of(okx, "XRP-Memo").partition(":")[0]
    sent(live, "XRP-Memo", alone)
    found = live.until(live.unclaimed, "a deposit of nobody's")
    assert not okx.fetch_deposits()
    live.claim(found[0], okx)
    live.until(
        lambda: [one["amount"] for one in okx.fetch_deposits()] == [AMOUNT], "a claimed deposit"
    )


def test_every_tier_of_every_chain_lives(live: Live) -> None:
    """Criterion: CHAINS-ALL-3. Holders answer; marks on each chain; refills and sweeps are done."""
    rows = live.client().fetch(f"http://{live.http}/api/v5/x/liveness")["data"]
    assert [(one["role"], one["threshold"], one["holders"], one["colour"]) for one in rows] == [
        ("hot", "2", "3", "green"), ("warm", "2", "4", "green"), ("cold", "3", "5", "green"),
    ]  # fmt: skip
    answered = live.until(
        lambda: (
            [one for one in live.quorums() if len(_answered(one)) == len(one.quorum.holders)]
            == live.quorums()
        ),
        "everybody's first answer",
    )
    assert answered
    wanted = {(number, symbol) for number, by in MARKED.items() for symbol in by}
    assert {(one.network, one.asset) for one in live.marks()} >= {
        (network.network, network.coin) for network in networks.served(live.folder)
    }
    assert len(live.marks()) == len(wanted)
    moved = live.until(
        lambda: {one.network for one in live.moves() if one.state == MoveState.DONE} == set(MARKED),
        "a refill or sweep on each chain",
    )
    assert moved


def _answered(one: QuorumState) -> list[int]:
    return [person for person, at_ms in one.answers.items() if at_ms >= one.asked_ms > 0]
