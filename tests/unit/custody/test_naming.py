"""Goal: who types a command names a network as people call it, or by its number.

Method: the commands as they are typed, over a `custody.json` and a running exchange's own names.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import pytest

from fullreserve.cli import build_parser, main
from fullreserve.cli.in_room import USAGE, network
from fullreserve.custody import naming, networks
from fullreserve.custody.naming import UnknownName
from fullreserve.custody.networks import Network

DEMO = {1: "ERC20", 2: "Bitcoin", 3: "Litecoin", 4: "Memo"}


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with the demo's networks."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FULLRESERVE_DATA", str(tmp_path))
    write(tmp_path, DEMO)
    return tmp_path


def write(data: Path, names: dict[int, str]) -> None:
    networks.keep(
        data,
        [
            Network(
                network=number, code=code, kind="evm", nodes=(), branches=(), decimals={2: 18},
                coin=2, credit_after=1, unlock_after=2,
            )
            for number, code in names.items()
        ],
    )  # fmt: skip


def commands(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """All that there are, the groups among them."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for each in action.choices.values():
                yield from commands(each)


def test_every_command_that_takes_a_network_takes_its_name() -> None:
    """Criterion: HOUSE-CLI-4. By one function, whatever the command."""
    taken = [
        action.type
        for each in commands(build_parser())
        for action in each._actions
        if action.dest == "network"
    ]
    assert len(taken) > 15
    assert set(taken) == {network}
    assert (network("3"), network("Litecoin")) == (3, "Litecoin")


@pytest.mark.parametrize("text", ["Litecoin", "litecoin", "LITECOIN"])
def test_a_name_is_its_number_in_letters_of_any_case(data: Path, text: str) -> None:
    """Criterion: HOUSE-CLI-4"""
    assert naming.number_of(data, text) == 3


def test_an_unknown_name_is_refused_with_those_that_there_are(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: HOUSE-CLI-4. Before anything is read or written."""
    known = ", ".join(f"{number} {code}" for number, code in DEMO.items())
    for name in ("Dogecoin", "USDT-ERC20", "-3"):
        words = ["custody", "gather", "--recovery", "--out", "job.json", "--", name, "warm"]
        assert main(words) == USAGE
        told = f"fullreserve: network: {name!r} is no network; those are {known}\n"
        assert capsys.readouterr().err == told
    assert main(["reserves", "undeclare", "Nowhere", "0x1"]) == USAGE
    assert "'Nowhere' is no network" in capsys.readouterr().err
    assert [one.name for one in data.iterdir()] == [networks.FILE]


def test_of_two_networks_of_one_name_none_is_meant(data: Path) -> None:
    """Criterion: HOUSE-CLI-4"""
    write(data, DEMO | {9: "litecoin"})
    with pytest.raises(UnknownName, match="is the name of 2 networks; those are 1 ERC20"):
        naming.number_of(data, "Litecoin")


def test_a_file_without_names_leaves_its_numbers(data: Path) -> None:
    """Criterion: HOUSE-CLI-4. No exchange runs that could be asked."""
    write(data, dict.fromkeys(DEMO, ""))
    with pytest.raises(UnknownName, match="'Litecoin' is no network; those are 1, 2, 3, 4"):
        naming.number_of(data, "Litecoin")
