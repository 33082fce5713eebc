"""Goal: in whatever order deposits arrive, are taken by a reorganisation, swept and come again,
users have what the chain says, and the tier of deposits has the chain's coins.

Method: hypothesis draws the order; a naive account of the chain stands beside the fold. A sweep
takes all of one deposit's coins, also before they have arrived, and is said once, whether a deposit
that had arrived is there at that moment or not; a token's takes its gas of other coins. What was
not swept may never come again, while all that was is in blocks and had arrived: which coins a sweep
took is not in the log.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from hypothesis import example, given
from hypothesis import strategies as st

from fullreserve.exchange import chart
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    Hold,
    Moved,
    Orphaned,
    Replaced,
    Tier,
)
from fullreserve.exchange.products.deposit_state import EDITION, SumComing
from fullreserve.exchange.products.deposits import Deposits
from fullreserve.exchange.wire.commands import amount_bytes, amount_int
from fullreserve.exchange.wire.queries import ListSupplies
from tests.unit.exchange.custody_world import (
    ALICE,
    BOB,
    COIN,
    ETH,
    TOKENS,
    USDT,
    Chain,
    World,
    network,
    settle_deposits,
    transfer,
)

UNIT = COIN // 4
LEAST, GAS = 4 * UNIT, UNIT
DUST, BELOW = 6 * 10**9, 10**10  # of each deposit of ETH, and a unit of the ledger's scale
ASSETS = (ETH, USDT)


class Act(IntEnum):
    SEEN = 0
    CONFIRMED = 1
    ORPHANED = 2
    SWEPT = 3
    STOPPED = 4
    REPLACED = 5


class Payment(NamedTuple):
    owner: int
    asset: int
    amount: int

    @property
    def dust(self) -> int:
        return DUST if self.asset == ETH else 0


PAYMENTS = tuple(
    Payment(owner, asset, size * UNIT)
    for owner, asset, sizes in (
        (ALICE, ETH, (2, 2, 3, 4)),
        (ALICE, USDT, (3, 1, 5)),
        (BOB, ETH, (1, 3, 8)),
    )
    for size in sizes
)
numbers = st.integers(0, len(PAYMENTS) - 1)
# Most are seen and confirmed at once, so that something arrives.
steps = st.tuples(st.sampled_from((Act.SEEN, *Act, Act.ORPHANED)), numbers, numbers, st.booleans())
Step = tuple[Act, int, int, bool]


class Model:
    """The fold, and by numbers of payments what the chain and its users have."""

    def __init__(self, edition: int) -> None:
        def folds() -> list[Deposits]:
            fold = Deposits()
            fold.state.edition = edition
            return [fold]

        self.world = World(folds)
        terms = network(TOKENS, USDT, 0, ETH, gas_asset=ETH, decimals=18, minimum_deposit=LEAST)
        assert self.world.say(DEPOSITS, terms) == 0
        self.chains = {asset: Chain(self.world, DEPOSITS, TOKENS, asset) for asset in ASSETS}
        self.indexes = {owner: self.chains[ETH].index(owner) for owner in (ALICE, BOB)}
        self.height = 100
        self.blocks: dict[int, int] = {}  # heights
        self.confirmed: dict[int, None] = {}
        self.credited: dict[int, None] = {}
        self.once: dict[int, None] = {}  # credited, now or before
        self.left: dict[int, int] = {}  # of coins that came, what no sweep has taken
        self.swept: dict[int, None] = {}
        self.is_early = False  # something was swept before it had arrived
        self.dusted: dict[int, None] = {}  # that arrived
        self.replaced: dict[int, None] = {}
        self.out = dict.fromkeys(ASSETS, 0)  # of the tier
        self.hot = dict.fromkeys(ASSETS, 0)
        self.sweeps = 0
        self.is_stopped = False

    def does(self, step: Step) -> None:
        act, one, other, is_confirmed = step
        if act == Act.SEEN and one not in self.blocks and one not in self.replaced:
            self._seen(one)
            if is_confirmed:
                self._confirm(one)
        elif act == Act.CONFIRMED and one in self.blocks:
            self._confirm(one)
        elif act == Act.ORPHANED and one in self.blocks:
            self._orphan(one)
        elif act == Act.SWEPT and self.left.get(one):
            self._sweep(one, other)
        elif act == Act.STOPPED:
            self._stop(stopped=not self.is_stopped)
        elif act == Act.REPLACED and one in self.left and one not in self.blocks | self.swept:
            self._replace(one)

    def ends(self) -> None:
        """All that ever arrived, or was swept, comes again."""
        self._stop(stopped=False)
        for one in self.once | self.swept:
            if one not in self.blocks:
                self._seen(one)
            self._confirm(one)

    def _seen(self, one: int) -> None:
        payment, chain = PAYMENTS[one], self.chains[PAYMENTS[one].asset]
        self.height += 1
        for each in self.chains.values():
            each.height = self.height
        assert chain.tip() == 0
        index = self.indexes[payment.owner]
        amount = amount_bytes(payment.amount)
        assert chain.seen(str(one), index, amount, dust=payment.dust) == 0
        self.blocks[one] = self.height
        self.left.setdefault(one, payment.amount)

    def _confirm(self, one: int) -> None:
        assert self.chains[PAYMENTS[one].asset].confirmed(str(one), 1) == 0
        self.confirmed[one] = None
        self._credit()

    def _orphan(self, one: int) -> None:
        gone = Orphaned(TOKENS, transfer(str(one)), self.blocks.pop(one))
        assert self.world.say(DEPOSITS, gone) == 0
        for table in (self.confirmed, self.credited):
            table.pop(one, None)

    def _sweep(self, one: int, other: int) -> None:
        """Gas is of its own coins, or of another's that have enough."""
        asset = PAYMENTS[one].asset
        payer = one if asset == ETH else other
        if PAYMENTS[payer].asset != ETH or self.left.get(payer, 0) < GAS:
            return
        if not all(each in self.blocks or each in self.once for each in (one, payer)):
            return
        self.swept |= {one: None, payer: None}
        self.is_early |= any(each not in self.credited for each in (one, payer))
        self.left[payer] -= GAS
        amount, self.left[one] = self.left[one], 0
        self.out[ETH] += GAS
        self.out[asset] += amount
        self.hot[asset] += amount
        self.sweeps += 1
        name, amounts = transfer(f"sweep {self.sweeps}"), (amount_bytes(amount), amount_bytes(GAS))
        word = Moved(TOKENS, name, asset, Tier.DEPOSIT, Tier.HOT, *amounts)
        assert self.world.say(DEPOSITS, word) == 0

    def _replace(self, one: int) -> None:
        """It never comes again, and leaves what it has below the ledger's scale."""
        if self.is_early or not all(each in self.blocks for each in self.swept):
            return
        assert self.world.say(DEPOSITS, Replaced(TOKENS, transfer(str(one)))) == 0
        self.replaced[one] = None
        for table in (self.once, self.left):
            table.pop(one, None)

    def _stop(self, *, stopped: bool) -> None:
        self.is_stopped = stopped
        assert self.world.say(DEPOSITS, Hold(TOKENS, 0, stopped=stopped)) == 0
        settle_deposits(self.world)
        self._credit()

    def _credit(self) -> None:
        """What was credited before, and of each owner and asset what reaches the least together."""
        if self.is_stopped:
            return
        new = [one for one in self.confirmed if one not in self.once]
        lines = {PAYMENTS[one][:2] for one in new}
        sums = {
            line: sum(PAYMENTS[one].amount for one in new if PAYMENTS[one][:2] == line)
            for line in lines
        }
        enough = [one for one in new if sums[PAYMENTS[one][:2]] >= LEAST]
        for one in enough:
            self.once[one] = self.dusted[one] = None
        self.credited |= {one: None for one in self.confirmed if one in self.once}

    # What is right

    def check(self) -> None:
        """Users have what the chain says; so has the tier, while nothing that it had is away."""
        for owner in self.indexes:
            for asset in ASSETS:
                mine = self._sum(asset, owner)
                assert self.world.balance(owner, chart.FUND, asset) == mine
        had = self.once | self.swept
        if all(one in self.blocks for one in had):
            coming = self.world.ask(DEPOSITS, SumComing(TOKENS), dict[int, bytes])
            for asset in ASSETS:
                there = sum(PAYMENTS[one].amount for one in self.blocks if _is_of(one, asset))
                comes = amount_int(coming.get(asset, amount_bytes(0)))
                has = self._tier(chart.CHAIN_DEPOSIT, asset) + comes
                assert has == there + self._dust(asset) - self.out[asset]
        if not all(one in self.credited for one in had):
            return
        for asset in ASSETS:
            arrived = self._sum(asset, *self.indexes) + self._dust(asset)
            assert self._tier(chart.CHAIN_DEPOSIT, asset) == arrived - self.out[asset]
            assert self._tier(chart.CHAIN_HOT, asset) == self.hot[asset]
            assert self._tier(chart.BREAK, asset) == 0

    def _sum(self, asset: int, *owners: int) -> int:
        credited = (PAYMENTS[one] for one in self.credited if _is_of(one, asset))
        return sum(one.amount for one in credited if one.owner in owners)

    def _dust(self, asset: int) -> int:
        """Whole units of what arrived below the ledger's scale, by address."""
        by_owner = dict.fromkeys(self.indexes, 0)
        for one in self.dusted:
            if _is_of(one, asset):
                by_owner[PAYMENTS[one].owner] += PAYMENTS[one].dust
        return sum(dust // BELOW for dust in by_owner.values())

    def _tier(self, kind: int, asset: int) -> int:
        return -self.world.balance(chart.HOUSE, kind, asset, TOKENS)


def _is_of(one: int, asset: int) -> bool:
    return PAYMENTS[one].asset == asset


def played(taken: list[Step]) -> None:
    """Plays an order and checks it after each step."""
    model = Model(EDITION)
    for step in taken:
        model.does(step)
        model.check()
    model.ends()
    assert all(one in model.credited for one in model.once)
    model.check()
    machine = model.world.replayed()
    assert machine.hashes() == model.world.machine.hashes()
    assert all(one.supply == one.total for one in machine.query(ListSupplies()))


def seen(one: int) -> Step:
    return Act.SEEN, one, 0, True


def gone(one: int) -> Step:
    return Act.ORPHANED, one, 0, False


def swept(one: int) -> Step:
    return Act.SWEPT, one, one, False


@given(st.lists(steps, max_size=40))
@example([seen(0), seen(1), gone(1), seen(2), seen(1)])
@example([seen(3), seen(6), gone(3), (Act.SWEPT, 6, 3, False), seen(3)])
@example([seen(0), seen(1), gone(1), (Act.STOPPED, 0, 0, False), seen(2), seen(1)])
@example([(Act.STOPPED, 0, 0, False), seen(3), swept(3), gone(3), seen(9), seen(3)])
@example([seen(2), swept(2), gone(2), seen(8), swept(8), gone(8), seen(2)])
def test_in_any_order_users_and_the_tier_have_what_the_chain_has(taken: list[Step]) -> None:
    """Criterion: CUST-DEP-12, CUST-DEP-14, CUST-DEP-32, CUST-DEP-33, CUST-DEP-34."""
    played(taken)
