"""Turns of what is said again at an interval."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from fullreserve.gateway.errors import Problem
from fullreserve.gateway.ws.hub import FAST_MS
from fullreserve.gateway.ws.regular import EARLY, USUAL_MS, Turns, interval_ms

BEATS = USUAL_MS // FAST_MS


class Said:
    """A topic that says its number, and a listener that counts."""

    def __init__(self, frame: bytes | None = b"x") -> None:
        self.frame = frame
        self.made = 0
        self.heard = 0

    def again(self) -> bytes | None:
        self.made += 1
        return self.frame

    def write(self, frame: bytes) -> None:
        assert frame == b"x"
        self.heard += 1


def told(turns: Turns, one: Said, beats: range) -> list[int]:
    """The beats in which it was told."""
    heard = []
    for number in beats:
        before = one.heard
        turns.beat(number)
        if one.heard > before:
            heard.append(number)
    return heard


@pytest.mark.parametrize("every_ms", [2_000, 3_000, 4_000, 5_000])
def test_a_listener_is_told_again_at_its_interval(every_ms: int) -> None:
    """Criterion: WS-REGULAR-1"""
    turns, one = Turns(FAST_MS), Said()
    turns.beat(7)
    turns.join(one, one, every_ms)
    beats = every_ms // FAST_MS
    assert told(turns, one, range(8, 8 + 3 * beats)) == [7 + beats, 7 + 2 * beats, 7 + 3 * beats]
    turns.join(one, one, 0)
    assert told(turns, one, range(beats)) == []
    turns.leave(one, one)


def test_many_turns_are_spread_and_one_topic_is_asked_once() -> None:
    """Criterion: WS-REGULAR-1. Those that come together too, and those that left cost nothing."""
    turns = Turns(FAST_MS)
    topics = [Said() for _ in range(2_000)]
    for topic in topics:
        turns.join(topic, topic, USUAL_MS)
    most = 0
    for number in range(1, BEATS + 1):
        before = sum(topic.made for topic in topics)
        turns.beat(number)
        most = max(most, sum(topic.made for topic in topics) - before)
    assert {topic.heard for topic in topics} == {1}
    assert most == 2_000 // (BEATS // EARLY)
    listeners = [Said() for _ in range(30)]
    for listener in listeners:
        turns.join(topics[0], listener, USUAL_MS)
    for topic in topics:
        turns.leave(topic, topic)
    for number in range(BEATS):
        turns.beat(number)
    assert sum(topic.made for topic in topics) == 2_001
    assert {listener.heard for listener in listeners} == {1}


def test_one_that_fails_or_has_nothing_to_say_silences_no_other() -> None:
    """Criterion: WS-REGULAR-1"""
    turns, bad, early = Turns(FAST_MS), Said(), Said(None)
    bad.__dict__["again"] = lambda: 1 // 0
    others = [Said() for _ in range(BEATS)]
    for one in (bad, early, *others):
        turns.join(one, one, USUAL_MS)
    with capture_logs() as logs:
        for number in range(BEATS):
            turns.beat(number)
    assert len(logs) == 1
    assert {one.heard for one in others} == {1}
    assert (early.made, early.heard) == (1, 0)


@pytest.mark.parametrize(
    ("extra", "every_ms"),
    [
        ("", USUAL_MS), ("{}", USUAL_MS), ('{"updateInterval":""}', USUAL_MS),
        ('{"updateInterval":null}', USUAL_MS), ('{"updateInterval":"0"}', 0),
        ('\n{\n"updateInterval": 0\n}', 0), ('{"updateInterval":"2000","more":[1]}', 2_000),
        ('{"updateInterval":3000}', 3_000), ('{"updateInterval":"4000"}', 4_000),
        ('{"updateInterval":17}', USUAL_MS), ('{"updateInterval":"-1"}', USUAL_MS),
    ],
)  # fmt: skip
def test_the_interval_is_chosen(extra: str, every_ms: int) -> None:
    """Criterion: WS-REGULAR-1"""
    assert interval_ms(extra) == every_ms


@pytest.mark.parametrize(
    "extra", ["zz", "[]", "7", '{"updateInterval":"often"}', '{"updateInterval":[0]}', "[" * 9_000]
)
def test_what_chooses_no_interval_is_refused(extra: str) -> None:
    """Criterion: WS-REGULAR-1"""
    with pytest.raises(Problem, match="0, 2000, 3000, 4000") as refused:
        interval_ms(extra)
    assert refused.value.code == 60013
