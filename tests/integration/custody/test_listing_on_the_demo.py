"""Goal: an asset that an operator lists on the demo's chain stays listed there, as the guide says.

Method: the demo with its workers as processes, `asset list` and `custody.json` as an operator
has them, a token of its own on the demo's node, ccxt as the user.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fullreserve.app.assets import STAGES
from fullreserve.custody import contracts, demo_chain, nodes
from fullreserve.custody.addresses import checksummed
from fullreserve.custody.chains.rpc import Node
from tests.integration.custody.live import ETHER, Live
from tests.integration.custody.outside import Outside
from tests.memory_folder import memory_folder

pytestmark = pytest.mark.slow

NUMBER, ON_ERC20 = 9, {"network": "ERC20"}
PAID, AMOUNT = 100, 40
REVIEW = '[reviews.{}]\nby = "J. Doe"\non = 2026-11-20\ndigest = "{}"\n'
MANIFEST = 'symbol = "WBT"\nsupply_cap = "1000000000"\n'
CHAIN = """
[[chains]]
network = 1
decimals = 18
minimum_deposit = "1"
fee = "0.5"
minimum = "2"
maximum = "100000"
"""


def command(live: Live, *words: object) -> str:
    """What a command printed that an operator gives beside the running demo."""
    done = subprocess.run(
        [sys.executable, "-m", "fullreserve.cli", *map(str, words)],
        capture_output=True, text=True, check=False,
        env=os.environ | {"FULLRESERVE_DATA": str(live.folder)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def deployed(live: Live) -> str:
    """A token on the demo's chain; its contract's address, in hexadecimal digits."""
    data = contracts.creation("DemoToken", "Listed since", "WBT", 18)
    receipt = demo_chain.send(Node(live.network().nodes[0]), data="0x" + data.hex())
    return receipt["contractAddress"][2:]


def written(live: Live, contract: str) -> None:
    """Into `custody.json`, with an editor."""
    place = live.folder / "custody.json"
    made = json.loads(place.read_text())
    (one,) = (each for each in made if each["network"] == 1)
    one["decimals"][str(NUMBER)] = 18
    one["tokens"][str(NUMBER)] = contract
    place.write_text(json.dumps(made))


def test_an_asset_is_listed_paid_in_and_paid_out(tmp_path: Path) -> None:
    """Criterion: CHAINS-DEMO-10."""
    try:
        nodes.anvil()
    except nodes.NodeMissing as missing:
        pytest.skip(str(missing))
    stages = "".join(REVIEW.format(one, "ab" * 32) for one in STAGES)
    manifest = tmp_path / "wbt.toml"
    manifest.write_text(MANIFEST + stages + CHAIN)
    with memory_folder() as folder, Live(folder / "data").start() as live:
        assert f"custody.json does not have asset {NUMBER}" in command(
            live, "asset", "list", manifest
        )
        contract = deployed(live)
        assert live.stop() == 0, live.log
        written(live, contract)
        live.start()
        assert "WBT is on network 1, ERC20." in command(live, "asset", "list", manifest)
        # What the demo says to the log at each start takes nothing of that back.
        assert live.stop() == 0, live.log
        live.start()
        assert "Nothing is lacking of WBT." in command(live, "asset", "list", manifest)
        network = live.network()
        assert (network.decimals[NUMBER], network.tokens[NUMBER]) == (18, contract)
        paid_in_and_out(live, Outside(network))
        assert live.stop() == 0, live.log
        assert "Traceback" not in live.log
        assert "ledger and chain differ" not in live.log


def paid_in_and_out(live: Live, outside: Outside) -> None:
    okx = live.client()
    address = okx.fetch_deposit_address("WBT", ON_ERC20)["address"]
    sent = outside.send(NUMBER, address, PAID * ETHER)

    def came() -> list[str]:
        return [one["info"]["state"] for one in okx.fetch_deposits() if one["txid"] == sent]

    live.until(lambda: came() == ["2"], "the deposit")
    assert okx.fetch_balance({"type": "funding"})["WBT"]["free"] == PAID
    own = live.verified("trader", checksummed(b"\x5c" * 20))
    made = okx.withdraw("WBT", AMOUNT, own, ON_ERC20 | {"fee": "0.5"})["id"]

    def stands() -> tuple[str, str]:
        (one,) = (one["info"] for one in okx.fetch_withdrawals() if one["id"] == made)
        return one["state"], one["xWait"]

    # What it is worth nobody knows, so that it is looked at as what is worth most.
    live.until(lambda: stands() == ("0", "confirm"), "its owner to be asked")
    live.confirm(made)
    live.until(lambda: stands()[0] == "4", "an operator to be asked")
    live.approve(made)
    live.until(lambda: stands()[0] == "5", "another to be asked")
    live.approve(made, by=1)
    live.until(lambda: stands()[0] == "2", "the payment")
    assert outside.balance(NUMBER, own) == AMOUNT * ETHER
