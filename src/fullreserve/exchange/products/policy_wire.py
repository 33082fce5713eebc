"""What is said to and asked of the fold of the policy, and its decisions and changes."""

from __future__ import annotations

from enum import IntEnum

import msgspec

from fullreserve.exchange.products.policy_rules import (
    DecisionState,
    Explained,
    Facts,
    Rule,
)
from fullreserve.exchange.products.risk_rules import Assessment, RiskTable

POLICY = 22
WRITERS = 3  # the approval group of policy administrators; the console's where there is none
HOUR_MS = 3_600_000
LOCK_MS = 48 * HOUR_MS
REPLAY_MS = 30 * 24 * HOUR_MS
SEEN_MS = 24 * HOUR_MS  # how old a replay may be that is agreed to
APPROVE_MS = 4 * HOUR_MS
# What a replay or an owner's velocity may look at, with the day in which a replay may be agreed to.
KEPT_MS = REPLAY_MS + SEEN_MS
# Of requests that were refused, which anybody can make many of: so many are kept, and half of them
# are replayed, so that as many may come while somebody looks at a replay.
REFUSED_KEPT = 20_000
REFUSED_REPLAYED = REFUSED_KEPT // 2
REPLAYED_MAX = 20_000
DECISIONS_KEPT = 20_000  # before edition 1
EDITION = 11  # what this version knows
ASKED_AGAIN = 2  # the edition from which on a review asks again
HOOK_ASKED = 3  # and from which on no rule that wants the webhook's answer goes without it
CANCELED_GO = 4  # and from which on what was canceled while it was held counts for nothing
TABLE_AGREED = 5  # and from which on the table of risks changes as the rules do
RETURNS = 6  # and from which on what one alone tightened is taken back by several at once
RETURN_MS = 7 * 24 * HOUR_MS  # and for how long
SPARED = 7  # and from which on no administrator stops the others for ever, present or gone
SETS = 8  # and from which on a change that the rules show to let no more through tightens
REVIEWED = 9  # and from which on a reviewer looks at what is reviewed, beside a rule's own group
OWNER_FIRST = 10  # and from which on what a score asks for comes before any people, in review too
LEFT_COUNTS = 11  # and from which on only what has left is a history that amounts are held against
CLOSES_MS = 7 * 24 * HOUR_MS  # how often one alone closes what others have proposed
# For the velocity of their owner.
COUNTED = (
    DecisionState.ALLOWED,
    DecisionState.WAITING,
    DecisionState.CONFIRMING,
    DecisionState.DELAYED,
    DecisionState.CONFIRMED,
)
# Those that a score keeps from being paid.
HELD = (DecisionState.CONFIRMING, DecisionState.DELAYED, DecisionState.CONFIRMED)
CHANGES_KEPT = 200


class Refused(IntEnum):
    """Codes of the fold's own refusals."""

    NOT_ALLOWED = 95_001
    UNKNOWN = 95_002
    CLOSED = 95_003
    OWN = 95_004
    TWICE = 95_005
    STALE_REPLAY = 95_006
    SET_UP = 95_007
    CONTRADICTS = 95_008
    WEBHOOK = 95_009  # a rule wants its answer, and it was not asked
    NOTHING_LEAVES = 95_010  # by such rules: that is a stop, which is said in public
    NO_CHANGE = 95_011  # they hold already
    HANGS = 95_012  # on each of a group, or on nobody: a rule wants more approvals than it bears
    SPOKEN = 95_013  # alone, within the week: who did closes nothing of others


class Word(msgspec.Struct, array_like=True, frozen=True, tag_field="message"):
    """Base of the payloads; the command's owner is who says it."""


class Decide(Word, frozen=True, tag=1):
    """By the house, for a worker: what of a request? Again: the same answer.

    WEBHOOK, also of `Judge`: rules that came into force meanwhile want it to be asked.
    """

    facts: Facts


class Approve(Word, frozen=True, tag=2):
    """By a member of the rule's group, or of the reviewers', who is not the initiator."""

    request: int


class Reject(Word, frozen=True, tag=3):
    request: int


class Propose(Word, frozen=True, tag=4):
    """By a policy administrator: other rules."""

    rules: tuple[Rule, ...]
    note: int = 0


class Agree(Word, frozen=True, tag=5):
    """By another administrator, who has seen what the change would have done."""

    change: int
    replay: bytes
    at_ms: int = 0  # when it was looked at, and up to which decision; as the replay says
    until: int = 0


class Withdraw(Word, frozen=True, tag=6):
    """By any administrator: the change is dropped; from edition 7 on see `Alone`."""

    change: int


class Judge(Word, frozen=True, tag=7):
    """By the house, for a worker: what of a withdrawal that the log has? Again: the same answer.

    The fold works out owner, amount, value and share itself; the worker says what it alone knows.
    """

    withdrawal: int
    category: int
    age_ms: int  # of the destination
    webhook: int = 0
    concerns: int = 0  # flags of Concern; with any, no rule lets it through by itself
    marks: int = 0  # flags of risk_rules.Mark
    place: bytes = b""  # keyed hash of the address on its network; the same whoever pays to it


class Found(Word, frozen=True, tag=8):
    """By the house, while there never were any: the rules that an exchange begins with."""

    rules: tuple[Rule, ...]


class Adopt(Word, frozen=True, tag=9):
    """By the house: from here on the fold goes by a later edition of its rules.

    1: decisions are kept by age and not by count; a change that comes into force closes what was
    proposed beside it; a replay is that of its moment; another approval group counts as looser;
    review mode reviews what was asked for before it. 2: and what was let through before it, unless
    people have let it through since: `Judge` decides of that once more. 3: while a rule wants the
    webhook's answer, nothing is decided that it was not asked about. 4: what its owner canceled
    while a score held it is refused, and counts for nobody's velocity, from the owner's next
    request on. 5: the table of risks is said by the house once, and changes as the rules do; what a
    score looked at is kept beside it. 6: what several agreed on last, or what was there first,
    holds again as soon as several agree, for a week after one alone tightened it; and rules under
    which nothing leaves are refused: who wants that suspends it, in public. 7: one administrator
    alone vetoes nothing, see `Alone`; whichever of the two groups has one to spare decides; and
    rules that hold already, or want more approvals than a group bears the loss of, are refused. 8:
    what tightens is judged by all that rules ask, not by their numbers alone. 9: what is under
    review wants a reviewer beside the group of its rule, so that another group's approvals tighten
    wherever a rule allowed; people have let through what began to be reviewed since they did once
    who stands for the reviewers has; and what a score asks for is done before a rule's group is
    asked. What waits already is approved by those it was decided for; what began to be reviewed
    since it was decided is asked about again. 10: what a score asks for comes first also of what is
    under review: its owner confirms it, or it has its time, and then people are asked. What waits
    for people already goes on by their word.
    11: an amount is held against what has left of its owner's, and no more against what was only
    asked for.
    """

    edition: int


class SetRisk(Word, frozen=True, tag=10):
    """By the house: from here on what is judged has a risk score, by this table.

    Without one, as in logs from before, there is none. `Decide` is refused from then on: it says
    nothing of who asked. From edition 5 on CLOSED where there is one.
    """

    table: RiskTable


class Confirm(Word, frozen=True, tag=11):
    """By a request's owner, who has proven who asks: it is judged once more, and goes on."""

    request: int


class ProposeRisk(Word, frozen=True, tag=12):
    """By a policy administrator: another table of risks, from edition 5 on."""

    table: RiskTable
    note: int = 0


AnyWord = (
    Decide
    | Approve
    | Reject
    | Propose
    | Agree
    | Withdraw
    | Judge
    | Found
    | Adopt
    | SetRisk
    | Confirm
    | ProposeRisk
)


class Decision(msgspec.Struct, array_like=True, frozen=True):
    """`digest` is over the digest before and all that was decided first: the chain of decisions."""

    number: int
    facts: Facts
    explained: Explained
    version: int  # of the policy
    time_ms: int
    state: int
    digest: bytes
    approvals: tuple[int, ...] = ()

    @property
    def approved(self) -> int:
        """How many have approved it, while it waits for more."""
        return len(self.approvals) if self.state == DecisionState.WAITING else 0

    def standing(self, now_ms: int) -> int:
        """Its state at a time: what nobody has approved in four hours has expired."""
        is_late = self.time_ms + APPROVE_MS <= now_ms
        waits = self.state == DecisionState.WAITING
        return DecisionState.EXPIRED if waits and is_late else self.state


class Change(msgspec.Struct, array_like=True, frozen=True):
    """Of the rules; or of the table of risks, which stands beside it in PolicyView."""

    number: int
    rules: tuple[Rule, ...]
    proposer: int
    time_ms: int
    note: int
    is_tightening: bool
    agreed: tuple[int, ...] = ()
    holds_ms: int = 0  # from when on; 0: not agreed on yet
    is_over: bool = False

    def is_due(self, now_ms: int) -> bool:
        """Whether it comes into force."""
        return not self.is_over and 0 < self.holds_ms <= now_ms


class Base(msgspec.Struct, array_like=True, frozen=True):
    """What several agreed on last, or what was there first, and since when one alone left it."""

    rules: tuple[Rule, ...] = ()
    rules_ms: int = 0  # 0: they are in force
    risk: RiskTable | None = None
    risk_ms: int = 0


class Alone(msgspec.Struct, array_like=True, frozen=True):
    """What an administrator did by a word of his own, from edition 7 on: when last, 0 for never.

    Who tightens alone, or drops another's change, closes nothing of others by doing so again within
    a week. Whose tightening several took back, though he did not propose that, is overruled: until
    several agree to a change of his, what he tightens takes as many, and holds at once then.
    """

    rules_ms: int = 0  # tightened
    risk_ms: int = 0
    dropped_ms: int = 0
    overruled_ms: int = 0

    def has_spoken(self, now_ms: int) -> bool:
        last_ms = max(self.rules_ms, self.risk_ms, self.dropped_ms)
        return last_ms > 0 and now_ms - last_ms <= CLOSES_MS


class Review(msgspec.Struct, array_like=True, frozen=True):
    """Approvals by reviewers that a request wants beside its rule's group's, from edition 9 on."""

    needed: int
    seen: dict[int, int] = {}  # who approved it, at which sequence


class Differs(msgspec.Struct, array_like=True, frozen=True):
    """A decision of the last 30 days that would have been another.

    `before` and `after` are verbs; of a change of the table, outcomes of a score and no rule.
    """

    request: int
    before: int
    after: int
    rule: int


class Asked(msgspec.Struct, array_like=True, frozen=True, tag_field="message"):
    """Base of the questions."""


class GetPolicy(Asked, frozen=True, tag=1):
    """-> PolicyView, as it is by then; 0: as the last word has left it."""

    now_ms: int = 0


class GetDecision(Asked, frozen=True, tag=2):
    """-> Decision | None"""

    request: int


class GetReplay(Asked, frozen=True, tag=3):
    """-> Replay | None, of a change over the decisions up to now."""

    change: int
    now_ms: int


class ListStates(Asked, frozen=True, tag=4):
    """-> list[int], what became of each request by a time; 0: it is to be judged (once more)."""

    requests: tuple[int, ...]
    now_ms: int


class ListDecisions(Asked, frozen=True, tag=5):
    """-> list[Decision], newest first; `state` 0 is any."""

    state: int
    limit: int


class LookedAt(Asked, frozen=True, tag=6):
    """-> int, the sequence at which people let a request through; 0: none of them has."""

    request: int


class ListConcerns(Asked, frozen=True, tag=7):
    """-> list[int], the concerns of each request that is known; 0 for none."""

    requests: tuple[int, ...]


class CountApprovals(Asked, frozen=True, tag=10):
    """-> list[int], how many people have approved each request that waits for more; else 0."""

    requests: tuple[int, ...]


class ListAssessments(Asked, frozen=True, tag=8):
    """-> list[Assessment | None], the risk of each request; None where it was not scored."""

    requests: tuple[int, ...]


class ListHeld(Asked, frozen=True, tag=9):
    """-> list[Decision] that wait for people, an owner or a time; behind a number, oldest first."""

    after: int
    limit: int


class ListReviews(Asked, frozen=True, tag=11):
    """-> list[Review | None], what each request wants of reviewers beside its rule's group."""

    requests: tuple[int, ...]


class PolicyView(msgspec.Struct, array_like=True, frozen=True):
    version: int
    rules: tuple[Rule, ...]
    changes: tuple[Change, ...]
    head: bytes
    superseded: dict[int, int] = {}  # changes that were closed, by the one that came into force
    risk: RiskTable | None = None
    tables: dict[int, RiskTable] = {}  # of changes that are of the table of risks
    base: Base | None = None
    alone: dict[int, Alone] = {}


class Replay(msgspec.Struct, array_like=True, frozen=True):
    looked_at: int
    differs: tuple[Differs, ...]
    digest: bytes
    at_ms: int = 0
    until: int = 0  # the number of the newest decision then


decode_word = msgspec.msgpack.Decoder(AnyWord).decode
AnyAsked = (
    GetPolicy
    | GetDecision
    | GetReplay
    | ListStates
    | ListDecisions
    | LookedAt
    | ListConcerns
    | CountApprovals
    | ListAssessments
    | ListHeld
    | ListReviews
)

ANSWERS: dict[type[Asked], object] = {
    GetPolicy: PolicyView,
    GetDecision: Decision | None,
    GetReplay: Replay | None,
    ListStates: list[int],
    ListDecisions: list[Decision],
    LookedAt: int,
    ListConcerns: list[int],
    CountApprovals: list[int],
    ListAssessments: list[Assessment | None],
    ListHeld: list[Decision],
    ListReviews: list[Review | None],
}

decode_asked = msgspec.msgpack.Decoder(AnyAsked).decode
