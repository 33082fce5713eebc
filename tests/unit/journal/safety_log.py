"""A log of what guards withdrawals: suspensions with their way back, key holders, the policy."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any

import msgspec

from fullreserve.exchange import chart
from fullreserve.exchange.products import liveness, policy_wire
from fullreserve.exchange.products import suspension_wire as stops
from fullreserve.exchange.products.approval_acts import Dismiss, Enrol
from fullreserve.exchange.products.approval_state import CONSOLE
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    WITHDRAWALS,
    Bound,
    Cancel,
    Drain,
    Funded,
    Heed,
    Hold,
    Paid,
    Request,
    RequirePolicy,
    Settle,
    Tier,
)
from fullreserve.exchange.products.drain import LANE_S
from fullreserve.exchange.products.policy_rules import Category, Rule, Verb
from fullreserve.exchange.products.quorum_rules import Holder, Quorum, Role
from fullreserve.exchange.products.risk_rules import Mark, RiskTable, Thresholds
from fullreserve.exchange.products.suspension_state import (
    EVIDENCED,
    HOUR_MS,
    LIFTED_PAST,
    OF_NOTHING,
    OF_WAITING,
    SIGNED_LAST,
    SILENT_GO,
    SPARED,
    SuspensionState,
    shown_last,
)
from fullreserve.exchange.wire.commands import AccountKey, Product, Side, Transfer, amount_bytes
from tests.bed import ALICE, BOB, BTC, USDT, Bed, place, submit
from tests.unit.exchange.custody_world import CHAIN, COIN, ETH, FEE_BTC, NETWORKS, TOKENS, transfer

HELD_TURN = 2
DOCUMENT = b"what was looked at"
RUNS, STOPS = 500, 12
BY_A_FEW = 2  # the edition of withdrawals from which on no word moves all that wait
OF_WITHDRAWALS = 4  # the newest of theirs; the policy's goes on by itself
OPERATORS = (10_000_101, 10_000_102, 10_000_103)
BOARD = (*OPERATORS, 10_000_104)
USD, DAY_MS = 10**8, 86_400_000
HOT = Quorum(1, Role.HOT, 2, (Holder(1), Holder(2), Holder(3)), 300_000)
COLD = Quorum(2, Role.COLD, 2, (Holder(4), Holder(5), Holder(6), Holder(7)), DAY_MS)
ON_CHAIN = stops.Scope(stops.Level.CHAIN, CHAIN)
OF_NO_NETWORK = stops.Scope(stops.Level.ASSET, asset=7)  # no network has it
SMALL = Rule(2, Verb.ALLOW, velocity_usd=9_000 * USD, window_ms=DAY_MS)
RULES = (
    Rule(1, Verb.BLOCK, categories=(Category.SANCTIONED,)),
    SMALL,
    Rule(3, Verb.APPROVE, CONSOLE, 2),
)


class Log:
    """Says words to the folds of a bed, the last withdrawal and suspension known."""

    def __init__(self, bed: Bed, draws: random.Random, edition: int) -> None:
        self.bed = bed
        self.edition = edition
        self.draws = draws
        self.replaced = 0  # canaries that a score held
        self.states = {fold.number: fold.state for fold in bed.folds}

    async def open(self) -> None:
        self.door = await self.bed.door()

    async def say(self, fold: int, word: Any, who: int = chart.HOUSE) -> None:
        encoded = msgspec.msgpack.encode(word)
        await submit(self.door, [Product(1, self.door.numbers(1), fold, who, encoded)])

    def advance(self, most_ms: int) -> None:
        self.bed.clock.advance(self.draws.randrange(most_ms))  # type: ignore[attr-defined]

    async def settle(self) -> None:
        """What waits follows: all at once in the first editions of the rules, a few after that."""
        for after in (0, *sorted(self.states[WITHDRAWALS].withdrawals)[50::50]):
            if self.edition >= BY_A_FEW:
                await self.say(WITHDRAWALS, Settle(after, 50))
        if self.edition < BY_A_FEW:
            await self.say(WITHDRAWALS, Settle())

    async def survey(self, number: int) -> None:
        """The queue is read, where the log has it read so."""
        state = self.states[stops.SUSPENSIONS]
        if not state.edition:
            return
        await self.say(stops.SUSPENSIONS, stops.Survey(number, is_new=True))
        while number in state.surveys and not state.surveys[number].ended_ms:
            await self.say(stops.SUSPENSIONS, stops.Survey(number))

    def operator(self) -> int:
        return self.draws.choice(OPERATORS)

    def withdrawal(self) -> int:
        known = sorted(self.states[WITHDRAWALS].withdrawals)
        return int(self.draws.choice(known[-6:] or [1]))

    def suspension(self) -> int:
        known = sorted(self.states[stops.SUSPENSIONS].suspensions)
        return int(self.draws.choice(known[-2:] or [1]))

    def change(self) -> int:
        known = sorted(self.states[policy_wire.POLICY].changes)
        return int(self.draws.choice(known[-2:] or [1]))


async def begin(log: Log, rules: tuple[Rule, ...] = RULES) -> None:
    """Networks, operators, the first rules, quorums, and coins for everybody."""
    for terms in NETWORKS:
        for fold in (DEPOSITS, WITHDRAWALS):
            await log.say(fold, terms)
    for member in OPERATORS:
        await log.say(Approvals.number, Enrol(CONSOLE, member))
    await log.say(policy_wire.POLICY, policy_wire.Found(rules))
    if log.edition:
        await log.say(policy_wire.POLICY, policy_wire.Adopt(log.edition))
    await log.say(WITHDRAWALS, RequirePolicy(min(log.edition, OF_WITHDRAWALS)))
    for quorum in (HOT, COLD):
        await log.say(liveness.LIVENESS, liveness.Define(quorum))
    for network, asset in ((CHAIN, BTC), (TOKENS, USDT)):
        coins = amount_bytes(10**6 * COIN)
        await log.say(DEPOSITS, Funded(network, transfer(f"{asset}"), asset, Tier.HOT, coins))
    for owner, side in ((BOB, Side.SELL), (ALICE, Side.BUY)):
        await place(log.door, owner, side, 400_000, 10_000)
        source, target = (AccountKey(owner, kind, 0) for kind in (chart.TRADE, chart.FUND))
        half = amount_bytes(50 * COIN)
        await submit(log.door, [Transfer(1, log.door.numbers(1), owner, source, target, BTC, half)])


async def of_a_withdrawal(log: Log) -> None:
    """A word about one of the newest, or another one."""
    draws, number = log.draws, log.withdrawal()
    amount = amount_bytes(draws.choice((5, 20, 40)) * COIN // 100)
    binding, name = transfer(f"b{number}"), transfer(str(number))
    owner = draws.choice((ALICE, BOB))
    words: list[tuple[int, Any, int]] = [
        (WITHDRAWALS, Request(CHAIN, BTC, amount, amount_bytes(FEE_BTC), 0, 1), owner),
        (WITHDRAWALS, Request(CHAIN, BTC, amount, amount_bytes(FEE_BTC), 0, 1), owner),
        (policy_wire.POLICY, policy_wire.Judge(number, draws.choice((1, 1, 1, 5)), 7), chart.HOUSE),
        (WITHDRAWALS, Heed(number), chart.HOUSE),
        (policy_wire.POLICY, policy_wire.Approve(number), log.operator()),
        (policy_wire.POLICY, policy_wire.Reject(number), draws.choice((*OPERATORS, *(ALICE,) * 9))),
        (WITHDRAWALS, Bound(number, binding), chart.HOUSE),
        (WITHDRAWALS, Paid(number, name, 9, amount_bytes(7)), chart.HOUSE),
        (WITHDRAWALS, Cancel(number), owner),
        (WITHDRAWALS, Settle(0, 50 if log.edition >= BY_A_FEW else 0), chart.HOUSE),
    ]
    if log.edition:
        stop = Hold(CHAIN, BTC, stopped=draws.randrange(4) == 0)
        words.append((WITHDRAWALS, stop, chart.HOUSE))
    await log.say(*draws.choice(words))


async def of_the_policy(log: Log) -> None:
    """A step of a change."""
    draws, who = log.draws, log.operator()
    bound = msgspec.structs.replace(SMALL, velocity_usd=draws.randrange(1, 20_000) * USD)
    change = log.change()
    policy = next(fold for fold in log.bed.folds if fold.number == policy_wire.POLICY)
    asked = policy_wire.GetReplay(change, log.bed.clock.exchange_ms())
    answer = policy.answer(msgspec.msgpack.encode(asked))
    seen = msgspec.msgpack.decode(answer, type=policy_wire.Replay | None)
    of = (seen.digest, seen.at_ms, seen.until) if seen is not None else (bytes(32), 0, 0)
    words: list[Any] = [
        policy_wire.Propose((RULES[0], bound, RULES[2])),
        policy_wire.Agree(change, *of),
        policy_wire.Agree(change, *of),
        policy_wire.Withdraw(change),
    ]
    await log.say(policy_wire.POLICY, draws.choice(words), who)


async def of_holders(log: Log) -> None:
    """A word about those who hold keys."""
    draws = log.draws
    quorum = draws.choice((HOT, COLD))
    digest = transfer(f"challenge {log.bed.clock.exchange_ms() // 600_000}")
    persons = [one.person for one in quorum.holders]
    now = log.bed.clock.exchange_ms()
    words: list[Any] = [
        liveness.Ask(quorum.number, digest),
        liveness.Challenge(quorum.number, digest),
        *(liveness.Answered(quorum.number, person, digest) for person in persons),
        liveness.Away(draws.choice(persons), now, now + draws.randrange(DAY_MS)),
        liveness.Replace(quorum.number, persons[0], Holder(20), persons[1]),
        liveness.Replace(quorum.number, persons[0], Holder(20), persons[2]),
        liveness.Look(),
    ]
    await log.say(liveness.LIVENESS, draws.choice(words))


async def of_a_stop(log: Log) -> None:
    """A step of a suspension, or a worker's word for one."""
    draws, number, digest = log.draws, log.suspension(), transfer("evidence")
    scope = draws.choice((ON_CHAIN, stops.Scope(stops.Level.ASSET, asset=BTC)))
    mode = draws.choice((stops.Mode.QUEUE, stops.Mode.QUEUE, stops.Mode.REVIEW, stops.Mode.REJECT))
    terms = stops.Terms(stops.Action.WITHDRAW, scope, mode, stops.Reason.NODE_DOWN)
    words: list[Any] = [
        stops.Suspend(terms),
        stops.Draft(terms),
        stops.Ratify(number),
        stops.Extend(number, 5),
        stops.Check(number),
        stops.SignOff(number),
        stops.Show(number, stops.Gate(draws.randrange(1, 9)), digest, passed=True),
        stops.Fall(number),
        stops.Discard(number),
        stops.Lift(number),
    ]
    await log.say(stops.SUSPENSIONS, draws.choice(words), log.operator())
    if draws.randrange(4) == 0:
        trigger = draws.choice(list(stops.Trigger))
        await log.say(stops.SUSPENSIONS, stops.Trip(trigger, scope, digest))


async def reopen(log: Log) -> None:
    """Everything that is stopped goes on, by the whole way back."""
    table = log.states[stops.SUSPENSIONS].suspensions
    for number in [number for number, one in table.items() if one.is_in_force]:
        await _way_back(log, number)
        await log.settle()


async def _way_back(log: Log, number: int) -> None:
    first, second, _ = OPERATORS
    now = log.bed.clock.exchange_ms()
    budgets = _budgets(log, number)
    evidence = transfer("evidence")
    is_evidenced = log.states[stops.SUSPENSIONS].edition >= EVIDENCED

    async def show(gate: stops.Gate, **more: Any) -> None:
        digest = evidence
        if is_evidenced:
            digest, more = sha256(DOCUMENT).digest(), {**more, "document": DOCUMENT}
        word = stops.Show(number, gate, digest, passed=True, **more)
        await log.say(stops.SUSPENSIONS, word, second)

    await log.say(stops.SUSPENSIONS, stops.Plan(number, now, budgets), first)
    await show(stops.Gate.COMMUNICATION)
    log.bed.clock.advance(HOUR_MS)  # type: ignore[attr-defined]
    await _all_answer(log)
    await log.say(stops.SUSPENSIONS, stops.Check(number), first)
    coins = tuple(stops.Figure(0, asset, amount_bytes(10**18)) for asset in range(1, 9))
    waiting = [one for one in log.states[WITHDRAWALS].withdrawals.values() if one.state == 0]
    await log.survey(number)
    if is_evidenced:
        await _measured(log, number)
    for gate, more in (
        (stops.Gate.SIGNABILITY, {"count": 2}),
        (stops.Gate.COVERAGE, {"figures": coins}),
        (stops.Gate.LIQUIDITY, {}),
        (stops.Gate.QUEUE_HYGIENE, {"count": len(waiting)} | _read(log, number)),
        (stops.Gate.LIMITS, {}),
        (stops.Gate.SUPPORT, {}),
    ):
        await show(gate, **more)
    await _signed_off(log, number, show)
    is_scoped = log.states[stops.SUSPENSIONS].edition > 0
    lasts = log.states[stops.SUSPENSIONS].edition >= LIFTED_PAST and log.draws.randrange(2)
    for turn in range(6):
        if is_scoped:
            # One tick falls into a maintenance, or all from then on.
            is_held = turn >= HELD_TURN if lasts else turn == HELD_TURN
            await log.say(WITHDRAWALS, Hold(CHAIN, 0, is_held))
        await log.survey(number)
        await _opened_by_hand(log, number)
        advance = stops.Advance(number, transfer("seed"))
        await log.say(stops.SUSPENSIONS, advance)
        await log.settle()
        if log.states[stops.SUSPENSIONS].edition >= SILENT_GO and log.draws.randrange(2):
            await _silent(log, advance)
        for canary in log.states[stops.SUSPENSIONS].suspensions[number].canaries.values():
            await pay(log, canary)
        whose = number if is_scoped else 0
        await log.say(WITHDRAWALS, Drain(CHAIN, BTC, amount_bytes(COIN), 3, whose))
    if lasts:
        await log.say(WITHDRAWALS, Hold(CHAIN, 0, stopped=False))


def _budgets(log: Log, number: int) -> tuple[stops.Budget, ...]:
    state = log.states[stops.SUSPENSIONS]
    if state.suspensions[number].terms.scope == OF_NO_NETWORK:
        return ()
    lines = [(CHAIN, BTC)]
    if state.edition >= OF_WAITING:
        lines += [(TOKENS, USDT), (TOKENS, ETH)]
    return tuple(stops.Budget(*line, amount_bytes(COIN), 3) for line in lines)


async def _opened_by_hand(log: Log, number: int) -> None:
    if log.states[stops.SUSPENSIONS].edition >= OF_NOTHING and log.draws.randrange(2):
        await log.say(stops.SUSPENSIONS, stops.OpenDrain(number, transfer("seed")), OPERATORS[0])


def _read(log: Log, number: int) -> dict[str, Any]:
    """Of the newest reading of a queue; nothing before edition 12."""
    read = log.states[stops.SUSPENSIONS].readings.get(number, ())
    return {"count": read[-1].waiting, "up_to": read[-1].began} if read else {}


async def _signed_off(log: Log, number: int, show: Callable[[stops.Gate], Awaitable[None]]) -> None:
    """By two; where a sign-off is of what was shown, now and then of less, or before the end."""
    state = log.states[stops.SUSPENSIONS]

    async def sign(who: int, missed: int = 0) -> None:
        one = state.suspensions[number]
        seen = shown_last(one) - missed if state.edition >= SIGNED_LAST else 0
        await log.say(stops.SUSPENSIONS, stops.SignOff(number, shown=seen), who)

    if state.edition >= SIGNED_LAST:
        for missed in (1, 0):
            await sign(OPERATORS[1], missed)
        if log.draws.randrange(2):
            await show(stops.Gate.SUPPORT)
    for who in OPERATORS[1:]:
        await sign(who)


async def _other_boards(log: Log) -> None:
    """Members of board and console come and go, so that now and then either hangs on each."""
    for _ in range(log.draws.randrange(4)):
        group, member = log.draws.choice((stops.BOARD, CONSOLE)), log.draws.choice(BOARD)
        word = log.draws.choice(
            (Enrol(group, member), Enrol(group, member), Dismiss(group, member))
        )
        await log.say(Approvals.number, word)


async def _silent(log: Log, advance: stops.Advance) -> None:
    """Canaries wait for their owners, who say nothing: others are chosen."""
    suspensions = log.states[stops.SUSPENSIONS].suspensions
    before = suspensions[advance.suspension].canaries
    for canary in before.values():
        judge = policy_wire.Judge(canary, Category.BOOK, DAY_MS, marks=int(Mark.LOOK_ALIKE))
        await log.say(policy_wire.POLICY, judge)
        await log.say(WITHDRAWALS, Heed(canary))
    await log.say(stops.SUSPENSIONS, advance)
    await log.settle()
    after = suspensions[advance.suspension].canaries
    log.replaced += any(after.get(one) != canary for one, canary in before.items())


async def _measured(log: Log, number: int) -> None:
    """What the gates rest on: coins, now and then too few, and rounds, now and then of too few."""
    hot, cold = (log.draws.choice((10**6, 10**6, 40)) * COIN for _ in range(2))
    for network, asset in ((CHAIN, BTC), (TOKENS, USDT), (TOKENS, ETH)):
        found = (
            stops.Coins(Tier.HOT, asset, amount_bytes(hot)),
            stops.Coins(Tier.COLD, asset, amount_bytes(cold)),
        )
        word = stops.Measure(network, log.draws.randrange(1_000), transfer("block"), found)
        await log.say(stops.SUSPENSIONS, word)
    for quorum in log.states[liveness.LIVENESS].quorums.values():
        digest = transfer(f"round {quorum.number} {log.bed.clock.exchange_ms()}")
        put = liveness.Call(quorum.number, digest, (number,), log.draws.choice((0, 30_000)))
        await log.say(liveness.LIVENESS, put)
        for one in quorum.holders[log.draws.choice((0, 0, 1, 2)) :]:
            await log.say(liveness.LIVENESS, liveness.Answered(quorum.number, one.person, digest))


async def _all_answer(log: Log) -> None:
    """Every holder, whoever that is by now."""
    for quorum in log.states[liveness.LIVENESS].quorums.values():
        digest = transfer(f"challenge {quorum.number} {log.bed.clock.exchange_ms()}")
        await log.say(liveness.LIVENESS, liveness.Ask(quorum.number, digest))
        for one in quorum.holders:
            word = liveness.Answered(quorum.number, one.person, digest)
            await log.say(liveness.LIVENESS, word)
            await log.say(liveness.LIVENESS, liveness.Away(one.person, 0, 0))


async def _overtaken(log: Log) -> None:
    """What the policy has let through waits for people once a review has begun."""
    amount = amount_bytes(COIN // 100)
    await log.say(WITHDRAWALS, Request(CHAIN, BTC, amount, amount_bytes(FEE_BTC), 0, 1), ALICE)
    number = max(log.states[WITHDRAWALS].withdrawals)
    review = stops.Terms(
        stops.Action.WITHDRAW, ON_CHAIN, stops.Mode.REVIEW, stops.Reason.SECURITY_INCIDENT
    )
    await log.say(policy_wire.POLICY, policy_wire.Judge(number, Category.BOOK, 7))
    await log.say(WITHDRAWALS, Heed(number))
    await log.say(stops.SUSPENSIONS, stops.Suspend(review), log.operator())
    await log.say(WITHDRAWALS, Bound(number, transfer(f"b{number}")))
    await log.settle()
    if log.draws.randrange(3):
        await pay(log, number)


async def pay(log: Log, number: int) -> None:
    """A withdrawal goes from its decision to its end, as far as it may."""
    await log.say(policy_wire.POLICY, policy_wire.Judge(number, Category.BOOK, 7))
    for who in OPERATORS[:2]:
        await log.say(policy_wire.POLICY, policy_wire.Approve(number), who)
    await log.say(WITHDRAWALS, Heed(number))
    await log.say(WITHDRAWALS, Bound(number, transfer(f"b{number}")))
    await log.say(WITHDRAWALS, Paid(number, transfer(str(number)), 9, amount_bytes(7)))


async def fill(bed: Bed, draws: random.Random, edition: int = 0, *, stopping: int = 0) -> None:
    """Writes the log: four days of it, with a restart now and then; by an edition of the rules.

    `stopping`: the edition of those of suspensions.
    """
    log = Log(bed, draws, edition)
    await log.open()
    await begin(log)
    if stopping:
        await log.say(stops.SUSPENSIONS, stops.Adopt(stopping))
    steps = (of_a_withdrawal, of_a_withdrawal, of_a_withdrawal, of_the_policy, of_holders)
    for turn in range(1, RUNS + 1):
        await draws.choice((*steps, of_a_stop, of_a_stop) if turn % 50 > 30 else steps)(log)
        if turn % 50 == 40 and edition >= BY_A_FEW:
            await _overtaken(log)
        if turn % 50 == 0:
            await reopen(log)
        log.advance(1_200_000)


async def fill_with_canaries(
    bed: Bed,
    draws: random.Random,
    edition: int = OF_WITHDRAWALS,
    *,
    stopping: int = SILENT_GO,
) -> None:
    """One stop after the other, each with a queue and its whole way back; scores hold canaries."""
    log = Log(bed, draws, OF_WITHDRAWALS)
    await log.open()
    await begin(log)
    if edition > OF_WITHDRAWALS:
        await log.say(WITHDRAWALS, RequirePolicy(edition))
    await log.say(stops.SUSPENSIONS, stops.Adopt(stopping))
    asks = RiskTable(thresholds=Thresholds(60, 200, 200))
    await log.say(policy_wire.POLICY, policy_wire.SetRisk(asks))
    terms = stops.Terms(
        stops.Action.WITHDRAW, ON_CHAIN, stops.Mode.QUEUE, stops.Reason.SECURITY_INCIDENT
    )
    for _ in range(STOPS):
        if stopping >= SPARED:
            await _other_boards(log)
        if stopping >= OF_NOTHING:
            scope = draws.choice((ON_CHAIN, OF_NO_NETWORK))
            terms = msgspec.structs.replace(terms, scope=scope)
        await log.say(stops.SUSPENSIONS, stops.Suspend(terms), log.operator())
        for _ in range(draws.randrange(3, 7)):
            await of_a_withdrawal(log)
        await reopen(log)
        log.advance(DAY_MS)
    if stopping >= OF_NOTHING:
        ended = log.states[stops.SUSPENSIONS].suspensions.values()
        assert any(one.state == SuspensionState.LIFTED and not one.budgets for one in ended)
    if edition == OF_WITHDRAWALS:
        assert log.replaced
    else:
        drains = log.states[WITHDRAWALS].passes.values()
        lines = [
            one for by_network in drains for each in by_network.values() for one in each.values()
        ]
        assert any(LANE_S in one.credits for one in lines)
