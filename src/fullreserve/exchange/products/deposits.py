"""Deposits: from the first sight of a payment on a chain to coins that can be withdrawn.

Watchers report; this fold decides. A deposit is credited when its network's first threshold of
confirmations is reached and can be withdrawn at the second. A watcher is believed only as far as
the newest block that it reported allows. What is under the minimum waits until the owner's sum
reaches it; what waits for a suspension is credited in block order by `Settle`. Every report may be
repeated.

The fold wants no events: rows without custody commands cost it nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import msgspec
from msgspec.structs import replace

from fullreserve.exchange.folds import REFUSED, Moment, Outcome, View
from fullreserve.exchange.products import announced_moves as announcing
from fullreserve.exchange.products.custody_ledger import (
    Unsound,
    is_house,
    known_owner,
)
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    AdoptDeposits,
    Allotted,
    Announce,
    AnyDeposits,
    AssignAddress,
    CameUnasked,
    Claim,
    Confirmed,
    DefineNetwork,
    EndAnnounced,
    Funded,
    Hold,
    Lost,
    Moved,
    Orphaned,
    Replaced,
    SawAnnounced,
    Screened,
    Seen,
    Settle,
    Stop,
    Tip,
)
from fullreserve.exchange.products.deposit_claims import Claims
from fullreserve.exchange.products.deposit_index import place_of
from fullreserve.exchange.products.deposit_moves import TierCoins
from fullreserve.exchange.products.deposit_reports import Reports
from fullreserve.exchange.products.deposit_state import (
    BY_A_FEW,
    BY_ITSELF,
    EDITION,
    AboutMany,
    AboutTiers,
    Booked,
    CountAddresses,
    Debt,
    Deposit,
    Due,
    FindAllotment,
    FindDeposit,
    FindMoved,
    FindOwner,
    FindTransfer,
    FindUnallotted,
    GetAddress,
    HasForgotten,
    ListAddresses,
    ListAnnounced,
    ListBooked,
    ListDebts,
    ListDeposits,
    ListKept,
    ListLosses,
    ListMoved,
    ListNetworks,
    ListUnallotted,
    ListUncredited,
    ListUnscreened,
    NetworkState,
    NextDue,
    NextOpen,
    Owes,
    Phase,
    SumComing,
    SumSmall,
    decode_question,
)
from fullreserve.exchange.products.unasked_coins import UnaskedCoins
from fullreserve.exchange.wire.commands import amount_bytes, amount_int

_encode = msgspec.msgpack.Encoder().encode


class Deposits(Reports, Claims, TierCoins, UnaskedCoins):
    """The state machine of deposits; see the module."""

    number = DEPOSITS
    name = "deposits"
    is_late = True
    added = (
        "announced",
        "edition",
        "losses",
        "unallotted",
        "allotments",
        "debts",
        "levels",
        "said",
        "undone",
        "broken",
        "lacked",
    )

    def _obey(self, who: int, asked: AnyDeposits, moment: Moment, view: View) -> Outcome:
        if isinstance(asked, AssignAddress):
            return self._assign(who, asked, view)
        if not is_house(who, view):
            return Outcome(code=Unsound.NOT_THE_HOUSE)
        if isinstance(asked, DefineNetwork):
            return self._define(asked)
        if isinstance(asked, Settle):
            if self.state.edition >= BY_A_FEW:
                return self._settle_few(asked, moment, view)
            return self._settle(tuple(self.state.networks), moment, view)
        if isinstance(asked, AdoptDeposits):
            return self._adopted(asked)
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
        if isinstance(asked, Lost):
            return self._lost(asked, moment, view)
        if isinstance(asked, CameUnasked):
            return self._came_unasked(asked, moment, view)
        if isinstance(asked, Allotted):
            return self._allotted(asked, moment, view)
        if isinstance(asked, SawAnnounced | EndAnnounced):
            return self._announced(asked, moment)
        return self._of_deposit(asked, moment, view)

    def _of_deposit(self, asked: AnyDeposits, moment: Moment, view: View) -> Outcome:
        assert isinstance(asked, Confirmed | Orphaned | Replaced | Claim | Stop | Screened)
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
        if isinstance(asked, Screened):
            return self._screened(found, asked, moment, view)
        return self._stop(found, asked, moment, view)

    def _adopted(self, asked: AdoptDeposits) -> Outcome:
        if not 0 <= asked.edition <= EDITION:
            return REFUSED
        before = self.state.edition
        self.state.edition = max(asked.edition, before)
        if before < BY_ITSELF <= self.state.edition:
            # What counts for a sum is less by now.
            self._index()
        return Outcome()

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
        before = self.state.networks.get(terms.network)
        if before is None or before.credit_after == terms.credit_after:
            self._set(self.state.networks, terms.network, terms)
            return Outcome()
        # What is confirmed enough is another by now; and again when the word is taken back.
        self._undo.append(self._index)
        self._set(self.state.networks, terms.network, terms)
        self._index()
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
            self._set(self._known.owners.setdefault(asked.network, {}), index, owner)
        return Outcome()

    # Questions

    def answer_in(self, question: bytes, view: View) -> bytes:
        asked = decode_question(question)
        if not isinstance(asked, NextDue):
            return self.answer(question)
        last = self._next_open(NextOpen(asked.after, asked.most))
        is_due = bool(last) and self._is_due(asked.after, asked.most, view)
        return _encode(Due(last, is_due))

    def answer(self, question: bytes) -> bytes:
        asked = decode_question(question)
        if isinstance(asked, ListNetworks):
            return _encode([self._network(number) for number in sorted(self.state.networks)])
        if isinstance(asked, GetAddress):
            return _encode(self.state.addresses.get(asked.network, {}).get(asked.owner, 0))
        if isinstance(asked, CountAddresses):
            return _encode(len(self.state.addresses.get(asked.network, ())))
        if isinstance(asked, ListAddresses):
            known = len(self.state.addresses.get(asked.network, ()))
            last = min(known, asked.after + max(0, asked.limit))
            return _encode(list(range(asked.after + 1, last + 1)))
        if isinstance(asked, FindOwner):
            return _encode(self._known.owners.get(asked.network, {}).get(asked.index, 0))
        if isinstance(asked, FindMoved):
            return _encode(self.state.moves.get(asked.transfer, 0))
        if isinstance(asked, Owes):
            return _encode(any(self._known.debts(asked.owner, asked.asset)))
        if isinstance(asked, SumSmall):
            line = (asked.owner, asked.network, asked.asset)
            return _encode(amount_bytes(self._known.small_sum(line)))
        if isinstance(asked, HasForgotten):
            return _encode(bool(self.state.floors))
        if isinstance(asked, FindDeposit):
            transfer = self._known.numbers.get(asked.number)
            return _encode(self._shown(transfer) if transfer is not None else None)
        if isinstance(asked, FindTransfer):
            return _encode(self.state.deposits.get(asked.transfer))
        return _encode(self._about_many(asked))

    def _about_many(self, asked: AboutMany) -> object:
        """The answer to a question about several deposits, or coins of tiers."""
        if isinstance(asked, AboutTiers):
            return self._about_tiers(asked)
        if isinstance(asked, ListDeposits):
            return self._listed(asked)
        if isinstance(asked, ListAnnounced):
            announced = self.state.announced.values()
            return announcing.newest(announced, asked.limit, is_open=asked.is_open)
        if isinstance(asked, NextOpen):
            return self._next_open(asked)
        if isinstance(asked, SumComing):
            coming = self._still_coming(asked.network)
            return {asset: amount_bytes(value) for asset, value in coming.items()}
        if isinstance(asked, ListDebts):
            return [
                Debt(self.state.deposits[one], self.state.debts[one])
                for one in islice(self._owed(asked), max(0, asked.limit))
            ]
        if isinstance(asked, ListUnscreened):
            waiting = islice(self._known.unscreened_after(asked.after), max(0, asked.limit))
            return [self.state.deposits[transfer] for transfer in waiting]
        if isinstance(asked, ListUncredited):
            newest = islice(reversed(self._known.uncredited), max(0, asked.limit))
            return [self.state.deposits[transfer] for transfer in newest]
        if isinstance(asked, ListKept):
            kept = islice(self._known.kept, max(0, asked.limit))
            return [self._shown(transfer) for transfer in kept]
        unclaimed = (self.state.deposits[transfer] for transfer in self._known.unclaimed)
        arrived = (one for one in unclaimed if one.phase == Phase.ARRIVED)
        return list(islice(arrived, max(0, asked.limit)))

    def _shown(self, transfer: bytes) -> Deposit:
        """A deposit with what keeps it, also where people said so before it was screened."""
        one = self.state.deposits[transfer]
        said = self.state.said.get(transfer, 0)
        return replace(one, stop=said) if said else one

    def _about_tiers(self, asked: AboutTiers) -> object:
        """The same of what came to tiers, moved between them, or is gone."""
        if isinstance(asked, ListMoved):
            return [one for one in asked.transfers if one in self.state.moves]
        if isinstance(asked, ListBooked):
            moves = islice(reversed(self.state.moves.items()), max(0, asked.limit))
            return [Booked(*one) for one in moves if one[1] > asked.after]
        if isinstance(asked, ListLosses):
            newest = sorted(self.state.losses.values(), key=lambda one: -one.sequence)
            return newest[: max(0, asked.limit)]
        if isinstance(asked, ListUnallotted):
            table = self.state.unallotted
            return [table[transfer] for transfer in self._strangers.largest(asked.limit)]
        if isinstance(asked, FindUnallotted):
            named = self._strangers.numbers.get(asked.number, asked.transfer)
            return self.state.unallotted.get(named)
        if isinstance(asked, FindAllotment):
            return self.state.allotments.get(asked.number)
        last = islice(reversed(self.state.allotments.values()), max(0, asked.limit))
        return list(last)

    def _next_open(self, asked: NextOpen) -> int:
        before = self._known.numbers.get(asked.after)
        if before is None and asked.after:
            return 0
        place = place_of(self.state.deposits[before]) if before is not None else 0
        last = 0
        for transfer in islice(self._known.open_after(place), max(0, asked.most)):
            last = self.state.deposits[transfer].number
        return last

    def _network(self, number: int) -> NetworkState:
        holds = tuple(self.state.holds.get(number, {}).values())
        return NetworkState(self.state.networks[number], holds, self.state.tips.get(number))

    def _owed(self, asked: ListDebts) -> Iterator[bytes]:
        """Those that are asked for, mostly the oldest first."""
        if asked.owner:
            return self._known.debts(asked.owner)
        debts = self.state.debts
        # By their times: a refused command that paid one has put it last.
        return (one for one in debts if debts[one] > asked.after_ms)

    def _listed(self, asked: ListDeposits) -> list[Deposit]:
        index = self._known.changes if asked.owner else self._known.all_changes
        place = (asked.owner, asked.changed_after, asked.changed_before, asked.limit)
        return [self.state.deposits[transfer] for transfer in index.page(*place)]
