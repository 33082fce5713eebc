"""What the approvals fold remembers: groups of operators and their proposals."""

from __future__ import annotations

from enum import IntEnum

import msgspec

from fullreserve.exchange.folds import State
from fullreserve.exchange.products.approval_acts import AnyAct
from fullreserve.exchange.wire.commands import Amount

CONSOLE = 1  # the group of those who run the exchange

DAY_MS = 86_400_000
LASTS_MIN_MS = 60_000
LASTS_MAX_MS = 30 * DAY_MS
MEMBERS_MAX = 64
THRESHOLD_MAX = 16
OPEN_MAX = 200
CLOSED_KEPT = 500


class Refused(IntEnum):
    """Codes of the fold's own refusals."""

    NOT_A_MEMBER = 91_001
    SET_UP = 91_002
    UNKNOWN = 91_003
    NOT_OPEN = 91_004
    EXPIRED = 91_005
    OWN_PROPOSAL = 91_006
    BENEFICIARY = 91_007
    APPROVED_ALREADY = 91_008
    TOO_MANY = 91_009
    SHORT = 91_010
    BUSTED_ALREADY = 91_011
    NO_CHANGE = 91_012
    SAME_TEAM = 91_014
    HANGS = 91_015  # on each of the members: no threshold may


class ProposalState(IntEnum):
    OPEN = 0
    DONE = 1
    FAILED = 2
    REJECTED = 3
    WITHDRAWN = 4
    EXPIRED = 5
    CARRYING = 6  # approved; that it was carried out, outside of the fold, was not said yet


class Group(msgspec.Struct, array_like=True):
    """`members` by uid: whether their word counts."""

    threshold: int = 1
    members: dict[int, bool] = msgspec.field(default_factory=dict)

    @property
    def enabled(self) -> int:
        return sum(self.members.values())

    @property
    def is_set_up(self) -> bool:
        """Whether a proposer has enough others: m approvals need m + 1 members."""
        return self.enabled > self.threshold

    @property
    def spares(self) -> bool:
        """Whether any one member may be gone for ever: a proposer, m others, and one to spare."""
        return self.enabled >= self.threshold + 2

    @property
    def is_founded(self) -> bool:
        """Whether as many were ever made members as spare one, so that those left go on."""
        return len(self.members) >= self.threshold + 2

    def bears(self, threshold: int) -> bool:
        """Whether any one member may be missing then; fewer approvals than now are always borne."""
        return threshold < self.threshold or self.enabled >= threshold + 2

    def counts(self, uid: int) -> bool:
        return self.members.get(uid, False)


def deciding(named: Group, console: Group) -> Group:
    """Who decides what a group is named for: it, or the console's where it hangs on each member.

    Where both do, as after losses, whichever was founded with one to spare and is set up still. An
    empty group where neither was: an exchange is founded once, with m + 2 operators.
    """
    for group in (named, console):
        if group.spares:
            return group
    for group in (named, console):
        if group.is_founded and group.is_set_up:
            return group
    return Group()


class Question(msgspec.Struct, array_like=True, frozen=True, tag_field="message"):
    """Base of what the fold is asked."""


class GetGroup(Question, frozen=True, tag=1):
    """-> Group, an empty one where there is none."""

    group: int


class GetProposal(Question, frozen=True, tag=2):
    """-> Proposal | None"""

    number: int


class Approval(msgspec.Struct, array_like=True, frozen=True):
    member: int
    time_ms: int


class Shortage(msgspec.Struct, array_like=True, frozen=True):
    """Whose free balance a posting needed more of."""

    owner: int
    kind: int
    asset: int
    missing: Amount


class Proposal(msgspec.Struct, array_like=True):
    """`number` is the sequence of the command that made it."""

    number: int
    group: int
    act: AnyAct
    proposer: int
    created_ms: int
    expires_ms: int
    note: int
    beneficiaries: tuple[int, ...]
    approvals: list[Approval] = msgspec.field(default_factory=list)
    state: ProposalState = ProposalState.OPEN
    code: int = 0  # of the refusal when it failed
    shortages: tuple[Shortage, ...] = ()
    closed_ms: int = 0
    closed_by: int = 0
    closing_note: int = 0
    carried_out: int = 0  # sequence of the last approval; the group stands directly behind it


class ApprovalsState(State):
    groups: dict[int, Group] = msgspec.field(default_factory=dict)
    proposals: dict[int, Proposal] = msgspec.field(default_factory=dict)
    # Trades that were taken back, by instrument.
    busted: dict[int, list[int]] = msgspec.field(default_factory=dict)
    # The team of each member that has one, by group.
    teams: dict[int, dict[int, int]] = msgspec.field(default_factory=dict)
    # Proposals of roles that come with a voice: as such, two teams' to agree on.
    voices: dict[int, bool] = msgspec.field(default_factory=dict)
    # Proposals of thresholds that may hang on nobody.
    sparing: dict[int, bool] = msgspec.field(default_factory=dict)

    def are_of_one_team(self, group: int, one: int, other: int) -> bool:
        """Whether two members are; while nobody has a team, nobody shares one."""
        teams = self.teams.get(group, {})
        return bool(teams) and teams.get(one, 0) == teams.get(other, 0)
