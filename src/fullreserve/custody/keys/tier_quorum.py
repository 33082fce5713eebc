"""Who holds a tier's keys, and why nobody of them is needed: the rules of custody for one wallet.

Holders are persons in places with devices by vendors. Whatever could fall away at once, a person,
an office, a country, a vendor, must leave enough of the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

SPARE = {"hot": 1, "warm": 2, "cold": 2, "recovery": 1}
ALONE = 1


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who holds a card's key and where; `person` is the same number for the same human."""

    holder: str
    person: int
    site: str = ""
    country: str = ""
    vendor: str = ""


def renumbering(known: Mapping[str, Person], told: Iterable[Person]) -> str:
    """A sentence where a name is told to be another human than the one it is; else empty.

    Two keys of one human would count as two persons'.
    """
    for one in told:
        before = known.get(one.holder, one).person
        if one.person != before:
            return f"{one.holder} is person {before} in the record, not {one.person}"
    return ""


def faults(role: str, threshold: int, holders: Sequence[Person]) -> Iterator[str]:
    """Every rule that a quorum breaks, as a sentence."""
    count = len(holders)
    spare = count - threshold
    if threshold <= ALONE:
        yield f"{threshold} of {count}: one person alone could spend"
    if spare < SPARE[role]:
        yield f"{threshold} of {count}: a {role} quorum needs {SPARE[role]} more than it uses"
    persons = Counter(one.person for one in holders)
    for person, shares in persons.items():
        if shares > 1:
            yield f"person {person} holds {shares} shares"
    for what in ("site", "country", "vendor"):
        places = Counter(getattr(one, what) for one in holders if getattr(one, what))
        for place, shares in places.items():
            if shares > max(spare, 0):
                yield f"{what} {place} holds {shares}: without it {threshold} are not left"
            elif shares >= threshold:
                yield f"{what} {place} holds {shares}: that is enough to spend"
