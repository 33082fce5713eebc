"""Goal: what came in or went out is pushed, whatever fails meanwhile and whoever joins meanwhile.

Method: the folds of custody in a core of their own, read through a door that counts what is asked
and does something at one of the questions: each of them in turn.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from fullreserve.door.protocol import Unavailable
from fullreserve.exchange.catalog import Catalog
from fullreserve.exchange.products.custody_wire import DEPOSITS, Destination
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.exchange.wire.events import AssetDefined
from fullreserve.exchange.wire.queries import AskFold
from fullreserve.gateway.context import Context
from fullreserve.gateway.readers import TooSlow
from fullreserve.gateway.ws.custody import FIRST, MORE, DepositInfo, OfCustody, WithdrawalInfo
from fullreserve.identity.denied import Denied, Reason
from fullreserve.identity.sub_accounts import SubAccount
from fullreserve.identity.vault import User
from tests.unit.exchange.custody_world import (
    ALICE,
    BOB,
    BTC,
    CHAIN,
    SUB,
    USDT,
    XRP,
    Chain,
    coins,
)
from tests.unit.exchange.suspension_world import ask, opened

Rows = list[dict[str, str]]


class Listening:
    """A connection, and what it got."""

    def __init__(self) -> None:
        self.pushes: list[Rows] = []

    def write(self, frame: bytes) -> None:
        self.pushes.append(json.loads(frame[frame.index(b'{"arg"') :])["data"])

    @property
    def ids(self) -> list[str]:
        return [row.get("wdId") or row["depId"] for rows in self.pushes for row in rows]


class Bed:
    """ALICE and her sub-account, to whom BOB and a chain send."""

    def __init__(self) -> None:
        self.world = opened()
        self.chain = Chain(self.world, DEPOSITS, CHAIN, BTC)
        self.chain.tip()
        self.indexes = {owner: self.chain.index(owner) for owner in (ALICE, SUB)}
        for owner in (ALICE, BOB):
            self.world.fund(owner, BTC, coins(9))
        self.asked = 0
        self.at: dict[int, Callable[[], None]] = {}  # a question: what happens before its answer
        self._names = count(1)

    def context(self) -> Context:
        catalog, cap = Catalog(), amount_bytes(10**20)
        names = {BTC: "BTC", USDT: "USDT", XRP: "XRP"}
        catalog.apply([AssetDefined(number, name, 8, cap) for number, name in names.items()])
        rooms = SimpleNamespace(
            subs=SimpleNamespace(of=lambda _uid: [SubAccount(SUB, "second", "", 1)]),
            addresses=SimpleNamespace(text=lambda uid, number: f"{uid} {number}"),
        )
        return cast(
            "Context",
            SimpleNamespace(
                door=SimpleNamespace(query=self._query),
                readers=SimpleNamespace(ask=self._read),
                desk=SimpleNamespace(act=self._act, rooms=rooms),
                vault=SimpleNamespace(sub_accounts=lambda uid: [User(SUB, uid, 1, 0)]),
                clock=SimpleNamespace(exchange_ms=lambda: self.world.time_ms),
                transactions=bytes.hex,
                addresses={},
                catalog=catalog,
            ),
        )

    def _answers(self, problem: Exception) -> None:
        self.asked += 1
        act = self.at.pop(self.asked, None)
        if act is _failing:
            raise problem
        if act is not None:
            act()

    async def _query(self, asked: AskFold) -> bytes:
        self._answers(Unavailable())
        answer = self.world.machine.answer(msgspec.msgpack.encode(asked))
        return msgspec.msgpack.decode(answer, type=bytes)

    async def _read(self, question: Callable[[], Any]) -> Any:
        self._answers(TooSlow())
        return question()

    async def _act(self, act: Callable[..., Any], *arguments: Any) -> Any:
        self._answers(Denied(Reason.VAULT_LOCKED))
        return act(*arguments)

    def deposit(self, owner: int = ALICE) -> None:
        name = f"deposit {next(self._names)}"
        assert self.chain.seen(name, self.indexes[owner], coins(1)) == 0

    def payment(self, owner: int = ALICE) -> None:
        more: dict[str, Any] = {"network": 0, "kind": Destination.OWNER, "destination": owner}
        more |= {"fee": amount_bytes(0), "amount": amount_bytes(1000)}
        assert ask(self.world, 1, BOB, **more) == 0

    def all_of_them(self) -> None:
        """Something of each kind, and a block."""
        self.chain.grow()
        for owner in (ALICE, SUB):
            self.deposit(owner)
            self.payment(owner)
        assert ask(self.world, 0.01, ALICE) == 0


def _failing() -> None:
    """Instead of the answer."""


def listen(topic: OfCustody) -> Listening:
    listening = Listening()
    topic.join(listening, 0)
    return listening


KINDS = pytest.mark.parametrize("kind", [DepositInfo, WithdrawalInfo])


async def _learned(
    kind: type[OfCustody],
    act: Callable[[OfCustody], Callable[[], None]] | None,
    at: int,
) -> tuple[int, list[str]]:
    """Two looks at something; another two at more, the first with an act at a question of it.

    How many questions that was, and what one heard who listened all the time.
    """
    bed = Bed()
    bed.all_of_them()
    topic = kind({"channel": "a channel"}, ALICE, bed.context())
    listening = listen(topic)
    await topic._learn(0)
    await topic._learn(0)
    bed.all_of_them()
    bed.asked = 0
    if act is not None:
        bed.at[at] = act(topic)
    await topic._learn(0)
    asked = bed.asked
    await topic._learn(0)
    assert not bed.at
    return asked, listening.ids


@KINDS
async def test_what_fails_is_said_by_the_next_beat_and_once(kind: type[OfCustody]) -> None:
    """Whichever question fails: the folds', the records', the vault's. Criterion: CUST-REST-7."""
    asked, whole = await _learned(kind, None, 0)
    assert len(whole) == (10 if kind is DepositInfo else 2)  # two deposits counted again
    assert asked > 3
    for at in range(1, asked + 1):
        _, heard = await _learned(kind, lambda _: _failing, at)
        assert sorted(heard) == sorted(whole), at


@KINDS
async def test_who_joins_meanwhile_begins_with_the_newest(kind: type[OfCustody]) -> None:
    """At whichever question; who listened before misses nothing. Criterion: CUST-REST-7."""
    asked, whole = await _learned(kind, None, 0)
    for at in range(1, asked + 1):
        late: list[Listening] = []

        def joins(topic: OfCustody, late: list[Listening] = late) -> Callable[[], None]:
            return lambda: late.append(listen(topic))

        _, heard = await _learned(kind, joins, at)
        assert set(late[0].ids) == set(heard) == set(whole), at


@pytest.mark.parametrize("joins", [False, True])
async def test_more_than_a_push_holds_come_in_several(joins: bool) -> None:
    """The oldest first, also when somebody joined meanwhile. Criterion: CUST-REST-11."""
    bed = Bed()
    topic = DepositInfo({"channel": "deposit-info"}, ALICE, bed.context())
    listening = listen(topic)
    await topic._learn(0)
    for _ in range(2 * MORE + 5):
        bed.payment()
    if joins:
        listen(topic)
    await topic._learn(0)
    assert [len(rows) for rows in listening.pushes] == [MORE, MORE, 5]
    assert len(set(listening.ids)) == 2 * MORE + 5
    times = [int(one) for one in listening.ids]
    assert times == sorted(times)
    late = listen(topic)
    await topic._learn(0)
    assert late.ids == listening.ids[-FIRST:]
