"""Goal: the tiers' Safes do what any m owners want, within what the guard allows, and nothing else.
Method: Safe's own contracts and our guard on anvil; clocks are moved by the node."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock

import msgspec
import pytest

from fullreserve.custody import nodes
from fullreserve.custody.addresses import EvmAddresses, account_of, checksummed
from fullreserve.custody.chains.evm import EvmChain, Terms
from fullreserve.custody.chains.evm_transaction import binding
from fullreserve.custody.chains.rpc import NodeRefuses
from fullreserve.custody.hd import Private
from fullreserve.custody.holdings import Place
from fullreserve.custody.keys import move_standing, refill_commands
from fullreserve.custody.keys.gas import PAYER, FileGas
from fullreserve.custody.keys.key_file import FileDevice
from fullreserve.custody.spends import Planned, Spend, Spends
from fullreserve.custody.tiers import abi, guard, safe
from fullreserve.custody.tiers.safe import NotEnough, SafeMissing
from fullreserve.custody.units import Scale
from fullreserve.exchange.products.custody_wire import Tier as Where
from fullreserve.exchange.products.tier_moves_wire import MoveState
from fullreserve.gateway.held_moves import gas_short
from tests.integration.custody.holders import Holder, people
from tests.integration.custody.refills import Refills, accounts
from tests.integration.custody.safes import (
    CHAIN,
    DAY,
    DELAY,
    ETHER,
    HOT,
    LIMIT,
    STRANGER,
    Chain,
    Tier,
)


@pytest.fixture(scope="module")
def chain() -> Iterator[Chain]:
    try:
        made = Chain()
    except (nodes.NodeMissing, SafeMissing) as missing:
        pytest.skip(str(missing))
    yield made
    made.process.kill()


FIVE, SEVEN, NEW = people(5), people(7, 51), people(7, 61)


@pytest.fixture(scope="module")
def warm(chain: Chain) -> Tier:
    return Tier(chain, FIVE, 3)


def test_the_digest_is_the_contracts_own(warm: Tier) -> None:
    """Criterion: CUST-SAFE-1."""
    transaction = warm.transaction(HOT, 5, b"\x01\x02\x03")
    asked = abi.call(
        "getTransactionHash(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,"
        "uint256)",
        HOT, 5, abi.Dynamic(b"\x01\x02\x03"), 0, 0, 0, 0, bytes(20), bytes(20), transaction.nonce,
    )  # fmt: skip
    call = {"to": "0x" + warm.account.hex(), "data": "0x" + asked.hex()}
    assert warm.chain.node.call("eth_call", call, "latest") == "0x" + transaction.digest().hex()


def test_any_three_of_five_pay_and_two_do_not(warm: Tier) -> None:
    """Criterion: CUST-SAFE-1."""
    for by in list(itertools.combinations(FIVE, 3))[::3]:
        before = warm.chain.balance(HOT)
        warm.do(by, HOT, 10**15)
        assert warm.chain.balance(HOT) == before + 10**15
    to, value, data = safe.transfer_call(warm.chain.token, HOT, 10**6)
    warm.do(FIVE[2:], to, value, data)
    assert warm.chain.tokens(HOT) == 10**6
    with pytest.raises(NotEnough, match="2 of 3"):
        warm.do(FIVE[:2], HOT, 1)
    with pytest.raises(NotEnough, match="no owner"):
        warm.do([*FIVE[:2], SEVEN[0]], HOT, 1)
    transaction = warm.transaction(HOT, 1)
    two: dict[bytes, bytes] = {}
    for one in FIVE[:2]:
        two |= one.approves(transaction)
    with pytest.raises(NodeRefuses, match="GS020"):
        warm.chain.send(warm.account, transaction.execution(two))


def test_what_a_token_takes_of_a_move_is_told_by_its_receipt(warm: Tier) -> None:
    """Found by its digest, or by its name. Criterion: CHAINS-SWEEP-10."""
    node, token = warm.chain.node, warm.chain.token
    since = int(node.call("eth_blockNumber"), 16)
    warm.chain.send(token, abi.call("setFee(uint256)", 100))
    wanted = warm.transaction(*safe.transfer_call(token, HOT, 10**6))
    warm.do(FIVE[2:], *safe.transfer_call(token, HOT, 10**6))
    warm.chain.send(token, abi.call("setFee(uint256)", 0))
    found = move_standing._of_safe(node, wanted, since, since + 9, 1)
    assert found is not None
    assert (found.is_ours, found.came) == (True, 990_000)
    assert found.arrived(100 * 10**6, Scale(6)) == (99 * 10**6, 10**6)
    plain = warm.transaction(HOT, 5)
    warm.do(FIVE[2:], HOT, 5)
    other = move_standing._of_safe(node, plain, since, since + 9, 1)
    assert other is not None
    assert other.came == -1
    assert other.arrived(7, Scale(18)) == (7, 0)


def test_foreign_code_never_runs_as_the_safe(warm: Tier) -> None:
    """Criterion: CUST-GUARD-1."""
    transaction = msgspec.structs.replace(warm.transaction(STRANGER), operation=1)
    with pytest.raises(NotEnough, match="DELEGATECALL"):
        FIVE[0].approves(transaction)
    # A quorum whose devices were made to sign it all the same.
    digest = transaction.digest()
    forced = {one.account: one.device.sign(one.name, digest) for one in FIVE[:3]}
    made = {owner: got[:64] + bytes((27 + got[64],)) for owner, got in forced.items()}
    with pytest.raises(NodeRefuses) as refused:
        warm.chain.send(warm.account, transaction.execution(made))
    assert "DELEGATECALL" in str(refused.value) or b"DELEGATECALL".hex() in str(refused.value)


def test_only_announced_destinations_and_only_transfers(warm: Tier) -> None:
    """Criterion: CUST-GUARD-2."""
    token, three = warm.chain.token, FIVE[:3]
    warm.refuses("destination", three, STRANGER, 1)
    warm.refuses("destination", three, token, data=safe.transfer_call(token, STRANGER, 1)[2])
    approve = abi.call("approve(address,uint256)", HOT, 1)
    warm.refuses("not a transfer", three, token, data=approve)
    warm.refuses("value with a call", three, token, 1, safe.transfer_call(token, HOT, 1)[2])
    warm.refuses("call to itself", three, warm.account,
                 data=abi.call("enableModule(address)", STRANGER))  # fmt: skip
    warm.refuses("call to itself", three, warm.account,
                 data=abi.call("setFallbackHandler(address)", STRANGER))  # fmt: skip
    warm.refuses("guard not announced", three, warm.account, data=guard.installs(bytes(20)))


def test_a_new_destination_cools_off_and_goes_at_once(warm: Tier) -> None:
    """Criterion: CUST-GUARD-2."""
    other = b"\x44" * 20
    warm.do(FIVE[:3], warm.gate, data=guard.announces(other))
    warm.refuses("destination", FIVE[:3], other, 1)
    warm.chain.wait(DELAY - 60)
    warm.refuses("destination", FIVE[:3], other, 1)
    warm.chain.wait(60)
    warm.do(FIVE[:3], other, 1)
    warm.do(FIVE[1:4], warm.gate, data=guard.removes(other))
    warm.refuses("destination", FIVE[:3], other, 1)


def test_no_24_hours_see_more_than_the_limit(chain: Chain) -> None:
    """Criterion: CUST-GUARD-3."""
    tier = Tier(chain, FIVE, 3)
    by = FIVE[:3]
    tier.do(by, HOT, LIMIT - 10)
    tier.refuses("limit", by, HOT, 11)
    chain.wait(DAY - 3_600)
    tier.refuses("limit", by, HOT, 11)
    tier.do(by, HOT, 10)
    chain.wait(2 * 3_600)
    tier.do(by, HOT, LIMIT - 10)
    # More waits, less holds at once.
    tier.do(by, tier.gate, data=guard.limits(guard.COIN, 2 * LIMIT))
    tier.refuses("limit", by, HOT, LIMIT)
    chain.wait(DELAY)
    tier.do(by, HOT, 2 * LIMIT)
    tier.do(by, tier.gate, data=guard.limits(guard.COIN, 0))
    chain.wait(2 * DAY)
    tier.refuses("limit", by, HOT, 1)


def test_nobody_else_uses_the_limit_up(warm: Tier) -> None:
    """Criterion: CUST-GUARD-3."""
    check = abi.call(
        "checkTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,"
        "bytes,address)",
        HOT, LIMIT, abi.Dynamic(b""), 0, 0, 0, 0, bytes(20), bytes(20), abi.Dynamic(b""), HOT,
    )  # fmt: skip
    with pytest.raises(NodeRefuses) as refused:
        warm.chain.send(warm.gate, check)
    assert "not the Safe" in str(refused.value) or b"not the Safe".hex() in str(refused.value)


@pytest.mark.parametrize(
    ("owners", "threshold", "gone"),
    [(FIVE, 3, 0), (FIVE, 3, 2), (FIVE, 3, 4), (SEVEN, 4, 0), (SEVEN, 4, 6)],
)
def test_who_is_gone_is_replaced_without_him(
    chain: Chain, owners: list[Holder], threshold: int, gone: int
) -> None:
    """Criterion: CUST-GONE-2."""
    tier = Tier(chain, owners, threshold)
    stay = [one for place, one in enumerate(owners) if place != gone]
    lost, new = owners[gone].account, NEW[gone]
    tier.do(stay[:threshold], HOT, 1)
    call = safe.swap_call(tier.view.owners(), lost, new.account)
    tier.do(stay[-threshold:], tier.account, data=call)
    assert lost not in tier.view.owners()
    assert tier.view.threshold() == threshold
    tier.do([new, *stay[: threshold - 1]], HOT, 1)
    with pytest.raises(NotEnough, match="no owner"):
        tier.do([owners[gone], *stay[: threshold - 1]], HOT, 1)


def test_a_quorum_neither_shrinks_nor_comes_to_need_everybody(warm: Tier) -> None:
    """Criterion: CUST-GUARD-4."""
    by = FIVE[:3]
    warm.refuses("threshold", by, warm.account, data=abi.call("changeThreshold(uint256)", 2))
    warm.refuses("spare owners", by, warm.account, data=abi.call("changeThreshold(uint256)", 4))
    owners = warm.view.owners()
    remove = abi.call("removeOwner(address,address,uint256)", owners[0], owners[1], 3)
    warm.refuses("spare owners", by, warm.account, data=remove)


def test_another_guard_takes_over_after_the_delay(chain: Chain) -> None:
    """Criterion: CUST-GUARD-4."""
    tier = Tier(chain, FIVE, 3)
    rules = msgspec.structs.replace(tier.rules, destinations=(STRANGER,))
    after = chain.created(guard.creation(tier.account, rules))
    tier.do(FIVE[:3], tier.gate, data=guard.succeeds(after))
    tier.refuses("guard not announced", FIVE[:3], tier.account, data=guard.installs(after))
    chain.wait(DELAY)
    tier.do(FIVE[:3], tier.account, data=guard.installs(after))
    tier.do(FIVE[:3], STRANGER, 1)


def test_a_signature_is_for_one_safe_chain_and_nonce(warm: Tier) -> None:
    """Criterion: CUST-SAFE-2."""
    transaction = warm.transaction(HOT, 1)
    made: dict[bytes, bytes] = {}
    for one in FIVE[:3]:
        made |= one.approves(transaction)
    warm.chain.send(warm.account, transaction.execution(made))
    with pytest.raises(NodeRefuses, match="GS026"):
        warm.chain.send(warm.account, transaction.execution(made))
    for other in (
        msgspec.structs.replace(transaction, chain_id=1),
        msgspec.structs.replace(transaction, safe=STRANGER),
        msgspec.structs.replace(transaction, nonce=transaction.nonce + 1),
        msgspec.structs.replace(transaction, value=2),
    ):
        assert other.digest() != transaction.digest()
        with pytest.raises(NotEnough, match="not valid"):
            safe.checked(other, made, warm.view.owners(), 3)


class Killed(Exception):
    """As a kill at that moment."""


async def test_a_hot_lane_is_refilled_by_owners_who_are_there_once(
    chain: Chain, tmp_path: Path
) -> None:
    """Criterion: CUST-REFILL-1, CUST-REFILL-2. Each round is another worker's; two are gone."""
    tier = Tier(chain, FIVE, 3)
    branch = Private.of_seed(b"who pays the gas, of a test alone")
    device = FileDevice(tmp_path / "gas", {PAYER: branch})
    refills = await Refills.open(tmp_path, accounts(tier, FIVE), FIVE)
    before = chain.balance(HOT)
    try:
        await refills.serve(FIVE[0], FIVE[2], FIVE[4])
        await refills.worker().round()
        # Nobody pays the gas yet; then it is signed, and killed before a node has it.
        await refills.worker().round()
        await refills.worker(FileGas(device)).round()
        (problem,) = gas_short(tmp_path).values()
        assert problem.startswith(f"{checksummed(account_of(device.public(PAYER)))} pays the gas")
        chain.send(account_of(device.public(PAYER)), b"", ETHER)
        killed = refills.worker(FileGas(device))
        killed._give = Mock(side_effect=Killed)  # type: ignore[method-assign]
        with pytest.raises(Killed):
            await killed.round()
        for _ in range(3):
            await refills.worker(FileGas(device)).round()
        chain.node.call("anvil_mine", "0x1")
        await refills.worker(FileGas(device)).round()
        assert (await refills.moves())[0].state == MoveState.BOUND  # not final yet
        chain.node.call("anvil_mine", "0x2")
        for _ in range(3):
            await refills.worker(FileGas(device)).round()
        (done,) = await refills.moves()
        assert (done.state, chain.balance(HOT) - before) == (MoveState.DONE, 3 * ETHER)
        assert await refills.hot_and_warm() == (3 * 10**8, 6 * 10**8)
        (said,) = await refill_commands._known(tmp_path, 5)
        assert said == done
    finally:
        await refills.close()


async def test_a_move_whose_nonce_owners_used_otherwise_is_given_up(
    chain: Chain, tmp_path: Path
) -> None:
    """Criterion: CUST-REFILL-2. It is never executed any more; the next one is another move."""
    tier = Tier(chain, FIVE, 3)
    refills = await Refills.open(tmp_path, accounts(tier, FIVE), FIVE)
    branch = Private.of_seed(b"who pays the gas, of a test alone")
    gas = FileGas(FileDevice(tmp_path / "gas", {PAYER: branch}))
    before = chain.balance(HOT)
    try:
        await refills.serve(*FIVE[:3])
        await refills.worker().round()
        killed = refills.worker(gas)
        killed._give = Mock(side_effect=Killed)  # type: ignore[method-assign]
        with pytest.raises(Killed):
            await killed.round()
        tier.do(FIVE[2:], HOT, 1)
        for _ in range(3):
            await refills.worker(gas).round()
            chain.node.call("anvil_mine", "0x2")
        (move,) = [one for one in await refills.moves() if not one.is_open]
        assert (move.state, chain.balance(HOT) - before) == (MoveState.OVERTAKEN, 1)
    finally:
        await refills.close()


def test_what_a_safe_did_and_the_log_has_not_bound_is_an_unknown_spend(
    chain: Chain, warm: Tier, tmp_path: Path
) -> None:
    """Criterion: CHAINS-TRIGGER-4. Of another account, which is no Safe, nothing is made up."""
    addresses = EvmAddresses(Private.of_seed(b"a seed of the tests alone, 32 by").public())
    seen = EvmChain(chain.node, addresses, Terms(1, CHAIN, 1, {}))
    at = [Place(1, Where.WARM, "", "", one) for one in (warm.account, STRANGER)]
    spends = Spends(seen, tmp_path / "payer")
    spends.explain(at, seen.tip())
    first = warm.view.nonce()
    for _ in range(2):
        warm.do(FIVE[:3], HOT, value=1)
    planned = Planned([binding(warm.account, first)])
    unknown = Spend(warm.account, first + 1, by_safe=True)
    assert spends.unknown(at, seen.tip(), planned) == [unknown]
    both = Planned([binding(warm.account, first), binding(warm.account, first + 1)])
    assert spends.unknown(at, seen.tip(), both) == []
