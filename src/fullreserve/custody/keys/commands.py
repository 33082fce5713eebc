"""`fullreserve custody …`: ceremonies, changes of keys, and what holders do for them."""

from __future__ import annotations

import datetime as dt
import getpass
import os
import sqlite3
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import ParamSpec

import msgspec

from fullreserve.clock import SystemClock
from fullreserve.config import Settings
from fullreserve.custody import networks
from fullreserve.custody.addresses import account_of, checksummed
from fullreserve.custody.bech32 import BadAddress
from fullreserve.custody.chains.adapter import Attempt, Unpayable
from fullreserve.custody.chains.rpc import Node, NodeProblem, NodeRefuses
from fullreserve.custody.keys import (
    authority,
    card,
    certificates,
    exchange_key,
    gas,
    job,
    plan,
    proof,
    shown_record,
    taken,
)
from fullreserve.custody.keys.changes import (
    changed,
    everybody,
    gathered,
    guarded,
    swaps_done,
    want_empty,
    without,
)
from fullreserve.custody.keys.deployment import deploy
from fullreserve.custody.keys.device import Device, DeviceProblem
from fullreserve.custody.keys.intent import NotApproved
from fullreserve.custody.keys.job import GATHERING, Job
from fullreserve.custody.keys.key_file import FileDevice
from fullreserve.custody.keys.no_dumps import forbid_dumps
from fullreserve.custody.keys.record import FILE, SAFE, Entry, Proof, Record, TierWallet
from fullreserve.custody.keys.tier_quorum import Person
from fullreserve.custody.keys.tls_door import CERTIFICATES
from fullreserve.custody.keys.token import TokenDevice
from fullreserve.custody.tiers import spending
from fullreserve.custody.tiers.safe import SafeView
from fullreserve.custody.tiers.wallet import WalletAddresses
from fullreserve.door.protocol import Unavailable

P = ParamSpec("P")
_TAKE = "Give every holder a copy of the record, for `fullreserve custody take-record`."

_PROBLEMS = (
    NotApproved, DeviceProblem, NodeProblem, networks.BadNetworks, BadAddress, OSError, ValueError,
    RuntimeError, Unavailable, sqlite3.Error,
)  # fmt: skip


def say(*lines: str) -> None:
    """Prints lines."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def carried_out(run: Callable[P, None]) -> Callable[P, int]:
    """Says what went wrong in a sentence; the exit code."""

    @wraps(run)
    def run_guarded(*args: P.args, **kwargs: P.kwargs) -> int:
        forbid_dumps()
        try:
            run(*args, **kwargs)
        except _PROBLEMS as problem:
            sys.stderr.write(f"fullreserve: {problem}\n")
            return 1
        return 0

    return run_guarded


@carried_out
def holder_key(_settings: Settings, name: str, folder: Path, module: Path | None, token: str
               ) -> None:  # fmt: skip
    """Makes a holder's key and card, and his certificate's request, on his own machine."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    phrase = word(f"passphrase (PIN) for {name}: ")
    device: Device
    if module is not None:
        device, kind = TokenDevice.open(module, token, phrase.decode()), "pkcs11"
        device.make(name)
    else:
        device, kind = FileDevice.create(folder / f"{name}.keys", phrase, [name]), "file"
    made = authority.identity(name, phrase)
    write(folder / f"{name}.tls.key", made.key, 0o600)
    one = card.make(device, name, kind, made.request)
    write(folder / f"{name}.json", msgspec.json.format(msgspec.json.encode(one)), 0o644)
    device.close()
    say(
        f"The key of {name} is in the {kind} device; its fingerprint is {one.fingerprint}.",
        f"Take {folder / f'{name}.json'} to the ceremony, and compare the fingerprint there.",
    )


@carried_out
def ceremony(settings: Settings, plan_file: Path, dry_run: bool) -> None:
    """Makes the wallets of a plan, and certificates for who signs and asks."""
    record = Record.of(settings.data)
    agreed = plan.load(plan_file, record.state.cards, record.state.persons)
    clash = [one.name for one in agreed.wallets
             if (one.network, one.tier) in record.state.wallets]  # fmt: skip
    if clash:
        raise plan.BadPlan(f"there is a {clash[0]} already: rotate it")
    for one in agreed.cards.values():
        say(f"holder {one.holder}: {one.device}, fingerprint {one.fingerprint}")
    for wallet in agreed.wallets:
        say(*shown_record.wallet(wallet, agreed.persons))
        if wallet.kind == SAFE:
            say(_compared(settings, wallet))
    requests = agreed.wanting(record.state.certificates)
    say(f"certificates for {', '.join(sorted(requests)) or 'nobody'}")
    if dry_run:
        say("Nothing was done: this was a dry run.")
        return
    now = SystemClock().wall_ms()
    title = f"ceremony {len(record.entries) + 1}"
    issued = authority.Issued("", {})
    if requests:
        issued = authority.issue(title, sorted(requests.items()), now)
    shown = certificates.shown(settings.data, record, issued.certificates)
    if requests:
        keep_certificates(settings.data, issued)
    entry = Entry(
        0, now, "ceremony", "", tuple(agreed.cards.values()), tuple(agreed.persons.values()),
        agreed.wallets, (), issued.authority,
        {name: authority.fingerprint(text) for name, text in issued.certificates.items()},
    )  # fmt: skip
    done = record.append(msgspec.structs.replace(entry, **shown))
    say(*certificates.compared(shown), f"Recorded as {done.hash}. {_TAKE}")


def _compared(settings: Settings, one: TierWallet) -> str:
    """A Safe is one on its chain, or no ceremony can be done again; BadPlan, NodeProblem."""
    if not (one.safe and one.guard):
        raise plan.BadPlan(f"the {one.name} has no `safe` and `guard` yet: deploy-safe prints them")
    try:
        node = node_of(settings, one.network, "")
    except networks.BadNetworks as unknown:
        return f"  not compared with its chain: {unknown}"
    view = SafeView(node, bytes.fromhex(one.safe))
    if {each.hex() for each in view.owners()} != set(one.owners.values()):
        raise plan.BadPlan(f"the {one.name} has other owners on its chain than in the plan")
    if view.threshold() != one.threshold:
        raise plan.BadPlan(f"the {one.name} wants {view.threshold()} signatures on its chain")
    return "  its chain has the same owners and threshold"


@carried_out
def show(settings: Settings) -> None:
    """Checks the record's chain and prints what holds."""
    record = Record.of(settings.data)
    for entry in record.entries:
        say(f"{entry.number} {entry.kind} {entry.hash}", *(f"  {line}" for line in entry.said))
    for wallet in record.state.wallets.values():
        say(*shown_record.wallet(wallet, record.state.persons))
    for one in certificates.held(settings.data, record):
        say(f"certificate of {one.name} until {day(one.ends_ms)}")
    for name, does in exchange_key.DOES.items():
        if known := exchange_key.told(record, name):
            say(f"the {name} {does} by the {known}")


@carried_out
def rotate(settings: Settings, network: int, tier: str, plan_file: Path, out: Path, node: str,
           rate: int, dry_run: bool) -> None:  # fmt: skip
    """Prepares the move of a tier under a plan's keys."""
    _move(settings, "rotation", (network, tier), plan_file, out, node, rate, dry_run=dry_run)


@carried_out
def recover(settings: Settings, network: int, tier: str, plan_file: Path, out: Path, node: str,
            rate: int, dry_run: bool) -> None:  # fmt: skip
    """Prepares the move by the recovery branch, when too few holders are left."""
    _move(settings, "recovery", (network, tier), plan_file, out, node, rate, dry_run=dry_run)


def _move(settings: Settings, kind: str, which: tuple[int, str], plan_file: Path, out: Path,
          node: str, rate: int, *, dry_run: bool) -> None:  # fmt: skip
    record = Record.of(settings.data)
    agreed = plan.load(plan_file, record.state.cards, record.state.persons)
    after = next((one for one in agreed.wallets if (one.network, one.tier) == which), None)
    if after is None:
        raise plan.BadPlan(f"{plan_file} says nothing of the {which[1]} wallet of {which[0]}")
    made = changed(record, node_of(settings, which[0], node), after, rate, kind)
    known = record.state.cards
    new = tuple(one for name, one in agreed.cards.items() if known.get(name) != one)
    names = {one.holder for one in new}
    persons = tuple(one for one in agreed.persons.values() if one.holder in names)
    made = msgspec.structs.replace(made, cards=new, persons=persons)
    _hand_out(record, made, out, dry_run=dry_run)


@carried_out
def deploy_safe(settings: Settings, network: int, tier: str, plan_file: Path, payer: Path,
                node: str, dry_run: bool) -> None:  # fmt: skip
    """Puts a plan's Safe and guard on the chain, for the ceremony to take."""
    record = Record.of(settings.data)
    agreed = plan.load(plan_file, record.state.cards, record.state.persons)
    which = (network, tier)
    wanted = next((one for one in agreed.wanted if (one.network, one.tier) == which), None)
    if wanted is None or wanted.kind != SAFE:
        raise plan.BadPlan(f"{plan_file} says nothing of a {tier} Safe on network {network}")
    rules = plan.guard_rules(wanted)
    owners = [bytes.fromhex(agreed.cards[name].account) for name in wanted.holders]
    say(f"{wanted.threshold} of", *(f"  {name} {checksummed(owner)}" for name, owner
                                    in zip(wanted.holders, owners, strict=True)))  # fmt: skip
    say(f"pays {', '.join(wanted.destinations)}; others {wanted.delay_s} s after being announced")
    if dry_run:
        say("Nothing was done: this was a dry run.")
        return
    device = _payer(payer)
    salt = int.from_bytes(os.urandom(32), "big")
    made = deploy(node_of(settings, network, node), device, owners, rules, salt)
    say(*(f"transaction {one}" for one in made.transactions))
    say("For the plan:", f'safe = "{made.safe.hex()}"', f'guard = "{made.guard.hex()}"')


@carried_out
def install_guard(settings: Settings, network: int, tier: str, out: Path, node: str,
                  dry_run: bool) -> None:  # fmt: skip
    """Prepares that a Safe obeys its guard from then on."""
    record = Record.of(settings.data)
    made = guarded(record, node_of(settings, network, node), network, tier)
    _hand_out(record, made, out, dry_run=dry_run)


@carried_out
def replace_holder(settings: Settings, gone: str, card_file: Path, person: int, site: str,
                   country: str, vendor: str, out: Path, node: str, rate: int,
                   dry_run: bool) -> None:  # fmt: skip
    """Prepares, for every wallet that a holder still has a key of, that another has it.

    One that no job can be made for now holds up none of the others; BadPlan names it at the end.
    """
    record = Record.of(settings.data)
    comes = card.read(card_file)
    who = Person(comes.holder, person, site, country, vendor)
    touched = without(record, gone, comes, who)
    if node and len({one.network for one in touched}) > 1:
        several = ", ".join(str(one.network) for one in touched)
        raise networks.BadNetworks(f"he has keys on networks {several}: one node is not of all")
    undone = list[str]()
    for after in touched:
        try:
            made = changed(
                record, node_of(settings, after.network, node), after, rate, "replacement"
            )
            made = msgspec.structs.replace(made, cards=(comes,), persons=(who,), gone=(gone,))
            place = out.with_name(f"{out.stem}-{after.network}-{after.tier}{out.suffix}")
            _hand_out(record, made, place, dry_run=dry_run)
        except (NodeProblem, ValueError) as why:
            undone.append(f"no job for the {after.name}: {why}")
    if undone:
        raise plan.BadPlan("\n".join(undone))


@carried_out
def gather(settings: Settings, network: int, tier: str, out: Path, node: str, rate: int,
           recovers: bool, dry_run: bool) -> None:  # fmt: skip
    """Prepares that what came to wallets which a tier has left comes to its newest."""
    record = Record.of(settings.data)
    source = node_of(settings, network, node)
    jobs, stays = gathered(record, source, network, tier, rate, recovers=recovers)
    if not jobs and not stays:
        say("Nothing lies at a wallet that was left.")
    say(*stays)
    for number, made in enumerate(jobs, 1):
        place = out.with_name(f"{out.stem}-{number}{out.suffix}")
        _hand_out(record, made, place, dry_run=dry_run)


def _hand_out(record: Record, made: Job, out: Path, *, dry_run: bool) -> None:
    say(*job.checked(made, record))
    if dry_run:
        say("Nothing was done: this was a dry run.")
        return
    write(out, msgspec.json.encode(made), 0o644)
    if made.is_record_alone:
        say(f"Wrote {out}: nobody signs it; finish it before coins come.")
        return
    say(f"Wrote {out}: each holder signs it with `fullreserve custody sign`.")
    before = job.source_of(made, record)
    if made.spend is not None and before.wallet is not None:
        psbt = out.with_suffix(".psbt")
        write(
            psbt,
            bytes(spending.unsigned(before.wallet, made.spend, made.previous).serialize()),
            0o644,
        )
        say(f"Wrote {psbt} for devices that are never connected.")


@carried_out
def sign(settings: Settings, job_file: Path, holder: str, keys: Path | None, module: Path | None,
         token: str, out: Path, cards: Sequence[Path], node: str, height: int) -> None:  # fmt: skip
    """Shows a holder what a job does, by his own copy of the record, and signs it."""
    record, wanted = own_record(settings, holder), job.read(job_file)
    given = [card.read(path) for path in cards]
    say(*job.checked(wanted, record))
    job.vouch(wanted, record, given)
    job.check_born(wanted, record, lambda: height or tip_of(settings, wanted.network, node))
    device = opened(holder, keys, module, token)
    write(out, job.sign(wanted, record, device, holder, given), 0o644)
    device.close()
    taken.keep(settings.data, holder, record.entries[-1].hash)
    say(f"Wrote {out}.")


def own_record(settings: Settings, holder: str) -> Record:
    """That of the data folder, whose entries the holder has taken or what is added proves itself.

    NotTaken, BadRecord, NodeProblem. The first that he signs by is shown, and is his from then on.
    """
    data = settings.data
    record, newest = Record.of(data), taken.kept(data, holder)
    try:
        judged = taken.judge(data / FILE, newest, (), tips_of(settings))
    except taken.NotTaken as wrong:
        raise taken.untaken(data, holder, wrong) from None
    if judged:
        say(*shown_record.lines(judged, record))
    return record


def opened(holder: str, keys: Path | None, module: Path | None, token: str) -> Device:
    """A holder's device, with the passphrase or PIN from the terminal; DeviceProblem."""
    phrase = word(f"passphrase (PIN) for {holder}: ")
    if module is not None:
        return TokenDevice.open(module, token, phrase.decode())
    if keys is None:
        raise DeviceProblem("name a file of keys, or a module and a token")
    return FileDevice.open(keys, phrase)


@carried_out
def finish(settings: Settings, job_file: Path, parts: Sequence[Path], node: str, payer: Path | None,
           dry_run: bool) -> None:  # fmt: skip
    """Puts parts together, gives the transactions to the chain, and records what was done."""
    record, wanted = Record.of(settings.data), job.read(job_file)
    said = job.checked(wanted, record)
    given = [path.read_bytes() for path in parts]
    source = node_of(settings, wanted.network, node)
    job.check_born(wanted, record, lambda: int(source.call("getblockcount")))
    if wanted.spend is not None:
        attempt = job.completed(wanted, record, given)
        said += [f"transaction {attempt.txid.hex()}"]
        say(*said)
        if not dry_run:
            broadcast(source, attempt)
    elif wanted.is_record_alone:
        want_empty(record.wallet(wanted.network, wanted.tier), source)
        say(*said)
    else:
        calls = job.executions(wanted, record, given)
        done = swaps_done(wanted, record.wallet(wanted.network, wanted.tier), source)
        said += [f"its chain has {done} of {len(calls)} calls already"] * bool(done)
        calls = calls[done:]
        say(*said)
        if calls and not dry_run:
            if payer is None:
                raise Unpayable("name the file of keys that pays the gas")
            device = _payer(payer)
            safe = bytes.fromhex(record.wallet(wanted.network, wanted.tier).safe)
            said += [f"transaction {one}" for one in gas.send(source, device, safe, calls)]
    if dry_run:
        say("Nothing was done: this was a dry run.")
        return
    shown = proof.made(wanted, record, given)
    say(f"Recorded as {_record_done(settings.data, record, wanted, said, shown).hash}.")
    say(*_left(wanted))


def _left(done: Job) -> list[str]:
    """What is to be done for a wallet that another follows."""
    wallet = done.after.wallet
    if wallet is None or done.kind == GATHERING:
        return []
    text = WalletAddresses(wallet, done.after.hrp).address(0)
    said = [_TAKE]
    if done.tier == "warm":
        said += [
            f"Sweeps of hot go to {text} now. Take the record to the payer and each hot signer, or",
            f"write that address as `warm` into their {networks.FILE}: they sweep nothing until",
            "they agree.",
        ]
    which = f"{done.network} {done.tier}"
    return [
        *said,
        f"What still comes to the wallet before: fullreserve custody gather {which} --out FILE",
    ]


def _record_done(data: Path, record: Record, done: Job, said: Sequence[str],
                 shown: Proof | msgspec.UnsetType) -> Entry:  # fmt: skip
    state, now = record.state, SystemClock().wall_ms()
    others = [one for key, one in state.wallets.items() if key != (done.network, done.tier)]
    wallets = () if done.kind == GATHERING else (done.after,)
    # Who still holds a key of another wallet stays known until that one has changed too.
    held = {name for one in others for name in everybody(one)}
    gone = tuple(name for name in done.gone if name not in held)
    requests = [(one.holder, one.request) for one in done.cards
                if one.request and one.holder not in state.certificates]  # fmt: skip
    issued = authority.Issued("", {})
    if requests:
        issued = authority.issue(f"ceremony {len(record.entries) + 1}", requests, now)
        keep_certificates(data, issued)
    prints = {name: authority.fingerprint(text) for name, text in issued.certificates.items()}
    return record.append(
        Entry(
            0,
            now,
            done.kind,
            "",
            done.cards,
            done.persons,
            wallets,
            gone,
            issued.authority,
            prints,
            tuple(said),
            proof=shown,
        )
    )


def _payer(path: Path) -> FileDevice:
    """Who pays the gas, whose account has to have some; DeviceProblem."""
    device = FileDevice.open(path, word("passphrase of who pays the gas: "))
    say(f"{checksummed(account_of(device.public(gas.PAYER)))} pays the gas")
    return device


def keep_certificates(data: Path, issued: authority.Issued, below: str = "") -> None:
    """Into the data folder, each as NAME.pem."""
    folder = data / CERTIFICATES / below
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, text in issued.certificates.items():
        write(folder / f"{name}.pem", text.encode(), 0o644)


def broadcast(node: Node, attempt: Attempt) -> None:
    """Gives a transaction to a node, which may have it already; NodeProblem."""
    try:
        node.call("sendrawtransaction", attempt.raw.hex())
    except NodeRefuses as refusal:
        # Whoever got no answer the first time asks again.
        if "already" not in refusal.message.lower() and not _is_known(node, attempt.txid):
            raise


def _is_known(node: Node, txid: bytes) -> bool:
    try:
        node.call("getrawtransaction", txid.hex())
    except NodeRefuses:
        return False
    return True


def node_of(settings: Settings, network: int, url: str) -> Node:
    """The node at an address, or the network's first; networks.BadNetworks."""
    if url:
        return Node(url)
    for one in networks.load(settings.data):
        if one.network == network and one.nodes:
            return Node(one.nodes[0])
    raise networks.BadNetworks(f"no node of network {network} is known: name one with --node")


def day(time_ms: int) -> str:
    """A moment's date, in UTC."""
    return f"{dt.datetime.fromtimestamp(time_ms / 1000, dt.UTC):%Y-%m-%d}"


def tip_of(settings: Settings, network: int, url: str) -> int:
    """The height of a network's newest block; networks.BadNetworks, NodeProblem."""
    try:
        node = node_of(settings, network, url)
    except networks.BadNetworks as unknown:
        raise networks.BadNetworks(
            f"{unknown}, or with --height the newest block that you see elsewhere"
        ) from None
    return int(node.call("getblockcount"))


def tips_of(settings: Settings) -> Callable[[int], int | None]:
    """The newest block of networks whose nodes the data folder names; None of others."""

    def tip(network: int) -> int | None:
        try:
            return tip_of(settings, network, "")
        except networks.BadNetworks:
            return None

    return tip


def word(prompt: str) -> bytes:
    """From the terminal, or a line of standard input."""
    if sys.stdin.isatty():
        return getpass.getpass(prompt).encode()
    return sys.stdin.readline().rstrip("\n").encode()


def write(path: Path, content: bytes, mode: int) -> None:
    """A file, on disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
