"""Goal: the guide's steps to a network of accounts lead to one that credits and sweeps.

Method: `fullreserve up`, six signers and anvil as processes, each command and file as the guide has
it; users over HTTP.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from fullreserve.custody.keccak import keccak256
from tests.integration.custody.outsiders import COIN, ETHER, EvmBed
from tests.integration.custody.test_adding_a_network import (
    CHAIN_ID,
    MANIFEST,
    NUMBER,
    chain,
    folder,
    followed,
    row_where,
)
from tests.integration.reserves.client import Client
from tests.server import LiveServer

pytestmark = pytest.mark.slow
__all__ = ["chain", "folder"]

PASSPHRASE = "correct horse battery staple"
FIRST, SECOND = ("ann", "bob", "carl"), ("ann2", "bob2", "carl2")
UNLOCK, LANE_ETHER = 3, 2
UNITS = 10**8
SITES = (("Berlin", "DE"), ("Lisbon", "PT"), ("Tokyo", "JP"))


class Desk:
    """Where an operator types."""

    def __init__(self, data: Path, keys: Path) -> None:
        self.data, self.keys = data, keys
        self._environment = os.environ | {"FULLRESERVE_DATA": str(data)}

    def __call__(self, *words: object, typed: int = 0) -> str:
        """What a command printed; `typed` passphrases are given to it."""
        done = subprocess.run(
            [sys.executable, "-m", "fullreserve.cli", *map(str, words)],
            input=f"{PASSPHRASE}\n" * typed, capture_output=True, text=True, check=False,
            env=self._environment,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def signer(self, name: str) -> subprocess.Popen[bytes]:
        """A signer, started as the guide of operating says."""
        spec = {
            "name": name,
            "keys": str(self.keys / f"{name}.keys"),
            "socket": str(self.data / f"{name}.sock"),
            "data": str(self.data),
        }
        made = subprocess.Popen(
            [sys.executable, "-m", "fullreserve.custody.signer", json.dumps(spec)],
            stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, env=self._environment,
        )  # fmt: skip
        assert made.stdin is not None
        made.stdin.write(f"{PASSPHRASE}\n".encode())
        made.stdin.close()
        return made


def keys_made(desk: Desk) -> tuple[list[str], list[str]]:
    """Step 2: the lanes, and the keys that six signers answer challenges by."""
    said = [
        desk("custody", "signer-key", NUMBER, one, desk.keys, "--lane", typed=2) for one in FIRST
    ]
    for of, name in zip(FIRST, SECOND, strict=True):
        words = ("signer-key", NUMBER, name, desk.keys, "--of", desk.keys / f"{of}.keys")
        said.append(desk("custody", *words, typed=3))
    lines = [one.splitlines() for one in said]
    lanes = [one[1].removeprefix("lane 0x").lower() for one in lines[: len(FIRST)]]
    return lanes, [one[2].rstrip(".").rpartition(" ")[2] for one in lines]


def network(desk: Desk, chain: EvmBed, lanes: Sequence[str]) -> dict[str, Any]:
    """Step 3."""
    card = json.loads((desk.keys / "ann.json").read_text())
    return {
        "network": NUMBER, "kind": "evm", "nodes": [chain.url], "coin": COIN, "chain_id": CHAIN_ID,
        "branches": [{"key": card["key"], "code": card["code"]}], "decimals": {str(COIN): 18},
        "credit_after": 2, "unlock_after": UNLOCK, "lanes": lanes,
        "signers": [f"{name}.sock" for name in (*FIRST, *SECOND)],
    }  # fmt: skip


def quorums(keys: Sequence[str]) -> tuple[str, list[dict[str, Any]]]:
    """Step 8: the file of quorums, and where hot's holders answer."""
    people = range(1, len(FIRST) + 1)
    holders = ", ".join(
        f'{{ person = {one}, site = "{city}", country = "{country}" }}'
        for one, (city, country) in zip(people, SITES, strict=True)
    )
    text = f'[[quorum]]\nname = "hot"\nrole = "hot"\nthreshold = 2\nholders = [{holders}]\n'
    online = [
        {"person": one, "signer": f"{name}.sock", "key": key}
        for one, name, key in zip(people, FIRST, keys[: len(FIRST)], strict=True)
    ]
    return text, [{"quorum": 1, "holders": online}]


def swept(chain: EvmBed, client: Client, address: str) -> None:
    """Blocks come until hot has what was paid in, and holders have answered."""

    def is_done(row: dict[str, Any]) -> bool:
        chain.mine()
        left = chain.node.call("eth_getBalance", address, "latest")
        return int(left, 16) < ETHER // 100 and row["colour"] == "green"

    row = row_where(client, "x/liveness", is_done)
    assert (row["role"], row["threshold"], row["margin"]) == ("hot", "2", "1")


def test_the_guides_steps_lead_to_a_network_that_credits_and_sweeps(
    chain: EvmBed, folder: Path
) -> None:
    """Criterion: ASSET-NETWORK-4."""
    data, keys, manifest = folder / "data", folder / "keys", folder / "eth.toml"
    data.mkdir()
    manifest.write_text(MANIFEST)
    desk = Desk(data, keys)
    quorum = folder / "quorums.toml"
    settings = {"FULLRESERVE_QUORUMS": str(quorum)}
    with ExitStack() as made:
        server = LiveServer(data).start()
        made.callback(lambda: server.is_running and server.stop())
        desk("asset", "list", manifest)
        lanes, presence = keys_made(desk)
        place = data / "custody.json"
        place.write_text(json.dumps([network(desk, chain, lanes)]))
        place.chmod(0o600)
        for name in (*FIRST, *SECOND):
            signer = desk.signer(name)
            made.callback(signer.wait)
            made.callback(signer.terminate)
        desk("custody", "define-network", NUMBER, "--code", "ERC20")
        server.stop()
        text, online = quorums(presence)
        quorum.write_text(text)
        (data / "custody-holders.json").write_text(json.dumps(online))
        server = LiveServer(data, settings).start()
        asyncio.run(followed(data))
        desk("asset", "list", manifest)
        sent = [chain.send(bytes.fromhex(lane), LANE_ETHER * ETHER) for lane in lanes]
        chain.mine(UNLOCK + 1)
        for raw in sent:
            transaction = "0x" + keccak256(raw).hex()
            amount = LANE_ETHER * UNITS
            desk("custody", "fund-tier", "ERC20", "hot", COIN, amount, transaction)
        client = Client(server, server.trader(()))
        made.enter_context(closing(client))
        address = row_where(client, "asset/deposit-address?ccy=ETH", lambda row: bool(row["addr"]))
        chain.send(bytes.fromhex(address["addr"][2:]), 5 * ETHER)
        chain.mine(UNLOCK)
        row_where(client, "asset/deposit-history", lambda row: row["state"] == "2")
        swept(chain, client, address["addr"])
        stops = row_where(client, "x/suspensions?state=all", bool)
        assert (stops["suspensions"], stops["unwell"]) == ([], [])
