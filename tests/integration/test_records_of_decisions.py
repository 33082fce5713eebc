"""Goal: the records hold every decision of the policy, whatever stops who writes them.

Method: an exchange on disk decides; followers are stopped between decisions, with and without
snapshots, and a fresh one writes all of it again; the chain's hashes are made again from the rows.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest

from fullreserve.clock import ManualClock
from fullreserve.exchange import chart
from fullreserve.exchange.products import policy_wire
from fullreserve.exchange.products.policy_chain import FIRST, Link, linked
from fullreserve.exchange.products.policy_rules import Category, Facts, Rule, Verb
from fullreserve.exchange.products.policy_wire import POLICY, Decide, Found, PolicyView
from fullreserve.exchange.products.registry import products
from fullreserve.exchange.wire.commands import Product
from fullreserve.exchange.wire.queries import AskFold
from tests.bed import ALICE, Bed, submit
from tests.integration.test_records import Content, drop, follow_to_end, following
from tests.memory_folder import memory_folder

_link = msgspec.msgpack.Decoder(Link).decode


@pytest.fixture
async def bed() -> AsyncIterator[Bed]:
    with memory_folder() as folder:
        opened = await Bed.open(folder, folds=products())
        await _say(opened, Found((Rule(1, Verb.ALLOW),)))
        yield opened
        await opened.close()


async def _say(bed: Bed, *words: policy_wire.Word) -> None:
    """By the house, all in one row of the log."""
    door = await bed.door()
    assert isinstance(bed.clock, ManualClock)
    bed.clock.advance(1)
    commands = [
        Product(door.gateway, door.numbers(1), POLICY, chart.HOUSE, msgspec.msgpack.encode(word))
        for word in words
    ]
    assert {reply.code for reply in await submit(door, commands)} == {0}  # type: ignore[union-attr]


async def decide(bed: Bed, *requests: int) -> None:
    facts = (Facts(one, ALICE, ALICE, 1, 1, 1, Category.BOOK, 10, 10**8, 1) for one in requests)
    await _say(bed, *map(Decide, facts))


async def head(bed: Bed) -> bytes:
    door = await bed.door()
    asked = msgspec.msgpack.encode(policy_wire.GetPolicy())
    answer: bytes | None = await door.query(AskFold(POLICY, asked))
    assert answer is not None
    return msgspec.msgpack.decode(answer, type=PolicyView).head


def chained(content: Content) -> list[int]:
    """The requests of a chain that is whole, in its order."""
    before, requests = FIRST, []
    for number, owner, request, link in content["decisions"]:
        assert isinstance(link, bytes)
        found = _link(link)
        made = msgspec.structs.replace(found.decision, digest=b"")
        assert found == linked(before, made, found.risk, found.review)
        assert (found.decision.number, found.decision.facts.owner) == (number, owner)
        before = found.decision.digest
        requests.append(found.decision.facts.request)
        assert requests[-1] == request
    return requests


@pytest.mark.parametrize("snapshot_every", [1, 10**9])
async def test_each_decision_is_kept_once(bed: Bed, snapshot_every: int) -> None:
    """Criterion: POL-41. Followed live, stopped and begun again, and rebuilt from nothing."""
    async with following(bed, snapshot_every) as follower:
        await decide(bed, 1, 2, 3)
        await follower.caught_up(bed.journal.head.sequence)
        await decide(bed, 4)
        await follower.caught_up(bed.journal.head.sequence)
    await decide(bed, 5, 6)
    await follow_to_end(bed, snapshot_every)
    await decide(bed, 7)
    found = await follow_to_end(bed, snapshot_every)
    assert chained(found) == [1, 2, 3, 4, 5, 6, 7]
    last = found["decisions"][-1][-1]
    assert isinstance(last, bytes)
    assert _link(last).decision.digest == await head(bed)
    drop(bed)
    assert await follow_to_end(bed) == found


async def test_what_the_fold_forgets_stays(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Criterion: POL-41. Within one row, too."""
    monkeypatch.setattr("fullreserve.exchange.products.policy_judging.DECISIONS_KEPT", 2)
    await decide(bed, *range(1, 8))
    assert chained(await follow_to_end(bed)) == [*range(1, 8)]
