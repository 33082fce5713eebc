"""`fullreserve custody take-record`, by which holders have copies of the record."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fullreserve.config import Settings
from fullreserve.custody.keys import card, shown_record, taken
from fullreserve.custody.keys.commands import carried_out, say, tips_of
from fullreserve.custody.keys.record import FILE, Record
from fullreserve.custody.keys.taken import NotTaken
from fullreserve.custody.keys.view_wire import COORDINATOR, EXCHANGE


@carried_out
def take_record(
    settings: Settings, record_file: Path, holder: str, cards: Sequence[Path],
    exchanges: Sequence[str], payers: Sequence[str], dry_run: bool,
) -> None:  # fmt: skip
    """Judges what a copy of the record adds to a holder's own, and takes it in its place."""
    data, given = settings.data, [card.read(path) for path in cards]
    content = record_file.read_bytes()
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    offered = data / f"{FILE}.offered"
    taken.write(offered, content)
    try:
        own, whole = Record.of(data), Record(offered)
        if not taken.is_begun_by(whole, own):
            raise NotTaken(
                f"{record_file} does not begin with the {len(own.entries)} entries of {data / FILE}"
            )
        newest = taken.kept(data, holder) or (own.entries[-1].hash if own.entries else "")
        named = {EXCHANGE: exchanges, COORDINATOR: payers}
        judged = taken.judge(offered, newest, given, tips_of(settings), named)
        say(*shown_record.lines(judged, whole))
        if dry_run:
            say("Nothing was done: this was a dry run.")
            return
        offered.replace(data / FILE)
        taken.keep(data, holder, whole.entries[-1].hash)
        say(f"{holder} has taken it, up to entry {len(whole.entries)}.")
    finally:
        offered.unlink(missing_ok=True)
