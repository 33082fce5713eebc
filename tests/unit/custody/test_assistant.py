"""Goal: what the console tells people to run is what the programs take. Method: their parsers.

The console's own test holds `ceremonies.lines.txt` to what its page shows.
"""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator

import msgspec
import pytest

from fullreserve.cli import build_parser
from fullreserve.custody.signer_wire import Spec
from scripts.source import ROOT

FILE = ROOT / "web/src/pages/operator/custody/ceremonies.lines.txt"
LINES = [line for line in FILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
COMMAND = ["fullreserve", "custody"]
SIGNER = ["python", "-m", "fullreserve.custody.signer"]
# Who adds a command says whether people are led through it, and who adds an option likewise.
NO_CEREMONY = {
    "define-network": "a network is added, as the guide says",
    "take-adapter": "a family is added, as the guide says",
    "rescan": "a chain is read once more",
    "set-marks": "goes with the policy's file",
    "refill": "runs beside the exchange",
    "fund-tier": "the page Reconciliation shows it, ready to copy",
}
LEFT_TO_PEOPLE = {
    "-h",
    "--help",
    *("--module", "--token"),  # in place of a file of keys
    *("--node", "--height", "--rate"),
    *("--site", "--country", "--vendor"),
    *("--listen", "--exchange"),  # of `serve-holder`, on another machine: the step names them
    "--limit",
    *("--instead-of", "--move-file"),  # the step names them in words
}


def commands() -> dict[str, argparse.ArgumentParser]:
    """Those of `fullreserve custody`, by name."""
    return subcommands(subcommands(build_parser())["custody"])


def subcommands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Of a parser that has some."""
    # argparse tells them by no public name.
    actions = parser._actions
    (found,) = (one for one in actions if isinstance(one, argparse._SubParsersAction))
    return dict(found.choices)


def shown() -> Iterator[list[str]]:
    """The words of each line of the program."""
    return (words for line in LINES if (words := shlex.split(line))[:2] == COMMAND)


@pytest.mark.parametrize("line", LINES)
def test_a_program_takes_each_line_that_the_console_shows(line: str) -> None:
    """Criterion: WEB-OP-CEREMONY-3"""
    words = shlex.split(line)
    if words[:3] == SIGNER:
        (told,) = words[3:]
        assert msgspec.json.decode(told, type=Spec).name
        assert {*msgspec.json.decode(told)} <= {*Spec.__struct_fields__}
        return
    assert words[:2] == COMMAND
    build_parser().parse_args(words[1:])


def test_every_command_of_custody_is_in_a_ceremony_or_is_none() -> None:
    """Criterion: WEB-OP-CEREMONY-3"""
    assert {words[2] for words in shown()} == {*commands()} - {*NO_CEREMONY}
    assert {*NO_CEREMONY} <= {*commands()}


def test_every_option_of_a_shown_command_is_shown_or_left_to_people() -> None:
    """Criterion: WEB-OP-CEREMONY-3. `--out` of hot's commands keeps custody.json as it is."""
    used = {(words[2], word) for words in shown() for word in words if word.startswith("--")}
    there = {
        (name, option)
        for name, parser in commands().items()
        for action in parser._actions
        for option in action.option_strings
        if name not in NO_CEREMONY
    }
    hidden = {(name, option) for name, option in there - used if option not in LEFT_TO_PEOPLE}
    assert hidden == {("rotate-hot", "--out"), ("rotate-lanes", "--out")}


def test_what_can_be_tried_is_tried_first() -> None:
    """Criterion: WEB-OP-CEREMONY-3. By records that holders take nothing else is changed."""
    dry = {name for name, parser in commands().items() if "--dry-run" in parser.format_help()}
    for before, line in zip(["", *LINES], LINES, strict=False):
        name = line.split()[2]
        is_tried = line.endswith((" --dry-run", " --recovery"))
        if name in dry - {"take-record"} and not is_tried:
            assert before == f"{line} --dry-run"


def test_the_guide_tells_of_each_command_that_the_console_shows() -> None:
    """Criterion: WEB-OP-CEREMONY-3"""
    guide = (ROOT / "docs/guide/custody.md").read_text(encoding="utf-8")
    told = {*re.findall(r"[\w-]+", guide)}
    assert {words[2] for words in shown()} - told == set()


@pytest.mark.parametrize(
    "line", ["sign job.json ann --keys ann.keys --out part", "take-record r ann"]
)
def test_cards_may_be_named_together_or_one_by_one(line: str) -> None:
    """Criterion: CUST-CEREMONY-9. None replaces another, and no command has those of the last."""
    parser, words = build_parser(), ["custody", *line.split()]
    for cards in (["--card", "a", "b"], ["--card", "a", "--card", "b"]):
        told = parser.parse_args([*words, *cards])
        assert [str(one) for one in told.cards] == ["a", "b"]
    assert parser.parse_args(words).cards == []
