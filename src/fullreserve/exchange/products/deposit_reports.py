"""What the watcher reports: payments that are seen, confirmed, and undone by a reorganisation.

It is believed only as far as the newest block that it reported allows; every report may be
repeated.
"""

from __future__ import annotations

from typing import Any

from fullreserve.exchange.folds import REFUSED, Moment, Outcome, View
from fullreserve.exchange.products import deposit_effects as effects
from fullreserve.exchange.products.custody_ledger import Unsound, Wallets, known_owner
from fullreserve.exchange.products.custody_wire import Confirmed, Orphaned, Seen, Tip
from fullreserve.exchange.products.deposit_crediting import Crediting
from fullreserve.exchange.products.deposit_debts import released
from fullreserve.exchange.products.deposit_state import (
    BY_A_FEW,
    NO_AMOUNT,
    OWES,
    UNSCREENED,
    Deposit,
    DepositState,
    Phase,
)
from fullreserve.exchange.wire.commands import (
    GroupCommand,
    OwnerFlag,
    Posting,
    SetOwner,
    amount_bytes,
    amount_int,
)

HASH_BYTES = 32


class Reports(Crediting):
    """By the watcher, through the house."""

    def _seen(self, asked: Seen, moment: Moment, view: View) -> Outcome:
        terms = self._terms(asked.network, asked.asset)
        network = self.state.networks[asked.network]
        value = amount_int(asked.amount) if len(asked.amount) == 16 else -1
        if terms is None or value < 0 or asked.dust < 0 or asked.height < 0:
            return REFUSED
        if len(asked.transfer) != HASH_BYTES or (not asked.index) != network.needs_memo:
            return REFUSED
        one = self.state.deposits.get(asked.transfer)
        if one is None:
            if 0 < asked.height <= self.state.floors.get(asked.network, 0):
                return Outcome(code=Unsound.TOO_OLD)
            return self._first_seen(asked, moment, view)
        told = (one.network, one.asset, one.index, one.memo_number, one.amount, one.dust)
        if told != (
            *(asked.network, asked.asset, asked.index),
            *(asked.memo_number, asked.amount, asked.dust),
        ):
            return Outcome(code=Unsound.CONTRADICTS)
        if (one.height, one.block_hash) == (asked.height, asked.block_hash) or not asked.height:
            return Outcome()
        one = self._change(one, moment)
        if one.height:
            # In another block than before: it is counted from there again.
            one.confirmations = 0
        one.height, one.block_hash = asked.height, asked.block_hash
        self._known.enter(one)
        return Outcome(postings=self._in_a_block(one, view))

    def _first_seen(self, asked: Seen, moment: Moment, view: View) -> Outcome:
        number = asked.memo_number if not asked.index else asked.index
        one = Deposit(
            number=moment.sequence,
            network=asked.network,
            transfer=asked.transfer,
            asset=asked.asset,
            owner=self._known.owners.get(asked.network, {}).get(number, 0),
            index=asked.index,
            memo_number=asked.memo_number,
            amount=asked.amount,
            dust=asked.dust,
            height=asked.height,
            block_hash=asked.block_hash,
            seen_ms=moment.time_ms,
            changed_ms=moment.time_ms,
            version=moment.sequence,
            stop=UNSCREENED if asked.unscreened else 0,
        )
        self.state.deposits[one.transfer] = one
        self._known.enter(one)
        self._touched[one.transfer] = None
        self._undo.append(lambda: self._forget(one))
        postings = self._in_a_block(one, view) if one.height else ()
        self._show_waiting(one, view)
        return Outcome(postings=postings)

    def _in_a_block(self, one: Deposit, view: View) -> tuple[Posting, ...]:
        if one.phase != Phase.SEEN:
            return ()
        one.phase = Phase.BOOKED
        self._show_waiting(one, view)
        self._known.enter(one)
        return effects.booked(one)

    def _confirmed(self, one: Deposit, asked: Confirmed, moment: Moment, view: View) -> Outcome:
        tip = self.state.tips.get(one.network)
        if not one.height:
            return Outcome(code=Unsound.CONTRADICTS)
        if tip is None or asked.confirmations > tip.height - one.height + 1:
            return Outcome(code=Unsound.NOT_DUE)
        if asked.confirmations <= one.confirmations:
            return Outcome()
        one = self._change(one, moment)
        one.confirmations = asked.confirmations
        self._known.enter(one)
        return self._advanced([one], moment, view)

    def _tip(self, tip: Tip, moment: Moment, view: View) -> Outcome:
        self._set(self.state.tips, tip.network, tip)
        self._retire(tip)
        if self.state.edition >= BY_A_FEW:
            return Outcome()
        return self._settle((tip.network,), moment, view)

    # Reorganisation

    def _orphaned(self, one: Deposit, asked: Orphaned, moment: Moment, view: View) -> Outcome:
        if one.height != asked.height or not one.height:
            return Outcome()
        one = self._change(one, moment)
        phase = one.phase
        one.height, one.block_hash, one.confirmations = 0, b"", 0
        one.phase, one.state = Phase.SEEN, DepositState.WAITING
        self._known.enter(one)
        if phase == Phase.BOOKED:
            return Outcome(postings=effects.booked(one, -1))
        self._undone(one, effects.lacking(one, Wallets(view)))
        if phase == Phase.ARRIVED:
            return Outcome(postings=effects.reversed_arrival(one, Wallets(view)))
        return self._taken_back(one, moment, view)

    def _taken_back(self, one: Deposit, moment: Moment, view: View) -> Outcome:
        """From edition 5 on the orders of who spent it end, and what is missing is his debt."""
        owes = self.state.edition >= OWES
        taken, commands = effects.reversed_credit(one, Wallets(view), view), tuple[Any, ...]()
        if taken.missing and owes:
            commands, is_all = released(one.owner, view)
            taken = effects.reversed_credit(one, Wallets(view), view, ends_orders=is_all)
        memo = effects.protected(one, -amount_int(one.protected))
        one.protected = NO_AMOUNT
        lost = min(one.value, amount_int(one.lost)) + taken.missing
        one.lost = amount_bytes(lost)
        if lost and owes:
            self._owe(one, moment)
        if taken.missing:
            commands += _frozen(one.owner, view)
        return Outcome(postings=(*memo, *taken.postings), commands=commands)

    def _replaced(self, one: Deposit, moment: Moment) -> Outcome:
        if one.height:
            return Outcome(code=Unsound.CONTRADICTS)
        if one.state != DepositState.GONE:
            one = self._change(one, moment)
            one.state = DepositState.GONE
            self._known.enter(one)
            self._never_rejoins(one)
        return Outcome()


def _frozen(owner: int, view: View) -> tuple[GroupCommand, ...]:
    found = known_owner(owner, view)
    if found is None or found.flags & OwnerFlag.FROZEN:
        return ()
    flags = found.flags | OwnerFlag.FROZEN
    return (SetOwner(0, 0, owner, found.segment, found.tier, flags, found.kyc),)
