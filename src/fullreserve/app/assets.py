"""`fullreserve asset …`: an asset comes to a running exchange by its manifest.

One TOML file for each asset, reviewed like code. It has the terms, and who has passed each stage
before coins may come in:

    symbol = "ABC"
    supply_cap = "1000000000"

    [reviews.legal]             # and security, adapter, risk
    by = "J. Doe"
    on = 2026-11-20
    digest = "…"                # SHA-256 of what was written, 64 hexadecimal digits

    [[chains]]                  # networks that the exchange serves, by number
    network = 1
    decimals = 18
    minimum_deposit = "1"
    fee = "0.5"
    minimum = "2"               # of a withdrawal
    maximum = "100000"

    [[pairs]]
    quote = "USDT"
    tick = "0.0001"
    lot = "0.01"
    min_size = "1"
    max_size = "1000000"
    max_price = "1000"

Listing defines the asset, its pairs in the state `preopen`, and its chains, with deposits and
withdrawals, once the workers of custody know it there (`custody.json`) and the network is defined
(`fullreserve custody define-network`). Two operators open a pair
(`x/operator/propose/state`). Again, it adds what lacks.
"""

from __future__ import annotations

import asyncio
import sys
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from fullreserve.clock import SystemClock
from fullreserve.config import Settings
from fullreserve.custody import network_fields, networks
from fullreserve.door.outcome import outcome
from fullreserve.door.protocol import Door, Refused, Unavailable
from fullreserve.door.socket_client import SocketDoor
from fullreserve.door.socket_server import SOCKET_NAME
from fullreserve.exchange import chart, decimals
from fullreserve.exchange.listing import LEDGER_SCALE, Pair, list_pair
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    WITHDRAWALS,
    DefineNetwork,
    NetworkAsset,
)
from fullreserve.exchange.products.deposit_state import ListNetworks, NetworkState
from fullreserve.exchange.wire.commands import (
    AnyCommand,
    DefineAsset,
    InstrumentState,
    Product,
    amount_bytes,
)
from fullreserve.exchange.wire.events import AssetDefined, InstrumentChanged
from fullreserve.exchange.wire.queries import AskFold, ListAssets, ListInstruments
from fullreserve.identity.commands import COMMAND_GATEWAY

DONE, FAILED = 0, 1
# What is passed, in this order, before an asset is listed.
STAGES = ("legal", "security", "adapter", "risk")

_encode = msgspec.msgpack.Encoder().encode

Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Decimal = Annotated[str, Meta(pattern=r"^[0-9]+(\.[0-9]{1,8})?$")]


class BadManifest(ValueError):
    """A manifest that says nothing that can be listed; the message says what is wrong."""


class NotTaken(ValueError):
    """The running exchange refused what it was told; the message says what, and why."""


class Review(msgspec.Struct, forbid_unknown_fields=True):
    by: Annotated[str, Meta(min_length=1)]
    on: date
    digest: Digest


class Chain(msgspec.Struct, forbid_unknown_fields=True):
    network: Annotated[int, Meta(ge=1)]
    decimals: Annotated[int, Meta(ge=0, le=30)]
    minimum_deposit: Decimal
    fee: Decimal
    minimum: Decimal
    maximum: Decimal


class Market(msgspec.Struct, forbid_unknown_fields=True):
    quote: str
    tick: Decimal
    lot: Decimal
    min_size: Decimal
    max_size: Decimal
    max_price: Decimal


class Manifest(msgspec.Struct, forbid_unknown_fields=True):
    """All that is decided of an asset."""

    symbol: Annotated[str, Meta(pattern="^[A-Z0-9]{2,12}$")]
    supply_cap: Decimal
    reviews: dict[str, Review] = {}
    chains: list[Chain] = []
    pairs: list[Market] = []

    def lacking(self) -> list[str]:
        """Stages that nobody has passed yet."""
        return [stage for stage in STAGES if stage not in self.reviews]


def load(path: Path) -> Manifest:
    """The manifest in a file; BadManifest."""
    try:
        made = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Manifest)
    except (OSError, ValueError) as problem:
        raise BadManifest(f"{path}: {problem}") from None
    unknown = sorted(set(made.reviews) - set(STAGES))
    if unknown:
        raise BadManifest(f"{path}: {unknown[0]!r} is no stage; they are {', '.join(STAGES)}")
    return made


def check(settings: Settings, manifest: Path) -> int:  # noqa: ARG001 - a command's shape
    """Print each stage of a manifest and whether it is passed."""
    try:
        made = load(manifest)
    except BadManifest as problem:
        sys.stderr.write(f"fullreserve: {problem}\n")
        return FAILED
    for stage in STAGES:
        review = made.reviews.get(stage)
        passed = f"passed by {review.by} on {review.on}" if review else "not passed"
        sys.stdout.write(f"{stage:<9} {passed}\n")
    pairs = ", ".join(f"{made.symbol}-{pair.quote}" for pair in made.pairs) or "none"
    chains = ", ".join(str(chain.network) for chain in made.chains) or "none"
    sys.stdout.write(f"{'networks':<9} {chains}\n{'pairs':<9} {pairs}\n")
    return FAILED if made.lacking() else DONE


def listing(settings: Settings, manifest: Path) -> int:
    """List an asset on the running exchange, as its manifest says."""
    try:
        for line in asyncio.run(_listed(settings, load(manifest))):
            sys.stdout.write(f"{line}\n")
    except (BadManifest, NotTaken, networks.BadNetworks, Unavailable, OSError) as problem:
        sys.stderr.write(f"fullreserve: {problem}\n")
        return FAILED
    return DONE


async def _listed(settings: Settings, made: Manifest) -> list[str]:
    wanted = {chain.network for chain in made.chains}
    door = await SocketDoor.open(settings.data / SOCKET_NAME, COMMAND_GATEWAY, SystemClock())
    try:
        known = networks.load(settings.data)
        for one in known:
            wrong = list(network_fields.faults(one)) if one.network in wanted else []
            if wrong:
                where = f"network {one.network} in {networks.FILE}"
                raise networks.BadNetworks(f"{made.symbol}: {where}: {'; '.join(wrong)}")
        served = {one.network: one.decimals for one in known}
        return await listed(door, made, served)
    finally:
        await door.close()


async def listed(door: Door, made: Manifest, served: Mapping[int, Mapping[int, int]]) -> list[str]:
    """Says to the log what it lacks of an asset, and what that was; BadManifest.

    `served` are the networks that the workers of custody serve, with the decimals of each asset.
    """
    if made.lacking():
        raise BadManifest(f"{made.symbol} has not passed: {', '.join(made.lacking())}")
    assets: list[AssetDefined] = await door.query(ListAssets())
    numbers = {one.symbol: one.asset for one in assets}
    instruments: list[InstrumentChanged] = await door.query(ListInstruments())
    known_terms = await defined(door)
    said: list[str] = []
    commands: list[AnyCommand] = []
    if made.symbol not in numbers:
        numbers[made.symbol] = max(numbers.values(), default=0) + 1
        cap = amount_bytes(decimals.parse(made.supply_cap, LEDGER_SCALE))
        commands.append(DefineAsset(0, 0, numbers[made.symbol], made.symbol, LEDGER_SCALE, cap))
        said.append(f"{made.symbol} is asset {numbers[made.symbol]}.")
    asset = numbers[made.symbol]
    for chain in made.chains:
        if chain.network not in known_terms:
            said.append(
                f"Network {chain.network} waits for asset {asset}: nobody has defined it "
                f"(fullreserve custody define-network); defined are {_numbers(known_terms)}."
            )
            continue
        terms = _terms(chain, asset, known_terms[chain.network])
        if served.get(chain.network, {}).get(asset) != chain.decimals:
            said.append(
                f"Network {chain.network} waits: custody.json does not have asset {asset} there "
                f"with {chain.decimals} decimals."
            )
            continue
        if terms == known_terms[chain.network]:
            continue
        commands += define(terms)
        said.append(f"{made.symbol} is on network {terms.network}, {terms.code}.")
    last = max((one.instrument for one in instruments), default=0)
    known = [one.symbol for one in instruments]
    for pair in _pairs(made, numbers):
        if pair.symbol not in known:
            last += 1
            opened = list_pair(last, pair, numbers)
            commands.append(msgspec.structs.replace(opened, state=InstrumentState.PREOPEN))
            said.append(f"{pair.symbol} is instrument {last}, not open yet.")
    for command in commands:
        await say(door, command)
    return said or [f"Nothing is lacking of {made.symbol}."]


async def say(door: Door, command: AnyCommand) -> None:
    """Has the running exchange carry a command out; NotTaken, Unavailable."""
    text = type(command).__name__
    sent = msgspec.structs.replace(command, gateway=door.gateway, number=door.numbers(1))
    result = await outcome(door, sent)
    if isinstance(result, Refused):
        raise NotTaken(f"{text} was not taken: {result.message}")
    if result.code:
        raise NotTaken(f"{text} is refused with code {result.code}")


def define(terms: DefineNetwork) -> list[AnyCommand]:
    """What tells both folds a network's terms."""
    payload = _encode(terms)
    return [Product(0, 0, fold, chart.HOUSE, payload) for fold in (DEPOSITS, WITHDRAWALS)]


async def defined(door: Door) -> dict[int, DefineNetwork]:
    """The terms of all networks that the log knows, by number; Unavailable."""
    answer: bytes = await door.query(AskFold(DEPOSITS, _encode(ListNetworks())))
    found = msgspec.msgpack.decode(answer, type=list[NetworkState])
    return {one.terms.network: one.terms for one in found}


def _numbers(known: Mapping[int, DefineNetwork]) -> str:
    return ", ".join(str(one) for one in sorted(known)) or "none"


def _terms(chain: Chain, asset: int, terms: DefineNetwork) -> DefineNetwork:
    """A network's terms, the asset's with them."""
    line = NetworkAsset(
        *(asset, chain.decimals, _ledger(chain.minimum_deposit), _ledger(chain.fee)),
        *(_ledger(chain.minimum), _ledger(chain.maximum), min(chain.decimals, LEDGER_SCALE)),
    )
    if line in terms.assets:
        return terms
    others = tuple(one for one in terms.assets if one.asset != asset)
    return msgspec.structs.replace(terms, assets=(*others, line))


def _ledger(text: str) -> bytes:
    return amount_bytes(decimals.parse(text, LEDGER_SCALE))


def _pairs(made: Manifest, numbers: Mapping[str, int]) -> list[Pair]:
    found = []
    for one in made.pairs:
        if one.quote not in numbers:
            raise BadManifest(f"{one.quote} is no asset that a pair can be quoted in")
        steps = (one.tick, one.lot, one.min_size, one.max_size, one.max_price)
        found.append(Pair(f"{made.symbol}-{one.quote}", *steps))
    return found
