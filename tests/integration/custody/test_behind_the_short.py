"""Goal: a withdrawal that hot cannot pay holds up none that it can.

Method: anvil, an exchange, its payer and signers; the lanes are nearly empty.
"""

from __future__ import annotations

from fullreserve.custody import contracts
from fullreserve.custody.addresses import checksummed
from fullreserve.custody.chains import evm_transaction as tx
from fullreserve.custody.signing import lane_of
from fullreserve.exchange.products.withdrawal_state import WithdrawalState
from tests.bed import USDT
from tests.integration.custody.test_lane_rotation import AMOUNT, NETWORK, Lanes, bed, office

__all__ = ["bed", "office"]

UNIT = 100  # ledger units of the token's own
LEFT = 3 * AMOUNT // UNIT  # in each lane


def take_away(office: Lanes) -> None:
    """What the lanes hold, but for a little."""
    bed = office.bed
    for lane, key in bed.keys.items():
        call = tx.transfer_call(lane_of(bed.outsider), office.holds(lane)[USDT] - LEFT)
        body = tx.Body(
            *(bed.terms.chain_id, lane, bed._next(lane), bed.token, 0, call),
            *(tx.GAS_TOKEN, 10**9, 10**11),
        )
        bed.again(body.signed(key.sign_recoverable(body.digest(), hasher=None)).raw)
        bed.mine()


async def asked(office: Lanes, amount: int) -> int:
    address = checksummed(bytes(18) + amount.to_bytes(8, "big")[-2:])
    return await office.exchange.ask(NETWORK, USDT, amount, address)


async def test_who_asks_for_more_than_hot_has_holds_up_nobody(office: Lanes) -> None:
    """He is paid once there is enough.

    Criteria: CHAINS-PAYER-27, LIVE-23.
    """
    take_away(office)
    large = await asked(office, 5 * AMOUNT)
    await office.paying.round()
    assert (await office.exchange.found(large)).state == WithdrawalState.SHORT
    small = [await asked(office, AMOUNT + UNIT * number) for number in range(4)]
    other = await asked(office, 6 * AMOUNT)
    for _ in range(3):
        await office.paying.round()
    await office.ended(*small)
    states = {one: (await office.exchange.found(one)).state for one in (large, other)}
    assert set(states.values()) == {WithdrawalState.SHORT}
    late = await asked(office, 7 * AMOUNT)
    for lane in office.bed.keys:
        more = contracts.call("mint(address,uint256)", lane, 8 * AMOUNT // UNIT)
        office.bed.command(office.bed.token, more)
    await office.ended(large, other, late)
