"""`fullreserve custody challenge|answer|answered`: holders show that they are there."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from fullreserve.clock import SystemClock
from fullreserve.config import Settings
from fullreserve.custody.keys import answers, authority
from fullreserve.custody.keys.commands import carried_out, opened, say, word, write
from fullreserve.custody.keys.record import Record
from fullreserve.door.protocol import Door, Unavailable
from fullreserve.door.socket_client import SocketDoor
from fullreserve.door.socket_server import SOCKET_NAME

# The gateway of the command line, as in identity's commands.
COMMAND_GATEWAY = 2


@carried_out
def identity(_settings: Settings, name: str, folder: Path, sealed: bool) -> None:
    """Makes the key by which a coordinator, the exchange or a signer is known, and its request."""
    folder.mkdir(parents=True, exist_ok=True)
    phrase = word(f"passphrase of {name}: ") if sealed else b""
    if sealed and not phrase:
        raise ValueError("a sealed key needs a passphrase")
    made = authority.identity(name, phrase)
    write(folder / f"{name}.key", made.key, 0o600)
    write(folder / f"{name}.csr", made.request.encode(), 0o644)
    key = authority.requested_fingerprint(name, made.request)
    say(
        f"Wrote {folder / name}.key and .csr; a ceremony's plan names it under `identity`.",
        f"The key of {name} has the fingerprint {key}.",
    )


@carried_out
def challenge(settings: Settings, quorum: int) -> None:
    """Puts a fresh challenge to a quorum and prints it."""
    digest = os.urandom(answers.SIZE)
    _with_door(settings, lambda door: answers.challenge(door, quorum, digest))
    say(digest.hex())


@carried_out
def answer(_settings: Settings, quorum: int, digest: str, holder: str, keys: Path | None,
           module: Path | None, token: str) -> None:  # fmt: skip
    """Signs a challenge on a holder's own machine and prints the answer."""
    device = opened(holder, keys, module, token)
    say(answers.answer(device, holder, quorum, bytes.fromhex(digest)).hex())
    device.close()


@carried_out
def answered(settings: Settings, quorum: int, digest: str, holder: str, signature: str) -> None:
    """Checks a holder's answer against his card and reports it."""
    state = Record.of(settings.data).state
    if holder not in state.cards:
        raise answers.NotTaken(f"{holder} is no holder in the record")
    card, person = state.cards[holder], state.persons[holder].person
    said, signed = bytes.fromhex(digest), bytes.fromhex(signature)
    _with_door(settings, lambda door: answers.report(door, card, person, quorum, said, signed))
    say(f"{holder} is there.")


def _with_door(settings: Settings, work: Callable[[Door], Awaitable[None]]) -> None:
    async def run() -> None:
        path = settings.data / SOCKET_NAME
        door = await SocketDoor.open(path, COMMAND_GATEWAY, SystemClock())
        try:
            await work(door)
        finally:
            await door.close()

    try:
        asyncio.run(run())
    except Unavailable as problem:
        raise answers.NotTaken(f"the exchange does not run: {problem}") from None
