"""Goal: no copy of the record makes a holder trust keys that nobody whom he trusts let in.

Method: entries as whoever runs the exchange would add them, judged against what a holder has taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from fullreserve.custody.hd import Private
from fullreserve.custody.keys import job, proof, shown_record, taken
from fullreserve.custody.keys.card import Card
from fullreserve.custody.keys.job import Job
from fullreserve.custody.keys.key_file import FileDevice
from fullreserve.custody.keys.record import FILE, Entry, Proof, Record, TierWallet
from fullreserve.custody.keys.taken import Judged, NotTaken
from fullreserve.custody.keys.tier_quorum import Person
from tests.unit.custody.test_jobs import (
    NAMES,
    OURS,
    REPLACED,
    ROTATED,
    THEIRS,
    begun,
    made,
    recorded,
    script,
    swept,
    wallet,
)

SEEDS = {name: seed for seed, name in enumerate((*NAMES, "zoe", "max"), 1)}
AFTER = ("ann", "zoe", "cyd", "dee")
ZOE = Person("zoe", 20)
replace = msgspec.structs.replace


def device(name: str) -> FileDevice:
    return FileDevice(Path(name), {name: Private.of_seed(bytes([SEEDS[name]]) * 32)})


def under(cards: dict[str, Card], names: Sequence[str] = AFTER, born: int = 500) -> TierWallet:
    """The script wallet with other holders, from block `born` on."""
    one = script(OURS, 26_000)
    assert one.wallet is not None
    keys = tuple(cards[name].in_wallet for name in names)
    return replace(one, holders=tuple(names), wallet=replace(one.wallet, keys=keys), born=born)


class Copy:
    """A holder's record, of a Safe and a script wallet, and what is offered to him."""

    def __init__(self, folder: Path) -> None:
        self.record = begun(folder)
        recorded(self.record, replace(script(OURS, 26_000), born=500))
        self.path = folder / FILE
        self.newest = self.record.entries[-1].hash

    def adds(self, entry: Entry, given: Sequence[Card] = (), tip: int | None = 700) -> Judged:
        """What is thought of one entry more; NotTaken."""
        self.record.append(entry)
        (found,) = taken.judge(self.path, self.newest, given, lambda _network: tip)
        return found


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


def done(one: Job, shown: Proof | msgspec.UnsetType = msgspec.UNSET) -> Entry:
    """As `finish` records it."""
    return Entry(
        0, 9, one.kind, "", one.cards, one.persons, (one.after,), one.gone, proof=shown
    )  # fmt: skip


MOVED = replace(
    swept(replace(script(OURS, 26_000), born=500), under(OURS), "replacement"),
    cards=(OURS["zoe"],),
    persons=(ZOE,),
    gone=("bob",),
)


def proven(one: Job, record: Record, names: Sequence[str] = ("ann", "cyd")) -> Proof:
    """What those holders signed, as whoever finishes it has it."""
    given = [OURS["zoe"], OURS["max"]]
    parts = [job.sign(one, record, device(name), name, given) for name in names]
    shown = proof.made(one, record, parts)
    assert isinstance(shown, Proof)
    return shown


@pytest.mark.parametrize("one", [MOVED, REPLACED, ROTATED], ids=["coins", "owner", "owners"])
def test_what_enough_holders_signed_is_taken_with_its_cards(copy: Copy, one: Job) -> None:
    """Criterion: CUST-CEREMONY-7. Nobody has to bring the newcomer's card: they have seen it."""
    found = copy.adds(done(one, proven(one, copy.record)))
    assert found.why == "signed by ann, cyd"
    assert "zoe" not in found.before.cards


def test_a_card_beside_what_was_signed_is_wanted_from_its_owner(copy: Copy) -> None:
    """Criterion: CUST-CEREMONY-7. Signatures cover the keys of the wallet alone."""
    mal = made("mal", 120)
    entry = done(ROTATED, proven(ROTATED, copy.record))
    entry = replace(entry, cards=(*entry.cards, mal))
    with pytest.raises(NotTaken, match="the card of mal is in nothing that you took"):
        copy.adds(entry)
    found = taken.judge(copy.path, copy.newest, [mal], lambda _: None)
    assert found[0].why == "signed by ann, cyd"


def test_a_safe_asks_no_node(copy: Copy) -> None:
    """Criterion: CUST-CEREMONY-7. Nodes of accounts have no height that coins are counted from."""

    def asked(network: int) -> int:
        raise AssertionError(network)

    copy.record.append(done(REPLACED, proven(REPLACED, copy.record)))
    assert taken.judge(copy.path, copy.newest, (), asked)


@pytest.mark.parametrize("one", [MOVED, REPLACED], ids=["coins", "owner"])
def test_what_too_few_signed_is_not_taken(copy: Copy, one: Job) -> None:
    """Criterion: CUST-CEREMONY-7"""
    shown = proven(one, copy.record, ("ann",))
    with pytest.raises(NotTaken, match=r"entry 3 \(replacement\): 1 of 2"):
        copy.adds(done(one, shown))


def forged(names: Sequence[str], cards: dict[str, Card], **terms: object) -> Entry:
    """The script wallet under other keys."""
    brought = tuple(cards[name] for name in names if cards[name] != OURS.get(name))
    one = Entry(0, 9, "rotation", "", brought, (ZOE,), (under(cards, names),))
    return replace(one, **terms)


def with_proof(entry: Callable[[], Entry]) -> Callable[[Record], Entry]:
    """The holders' own signatures, of what they did sign."""
    return lambda record: replace(entry(), proof=proven(MOVED, record))


FORGED: dict[str, tuple[Callable[[Record], Entry], str]] = {
    # H1 of the eighth check: one line appended, and `gather` brought all to these keys.
    "a rotation to a stranger's keys": (
        lambda _record: forged(AFTER, THEIRS),
        "no signatures of its holders prove it",
    ),
    "a rotation among holders, by nobody": (
        lambda _record: replace(done(MOVED), kind="rotation", gone=()),
        "no signatures of its holders prove it",
    ),
    "signatures of another change": (
        with_proof(lambda: forged(AFTER, THEIRS)),
        "its coins go elsewhere than to the wallet that follows",
    ),
    "another card beside what was signed": (
        with_proof(lambda: replace(done(MOVED), cards=(OURS["zoe"], THEIRS["max"]))),
        "a replacement has one who goes and one who comes",
    ),
    "somebody else gone": (
        with_proof(lambda: replace(done(MOVED), gone=("cyd",))),
        "cyd would be gone, and another holder is replaced",
    ),
    "coins looked for from a block that there is not": (
        with_proof(lambda: replace(done(MOVED), wallets=(under(OURS, born=10**9),))),
        "from block 1000000000 on: at most 700",
    ),
    "two wallets": (
        with_proof(lambda: replace(done(MOVED), wallets=(under(OURS), wallet(OURS, AFTER)))),
        "one wallet follows another",
    ),
    "a newcomer's other card, by the record alone": (
        lambda _record: replace(
            done(MOVED), cards=(THEIRS["zoe"],), wallets=(under(OURS | {"zoe": THEIRS["zoe"]}),)
        ),
        "the card of zoe is in nothing that you took",
    ),
    "an owner, by the record alone": (
        lambda _record: done(REPLACED),
        "no signatures of its holders prove it",
    ),
    "a ceremony that makes a wallet anew": (
        lambda _record: Entry(0, 9, "ceremony", "", (), (), (under(OURS, NAMES[::-1]),)),
        "it makes another warm wallet of network 2, without those who hold it",
    ),
    "a ceremony with a holder's other key": (
        lambda _record: Entry(0, 9, "ceremony", "", (THEIRS["ann"],)),
        "the card of ann is in nothing that you took",
    ),
    "a ceremony by which somebody is another": (
        lambda _record: Entry(0, 9, "ceremony", "", (), (Person("cyd", 99),)),
        "cyd is person 3 in the record, not 99",
    ),
    "a new wallet of keys on nobody's card": (
        lambda _record: Entry(
            0, 9, "ceremony", "", wallets=(replace(under(THEIRS, NAMES), network=7),)
        ),
        "a key of the warm wallet of network 7 is on nobody's card",
    ),
    "keys by what changes none": (
        lambda _record: replace(done(MOVED), kind="move"),
        "it changes keys, which ceremony, rotation, replacement, recovery alone do",
    ),
    "somebody gone by a renewal": (
        lambda _record: Entry(0, 9, "renewal", "", gone=("ann",)),
        "it changes keys",
    ),
}


@pytest.mark.parametrize("name", FORGED)
def test_what_nobody_let_in_is_not_taken(copy: Copy, name: str) -> None:
    """Criterion: CUST-CEREMONY-7. The newcomer's true card at hand changes nothing of it."""
    written, told = FORGED[name]
    with pytest.raises(NotTaken, match=told):
        copy.adds(written(copy.record), [OURS["zoe"]])


SAFE, OTHER = "0x0707070707070707070707070707070707070707", "cc" * 20
OTHERS = "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC"


@pytest.mark.parametrize(
    ("entry", "other"),
    [
        (entry, other)
        for entry in (
            done(ROTATED),
            done(REPLACED),
            Entry(0, 9, "ceremony", "", wallets=(wallet(OURS, NAMES),)),
            Entry(0, 9, "guard", "", wallets=(wallet(OURS, NAMES),)),
            Entry(0, 9, "move", "", wallets=(wallet(OURS, NAMES),)),
        )
        for other in ({"safe": OTHER}, {"guard": OTHER}, {"chain_id": 1})
    ],
    ids=lambda one: one.kind if isinstance(one, Entry) else next(iter(one)),
)
def test_another_contract_is_not_taken(copy: Copy, entry: Entry, other: dict[str, object]) -> None:
    """Criterion: CUST-CEREMONY-9. Whatever owners signed: no change of keys changes the Safe."""
    job_of = {"rotation": ROTATED, "replacement": REPLACED}.get(entry.kind)
    shown = proven(job_of, copy.record) if job_of is not None else msgspec.UNSET
    (after,) = entry.wallets
    forged = replace(entry, wallets=(replace(after, **other),), proof=shown)
    became = {
        "safe": f"Safe {OTHERS} on chain 31337, no guard",
        "guard": f"Safe {SAFE} on chain 31337, guard {OTHERS}",
        "chain_id": f"Safe {SAFE} on chain 1, no guard",
    }[next(iter(other))]
    with pytest.raises(NotTaken) as told:
        copy.adds(forged, [OURS["zoe"], OURS["max"]])
    assert str(told.value) == (
        f"entry 3 ({entry.kind}): it changes the wallet itself, not only its keys: the warm wallet "
        f"of network 1 is the Safe {SAFE} on chain 31337, no guard, and would be the {became}"
    )


def test_a_holder_is_shown_the_contract_that_he_signs_for(copy: Copy) -> None:
    """Criterion: CUST-CEREMONY-9. With owners, threshold and guard, as script wallets are shown."""
    fresh = replace(wallet(OURS, NAMES), network=7, guard=OTHER)
    found = copy.adds(Entry(0, 9, "ceremony", "", wallets=(fresh,)))
    owners = [f"    owner {name} 0x{OURS[name].account}" for name in NAMES]
    assert list(shown_record.lines([found], copy.record))[1:] == [
        "  warm wallet of network 7: 2 of ann (1), bob (2), cyd (3), dee (4)",
        f"    Safe {SAFE} on chain 31337, guard {OTHERS}",
        *owners,
    ]


def test_a_wallet_without_coins_changes_by_the_newcomers_card(copy: Copy) -> None:
    """Criterion: CUST-CEREMONY-7. Nobody could sign it; the card is wanted though it was taken."""
    alone = replace(MOVED, spend=None, previous=())
    found = copy.adds(done(alone), [OURS["zoe"]])
    assert found.why == "nothing was signed, by the card as you had it"
    again = under(OURS, ("ann", "zoe", "dee", "bob"))
    back = Entry(0, 9, "replacement", "", (OURS["bob"],), (), (again,), ("cyd",))
    copy.record.append(back)
    with pytest.raises(NotTaken, match="more than one holder in the place"):
        taken.judge(copy.path, copy.newest, [OURS["zoe"], OURS["bob"]], lambda _: None)


def test_a_ceremony_is_taken_with_cards_that_were_had(copy: Copy) -> None:
    """Criterion: CUST-CEREMONY-7"""
    fresh = replace(under(OURS), network=7)
    found = copy.adds(Entry(0, 9, "ceremony", "", (OURS["zoe"],), (ZOE,), (fresh,)), [OURS["zoe"]])
    assert found.why == "nobody's keys of before are changed, cards as you had them"


@pytest.mark.parametrize("kind", ["move", "gathering", "renewal", "guard"])
def test_what_changes_no_keys_is_taken(copy: Copy, kind: str) -> None:
    """Criterion: CUST-CEREMONY-7"""
    same = (copy.record.wallet(1, "warm"),) if kind == "guard" else ()
    assert copy.adds(Entry(0, 9, kind, "", wallets=same)).why == "changes nobody's keys"


def test_the_proof_is_no_part_of_the_chain(copy: Copy) -> None:
    """Criterion: CUST-CEREMONY-7. Who knows no proofs reads the record, and old ones stay whole."""
    entry = copy.record.append(done(MOVED, proven(MOVED, copy.record)))
    assert replace(entry, proof=msgspec.UNSET).sealed().hash == entry.hash
    assert b'"proof":{' in copy.path.read_bytes().splitlines()[-1]
    assert b'"proof":{' not in copy.path.read_bytes().splitlines()[0]
    assert Record(copy.path).entries[-1] == entry
