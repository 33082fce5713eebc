"""What the fold itself works out for the gates: coverage, liquidity, the queue, the canaries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple

import msgspec

from fullreserve.exchange import chart
from fullreserve.exchange.folds import View
from fullreserve.exchange.products.custody_wire import WITHDRAWALS
from fullreserve.exchange.products.deposit_state import ListNetworks, NetworkState
from fullreserve.exchange.products.drain_log import DrainSum, Queued
from fullreserve.exchange.products.liveness import Colour, measures_hot, worst_colour
from fullreserve.exchange.products.suspension_state import Surveyed, Suspension
from fullreserve.exchange.products.suspension_wire import Figure, Level, Ruling, Scope
from fullreserve.exchange.products.withdrawal_state import (
    GetSmallest,
    GetWithdrawal,
    ListQueue,
    ListSums,
    Sum,
    SumDrains,
    Withdrawal,
    WithdrawalState,
)
from fullreserve.exchange.wire.commands import ClaimClass, OwnerFlag, amount_bytes, amount_int
from fullreserve.exchange.wire.events import KindDefined, OwnerChanged
from fullreserve.exchange.wire.queries import (
    AccountState,
    AskFold,
    GetOwner,
    ListBalances,
    ListKinds,
    ListSupplies,
    Supply,
)

FLOAT = (chart.CHAIN_HOT, chart.CHAIN_WARM)
PAGE = 200  # requests that are read together
LOOKED_AT = 100  # requests by a word of a survey

_Place = tuple[int, int]  # network, asset

_encode = msgspec.msgpack.Encoder().encode
_drained = msgspec.msgpack.Decoder(list[DrainSum]).decode
_networks = msgspec.msgpack.Decoder(list[NetworkState]).decode
_sums = msgspec.msgpack.Decoder(list[Sum]).decode
_queue = msgspec.msgpack.Decoder(list[Queued]).decode
_queued = msgspec.msgpack.Decoder(Queued | None).decode
_withdrawal = msgspec.msgpack.Decoder(Withdrawal | None).decode


def _ask(question: msgspec.Struct, view: View) -> bytes | None:
    answer: bytes | None = view.query(AskFold(WITHDRAWALS, _encode(question)))
    return answer


def networks(view: View) -> list[NetworkState]:
    """Every network that withdrawals know."""
    answer = _ask(ListNetworks(), view)
    return [] if answer is None else _networks(answer)


def queue(scope: Scope, view: View, network: int = 0, asset: int = 0) -> Iterator[Queued]:
    """What waits in a scope, in its order, on a network, in an asset; read as far as asked."""
    place, after = (scope.network or network, scope.asset or asset), 0
    while True:
        answer = _ask(ListQueue(after, PAGE, *place), view)
        waiting = [] if answer is None else _queue(answer)
        yield from (one for one in waiting if _is_within(one, scope, view))
        if len(waiting) < PAGE:
            return
        after = waiting[-1].number


def sums(scope: Scope, view: View) -> list[Sum]:
    """How much waits by network and asset in a scope, whoever's it is."""
    answer = _ask(ListSums(bound=False), view)
    found = [] if answer is None else _sums(answer)
    return [
        one for one in found if scope.network in (0, one.network) and scope.asset in (0, one.asset)
    ]


def drained(suspension: int, view: View) -> list[DrainSum]:
    """How far its drain is, by line."""
    answer = _ask(SumDrains(suspension), view)
    return [] if answer is None else _drained(answer)


def draining(suspension: int, view: View) -> list[_Place]:
    """Where a drain knows of somebody who waits for it."""
    return [(one.network, one.asset) for one in drained(suspension, view) if one.waiting]


def bounds(suspension: int, view: View) -> list[int]:
    """The ticks that its drain lets a request wait at most, as its lines have begun with them."""
    return list(dict.fromkeys(one.max_wait for one in drained(suspension, view)))


def waiting(number: int, scope: Scope, view: View) -> Queued | None:
    """A request, if it waits in a scope."""
    return next(
        (one for one in _named(number, view) if _is_within(one, scope, view)),
        None,
    )


def _named(number: int, view: View) -> list[Queued]:
    answer = _ask(ListQueue(number - 1, 1), view)
    found = [] if answer is None else _queue(answer)
    return [one for one in found if one.number == number]


def _is_within(one: Queued, scope: Scope, view: View) -> bool:
    if scope.network and scope.network != one.network:
        return False
    if scope.asset and scope.asset != one.asset:
        return False
    if not scope.key:
        return True
    owner: OwnerChanged | None = view.query(GetOwner(owner=one.owner))
    return owner is not None and scope.key in (owner.owner, owner.master, owner.segment)


class Waiting(NamedTuple):
    """A request that waits, and whose it is."""

    queued: Queued
    owner: OwnerChanged | None


def owned(waiting: Iterable[Queued], view: View) -> Iterator[Waiting]:
    """With their owners, of whom each is looked at once."""
    owners: dict[int, OwnerChanged | None] = {}
    for one in waiting:
        if one.owner not in owners:
            owners[one.owner] = view.query(GetOwner(owner=one.owner))
        yield Waiting(one, owners[one.owner])


def next_few(scope: Scope, after: int, before: int, view: View) -> tuple[list[Waiting], int]:
    """Those of a scope among the next few that wait, asked for before a sequence.

    And the last one that was looked at; 0: there is nobody behind them.
    """
    answer = _ask(ListQueue(after, LOOKED_AT, scope.network, scope.asset), view)
    here = [] if answer is None else [one for one in _queue(answer) if one.number < before]
    found = [one for one in owned(here, view) if _is_of(scope, one.owner)]
    return found, here[-1].number if len(here) == LOOKED_AT else 0


def is_of_some(scope: Scope) -> bool:
    """Whether a scope is a segment's or a user's."""
    return scope.level in (Level.SEGMENT, Level.USER)


def _is_of(scope: Scope, owner: OwnerChanged | None) -> bool:
    if not is_of_some(scope):
        return True
    if owner is None:
        return False
    if scope.level == Level.SEGMENT:
        return scope.key == owner.segment
    return scope.key in (owner.owner, owner.master)


def ruling_of(
    one: Queued, action: int, owner: OwnerChanged, released: tuple[int, ...] = ()
) -> Ruling:
    """The question whether a request that waits is stopped, of what some drains have let go."""
    return Ruling(
        *(action, owner.owner, owner.master, owner.segment),
        *(one.network, one.asset, one.number),
        released=released,
    )


def lines(scope: Scope, view: View) -> list[tuple[int, int]]:
    """(network, asset) in a scope."""
    return [
        (one.terms.network, line.asset)
        for one in networks(view)
        for line in one.terms.assets
        if scope.network in (0, one.terms.network) and scope.asset in (0, line.asset)
    ]


def claims(view: View) -> dict[int, int]:
    """What the exchange owes its users, by asset: all accounts less the house's own.

    Every asset's accounts add up to its supply, so that nobody has to go through users' accounts.
    """
    kinds: list[KindDefined] = view.query(ListKinds())
    # Without the other side of users' memo accounts.
    own = [
        one.kind
        for one in kinds
        if one.claim == ClaimClass.NOT_A_CLAIM and one.kind != chart.PROTECTION
    ]
    supplies: list[Supply] = view.query(ListSupplies())
    owed = {one.asset: amount_int(one.total) for one in supplies}
    held: list[AccountState] = view.query(ListBalances(owner=chart.HOUSE))
    for one in held:
        if one.kind in own:
            owed[one.asset] = owed.get(one.asset, 0) - amount_int(one.balance)
    return owed


def coverage(scope: Scope, shown: Iterable[Figure], view: View) -> tuple[tuple[Figure, ...], bool]:
    """Coins on chains, as shown, against claims; every asset in the scope must be covered."""
    owed = claims(view)
    coins: dict[int, int] = {}
    for one in shown:
        coins[one.asset] = coins.get(one.asset, 0) + amount_int(one.have)
    assets = list(dict.fromkeys(asset for _, asset in lines(scope, view)))
    figures = tuple(
        Figure(0, asset, amount_bytes(coins.get(asset, 0)), amount_bytes(owed.get(asset, 0)))
        for asset in assets
    )
    return figures, all(amount_int(one.have) >= amount_int(one.need) for one in figures)


def _needed(scope: Scope, survey: Surveyed | None, view: View) -> Iterator[tuple[_Place, int]]:
    """What waits in a scope, by network and asset; in as many parts as it is known by."""
    if survey is not None and is_of_some(scope):
        for network, by_asset in survey.sums.items():
            yield from (((network, asset), amount_int(one)) for asset, one in by_asset.items())
        return
    for one in queue(scope, view) if scope.key else sums(scope, view):
        yield (one.network, one.asset), amount_int(one.amount)


def liquidity(
    scope: Scope, shown: Iterable[Figure], survey: Surveyed | None, view: View
) -> tuple[tuple[Figure, ...], bool]:
    """Hot and warm coins against the larger of the queue and the forecast, by network and asset."""
    needed: dict[_Place, int] = dict.fromkeys(lines(scope, view), 0)
    for place, amount in _needed(scope, survey, view):
        needed[place] = needed.get(place, 0) + amount
    for forecast in shown:
        key = (forecast.network, forecast.asset)
        if key in needed:
            needed[key] = max(needed[key], amount_int(forecast.have))
    held: list[AccountState] = view.query(ListBalances(owner=chart.HOUSE))
    have = dict.fromkeys(needed, 0)
    for account in held:
        key = (account.instance, account.asset)
        if account.kind in FLOAT and key in have:
            have[key] -= amount_int(account.balance)
    figures = tuple(
        Figure(*key, amount_bytes(have[key]), amount_bytes(need)) for key, need in needed.items()
    )
    return figures, all(amount_int(one.have) >= amount_int(one.need) for one in figures)


class Hygiene(NamedTuple):
    """How many requests wait, and those of them that may not be paid: their owner is stopped."""

    waiting: int
    unfit: tuple[int, ...]


def hygiene(scope: Scope, view: View) -> Hygiene:
    """Of a queue, read once; each owner is looked at once. Before edition 1 of the rules."""
    waiting, found = 0, []
    for one in owned(queue(scope, view), view):
        waiting += 1
        if is_stopped(one.owner):
            found.append(one.queued.number)
    return Hygiene(waiting, tuple(found))


def is_stopped(owner: OwnerChanged | None) -> bool:
    """Whether nothing of an owner's may be paid."""
    return owner is None or bool(owner.flags & (OwnerFlag.FROZEN | OwnerFlag.NO_WITHDRAW))


def has_signers(view: View) -> bool:
    """Whether somebody is measured who signs for hot; so too where no network is known."""
    return not networks(view) or measures_hot(view)


def can_sign(now_ms: int, view: View) -> bool:
    """Whether every tier has as many live holders as it takes, as far as they are measured."""
    return worst_colour(now_ms, view) < Colour.BLACK


def canary(number: int, view: View) -> Withdrawal | None:
    """A withdrawal, as it is now."""
    answer = _ask(GetWithdrawal(number), view)
    return None if answer is None else _withdrawal(answer)


def waits_somebody(network: int, scope: Scope, survey: Surveyed | None, view: View) -> bool:
    """Whether a canary can be found on a network; so too where nobody has surveyed a segment."""
    if is_of_some(scope):
        return survey is None or network in survey.smallest
    return _smallest(scope, view, network) is not None


def canaries_missing(one: Suspension, view: View) -> list[int]:
    """Networks in the scope whose canary is not final yet."""
    return [
        network
        for network in dict.fromkeys(network for network, _ in lines(one.terms.scope, view))
        if not _has_arrived(one.canaries.get(network, 0), view)
    ]


def _has_arrived(number: int, view: View) -> bool:
    found = canary(number, view) if number else None
    return found is not None and found.state == WithdrawalState.SUCCESS


def canaries_wanted(one: Suspension, view: View, lost: Sequence[WithdrawalState]) -> list[int]:
    """Networks in the scope that have no canary, or whose own is in a state that loses it."""
    return [
        network
        for network in canaries_missing(one, view)
        if network not in one.canaries or is_lost(one.canaries[network], view, lost)
    ]


def canaries_chosen(
    one: Suspension, survey: Surveyed | None, view: View, lost: Sequence[WithdrawalState]
) -> dict[int, int]:
    """The canaries, and the smallest request for each network that wants one."""
    chosen = dict(one.canaries)
    for network in canaries_wanted(one, view, lost):
        if survey is not None and is_of_some(one.terms.scope):
            _, number = survey.smallest.get(network, (0, 0))
        else:
            smallest = _smallest(one.terms.scope, view, network)
            number = smallest.number if smallest is not None else 0
        if number:
            chosen[network] = number
    return chosen


def _smallest(scope: Scope, view: View, network: int) -> Queued | None:
    if not scope.key:
        answer = _ask(GetSmallest(network, scope.asset), view)
        return None if answer is None else _queued(answer)
    # Of a segment's: whose each is has to be looked at. Before edition 1 of the rules.
    here = queue(scope, view, network)
    return min(here, key=lambda queued: (queued.usd, queued.number), default=None)


def is_lost(number: int, view: View, lost: Sequence[WithdrawalState]) -> bool:
    """Whether a canary is in a state that loses it."""
    found = canary(number, view)
    return found is None or found.state in lost


def canary_digest(one: Suspension, view: View) -> bytes:
    """Over the canaries' transfers, by network."""
    parts = []
    for network in sorted(one.canaries):
        found = canary(one.canaries[network], view)
        parts.append(b"%d:%b" % (network, found.transfer if found is not None else b""))
    return sha256(b"\n".join(parts)).digest()


def canary_transfers(one: Suspension, view: View) -> Iterator[tuple[int, int, str]]:
    """The canaries by network: (network, withdrawal, transfer in hexadecimal digits)."""
    for network, number in sorted(one.canaries.items()):
        found = canary(number, view)
        yield network, number, found.transfer.hex() if found is not None else ""


def queue_digest(seed: bytes, waiting: Iterable[Queued]) -> bytes:
    """The commitment to a queue: a line `number:amount:usd` for each, blinded by the seed."""
    return sha256(seed + "\n".join(map(_line, waiting)).encode()).digest()


def chained(digest: bytes, one: Queued) -> bytes:
    """The digest of a roll with one more request, by the same line."""
    return sha256(digest + _line(one).encode()).digest()


def roll_digest(seed: bytes, digest: bytes) -> bytes:
    """The commitment to a roll, blinded by the seed."""
    return sha256(seed + digest).digest()


def _line(one: Queued) -> str:
    return f"{one.number}:{amount_int(one.amount)}:{one.usd}"
