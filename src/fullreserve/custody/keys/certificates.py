"""Certificates that count, and until when: those whose files lie in a data folder."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from fullreserve.custody.keys import authority
from fullreserve.custody.keys.record import Record, State
from fullreserve.custody.keys.tls_door import CERTIFICATES


class Held(NamedTuple):
    """A certificate that counts; `text` is PEM."""

    name: str
    ends_ms: int
    text: str


def held(data: Path, record: Record) -> list[Held]:
    """By name. One that lies there and does not count is left out."""
    found = (_held(data, name, record.state) for name in record.state.certificates)
    return sorted(one for one in found if one is not None)


def _held(data: Path, name: str, state: State) -> Held | None:
    try:
        text = (data / CERTIFICATES / f"{name}.pem").read_text(encoding="ascii")
        shown = authority.fingerprint(text)
        # One from before a renewal counts too: its command may have ended between file and record.
        if state.certificates[name] != shown and state.renewed.get(shown) != name:
            return None
        return Held(name, authority.ends_ms(text), text)
    except (OSError, ValueError):
        return None
