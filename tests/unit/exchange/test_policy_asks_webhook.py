"""Goal: no rule that wants the webhook's answer is passed by because nobody had asked it yet.

Method: words of the worker that vetted before a change held and arrive after it, in each edition.
"""

from __future__ import annotations

import pytest

from fullreserve.exchange.products.custody_ledger import Unsound
from fullreserve.exchange.products.custody_wire import WITHDRAWALS, Heed
from fullreserve.exchange.products.policy_rules import (
    Category,
    DecisionState,
    Rule,
    Verb,
    Webhook,
)
from fullreserve.exchange.products.policy_wire import (
    EDITION,
    HOOK_ASKED,
    POLICY,
    Adopt,
    Approve,
    Decide,
    Decision,
    GetDecision,
    Judge,
    Propose,
    Refused,
)
from fullreserve.exchange.products.suspension_wire import Mode
from tests.unit.exchange.custody_world import World
from tests.unit.exchange.policy_world import DAY_MS, facts
from tests.unit.exchange.suspension_world import ADA, BEA, stop
from tests.unit.exchange.test_policy_of_withdrawals import RULES, asked, bind, decision, opened

STOPS = Rule(9, Verb.BLOCK, webhook=Webhook.NO)


def judge(world: World, number: int, answer: Webhook) -> int:
    word = Judge(number, Category.BOOK, 30 * DAY_MS, answer)
    return world.say(POLICY, word)


def tighten(world: World) -> None:
    """By one administrator, at once: what the webhook refuses is blocked."""
    assert world.say(POLICY, Propose((STOPS, *RULES)), ADA) == 0


def in_edition(edition: int) -> World:
    made = opened(2)
    assert made.say(POLICY, Adopt(edition)) == 0
    return made


def test_a_word_from_before_a_rule_is_not_taken_and_the_webhook_is_asked() -> None:
    """Criterion: VENDOR-8"""
    world = in_edition(EDITION)
    number, other = asked(world, 0.1), asked(world, 0.1)
    assert judge(world, other, Webhook.NOT_ASKED) == 0
    tighten(world)
    assert judge(world, number, Webhook.NOT_ASKED) == Refused.WEBHOOK
    assert world.ask(POLICY, GetDecision(number), Decision | None) is None
    assert world.say(WITHDRAWALS, Heed(number)) == bind(world, number) == Unsound.NOT_PAYABLE
    assert judge(world, number, Webhook.NO) == 0
    assert decision(world, number).state == DecisionState.BLOCKED
    # What was decided before stays decided, and saying it again is no other decision.
    assert judge(world, other, Webhook.NOT_ASKED) == 0
    assert decision(world, other).state == DecisionState.ALLOWED
    assert world.say(POLICY, Decide(facts(10**9, 1))) == Refused.WEBHOOK
    assert world.replayed().hashes() == world.machine.hashes()


@pytest.mark.parametrize("answer", [Webhook.NOT_ASKED, Webhook.YES])
def test_what_a_review_asks_again_is_asked_of_the_webhook_too(answer: Webhook) -> None:
    """Criterion: VENDOR-8. A refusal forgets nothing of what was decided."""
    world = in_edition(EDITION)
    number = asked(world, 0.1)
    assert judge(world, number, Webhook.NOT_ASKED) == 0
    tighten(world)
    stop(world, mode=Mode.REVIEW)
    before = decision(world, number)
    code = judge(world, number, answer)
    if answer == Webhook.NOT_ASKED:
        assert (code, decision(world, number)) == (Refused.WEBHOOK, before)
    else:
        assert (code, decision(world, number).state) == (0, DecisionState.WAITING)
        assert world.say(POLICY, Approve(number), BEA) == 0
    assert world.replayed().hashes() == world.machine.hashes()


def test_a_log_of_an_earlier_edition_takes_it_as_it_did() -> None:
    """Criterion: POL-23"""
    world = in_edition(HOOK_ASKED - 1)
    number = asked(world, 0.1)
    tighten(world)
    assert judge(world, number, Webhook.NOT_ASKED) == 0
    assert decision(world, number).state == DecisionState.ALLOWED
    assert world.replayed().hashes() == world.machine.hashes()
