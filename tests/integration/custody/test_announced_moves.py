"""Goal: coins moved by hand suspend nothing when they were announced, and only then.

Method: anvil with two Safes of two of three as warm and cold, a real exchange and its watcher's
comparison; owners move tokens and coins as they say, otherwise than they say, and unsaid.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest

from fullreserve.config import Settings
from fullreserve.custody import contracts, networks, nodes
from fullreserve.custody.keys.intent import Intent
from fullreserve.custody.keys.move_commands import post_move
from fullreserve.custody.keys.record import SAFE, Entry, Record, TierWallet
from fullreserve.custody.keys.tier_signer import Proposal
from fullreserve.custody.reconciling import LASTS_MS, Reconciler
from fullreserve.custody.tiers import safe
from fullreserve.custody.tiers.safe import SafeMissing, SafeTransaction, SafeView
from fullreserve.exchange import chart
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.announced_moves import (
    COIN_LEAST,
    LASTS_MIN_MS,
    POSTED_WITHIN_MS,
    Announced,
    AnnouncedState,
)
from fullreserve.exchange.products.deposit_state import ListAnnounced
from fullreserve.exchange.products.suspension_wire import Trigger
from fullreserve.exchange.wire.commands import amount_bytes, amount_int
from fullreserve.exchange.worker_files import TOLERANCE
from fullreserve.gateway.reconciled import newest
from tests.bed import USDT
from tests.integration.custody.holders import people
from tests.integration.custody.liar import REFUSED, Liar
from tests.integration.custody.outsiders import COIN, ETHER, EvmBed
from tests.integration.custody.test_reconciling import LARGE, NETWORK, NOTHING, PAID, UNIT, Books
from tests.integration.custody.withdrawing import Withdrawing

CHAIN_ID = 31_342
OWNERS = people(3, 91)
WARM, COLD, HOT = wire.Tier.WARM, wire.Tier.COLD, wire.Tier.HOT
HOLDS = 9 * PAID


class Safes:
    """Warm and cold on the bed's chain, each with tokens and a few coins."""

    def __init__(self, chain: EvmBed) -> None:
        self.chain = chain
        contracts_ = ("Safe", "SafeProxyFactory", "CompatibilityFallbackHandler")
        singleton, self._factory, handler = (
            bytes.fromhex(chain.command(None, safe.creation_code(one))["contractAddress"][2:])
            for one in contracts_
        )
        self._first = safe.set_up([one.account for one in OWNERS], 2, handler)
        self._singleton = singleton
        self.accounts: dict[int, bytes] = {tier: self._made(tier) for tier in (WARM, COLD)}
        self.accounts[HOT] = chain.terms.lanes[0]

    def _made(self, salt: int) -> bytes:
        call = safe.proxy(self._singleton, self._first, salt)
        receipt = self.chain.command(self._factory, call)
        topic: str = receipt["logs"][-1]["topics"][1]  # type: ignore[index]
        account = bytes.fromhex(topic[2:])[-20:]
        self.chain.command(account, value=ETHER)
        given = contracts.call("mint(address,uint256)", account, HOLDS)
        self.chain.command(self.chain.token, given)
        return account

    def pay(
        self, source: int, place: bytes, amount: int, token: bytes | None
    ) -> tuple[SafeTransaction, str]:
        """Two of the three sign; the call is in a block. Strangers pay its gas.

        What they signed, and the id of the transaction.
        """
        account = self.accounts[source]
        call = safe.transfer_call(token, place, amount)
        nonce = SafeView(self.chain.node, account).nonce()
        move = SafeTransaction(CHAIN_ID, account, nonce, *call)
        signed = OWNERS[0].approves(move) | OWNERS[2].approves(move)
        owners = [one.account for one in OWNERS]
        receipt = self.chain.command(account, move.execution(safe.checked(move, signed, owners, 2)))
        assert receipt["status"] == "0x1"
        return move, receipt["transactionHash"]

    def move(self, source: int, target: int, amount: int = PAID) -> tuple[SafeTransaction, str]:
        """Tokens, between tiers."""
        return self.pay(source, self.accounts[target], amount, self.chain.token)

    def take(self, basis_points: int) -> None:
        """The token's contract takes so much of each transfer from now on."""
        self.chain.command(self.chain.token, contracts.call("setFee(uint256)", basis_points))


class Desk:
    """Books of an exchange, and what its operators say of moves by hand."""

    def __init__(self, books: Books, safes: Safes) -> None:
        self.books, self.safes = books, safes
        self._numbers = iter(range(1, 99))

    async def fund(self) -> None:
        words = []
        for tier in (WARM, COLD):
            for asset, amount in ((USDT, HOLDS * UNIT), (COIN, 10**8)):
                name = bytes([tier, asset]) * 16
                words.append(wire.Funded(NETWORK, name, asset, tier, amount_bytes(amount)))
            account = self.safes.accounts[tier].hex()
            wallet = TierWallet(NETWORK, tier.name.lower(), SAFE, 2, (), safe=account)
            Record.of(self.books.folder).append(Entry(0, 1, "ceremony", "", wallets=(wallet,)))
        assert await self.books.house.report(wire.DEPOSITS, *words) == [0] * 4

    async def announce(self, source: int, target: int, amount: int = PAID, *, asset: int = USDT,
                       lasts_ms: int = LASTS_MIN_MS) -> int:  # fmt: skip
        number, paid = next(self._numbers), amount * UNIT if asset == USDT else amount
        terms = (asset, source, target, amount_bytes(paid), NOTHING, NOTHING, lasts_ms)
        told = wire.Announce(NETWORK, number, *terms)
        assert await self.books.house.report(wire.DEPOSITS, told) == [0]
        return number

    async def post(self, number: int, source: int, target: int, amount: int = PAID) -> None:
        name = b"moved" + bytes(26) + bytes([number])
        said = wire.Moved(
            *(NETWORK, name, USDT, source, target, amount_bytes(amount * UNIT), NOTHING, number)
        )
        assert await self.books.house.report(wire.DEPOSITS, said) == [0]

    async def known(self) -> dict[int, Announced]:
        asked = ListAnnounced(is_open=False, limit=99)
        found: list[Announced] = await self.books.house.ask(wire.DEPOSITS, asked)
        return {one.number: one for one in found}

    async def agrees(self) -> bool:
        """Whether nothing differs at the newest block, nor is anything suspended."""
        found = await self.books.found()
        return not found and not await self.books.stopped()

    def seen(self) -> list[int]:
        """What operators are shown of the last comparison."""
        return list(newest(self.books.folder, NETWORK).announced)

    async def state(self, number: int) -> int:
        return (await self.known())[number].state


@pytest.fixture(scope="module")
def chain() -> Iterator[EvmBed]:
    made = EvmBed(CHAIN_ID, USDT)
    yield made
    made.close()


@pytest.fixture(scope="module")
def safes(chain: EvmBed) -> Safes:
    try:
        return Safes(chain)
    except (nodes.NodeMissing, SafeMissing) as missing:
        pytest.skip(str(missing))


@pytest.fixture
async def desk(chain: EvmBed, safes: Safes, tmp_path: Path) -> AsyncIterator[Desk]:
    snapshot = chain.node.call("evm_snapshot")
    assets = (
        wire.NetworkAsset(USDT, 6, NOTHING, NOTHING, NOTHING, LARGE, 6),
        wire.NetworkAsset(COIN, 18, NOTHING, NOTHING, NOTHING, LARGE, 8),
    )
    terms = wire.DefineNetwork(NETWORK, "ERC20", 2, 3, False, COIN, assets)
    made = Books(chain, await Withdrawing.open(tmp_path, terms), tmp_path)
    await made.begin()
    desk = Desk(made, safes)
    await desk.fund()
    yield desk
    made.store.close()
    await made.exchange.close()
    assert chain.node.call("evm_revert", snapshot)


async def test_what_was_announced_goes_to_cold_and_back_and_suspends_nothing(desk: Desk) -> None:
    """Criterion: CUST-ANNOUNCE-2. From before it is on the chain until after it is posted."""
    assert await desk.agrees()
    for source, target in ((WARM, COLD), (COLD, WARM), (WARM, HOT)):
        number = await desk.announce(source, target)
        assert await desk.agrees()
        assert await desk.state(number) == AnnouncedState.ANNOUNCED
        desk.safes.move(source, target)
        assert await desk.agrees()
        assert await desk.state(number) == AnnouncedState.SEEN
        assert desk.seen() == [number]
        await desk.post(number, source, target)
        assert await desk.agrees()
        assert desk.seen() == []
        assert await desk.state(number) == AnnouncedState.POSTED


async def test_coins_of_the_chain_itself_are_announced_too(desk: Desk) -> None:
    """Criterion: CUST-ANNOUNCE-2"""
    number = await desk.announce(WARM, COLD, 4 * 10**7, asset=COIN)
    desk.safes.pay(WARM, desk.safes.accounts[COLD], 4 * 10**17, None)
    assert await desk.agrees()
    assert await desk.state(number) == AnnouncedState.SEEN


async def unannounced(desk: Desk) -> None:
    """Nobody has said anything."""
    desk.safes.move(WARM, COLD)


async def another_amount(desk: Desk) -> None:
    await desk.announce(WARM, COLD)
    desk.safes.move(WARM, COLD, PAID - 1_000)


async def elsewhere(desk: Desk) -> None:
    """Owners' keys in the hands of others, who know what was announced."""
    await desk.announce(WARM, COLD)
    desk.safes.pay(WARM, b"\x99" * 20, PAID, desk.safes.chain.token)


async def another_tier(desk: Desk) -> None:
    await desk.announce(WARM, COLD)
    desk.safes.move(WARM, HOT)


async def another_way(desk: Desk) -> None:
    await desk.announce(WARM, COLD)
    desk.safes.move(COLD, WARM)


async def twice(desk: Desk) -> None:
    await desk.announce(WARM, COLD)
    desk.safes.move(WARM, COLD)
    desk.safes.move(WARM, COLD)


async def after_it_was_posted(desk: Desk) -> None:
    number = await desk.announce(WARM, COLD)
    await desk.post(number, WARM, COLD)
    desk.safes.move(WARM, COLD)
    desk.safes.move(WARM, COLD)


async def after_it_was_ended(desk: Desk) -> None:
    number = await desk.announce(WARM, COLD)
    told = wire.EndAnnounced(NETWORK, number)
    assert await desk.books.house.report(wire.DEPOSITS, told) == [0]
    desk.safes.move(WARM, COLD)


FAULTS = (
    *(unannounced, another_amount, elsewhere, another_tier, another_way, twice),
    *(after_it_was_posted, after_it_was_ended),
)


@pytest.mark.parametrize("fault", FAULTS)
async def test_anything_else_suspends_the_asset(desk: Desk, fault: object) -> None:
    """Criterion: CUST-ANNOUNCE-2. Within the time in which an unknown spend does."""
    assert callable(fault)
    await fault(desk)
    broken = await desk.books.found()
    assert {one.asset for one in broken} == {USDT}
    assert [one.asset for one in await desk.books.stopped()] == [USDT]
    assert LASTS_MS < 60_000


async def test_its_time_ends_what_was_not_seen(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: CUST-ANNOUNCE-3. It alarms, and allows nothing from then on."""
    number = await desk.announce(WARM, COLD)
    assert await desk.agrees()
    desk.books.clock.advance(2 * LASTS_MIN_MS)
    desk.books.exchange.bed.clock.advance(2 * LASTS_MIN_MS)  # type: ignore[attr-defined]
    capsys.readouterr()
    assert await desk.agrees()
    assert await desk.state(number) == AnnouncedState.EXPIRED
    assert "announced move not seen in its time" in capsys.readouterr().out
    desk.safes.move(WARM, COLD)
    assert {one.asset for one in await desk.books.found()} == {USDT}
    # Coins were spent by what the payer does not know.
    stops = {(one.terms.scope.asset, one.trigger) for one in await desk.books.suspended()}
    assert stops == {(USDT, Trigger.UNKNOWN_SPEND)}


async def test_what_was_seen_in_its_time_waits_for_its_posting(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: CUST-ANNOUNCE-3. Blocks may be slow; it alarms, and nothing is suspended."""
    number = await desk.announce(WARM, COLD)
    desk.safes.move(WARM, COLD)
    assert await desk.agrees()
    desk.books.clock.advance(2 * LASTS_MIN_MS)
    desk.books.exchange.bed.clock.advance(2 * LASTS_MIN_MS)  # type: ignore[attr-defined]
    capsys.readouterr()
    assert await desk.agrees()
    assert capsys.readouterr().out.count("seen, and not posted in its time") == 1
    await desk.post(number, WARM, COLD)
    assert await desk.agrees()
    assert await desk.state(number) == AnnouncedState.POSTED


async def test_what_was_seen_and_is_not_posted_in_a_day_is_a_difference(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: CUST-ANNOUNCE-3. It alarms, and suspends; its posting makes both agree again."""
    number = await desk.announce(WARM, COLD)
    desk.safes.move(WARM, COLD)
    assert await desk.agrees()
    late_ms = LASTS_MIN_MS + POSTED_WITHIN_MS
    desk.books.clock.advance(late_ms)
    desk.books.exchange.bed.clock.advance(late_ms)  # type: ignore[attr-defined]
    capsys.readouterr()
    assert {one.asset for one in await desk.books.found()} == {USDT}
    assert "announced move not posted in its time" in capsys.readouterr().out
    assert await desk.state(number) == AnnouncedState.EXPIRED
    assert [one.asset for one in await desk.books.stopped()] == [USDT]
    await desk.post(number, WARM, COLD)
    assert not await desk.books.found()


async def test_a_fee_that_was_announced_hides_no_theft(desk: Desk) -> None:
    """Criterion: CUST-ANNOUNCE-2. What would is refused, and the theft is found."""
    gone, house = 4 * 10**7, desk.books.house
    for number, (amount, most) in enumerate(((1, gone), (COIN_LEAST, gone)), 1):
        terms = (COIN, WARM, COLD, amount_bytes(amount), NOTHING, amount_bytes(most))
        told = wire.Announce(NETWORK, number, *terms, LASTS_MIN_MS)
        assert await house.report(wire.DEPOSITS, told) == [51_000]
    desk.safes.pay(WARM, b"\x99" * 20, gone * 10**10, None)
    assert {(one.tier, one.asset) for one in await desk.books.found()} == {(WARM, COIN)}
    assert [one.asset for one in await desk.books.stopped()] == [COIN]


# Of a token whose contract takes a part of each transfer

ONE_PER_CENT = 100
TAKEN = PAID // 100


async def posted_by_command(desk: Desk, source: wire.Tier, target: wire.Tier,
                            done: tuple[SafeTransaction, str]) -> int:  # fmt: skip
    """The way of the guide: `post-move`, once the transaction is final; its exit code."""
    books = desk.books
    networks.keep(books.folder, [books.network])
    ways = (source.name.lower(), target.name.lower(), USDT, desk.safes.accounts[target], PAID)
    intent = Intent(1, NETWORK, *ways, "ann", "", 0, 1)
    file = books.folder / "move.json"
    file.write_bytes(msgspec.json.encode(Proposal(intent, (), transaction=done[0])))
    desk.safes.chain.mine(books.network.unlock_after)
    settings = Settings(data=books.folder)
    return await asyncio.to_thread(post_move, settings, file, done[1].removeprefix("0x"), "")


async def cost(desk: Desk) -> int:
    """What the house has paid to chains, of tokens."""
    return -sum(
        amount_int(one.balance)
        for one in await desk.books.house.ledger()
        if (one.kind, one.instance, one.asset) == (chart.GAS, NETWORK, USDT)
    )


@pytest.mark.parametrize("target", [HOT, COLD])
async def test_what_a_tokens_contract_takes_of_it_is_a_part_of_it(
    desk: Desk, capsys: pytest.CaptureFixture[str], target: wire.Tier
) -> None:
    """From before it is on the chain until after it is posted, which ends it.

    Criterion: CUST-ANNOUNCE-5, CUST-ANNOUNCE-10.
    """
    assert await desk.agrees()
    desk.safes.take(ONE_PER_CENT)
    number = await desk.announce(WARM, target)
    assert await desk.agrees()
    done = desk.safes.move(WARM, target)
    assert await desk.agrees()
    assert await desk.state(number) == AnnouncedState.SEEN
    assert await desk.agrees()
    capsys.readouterr()
    before = await cost(desk)
    assert await posted_by_command(desk, WARM, target, done) == 0
    said = capsys.readouterr().out
    assert "The ledger has it.\nThe token's contract took 0.05 of it" in said
    assert f"Announced move {number} has ended with it." in said
    assert "had not been announced" not in said
    assert await desk.state(number) == AnnouncedState.POSTED
    assert await cost(desk) - before == TAKEN * UNIT
    assert await desk.agrees()
    assert desk.seen() == []
    # Said again it is the same move, and no later one's.
    await desk.announce(WARM, target)
    assert await posted_by_command(desk, WARM, target, done) == 0
    assert f"Announced move {number} has ended with it." in capsys.readouterr().out
    assert [one.number for one in (await desk.known()).values() if one.is_open] == [number + 1]


async def as_if_it_were_a_fee(desk: Desk) -> None:
    """Owners' keys in the hands of others: what is missing at the target went to them."""
    desk.safes.take(0)
    await desk.announce(WARM, HOT)
    desk.safes.move(WARM, HOT, PAID - TAKEN)
    desk.safes.pay(WARM, b"\x99" * 20, TAKEN, desk.safes.chain.token)


async def by_the_fee_of_an_earlier_one(desk: Desk) -> None:
    """Which is posted: what its contract took explains nothing of the next one."""
    number = await desk.announce(WARM, HOT)
    done = desk.safes.move(WARM, HOT)
    assert await posted_by_command(desk, WARM, HOT, done) == 0
    assert await desk.state(number) == AnnouncedState.POSTED
    await as_if_it_were_a_fee(desk)


async def more_than_the_fee(desk: Desk) -> None:
    """The hot wallet's key as well: it has less by more than the contract took."""
    await desk.announce(WARM, HOT)
    desk.safes.move(WARM, HOT)
    chain = desk.safes.chain
    sender = "0x" + desk.safes.accounts[HOT].hex()
    chain.node.call("anvil_impersonateAccount", sender)
    data = "0x" + contracts.call("transfer(address,uint256)", b"\x99" * 20, TAKEN).hex()
    call = {"from": sender, "to": "0x" + chain.token.hex(), "data": data, "gas": hex(100_000)}
    chain.node.call("eth_sendTransaction", call)
    chain.mine()


async def more_from_the_source(desk: Desk) -> None:
    await desk.announce(WARM, HOT)
    desk.safes.move(WARM, HOT)
    desk.safes.pay(WARM, b"\x99" * 20, TAKEN, desk.safes.chain.token)


async def twice_with_a_fee(desk: Desk) -> None:
    await desk.announce(WARM, HOT)
    desk.safes.move(WARM, HOT)
    desk.safes.move(WARM, HOT)


async def another_amount_with_a_fee(desk: Desk) -> None:
    await desk.announce(WARM, HOT)
    desk.safes.move(WARM, HOT, PAID - TAKEN)


SHORT = (
    *(as_if_it_were_a_fee, by_the_fee_of_an_earlier_one, more_than_the_fee, more_from_the_source),
    *(twice_with_a_fee, another_amount_with_a_fee),
)


@pytest.mark.parametrize("fault", SHORT)
async def test_whatever_else_is_missing_is_no_part_of_it(desk: Desk, fault: object) -> None:
    """Criterion: CUST-ANNOUNCE-10. Not one unit beyond what its own receipt shows."""
    assert callable(fault)
    assert await desk.agrees()
    desk.safes.take(ONE_PER_CENT)
    await fault(desk)
    assert {one.asset for one in await desk.books.found()} == {USDT}
    assert {one.terms.scope.asset for one in await desk.books.suspended()} == {USDT}


async def test_two_of_the_same_terms_at_two_fees_are_both_explained(desk: Desk) -> None:
    """Criterion: CUST-ANNOUNCE-10. A transaction stands for one of them."""
    numbers = [await desk.announce(WARM, HOT) for _ in range(2)]
    for fee in (ONE_PER_CENT, ONE_PER_CENT // 2):
        desk.safes.take(fee)
        desk.safes.move(WARM, HOT)
        assert await desk.agrees()
    assert {await desk.state(one) for one in numbers} == {AnnouncedState.SEEN}


async def test_what_one_node_tells_of_a_fee_alone_is_not_believed(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: CUST-ANNOUNCE-10. Nor does a node that tells of none stop the comparison."""
    desk.safes.take(ONE_PER_CENT)
    books = desk.books
    await desk.announce(WARM, HOT)
    desk.safes.move(WARM, HOT)
    with Liar(books.chain.url) as other:
        two = msgspec.structs.replace(books.network, nodes=(books.chain.url, other.url))
        books.reconciler = Reconciler(two, books.house, books.folder / "payer", books.clock)
        assert await desk.agrees()
        for lie in ([], REFUSED):
            other.lie = lambda method, _, told, lie=lie: lie if method == "eth_getLogs" else told
            await books.reconciler.check(books.chain.chain.tip())
            (line,) = [one for one in books.reconciler.lines if one.difference]
            assert (line.tier, line.difference) == (HOT, -TAKEN * UNIT + TOLERANCE)
        other.lie = None
        assert await desk.agrees()
    assert capsys.readouterr().out.count("what came of announced moves cannot be read") == 2
