"""The document that shows reserves: every place with coins, its owner's signature, its balance.

What cannot be shown is left out and does not count: a place without a fresh signature, a chain
whose nodes do not answer or do not agree.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec
import structlog

from fullreserve.clock import Clock
from fullreserve.custody import networks
from fullreserve.custody.chains.rpc import Node, NodeProblem
from fullreserve.custody.house import House
from fullreserve.custody.networks import BadNetworks, Network
from fullreserve.door.protocol import Door, Unavailable
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.deposit_state import ListNetworks
from fullreserve.exchange.wire.events import AssetDefined
from fullreserve.exchange.wire.queries import ListAssets
from fullreserve.reserves import accounts_chain, coins_chain, leaving, safe_places
from fullreserve.reserves.accounts_chain import Coin, Coins, Found, Pinned, Token
from fullreserve.reserves.announced import DEPOSIT, WAIT_MS, Age, Announced
from fullreserve.reserves.canonical import digest
from fullreserve.reserves.checker import NoVerifier
from fullreserve.reserves.declared import SAFE_FORM
from fullreserve.reserves.judging import refused
from fullreserve.reserves.owned import Owned
from fullreserve.reserves.places import (
    DAY_MS,
    LASTS_MAX_MS,
    Control,
    NotProven,
    Ownership,
    Place,
    Said,
    message_of,
    read_message,
)
from fullreserve.reserves.statement import (
    NO_NODE,
    NOTHING,
    STALE,
    UNREAD,
    UNVERIFIED,
    Chain,
    Document,
    Mined,
    Shown,
    Unshown,
)
from fullreserve.reserves.statement import Token as Named

# What was read earlier stands in for what cannot be read, for so long.
KEPT_MS = 10 * 60 * 1000
# Chains are read at one moment: this many at once, each by a thread that waits for its nodes.
CHAINS_AT_ONCE = 8
# Of a chain, whose signers may be on other machines.
SIGNED_AT_ONCE = 8
# Signed again when it is this old; no longer believed after the second. Verifiers believe for a day
# until the statement, which is made up to a minute after reading, or of what was read earlier.
SIGN_AGAIN_MS = 6 * 3600 * 1000
SIGNED_FOR_MS = DAY_MS
SPARE_MS = KEPT_MS + 60 * 1000
# As verifiers have it: a node that hangs shows what was there once. Headers may be ahead of it.
BLOCK_AGE_MAX_MS = 4 * 3600 * 1000
BLOCK_AHEAD_MAX_MS = 2 * 3600 * 1000

log = structlog.get_logger(__name__)

_T = TypeVar("_T")


class OldBlock(NodeProblem):
    """The newest block of a node is too old for its reserves to be those of now."""


class Rules(NamedTuple):
    """What an operator sets: how long addresses wait, and which tokens are the exchange's own."""

    wait_ms: int = WAIT_MS
    own_tokens: frozenset[str] = frozenset()


class Evidence:
    """Reads the chains of this exchange."""

    def __init__(
        self,
        data: Path,
        door: Door,
        clock: Clock,
        exchange: str,
        control: Control,
        rules: Rules | None = None,
    ) -> None:
        self._data = data
        self._door = door
        self._clock = clock
        self._exchange = exchange
        self._control = control
        self._owned = Owned(data, exchange)
        self._rules = rules or Rules()
        self._announced = Announced(data, exchange, self._rules.wait_ms)
        self._parts: dict[int, _Part] = {}
        self._said: dict[int, str] = {}
        self._stale: set[int] = set()  # networks whose nodes have but old blocks
        self._named: _Names | None = None  # as the exchange told last
        self._codes: dict[int, str] = {}  # of the exchange's networks, as last told
        self._readers = ThreadPoolExecutor(CHAINS_AT_ONCE, "chains")

    async def read(self, now_ms: int) -> tuple[Shown, Document | None]:
        """What can be shown now, and the document that shows it."""
        self._announced.see((), now_ms)
        try:
            served = [one for one in networks.served(self._data) if one.adapter is None]
            names = self._named = await self._names()
            await self._announce_unserved(now_ms)
            await self._refresh(served, names, now_ms)
        except BadNetworks as problem:
            log.warning("reserves cannot be read", problem=str(problem))
            return self._nothing(), None
        except Unavailable as problem:
            log.warning("reserves cannot be read", problem=str(problem))
            if self._named is None:
                return self._nothing(), None
            # An exchange that is gone for a moment has lost no coins.
            names = self._named
        parts = [
            part
            for network in served
            if (part := self._parts.get(network.network)) and now_ms - part.read_ms <= KEPT_MS
        ]
        lacks = len(parts) < len(served) or any(part.unsigned for part in parts)
        if not parts:
            return self._nothing()._replace(lacks=lacks), None
        whole = _whole(networks.load(self._data), self._parts, now_ms)
        shown, document = self._shown(_apart(parts), names, whole)
        return shown._replace(lacks=lacks), document

    def _nothing(self) -> Shown:
        """Since when addresses are published is told also where none of them can be read."""
        return NOTHING._replace(
            addresses=self._announced.document(),
            unshown=self._unshown(()),
            own_tokens=self._rules.own_tokens,
        )

    def _unshown(self, parts: Sequence[_Part]) -> list[Unshown]:
        """The exchange's networks of which there is no part."""
        there = {part.network.network for part in parts}
        try:
            known = {one.network: one for one in networks.load(self._data)}
        except BadNetworks:
            known = {}
        codes = {number: str(number) for number in known} | self._codes
        return [
            Unshown(number, code, self._why(number, known.get(number)))
            for number, code in sorted(codes.items())
            if number not in there
        ]

    def _why(self, network: int, known: Network | None) -> str:
        """Nothing is shown of a network."""
        if known is None or not known.nodes:
            return NO_NODE
        if known.adapter is not None:
            return UNVERIFIED
        return STALE if network in self._stale else UNREAD

    async def _announce_unserved(self, now_ms: int) -> None:
        """Wallets are published while their network has no node: it may have one tomorrow."""
        for network in networks.load(self._data):
            if not network.nodes:
                places = await self._control.places(network.network)
                self._announced.see([one for one in places if one.tier != DEPOSIT], now_ms)

    async def _refresh(self, served: Sequence[Network], names: _Names, now_ms: int) -> None:
        """All chains are read before anything is signed, so that their blocks are of one moment."""
        self._stale.clear()
        read = await asyncio.gather(
            *(self._unless_a_problem(one, self._reading(one, names, now_ms)) for one in served)
        )
        parts = await asyncio.gather(
            *(
                self._unless_a_problem(one, self._part(one, names, reading, now_ms))
                for one, reading in zip(served, read, strict=True)
                if reading is not None
            )
        )
        for part in parts:
            if part is not None:
                self._parts[part.network.network] = part
                self._said.pop(part.network.network, None)

    async def _unless_a_problem(
        self, network: Network, doing: Coroutine[Any, Any, _T]
    ) -> _T | None:
        """What is done; None, and a word in the log, where the chain cannot be shown."""
        number = network.network
        try:
            return await doing
        except (NodeProblem, Unavailable) as problem:
            if isinstance(problem, OldBlock):
                self._stale.add(number)
            if self._said.get(number) != str(problem):
                log.warning("chain not shown", network=number, problem=str(problem))
            self._said[number] = str(problem)
            return None

    async def _reading(self, network: Network, names: _Names, now_ms: int) -> _Reading:
        """What a chain has, before anybody is asked to sign for it."""
        places = await self._control.places(network.network)
        coins = self._coins(network, names)
        reading = partial(_read, self._data, network, coins, places)
        found, paid = await asyncio.get_running_loop().run_in_executor(self._readers, reading)
        _check_time(found.pinned, now_ms)
        return _Reading(places, coins, found, paid, max(now_ms, self._clock.wall_ms()))

    async def _part(self, network: Network, names: _Names, reading: _Reading, now_ms: int) -> _Part:
        places, found = reading.places, reading.found
        held = [one for one in places if one.address in found.amounts]
        owned = await self._owners(held, found.pinned, now_ms)
        self._owned.keep()
        self._wait(places, held, owned, now_ms)
        found = await self._by_safes(network, found, held, owned, now_ms)
        reading = reading._replace(found=found)
        part = _part_of(network, names, reading, held, owned, now_ms)
        for address, problem in (await self._refused(part)).items():
            log.warning("place not believed", address=address, problem=problem)
            owned[address] = None
        for one in held:
            if owned[one.address] is None and one.tier == "declared":
                self._owned.forget(one)  # what is declared next is to count at once
        return _part_of(network, names, reading, held, owned, now_ms)

    async def _by_safes(
        self,
        network: Network,
        found: Found,
        held: Sequence[Place],
        owned: dict[str, Ownership | None],
        now_ms: int,
    ) -> Found:
        """With what shows the owners of Safes; where these have changed, those of now sign."""
        found, wrong = await asyncio.to_thread(_with_safes, network, found, held, owned)
        if not wrong:
            return found
        again = [one for one in held if one.address in wrong]
        for one in again:
            self._owned.forget(one)
        owned |= await self._owners(again, found.pinned, now_ms)
        found, wrong = await asyncio.to_thread(_with_safes, network, found, again, owned)
        for one in again:
            if one.address in wrong:
                self._owned.forget(one)
                problem = wrong[one.address]
                log.warning("place not signed for", address=one.address, problem=problem)
        self._owned.keep()
        return found

    async def _owners(
        self, held: Sequence[Place], block: Pinned, now_ms: int
    ) -> dict[str, Ownership | None]:
        """Who signed for each place."""
        limit = asyncio.Semaphore(SIGNED_AT_ONCE)

        async def owner(place: Place) -> Ownership | None:
            async with limit:
                return await self._owner(place, block, now_ms)

        owners = await asyncio.gather(*map(owner, held))
        return dict(zip((one.address for one in held), owners, strict=True))

    def _coins(self, network: Network, names: _Names) -> Coins:
        """The chain's coin and the contracts that its network names."""
        tokens = [
            Token(names.symbols[asset], bytes.fromhex(contract), network.decimals[asset])
            for asset, contract in sorted(network.tokens.items())
        ]
        return Coins(names.symbols[network.coin], network.decimals[network.coin], tokens)

    def _wait(
        self,
        places: Sequence[Place],
        held: Sequence[Place],
        owned: dict[str, Ownership | None],
        now_ms: int,
    ) -> None:
        """Publishes what is new, and counts no wallet that is published only lately."""
        self._announced.see([one for one in places if one.tier != DEPOSIT] + list(held), now_ms)
        # A statement's time of reading is that of the oldest part that it shows: by that time, too,
        # what is counted now has to have waited, or verifiers refuse all of it.
        oldest_ms = now_ms - KEPT_MS
        for one in held:
            if not self._announced.age(one, oldest_ms).counts:
                owned[one.address] = None

    def _ages(self, parts: Sequence[_Part], now_ms: int) -> Ages:
        return {
            (one.network, one.address): self._announced.age(one, now_ms)
            for part in parts
            for one in part.places
        }

    async def _refused(self, part: _Part) -> dict[str, str]:
        try:
            document = part.document(self._ages([part], part.read_ms))
            return await asyncio.to_thread(refused, document, self._exchange, part.read_ms)
        except NoVerifier:
            return {}

    async def _owner(self, place: Place, block: Pinned, now_ms: int) -> Ownership | None:
        """A proof that is believed still; a new one where it is time for one."""
        kept = self._owned.of(place)
        if kept and now_ms - read_message(kept.message).at_ms <= SIGN_AGAIN_MS:
            return kept
        said = Said(
            *(self._exchange, place.address, place.network, block.height, block.hash),
            *(now_ms, now_ms + SIGNED_FOR_MS),
        )
        try:
            fresh = await self._control.prove(place, message_of(said))
            _check_said(fresh, said)
        except (NotProven, Unavailable) as problem:
            log.warning("place not signed for", address=place.address, problem=str(problem))
            return kept if kept and _is_believed(read_message(kept.message), now_ms) else None
        self._owned.take(place, fresh)
        return fresh

    async def _names(self) -> _Names:
        assets: list[AssetDefined] = await self._door.query(ListAssets())
        states = await House(self._door).ask(wire.DEPOSITS, ListNetworks())
        self._codes = {one.terms.network: one.terms.code for one in states}
        return _Names(
            {one.asset: one.symbol for one in assets},
            {one.asset: one.scale for one in assets},
            self._codes,
        )

    def _shown(
        self, parts: Sequence[_Part], names: _Names, whole: frozenset[int]
    ) -> tuple[Shown, Document]:
        read_ms = min(part.read_ms for part in parts)
        ages = self._ages(parts, read_ms)
        document: Document = {
            "v": 2,
            "exchange": self._exchange,
            "chains": [part.document(ages) for part in parts],
        }
        totals, young = Counter[int](), Counter[int]()
        for part in parts:
            totals.update(part.totals(names, part.places))
            late = [one for one in part.places if ages[one.network, one.address].is_young]
            young.update(part.totals(names, late))
        return Shown(
            dict(totals),
            [part.chain() for part in parts],
            read_ms,
            digest(document),
            whole,
            young=dict(young),
            addresses=self._announced.document(),
            mined=[one for part in parts for one in part.paid],
            unshown=self._unshown(parts),
            own_tokens=self._rules.own_tokens,
        ), document


def _check_time(block: Pinned, now_ms: int) -> None:
    """OldBlock; with time to spare for what is read now and told a little later."""
    behind_ms = now_ms - block.time_ms
    if not -BLOCK_AHEAD_MAX_MS <= behind_ms <= BLOCK_AGE_MAX_MS - SPARE_MS:
        raise OldBlock(f"the newest block is {behind_ms // 60_000} minutes behind the clock")


def _with_safes(
    network: Network,
    found: Found,
    held: Sequence[Place],
    owned: dict[str, Ownership | None],
) -> tuple[Found, dict[str, str]]:
    """Adds what shows the owners of Safes; a Safe that does not say yes is not owned, and why."""
    safes = [
        (one, proof) for one in held if (proof := owned[one.address]) and proof.form == SAFE_FORM
    ]
    wrong: dict[str, str] = {}
    if not safes:
        return found, wrong
    node, nodes = Node(network.nodes[0]), set(found.nodes)
    try:
        for place, proof in safes:
            try:
                block = found.pinned
                nodes |= safe_places.shown(node, place, proof, network.chain_id, block)
            except (NotProven, NoVerifier) as problem:
                owned[place.address], wrong[place.address] = None, str(problem)
    finally:
        node.close()
    return found._replace(nodes=sorted(nodes)), wrong


def _check_said(proof: Ownership, wanted: Said) -> None:
    """What was signed earlier is for this place too, and not too old; NotProven."""
    said = read_message(proof.message)
    same = said[:3] == wanted[:3]
    if not same or said.height > wanted.height or said.at_ms > wanted.at_ms:
        raise NotProven(f"the signature over {wanted.address} is for something else")
    if not _is_believed(said, wanted.at_ms):
        raise NotProven(f"the signature over {wanted.address} is too old: somebody has to sign")


def _is_believed(said: Said, now_ms: int) -> bool:
    """By who reads the next statement, too."""
    lasts_ms = min(said.ends_ms - said.at_ms, LASTS_MAX_MS)
    return now_ms <= said.at_ms + lasts_ms - SPARE_MS


def _part_of(
    network: Network,
    names: _Names,
    reading: _Reading,
    held: Sequence[Place],
    owned: Mapping[str, Ownership | None],
    read_ms: int,
) -> _Part:
    """What of a chain is signed for."""
    shown = [(one, proof) for one in held if (proof := owned[one.address]) is not None]
    unsigned = {
        symbol
        for one in held
        if owned[one.address] is None
        for symbol in reading.found.amounts[one.address]
    }
    if not reading.found.is_whole:
        unsigned.add(reading.coins.symbol)
    return _Part(
        network=network,
        name=names.codes.get(network.network, str(network.network)),
        coins=reading.coins,
        found=reading.found,
        places=[one for one, _ in shown],
        owners={one.address: proof for one, proof in shown},
        read_ms=read_ms,
        done_ms=reading.done_ms,
        paid=reading.paid,
        unsigned=frozenset(asset for asset, symbol in names.symbols.items() if symbol in unsigned),
    )


Ages = Mapping[tuple[int, str], Age]


class _Names(msgspec.Struct, frozen=True):
    symbols: dict[int, str]
    scales: dict[int, int]
    codes: dict[int, str]


class _Reading(NamedTuple):
    """What a chain has, and what was sent there."""

    places: Sequence[Place]
    coins: Coins
    found: Found
    paid: Sequence[Mined]
    done_ms: int  # wall time


class _Part(msgspec.Struct, frozen=True):
    """One chain's share of the document."""

    network: Network
    name: str
    coins: Coins
    found: Found
    places: list[Place]
    owners: dict[str, Ownership]
    read_ms: int  # when reading was begun
    done_ms: int
    paid: Sequence[Mined]
    unsigned: frozenset[int]  # assets of which there is something that nobody signed for

    def document(self, ages: Ages) -> Document:
        """What is published of it."""
        pinned, slots = self.found.pinned, self.found.slots
        shared: Document = {
            "network": self.network.network,
            "name": self.name,
            "height": pinned.height,
            "block": pinned.hash,
            "header": pinned.header,
            "coin": {"symbol": self.coins.symbol, "decimals": self.coins.decimals},
            "places": [self._place(one, ages) for one in self.places],
        }
        if self.network.is_script:
            return {**shared, "kind": "utxo", "hrp": self.network.hrp, "tokens": []}
        return {
            **shared,
            "kind": "evm",
            "chainId": self.network.chain_id,
            "tokens": [{**one._asdict(), "slot": slots[one.contract]} for one in self._tokens()],
            "nodes": list(self.found.nodes),
        }

    def _tokens(self) -> list[Named]:
        """What counts there; a contract without a slot has none of our coins."""
        named = [Named(one.symbol, one.contract.hex(), one.decimals) for one in self.coins.tokens]
        return [one for one in named if one.contract in self.found.slots]

    def _place(self, one: Place, ages: Ages) -> Document:
        owner = self.owners[one.address]
        held = self.found.amounts[one.address]
        coins = self.found.coins.get(one.address)
        return {
            "address": one.address,
            "tier": one.tier,
            "since": ages[one.network, one.address].since_ms,
            "message": owner.message,
            "signatures": list(owner.signatures),
            "script": owner.script,
            "amounts": {symbol: str(amount) for symbol, amount in sorted(held.items())},
            **({"form": owner.form} if owner.form else {}),
            **({"coins": [self._coin(one) for one in coins]} if coins else {}),
        }

    def _coin(self, one: Coin) -> Document:
        """With the block that it is in: how long it has been there."""
        height = self.found.pinned.height + 1 - one.confirmations
        return {"outpoint": one.name, "amount": str(one.units), "height": height}

    def totals(self, names: _Names, places: Sequence[Place]) -> dict[int, int]:
        """Of some places in ledger units, rounded down once for the chain, by asset."""
        decimals = {self.coins.symbol: self.coins.decimals}
        decimals |= {one.symbol: one.decimals for one in self.coins.tokens}
        sums: Counter[str] = Counter()
        for one in places:
            sums.update(self.found.amounts[one.address])
        return {
            asset: sums[symbol] * 10 ** names.scales[asset] // 10 ** decimals[symbol]
            for asset, symbol in names.symbols.items()
            if symbol in sums
        }

    def chain(self) -> Chain:
        """What the statement says of it."""
        owners = [self.owners[one.address] for one in self.places]
        signed = [read_message(one.message).at_ms for one in owners]
        pinned = self.found.pinned
        return Chain(
            self.network.network,
            self.name,
            pinned.height,
            pinned.hash,
            min(signed, default=self.read_ms),
            pinned.time_ms,
            self.done_ms,
            self._tokens(),
        )


def _whole(known: Sequence[Network], parts: Mapping[int, _Part], now_ms: int) -> frozenset[int]:
    """Assets of which nothing is missing: each chain was read now, each place with some signed."""
    read = {number for number, part in parts.items() if part.read_ms == now_ms}
    partly = {asset for one in known if one.network not in read for asset in one.decimals}
    partly |= {asset for part in parts.values() for asset in part.unsigned}
    return frozenset(asset for one in known for asset in one.decimals) - partly


def _apart(parts: Sequence[_Part]) -> list[_Part]:
    """The parts without what an earlier one has: two networks may be one chain."""
    seen: set[tuple[int | str, bytes]] = set()
    apart = []
    for part in parts:
        chain = part.network.hrp or part.network.chain_id
        places = []
        for one in part.places:
            if (chain, one.account) not in seen:
                seen.add((chain, one.account))
                places.append(one)
        apart.append(msgspec.structs.replace(part, places=places))
    return apart


def _read(
    data: Path, network: Network, coins: Coins, places: Sequence[Place]
) -> tuple[Found, list[Mined]]:
    """What is there, and which payments are in blocks; NodeProblem."""
    sent = leaving.sent(data, network)
    if network.is_script:
        found = coins_chain.found(data, network, coins.symbol, places, sent)
    else:
        found = _read_accounts(network, coins, places)
    return found, leaving.mined(network, sent, found.pinned.height)


def _read_accounts(network: Network, coins: Coins, places: Sequence[Place]) -> Found:
    node = Node(network.nodes[0])
    try:
        block = accounts_chain.pinned(node, network.credit_after)
        for url in network.nodes[1:]:
            accounts_chain.agree(Node(url), block)
        return accounts_chain.found(node, coins, places, block)
    finally:
        node.close()
