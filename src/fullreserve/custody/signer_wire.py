"""What is asked of a signer, and what it answers, over its Unix socket.

A question and an answer are each a length and a JSON array. A signer learns what was
approved from the exchange, never from who asks.
"""

from __future__ import annotations

import socket
import struct
from asyncio import IncompleteReadError, StreamReader, StreamWriter
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from fullreserve.custody.chains.adapter import Plan
from fullreserve.custody.signing import WillNotSign

LENGTH = 4
# A transaction of fifty coins, each of which comes out of a large one of a stranger.
QUESTION_MAX = 1 << 23
REQUEST_S = 10.0


class Spec(msgspec.Struct, frozen=True):
    """What a signer is started with; no secret is in it."""

    name: str  # of its memory's file
    keys: str  # the encrypted file: `lane-0`, … and `branch-<network>`
    socket: str
    # Where the networks' file is, and the record with certificates; without `exchange` its own
    # folder, with its door and vault.
    data: str
    listen: str = ""  # `host:port` for askers by TLS, beside the socket
    exchange: str = ""  # `tls:exchange@host:port`, where it is on another machine


class Question(msgspec.Struct, array_like=True, frozen=True, tag_field="kind"):
    """Base of the questions."""


class SignPlan(Question, frozen=True, tag=1):
    """A transaction that pays withdrawals, or moves coins between places of ours."""

    plan: Plan
    # The transactions that made the coins that it spends.
    previous: tuple[bytes, ...] = ()


class SignMessage(Question, frozen=True, tag=2):
    """A message of `ownership`, by a key of `holdings`; `hashed` for OKX's validators."""

    network: int
    key: str
    message: str
    hashed: bool = False


class AnswerChallenge(Question, frozen=True, tag=3):
    """That it is there: a signature over a quorum's challenge, by the key of its presence."""

    quorum: int
    challenge: bytes


class ShowKeys(Question, frozen=True, tag=4):
    """Which keys it has on a network: each signs the 32 bytes (custody.shown_keys)."""

    network: int
    challenge: bytes


class BoundTo(msgspec.Struct, array_like=True, frozen=True):
    """Withdrawals that one transaction is to pay, and what they are bound to."""

    withdrawals: tuple[int, ...]
    binding: bytes


class ShowSigned(Question, frozen=True, tag=5):
    """What it has signed of payments that are to be let go; JSON of Signed. The payer's alone.

    `never`: what it has not signed of those, it signs under their binding no more.
    """

    network: int
    payments: tuple[BoundTo, ...]
    never: bool = False


class Signed(msgspec.Struct, array_like=True, frozen=True):
    """What a signer signed of payments that are bound to `binding`, or with what that names.

    `under` is what it signed them under. `part` is its part of the transaction of `plan`; without
    them it has kept none.
    """

    binding: bytes
    under: bytes
    plan: Plan | None = None
    part: bytes = b""


class Answer(msgspec.Struct, array_like=True, frozen=True):
    """One of the two is empty."""

    signature: bytes = b""
    refusal: str = ""


AnyQuestion = SignPlan | SignMessage | AnswerChallenge | ShowKeys | ShowSigned

decode_question = msgspec.json.Decoder(AnyQuestion).decode


class SignerGone(OSError):
    """No signer answers at the socket."""


def ask(path: Path, question: AnyQuestion) -> bytes:
    """The signature; WillNotSign with the signer's reason, SignerGone."""
    return _signature(_asked(path, msgspec.json.encode(question)))


def ask_named(data: Path, name: str, question: AnyQuestion) -> bytes:
    """As `ask`, of a socket in the data folder or of `tls:name@host:port`."""
    return _signature(content_of(data, name, msgspec.json.encode(question)))


def content_of(data: Path, name: str, question: bytes) -> bytes:
    """What is answered there, as it came; SignerGone."""
    from fullreserve.custody.keys import tls_door
    from fullreserve.custody.keys.tls import SCHEME

    if not name.startswith(SCHEME):
        return _asked(data / name, question)
    try:
        return tls_door.ask(data, name, question)
    except OSError as problem:
        raise SignerGone(f"no signer answers at {name}: {problem}") from None


def _asked(path: Path, question: bytes) -> bytes:
    try:
        return _by_socket(path, question)
    except OSError as problem:
        raise SignerGone(f"no signer answers at {path.name}: {problem}") from None


async def serve_frames(
    answering: Callable[[bytes], Awaitable[bytes]], reader: StreamReader, writer: StreamWriter
) -> None:
    """Answers one connection's questions; see `peer_of` for who asks."""
    try:
        while head := await reader.read(LENGTH):
            head += await reader.readexactly(LENGTH - len(head))
            length = int.from_bytes(head, "big")
            if length > QUESTION_MAX:
                break
            answer = await answering(await reader.readexactly(length))
            writer.write(len(answer).to_bytes(LENGTH, "big") + answer)
            await writer.drain()
    except (IncompleteReadError, ConnectionError):
        pass  # who asks may go away at any moment
    finally:
        writer.close()


def peer_of(writer: StreamWriter) -> int:
    """The process at the other end of a Unix socket, by the kernel; 0 where it does not say.

    https://man7.org/linux/man-pages/man7/unix.7.html, SO_PEERCRED: as it was when it connected.
    """
    wire = writer.get_extra_info("socket")
    if wire is None or wire.family != socket.AF_UNIX:
        return 0
    told = wire.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid, _, _ = struct.unpack("3i", told)
    return int(pid)


def _by_socket(path: Path, data: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as wire:
        wire.settimeout(REQUEST_S)
        wire.connect(str(path))
        wire.sendall(len(data).to_bytes(LENGTH, "big") + data)
        with wire.makefile("rb") as stream:
            length = int.from_bytes(_exactly(stream.read(LENGTH), LENGTH), "big")
            return _exactly(stream.read(length), length)


def _signature(content: bytes) -> bytes:
    answer = msgspec.json.decode(content, type=Answer)
    if answer.refusal:
        raise WillNotSign(answer.refusal)
    return answer.signature


def _exactly(content: bytes, length: int) -> bytes:
    if len(content) != length:
        raise OSError("the connection was closed")
    return content
