"""What the record says, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from fullreserve.custody.keys import authority, exchange_key, job
from fullreserve.custody.keys.record import Record, TierWallet
from fullreserve.custody.keys.taken import FIRST, Judged
from fullreserve.custody.keys.tier_quorum import Person
from fullreserve.custody.tiers.wallet import WalletAddresses


def wallet(one: TierWallet, persons: Mapping[str, Person]) -> list[str]:
    """What a wallet is: each holder's number is that of a planned absence."""
    numbered = (
        f"{name} ({persons[name].person})" if name in persons else name for name in one.holders
    )
    said = [f"{one.name}: {one.threshold} of {', '.join(numbered)}"]
    if one.wallet is None:
        said += [f"  {', '.join(job.shown_safe(one))}"] if one.safe else []
        return [*said, *(f"  owner {name} 0x{account}" for name, account in one.owners.items())]
    said += [f"  {one.wallet.descriptor()}"]
    said += [f"  first address {WalletAddresses(one.wallet, one.hrp).address(0)}"]
    if one.wallet.recovery:
        late = ", ".join(key.holder for key in one.wallet.recovery)
        said += [f"  after {one.wallet.older} blocks {one.wallet.recovery_threshold} of {late}"]
    return said


def lines(judged: Sequence[Judged], whole: Record) -> Iterator[str]:
    """What entries add; of a first record also that nothing proves it."""
    for one in judged:
        yield from _added(one)
    if judged and judged[0].why == FIRST:
        newest = whole.entries[-1].hash
        yield "Nothing proves the first record that you take. Compare its fingerprints with the"
        yield f"holders themselves, and the hash of its newest entry, {newest}."
        for name, does in exchange_key.DOES.items():
            if known := exchange_key.told(whole, name):
                yield f"Who shows the {known} {does}: compare it with the"
                yield "exchange's people."
    if not judged:
        yield "It adds nothing."


def _added(one: Judged) -> Iterator[str]:
    """What an entry adds to what held before it, and why it counts."""
    entry, state = one.entry, one.before
    yield f"entry {entry.number}, {entry.kind}, {entry.hash}: {one.why}"
    for card in entry.cards:
        before = state.cards.get(card.holder, card)
        if before != card or card.holder not in state.cards:
            was = f", before {before.fingerprint}" if before != card else ""
            yield f"  card of {card.holder} ({card.device}), fingerprint {card.fingerprint}{was}"
    for person in entry.persons:
        if state.persons.get(person.holder) != person:
            where = (person.site, person.country, person.vendor)
            told = ", ".join((f"person {person.person}", *filter(None, where)))
            yield f"  {person.holder} is {told}"
    for each in entry.wallets:
        if state.wallets.get((each.network, each.tier)) != each:
            yield from (f"  {line}" for line in wallet(each, state.persons | _persons(one)))
            if each.wallet is not None:
                yield f"    its coins are looked for from block {each.born} on"
    if entry.gone:
        yield f"  keys of {', '.join(entry.gone)} count no more"
    for name, print_ in entry.certificates.items():
        yield f"  certificate of {name}: {print_}"
    for name in exchange_key.DOES:
        if shown := exchange_key.certificate_of(entry, name):
            yield f"  key of {name}: {authority.key_fingerprint(shown)}"


def _persons(one: Judged) -> dict[str, Person]:
    return {each.holder: each for each in one.entry.persons}
