"""A world with operators, policy administrators and the policy; requests to ask it about."""

from __future__ import annotations

from typing import Any

from fullreserve.exchange import chart
from fullreserve.exchange.products.approval_acts import Enrol
from fullreserve.exchange.products.approval_state import CONSOLE
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.products.policy import Policy
from fullreserve.exchange.products.policy_rules import (
    Category,
    Facts,
    Rule,
    Verb,
)
from fullreserve.exchange.products.policy_wire import (
    HOUR_MS,
    LOCK_MS,
    POLICY,
    WRITERS,
    Agree,
    Decide,
    Decision,
    GetDecision,
    GetPolicy,
    GetReplay,
    PolicyView,
    Propose,
    Replay,
    Withdraw,
)
from tests.unit.exchange.custody_world import ALICE, BOB, World
from tests.unit.exchange.suspension_world import ADA, BEA, CLEO

USD = 10**8
DAY_MS = 24 * HOUR_MS
SANCTIONED = Rule(1, Verb.BLOCK, categories=(Category.SANCTIONED,))
SMALL = Rule(
    2,
    Verb.ALLOW,
    categories=(Category.BOOK,),
    least_age_ms=7 * DAY_MS,
    velocity_usd=50_000 * USD,
    window_ms=DAY_MS,
)
LARGE = Rule(3, Verb.APPROVE, group=CONSOLE, needed=2, most_usd=1_000_000 * USD)
RULES = (SANCTIONED, SMALL, LARGE)
WRITER_A, WRITER_B, WRITER_C = 10_000_021, 10_000_022, 10_000_023


def opened() -> World:
    """Operators and policy administrators, and no rules yet."""
    made = World(lambda: [Approvals(), Policy()])
    writers = (WRITER_A, WRITER_B, WRITER_C)
    for group, members in ((CONSOLE, (ADA, BEA, CLEO)), (WRITERS, writers)):
        for member in members:
            assert made.say(Approvals.number, Enrol(group, member)) == 0
    return made


def say(world: World, word: Any, who: int = chart.HOUSE) -> int:
    return world.say(POLICY, word, who)


def view(world: World) -> PolicyView:
    found = world.ask(POLICY, GetPolicy(), PolicyView)
    assert isinstance(found, PolicyView)
    return found


def nothing(_since_ms: int) -> int:
    """What an owner has spent who asks for the first time."""
    return 0


def decision(world: World, request: int) -> Decision:
    found = world.ask(POLICY, GetDecision(request), Decision | None)
    assert isinstance(found, Decision)
    return found


def replay(world: World, change: int) -> Replay:
    found = world.ask(POLICY, GetReplay(change, world.time_ms), Replay | None)
    assert isinstance(found, Replay)
    return found


def agree(world: World, change: int, who: int) -> int:
    """After a look at what it would have made of the last 30 days."""
    seen = replay(world, change)
    return say(world, Agree(change, seen.digest, seen.at_ms, seen.until), who)


def facts(request: int, usd: float, **more: Any) -> Facts:
    values = {
        "initiator": ALICE,
        "owner": ALICE,
        "source": 1,
        "network": 1,
        "asset": 1,
        "category": Category.BOOK,
        "age_ms": 30 * DAY_MS,
        "share": 10,
    } | more
    return Facts(request=request, usd=round(usd * USD), **values)


def in_force(world: World, rules: tuple[Rule, ...]) -> None:
    """Rules that loosen, agreed on and held."""
    assert say(world, Propose(rules), WRITER_A) == 0
    number = view(world).changes[-1].number
    if view(world).changes[-1].is_over:
        return
    assert agree(world, number, WRITER_B) == 0
    world.time_ms += LOCK_MS
    assert say(world, Withdraw(1), WRITER_A) in (95002, 0)
    say(world, Decide(facts(10**9 + number, 0.01, owner=BOB, category=Category.SANCTIONED)))
    assert view(world).rules == rules
