"""Goal: a lane's key is lost while payments wait for it; two operators have others pay them.

Method: anvil, an exchange, its payer, watcher, comparison and signers, whose files lack the lane,
and the command that leaves it.
"""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from fullreserve.custody import keyfile, networks
from fullreserve.custody.chains.adapter import Plan
from fullreserve.custody.intents import Memory
from fullreserve.custody.payer_desk import NotSigned
from fullreserve.custody.quorum import Quorum
from fullreserve.custody.signing import LANE, WillNotSign
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.approval_acts import (
    Approve,
    BoundPayment,
    Enrol,
    Propose,
    Report,
    UnbindPayments,
)
from fullreserve.exchange.products.approval_state import CONSOLE
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.products.withdrawal_state import (
    EDITION,
    Binding,
    ListBindings,
    WithdrawalState,
)
from fullreserve.exchange.products.withdrawals import Withdrawals
from fullreserve.gateway import unpaid
from tests.integration.custody.test_hot_rotation import ROUNDS, WORD
from tests.integration.custody.test_lane_rotation import (
    NETWORK,
    NEW,
    OLD,
    SIGNERS,
    Lanes,
    bed,
    office,
)

pytestmark = pytest.mark.usefixtures("cheap_passphrases")

__all__ = ["bed", "office"]  # fixtures

DAN, EVA, FAY = 10_000_101, 10_000_102, 10_000_103
MINUTE_MS = 60_000
PAYMENTS = 9  # three by each lane
SUCCESS = WithdrawalState.SUCCESS


def lose(office: Lanes, lane: int) -> None:
    """The first signers' files have its key no more."""
    for name in OLD:
        path = office.folder / f"{name}.keys"
        kept = keyfile.unseal(path, WORD.encode())
        path.unlink()
        keyfile.seal(path, {k: v for k, v in kept.items() if k != f"{LANE}{lane}"}, WORD.encode())


async def agreed(office: Lanes, payments: tuple[BoundPayment, ...]) -> None:
    """By two operators, and carried out as a gateway does it."""
    say = office.exchange.say
    for member in (DAN, EVA, FAY):
        (code,) = await office.exchange.house.report(Approvals.number, Enrol(CONSOLE, member))
        assert code == 0
    act = UnbindPayments(NETWORK, payments)
    number = await say(Propose(act, MINUTE_MS), DAN, Approvals.number)
    await say(Approve(number, reports=True), EVA, Approvals.number)
    words = [wire.MayUnbind(one.withdrawal, one.binding, number) for one in payments]
    assert set(await office.exchange.house.report(wire.WITHDRAWALS, *words)) == {0}
    (code,) = await office.exchange.house.report(Approvals.number, Report(number, 0))
    assert code == 0


async def bindings(office: Lanes, numbers: list[int]) -> list[Binding]:
    asked = ListBindings(tuple(numbers))
    found: list[Binding] = await office.exchange.house.ask(wire.WITHDRAWALS, asked)
    return found


async def test_payments_of_a_lost_lane_are_paid_once_by_others(office: Lanes) -> None:
    """Criteria: CUST-UNBIND-4, CUST-UNBIND-5."""
    machine = office.exchange.bed.sequencer.machine
    fold = next(one for one in machine.folds if isinstance(one, Withdrawals))
    fold.state.edition = EDITION
    old = office.network_lane(0)
    lose(office, 0)
    await office.serve(*OLD)
    numbers = [await office.asked() for _ in range(PAYMENTS)]
    for _ in range(ROUNDS):
        await office.paying.round()
        office.bed.mine()
    found = {one: await office.exchange.found(one) for one in numbers}
    stuck = [one for one in numbers if found[one].state == WithdrawalState.WAITING]
    assert len(stuck) == PAYMENTS // 3
    assert office.lanes_of_plans() == [old] * len(stuck)
    (shown,) = unpaid.unsigned(office.folder)
    assert shown.payments == len(stuck)
    before = tuple(BoundPayment(one, found[one].binding) for one in stuck)
    plans = [kept.plan for kept in office.store.open_plans(NETWORK)]
    remembers(office, plans[0], numbers[0] if numbers[0] not in stuck else numbers[1])

    new = office.new_lane()
    await office.serve(*NEW)
    await agreed(office, before)
    await office.paying.round()
    known = await bindings(office, stuck)
    assert [one.binding for one in known] == [one.binding for one in before]
    assert all(one.may_unbind for one in known), "its lane still pays"
    words: tuple[str | bytes, ...] = ("--add", new, "--leave", old, *SIGNERS)
    fewer = (one for one in words if one != "bob.sock")
    said = await office.rotated(*fewer, "--dry-run")
    assert "bob.sock: not asked any more, nor whether one signed" in said
    said = await office.rotated(*words)
    assert "not asked any more" not in said
    assert f"{len(stuck)} of those nobody has signed: if nobody can, two operators let" in said
    await office.serve(*NEW)
    office.begin()
    await office.ended(*numbers)
    known = await bindings(office, stuck)
    for one, was in zip(known, before, strict=True):
        assert one.unbound == (was.binding,)
        assert one.binding not in (b"", was.binding)
    chain = office.account_chain
    assert chain.used([old], chain.tip()) == {old: 0}
    assert unpaid.unsigned(office.folder) == []
    await office.agreed()
    await comes_back(office, plans)


def remembers(office: Lanes, unsigned: Plan, signed: int) -> None:
    """A signer what it has signed, and nothing of what it could not."""
    for name in OLD:
        memory = Memory(office.folder / f"{name}.sqlite")
        other = msgspec.structs.replace(unsigned, binding=bytes(32))
        memory.check(other)
        if name == OLD[0]:
            with pytest.raises(WillNotSign, match="another nonce"):
                memory.check(msgspec.structs.replace(other, withdrawals=(signed,)))
        memory.close()


async def comes_back(office: Lanes, plans: list[Plan]) -> None:
    """The lost key is found: no signer signs what is bound otherwise now."""
    (of,) = networks.served(office.folder)
    for plan in plans:
        with pytest.raises(NotSigned) as refused:
            await asyncio.to_thread(Quorum(office.folder, of, lambda _: ()).sign, plan)
        said = "the exchange has not bound the withdrawal to this transaction"
        assert str(refused.value).count(said) == len(NEW)
