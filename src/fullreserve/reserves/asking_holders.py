"""`fullreserve reserves ask-holders`, `sign-asked`, `take-signed`: proof by holders through files.

For wallets whose holders are not asked by machine. What they sign is good for thirty days at most,
for every address of the wallet, whatever lies there meanwhile; it moves nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import msgspec

from fullreserve.clock import SystemClock
from fullreserve.config import Settings
from fullreserve.custody.chains.rpc import NodeProblem
from fullreserve.custody.keys.commands import opened, write
from fullreserve.custody.keys.device import DeviceProblem
from fullreserve.custody.keys.record import BadRecord, Record
from fullreserve.custody.networks import BadNetworks
from fullreserve.custody.ownership import BadMessage
from fullreserve.custody.tiers.proving import Held, NoProof
from fullreserve.reserves import keys
from fullreserve.reserves.checker import NoVerifier
from fullreserve.reserves.declared import BadDeclared, Declared, judged, keep
from fullreserve.reserves.declaring import network_of, newest_of
from fullreserve.reserves.people import held_by
from fullreserve.reserves.places import DAY_MS, NotProven, Said, message_of, read_message

DONE, WRONG = 0, 1
P = ParamSpec("P")
T = TypeVar("T")


class WrongFile(ValueError):
    """A file is not what is signed, or no holder's signatures; the message says in what."""


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What holders sign: a message for each address of a tier's wallet."""

    network: int
    tier: str
    messages: dict[str, str]


class Signed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One holder's signatures, 65 bytes each, in hexadecimal digits by address."""

    holder: str
    signatures: dict[str, str]


def _carried_out(run: Callable[P, None]) -> Callable[P, int]:
    """Says what went wrong in a sentence; the exit code."""
    known = (
        WrongFile, BadRecord, BadNetworks, NodeProblem, NoProof, BadMessage, DeviceProblem,
        NotProven, NoVerifier, BadDeclared, OSError,
    )  # fmt: skip

    @wraps(run)
    def run_guarded(*args: P.args, **kwargs: P.kwargs) -> int:
        try:
            run(*args, **kwargs)
        except known as problem:
            sys.stdout.write(f"FAILED: {problem}\n")
            return WRONG
        return DONE

    return run_guarded


@_carried_out
def ask(settings: Settings, network: int, tier: str, days: int, out: Path) -> None:
    """Write what a tier's holders have to sign now, to be believed for so many days."""
    block = newest_of(network_of(settings.data, network))
    exchange = keys.signer(settings.data).public.hex()
    now_ms = SystemClock().wall_ms()
    times = (now_ms, now_ms + days * DAY_MS)
    held = _held(settings.data, network, tier)
    said = {
        address: Said(exchange, address, network, block.height, block.hash, *times)
        for address in held
    }
    asked = Asked(network, tier, {address: message_of(one) for address, one in said.items()})
    write(out, msgspec.json.format(msgspec.json.encode(asked)), 0o644)
    needed = next(iter(held.values())).tier.threshold
    sys.stdout.write(
        f"Wrote {out}: {needed} holders of the {tier} wallet sign it with "
        "`fullreserve reserves sign-asked`.\n"
    )


@_carried_out
def sign(
    settings: Settings,
    asked_file: Path,
    holder: str,
    keys: Path | None,
    module: Path | None,
    token: str,
    out: Path,
) -> None:
    """Show a holder what the messages say, by his own copy of the record, and sign them."""
    asked = _read(asked_file, Asked)
    held = _held(settings.data, asked.network, asked.tier)
    _show(asked, held)
    device = opened(holder, keys, module, token)
    try:
        made = {
            address: held[address].sign(message, device, holder).hex()
            for address, message in asked.messages.items()
        }
    finally:
        device.close()
    write(out, msgspec.json.format(msgspec.json.encode(Signed(holder, made))), 0o644)
    sys.stdout.write(f"Wrote {out}.\n")


@_carried_out
def take(settings: Settings, asked_file: Path, parts: Sequence[Path]) -> None:
    """Keep what enough holders signed, once the verifier has found nothing against it."""
    asked = _read(asked_file, Asked)
    network = network_of(settings.data, asked.network)
    held = _held(settings.data, asked.network, asked.tier)
    _show(asked, held)
    signed = [_read(path, Signed) for path in parts]
    made = []
    for address, message in asked.messages.items():
        given = {one.holder: _octets(one, address) for one in signed}
        for holder, part in given.items():
            if not held[address].is_by(holder, message, part):
                raise WrongFile(f"the signature over {address} is not by {holder}'s key")
        proof = held[address].completed(message, given)
        one = Declared(
            network=asked.network,
            address=address,
            form=proof.form,
            message=message,
            signatures=proof.signatures,
        )
        judged(network, one)
        made.append(one)
    keep(settings.data, *made)
    sys.stdout.write(f"The {asked.tier} wallet counts by it from the next statement on.\n")


def _held(data: Path, network: int, tier: str) -> dict[str, Held]:
    record = Record.of(data)
    record.wallet(network, tier)
    return {one.address: one for one in held_by(record, network) if one.tier.tier == tier}


def _show(asked: Asked, held: dict[str, Held]) -> None:
    """What is said, for people; WrongFile for what says anything else."""
    try:
        said = {address: read_message(text) for address, text in asked.messages.items()}
    except ValueError as problem:
        raise WrongFile(str(problem)) from None
    for address, one in said.items():
        if address not in held or (one.address, one.network) != (address, asked.network):
            raise WrongFile(f"{address} is no address of the {asked.tier} wallet in the record")
    if not said:
        raise WrongFile("it names no address")
    exchanges = ", ".join(sorted({one.exchange for one in said.values()}))
    until = datetime.fromtimestamp(max(one.ends_ms for one in said.values()) / 1000, UTC)
    sys.stdout.write(
        f"says that {len(said)} addresses of the {asked.tier} wallet of network {asked.network} "
        f"are those of exchange {exchanges}, until {until:%Y-%m-%d %H:%M} UTC; it moves nothing\n"
    )


def _read(path: Path, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except msgspec.DecodeError as problem:
        raise WrongFile(f"{path} cannot be read: {problem}") from None


def _octets(one: Signed, address: str) -> bytes:
    try:
        return bytes.fromhex(one.signatures[address])
    except (KeyError, ValueError):
        raise WrongFile(f"{one.holder} has not signed over {address}") from None
