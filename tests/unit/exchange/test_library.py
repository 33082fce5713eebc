"""Goal: the engine as a library does what its docstrings say. Method: trade, look, repeat."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import fullreserve
from fullreserve.exchange import chart
from fullreserve.exchange.refusals import WORDS
from fullreserve.exchange.wire import commands as c
from fullreserve.exchange.wire import events as e


def market(maker_fee: str = "0", taker_fee: str = "0") -> tuple[fullreserve.Exchange, int, int]:
    ex = fullreserve.Exchange.in_memory()
    ex.set_fees(maker_fee, taker_fee)
    ex.list_spot("BTC-USDT", tick="0.1", lot="0.00001")
    alice, bob = ex.open_account(), ex.open_account()
    ex.deposit(alice, "USDT", "50000")
    ex.deposit(bob, "BTC", "1")
    return ex, alice, bob


def test_a_trade_in_a_few_lines() -> None:
    """Criterion: LIB-1."""
    ex, alice, bob = market()
    assert ex.order(bob, "BTC-USDT", "sell", price="42000", size="0.5").state == "live"
    placed = ex.order(alice, "BTC-USDT", "buy", "market", size="0.1")
    assert (placed.state, placed.filled) == ("filled", "0.1")
    assert placed.fills[0].price == "42000"
    assert ex.balances(alice)["BTC"].total == "0.1"
    assert ex.balances(alice)["USDT"].total == "45800"
    assert ex.balances(bob)["BTC"] == ("0.9", "0.4", "0.5")
    assert ex.book("BTC-USDT").asks == (("42000", "0.4"),)


def test_fees_are_taken_from_what_is_received() -> None:
    """Criterion: LIB-1. 0.1 % of 0.1 BTC; 0.08 % of 4,200 USDT."""
    ex, alice, bob = market(maker_fee="0.0008", taker_fee="0.001")
    ex.order(bob, "BTC-USDT", "sell", price="42000", size="0.5")
    taken = ex.order(alice, "BTC-USDT", "buy", "market", size="0.1")
    assert taken.fills[0].fee == "0.0001"
    assert ex.balances(alice)["BTC"].total == "0.0999"
    assert ex.balances(bob)["USDT"].total == "4196.64"


def test_every_code_of_the_core_has_words() -> None:
    """Criterion: LIB-2"""
    table = Path(__file__).parents[3] / "crates" / "core" / "src" / "refusal.rs"
    codes = {
        int(code) for code in re.findall(r"^    \w+ = (\d{5}),$", table.read_text(), re.MULTILINE)
    }
    assert codes == set(WORDS)


def test_a_refusal_names_its_code() -> None:
    """Criterion: LIB-2."""
    ex, alice, _ = market()
    with pytest.raises(fullreserve.Refusal) as refused:
        ex.order(alice, "BTC-USDT", "buy", price="42000", size="2")
    assert refused.value.code == 51008
    assert refused.value.allowed == "a size of 1.19047 BTC"
    assert "1.19047 BTC" in str(refused.value)
    assert refused.value.allowed_units == 119_047


Call = Callable[[fullreserve.Exchange, int], Any]
MISTAKES: list[tuple[Call, type[Exception], list[str]]] = [
    (lambda ex, a: ex.deposit(a, "ZZZ", "1"), ValueError, ["asset", "ZZZ", "BTC, USDT"]),
    (
        lambda ex, a: ex.deposit(a, "USDT", number(1.5)),
        TypeError,
        ["amount", "1.5", "decimal string"],
    ),
    (lambda ex, a: ex.deposit(a, "USDT", "-1"), ValueError, ["amount", "-1", "8 digits"]),
    (lambda ex, a: ex.book("X-Y"), ValueError, ["symbol", "X-Y", "BTC-USDT"]),
    (lambda ex, a: place(ex, a, side="hold"), ValueError, ["side", "hold", "buy, sell"]),
    (lambda ex, a: place(ex, a, type="stop"), ValueError, ["type", "stop", "post_only"]),
    (lambda ex, a: place(ex, a, size=0.1), TypeError, ["size", "0.1", "decimal string"]),
    (lambda ex, a: place(ex, a, size=None), TypeError, ["size", "None", "decimal string"]),
    (lambda ex, a: place(ex, a, price="1.23"), ValueError, ["price", "1.23", "1 digits"]),
    (lambda ex, a: ex.list_spot("BTC", tick="1", lot="1"), ValueError, ["symbol", "BTC-USDT"]),
    (lambda ex, a: ex.list_spot("A-B", tick="1", lot="x"), ValueError, ["lot", "x", "decimal"]),
    (
        lambda ex, a: ex.list_spot("BTC-USDT", tick="1", lot="1"),
        ValueError,
        ["symbol", "'BTC-USDT'", "not listed: BTC-USDT"],
    ),
    (lambda ex, a: ex.list_spot("A-B", tick="0", lot="1"), ValueError, ["tick", "'0'", "above 0"]),
    (lambda ex, a: ex.list_spot("A-B", tick="1", lot="0.0"), ValueError, ["lot", "0.0", "above"]),
    (lambda ex, a: ex.set_fees("0.001", number(0)), TypeError, ["taker", "0", "decimal string"]),
]


def number(value: Any) -> Any:
    """Hides from the type checker what it would find."""
    return value


def place(ex: fullreserve.Exchange, owner: int, **changes: Any) -> None:
    ex.order(owner, "BTC-USDT", **{"side": "buy", "price": "42000", "size": "0.1", **changes})


@pytest.mark.parametrize(("call", "kind", "said"), MISTAKES)
def test_a_mistake_is_named_with_what_is_allowed(
    call: Call, kind: type[Exception], said: list[str]
) -> None:
    """Criterion: LIB-7."""
    ex, alice, _ = market()
    before = ex.state_hash()
    with pytest.raises(kind) as caught:
        call(ex, alice)
    assert [word for word in said if word not in str(caught.value)] == []
    assert ex.state_hash() == before


def test_amending_and_cancelling() -> None:
    """Criterion: LIB-3."""
    ex, alice, _ = market()
    other = ex.open_account()
    ex.deposit(other, "USDT", "50000")
    first = ex.order(alice, "BTC-USDT", "buy", price="40000", size="0.4").order
    second = ex.order(other, "BTC-USDT", "buy", price="40000", size="0.4").order
    ex.amend(alice, "BTC-USDT", first, size="0.2")
    assert ex.book("BTC-USDT").bids == (("40000", "0.6"),)
    seller = ex.open_account()
    ex.deposit(seller, "BTC", "1")
    ex.order(seller, "BTC-USDT", "sell", price="40000", size="0.2")
    assert [order.order for order in ex.open_orders(alice)] == []
    assert [order.order for order in ex.open_orders(other)] == [second]
    ex.cancel(other, "BTC-USDT", second)
    assert ex.book("BTC-USDT").bids == ()
    with pytest.raises(fullreserve.Refusal) as refused:
        ex.cancel(other, "BTC-USDT", second)
    assert refused.value.code == 51400


def play(ex: fullreserve.Exchange, alice: int, bob: int) -> None:
    for step in range(50):
        ex.advance(step % 3)
        ex.order(bob, "BTC-USDT", "sell", price=str(42_000 + step % 7), size="0.01")
        ex.order(alice, "BTC-USDT", "buy", "ioc", price=str(42_000 + step % 5), size="0.008")


def test_the_same_commands_give_the_same_state() -> None:
    """Criterion: LIB-4."""
    first, second = market(), market()
    play(*first)
    play(*second)
    assert first[0].events() == second[0].events()
    assert first[0].state_hash() == second[0].state_hash()
    copy = fullreserve.Exchange.restore(first[0].snapshot())
    assert copy.state_hash() == first[0].state_hash()
    assert copy.balances(first[1]) == first[0].balances(first[1])
    first[0].order(first[2], "BTC-USDT", "sell", price="43000", size="0.1")
    assert copy.state_hash() != first[0].state_hash()


def test_replaying_rows() -> None:
    """Criterion: LIB-5."""
    start = fullreserve.Exchange.in_memory()
    owners = range(chart.FIRST_USER, chart.FIRST_USER + 10)
    commands = [c.OpenOwner(0, 0, owner, owner, 0, 1) for owner in owners]
    rows = [
        (start.time_ms + moment // 2, c.batch([c.encode(command)]))
        for moment, command in enumerate(commands)
    ]
    replayed = fullreserve.Exchange.restore(start.snapshot())
    replayed.replay(rows)
    for time_ms, batch in rows:
        start.replay([(time_ms, batch)])
    assert replayed.sequence == start.sequence
    assert replayed.state_hash() == start.state_hash()
    assert replayed.open_account() == chart.FIRST_USER + 10


def test_events_are_given_once() -> None:
    ex, alice, _ = market()
    ex.events()
    ex.order(alice, "BTC-USDT", "buy", price="40000", size="0.1")
    kinds = [type(event) for event in ex.events()]
    assert e.Order in kinds
    assert kinds[-1] is e.Reply
    assert ex.events() == []
