"""Points for trading volume: the smallest product that shows what a fold can do.

Trades on a campaign's instrument earn both sides one point for each whole `unit` of base size that
they have traded. A claim turns points into a reward from the campaign's own account. Who reaches
`milestone` points for the first time gets the bonus by itself: the event puts a follow-up command
into the outbox, and the follow-up posts.
"""

from __future__ import annotations

import msgspec

from fullreserve.exchange.folds import REFUSED, Fold, FollowUp, Moment, Outcome, State, View
from fullreserve.exchange.wire.commands import (
    AccountKey,
    Leg,
    OwnerFlag,
    Posting,
    Product,
    amount_bytes,
    amount_int,
)
from fullreserve.exchange.wire.events import (
    AnyEvent,
    GroupApplied,
    Order,
    OrderCause,
    OwnerChanged,
)
from fullreserve.exchange.wire.queries import AccountState, GetOwner, ListBalances

NO_CAMPAIGN = 59001
NOTHING_TO_CLAIM = 59002
BUDGET_SPENT = 59003
NOT_ALLOWED = 59004

REWARD = 174  # bill type: campaign reward


class StartCampaign(msgspec.Struct, array_like=True, frozen=True, tag_field="message", tag=1):
    """By a house owner. Replaces the campaign; points that were earned stay."""

    instrument: int
    unit: int  # base at size scale that earns a point
    pool: AccountKey
    target_kind: int
    asset: int
    per_point: int  # reward in ledger units
    milestone: int  # points; 0: none
    bonus: int  # reward in ledger units


class Claim(msgspec.Struct, array_like=True, frozen=True, tag_field="message", tag=2):
    """Turns all whole points of the owner into a reward."""


class Bonus(msgspec.Struct, array_like=True, frozen=True, tag_field="message", tag=3):
    """The milestone's reward; only from the outbox."""


class Standing(msgspec.Struct, array_like=True):
    """One owner's account of points."""

    volume: int = 0  # base at size scale, not yet turned into points
    points: int = 0  # not yet claimed
    earned: int = 0  # ever


class PointsState(State):
    campaign: StartCampaign | None = None
    # The group stands directly behind its claim, so that at most one claim is under way.
    claim: int = 0  # its sequence; 0: none
    claimant: int = 0
    standings: dict[int, Standing] = msgspec.field(default_factory=dict)


_payload = msgspec.msgpack.Decoder(StartCampaign | Claim | Bonus)
_BONUS = msgspec.msgpack.encode(Bonus())


class Points(Fold[PointsState]):
    """Points for trading volume; see the module."""

    number = 1
    name = "points"
    interests = (Order, GroupApplied)

    def __init__(self) -> None:
        super().__init__(PointsState())

    def handle(self, command: Product, moment: Moment, view: View) -> Outcome:
        try:
            asked = _payload.decode(command.payload)
        except msgspec.DecodeError:
            return REFUSED
        if isinstance(asked, StartCampaign):
            return self._start(command.owner, asked, view)
        campaign = self.state.campaign
        if campaign is None:
            return Outcome(code=NO_CAMPAIGN)
        if isinstance(asked, Bonus):
            return self._bonus(command, campaign, view)
        return self._claim(command.owner, campaign, moment, view)

    def on_event(self, event: AnyEvent) -> None:
        if isinstance(event, Order):
            campaign = self.state.campaign
            traded = event.cause == OrderCause.FILLED and campaign is not None
            if traded and campaign is not None and event.instrument == campaign.instrument:
                self._earn(event, campaign)
        elif isinstance(event, GroupApplied):
            self._settle(event)

    def _start(self, owner: int, campaign: StartCampaign, view: View) -> Outcome:
        asker: OwnerChanged | None = view.query(GetOwner(owner=owner))
        if asker is None or not asker.flags & OwnerFlag.HOUSE:
            return Outcome(code=NOT_ALLOWED)
        if campaign.unit < 1 or campaign.per_point < 0 or campaign.bonus < 0:
            return REFUSED
        self.state.campaign = campaign
        return Outcome()

    def _earn(self, fill: Order, campaign: StartCampaign) -> None:
        standing = self.state.standings.setdefault(fill.owner, Standing())
        points, standing.volume = divmod(standing.volume + fill.fill_size, campaign.unit)
        before = standing.earned
        standing.points += points
        standing.earned += points
        if before < campaign.milestone <= standing.earned:
            index = sum(waiting.cause == fill.sequence for waiting in self.state.outbox)
            self.state.outbox.append(FollowUp(fill.sequence, index, fill.owner, _BONUS))

    def _claim(self, owner: int, campaign: StartCampaign, moment: Moment, view: View) -> Outcome:
        standing = self.state.standings.get(owner)
        if standing is None or not standing.points:
            return Outcome(code=NOTHING_TO_CLAIM)
        outcome = self._pay(owner, standing.points * campaign.per_point, campaign, view)
        if not outcome.code:
            self.state.claim, self.state.claimant = moment.sequence, owner
        return outcome

    def _bonus(self, command: Product, campaign: StartCampaign, view: View) -> Outcome:
        if not command.cause:
            return Outcome(code=NOT_ALLOWED)
        return self._pay(command.owner, campaign.bonus, campaign, view)

    @staticmethod
    def _pay(owner: int, amount: int, campaign: StartCampaign, view: View) -> Outcome:
        held: list[AccountState] = view.query(ListBalances(owner=campaign.pool.owner))
        budget = sum(
            amount_int(state.balance)
            for state in held
            if (state.kind, state.instance, state.asset)
            == (campaign.pool.kind, campaign.pool.instance, campaign.asset)
        )
        if amount > budget:
            return Outcome(code=BUDGET_SPENT)
        target = AccountKey(owner, campaign.target_kind, 0)
        legs = (
            Leg(campaign.pool, campaign.asset, amount_bytes(-amount)),
            Leg(target, campaign.asset, amount_bytes(amount)),
        )
        return Outcome(postings=(Posting(REWARD, legs),))

    def _settle(self, applied: GroupApplied) -> None:
        if self.state.claim and self.state.claim == applied.cause:
            if not applied.code:
                self.state.standings[self.state.claimant].points = 0
            self.state.claim = self.state.claimant = 0
