"""`fullreserve custody propose-move|vouch-move|approve-move|sign-move|finish-move|post-move`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from fullreserve.clock import SystemClock
from fullreserve.config import Settings
from fullreserve.custody import networks
from fullreserve.custody.chains.rpc import Node, hexed
from fullreserve.custody.house import House
from fullreserve.custody.keys import gas, intent, moves, taken
from fullreserve.custody.keys.commands import (
    broadcast,
    carried_out,
    node_of,
    opened,
    own_record,
    say,
    word,
    write,
)
from fullreserve.custody.keys.device import Device
from fullreserve.custody.keys.intent import EXCHANGE, Approval
from fullreserve.custody.keys.job import check_device
from fullreserve.custody.keys.key_file import FileDevice
from fullreserve.custody.keys.move_standing import Taken, named
from fullreserve.custody.keys.moves import BadMove, Wanted
from fullreserve.custody.keys.record import Entry, Record
from fullreserve.custody.keys.tier_signer import Proposal, TierMemory, TierSigner
from fullreserve.custody.transfers import salt_of, transfer
from fullreserve.door.socket_client import SocketDoor
from fullreserve.door.socket_server import SOCKET_NAME
from fullreserve.exchange import decimals
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.announced_moves import (
    CLOSED_KEPT,
    Announced,
    AnnouncedState,
    is_of,
)
from fullreserve.exchange.products.deposit_state import FindMoved, ListAnnounced
from fullreserve.exchange.products.tier_moves_wire import TIER_MOVES, End, MoveState
from fullreserve.exchange.wire.commands import amount_bytes

# The gateway of the command line, as in identity's commands.
COMMAND_GATEWAY = 2
_HASH = 32
LEDGER_DIGITS = 8
_ORDER = (
    *(AnnouncedState.SEEN, AnnouncedState.ANNOUNCED),
    *(AnnouncedState.EXPIRED, AnnouncedState.ENDED),
)


def _read(path: Path) -> Proposal:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Proposal)
    except (OSError, msgspec.DecodeError, ValueError) as problem:
        raise BadMove(f"{path} is no move: {problem}") from None


@carried_out
def propose_move(settings: Settings, policy: Path, network: int, source: str, target: str,
                 asset: int, amount: int, proposer: str, keys: Path | None, module: Path | None,
                 token: str, out: Path, node: str, rate: int, dry_run: bool,
                 instead_of: Path | None) -> None:  # fmt: skip
    """Prepares a move that a rule of the policy allows, signed by who proposes it.

    A Safe's nonce is always its next one.
    """
    other = _read(instead_of).spend if instead_of is not None else None
    first = other.inputs if other is not None else ()
    record = Record.of(settings.data)
    wanted = Wanted(network, source, target, asset, amount, proposer)
    agreed = moves.load(policy, record)
    now_ms = SystemClock().wall_ms()
    source_node = node_of(settings, network, node)
    made = moves.propose(record, source_node, agreed, wanted, now_ms, rate, first)
    say(*moves.told(made, record))
    if dry_run:
        say("Nothing was done: this was a dry run.")
        return
    made = _vouched(made, record, opened(proposer, keys, module, token), proposer)
    write(out, msgspec.json.encode(made), 0o644)
    say(f"Wrote {out}: {agreed.needed} of {', '.join(agreed.approvers)} approve it.")
    say(*announcement(settings.data, made))


def _vouched(proposal: Proposal, record: Record, device: Device, holder: str) -> Proposal:
    """With a proposer's word, by the key of the record's card; NotApproved, DeviceProblem."""
    with closing(device):
        word_ = intent.propose(proposal.intent, proposal.binding, device, holder)
    made = msgspec.structs.replace(proposal, proposed=word_)
    moves.check_signed(made, record)
    return made


@carried_out
def vouch_move(settings: Settings, move_file: Path, holder: str, keys: Path | None,
               module: Path | None, token: str, out: Path) -> None:  # fmt: skip
    """Signs a move as its proposer: of what the log decided anybody may, for who cannot ask it."""
    record, proposal = Record.of(settings.data), _read(move_file)
    say(*moves.told(proposal, record))
    made = _vouched(proposal, record, opened(holder, keys, module, token), holder)
    write(out, msgspec.json.encode(made), 0o644)
    say(f"Wrote {out}: {holder} proposes it, whose own approval does not count.")


def announcement(data: Path, made: Proposal) -> list[str]:
    """How operators announce it, at the ledger's scale; nothing where the network is not known."""
    wanted, spend = made.intent, made.spend
    for one in networks.load(data):
        if one.network == wanted.network and wanted.asset in one.decimals:
            amount, _ = one.scales[wanted.asset].to_ledger(wanted.amount)
            fee = one.scales[one.coin].cost(spend.fee) if spend is not None else 0
            way = f"{wanted.source} to {wanted.target}, {decimals.text(amount, LEDGER_DIGITS)}"
            paid = decimals.text(fee, LEDGER_DIGITS)
            return [
                "Before anybody signs, two operators announce it in the console (Custody, moves",
                f"by hand): {way}, fee {paid} now, and more where it is raised.",
            ]
    return []


@carried_out
def approve_move(settings: Settings, move_file: Path, holder: str, keys: Path | None,
                 module: Path | None, token: str, out: Path) -> None:  # fmt: skip
    """Shows an approver what a move is, and signs it."""
    record, proposal = Record.of(settings.data), _read(move_file)
    say(*moves.told(proposal, record))
    moves.check_signed(proposal, record)
    device = opened(holder, keys, module, token)
    write(out, msgspec.json.encode(intent.approve(proposal.intent, device, holder)), 0o644)
    device.close()
    say(f"Wrote {out}.")


@carried_out
def sign_move(settings: Settings, policy: Path, move_file: Path, holder: str,
              approvals: Sequence[Path], keys: Path | None, module: Path | None, token: str,
              out: Path) -> None:  # fmt: skip
    """Signs an approved move as a holder, by his own copies of record and policy."""
    record, proposal = own_record(settings, holder), _read(move_file)
    given = tuple(msgspec.json.decode(one.read_bytes(), type=Approval) for one in approvals)
    proposal = msgspec.structs.replace(proposal, approvals=given)
    say(*moves.told(proposal, record))
    agreed = moves.load(policy, record)
    device = opened(holder, keys, module, token)
    check_device(record, device, holder)
    memory = TierMemory(settings.data / f"custody-tier-{holder}.sqlite")
    try:
        wallets = record.state.wallets
        signer = TierSigner(holder, device, wallets, agreed, memory, SystemClock())
        write(out, signer.sign(proposal), 0o644)
    finally:
        memory.close()
        device.close()
    taken.keep(settings.data, holder, record.entries[-1].hash)
    say(f"Wrote {out}.")


@carried_out
def finish_move(settings: Settings, move_file: Path, parts: Sequence[Path], node: str,
                payer: Path | None, dry_run: bool) -> None:  # fmt: skip
    """Puts parts together, gives the transaction to the chain, and records it."""
    record, proposal = Record.of(settings.data), _read(move_file)
    said = moves.told(proposal, record)
    given = [one.read_bytes() for one in parts]
    number = proposal.intent.network
    source = node_of(settings, number, node)
    if proposal.spend is not None:
        attempt = moves.completed(proposal, record, given)
        if not dry_run:
            broadcast(source, attempt)
        said.append(f"transaction {attempt.txid.hex()}")
    else:
        call = moves.execution(proposal, record, given)
        if not dry_run:
            if payer is None:
                raise BadMove("name the file of keys that pays the gas")
            device = FileDevice.open(payer, word("passphrase of who pays the gas: "))
            account = bytes.fromhex(record.wallet(number, proposal.intent.source).safe)
            said += [f"transaction {one}" for one in gas.send(source, device, account, [call])]
    say(*said)
    if dry_run:
        say("Nothing was done: this was a dry run.")
        return
    entry = Entry(0, SystemClock().wall_ms(), "move", "", said=tuple(said))
    say(f"Recorded as {record.append(entry).hash}. Post it once it is final.")


@carried_out
def post_move(settings: Settings, move_file: Path, transaction: str, node: str) -> None:
    """Tells the ledger of a move whose transaction is final."""
    proposal = _read(move_file)
    done = proposal.intent
    network = networks.load_with(settings.data, done.network)[done.network]
    source = node_of(settings, done.network, node)
    seen = posted(source, proposal, hexed(transaction, _HASH), network.unlock_after)
    scales = network.scales
    amount, dust = scales[done.asset].to_ledger(done.amount)
    if dust:
        raise BadMove("the ledger cannot express the amount")
    name = transfer(salt_of(settings.data), done.network, seen.txid)
    cost = amount_bytes(scales[network.coin].cost(seen.fee))
    tiers = wire.Tier[done.source.upper()], wire.Tier[done.target.upper()]
    came, took = seen.arrived(amount, scales[done.asset])
    said = wire.Moved(
        *(done.network, name, done.asset, *tiers, amount_bytes(came), cost),
        taken=amount_bytes(took),
    )
    number = done.number if done.proposer == EXCHANGE else 0
    code, after, announced, had = asyncio.run(_reported(settings.data, number, said))
    if code:
        raise BadMove(f"the exchange refuses it with code {code}")
    say("The ledger had that transaction already." if had else "The ledger has it.")
    if took:
        part = decimals.text(took, LEDGER_DIGITS)
        say(f"The token's contract took {part} of it, which is the house's cost.")
    if announced:
        say(f"Announced move {announced} has ended with it.")
    elif not number:
        say("It had not been announced: look whether its asset was suspended meanwhile.")
    if after:
        raise BadMove(f"but move {number} stays as it is: its end is refused with code {after}")


def posted(node: Node, proposal: Proposal, name: bytes, final: int) -> Taken:
    """The transaction that carried a move out, final; BadMove, NodeProblem."""
    seen = named(node, proposal, name)
    if seen is None:
        raise BadMove("no block holds that transaction")
    if not seen.is_ours:
        raise BadMove("that transaction did not carry out this move")
    if seen.depth < final:
        raise BadMove(f"it has {seen.depth} of {final} confirmations")
    return seen


async def _reported(data: Path, number: int, said: wire.Moved) -> tuple[int, int, int, int]:
    """The exchange's codes for it and for the end of what its log has decided.

    And what announced it, which nothing does of what the log has decided (a `number`), and by
    which command the ledger had it before, or 0.
    """
    door = await SocketDoor.open(data / SOCKET_NAME, COMMAND_GATEWAY, SystemClock())
    try:
        house = House(door)
        had: int = await house.ask(wire.DEPOSITS, FindMoved(said.transfer))
        if not number:
            told = await announced_of(house, said, had)
            said = msgspec.structs.replace(said, announced=told)
        return *await told_of(house, number, said), said.announced, had
    finally:
        await door.close()


async def announced_of(house: House, said: wire.Moved, had: int) -> int:
    """The announced move that it was: one that was seen before one that was not; 0 for none.

    `had`: by which command the ledger has the transaction already (0: it has not). That one ended
    what it ended, and was not what was announced later.
    """
    known: list[Announced] = await house.ask(
        wire.DEPOSITS, ListAnnounced(is_open=False, limit=CLOSED_KEPT)
    )
    alike = [one for one in known if is_of(one, said)]
    ended = [one.number for one in known if one.transfer == said.transfer]
    if ended:
        return ended[0] if ended[0] in [one.number for one in alike] else 0
    found = [
        one
        for one in alike
        if one.state != AnnouncedState.POSTED and (not had or one.sequence < had)
    ]
    found.sort(key=lambda one: (-_ORDER.index(AnnouncedState(one.state)), -one.number))
    return found[-1].number if found else 0


async def told_of(house: House, number: int, said: wire.Moved) -> tuple[int, int]:
    """The exchange's codes for a move that is final, and for its end; `number` 0: it has none."""
    (code,) = await house.report(wire.DEPOSITS, said)
    if code or not number:
        return code, 0
    end = End(number, MoveState.DONE, said.transfer)
    (after,) = await house.report(TIER_MOVES, end)
    return 0, after
