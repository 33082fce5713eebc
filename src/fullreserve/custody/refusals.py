"""What the exchange refused of a deposit that the watcher told of, until it is taken.

A door that is busy, closed, stopped or gone (50013, 50001, 50004, 50026) has taken nothing of a
look: its reports are said again, as their cursor was not kept. This is of the answer to a single
report. Whatever may pass is asked again, with the confirmations that came meanwhile: a network or
an asset that nobody has defined yet (92002, 51000), a stop (58110, 50007), a deposit that a backup
put back does not know (92003), a block that it has not heard of (92006), a balance (58203). What
contradicts an earlier report, or lies below all that the exchange remembers, never passes
(`LASTING`): people have to look. Both are shown to operators.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
import structlog

from fullreserve.custody.chains import following
from fullreserve.custody.chains.adapter import Block
from fullreserve.custody.chains.following import Cursor, Open
from fullreserve.custody.left import leave
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.custody_ledger import Unsound
from fullreserve.exchange.worker_files import RefusedDeposit, refused_name

LASTING = frozenset((Unsound.NOT_THE_HOUSE, Unsound.CONTRADICTS, Unsound.TOO_OLD))
AT_ONCE = 32  # deposits that are asked about again in a look
PAUSE_MOST = 120  # looks between two of them: a minute

Name = Callable[[Open], bytes]  # the journal's of a deposit
Scaled = Callable[[Open], int]  # what it is to the ledger
Kind = tuple[int, int]  # code and asset

_decode = msgspec.json.Decoder(list[RefusedDeposit]).decode
log = structlog.get_logger(__name__)


class Refusals:
    """Of one network. `name` gives a deposit's transfer, `scaled` its amount in the ledger."""

    def __init__(self, network: int, name: Name, scaled: Scaled, data: Path | None) -> None:
        self._network = network
        self._name = name
        self._scaled = scaled
        self._place = data / refused_name(network) if data is not None else None
        self._shown = self._read()
        self._pause = self._failed = 0
        self._terms: wire.DefineNetwork | None = None

    def mark(self, cursor: Cursor, payloads: Sequence[wire.Payload], codes: Sequence[int]) -> None:
        """Notes in the cursor what was refused, and what was taken after all."""
        answers: dict[bytes, int] = {}
        for payload, code in zip(payloads, codes, strict=True):
            if isinstance(payload, wire.Seen):
                answers[payload.transfer] = code
            elif isinstance(payload, wire.Confirmed) and code:
                # Of one that was refused as it was seen, that is the reason.
                answers[payload.transfer] = answers.get(payload.transfer, 0) or code
        if not any(answers.values()) and not any(one.refused for one in cursor.open):
            return
        hashes = dict(cursor.blocks)
        for one in cursor.open:
            code = answers.get(self._name(one), one.refused)
            if code and code != one.refused:
                log.error("deposit refused", network=self._network, code=code, height=one.height,
                          transaction=one.deposit.txid.hex(), is_final=code in LASTING)  # fmt: skip
                self._pause = self._failed = 0
            if code:
                one.block_hash = hashes.get(one.height, one.block_hash)
            one.refused = code

    def waits(self, cursor: Cursor) -> bool:
        """Whether anything is to be asked about again."""
        return any(_is_waiting(one) for one in cursor.open)

    def due(self, cursor: Cursor, terms: wire.DefineNetwork | None) -> list[Open]:
        """What is to be asked about again now: one of each kind.

        At once where the exchange's `terms` of the network are others than it was refused by.
        """
        waiting = [one for one in cursor.open if _is_waiting(one)]
        if terms != self._terms:
            self._terms, self._pause, self._failed = terms, 0, 0
        if self._pause:
            self._pause -= 1
            return []
        return list({kind_of(one): one for one in reversed(waiting)}.values())[:AT_ONCE]

    def alike(self, cursor: Cursor, kinds: Container[Kind]) -> list[Open]:
        """Others of the kinds of which one was taken; who is refused again waits twice as long."""
        waiting = [one for one in cursor.open if _is_waiting(one)]
        found = [one for one in waiting if kind_of(one) in kinds][:AT_ONCE]
        self._failed = 0 if found else self._failed + 1
        self._pause = 0 if found else min(2 ** min(self._failed, 16), PAUSE_MOST)
        return found

    def show(self, cursor: Cursor, now_ms: int) -> None:
        """Leaves for operators what is refused, the newest last; a full disk stops nothing."""
        since = {one.transfer: one.since_ms for one in self._shown}
        found = [
            RefusedDeposit(
                self._network, one.deposit.asset, self._scaled(one), one.height,
                one.deposit.txid.hex(), one.refused, one.refused in LASTING,
                since.get(self._name(one).hex(), now_ms), self._name(one).hex(),
            )
            for one in cursor.open
            if one.refused and one.height
        ]  # fmt: skip
        if found != self._shown:
            self._shown = found
            if self._place is not None:
                leave(self._place, found, "operators are not told of refused deposits")

    def _read(self) -> list[RefusedDeposit]:
        try:
            return _decode(self._place.read_bytes()) if self._place is not None else []
        except (OSError, msgspec.DecodeError):
            return []


def kind_of(one: Open) -> Kind:
    """What is taken or refused alike."""
    return one.refused, one.deposit.asset


def said_again(
    cursor: Cursor, again: Iterable[Open], terms: following.Terms
) -> Iterator[following.Report]:
    """What was said of deposits, as it is now; behind the newest block, which may be news too."""
    height, hash_ = cursor.blocks[-1]
    yield following.Reached(Block(height, hash_, b""))
    for one in again:
        yield following.Seen(one.deposit, Block(one.height, one.block_hash, b""))
        reached = [each for each in terms if each <= height - one.height + 1]
        if reached:
            one.told = max(reached)
            yield following.Confirmed(one.deposit, one.told)


def _is_waiting(one: Open) -> bool:
    """Whether it is in a block, was refused, and may be taken later."""
    return bool(one.refused and one.height) and one.refused not in LASTING
