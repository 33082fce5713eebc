"""What owners of the record's Safes have announced to their guards and is not in force: shown.

A guard lets nothing looser count before its delay is over, so that somebody can step in: its logs
say what was announced, its views what stands of that. Where there are two nodes the word of one is
enough, as who hides something only says nothing.
"""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import structlog

from fullreserve.custody.addresses import checksummed, read_account
from fullreserve.custody.bech32 import BadAddress
from fullreserve.custody.chains.rpc import Node, NodeProblem, field, hexed, listed, quantity
from fullreserve.custody.keccak import keccak256
from fullreserve.custody.keys.record import BadRecord, TierWallet
from fullreserve.custody.left import leave
from fullreserve.custody.networks import Network
from fullreserve.custody.tier_places import TierPlaces
from fullreserve.custody.tiers import abi
from fullreserve.custody.tiers.guard import COIN
from fullreserve.exchange.worker_files import Announced, AnnouncedKind, Announcement, announced_name

EVERY = 20  # rounds of a watcher between two looks
BLOCKS_AT_ONCE = 2_000
AGAIN = 100  # blocks are read again each time: a reorganisation may have replaced them
MOST = 1_000  # of a node's answer: a flood of announcements alarms by these as well
ASKED_AT_ONCE = 100
FROM_MS_MOST = 1 << 53  # a chain may say any number

# Where a Safe keeps its guard.
_SLOT = "0x" + keccak256(b"guard_manager.guard.address").hex()
_EVENTS = {
    keccak256(b"DestinationAnnounced(address,uint256)"): AnnouncedKind.DESTINATION,
    keccak256(b"LimitAnnounced(address,uint256,uint256)"): AnnouncedKind.LIMIT,
    keccak256(b"GuardAnnounced(address,uint256)"): AnnouncedKind.GUARD,
}
_VIEWS = {
    AnnouncedKind.DESTINATION: "allowedFrom(address)",
    AnnouncedKind.LIMIT: "limits(address)",
    AnnouncedKind.GUARD: "guardFrom(address)",
}

log = structlog.get_logger(__name__)


class Key(NamedTuple):
    """What may be announced; `account` is a token's of a limit."""

    guard: bytes
    kind: AnnouncedKind
    account: bytes


class Standing(NamedTuple):
    """From which second it counts, and the amount of a limit in the chain's units."""

    since_s: int
    amount: int = 0


class _Tip(NamedTuple):
    height: int
    time_s: int


class Announcements:
    """Of one network; `data` is the folder of the record. What was said is not said again."""

    def __init__(self, network: Network, data: Path) -> None:
        self._network = network
        self._place = data / announced_name(network.network)
        self._tiers = TierPlaces(network, data)
        self._nodes = [Node(url) for url in network.nodes[:2]]
        self._kept = _kept(self._place) or Announced(network.network)
        self._wait = 0
        self._unsaid = ""
        self._is_left = True

    async def look(self) -> None:
        """Once in a while; what a node cannot say changes nothing that is shown."""
        self._wait -= 1
        if self._wait > 0:
            return
        self._wait = EVERY
        try:
            found = await to_thread(self._read)
        except (NodeProblem, BadRecord) as problem:
            if str(problem) != self._unsaid:
                self._unsaid = str(problem)
                network = self._network.network
                log.warning(
                    "what owners of Safes announced is not known",
                    network=network, problem=self._unsaid,
                )  # fmt: skip
            return
        self._unsaid = ""
        self._tell(found)

    def _read(self) -> Announced:
        safes = {bytes.fromhex(one.guard): one for one in self._tiers.guarded()}
        guards, before = tuple(sorted(one.hex() for one in safes)), self._kept
        if not safes:
            return Announced(self._network.network)
        tips = [_block(node, "latest") for node in self._nodes]
        newest = min(tip.height for tip in tips)
        if before.guards != guards or before.height > newest:
            each = zip(self._nodes, tips, strict=True)
            height = min(_begins(node, tip, safes) for node, tip in each) - 1
        else:
            height = before.height
        known = min(height, newest)
        last = min(newest, known + BLOCKS_AT_ONCE)
        if last < newest:
            self._wait = 0  # goes on in the next round
        keys = set(self._keys(safes))
        for node in self._nodes:
            keys |= set(_logged(node, safes, max(0, known + 1 - AGAIN), last))
        standing = dict[Key, Standing]()
        for node, tip in zip(self._nodes, tips, strict=True):
            standing |= _standing(node, tip, safes, keys)
        found = [self._shown(safes[key.guard], key, one) for key, one in standing.items()]
        found.sort(key=lambda one: (one.from_ms, one.safe, one.kind, one.account))
        return Announced(self._network.network, guards, last, tuple(found))

    def _keys(self, safes: Mapping[bytes, TierWallet]) -> Iterator[Key]:
        """What was announced when it was looked last."""
        guards = {_text(one.safe): guard for guard, one in safes.items()}
        for one in self._kept.found:
            if one.safe in guards:
                account = read_account(one.account) if one.account else COIN
                yield Key(guards[one.safe], one.kind, account)

    def _shown(self, safe: TierWallet, key: Key, one: Standing) -> Announcement:
        network, asset, amount = self._network, -1, ""
        if key.kind == AnnouncedKind.LIMIT:
            of = {bytes.fromhex(contract): asset for asset, contract in network.tokens.items()}
            asset = (of | {COIN: network.coin}).get(key.account, -1)
            scale = network.scales.get(asset)
            amount = str(one.amount if scale is None else scale.to_ledger(one.amount)[0])
        account = checksummed(key.account) if key.account != COIN else ""
        from_ms = min(one.since_s * 1_000, FROM_MS_MOST)
        return Announcement(
            network.network, safe.tier, _text(safe.safe), key.kind, account, from_ms, asset, amount
        )

    def _tell(self, now: Announced) -> None:
        before = self._kept
        if now == before:
            return
        for one in now.found:
            if one not in before.found:
                log.error(
                    "owners of a Safe announced what its guard lets through from then on",
                    **msgspec.structs.asdict(one),
                )
        for one in before.found:
            if one not in now.found:
                log.info(
                    "an announcement is in force, withdrawn or another",
                    **msgspec.structs.asdict(one),
                )
        self._kept = now
        untold = "operators are not told of announcements"
        self._is_left = leave(self._place, now, untold, is_quiet=not self._is_left)


def _kept(place: Path) -> Announced | None:
    """As an earlier run left it; read anew where that is missing or damaged."""
    try:
        kept = msgspec.json.decode(place.read_bytes(), type=Announced)
        for one in kept.found:
            if one.account:
                read_account(one.account)
    except (OSError, msgspec.DecodeError, BadAddress):
        return None
    return kept


def _text(account: str) -> str:
    return checksummed(bytes.fromhex(account))


def _block(node: Node, which: str) -> _Tip:
    told = node.call("eth_getBlockByNumber", which, False)
    return _Tip(quantity(field(told, "number"), 63), quantity(field(told, "timestamp"), 63))


def _begins(node: Node, tip: _Tip, guards: Collection[bytes]) -> int:
    """The first block in which something was announced that may wait still; NodeProblem."""
    asked = [_ask(guard, abi.call("delay()"), tip.height) for guard in guards]
    # One that is not there has no delay.
    delay = max(int.from_bytes(hexed(one), "big") for one in node.calls(asked))
    low, high = 0, tip.height
    while low < high:
        middle = (low + high) // 2
        if _block(node, hex(middle)).time_s < tip.time_s - delay:
            low = middle + 1
        else:
            high = middle
    return low


def _ask(guard: bytes, data: bytes, height: int) -> tuple[str, list[Any]]:
    return "eth_call", [{"to": "0x" + guard.hex(), "data": "0x" + data.hex()}, hex(height)]


def _logged(node: Node, guards: Collection[bytes], first: int, last: int) -> list[Key]:
    """What was announced in some blocks, of what stands or not; NodeProblem."""
    asked = {
        "address": ["0x" + guard.hex() for guard in guards],
        "fromBlock": hex(first),
        "toBlock": hex(last),
        "topics": [["0x" + event.hex() for event in _EVENTS]],
    }
    found = list[Key]()
    for one in listed(node.call("eth_getLogs", asked))[:MOST]:
        guard = hexed(field(one, "address"), abi.ACCOUNT)
        topics = [hexed(topic, abi.WORD) for topic in listed(field(one, "topics"))]
        if guard in guards and len(topics) == 2 and topics[0] in _EVENTS:
            found.append(Key(guard, _EVENTS[topics[0]], topics[1][-abi.ACCOUNT :]))
    return found


def _standing(
    node: Node, tip: _Tip, safes: Mapping[bytes, TierWallet], keys: Collection[Key]
) -> dict[Key, Standing]:
    """What of it waits, after a node's newest block; NodeProblem."""
    places = [["0x" + one.safe, _SLOT, hex(tip.height)] for one in safes.values()]
    told = node.calls([("eth_getStorageAt", place) for place in places])
    in_force = {
        guard: hexed(one, abi.WORD)[-abi.ACCOUNT :] for guard, one in zip(safes, told, strict=True)
    }
    found, asked = dict[Key, Standing](), sorted(keys)
    for at in range(0, len(asked), ASKED_AT_ONCE):
        some = asked[at : at + ASKED_AT_ONCE]
        calls = [
            _ask(one.guard, abi.call(_VIEWS[one.kind], one.account), tip.height) for one in some
        ]
        for key, answer in zip(some, node.calls(calls), strict=True):
            one = _read_view(key.kind, answer)
            # A guard may be installed at any time from then on.
            waits = one.since_s > tip.time_s
            if key.kind == AnnouncedKind.GUARD:
                waits = one.since_s > 0 and in_force[key.guard] != key.account
            if waits:
                found[key] = one
    return found


def _read_view(kind: AnnouncedKind, answer: Any) -> Standing:
    if kind != AnnouncedKind.LIMIT:
        return Standing(int.from_bytes(hexed(answer, abi.WORD), "big"))
    words = hexed(answer, 3 * abi.WORD)
    _, amount, since_s = (
        int.from_bytes(words[at : at + abi.WORD], "big") for at in range(0, len(words), abi.WORD)
    )
    return Standing(since_s, amount)
