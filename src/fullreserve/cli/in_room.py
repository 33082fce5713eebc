"""How a command is written down, and carried out by the room that it belongs to."""

import argparse
import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fullreserve.config import Settings

EXIT_CODES = (
    "exit codes: 0 done; 1 it could not be done, or a check found something wrong; "
    "2 a wrong argument or setting; 130 interrupted; 141 nobody read its output to the end"
)

if TYPE_CHECKING:
    Subcommands = argparse._SubParsersAction[argparse.ArgumentParser]

USAGE = 2
NETWORK_HELP = (
    "its name or number in custody.json; the demo's: 1 ERC20, 2 Bitcoin, 3 Litecoin, 4 Memo"
)
Command = Callable[[Settings, argparse.Namespace], int]


@dataclass(frozen=True)
class InRoom:
    """A command that a room carries out: `module:function`, and the arguments it is handed."""

    target: str
    names: tuple[str, ...] = ()

    def resolve(self) -> Callable[..., int]:
        """Import the room and return the function."""
        module, _, function = self.target.partition(":")
        command: Callable[..., int] = getattr(importlib.import_module(module), function)
        return command

    def __call__(self, settings: Settings, arguments: argparse.Namespace) -> int:
        """Carry the command out and return its exit code."""
        handed = {name: getattr(arguments, name) for name in self.names}
        if isinstance(handed.get("network"), str):
            try:
                handed["network"] = _number_of(settings, handed["network"])
            except ValueError as problem:
                sys.stderr.write(f"fullreserve: {problem}\n")
                return USAGE
        return self.resolve()(settings, **handed)


def network(text: str) -> int | str:
    """Read a network: its number, or its name, which is looked up once settings are known."""
    return int(text) if text.isascii() and text.isdigit() else text


def _number_of(settings: Settings, name: str) -> int:
    """ValueError with the names that there are."""
    return InRoom("fullreserve.custody.naming:number_of").resolve()(settings.data, name)


def sequence(text: str) -> int:
    """Read a journal sequence: a whole number from 1."""
    if not (text.isascii() and text.isdigit() and int(text) >= 1):
        raise argparse.ArgumentTypeError(f"{text!r} is no sequence: a whole number from 1")
    return int(text)


def add_command(
    commands: "Subcommands", name: str, run: Command, text: str
) -> argparse.ArgumentParser:
    """Add a subcommand whose help begins with a sentence and ends with the exit codes."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=text, description=text, epilog=EXIT_CODES
    )
    parser.set_defaults(run=run)
    return parser
