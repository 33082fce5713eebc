"""Credit: what is confirmed comes into its owner's account, and can be withdrawn later.

What is under the minimum waits until the owner's sum reaches it; what waits for a suspension is
credited in block order. From edition 1 of the rules on no command looks at more than a few: a
block's `Tip` credits nothing by itself, and `Settle` says of how many.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from itertools import islice
from typing import Any

from fullreserve.exchange import chart
from fullreserve.exchange.folds import REFUSED, Moment, Outcome, View
from fullreserve.exchange.products import deposit_effects as effects
from fullreserve.exchange.products.custody_ledger import (
    DEPOSIT,
    MEMO,
    Wallets,
    is_in_table,
    known_owner,
    leg,
    posting,
)
from fullreserve.exchange.products.custody_wire import Settle
from fullreserve.exchange.products.deposit_debts import Debts
from fullreserve.exchange.products.deposit_index import Line, place_of
from fullreserve.exchange.products.deposit_state import (
    BY_A_FEW,
    BY_ITSELF,
    FREED,
    KEPT_AT_REST,
    MOVED_MAX,
    NO_AMOUNT,
    OWES,
    RETURNS,
    SETTLED_AT_ONCE,
    STRICTER,
    Deposit,
    DepositState,
    Phase,
)
from fullreserve.exchange.wire.commands import (
    Leg,
    OwnerFlag,
    Posting,
    Suspended,
    amount_bytes,
    amount_int,
)
from fullreserve.exchange.wire.events import OwnerChanged
from fullreserve.exchange.wire.queries import ListSuspensions

LEDGER_DIGITS = 8
NO_BOUND = sys.maxsize


class Crediting(Debts):
    """By confirmations, and by what stops it."""

    _siblings_left = NO_BOUND  # that the command may still credit

    def _settle(self, networks: Iterable[int], moment: Moment, view: View) -> Outcome:
        """Goes on with what waited, in block order: before edition 1 of the rules."""
        known = [self._known.open_on(network) for network in networks]
        waiting = [self.state.deposits[transfer] for each in known for transfer in each]
        due = [one for one in waiting if self._may_go_on(one, view)]
        due.sort(key=lambda one: (one.height, one.number))
        changed = [self._change(one, moment) for one in due[:SETTLED_AT_ONCE]]
        return self._advanced(changed, moment, view)

    def _settle_few(self, asked: Settle, moment: Moment, view: View) -> Outcome:
        """The same of a few behind a deposit, whatever network they are on."""
        before = self._known.numbers.get(asked.after)
        if not 0 < asked.most <= MOVED_MAX or (before is None and asked.after):
            return REFUSED
        here = self._few(asked.after, asked.most)
        collected = self._collect(here, moment, view)
        waiting = [self.state.deposits[transfer] for transfer in here]
        due = [one for one in waiting if self._may_go_on(one, view)]
        gone_on = self._advanced([self._change(one, moment) for one in due], moment, view)
        return Outcome((*collected.postings, *gone_on.postings), collected.commands)

    def _few(self, after: int, most: int) -> list[bytes]:
        before = self._known.numbers.get(after)
        place = place_of(self.state.deposits[before]) if before is not None else 0
        return list(islice(self._known.open_after(place), most))

    def _is_due(self, after: int, most: int, view: View) -> bool:
        """Whether a `Settle` of a few behind a deposit changes anything."""
        here = self._few(after, min(most, MOVED_MAX))
        waiting = (self.state.deposits[transfer] for transfer in here)
        return self._may_collect(here, view) or any(self._may_go_on(one, view) for one in waiting)

    def _may_go_on(self, one: Deposit, view: View) -> bool:
        """Whether a deposit that waits is to be looked at again."""
        terms = self.state.networks[one.network]
        if one.state == DepositState.GONE:  # a debt alone
            return False
        if one.phase == Phase.CREDITED:
            if self.state.edition >= KEPT_AT_REST and one.target == chart.FROZEN:
                return self._is_to_be_freed(one, view)
            return one.confirmations >= terms.unlock_after
        stops = self._is_stopped(one, view)
        if one.phase == Phase.BOOKED and one.confirmations >= terms.credit_after:
            least = 0 if not one.owner or self._returns(one) else self._least(one)
            is_enough = self._known.small_sum(_line(one)) >= least
            if is_enough and not stops and not one.awaits_screening:
                return True
        return stops != (one.state == DepositState.SUSPENDED)

    def _advanced(self, changed: list[Deposit], moment: Moment, view: View) -> Outcome:
        """Credits and unlocks what is due of deposits that are being changed."""
        wallets = Wallets(view)
        by_a_few = self.state.edition >= BY_A_FEW
        self._siblings_left = MOVED_MAX if by_a_few else NO_BOUND
        postings: list[Posting] = []
        for each in changed:
            # One that was credited with a sibling before it is not credited again, as it was in
            # logs from before edition 1.
            one = self.state.deposits[each.transfer] if by_a_few else each
            postings += self._advance(one, wallets, moment, view)
        return Outcome(postings=tuple(postings))

    def _advance(self, one: Deposit, wallets: Wallets, moment: Moment, view: View) -> list[Posting]:
        terms = self.state.networks[one.network]
        postings: list[Posting] = []
        if one.phase in (Phase.BOOKED, Phase.ARRIVED):
            self._show_waiting(one, view)
            due = one.confirmations >= terms.credit_after and not self._is_stopped(one, view)
            if due and not one.awaits_screening and self._is_enough(one):
                others = self._siblings(one)
                postings += self._credit(one, wallets, moment, view)
                for other in others:
                    postings += self._credit(self._change(other, moment), wallets, moment, view)
        elif one.phase == Phase.SEEN:
            self._show_waiting(one, view)
            self._known.enter(one)
        if one.phase == Phase.CREDITED and self._is_to_be_freed(one, view):
            postings += self._freed(one, moment)
        elif one.phase == Phase.CREDITED:
            postings += self._unlock(one)
        return postings

    def _credit(self, one: Deposit, wallets: Wallets, moment: Moment, view: View) -> list[Posting]:
        legs: tuple[Leg, ...] = ()
        if one.phase == Phase.BOOKED:
            is_again = self.state.edition >= BY_ITSELF and self._had_arrived(one)
            legs = effects.arrived(one, wallets, self._rejoined(one))
            # Its going left what lies below the ledger's scale where it was.
            legs += () if is_again else self._swept_dust(one, wallets)
        if not one.owner:
            one.phase = Phase.ARRIVED
            self._known.enter(one)
            return list(posting(MEMO, *legs))
        owner = known_owner(one.owner, view)
        if self._has_level(one, owner):
            one.stop = 0
            self._ask_for(one, 0)
        if owner is not None and owner.flags & OwnerFlag.FROZEN and not one.stop:
            one.stop = DepositState.FROZEN
        one.target = chart.FROZEN if one.stop else chart.FUND
        one.state = one.stop or DepositState.CREDITED
        one.phase = Phase.CREDITED
        got = one.value - min(one.value, amount_int(one.lost))
        postings = [*posting(MEMO, *legs), *posting(DEPOSIT, *effects.credited(one, one.target))]
        self._forgive(one)
        if not one.stop:
            postings += self._given(one, got, moment)
        self._known.enter(one)
        return postings

    def _given(self, one: Deposit, got: int, moment: Moment) -> list[Posting]:
        """What comes into its owner's own account pays his debts first; the rest is protected."""
        repaid, paid = self._paid_of(one, got, moment)
        return [*repaid, *self._protect_or_unlock(one, got - paid)]

    def _is_to_be_freed(self, one: Deposit, view: View) -> bool:
        """Whether what it is kept for is over: its owner was frozen, or had not the level."""
        if self.state.edition < FREED or one.target != chart.FROZEN:
            return False
        owner = known_owner(one.owner, view)
        if owner is None or owner.flags & OwnerFlag.FROZEN:
            return False
        is_over = one.stop == DepositState.FROZEN or self._has_level(one, owner)
        return is_over and not (self.state.edition >= STRICTER and _is_held(one, owner, view))

    def _has_level(self, one: Deposit, owner: OwnerChanged | None) -> bool:
        """Whether its owner has the level of identity that it is kept for."""
        level = self.state.levels.get(one.transfer, 0)
        is_kept = one.stop == DepositState.KYC and level > 0
        return is_kept and owner is not None and owner.kyc >= level

    def _ask_for(self, one: Deposit, level: int) -> None:
        """Notes at which level of identity it is its owner's; 0: people alone free it."""
        if level and self.state.edition >= OWES:
            self._set(self.state.levels, one.transfer, level)
        elif one.transfer in self.state.levels:
            self._remove(self.state.levels, one.transfer)

    def _freed(self, one: Deposit, moment: Moment) -> list[Posting]:
        """From the frozen account to its owner's own."""
        self._ask_for(one, 0)
        one.stop, one.target, one.state = 0, chart.FUND, DepositState.CREDITED
        self._known.enter(one)
        x = one.value - min(one.value, amount_int(one.lost))
        moved = posting(
            DEPOSIT,
            leg(one.owner, chart.FROZEN, 0, one.asset, -x),
            leg(one.owner, chart.FUND, 0, one.asset, x),
        )
        return [*moved, *self._given(one, x, moment)]

    def _protect_or_unlock(self, one: Deposit, amount: int) -> list[Posting]:
        one.protected = amount_bytes(amount)
        unlocked = self._unlock(one)
        if one.phase == Phase.UNLOCKED:
            one.protected = NO_AMOUNT
            return []
        assert not unlocked
        return list(effects.protected(one, amount))

    def _unlock(self, one: Deposit) -> list[Posting]:
        terms = self.state.networks[one.network]
        if one.confirmations < terms.unlock_after or one.target == chart.FROZEN:
            return []
        released = effects.protected(one, -amount_int(one.protected))
        one.protected, one.state, one.phase = NO_AMOUNT, DepositState.DONE, Phase.UNLOCKED
        self._known.enter(one)
        return list(released)

    def _swept_dust(self, one: Deposit, wallets: Wallets) -> tuple[Any, ...]:
        """What lies below the ledger's scale, once it adds up to a whole unit of it."""
        terms = self._terms(one.network, one.asset)
        assert terms is not None
        unit = 10 ** max(0, terms.decimals - LEDGER_DIGITS)
        kept = self.state.dust.setdefault(one.network, {}).setdefault(one.index, {})
        whole, rest = divmod(kept.get(one.asset, 0) + one.dust, unit)
        self._set(kept, one.asset, rest)
        if not whole:
            return ()
        return (
            wallets.into(chart.CHAIN_DEPOSIT, one.network, one.asset, whole),
            leg(chart.HOUSE, chart.ROUNDING, one.network, one.asset, whole),
        )

    def _siblings(self, one: Deposit) -> list[Deposit]:
        """Small deposits of the same owner and asset that are credited with this one.

        From edition 1 of the rules on no more are looked at than a command may credit; others wait.
        From edition 10 on what waits for no sum brings none: they have not reached theirs by it;
        and what is not small has its own place in block order.
        """
        by_itself = self.state.edition >= BY_ITSELF
        if by_itself and (one.phase == Phase.ARRIVED or one.was_credited):
            return []
        line = self._known.small(_line(one))
        others = islice((each for each in line if each != one.transfer), self._siblings_left)
        found = [self.state.deposits[transfer] for transfer in others]
        self._siblings_left -= len(found)
        if by_itself:
            found = [each for each in found if each.value < self._least(one)]
        return found

    def _is_enough(self, one: Deposit) -> bool:
        if one.phase == Phase.ARRIVED:
            return bool(one.owner)
        if not one.owner or self._returns(one):
            return True
        mine = 0 if self._known.is_small(one.transfer) else one.value
        return mine + self._known.small_sum(_line(one)) >= self._least(one)

    def _returns(self, one: Deposit) -> bool:
        return self.state.edition >= RETURNS and one.was_credited


def _is_held(one: Deposit, owner: OwnerChanged, view: View) -> bool:
    """Whether the core would refuse to move it: with all else that the command does."""
    actions = Suspended.TRANSFER | Suspended.PRODUCT
    table = (each for each in view.query(ListSuspensions()) if each.actions & actions)
    return is_in_table(table, one.asset, owner)


def _line(one: Deposit) -> Line:
    return one.owner, one.network, one.asset
