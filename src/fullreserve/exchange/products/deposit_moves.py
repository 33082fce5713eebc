"""Moves of the house's own coins between tiers, and those that people have announced by hand."""

from __future__ import annotations

from fullreserve.exchange import chart
from fullreserve.exchange.folds import REFUSED, Moment, Outcome, View
from fullreserve.exchange.products import announced_moves as announcing
from fullreserve.exchange.products import deposit_losses as losing
from fullreserve.exchange.products.announced_moves import Announced
from fullreserve.exchange.products.custody_ledger import (
    DEPOSIT,
    MEMO,
    TIERS,
    Balances,
    Unsound,
    Wallets,
    leg,
    posting,
)
from fullreserve.exchange.products.custody_wire import (
    Announce,
    EndAnnounced,
    Funded,
    Lost,
    Moved,
    SawAnnounced,
    Tier,
)
from fullreserve.exchange.products.deposit_rejoining import Rejoining
from fullreserve.exchange.products.deposit_state import BY_ITSELF, COMPLETES, EARLY
from fullreserve.exchange.wire.commands import amount_bytes, amount_int


class TierCoins(Rejoining):
    """By the house: what is moved, what came from outside, and what is to be moved by hand."""

    def _moved(self, asked: Moved, moment: Moment, view: View) -> Outcome:
        had = self.state.moves.get(asked.transfer, 0)
        if asked.announced:
            posted = announcing.posted(self.state.announced, asked, had, moment)
            if posted is None:
                return Outcome(code=Unsound.CONTRADICTS)
            self._set(self.state.announced, asked.announced, posted)
        if had:
            return Outcome()
        terms = self.state.networks[asked.network]
        amount, fee = amount_int(asked.amount), amount_int(asked.network_fee)
        taken = amount_int(asked.taken)
        known = asked.source in TIERS and asked.target in TIERS
        if not known or amount < 0 or fee < 0 or taken < 0:
            return REFUSED
        self._note_move(asked.transfer, moment)
        wallets = Wallets(view)
        source, target = TIERS[asked.source], TIERS[asked.target]
        if asked.source == Tier.DEPOSIT:
            self._note_breaks(asked, wallets)
        legs = (
            *wallets.out(source, asked.network, asked.asset, amount + taken),
            wallets.into(target, asked.network, asked.asset, amount),
        )
        if taken:
            legs += (leg(chart.HOUSE, chart.GAS, asked.network, asked.asset, -taken),)
        gas = (
            *wallets.out(source, asked.network, terms.gas_asset, fee),
            leg(chart.HOUSE, chart.GAS, asked.network, terms.gas_asset, -fee),
        )
        return Outcome(postings=(*posting(MEMO, *legs), *posting(MEMO, *gas)))

    def _note_breaks(self, asked: Moved, wallets: Wallets) -> None:
        """What the tier of deposits has not of what leaves it: of the asset, and of its gas."""
        gas = self.state.networks[asked.network].gas_asset
        out = {asked.asset: amount_int(asked.amount) + amount_int(asked.taken)}
        if asked.asset == gas or self.state.edition >= BY_ITSELF:
            out[gas] = out.get(gas, 0) + amount_int(asked.network_fee)
        for asset, amount in out.items():
            had = max(0, wallets.of(chart.CHAIN_DEPOSIT, asked.network, asset))
            self._broke(asked.network, asset, amount - had)

    def _funded(self, asked: Funded, moment: Moment, view: View) -> Outcome:
        if asked.transfer in self.state.moves:
            return Outcome()
        amount = amount_int(asked.amount)
        if asked.tier not in TIERS or amount < 0:
            return REFUSED
        self._note_move(asked.transfer, moment)
        owed = (chart.UNALLOCATED, asked.network) if asked.unasked else (chart.TREASURY, 0)
        legs = (
            Wallets(view).into(TIERS[asked.tier], asked.network, asked.asset, amount),
            leg(chart.HOUSE, *owed, asked.asset, amount),
        )
        return Outcome(postings=posting(DEPOSIT, *legs))

    def _lost(self, asked: Lost, moment: Moment, view: View) -> Outcome:
        terms = self._terms(asked.network, asked.asset)
        if terms is None or asked.tier not in TIERS or not losing.is_sound(asked):
            return REFUSED
        table = self.state.losses
        before = table.get(asked.number)
        if before is not None:
            return Outcome(code=0 if before.terms == asked else Unsound.CONTRADICTS)
        if self.state.edition < COMPLETES and any(
            one.event == losing.event_of(asked) for one in table.values()
        ):
            return Outcome(code=Unsound.CONTRADICTS)
        wallets, amount = Wallets(view), amount_int(asked.amount)
        had = wallets.of(TIERS[asked.tier], asked.network, asked.asset)
        comes = 0
        if asked.tier == Tier.DEPOSIT and self.state.edition >= EARLY:
            # What is lost before it has arrived takes that back as it arrives, as a sweep does.
            comes = self._still_coming(asked.network).get(asked.asset, 0)
        if amount > had + comes:
            return Outcome(code=Unsound.CONTRADICTS)
        free = Balances(chart.HOUSE, view).of(asked.account, asked.asset).free
        paid = losing.paid_by(asked, free)
        loss = losing.Loss(asked, amount_bytes(paid), moment.time_ms, moment.sequence)
        self._set(table, asked.number, loss)
        if asked.tier == Tier.DEPOSIT:
            self._broke(asked.network, asked.asset, amount - max(0, had) if comes else 0)
        gone = wallets.out(TIERS[asked.tier], asked.network, asked.asset, amount)
        return Outcome(postings=posting(MEMO, *gone, *losing.legs(asked, paid)))

    # Moves by hand

    def _announce(self, asked: Announce, moment: Moment) -> Outcome:
        if self._terms(asked.network, asked.asset) is None:
            return REFUSED
        if not announcing.is_sound(asked, self.state.networks[asked.network].gas_asset):
            return REFUSED
        table, made = self.state.announced, announcing.begun(asked, moment)
        before = table.get(asked.number)
        if before is not None:
            return Outcome(code=0 if before.is_told_by(asked) else Unsound.CONTRADICTS)
        there = [one for one in table.values() if one.network == asked.network and one.is_open]
        if len(there) >= announcing.OPEN_MAX:
            return Outcome(code=Unsound.TOO_MANY)
        self._set(table, made.number, made)
        for number in announcing.forgotten(table):
            self._remove(table, number)
        return Outcome()

    def _announced(self, asked: SawAnnounced | EndAnnounced, moment: Moment) -> Outcome:
        one = self.state.announced.get(asked.number)
        if one is None or one.network != asked.network:
            return Outcome(code=Unsound.UNKNOWN)
        after: Announced | None
        if isinstance(asked, SawAnnounced):
            after = announcing.seen(one, asked.height, moment)
        else:
            after = announcing.ended(one, moment, expired=asked.expired)
        if after is None:
            return Outcome(code=Unsound.CONTRADICTS)
        if after != one:
            self._set(self.state.announced, one.number, after)
        return Outcome()
