"""Goal: what gas costs while payments are on their way is no difference of ledger and chain.

Method: anvil at a high base fee, an exchange, its payer, watcher and signers.
"""

from __future__ import annotations

from coincurve import PrivateKey

from fullreserve.custody.chains import evm_transaction as tx
from fullreserve.custody.house import House
from fullreserve.custody.reconciling import BEHIND_MS
from fullreserve.exchange.products import suspension_wire as suspensions
from fullreserve.exchange.products.custody_wire import Tier
from fullreserve.exchange.products.suspension_state import Suspension
from fullreserve.exchange.products.withdrawal_state import WithdrawalState
from fullreserve.exchange.worker_files import COIN_TOLERANCE, tolerance
from tests.integration.custody.outsiders import COIN
from tests.integration.custody.test_lane_rotation import OLD, Lanes, bed, office
from tests.integration.custody.test_payment_budget import GWEI, storm

__all__ = ["bed", "office"]

UNIT = 10**10  # wei, of which a coin's unit in the ledger has so many


async def stopped(house: House) -> list[Suspension]:
    found: list[Suspension] = await house.ask(suspensions.SUSPENSIONS, suspensions.ListAll())
    return found


async def test_what_nobody_has_signed_hides_no_loss(office: Lanes) -> None:
    """However dear its plan is. Criterion: CHAINS-RECONCILE-11."""
    for name in OLD:
        office.silence(name)
    storm(office.bed, 200 * GWEI)
    await office.asked()
    for _ in range(2):
        await office.paying.round()
    (kept,) = office.store.open_plans(office.network.network)
    lost = kept.plan.fee // 2
    assert (office.store.attempts(kept), lost // UNIT > COIN_TOLERANCE) == ([], True)
    lane, key = next(iter(office.bed.keys.items()))
    office.bed.again(spent(office, lane, key, lost))
    office.bed.mine()
    await office.watcher.round()
    tip = office.account_chain.tip()
    await office.reconciler.check(tip)
    office.clock.advance(BEHIND_MS)
    (line,) = await office.reconciler.check(tip)
    assert (line.tier, line.asset) == (Tier.HOT, COIN)


def spent(office: Lanes, lane: bytes, key: PrivateKey, value: int) -> bytes:
    """By whoever has the lane's key: what hot loses of its coin, beside the gas."""
    nonce = office.bed._next(lane)
    body = tx.Body(
        office.network.chain_id, lane, nonce, bytes(20), value, b"", tx.GAS_BARE, 1, 10**12
    )
    return body.signed(key.sign_recoverable(body.digest(), hasher=None)).raw


async def test_the_gas_of_a_payment_on_its_way_is_no_difference(office: Lanes) -> None:
    """However dear; and no more than its signers let it cost. Criterion: CHAINS-RECONCILE-11."""
    storm(office.bed, 300 * GWEI)
    number = await office.asked()
    while not (await office.exchange.found(number)).transfer:
        await office.paying.round()
    (plan,) = [one.plan for one in office.store.open_plans(office.network.network)]
    office.bed.mine()
    await office.paying.round()
    assert (await office.exchange.found(number)).state != WithdrawalState.SUCCESS
    await office.watcher.round()
    tip = office.account_chain.tip()
    for _ in range(2):
        assert await office.reconciler.check(tip) == []
        office.clock.advance(BEHIND_MS)
    (line,) = [one for one in office.reconciler.lines if (one.tier, one.asset) == (Tier.HOT, COIN)]
    spare = tolerance(COIN, COIN)
    assert line.low + spare <= line.chain < line.ledger - spare
    assert line.ledger - line.low == plan.fee // UNIT + spare
    assert await stopped(office.exchange.house) == []
    await office.ended(number)
    await office.agreed()
