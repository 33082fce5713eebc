"""October 2020: a key holder cannot be reached, and nothing stops; then a real incident does.

On a whole exchange with its market, a real chain and signers in processes of their own:

1. A signer, who holds keys, is gone for good: it is measured, and payments go on.
2. A compromised signer: withdrawals are suspended everywhere in queue mode. Trading and transfers
   go on; people ask for withdrawals, and some cancel.
3. Evidence for each gate, a canary, a fair drain, whose order is worked out again by a stranger.
4. Everybody has on the chain exactly what the ledger says. Then everybody withdraws everything.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import urllib.request
from dataclasses import replace
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

from fullreserve.app.command import run
from fullreserve.app.running import Running
from fullreserve.config import Address, Settings
from fullreserve.custody import contracts, networks
from fullreserve.custody.chains.rpc import Node
from fullreserve.custody.demo import HOT_QUORUM
from fullreserve.custody.networks import Network
from fullreserve.exchange import chart
from fullreserve.exchange.products.custody_wire import (
    WITHDRAWALS,
    Destination,
    Request,
)
from fullreserve.exchange.products.liveness import (
    LIVENESS,
    Colour,
    Define,
    ListStandings,
    Standing,
)
from fullreserve.exchange.products.quorum_rules import Holder, Quorum, Role
from fullreserve.exchange.products.suspension_state import SuspensionState
from fullreserve.exchange.products.suspension_wire import (
    Action,
    Budget,
    Check,
    Figure,
    Gate,
    Level,
    Mode,
    Plan,
    Ratify,
    Reason,
    Report,
    Scope,
    Show,
    SignOff,
    Suspend,
    Terms,
)
from fullreserve.exchange.products.withdrawal_state import WithdrawalState
from fullreserve.exchange.wire.commands import amount_bytes, amount_int
from fullreserve.identity.address_book import LOCK_MS, AddressBook
from fullreserve.identity.vault import Personal
from fullreserve.simulation.app import SIGNER, Market
from fullreserve.simulation.scenario import report as pages
from fullreserve.simulation.scenario.exchange import LOOK_MS, Broken, Exchange, Person
from fullreserve.simulation.scenario.latency import Latency

SPEED = 120  # so that an hour's notice takes half a minute
HOUR_MS = 3_600_000
CALM_MS = 6_000
PAID_WITHIN_S = 1_200
SEED = 2020
SYMBOLS = ("ETH", "USDT", "XRP")
# What people hold, in whole units: (small from, small to, large).
HOLDINGS = {"ETH": (1, 3, 20), "USDT": (2_000, 9_000, 60_000), "XRP": (1_000, 4_000, 90_000)}
VERIFIER = Path(__file__).parents[4] / "verifier" / "drain.py"
# As the demo has it, at the scenario's speed: who is silent for 15 seconds is missing.
HOT = Quorum(HOT_QUORUM, Role.HOT, 1, (Holder(1), Holder(2)), 900_000)
ALL_OF_IT = "Every user was paid on the chain exactly what the ledger says"


def play(settings: Settings, users: int, page: Path) -> int:
    """Plays it; 0 when everything ended as it has to."""
    story = Story(users)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "data"
        journal = replace(settings.journal, forward_jump_max_ms=86_400_000)
        own = replace(
            settings,
            data=place,
            records="",
            http=Address("127.0.0.1", 0),
            ws=Address("127.0.0.1", 0),
            journal=journal,
        )
        try:
            code = run(own, story, Fraction(SPEED))
        finally:
            story.close()
    page.write_text(story.page(), encoding="utf-8")
    sys.stdout.write(f"Report: {page.absolute()}\n")
    return code or (0 if story.went_well else 1)


class Story(Market):
    """The scenario, as what is added to the exchange."""

    def __init__(self, users: int) -> None:
        super().__init__()
        self._count = users
        self._people: list[Person] = []
        self._events: list[pages.Event] = []
        self._checks: list[pages.Check] = []
        self._waiting: list[tuple[int, int]] = []
        self._draws = random.Random(SEED)
        self._exchange: Exchange
        self._latency: Latency
        self._network: Network
        self.went_well = False

    async def open(self, running: Running) -> None:
        await super().open(running)
        if self._chains is None:
            raise Broken("there is no chain: run `npm ci` in `nodes`")
        self._network = networks.load(running.settings.data)[0]
        exchange = await Exchange.of(running)
        book = AddressBook(running.vault)
        assets = [exchange.catalog.asset_named[symbol] for symbol in SYMBOLS]
        network = self._network.network
        with running.vault.store.change():
            for at in range(self._count):
                user = running.vault.create_user(personal=Personal(name=f"user {at}"))
                address = "0x" + sha256(b"october %d" % at).hexdigest()[:40]
                entry = book.add(user.uid, network, address, "mine", age_ms=2 * LOCK_MS)
                one = Person(user.uid, assets[at % len(assets)], entry.number, address)
                self._people.append(one)
        await exchange.fund(self._people, [self._holding(one) for one in self._people])

    def _holding(self, one: Person) -> int:
        least, most, large = HOLDINGS[one.asset.symbol]
        units = large if self._draws.random() < 0.03 else self._draws.randint(least, most)
        parts = units * 10**4 + self._draws.randrange(10**4)
        return int(parts * 10 ** (one.asset.scale - 4))

    async def settle(self, running: Running) -> None:
        await super().settle(running)
        self._exchange = await Exchange.of(running)
        self._exchange.approvers = (self._operator(0), self._operator(1))
        trader = next(int(key.uid) for key in self._keys if key.name == "trader")
        self._latency = Latency(self._exchange, trader, running.clock.monotonic_ns())
        tasks = [
            asyncio.ensure_future(self._latency.run()),
            asyncio.ensure_future(self._watch()),
        ]
        try:
            await self._tell(running)
            self.went_well = all(one.holds for one in self._checks)
        except Exception as problem:  # noqa: BLE001 - the report says what, the exit code that
            self._say(f"BROKEN: {problem!r}")
            self._check(f"The scenario went to its end: {problem}", holds=False)
        finally:
            for task in tasks:
                task.cancel()
            os.kill(os.getpid(), signal.SIGTERM)

    def announce(self, running: Running) -> None:
        """Nothing: it is over when it would be said."""

    # --- the story

    async def _tell(self, running: Running) -> None:
        self._say(f"{self._count} users, a market of bots, one chain, signers as processes")
        await running.clock.wait_ms(CALM_MS)
        calm_ms = self._latency.elapsed_ms()
        await self._a_holder_is_lost(running)
        number = await self._an_incident()
        requested = await self._people_ask()
        await self._gates(number, len(requested))
        suspended_ms = self._latency.elapsed_ms()
        self._say_latency("before", 0, calm_ms)
        self._say_latency("while withdrawals were suspended", calm_ms, suspended_ms)
        await self._drain(number, requested)
        await self._compare()
        await self._everybody_leaves()

    async def _a_holder_is_lost(self, running: Running) -> None:
        await self._exchange.must(LIVENESS, chart.HOUSE, Define(HOT))
        signer = next(one for one in running.children if one.module == SIGNER)
        await signer.stop()
        found = await self._measured(Colour.RED)
        self._say(
            f"A signer is dead and does not answer: margin {found.margin}, "
            f"{Colour(found.colour).name.lower()}"
        )
        few = self._people[:3]
        numbers = await self._exchange.withdraw(few, [self._part(one, 10) for one in few])
        await self._exchange.final(numbers, PAID_WITHIN_S)
        self._say(f"{len(numbers)} withdrawals were paid without them; nothing was suspended")
        self._check("A signer that is dead for good stops nothing", holds=True)

    async def _measured(self, colour: int) -> Standing:
        """The hot quorum, once the worker on duty has found it to be of a colour."""
        until_ns = self._exchange.clock.monotonic_ns() + PAID_WITHIN_S * 10**9
        while True:
            question = ListStandings(self._exchange.clock.exchange_ms())
            found: list[Standing] = await self._exchange.ask(LIVENESS, question, list[Standing])
            if found[0].colour == colour:
                return found[0]
            if self._exchange.clock.monotonic_ns() > until_ns:
                raise Broken(f"the hot quorum is of colour {found[0].colour}")
            await self._exchange.clock.wait_ms(LOOK_MS)

    async def _an_incident(self) -> int:
        terms = Terms(Action.WITHDRAW, Scope(Level.GLOBAL), Mode.QUEUE, Reason.SECURITY_INCIDENT)
        reply = await self._exchange.word(self._operator(0), Suspend(terms))
        await self._exchange.word(self._operator(1), Ratify(reply.sequence))
        self._say("A signer is compromised: one operator suspends withdrawals, another ratifies")
        return reply.sequence

    async def _people_ask(self) -> list[int]:
        amounts = [self._part(one, 2) for one in self._people]
        numbers = await self._exchange.withdraw(self._people, amounts)
        self._say(f"{len(numbers)} withdrawals are asked for, held, and wait")
        gone = [
            (one.uid, number)
            for one, number in zip(self._people, numbers, strict=True)
            if self._draws.random() < 0.1
        ]
        await self._exchange.cancel(gone)
        self._say(f"{len(gone)} of them are cancelled")
        canceled = dict.fromkeys(number for _, number in gone)
        moved = await self._transfer()
        self._check("Transfers between users went on", holds=moved)
        return [number for number in numbers if number not in canceled]

    async def _transfer(self) -> bool:
        """Between two users, while withdrawals are suspended."""
        first, second = self._people[0], self._people[len(SYMBOLS)]
        asked = Request(
            *(0, first.asset.id, amount_bytes(10**6), amount_bytes(0)),
            *(Destination.OWNER, second.uid),
        )
        (reply,) = await self._exchange.say(WITHDRAWALS, (first.uid, asked))
        return reply.code == 0

    async def _gates(self, number: int, waiting: int) -> None:
        planner, other = self._operator(0), self._operator(1)
        exchange = self._exchange
        terms = await exchange.terms()
        budgets = tuple(
            Budget(terms[asset][0], asset, amount_bytes(10**16), max(10, waiting // 12))
            for asset in self._assets()
        )
        opens = exchange.clock.exchange_ms() + HOUR_MS
        await exchange.word(planner, Plan(number, opens, budgets, 60_000))
        await self._show(number, Gate.COMMUNICATION)
        await exchange.word(planner, Check(number))
        self._say("The notice is out; an hour has to pass")
        await exchange.clock.wait_ms(HOUR_MS // SPEED + 500)
        await self._measured(Colour.RED)
        coins = await asyncio.to_thread(self._coins)
        figures = tuple(Figure(0, asset, amount_bytes(held)) for asset, held in coins.items())
        await self._show(number, Gate.SIGNABILITY, count=2)
        await self._show(number, Gate.COVERAGE, figures=figures)
        await self._show(number, Gate.LIQUIDITY)
        await self._show(number, Gate.QUEUE_HYGIENE, count=await exchange.waiting())
        await self._show(number, Gate.LIMITS)
        await self._show(number, Gate.SUPPORT)
        await exchange.word(other, SignOff(number))
        shown = (await exchange.suspension(number)).evidence
        green = all(one.passed for one in shown)
        self._check(
            "Seven gates were shown with evidence, coins on the chain among it", holds=green
        )
        self._say(f"{len(shown)} pieces of evidence; the board has signed off")

    async def _show(self, number: int, gate: Gate, **more: Any) -> None:
        digest = sha256(gate.name.encode()).digest()
        word = Show(number, gate, digest, passed=True, **more)
        await self._exchange.word(self._operator(1), word)

    async def _drain(self, number: int, requested: list[int]) -> None:
        exchange, board = self._exchange, self._operator(0)
        await exchange.reaches(number, SuspensionState.DRAINING, PAID_WITHIN_S)
        self._say("The canary has arrived on the chain; the worker on duty opens the drain")
        await exchange.reaches(number, SuspensionState.LIFTED, PAID_WITHIN_S)
        self._say("The queue was drained, and nobody had to tick")
        await exchange.final(requested, PAID_WITHIN_S)
        self._say(f"{len(requested)} withdrawals are final on the chain")
        said = await asyncio.to_thread(self._verified, number)
        self._check(f"The drain's order, worked out again from what is public: {said}",
                    holds="RIGHT" in said)  # fmt: skip
        await exchange.word(board, Report(number, sha256(said.encode()).digest()))

    def _verified(self, number: int) -> str:
        url = f"http://{self._exchange.running.http}/api/v5/x/drain?suspension={number}"
        with urllib.request.urlopen(url, timeout=60) as answer:
            artefact = answer.read()
        if not VERIFIER.exists():
            raise Broken("verifier/drain.py is not there")
        with tempfile.NamedTemporaryFile(suffix=".json") as file:
            file.write(artefact)
            file.flush()
            words = [sys.executable, "-I", "-S", str(VERIFIER), file.name]
            done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603
        return " · ".join((done.stdout or done.stderr).split("\n")).strip(" ·")

    async def _compare(self) -> None:
        """Each user's address against the ledger."""
        await self._exchange.look()
        owed: dict[int, int] = {}
        for one in self._exchange.states.values():
            if one.state == WithdrawalState.SUCCESS and one.kind == Destination.ADDRESS_BOOK:
                owed[one.owner] = owed.get(one.owner, 0) + one.value
        has = await asyncio.to_thread(self._outside)
        wrong = [one.uid for one in self._people if owed.get(one.uid, 0) != has[one.uid]]
        self._check(f"{ALL_OF_IT}: {len(self._people) - len(wrong)} of {len(self._people)}",
                    holds=not wrong)  # fmt: skip

    async def _everybody_leaves(self) -> None:
        terms = await self._exchange.terms()
        leaving, amounts, left = [], [], 0
        for one in self._people:
            held = (await self._exchange.balances(one.uid)).get((chart.FUND, one.asset.id), 0)
            line = terms[one.asset.id][1]
            unit = 10 ** (one.asset.scale - min(line.digits, one.asset.scale))
            amount = (held - amount_int(line.fee)) // unit * unit
            if amount >= amount_int(line.minimum):
                leaving.append(one)
                amounts.append(amount)
        numbers = await self._exchange.withdraw(leaving, amounts)
        self._say(f"Withdrawals are open: {len(numbers)} users withdraw everything")
        await self._exchange.final(numbers, PAID_WITHIN_S)
        await self._compare()
        for one in self._people:
            balances = await self._exchange.balances(one.uid)
            left += sum(amount for (kind, _), amount in balances.items() if kind in OWED)
        self._say(f"Everybody has left; what is owed to them is {left}")
        self._check("Liabilities to the users are zero", holds=left == 0)

    # --- the chain

    def _coins(self) -> dict[int, int]:
        """What the house has on the chain, by asset, at the ledger's scale."""
        places = [*("0x" + lane for lane in self._network.lanes), "0x" + self._network.cold]
        return {
            asset: sum(self._held(asset, place) for place in places)
            for asset in self._network.decimals
        }

    def _outside(self) -> dict[int, int]:
        return {one.uid: self._held(one.asset.id, one.address) for one in self._people}

    def _held(self, asset: int, address: str) -> int:
        node, digits = Node(self._network.nodes[0]), self._network.decimals[asset]
        if asset == self._network.coin:
            units = int(node.call("eth_getBalance", address, "latest"), 16)
        else:
            asked = contracts.call("balanceOf(address)", bytes.fromhex(address[2:]))
            call = {"to": "0x" + self._network.tokens[asset], "data": "0x" + asked.hex()}
            units = int(node.call("eth_call", call, "latest"), 16)
        scale = self._exchange.catalog.assets[asset].scale
        return int(units * 10**scale // 10**digits)

    # --- telling

    def _operator(self, at: int) -> int:
        return int(self._operators[at].uid)

    def _assets(self) -> list[int]:
        return list(dict.fromkeys(one.asset.id for one in self._people))

    def _part(self, one: Person, share: int) -> int:
        """A part of what a person was given, on four digits."""
        least, _, _ = HOLDINGS[one.asset.symbol]
        return int(least * 10**one.asset.scale // share)

    def _say(self, text: str) -> None:
        event = pages.Event(self._latency.elapsed_ms(), text)
        self._events.append(event)
        sys.stdout.write(f"{event.at_ms / 1000:8.1f} s  {text}\n")
        sys.stdout.flush()

    def _say_latency(self, when: str, begin_ms: int, end_ms: int) -> None:
        count, median, p99 = self._latency.between(begin_ms, end_ms)
        self._say(f"Orders {when}: {count}, median {median} µs, 99 % under {p99} µs")

    def _check(self, text: str, *, holds: bool) -> None:
        self._checks.append(pages.Check(text, holds))
        self._say(f"{'Yes' if holds else 'NO'}: {text}")

    async def _watch(self) -> None:
        """How many wait, twice a second."""
        while True:
            self._waiting.append((self._latency.elapsed_ms(), await self._exchange.waiting()))
            await asyncio.sleep(0.5)

    def page(self) -> str:
        """The report."""
        marks = self._events
        orders = [(one.at_ms, one.us) for one in self._latency.samples]
        plots = (
            pages.Plot("Withdrawals that wait", "requests", self._waiting, marks),
            pages.Plot("Time of an order", "µs", orders, marks),
        )
        about = (
            "A key holder is gone and nothing stops. Then a signer is compromised: withdrawals are "
            "suspended everywhere, requests wait in a queue, and everything else goes on. Evidence "
            "for each gate, a canary, a fair drain; and at the end everybody has everything."
        )
        return pages.html("October 2020", about, self._events, self._checks, plots)


OWED = (chart.FUND, chart.TRADE, chart.HOLD, chart.FROZEN)
