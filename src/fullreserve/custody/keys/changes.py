"""Jobs that bring a tier under other keys: rotation, replacement of a holder, recovery."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import msgspec

from fullreserve.custody.chains.adapter import Unpayable
from fullreserve.custody.chains.rpc import Node
from fullreserve.custody.keys.card import Card
from fullreserve.custody.keys.job import (
    GATHERING,
    GUARD,
    RECOVERY,
    REPLACEMENT,
    Job,
    WrongJob,
    swapped,
)
from fullreserve.custody.keys.plan import BadPlan, Plan, agree, with_another
from fullreserve.custody.keys.record import SAFE, Record, TierWallet
from fullreserve.custody.keys.tier_quorum import Person, renumbering
from fullreserve.custody.tiers import guard, safe, spending
from fullreserve.custody.tiers.safe import SafeTransaction, SafeView
from fullreserve.custody.tiers.wallet import BadWallet, Wallet
from fullreserve.custody.tiers.wallet_coins import Found, found, found_of_all, previous, ripe

ADDRESSES = 20  # of a tier that are looked at


def changed(record: Record, node: Node, after: TierWallet, rate: int, kind: str) -> Job:
    """The job that moves a tier under the keys of `after`; BadPlan, NodeProblem, Unpayable."""
    before = record.wallet(after.network, after.tier)
    if before.kind != after.kind:
        raise BadPlan(f"the {before.name} is of kind {before.kind}, not {after.kind}")
    if before.kind == SAFE:
        if kind == RECOVERY:
            raise BadPlan("a Safe has no recovery branch: replace owners while enough are left")
        return _swaps(node, before, after, kind)
    return _moves(record, node, after, rate, kind)


def _moves(record: Record, node: Node, after: TierWallet, rate: int, kind: str) -> Job:
    before = record.wallet(after.network, after.tier)
    assert before.wallet is not None
    assert after.wallet is not None
    tip = int(node.call("getblockcount"))
    coins = found(node, before.wallet, ADDRESSES, before.born, tip)
    recovers = kind == RECOVERY
    if kind == REPLACEMENT and not coins:
        # A holder who is gone must have no key of what comes later either.
        return Job(kind, before.network, before.tier, _placed(record, before, after, tip))
    if recovers:
        coins = _ripe(coins, before.wallet, tip)
    chosen = [one.coin for one in coins]
    spend = spending.swept(before.wallet, chosen, after.wallet.place(0), rate, recovers=recovers)
    made = previous(coins, spend.inputs)
    placed = _placed(record, before, after, tip)
    return Job(kind, before.network, before.tier, placed, spend, previous=made)


def _ripe(coins: list[Found], wallet: Wallet, tip: int) -> list[Found]:
    """Those that recovery holders may spend by now; Unpayable where they may none of what is."""
    taken = ripe(coins, wallet, tip)
    if coins and not taken:
        held = sum(one.coin.amount for one in coins)
        left = [one.height + wallet.older - 1 - tip for one in coins]
        raise Unpayable(
            f"no coin is old enough for recovery, of {held} in {len(coins)}: each waits"
            f" {wallet.older} blocks, the first for {min(left)} more and the last for {max(left)}"
        )
    return taken


def _placed(record: Record, before: TierWallet, after: TierWallet, tip: int) -> TierWallet:
    # Who goes back to keys of before has their coins of before.
    known = record.every(after.network, after.tier)
    born = [one.born for one in known if one.wallet == after.wallet]
    return msgspec.structs.replace(after, hrp=before.hrp, born=min((*born, tip)))


def want_empty(one: TierWallet, node: Node) -> None:
    """WrongJob where a script wallet has coins: they have to be moved; NodeProblem."""
    assert one.wallet is not None
    if found(node, one.wallet, ADDRESSES, one.born, int(node.call("getblockcount"))):
        raise WrongJob(f"the {one.name} has coins by now: make the job anew, which moves them")


def gathered(
    record: Record, node: Node, network: int, tier: str, rate: int, *, recovers: bool
) -> tuple[list[Job], list[str]]:
    """Jobs that bring what lies at wallets which a tier has left to its newest, and what stays.

    One for each wallet, as its own holders sign it, or its recovery holders. NodeProblem.
    """
    newest = record.wallet(network, tier)
    left = [(one, one.wallet) for one in record.left(network, tier) if one.wallet is not None]
    if not left:
        return [], []
    tip = int(node.call("getblockcount"))
    first = min(one.born for one, _ in left)
    coins = found_of_all(node, [wallet for _, wallet in left], ADDRESSES, first, tip)
    jobs, stays = list[Job](), list[str]()
    for (one, wallet), there in zip(left, coins, strict=True):
        try:
            if there:
                taken = _ripe(there, wallet, tip) if recovers else there
                jobs.append(_brought(one, newest, taken, rate, recovers=recovers))
        except (Unpayable, BadWallet) as why:
            held = sum(each.coin.amount for each in there)
            stays.append(f"{held} stay with {', '.join(one.holders)}: {why}")
    return jobs, stays


def _brought(
    source: TierWallet, newest: TierWallet, coins: list[Found], rate: int, *, recovers: bool
) -> Job:
    assert source.wallet is not None
    assert newest.wallet is not None
    chosen = [one.coin for one in coins]
    place = newest.wallet.place(0)
    spend = spending.swept(source.wallet, chosen, place, rate, recovers=recovers)
    made = previous(coins, spend.inputs)
    return Job(
        GATHERING, newest.network, newest.tier, newest, spend, previous=made, source=source.wallet
    )


def _swaps(node: Node, before: TierWallet, after: TierWallet, kind: str) -> Job:
    account = bytes.fromhex(before.safe)
    view = SafeView(node, account)
    owners, nonce = view.owners(), view.nonce()
    if {one.hex() for one in owners} != set(before.owners.values()):
        raise BadPlan(f"the {before.name} has other owners on the chain than in the record")
    if after.threshold != before.threshold or len(after.owners) != len(before.owners):
        raise BadPlan("a change of keys keeps the quorum as it is")
    wanted = [bytes.fromhex(one) for one in after.owners.values()]
    old = [one for one in owners if one not in wanted]
    new = [one for one in wanted if one not in owners]
    made = []
    for goes, comes in zip(old, new, strict=True):
        call = safe.swap_call(owners, goes, comes)
        owners[owners.index(goes)] = comes
        made.append(SafeTransaction(before.chain_id, account, nonce, account, 0, call))
        nonce += 1
    kept = (before.chain_id, before.safe, before.guard)
    placed = msgspec.structs.replace(after, chain_id=kept[0], safe=kept[1], guard=kept[2])
    return Job(kind, before.network, before.tier, placed, transactions=tuple(made))


def swaps_done(job: Job, before: TierWallet, node: Node) -> int:
    """How many of a job's calls its Safe has carried out, as after an answer that never came.

    WrongJob where the Safe has done something else since the job was made; NodeProblem.
    """
    if job.kind == GUARD:
        return 0
    view = SafeView(node, bytes.fromhex(before.safe))
    nonce, there = view.nonce(), set(view.owners())
    owners = {bytes.fromhex(one) for one in before.owners.values()}
    steps = [owners]  # the owners before each call, and after the last
    for one in job.transactions:
        goes, comes = swapped(one)
        owners = (owners - {goes}) | {comes}
        steps.append(owners)
    done = sum(one.nonce < nonce for one in job.transactions)
    if there == steps[done]:
        return done
    if there in steps[:done]:
        at = steps.index(there)
        raise WrongJob(_overtaken(job, before, at))
    raise WrongJob(f"the {before.name} has other owners on the chain by now than by this job")


def _overtaken(job: Job, before: TierWallet, done: int) -> str:
    """That a call cannot be carried out, as its number is used, and what can be done."""
    way = "make the job anew"
    if done:
        way = (
            f"with {done} of {len(job.transactions)} done, bring the owners by hand to those of "
            "this job and finish it, or back to those of the record and make the job anew"
        )
    return (
        f"the {before.name} has carried out another transaction with the number "
        f"{job.transactions[done].nonce} since, such as a move by hand, so that this job's cannot "
        f"be: {way}"
    )


def guarded(record: Record, node: Node, network: int, tier: str) -> Job:
    """The job that puts a Safe's guard in force; BadPlan, NodeProblem."""
    one = record.wallet(network, tier)
    if one.kind != SAFE or not one.guard:
        raise BadPlan(f"the {one.name} has no guard in the record")
    account = bytes.fromhex(one.safe)
    view = SafeView(node, account)
    if {owner.hex() for owner in view.owners()} != set(one.owners.values()):
        raise BadPlan(f"the {one.name} has other owners on the chain than in the record")
    data = guard.installs(bytes.fromhex(one.guard))
    call = SafeTransaction(one.chain_id, account, view.nonce(), account, 0, data)
    return Job(GUARD, network, tier, one, transactions=(call,))


def without(record: Record, gone: str, card: Card, person: Person) -> list[TierWallet]:
    """Each wallet that a holder still has a key of, with another's in its place; BadPlan.

    The other may be a holder already, as after the first of several wallets was finished: with the
    card and as the person that the record has.
    """
    state = record.state
    if gone not in state.cards:
        raise BadPlan(f"{gone} is no holder in the record")
    touched = [one for one in state.wallets.values() if gone in everybody(one)]
    if not touched or gone == card.holder:
        raise BadPlan(f"{gone} has no key for {card.holder} to take the place of")
    _same_as_known(record, card, person)
    plan = Plan((person,), tuple(with_another(one, gone, card.holder) for one in touched))
    persons = state.persons | {person.holder: person}
    cards = state.cards | {card.holder: card}
    return list(agree(plan, persons, cards, {}, is_new=False).wallets)


def _same_as_known(record: Record, card: Card, person: Person) -> None:
    """BadPlan where a name that is known would get another key, or be somebody else."""
    state, name = record.state, card.holder
    used = {each for one in state.wallets.values() for each in everybody(one)}
    if state.cards.get(name, None if name in used else card) != card:
        raise BadPlan(f"{name} is a holder already, by another card: a new one has a new name")
    if renumbered := renumbering(state.persons, [person]):
        raise BadPlan(renumbered)
    known = state.persons.get(name, person)
    if name in used and known != person:
        # Where he is counts in the wallets that he is in, at which nobody looks anew.
        told = " ".join(
            f"--{what} {shlex.quote(str(said))}"
            for what, said in msgspec.structs.asdict(known).items()
            if said and what != "holder"
        )
        raise BadPlan(f"{name} is in the record with {told}: say the same")


def everybody(one: TierWallet) -> Sequence[str]:
    """All who hold a key of a wallet, recovery holders too."""
    late = one.wallet.recovery if one.wallet is not None else ()
    return (*one.holders, *(key.holder for key in late))
