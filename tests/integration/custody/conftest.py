"""The chains of the suite, each started once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from fullreserve.custody import contract_calls, nodes
from tests.integration.custody.outsiders import COIN, TOKEN, Bed, EvmBed, UtxoBed

# Until the first coinbases can be spent.
BLOCKS = 125


@pytest.fixture(autouse=True)
def _reads_in_one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy this machine is, a look waits for what contracts sent."""
    monkeypatch.setattr(contract_calls, "WAIT_MS", 600_000)


def _start_litecoind(folder: Path, _pays_to: str) -> nodes.NodeProcess:
    return nodes.start_litecoind(folder)


def made_bed(name: str, folder: Path) -> EvmBed | UtxoBed:
    """The bed of a chain; NodeMissing."""
    if name == "litecoin":
        return UtxoBed(_start_litecoind, folder, "rltc", BLOCKS)
    if name == "bitcoin":
        return UtxoBed(nodes.start_btcd, folder, "bcrt", BLOCKS)
    kinds = {
        "evm": partial(EvmBed, 31_337, COIN),
        "erc20": partial(EvmBed, 31_338, TOKEN),
        "memo": partial(EvmBed, 31_339, COIN, memo=True),
    }
    return kinds[name]()


def _own(name: str, factory: pytest.TempPathFactory) -> Iterator[EvmBed | UtxoBed]:
    made = made_bed(name, factory.mktemp(name))
    yield made
    made.close()


@pytest.fixture(scope="module")
def erc20(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EvmBed | UtxoBed]:
    """A chain with a token, of one file's tests alone."""
    yield from _own("erc20", tmp_path_factory)


@pytest.fixture(scope="module")
def litecoin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EvmBed | UtxoBed]:
    """A chain of coins, of one file's tests alone."""
    yield from _own("litecoin", tmp_path_factory)


@pytest.fixture(scope="module")
def memos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EvmBed | UtxoBed]:
    """A chain with memos, of one file's tests alone."""
    yield from _own("memo", tmp_path_factory)


NAMES = ("evm", "erc20", "memo", "litecoin", "bitcoin")


@pytest.fixture(scope="session", params=NAMES)
def bed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    """Each chain in turn."""
    try:
        made = made_bed(request.param, tmp_path_factory.mktemp(request.param))
    except nodes.NodeMissing as missing:
        pytest.skip(str(missing))
    yield made
    made.close()
