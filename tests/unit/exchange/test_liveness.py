"""Goal: nobody's absence stops anything, and the margin is measured.

Method: the fold of liveness beside those of custody; each role's quorum with each of its holders
gone for ever; configurations that may not be, fed to what reads them at the start; E1.5.
"""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fullreserve.app.command import _run as command_run
from fullreserve.app.quorums import UnsoundQuorum, definitions, lacks_hot, load
from fullreserve.app.running import Plain
from fullreserve.config import Settings
from fullreserve.exchange import chart
from fullreserve.exchange.machine import Machine
from fullreserve.exchange.products.liveness import (
    ACTIONS,
    LIVENESS,
    Answered,
    Away,
    Challenge,
    Colour,
    Define,
    GetColour,
    ListQuorums,
    ListStandings,
    Liveness,
    Look,
    QuorumState,
    Replace,
    Standing,
)
from fullreserve.exchange.products.quorum_rules import (
    DAY_MS,
    PERIODS,
    SPARE,
    Holder,
    Quorum,
    Role,
    faults,
)
from fullreserve.exchange.products.suspension_wire import Gate, Scope, Show
from fullreserve.exchange.products.suspension_wire import Level as Width
from tests.unit.exchange.custody_world import ALICE, BTC, CHAIN, World, coins, transfer
from tests.unit.exchange.suspension_world import (
    ADA,
    BEA,
    DIGEST,
    ask,
    folds,
    known,
    of,
    opened,
    pay,
    planned,
    requests,
    say,
    stop,
)

HOUR_MS = 3_600_000


def alive() -> World:
    world = opened()
    made = World(lambda: [*folds(), Liveness()])
    made.__dict__.update(world.__dict__)
    made.folds = lambda: [*folds(), Liveness()]
    made.machine = Machine(core=world.machine.core, folds=[*world.machine.folds, Liveness()])
    return made


def quorum(role: Role, threshold: int, count: int, **more: Any) -> Quorum:
    holders = tuple(Holder(at, 100 + at, 200 + at, 300 + at) for at in range(1, count + 1))
    values = {"period_ms": PERIODS.get(role, DAY_MS)} | more
    return Quorum(int(role), role, threshold, holders, **values)


def tell(world: World, word: Any, who: int = chart.HOUSE) -> int:
    return world.say(LIVENESS, word, who)


def standings(world: World) -> dict[int, Standing]:
    found = world.ask(LIVENESS, ListStandings(world.time_ms), list[Standing])
    return {one.quorum: one for one in found}


def answers(world: World, one: Quorum, *persons: int) -> None:
    digest = transfer(f"challenge {world.machine.sequence}")
    assert tell(world, Challenge(one.number, digest)) == 0
    for person in persons:
        assert tell(world, Answered(one.number, person, digest)) == 0


def test_the_margin_has_a_colour_and_actions() -> None:
    """Criterion: LIVE-1. Green, amber, red, black, by who answered the newest challenge."""
    world, warm = alive(), quorum(Role.WARM, 3, 5)
    assert tell(world, Define(warm)) == tell(world, Define(warm)) == 0
    assert tell(world, Challenge(9, DIGEST)) == 94002
    for count, colour in ((5, Colour.GREEN), (4, Colour.AMBER), (3, Colour.RED), (2, Colour.BLACK)):
        world.time_ms += 3 * warm.period_ms
        answers(world, warm, *range(1, count + 1))
        now = standings(world)[warm.number]
        assert (now.margin, now.colour) == (count - 3, colour)
        assert bool(ACTIONS[Colour(now.colour)]) == (colour is not Colour.GREEN)
        assert tell(world, Look()) == 0
    assert [one.colour for one in world.machine.folds[-1].state.history] == [1, 2, 3]
    assert tell(world, Answered(warm.number, 1, transfer("an old one"))) == 94004
    assert tell(world, Answered(warm.number, 77, DIGEST)) == 94003
    assert tell(world, Look(), ADA) == 94001
    assert world.ask(LIVENESS, GetColour(world.time_ms), int) == Colour.BLACK


def test_who_never_answered_is_not_live() -> None:
    """Criterion: LIVE-22. A period after the share began, and until the first answer."""
    world, cold = alive(), quorum(Role.COLD, 4, 7)
    assert tell(world, Define(cold, wants_answers=True)) == 0
    began, period = world.time_ms, cold.period_ms
    last = world.ask(LIVENESS, ListQuorums(), list[QuorumState])[0].answers
    assert last == {}  # what is shown as answered was answered

    def margin(later: int) -> int:
        (found,) = world.ask(LIVENESS, ListStandings(world.time_ms + later), list[Standing])
        return int(found.margin)

    assert (margin(period), margin(period + 1)) == (3, -4)
    answers(world, cold, 1, 2, 3, 4, 5)
    (found,) = world.ask(LIVENESS, ListQuorums(), list[QuorumState])
    assert found.answers == dict.fromkeys(range(1, 6), began)
    world.restart()
    assert (margin(period + 1), margin(2 * period), margin(2 * period + 1)) == (1, 1, -4)
    answers(world, cold, 6, 7)
    assert margin(period + 1) == 3
    # Who comes by another definition, or by the others' word, has to show himself; nobody anew.
    holders = (*cold.holders[:6], Holder(8))
    fresh = msgspec.structs.replace(cold, holders=holders)
    assert tell(world, Define(fresh, wants_answers=True)) == 0
    for voter in (2, 3, 4, 5):
        assert tell(world, Replace(cold.number, 1, Holder(9), voter)) == 0
    assert (margin(period), margin(period + 1), margin(2 * period + 1)) == (3, 1, -4)


def test_in_logs_from_before_a_share_began_with_an_answer() -> None:
    """Criterion: LIVE-22. What was told without the new word means what it meant."""
    world, cold = alive(), quorum(Role.COLD, 4, 7)
    assert tell(world, Define(cold)) == 0
    begins = world.ask(LIVENESS, ListQuorums(), list[QuorumState])[0].answers
    assert begins == dict.fromkeys(range(1, 8), world.time_ms)
    for later, margin in ((2 * cold.period_ms, 3), (2 * cold.period_ms + 1, -4)):
        asked = ListStandings(world.time_ms + later)
        assert world.ask(LIVENESS, asked, list[Standing])[0].margin == margin


def test_an_announced_absence_counts() -> None:
    """Criterion: LIVE-2. From its first moment to its last, whatever was answered."""
    world, hot = alive(), quorum(Role.HOT, 2, 3)
    assert tell(world, Define(hot)) == 0
    answers(world, hot, 1, 2, 3)
    assert tell(world, Away(3, world.time_ms + 10, world.time_ms + 20)) == 0
    for later, margin in ((0, 1), (10, 0), (19, 0), (20, 1)):
        found = world.ask(LIVENESS, ListStandings(world.time_ms + later), list[Standing])
        assert found[0].margin == margin


def test_e1_5_one_signer_of_three_is_away() -> None:
    """Criterion: LIVE-3. E1.5: alarm at 24 h, the backup at 48 h, payments go on, nothing stops."""
    world, hot = alive(), quorum(Role.HOT, 2, 3)
    world.fund(ALICE, BTC, coins(2))
    assert tell(world, Define(hot)) == 0
    begun = world.time_ms
    for hours, alarm in ((23, 0), (24, 1), (47, 1), (48, 2)):
        world.time_ms = begun + hours * HOUR_MS
        answers(world, hot, 1, 2)
        (silent,) = standings(world)[hot.number].missing
        assert (silent.person, silent.alarm) == (3, alarm)
        assert standings(world)[hot.number].margin == 0
    # The two who are there put the backup in the third one's place; nobody asks him.
    backup = Holder(4, 104, 204, 304)
    assert [tell(world, Replace(hot.number, 3, backup, voter)) for voter in (1, 2)] == [0, 0]
    answers(world, hot, 1, 2, 4)
    assert standings(world)[hot.number].colour == Colour.GREEN
    assert ask(world, 1) == 0
    pay(world, requests(world)[0].number)
    assert requests(world)[0].state == 2
    assert known(world) == []


@pytest.mark.parametrize("role", list(Role))
def test_any_one_person_may_be_gone_for_ever(role: Role) -> None:
    """Criterion: LIVE-4, CUST-INV-3. Each holder: enough are left, and replace the lost."""
    spare = SPARE.get(role, 1)
    one = quorum(role, 2, 2 + spare)
    for gone in (holder.person for holder in one.holders):
        world = alive()
        assert tell(world, Define(one)) == 0
        world.time_ms += 3 * one.period_ms
        left = [holder.person for holder in one.holders if holder.person != gone]
        answers(world, one, *left)
        assert standings(world)[one.number].margin == spare - 1 >= 0
        fresh = Holder(50, 150, 250, 350)
        assert tell(world, Replace(one.number, gone, fresh, gone)) == 94003
        for voter in left[: one.threshold]:
            assert tell(world, Replace(one.number, gone, fresh, voter)) == 0
        answers(world, one, *left, 50)
        assert standings(world)[one.number].margin == spare
        world.fund(ALICE, BTC, coins(2))
        assert ask(world, 1) == 0
        assert requests(world)[0].state == 10


def test_a_replacement_keeps_the_rules() -> None:
    """Criterion: LIVE-5. Nobody gets a second share by replacing; votes for another do not add."""
    world, hot = alive(), quorum(Role.HOT, 2, 3)
    assert tell(world, Define(hot)) == 0
    assert tell(world, Replace(hot.number, 3, Holder(1), 1)) == 94005
    assert tell(world, Replace(hot.number, 3, Holder(5), 1)) == 0
    assert tell(world, Replace(hot.number, 3, Holder(6), 2)) == 0
    state = world.machine.folds[-1].state
    assert [one.person for one in state.quorums[hot.number].holders] == [1, 2, 3]


def test_gate_1_wants_the_quorums_alive() -> None:
    """Criterion: LIVE-6. While a tier could not sign, no word opens withdrawals."""
    world, hot = alive(), quorum(Role.HOT, 2, 3)
    world.fund(ALICE, BTC, coins(2))
    assert tell(world, Define(hot)) == 0
    number = stop(world, scope=Scope(Width.CHAIN, CHAIN))
    assert ask(world, 1) == 0
    planned(world, number)
    assert say(world, Show(number, Gate.SIGNABILITY, DIGEST, passed=True, count=2), BEA) == 0
    assert not of(world, number).evidence[-1].passed
    answers(world, hot, 1, 2)
    assert say(world, Show(number, Gate.SIGNABILITY, DIGEST, passed=True, count=2), BEA) == 0
    assert of(world, number).evidence[-1].passed


BAD = {
    "n-of-n": quorum(Role.HOT, 3, 3),
    "one of one": quorum(Role.APPROVERS, 1, 1),
    "warm bears one": quorum(Role.WARM, 3, 4),
    "cold bears one": quorum(Role.COLD, 4, 5),
    "unlock n-of-n": quorum(Role.UNLOCK, 2, 2),
    "deploy n-of-n": quorum(Role.DEPLOY, 2, 2),
    "refill n-of-n": quorum(Role.REFILL, 2, 2),
    "two shares": Quorum(1, Role.HOT, 2, (Holder(1), Holder(1), Holder(2)), 5),
    "one site": Quorum(1, Role.HOT, 2, (Holder(1, 9), Holder(2, 9), Holder(3)), 5),
    "one country": Quorum(1, Role.HOT, 2, (Holder(1, 0, 9), Holder(2, 0, 9), Holder(3)), 5),
    "one vendor": Quorum(
        1, Role.WARM, 2, (Holder(1, 0, 0, 9), Holder(2, 0, 0, 9), Holder(3), Holder(4)), 5
    ),
    "nobody": Quorum(1, Role.HOT, 1, (), 5),
    "threshold 0": quorum(Role.HOT, 0, 3),
    "no role": Quorum(1, 99, 1, (Holder(1), Holder(2)), 5),
}


@pytest.mark.parametrize("name", BAD)
def test_no_quorum_may_hang_on_one(name: str) -> None:
    """Criterion: LIVE-7, CUST-INV-1, CUST-INV-2. The log takes none that breaks a rule."""
    assert faults(BAD[name])
    assert tell(alive(), Define(BAD[name])) == 94005


FILE = """
[[quorum]]
name = "{name}"
role = "{role}"
threshold = {threshold}
holders = [{holders}]
"""


def test_a_file_that_lets_silence_pass_is_refused(tmp_path: Path) -> None:
    """Criterion: LIVE-8. A period of a century would measure nothing."""
    file = tmp_path / "quorums.toml"
    whole = FILE.format(name="fine", role="hot", threshold=1, holders="{person=8}, {person=9}")
    for line in ("period_ms = 10000000000000", "alarm_ms = 0", "backup_ms = -1"):
        file.write_text(whole + line + "\n", encoding="utf-8")
        with pytest.raises(UnsoundQuorum, match=line.replace(" =", "") + ": allowed are 1 to"):
            load(file)


@pytest.mark.parametrize(
    ("name", "role", "threshold", "count", "said"),
    [
        ("keys", "hot", 3, 3, "quorum keys: n-of-n"),
        ("vault", "cold", 4, 5, "must bear the loss of 2"),
        ("cards", "unlock", 2, 2, "2-of-3"),
        ("who", "kings", 1, 2, "allowed is hot, warm"),
        *(
            (role, role, 1, 3, f"quorum {role}: 1-of-3: one alone")
            for role in (
                "warm",
                "cold",
                "recovery",
                "approvers",
                "policy_admins",
                "deploy",
                "refill",
            )
        ),
    ],
)
def test_the_start_refuses_such_a_configuration(
    tmp_path: Path, name: str, role: str, threshold: int, count: int, said: str
) -> None:
    """Criterion: LIVE-8. Every quorum is looked at, and the message names it and the rule.

    No quorum is one alone's, but of hot signers, as the chains' file bounds them, and of cards.
    """
    file = tmp_path / "quorums.toml"
    holders = ", ".join(f"{{ person = {at} }}" for at in range(1, count + 1))
    good = FILE.format(name="fine", role="hot", threshold=1, holders="{person=8}, {person=9}")
    bad = FILE.format(name=name, role=role, threshold=threshold, holders=holders)
    file.write_text(good, encoding="utf-8")
    assert [one.threshold for one in load(file)] == [1]
    file.write_text(good + bad, encoding="utf-8")
    with pytest.raises(UnsoundQuorum, match=said):
        load(file)
    file.write_text("[[quorum]]\nnme = 1", encoding="utf-8")
    with pytest.raises(UnsoundQuorum, match="cannot be read"):
        load(file)


def test_any_course_of_answers_restores() -> None:
    """Criterion: LIVE-9. Restarted from a snapshot at every step."""
    draws, world = random.Random(2), alive()
    quorums = [quorum(Role.HOT, 2, 3), quorum(Role.WARM, 3, 5)]
    for one in quorums:
        assert tell(world, Define(one, wants_answers=one.role == Role.WARM)) == 0
    for _ in range(120):
        one = draws.choice(quorums)
        digest = transfer(str(draws.randrange(3)))
        person = draws.randrange(1, 7)
        word = draws.choice(
            (
                Challenge(one.number, digest),
                Answered(one.number, person, digest),
                Away(person, world.time_ms, world.time_ms + HOUR_MS),
                Replace(one.number, person, Holder(person + 10), draws.randrange(1, 6)),
                Look(),
            )
        )
        tell(world, word)
        world.time_ms += draws.randrange(HOUR_MS)
        world.restart()


def test_the_log_is_told_once(tmp_path: Path) -> None:
    """Criterion: LIVE-11. The command refuses before it opens anything."""
    file = tmp_path / "quorums.toml"
    file.write_text(
        FILE.format(name="fine", role="hot", threshold=1, holders="{person=8}, {person=9}"),
        encoding="utf-8",
    )
    world = World(lambda: [Liveness()])
    wanted = load(file)
    assert lacks_hot(world.machine.folds)
    (command,) = definitions(wanted, world.machine.folds)
    world.core(command)
    assert definitions(wanted, world.machine.folds) == []
    assert not lacks_hot(world.machine.folds)
    file.write_text(
        FILE.format(name="bad", role="hot", threshold=1, holders="{person=8}"), encoding="utf-8"
    )
    settings = Settings(quorums=str(file), data=tmp_path / "data")
    with pytest.raises(UnsoundQuorum):
        command_run(settings, Plain(), Fraction(1))
    assert not (tmp_path / "data").exists()
