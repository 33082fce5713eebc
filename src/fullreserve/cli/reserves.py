"""The commands of reserves: an auditor's, and those for addresses whose keys are elsewhere."""

from pathlib import Path
from typing import TYPE_CHECKING

from fullreserve.cli.custody import add_device
from fullreserve.cli.in_room import (
    EXIT_CODES,
    NETWORK_HELP,
    InRoom,
    add_command,
    network,
    sequence,
)

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from fullreserve.cli.in_room import Subcommands


def add_reserves(commands: "Subcommands") -> None:
    """Add the auditor's command."""
    text = "check statements of reserves from raw data"
    parser = commands.add_parser("reserves", help=text, description=text, epilog=EXIT_CODES)
    reserves = parser.add_subparsers(title="commands", metavar="command", required=True)
    audit = add_command(
        reserves,
        "audit",
        InRoom("fullreserve.reserves.audit:audit", ("epoch", "node")),
        "check a statement against the journal, the log of statements and your own nodes",
    )
    audit.add_argument("--epoch", type=sequence, default=None, help="else the newest")
    audit.add_argument(
        "--node", action="append", default=None, metavar="NETWORK=URL", help="a node of your own"
    )
    add_okx_export(reserves)
    add_declaring(reserves)
    add_asking(reserves)


def add_okx_export(reserves: "Subcommands") -> None:
    """Add the command that writes a statement in OKX's forms."""
    export = add_command(
        reserves,
        "export-okx",
        InRoom("fullreserve.reserves.okx_command:export", ("destination", "epoch", "account")),
        "write a statement as the Merkle files and the reserve CSV that OKX's validators read",
    )
    export.add_argument("destination", type=Path, help="a folder that is not there yet, or empty")
    export.add_argument("--epoch", type=sequence, default=None, help="else the newest")
    export.add_argument(
        "--account",
        action="append",
        type=sequence,
        default=None,
        metavar="UID",
        help="write the files of this account alone; else those of all",
    )


def add_declaring(reserves: "Subcommands") -> None:
    """Add the commands for addresses whose keys are elsewhere."""
    said = add_command(
        reserves,
        "message",
        InRoom("fullreserve.reserves.declaring:message", ("network", "address", "days")),
        "print what the keys of an address have to sign for it to count as reserves",
    )
    told = add_command(
        reserves,
        "declare",
        InRoom(
            "fullreserve.reserves.declaring:declare",
            ("network", "address", "form", "text", "signature", "coin"),
        ),
        "count an address until that message runs out, by signatures over it",
    )
    forgotten = add_command(
        reserves,
        "undeclare",
        InRoom("fullreserve.reserves.declaring:undeclare", ("network", "address")),
        "forget an address that was declared",
    )
    for one in (said, told, forgotten):
        one.add_argument("network", type=network, help=NETWORK_HELP)
        one.add_argument("address")
    _add_days(said)
    told.add_argument("form", choices=("bip137", "bip322", "eip191", "eip712", "eip1271"))
    told.add_argument("--message", dest="text", required=True, help="what was signed")
    told.add_argument("--signature", action="append", required=True, help="one, or each owner's")
    told.add_argument("--coin", action="append", default=None, metavar="TXID:OUTPUT")


def _add_days(command: "ArgumentParser") -> None:
    command.add_argument(
        "--days", type=int, default=30, choices=range(1, 31), metavar="1..30", help="it is good for"
    )


def add_asking(reserves: "Subcommands") -> None:
    """Add the commands by which holders of warm and cold wallets sign through files."""
    asked = add_command(
        reserves,
        "ask-holders",
        InRoom("fullreserve.reserves.asking_holders:ask", ("network", "tier", "days", "out")),
        "write what holders of a warm or cold wallet have to sign for it to count as reserves",
    )
    asked.add_argument("network", type=network, help=NETWORK_HELP)
    asked.add_argument("tier", choices=("warm", "cold"))
    _add_days(asked)
    signed = add_command(
        reserves,
        "sign-asked",
        InRoom(
            "fullreserve.reserves.asking_holders:sign",
            ("asked_file", "holder", "keys", "module", "token", "out"),
        ),
        "sign it as a holder; it moves nothing",
    )
    taken = add_command(
        reserves,
        "take-signed",
        InRoom("fullreserve.reserves.asking_holders:take", ("asked_file", "parts")),
        "count a wallet by what enough of its holders signed",
    )
    for one in (signed, taken):
        one.add_argument("asked_file", type=Path)
    add_device(signed)
    for one in (asked, signed):
        one.add_argument("--out", type=Path, required=True, help="the file to write")
    taken.add_argument("parts", type=Path, nargs="+", help="what holders signed")
