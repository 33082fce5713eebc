"""The demo's chains: their nodes, the house's money on them, and what the exchange is told.

What they mine is play money; the keys are `ceremony`'s. `anvil` alone is what `make run` starts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import msgspec

from fullreserve.clock import Clock
from fullreserve.custody import (
    ceremony,
    demo_accounts,
    demo_marks,
    demo_people,
    holders,
    networks,
    nodes,
)
from fullreserve.custody.ceremony import Made
from fullreserve.custody.chains.following import Terms
from fullreserve.custody.chains.rpc import NodeProblem
from fullreserve.custody.demo_accounts import Accounts, RunningAccounts
from fullreserve.custody.demo_scripts import RunningScripts, Scripts
from fullreserve.custody.demo_terms import BITCOIN, LITECOIN, MEMO, NETWORK, Listed, with_listed
from fullreserve.custody.house import House
from fullreserve.custody.keys.key_file import FileDevice
from fullreserve.custody.keys.record import Record, TierWallet
from fullreserve.custody.networks import Network
from fullreserve.custody.signer_wire import Spec
from fullreserve.custody.tiers import safe
from fullreserve.custody.tiers.safe import SafeMissing
from fullreserve.custody.tiers.wallet import WalletAddresses
from fullreserve.custody.transfers import salt_of
from fullreserve.door.protocol import Door
from fullreserve.exchange.catalog import Catalog
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.deposit_state import ListNetworks, NetworkState
from fullreserve.exchange.products.liveness import LIVENESS, Define
from fullreserve.exchange.products.quorum_rules import PERIODS, Holder, Quorum, Role
from fullreserve.exchange.wire.queries import ListAssets

HOT_QUORUM = 1
# Coin types of those of Bitcoin's family: https://github.com/satoshilabs/slips, SLIP 44.
SCRIPTS = {BITCOIN: 1, LITECOIN: 2}
ACCOUNTS = (NETWORK, MEMO)

ANVIL = Accounts(NETWORK, "ERC20", 31_337, demo_accounts.ERC20, "anvil-state.json")
WITH_MEMO = Accounts(MEMO, "Memo", 31_338, demo_accounts.MEMO, "memo-state.json", needs_memo=True)
BTC = Scripts(
    BITCOIN, "Bitcoin", Listed("BTC", "", 8, 400, 0, "0.00001", "0.0001", "0.0002"),
    "btcd", "bcrt", Terms(1, 3), 10_000,
)  # fmt: skip
LTC = Scripts(
    LITECOIN, "Litecoin", Listed("LTC", "", 8, 400, 0, "0.001", "0.001", "0.002"),
    "litecoind", "rltc", Terms(2, 4), 5_000,
)  # fmt: skip

CHAINS = {"anvil": (ANVIL,), "all": (ANVIL, BTC, LTC, WITH_MEMO)}
OURS = {one.number for one in CHAINS["all"]}  # other networks are operators'

RunningChain: TypeAlias = RunningAccounts | RunningScripts


class NoChain(RuntimeError):
    """A chain of the demo cannot be had; the message says why."""


class DemoChains:
    """The running chains; `said` are lines for who starts the demo, `signers` programs' parts."""

    def __init__(self, running: Sequence[RunningChain]) -> None:
        self._running = running
        self._tasks: list[asyncio.Task[None]] = []
        self.has_people = False  # whether there are wallets that people hold
        self.signers: list[tuple[tuple[str, ...], bytes]] = []
        self.said = [f"Chain {one.said}, test money" for one in running]

    @classmethod
    async def open(cls, data: Path, door: Door, clock: Clock, which: str = "anvil") -> DemoChains:
        """Starts them, funds the house at the first start, and tells the exchange; NoChain."""
        running: list[RunningChain] = []
        lacking: list[str] = []
        is_old = {one.network: bool(one.cold) for one in networks.load(data)}
        for chain in CHAINS[which]:
            try:
                if chain.number in ACCOUNTS and not is_old.get(chain.number):
                    safe.check_installed()  # cold lies in a Safe alone
                running.append(await _started(chain, data, clock))
            except (nodes.NodeMissing, SafeMissing, ImportError) as problem:
                lacking.append(f"Chain {chain.code} is off: {problem}")
        if not running:
            raise NoChain("; ".join(lacking))
        chains = cls(running)
        chains.said += lacking
        try:
            numbers = await _numbers(door)
            await chains._prepare(data, House(door), numbers)
        except BaseException as problem:
            chains.close()
            if isinstance(problem, NodeProblem):
                raise NoChain(str(problem)) from None
            raise
        loop = asyncio.get_running_loop()
        chains._tasks = [loop.create_task(one.mine()) for one in running]
        return chains

    def close(self) -> None:
        """Ends them; they remember their blocks."""
        for task in self._tasks:
            if not task.get_loop().is_closed():
                task.cancel()
        for one in self._running:
            one.close()

    async def _prepare(self, data: Path, house: House, numbers: dict[str, int]) -> None:
        known = {one.network: one for one in networks.load(data)}
        made = await asyncio.to_thread(ceremony.hold, data, ACCOUNTS, SCRIPTS, known)
        keys, record = await asyncio.to_thread(demo_people.device, data), Record.of(data)
        signers: tuple[str, ...] = ceremony.SIGNERS
        if all(one.number == NETWORK for one in self._running):
            # The third holds keys of Bitcoin's family alone.
            signers = signers[:2]
        self._say_missing(signers, made)
        served = []
        for one in self._running:
            before = known.get(one.number)
            if before is None and len(made.presence) < len(ceremony.SIGNERS):
                raise NoChain(f"{one.said}: it cannot be added while a signer's file is missing")
            network = await one.deployed(made, numbers, before)
            network = msgspec.structs.replace(network, signers=_asked(signers, before))
            network = await self._with_people(one, network, record, keys, numbers)
            served.append(network)
            await _told(house, one, network, numbers, salt_of(data))
            if network.warm:
                words = one.given(network, record, numbers, salt_of(data))
                await house.report(wire.DEPOSITS, *words)
                await demo_marks.told(house, network, numbers)
            if before is None:
                # Where the watcher is to begin, however late it comes.
                tip = await asyncio.to_thread(network.chains()[0].tip)
                told = wire.Tip(one.number, tip.height, tip.hash, healthy=True)
                await house.report(wire.DEPOSITS, told)
        away = [one for one in known.values() if one.network not in {x.network for x in served}]
        others = [
            msgspec.structs.replace(one, nodes=()) if one.network in OURS else one for one in away
        ]
        networks.keep(data, [*served, *others])
        self.has_people = bool(record.state.wallets)
        people = demo_people.TIERS if self.has_people else ()
        hot = _hot(made, signers, holders.load(data))
        if self.has_people:
            await asyncio.to_thread(demo_people.noted, record, keys)
        known_quorums = [one.quorum for one in holders.load(data)]
        online = [hot, *(each for one in people for each in one.online(record, known_quorums))]
        holders.keep(data, online)
        quorums = [
            _quorum(online[0]),
            *(each for one in people for each in one.defined(record, known_quorums)),
        ]
        defined = [Define(one, wants_answers=True) for one in quorums]
        await house.report(LIVENESS, *defined)
        self.signers = [
            (_spec(data, one), ceremony.passphrase(data, one))
            for one in signers
            if one in made.presence
        ]

    def _say_missing(self, signers: Sequence[str], made: Made) -> None:
        missing = [name for name in signers if name not in made.presence]
        self.said += [
            f"Signer {name} is missing: there is no custody-signer-{name}.keys; the others sign, "
            "and docs/guide/custody.md says how new keys follow"
            for name in missing
        ]

    async def _with_people(
        self,
        running: RunningChain,
        network: Network,
        record: Record,
        keys: FileDevice,
        numbers: dict[str, int],
    ) -> Network:
        """With what people hold; said where the contracts for it are not installed."""
        try:
            await running.peopled(network, record, keys, numbers)
        except SafeMissing as problem:
            self.said.append(f"Warm and cold of {network.network} are off: {problem}")
            return network
        warm = record.wallet(network.network, demo_people.WARM.tier)
        return msgspec.structs.replace(network, warm=_address(network, warm))


def _address(network: Network, tier: TierWallet) -> str:
    if tier.wallet is not None:
        return WalletAddresses(tier.wallet, network.hrp).address(0)
    return network.addresses().text(bytes.fromhex(tier.safe))


async def _told(
    house: House, running: RunningChain, network: Network, numbers: dict[str, int], salt: bytes
) -> None:
    """The log knows the chain and what the house has there."""
    found: list[NetworkState] = await house.ask(wire.DEPOSITS, ListNetworks())
    before = next((one.terms for one in found if one.terms.network == running.number), None)
    terms = with_listed(running.terms(numbers), before)
    for fold in (wire.DEPOSITS, wire.WITHDRAWALS):
        await house.report(fold, terms)
    await house.report(wire.DEPOSITS, *running.funded(network, numbers, salt))


def _asked(signers: Sequence[str], before: Network | None) -> tuple[str, ...]:
    """Their sockets; what an operator has put there since stays."""
    if before is not None and len(before.signers) >= len(signers):
        return before.signers
    return tuple(ceremony.socket_name(name) for name in signers)


def _hot(made: Made, signers: Sequence[str], known: Sequence[holders.Online]) -> holders.Online:
    """The hot signers, as they answer challenges; what an operator has put there since stays."""
    before = next((one.holders for one in known if one.quorum == HOT_QUORUM), ())
    fresh = (
        holders.Holder(person, ceremony.socket_name(name), made.presence[name])
        for person, name in enumerate(signers, 1)
        if person > len(before)
    )
    return holders.Online(HOT_QUORUM, (*before, *fresh))


def _quorum(hot: holders.Online) -> Quorum:
    """Any one of two, or any two of three with scripts."""
    shares = tuple(Holder(one.person) for one in hot.holders)
    return Quorum(HOT_QUORUM, Role.HOT, len(shares) - 1, shares, PERIODS[Role.HOT])


async def _started(chain: Accounts | Scripts, data: Path, clock: Clock) -> RunningChain:
    if isinstance(chain, Accounts):
        return await RunningAccounts.start(chain, data, clock)
    return await RunningScripts.start(chain, data, clock)


def _spec(data: Path, signer: str) -> tuple[str, ...]:
    """The arguments of a signer's process."""
    data = data.absolute()
    place = str(data / ceremony.socket_name(signer))
    spec = Spec(signer, str(ceremony.keys_file(data, signer)), place, str(data))
    return (msgspec.json.encode(spec).decode(),)


async def _numbers(door: Door) -> dict[str, int]:
    """Each symbol's asset number."""
    catalog = Catalog()
    catalog.apply(await door.query(ListAssets()))
    return {symbol: asset.id for symbol, asset in catalog.asset_named.items()}
