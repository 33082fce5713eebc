"""Refills by themselves: `set-marks`, `fund-tier`, `refill`, `serve-holder`, `list-moves`."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import msgspec
import structlog

from fullreserve import logs
from fullreserve.clock import Clock, SystemClock
from fullreserve.config import Settings
from fullreserve.custody import networks
from fullreserve.custody.exchange_view import LocalView
from fullreserve.custody.gifts import are_booked
from fullreserve.custody.house import MOVES_GATEWAY, House
from fullreserve.custody.keys import moves, taken, tls_door
from fullreserve.custody.keys.came import Wanted, came, shown_by_all
from fullreserve.custody.keys.commands import carried_out, opened, own_record, say, word
from fullreserve.custody.keys.decided_moves import DecidedMoves
from fullreserve.custody.keys.device import Device
from fullreserve.custody.keys.gas import FileGas
from fullreserve.custody.keys.job import check_device
from fullreserve.custody.keys.key_file import FileDevice
from fullreserve.custody.keys.move_commands import COMMAND_GATEWAY
from fullreserve.custody.keys.moves import BadMove
from fullreserve.custody.keys.own_fees import own_fee
from fullreserve.custody.keys.record import Record
from fullreserve.custody.keys.refilling import Refilling, Terms, keep
from fullreserve.custody.keys.remote_view import RemoteView
from fullreserve.custody.keys.tier_signer import TierMemory, TierSigner
from fullreserve.custody.signer_wire import serve_frames
from fullreserve.custody.store import read_gifts
from fullreserve.custody.transfers import salt_of, transfer
from fullreserve.custody.watcher import STORE as WATCHER_STORE
from fullreserve.door.protocol import Unavailable
from fullreserve.door.socket_client import SocketDoor
from fullreserve.door.socket_server import SOCKET_NAME
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.deposit_state import FindMoved
from fullreserve.exchange.products.tier_moves_wire import (
    TIER_MOVES,
    ListMoves,
    Move,
    MoveState,
    SetMarks,
    Why,
)
from fullreserve.exchange.wire.commands import amount_bytes, amount_int
from fullreserve.until_terminated import until_ended, until_terminated

READS_ONLY = 0  # the gateway of who may not say anything to the exchange
PAUSE_MS = 2_000
_HASH = 32
_DIGITS = re.compile(r"(?:0x)?([0-9A-Fa-f]*)")

log = structlog.get_logger(__name__)


@carried_out
def set_marks(settings: Settings, policy: Path) -> None:
    """Tells the log the marks of a policy's file."""
    marks = moves.marks_of(policy)
    codes = asyncio.run(_told(settings.data, TIER_MOVES, [SetMarks(one) for one in marks]))
    for one, code in zip(marks, codes, strict=True):
        if code:
            where = f"asset {one.asset} on network {one.network}"
            raise BadMove(f"the exchange refuses the marks of {where} with code {code}")
    say(f"The log has {len(marks)} marks.")


@carried_out
def fund_tier(settings: Settings, network: int, tier: str, asset: int, amount: int | None,
              transaction: str | None, unasked: bool, least: int) -> None:  # fmt: skip
    """Tells the ledger of coins from outside that came to a tier, the house's or strangers'.

    What they were is what every node of the network shows of the transaction, once it is final.
    Without one: all that strangers sent to that tier, of that asset, but dust of less than `least`.
    """
    data, one = settings.data, _network(settings.data, network)
    if amount is None and unasked:
        asyncio.run(_fund_all(data, one, (wire.Tier[tier.upper()], asset), least))
        return
    if amount is None or transaction is None:
        raise BadMove("name an amount and its transaction, or neither with --unasked: for all")
    wanted = Wanted(wire.Tier[tier.upper()], asset, _transaction(transaction))
    found = came(one, data, wanted, asyncio.run(_addresses(data, network)))
    brought, _ = one.scales[asset].to_ledger(found.amount)
    if brought != amount:
        raise BadMove(f"it brought {brought} of asset {asset} to the {tier} tier, not {amount}")
    name = transfer(salt_of(data), network, found.txid, found.number)
    kind = wire.CameUnasked if unasked else wire.Funded
    asyncio.run(_posted(data, kind(network, name, asset, wanted.tier, amount_bytes(amount))))


async def _fund_all(
    data: Path, network: networks.Network, what: tuple[wire.Tier, int], least: int
) -> None:
    """What the watcher has kept of a tier and asset, and every node shows; BadMove."""
    tier, asset = what
    if asset not in network.scales:
        raise BadMove(f"network {network.network} has no asset {asset}")
    number, scale, salt = network.network, network.scales[asset], salt_of(data)
    kept = read_gifts(data / WATCHER_STORE, number, tier, asset)
    door = await SocketDoor.open(data / SOCKET_NAME, COMMAND_GATEWAY, SystemClock())
    try:
        house = House(door)
        booked = await are_booked(house, [one.name for one in kept])
        # What the ledger cannot express is never booked.
        open_ = [
            one
            for one in kept
            if one.name not in booked and scale.to_ledger(one.amount)[0] >= max(1, least)
        ]
        addresses = await house.newest_index(number)
        found = await asyncio.to_thread(shown_by_all, network, data, open_, salt, addresses)
        amounts = [scale.to_ledger(one.amount)[0] for one in found]
        words = [
            wire.CameUnasked(number, one.name, asset, tier, amount_bytes(amount))
            for one, amount in zip(found, amounts, strict=True)
        ]
        codes = await house.report(wire.DEPOSITS, *words)
    finally:
        await door.close()
    refused = [code for code in codes if code]
    if refused:
        raise BadMove(f"the exchange refuses {len(refused)} of {len(codes)}, with {refused[0]}")
    name = tier.name.lower()
    say(f"The ledger has {len(found)} more: {sum(amounts)} of asset {asset} in the {name} tier.")
    if len(found) < len(open_):
        left = len(open_) - len(found)
        say(f"{left} more are not final yet, or not shown so by every node: nothing was posted.")


def _transaction(text: str) -> bytes:
    """The hash that names a transaction; BadMove, which says what is wrong with it."""
    digits = _DIGITS.fullmatch(text)
    if digits is None:
        raise BadMove(f"a transaction is {2 * _HASH} hexadecimal digits, not {text!r}")
    if len(digits[1]) != 2 * _HASH:
        raise BadMove(f"a transaction is {2 * _HASH} hexadecimal digits; here are {len(digits[1])}")
    return bytes.fromhex(digits[1])


def _network(data: Path, number: int) -> networks.Network:
    return networks.load_with(data, number)[number]


async def _addresses(data: Path, network: int) -> int:
    """The highest index that was given to a user."""
    door = await SocketDoor.open(data / SOCKET_NAME, READS_ONLY, SystemClock())
    try:
        return await House(door).newest_index(network)
    finally:
        await door.close()


@carried_out
def charge_tier(settings: Settings, network: int, tier: str, transaction: str) -> None:
    """Tells the ledger of what a tier paid for a transaction to itself, as by a rotation.

    What it was is what every node of the network shows of it, once it is final.
    """
    one = _network(settings.data, network)
    named, source = _transaction(transaction), wire.Tier[tier.upper()]
    fee = one.scales[one.coin].cost(own_fee(one, settings.data, source, named))
    name = transfer(salt_of(settings.data), network, named)
    target = wire.Tier.COLD if source == wire.Tier.WARM else wire.Tier.WARM
    none, paid = amount_bytes(0), amount_bytes(fee)
    word = wire.Moved(network, name, one.coin, source, target, none, paid)
    asyncio.run(_posted(settings.data, word))
    say(f"Its fee was {fee} of asset {one.coin}.")


@carried_out
def list_moves(settings: Settings, limit: int) -> None:
    """Prints the newest moves between tiers that the log has decided."""
    for one in asyncio.run(_known(settings.data, limit)):
        source, target = (wire.Tier(tier).name.lower() for tier in (one.source, one.target))
        decided = dt.datetime.fromtimestamp(one.decided_ms / 1000, dt.UTC)
        state, why = MoveState(one.state).name.lower(), Why(one.why).name.lower()
        say(
            f"move {one.number} of {decided:%Y-%m-%d %H:%M:%S} UTC: {amount_int(one.amount)} of "
            f"asset {one.asset} on network {one.network}, {source} to {target} ({why}): {state}"
        )


async def _known(data: Path, limit: int) -> list[Move]:
    door = await SocketDoor.open(data / SOCKET_NAME, READS_ONLY, SystemClock())
    try:
        asked = ListMoves(is_open=False, limit=limit)
        found: list[Move] = await House(door).ask(TIER_MOVES, asked)
        return found
    finally:
        await door.close()


async def _posted(data: Path, one: wire.Funded | wire.CameUnasked | wire.Moved) -> None:
    """The ledger has it now; BadMove where it had the transaction before, whatever for."""
    door = await SocketDoor.open(data / SOCKET_NAME, COMMAND_GATEWAY, SystemClock())
    try:
        house = House(door)
        if await house.ask(wire.DEPOSITS, FindMoved(one.transfer)):
            raise BadMove("the ledger has that transaction already: nothing was posted")
        (code,) = await house.report(wire.DEPOSITS, one)
    finally:
        await door.close()
    if code:
        raise BadMove(f"the exchange refuses it with code {code}")
    say("The ledger has it.")


async def _told(data: Path, fold: int, words: Sequence[msgspec.Struct]) -> list[int]:
    door = await SocketDoor.open(data / SOCKET_NAME, COMMAND_GATEWAY, SystemClock())
    try:
        return await House(door).report(fold, *words)
    finally:
        await door.close()


@carried_out
def refill(settings: Settings, policy: Path, payer: Path | None, rate: int) -> None:
    """Refills hot from warm until it is ended."""
    logs.configure(settings.log)
    pays = None
    if payer is not None:
        pays = FileGas(FileDevice.open(payer, word("passphrase of who pays the gas: ")))
    try:
        asyncio.run(_refill(settings.data, policy, pays, rate))
    except* Unavailable as gone:
        raise BadMove(str(gone.exceptions[0])) from None


async def _refill(data: Path, policy: Path, pays: FileGas | None, rate: int) -> None:
    clock: Clock = SystemClock()
    agreed, signers = moves.load(policy, Record.of(data)), moves.signers_of(policy)
    door = await SocketDoor.open(data / SOCKET_NAME, MOVES_GATEWAY, clock)
    house = House(door)
    workers = [
        Refilling(data, house, clock, Terms(one, agreed, signers, pays, rate))
        for one in networks.served(data)
    ]

    async def work() -> None:
        async with house.listening():
            await keep(workers, clock, PAUSE_MS)

    try:
        await until_terminated(work())
    finally:
        await door.close()


@carried_out
def serve_holder(settings: Settings, policy: Path, holder: str, keys: Path | None,
                 module: Path | None, token: str, socket: str, listen: str, exchange: str
                 ) -> None:  # fmt: skip
    """Signs moves of tiers as a holder, by itself, until it is ended."""
    logs.configure(settings.log)
    if not (socket or listen):
        raise BadMove("name a socket in the data folder, or host:port for TLS")
    record, device = own_record(settings, holder), opened(holder, keys, module, token)
    secret = word("passphrase of the certificate's key: ") if listen or exchange else b""
    places = (socket, listen, exchange)
    try:
        check_device(record, device, holder)
        taken.keep(settings.data, holder, record.entries[-1].hash)
        asyncio.run(_serve(settings.data, policy, (holder, device), places, secret))
    finally:
        device.close()


async def _serve(
    data: Path,
    policy: Path,
    who: tuple[str, Device],
    places: tuple[str, str, str],
    secret: bytes,
) -> None:
    clock, (holder, device), (socket, listen, exchange) = SystemClock(), who, places
    record = Record.of(data)
    agreed, wallets = moves.load(policy, record), record.state.wallets
    async with _decided(data, holder, exchange, secret, clock) as decided:
        memory = TierMemory(data / f"custody-tier-{holder}.sqlite")
        signer = TierSigner(holder, device, wallets, agreed, memory, clock, decided)

        async def answered(question: bytes) -> bytes:
            return await signer.answer("", question)

        opened_here = []
        if socket:
            await asyncio.to_thread((data / socket).unlink, missing_ok=True)
            opened_here.append(await listening(data / socket, answered))
        if listen:
            where = (data, holder, listen, secret, answered)
            opened_here.append(await tls_door.listen(*where, is_elsewhere=bool(exchange)))
        log.info("holder signs", holder=holder)
        try:
            await until_terminated(asyncio.Event().wait())
        finally:
            for one in opened_here:
                one.close()
            memory.close()


@asynccontextmanager
async def _decided(
    data: Path, holder: str, exchange: str, secret: bytes, clock: Clock
) -> AsyncIterator[DecidedMoves]:
    """By the exchange of this data folder, or by TLS at `exchange`."""
    known = networks.load(data)
    if exchange:
        side = tls_door.Side(data, holder, secret, serves=False, is_elsewhere=True)
        side.now()
        yield DecidedMoves(RemoteView(side, exchange), known)
        return
    door = await SocketDoor.open(data / SOCKET_NAME, READS_ONLY, clock, lasts=True)
    try:
        yield DecidedMoves(LocalView(House(door)), known)
    finally:
        await door.close()


async def listening(place: Path, answering: Callable[[bytes], Awaitable[bytes]]) -> asyncio.Server:
    """Serves a socket that its owner alone can open, in the place of one that was left behind."""
    mask = os.umask(0o177)
    try:
        return await asyncio.start_unix_server(until_ended(partial(serve_frames, answering)), place)
    finally:
        os.umask(mask)
