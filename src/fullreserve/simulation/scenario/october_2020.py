"""October 2020: a key holder cannot be reached, and nothing stops; then a real incident does.

On a whole exchange with its market, real chains and signers in processes of their own:

1. One of three signers, who hold keys, is gone for good: it is measured, and payments go on.
2. A compromised signer: withdrawals are suspended everywhere in queue mode. Trading, transfers and
   deposits go on; people ask for withdrawals, and some cancel.
3. Evidence for each gate, a canary on each chain, a fair drain, whose order is worked out again by
   a stranger.
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
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

from fullreserve.app.command import run
from fullreserve.app.running import Running
from fullreserve.config import Address, Settings
from fullreserve.custody import networks
from fullreserve.custody.demo import HOT_QUORUM
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
from fullreserve.exchange.products.suspension_state import Refused, SuspensionState, shown_last
from fullreserve.exchange.products.suspension_wire import (
    SUSPENSIONS,
    Action,
    Budget,
    Check,
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
from fullreserve.simulation.scenario import people as persons
from fullreserve.simulation.scenario.exchange import LOOK_MS, Broken, Exchange
from fullreserve.simulation.scenario.latency import Latency
from fullreserve.simulation.scenario.outside_wallets import Wallets
from fullreserve.simulation.scenario.people import Person, Place
from fullreserve.simulation.scenario.telling import Telling

SPEED = 120  # so that an hour's notice takes half a minute
HOUR_MS = 3_600_000
CALM_MS = 12_000
PAID_WITHIN_S = 1_200
DEPOSITED_WITHIN_S = 300
SEED = 2020
CANCELED = 0.1  # how many of those who wait change their minds
VERIFIER = Path(__file__).parents[4] / "verifier" / "drain.py"
HOT_PERIOD_MS = 900_000
ALL_OF_IT = "every user was paid on the chain exactly what the ledger says"
OWED = (chart.FUND, chart.TRADE, chart.HOLD, chart.FROZEN)
ABOUT = (
    "A signer, who holds keys, is gone and nothing stops. Then another is compromised: "
    "withdrawals are suspended everywhere, requests wait in a queue, and everything else goes on. "
    "Evidence for each gate, a canary on each chain, a fair drain; at the end everybody has "
    "everything."
)


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
            reserves=replace(settings.reserves, statements=False),
            # At its end everybody takes everything away.
            custody=replace(settings.custody, hourly_share=0),
        )
        try:
            code = run(own, story, Fraction(SPEED))
        finally:
            story.close()
    page.write_text(story.telling.page(), encoding="utf-8")
    sys.stdout.write(f"Report: {page.absolute()}\n")
    return code or (0 if story.went_well else 1)


class Story(Market):
    """The scenario, as what is added to the exchange."""

    def __init__(self, users: int) -> None:
        super().__init__("all")
        self.telling = Telling("October 2020", ABOUT)
        self.went_well = False
        self._count = users
        self._people: list[Person] = []
        self._places: list[Place] = []
        self._codes: dict[int, str] = {}
        self._draws = random.Random(SEED)
        self._exchange: Exchange
        self._latency: Latency
        self._wallets: Wallets

    async def open(self, running: Running) -> None:
        await super().open(running)
        if self._chains is None:
            raise Broken("there is no chain: run `npm ci` in `nodes`")
        served = networks.served(running.settings.data)
        self._wallets = Wallets(running.settings.data, served)
        exchange = await Exchange.of(running)
        names = {one.terms.network: one.terms.code for one in await exchange.networks()}
        self._codes = {one.network: names[one.network] for one in served}
        numbers = {code: number for number, code in self._codes.items()}
        self._places = persons.places(numbers, exchange.catalog.asset_named)
        self._enrol(running)
        amounts = [persons.holding(one.place, self._draws) for one in self._people]
        await exchange.fund(self._people, amounts)

    def _enrol(self, running: Running) -> None:
        book = AddressBook(running.vault)
        with running.vault.store.change():
            for at in range(self._count):
                place = self._places[at % len(self._places)]
                user = running.vault.create_user(personal=Personal(name=f"user {at}"))
                address = self._wallets.address(place.network, at)
                entry = book.add(user.uid, place.network, address, "mine", age_ms=2 * LOCK_MS)
                self._people.append(Person(user.uid, at, place, entry.number))

    async def settle(self, running: Running) -> None:
        await super().settle(running)
        self._exchange = await Exchange.of(running)
        self._exchange.approvers = (self._operator(0), self._operator(1))
        trader = next(int(key.uid) for key in self._keys if key.name == "trader")
        self._latency = Latency(self._exchange, trader, running.clock.monotonic_ns())
        self.telling.measures(self._latency)
        tasks = [
            asyncio.ensure_future(self._latency.run()),
            asyncio.ensure_future(self.telling.watch(self._exchange, self._codes)),
        ]
        try:
            await self._tell(running)
            self.went_well = all(one.holds for one in self.telling.checks)
        except Exception as problem:  # noqa: BLE001 - the report says what, the exit code that
            self.telling.say(f"BROKEN: {problem!r}")
            self.telling.check(f"The scenario went to its end: {problem}", holds=False)
        finally:
            for task in tasks:
                task.cancel()
            os.kill(os.getpid(), signal.SIGTERM)

    def announce(self, running: Running) -> None:
        """Nothing: it is over when it would be said."""

    # --- the story

    async def _tell(self, running: Running) -> None:
        say = self.telling.say
        chains = ", ".join(self._codes.values())
        say(f"{self._count:,} users, a market of bots, signers as processes, chains: {chains}")
        await running.clock.wait_ms(CALM_MS)
        calm_ms = self._latency.elapsed_ms()
        await self._a_holder_is_lost(running)
        began_ms = self._latency.elapsed_ms()
        number = await self._an_incident()
        requested = await self._people_ask()
        paying_in = asyncio.ensure_future(self._people_deposit())
        await self._gates(number, len(requested))
        await self._deposits_are_credited(await paying_in)
        self._compare_latency((0, calm_ms), (began_ms, self._latency.elapsed_ms()))
        await self._drain(number, requested, began_ms)
        await self._compare("After the drain")
        await self._everybody_leaves()

    async def _a_holder_is_lost(self, running: Running) -> None:
        hot = self._hot_quorum()
        await self._exchange.must(LIVENESS, chart.HOUSE, Define(hot))
        signer = next(one for one in running.children if one.module == SIGNER)
        await signer.stop()
        found = await self._measured(Colour.RED)
        self.telling.say(
            f"A signer of {hot.threshold}-of-{len(hot.holders)} is dead and does not answer: "
            f"margin {found.margin}, {Colour(found.colour).name.lower()}"
        )
        few = persons.first_of_each(self._people)
        numbers = await self._exchange.withdraw(few, [one.part(10) for one in few])
        await self._exchange.final(numbers, PAID_WITHIN_S)
        self.telling.say(f"{len(numbers)} withdrawals were paid without it, on every chain")
        self.telling.check("A signer that is dead for good stops nothing", holds=True)

    def _hot_quorum(self) -> Quorum:
        """As the demo has it, at the scenario's speed: who is silent for 15 seconds is missing."""
        assert self._chains is not None
        holders = tuple(Holder(one) for one, _ in enumerate(self._chains.signers, 1))
        return Quorum(HOT_QUORUM, Role.HOT, len(holders) - 1, holders, HOT_PERIOD_MS)

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
        self.telling.say(
            "A signer is compromised: one operator suspends withdrawals, another ratifies"
        )
        return reply.sequence

    async def _people_ask(self) -> list[int]:
        amounts = [one.part(2) for one in self._people]
        numbers = await self._exchange.withdraw(self._people, amounts)
        self.telling.say(f"{len(numbers):,} withdrawals are asked for, held, and wait")
        gone = [
            (one.uid, number)
            for one, number in zip(self._people, numbers, strict=True)
            if self._draws.random() < CANCELED
        ]
        await self._exchange.cancel(gone)
        self.telling.say(f"{len(gone)} of them are cancelled")
        canceled = dict.fromkeys(number for _, number in gone)
        moved = await self._transfer()
        self.telling.check("Transfers between users went on", holds=moved)
        return [number for number in numbers if number not in canceled]

    async def _transfer(self) -> bool:
        """Between two users, while withdrawals are suspended."""
        first, second = persons.first_of_each(self._people, 2)[:2]
        asked = Request(
            *(0, first.asset.id, amount_bytes(10**6), amount_bytes(0)),
            *(Destination.OWNER, second.uid),
        )
        (reply,) = await self._exchange.say(WITHDRAWALS, (first.uid, asked))
        return reply.code == 0

    async def _people_deposit(self) -> dict[int, int]:
        """One on each place, from the wallet outside; what each uid is to be credited."""
        exchange, data = self._exchange, self._exchange.running.settings.data
        served = {one.network: one for one in networks.served(data)}
        expected = {}
        for one in persons.first_of_each(self._people):
            index = await exchange.deposit_index(one.uid, one.network)
            address = served[one.network].addresses().address(index)
            name = f"{one.asset.symbol}-{self._codes[one.network]}"
            units = Decimal(one.part(1)).scaleb(-one.asset.scale)
            await _pay_in(data, name, str(units), address)
            expected[one.uid] = one.part(1)
        self.telling.say(f"{len(expected)} users pay in from outside, on every chain")
        return expected

    async def _deposits_are_credited(self, expected: dict[int, int]) -> None:
        clock = self._exchange.clock
        until_ns = clock.monotonic_ns() + DEPOSITED_WITHIN_S * 10**9
        left = dict(expected)
        while left and clock.monotonic_ns() < until_ns:
            for uid in list(left):
                if await self._exchange.deposited(uid) == left[uid]:
                    del left[uid]
            await clock.wait_ms(250)
        self.telling.check(
            f"Deposits on every chain were credited meanwhile: {len(expected) - len(left)} of "
            f"{len(expected)}",
            holds=not left,
        )

    def _compare_latency(self, calm: tuple[int, int], suspended: tuple[int, int]) -> None:
        before, during = (self._latency.between(*one) for one in (calm, suspended))
        self.telling.latency(before, during)

    async def _gates(self, number: int, waiting: int) -> None:
        planner, other = self._operator(0), self._operator(1)
        exchange = self._exchange
        slots = max(10, waiting // 12)
        budgets = tuple(
            Budget(*place, amount_bytes(10**16), slots) for place in await exchange.terms()
        )
        opens = exchange.clock.exchange_ms() + HOUR_MS
        await exchange.word(planner, Plan(number, opens, budgets, 60_000))
        await self._show(number, Gate.COMMUNICATION)
        await exchange.word(planner, Check(number))
        self.telling.say("The notice is out; an hour has to pass")
        await exchange.clock.wait_ms(HOUR_MS // SPEED + 500)
        await self._measured(Colour.RED)
        await self._show(number, Gate.SIGNABILITY)
        await self._show(number, Gate.COVERAGE)
        await self._show(number, Gate.LIQUIDITY)
        read = await exchange.survey(number)
        await self._show(number, Gate.QUEUE_HYGIENE, count=read.waiting, up_to=read.began)
        await self._show(number, Gate.LIMITS)
        await self._show(number, Gate.SUPPORT)
        looked_at = shown_last(await exchange.suspension(number))
        await exchange.word(other, SignOff(number, shown=looked_at))
        shown = {one.gate: one.passed for one in (await exchange.suspension(number)).evidence}
        self.telling.check(
            "Seven gates were shown with evidence, coins measured on the chains and a fresh round "
            "of challenges among it",
            holds=all(shown.values()),
        )
        self.telling.say(f"{len(shown)} pieces of evidence; the board has signed off")

    async def _show(self, number: int, gate: Gate, **more: Any) -> None:
        """What an operator looked at; again while workers have not measured it yet."""
        text = f"{gate.name.lower()}: looked at for the restart".encode()
        more |= {"passed": True, "document": text, "is_public": True}
        word = Show(number, gate, sha256(text).digest(), **more)
        exchange = self._exchange
        until_ns = exchange.clock.monotonic_ns() + PAID_WITHIN_S * 10**9
        while exchange.clock.monotonic_ns() < until_ns:
            (reply,) = await exchange.say(SUSPENSIONS, (self._operator(1), word))
            if reply.code not in (0, Refused.MEASURE, Refused.ROUND):
                raise Broken(f"evidence for {gate.name} was refused with code {reply.code}")
            if not reply.code and (await exchange.suspension(number)).evidence[-1].passed:
                return
            await exchange.clock.wait_ms(LOOK_MS)
        raise Broken(f"{gate.name} does not pass")

    async def _drain(self, number: int, requested: list[int], began_ms: int) -> None:
        exchange, board = self._exchange, self._operator(0)
        await exchange.reaches(number, SuspensionState.DRAINING, PAID_WITHIN_S)
        began_ns = exchange.clock.monotonic_ns()
        canaries = tuple((await exchange.suspension(number)).canaries.values())
        self.telling.say(
            f"{len(canaries)} canaries have arrived, one on each chain; the worker on duty opens "
            "the drain"
        )
        await exchange.reaches(number, SuspensionState.LIFTED, PAID_WITHIN_S)
        self.telling.shaded = (began_ms, self._latency.elapsed_ms())
        self.telling.say("The queue was drained, and nobody had to tick")
        await exchange.final(requested, PAID_WITHIN_S)
        self.telling.say(f"{len(requested):,} withdrawals are final on the chains")
        self._say_pace([one for one in requested if one not in canaries], began_ns)
        said = await asyncio.to_thread(self._verified, number)
        self.telling.check(f"The drain's order, worked out again from what is public: {said}",
                           holds="RIGHT" in said)  # fmt: skip
        await exchange.word(board, Report(number, sha256(said.encode()).digest()))

    def _say_pace(self, numbers: Sequence[int], began_ns: int) -> None:
        """How fast each chain was given its payments."""
        for network, name in self._codes.items():
            sent = [
                self._exchange.sent_ns[one]
                for one in numbers
                if self._exchange.states[one].network == network
            ]
            if sent:
                seconds = (max(sent) - began_ns) / 10**9
                self.telling.say(
                    f"{name}: {len(sent)} payments given to the chain in {seconds:.1f} s "
                    f"({len(sent) / seconds:.0f} a second)"
                )

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

    async def _compare(self, when: str) -> None:
        """Each user's address against the ledger."""
        await self._exchange.look()
        owed: dict[int, int] = {}
        for one in self._exchange.states.values():
            if one.state == WithdrawalState.SUCCESS and one.kind == Destination.ADDRESS_BOOK:
                owed[one.owner] = owed.get(one.owner, 0) + one.value
        has = await asyncio.to_thread(self._wallets.held, self._people)
        wrong = [one.uid for one in self._people if owed.get(one.uid, 0) != has[one.uid]]
        right = len(self._people) - len(wrong)
        self.telling.check(
            f"{when}: {ALL_OF_IT}: {right:,} of {len(self._people):,}", holds=not wrong
        )

    async def _everybody_leaves(self) -> None:
        terms = await self._exchange.terms()
        leaving, amounts, left = [], [], 0
        for one in self._people:
            held = (await self._exchange.balances(one.uid)).get((chart.FUND, one.asset.id), 0)
            line = terms[one.network, one.asset.id]
            unit = 10 ** (one.asset.scale - min(line.digits, one.asset.scale))
            amount = (held - amount_int(line.fee)) // unit * unit
            if amount >= amount_int(line.minimum):
                leaving.append(one)
                amounts.append(amount)
        began_ns = self._exchange.clock.monotonic_ns()
        numbers = await self._exchange.withdraw(leaving, amounts)
        self.telling.say(f"Withdrawals are open: {len(numbers):,} users withdraw everything")
        await self._exchange.final(numbers, PAID_WITHIN_S)
        self._say_pace(numbers, began_ns)
        await self._compare("At the end")
        for one in self._people:
            balances = await self._exchange.balances(one.uid)
            left += sum(amount for (kind, _), amount in balances.items() if kind in OWED)
        self.telling.say(f"Everybody has left; what is owed to them is {left}")
        self.telling.check("Liabilities to the users are zero", holds=left == 0)

    # --- telling

    def _operator(self, at: int) -> int:
        return int(self._operators[at].uid)


async def _pay_in(data: Path, name: str, units: str, address: str) -> None:
    """From the wallet outside, as anybody would: by its command."""
    words = ("-m", "fullreserve.cli", "wallet", "send", name, units, address)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *words),
        env=os.environ | {"FULLRESERVE_DATA": str(data)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    _, said = await process.communicate()
    if process.returncode:
        raise Broken(f"nobody paid in: {said.decode()}")
