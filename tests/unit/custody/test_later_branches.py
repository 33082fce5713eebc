"""Goal: a signer signs by its branch what lies at that branch's addresses, and nothing else.

Method: two generations of branches, and signers of either.
"""

from __future__ import annotations

import msgspec
import pytest
from coincurve import PublicKey

from fullreserve.custody import ownership
from fullreserve.custody.addresses import EvmAddresses, UtxoAddresses, account_of
from fullreserve.custody.chains import evm, evm_transaction
from fullreserve.custody.chains.adapter import Move, Plan
from fullreserve.custody.hd import Private
from fullreserve.custody.signing import BRANCH, EvmPolicy, UtxoPolicy, WillNotSign
from fullreserve.exchange.products.custody_wire import Tier

OLD, NEW, STAYS, ALSO = (Private.of_seed(bytes([number]) * 32) for number in (1, 2, 3, 4))
START = 5
COIN, AMOUNT = 2, 10**15
LANE = b"\x22" * 20
TERMS = evm.Terms(1, 31_337, COIN, {}, (LANE,))
SAID = f"{ownership.PREFIX}test"
ACCOUNTS = EvmAddresses(OLD.public(), later=[(START, NEW.public())])


def sweep(index: int) -> Plan:
    place = ACCOUNTS.place(index)
    body = evm_transaction.Body(
        31_337, place, 0, LANE, AMOUNT, b"", evm_transaction.GAS_BARE, 10, 10**11
    )
    move = Move(COIN, Tier.DEPOSIT, Tier.HOT, f"{BRANCH}{index}", AMOUNT)
    fixed = evm_transaction.binding(place, 0)
    return Plan(1, (), fixed, msgspec.json.encode(body), 1, move)


@pytest.mark.parametrize(("branch", "mine", "others"), [(OLD, 4, START), (NEW, START, 4)])
def test_an_account_is_swept_and_proven_by_its_branch_alone(
    branch: Private, mine: int, others: int
) -> None:
    """Criterion: CUST-GONE-7."""
    policy = EvmPolicy(TERMS, {}, ACCOUNTS, branch)
    plan = sweep(mine)
    body = evm_transaction.read_body(plan.body)
    signature = policy.sign(plan, ())
    made = PublicKey.from_signature_and_message(signature, body.digest(), hasher=None)
    assert account_of(made.format()) == ACCOUNTS.place(mine)
    assert ownership.verify(
        ownership.Ownership(
            address=ACCOUNTS.address(mine),
            message=SAID,
            signatures=(policy.prove(f"{BRANCH}{mine}", SAID).hex(),),
        )
    )
    with pytest.raises(WillNotSign, match="is no key of this signer's"):
        policy.sign(sweep(others), ())
    with pytest.raises(WillNotSign, match="is no key of this signer's"):
        policy.prove(f"{BRANCH}{others}", SAID)


@pytest.mark.parametrize(("branch", "mine", "others"), [(OLD, 4, START), (NEW, START, 4)])
def test_a_script_is_proven_by_keys_that_it_has(branch: Private, mine: int, others: int) -> None:
    """Criterion: CUST-GONE-7."""
    first, second = ([one, STAYS.public(), ALSO.public()] for one in (OLD.public(), NEW.public()))
    of = UtxoAddresses(first, 2, "bc", [(START, second)])
    policies = [UtxoPolicy(of, 500, 3, 2, one, "bc") for one in (branch, STAYS)]
    parts = [one.prove(f"{BRANCH}{mine}", SAID) for one in policies]
    keys = of.keys(mine)
    parts.sort(key=lambda part: keys.index(ownership.signer_of(part, SAID, "bc")))
    assert ownership.verify(
        ownership.Ownership(
            address=of.address(mine),
            message=SAID,
            signatures=tuple(part.hex() for part in parts),
            script=of.witness_script(mine).hex(),
        )
    )
    with pytest.raises(WillNotSign, match="is no key of this signer's"):
        policies[0].prove(f"{BRANCH}{others}", SAID)
    assert policies[1].prove(f"{BRANCH}{others}", SAID)
