"""What holders are asked to sign, as a file: made by anybody, read and judged by each of them.

A holder compares it with his own copy of the record. What it does is told from the transactions
themselves, never from what somebody wrote beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from fullreserve.custody.addresses import checksummed
from fullreserve.custody.chains import made_coins
from fullreserve.custody.chains.adapter import Attempt
from fullreserve.custody.keys import card, plan
from fullreserve.custody.keys.card import Card
from fullreserve.custody.keys.device import Device
from fullreserve.custody.keys.record import SAFE, Record, TierWallet
from fullreserve.custody.keys.tier_quorum import Person, renumbering
from fullreserve.custody.tiers import abi, guard, safe, spending
from fullreserve.custody.tiers.safe import SafeTransaction
from fullreserve.custody.tiers.spending import Spend
from fullreserve.custody.tiers.wallet import Wallet, WalletAddresses

SWAP = abi.call("swapOwner(address,address,address)")[:4]
GUARD, REPLACEMENT, RECOVERY, GATHERING = "guard", "replacement", "recovery", "gathering"
KINDS = ("rotation", REPLACEMENT, RECOVERY, GUARD, GATHERING)
RATE_MAX = 500  # sats a virtual byte, as hot signers pay at most


class WrongJob(ValueError):
    """The job is not what this holder signs; the message says in what."""


class Job(msgspec.Struct, frozen=True):
    """`after` is what the record will hold once it is done.

    `previous` are the transactions that made the coins of the spend. A gathering changes nothing of
    the record: it brings what came to `source`, which the tier has left, to its newest wallet.
    """

    kind: str  # rotation, replacement, recovery, guard, gathering
    network: int
    tier: str
    after: TierWallet
    spend: Spend | None = None
    transactions: tuple[SafeTransaction, ...] = ()
    cards: tuple[Card, ...] = ()  # of who is new
    persons: tuple[Person, ...] = ()
    gone: tuple[str, ...] = ()
    previous: tuple[bytes, ...] = ()
    source: Wallet | None = None

    @property
    def is_record_alone(self) -> bool:
        """A holder is replaced in a script wallet without coins: there is nothing to sign."""
        nothing = self.spend is None and not self.transactions
        return self.kind == REPLACEMENT and self.after.wallet is not None and nothing


class SafePart(msgspec.Struct, frozen=True):
    """One owner's signatures of a Safe's transactions, in order."""

    owner: bytes
    signatures: tuple[bytes, ...]


def read(path: Path) -> Job:
    """A job's file; WrongJob."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Job)
    except (OSError, msgspec.DecodeError, ValueError) as problem:
        raise WrongJob(f"{path} is no job: {problem}") from None


def source_of(job: Job, record: Record) -> TierWallet:
    """What it spends from or changes, by a holder's own record; WrongJob."""
    newest = record.wallet(job.network, job.tier)
    if job.kind == GATHERING:
        for one in record.left(job.network, job.tier):
            if one.wallet == job.source:
                return one
        raise WrongJob(f"it gathers from no {newest.name} that your record has left")
    if job.source is not None:
        raise WrongJob("it spends from a wallet that was left, and is no gathering")
    return newest


def checked(job: Job, record: Record) -> list[str]:
    """What a job does, for people; WrongJob when it is more than its kind may do."""
    before = allowed(job, record)
    told = list(_newcomers(job))
    if job.spend is not None:
        return told + _spend(job, job.spend, before)
    if job.is_record_alone:
        return [*told, f"changes the record alone: the {before.name} has no coins"]
    return [*told, *_transactions(job, before)]


def allowed(job: Job, record: Record) -> TierWallet:
    """What it spends from or changes; WrongJob where what follows is not what may.

    What it would sign for that is looked at by `checked`.
    """
    before = source_of(job, record)
    after = job.after
    if job.kind not in KINDS:
        raise WrongJob(f"{job.kind!r} is no kind of job: {', '.join(KINDS)}")
    if job.spend is not None and (before.wallet is None or job.transactions):
        raise WrongJob("it spends coins, and is a Safe's or calls one beside it")
    if before.kind == SAFE and after.threshold != before.threshold:
        raise WrongJob("it says another number of signatures than the Safe's")
    check_place(before, after)
    if job.kind == GATHERING:
        _changes_nothing(job, record)
    elif job.kind == GUARD:
        _guards_alone(job, before)
    else:
        _keeps_rules(job, record)
    return before


def check_born(job: Job, record: Record, tip: Callable[[], int]) -> None:
    """WrongJob where coins of the wallet that follows would be looked for too late, and not found.

    `tip` is the newest block's height: a wallet that is new has no coins below it. One that the
    record knows keeps what stands there.
    """
    known = [one.born for one in record.every(job.network, job.tier) if _is_same(one, job.after)]
    most = min(known) if known else tip()
    if job.after.born > most:
        raise WrongJob(
            f"coins of the wallet that follows are looked for from block {job.after.born} on: "
            f"at most {most}"
        )


def _is_same(one: TierWallet, other: TierWallet) -> bool:
    """The same script; a Safe stays what it is, whoever owns it."""
    return one.wallet == other.wallet and one.safe == other.safe


def check_place(before: TierWallet, after: TierWallet) -> None:
    """WrongJob where another contract or network follows: a change of keys keeps them."""
    if _place(before) == _place(after):
        return
    told = "it changes the wallet itself, not only its keys"
    if before.safe or after.safe:
        was, comes = (", ".join(shown_safe(one)) for one in (before, after))
        told += f": the {before.name} is the {was}, and would be the {comes}"
    raise WrongJob(told)


def shown_safe(one: TierWallet) -> list[str]:
    """Which contract it is, for people."""
    guard = f"guard {_account(one.guard)}" if one.guard else "no guard"
    return [f"Safe {_account(one.safe)} on chain {one.chain_id}", guard]


def _account(digits: str) -> str:
    """As people read it; a record may say anything."""
    try:
        return checksummed(bytes.fromhex(digits))
    except ValueError:
        return repr(digits)


def _place(one: TierWallet) -> tuple[int | str, ...]:
    """What no change of keys changes."""
    return one.network, one.tier, one.kind, one.hrp, one.chain_id, one.safe, one.guard


def _guards_alone(job: Job, before: TierWallet) -> None:
    changes = job.cards or job.persons or job.gone or job.after != before
    if before.kind != SAFE or job.spend is not None or changes:
        raise WrongJob("it is more than putting the record's guard in force")


def _changes_nothing(job: Job, record: Record) -> None:
    if job.after != record.wallet(job.network, job.tier):
        raise WrongJob("it brings coins elsewhere than to the newest wallet of your record")
    if job.spend is None or job.cards or job.persons or job.gone:
        raise WrongJob("a gathering moves coins, and changes nobody's keys")


def _keeps_rules(job: Job, record: Record) -> None:
    """By each holder himself: a coordinator's word that a quorum keeps them is nothing."""
    new = {one.holder: card.checked(one) for one in job.cards}
    if {one.holder for one in job.persons} - new.keys():
        raise WrongJob("it says anew who somebody is, and brings no card of his")
    if renumbered := renumbering(record.state.persons, job.persons):
        raise WrongJob(renumbered)
    if job.kind == REPLACEMENT:
        _replaces_one(job, record)
    elif job.gone:
        raise WrongJob("somebody goes by it, and it is no replacement")
    persons = record.state.persons | {one.holder: one for one in job.persons}
    wanted = plan.Plan((), (plan.wanted_of(job.after),))
    try:
        agreed = plan.agree(wanted, persons, record.state.cards | new, {}, is_new=False)
    except plan.BadPlan as bad:
        raise WrongJob(str(bad)) from None
    (made,) = agreed.wallets
    if msgspec.structs.replace(made, hrp=job.after.hrp, born=job.after.born) != job.after:
        raise WrongJob("a key afterwards is on nobody's card")


def _replaces_one(job: Job, record: Record) -> None:
    before = record.wallet(job.network, job.tier)
    if len(job.cards) != 1 or len(job.gone) != 1:
        raise WrongJob("a replacement has one who goes and one who comes")
    (comes,) = job.cards
    if record.state.cards.get(comes.holder, comes) != comes:
        raise WrongJob(
            f"{comes.holder} is in your record with another key: a new one has a new name"
        )
    wanted = plan.with_another(before, job.gone[0], comes.holder)
    if wanted == plan.wanted_of(before):
        raise WrongJob(f"{job.gone[0]} has no key for {comes.holder} to take the place of")
    if msgspec.structs.replace(plan.wanted_of(job.after), born=wanted.born) != wanted:
        raise WrongJob("it is more than one holder in the place of another")


def _newcomers(job: Job) -> Iterator[str]:
    who = {one.holder: one for one in job.persons}
    for one in job.cards:
        person = who.get(one.holder)
        where = [f"person {person.person}", person.site, person.country] if person else []
        told = ", ".join([one.device, *(each for each in where if each)])
        yield f"new: {one.holder} ({told}), whose key has the fingerprint {one.fingerprint}"


def vouch(job: Job, record: Record, given: Sequence[Card]) -> None:
    """WrongJob where it brings a card that a holder has neither in his record nor from its owner.

    A fingerprint is no proof: four bytes are soon found.
    """
    known = record.state.cards | {one.holder: one for one in given}
    for one in job.cards:
        if known.get(one.holder) != one:
            raise WrongJob(
                f"the card of {one.holder} is not that of your record: have its file from "
                f"{one.holder}, by another way than the job, and name it with --card"
            )


def follows(job: Job, spend: Spend) -> Wallet:
    """The wallet that all its coins go to; WrongJob."""
    wallet = job.after.wallet
    if wallet is None or spend.pays or spend.rest not in (wallet.place(0), wallet.place(1)):
        raise WrongJob("its coins go elsewhere than to the wallet that follows")
    if job.kind != GATHERING and spend.recovers != (job.kind == RECOVERY):
        raise WrongJob("it spends by another branch than its kind says")
    return wallet


def _spend(job: Job, spend: Spend, before: TierWallet) -> list[str]:
    assert before.wallet is not None
    wallet = follows(job, spend)
    try:
        made_coins.check(spend.inputs, before.wallet.place, job.previous)
    except made_coins.UnprovenCoin as bad:
        raise WrongJob(str(bad)) from None
    total = sum(one.amount for one in spend.inputs)
    most = min(RATE_MAX * spending.vbytes(before.wallet, spend), max(total // 20, 100_000))
    if not 0 < spend.fee <= most:
        raise WrongJob(f"a fee of {spend.fee} on {total} is out of proportion: at most {most}")
    text = WalletAddresses(wallet, before.hrp).text(spend.rest)
    needed, keys = before.wallet.spenders(recovers=spend.recovers)
    return [
        _recovery(before.wallet, wallet),
        f"moves {len(spend.inputs)} coins, {total} in all, out of the {before.name}"
        + (" that was left" if job.kind == GATHERING else ""),
        f"to {text}, where {spend.left} arrive; the fee is {spend.fee}",
        f"which {wallet.threshold} of {', '.join(one.holder for one in wallet.keys)} spend from",
        f"its coins are looked for from block {job.after.born} on",
        f"signed by {needed} of {', '.join(one.holder for one in keys)}",
    ]


def _recovery(before: Wallet, after: Wallet) -> str:
    """Who could take the coins alone one day, and where that is another than now."""
    now, later = _late(before), _late(after)
    return f"recovery: {later}" if now == later else f"CHANGES recovery: {later}; now {now}"


def _late(wallet: Wallet) -> str:
    if not wallet.recovery:
        return "by nobody"
    names = ", ".join(one.holder for one in wallet.recovery)
    return f"by {wallet.recovery_threshold} of {names} after {wallet.older} blocks"


def _transactions(job: Job, before: TierWallet) -> Iterator[str]:
    if not job.transactions:
        raise WrongJob("it holds nothing to sign")
    if job.kind == GUARD:
        yield _guard(job, before)
        return
    accounts = set(before.owners.values())
    for one in job.transactions:
        own = (before.chain_id, bytes.fromhex(before.safe))
        if (one.chain_id, one.safe) != own or one.to != one.safe or one.value or one.operation:
            raise WrongJob("it is more than a change of the Safe's own owners")
        if one.data[:4] != SWAP or len(one.data) != 4 + 3 * abi.WORD:
            raise WrongJob("it calls something else than swapOwner")
        old, new = (account.hex() for account in swapped(one))
        accounts = (accounts - {old}) | {new}
        names = {account: name for name, account in before.owners.items()}
        yield (
            f"replaces owner {checksummed(bytes.fromhex(old))} ({names.get(old, 'unknown')}) by "
            f"{checksummed(bytes.fromhex(new))} of the {before.name}, number {one.nonce}"
        )
    if accounts != set(job.after.owners.values()):
        raise WrongJob("its owners afterwards are not those that it says")
    yield f"signed by {before.threshold} of {', '.join(before.owners)}"


def _guard(job: Job, before: TierWallet) -> str:
    account, gate = bytes.fromhex(before.safe), bytes.fromhex(before.guard)
    (one, *more) = job.transactions
    data = guard.installs(gate)
    wanted = SafeTransaction(before.chain_id, account, one.nonce, account, 0, data)
    if more or one != wanted or not gate:
        raise WrongJob("it is more than putting the record's guard in force")
    return f"puts the guard {checksummed(gate)} of the {before.name} in force, number {one.nonce}"


def sign(
    job: Job, record: Record, device: Device, holder: str, given: Sequence[Card] = ()
) -> bytes:
    """A holder's part: a PSBT, or signatures for the Safe; WrongJob, DeviceProblem.

    `given` are cards that the holder had from their owners.
    """
    checked(job, record)
    vouch(job, record, given)
    if job.is_record_alone:
        raise WrongJob("there is nothing to sign: finish it without parts")
    before = source_of(job, record)
    check_device(record, device, holder, job.cards)
    if job.spend is not None:
        assert before.wallet is not None
        _, keys = before.wallet.spenders(recovers=job.spend.recovers)
        key = next((one for one in keys if one.holder == holder), None)
        if key is None:
            raise WrongJob(f"{holder} has no key that spends this way")
        return spending.sign(before.wallet, job.spend, device, holder, key)
    if holder not in before.owners and holder not in job.after.owners:
        raise WrongJob(f"{holder} is no owner of the {before.name}")
    made = [safe.sign(one, device, holder) for one in job.transactions]
    return msgspec.json.encode(SafePart(made[0][0], tuple(signature for _, signature in made)))


def check_device(record: Record, device: Device, holder: str, brought: Sequence[Card] = ()) -> None:
    """WrongJob where the record has another key of this holder's than his device; DeviceProblem.

    Who comes by a job has a card that it brings.
    """
    cards = {one.holder: one for one in brought}
    for entry in record.entries:
        cards |= {one.holder: one for one in entry.cards}
    known = cards.get(holder)
    if known is None:
        raise WrongJob(f"{holder} has no card in the record of this folder")
    if device.public(holder).hex() != known.key:
        raise WrongJob(
            f"the record of this folder has another key of {holder}'s, fingerprint "
            f"{known.fingerprint}, than the device: it is forged, or the device is another's"
        )


def completed(job: Job, record: Record, parts: Sequence[bytes]) -> Attempt:
    """The transaction that moves the coins; WrongJob, spending.WrongPart, Unpayable."""
    checked(job, record)
    before = source_of(job, record)
    if job.spend is None or before.wallet is None:
        raise WrongJob("it is a Safe's job")
    return spending.completed(before.wallet, job.spend, parts)


def executions(job: Job, record: Record, parts: Sequence[bytes]) -> list[bytes]:
    """The calls to the Safe, in order; WrongJob, safe.NotEnough."""
    checked(job, record)
    before = record.wallet(job.network, job.tier)
    owners = {bytes.fromhex(one) for one in before.owners.values()}
    try:
        given = [msgspec.json.decode(part, type=SafePart) for part in parts]
    except (msgspec.DecodeError, ValueError):
        raise WrongJob("a part is no owner's signatures") from None
    made = []
    for number, one in enumerate(job.transactions):
        # Who was replaced by the transactions before this one counts no more, who came does.
        signed = {
            part.owner: part.signatures[number]
            for part in given
            if number < len(part.signatures) and part.owner in owners
        }
        made.append(one.execution(safe.checked(one, signed, list(owners), before.threshold)))
        if job.kind != GUARD:
            old, new = swapped(one)
            owners = (owners - {old}) | {new}
    return made


def swapped(transaction: SafeTransaction) -> tuple[bytes, bytes]:
    """The owner that goes and the one that comes."""
    words = transaction.data[4:]
    return words[32:64][-abi.ACCOUNT :], words[64:96][-abi.ACCOUNT :]
