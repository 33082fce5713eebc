"""Evidence for the gates of a restart: what it rests on, and what of it is kept.

From edition 2 of the rules on nobody is believed who types figures. Coverage rests on what the
watcher measured of each chain, signability on a round of challenges that was put for this gate
after it was opened, and every gate leaves a record, of which the fold keeps the newest whole.
"""

from __future__ import annotations

from hashlib import sha256

import msgspec

from fullreserve.exchange import chart
from fullreserve.exchange.folds import REFUSED, Moment, Outcome, View
from fullreserve.exchange.products import suspension_gates as gates
from fullreserve.exchange.products import suspension_wire as wire
from fullreserve.exchange.products.liveness import Rounded, rounds
from fullreserve.exchange.products.suspension_measures import Counted, counted
from fullreserve.exchange.products.suspension_state import (
    DAY_MS,
    EVIDENCE_KEPT,
    EVIDENCED,
    HASH_BYTES,
    REOPENING,
    SIGNED_LAST,
    Evidence,
    Kept,
    Measured,
    Reading,
    Refused,
    Suspension,
    SuspensionState,
    opened,
    says_something,
)
from fullreserve.exchange.products.suspension_surveys import Surveys
from fullreserve.exchange.products.suspension_wire import Figure, Gate
from fullreserve.exchange.wire.commands import amount_int

_replace = msgspec.structs.replace

# Gates that rest on what people say alone.
SAID = (Gate.COMMUNICATION, Gate.LIMITS, Gate.SUPPORT)


class Seen(msgspec.Struct):
    """What a gate was held against, and what came of it."""

    passed: bool
    figures: tuple[Figure, ...] = ()
    counted: Counted | None = None
    rounds: tuple[Rounded, ...] = ()
    canaries: tuple[tuple[int, int, str], ...] = ()  # network, withdrawal, transfer
    nobody_s: tuple[int, ...] = ()  # networks where nobody waits who could be a canary
    reading: Reading | None = None  # of the queue
    code: int = 0


class Evidences(Surveys):
    """What is shown for gates, and kept of it."""

    @property
    def _is_evidenced(self) -> bool:
        """Whether the log has said that gates rest on what is measured."""
        return self.state.edition >= EVIDENCED

    @property
    def _signs_last(self) -> bool:
        """Whether the log has said that who signs off has looked at all that was shown."""
        return self.state.edition >= SIGNED_LAST

    def _measured(self, who: int, said: wire.Measure, moment: Moment, view: View) -> Outcome:
        if who != chart.HOUSE:
            return Outcome(code=Refused.NOT_A_MEMBER)
        known = any(one.terms.network == said.network for one in gates.networks(view))
        places = dict.fromkeys((one.tier, one.asset) for one in said.coins)
        sound = (
            said.height >= 0
            and len(said.block) <= HASH_BYTES
            and len(places) == len(said.coins) <= wire.COINS_MAX
            and all(len(one.amount) == 16 and amount_int(one.amount) >= 0 for one in said.coins)
        )
        if not (known and sound and self._is_evidenced):
            return REFUSED
        fresh = Measured(said.height, said.block, said.coins, moment.time_ms, moment.sequence)
        self._set(self.state.measured, said.network, fresh)
        return Outcome()

    def _shown(
        self, who: int, one: Suspension, said: wire.Show, moment: Moment, view: View
    ) -> Outcome:
        if one.state not in REOPENING or not one.planned_ms:
            return Outcome(code=Refused.WRONG_STATE)
        if self._reads_anew and said.gate == Gate.QUEUE_HYGIENE and one.drain_began:
            return Outcome(code=Refused.WRONG_STATE)  # who waits is being paid
        if not self._is_sound(said):
            return REFUSED
        if self._lacks_document(said):
            return Outcome(code=Refused.DOCUMENT)
        if self._lacks_survey(one, said, moment):
            return Outcome(code=Refused.SURVEY)
        seen = self._seen(who, one, said, moment, view)
        if seen.code:
            return Outcome(code=seen.code)
        fresh = self._with(who, one, said, seen, moment)
        if self._signs_last and one.state != SuspensionState.DRAINING:
            # Who has signed off has not seen this.
            fresh = _replace(fresh, sign_offs=())
        self._keep(fresh, moment)
        return Outcome()

    def _lacks_document(self, said: wire.Show) -> bool:
        if not said.document:
            return self._is_evidenced and said.gate in SAID
        return self._signs_last and not says_something(said.document)

    def _is_sound(self, said: wire.Show) -> bool:
        if self._is_evidenced:
            wanted = sha256(said.document).digest() if said.document else b""
            is_named = said.digest == wanted and len(said.document) <= wire.DOCUMENT_MAX
        else:
            is_named = len(said.digest) == HASH_BYTES
        is_shown = said.gate in tuple(Gate) and said.gate != Gate.CANARY
        return is_named and is_shown and _are_amounts(said)

    def _seen(self, who: int, one: Suspension, said: wire.Show, moment: Moment, view: View) -> Seen:
        scope, survey = one.terms.scope, self._survey_of(one, moment)
        seen = Seen(said.passed, said.figures)
        if said.gate == Gate.COVERAGE:
            seen = self._coverage(one, said, moment, view)
        elif said.gate == Gate.LIQUIDITY:
            figures, enough = gates.liquidity(scope, said.figures, survey, view)
            seen = Seen(said.passed and enough, figures)
        elif said.gate == Gate.QUEUE_HYGIENE:
            seen = self._hygiene(one, said, moment, view)
        elif said.gate == Gate.SIGNABILITY:
            seen = self._signability(one, said, moment, view)
        elif said.gate == Gate.LIMITS:
            # From edition 8 on a plan has a budget for each line, so that none has no line.
            is_planned = bool(one.budgets) or self._is_of_nothing
            seen.passed = said.passed and is_planned and who != one.planner
        return seen

    def _hygiene(self, one: Suspension, said: wire.Show, moment: Moment, view: View) -> Seen:
        if not self._reads_anew:
            found = self._survey_of(one, moment) or gates.hygiene(one.terms.scope, view)
            is_whole = said.count == found.waiting and not found.unfit
            return Seen(said.passed and is_whole, said.figures)
        reading = self._reading(one, said.up_to, moment)
        if not said.passed or reading is None:
            return Seen(passed=False, figures=said.figures)
        if said.count != reading.waiting:
            return Seen(passed=False, code=Refused.SCREENED)
        return Seen(not reading.unfit, said.figures, reading=reading)

    def _coverage(self, one: Suspension, said: wire.Show, moment: Moment, view: View) -> Seen:
        if not self._is_evidenced:
            figures, covered = gates.coverage(one.terms.scope, said.figures, view)
            return Seen(said.passed and covered, figures)
        found = counted(self.state.measured, one, said.figures, moment.time_ms, view)
        if found is None:
            return Seen(passed=False, code=Refused.MEASURE)
        figures, covered = gates.coverage(one.terms.scope, found.figures(), view)
        return Seen(said.passed and covered, figures, found)

    def _signability(self, one: Suspension, said: wire.Show, moment: Moment, view: View) -> Seen:
        can_sign = gates.can_sign(moment.time_ms, view)
        if not self._is_evidenced:
            return Seen(said.passed and can_sign, said.figures)
        if self._holds_still and not gates.has_signers(view):
            return Seen(passed=False, code=Refused.QUORUM)
        put, since = rounds(view), opened(one)
        is_put = all(
            one.number in each.suspensions
            and each.asked > since > 0
            and moment.time_ms - each.asked_ms <= DAY_MS
            for each in put
        )
        if not is_put:
            return Seen(passed=False, code=Refused.ROUND)
        have_signed = all(each.answered >= each.threshold for each in put)
        return Seen(said.passed and can_sign and have_signed, rounds=tuple(put))

    # Keeping

    def _with_canaries(
        self, who: int, one: Suspension, nobody_s: tuple[int, ...], moment: Moment, view: View
    ) -> Suspension:
        """With the evidence that the canaries are final."""
        if not self._is_evidenced:
            place = (moment.time_ms, moment.sequence, True)
            shown = Evidence(Gate.CANARY, gates.canary_digest(one, view), who, *place)
            return _replace(one, evidence=(*one.evidence, shown)[-EVIDENCE_KEPT:])
        found = gates.canary_transfers(one, view)
        final = tuple(each for each in found if each[0] not in nobody_s)
        seen = Seen(passed=True, canaries=final, nobody_s=nobody_s)
        said = wire.Show(one.number, Gate.CANARY, b"", passed=True)
        return self._with(who, one, said, seen, moment)

    def _with(
        self, who: int, one: Suspension, said: wire.Show, seen: Seen, moment: Moment
    ) -> Suspension:
        """With what was shown; from edition 2 on it is kept, and known by its record's hash."""
        digest = said.digest
        if self._is_evidenced:
            record = record_of(said, seen, moment)
            digest = sha256(record).digest()
            kept = Kept(moment.sequence, record, said.document, said.is_public)
            by_gate = {**self.state.kept.get(one.number, {}), said.gate: kept}
            self._set(self.state.kept, one.number, by_gate)
        shown = Evidence(
            *(said.gate, digest, who, moment.time_ms, moment.sequence),
            *(seen.passed, seen.figures, said.count),
        )
        return _replace(one, evidence=(*one.evidence, shown)[-EVIDENCE_KEPT:])

    def _keep(self, one: Suspension, moment: Moment) -> None:
        fresh = _replace(one, changed_ms=moment.time_ms, version=moment.sequence)
        self._set(self.state.suspensions, one.number, fresh)


def record_of(said: wire.Show, seen: Seen, moment: Moment) -> bytes:
    """A gate's evidence as JSON, without a person's name; amounts at the ledger's scale."""
    record: dict[str, object] = {
        "suspension": said.suspension,
        "gate": f"G{said.gate}",
        "timeMs": moment.time_ms,
        "sequence": moment.sequence,
        "passed": seen.passed,
        "figures": [
            [one.network, one.asset, str(amount_int(one.have)), _text(one.need)]
            for one in seen.figures
        ],
        "count": said.count,
        "document": said.digest.hex(),
    }
    if seen.counted is not None:
        record |= seen.counted.record()
    if said.gate == Gate.SIGNABILITY:
        record["rounds"] = [
            {
                "quorum": one.quorum,
                "threshold": one.threshold,
                "holders": one.holders,
                "challenge": one.digest.hex(),
                "askedMs": one.asked_ms,
                "askedSequence": one.asked,
                "answered": one.answered,
            }
            for one in seen.rounds
        ]
    if seen.reading is not None:
        read = seen.reading
        record |= {"upTo": read.began, "readMs": read.ended_ms, "stopped": read.unfit}
    if seen.canaries:
        record["canaries"] = [list(one) for one in seen.canaries]
    if seen.nobody_s:
        record["nobodyWaits"] = seen.nobody_s
    return msgspec.json.encode(record)


def _text(amount: bytes) -> str:
    return str(amount_int(amount)) if amount else ""


def _are_amounts(said: wire.Show) -> bool:
    return all(len(one.have) == 16 and len(one.need) in (0, 16) for one in said.figures)
