"""What a worker saw stops something by itself, at the narrowest scope that it is about."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

import msgspec
import structlog

from fullreserve.custody.house import House
from fullreserve.exchange.products.suspension_wire import SUSPENSIONS, Scope, Trigger, Trip

log = structlog.get_logger(__name__)


async def trip(
    house: House, trigger: Trigger, scope: Scope, evidence: Mapping[str, object]
) -> bool:
    """Whether what a trigger stops is suspended at a scope now; Unavailable.

    The worker's log has the evidence, the exchange's log the SHA-256 of it as JSON. Said again
    while it is in force it changes nothing, but makes a reopening that is under way fall back.
    """
    kept = msgspec.json.encode(evidence)
    told = Trip(trigger, scope, sha256(kept).digest())
    (code,) = await house.report(SUSPENSIONS, told)
    place = {"network": scope.network, "asset": scope.asset}
    if code:
        log.error("suspension refused", trigger=trigger.name, code=code, **place)
        return False
    log.error("suspended", trigger=trigger.name, evidence=kept.decode(), **place)
    # What nobody has bound yet goes back into its queue.
    await house.settle()
    return True
