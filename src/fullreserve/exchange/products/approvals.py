"""Approvals: who may decide what together, who proposed and approved it, and what came of it.

A group of m needs m approvals by members who are not the proposer and whom the act does not
favour, neither them nor an account of theirs. The last approval carries the act out as one group
directly behind it; if the core refuses that, the proposal has failed, with the core's code. While a
group has not more than m members that count, it is being set up: it decides nothing.

Proposals expire by exchange time. The fold has no timer: one that has expired is closed when the
next command comes, and refused until then.
"""

from __future__ import annotations

import msgspec

from fullreserve.exchange import chart
from fullreserve.exchange.folds import REFUSED, Fold, Moment, Outcome, View
from fullreserve.exchange.products.approval_acts import (
    OUTSIDE,
    ROLES_MAX,
    Admit,
    AllotCoins,
    AnyAct,
    AnyAsk,
    Approve,
    AssignTeam,
    BookLoss,
    Bust,
    ClaimDeposit,
    Correct,
    Define,
    Dismiss,
    Enrol,
    FreeDeposit,
    Grant,
    Propose,
    Reject,
    Report,
    SetThreshold,
    UnbindPayments,
)
from fullreserve.exchange.products.approval_effects import (
    beneficiaries,
    effect,
    gives_voice,
    is_of_two_teams,
    master,
    posting,
    shortages,
)
from fullreserve.exchange.products.approval_state import (
    CLOSED_KEPT,
    CONSOLE,
    LASTS_MAX_MS,
    LASTS_MIN_MS,
    MEMBERS_MAX,
    OPEN_MAX,
    THRESHOLD_MAX,
    Approval,
    ApprovalsState,
    GetGroup,
    GetProposal,
    Group,
    Proposal,
    ProposalState,
    Refused,
)
from fullreserve.exchange.products.deposit_losses import is_positive
from fullreserve.exchange.products.suspension_wire import CORE_FIRST
from fullreserve.exchange.wire.commands import Product, SetSuspension, amount_int

TRANSFER_BYTES = 32
TEAMS_MAX = 99
UNBOUND_MAX = 100  # payments that one proposal lets go

OPEN = (ProposalState.OPEN, ProposalState.CARRYING)

_payload = msgspec.msgpack.Decoder(AnyAsk)
_asked = msgspec.msgpack.Decoder(GetGroup | GetProposal)
_encode = msgspec.msgpack.Encoder().encode


class Approvals(Fold[ApprovalsState]):
    """Proposals and approvals; see the module."""

    number = 2
    name = "approvals"
    is_late = True
    added = ("teams", "voices", "sparing")

    def __init__(self) -> None:
        super().__init__(ApprovalsState())

    def handle(self, command: Product, moment: Moment, view: View) -> Outcome:
        try:
            asked = _payload.decode(command.payload)
        except msgspec.DecodeError:
            return REFUSED
        self._expire(moment)
        who = command.owner
        if isinstance(asked, Enrol):
            return self._enrol(who, asked)
        if isinstance(asked, Dismiss):
            return self._dismiss(who, asked)
        if isinstance(asked, Report):
            return self._report(who, asked)
        if isinstance(asked, Propose):
            return self._propose(who, asked, moment, view)
        proposal = self.state.proposals.get(asked.proposal)
        if proposal is None:
            return Outcome(code=Refused.UNKNOWN)
        if not self._group(proposal.group).counts(who):
            return Outcome(code=Refused.NOT_A_MEMBER)
        if proposal.state is ProposalState.EXPIRED:
            return Outcome(code=Refused.EXPIRED)
        if proposal.state is not ProposalState.OPEN:
            return Outcome(code=Refused.NOT_OPEN)
        if isinstance(asked, Approve):
            return self._approve(who, proposal, asked, moment, view)
        return self._reject(who, proposal, asked, moment)

    # Members

    def answer(self, question: bytes) -> bytes:
        asked = _asked.decode(question)
        if isinstance(asked, GetProposal):
            return _encode(self.state.proposals.get(asked.number))
        return _encode(self._group(asked.group))

    def _group(self, number: int) -> Group:
        return self.state.groups.get(number) or Group()

    def _enrol(self, who: int, asked: Enrol) -> Outcome:
        if who != chart.HOUSE:
            return Outcome(code=Refused.NOT_A_MEMBER)
        return self._admit(asked.group, asked.member)

    def _admit(self, number: int, member: int) -> Outcome:
        group = self._group(number)
        if number < 1 or member < chart.FIRST_USER:
            return REFUSED
        if len(group.members) >= MEMBERS_MAX and member not in group.members:
            return Outcome(code=Refused.TOO_MANY)
        self.state.groups[number] = group
        group.members[member] = True
        return Outcome()

    def _dismiss(self, who: int, asked: Dismiss) -> Outcome:
        group = self._group(asked.group)
        if who != chart.HOUSE and not group.counts(who):
            return Outcome(code=Refused.NOT_A_MEMBER)
        if not group.counts(asked.member):
            return Outcome(code=Refused.NO_CHANGE)
        group.members[asked.member] = False
        return Outcome()

    # Proposals

    def _propose(self, who: int, asked: Propose, moment: Moment, view: View) -> Outcome:
        act, favoured = asked.act, beneficiaries(asked.act, by_teams=asked.by_teams)
        group = self._group(CONSOLE)
        if not group.counts(who):
            return Outcome(code=Refused.NOT_A_MEMBER)
        if not group.is_set_up:
            return Outcome(code=Refused.SET_UP)
        if not _is_sound(act) or not LASTS_MIN_MS <= asked.lasts_ms <= LASTS_MAX_MS:
            return REFUSED
        if _favours(favoured, who, view):
            return Outcome(code=Refused.BENEFICIARY)
        if (
            sum(one.state is ProposalState.OPEN for one in self.state.proposals.values())
            >= OPEN_MAX
        ):
            return Outcome(code=Refused.TOO_MANY)
        if isinstance(act, Bust) and self._is_busted(act):
            return Outcome(code=Refused.BUSTED_ALREADY)
        is_sparing = asked.spares and isinstance(act, SetThreshold)
        if is_sparing and not self._bears(act):
            return Outcome(code=Refused.HANGS)
        if isinstance(act, Correct | Bust) and shortages(posting(act), view):
            return Outcome(code=Refused.SHORT)
        self.state.proposals[moment.sequence] = Proposal(
            number=moment.sequence,
            group=CONSOLE,
            act=act,
            proposer=who,
            created_ms=moment.time_ms,
            expires_ms=moment.time_ms + asked.lasts_ms,
            note=asked.note,
            beneficiaries=favoured,
        )
        if asked.by_teams and gives_voice(act):
            self.state.voices[moment.sequence] = True
        if is_sparing:
            self.state.sparing[moment.sequence] = True
        return Outcome()

    def _approve(
        self, who: int, proposal: Proposal, asked: Approve, moment: Moment, view: View
    ) -> Outcome:
        group = self._group(proposal.group)
        if not group.is_set_up:
            return Outcome(code=Refused.SET_UP)
        if who == proposal.proposer:
            return Outcome(code=Refused.OWN_PROPOSAL)
        if _favours(proposal.beneficiaries, who, view):
            return Outcome(code=Refused.BENEFICIARY)
        is_of_two = is_of_two_teams(proposal, self.state)
        if is_of_two and self.state.are_of_one_team(proposal.group, proposal.proposer, who):
            return Outcome(code=Refused.SAME_TEAM)
        if any(one.member == who for one in proposal.approvals):
            return Outcome(code=Refused.APPROVED_ALREADY)
        proposal.approvals.append(Approval(who, moment.time_ms))
        # Who was dismissed since does not count any more.
        if sum(group.counts(one.member) for one in proposal.approvals) < group.threshold:
            return Outcome()
        proposal.carried_out = moment.sequence
        proposal.closed_ms, proposal.closed_by = moment.time_ms, who
        if asked.reports and isinstance(proposal.act, OUTSIDE):
            proposal.state = ProposalState.CARRYING
            return Outcome()
        return self._carry_out(proposal, view)

    def _report(self, who: int, asked: Report) -> Outcome:
        if who != chart.HOUSE:
            return Outcome(code=Refused.NOT_A_MEMBER)
        proposal = self.state.proposals.get(asked.proposal)
        if proposal is None:
            return Outcome(code=Refused.UNKNOWN)
        if proposal.state is ProposalState.CARRYING:
            proposal.state = ProposalState.FAILED if asked.code else ProposalState.DONE
            proposal.code = asked.code
            self._forget()
        return Outcome()

    def _carry_out(self, proposal: Proposal, view: View) -> Outcome:
        act = proposal.act
        if isinstance(act, Admit):
            return self._admit(act.group, act.member)
        if isinstance(act, SetThreshold):
            is_sparing = proposal.number in self.state.sparing
            if is_sparing and not self._bears(act):
                return Outcome(code=Refused.HANGS)
            return self._set_threshold(act)
        if isinstance(act, AssignTeam):
            return self._assign(act)
        if isinstance(act, Bust) and self._is_busted(act):
            return Outcome(code=Refused.BUSTED_ALREADY)
        outcome, proposal.shortages = effect(act, view)
        return outcome

    def _bears(self, act: AnyAct) -> bool:
        return isinstance(act, SetThreshold) and self._group(act.group).bears(act.threshold)

    def _set_threshold(self, act: SetThreshold) -> Outcome:
        group = self._group(act.group)
        if group.enabled <= act.threshold:
            # The group would decide nothing from then on, not even this back.
            return Outcome(code=Refused.SET_UP)
        group.threshold = act.threshold
        return Outcome()

    def _assign(self, act: AssignTeam) -> Outcome:
        if act.member not in self._group(act.group).members:
            return Outcome(code=Refused.NOT_A_MEMBER)
        teams = self.state.teams.setdefault(act.group, {})
        if act.team:
            teams[act.member] = act.team
        else:
            teams.pop(act.member, None)
        if not teams:
            del self.state.teams[act.group]
        return Outcome()

    def _reject(self, who: int, proposal: Proposal, asked: Reject, moment: Moment) -> Outcome:
        own = who == proposal.proposer
        proposal.state = ProposalState.WITHDRAWN if own else ProposalState.REJECTED
        proposal.closed_ms, proposal.closed_by = moment.time_ms, who
        proposal.closing_note = asked.note
        self._forget()
        return Outcome()

    def settled(self, cause: int, code: int) -> None:
        """The group behind the last approval was applied, or refused with `code`."""
        for proposal in self.state.proposals.values():
            if proposal.carried_out == cause and proposal.state is ProposalState.OPEN:
                proposal.state = ProposalState.FAILED if code else ProposalState.DONE
                proposal.code = code
                if not code and isinstance(proposal.act, Bust):
                    trades = self.state.busted.setdefault(proposal.act.instrument, [])
                    trades.append(proposal.act.trade)
                self._forget()
                return

    # Keeping

    def _is_busted(self, act: Bust) -> bool:
        return act.trade in self.state.busted.get(act.instrument, ())

    def _expire(self, moment: Moment) -> None:
        for proposal in self.state.proposals.values():
            is_open = proposal.state is ProposalState.OPEN
            if is_open and proposal.expires_ms <= moment.time_ms:
                proposal.state = ProposalState.EXPIRED
                proposal.closed_ms = proposal.expires_ms
        self._forget()

    def _forget(self) -> None:
        """Lets the oldest closed proposals go; the log and the audit log have them all."""
        closed = [number for number, one in self.state.proposals.items() if one.state not in OPEN]
        for number in closed[: max(0, len(closed) - CLOSED_KEPT)]:
            del self.state.proposals[number]
            self.state.voices.pop(number, None)
            self.state.sparing.pop(number, None)


def _favours(favoured: tuple[int, ...], who: int, view: View) -> bool:
    """Whether an operator, or an account of the same person, is among those an act touches."""
    own = master(who, view)
    return any(owner == who or master(owner, view) == own for owner in favoured)


def _is_sound(act: AnyAct) -> bool:
    """Whether an act is one at all; whether it is possible, the core says."""
    if isinstance(act, Correct):
        between = act.house.owner == chart.HOUSE != act.account.owner
        return between and len(act.amount) == 16 and amount_int(act.amount) != 0
    if isinstance(act, Bust):
        amounts = [act.base_fee, act.quote_fee, *(leg.change for leg in act.legs)]
        return 0 < len(act.legs) <= 8 and all(len(amount) == 16 for amount in amounts)
    if isinstance(act, SetThreshold):
        return 1 <= act.threshold <= THRESHOLD_MAX
    if isinstance(act, Grant):
        return 1 <= act.role <= ROLES_MAX
    if isinstance(act, AssignTeam):
        return 0 <= act.team <= TEAMS_MAX
    if isinstance(act, ClaimDeposit | FreeDeposit):
        return len(act.transfer) == TRANSFER_BYTES and act.owner >= chart.FIRST_USER
    if isinstance(act, BookLoss):
        return len(act.transfer) == TRANSFER_BYTES and is_positive(act.amount)
    if isinstance(act, AllotCoins):
        is_somebodys = act.owner == chart.HOUSE or act.owner >= chart.FIRST_USER
        return is_somebodys and len(act.transfer) == TRANSFER_BYTES and is_positive(act.amount)
    if isinstance(act, UnbindPayments):
        is_named = all(len(one.binding) == TRANSFER_BYTES for one in act.payments)
        return 0 < len(act.payments) <= UNBOUND_MAX and is_named
    if isinstance(act, Define) and isinstance(act.command, SetSuspension):
        # Those have gates of their own.
        return act.command.suspension < CORE_FIRST
    return True
