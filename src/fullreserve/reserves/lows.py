"""The lowest that was shown of each asset in the last day, week and month.

Coins that were borrowed for a picture are there in one statement and not in another: the lowest of
all statements is what was there throughout, if there were enough of them: so the longest time
without one is told too. All is kept by hour, so that what is stated is of at least the time that is
named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from fullreserve.reserves.statement import Document, Low, Token

# How the file is kept; of another form it is made anew.
FORM = 3
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
DAYS = (1, 7, 30)
_HOURS = 24 * DAYS[-1]
NOTHING = "", 0


class _Counted(msgspec.Struct):
    """The contract of a token on a chain, the newest statement that counted it, and of another."""

    contract: str
    decimals: int
    newest: tuple[int, int]  # epoch and time
    other: tuple[int, int] | None = None


class _Kept(msgspec.Struct):
    """`hours` is by hour since 1970, then by asset: lowest ratio (empty: none) and reserves.

    `gaps` is by the same hours: the longest time in ms before one of the hour's statements.
    `counted` and `own` are by asset: epoch and time of the newest statement that counted coins of
    it, and that called it the exchange's own.
    """

    form: int = 0
    epoch: int = 0
    first_ms: int = 0
    last_ms: int = 0
    hours: dict[int, dict[str, tuple[str, int]]] = msgspec.field(default_factory=dict)
    gaps: dict[int, int] = msgspec.field(default_factory=dict)
    counted: dict[str, tuple[int, int]] = msgspec.field(default_factory=dict)
    own: dict[str, tuple[int, int]] = msgspec.field(default_factory=dict)
    contracts: dict[str, _Counted] = msgspec.field(default_factory=dict)  # by chain and symbol


class Lows:
    """Of one exchange. `file` holds what was taken so far; without it statements tell it again."""

    def __init__(self, file: Path) -> None:
        self._file = file
        try:
            self._kept = msgspec.json.decode(file.read_bytes(), type=_Kept)
        except (OSError, msgspec.DecodeError):
            self._kept = _Kept()
        if self._kept.form != FORM:
            self._kept = _Kept(FORM)

    @property
    def epoch(self) -> int:
        """The newest statement that was taken."""
        return self._kept.epoch

    def take(self, statements: Iterable[Document]) -> None:
        """Further statements, in their order."""
        for one in statements:
            hour = one["ts"] // HOUR_MS
            unlisted = NOTHING if hour in self._kept.hours else None
            lows = self._kept.hours.setdefault(hour, {})
            for row in one["assets"]:
                shown = row["ratio"], int(row["reserves"])
                lows[row["symbol"]] = _lower(lows.get(row["symbol"], unlisted), shown)
                self._note_kind(row, (one["epoch"], one["ts"]))
            self._note_contracts(one)
            self._kept.epoch = one["epoch"]
            self._note(hour, one["ts"])
            for old in [known for known in self._kept.hours if known < hour - _HOURS]:
                del self._kept.hours[old], self._kept.gaps[old]

    def _note(self, hour: int, ts: int) -> None:
        kept = self._kept
        kept.first_ms = kept.first_ms or ts
        gap = ts - (kept.last_ms or ts)
        kept.gaps[hour] = max(gap, kept.gaps.get(hour, 0))
        kept.last_ms = ts

    def _note_kind(self, row: Document, now: tuple[int, int]) -> None:
        """Whether coins of an asset counted, or it was the exchange's own; or what it said of then.

        What it said is all there is where the statement of then is older than those taken.
        """
        symbol, is_own = row["symbol"], "own" in row
        here, other = self._kept.counted, self._kept.own
        if is_own:
            here, other = other, here
        if is_own or int(row["reserves"]):
            here[symbol] = now
        if "reclassified" in row:
            said = row["reclassified"]
            other[symbol] = max(other.get(symbol, (0, 0)), (said["epoch"], said["ts"]))

    def _note_contracts(self, document: Document) -> None:
        """What counted, and what it said of before; statements say it since version 4."""
        now = document["epoch"], document["ts"]
        for chain in document["reserves"]["chains"]:
            for row in chain.get("tokens", ()):
                token = Token(row["symbol"], row["contract"], row["decimals"])
                other = self.changed(chain["network"], token)
                if "changed" in row:
                    said = row["changed"]["epoch"], row["changed"]["ts"]
                    other = max(other or said, said)
                counted = _Counted(token.contract, token.decimals, now, other)
                self._kept.contracts[_name(chain["network"], token.symbol)] = counted

    def changed(self, network: int, token: Token) -> tuple[int, int] | None:
        """Epoch and time of the newest statement that counted another contract as this token."""
        known = self._kept.contracts.get(_name(network, token.symbol))
        if known is None:
            return None
        is_same = (known.contract, known.decimals) == token[1:]
        return known.other if is_same else known.newest

    def reclassified(self, symbol: str, *, is_own: bool) -> tuple[int, int] | None:
        """Epoch and time of the newest statement that took an asset for the other kind."""
        return (self._kept.counted if is_own else self._kept.own).get(symbol)

    def keep(self) -> None:
        """Writes it down; what is lost is read from the statements again."""
        fresh = self._file.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(self._kept))
        fresh.replace(self._file)

    def of(self, symbol: str, now: Low, now_ms: int) -> Mapping[str, Low]:
        """By days, with what is shown now; of an asset that was not named nothing was there."""
        found = {}
        for days in DAYS:
            first = now_ms // HOUR_MS - 24 * days
            low = now.ratio, now.reserves
            for hour, lows in self._kept.hours.items():
                if hour >= first:
                    low = _lower(lows.get(symbol, NOTHING), low)
            found[str(days)] = Low(*low)
        return found

    def gaps(self, now_ms: int) -> Mapping[str, int]:
        """By days, the longest time in ms without a statement; before the first there was none."""
        kept, found = self._kept, {}
        for days in DAYS:
            first = now_ms // HOUR_MS - 24 * days
            within = [gap for hour, gap in kept.gaps.items() if hour >= first]
            missing = (kept.first_ms or now_ms) - (now_ms - days * DAY_MS)
            found[str(days)] = max(*within, missing, now_ms - (kept.last_ms or now_ms), 0)
        return found


def _name(network: int, symbol: str) -> str:
    return f"{network} {symbol}"


def _lower(one: tuple[str, int] | None, other: tuple[str, int]) -> tuple[str, int]:
    if one is None:
        return other
    ratios = [text for text in (one[0], other[0]) if text]
    return min(ratios, key=_parts, default=""), min(one[1], other[1])


def _parts(ratio: str) -> int:
    return int(ratio.replace(".", ""))
