"""Who holds the demo's warm and cold wallets: persons, their keys, and how many it takes of them.

Play money, and one sealed file with everybody's keys: right for a demo alone.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from fullreserve.custody import ceremony, keyfile
from fullreserve.custody.hd import Private
from fullreserve.custody.holders import Holder as Online
from fullreserve.custody.holders import Online as OnlineQuorum
from fullreserve.custody.keys import card
from fullreserve.custody.keys.gas import PAYER
from fullreserve.custody.keys.key_file import FileDevice
from fullreserve.custody.keys.record import Entry, Record
from fullreserve.custody.keys.tier_quorum import Person
from fullreserve.exchange.products.quorum_rules import PERIODS, Holder, Quorum, Role

SIGNER = "warm"
OWN = 10  # times a network's number, added to a tier's, is the quorum of its wallet alone


class People(NamedTuple):
    """A tier's, as it begins. `quorum` is its number in the log, `first` that of the first person.

    A wallet whose people are others than those of the first network's has a quorum of its own.
    """

    tier: str
    role: Role
    threshold: int
    holders: tuple[str, ...]
    quorum: int
    first: int

    @property
    def persons(self) -> Iterator[tuple[int, str]]:
        """Each holder's number and name."""
        return enumerate(self.holders, self.first)

    def now(self, record: Record) -> tuple[str, ...]:
        """Who holds a key of one of its wallets, by a record that `noted` has completed."""
        names = dict.fromkeys(name for _, held_by in self._groups(record, ()).values()
                              for name in held_by)  # fmt: skip
        return tuple(names)

    def defined(self, record: Record, known: Collection[int] = ()) -> list[Quorum]:
        """As the log has them. All answer by themselves, so that they are asked as often as hot's.

        `known` are numbers of quorums that there were before: the log forgets none.
        """
        persons, period = record.state.persons, PERIODS[Role.HOT]
        return [
            Quorum(
                number, self.role, m, tuple(Holder(persons[one].person) for one in names), period
            )
            for number, (m, names) in self._groups(record, known).items()
        ]

    def online(self, record: Record, known: Collection[int] = ()) -> list[OnlineQuorum]:
        """Where each answers, and by which key the answer is known."""
        persons, cards = record.state.persons, record.state.cards
        return [
            OnlineQuorum(
                number,
                tuple(Online(persons[one].person, socket_name(one), cards[one].key)
                      for one in names),
            )
            for number, (_, names) in self._groups(record, known).items()
        ]  # fmt: skip

    def _groups(
        self, record: Record, known: Collection[int]
    ) -> dict[int, tuple[int, tuple[str, ...]]]:
        """How many of whom, by quorum: those of each wallet are measured as what they are."""
        wallets = sorted(
            (one for one in record.state.wallets.values() if one.tier == self.tier),
            key=lambda one: one.network,
        )
        first = wallets[0] if wallets else None
        found = {
            self.quorum: (first.threshold, first.holders)
            if first is not None
            else (self.threshold, self.holders)
        }
        seen = {(m, frozenset(names)) for m, names in found.values()}
        for one in wallets[1:]:
            number, group = self.quorum + OWN * one.network, (one.threshold, frozenset(one.holders))
            if group not in seen or number in known:
                found[number] = (one.threshold, one.holders)
                seen.add(group)
        return found


# Persons 1 to 3 are hot's. New holders go to the end: a Safe of before is given them.
WARM = People("warm", Role.WARM, 2, ("ann", "bob", "cyd", "dee"), 2, 4)
COLD = People("cold", Role.COLD, 3, ("eve", "fay", "gus", "hal", "ida"), 3, 8)
TIERS = (WARM, COLD)


def socket_name(holder: str) -> str:
    """Below the data folder."""
    return f"holder-{holder}.sock"


def keys_file(data: Path) -> Path:
    """Where all their keys are, and that of who pays the gas."""
    return data / f"custody-{SIGNER}.keys"


def device(data: Path) -> FileDevice:
    """All of them; made where there are none, and for whom there is none yet."""
    path, word = keys_file(data), ceremony.passphrase(data, SIGNER)
    kept = keyfile.unseal(path, word) if path.exists() else {}
    names = [*(name for people in TIERS for name in people.holders), PAYER]
    lacking = [name for name in names if name not in kept]
    if lacking:
        kept |= {name: _fresh() for name in lacking}
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        keyfile.seal(fresh, kept, word)
        fresh.replace(path)
    return FileDevice(path, {name: Private(one[:32], one[32:]) for name, one in kept.items()})


def noted(record: Record, keys: FileDevice) -> None:
    """Completes a record by the cards of those whom it does not know, as a ceremony notes them."""
    fresh = [
        Person(name, person)
        for people in TIERS
        for person, name in people.persons
        if name not in record.state.persons
    ]
    if fresh:
        cards = tuple(card.make(keys, one.holder, "file") for one in fresh)
        record.append(Entry(0, 0, "ceremony", "", cards, tuple(fresh)))


def _fresh() -> bytes:
    made = Private.of_seed(os.urandom(32))
    return made.secret + made.code
