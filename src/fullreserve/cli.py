"""The command line: `fullreserve <command>`.

Exit codes of every command: 0 done; 1 it could not be done or a check found something wrong;
2 a wrong argument or setting; 130 interrupted. Each room carries its own commands out; here stands
only how they are called, so that `--help` answers at once.
"""

import argparse
import importlib
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fullreserve import __version__, collector
from fullreserve.config import SettingError, Settings, show

DONE = 0
FAILED = 1
USAGE = 2
INTERRUPTED = 128 + signal.SIGINT

EXIT_CODES = (
    "exit codes: 0 done; 1 it could not be done, or a check found something wrong; "
    "2 a wrong argument or setting; 130 interrupted"
)

if TYPE_CHECKING:
    Subcommands = argparse._SubParsersAction[argparse.ArgumentParser]

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
        return self.resolve()(settings, **{name: getattr(arguments, name) for name in self.names})


def print_version(_settings: Settings, _arguments: argparse.Namespace) -> int:
    """Print the version of the package and of the compiled core."""
    from fullreserve import _core

    print(f"fullreserve {__version__} (core {_core.version()})")
    return DONE


def print_config(settings: Settings, _arguments: argparse.Namespace) -> int:
    """Print the effective settings as a TOML file."""
    print(show(settings))
    return DONE


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
    add_declaring(reserves)


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
        one.add_argument("network", type=int, help="its number in custody.json")
        one.add_argument("address")
    said.add_argument(
        "--days", type=int, default=30, choices=range(1, 31), metavar="1..30", help="it is good for"
    )
    told.add_argument("form", choices=("bip137", "bip322", "eip191", "eip712", "eip1271"))
    told.add_argument("--message", dest="text", required=True, help="what was signed")
    told.add_argument("--signature", action="append", required=True, help="one, or each owner's")
    told.add_argument("--coin", action="append", default=None, metavar="TXID:OUTPUT")


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


def add_custody(commands: "Subcommands") -> None:
    """Add the commands that make, change and use the keys of custody."""
    text = "make and change the keys of warm and cold wallets; docs/guide/custody.md"
    parser = commands.add_parser("custody", help=text, description=text, epilog=EXIT_CODES)
    custody = parser.add_subparsers(title="commands", metavar="command", required=True)
    add_ceremonies(custody)
    add_key_changes(custody)
    add_presence(custody)
    add_moves(custody)
    add_refills(custody)


def add_custody_command(
    custody: "Subcommands", room: str, name: str, text: str, *names: str
) -> argparse.ArgumentParser:
    """Add a command that a module of `custody.keys` carries out by the command's own name."""
    target = f"fullreserve.custody.keys.{room}:{name.replace('-', '_')}"
    return add_command(custody, name, InRoom(target, names), text)


def add_device(parser: argparse.ArgumentParser, *, is_new: bool = False) -> None:
    """Add the arguments that name what holds a key."""
    if not is_new:
        parser.add_argument("holder")
        parser.add_argument("--keys", type=Path, help="the holder's file of keys")
    parser.add_argument("--module", type=Path, help="of a PKCS#11 token")
    parser.add_argument("--token", default="", help="its label")


def add_ceremonies(custody: "Subcommands") -> None:
    """Add the commands that make keys, wallets and certificates."""
    key = add_custody_command(
        *(custody, "commands", "holder-key", "make a holder's key and card"),
        *("name", "folder", "module", "token"),
    )
    key.add_argument("name", help="small letters, digits and -")
    key.add_argument("folder", type=Path, help="where the card goes, and keys in a file")
    add_device(key, is_new=True)
    known = add_custody_command(
        *(custody, "presence_commands", "identity", "make a coordinator's key and request"),
        *("name", "folder"),
    )
    known.add_argument("name")
    known.add_argument("folder", type=Path)
    made = add_custody_command(
        custody, "commands", "ceremony", "make the wallets of a plan", "plan_file", "dry_run"
    )
    made.add_argument("plan_file", type=Path, help="a TOML file; cards are in cards/ beside it")
    made.add_argument("--dry-run", action="store_true", help="print what it would do")
    deployed = add_custody_command(
        *(custody, "commands", "deploy-safe", "put a plan's Safe and its guard on the chain"),
        *("network", "tier", "plan_file", "payer", "node", "dry_run"),
    )
    deployed.add_argument("plan_file", type=Path)
    deployed.add_argument("--payer", type=Path, required=True, help="a file of keys for the gas")
    guarded = add_custody_command(
        *(custody, "commands", "install-guard", "prepare that a Safe obeys its guard"),
        *("network", "tier", "out", "node", "dry_run"),
    )
    guarded.add_argument("--out", type=Path, required=True, help="the file to write")
    for one in (deployed, guarded):
        one.add_argument("--network", type=int, required=True)
        one.add_argument("--tier", choices=("warm", "cold"), required=True)
        one.add_argument("--node", default="", help="a node's address; else the network's first")
        one.add_argument("--dry-run", action="store_true", help="print what it would do")
    about = "check the record of ceremonies and print what holds"
    add_custody_command(custody, "commands", "show", about)


def add_key_changes(custody: "Subcommands") -> None:
    """Add the commands that bring wallets under other keys."""
    moves = ("out", "node", "rate", "dry_run")
    which = ("network", "tier", "plan_file")
    rotated = add_custody_command(
        *(custody, "commands", "rotate", "prepare a tier's move under a plan's keys"),
        *(*which, *moves),
    )
    recovered = add_custody_command(
        *(custody, "commands", "recover", "prepare a tier's move by its recovery branch"),
        *(*which, *moves),
    )
    for one in (rotated, recovered):
        one.add_argument("network", type=int)
        one.add_argument("tier", choices=("hot", "warm", "cold"))
        one.add_argument("plan_file", type=Path)
    replaced = add_custody_command(
        *(custody, "commands", "replace-holder", "prepare that another has a holder's keys"),
        *("gone", "card_file", "person", "site", "country", "vendor", *moves),
    )
    replaced.add_argument("gone", help="the holder whose keys count no more")
    replaced.add_argument("card_file", type=Path, help="the card of who comes")
    replaced.add_argument("--person", type=int, required=True, help="the same for the same human")
    for place in ("site", "country", "vendor"):
        replaced.add_argument(f"--{place}", default="")
    for one in (rotated, recovered, replaced):
        one.add_argument("--out", type=Path, required=True, help="the file to write")
        one.add_argument("--rate", type=int, default=10, help="fee in sats a virtual byte")
    for one in (rotated, recovered, replaced, add_jobs(custody)):
        one.add_argument("--node", default="", help="a node's address; else the network's first")
        one.add_argument("--dry-run", action="store_true", help="print what it would do")


def add_jobs(custody: "Subcommands") -> argparse.ArgumentParser:
    """Add the commands that sign and finish jobs; the latter's parser."""
    signed = add_custody_command(
        *(custody, "commands", "sign", "sign a job as a holder"),
        *("job_file", "holder", "keys", "module", "token", "out"),
    )
    signed.add_argument("job_file", type=Path)
    add_device(signed)
    signed.add_argument("--out", type=Path, required=True, help="the file to write")
    ended = add_custody_command(
        *(custody, "commands", "finish", "put parts together, send and record"),
        *("job_file", "parts", "node", "payer", "dry_run"),
    )
    ended.add_argument("job_file", type=Path)
    ended.add_argument("parts", type=Path, nargs="+", help="what holders signed")
    ended.add_argument("--payer", type=Path, help="a file of keys that pays gas, named `payer`")
    return ended


def add_refills(custody: "Subcommands") -> None:
    """Add the commands of refills that go by themselves."""
    room = "refill_commands"
    marked = add_custody_command(
        custody, room, "set-marks", "tell the log when hot is refilled", "policy"
    )
    run = add_custody_command(
        *(custody, room, "refill", "refill hot from warm until ended"),
        *("policy", "payer", "rate"),
    )
    run.add_argument("--payer", type=Path, help="a file of keys that pays gas, named `payer`")
    run.add_argument("--rate", type=int, default=10, help="fee in sats a virtual byte")
    served = add_custody_command(
        *(custody, room, "serve-holder", "sign moves as a holder until ended"),
        *("policy", "holder", "keys", "module", "token", "socket", "listen"),
    )
    for one in (marked, run, served):
        one.add_argument("policy", type=Path)
    add_device(served)
    served.add_argument("--socket", default="", help="a socket's name in the data folder")
    served.add_argument("--listen", default="", help="host:port for askers by TLS")
    funded = add_custody_command(
        *(custody, room, "fund-tier", "tell the ledger of the house's coins that came to a tier"),
        *("network", "tier", "asset", "amount", "transaction"),
    )
    funded.add_argument("network", type=int)
    funded.add_argument("tier", choices=("hot", "warm", "cold"))
    funded.add_argument("asset", type=int)
    funded.add_argument("amount", type=int, help="in the ledger's units")
    funded.add_argument("transaction", help="its id")
    charged = add_custody_command(
        *(custody, room, "charge-tier", "tell the ledger of a fee that a tier paid by itself"),
        *("network", "tier", "fee", "transaction"),
    )
    charged.add_argument("network", type=int)
    charged.add_argument("tier", choices=("warm", "cold"))
    charged.add_argument("fee", type=int, help="in the ledger's units")
    charged.add_argument("transaction", help="its id")
    listed = add_custody_command(
        custody, room, "list-moves", "print the moves that the log has decided", "limit"
    )
    listed.add_argument("--limit", type=int, default=20, help="the newest so many")
    ended = add_custody_command(
        *(custody, "ending_commands", "end-move", "end a move that cannot be paid any more"),
        *("number", "move_file", "dry_run"),
    )
    ended.add_argument("number", type=int, help="of list-moves")
    ended.add_argument("--move-file", type=Path, help="a copy of what was handed out to holders")
    ended.add_argument("--dry-run", action="store_true", help="say what the nodes show alone")


def add_moves(custody: "Subcommands") -> None:
    """Add the commands that move coins between tiers."""
    room, device = "move_commands", ("holder", "keys", "module", "token", "out")
    proposed = add_custody_command(
        *(custody, room, "propose-move", "prepare a refill or a sweep that the policy allows"),
        *("policy", "network", "source", "target", "asset", "amount", "proposer"),
        *("out", "node", "rate", "dry_run", "instead_of"),
    )
    proposed.add_argument("policy", type=Path)
    proposed.add_argument("--instead-of", type=Path, help="a move's file, whose coins are spent")
    for name in ("network", "asset", "amount"):
        proposed.add_argument(f"--{name}", type=int, required=True)
    for name in ("source", "target"):
        proposed.add_argument(f"--{name}", choices=("hot", "warm", "cold"), required=True)
    proposed.add_argument("--proposer", required=True, help="whose own approval does not count")
    proposed.add_argument("--rate", type=int, default=10, help="fee in sats a virtual byte")
    approved = add_custody_command(
        custody, room, "approve-move", "approve a move", "move_file", *device
    )
    signed = add_custody_command(
        *(custody, room, "sign-move", "sign an approved move as a holder"),
        *("policy", "move_file", "approvals", *device),
    )
    signed.add_argument("policy", type=Path)
    ended = add_custody_command(
        *(custody, room, "finish-move", "put parts together, send and record"),
        *("move_file", "parts", "node", "payer", "dry_run"),
    )
    posted = add_custody_command(
        *(custody, room, "post-move", "tell the ledger of a move that is final"),
        *("move_file", "transaction", "node"),
    )
    for one in (approved, signed, ended, posted):
        one.add_argument("move_file", type=Path)
    for one in (approved, signed):
        add_device(one)
    signed.add_argument("approvals", type=Path, nargs="+")
    ended.add_argument("parts", type=Path, nargs="+", help="what holders signed")
    ended.add_argument("--payer", type=Path, help="a file of keys that pays gas, named `payer`")
    posted.add_argument("transaction", help="its id")
    for one in (proposed, approved, signed):
        one.add_argument("--out", type=Path, required=True, help="the file to write")
    for one in (proposed, ended, posted):
        one.add_argument("--node", default="", help="a node's address; else the network's first")
    for one in (proposed, ended):
        one.add_argument("--dry-run", action="store_true", help="print what it would do")


def add_presence(custody: "Subcommands") -> None:
    """Add the commands by which holders show that they are there."""
    room = "presence_commands"
    about = "put a fresh challenge to a quorum"
    asked = add_custody_command(custody, room, "challenge", about, "quorum")
    told = add_custody_command(
        *(custody, room, "answer", "sign a challenge as a holder"),
        *("quorum", "digest", "holder", "keys", "module", "token"),
    )
    taken = add_custody_command(
        *(custody, room, "answered", "check a holder's answer and report it"),
        *("quorum", "digest", "holder", "signature"),
    )
    for one in (asked, told, taken):
        one.add_argument("quorum", type=int, help="its number in the file of quorums")
    for one in (told, taken):
        one.add_argument("digest", help="the challenge, in hexadecimal digits")
    add_device(told)
    taken.add_argument("holder")
    taken.add_argument("signature", help="the answer, in hexadecimal digits")


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
    arguments = build_parser().parse_args(words)
    try:
        settings = Settings.load()
    except SettingError as problem:
        print(f"fullreserve: {problem}", file=sys.stderr)
        return USAGE
    run: Command = arguments.run
    try:
        return run(settings, arguments)
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
