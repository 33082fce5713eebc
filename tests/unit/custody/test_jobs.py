"""Goal: a coordinator's job gives no wallet to anybody whom its holders did not let in.

Method: jobs as he would forge them, before each holder's own record.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from fullreserve.custody.chains.utxo_transaction import Coin
from fullreserve.custody.hd import Private
from fullreserve.custody.keys import card, job
from fullreserve.custody.keys.card import Card
from fullreserve.custody.keys.job import Job
from fullreserve.custody.keys.key_file import FileDevice
from fullreserve.custody.keys.record import FILE, SAFE, UTXO, Entry, Record, TierWallet
from fullreserve.custody.keys.tier_quorum import Person
from fullreserve.custody.tiers import safe, spending
from fullreserve.custody.tiers.safe import SafeTransaction
from fullreserve.custody.tiers.wallet import Wallet

NAMES = ("ann", "bob", "cyd", "dee")
LATE = ("lea", "lou", "lyn")
CHAIN, ACCOUNT = 31_337, bytes([7]) * 20


def made(name: str, seed: int) -> Card:
    device = FileDevice(Path(name), {name: Private.of_seed(bytes([seed]) * 32)})
    return card.make(device, name, "file")


OURS = {name: made(name, seed) for seed, name in enumerate((*NAMES, "zoe", "max"), 1)}
THEIRS = {name: made(name, seed) for seed, name in enumerate((*NAMES, "zoe", "max"), 101)}


def wallet(cards: dict[str, Card], names: tuple[str, ...], threshold: int = 2) -> TierWallet:
    owners = {name: cards[name].account for name in names}
    return TierWallet(
        1, "warm", SAFE, threshold, names, chain_id=CHAIN, safe=ACCOUNT.hex(), owners=owners
    )


def begun(folder: Path) -> Record:
    """A record with the holders of a warm Safe."""
    found = Record(folder / FILE)
    cards = tuple(OURS[name] for name in NAMES)
    persons = tuple(Person(name, number) for number, name in enumerate(NAMES, 1))
    found.append(Entry(0, 1, "ceremony", "", cards, persons, wallets=(wallet(OURS, NAMES),)))
    return found


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return begun(tmp_path)


def turned(after: TierWallet, before: TierWallet) -> tuple[SafeTransaction, ...]:
    """What brings a Safe under the owners of another."""
    calls: list[SafeTransaction] = []
    owners = [bytes.fromhex(one) for one in before.owners.values()]
    wanted = [bytes.fromhex(one) for one in after.owners.values()]
    goes = [one for one in owners if one not in wanted]
    for old, new in zip(goes, [one for one in wanted if one not in owners], strict=True):
        call = safe.swap_call(owners, old, new)
        owners[owners.index(old)] = new
        calls.append(SafeTransaction(CHAIN, ACCOUNT, len(calls), ACCOUNT, 0, call))
    return tuple(calls)


def asked(
    cards: dict[str, Card], names: tuple[str, ...], new: tuple[str, ...], gone: tuple[str, ...] = ()
) -> Job:
    after = wallet(cards, names)
    numbers = {name: number for number, name in enumerate(NAMES, 1)}
    persons = tuple(Person(name, numbers.get(name, 20 + number)) for number, name in enumerate(new))
    brought = tuple(cards[name] for name in new)
    kind = "replacement" if gone else "rotation"
    calls = turned(after, wallet(OURS, NAMES))
    return Job(
        kind, 1, "warm", after, transactions=calls, cards=brought, persons=persons, gone=gone
    )


REPLACED = asked(OURS, ("ann", "zoe", "cyd", "dee"), ("zoe",), ("bob",))
ROTATED = asked(OURS, ("ann", "zoe", "cyd", "max"), ("zoe", "max"))


def signed(one: Job, record: Record) -> None:
    given = [OURS["zoe"], OURS["max"]]
    device = FileDevice(Path("ann"), {"ann": Private.of_seed(bytes([1]) * 32)})
    job.sign(one, record, device, "ann", given)


@pytest.mark.parametrize("one", [REPLACED, ROTATED], ids=["replaced", "rotated"])
def test_what_the_holders_agreed_on_is_signed(record: Record, one: Job) -> None:
    """Criterion: CUST-CEREMONY-6. The newcomer is shown with who he is said to be."""
    told = job.checked(one, record)
    shown = f"new: zoe (file, person 20), whose key has the fingerprint {OURS['zoe'].fingerprint}"
    assert shown in told
    signed(one, record)


def named(after: TierWallet, names: tuple[str, ...]) -> TierWallet:
    return msgspec.structs.replace(after, holders=names)


def replaced(one: Job, **terms: object) -> Callable[[], Job]:
    return lambda: msgspec.structs.replace(one, **terms)


FORGED: dict[str, tuple[Callable[[], Job], str]] = {
    "cards of all who stay": (
        lambda: asked(THEIRS, ("ann", "zoe", "cyd", "dee"), ("ann", "zoe", "cyd", "dee")),
        "the card of ann is not that of your record",
    ),
    "another card of who is new": (
        lambda: asked(OURS | {"zoe": THEIRS["zoe"]}, ("ann", "zoe", "cyd", "dee"), ("zoe",)),
        "the card of zoe is not that of your record",
    ),
    "a replacement by a known name's new key": (
        lambda: asked(
            OURS | {"dee": THEIRS["dee"]}, ("ann", "dee", "cyd", "bob"), ("dee",), ("dee",)
        ),
        "dee is in your record with another key",
    ),
    "two in the place of one": (
        replaced(ROTATED, kind="replacement", gone=("bob",)),
        "one who goes and one who comes",
    ),
    "one who was not named goes": (
        replaced(REPLACED, gone=("cyd",)),
        "more than one holder in the place of another",
    ),
    "a rotation by which somebody goes": (replaced(ROTATED, gone=("bob",)), "no replacement"),
    "one person with two keys": (
        replaced(ROTATED, persons=(Person("zoe", 1), Person("max", 21))),
        "person 1 holds 2 shares",
    ),
    "a known name's number": (
        replaced(
            ROTATED,
            cards=(*ROTATED.cards, OURS["cyd"]),
            persons=(*ROTATED.persons, Person("cyd", 99)),
        ),
        "cyd is person 3 in the record, not 99",
    ),
    "a holder made another person": (
        replaced(ROTATED, persons=(*ROTATED.persons, Person("cyd", 30))),
        "brings no card",
    ),
    "no card": (
        replaced(REPLACED, kind="rotation", gone=(), cards=(), persons=()),
        "no person or card for zoe",
    ),
    "fewer signatures": (
        replaced(ROTATED, after=msgspec.structs.replace(ROTATED.after, threshold=1)),
        "another number of signatures",
    ),
    "another guard": (
        replaced(ROTATED, after=msgspec.structs.replace(ROTATED.after, guard="bb" * 20)),
        "changes the wallet itself",
    ),
    "a guard's job that changes keys": (
        replaced(REPLACED, kind="guard"),
        "more than putting the record's guard in force",
    ),
    "a kind that there is not": (replaced(ROTATED, kind="turn"), "is no kind of job"),
    "names beside the owners": (
        replaced(ROTATED, after=named(ROTATED.after, ("ann", "zoe", "cyd", "bob"))),
        "on nobody's card",
    ),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_job_is_not_signed(record: Record, name: str) -> None:
    """Criterion: CUST-CEREMONY-6"""
    forged, told = FORGED[name]
    with pytest.raises(job.WrongJob, match=told):
        signed(forged(), record)


def test_a_quorum_that_breaks_the_rules_is_not_signed(record: Record) -> None:
    """Criterion: CUST-CEREMONY-6. Three of four: two may not be gone."""
    before = msgspec.structs.replace(record.wallet(1, "warm"), threshold=3)
    record.append(Entry(0, 2, "rotation", "", wallets=(before,)))
    after = msgspec.structs.replace(ROTATED.after, threshold=3)
    with pytest.raises(job.WrongJob, match="needs 2 more than it uses"):
        signed(msgspec.structs.replace(ROTATED, after=after), record)


def script(cards: dict[str, Card], older: int = 0) -> TierWallet:
    """A wallet of scripts; `older` blocks after a coin came, those who recover have it."""
    late = tuple(made(name, seed).in_wallet for seed, name in enumerate(LATE, 51)) if older else ()
    keys = tuple(cards[name].in_wallet for name in NAMES)
    held = Wallet(2, keys, 2 if older else 0, late, older)
    return TierWallet(2, "warm", UTXO, 2, NAMES, held, "bcrt")


def swept(before: TierWallet, after: TierWallet, kind: str) -> Job:
    """All that lies in a wallet, to another."""
    assert before.wallet is not None
    assert after.wallet is not None
    place = before.wallet.place(0)
    spent = b"\x01" + b"\x11" * 32 + bytes(4) + b"\x00" + b"\xff" * 4
    paid = b"\x01" + (10**9).to_bytes(8, "little") + bytes([len(place)]) + place
    raw = (2).to_bytes(4, "little") + spent + paid + bytes(4)
    txid = sha256(sha256(raw).digest()).digest()[::-1]
    spend = spending.swept(before.wallet, [Coin(txid, 0, 10**9, 0)], after.wallet.place(0), 5)
    return Job(kind, 2, "warm", after, spend, previous=(raw,))


def recorded(record: Record, one: TierWallet) -> None:
    cards = tuple(made(name, seed) for seed, name in enumerate(LATE, 51))
    persons = tuple(Person(name, seed) for seed, name in enumerate(LATE, 51))
    record.append(Entry(0, 2, "ceremony", "", cards, persons, wallets=(one,)))


@pytest.mark.parametrize("kind", ["guard", "rotation", "recovery", "gathering"])
def test_coins_go_to_nobodys_keys_by_any_kind_of_job(record: Record, kind: str) -> None:
    """Criterion: CUST-CEREMONY-6. Keys of others under the holders' names."""
    recorded(record, script(OURS))
    forged = swept(script(OURS), script(THEIRS), kind)
    for one in (forged, msgspec.structs.replace(forged, cards=tuple(THEIRS.values()))):
        with pytest.raises(job.WrongJob):
            signed(one, record)


def test_who_could_take_the_coins_one_day_is_shown(record: Record) -> None:
    """Criterion: CUST-CEREMONY-6. A rotation that hands them over in a block says so."""
    before = script(OURS, 26_000)
    recorded(record, before)
    same = "recovery: by 2 of lea, lou, lyn after 26000 blocks"
    assert same in job.checked(swept(before, script(OURS, 26_000), "rotation"), record)
    told = job.checked(swept(before, script(OURS, 1), "rotation"), record)
    assert told[0] == (
        "CHANGES recovery: by 2 of lea, lou, lyn after 1 blocks; "
        "now by 2 of lea, lou, lyn after 26000 blocks"
    )


@pytest.mark.parametrize(
    ("born", "tip", "most"),
    [(10**9, 700, 500), (501, 700, 500), (500, 700, None), (0, 700, None)],
    ids=["never", "later than before", "as before", "earlier"],
)
def test_coins_of_a_known_wallet_are_looked_for_as_before(
    record: Record, born: int, tip: int, most: int | None
) -> None:
    """Criterion: CUST-CEREMONY-6. A job that brings coins to keys of before, as to the same."""
    recorded(record, msgspec.structs.replace(script(OURS), born=500))
    after = msgspec.structs.replace(script(OURS), born=born)
    _born_fits(swept(script(OURS), after, "rotation"), record, tip, most)


@pytest.mark.parametrize(("born", "most"), [(701, 700), (700, None)])
def test_coins_of_a_new_wallet_are_looked_for_from_the_newest_block_on(
    record: Record, born: int, most: int | None
) -> None:
    """Criterion: CUST-CEREMONY-6"""
    recorded(record, msgspec.structs.replace(script(OURS), born=500))
    after = msgspec.structs.replace(script(OURS, 26_000), born=born)
    _born_fits(swept(script(OURS), after, "rotation"), record, 700, most)


def _born_fits(one: Job, record: Record, tip: int, most: int | None) -> None:
    assert f"its coins are looked for from block {one.after.born} on" in job.checked(one, record)
    if most is None:
        job.check_born(one, record, lambda: tip)
        return
    with pytest.raises(job.WrongJob, match=f"from block {one.after.born} on: at most {most}"):
        job.check_born(one, record, lambda: tip)


def test_a_record_with_another_key_of_ones_own_is_not_signed_by(record: Record) -> None:
    """Criterion: CUST-CEREMONY-8"""
    device = FileDevice(Path("ann"), {"ann": Private.of_seed(bytes([101]) * 32)})
    with pytest.raises(job.WrongJob, match="another key of ann's, fingerprint"):
        job.sign(ROTATED, record, device, "ann", [OURS["zoe"], OURS["max"]])


def test_a_job_that_spends_coins_is_no_safes(record: Record) -> None:
    """Criterion: CUST-CEREMONY-6"""
    forged = swept(script(OURS), script(THEIRS), "rotation")
    mixed = msgspec.structs.replace(ROTATED, spend=forged.spend, previous=forged.previous)
    with pytest.raises(job.WrongJob, match="it spends coins, and is a Safe's"):
        signed(mixed, record)
