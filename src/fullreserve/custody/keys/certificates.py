"""Certificates that count, and until when: those whose files lie in a data folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from fullreserve.custody.keys import authority, exchange_key
from fullreserve.custody.keys.authority import BadRequest
from fullreserve.custody.keys.record import FIRST, Record, ShownKey, State
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


def shown(data: Path, record: Record, issued: Mapping[str, str]) -> dict[str, ShownKey]:
    """What an entry shows of new certificates (PEM, by name): of those of exchange and payer.

    To be asked in the exchange's own folder, before the new ones lie there: where one has another
    key, the one before signs that, if it is there.
    """
    names = [name for name in exchange_key.DOES if name in issued]
    return {name: _shown(data, record, name, issued[name]) for name in names}


def _shown(data: Path, record: Record, name: str, certificate: str) -> ShownKey:
    by_name = {one.name: one.text for one in held(data, record)}
    before = by_name.get(name, "") or exchange_key.recorded(record, name)
    key = authority.key_fingerprint(certificate)
    made = ShownKey(certificate, before)
    if not before or authority.key_fingerprint(before) == key:
        return made
    last = record.entries[-1].hash if record.entries else FIRST
    try:
        secret = (data / CERTIFICATES / f"{name}.key").read_bytes()
        signed = authority.sign(secret, before, exchange_key.statement(name, last, key))
    except (OSError, BadRequest):
        return made
    return msgspec.structs.replace(made, signed=signed)


def compared(made: Mapping[str, ShownKey]) -> list[str]:
    """What is to be said to all who take an entry with these."""
    return [line for name, one in made.items() for line in _compared(name, one)]


def _compared(name: str, made: ShownKey) -> list[str]:
    key = authority.key_fingerprint(made.certificate)
    if made.before and authority.key_fingerprint(made.before) == key:
        return [f"The {name}'s key stays {key}."]
    if made.signed:
        return [f"The {name}'s key is {key} now, signed by the one before."]
    return [
        f"The {name}'s key is {key}.",
        "Nothing in the record proves it: tell it by another way to all who have taken one before,",
        f"for `fullreserve custody take-record --{name}`.",
    ]
