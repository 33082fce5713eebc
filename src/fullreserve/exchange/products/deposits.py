"""Deposits: from the first sight of a payment on a chain to coins that can be withdrawn.

Watchers report; this fold decides. A deposit is credited when its network's first threshold of
confirmations is reached and can be withdrawn at the second. A watcher is believed only as far as
the newest block that it reported allows. What is under the minimum waits until the owner's sum
reaches it; what waits for a suspension is credited in block order when the next block comes, or
`Settle`. Every report may be repeated.

The fold wants no events: rows without custody commands cost it nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from fullreserve.exchange import chart
from fullreserve.exchange.folds import REFUSED, Moment, Outcome, View
from fullreserve.exchange.products import announced_moves as announcing
from fullreserve.exchange.products import deposit_effects as effects
from fullreserve.exchange.products.announced_moves import Announced
from fullreserve.exchange.products.changes import ByChange, newest, renewed
from fullreserve.exchange.products.custody_ledger import (
    DEPOSIT,
    MEMO,
    TIERS,
    Unsound,
    Wallets,
    is_house,
    known_owner,
    leg,
    posting,
    suspended,
)
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    Announce,
    AnyDeposits,
    AssignAddress,
    Claim,
    Confirmed,
    DefineNetwork,
    EndAnnounced,
    Funded,
    Hold,
    Moved,
    NetworkAsset,
    Orphaned,
    Replaced,
    SawAnnounced,
    Seen,
    Settle,
    Stop,
    Tip,
    decode_deposits,
)
from fullreserve.exchange.products.deposit_state import (
    KEPT_BLOCKS,
    MOVES_KEPT,
    NO_AMOUNT,
    SETTLED_AT_ONCE,
    STOPS,
    Deposit,
    DepositsState,
    DepositState,
    FindOwner,
    GetAddress,
    HasForgotten,
    ListAddresses,
    ListAnnounced,
    ListDeposits,
    ListNetworks,
    NetworkState,
    Phase,
    decode_question,
)
from fullreserve.exchange.products.suspension_asking import ruled
from fullreserve.exchange.products.suspension_wire import Action
from fullreserve.exchange.products.undoing import UndoingFold
from fullreserve.exchange.wire.commands import (
    GroupCommand,
    OwnerFlag,
    Posting,
    SetOwner,
    Suspended,
    amount_bytes,
    amount_int,
)

HASH_BYTES = 32
LEDGER_DIGITS = 8

_Sum = tuple[int, int, int]

_encode = msgspec.msgpack.Encoder().encode


class Deposits(UndoingFold[DepositsState, AnyDeposits]):
    """The state machine of deposits; see the module."""

    number = DEPOSITS
    name = "deposits"
    is_late = True
    added = ("announced",)

    def __init__(self) -> None:
        self._touched: dict[bytes, None] = {}
        super().__init__(DepositsState(), decode_deposits)

    def _index(self) -> None:
        self._owners: dict[int, dict[int, int]] = {
            network: {index: owner for owner, index in owners.items()}
            for network, owners in self.state.addresses.items()
        }
        self._of_owner: dict[int, dict[bytes, None]] = {}
        self._changes: ByChange[bytes] = ByChange()
        self._open: dict[int, dict[bytes, None]] = {}
        for one in self.state.deposits.values():
            self._enter(one)
            self._changes.note(one.transfer, one.owner, one)

    def settled(self, cause: int, code: int) -> None:
        super().settled(cause, code)
        for transfer in self._touched:
            one = self.state.deposits.get(transfer)
            if one is not None:
                self._changes.note(transfer, one.owner, one)
        self._touched.clear()

    def _enter(self, one: Deposit) -> None:
        self._of_owner.setdefault(one.owner, {})[one.transfer] = None
        waits = self._open.setdefault(one.network, {})
        if one.phase < Phase.UNLOCKED and one.state != DepositState.GONE:
            waits[one.transfer] = None
        else:
            waits.pop(one.transfer, None)

    def _obey(self, who: int, asked: AnyDeposits, moment: Moment, view: View) -> Outcome:
        if isinstance(asked, AssignAddress):
            return self._assign(who, asked, view)
        if not is_house(who, view):
            return Outcome(code=Unsound.NOT_THE_HOUSE)
        if isinstance(asked, DefineNetwork):
            return self._define(asked)
        if isinstance(asked, Settle):
            return self._settle(tuple(self.state.networks), moment, view)
        if asked.network not in self.state.networks:
            return Outcome(code=Unsound.UNKNOWN_NETWORK)
        return self._reported(asked, moment, view)

    def _reported(self, asked: AnyDeposits, moment: Moment, view: View) -> Outcome:
        if isinstance(asked, Hold):
            return self._hold(asked)
        if isinstance(asked, Tip):
            return self._tip(asked, moment, view)
        if isinstance(asked, Seen):
            return self._seen(asked, moment, view)
        if isinstance(asked, Moved):
            return self._moved(asked, moment, view)
        if isinstance(asked, Funded):
            return self._funded(asked, moment, view)
        if isinstance(asked, Announce):
            return self._announce(asked, moment)
        if isinstance(asked, SawAnnounced | EndAnnounced):
            return self._announced(asked, moment)
        return self._of_deposit(asked, moment, view)

    def _of_deposit(self, asked: AnyDeposits, moment: Moment, view: View) -> Outcome:
        assert isinstance(asked, Confirmed | Orphaned | Replaced | Claim | Stop)
        found = self.state.deposits.get(asked.transfer)
        if found is None or found.network != asked.network:
            return Outcome(code=Unsound.UNKNOWN)
        if isinstance(asked, Confirmed):
            return self._confirmed(found, asked, moment, view)
        if isinstance(asked, Orphaned):
            return self._orphaned(found, asked, moment, view)
        if isinstance(asked, Replaced):
            return self._replaced(found, moment)
        if isinstance(asked, Claim):
            return self._claim(found, asked, moment, view)
        return self._stop(found, asked, moment)

    # Terms and addresses

    def _define(self, terms: DefineNetwork) -> Outcome:
        amounts = [
            amount
            for one in terms.assets
            for amount in (one.minimum_deposit, one.fee, one.minimum, one.maximum)
        ]
        sound = (
            1 <= terms.network < 1 << 32
            and 1 <= terms.credit_after <= terms.unlock_after
            and all(len(amount) == 16 and amount_int(amount) >= 0 for amount in amounts)
            and all(0 <= one.decimals <= 30 and 0 <= one.digits <= 8 for one in terms.assets)
        )
        if not sound:
            return REFUSED
        self._set(self.state.networks, terms.network, terms)
        return Outcome()

    def _hold(self, asked: Hold) -> Outcome:
        holds = self.state.holds.setdefault(asked.network, {})
        if asked.stopped:
            self._set(holds, asked.asset, asked)
        elif asked.asset in holds:
            self._remove(holds, asked.asset)
        return Outcome()

    def _assign(self, owner: int, asked: AssignAddress, view: View) -> Outcome:
        if asked.network not in self.state.networks:
            return Outcome(code=Unsound.UNKNOWN_NETWORK)
        if known_owner(owner, view) is None:
            return REFUSED
        owners = self.state.addresses.setdefault(asked.network, {})
        if owner not in owners:
            index = len(owners) + 1
            self._set(owners, owner, index)
            self._set(self._owners.setdefault(asked.network, {}), index, owner)
        return Outcome()

    def _terms(self, network: int, asset: int) -> NetworkAsset | None:
        assets = self.state.networks[network].assets
        return next((one for one in assets if one.asset == asset), None)

    # Reports

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
        return Outcome(postings=self._in_a_block(one, view))

    def _first_seen(self, asked: Seen, moment: Moment, view: View) -> Outcome:
        number = asked.memo_number if not asked.index else asked.index
        one = Deposit(
            number=moment.sequence,
            network=asked.network,
            transfer=asked.transfer,
            asset=asked.asset,
            owner=self._owners.get(asked.network, {}).get(number, 0),
            index=asked.index,
            memo_number=asked.memo_number,
            amount=asked.amount,
            dust=asked.dust,
            height=asked.height,
            block_hash=asked.block_hash,
            seen_ms=moment.time_ms,
            changed_ms=moment.time_ms,
            version=moment.sequence,
        )
        self.state.deposits[one.transfer] = one
        self._enter(one)
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
        self._enter(one)
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
        return self._advanced([one], moment, view)

    def _orphaned(self, one: Deposit, asked: Orphaned, moment: Moment, view: View) -> Outcome:
        if one.height != asked.height or not one.height:
            return Outcome()
        one = self._change(one, moment)
        phase = one.phase
        one.height, one.block_hash, one.confirmations = 0, b"", 0
        one.phase, one.state = Phase.SEEN, DepositState.WAITING
        self._enter(one)
        if phase == Phase.BOOKED:
            return Outcome(postings=effects.booked(one, -1))
        wallets = Wallets(view)
        if phase == Phase.ARRIVED:
            return Outcome(postings=effects.reversed_arrival(one, wallets))
        return self._taken_back(one, wallets, view)

    def _taken_back(self, one: Deposit, wallets: Wallets, view: View) -> Outcome:
        taken = effects.reversed_credit(one, wallets, view)
        memo = effects.protected(one, -amount_int(one.protected))
        one.protected = NO_AMOUNT
        repaid = min(one.value, amount_int(one.lost))
        one.lost = amount_bytes(repaid + taken.missing)
        return Outcome(
            postings=(*memo, *taken.postings),
            commands=_frozen(one.owner, view) if taken.missing else (),
        )

    def _replaced(self, one: Deposit, moment: Moment) -> Outcome:
        if one.height:
            return Outcome(code=Unsound.CONTRADICTS)
        if one.state != DepositState.GONE:
            one = self._change(one, moment)
            one.state = DepositState.GONE
            self._enter(one)
        return Outcome()

    def _tip(self, tip: Tip, moment: Moment, view: View) -> Outcome:
        self._set(self.state.tips, tip.network, tip)
        self._retire(tip)
        return self._settle((tip.network,), moment, view)

    def _moved(self, asked: Moved, moment: Moment, view: View) -> Outcome:
        if asked.announced:
            posted = announcing.posted(self.state.announced.get(asked.announced), asked, moment)
            if posted is None:
                return Outcome(code=Unsound.CONTRADICTS)
            self._set(self.state.announced, asked.announced, posted)
        if asked.transfer in self.state.moves:
            return Outcome()
        terms = self.state.networks[asked.network]
        amount, fee = amount_int(asked.amount), amount_int(asked.network_fee)
        known = asked.source in TIERS and asked.target in TIERS
        if not known or amount < 0 or fee < 0:
            return REFUSED
        self._note_move(asked.transfer, moment)
        wallets = Wallets(view)
        source, target = TIERS[asked.source], TIERS[asked.target]
        legs = (
            *wallets.out(source, asked.network, asked.asset, amount),
            wallets.into(target, asked.network, asked.asset, amount),
        )
        gas = (
            *wallets.out(source, asked.network, terms.gas_asset, fee),
            leg(chart.HOUSE, chart.GAS, asked.network, terms.gas_asset, -fee),
        )
        return Outcome(postings=(*posting(MEMO, *legs), *posting(MEMO, *gas)))

    def _funded(self, asked: Funded, moment: Moment, view: View) -> Outcome:
        if asked.transfer in self.state.moves:
            return Outcome()
        amount = amount_int(asked.amount)
        if asked.tier not in TIERS or amount < 0:
            return REFUSED
        self._note_move(asked.transfer, moment)
        legs = (
            Wallets(view).into(TIERS[asked.tier], asked.network, asked.asset, amount),
            leg(chart.HOUSE, chart.TREASURY, 0, asked.asset, amount),
        )
        return Outcome(postings=posting(DEPOSIT, *legs))

    def _note_move(self, transfer: bytes, moment: Moment) -> None:
        moves = self.state.moves
        self._set(moves, transfer, moment.sequence)
        if len(moves) > MOVES_KEPT:
            self._remove(moves, next(iter(moves)))

    # Moves by hand

    def _announce(self, asked: Announce, moment: Moment) -> Outcome:
        if self._terms(asked.network, asked.asset) is None or not announcing.is_sound(asked):
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

    # Operators

    def _claim(self, one: Deposit, asked: Claim, moment: Moment, view: View) -> Outcome:
        if one.owner == asked.owner:
            return Outcome()
        if one.owner:
            return Outcome(code=Unsound.CONTRADICTS)
        if known_owner(asked.owner, view) is None or is_house(asked.owner, view):
            return REFUSED
        one = self._change(one, moment)
        one.owner = asked.owner
        self._enter(one)
        self._of_owner[0].pop(one.transfer, None)
        return self._advanced([one], moment, view)

    def _stop(self, one: Deposit, asked: Stop, moment: Moment) -> Outcome:
        if asked.state == DepositState.CREDITED:
            return self._released(one, moment)
        if asked.state not in STOPS:
            return REFUSED
        if one.phase >= Phase.CREDITED:
            return Outcome(code=Unsound.CONTRADICTS)
        if one.stop != asked.state:
            one = self._change(one, moment)
            one.stop = asked.state
        return Outcome()

    def _released(self, one: Deposit, moment: Moment) -> Outcome:
        if not one.stop and one.target != chart.FROZEN:
            return Outcome()
        one = self._change(one, moment)
        one.stop = 0
        if one.target != chart.FROZEN or one.phase < Phase.CREDITED:
            return Outcome()
        one.target, one.state = chart.FUND, DepositState.CREDITED
        x = one.value - min(one.value, amount_int(one.lost))
        moved = posting(
            DEPOSIT,
            leg(one.owner, chart.FROZEN, 0, one.asset, -x),
            leg(one.owner, chart.FUND, 0, one.asset, x),
        )
        return Outcome(postings=(*moved, *self._protect_or_unlock(one, x)))

    # Crediting

    def _settle(self, networks: Iterable[int], moment: Moment, view: View) -> Outcome:
        """Goes on with what waited, in block order."""
        waiting = [
            self.state.deposits[transfer]
            for network in networks
            for transfer in self._open.get(network, {})
        ]
        sums = self._sums(waiting)
        due = [one for one in waiting if self._may_go_on(one, sums, view)]
        due.sort(key=lambda one: (one.height, one.number))
        changed = [self._change(one, moment) for one in due[:SETTLED_AT_ONCE]]
        return self._advanced(changed, moment, view)

    def _sums(self, waiting: list[Deposit]) -> dict[_Sum, int]:
        """By owner, network and asset: what is confirmed and not credited."""
        sums: dict[_Sum, int] = {}
        for one in waiting:
            due = one.confirmations >= self.state.networks[one.network].credit_after
            if due and one.phase == Phase.BOOKED:
                key = (one.owner, one.network, one.asset)
                sums[key] = sums.get(key, 0) + one.value
        return sums

    def _may_go_on(self, one: Deposit, sums: dict[_Sum, int], view: View) -> bool:
        """Whether a deposit that waits is to be looked at again."""
        terms = self.state.networks[one.network]
        if one.phase == Phase.CREDITED:
            return one.confirmations >= terms.unlock_after
        stops = self._is_stopped(one, view)
        if one.phase == Phase.BOOKED and one.confirmations >= terms.credit_after:
            least = 0 if not one.owner else self._least(one)
            if sums[one.owner, one.network, one.asset] >= least and not stops:
                return True
        return stops != (one.state == DepositState.SUSPENDED)

    def _advanced(self, changed: list[Deposit], moment: Moment, view: View) -> Outcome:
        """Credits and unlocks what is due of deposits that are being changed."""
        wallets = Wallets(view)
        postings: list[Posting] = []
        for one in changed:
            postings += self._advance(one, wallets, moment, view)
        return Outcome(postings=tuple(postings))

    def _advance(self, one: Deposit, wallets: Wallets, moment: Moment, view: View) -> list[Posting]:
        terms = self.state.networks[one.network]
        postings: list[Posting] = []
        if one.phase in (Phase.BOOKED, Phase.ARRIVED):
            self._show_waiting(one, view)
            due = one.confirmations >= terms.credit_after and not self._is_stopped(one, view)
            if due and self._is_enough(one):
                postings += self._credit(one, wallets, view)
                for other in self._siblings(one):
                    postings += self._credit(self._change(other, moment), wallets, view)
        elif one.phase == Phase.SEEN:
            self._show_waiting(one, view)
        if one.phase == Phase.CREDITED:
            postings += self._unlock(one)
        return postings

    def _credit(self, one: Deposit, wallets: Wallets, view: View) -> list[Posting]:
        legs = effects.arrived(one, wallets) if one.phase == Phase.BOOKED else ()
        if one.phase == Phase.BOOKED:
            legs += self._swept_dust(one, wallets)
        if not one.owner:
            one.phase = Phase.ARRIVED
            return list(posting(MEMO, *legs))
        owner = known_owner(one.owner, view)
        if owner is not None and owner.flags & OwnerFlag.FROZEN and not one.stop:
            one.stop = DepositState.FROZEN
        one.target = chart.FROZEN if one.stop else chart.FUND
        one.state = one.stop or DepositState.CREDITED
        one.phase = Phase.CREDITED
        got = one.value - min(one.value, amount_int(one.lost))
        postings = [*posting(MEMO, *legs), *posting(DEPOSIT, *effects.credited(one, one.target))]
        if not one.stop:
            postings += self._protect_or_unlock(one, got)
        self._enter(one)
        return postings

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
        self._enter(one)
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
        """Small deposits of the same owner and asset that are credited with this one."""
        terms = self.state.networks[one.network]
        found = [
            other
            for transfer in self._of_owner.get(one.owner, ())
            if (other := self.state.deposits[transfer]).phase == Phase.BOOKED
            and (other.network, other.asset) == (one.network, one.asset)
            and other.confirmations >= terms.credit_after
            and other is not one
        ]
        return sorted(found, key=lambda other: (other.height, other.number))

    def _is_enough(self, one: Deposit) -> bool:
        if one.phase == Phase.ARRIVED:
            return bool(one.owner)
        if not one.owner:
            return True
        return one.value + sum(other.value for other in self._siblings(one)) >= self._least(one)

    def _least(self, one: Deposit) -> int:
        terms = self._terms(one.network, one.asset)
        return amount_int(terms.minimum_deposit) if terms is not None else 0

    def _is_stopped(self, one: Deposit, view: View) -> bool:
        holds = self.state.holds.get(one.network, {})
        tip = self.state.tips.get(one.network)
        if 0 in holds or one.asset in holds or (tip is not None and not tip.healthy):
            return True
        owner = known_owner(one.owner or chart.HOUSE, view)
        if owner is None:
            return False
        if ruled(Action.DEPOSIT_CREDIT, owner, view, one.network, one.asset).mode:
            return True
        return suspended(Suspended.DEPOSIT_CREDIT, one.asset, owner, view)

    def _show_waiting(self, one: Deposit, view: View) -> None:
        stopped = self._is_stopped(one, view)
        one.state = DepositState.SUSPENDED if stopped else DepositState.WAITING

    # Keeping

    def _change(self, one: Deposit, moment: Moment) -> Deposit:
        fresh, back = renewed(self.state.deposits, one.transfer, moment)

        def undo() -> None:
            back()
            self._of_owner.get(fresh.owner, {}).pop(fresh.transfer, None)
            self._enter(one)

        self._undo.append(undo)
        self._touched[one.transfer] = None
        return fresh

    def _forget(self, one: Deposit) -> None:
        self.state.deposits.pop(one.transfer, None)
        self._of_owner.get(one.owner, {}).pop(one.transfer, None)
        self._open.get(one.network, {}).pop(one.transfer, None)
        self._changes.drop(one.transfer)

    def _retire(self, tip: Tip) -> None:
        """Lets what is done and deep go: nothing is taken from such a depth again."""
        floor = tip.height - KEPT_BLOCKS
        if floor <= self.state.floors.get(tip.network, 0) or tip.height % 1000:
            return
        old = [
            one
            for one in self.state.deposits.values()
            if one.network == tip.network and one.phase == Phase.UNLOCKED and one.height <= floor
        ]
        for one in old:
            self._forget(one)
        self.state.floors[tip.network] = floor

    # Questions

    def answer(self, question: bytes) -> bytes:
        asked = decode_question(question)
        if isinstance(asked, ListNetworks):
            return _encode([self._network(number) for number in sorted(self.state.networks)])
        if isinstance(asked, GetAddress):
            return _encode(self.state.addresses.get(asked.network, {}).get(asked.owner, 0))
        if isinstance(asked, ListAddresses):
            known = len(self.state.addresses.get(asked.network, ()))
            last = min(known, asked.after + max(0, asked.limit))
            return _encode(list(range(asked.after + 1, last + 1)))
        if isinstance(asked, FindOwner):
            return _encode(self._owners.get(asked.network, {}).get(asked.index, 0))
        if isinstance(asked, ListDeposits):
            return _encode(self._listed(asked))
        if isinstance(asked, HasForgotten):
            return _encode(bool(self.state.floors))
        if isinstance(asked, ListAnnounced):
            announced = self.state.announced.values()
            return _encode(announcing.newest(announced, asked.limit, is_open=asked.is_open))
        unclaimed = self._of_owner.get(0, {})
        found = [self.state.deposits[transfer] for transfer in unclaimed]
        arrived = [one for one in found if one.phase == Phase.ARRIVED]
        return _encode(arrived[: max(0, asked.limit)])

    def _network(self, number: int) -> NetworkState:
        holds = tuple(self.state.holds.get(number, {}).values())
        return NetworkState(self.state.networks[number], holds, self.state.tips.get(number))

    def _listed(self, asked: ListDeposits) -> list[Deposit]:
        table = self.state.deposits
        if asked.owner:
            place = (asked.owner, asked.changed_after, asked.changed_before, asked.limit)
            return [table[transfer] for transfer in self._changes.page(*place)]
        return newest(table, asked.changed_after, asked.limit)


def _frozen(owner: int, view: View) -> tuple[GroupCommand, ...]:
    found = known_owner(owner, view)
    if found is None or found.flags & OwnerFlag.FROZEN:
        return ()
    flags = found.flags | OwnerFlag.FROZEN
    return (SetOwner(0, 0, owner, found.segment, found.tier, flags, found.kyc),)
