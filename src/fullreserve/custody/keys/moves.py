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
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from fullreserve.custody.addresses import account_of, read_account
from fullreserve.custody.chains.adapter import Attempt
from fullreserve.custody.chains.rpc import Node
from fullreserve.custody.chains.utxo_transaction import Pays
from fullreserve.custody.keys.changes import ADDRESSES
from fullreserve.custody.keys.intent import Intent, NotApproved, Rule, TierPolicy
from fullreserve.custody.keys.record import SAFE, Record
from fullreserve.custody.keys.signature import recovered
from fullreserve.custody.keys.tier_signer import Proposal
from fullreserve.custody.tiers import safe, spending
from fullreserve.custody.tiers.safe import SafeTransaction, SafeView
from fullreserve.custody.tiers.wallet import WalletAddresses
from fullreserve.custody.tiers.wallet_coins import found

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


class _File(msgspec.Struct, forbid_unknown_fields=True):
    version: int
    needed: int
    approvers: tuple[str, ...]
    rule: tuple[_Rule, ...]


class Wanted(msgspec.Struct, frozen=True):
    """What somebody proposes to move, in the chain's own units."""

    network: int
    source: str
    target: str
    asset: int
    amount: int
    proposer: str


def load(path: Path, record: Record) -> TierPolicy:
    """The policy of a file, with the approvers' keys of the record's cards; BadMove."""
    try:
        file = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _File)
        rules = tuple(_rule(one, record) for one in file.rule)
        keys = {name: record.state.cards[name].key for name in file.approvers}
        return TierPolicy(file.version, file.needed, keys, rules)
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
        one.fee_max, token,
    )  # fmt: skip


def propose(
    record: Record, node: Node, policy: TierPolicy, wanted: Wanted, now_ms: int, rate: int
) -> Proposal:
    """A move with a transaction that would carry it out; BadMove, Unpayable, NodeProblem."""
    named = (wanted.network, wanted.source, wanted.target, wanted.asset)
    rules = [
        one for one in policy.rules if (one.network, one.source, one.target, one.asset) == named
    ]
    if len(rules) != 1:
        raise BadMove(f"{len(rules)} rules of the policy are about that; one has to be")
    rule = rules[0]
    intent = Intent(
        now_ms, *named, rule.place, wanted.amount, wanted.proposer, policy.digest(), now_ms,
        now_ms + LASTS_MS,
    )  # fmt: skip
    tier = record.wallet(wanted.network, wanted.source)
    if tier.wallet is None:
        account = bytes.fromhex(tier.safe)
        called = safe.transfer_call(rule.token or None, rule.place, wanted.amount)
        nonce = SafeView(node, account).nonce()
        transaction = SafeTransaction(tier.chain_id, account, nonce, *called)
        return Proposal(intent, (), transaction=transaction)
    tip = int(node.call("getblockcount"))
    coins = [one.coin for one in found(node, tier.wallet, ADDRESSES, tier.born, tip)]
    pays = [Pays(rule.place, wanted.amount)]
    spend = spending.planned(tier.wallet, coins, pays, tier.wallet.place(0), rate)
    return Proposal(intent, (), spend)


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
    if proposal.spend is not None:
        said.append(f"the fee is {proposal.spend.fee}, {proposal.spend.left} stay in the wallet")
    return said


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
    digest, signed = proposal.transaction.digest(), {}
    for part in parts:
        key = recovered(part[:64] + bytes((part[64] - 27,)), digest) if len(part) == 65 else None
        if key is None:
            raise NotApproved("a part is no signature of this transaction")
        signed[account_of(key)] = part
    owners = [bytes.fromhex(one) for one in tier.owners.values()]
    sound = safe.checked(proposal.transaction, signed, owners, tier.threshold)
    return proposal.transaction.execution(sound)
