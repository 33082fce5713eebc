"""A sign-off is of what was shown, from edition 6 on, and a document says something."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest

from fullreserve.exchange import chart
from fullreserve.exchange.products.suspension_state import (
    HOUR_MS,
    SIGNED_LAST,
    SILENT_GO,
    Refused,
    SuspensionState,
    says_something,
    shown_last,
)
from fullreserve.exchange.products.suspension_wire import (
    Action,
    Adopt,
    Budget,
    Canary,
    Check,
    Gate,
    Level,
    Plan,
    Scope,
    Show,
    SignOff,
)
from tests.unit.exchange.custody_world import ALICE, BTC, CHAIN, World, coins
from tests.unit.exchange.suspension_world import (
    BEA,
    CLEO,
    ask,
    of,
    opened,
    requests,
    say,
    show,
    shown,
    sign_off,
    stop,
)

BUDGETS = (Budget(CHAIN, BTC, coins(100), 100),)


def checked(edition: int, threshold: int = 1) -> tuple[World, int]:
    """A stop of one chain with a request, whose gates are opened and noticed; by an edition."""
    world = opened(threshold)
    assert say(world, Adopt(edition), chart.HOUSE) == 0
    world.fund(ALICE, BTC, coins(5))
    number = stop(world, scope=Scope(Level.CHAIN, CHAIN))
    assert ask(world, 1) == 0
    assert say(world, Plan(number, 0, BUDGETS)) == 0
    assert show(world, number, Gate.COMMUNICATION) == 0
    assert say(world, Check(number)) == 0
    return world, number


def canary(world: World, number: int) -> int:
    return say(world, Canary(number, requests(world)[0].number))


@pytest.mark.parametrize("edition", [SILENT_GO, SIGNED_LAST])
def test_nobody_signs_off_before_all_is_shown(edition: int) -> None:
    """Criterion: SUS-REOPEN-6. In a log from before, the plan was enough."""
    world, number = checked(edition)
    early = sign_off(world, number)
    shown(world, number)
    world.time_ms += HOUR_MS
    if edition < SIGNED_LAST:
        assert (early, canary(world, number)) == (0, 0)
    else:
        assert (early, canary(world, number)) == (Refused.GATES, Refused.GATES)
        assert sign_off(world, number) == 0
        assert canary(world, number) == 0
    assert world.replayed().hashes() == world.machine.hashes()


def test_a_notice_may_wait_for_its_hour() -> None:
    """Criterion: SUS-REOPEN-6. It is shown; its time passes by itself, and nothing goes before."""
    world, number = checked(SIGNED_LAST)
    shown(world, number)
    assert sign_off(world, number) == 0
    assert canary(world, number) == Refused.GATES
    world.time_ms += HOUR_MS
    assert canary(world, number) == 0


def test_what_is_shown_later_takes_every_sign_off_away() -> None:
    """Criterion: SUS-REOPEN-6. Whoever agreed has not seen it; also beside canaries."""
    world, number = checked(SIGNED_LAST, threshold=2)
    shown(world, number)
    world.time_ms += HOUR_MS
    before = shown_last(of(world, number))
    assert sign_off(world, number, BEA) == 0
    assert show(world, number, Gate.SUPPORT, CLEO) == 0
    assert of(world, number).sign_offs == ()
    assert say(world, SignOff(number, shown=before), BEA) == Refused.UNSEEN
    assert say(world, SignOff(number), BEA) == Refused.UNSEEN
    for who in (BEA, CLEO):
        assert canary(world, number) == Refused.GATES
        assert sign_off(world, number, who) == 0
    assert canary(world, number) == 0
    assert show(world, number, Gate.SUPPORT, CLEO) == 0
    assert canary(world, number) == Refused.GATES
    for who in (BEA, CLEO):
        assert sign_off(world, number, who) == 0
    assert of(world, number).state == SuspensionState.CANARY
    assert canary(world, number) == 0
    world.restart()
    assert world.replayed().hashes() == world.machine.hashes()


def test_a_failed_gate_is_not_signed_off() -> None:
    """Criterion: SUS-REOPEN-6."""
    world, number = checked(SIGNED_LAST)
    shown(world, number)
    digest = sha256(b"nobody is there at night").digest()
    word = Show(number, Gate.SUPPORT, digest, passed=False, document=b"nobody is there at night")
    assert say(world, word, BEA) == 0
    assert sign_off(world, number) == Refused.GATES


def test_one_user_s_stop_has_nothing_to_show() -> None:
    """Criterion: SUS-REOPEN-6."""
    world = opened()
    assert say(world, Adopt(SIGNED_LAST), chart.HOUSE) == 0
    number = stop(world, Action.TRANSFER, Scope(Level.USER, key=ALICE))
    assert say(world, Plan(number, 0)) == 0
    assert sign_off(world, number) == 0


@pytest.mark.parametrize(
    ("document", "is_one"),
    [
        (b"x", False),
        (b"y" * 4_000, False),
        (b"!?! ... --- ??? ;;; ... !!!", False),
        (b"abcde abcde abcde", False),
        (b"we are ready", False),
        (b"\xff\xfe looked at by whom", False),
        (b"looked at it all", True),
        ("热钱包每分钟可承受十个比特币".encode(), True),
        ("Поддержка на месте".encode(), True),
    ],
)
def test_a_document_says_something(document: bytes, *, is_one: bool) -> None:
    """Criterion: SUS-GATE-8. Letters and digits are counted, and how many are different."""
    assert says_something(document) is is_one
    for edition in (SILENT_GO, SIGNED_LAST):
        world, number = checked(edition)
        said: Any = {"passed": True, "document": document}
        for gate in (Gate.SUPPORT, Gate.LIQUIDITY):
            code = say(world, Show(number, gate, sha256(document).digest(), **said), BEA)
            lacks = edition >= SIGNED_LAST and not is_one
            assert code == (Refused.DOCUMENT if lacks else code)
            assert (code == Refused.DOCUMENT) is lacks
