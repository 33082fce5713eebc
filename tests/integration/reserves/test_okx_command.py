"""Goal: `fullreserve reserves export-okx` writes what OKX's own validators accept.

Method: the demo's exchange with a real chain and signers; its newest statement is exported. What
the validators check is checked here by hand; the long test builds all three of theirs from their
published source and has them judge, with one digit altered too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from coincurve import PublicKey

from fullreserve.custody import networks
from fullreserve.custody.addresses import account_of
from fullreserve.custody.ownership import hashed_digest
from fullreserve.reserves import okx_export as okx
from fullreserve.reserves.okx_command import CSV, TREE
from tests.integration.custody.liar import Liar
from tests.integration.reserves.client import Client
from tests.integration.reserves.demo import stating_demo
from tests.server import Funds, LiveServer
from tests.unit.reserves.okx_tools import built, judged
from tests.unit.reserves.test_okx_export import is_valid_v1
from verifier import verify

LOOKS, LOOK_S = 1_200, 0.1


@pytest.fixture(scope="module")
def demo() -> Iterator[LiveServer]:
    with stating_demo() as running:
        yield running


@pytest.fixture(scope="module")
def holder(demo: LiveServer) -> Iterator[Client]:
    """Who is owed 1 BTC and 2,000 USDT; somebody else is owed ETH."""
    demo.trader((Funds("ETH", 3),))
    user = Client(demo, demo.trader((Funds("BTC", 1), Funds("USDT", 2_000))))
    yield user
    user.close()


@pytest.fixture(scope="module")
def epoch(holder: Client) -> int:
    """Of a statement with the holder in it, in which everything holds."""
    for _ in range(LOOKS):
        _, content = holder.get("/api/v5/x/reserves/proof", signed=True)
        for row in json.loads(content)["data"]:
            try:
                verify.check_bundle(row)
            except verify.Refused:
                continue
            return int(row["statement"]["epoch"])
        time.sleep(LOOK_S)
    raise AssertionError(content)


@pytest.fixture(scope="module")
def exported(demo: LiveServer, epoch: int, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("export") / "okx"
    code, said = command(demo, place, "--epoch", epoch)
    assert code == 0, said
    assert "FRT on ERC20: OKX's validators have no name for it" in said
    assert "balances of reserves" in said
    return place


def command(server: LiveServer, *arguments: object) -> tuple[int, str]:
    """Exit code and output of the command line."""
    done = subprocess.run(
        [sys.executable, "-m", "fullreserve.cli", "reserves", "export-okx", *map(str, arguments)],
        env={**os.environ, "FULLRESERVE_DATA": str(server.folder)},
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def statement(server: LiveServer, epoch: int) -> dict[str, Any]:
    place = server.folder / "reserves" / "public" / "epochs" / f"{epoch}.json"
    found: dict[str, Any] = json.loads(place.read_bytes())["statement"]
    return found


def bottom(exported: Path) -> list[dict[str, str]]:
    """The balances of the tree's leaves."""
    lines = (exported / TREE).read_text().splitlines()
    parts = [line.split(",", 2) for line in lines]
    return [json.loads(text) for _, height, text in parts if height == "1"]


def test_the_trees_are_of_the_statement(
    demo: LiveServer, holder: Client, epoch: int, exported: Path
) -> None:
    """Leaves add up to its claims, and a user's files say what the user is owed.

    Criterion: POR-OKX-5
    """
    rows = {one["symbol"]: one for one in statement(demo, epoch)["assets"]}
    for coin in okx.COINS:
        total = sum(Decimal(one[coin]) for one in bottom(exported))
        assert total == Decimal(rows[coin]["claims"]).scaleb(-rows[coin]["decimals"])
    info = json.loads((exported / "user_info" / f"{holder.uid}.json").read_bytes())
    assert info["totalBalances"] == {"BTC": "1", "ETH": "0", "USDT": "2000"}
    proof = json.loads((exported / "merkle_proof" / f"{holder.uid}.json").read_bytes())
    assert is_valid_v1(proof)
    assert proof["self"]["balances"] == info["totalBalances"]
    assert exported.stat().st_mode & 0o077 == 0
    names = {path.name for path in (exported / "user_info").iterdir()}
    assert names == {path.name for path in (exported / "merkle_proof").iterdir()}


def test_the_reserve_file_is_signed_in_their_form(
    demo: LiveServer, epoch: int, exported: Path
) -> None:
    """By the signers, over each address, for the balances of the statement. Criterion: POR-OKX-5"""
    rows = {one["symbol"]: one for one in statement(demo, epoch)["assets"]}
    totals: dict[str, Decimal] = {}
    for line in (exported / CSV).read_text().split("\n\n")[1].splitlines()[1:]:
        coin, _, _, address, amount, message, signature, _, _ = line.split(",")
        made = bytes.fromhex(signature[2:])
        recoverable = made[:64] + bytes((made[64] - 27,))
        key = PublicKey.from_signature_and_message(recoverable, hashed_digest(message), hasher=None)
        assert "0x" + account_of(key.format()).hex() == address.lower()
        totals[coin] = totals.get(coin, Decimal(0)) + Decimal(amount)
    assert totals.keys() == {"ETH", "USDT-ERC20", "USDC"}
    for coin, symbol in (("USDT-ERC20", "USDT"), ("USDC", "USDC")):
        stated = Decimal(rows[symbol]["reserves"]).scaleb(-rows[symbol]["decimals"])
        assert totals[coin] == stated - in_safes(demo, epoch, symbol)


def in_safes(demo: LiveServer, epoch: int, symbol: str) -> Decimal:
    """What people hold of a dollar: OKX's form has no Safes."""
    name = statement(demo, epoch)["reserves"]["evidence"]
    document = json.loads((demo.folder / f"reserves/public/evidence/{name}.json").read_bytes())
    held = [
        int(place["amounts"].get(symbol, "0"))
        for chain in document["chains"]
        for place in chain["places"]
        if place.get("form") == "eip1271"
    ]
    assert any(held)
    return Decimal(sum(held)).scaleb(-6)


def test_what_cannot_be_written_is_said(
    demo: LiveServer, holder: Client, epoch: int, exported: Path, tmp_path: Path
) -> None:
    """One account's files alone; a folder with something in it, strangers, epochs.

    Criterion: POR-OKX-5
    """
    assert command(demo, exported) == (1, f"FAILED: {exported} is not empty\n")
    code, said = command(demo, tmp_path / "one", "--epoch", epoch, "--account", holder.uid)
    assert code == 0, said
    assert [path.name for path in (tmp_path / "one" / "user_info").iterdir()] == [
        f"{holder.uid}.json"
    ]
    code, said = command(demo, tmp_path / "two", "--account", 99_999_999)
    assert (code, said) == (1, "FAILED: account 99999999 has none of BTC, ETH, USDT\n")
    code, said = command(demo, tmp_path / "two", "--epoch", 999_999_999)
    assert code == 1
    assert said.startswith("FAILED: ")
    assert not (tmp_path / "two").exists()
    code, said = command(demo, "--help")
    assert code == 0
    assert "exit codes:" in said


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("okx")
    return {name: built(name, folder) for name in ("merklevalidator", "verifyaddress")}


def with_another_digit(line: str, column: int, at: int) -> str:
    """The line of a CSV with a digit of a column altered."""
    fields = line.split(",")
    old = fields[column][at]
    fields[column] = fields[column][:at] + ("8" if old != "8" else "7") + fields[column][at + 1 :]
    return ",".join(fields)


@pytest.mark.slow
def test_okx_own_validators_judge_the_export(
    holder: Client, exported: Path, tools: dict[str, Path], tmp_path: Path
) -> None:
    """Trees and signatures are accepted, and with one digit altered refused.

    Criterion: POR-OKX-6
    """
    proof = exported / "merkle_proof" / f"{holder.uid}.json"
    info = exported / "user_info" / f"{holder.uid}.json"
    merkle, address = tools["merklevalidator"], tools["verifyaddress"]
    passed = "validation passed"
    assert passed in judged(merkle, tmp_path, merkle_proof_file=proof)
    files = {"merkle_file": exported / TREE, "user_info_file": info}
    assert passed in judged(merkle, tmp_path, **files)
    other = tmp_path / "other.json"
    for place, name in ((proof, "merkle_proof_file"), (info, "user_info_file")):
        other.write_text(place.read_text().replace('"2000"', '"2001"'))
        given = {name: other} if name == "merkle_proof_file" else files | {name: other}
        assert passed not in judged(merkle, tmp_path, **given)
    reserves = exported / CSV
    assert "all address passed" in judged(address, tmp_path, por_csv_filename=reserves)
    text = reserves.read_text()
    line = text.splitlines()[-1]
    for column, at in ((3, 20), (5, 60), (6, 40)):
        wrong = tmp_path / "wrong.csv"
        wrong.write_text(text.replace(line, with_another_digit(line, column, at)))
        assert "all address passed" not in judged(address, tmp_path, por_csv_filename=wrong)


class ReadsAsGeth(Liar):
    """The chain's own node, whose reader of JSON takes keys in any letters.

    Of tokens OKX's tool asks with `Data` and `To`, as a Go program writes what it does not name
    (`common/address.go`); geth, a Go program, reads that, and anvil, of Rust, passes over it.
    """

    def answer(self, asked: bytes, login: str | None) -> bytes:
        question = json.loads(asked)
        question["params"] = [
            {key.lower(): value for key, value in one.items()} if isinstance(one, dict) else one
            for one in question["params"]
        ]
        return super().answer(json.dumps(question).encode(), login)


def rpc_file(place: Path, coin: str, node: str, contract: str = "") -> Path:
    """Their settings for a coin, with the chain's own node."""
    rpc = {
        "endpoint": node, "jsonPattern": "$.result", "defaultUnit": "",
        "customHeaders": {}, "authUser": "", "authPassword": "", "tokenAddress": contract,
        "enabled": True,
    }  # fmt: skip
    off = {**rpc, "enabled": False, "endpoint": ""}
    row = {"name": coin.lower(), "coin": coin.lower(), "api": off, "rpc": rpc}
    place.write_text(json.dumps({"coins": [row]}))
    return place


@pytest.fixture(scope="module")
def balance_check(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built("checkbalance", tmp_path_factory.mktemp("okx-balances"))


@pytest.mark.slow
@pytest.mark.parametrize("coin", ["ETH", "USDT-ERC20", "USDC"])
def test_okx_own_balance_check_reads_our_node(
    demo: LiveServer, exported: Path, balance_check: Path, tmp_path: Path, coin: str
) -> None:
    """All of a coin is the chain's at the block; with one digit altered it is not.

    Criterion: POR-OKX-6
    """
    (network,), text = networks.load(demo.folder), (exported / CSV).read_text()
    rows = [one.split(",") for one in text.splitlines() if one.startswith(f"{coin},")]
    line = ",".join(next(one for one in rows if len(one) > 5))
    wrong = tmp_path / "wrong.csv"
    wrong.write_text(text.replace(line, with_another_digit(line, 4, 0)))
    with ReadsAsGeth(network.nodes[0]) as node:
        contract = "" if coin == "ETH" else contract_of(demo, coin)
        rpc = rpc_file(tmp_path / "rpc.json", coin, node.url, contract)
        for place, holds in ((exported / CSV, True), (wrong, False)):
            said = judged(
                balance_check, tmp_path, rpc_json_filename=rpc, por_csv_filename=place,
                mode="single_coin_total_balance", coin_name=coin,
            )  # fmt: skip
            assert (f"verify coin {coin} total address balance success" in said) is holds, said
            assert (f"verify coin {coin} total address balance failed" in said) is not holds, said


def contract_of(demo: LiveServer, coin: str) -> str:
    """By the newest statement, which names what counts."""
    latest = json.loads((demo.folder / "reserves/public/latest.json").read_bytes())
    (found,) = (
        one["contract"]
        for chain in latest["statement"]["reserves"]["chains"]
        for one in chain["tokens"]
        if one["symbol"] == coin.partition("-")[0]
    )
    return f"0x{found}"
