"""Goal: a chain of a family that the source does not have is added by configuration and one file.

Method: the example's adapter, anvil, `fullreserve up` with its workers, two signers as processes,
the commands as they are typed, and ccxt as the user; each process over a file that was altered.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import ccxt
import msgspec
import pytest

from fullreserve.clock import SystemClock
from fullreserve.custody import adapter_files, keyfile, networks
from fullreserve.custody.adapter_files import FOLDER, hash_of
from fullreserve.custody.house import House
from fullreserve.custody.networks import Branch, Network
from fullreserve.custody.signer_wire import Spec
from fullreserve.custody.signing import branch_name
from fullreserve.door.socket_client import SocketDoor
from fullreserve.door.socket_server import SOCKET_NAME
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.identity.address_book import LOCK_MS, AddressBook
from fullreserve.identity.api_key import Permission
from fullreserve.identity.vault import NewKey, Vault
from tests.integration.custody.conftest import EXAMPLE, bed_of
from tests.integration.custody.outsiders import COIN, TOKEN, Bed
from tests.integration.custody.test_adding_a_network import MANIFEST, Typed, followed
from tests.memory_folder import memory_folder
from tests.server import LiveServer

NUMBER, TREASURER = 5, 902
FILE = EXAMPLE.with_name("bech32_accounts.py")
PASSPHRASE = b"of the tests"
LOOKS, LOOK_S = 1_200, 0.1
USDT = (
    MANIFEST.replace('"ETH"', '"USDT"')
    .replace("decimals = 18", "decimals = 6")
    .replace('maximum = "100"', 'maximum = "1000000"')
)
SIGNERS = ("one", "two")
SIGNER = "fullreserve.custody.signer"


@pytest.fixture(scope="module")
def chain() -> Iterator[Any]:
    kind: Any = bed_of(EXAMPLE)
    made = kind(TOKEN, 31_341)
    yield made
    made.close()


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with memory_folder() as folder:
        made = folder / "data"
        made.mkdir(mode=0o700)
        monkeypatch.setenv("FULLRESERVE_DATA", str(made))
        yield made


def stated(chain: Any, **more: Any) -> Network:
    """What an operator writes into `custody.json`."""
    fields: dict[str, Any] = {
        "network": NUMBER, "adapter": None, "signers": tuple(f"{one}.sock" for one in SIGNERS),
    } | more  # fmt: skip
    made: Network = msgspec.structs.replace(chain.network, **fields)
    return made


def secrets(chain: Any) -> dict[str, bytes]:
    found: dict[str, bytes] = chain.secrets
    return found | {branch_name(NUMBER): found[branch_name(1)]}


@contextmanager
def signer(data: Path, name: str) -> Iterator[None]:
    """A hot signer as a process."""
    spec = Spec(name, str(data / f"{name}.keys"), str(data / f"{name}.sock"), str(data))
    with (data.parent / "signers.log").open("a") as log:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "fullreserve.custody.signer",
                msgspec.json.encode(spec).decode(),
            ],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
        )
    assert process.stdin is not None
    try:
        process.stdin.write(PASSPHRASE + b"\n")
        process.stdin.close()
        yield
    finally:
        process.terminate()
        process.wait(30)


def client(server: LiveServer, key: NewKey) -> Any:
    made = ccxt.okx({"apiKey": key.key, "secret": key.secret, "password": key.passphrase})
    made.urls["api"] = {"rest": f"http://{server.http}"}
    made.hostname = server.http
    made.enableRateLimit = False
    made.timeout = 60_000
    return made


def until(chain: Bed, ask: Callable[[], Any], wanted: Callable[[Any], bool]) -> Any:
    """What is told once it is as wanted; blocks come meanwhile."""
    told = None
    for _ in range(LOOKS):
        told = ask()
        if told and wanted(told[0]):
            return told[0]
        chain.mine()
        time.sleep(LOOK_S)
    raise AssertionError(f"never as wanted: {told}")


async def fund(data: Path) -> None:
    """The house says what its lanes hold from before."""
    door = await SocketDoor.open(data / SOCKET_NAME, TREASURER, SystemClock())
    try:
        for asset, units in ((COIN, 3 * 1000), (TOKEN, 3 * 10**9)):
            amount = amount_bytes(units * 10**8)
            told = wire.Funded(NUMBER, bytes([asset]) * 32, asset, wire.Tier.HOT, amount)
            assert await House(door).report(wire.DEPOSITS, told) == [0]
    finally:
        await door.close()


def remember(data: Path, uid: int, text: str) -> None:
    """Into the user's address book, for longer than its lock."""
    vault = Vault(data, SystemClock().wall_ms)
    AddressBook(vault).add(uid, NUMBER, text, "Outside", age_ms=2 * LOCK_MS)
    vault.close()


def refusal(okx: Any, **body: str) -> str:
    """The code with which a withdrawal is refused."""
    asked = {"ccy": "USDT", "amt": "100", "dest": "4", "chain": "USDT-Bells"} | body
    with pytest.raises(ccxt.BaseError) as refused:
        okx.private_post_asset_withdrawal(asked)
    return str(refused.value)


@pytest.mark.slow
def test_a_chain_of_another_family_is_added_by_configuration_and_one_file(
    chain: Any, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: CHAINS-FAMILY-1, CHAINS-FAMILY-3. Its deposit is credited, its withdrawal paid."""
    typed, of = Typed(capsys), chain.network.addresses()
    networks.keep(data, [stated(chain)])
    for name in SIGNERS:
        keyfile.seal(data / f"{name}.keys", secrets(chain), PASSPHRASE)
    for symbol, text in (("ETH", MANIFEST), ("USDT", USDT)):
        (data.parent / f"{symbol}.toml").write_text(text)
    code, told = typed("custody", "take-adapter", str(NUMBER), str(FILE))
    assert (code, chain.adapter.hash in told) == (0, True), told
    assert of.address(1) in told
    with ExitStack() as made:
        server = LiveServer(data).start()
        made.callback(server.stop)
        for name in SIGNERS:
            made.enter_context(signer(data, name))
        define = ("custody", "define-network", str(NUMBER), "--code", "Bells")
        code, told = typed(*define, "--adapter", str(FILE))
        assert (code, chain.adapter.hash in told) == (0, True), told
        asyncio.run(followed(data))
        for symbol in ("ETH", "USDT"):
            code, told = typed("asset", "list", str(data.parent / f"{symbol}.toml"))
            assert (code, "is on network 5, Bells" in told) == (0, True), told
        asyncio.run(fund(data))
        key = server.trader(permissions=Permission.READ_ONLY | Permission.WITHDRAW)
        okx = client(server, key)

        def lines(path: str) -> Callable[[], Any]:
            return lambda: getattr(okx, f"private_get_asset_{path}")({"ccy": "USDT"})["data"]

        row = until(chain, lines("deposit_address"), lambda row: bool(row["addr"]))
        assert row["addr"] == of.address(1)
        line = until(chain, lines("currencies"), lambda row: row["canDep"] is True)
        assert line["ctAddr"] == of.text(chain.token)
        chain.pay(1, 250 * 10**6)
        found = until(chain, lines("deposit_history"), lambda row: row["state"] == "2")
        assert (found["chain"], found["amt"]) == ("USDT-Bells", "250")
        outside = of.text(b"\x11" * 20)
        remember(data, key.uid, outside)
        for wrong in (outside[:-1], "0x" + "11" * 20, of.text(b"\0" * 20), of.text(chain.token)):
            assert '"58222"' in refusal(okx, toAddr=wrong)
        assert '"58224"' in refusal(okx, toAddr=of.text(next(iter(chain.keys))))
        until(chain, lines("currencies"), lambda row: row["canWd"] is True)
        asked = {"ccy": "USDT", "amt": "100", "dest": "4", "chain": "USDT-Bells", "toAddr": outside}
        okx.private_post_asset_withdrawal(asked)
        paid = until(chain, lines("withdrawal_history"), lambda row: row["state"] == "2")
        assert (paid["to"], paid["amt"]) == (outside, "100")
        sent = chain.node.call("eth_getTransactionByHash", paid["txId"])
        assert int(sent["type"], 16) == 0  # as this family signs, and Ethereum's does not
        held = chain.chain.balances([b"\x11" * 20], chain.chain.tip())
        assert held[b"\x11" * 20, TOKEN] == 100 * 10**6
        swept = chain.chain.addresses.place(1)
        until(
            chain,
            lambda: [chain.chain.balances([swept], chain.chain.tip())],
            lambda held: held[swept, TOKEN] == 0,
        )


def ended(data: Path, module: str, *arguments: str) -> tuple[int, str]:
    """A program's exit code, and what it said."""
    environment = {
        "FULLRESERVE_DATA": str(data),
        "FULLRESERVE_HTTP": "127.0.0.1:0",
        "FULLRESERVE_WS": "127.0.0.1:0",
    }
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env=os.environ | environment,
        input=PASSPHRASE.decode() + "\n",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("is_there", [True, False])
def test_no_process_runs_a_file_that_was_altered_or_that_its_folder_lacks(
    is_there: bool, data: Path
) -> None:
    """Criterion: CHAINS-FAMILY-2. Of a signer on another machine its own folder counts."""
    content = FILE.read_bytes()
    branch = Branch("02" + "11" * 32, "00" * 32)
    place = data / FOLDER / FILE.name
    wrong = f"{place} cannot be read"
    adapter = adapter_files.keep(data, FILE.name, content)
    if is_there:
        place.write_bytes(content + b"open('ran', 'w')\n")
        wrong = f"{place} was altered: its SHA-256 is {hash_of(place.read_bytes())}, and the file"
    else:
        place.unlink()
    networks.keep(data, [Network(
        network=NUMBER, kind="bech32-accounts", adapter=adapter, nodes=("http://127.0.0.1:1",),
        branches=(branch,), decimals={COIN: 18}, coin=COIN, credit_after=2, unlock_after=3,
        hrp="bell",
    )])  # fmt: skip
    keyfile.seal(data / "one.keys", {branch_name(NUMBER): bytes(64)}, PASSPHRASE)
    spec = Spec("one", str(data / "one.keys"), str(data / "one.sock"), str(data))
    for module, *arguments in (
        (SIGNER, msgspec.json.encode(spec).decode()),
        ("fullreserve.custody.watcher",),
        ("fullreserve.custody.paying",),
    ):
        code, said = ended(data, module, *arguments)
        assert (code, f"network {NUMBER}: {wrong}" in said) == (os.EX_DATAERR, True), said
    code, said = ended(data, "fullreserve.cli", "up")
    assert code == 1
    assert said.splitlines()[-1].startswith(f"fullreserve: network {NUMBER}: {wrong}"), said
    assert not list(data.rglob("ran"))
