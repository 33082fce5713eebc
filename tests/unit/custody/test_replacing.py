"""Goal: a replacement that is half done goes on, and gives no quorum that the rules refuse.

Method: records of any wallets, changed as `finish` records it, against the rules written out here.
"""

from __future__ import annotations

from itertools import count
from pathlib import Path

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fullreserve.custody.keys import changes, job, plan
from fullreserve.custody.keys.card import Card
from fullreserve.custody.keys.plan import BadPlan, Plan, WantedWallet
from fullreserve.custody.keys.record import SAFE, UTXO, Entry, Record, TierWallet
from fullreserve.custody.keys.tier_quorum import Person
from tests.unit.custody.test_jobs import made

# The last is the same human as the first, by another key.
NAMES = ("ann", "bob", "cyd", "dee", "eve", "fay", "gus", "hal", "ida", "ann-2")
CARDS = {name: made(name, seed) for seed, name in enumerate(NAMES, 31)}
OTHERS = {name: made(name, seed) for seed, name in enumerate(NAMES, 131)}
PERSONS = {
    name: Person(name, 1 if name == "ann-2" else number, f"site {number % 8}")
    for number, name in enumerate(NAMES, 1)
}
SPARE = {"warm": 2, "cold": 2}
NOWHERE = Path("/nowhere")


def known(*wallets: WantedWallet) -> Record:
    """A record that has them, of all who hold a key there."""
    agreed = plan.agree(Plan((), wallets), PERSONS, CARDS, {}, is_new=False).wallets
    names = sorted({name for one in agreed for name in changes.everybody(one)})
    cards, persons = [CARDS[name] for name in names], [PERSONS[name] for name in names]
    record = Record(NOWHERE)
    record.state.apply(Entry(1, 1, "ceremony", "", tuple(cards), tuple(persons), agreed))
    return record


def finish(record: Record, gone: str, comes: str, after: TierWallet) -> None:
    """As the record has it: who holds a key elsewhere stays known."""
    wallets = record.state.wallets
    others = [one for key, one in wallets.items() if key != (after.network, after.tier)]
    left = () if any(gone in changes.everybody(one) for one in others) else (gone,)
    cards, persons = (CARDS[comes],), (PERSONS[comes],)
    record.state.apply(Entry(2, 2, "replacement", "", cards, persons, (after,), left))


def of(network: int, *names: str, late: tuple[str, ...] = ()) -> WantedWallet:
    kind, older = (UTXO, 20_000) if late else (SAFE, 0)
    return WantedWallet(network, "warm", kind, 2, names, "bcrt" if late else "", 0, len(late) and 2,
                        late, older, safe="" if late else "07" * 20)  # fmt: skip


THREE = (
    of(1, "ann", "bob", "cyd", "dee"),
    of(2, "bob", "eve", "fay", "gus", late=("ann", "cyd", "dee")),
    of(3, "ann", "cyd", "dee", "eve", late=("bob", "fay", "gus")),
)


def test_a_replacement_goes_on_with_the_wallets_that_are_left() -> None:
    """Criterion: CUST-GONE-17. Until nobody knows him any more."""
    record = known(*THREE, of(4, "ann", "cyd", "dee", "eve"))
    for left in ([1, 2, 3], [2, 3], [3]):
        touched = changes.without(record, "bob", CARDS["hal"], PERSONS["hal"])
        assert [one.network for one in touched] == left
        assert all("hal" in changes.everybody(one) for one in touched)
        finish(record, "bob", "hal", touched[0])
    with pytest.raises(BadPlan, match="bob is no holder in the record"):
        changes.without(record, "bob", CARDS["hal"], PERSONS["hal"])


def test_a_holder_signs_for_one_who_came_to_another_wallet_before() -> None:
    """Criterion: CUST-GONE-17. By his own record, which has the card: he names it no more."""
    record = known(of(1, "ann", "bob", "cyd", "dee"), THREE[1])
    for given_cards in ((CARDS["hal"],), ()):
        (after, *_) = changes.without(record, "bob", CARDS["hal"], PERSONS["hal"])
        wanted = job.Job(
            "replacement", after.network, "warm", after, cards=(CARDS["hal"],),
            persons=(PERSONS["hal"],), gone=("bob",),
        )  # fmt: skip
        job.allowed(wanted, record)
        job.vouch(wanted, record, given_cards)
        finish(record, "bob", "hal", after)


@pytest.mark.parametrize(
    ("gone", "card", "person", "told"),
    [
        ("bob", OTHERS["hal"], PERSONS["hal"], "hal is a holder already, by another card"),
        ("bob", CARDS["hal"], Person("hal", 80), "hal is person 8 in the record, not 80"),
        ("bob", CARDS["hal"], Person("hal", 8), "with --person 8 --site 'site 0': say the same"),
        ("bob", CARDS["eve"], PERSONS["eve"], "2: person 5 holds 2 shares"),
        ("bob", CARDS["ann"], PERSONS["ann"], "2: person 1 holds a key and a recovery key"),
        ("bob", CARDS["gus"], PERSONS["gus"], "3: recovery: person 7 holds 2 shares"),
        ("bob", CARDS["ann-2"], PERSONS["ann-2"], "2: person 1 holds a key and a recovery key"),
        ("bob", CARDS["bob"], PERSONS["bob"], "bob has no key for bob to take the place of"),
        ("ida", CARDS["hal"], PERSONS["hal"], "ida has no key for hal to take the place of"),
        ("zoe", CARDS["hal"], PERSONS["hal"], "zoe is no holder in the record"),
    ],
)
def test_nobody_is_let_in_twice_by_going_on(
    gone: str, card: Card, person: Person, told: str
) -> None:
    """Criterion: CUST-GONE-17"""
    record = known(*THREE)
    idle = Entry(2, 2, "ceremony", "", (CARDS["ida"],), (PERSONS["ida"],))
    record.state.apply(idle)
    finish(record, "bob", "hal", changes.without(record, "bob", CARDS["hal"], PERSONS["hal"])[0])
    with pytest.raises(BadPlan) as refused:
        changes.without(record, gone, card, person)
    assert told in str(refused.value)


def test_a_job_that_replaces_nobody_is_not_signed() -> None:
    """Criterion: CUST-GONE-17. By it a holder would be gone who has his key still."""
    record = known(of(1, "ann", "bob", "cyd", "dee"))
    one = record.wallet(1, "warm")
    for gone in ("bob", "zoe"):
        wanted = job.Job("replacement", 1, "warm", one, cards=(CARDS["bob"],), gone=(gone,))
        with pytest.raises(job.WrongJob, match=f"{gone} has no key for bob to take the place of"):
            job.allowed(wanted, record)


@st.composite
def wallets(draw: st.DrawFn) -> WantedWallet:
    """One that may break any rule."""
    names = draw(st.permutations(NAMES))
    size = draw(st.integers(4, 6))
    late = tuple(names[size : size + draw(st.sampled_from((0, 3)))])
    tier = draw(st.sampled_from(("warm", "cold")))
    threshold = draw(st.integers(2, size - 2))
    one = of(1, *names[:size], late=late)
    return msgspec.structs.replace(one, tier=tier, threshold=threshold)


@st.composite
def records(draw: st.DrawFn) -> Record:
    """Of wallets that keep the rules, each on its own network."""
    numbers, kept = count(1), list[WantedWallet]()
    for one in draw(st.lists(wallets(), min_size=4, max_size=7)):
        try:
            plan.agree(Plan((), (one,)), PERSONS, CARDS, {}, is_new=False)
        except BadPlan:
            continue
        kept.append(msgspec.structs.replace(one, network=next(numbers)))
    assume(len(kept) > 1)
    return known(*kept)


def keeps_the_rules(one: TierWallet) -> bool:
    """As `docs/criteria` says them, without the code that is tested."""
    late = changes.everybody(one)[len(one.holders) :]
    humans = [PERSONS[name].person for name in (*one.holders, *late)]
    quorums = [(one.holders, one.threshold, SPARE[one.tier])]
    if late:
        assert one.wallet is not None
        quorums.append((tuple(late), one.wallet.recovery_threshold, 1))
    return len(set(humans)) == len(humans) and all(
        threshold > 1
        and len(names) - threshold >= spare
        and all(
            sum(PERSONS[each].site == PERSONS[name].site for each in names)
            <= min(len(names) - threshold, threshold - 1)
            for name in names
        )
        for names, threshold, spare in quorums
    )


@given(records(), st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), min_size=1, max_size=4))
def test_no_quorum_is_weaker_however_often_it_goes_on(
    record: Record, gone: str, comers: list[str]
) -> None:
    """Criterion: CUST-GONE-17. Also with who is a holder already, of that wallet or another."""
    for comes in comers:
        before = dict(record.state.wallets)
        try:
            touched = changes.without(record, gone, CARDS[comes], PERSONS[comes])
        except BadPlan:
            continue
        assert [(one.network, one.tier) for one in touched] == [
            key for key, one in before.items() if gone in changes.everybody(one)
        ]
        for one in touched:
            was = before[one.network, one.tier]
            wanted = plan.with_another(was, gone, comes)
            assert plan.wanted_of(one) == wanted
            assert gone not in changes.everybody(one)
            assert list(changes.everybody(one)).count(comes) == 1
            assert (one.threshold, len(one.holders)) == (was.threshold, len(was.holders))
            assert keeps_the_rules(one)
        finish(record, gone, comes, touched[0])


def test_another_key_under_a_known_name_is_not_signed_for_either() -> None:
    """Criterion: CUST-GONE-17, CUST-CEREMONY-6"""
    record = known(of(1, "ann", "bob", "cyd", "dee"), THREE[1])
    finish(record, "bob", "hal", changes.without(record, "bob", CARDS["hal"], PERSONS["hal"])[0])
    was = record.wallet(2, "warm")
    after = plan.agree(
        Plan((), (plan.with_another(was, "bob", "hal"),)),
        PERSONS, CARDS | {"hal": OTHERS["hal"]}, {}, is_new=False,
    ).wallets[0]  # fmt: skip
    wanted = job.Job(
        "replacement", 2, "warm", after, cards=(OTHERS["hal"],), persons=(PERSONS["hal"],),
        gone=("bob",),
    )  # fmt: skip
    with pytest.raises(job.WrongJob, match="hal is in your record with another key"):
        job.allowed(wanted, record)
