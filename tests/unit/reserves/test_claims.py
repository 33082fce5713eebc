"""Goal: the leaves of every epoch are exactly what the ledger says is owed.

Method: random trading, transfers between kinds of accounts and freezes on the library's exchange;
after each epoch the leaves are added up and compared with the balances of all accounts, which are
asked for by another query and added up by another rule.
"""

import json
import random

from fullreserve._core import ClaimsTree
from fullreserve.exchange import chart
from fullreserve.exchange.library import Exchange, SideName
from fullreserve.exchange.wire import commands as c
from fullreserve.exchange.wire import queries as q
from fullreserve.reserves import claims

KINDS = {kind.number: kind for kind in chart.CHART}
# Coins, expenses and memos are not owed to anybody.
NOT_OWED = ("A.", "X.", "M.")
ASSETS = (1, 2)


def exchange_with_accounts(count: int) -> tuple[Exchange, list[int]]:
    exchange = Exchange.in_memory()
    exchange.list_spot("BTC-USDT", tick="0.1", lot="0.0001")
    owners = [exchange.open_account() for _ in range(count)]
    for owner in owners:
        exchange.deposit(owner, "USDT", "100000")
        exchange.deposit(owner, "BTC", "2")
    return exchange, owners


def trade(exchange: Exchange, owners: list[int], dice: random.Random) -> None:
    side: SideName = dice.choice(("buy", "sell"))
    price = f"{dice.randrange(39_000, 41_000)}.0"
    exchange.order(dice.choice(owners), "BTC-USDT", side, price=price, size="0.01")


def move(exchange: Exchange, owners: list[int], dice: random.Random) -> None:
    """Between kinds of accounts, as products do: into holds, into frozen, to the house."""
    owner = dice.choice(owners)
    target = dice.choice((chart.FUND, chart.HOLD, chart.FROZEN, 6, chart.FEE_WITHDRAWAL))
    receiver = chart.HOUSE if target == chart.FEE_WITHDRAWAL else owner
    asset, amount = dice.choice(ASSETS), dice.randrange(1, 10**6)
    legs = (
        c.Leg(c.AccountKey(owner, chart.TRADE, 0), asset, c.amount_bytes(-amount)),
        c.Leg(c.AccountKey(receiver, target, dice.randrange(2)), asset, c.amount_bytes(amount)),
    )
    exchange.apply([c.Group(0, 0, 0, 0, (c.Posting(1, legs),), ())])


def owed_by_the_ledger(exchange: Exchange, asset: int) -> tuple[int, int]:
    """(owed, lacking), from the double entry's other side: supply, and accounts not owed."""
    supplies: list[q.Supply] = exchange.query(q.ListSupplies())
    supply = next(c.amount_int(one.supply) for one in supplies if one.asset == asset)
    states: list[q.AccountState] = exchange.query(q.ListAccounts(0, c.AccountKey(0, 0, 0), 10_000))
    lacking = 0
    for state in states:
        if state.asset != asset:
            continue
        balance = c.amount_int(state.balance)
        if KINDS[state.kind].code.startswith(NOT_OWED):
            supply -= balance
        elif balance < 0:
            lacking -= balance
    return supply + lacking, lacking


def check(exchange: Exchange, tree: ClaimsTree) -> None:
    (found,) = claims.pages(exchange)
    _, totals = tree.root()
    lacking = {one.asset: c.amount_int(one.amount) for one in found.shortfalls}
    for asset, total in zip(ASSETS, totals, strict=True):
        assert (total, lacking.get(asset, 0)) == owed_by_the_ledger(exchange, asset)
        assert total == sum(one.amounts.get(asset, 0) for one in claims.unpacked(found.owners))


def test_leaves_are_the_ledger_to_the_unit_after_every_epoch() -> None:
    """Criterion: POR-CLAIM-1"""
    dice = random.Random(7)
    exchange, owners = exchange_with_accounts(12)
    tree, reached_ms = ClaimsTree(bytes(32), list(ASSETS)), 0
    for epoch in range(1, 40):
        for _ in range(dice.randrange(12)):
            dice.choice((trade, trade, move))(exchange, owners, dice)
        for page in claims.pages(exchange, reached_ms, page=5):
            tree.stage(page.owners)
        tree.commit(epoch)
        status: q.Status = exchange.query(q.GetStatus())
        reached_ms = status.time_ms
        check(exchange, tree)
        exchange.advance(1)


def test_holds_of_orders_are_owed_and_nothing_is_netted() -> None:
    """An order's hold stays its owner's. Criterion: POR-CLAIM-2"""
    exchange, (ann, *_) = exchange_with_accounts(2)
    exchange.order(ann, "BTC-USDT", "buy", price="40000.0", size="1")
    (found,) = claims.pages(exchange)
    owed = {one.owner: one.amounts for one in claims.unpacked(found.owners)}
    assert owed[ann] == {1: 2 * 10**8, 2: 100_000 * 10**8}


def test_what_an_account_lacks_is_named_apart() -> None:
    """An overdrawn house account is a shortfall, and lowers nobody's claim.

    Criterion: POR-CLAIM-2
    """
    exchange, (ann, *_) = exchange_with_accounts(2)
    legs = (
        c.Leg(c.AccountKey(ann, chart.TRADE, 0), 2, c.amount_bytes(500)),
        c.Leg(c.AccountKey(chart.HOUSE, chart.FEE_TRADE, 0), 2, c.amount_bytes(-500)),
    )
    exchange.apply([c.Group(0, 0, 0, 0, (c.Posting(1, legs),), ())])
    (found,) = claims.pages(exchange)
    assert [(one.asset, c.amount_int(one.amount)) for one in found.shortfalls] == [(2, 500)]
    owed = {one.owner: one.amounts for one in claims.unpacked(found.owners)}
    assert owed[ann][2] == 100_000 * 10**8 + 500
    assert owed.get(chart.HOUSE, {}).get(2, 0) == 0


def test_only_changed_owners_are_told() -> None:
    """Criterion: POR-CLAIM-3"""
    exchange, (ann, bob, *_) = exchange_with_accounts(3)
    exchange.advance(1)
    status: q.Status = exchange.query(q.GetStatus())
    exchange.deposit(bob, "BTC", "1")
    (found,) = claims.pages(exchange, status.time_ms)
    assert [one.owner for one in claims.unpacked(found.owners)] == [bob]
    assert ann != bob


def test_there_and_back_between_two_epochs_is_a_change() -> None:
    """A receipt of in between must not contradict the leaf. Criterion: POR-TREE-4"""
    exchange, (ann, bob, *_) = exchange_with_accounts(3)
    tree = ClaimsTree(bytes(32), list(ASSETS))
    for page in claims.pages(exchange):
        tree.stage(page.owners)
    tree.commit(1)
    exchange.advance(1)
    status: q.Status = exchange.query(q.GetStatus())
    for amount in (7, -7):
        legs = (
            c.Leg(c.AccountKey(ann, chart.TRADE, 0), 2, c.amount_bytes(-amount)),
            c.Leg(c.AccountKey(chart.HOUSE, chart.FEE_WITHDRAWAL, 0), 2, c.amount_bytes(amount)),
        )
        exchange.apply([c.Group(0, 0, 0, 0, (c.Posting(1, legs),), ())])
    for page in claims.pages(exchange, status.time_ms):
        tree.stage(page.owners)
    tree.commit(2)
    found = {owner: json.loads(tree.proof(owner, 2) or "") for owner in (ann, bob)}
    assert found[ann]["claims"] == found[bob]["claims"]
    assert (found[ann]["epoch"], found[bob]["epoch"]) == (2, 1)


def test_the_house_is_marked_and_equity_counts() -> None:
    """Criterion: POR-CLAIM-4"""
    codes = {KINDS[number].code for number in claims.EQUITY}
    assert {"E.ins", "E.treasury", "I.fee.trade", "T.conv"} <= codes
    assert not any(code.startswith((*NOT_OWED, "L.")) for code in codes)
    exchange, owners = exchange_with_accounts(2)
    legs = (
        c.Leg(c.AccountKey(owners[0], chart.TRADE, 0), 1, c.amount_bytes(-7)),
        c.Leg(c.AccountKey(chart.HOUSE, chart.FEE_WITHDRAWAL, 0), 1, c.amount_bytes(7)),
    )
    exchange.apply([c.Group(0, 0, 0, 0, (c.Posting(1, legs),), ())])
    (found,) = claims.pages(exchange)
    houses = [one.owner for one in claims.unpacked(found.owners) if one.is_house]
    assert houses == [chart.HOUSE]
