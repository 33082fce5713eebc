"""A world with operators: three of the console, who are the board too, and queues to suspend."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from hashlib import sha256
from itertools import count
from typing import Any

from fullreserve.exchange import chart
from fullreserve.exchange.products.approval_acts import Approve as Agree
from fullreserve.exchange.products.approval_acts import Ask, Enrol, Propose, SetThreshold
from fullreserve.exchange.products.approval_state import CONSOLE
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    WITHDRAWALS,
    Bound,
    Destination,
    Drain,
    Funded,
    Paid,
    Request,
    Settle,
    Tier,
)
from fullreserve.exchange.products.deposit_state import Due
from fullreserve.exchange.products.deposits import Deposits
from fullreserve.exchange.products.drain_log import DrainSum
from fullreserve.exchange.products.settling import AT_ONCE
from fullreserve.exchange.products.suspension_state import (
    EDITION,
    EVIDENCED,
    HOUR_MS,
    Broken,
    Reading,
    Refused,
    Surveyed,
    Suspension,
    SuspensionState,
    shown_last,
)
from fullreserve.exchange.products.suspension_wire import (
    SUSPENSIONS,
    Action,
    Adopt,
    Budget,
    Canary,
    Check,
    Coins,
    Figure,
    Gate,
    GetOne,
    GetSurvey,
    Level,
    Lift,
    ListAll,
    ListBroken,
    ListReadings,
    ListRoll,
    Measure,
    Mode,
    OpenDrain,
    Plan,
    Reason,
    Said,
    Scope,
    Show,
    SignOff,
    Survey,
    Suspend,
    Terms,
)
from fullreserve.exchange.products.suspensions import Suspensions
from fullreserve.exchange.products.withdrawal_state import (
    ListWithdrawals,
    NextDue,
    NextSettled,
    SumDrains,
    Withdrawal,
)
from fullreserve.exchange.products.withdrawals import Withdrawals
from fullreserve.exchange.wire.commands import (
    OrderType,
    PlaceOrder,
    Side,
    amount_bytes,
)
from tests.unit.exchange.custody_world import (
    ALICE,
    BOB,
    BTC,
    CAROL,
    CHAIN,
    FEE_BTC,
    FEE_USDT,
    MEMOS,
    SUB,
    TOKENS,
    USDT,
    XRP,
    World,
    coins,
    contents,
    transfer,
)

ADA, BEA, CLEO = 10_000_011, 10_000_012, 10_000_013
DIGEST = transfer("evidence")
DOCUMENT = b"what was looked at, by whom"
SEED = transfer("seed")
EVERYWHERE = Scope(Level.GLOBAL)
# Of each line that the world has.
BUDGETS = (
    Budget(CHAIN, BTC, coins(100), 100),
    Budget(TOKENS, USDT, coins(1_000_000), 100),
    Budget(MEMOS, XRP, coins(100), 100),
)


def folds(edition: int = 0, more: Sequence[type[Any]] = ()) -> Sequence[Any]:
    """As the exchange has them; withdrawals by an edition of their rules, and by no policy."""
    withdrawals = Withdrawals()
    withdrawals.state.edition = edition
    return [Approvals(), Deposits(), withdrawals, Suspensions(), *(one() for one in more)]


def opened(
    threshold: int = 1,
    edition: int = 0,
    *,
    surveys: bool = False,
    more: Sequence[type[Any]] = (),
    members: Sequence[int] = (ADA, BEA, CLEO),
) -> World:
    """Networks, a price of BTC, coins in the hot wallet, three operators; more folds.

    `surveys`: queues are read by them, and all else is as the newest edition has it.
    """
    world = World(partial(folds, edition, more))
    for fold in (DEPOSITS, WITHDRAWALS):
        world.define(fold)
    price(world, 50_000)
    world.say(DEPOSITS, Funded(CHAIN, transfer("hot"), BTC, Tier.HOT, coins(1000)))
    world.say(DEPOSITS, Funded(TOKENS, transfer("hot usdt"), USDT, Tier.HOT, coins(9_000_000)))
    if surveys:
        assert say(world, Adopt(EDITION), chart.HOUSE) == 0
    for member in members:
        assert agree(world, Enrol(CONSOLE, member)) == 0
    if threshold > 1:
        assert agree(world, Propose(SetThreshold(CONSOLE, threshold), 3_600_000), ADA) == 0
        assert agree(world, Agree(world.machine.sequence - 1), BEA) == 0
    return world


def agree(world: World, asked: Ask, who: int = chart.HOUSE) -> int:
    """What the fold of approvals says to an operator."""
    return world.say(Approvals.number, asked, who)


def price(world: World, usd: int) -> None:
    """A first trade of BTC-USDT, between owners that nothing else looks at."""
    world.fund(CAROL, USDT, coins(usd), chart.TRADE)
    world.fund(SUB, BTC, coins(1), chart.TRADE)
    for owner, side in ((SUB, Side.SELL), (CAROL, Side.BUY)):
        world.core(PlaceOrder(0, 0, owner, 1, side, OrderType.LIMIT, usd * 10, 10**4))


def say(world: World, said: Said, who: int = ADA) -> int:
    return world.say(SUSPENSIONS, said, who)


def terms(actions: int = Action.WITHDRAW, scope: Scope = EVERYWHERE, **more: Any) -> Terms:
    values = {"mode": Mode.QUEUE, "reason": Reason.SECURITY_INCIDENT} | more
    return Terms(actions, scope, **values)


def stop(
    world: World, actions: int = Action.WITHDRAW, scope: Scope = EVERYWHERE, **more: Any
) -> int:
    """One operator stops; the number of the suspension."""
    assert say(world, Suspend(terms(actions, scope, **more))) == 0
    settle(world)
    return known(world)[-1].number


def known(world: World) -> list[Suspension]:
    found = world.ask(SUSPENSIONS, ListAll(), list[Suspension])
    assert isinstance(found, list)
    return found


def of(world: World, number: int) -> Suspension:
    found = world.ask(SUSPENSIONS, GetOne(number), Suspension | None)
    assert isinstance(found, Suspension)
    return found


def settle(world: World) -> None:
    """As workers and operators do it: a few withdrawals at a time."""
    assert world.say(DEPOSITS, Settle()) == 0
    after = 0
    while last := world.ask(WITHDRAWALS, NextSettled(after, AT_ONCE), int):
        due = world.ask(WITHDRAWALS, NextDue(after, AT_ONCE, world.time_ms), Due)
        before = contents(world)
        assert world.say(WITHDRAWALS, Settle(after, AT_ONCE)) == 0
        # What is due changes something, and nothing else does.
        assert due == Due(last, is_due=contents(world) != before)
        after = last


def ask(world: World, units: float, owner: int = ALICE, **more: Any) -> int:
    """A request for BTC on its chain; its code."""
    values: dict[str, Any] = {"network": CHAIN, "asset": BTC, "fee": amount_bytes(FEE_BTC)}
    values |= {"amount": coins(units), "kind": Destination.ADDRESS_BOOK, "destination": 5}
    return world.say(WITHDRAWALS, Request(**(values | more)), owner)


def ask_usdt(world: World, units: float, owner: int = ALICE, **more: Any) -> int:
    fee = amount_bytes(FEE_USDT)
    return ask(world, units, owner, network=TOKENS, asset=USDT, fee=fee, **more)


def broken_of(world: World, number: int) -> list[tuple[Broken, list[Any]]]:
    """Drains of a suspension that were broken off, each with the queue it began with."""
    found = world.ask(SUSPENSIONS, ListBroken(number), list[Broken])
    return [
        (one, world.ask(SUSPENSIONS, ListRoll(number, 0, 999, one.began), list[Any]))
        for one in found
    ]


def requests(world: World, owner: int = ALICE) -> list[Withdrawal]:
    """Oldest first."""
    found = world.ask(WITHDRAWALS, ListWithdrawals(owner, 0, 100_000), list[Withdrawal])
    return sorted(found, key=lambda one: one.number)


def pay(world: World, number: int) -> None:
    """What the payer does with a withdrawal."""
    binding = transfer(f"binding {number}")
    assert world.say(WITHDRAWALS, Bound(number, binding)) == 0
    assert world.say(WITHDRAWALS, Paid(number, transfer(f"{number}"), 9, amount_bytes(10))) == 0


def survey(world: World, number: int) -> int:
    """The queue is read, if the log has it read so; in how many words."""
    state = next(one.state for one in world.machine.folds if isinstance(one, Suspensions))
    if not state.edition:
        return 0
    for words in count(1):
        assert say(world, Survey(number, is_new=words == 1), chart.HOUSE) == 0
        found = world.ask(SUSPENSIONS, GetSurvey(number), Surveyed)
        if found.ended_ms:
            return words
    raise AssertionError


def lift(world: World, number: int) -> int:
    """The code of the end, after a survey if it takes one."""
    code = say(world, Lift(number))
    if code != Refused.SURVEY:
        return code
    survey(world, number)
    return say(world, Lift(number))


def edition_of(world: World) -> int:
    """Of the rules of suspensions, as the log has it."""
    return next(one.state.edition for one in world.machine.folds if isinstance(one, Suspensions))


def show(world: World, number: int, gate: Gate, who: int = BEA, **more: Any) -> int:
    """Evidence for a gate by a document, as an edition wants it; the code."""
    if edition_of(world) < EVIDENCED:
        return say(world, Show(number, gate, DIGEST, passed=True, **more), who)
    digest = sha256(DOCUMENT).digest()
    return say(world, Show(number, gate, digest, passed=True, document=DOCUMENT, **more), who)


def measure(world: World, figures: Sequence[Figure]) -> None:
    """What the watchers of both networks say of hot; nothing before they were heard."""
    if edition_of(world) < EVIDENCED:
        return
    amounts = {one.asset: one.have for one in figures}
    for network, assets in ((CHAIN, (BTC,)), (TOKENS, (USDT,))):
        found = tuple(Coins(Tier.HOT, asset, amounts[asset]) for asset in assets)
        assert say(world, Measure(network, 7, DIGEST, found), chart.HOUSE) == 0


def screened(world: World, number: int) -> dict[str, Any]:
    """What gate 5 is shown with, of the newest reading; nothing before edition 12."""
    found = world.ask(SUSPENSIONS, ListReadings(number), list[Reading])
    return {"count": found[-1].waiting, "up_to": found[-1].began} if found else {}


def shown(world: World, number: int, *, coverage: Sequence[Figure] = (), who: int = BEA) -> None:
    """Evidence for every gate but the canary's and the notice's."""
    whole = coverage or [
        Figure(0, BTC, coins(5000)),
        Figure(0, USDT, coins(90_000_000)),
        Figure(0, 3, coins(0)),
    ]
    waiting = sum(one.state == 0 for who in (ALICE, BOB, CAROL) for one in requests(world, who))
    survey(world, number)
    measure(world, whole)
    for gate, more in (
        (Gate.SIGNABILITY, {"count": 2}),
        (Gate.COVERAGE, {"figures": tuple(whole)}),
        (Gate.LIQUIDITY, {}),
        (Gate.QUEUE_HYGIENE, {"count": waiting} | screened(world, number)),
        (Gate.LIMITS, {}),
        (Gate.SUPPORT, {}),
    ):
        assert show(world, number, gate, who, **more) == 0


def planned(world: World, number: int, max_wait: int = 0) -> None:
    """Reopening as far as the canary: planned, noticed, shown, signed off."""
    assert say(world, Plan(number, world.time_ms + 2 * HOUR_MS, BUDGETS, max_wait=max_wait)) == 0
    assert show(world, number, Gate.COMMUNICATION) == 0
    world.time_ms += HOUR_MS
    assert say(world, Check(number)) == 0
    shown(world, number)
    assert sign_off(world, number) == 0


def sign_off(world: World, number: int, who: int = BEA) -> int:
    """Of what was shown by now; the code."""
    return say(world, SignOff(number, shown=shown_last(of(world, number))), who)


def canaries(world: World, number: int, *numbers: int) -> None:
    """One withdrawal on each network, paid."""
    for one in numbers:
        assert say(world, Canary(number, one)) == 0
        settle(world)
        pay(world, one)


def reopened(
    world: World, number: int, *canary: int, max_wait: int = 0, seed: bytes = SEED
) -> None:
    """To the drain."""
    planned(world, number, max_wait)
    canaries(world, number, *canary)
    survey(world, number)
    assert say(world, OpenDrain(number, seed)) == 0


def say_drain(world: World, word: Drain, *, restarts: bool = False) -> int:
    """One payment from a line; in how many words, between which it may be started again.

    So long behind the last one as plans here say, where the fold goes by that.
    """
    if next(one.state.edition for one in world.machine.folds if isinstance(one, Withdrawals)) >= 7:
        world.time_ms += 60_000
    for words in count(1):
        assert world.say(WITHDRAWALS, word) == 0
        if restarts:
            world.restart()
        draining = [one.number for one in known(world) if one.state == SuspensionState.DRAINING]
        told = [
            one
            for number in draining
            for one in world.ask(WITHDRAWALS, SumDrains(number), list[DrainSum])
            if (one.network, one.asset) == (word.network, word.asset)
        ]
        if not any(one.cursor for one in told):
            return words
    raise AssertionError


def tick(
    world: World, network: int, asset: int, budget: float, slots: int = 100, max_wait: int = 0
) -> list[int]:
    """One tick of a drain; the numbers that it took, which are paid then."""
    before = {
        one.number for who in (ALICE, BOB, CAROL) for one in requests(world, who) if one.state
    }
    say_drain(world, Drain(network, asset, coins(budget), slots, max_wait=max_wait))
    now = [one for who in (ALICE, BOB, CAROL) for one in requests(world, who) if one.state == 10]
    taken = sorted(one.number for one in now if one.number not in before)
    for number in taken:
        pay(world, number)
    return taken
