"""The commands of custody: keys of warm and cold wallets, and what is signed with them."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fullreserve.cli.in_room import EXIT_CODES, NETWORK_HELP, InRoom, add_command, network

if TYPE_CHECKING:
    from fullreserve.cli.in_room import Subcommands

ASSET_HELP = "its number, a key of the network's `decimals` in custody.json"

# Of which each may be named once more behind it, too.
_SEVERAL: dict[str, Any] = {"nargs": "+", "action": "extend", "default": []}


def add_custody(commands: "Subcommands") -> None:
    """Add the commands that make, change and use the keys of custody."""
    text = "make and change the keys of warm and cold wallets; docs/guide/custody.md"
    parser = commands.add_parser("custody", help=text, description=text, epilog=EXIT_CODES)
    custody = parser.add_subparsers(title="commands", metavar="command", required=True)
    add_networks(custody)
    add_ceremonies(custody)
    add_key_changes(custody)
    add_hot_keys(custody)
    add_lanes(custody)
    add_presence(custody)
    add_moves(custody)
    add_refills(custody)
    add_old_cold(custody)


def add_custody_command(
    custody: "Subcommands", room: str, name: str, text: str, *names: str
) -> argparse.ArgumentParser:
    """Add a command that a module of `custody.keys` carries out by the command's own name."""
    target = f"fullreserve.custody.keys.{room}:{name.replace('-', '_')}"
    return add_command(custody, name, InRoom(target, names), text)


def add_device(
    parser: argparse.ArgumentParser, *, is_new: bool = False, names_holder: bool = True
) -> None:
    """Add the arguments that name what holds a key."""
    if not is_new:
        if names_holder:
            parser.add_argument("holder")
        parser.add_argument("--keys", type=Path, help="the holder's file of keys")
    parser.add_argument("--module", type=Path, help="of a PKCS#11 token")
    parser.add_argument("--token", default="", help="its label")


def add_networks(custody: "Subcommands") -> None:
    """Add the commands by which the exchange knows a network of custody.json, and its family."""
    names = ("network", "code", "adapter", "dry_run")
    defined = add_command(
        custody,
        "define-network",
        InRoom("fullreserve.app.define_network:define_network", names),
        "tell the running exchange of a network of custody.json, or of its other confirmations",
    )
    defined.add_argument("network", type=network, help=NETWORK_HELP)
    about = "what clients call it, ERC20 of USDT-ERC20; needed the first time"
    defined.add_argument("--code", default="", help=about)
    about = "take a file as its adapter, as take-adapter does"
    defined.add_argument("--adapter", type=Path, help=about)
    taken = add_custody_command(
        *(custody, "adapter_commands", "take-adapter"),
        "take a file of this machine as the adapter of a network of custody.json, once it is tried",
        *("network", "file", "dry_run"),
    )
    taken.add_argument("network", type=network, help=NETWORK_HELP)
    taken.add_argument("file", type=Path, help="Python; docs/guide/custody.md, Adding a family")
    for one in (defined, taken):
        one.add_argument("--dry-run", action="store_true", help="print what it would do")
    about = "have the payer read a chain's blocks once more, for coins that it missed"
    read = add_custody_command(custody, "rescan_commands", "rescan", about, "network", "height")
    read.add_argument("network", type=network, help=NETWORK_HELP)
    read.add_argument("height", type=int, help="of the first block to read")


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
        *(
            custody,
            "presence_commands",
            "identity",
            "make the key of a certificate and its request",
        ),
        *("name", "folder", "sealed"),
    )
    known.add_argument("name", help="payer, exchange, or a hot signer's")
    known.add_argument("folder", type=Path)
    about = "under a passphrase, that of the signer's keys; not for payer and exchange"
    known.add_argument("--sealed", action="store_true", help=about)
    again = add_custody_command(
        *(custody, "certificate_commands", "renew", "renew certificates of the same keys"),
        *("names", "dry_run"),
    )
    again.add_argument("names", nargs="+", help="as the record has them: ann, payer")
    again.add_argument("--dry-run", action="store_true", help="print what it would do")
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
        one.add_argument("--network", type=network, required=True, help=NETWORK_HELP)
        one.add_argument("--tier", choices=("warm", "cold"), required=True)
        one.add_argument("--node", default="", help="a node's address; else the network's first")
        one.add_argument("--dry-run", action="store_true", help="print what it would do")
    about = "check the record of ceremonies and print what holds"
    add_custody_command(custody, "commands", "show", about)
    took = add_custody_command(
        *(custody, "taking_commands", "take-record", "take a copy of the record as a holder"),
        *("record_file", "holder", "cards", "exchanges", "payers", "dry_run"),
    )
    took.add_argument("record_file", type=Path, help="the copy that was given to you")
    took.add_argument("holder")
    took.add_argument(
        "--card", dest="cards", type=Path, **_SEVERAL,
        help="of who is new: the file that you had from the person, not beside the record",
    )  # fmt: skip
    for name in ("exchange", "payer"):
        took.add_argument(
            f"--{name}", dest=f"{name}s", metavar="FINGERPRINT", **_SEVERAL,
            help=f"of the {name}'s new key, which you had from its people and not with the record",
        )  # fmt: skip
    took.add_argument("--dry-run", action="store_true", help="print what it would do")


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
        one.add_argument("network", type=network, help=NETWORK_HELP)
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
    gathered = add_custody_command(
        *(custody, "commands", "gather", "prepare that coins of wallets that were left follow"),
        *("network", "tier", "recovers", *moves),
    )
    gathered.add_argument("network", type=network, help=NETWORK_HELP)
    gathered.add_argument("tier", choices=("hot", "warm", "cold"))
    about = "by the recovery branch of those wallets"
    gathered.add_argument("--recovery", dest="recovers", action="store_true", help=about)
    for one in (rotated, recovered, replaced, gathered):
        one.add_argument("--out", type=Path, required=True, help="the file to write")
        one.add_argument("--rate", type=int, default=10, help="fee in sats a virtual byte")
    for one in (rotated, recovered, replaced, gathered, add_jobs(custody)):
        one.add_argument("--node", default="", help="a node's address; else the network's first")
        one.add_argument("--dry-run", action="store_true", help="print what it would do")


def add_hot_keys(custody: "Subcommands") -> None:
    """Add the commands that change the keys of hot wallets and of users' addresses."""
    room = "hot_commands"
    made = add_custody_command(
        *(custody, room, "signer-key", "make a hot signer's keys and card, or the card alone"),
        *("network", "name", "folder", "lane", "of"),
    )
    made.add_argument("network", type=network, help=NETWORK_HELP)
    made.add_argument("name", help="small letters, digits and -")
    made.add_argument("folder", type=Path, help="where NAME.keys is or goes, and the card")
    made.add_argument("--lane", action="store_true", help="a new file has a new lane's key too")
    about = "another signer's file, whose keys a new one has too"
    made.add_argument("--of", type=Path, metavar="FILE", help=about)
    rotated = add_custody_command(
        *(custody, room, "rotate-hot", "have new keys follow those of a network that is served"),
        *("network", "cards", "signers", "out", "dry_run"),
    )
    rotated.add_argument("network", type=network, help=NETWORK_HELP)
    rotated.add_argument("cards", type=Path, nargs="+", help="of everybody who holds keys then")
    rotated.add_argument("--signers", **_SEVERAL, help="all that are asked then")
    rotated.add_argument("--out", type=Path, help="the file to write; else custody.json itself")
    rotated.add_argument("--dry-run", action="store_true", help="print what it would do")
    about = "ask a network's signers which keys they have"
    asked = add_custody_command(custody, room, "hot-keys", about, "network")
    asked.add_argument("network", type=network, help=NETWORK_HELP)


def add_lanes(custody: "Subcommands") -> None:
    """Add the command that changes which accounts pay."""
    about = "have other accounts pay on a chain of accounts"
    names = ("network", "add", "leave", "forget", "signers", "out", "dry_run")
    rotated = add_custody_command(custody, "lane_commands", "rotate-lanes", about, *names)
    rotated.add_argument("network", type=network, help=NETWORK_HELP)
    for name, what in (
        ("add", "accounts that pay from then on"),
        ("leave", "lanes that pay no more; what they hold goes to the others"),
        ("forget", "lanes that were left and whose keys are lost"),
    ):
        rotated.add_argument(f"--{name}", **_SEVERAL, metavar="ACCOUNT", help=what)
    rotated.add_argument("--signers", **_SEVERAL, help="all that are asked then")
    rotated.add_argument("--out", type=Path, help="the file to write; else custody.json itself")
    rotated.add_argument("--dry-run", action="store_true", help="print what it would do")


def add_jobs(custody: "Subcommands") -> argparse.ArgumentParser:
    """Add the commands that sign and finish jobs; the latter's parser."""
    signed = add_custody_command(
        *(custody, "commands", "sign", "sign a job as a holder"),
        *("job_file", "holder", "keys", "module", "token", "out", "cards", "node", "height"),
    )
    signed.add_argument("job_file", type=Path)
    add_device(signed)
    signed.add_argument(
        "--card", dest="cards", type=Path, **_SEVERAL,
        help="of who is new: the file that you had from the person, not beside the job",
    )  # fmt: skip
    signed.add_argument("--out", type=Path, required=True, help="the file to write")
    signed.add_argument("--node", default="", help="a node's address; else the network's first")
    about = "the newest block, where no node is reached"
    signed.add_argument("--height", type=int, default=0, help=about)
    ended = add_custody_command(
        *(custody, "commands", "finish", "put parts together, send and record"),
        *("job_file", "parts", "node", "payer", "dry_run"),
    )
    ended.add_argument("job_file", type=Path)
    ended.add_argument("parts", type=Path, nargs="*", help="what holders signed")
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
        *("policy", "holder", "keys", "module", "token", "socket", "listen", "exchange"),
    )
    for one in (marked, run, served):
        one.add_argument("policy", type=Path)
    add_device(served)
    served.add_argument("--socket", default="", help="a socket's name in the data folder")
    served.add_argument("--listen", default="", help="host:port for askers by TLS")
    served.add_argument(
        "--exchange", default="", help="tls:exchange@host:port, where it is on another machine"
    )
    funded = add_custody_command(
        *(custody, room, "fund-tier", "tell the ledger of the house's coins that came to a tier"),
        *("network", "tier", "asset", "amount", "transaction", "unasked", "least"),
    )
    funded.add_argument("network", type=network, help=NETWORK_HELP)
    funded.add_argument("tier", choices=("hot", "warm", "cold"))
    funded.add_argument("asset", type=int, help=ASSET_HELP)
    funded.add_argument("amount", type=int, nargs="?", help="in the ledger's units")
    funded.add_argument(
        "transaction",
        nargs="?",
        help="its id, or its block's where contracts sent it; without: all that strangers sent",
    )
    funded.add_argument(
        "--least", type=int, default=1, help="of all: no smaller ones, in the ledger's units"
    )
    funded.add_argument("--unasked", action="store_true", help="a stranger sent them, unasked")
    charged = add_custody_command(
        *(custody, room, "charge-tier", "tell the ledger of a fee that a tier paid by itself"),
        *("network", "tier", "transaction"),
    )
    charged.add_argument("network", type=network, help=NETWORK_HELP)
    charged.add_argument("tier", choices=("warm", "cold"))
    charged.add_argument("transaction", help="its id: the nodes show what it cost")
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
        *("keys", "module", "token", "out", "node", "rate", "dry_run", "instead_of"),
    )
    proposed.add_argument("policy", type=Path)
    proposed.add_argument("--instead-of", type=Path, help="a move's file, whose coins are spent")
    proposed.add_argument("--network", type=network, required=True, help=NETWORK_HELP)
    told = {"asset": ASSET_HELP, "amount": "in the chain's smallest units"}
    for name, text in told.items():
        proposed.add_argument(f"--{name}", type=int, required=True, help=text)
    for name in ("source", "target"):
        proposed.add_argument(f"--{name}", choices=("hot", "warm", "cold"), required=True)
    about = "who signs it, and whose own approval does not count"
    proposed.add_argument("--proposer", required=True, help=about)
    add_device(proposed, names_holder=False)
    proposed.add_argument("--rate", type=int, default=10, help="fee in sats a virtual byte")
    about = "sign a move as its proposer, where nobody has"
    vouched = add_custody_command(custody, room, "vouch-move", about, "move_file", *device)
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
    for one in (vouched, approved, signed, ended, posted):
        one.add_argument("move_file", type=Path)
    for one in (vouched, approved, signed):
        add_device(one)
    signed.add_argument("approvals", type=Path, nargs="+")
    ended.add_argument("parts", type=Path, nargs="+", help="what holders signed")
    ended.add_argument("--payer", type=Path, help="a file of keys that pays gas, named `payer`")
    posted.add_argument("transaction", help="its id")
    for one in (proposed, vouched, approved, signed):
        one.add_argument("--out", type=Path, required=True, help="the file to write")
    for one in (proposed, ended, posted):
        one.add_argument("--node", default="", help="a node's address; else the network's first")
    for one in (proposed, ended):
        one.add_argument("--dry-run", action="store_true", help="print what it would do")


def add_old_cold(custody: "Subcommands") -> None:
    """Add the command that brings cold coins of earlier versions to people's wallet."""
    moved = add_custody_command(
        *(custody, "old_cold", "move-cold", "bring what lies cold under signers' keys to people's"),
        *("network", "key_files", "rate", "dry_run"),
    )
    moved.add_argument("network", type=network, help=NETWORK_HELP)
    moved.add_argument("key_files", type=Path, nargs="+", help="signers' files of keys")
    moved.add_argument("--rate", type=int, default=10, help="fee in sats a virtual byte")
    moved.add_argument("--dry-run", action="store_true", help="print what it would do")


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
