"""Goal: statements and proofs can be had from a running exchange, and checked without it.

Method: `fullreserve up` as a process with statements on; a funded user asks over HTTP, and the
stand-alone verifier reads what was saved.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from websockets.asyncio.client import connect

from tests.browser.people import SignedIn
from tests.integration.reserves.client import Client
from tests.server import LiveServer
from verifier import verify

LOOKS = 600
LOOK_S = 0.05
WORKER = "fullreserve.reserves.worker"


async def row_where(client: Client, path: str, wanted: Any, *, signed: bool = False) -> Any:
    """The row once it is as wanted: epochs come each second."""
    for _ in range(LOOKS):
        status, content = await asyncio.to_thread(client.get, path, signed=signed)
        answer = json.loads(content)
        if status == 200 and answer["data"] and wanted(answer["data"][0]):
            return answer["data"][0]
        await asyncio.sleep(LOOK_S)
    raise AssertionError(f"never as wanted: {content[:500]!r}")


def of_asset(row: dict[str, Any], symbol: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        one for one in row["statement"]["assets"] if one["symbol"] == symbol
    )
    return found


async def proof_of(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = await row_where(
        client, "/api/v5/x/reserves/proof", lambda row: "proof" in row, signed=True
    )
    return found


async def test_a_users_money_is_in_the_proof(client: Client, tmp_path: Path) -> None:
    """100 BTC, 1,000 ETH, 10 M USDT; the house's money is told apart. Criterion: POR-SERVE-1"""
    row = await proof_of(client)
    symbols = [one["symbol"] for one in row["statement"]["assets"]]
    claims = dict(zip(symbols, row["proof"]["claims"], strict=True))
    assert claims["BTC"] == str(100 * 10**8)
    assert claims["USDT"] == str(10_000_000 * 10**8)
    assert row["proof"]["account"] == str(client.uid)
    leaf = verify.check_leaf(row["proof"], row["statement"], "Your")
    assert leaf.account == client.uid
    # No chain is connected: what cannot be shown does not count, and the verifier says so.
    saved = tmp_path / "proof.json"
    saved.write_text(json.dumps(row))
    assert of_asset(row, "BTC")["reserves"] == "0"
    assert verify.main([str(saved)]) == 1
    with pytest.raises(verify.Refused, match="BTC: reserves of 0 do not cover"):
        verify.check_files([saved.read_bytes()])


def test_a_browser_gets_the_proof_too(client: Client, server: LiveServer) -> None:
    """Requests that came in one piece begin outside of a task. Criterion: POR-SERVE-1"""
    browser = SignedIn(server, client.uid)
    for _ in range(LOOKS):
        answer = browser.answer("x/reserves/proof")
        if answer["code"] == "0":
            assert answer["data"][0]["proof"]["account"] == str(client.uid)
            break
        assert answer["code"] == "50046", answer
        time.sleep(LOOK_S)
    else:
        raise AssertionError("no statement has the account")
    browser.close()


async def test_a_past_epochs_proof_leads_to_that_epochs_statement(client: Client) -> None:
    """Criterion: POR-SERVE-2"""
    first = await proof_of(client)
    epoch = first["statement"]["epoch"]
    later = f"/api/v5/x/reserves/{epoch + 1}"
    await row_where(client, later, lambda row: True)
    path = f"/api/v5/x/reserves/proof?epoch={epoch}"
    again = client.row(path.removeprefix("/api/v5/"), signed=True)
    assert again["statement"] == first["statement"]
    assert again["proof"] == first["proof"]
    verify.check_leaf(again["proof"], again["statement"], "Your")
    status, content = client.get("/api/v5/x/reserves/proof?epoch=999999999", signed=True)
    assert (status, json.loads(content)["code"]) == (200, "50046")
    assert b"proofs are kept of epochs" in content


async def test_of_a_statement_that_is_not_there_it_is_said_which_are(client: Client) -> None:
    """Criterion: POR-SERVE-9"""
    latest = await row_where(client, "/api/v5/x/reserves/latest", lambda row: True)
    for epoch in ("0", "00", "999999999", "9" * 30):
        status, content = client.get(f"/api/v5/x/reserves/{epoch}")
        answer = json.loads(content)
        assert (status, answer["code"]) == (200, "50046")
        said = f"Statement {epoch} is not available now; there are statements 1 to "
        assert answer["msg"].startswith(said)
        assert int(answer["msg"].removeprefix(said)) >= latest["statement"]["epoch"]
    assert json.loads(client.get("/api/v5/x/reserves/some")[1])["code"] == "50005"


def test_a_proof_is_for_its_owner_alone(client: Client) -> None:
    """Criterion: POR-SERVE-3"""
    status, content = client.get("/api/v5/x/reserves/proof")
    assert (status, json.loads(content)["code"]) == (401, "50103")


async def test_the_public_part_needs_no_login_and_is_the_same_everywhere(
    client: Client, server: LiveServer
) -> None:
    """API, static path and the folder that a mirror copies. Criterion: POR-SERVE-4"""
    latest = await row_where(client, "/api/v5/x/reserves/latest", lambda row: True)
    epoch = latest["statement"]["epoch"]
    by_epoch = client.row(f"x/reserves/{epoch}")
    status, content = client.get(f"/por/epochs/{epoch}.json")
    mirrored = (server.folder / "reserves" / "public" / "epochs" / f"{epoch}.json").read_bytes()
    assert status == 200
    assert content == mirrored
    assert by_epoch == json.loads(content) == latest
    for name in (
        "key.json",
        "history.json",
        "log/hashes",
        "log/checkpoint",
        "verify.py",
        "witness.py",
    ):
        assert client.get(f"/por/{name}")[0] == 200
    for name in ("../signing.key", "..%2fsalt.key", "ownership.json", "epochs/0.json"):
        assert client.get(f"/por/{name}")[0] != 200


def test_keys_are_secret(client: Client, server: LiveServer) -> None:
    """Criterion: POR-SERVE-5"""
    folder = server.folder / "reserves"
    for name in ("signing.key", "salt.key"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600
        secret = (folder / name).read_text()
        assert secret not in server.log
        public = [path for path in (folder / "public").rglob("*") if path.is_file()]
        assert not [path for path in public if secret.encode() in path.read_bytes()]


async def test_the_channel_pushes_each_statement(server: LiveServer) -> None:
    """Criterion: POR-SERVE-6"""
    async with connect(f"ws://{server.ws}/ws/v5/public") as socket:
        arg = {"channel": "x-reserves"}
        await socket.send(json.dumps({"op": "subscribe", "args": [arg]}))
        epochs: list[int] = []
        async with asyncio.timeout(30):
            while len(epochs) < 2:
                message = json.loads(await socket.recv())
                if "data" in message:
                    assert message["arg"] == arg
                    epochs.append(message["data"][0]["statement"]["epoch"])
    assert epochs[1] == epochs[0] + 1


async def test_ones_own_proof_is_pushed_with_each_statement(
    client: Client, server: LiveServer
) -> None:
    """Whoever keeps the newest has a proof while nobody answers. Criterion: POR-SERVE-8"""
    arg = {"channel": "x-reserves-proof"}
    subscribe = json.dumps({"op": "subscribe", "args": [arg]})
    pushed: list[dict[str, Any]] = []
    async with connect(f"ws://{server.ws}/ws/v5/private") as socket, asyncio.timeout(60):
        await socket.send(subscribe)
        assert json.loads(await socket.recv())["code"] == "60011"
        await socket.send(json.dumps(client.login()))
        while len(pushed) < 2:
            message = json.loads(await socket.recv())
            if message.get("event") == "login":
                assert message["code"] == "0"
                await socket.send(subscribe)
            elif "data" in message:
                assert message["arg"] == {**arg, "uid": str(client.uid)}
                pushed += message["data"]
    first, second = pushed
    assert second["statement"]["epoch"] > first["statement"]["epoch"]
    for one in pushed:
        leaf = verify.check_leaf(one["proof"], one["statement"], "Your")
        assert leaf.account == client.uid
    verify.check_log(
        second["log"], second["statement"], bytes.fromhex(second["statement"]["exchange"])
    )


async def test_ones_own_balances_are_signed(client: Client, server: LiveServer) -> None:
    """By request and on the channel, as the proof has them. Criterion: POR-PIT-9"""
    proof = await proof_of(client)
    asked = await row_where(client, "/api/v5/x/reserves/receipt", lambda row: True, signed=True)
    subscribe = json.dumps({"op": "subscribe", "args": [{"channel": "x-reserves-receipt"}]})
    async with connect(f"ws://{server.ws}/ws/v5/private") as socket, asyncio.timeout(60):
        await socket.send(json.dumps(client.login()))
        while json.loads(await socket.recv()).get("event") != "login":
            pass
        await socket.send(subscribe)
        message: dict[str, Any] = {}
        while "data" not in message:
            message = json.loads(await socket.recv())
    symbols = [one["symbol"] for one in proof["statement"]["assets"]]
    owed = dict(zip(symbols, map(int, proof["proof"]["claims"]), strict=True))
    for one in (asked, *message["data"]):
        receipt = verify.check_receipt(one)
        assert receipt.account == client.uid
        assert {symbol: units for symbol, _, units in receipt.claims} == {
            symbol: units for symbol, units in owed.items() if units
        }


async def test_a_killed_worker_goes_on_where_the_log_stands(
    client: Client, server: LiveServer
) -> None:
    """The projection is made anew; epochs go on without a gap or a second one.

    Criterion: POR-SERVE-7
    """
    before = await proof_of(client)
    children = psutil.Process(server.pid).children()
    (worker,) = [one for one in children if WORKER in one.cmdline()]
    os.kill(worker.pid, signal.SIGKILL)
    epoch = before["statement"]["epoch"] + 3
    after = await row_where(client, f"/api/v5/x/reserves/{epoch}", lambda row: True)
    previous = client.row(f"x/reserves/{epoch - 1}")
    digest = verify.sha(verify.canonical(previous["statement"])).hex()
    assert after["statement"]["previous"] == digest
    proof = await row_where(
        client,
        "/api/v5/x/reserves/proof",
        lambda row: row["statement"]["epoch"] >= epoch,
        signed=True,
    )
    assert proof["proof"]["claims"] == before["proof"]["claims"]
    verify.check_leaf(proof["proof"], proof["statement"], "Your")
