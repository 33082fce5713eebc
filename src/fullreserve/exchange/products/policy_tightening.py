"""Whether a change of the policy's rules lets anything happen that did not before (edition 8).

A rule of now lets happen what it matches first. That is no more than before where one of the rules
of before matched all of it, and where none of those that came before or with that one was stricter:
unless what such a one matched does not reach the rule of now, as the two have nothing in common or
an earlier rule of now takes it. What this does not show counts as loosening.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from fullreserve.exchange.products.policy_rules import REVIEWERS, Rule, Verb, tightens
from fullreserve.exchange.products.policy_wire import REVIEWED, SETS

Bound = Callable[[Rule, Rule], bool]


class _Asks(NamedTuple):
    """A rule with the lists that it asks for; one that is empty asks nothing."""

    rule: Rule
    lists: tuple[dict[int, None], ...]


def tightens_by(edition: int, before: Sequence[Rule], after: Sequence[Rule]) -> bool:
    """As an edition of the rules judges a change."""
    by_any = edition >= REVIEWED
    if edition >= SETS and lets_no_more(before, after, by_any=by_any):
        return True
    return tightens(before, after, by_group=edition > 0)


def lets_no_more(before: Sequence[Rule], after: Sequence[Rule], *, by_any: bool) -> bool:
    """Whether nothing leaves, or with fewer approvals, that did not before; False where unclear.

    `by_any`: a reviewer looks at what is under review whoever's approvals a rule wants.
    """
    old, new = [_asks(one) for one in before], [_asks(one) for one in after]
    taken = [next((at for at, one in enumerate(new) if _covers(one, each)), len(new))
             for each in old]  # fmt: skip
    place = {one.number: at for at, one in enumerate(after)}
    for at, now in enumerate(new):
        if now.rule.verb == Verb.BLOCK:
            continue
        whole = next((i for i, one in enumerate(old) if _covers(one, now)), None)
        if whole is None:
            return False
        for was, by in zip(old[: whole + 1], taken, strict=False):
            if (
                _is_no_stricter(was.rule, now.rule, by_any=by_any)
                or by < at
                or _are_apart(was, now)
            ):
                continue
            own = place.get(was.rule.number, at)
            if own >= at or not _covers(new[own], was, now):
                return False
    return True


def _asks(rule: Rule) -> _Asks:
    lists = (rule.initiators, rule.sources, rule.networks, rule.assets, rule.categories)
    return _Asks(rule, tuple(map(dict.fromkeys, lists)))


def _is_no_stricter(was: Rule, now: Rule, *, by_any: bool) -> bool:
    """Whether what was decided so is decided no looser so; approvals by others are looser.

    Before edition 9 what is under review wants a reviewer only where a rule allows: another group
    is another's word.
    """
    if now.verb == Verb.BLOCK:
        return True
    if was.verb == Verb.ALLOW:
        return by_any or now.verb == Verb.ALLOW or now.group == REVIEWERS
    return was.verb == now.verb and was.group == now.group and was.needed <= now.needed


def _covers(wide: _Asks, one: _Asks, other: _Asks | None = None) -> bool:
    """Whether `wide` matches all that `one` does, or all that `one` and `other` both do."""
    for at, allowed in enumerate(wide.lists):
        if not allowed:
            continue
        asked = one.lists[at]
        if other is not None and other.lists[at]:
            more = other.lists[at]
            asked = {each: None for each in asked if each in more} if asked else more
            if not asked:
                continue  # nothing is of both
        if not asked or not asked.keys() <= allowed.keys():
            return False
    narrow = (one.rule,) if other is None else (one.rule, other.rule)
    return all(any(bound(wide.rule, each) for each in narrow) for bound in _BOUNDS)


def _are_apart(one: _Asks, other: _Asks) -> bool:
    """Whether no request is matched by both."""
    hooks = (one.rule.webhook, other.rule.webhook)
    return (all(hooks) and hooks[0] != hooks[1]) or any(
        a and b and a.keys().isdisjoint(b) for a, b in zip(one.lists, other.lists, strict=True)
    )


def _within(bound: int, asked: int) -> bool:
    """Whether whoever stays below what is asked stays below the bound; 0 is none."""
    return not bound or 0 < asked <= bound


def _velocity(wide: Rule, narrow: Rule) -> bool:
    is_longer = narrow.window_ms >= wide.window_ms
    return not wide.velocity_usd or (_within(wide.velocity_usd, narrow.velocity_usd) and is_longer)


_BOUNDS: tuple[Bound, ...] = (
    lambda wide, narrow: narrow.least_age_ms >= wide.least_age_ms,
    lambda wide, narrow: _within(wide.most_usd, narrow.most_usd),
    _velocity,
    lambda wide, narrow: _within(wide.most_share, narrow.most_share),
    lambda wide, narrow: wide.webhook in (0, narrow.webhook),
)
