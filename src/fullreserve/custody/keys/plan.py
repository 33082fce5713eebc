"""What a ceremony is to make: persons, wallets and their quorums, from a TOML file.

[[person]]
holder = "alice"            # as on the card, cards/alice.json beside this file
person = 1
site = "Berlin"
country = "DE"
vendor = "A"

[[wallet]]
network = 3
tier = "cold"
kind = "utxo"
hrp = "ltc"
threshold = 4
holders = ["alice", "bob", "carol", "dan", "erin", "frank", "grace"]
recovery_threshold = 2
recovery = ["notary", "board", "escrow"]
older = 26280
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from fullreserve.custody.addresses import read_account
from fullreserve.custody.keys import card
from fullreserve.custody.keys.card import Card
from fullreserve.custody.keys.record import SAFE, UTXO, TierWallet
from fullreserve.custody.keys.tier_quorum import SPARE, Person, faults, renumbering
from fullreserve.custody.tiers.guard import COIN, Rules
from fullreserve.custody.tiers.wallet import BadWallet, Wallet

TIERS = ("hot", "warm", "cold")
CARDS = "cards"


class BadPlan(ValueError):
    """The plan may not be carried out; one line for each reason."""


class WantedWallet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    network: int
    tier: str
    kind: str
    threshold: int
    holders: tuple[str, ...]
    hrp: str = ""
    born: int = 0
    recovery_threshold: int = 0
    recovery: tuple[str, ...] = ()
    older: int = 0
    chain_id: int = 0
    safe: str = ""
    guard: str = ""
    # What the guard begins with; limits by token (empty: the coin), in the chain's own units.
    delay_s: int = 172_800
    destinations: tuple[str, ...] = ()
    limits: dict[str, str] = {}


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    person: tuple[Person, ...] = ()
    wallet: tuple[WantedWallet, ...] = ()
    identity: tuple[str, ...] = ()  # who asks signers: requests beside the cards, NAME.csr


class Agreed(msgspec.Struct, frozen=True):
    """A plan that keeps the rules, with its cards.

    `requests` ask for the certificates of all who have a card or are named; `named` are those that
    the plan itself names.
    """

    wanted: tuple[WantedWallet, ...]
    persons: dict[str, Person]
    cards: dict[str, Card]
    wallets: tuple[TierWallet, ...]
    requests: dict[str, str]
    named: frozenset[str] = frozenset()

    def wanting(self, certificates: Mapping[str, str]) -> dict[str, str]:
        """Requests of who is named, or has none of these certificates: no other gets a new one."""
        return {
            name: text
            for name, text in self.requests.items()
            if name in self.named or name not in certificates
        }


def load(path: Path, cards: Mapping[str, Card], persons: Mapping[str, Person]) -> Agreed:
    """The plan of a file, with what the record knows already; BadPlan, card.BadCard."""
    try:
        plan = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Plan)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as bad:
        raise BadPlan(f"{path} cannot be read: {bad}") from None
    if renumbered := renumbering(persons, plan.person):
        raise BadPlan(renumbered)
    folder = path.parent / CARDS
    known = {**persons, **{one.holder: one for one in plan.person}}
    held = dict(cards) | {
        one.holder: card.read(folder / f"{one.holder}.json") for one in plan.person
    }
    for name, one in held.items():
        if one.holder != name:
            raise BadPlan(f"the card of {name} is {one.holder}'s")
    requests = {one.holder: one.request for one in held.values() if one.request}
    requests |= {name: _request(folder / f"{name}.csr") for name in plan.identity}
    named = frozenset((*plan.identity, *(one.holder for one in plan.person)))
    return msgspec.structs.replace(agree(plan, known, held, requests), named=named)


def agree(
    plan: Plan,
    persons: Mapping[str, Person],
    cards: Mapping[str, Card],
    requests: Mapping[str, str],
    *,
    is_new: bool = True,
) -> Agreed:
    """BadPlan with every rule that is broken.

    A wallet that is not new stays without a recovery branch where it has none: that is no reason to
    leave a key with a holder who is gone.
    """
    said = [
        f"{one.tier} wallet of network {one.network}: {fault}"
        for one in plan.wallet
        for fault in _faults(one, persons, cards, is_new=is_new)
    ]
    keys = [one.key for one in cards.values()]
    if len(set(keys)) != len(keys):
        said.append("two cards have the same key")
    if said:
        raise BadPlan("\n".join(said))
    try:
        wallets = tuple(_made(one, cards) for one in plan.wallet)
    except BadWallet as bad:
        raise BadPlan(str(bad)) from None
    return Agreed(plan.wallet, dict(persons), dict(cards), wallets, dict(requests))


def _faults(
    wanted: WantedWallet,
    persons: Mapping[str, Person],
    cards: Mapping[str, Card],
    *,
    is_new: bool,
) -> Iterator[str]:
    if wanted.tier not in TIERS or wanted.kind not in (UTXO, SAFE):
        yield f"a tier is {', '.join(TIERS)} and a kind {UTXO} or {SAFE}"
        return
    everybody = (*wanted.holders, *wanted.recovery)
    unknown = [one for one in everybody if one not in persons or one not in cards]
    if unknown:
        yield f"no person or card for {', '.join(unknown)}"
        return
    yield from faults(wanted.tier, wanted.threshold, [persons[one] for one in wanted.holders])
    if is_new and wanted.kind == UTXO and wanted.tier != "hot" and not wanted.recovery:
        yield "no recovery keys: what if its holders were all silent?"
    if wanted.recovery:
        late = [persons[one] for one in wanted.recovery]
        yield from (f"recovery: {f}" for f in faults("recovery", wanted.recovery_threshold, late))
        both = {one.person for one in late} & {persons[one].person for one in wanted.holders}
        yield from (f"person {one} holds a key and a recovery key" for one in sorted(both))


def _made(wanted: WantedWallet, cards: Mapping[str, Card]) -> TierWallet:
    if wanted.kind == SAFE:
        owners = {one: cards[one].account for one in wanted.holders}
        return TierWallet(
            wanted.network, wanted.tier, SAFE, wanted.threshold, wanted.holders,
            chain_id=wanted.chain_id, safe=wanted.safe, guard=wanted.guard, owners=owners,
        )  # fmt: skip
    wallet = Wallet(
        wanted.threshold,
        tuple(cards[one].in_wallet for one in wanted.holders),
        wanted.recovery_threshold,
        tuple(cards[one].in_wallet for one in wanted.recovery),
        wanted.older,
    )
    return TierWallet(
        wanted.network, wanted.tier, UTXO, wanted.threshold, wanted.holders, wallet, wanted.hrp,
        wanted.born,
    )  # fmt: skip


def wanted_of(one: TierWallet) -> WantedWallet:
    """What a plan would say of a wallet as it is."""
    wallet = one.wallet
    late = tuple(key.holder for key in wallet.recovery) if wallet is not None else ()
    return WantedWallet(
        one.network, one.tier, one.kind, one.threshold, one.holders, one.hrp, one.born,
        wallet.recovery_threshold if wallet is not None else 0, late,
        wallet.older if wallet is not None else 0, one.chain_id, one.safe, one.guard,
    )  # fmt: skip


def with_another(one: TierWallet, gone: str, comes: str) -> WantedWallet:
    """The same with another holder in the place of one, in the recovery branch too."""

    def put(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(comes if name == gone else name for name in names)

    wanted = wanted_of(one)
    return msgspec.structs.replace(
        wanted, holders=put(wanted.holders), recovery=put(wanted.recovery)
    )


def _request(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        raise BadPlan(f"{path} cannot be read") from None


def guard_rules(wanted: WantedWallet) -> Rules:
    """What a Safe's guard begins with; BadPlan."""
    try:
        limits = {
            bytes.fromhex(token) or COIN: int(amount) for token, amount in wanted.limits.items()
        }
        places = tuple(map(read_account, wanted.destinations))
    except ValueError as bad:
        raise BadPlan(f"destinations or limits of the guard: {bad}") from None
    if not places or not limits:
        raise BadPlan("a guard without destinations or limits would let nothing through")
    return Rules(wanted.delay_s, wanted.threshold, SPARE[wanted.tier], places, limits)
