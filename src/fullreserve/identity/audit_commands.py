"""`fullreserve audit …`: check and export the audit log, also beside a running exchange."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO

import msgspec

from fullreserve.config import Settings
from fullreserve.identity.commands import DONE, FAILED, in_vault
from fullreserve.identity.desk import Rooms


def verify(settings: Settings) -> int:
    """Follow the chain of hashes; 1 when an entry was changed, taken out or put in."""
    return in_vault(settings, _verify)


def _verify(rooms: Rooms) -> int:
    chain = rooms.audit.verify()
    if chain.broken_at:
        sys.stdout.write(
            f"The chain breaks at entry {chain.broken_at}: it, or what stood before it, was "
            f"changed. The {chain.entries} entries before it are whole.\n"
        )
        return FAILED
    sys.stdout.write(f"{chain.entries} entries are whole.\n")
    return DONE


def export(settings: Settings, destination: Path | None) -> int:
    """Write all entries as JSON lines, opened where they can be, with what their hashes are of."""

    def write(rooms: Rooms) -> int:
        if destination is None:
            return _export(rooms, sys.stdout)
        with destination.open("x", encoding="utf-8") as file:
            return _export(rooms, file)

    return in_vault(settings, write)


def _export(rooms: Rooms, file: TextIO) -> int:
    for stored, place, what in rooms.audit.entries():
        line = {
            "entry": stored.entry,
            "atMs": stored.at_ms,
            "actor": stored.actor,
            "action": stored.action,
            "subject": stored.subject,
            "ended": stored.ended,
            "code": stored.code,
            "sealer": stored.sealer,
            "sealedPlace": stored.place.hex(),
            "sealedWhat": stored.what.hex(),
            "hash": stored.hash.hex(),
            "ip": place.address,
            "agent": place.agent,
            "terms": what.terms,
            "note": what.note,
        }
        file.write(msgspec.json.encode(line).decode() + "\n")
    return DONE
