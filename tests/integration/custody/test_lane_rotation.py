"""Goal: other accounts pay on a chain of accounts, and what those before them hold follows.

Method: anvil, an exchange, its payer, watcher and signers, and the commands that an operator uses.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from eth_account import Account

from fullreserve.custody import holders, holdings, keyfile, networks, ownership, shown_keys
from fullreserve.custody.addresses import checksummed
from fullreserve.custody.chains import evm_transaction as tx
from fullreserve.custody.chains.adapter import Plan
from fullreserve.custody.chains.evm import EvmChain
from fullreserve.custody.chains.evm_sweeps import gas_key, left_key
from fullreserve.custody.chains.evm_transaction import read_body
from fullreserve.custody.fee_budget import FeeBudget
from fullreserve.custody.house_places import HousePlaces
from fullreserve.custody.keys import hot_commands, lane_commands
from fullreserve.custody.networks import Branch, Network
from fullreserve.custody.reconciling import BEHIND_MS
from fullreserve.custody.settled_fees import SettledFees
from fullreserve.custody.signer import policies_of
from fullreserve.custody.signing import LANE, WillNotSign, branch_name, lane_of, lanes_of
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.custody_wire import Tier
from fullreserve.exchange.products.withdrawal_state import WithdrawalState
from fullreserve.exchange.wire.commands import amount_bytes
from tests.bed import USDT
from tests.integration.custody.outsiders import COIN, TERMS, EvmBed
from tests.integration.custody.test_hot_rotation import ROUNDS, WORD, Office
from tests.integration.custody.withdrawing import NOTHING, Withdrawing

pytestmark = pytest.mark.usefixtures("cheap_passphrases")

NETWORK, CHAIN = 1, 31_377
AMOUNT = 7_000_000  # in the ledger's units
LARGE = amount_bytes(10**15)
OLD, NEW = ("ann", "bob"), ("ann", "bob", "dan", "eve")


class Lanes(Office):
    """Of a chain of accounts."""

    bed: EvmBed  # type: ignore[assignment]

    async def asked(self) -> int:
        self._outside += 1
        target = checksummed(self._outside.to_bytes(20, "big"))
        return await self.exchange.ask(NETWORK, USDT, AMOUNT, target)

    async def ended(self, *numbers: int) -> None:
        for _ in range(ROUNDS):
            await self.paying.round()
            found = [await self.exchange.found(one) for one in numbers]
            if all(one.state == WithdrawalState.SUCCESS for one in found):
                return
            self.bed.mine()
        raise AssertionError(found)

    def lanes_of_plans(self) -> list[bytes]:
        return [read_body(one.plan.body).lane for one in self.store.open_plans(NETWORK)]

    def holds(self, lane: bytes) -> dict[int, int]:
        """What an account has, by asset."""
        chain = self.account_chain
        found = chain.balances([lane], chain.tip())
        return {asset: found[lane, asset] for asset in (COIN, USDT)}

    def network_lane(self, number: int) -> bytes:
        return bytes.fromhex(self.network.lanes[number])

    @property
    def account_chain(self) -> EvmChain:
        found = self.paying._chain
        assert isinstance(found, EvmChain)
        return found

    async def agreed(self) -> None:
        """Ledger and chain, now and a while later."""
        await self.watcher.round()
        tip = self.account_chain.tip()
        for _ in range(2):
            assert await self.reconciler.check(tip) == []
            self.clock.advance(BEHIND_MS)
        assert {one.difference for one in self.reconciler.lines} == {0}

    def new_lane(self) -> bytes:
        """Two new signers' files, and the lane that both have."""
        self.command("signer-key", NETWORK, "dan", self.folder, "--lane")
        said = self.command("signer-key", NETWORK, "eve", self.folder, "--of", self._file("dan"))
        kept = [keyfile.unseal(self._file(name), WORD.encode()) for name in ("dan", "eve")]
        ((account, _),) = lanes_of(kept[0])
        assert checksummed(account) in said
        assert holders.key_of(kept[0]).secret != holders.key_of(kept[1]).secret
        return account

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.keys"

    async def rotated(self, *words: str | bytes, code: int = 0) -> str:
        told = [checksummed(one) if isinstance(one, bytes) else one for one in words]
        run = partial(self.command, "rotate-lanes", NETWORK, *told, code=code)
        return await asyncio.to_thread(run)


SIGNERS = ("--signers", *(f"{name}.sock" for name in NEW))


@pytest.fixture
def bed() -> Iterator[EvmBed]:
    made = EvmBed(CHAIN, USDT)
    yield made
    made.close()


def network(bed: EvmBed) -> Network:
    branch = bed.root.public()
    return Network(
        network=NETWORK, kind="evm", nodes=(bed.url,),
        branches=(Branch(branch.key.hex(), branch.code.hex()),), coin=COIN,
        decimals={COIN: 18, USDT: 6}, chain_id=CHAIN, tokens={USDT: bed.token.hex()},
        credit_after=TERMS.credit_after, unlock_after=TERMS.unlock_after,
        lanes=tuple(one.hex() for one in bed.keys), signers=tuple(f"{name}.sock" for name in OLD),
    )  # fmt: skip


@pytest.fixture
async def office(bed: EvmBed, tmp_path: Path) -> AsyncIterator[Lanes]:
    """What lanes hold is known to the ledger."""
    networks.keep(tmp_path, [network(bed)])
    secrets = {f"{LANE}{n}": key.secret for n, key in enumerate(bed.keys.values())}
    secrets[branch_name(NETWORK)] = bed.root.secret + bed.root.code
    for name in OLD:
        keyfile.seal(tmp_path / f"{name}.keys", secrets, WORD.encode())
    assets = [
        wire.NetworkAsset(asset, digits, NOTHING, NOTHING, NOTHING, LARGE, 6)
        for asset, digits in ((USDT, 6), (COIN, 18))
    ]
    terms = wire.DefineNetwork(NETWORK, "ERC20", 2, 3, False, COIN, tuple(assets))
    exchange = await Withdrawing.open(tmp_path, terms)
    made = Lanes(tmp_path, bed, exchange)  # type: ignore[arg-type]
    await made.serve(*OLD)
    made.begin()
    for asset, digits in ((COIN, 18), (USDT, 6)):
        held = sum(made.holds(lane)[asset] for lane in bed.keys) * 10**8 // 10**digits
        transfer = asset.to_bytes(32, "big")
        told = wire.Funded(NETWORK, transfer, asset, Tier.HOT, amount_bytes(held))
        assert await exchange.house.report(wire.DEPOSITS, told) == [0]
    await made.watcher.round()
    yield made
    await made.close()
    await exchange.close()


async def restarted(office: Lanes) -> None:
    await office.serve(*NEW)
    office.begin()


async def test_a_lane_is_left_and_another_takes_its_place(office: Lanes) -> None:
    """A payment that it has begun comes to its end. Criterion: CUST-LANES-1, CUST-LANES-2."""
    first = await office.asked()
    for _ in range(2):
        await office.paying.round()
    (old,) = office.lanes_of_plans()
    new = office.new_lane()
    before = (office.folder / networks.FILE).read_bytes()
    words: tuple[str | bytes, ...] = ("--add", new, "--leave", old, *SIGNERS)
    for there in (OLD, NEW[:3]):  # nobody who has the new lane's key, or one alone
        await office.serve(*there)
        said = await office.rotated(*words, "--dry-run", code=1)
        assert f"shown the key of lane {checksummed(new)}: 2 signers have to" in said
        assert ("no signer has shown the key of lane" in said) == (there == OLD)
    await office.serve(*NEW)
    said = await office.rotated(*words, "--dry-run")
    assert f"lane {checksummed(new)}, new" in said
    with_coins = msgspec.structs.replace(office.network, network=9)
    held = await asyncio.to_thread(shown_keys.ask, office.folder, with_coins)
    assert (set(map(len, held.keys.values())), held.silent) == ({0}, {}), "of another network"
    assert f"left {checksummed(old)}: begins no payment, ends the 1 that are open" in said
    assert (office.folder / networks.FILE).read_bytes() == before
    await office.rotated(*words)
    await restarted(office)
    others = [await office.asked() for _ in range(3)]
    await office.paying.round()
    assert office.lanes_of_plans().count(old) == 1
    await office.ended(first, *others)
    for _ in range(3 * TERMS.unlock_after):
        await office.paying.round()
        office.bed.mine()
    await office.paying.round()
    assert office.store.open_plans(NETWORK) == []
    assert office.holds(old)[USDT] == 0
    assert office.holds(old)[COIN] < 10**15
    assert office.holds(new)[USDT] > 0
    assert office.holds(new)[COIN] > 990 * 10**18
    await office.agreed()
    for place in holdings.places(office.network, 1):
        if place.tier == Tier.HOT:
            said = f"{ownership.PREFIX}test"
            assert ownership.verify(await proven(office, place, said))
    assert HousePlaces(office.folder, [office.network]).is_ours(NETWORK, checksummed(old))


async def proven(office: Lanes, place: holdings.Place, said: str) -> ownership.Ownership:
    return await asyncio.to_thread(holdings.prove, office.folder, office.network, place, said)


async def test_a_lane_without_gas_is_given_some_on_a_budget(office: Lanes) -> None:
    """All of it counts, as another may have the key. Criterion: CUST-LANES-3."""
    old, new = next(iter(office.bed.keys)), office.new_lane()
    await office.serve(*NEW)
    office.bed.node.call("anvil_setBalance", "0x" + old.hex(), "0x0")
    await office.rotated("--add", new, "--leave", old, *SIGNERS)
    await restarted(office)
    given: dict[int, int] = {}
    for _ in range(ROUNDS):
        await office.paying.round()
        plans = office.store.open_plans(NETWORK)
        moves = [(one.id, one.plan.move) for one in plans if one.plan.move is not None]
        given |= {plan: move.amount for plan, move in moves if move.key == gas_key(old)}
        if not office.holds(old)[USDT]:
            break
        office.bed.mine()
    assert office.holds(old)[USDT] == 0
    (gas,) = given.values()
    budget = office._budgets[-len(NEW)].moves
    settled = SettledFees([budget], {NETWORK: (office.network.chains(), TERMS.unlock_after)})
    office.bed.mine(2 * TERMS.unlock_after)
    await settled.round()
    assert budget.reserved(NETWORK) == []
    assert spent(budget) > gas


def spent(budget: FeeBudget) -> int:
    rows = budget._db.execute("SELECT fee FROM fees WHERE network = ?", (NETWORK,))
    return sum(int.from_bytes(fee, "big") for (fee,) in rows)


async def test_a_lane_that_was_left_pays_lanes_alone(office: Lanes) -> None:
    """Whatever a coordinator proposes. Criterion: CUST-LANES-3."""
    old, new = next(iter(office.bed.keys)), office.new_lane()
    await office.serve(*NEW)
    await office.rotated("--add", new, "--leave", old, *SIGNERS)
    await restarted(office)
    chain = office.account_chain
    (sweep,) = chain.sweeps([], [], await office.paying._sweeping.worth())
    body, move = read_body(sweep.body), sweep.move
    assert move is not None
    assert (move.key, move.source, move.target) == (left_key(old), Tier.HOT, Tier.HOT)
    policy = policies_of([office.network], keyfile.unseal(office._file("ann"), WORD.encode()))
    signs = policy[NETWORK].sign
    assert signs(sweep, [])
    thief = lane_of(office.bed.outsider)
    for wrong, why in (
        (msgspec.structs.replace(body, to=thief, value=1, data=b""), "none of the hot wallets"),
        (msgspec.structs.replace(body, to=old, value=1, data=b""), "none of the hot wallets"),
        (msgspec.structs.replace(body, data=tx.transfer_call(thief, 5)), "none of the hot wallets"),
        (
            msgspec.structs.replace(body, lane=office.network_lane(1), nonce=0),
            "an address that is none of ours",
        ),
    ):
        with pytest.raises(WillNotSign, match=why):
            signs(with_body(sweep, wrong), [])
    other = policies_of([office.network], keyfile.unseal(office._file("dan"), WORD.encode()))
    with pytest.raises(WillNotSign, match="the source is none of our addresses"):
        other[NETWORK].sign(sweep, [])
    elsewhere = msgspec.structs.replace(move, key=left_key(office.network_lane(1)))
    with pytest.raises(WillNotSign, match="an address that is none of ours"):
        signs(msgspec.structs.replace(sweep, move=elsewhere), [])


def with_body(plan: Plan, body: tx.Body) -> Plan:
    binding = tx.binding(body.lane, body.nonce)
    return msgspec.structs.replace(plan, body=msgspec.json.encode(body), binding=binding)


async def test_who_takes_from_a_lane_that_was_left_is_found(office: Lanes) -> None:
    """And what is forgotten is missing. Criterion: CUST-LANES-4."""
    old, new = next(iter(office.bed.keys)), office.new_lane()
    await office.serve(*NEW)
    await office.rotated("--add", new, "--leave", old, *SIGNERS)
    said = await office.rotated("--forget", old, "--dry-run")
    assert "is missing from then on" in said
    await restarted(office)
    await office.agreed()
    chain = office.account_chain
    cursor = chain.tip()
    thief = Account.from_key(office.bed.keys[old].secret)
    call = {"to": office.bed.outside, "value": 5, "chainId": CHAIN, "gas": 21_000, "nonce": 0}
    call |= {"maxFeePerGas": 10**11, "maxPriorityFeePerGas": 10**9}
    signed = thief.sign_transaction(call)
    office.bed.again(signed.raw_transaction)
    office.bed.mine()
    block = chain.block(chain.tip().height)
    assert block is not None
    assert block.height > cursor.height
    (gone,) = chain.departed(block)
    assert read_body(gone.body).lane == old


async def test_what_others_wrote_meanwhile_is_not_undone(
    office: Lanes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While signers are asked, for a while. Criterion: CUST-LANES-2."""
    old, new = next(iter(office.bed.keys)), office.new_lane()
    await office.serve(*NEW)
    theirs = [msgspec.structs.replace(office.network, sweep_worth=77)]
    asked = hot_commands.asked

    def meanwhile(*words: Any) -> Any:
        networks.keep(office.folder, theirs)
        return asked(*words)

    monkeypatch.setattr(lane_commands, "asked", meanwhile)
    said = await office.rotated("--add", new, "--leave", old, *SIGNERS, code=1)
    assert "was changed meanwhile" in said
    assert networks.load(office.folder) == theirs


REFUSED: list[tuple[tuple[str | int, ...], str]] = [
    ((), "nothing is to change"),
    (("--leave", 0, 1), "1 lanes: at least 3"),
    (("--leave", 0), "2 lanes: at least 3"),
    (("--leave", 9), "is none of its lanes"),
    (("--forget", 0), "is none of the lanes that it left"),
    (("--add", 9), "by --signers"),
    (("--add", 0, *SIGNERS), "is one of its lanes already"),
    (("--add", 9, 9, *SIGNERS), "an account is named twice"),
    (("--add", "0x12", *SIGNERS), "0x and 40 hexadecimal digits"),
    (("--add", 9, "--signers", "ann.sock"), "one signer alone"),
]


async def test_what_would_leave_too_little_is_refused(office: Lanes) -> None:
    """Criterion: CUST-LANES-2."""
    known = [*office.bed.keys, *[b"\x99" * 20] * 7]
    before = (office.folder / networks.FILE).read_bytes()
    for words, told in REFUSED:
        named = [known[one] if isinstance(one, int) else one for one in words]
        assert told in await office.rotated(*named, code=1)
        assert (office.folder / networks.FILE).read_bytes() == before
