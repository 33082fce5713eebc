"""The chains of the suite, each started once."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import structlog
from coincurve import PublicKey

from fullreserve.custody import addresses, contract_calls, hd, nodes
from tests import cheap_hashes
from tests.integration.custody.outsiders import COIN, TOKEN, Bed, EvmBed, UtxoBed

# Until the first coinbases can be spent.
BLOCKS = 125


@pytest.fixture(autouse=True)
def _reads_in_one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy this machine is, a look waits for what contracts sent."""
    monkeypatch.setattr(contract_calls, "WAIT_MS", 600_000)


@pytest.fixture(autouse=True, scope="session")
def _addresses_are_derived_once() -> Iterator[None]:
    """Each watcher begins by deriving hundreds, of the same few keys."""
    known: dict[tuple[bytes, bytes, int], tuple[bytes, bytes]] = {}

    def derived(point: PublicKey, key: bytes, code: bytes, index: int) -> tuple[bytes, bytes]:
        wanted = key, code, index
        if wanted not in known:
            known[wanted] = hd.derive(point, key, code, index)
        return known[wanted]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(addresses, "derive", derived)
        yield


@pytest.fixture(autouse=True)
def _logs_are_configured_by_no_test_before() -> Iterator[None]:
    """Commands that run in this process set logging up, and later tests read what is printed."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="module")
def cheap_passphrases() -> Iterator[None]:
    """Files of keys are opened in this process alone, and how hard they are is not the matter."""
    with pytest.MonkeyPatch.context() as patch:
        cheap_hashes.cheap_passphrases(patch)
        yield


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


def bed_of(file: Path) -> type[Bed]:
    """The bed that a file beside an adapter names."""
    spec = importlib.util.spec_from_file_location(f"bed_of_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made: type[Bed] = module.BED
    return made


def bed_name(name: str) -> str:
    """As the suite calls it."""
    return Path(name).stem.removesuffix("_bed")


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
# Of a family in a file, whose bed stands beside it: the example's, or an operator's, which then is
# alone.
EXAMPLE = Path(__file__).parents[3] / "examples/adapters/bech32_accounts_bed.py"
OWN = os.environ.get("FULLRESERVE_BED", "")


@pytest.fixture(scope="session", params=(OWN,) if OWN else (*NAMES, str(EXAMPLE)), ids=bed_name)
def bed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    """Each chain in turn."""
    try:
        name = request.param
        is_file = name.endswith(".py")
        made = bed_of(Path(name))() if is_file else made_bed(name, tmp_path_factory.mktemp(name))
    except nodes.NodeMissing as missing:
        pytest.skip(str(missing))
    yield made
    made.close()
