"""Goal: the gates of a restart rest on what was measured, and their evidence can be read for ever.

Method: a world under the newest edition of the rules with holders in it; figures that are typed,
measurements that are old, of one network of two, or lack a tier; rounds of challenges of another
suspension, from before the gate was opened, or too few answered; documents of each size.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import msgspec
import pytest

from fullreserve.exchange import chart
from fullreserve.exchange.products import suspension_gates as gates
from fullreserve.exchange.products.custody_wire import DEPOSITS, Funded, Tier
from fullreserve.exchange.products.deposits import Deposits
from fullreserve.exchange.products.liveness import (
    LIVENESS,
    Answered,
    Ask,
    Call,
    Colour,
    Define,
    ListRounds,
    ListStandings,
    Liveness,
    Rounded,
    Standing,
)
from fullreserve.exchange.products.quorum_rules import Holder, Quorum, Role
from fullreserve.exchange.products.suspension_state import (
    HELD_STILL,
    HOUR_MS,
    MEASURED_MS,
    Kept,
    Measured,
    Refused,
)
from fullreserve.exchange.products.suspension_wire import (
    DOCUMENT_MAX,
    SUSPENSIONS,
    Adopt,
    Canary,
    Check,
    Coins,
    Figure,
    Gate,
    GetKept,
    GetMeasured,
    Level,
    Measure,
    Plan,
    Scope,
    Show,
)
from fullreserve.exchange.products.withdrawals import Withdrawals
from tests.unit.exchange.custody_world import (
    ALICE,
    BOB,
    BTC,
    CHAIN,
    COIN,
    TOKENS,
    USDT,
    World,
    coins,
    transfer,
)
from tests.unit.exchange.suspension_world import (
    ADA,
    BEA,
    BUDGETS,
    CLEO,
    DOCUMENT,
    ask,
    of,
    opened,
    requests,
    say,
    screened,
    show,
    sign_off,
    stop,
    survey,
)

BLOCK = transfer("a block")
HOT = Quorum(1, Role.HOT, 2, (Holder(1), Holder(2), Holder(3)), 300_000)
COLD = Quorum(2, Role.COLD, 2, (Holder(4), Holder(5), Holder(6), Holder(7)), 30 * 24 * HOUR_MS)
ON_CHAIN = Scope(Level.CHAIN, CHAIN)
WITHIN_MS = 30_000


@pytest.fixture
def world() -> Any:
    made = opened(surveys=True, more=(Liveness,))
    made.fund(BOB, BTC, coins(997))
    for each in (HOT, COLD):
        assert tell(made, Define(each)) == 0
    yield made
    assert made.replayed().hashes() == made.machine.hashes()
    made.restart()


def checked(world: World, scope: Scope = ON_CHAIN) -> int:
    """A stop whose gates are opened, the notice an hour old."""
    number = stop(world, scope=scope)
    assert ask(world, 1, BOB) == 0
    assert say(world, Plan(number, world.time_ms, BUDGETS)) == 0
    assert show(world, number, Gate.COMMUNICATION) == 0
    world.time_ms += HOUR_MS
    assert say(world, Check(number)) == 0
    return number


def measured(world: World, *amounts: tuple[int, int, int], network: int = CHAIN) -> int:
    """What the house says of a network: tier, asset, whole coins."""
    found = tuple(Coins(tier, asset, coins(amount)) for tier, asset, amount in amounts)
    return say(world, Measure(network, 7, BLOCK, found), chart.HOUSE)


def cover(world: World, number: int, *figures: tuple[int, int]) -> int:
    """Shows coverage, with what an operator types beside; the code."""
    typed = tuple(Figure(0, asset, coins(amount)) for asset, amount in figures)
    return say(world, Show(number, Gate.COVERAGE, b"", passed=True, figures=typed), BEA)


def newest(world: World, number: int) -> tuple[bool, dict[int, int]]:
    """Whether the evidence that was shown last passed, and its coins by asset, whole."""
    shown = of(world, number).evidence[-1]
    return shown.passed, {one.asset: int.from_bytes(one.have) // COIN for one in shown.figures}


def kept(world: World, number: int) -> dict[int, Kept]:
    found = world.ask(SUSPENSIONS, GetKept(number), dict[int, Kept])
    assert isinstance(found, dict)
    return found


def record(world: World, number: int, gate: Gate) -> dict[str, Any]:
    """A gate's record, which is what the fold has the hash of."""
    found = kept(world, number)[gate]
    newest_of = [one for one in of(world, number).evidence if one.gate == gate][-1]
    assert sha256(found.record).digest() == newest_of.digest
    told = msgspec.json.decode(found.record)
    assert isinstance(told, dict)
    return told


def test_typed_figures_make_no_coins(world: World) -> None:
    """Criterion: SUS-GATE-4. What is typed counts as far as books have coins nobody measures."""
    number = checked(world)
    assert cover(world, number, (BTC, 99_999_999_999)) == Refused.MEASURE
    assert measured(world, (Tier.HOT, BTC, 990)) == 0
    assert cover(world, number, (BTC, 9_999_999)) == 0
    assert newest(world, number) == (False, {BTC: 990})
    assert world.say(DEPOSITS, Funded(CHAIN, transfer("cold"), BTC, Tier.COLD, coins(40))) == 0
    assert cover(world, number, (BTC, 5)) == 0
    assert newest(world, number) == (False, {BTC: 995})
    assert cover(world, number, (BTC, 9_999_999)) == 0
    assert newest(world, number) == (True, {BTC: 1030})
    told = record(world, number, Gate.COVERAGE)
    assert told["added"] == [[BTC, str(40 * COIN)]]
    (one,) = told["measured"]
    assert (one["network"], one["height"], one["block"]) == (CHAIN, 7, BLOCK.hex())
    assert one["coins"] == [[Tier.HOT, BTC, str(990 * COIN)]]
    found = world.ask(SUSPENSIONS, GetMeasured(CHAIN), Measured)
    assert (one["timeMs"], one["sequence"]) == (found.time_ms, found.sequence)


def test_each_network_is_measured_and_lately(world: World) -> None:
    """Criterion: SUS-GATE-4. Of this plan, not old, and wherever books have any."""
    number = checked(world, Scope(Level.GLOBAL))
    assert measured(world, (Tier.HOT, BTC, 1003)) == 0
    assert cover(world, number) == Refused.MEASURE
    assert measured(world, (Tier.HOT, USDT, 9_000_000), network=TOKENS) == 0
    assert cover(world, number) == 0
    assert newest(world, number) == (True, {BTC: 1003, USDT: 9_000_000, 3: 0})
    world.time_ms += MEASURED_MS + 1
    assert cover(world, number) == Refused.MEASURE
    for more, network in (((Tier.HOT, BTC, 1003), CHAIN), ((Tier.HOT, USDT, 50), TOKENS)):
        assert measured(world, more, network=network) == 0
    world.time_ms += 1
    assert say(world, Plan(number, world.time_ms, BUDGETS)) == 0
    assert cover(world, number) == Refused.MEASURE


def test_who_measures_and_what(world: World) -> None:
    """Criterion: SUS-GATE-4. The house alone; what means nothing is refused."""
    number = checked(world)
    good = Measure(CHAIN, 7, BLOCK, (Coins(Tier.HOT, BTC, coins(1)),))
    assert say(world, good) == Refused.NOT_A_MEMBER
    for bad in (
        Measure(77, 7, BLOCK, good.coins),
        Measure(CHAIN, -1, BLOCK, good.coins),
        Measure(CHAIN, 7, bytes(33), good.coins),
        Measure(CHAIN, 7, BLOCK, good.coins * 2),
        Measure(CHAIN, 7, BLOCK, (Coins(Tier.HOT, BTC, b"1"),)),
        Measure(CHAIN, 7, BLOCK, tuple(Coins(1, at, coins(1)) for at in range(1001))),
    ):
        assert say(world, bad, chart.HOUSE) == 51000
    assert cover(world, number) == Refused.MEASURE


def tell(world: World, word: Any) -> int:
    """What the fold of liveness says to the house."""
    return world.say(LIVENESS, word)


def sign(world: World, number: int) -> int:
    return say(world, Show(number, Gate.SIGNABILITY, b"", passed=True, count=99), BEA)


def call(world: World, one: Quorum, *persons: int, suspension: int, within_ms: int = 0) -> bytes:
    """A round for a suspension, answered by persons; its challenge."""
    digest = transfer(f"round {world.machine.sequence}")
    assert tell(world, Call(one.number, digest, (suspension,), within_ms)) == 0
    for person in persons:
        assert tell(world, Answered(one.number, person, digest)) == 0
    return digest


def test_signability_rests_on_a_round_for_the_gate(world: World) -> None:
    """Criterion: SUS-GATE-5. Put after it was opened, for it, to every tier that signs."""
    number = stop(world, scope=ON_CHAIN)
    assert ask(world, 1, BOB) == 0
    assert say(world, Plan(number, world.time_ms, BUDGETS)) == 0
    for each in (HOT, COLD):
        call(world, each, *(one.person for one in each.holders), suspension=number)
    assert sign(world, number) == Refused.ROUND
    assert say(world, Check(number)) == 0
    assert sign(world, number) == Refused.ROUND
    call(world, HOT, 1, 2, 3, suspension=number)
    assert sign(world, number) == Refused.ROUND
    call(world, COLD, 4, 5, suspension=number + 1)
    assert sign(world, number) == Refused.ROUND
    call(world, COLD, 4, suspension=number)
    assert sign(world, number) == 0
    assert not of(world, number).evidence[-1].passed
    challenge = call(world, COLD, 4, 6, suspension=number)
    assert sign(world, number) == 0
    assert of(world, number).evidence[-1].passed
    put = record(world, number, Gate.SIGNABILITY)["rounds"]
    assert [(one["quorum"], one["threshold"], one["answered"]) for one in put] == [
        (HOT.number, 2, 3), (COLD.number, 2, 2),
    ]  # fmt: skip
    assert put[1]["challenge"] == challenge.hex()
    # In turn is not for the gate, and a round is one of its day.
    assert tell(world, Ask(HOT.number, transfer("in turn"))) == 0
    assert sign(world, number) == Refused.ROUND
    call(world, HOT, 1, 2, suspension=number)
    world.time_ms += 25 * HOUR_MS
    assert sign(world, number) == Refused.ROUND


def test_nobodys_word_stands_for_signers_that_nobody_measures() -> None:
    """Criterion: SUS-GATE-7. Hot's have to be; in logs of before the word did, and stays."""
    world = opened(more=(Liveness,))
    assert say(world, Adopt(HELD_STILL - 1), chart.HOUSE) == 0
    world.fund(BOB, BTC, coins(997))
    number = checked(world)
    assert sign(world, number) == 0
    assert of(world, number).evidence[-1].passed
    assert say(world, Adopt(HELD_STILL), chart.HOUSE) == 0
    assert sign(world, number) == Refused.QUORUM
    assert tell(world, Define(COLD)) == 0
    call(world, COLD, 4, 5, 6, 7, suspension=number)
    assert sign(world, number) == Refused.QUORUM
    assert tell(world, Define(HOT)) == 0
    assert sign(world, number) == Refused.ROUND
    call(world, HOT, 1, 2, suspension=number)
    assert sign(world, number) == 0
    assert of(world, number).evidence[-1].passed
    assert world.replayed().hashes() == world.machine.hashes()


def test_an_exchange_without_chains_has_nothing_to_sign() -> None:
    """Criterion: SUS-GATE-7."""
    view = World(lambda: [Deposits(), Withdrawals(), Liveness()]).machine
    assert gates.has_signers(view)


def test_who_is_gone_since_keeps_it_shut(world: World) -> None:
    """Criterion: SUS-GATE-5. A tier that turns black shuts what was shown for the gate."""
    number = checked(world)
    survey(world, number)
    assert measured(world, (Tier.HOT, BTC, 1003)) == 0
    for each in (HOT, COLD):
        call(world, each, *(one.person for one in each.holders), suspension=number)
    assert sign(world, number) == cover(world, number) == 0
    for gate, more in (
        (Gate.LIQUIDITY, {}),
        (Gate.QUEUE_HYGIENE, screened(world, number)),
        (Gate.LIMITS, {}),
        (Gate.SUPPORT, {}),
    ):
        assert show(world, number, gate, **more) == 0
    assert sign_off(world, number) == 0
    canary = Canary(number, requests(world, BOB)[0].number)
    call(world, HOT, 1, suspension=0, within_ms=WITHIN_MS)
    world.time_ms += WITHIN_MS + 1
    assert say(world, canary) == Refused.GATES
    call(world, HOT, 2, suspension=0, within_ms=WITHIN_MS)
    # The first was there a moment ago, and has the time of a round to answer this one.
    assert say(world, canary) == 0


def standing(world: World) -> tuple[Colour, list[int]]:
    found = world.ask(LIVENESS, ListStandings(world.time_ms), list[Standing])
    return Colour(found[0].colour), [one.person for one in found[0].missing]


def test_who_does_not_answer_a_round_is_missing_at_once(world: World) -> None:
    """Criterion: LIVE-16. Until the next answer, however often he is asked and by what."""
    call(world, HOT, 1, 2, 3, suspension=0, within_ms=WITHIN_MS)
    world.time_ms += 10 * WITHIN_MS
    assert standing(world) == (Colour.GREEN, [])
    digest = call(world, HOT, 1, suspension=0, within_ms=WITHIN_MS)
    world.time_ms += WITHIN_MS
    assert standing(world) == (Colour.GREEN, [])
    world.time_ms += 1
    assert standing(world) == (Colour.BLACK, [2, 3])
    call(world, HOT, suspension=0, within_ms=WITHIN_MS)
    assert standing(world) == (Colour.BLACK, [2, 3])
    in_turn = transfer("in turn")
    assert tell(world, Ask(HOT.number, in_turn)) == 0
    assert standing(world) == (Colour.BLACK, [2, 3])
    assert tell(world, Answered(HOT.number, 2, digest)) == 94004
    assert tell(world, Answered(HOT.number, 2, in_turn)) == 0
    assert standing(world) == (Colour.RED, [3])
    assert tell(world, Call(HOT.number, b"short")) == 51000
    assert tell(world, Call(HOT.number, digest, (), -1)) == 51000
    rounds = world.ask(LIVENESS, ListRounds(), list[Rounded])
    assert [(one.quorum, one.answered, one.asked > 0) for one in rounds] == [
        (HOT.number, 1, True), (COLD.number, 0, False),
    ]  # fmt: skip


def test_evidence_itself_is_kept(world: World) -> None:
    """Criterion: SUS-GATE-6. Records by gate, documents as they were given; bounded."""
    number = checked(world)
    assert say(world, Show(number, Gate.SUPPORT, b"", passed=True), CLEO) == Refused.DOCUMENT
    long = bytes(DOCUMENT_MAX + 1)
    for document, digest in (
        (DOCUMENT, transfer("another")),
        (long, sha256(long).digest()),
        (b"", transfer("another")),
    ):
        word = Show(number, Gate.SUPPORT, digest, passed=True, document=document)
        assert say(world, word, CLEO) == 51000
    assert show(world, number, Gate.SUPPORT, is_public=True) == 0
    found = kept(world, number)
    assert set(found) == {Gate.COMMUNICATION, Gate.SUPPORT}
    assert [(one.document, one.is_public) for one in found.values()] == [
        (DOCUMENT, False), (DOCUMENT, True),
    ]  # fmt: skip
    told = record(world, number, Gate.SUPPORT)
    assert told["document"] == sha256(DOCUMENT).hexdigest()
    assert (told["gate"], told["passed"], told["suspension"]) == ("G8", True, number)
    # Of persons it has none.
    assert str(BEA) not in str(told)
    assert str(ADA) not in str(told)
    assert kept(world, 1) == {}


def test_a_log_from_before_goes_by_what_was_typed() -> None:
    """Criterion: SUS-GATE-4, SUS-GATE-5, SUS-GATE-6. The golden journals hold the rest of it."""
    world = opened()
    world.fund(ALICE, BTC, coins(5))
    number = checked_before(world)
    typed = (Figure(0, BTC, coins(5000)),)
    digest = transfer("evidence")
    for gate, figures in ((Gate.COVERAGE, typed), (Gate.SIGNABILITY, ())):
        word = Show(number, gate, digest, passed=True, figures=figures)
        assert say(world, word, BEA) == 0
        assert of(world, number).evidence[-1].passed
    assert measured(world, (Tier.HOT, BTC, 1)) == 51000
    assert kept(world, number) == {}


def checked_before(world: World) -> int:
    number = stop(world, scope=ON_CHAIN)
    assert say(world, Plan(number, world.time_ms, BUDGETS)) == 0
    assert say(world, Check(number)) == 0
    return number
