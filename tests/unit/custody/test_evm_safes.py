"""Goal: of what Safes did in a block, what is not known for sure explains nothing."""

from __future__ import annotations

import pytest

from fullreserve.custody.chains.evm_blocks import Sent
from fullreserve.custody.chains.evm_safes import Execution, paid_by_safes, read_execution
from fullreserve.custody.tiers.abi import Dynamic, call
from fullreserve.custody.tiers.safe import SafeTransaction

SAFE, LANE, TOKEN, STRANGER = (bytes([n]) * 20 for n in (1, 2, 3, 4))
ETHER = 10**18


def sent(to: bytes, value: int = 0, data: bytes = b"") -> Sent:
    """The Safe's own transaction, as anybody gives it to a node."""
    made = SafeTransaction(1, SAFE, 0, to, value, data).execution({STRANGER: b"s" * 65})
    return Sent(b"t" * 32, STRANGER + bytes(8), SAFE, 0, made)


def paid(*done: Sent, ran: int) -> dict[bytes, int] | None:
    return paid_by_safes(done, {SAFE: ran}, (SAFE, LANE), {TOKEN})


def test_what_a_safe_pays_is_read_from_its_own_transaction() -> None:
    """Criterion: CHAINS-INTERNAL-6."""
    assert read_execution(sent(LANE, 5).data) == Execution(LANE, 5, has_data=False)
    assert paid(sent(LANE, 5), sent(STRANGER, 7), ran=2) == {SAFE: -12, LANE: 5}
    assert paid(sent(TOKEN, data=b"transfer"), sent(SAFE, data=b"owners"), ran=2) == {SAFE: 0}


def test_what_is_not_known_for_sure_explains_nothing() -> None:
    """By way of another contract, to one, or what else was done. Criterion: CHAINS-INTERNAL-6."""
    assert paid(sent(LANE, 5), ran=2) is None
    assert paid(ran=1) is None
    assert paid(sent(STRANGER, data=b"withdraw"), ran=1) is None
    assert paid(Sent(b"t" * 32, STRANGER + bytes(8), SAFE, 5, b""), ran=0) == {}


@pytest.mark.parametrize("at", [3, 4, 5, 6])
def test_a_delegate_call_or_a_refund_of_gas_is_no_payment(at: int) -> None:
    """Operation, gas set aside, base gas and its price. Criterion: CHAINS-INTERNAL-6."""
    words: list[int | bytes] = [LANE, 5, Dynamic(b""), 0, 0, 0, 0, bytes(20), bytes(20)]
    words[at] = 1
    signature = (
        "execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)"
    )
    assert read_execution(call(signature, *words, Dynamic(b"s" * 65))) is None
    words[at] = 0
    assert read_execution(call(signature, *words, Dynamic(b"s" * 65))) is not None
