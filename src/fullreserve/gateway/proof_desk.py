"""Asks the process that makes statements for a user's proof or receipt, over its Unix socket."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

SOCKET = Path("reserves") / "proofs.sock"
LINE_MAX = 1 << 20
ANSWER_S = 10.0


class Ask(msgspec.Struct, frozen=True):
    """An account's proof as of an epoch, 0 for the newest; or its receipt as of now.

    A receipt is null while the account has not changed after `after_ms`.
    """

    account: int
    epoch: int = 0
    receipt: bool = False
    after_ms: int = -1


class Answer(msgspec.Struct, frozen=True):
    """A bundle or a receipt, or why there is none."""

    bundle: msgspec.Raw = msgspec.Raw(b"null")
    problem: str = ""


class NoProof(Exception):
    """There is none; the message says why."""


_answer = msgspec.json.Decoder(Answer).decode


async def bundle(data: Path | None, account: int, epoch: int = 0) -> bytes:
    """An account's bundle as JSON; NoProof."""
    return await _answer_to(data, Ask(account, epoch))


async def receipt(data: Path | None, account: int, after_ms: int = -1) -> bytes:
    """An account's receipt as JSON, null where nothing changed after that time; NoProof."""
    return await _answer_to(data, Ask(account, receipt=True, after_ms=after_ms))


async def _answer_to(data: Path | None, question: Ask) -> bytes:
    if data is None:
        raise NoProof("no statements are made here")
    try:
        # A read's first step runs in no task, and a time limit needs one.
        asked = asyncio.create_task(_asked(data / SOCKET, question))
        answer = _answer(await asked)
    except (OSError, ValueError, TimeoutError, msgspec.DecodeError):
        raise NoProof("the process that makes statements does not answer") from None
    if answer.problem:
        raise NoProof(answer.problem)
    return bytes(answer.bundle)


async def _asked(place: Path, question: Ask) -> bytes:
    async with asyncio.timeout(ANSWER_S):
        reader, writer = await asyncio.open_unix_connection(place, limit=LINE_MAX)
        try:
            writer.write(msgspec.json.encode(question) + b"\n")
            return await reader.readline()
        finally:
            writer.close()
