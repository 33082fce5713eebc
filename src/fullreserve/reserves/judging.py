"""Places of the evidence as the published verifier judges them, before anybody else does.

Verifiers refuse the whole evidence for one place that they do not believe. It is better not to
count that place than to show nothing to anybody.
"""

from __future__ import annotations

from types import ModuleType

from fullreserve.reserves.checker import verifier
from fullreserve.reserves.statement import Document

# As many are judged in the time that a statement has; of more, those that were declared: the others
# are signed for by our own signers, in one form.
PLACES_MAX = 200


def refused(chain: Document, exchange: str, now_ms: int) -> dict[str, str]:
    """Why places of a chain would be refused, by address; checker.NoVerifier."""
    places = chain["places"]
    if len(places) > PLACES_MAX:
        places = [one for one in places if one["tier"] == "declared"]
    return _refused(verifier(), {**chain, "places": places}, bytes.fromhex(exchange), now_ms)


def _refused(judge: ModuleType, chain: Document, public: bytes, now_ms: int) -> dict[str, str]:
    """By halves: mostly there is nothing to be found."""
    places = chain["places"]
    if not places:
        return {}
    signed = now_ms - judge.SIGNED_AGE_MAX_MS
    row = {name: chain[name] for name in ("name", "height", "block")} | {"signed": signed}
    try:
        judge.check_chain(chain, row, {"ts": now_ms}, public, set())
    except judge.Refused as problem:
        if len(places) == 1:
            return {places[0]["address"]: str(problem)}
        half = len(places) // 2
        found: dict[str, str] = {}
        for some in (places[:half], places[half:]):
            found |= _refused(judge, {**chain, "places": some}, public, now_ms)
        return found
    return {}
