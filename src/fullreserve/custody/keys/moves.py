"""Moves between tiers, refills of hot and sweeps out of it: proposed, approved, signed, sent.

The policy is a TOML file of which everybody has a copy:

    version = 1
    needed = 2
    approvers = ["ann", "bob", "cyd"]

    [[rule]]
    network = 3
    source = "warm"
    target = "hot"
    asset = 4
    place = "ltc1…"
    amount_max = 5000000
    day_max = 8000000
    fee_max = 50000
    token = ""               # on EVM chains, of what is not the chain's own coin
    standing = false         # whether the log's decision does, without approvals

    [[marks]]                # the published rule of refills, in the ledger's units
    network = 3
    asset = 4
    low = 200000000
    target = 500000000
    cap = 800000000
    least = 1000000
    most = 400000000
    day_most = 800000000
    while_stopped = false

`signers = ["tls:ida@10.0.0.7:9001"]` names those of a tier that answer by themselves; it is no part
of what is agreed on.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from fullreserve.custody.addresses import account_of, read_account
from fullreserve.custody.chains.adapter import Attempt
from fullreserve.custody.chains.rpc import Node
from fullreserve.custody.chains.utxo_transaction import Coin, Pays
from fullreserve.custody.keys.changes import ADDRESSES
from fullreserve.custody.keys.intent import (
    EXCHANGE,
    Intent,
    NotApproved,
    Rule,
    TierPolicy,
    check_proposed,
)
from fullreserve.custody.keys.record import SAFE, Record
from fullreserve.custody.keys.signature import recovered
from fullreserve.custody.keys.tier_signer import Proposal
from fullreserve.custody.tiers import safe, spending
from fullreserve.custody.tiers.safe import SafeTransaction, SafeView
from fullreserve.custody.tiers.wallet import WalletAddresses
from fullreserve.custody.tiers.wallet_coins import found, previous
from fullreserve.exchange.products.tier_moves_wire import Marks
from fullreserve.exchange.wire.commands import amount_bytes

LASTS_MS = 4 * 3_600_000


class BadMove(ValueError):
    """The policy's file or the move makes no sense; the message says in what."""


class _Rule(msgspec.Struct, forbid_unknown_fields=True):
    network: int
    source: str
    target: str
    asset: int
    place: str
    amount_max: int
    day_max: int
    fee_max: int
    token: str = ""
    standing: bool = False


class _Marks(msgspec.Struct, forbid_unknown_fields=True):
    network: int
    asset: int
    low: int
    target: int
    cap: int
    least: int
    most: int
    day_most: int
    while_stopped: bool = False


class _File(msgspec.Struct, forbid_unknown_fields=True):
    version: int
    needed: int
    approvers: tuple[str, ...]
    rule: tuple[_Rule, ...]
    signers: tuple[str, ...] = ()
    marks: tuple[_Marks, ...] = ()


class Wanted(msgspec.Struct, frozen=True):
    """What somebody proposes to move, in the chain's own units."""

    network: int
    source: str
    target: str
    asset: int
    amount: int
    proposer: str


def signers_of(path: Path) -> tuple[str, ...]:
    """Sockets and TLS endpoints of holders' signers that a policy's file names; BadMove."""
    try:
        return _read(path).signers
    except (OSError, ValueError, msgspec.ValidationError) as bad:
        raise BadMove(f"{path}: {bad}") from None


def marks_of(path: Path) -> list[Marks]:
    """When hot is refilled and swept, as a policy's file has it; BadMove."""
    try:
        return [_marks(one) for one in _read(path).marks]
    except (OSError, ValueError, OverflowError, msgspec.ValidationError) as bad:
        raise BadMove(f"{path}: {bad}") from None


def _marks(one: _Marks) -> Marks:
    return Marks(
        network=one.network,
        asset=one.asset,
        low=amount_bytes(one.low),
        target=amount_bytes(one.target),
        cap=amount_bytes(one.cap),
        least=amount_bytes(one.least),
        most=amount_bytes(one.most),
        day_most=amount_bytes(one.day_most),
        while_stopped=one.while_stopped,
    )


def _read(path: Path) -> _File:
    return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _File)


def load(path: Path, record: Record) -> TierPolicy:
    """The policy of a file, with the approvers' keys of the record's cards; BadMove.

    An approver whose key was replaced as a holder's counts no more, and the others go on.
    """
    try:
        file = _read(path)
        rules = tuple(_rule(one, record) for one in file.rule)
        keys = {name: record.card(name).key for name in file.approvers}
        gone = tuple(name for name in file.approvers if name not in record.state.cards)
        cards = {name: one.key for name, one in record.state.cards.items()}
        persons = {name: one.person for name, one in record.state.persons.items()}
        return TierPolicy(
            file.version, file.needed, keys, rules, gone=gone, proposers=cards, persons=persons
        )
    except KeyError as unknown:
        raise BadMove(f"{path}: approver {unknown} has no card in the record") from None
    except (OSError, ValueError, msgspec.ValidationError) as bad:
        raise BadMove(f"{path}: {bad}") from None


def _rule(one: _Rule, record: Record) -> Rule:
    wallet = record.wallet(one.network, one.source)
    if wallet.wallet is not None:
        place = WalletAddresses(wallet.wallet, wallet.hrp).read(one.place)
    else:
        place = read_account(one.place)
    token = read_account(one.token) if one.token else b""
    return Rule(
        one.network, one.source, one.target, one.asset, place, one.amount_max, one.day_max,
        one.fee_max, token, one.standing,
    )  # fmt: skip


def propose(
    record: Record,
    node: Node,
    policy: TierPolicy,
    wanted: Wanted,
    now_ms: int,
    rate: int,
    first: Sequence[Coin] = (),
) -> Proposal:
    """A move with a transaction that would carry it out; BadMove, Unpayable, NodeProblem.

    Coins of `first` are spent before others, so that what they were for cannot be paid as well.
    """
    named = (wanted.network, wanted.source, wanted.target, wanted.asset)
    rules = [
        one for one in policy.rules if (one.network, one.source, one.target, one.asset) == named
    ]
    if len(rules) != 1:
        raise BadMove(f"{len(rules)} rules of the policy are about that; one has to be")
    rule = rules[0]
    if not 0 < wanted.amount <= rule.amount_max:
        raise BadMove(f"{wanted.amount} is not allowed: 1 to {rule.amount_max} at once")
    if wanted.proposer not in record.state.cards:
        raise BadMove(f"{wanted.proposer} has no card in the record: who proposes is named by it")
    intent = Intent(
        now_ms, *named, rule.place, wanted.amount, wanted.proposer, policy.digest(), now_ms,
        now_ms + LASTS_MS,
    )  # fmt: skip
    return built(record, node, intent, rule, rate, first)


def built(
    record: Record, node: Node, intent: Intent, rule: Rule, rate: int, first: Sequence[Coin] = ()
) -> Proposal:
    """A transaction that would carry an intent out, not approved yet; Unpayable, NodeProblem.

    Of a script wallet those of the coins `first` that are still there are spent before others.
    """
    tier = record.wallet(intent.network, intent.source)
    if tier.wallet is None:
        account = bytes.fromhex(tier.safe)
        called = safe.transfer_call(rule.token or None, rule.place, intent.amount)
        nonce = SafeView(node, account).nonce()
        transaction = SafeTransaction(tier.chain_id, account, nonce, *called)
        return Proposal(intent, (), transaction=transaction)
    tip = int(node.call("getblockcount"))
    there = found(node, tier.wallet, ADDRESSES, tier.born, tip)
    coins = [one.coin for one in there]
    pays = [Pays(rule.place, intent.amount)]
    spend = spending.planned(tier.wallet, coins, pays, tier.wallet.place(0), rate, first)
    return Proposal(intent, (), spend, previous=previous(there, spend.inputs))


def told(proposal: Proposal, record: Record) -> list[str]:
    """What a move is, for people, from what would be signed for it."""
    intent = proposal.intent
    tier = record.wallet(intent.network, intent.source)
    if tier.wallet is not None:
        place = WalletAddresses(tier.wallet, tier.hrp).text(intent.place)
    else:
        place = "0x" + intent.place.hex()
    said = [
        f"move {intent.number}: {intent.amount} of asset {intent.asset} from the {tier.name}",
        f"to {place} ({intent.target}), proposed by {intent.proposer}, policy {intent.policy[:12]}",
    ]
    if proposal.proposed is not None:
        name = proposal.proposed.approver
        card = record.state.cards.get(name)
        shown = f"fingerprint {card.fingerprint}" if card is not None else "who has no card here"
        said.append(f"the proposal is signed by {name}, {shown}")
    if proposal.spend is not None:
        said.append(f"the fee is {proposal.spend.fee}, {proposal.spend.left} stay in the wallet")
    return said


def check_signed(proposal: Proposal, record: Record) -> None:
    """That a person's proposal is signed by that person, by this record; NotApproved.

    What is said to be decided by the exchange's log the holders' signers ask it about.
    """
    if proposal.intent.proposer != EXCHANGE or proposal.proposed is not None:
        cards = {name: one.key for name, one in record.state.cards.items()}
        check_proposed(proposal.intent, proposal.binding, proposal.proposed, cards)


def completed(proposal: Proposal, record: Record, parts: Sequence[bytes]) -> Attempt:
    """A script wallet's transaction; spending.WrongPart, Unpayable, BadMove."""
    tier = record.wallet(proposal.intent.network, proposal.intent.source)
    if tier.wallet is None or proposal.spend is None:
        raise BadMove("it is a Safe's move")
    return spending.completed(tier.wallet, proposal.spend, parts)


def execution(proposal: Proposal, record: Record, parts: Sequence[bytes]) -> bytes:
    """The call to the Safe; safe.NotEnough, BadMove."""
    tier = record.wallet(proposal.intent.network, proposal.intent.source)
    if tier.kind != SAFE or proposal.transaction is None:
        raise BadMove("it is no Safe's move")
    signed = dict(owner_of(proposal, record, part) for part in parts)
    owners = [bytes.fromhex(one) for one in tier.owners.values()]
    sound = safe.checked(proposal.transaction, signed, owners, tier.threshold)
    return proposal.transaction.execution(sound)


def owner_of(proposal: Proposal, record: Record, part: bytes) -> tuple[bytes, bytes]:
    """Whose signature of a Safe's move a part is, and the part; NotApproved."""
    transaction = proposal.transaction
    tier = record.wallet(proposal.intent.network, proposal.intent.source)
    whole = transaction is not None and len(part) == 65 and part[64] in (27, 28)
    key = (
        recovered(part[:64] + bytes((part[64] - 27,)), transaction.digest())
        if transaction is not None and whole
        else None
    )
    if key is None:
        raise NotApproved("a part is no signature of this transaction")
    owner = account_of(key)
    if owner.hex() not in tier.owners.values():
        raise NotApproved(f"0x{owner.hex()} is no owner")
    return owner, part
