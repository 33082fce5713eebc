"""What a holder takes into his copy of the record: nobody's word brings in other keys.

The record comes from whoever runs the exchange, and its hashes say that it is whole, not whose it
is. So a holder keeps the hash of the newest entry that he has taken. What is added to it changes no
keys, or is proven by signatures of as many holders as the wallet of before needs, or brings cards
that he had from their owners. See docs/decisions/0029.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from fullreserve.custody.keys import card, exchange_key, job, plan, proof
from fullreserve.custody.keys.authority import BadRequest
from fullreserve.custody.keys.card import BadCard, Card
from fullreserve.custody.keys.changes import everybody
from fullreserve.custody.keys.exchange_key import WrongKey
from fullreserve.custody.keys.job import RECOVERY, REPLACEMENT, Job, WrongJob
from fullreserve.custody.keys.record import FILE, UTXO, BadRecord, Entry, Record, State, TierWallet
from fullreserve.custody.keys.tier_quorum import renumbering

CEREMONY, ROTATION = "ceremony", "rotation"
FIRST = "the first that you take"
CHANGES = (ROTATION, REPLACEMENT, RECOVERY)
BY_CARD = "have its file from {0}, by another way than the record, and name it with --card"

Tip = Callable[[int], int | None]


class NotTaken(ValueError):
    """The record holds what its holder must not take; the message says what."""


class Judged(NamedTuple):
    """An entry, why it counts, and what held before it."""

    entry: Entry
    why: str
    before: State


def kept(data: Path, holder: str) -> str:
    """The hash of the newest entry that a holder has taken; empty before the first."""
    try:
        return place(data, holder).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return ""


def keep(data: Path, holder: str, newest: str) -> None:
    """Keeps it, on disk; OSError."""
    write(place(data, holder), newest.encode() + b"\n")


def write(path: Path, content: bytes) -> None:
    """The whole file or the one of before, on disk; OSError."""
    whole = path.with_name(path.name + ".new")
    descriptor = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    whole.replace(path)


def place(data: Path, holder: str) -> Path:
    """The file that has it."""
    return data / f"custody-taken-{holder}"


def judge(
    path: Path, newest: str, given: Sequence[Card], tip: Tip,
    named: Mapping[str, Collection[str]] = {},
) -> list[Judged]:  # fmt: skip
    """Each entry of a record after the `newest` that was taken; NotTaken, BadRecord.

    All are, on nobody's word, where there is no newest. `given` are cards that the holder had from
    their owners, `tip` the newest block of a network where that is known, `named` fingerprints of
    keys of exchange and payer, by these names.
    """
    entries = Record(path).entries
    if not entries:
        raise NotTaken(f"{path.name} has no entries")
    if not newest:
        return _first(path, entries)
    hashes = [one.hash for one in entries]
    if newest not in hashes:
        raise NotTaken(f"the entry {newest} that you took is not in it")
    judged = []
    for number in range(hashes.index(newest) + 1, len(entries)):
        before, entry = Record(path, number), entries[number]
        try:
            why = _why(before, entry, given, tip)
            if of_keys := exchange_key.why(before, entry, named):
                why += f"; {of_keys}"
        except (WrongJob, WrongKey, BadCard, BadRecord, BadRequest, plan.BadPlan) as wrong:
            raise NotTaken(f"entry {entry.number} ({entry.kind}): {wrong}") from None
        judged.append(Judged(entry, why, before.state))
    return judged


def check(data: Path, holder: str) -> None:
    """That all of the record which lies there was taken, or proves itself; NotTaken, BadRecord.

    What a block's height says is looked at where somebody signs by it.
    """
    newest = kept(data, holder)
    if not newest:
        raise NotTaken(f"{holder} has taken no record in {data}")
    try:
        judge(data / FILE, newest, (), lambda _network: None)
    except NotTaken as wrong:
        raise untaken(data, holder, wrong) from None


def untaken(data: Path, holder: str, wrong: NotTaken) -> NotTaken:
    """The same, with what is to be done."""
    return NotTaken(
        f"{wrong}\n{holder} has not taken the record of {data}: `fullreserve custody "
        "take-record` does, where it is true"
    )


def begin(data: Path, holder: str) -> str:
    """Takes the record that lies there where nothing was taken before; its newest hash, or empty.

    BadRecord, OSError.
    """
    record = Record.of(data)
    if kept(data, holder) or not record.entries:
        return ""
    newest = record.entries[-1].hash
    keep(data, holder, newest)
    return newest


def _first(path: Path, entries: Sequence[Entry]) -> list[Judged]:
    return [
        Judged(entry, FIRST, Record(path, number).state) for number, entry in enumerate(entries)
    ]


def is_begun_by(whole: Record, own: Record) -> bool:
    """Whether all entries of one's own stand at the beginning of another, in their order."""
    own_hashes = [one.hash for one in own.entries]
    return own_hashes == [one.hash for one in whole.entries[: len(own_hashes)]]


def _why(before: Record, entry: Entry, given: Sequence[Card], tip: Tip) -> str:
    state = before.state
    for one in entry.wallets:
        if (was := state.wallets.get((one.network, one.tier))) is not None:
            job.check_place(was, one)
    fresh = [card.checked(one) for one in entry.cards if state.cards.get(one.holder) != one]
    wallets = [one for one in entry.wallets if state.wallets.get((one.network, one.tier)) != one]
    persons = [one for one in entry.persons if state.persons.get(one.holder) != one]
    if not (fresh or wallets or persons or entry.gone):
        return "changes nobody's keys"
    if renumbered := renumbering(state.persons, entry.persons):
        raise WrongJob(renumbered)
    if entry.kind in CHANGES:
        return _changed(before, entry, fresh, given, tip)
    if entry.kind != CEREMONY or entry.gone:
        raise WrongJob(f"it changes keys, which {', '.join((CEREMONY, *CHANGES))} alone do")
    _new_wallets(state, entry, wallets)
    _vouch(fresh, given)
    return "nobody's keys of before are changed" + (", cards as you had them" if fresh else "")


def _new_wallets(state: State, entry: Entry, wallets: Sequence[TierWallet]) -> None:
    persons = state.persons | {one.holder: one for one in entry.persons}
    cards = state.cards | {one.holder: one for one in entry.cards}
    for one in wallets:
        if (one.network, one.tier) in state.wallets:
            raise WrongJob(f"it makes another {one.name}, without those who hold it")
        wanted = plan.Plan((), (plan.wanted_of(one),))
        (made,) = plan.agree(wanted, persons, cards, {}, is_new=False).wallets
        if made != one:
            raise WrongJob(f"a key of the {one.name} is on nobody's card")


def _changed(
    before: Record, entry: Entry, fresh: Sequence[Card], given: Sequence[Card], tip: Tip
) -> str:
    if len(entry.wallets) != 1:
        raise WrongJob("one wallet follows another, no more and no less")
    (after,) = entry.wallets
    done = _job(before, entry, after)
    if set(entry.gone) - set(done.gone):
        raise WrongJob(f"{', '.join(entry.gone)} would be gone, and another holder is replaced")
    job.check_born(done, before, lambda: _newest(tip, after))
    if isinstance(entry.proof, msgspec.UnsetType):
        if done.kind != REPLACEMENT or after.kind != UTXO:
            raise WrongJob("no signatures of its holders prove it")
        # Of a wallet without coins, for which nobody could sign.
        job.allowed(done, before)
        _vouch(entry.cards, given)
        return "nothing was signed, by the card as you had it"
    names = proof.signers(done, before, entry.proof)
    # What they signed has the keys of who is in the wallet, and no others.
    _vouch([one for one in fresh if one.holder not in everybody(after)], given)
    return f"signed by {', '.join(names)}"


def _newest(tip: Tip, after: TierWallet) -> int:
    known = tip(after.network)
    return after.born if known is None else known


def _job(before: Record, entry: Entry, after: TierWallet) -> Job:
    """What was finished, as far as the entry says it."""
    gone: tuple[str, ...] = ()
    if entry.kind == REPLACEMENT:
        stays = everybody(after)
        was = everybody(before.wallet(after.network, after.tier))
        gone = tuple(one for one in was if one not in stays)
    shown = None if isinstance(entry.proof, msgspec.UnsetType) else entry.proof
    return Job(
        entry.kind, after.network, after.tier, after, shown.spend if shown else None,
        shown.transactions if shown else (), entry.cards, entry.persons, gone,
    )  # fmt: skip


def _vouch(cards: Sequence[Card], given: Sequence[Card]) -> None:
    had = {one.holder: one for one in given}
    for one in cards:
        if had.get(one.holder) != one:
            told = BY_CARD.format(one.holder)
            raise WrongJob(f"the card of {one.holder} is in nothing that you took: {told}")
