"""The command line: `fullreserve <command>`.

Exit codes of every command: 0 done; 1 it could not be done or a check found something wrong;
2 a wrong argument or setting; 130 interrupted; 141 nobody read its output to the end. Each room
carries its own commands out; here stands only how they are called, so that `--help` answers at
once.
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fullreserve import __version__, collector
from fullreserve.cli.custody import add_custody
from fullreserve.cli.in_room import EXIT_CODES, USAGE, InRoom, add_command, sequence
from fullreserve.cli.reserves import add_reserves
from fullreserve.cli.unread import UNREAD, is_unread
from fullreserve.config import SettingError, Settings, show

if TYPE_CHECKING:
    from fullreserve.cli.in_room import Command, Subcommands

DONE = 0
INTERRUPTED = 128 + signal.SIGINT


def print_version(_settings: Settings, _arguments: argparse.Namespace) -> int:
    """Print the version of the package and of the compiled core."""
    from fullreserve import _core

    print(f"fullreserve {__version__} (core {_core.version()})")
    return DONE


def print_config(settings: Settings, _arguments: argparse.Namespace) -> int:
    """Print the effective settings as a TOML file."""
    print(show(settings))
    return DONE


def add_journal(commands: "Subcommands") -> None:
    """Add the commands that read and mend the journal."""
    text = "look after the journal"
    parser = commands.add_parser("journal", help=text, description=text, epilog=EXIT_CODES)
    journal = parser.add_subparsers(title="commands", metavar="command", required=True)
    room = "fullreserve.journal.commands"

    add_command(
        journal,
        "verify",
        InRoom("fullreserve.app.how_far:verify"),
        "check every row's hash and chain, archived segments too, and replay to the state hash",
    )
    add_command(
        journal, "stat", InRoom(f"{room}:stat"), "print rows, sequences, segments and sizes"
    )
    export = add_command(
        journal,
        "export",
        InRoom(
            f"{room}:export",
            ("destination", "first", "last"),
        ),
        "write rows as JSON lines",
    )
    export.add_argument("destination", type=Path, nargs="?", help="a file; else standard output")
    export.add_argument("--first", type=sequence, default=1, help="from this sequence")
    export.add_argument("--last", type=sequence, default=None, help="up to this sequence")
    archive = add_command(
        journal,
        "archive",
        InRoom(f"{room}:archive", ("destination",)),
        "compress sealed segments and move them to a folder; verification still spans them",
    )
    archive.add_argument("destination", type=Path, help="the folder")
    quarantine = add_command(
        journal,
        "quarantine",
        InRoom(
            f"{room}:quarantine",
            ("sequence", "reason"),
        ),
        "set one command aside that halted the exchange; the log says so for ever",
    )
    quarantine.add_argument("sequence", type=sequence, help="the sequence that the halt named")
    quarantine.add_argument("--reason", required=True, help="why; kept in the operator's log")


def add_user(commands: "Subcommands") -> None:
    """Add the commands that look after users."""
    text = "look after users and operators"
    parser = commands.add_parser("user", help=text, description=text, epilog=EXIT_CODES)
    user = parser.add_subparsers(title="commands", metavar="command", required=True)
    room = "fullreserve.identity.commands"

    operator = add_command(
        user,
        "create-operator",
        InRoom(f"{room}:create_operator", ("email", "role")),
        "give a user a role, who is made with a password from the terminal or standard input",
    )
    operator.add_argument("email", help="the e-mail address to sign in with")
    operator.add_argument(
        "--role", default="admin", help="admin (the default), trading, support or auditor"
    )
    listed = add_command(
        user,
        "list",
        InRoom(f"{room}:list_users", ("emails",)),
        "print users with their state, roles and sub-accounts",
    )
    listed.add_argument("--emails", action="store_true", help="show e-mail addresses in full")


def add_audit(commands: "Subcommands") -> None:
    """Add the commands that prove and copy the audit log."""
    text = "look after the operators' audit log"
    parser = commands.add_parser("audit", help=text, description=text, epilog=EXIT_CODES)
    audit = parser.add_subparsers(title="commands", metavar="command", required=True)
    room = "fullreserve.identity.audit_commands"

    add_command(audit, "verify", InRoom(f"{room}:verify"), "check every entry's hash and the chain")
    export = add_command(
        audit,
        "export",
        InRoom(f"{room}:export", ("destination",)),
        "write all entries as JSON lines, personal parts opened",
    )
    export.add_argument("destination", type=Path, nargs="?", help="a file; else standard output")


def add_wallet(commands: "Subcommands") -> None:
    """Add the commands of the demo's wallet outside."""
    text = "the demo's wallet outside: pay into the exchange, and see what came out"
    parser = commands.add_parser("wallet", help=text, description=text, epilog=EXIT_CODES)
    wallet = parser.add_subparsers(title="commands", metavar="command", required=True)
    room = "fullreserve.simulation.wallet"

    add_command(wallet, "show", InRoom(f"{room}:show"), "print its addresses and what it holds")
    send = add_command(
        wallet,
        "send",
        InRoom(f"{room}:send", ("chain", "amount", "address")),
        "pay to an address on a chain of the running demo; prints the transaction",
    )
    send.add_argument("chain", help="currency and chain, for example USDT-ERC20")
    send.add_argument("amount", help="in whole units, for example 12.5")
    send.add_argument("address", help="where to; address:memo where the chain has memos")


def add_tls(commands: "Subcommands") -> None:
    """Add the commands that make certificates."""
    text = "make certificates"
    parser = commands.add_parser("tls", help=text, description=text, epilog=EXIT_CODES)
    tls = parser.add_subparsers(title="commands", metavar="command", required=True)
    add_command(
        tls,
        "localhost",
        InRoom("fullreserve.app.localhost_certificate:localhost"),
        "write a certificate for localhost and its key into the data folder",
    )


def add_asset(commands: "Subcommands") -> None:
    """Add the commands that bring an asset to the exchange."""
    text = "list an asset by its manifest; docs/guide/operate.md"
    parser = commands.add_parser("asset", help=text, description=text, epilog=EXIT_CODES)
    asset = parser.add_subparsers(title="commands", metavar="command", required=True)
    for name, target, about in (
        ("check", "check", "print each stage of a manifest; 1 while one is not passed"),
        ("list", "listing", "define an asset, its chains and its pairs on the running exchange"),
    ):
        room = InRoom(f"fullreserve.app.assets:{target}", ("manifest",))
        add_command(asset, name, room, about).add_argument("manifest", type=Path, help="TOML")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = argparse.ArgumentParser(
        prog="fullreserve",
        description="A crypto exchange that anyone can run.",
        epilog=f"{EXIT_CODES}. Settings come from FULLRESERVE_* variables and fullreserve.toml; "
        "`fullreserve config` lists them.",
    )
    commands = parser.add_subparsers(title="commands", metavar="command", required=True)
    add_command(commands, "up", InRoom("fullreserve.app:up"), "start the exchange")
    demo = add_command(
        commands,
        "demo",
        InRoom("fullreserve.simulation.app:demo", ("chains",)),
        "start the exchange with a living demo market and demo accounts",
    )
    demo.add_argument(
        "--chains",
        choices=("anvil", "all"),
        default="anvil",
        help="all starts litecoind, btcd and a chain with memos beside anvil",
    )
    scenario = add_command(
        commands,
        "scenario",
        InRoom("fullreserve.simulation.scenario:scenario", ("name", "users", "report")),
        "play an incident of the past on a whole exchange, and write a report",
    )
    scenario.add_argument("name", choices=("october-2020",), help="which one")
    scenario.add_argument("--users", type=int, default=1_000, help="how many people (1,000)")
    scenario.add_argument("--report", type=Path, help="the HTML file (october-2020.html)")
    add_wallet(commands)
    add_journal(commands)
    add_user(commands)
    add_audit(commands)
    add_reserves(commands)
    add_tls(commands)
    add_custody(commands)
    add_asset(commands)
    backup = add_command(
        commands,
        "backup",
        InRoom("fullreserve.backup:backup", ("destination",)),
        "copy all durable stores at one consistent point",
    )
    backup.add_argument("destination", type=Path, help="a folder that does not exist yet")
    restore = add_command(
        commands,
        "restore",
        InRoom("fullreserve.backup:restore", ("source",)),
        "put a backup into an empty data folder",
    )
    restore.add_argument("source", type=Path, help="the folder of a backup")
    add_command(
        commands,
        "confirm-time",
        InRoom("fullreserve.door.commands:confirm_time"),
        "tell a running exchange that a forward jump of its clock is right",
    )
    add_command(commands, "version", print_version, "print the versions of package and core")
    add_command(commands, "config", print_config, "print the effective settings")
    return parser


def main(words: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    collector.look_seldom()
    try:
        try:
            return _run(words)
        except KeyboardInterrupt:
            return INTERRUPTED
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        if not is_unread():
            raise
        return UNREAD


def _run(words: Sequence[str] | None) -> int:
    arguments = build_parser().parse_args(words)
    try:
        settings = Settings.load()
    except SettingError as problem:
        print(f"fullreserve: {problem}", file=sys.stderr)
        return USAGE
    run: Command = arguments.run
    return run(settings, arguments)
