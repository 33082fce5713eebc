#!/usr/bin/env python3
"""Works out again in which order a finished drain paid withdrawals, from the published artefact.

    python3 drain.py ARTEFACT.json [--digest HEX ...] [--commitment HEX] [--queue-digest HEX]
                     [--withdrawal ID]

The artefact is the answer of `GET /api/v5/x/drain?suspension=N`. Nothing but Python's standard
library is needed, and nothing of the exchange is believed: the hashes are made again, and every
tick's lanes, shares and payments are worked out from the requests alone. So are the hashes of the
gates' evidence, where the artefact has it; which suspension it is of, what currencies and networks
are called, which gates it shows, and a `maxWaitTicks` that nobody's wait has come to, are told and
not proven, nor without `--digest` that no tick is missing at the end. `--digest`, one for each line
in order, `--commitment` and `--queue-digest` are what the exchange published while the drain ran;
with them it cannot show another artefact afterwards. `--withdrawal` prints where one's own request
stood. Ends with 0 when all is as it says, 1 and a reason when not, 2 when it is unreadable.

The rules. A request's place is its number; nobody's account or level counts. Lane S are the
requests of owners whose whole queue is at most `smallUsd`: first in, first out, with at least half
of the tick's transactions. Lane L is max-min fair by owner: what lane S leaves of the budget is
shared equally among those who want more, nobody getting more than he wants, the last units one by
one in the order of the owners' first requests. What an owner's share does not yet cover is kept for
him as credit. In a line whose `opening` has "0", lane S has a credit too: when its first request
does not fit, all that is left of the tick is kept for it, and lane L has nothing of that tick.

In a line that says `maxWaitTicks`, those of the first `first` requests of the queue that have
waited for so many ticks with transactions are overdue, as many as the tick has transactions. They
come before both lanes, in order: half of the budget, rounded up, is kept for them (credit "-1"),
beside what their owners have saved, up to the first that this does not cover. They take no more
transactions than lane S's half leaves, and one in any case. Where nobody is overdue the lanes have
what was kept. In a line whose `opening` has "-2" what an owner has saved for those of his that are
overdue and not paid stays apart for them; in others he keeps no more than his requests in lane L
want. In a line whose `opening` has "-3" those that are overdue and that half of the budget has not
paid stay in their lanes beside: in lane S at their place, or with their owner's share of lane L,
which goes to them before his other requests; and they have waited since they first came in, though
they left in between.

A request that has come in with two more columns may be paid in tranches: the least of one and of
what it leaves, and the step of which it is a multiple. Where a tick has a transaction left, it pays
a tranche of the oldest request in turn, in lane L, of one owner of whom none is overdue: of those
whose oldest has the columns and whose credit pays one, to whom the credit is largest, the oldest
request among equals. It is as much as the credit pays; the request keeps its place with the rest,
and its USD. In a line whose `opening` has "-3" owners of whom one is overdue are not left out: of
theirs the oldest that is overdue counts, and for the first of all that are overdue what is kept for
it (credit "-1") is due beside its owner's credit, which pays first. The tick's `tranche` says so:
the tranche is a withdrawal with the tick's number. What has come in again with another amount had a
tranche that was not paid in the end.

`broken` are drains of the same suspension that were broken off before: the seed and the queue of
each, and of each line how many ticks were its, how many these paid, and the digest of the last one
by then. The lines go on where they ended. `--commitment` and `--queue-digest` may be those of any
of them.

Of a line that says `owners` and `each`, the exchange looks at a part of the queue at a time. A tick
without transactions says only who came and who left. One with some regards the oldest of lane S, as
many as it has transactions, and of lane L so many `owners`, the earliest first requests first, with
the oldest requests of `each`; owners who are not in turn keep their credits.
"""

from __future__ import annotations

import argparse
import json
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

# The second: of a drain of which some line looks at a part of its queue at a time.
# The third: the queue was committed to request by request, each hash over the one before.
# The fourth: some line has requests that come first when they have waited for long.
# The fifth: what an owner has saved stays for those of his that are overdue.
# The sixth: some request may be paid in tranches.
# The seventh: those that are overdue stay in their lanes.
# The eighth: with drains that were broken off before.
FORMATS = tuple(f"fullreserve-drain/{number}" for number in (1, 2, 3, 4, 5, 6, 7, 8))
OWNERS, EACH = 100, 4  # of lane L that are in turn, and requests of each
FIRST = 100  # of the queue, who come first when they are overdue
LANE_S, OVERDUE = 0, -1  # their credits among those of owners
FOR_OVERDUE = -2  # no credit: that owners save for theirs
IN_LANES = -3  # no credit: that they stay in their lanes
ORDERING = "request number, ascending; lane L: max-min fair by owner"
SMALL_USD = 10_000 * 10**8  # of an owner's whole queue in lane S, at most
ID_BASE = 10**18  # what a withdrawal's id is above its number


class Wrong(Exception):
    """The artefact is not what it says."""


class Request:
    """One that waits."""

    def __init__(self, row: list[str]) -> None:
        self.number, self.share, self.amount, self.usd = (int(text) for text in row[:4])
        # Of a tranche; 0: it is paid whole.
        self.least, self.step = (int(text) for text in row[4:] or ("0", "1"))
        self.is_small = False  # its owner's whole queue is, in the tick that is looked at


def check(artefact: dict[str, Any], published: list[str] | None = None) -> list[str]:
    """Raises Wrong; what was found, in words. `published` are the lines' digests."""
    lines = artefact["lines"]
    expected = (FORMATS[1], FORMATS[3 + any("-2" in line["opening"] for line in lines)])
    if not any("maxWaitTicks" in line for line in lines):
        expected = (FORMATS[any("owners" in line for line in lines)], FORMATS[2])
    if any(len(row) > 4 for line in lines for tick in line["ticks"] for row in tick["entered"]):
        expected = (FORMATS[5], FORMATS[5])
    if any("-3" in line["opening"] for line in lines):
        expected = (FORMATS[1], FORMATS[6])
    if artefact.get("broken"):
        expected = (FORMATS[7], FORMATS[7])
    if artefact.get("format") not in expected:
        raise Wrong(f"format is not {' or '.join(dict.fromkeys(expected))}")
    _check_labels(artefact)
    _check_queue(artefact)
    _check_evidence(artefact.get("evidence", []))
    if published is not None and len(published) != len(lines):
        raise Wrong(f"{len(lines)} lines, but {len(published)} digests were published")
    found = []
    for at, line in enumerate(lines):
        name = _name(line)
        paid, left = _check_line(line, SMALL_USD, name)
        last = line["ticks"][-1]["digest"] if line["ticks"] else ""
        if published is not None and published[at] != last:
            raise Wrong(f"{name}: ends with digest {last}, published was {published[at]}")
        found.append(
            f"{name}: {len(line['ticks'])} ticks, {len(paid)} paid in the stated order, {left} of "
            "those that came in not paid by its end"
        )
        if "maxWaitTicks" in line:
            found.append(f"{name}: it says that nobody is to wait {line['maxWaitTicks']} ticks")
        if published is None:
            found.append(f"{name}: without its --digest it is not proven that these are all ticks")
    gates = ", ".join(row["gate"] for row in artefact.get("evidence", [])) or "none"
    said = f"it says that it is of suspension {artefact['suspension']}; shows evidence of {gates}"
    return [said, *_check_broken(artefact), *found]


def _check_labels(artefact: dict[str, Any]) -> None:
    """What no hash covers, and what the rules above say of it."""
    has_waits = any("maxWaitTicks" in line for line in artefact["lines"])
    ordering = ("overdue first; " if has_waits else "") + ORDERING
    if artefact["orderingKey"] != ordering:
        raise Wrong(f"the ordering key is not {ordering!r}")
    names = [_name(line) for line in artefact["lines"]]
    for name in names:
        if names.count(name) > 1:
            raise Wrong(f"{name}: the line stands twice")
    if artefact["smallUsd"] != str(SMALL_USD):
        raise Wrong(f"lane S ends at {SMALL_USD} of 10^-8 USD, not at {artefact['smallUsd']}")
    if artefact["idBase"] != str(ID_BASE):
        raise Wrong(f"ids are above their numbers by {ID_BASE}, not by {artefact['idBase']}")


def _check_queue(artefact: dict[str, Any]) -> None:
    """Seeds and queues are those that were committed to before the first payment of each drain."""
    is_chained = artefact["format"] in FORMATS[2:]
    openings = [*artefact.get("broken", []), artefact]
    names = [_name(line) for line in artefact["lines"]]
    for opening in openings:
        _check_committed(opening, is_chained)
        if [_name(line) for line in opening["lines"]] != names:
            raise Wrong("a drain that was broken off has other lines")
    for at, line in enumerate(artefact["lines"]):
        of_tick = _openings_of(at, line["ticks"], openings)
        for tick, known in zip(line["ticks"], of_tick, strict=True):
            for number, _, amount, usd, *cut in tick["entered"]:
                had = known.get(number, [amount, usd])
                # Of one that may be paid in tranches more or less may have waited by then.
                if had[1] != usd or (had[0] != amount and not cut):
                    raise Wrong(f"request {number} had another amount in the queue committed to")


def _check_committed(opening: dict[str, Any], is_chained: bool) -> None:
    seed = bytes.fromhex(opening["seed"])
    if sha256(seed).hexdigest() != opening["commitment"]:
        raise Wrong("the seed is not the one committed to")
    rows = [":".join(row) for row in opening["queue"]]
    text = "\n".join(rows).encode()
    if is_chained:
        text = bytes(32)
        for row in rows:
            text = sha256(text + row.encode()).digest()
    if sha256(seed + text).hexdigest() != opening["queueDigest"]:
        raise Wrong("the queue is not the one committed to")


def _name(line: dict[str, Any]) -> str:
    return f"{line['ccy']}-{line['chain']}"


def _openings_of(
    at: int, ticks: list[dict[str, Any]], openings: list[dict[str, Any]]
) -> list[dict[str, list[str]]]:
    """By tick of a line, the queue that its drain began with, by request."""
    found: list[dict[str, list[str]]] = []
    for opening in openings:
        known = {row[0]: row[1:] for row in opening["queue"]}
        is_last = opening is openings[-1]
        count = len(ticks) - len(found) if is_last else int(opening["lines"][at]["ticks"])
        if count < 0:
            raise Wrong("a line has fewer ticks than drains that were broken off had")
        found += [known] * count
    return found


def _check_broken(artefact: dict[str, Any]) -> list[str]:
    """What each drain that was broken off paid, and the last digest of each of its lines."""
    ended = [0] * len(artefact["lines"])
    found = []
    for opening in artefact.get("broken", []):
        for at, said in enumerate(opening["lines"]):
            ticks, name = artefact["lines"][at]["ticks"], _name(said)
            mine = ticks[ended[at] : ended[at] + int(said["ticks"])]
            ended[at] += int(said["ticks"])
            paid = sum(len(tick["paid"]) + ("tranche" in tick) for tick in mine)
            if str(len(mine)) != said["ticks"] or str(paid) != said["paid"]:
                raise Wrong(f"{name}: what a drain that was broken off paid is not as it says")
            digest = ticks[ended[at] - 1]["digest"] if ended[at] else ""
            if digest != said["digest"]:
                raise Wrong(f"{name}: a drain that was broken off ends with digest {digest}")
            found.append(f"{name}: broken off after {said['ticks']} ticks, {paid} paid")
    return found


def _check_evidence(rows: list[dict[str, Any]]) -> None:
    """What each gate was passed by is what was hashed then; its document too, where it is shown."""
    for row in rows:
        if sha256(row["record"].encode()).hexdigest() != row["digest"]:
            raise Wrong(f"{row['gate']}: its evidence is not the one that was shown")
        named = json.loads(row["record"])
        if named["gate"] != row["gate"]:
            raise Wrong(f"{row['gate']}: its evidence is of {named['gate']}")
        document = row["document"]
        if document and sha256(document.encode()).hexdigest() != named["document"]:
            raise Wrong(f"{row['gate']}: its document is not the one that was shown")


def _check_line(line: dict[str, Any], small: int, name: str) -> tuple[list[int], int]:
    """Each tick of one asset on one network; the numbers paid, in order, and how many are left."""
    queue: dict[int, Request] = {}
    firsts: set[int] = set()
    carried = {int(share): int(has) for share, has in line["opening"].items()}
    if any(carried.get(one) for one in (LANE_S, OVERDUE, FOR_OVERDUE, IN_LANES)):
        raise Wrong(f"{name}: lane S, or those that are overdue, begin with a credit")
    waits = Waits(line, name)
    digest, everything, sequence = bytes(32), [], 0
    for tick in line["ticks"]:
        where = f"{name}, tick {tick['sequence']}"
        if int(tick["sequence"]) <= sequence:
            raise Wrong(f"{where}: ticks are out of order")
        sequence = int(tick["sequence"])
        digest = sha256(digest + _text(tick).encode()).digest()
        if digest.hex() != tick["digest"]:
            raise Wrong(f"{where}: its hash is not that of its content")
        for number in map(int, tick["left"]):
            if queue.pop(number, None) is None:
                raise Wrong(f"{where}: {number} left, but was not there")
        for request in map(Request, tick["entered"]):
            is_whole = not request.least or (0 < request.step <= request.least)
            if request.number in queue or request.amount <= 0 or not is_whole:
                raise Wrong(f"{where}: {request.number} cannot have come in")
            queue[request.number] = request
            waits.came(request.number)
            _check_share(request, firsts, where)
        waiting = [queue[number] for number in sorted(queue)]
        budget, slots = int(tick["budget"]), int(tick["slots"])
        part = None
        if "owners" not in line:
            paid, carried = _tick(waiting, budget, slots, small, carried)
        else:
            if (line["owners"], line["each"]) != (str(OWNERS), str(EACH)):
                raise Wrong(f"{name}: not {OWNERS} owners and {EACH} requests of each are in turn")
            overdue = waits.overdue(waiting, slots)
            paid, carried, part = _tick_of_few(waiting, budget, slots, small, carried, overdue)
        if tick.get("tranche", []) != ([str(one) for one in part] if part else []):
            said = tick.get("tranche", "nothing")
            raise Wrong(f"{where}: the rules pay {part} as a tranche, it says {said}")
        if part:
            _take_tranche(queue[part[0]], part[1], carried)
        if paid != [int(number) for number in tick["paid"]]:
            raise Wrong(f"{where}: the rules pay {paid}, it says {tick['paid']}")
        for number in paid:
            del queue[number]
        everything += [*paid, sequence] if part else paid
    return everything, len(queue)


class Waits:
    """For how many ticks with transactions each has waited, where that matters."""

    def __init__(self, line: dict[str, Any], name: str) -> None:
        self._most = int(line.get("maxWaitTicks", "0"))
        self._ticks = 0
        self._since: dict[int, int] = {}
        is_said = ("-1" in line["opening"], line.get("first"))
        wanted = (True, str(FIRST)) if self._most > 0 and "owners" in line else (False, None)
        rules = [one for one in ("-2", "-3") if one in line["opening"]]
        is_alone = len(rules) > ("-1" in line["opening"])
        self._is_from_first = "-3" in rules
        if is_alone or self._most < 0 or ("maxWaitTicks" in line) != wanted[0] or is_said != wanted:
            raise Wrong(f"{name}: it does not say rightly who is overdue")

    def came(self, number: int) -> None:
        """One has come in, for the first time or again."""
        if not (self._is_from_first and number in self._since):
            self._since[number] = self._ticks

    def overdue(self, waiting: list[Request], slots: int) -> list[int]:
        """Who comes first in a tick, which counts for all that are there."""
        now, self._ticks = self._ticks, self._ticks + (slots > 0)
        if not self._most:
            return []
        first = [request.number for request in waiting[:FIRST]]
        return [one for one in first if now - self._since[one] >= self._most][:slots]


def _check_share(request: Request, firsts: set[int], where: str) -> None:
    """An owner is named by the request of his that came in first; an older one may come later."""
    if request.share == request.number:
        firsts.add(request.number)
    elif request.share not in firsts:
        raise Wrong(f"{where}: {request.number} is said to belong to the owner of none before it")


def _text(tick: dict[str, Any]) -> str:
    tranche = [":".join(tick["tranche"])] if "tranche" in tick else []
    return "\n".join(
        (
            f"{tick['sequence']},{tick['ts']},{tick['budget']},{tick['slots']}",
            ",".join(":".join(row) for row in tick["entered"]),
            ",".join(tick["left"]),
            ",".join(tick["paid"]),
            *tranche,
        )
    )


def _tranche(
    lane_l: list[Request], overdue: list[Request], paid: list[int], has: dict[int, int]
) -> tuple[int, int] | None:
    """Which request is paid in part besides, and how much of it; None for none."""
    unpaid = [request for request in overdue if request.number not in paid]
    late = [request.share for request in overdue]
    in_turn = lane_l
    if IN_LANES in has:
        late = []
        in_turn = [request for request in unpaid if not request.is_small] + lane_l
    first: dict[int, Request] = {}
    for request in in_turn:
        if request.number not in paid:
            first.setdefault(request.share, request)
    best, found = 0, None
    for share, request in sorted(first.items(), key=lambda one: one[1].number):
        credit = has.get(share, 0)
        if IN_LANES in has and request in unpaid[:1]:
            credit += has[OVERDUE]
        amount = min(credit, request.amount - request.least) // request.step * request.step
        is_due = request.least and share not in late and amount >= request.least
        if is_due and (found is None or credit > best):
            best, found = credit, (request.number, amount)
    return found


def _take_tranche(request: Request, amount: int, has: dict[int, int]) -> None:
    """Its owner's credit pays first, then what is kept for those that are overdue."""
    request.amount -= amount
    own = min(amount, has.get(request.share, 0))
    if own:
        has[request.share] -= own
    if amount > own:
        has[OVERDUE] -= amount - own


def _tick(
    waiting: list[Request], budget: int, slots: int, small: int, carried: dict[int, int]
) -> tuple[list[int], dict[int, int]]:
    """What one tick pays, and the credits that are left."""
    of_owner: dict[int, int] = {}
    for request in waiting:
        of_owner[request.share] = of_owner.get(request.share, 0) + request.usd
    lane_s = [request for request in waiting if of_owner[request.share] <= small]
    lane_l = [request for request in waiting if of_owner[request.share] > small]
    return _lanes([], lane_s, lane_l, budget, slots, carried)


def _lanes(
    overdue: list[Request],
    lane_s: list[Request],
    lane_l: list[Request],
    budget: int,
    slots: int,
    carried: dict[int, int],
) -> tuple[list[int], dict[int, int]]:
    """What a budget and so many transactions pay of who is overdue, and of two lanes."""
    carried, saved = dict(carried), {}
    paid, budget = _first(overdue, len(lane_s), budget, slots, carried)
    late = [request for request in overdue if request.number not in paid]
    if IN_LANES in carried:
        lane_s = _in_order(lane_s + [request for request in late if request.is_small])
        lane_l = _in_order(lane_l + [request for request in late if not request.is_small])
    for one in (OVERDUE, FOR_OVERDUE, IN_LANES):
        if one in carried:
            saved[one] = carried.pop(one)
    others = {request.share: carried.get(request.share, 0) for request in overdue}
    left = slots - len(paid)
    most = left if not lane_l else max(min(left, (slots + 1) // 2), left - len(lane_l))
    if LANE_S in carried:
        saved[LANE_S] = 0 if left else carried[LANE_S]
        budget += carried[LANE_S] - saved[LANE_S]
    for request in lane_s[:most]:
        if request.amount > budget:
            if LANE_S in saved:
                saved[LANE_S], budget = budget, 0
            break
        budget -= request.amount
        paid.append(request.number)
    wants: dict[int, int] = {}
    for request in lane_l:
        wants[request.share] = wants.get(request.share, 0) + request.amount
    apart = _for_overdue(overdue, paid, carried) if FOR_OVERDUE in saved else {}
    had = {share: carried.get(share, 0) - apart.get(share, 0) for share in wants}
    got = _max_min(budget, {share: wants[share] - had[share] for share in wants})
    has = {share: had[share] + got[share] for share in wants}
    for request in lane_l:
        # What an owner has goes to his that are overdue first.
        before = sum(
            other.amount
            for other in late
            if other.share == request.share and other.number not in paid and IN_LANES in saved
        )
        spare = has[request.share] - (0 if request in late else before)
        if len(paid) < slots and request.amount <= spare:
            has[request.share] -= request.amount
            wants[request.share] -= request.amount
            paid.append(request.number)
    kept = {share: credit for share, credit in others.items() if share not in wants and credit > 0}
    for share, most in wants.items():
        own = apart.get(share, 0)
        if own or has[share] > 0:
            kept[share] = own + min(has[share], most)
    return sorted(paid), {**saved, **kept}


def _in_order(requests: list[Request]) -> list[Request]:
    return sorted(requests, key=lambda request: request.number)


def _for_overdue(
    overdue: list[Request], paid: list[int], carried: dict[int, int]
) -> dict[int, int]:
    """What of their credits owners keep for those of theirs that are overdue and were not paid."""
    wanted: dict[int, int] = {}
    for request in overdue:
        if request.number not in paid:
            wanted[request.share] = wanted.get(request.share, 0) + request.amount
    return {share: min(carried.get(share, 0), most) for share, most in wanted.items()}


def _first(
    overdue: list[Request], small: int, budget: int, slots: int, carried: dict[int, int]
) -> tuple[list[int], int]:
    """Which of those that are overdue are paid, and what of the budget is left to the lanes."""
    if OVERDUE not in carried:
        return [], budget
    kept, carried[OVERDUE] = carried[OVERDUE], 0
    if not overdue:
        return [], budget + kept
    kept, budget = kept + budget - budget // 2, budget // 2
    paid = []
    for request in overdue[: max(1, slots - min(small, (slots + 1) // 2))]:
        own = min(carried.get(request.share, 0), request.amount)
        if request.amount - own > kept:
            break
        kept -= request.amount - own
        carried[request.share] = carried.get(request.share, 0) - own
        paid.append(request.number)
    carried[OVERDUE] = kept
    return paid, budget


def _tick_of_few(
    waiting: list[Request],
    budget: int,
    slots: int,
    small: int,
    carried: dict[int, int],
    overdue: list[int],
) -> tuple[list[int], dict[int, int], tuple[int, int] | None]:
    """The same of those in turn; the others keep their credits. And a tranche, if one is paid."""
    if not slots:
        return [], carried, None
    usd: dict[int, int] = {}
    for request in waiting:
        usd[request.share] = usd.get(request.share, 0) + request.usd
    owners = sorted(share for share in usd if usd[share] > small)[:OWNERS]
    left = dict.fromkeys(owners, EACH)
    for_others = slots
    in_turn = []
    for request in waiting:
        request.is_small = usd[request.share] <= small
        if request.is_small:
            if request.number in overdue:
                continue
            for_others -= 1
            if for_others >= 0:
                in_turn.append((request, True))
        elif left.get(request.share, 0) > 0:
            left[request.share] -= 1
            if request.number not in overdue:
                in_turn.append((request, False))
    first = [request for request in waiting if request.number in overdue]
    lane_l = [request for request, is_small in in_turn if not is_small]
    paid, has = _lanes(
        first,
        [request for request, is_small in in_turn if is_small],
        lane_l,
        *(budget, slots, carried),
    )
    part = _tranche(lane_l, first, paid, has) if len(paid) < slots else None
    regarded = {*left, *(request.share for request in first)}
    kept = {share: credit for share, credit in carried.items() if share not in regarded}
    return paid, {**kept, **has}, part


def _max_min(budget: int, wants: dict[int, int]) -> dict[int, int]:
    """Equal shares, none above what is wanted, until the budget is spent."""
    got = dict.fromkeys(wants, 0)
    open_ = [share for share, want in wants.items() if want > 0]
    while open_ and budget > 0:
        each = budget // len(open_)
        if each == 0:
            for share in open_[:budget]:
                got[share] += 1
            break
        full = [share for share in open_ if wants[share] - got[share] <= each]
        for share in full or open_:
            part = min(each, wants[share] - got[share])
            got[share] += part
            budget -= part
        open_ = [share for share in open_ if got[share] < wants[share]]
    return got


def place(artefact: dict[str, Any], withdrawal: str) -> str:
    """Where one request stood and when it was paid."""
    number = str(int(withdrawal) - int(artefact["idBase"]))
    parts: list[str] = []
    for line in artefact["lines"]:
        before = 0
        for at, tick in enumerate(line["ticks"], 1):
            tranche = [tick["sequence"]] if "tranche" in tick else []
            if tranche and tick["tranche"][0] == number:
                parts.append(f"a tranche in tick {at}")
            paid = tick["paid"] + tranche
            if number in paid:
                rank = before + paid.index(number) + 1
                whole = f"paid as number {rank}, in tick {at}"
                return f"{line['ccy']}-{line['chain']}: " + ", ".join((*parts, whole))
            before += len(paid)
    if parts:
        return ", ".join(parts) + " of it, and no more"
    records = [json.loads(row["record"]) for row in artefact.get("evidence", [])]
    if any(number == str(row[1]) for record in records for row in record.get("canaries", [])):
        return "a canary, paid before the drain, as the evidence of its gate says"
    return "not among those that were paid"


def _check_published(artefact: dict[str, Any], published: dict[str, str | None]) -> list[str]:
    """Which opening they are all of; one of each would hold nobody to anything."""
    wanted = {name: value for name, value in published.items() if value}
    if not wanted:
        return []
    broken = artefact.get("broken", [])
    for at, one in enumerate((*broken, artefact), 1):
        if all(one[name] == value for name, value in wanted.items()):
            which = f"drain {at}, which was broken off" if at <= len(broken) else "the last drain"
            return [f"what was published is of {which}"]
    name, value = next(iter(wanted.items()))
    raise Wrong(f"no drain has all that was published; {name} is {artefact[name]}, not {value}")


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Work the order of a finished drain out again.")
    parser.add_argument("artefact", type=Path)
    parser.add_argument("--digest", action="append", help="of a line, as it was published")
    parser.add_argument("--commitment", help="to the seed, as it was published")
    parser.add_argument("--queue-digest", help="of the queue, as it was published")
    parser.add_argument("--withdrawal", help="a withdrawal's id, to be found")
    asked = parser.parse_args()
    try:
        document = json.loads(asked.artefact.read_text(encoding="utf-8"))
        artefact = document["data"][0] if "data" in document else document
        published = {"commitment": asked.commitment, "queueDigest": asked.queue_digest}
        found = [*check(artefact, asked.digest), *_check_published(artefact, published)]
        if asked.withdrawal:
            found.append(place(artefact, asked.withdrawal))
    except Wrong as problem:
        sys.stderr.write(f"WRONG: {problem}\n")
        return 1
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as problem:
        sys.stderr.write(f"cannot be read: {problem!r}\n")
        return 2
    sys.stdout.write("\n".join((*found, "RIGHT: the order is the one that the rules give", "")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
