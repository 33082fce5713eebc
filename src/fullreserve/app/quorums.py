"""The quorums of the configuration: every one is looked at before the exchange starts.

The file is TOML. Persons have numbers, which is all that the log learns of them:

    [[quorum]]
    name = "hot"          # for messages alone
    role = "hot"          # hot, warm, cold, recovery, approvers, unlock, policy_admins, …
    threshold = 2
    holders = [
      { person = 1, site = "Berlin", country = "DE", vendor = "A" },
      { person = 2, site = "Lisbon", country = "PT", vendor = "B" },
      { person = 3, site = "Tokyo", country = "JP", vendor = "C" },
    ]
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec

from fullreserve.exchange import chart
from fullreserve.exchange.folds import Fold
from fullreserve.exchange.products.approval_state import CONSOLE, Group
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.products.liveness import LIVENESS, Define, Liveness
from fullreserve.exchange.products.policy import Policy
from fullreserve.exchange.products.policy_rules import REVIEWERS, Rule, Verb
from fullreserve.exchange.products.policy_wanted import BESIDE, hangs_on_one, persons
from fullreserve.exchange.products.policy_wire import WRITERS
from fullreserve.exchange.products.quorum_rules import (
    DAY_MS,
    PERIODS,
    Holder,
    Quorum,
    Role,
    faults,
)
from fullreserve.exchange.products.suspension_wire import BOARD
from fullreserve.exchange.wire.commands import AnyCommand, Product

_encode = msgspec.msgpack.Encoder().encode

# Where a share by itself moves nothing: a hot signer of accounts pays from lanes, as the networks'
# file bounds it, and a card opens a module that signs with others.
ALONE = (Role.HOT, Role.UNLOCK)
GROUPS = {CONSOLE: "operators", BOARD: "the board", WRITERS: "policy administrators"}


class UnsoundQuorum(ValueError):
    """A quorum that may not be; the message names it and says what is allowed."""


SILENT_MOST_MS = 92 * DAY_MS  # that a file may let pass before silence is noticed


class _Holder(msgspec.Struct, forbid_unknown_fields=True):
    person: int
    site: str = ""
    country: str = ""
    vendor: str = ""


class _Quorum(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    role: str
    threshold: int
    holders: list[_Holder]
    period_ms: int = 0
    alarm_ms: int = DAY_MS
    backup_ms: int = 2 * DAY_MS


class _File(msgspec.Struct, forbid_unknown_fields=True):
    quorum: list[_Quorum]


def load(path: Path) -> list[Quorum]:
    """The quorums of a file; UnsoundQuorum when one of them may not be."""
    try:
        content = path.read_text(encoding="utf-8")
        file = msgspec.convert(tomllib.loads(content), _File)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as bad:
        raise UnsoundQuorum(f"the quorums in {path} cannot be read: {bad}") from bad
    roles = {role.name.lower(): role for role in Role}
    found = []
    for number, one in enumerate(file.quorum, 1):
        if one.role not in roles:
            allowed = ", ".join(roles)
            raise UnsoundQuorum(
                f"quorum {one.name} in {path} has role {one.role}; allowed is {allowed}"
            )
        found.append(_quorum(number, one, roles[one.role]))
    check(found, [one.name for one in file.quorum])
    return found


def _quorum(number: int, one: _Quorum, role: Role) -> Quorum:
    holders = tuple(
        Holder(each.person, _place(each.site), _place(each.country), _place(each.vendor))
        for each in one.holders
    )
    period = one.period_ms or PERIODS.get(role, DAY_MS)
    return Quorum(number, role, one.threshold, holders, period, one.alarm_ms, one.backup_ms)


def _place(name: str) -> int:
    """A number that stands for a name; 0 for none."""
    if not name:
        return 0
    return int.from_bytes(blake2b(name.encode(), digest_size=6).digest(), "big") + 1


def definitions(wanted: Sequence[Quorum], folds: Sequence[Fold[Any]]) -> list[AnyCommand]:
    """The commands that tell the log of quorums that it does not have so."""
    known = next((fold.state.defined for fold in folds if isinstance(fold, Liveness)), {})
    return [
        Product(0, 0, LIVENESS, chart.HOUSE, _encode(Define(one, wants_answers=True)))
        for one in wanted
        if known.get(one.number) != one
    ]


def lacks_hot(folds: Sequence[Fold[Any]]) -> bool:
    """Whether nobody is measured who signs for hot: a stop of withdrawals could not be ended."""
    known = next((fold.state.quorums for fold in folds if isinstance(fold, Liveness)), {})
    return not any(one.role == Role.HOT for one in known.values())


def hanging(folds: Sequence[Fold[Any]]) -> list[str]:
    """What people decide together by the log's word, and each of them is needed for; in words.

    Of groups that have members. Said and not refused: who was lost must not stop a start.
    """
    groups = next((fold.state.groups for fold in folds if isinstance(fold, Approvals)), {})
    rules = next((fold.state.rules for fold in folds if isinstance(fold, Policy)), ())
    reviewers = groups.get(REVIEWERS, Group())
    said = [
        f"{GROUPS.get(number, f'group {number}')}: {one.threshold + 2} have to count for any one "
        f"to be spared, {one.enabled} do"
        for number, one in sorted(groups.items())
        if not one.spares
    ]
    for rule in rules:
        there = groups.get(rule.group, Group())
        if rule.verb == Verb.APPROVE and there.members and there.enabled <= rule.needed:
            who = GROUPS.get(rule.group, f"group {rule.group}")
            said.append(
                f"rule {rule.number} of the policy wants {rule.needed} approvals of {who}, "
                f"of whom {there.enabled} count: one more than it wants has to"
            )
        elif there.members and hangs_on_one(rule, there, reviewers):
            who = GROUPS.get(rule.group, f"group {rule.group}")
            said.append(
                f"rule {rule.number} of the policy wants {rule.needed} approvals of {who} and, of "
                f"what is under review, one of {GROUPS[REVIEWERS]} beside them: "
                + _too_few(rule, there, reviewers)
            )
    return said


def _too_few(rule: Rule, group: Group, reviewers: Group) -> str:
    if reviewers.enabled <= BESIDE:
        return (
            f"{BESIDE + 1} of those have to count for any one to be spared, {reviewers.enabled} do"
        )
    needed, count = rule.needed + BESIDE + 1, persons(group, reviewers)
    return f"{needed} persons have to count for any one to be spared, {count} do"


def unmeasured(data: Path, folds: Sequence[Fold[Any]]) -> list[str]:
    """Wallets of the record of ceremonies whose holders no quorum of the log is; in words.

    Whether they can sign nobody knows then, whatever other quorums show. Said and not refused: a
    recovery must not stop a start. A wallet's recovery holders are a quorum of their own.
    """
    # Read where it is needed alone: with chains that are paid on.
    from fullreserve.custody.keys.record import BadRecord, Record

    try:
        state = Record.of(data).state
    except (BadRecord, OSError) as bad:
        return [f"the record of ceremonies: {bad}"]
    known = next((fold.state.quorums for fold in folds if isinstance(fold, Liveness)), {})
    measured = {
        (one.role, one.threshold, frozenset(each.person for each in one.holders))
        for one in known.values()
    }
    said = []
    for one in state.wallets.values():
        groups = [(one.tier, one.threshold, one.holders)]
        if one.wallet is not None and one.wallet.recovery:
            late = tuple(key.holder for key in one.wallet.recovery)
            groups.append(("recovery", one.wallet.recovery_threshold, late))
        for role, threshold, names in groups:
            persons = {state.persons[name].person for name in names if name in state.persons}
            if (Role[role.upper()], threshold, frozenset(persons)) not in measured:
                numbers = ", ".join(map(str, sorted(persons)))
                said.append(f"{one.name}: {role}, {threshold} of the persons {numbers}")
    return said


def check(quorums: Sequence[Quorum], names: Sequence[str]) -> None:
    """UnsoundQuorum that names every quorum that breaks a rule, and the rule."""
    said = [
        f"quorum {name}: {fault}"
        for quorum, name in zip(quorums, names, strict=True)
        for fault in (*faults(quorum), *_alone(quorum), *_slow(quorum))
    ]
    if said:
        raise UnsoundQuorum("; ".join(said))


def _slow(quorum: Quorum) -> list[str]:
    """Silence has to be noticed: also this is no rule of the log's."""
    times = (quorum.period_ms, quorum.alarm_ms, quorum.backup_ms)
    named = zip(("period_ms", "alarm_ms", "backup_ms"), times, strict=True)
    wrong = [f"{name} {ms}" for name, ms in named if not 0 < ms <= SILENT_MOST_MS]
    return [f"{one}: allowed are 1 to {SILENT_MOST_MS} ms, 92 days" for one in wrong]


def _alone(quorum: Quorum) -> list[str]:
    """One holder decides nothing; no rule of the log's, which takes what it took before."""
    if quorum.threshold > 1 or quorum.role in ALONE:
        return []
    most = len(quorum.holders)
    return [f"1-of-{most}: one alone could use it, so at least 2 have to agree"]
