"""Goal: an operator adds a network to an exchange that has none, by file and commands alone.

Method: `fullreserve up` as a process in a fresh folder, anvil beside it, the commands as they are
typed, and a user's own view over HTTP.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fullreserve import cli
from fullreserve.app.assets import STAGES
from fullreserve.app.define_network import terms_of
from fullreserve.clock import SystemClock
from fullreserve.custody import networks
from fullreserve.custody.house import House
from fullreserve.custody.networks import BadNetworks, Branch, Network
from fullreserve.door.socket_client import SocketDoor
from fullreserve.door.socket_server import SOCKET_NAME
from fullreserve.exchange.products.custody_wire import DEPOSITS, DefineNetwork, NetworkAsset
from fullreserve.exchange.products.deposit_state import ListNetworks, NetworkState
from fullreserve.exchange.wire.commands import amount_bytes
from tests.integration.custody.outsiders import COIN, ETHER, TOKEN, EvmBed
from tests.integration.reserves.client import API, Client
from tests.memory_folder import memory_folder
from tests.server import LiveServer

NUMBER, CHAIN_ID = 5, 31_353
ASKS = 901  # a gateway's number that says nothing
LOOKS, LOOK_S = 1_200, 0.1
# The root of BIP 32's second test vector.
BRANCH = Branch(
    "03cbcaa9c98c877a26977d00825c956a238e8dddfbd322cce4f74b0b5bd6ace4a7",
    "60499f801b896d83179a4374aeb7822aaeaceaa0db1f85ee3e904c4defbd9689",
)
SYMBOLS = {1: "BTC", COIN: "ETH", TOKEN: "USDT"}
MANIFEST = (
    'symbol = "ETH"\nsupply_cap = "1000000000"\n'
    + "".join(
        f'[reviews.{stage}]\nby = "J. Doe"\non = 2026-11-20\ndigest = "{"ab" * 32}"\n'
        for stage in STAGES
    )
    + f'[[chains]]\nnetwork = {NUMBER}\ndecimals = 18\nminimum_deposit = "0.1"\nfee = "0.5"\n'
    'minimum = "2"\nmaximum = "100"\n'
)


@pytest.fixture(scope="module")
def chain() -> Iterator[EvmBed]:
    made = EvmBed(CHAIN_ID, COIN)
    yield made
    made.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    with memory_folder() as made:
        yield made


def of(chain: EvmBed, **more: Any) -> Network:
    """What `custody.json` says of it."""
    branch = Branch(chain._root.key.hex(), chain._root.code.hex())
    fields: dict[str, Any] = {
        "credit_after": 2,
        "unlock_after": 3,
        "decimals": {COIN: 18},
        "coin": COIN,
    } | more
    return Network(
        network=NUMBER, kind="evm", nodes=(chain.url,), branches=(branch,), chain_id=CHAIN_ID,
        **fields,
    )  # fmt: skip


def row_where(client: Client, path: str, wanted: Callable[[dict[str, Any]], bool]) -> Any:
    """The first row once it is as wanted: workers look by themselves."""
    for _ in range(LOOKS):
        status, content = client.get(API + path, signed=True)
        rows = json.loads(content)["data"] if status == 200 else []
        if rows and wanted(rows[0]):
            return rows[0]
        time.sleep(LOOK_S)
    raise AssertionError(f"never as wanted: {content[:500]!r}")


async def followed(data: Path) -> None:
    """Waits until the exchange was told of the network's newest block."""
    clock = SystemClock()
    door = await SocketDoor.open(data / SOCKET_NAME, ASKS, clock)
    try:
        for _ in range(LOOKS):
            found: list[NetworkState] = await House(door).ask(DEPOSITS, ListNetworks())
            if [one.terms.network for one in found if one.tip is not None] == [NUMBER]:
                return
            await clock.wait_ms(round(LOOK_S * 1_000))
    finally:
        await door.close()
    raise AssertionError("the watcher follows nothing")


class Typed:
    """What an operator types, and reads."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: str) -> tuple[int, str]:
        self._capsys.readouterr()
        code = cli.main(words)
        told = self._capsys.readouterr()
        return code, told.out + told.err


@pytest.mark.slow
def test_a_network_is_added_by_file_and_commands_and_a_deposit_there_is_credited(
    chain: EvmBed,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Criterion: ASSET-NETWORK-1, HOUSE-CLI-4."""
    data = folder / "data"
    data.mkdir()
    monkeypatch.setenv("FULLRESERVE_DATA", str(data))
    manifest, typed = folder / "eth.toml", Typed(capsys)
    manifest.write_text(MANIFEST)
    networks.keep(data, [of(chain)])
    define = ("custody", "define-network", str(NUMBER))
    with ExitStack() as made:
        server = LiveServer(data).start()
        made.callback(server.stop)
        client = made.enter_context(closing(Client(server, server.trader())))
        code, told = typed("asset", "list", str(manifest))
        assert (code, "Network 5 waits for asset 2: nobody has defined it" in told) == (0, True), (
            told
        )
        code, told = typed(*define)
        assert (code, "is no --code" in told) == (1, True), told
        code, told = typed(*define, "--code", "ERC20", "--dry-run")
        assert (code, told.splitlines()[-1]) == (0, "Nothing was done: this was a dry run.")
        assert "Network 5 waits" in typed("asset", "list", str(manifest))[1]
        code, told = typed(*define, "--code", "ERC20")
        assert (code, "its coin is ETH, asset 2" in told) == (0, True), told
        asyncio.run(followed(data))
        code, told = typed("asset", "list", str(manifest))
        assert (code, told) == (0, "ETH is on network 5, ERC20.\n")
        assert "the exchange knows it so" in typed(*define)[1]
        # The file has no name for it, the exchange has.
        by_name = ("custody", "define-network", "erc20")
        assert "the exchange knows it so" in typed(*by_name)[1]
        code, told = typed("custody", "define-network", "Litecoin")
        assert (code, "'Litecoin' is no network; those are 5 ERC20" in told) == (2, True), told
        networks.keep(data, [of(chain, code="Ether")])
        assert "calls network 5 Ether" in typed(*define, "--code", "ERC20")[1]
        networks.keep(data, [of(chain, code="ERC20", decimals={COIN: 18, TOKEN: 6})])
        code, told = typed("asset", "list", str(manifest))
        assert (code, "ETH: network 5 in custody.json: tokens: asset 6 has no" in told) == (1, True)
        networks.keep(data, [of(chain, code="ERC20")])
        assert "the exchange knows it so" in typed(*by_name)[1]
        path = "asset/deposit-address?ccy=ETH"
        address = row_where(client, path, lambda row: bool(row["addr"]))["addr"]
        assert address == chain.chain.addresses.address(1)
        row_where(client, "asset/currencies?ccy=ETH", lambda row: row["canDep"] is True)
        chain.pay(1, ETHER)
        chain.mine(3)
        found = row_where(client, "asset/deposit-history", lambda row: row["state"] == "2")
        assert (found["chain"], found["amt"]) == ("ETH-ERC20", "1")
        networks.keep(data, [of(chain, credit_after=4, unlock_after=9)])
        assert "Start the exchange again" in typed(*define)[1]
        terms = row_where(client, "asset/currencies?ccy=ETH", bool)
        after = ("minDepArrivalConfirm", "minWdUnlockConfirm", "minDep")
        assert [terms[name] for name in after] == ["4", "9", "0.1"]


def line(asset: int, decimals: int) -> NetworkAsset:
    return NetworkAsset(asset, decimals, *4 * (amount_bytes(1),), 8)


@pytest.mark.parametrize(
    ("more", "code", "message"),
    [
        ({"credit_after": 0}, "ERC20", "credit_after 0 and unlock_after 3: 1 to 500"),
        ({"credit_after": 4}, "ERC20", "the second no less than the first"),
        ({"unlock_after": 501}, "ERC20", "unlock_after 501: 1 to 500"),
        ({"coin": 9}, "ERC20", "its coin, asset 9, is not among its decimals"),
        ({"decimals": {COIN: 18, 9: 6}}, "ERC20", "asset 9 is not listed; those are 1 BTC, 2 ETH"),
        ({"decimals": {COIN: 31}}, "ERC20", "asset 2 has 31 decimals; allowed: 0 to 30"),
        ({"tokens": {TOKEN: "ab" * 20}}, "ERC20", "asset 6 has a contract and no decimals"),
        ({"network": 0}, "ERC20", "its number has to be 1 to 4294967295"),
        ({}, "", "'' is no --code: 1 to 32 letters"),
        ({}, "a" * 33, "is no --code"),
        ({}, "ERC-", "is no --code"),
        ({}, "Bitcoin", "Bitcoin is the code of network 2"),
    ],
)
def test_what_a_network_cannot_be_is_refused_with_what_is_allowed(
    more: dict[str, Any], code: str, message: str
) -> None:
    """Criterion: ASSET-NETWORK-2."""
    fields: dict[str, Any] = {"network": NUMBER, "coin": COIN, "decimals": {COIN: 18}}
    fields |= {"credit_after": 2, "unlock_after": 3} | more
    found = Network(kind="evm", nodes=(), branches=(BRANCH,), chain_id=1, **fields)
    others = {2: DefineNetwork(2, "Bitcoin", 1, 2, False, 1, ())}
    with pytest.raises(BadNetworks, match=message.replace("(", r"\(")):
        terms_of(found, code, others, SYMBOLS)


def test_confirmations_change_and_what_users_addresses_hang_on_does_not() -> None:
    """Criterion: ASSET-NETWORK-2."""
    found = Network(
        network=NUMBER, kind="evm", nodes=(), branches=(BRANCH,), decimals={COIN: 18, TOKEN: 6},
        coin=COIN, credit_after=2, unlock_after=3, chain_id=1, tokens={TOKEN: "ab" * 20},
    )  # fmt: skip
    before = terms_of(found, "Avalanche C-Chain", {}, SYMBOLS)
    before = msgspec.structs.replace(before, assets=(line(COIN, 18), line(TOKEN, 6)))
    known = {NUMBER: before}
    later = msgspec.structs.replace(found, credit_after=10, unlock_after=20)
    assert terms_of(later, "", known, SYMBOLS) == msgspec.structs.replace(
        before, credit_after=10, unlock_after=20
    )
    for change, message in (
        ({"coin": TOKEN, "tokens": {COIN: "ab" * 20}}, "its coin was asset 2, and is 6"),
        ({"kind": "memo"}, "it had no memos, which cannot change"),
        ({"decimals": {COIN: 18, TOKEN: 8}}, "asset 6 has 6 decimals there, not 8"),
    ):
        with pytest.raises(BadNetworks, match=message):
            terms_of(msgspec.structs.replace(found, **change), "", known, SYMBOLS)


def test_a_file_that_no_worker_could_use_is_refused_before_the_exchange_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: ASSET-NETWORK-2."""
    monkeypatch.setenv("FULLRESERVE_DATA", str(tmp_path))
    typed = Typed(capsys)
    good = Network(
        network=NUMBER, kind="evm", nodes=("http://127.0.0.1:1",), branches=(BRANCH,),
        decimals={COIN: 18}, coin=COIN, credit_after=2, unlock_after=3, chain_id=1,
    )  # fmt: skip
    for change, message in (
        ({"network": 6}, "network 5 stands 0 times in custody.json, which has 6"),
        ({"kind": "solana"}, "is of kind 'solana'; allowed: evm, memo, utxo"),
        ({"branches": ()}, "network 5 in custody.json: branches: none"),
        ({"lanes": ("xyz",)}, "network 5 in custody.json: lanes: 'xyz' is not 40 hexadecimal"),
        ({"decimals": {COIN: 18, TOKEN: 6}}, "tokens: asset 6 has no contract"),
        ({"signers": ("one.sock",)}, "one signer alone holds its lanes"),
    ):
        networks.keep(tmp_path, [msgspec.structs.replace(good, **change)])
        code, told = typed("custody", "define-network", str(NUMBER), "--code", "ERC20")
        assert (code, message in told) == (1, True), told
