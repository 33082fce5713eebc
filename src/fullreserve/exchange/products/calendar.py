"""The calendar: windows of maintenance with a pre-opening, and delistings, at set times.

A window is of instruments, or of a network.

A plan is approved by two before it comes here, the opening with it; the fold closes and opens
instruments when their time has come, each back to the state that it had. Whoever tightened one
meanwhile is not overruled. What it cannot do itself, stopping a network or writing to people, it
says is due and is told of: withdrawals of an asset end only when every notice was given.

The fold wants no events, and has no timer: the keeper says `Go` when something is due.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fullreserve.exchange.folds import REFUSED, Moment, Outcome, State, View
from fullreserve.exchange.products.calendar_rules import (
    OPEN,
    due,
    is_over,
    meet,
    overlap,
    stage_at,
    state_in,
)
from fullreserve.exchange.products.calendar_wire import (
    CALENDAR,
    DAY_MS,
    NOTICES,
    AnySaid,
    CallOff,
    Clear,
    Deed,
    Delist,
    Delisting,
    Done,
    Maintain,
    MaintainNetwork,
    NetworkWindow,
    Plans,
    Reached,
    Refused,
    Stage,
    Window,
    decode_asked,
    decode_said,
)
from fullreserve.exchange.products.custody_ledger import is_house
from fullreserve.exchange.products.suspension_gates import networks
from fullreserve.exchange.products.undoing import UndoingFold
from fullreserve.exchange.wire.commands import (
    CancelAll,
    GroupCommand,
    InstrumentState,
    SetInstrumentState,
)
from fullreserve.exchange.wire.events import InstrumentChanged
from fullreserve.exchange.wire.queries import ListAssets, ListInstruments

OPEN_MAX = 64
KEPT = 200
OWNERS_MAX = 100_000

_encode = msgspec.msgpack.Encoder().encode
_replace = msgspec.structs.replace


class CalendarState(State):
    windows: dict[int, Window] = msgspec.field(default_factory=dict)
    delistings: dict[int, Delisting] = msgspec.field(default_factory=dict)
    networks: dict[int, NetworkWindow] = msgspec.field(default_factory=dict)


class Calendar(UndoingFold[CalendarState, AnySaid]):
    """Plans by time; see the module."""

    number = CALENDAR
    name = "calendar"
    is_late = True
    added = ("networks",)

    def __init__(self) -> None:
        super().__init__(CalendarState(), decode_said)

    def _obey(self, who: int, said: AnySaid, moment: Moment, view: View) -> Outcome:
        if not is_house(who, view):
            return Outcome(code=Refused.NOT_THE_HOUSE)
        if isinstance(said, Maintain):
            return self._maintain(said, moment, view)
        if isinstance(said, Delist):
            return self._delist(said, moment, view)
        if isinstance(said, CallOff):
            return self._call_off(said, moment)
        if isinstance(said, MaintainNetwork):
            return self._maintain_network(said, moment, view)
        if isinstance(said, Reached):
            return self._reached(said, moment)
        if isinstance(said, Clear):
            return self._clear(said, moment, view)
        if isinstance(said, Done):
            return self._done(said, moment, view)
        return self._go(moment, view)

    # Plans

    def _maintain(self, said: Maintain, moment: Moment, view: View) -> Outcome:
        windows = self.state.windows.values()
        if any(one.terms == said and not is_over(one) for one in windows):
            return Outcome()
        known = [one.instrument for one in _instruments(view)]
        in_order = moment.time_ms < said.begin_ms < said.preopen_ms <= said.end_ms
        is_known = said.instruments and all(each in known for each in said.instruments)
        # What an instrument comes back to would be what the other window made of it.
        if not (in_order and is_known) or any(overlap(said, one) for one in windows):
            return REFUSED
        if sum(not is_over(one) for one in windows) >= OPEN_MAX:
            return Outcome(code=Refused.TOO_MANY)
        self._set(self.state.windows, moment.sequence, Window(moment.sequence, said))
        self._trim(self.state.windows)
        return Outcome()

    def _maintain_network(self, said: MaintainNetwork, moment: Moment, view: View) -> Outcome:
        windows = self.state.networks.values()
        if any(one.terms == said and not is_over(one) for one in windows):
            return Outcome()
        known = [one.terms.network for one in networks(view)]
        in_order = moment.time_ms < said.begin_ms < said.preopen_ms <= said.end_ms
        if said.network not in known or not in_order or any(meet(said, one) for one in windows):
            return REFUSED
        if sum(not is_over(one) for one in windows) >= OPEN_MAX:
            return Outcome(code=Refused.TOO_MANY)
        self._set(self.state.networks, moment.sequence, NetworkWindow(moment.sequence, said))
        self._trim(self.state.networks)
        return Outcome()

    def _delist(self, said: Delist, moment: Moment, view: View) -> Outcome:
        going = [one for one in self.state.delistings.values() if not is_over(one)]
        if any(one.terms == said for one in going):
            return Outcome()
        known = [one.asset for one in view.query(ListAssets())]
        notice = said.withdrawals_ms - NOTICES[0] * DAY_MS
        in_order = said.deposits_ms <= said.trading_ms <= said.withdrawals_ms
        is_late = moment.time_ms > min(said.trading_ms, notice)
        if said.asset not in known or not in_order or is_late:
            return REFUSED
        if len(going) >= OPEN_MAX or said.asset in [one.terms.asset for one in going]:
            return Outcome(code=Refused.TOO_MANY)
        self._set(self.state.delistings, moment.sequence, Delisting(moment.sequence, said))
        self._trim(self.state.delistings)
        return Outcome()

    def _call_off(self, said: CallOff, moment: Moment) -> Outcome:
        of_network = self.state.networks.get(said.plan)
        if of_network is not None:
            # From its time on it may be stopped already.
            if of_network.stage != Stage.PLANNED or moment.time_ms >= of_network.terms.begin_ms:
                return Outcome(code=Refused.UNKNOWN)
            gone_too = _replace(of_network, stage=Stage.CALLED_OFF)
            self._set(self.state.networks, said.plan, gone_too)
            return Outcome()
        window = self.state.windows.get(said.plan)
        if window is not None and window.stage == Stage.PLANNED and not window.at:
            called = _replace(window, stage=Stage.CALLED_OFF)
            self._set(self.state.windows, said.plan, called)
            return Outcome()
        delisting = self.state.delistings.get(said.plan)
        if delisting is not None and not (is_over(delisting) or delisting.deposits_stopped):
            gone = _replace(delisting, called_off=True)
            self._set(self.state.delistings, said.plan, gone)
            return Outcome()
        return Outcome(code=Refused.UNKNOWN)

    def _trim(self, table: dict[int, Any]) -> None:
        """Lets the oldest that are over go."""
        over = [number for number, one in table.items() if is_over(one)]
        for number in over[: max(0, len(over) - KEPT)]:
            self._remove(table, number)

    # What is due

    def _go(self, moment: Moment, view: View) -> Outcome:
        instruments = _instruments(view)
        states = {one.instrument: one.state for one in instruments}
        for window in self.state.windows.values():
            wanted = stage_at(window, moment.time_ms)
            if wanted != window.stage:
                return self._moved(window, wanted, states, self._ending(moment, instruments))
        for one in self.state.delistings.values():
            for each in due(one, moment.time_ms, instruments):
                state = states.get(each.instrument)
                if each.deed == Deed.CLEAR and state != InstrumentState.CANCEL_ONLY:
                    # From here on nobody gets another order in.
                    return _became(each.instrument, InstrumentState.CANCEL_ONLY)
        return Outcome(code=Refused.NOT_DUE)

    def _ending(self, moment: Moment, instruments: list[InstrumentChanged]) -> dict[int, None]:
        """Instruments whose trading a delisting has ended, or ends now."""
        going = [one for one in self.state.delistings.values() if not one.called_off]
        ended = dict.fromkeys(each for one in going for each in one.cleared)
        for one in going:
            for each in due(one, moment.time_ms, instruments):
                if each.deed == Deed.CLEAR:
                    ended[each.instrument] = None
        return ended

    def _moved(
        self, window: Window, wanted: Stage, states: dict[int, int], ending: dict[int, None]
    ) -> Outcome:
        """One instrument comes to the stage; with the last one the window has."""
        if window.stage == Stage.PLANNED and not window.before:
            open_now = {
                each: states[each] for each in window.terms.instruments if states[each] in OPEN
            }
            window = _replace(window, before=open_now)
        waiting = [each for each in window.before if window.at.get(each, Stage.PLANNED) != wanted]
        outcome = Outcome()
        if waiting:
            instrument, before = waiting[0], window.before[waiting[0]]
            ours = state_in(window.at.get(instrument, Stage.PLANNED), before)
            opens = wanted != Stage.CLOSED
            # Else somebody has had the say over it since.
            if states[instrument] == ours and not (opens and instrument in ending):
                outcome = _became(instrument, state_in(wanted, before))
            window = _replace(window, at={**window.at, instrument: wanted})
        if len(waiting) <= 1:
            window = _replace(window, stage=wanted)
        self._set(self.state.windows, window.number, window)
        return outcome

    def _clear(self, said: Clear, moment: Moment, view: View) -> Outcome:
        one = self.state.delistings.get(said.plan)
        if one is None or len(said.owners) > OWNERS_MAX:
            return Outcome(code=Refused.UNKNOWN)
        waiting = [each.instrument for each in due(one, moment.time_ms, _instruments(view))]
        state = {each.instrument: each.state for each in _instruments(view)}
        if said.instrument not in waiting or state[said.instrument] != InstrumentState.CANCEL_ONLY:
            return Outcome(code=Refused.NOT_DUE)
        after = _replace(one, cleared=(*one.cleared, said.instrument))
        self._set(self.state.delistings, said.plan, after)
        cancels = [CancelAll(0, 0, owner, said.instrument) for owner in said.owners]
        suspended = SetInstrumentState(0, 0, said.instrument, InstrumentState.SUSPEND)
        return Outcome(commands=(*cancels, suspended))

    def _done(self, said: Done, moment: Moment, view: View) -> Outcome:
        one = self.state.delistings.get(said.plan)
        if one is None:
            return Outcome(code=Refused.UNKNOWN)
        waiting = [(each.deed, each.days) for each in due(one, moment.time_ms, _instruments(view))]
        if (said.deed, said.days) not in waiting or said.deed == Deed.CLEAR:
            return Outcome(code=Refused.NOT_DUE)
        if said.deed == Deed.STOP_DEPOSITS:
            after = _replace(one, deposits_stopped=True)
        elif said.deed == Deed.NOTIFY:
            after = _replace(one, notices={**one.notices, said.days: moment.time_ms})
        else:
            after = _replace(one, is_over=True)
        self._set(self.state.delistings, said.plan, after)
        return Outcome()

    def _reached(self, said: Reached, moment: Moment) -> Outcome:
        one = self.state.networks.get(said.plan)
        if one is None:
            return Outcome(code=Refused.UNKNOWN)
        if said.stage == one.stage or said.stage != stage_at(one, moment.time_ms):
            return Outcome(code=Refused.NOT_DUE)
        self._set(self.state.networks, said.plan, _replace(one, stage=said.stage))
        return Outcome()

    # Questions

    def answer(self, question: bytes) -> bytes:
        decode_asked(question)
        state = self.state
        plans = Plans([*state.windows.values()], [*state.delistings.values()])
        return _encode(_replace(plans, networks=[*state.networks.values()]))


def _instruments(view: View) -> list[InstrumentChanged]:
    found: list[InstrumentChanged] = view.query(ListInstruments())
    return found


def _became(instrument: int, state: int) -> Outcome:
    command: GroupCommand = SetInstrumentState(0, 0, instrument, state)
    return Outcome(commands=(command,))
