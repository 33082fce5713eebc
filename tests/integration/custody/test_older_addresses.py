"""Goal: receivers with addresses of the older forms are paid. Method: litecoind and btcd."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from embit import ec, script

from fullreserve.custody.chains.adapter import Attempt, Payment, Unpayable
from fullreserve.custody.chains.rpc import NodeRefuses
from fullreserve.custody.chains.utxo_transaction import read_body
from tests.integration.custody.conftest import made_bed
from tests.integration.custody.outsiders import Approved, UtxoBed

KEY = ec.PrivateKey(bytes(31) + b"\x21").get_public_key()
OLDER = (script.p2pkh(KEY), script.p2sh(script.p2wpkh(KEY)))
NEWER = (script.p2wpkh(KEY), script.p2wsh(OLDER[0]))


@pytest.fixture(scope="module", params=["litecoin", "bitcoin"])
def coins(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[UtxoBed]:
    made = made_bed(request.param, tmp_path_factory.mktemp(request.param))
    assert isinstance(made, UtxoBed)
    yield made
    made.close()


def test_older_addresses_are_paid(coins: UtxoBed) -> None:
    """The least that nodes pass on to each, and by no unit less. Criterion: CHAINS-ADDRESS-8."""
    of, node = coins.chain.addresses, coins.node
    made = [one.data for one in (*OLDER, *NEWER)]
    texts = [of.text(one) for one in made]
    assert [of.read(text) for text in texts] == made
    payments = [Payment(n, coins.asset, of.dust(one), one) for n, one in enumerate(made)]
    plan = coins.chain.plan(payments, [])
    attempt = coins.sign(plan, Approved(*payments))
    coins.chain.broadcast(attempt)
    coins.mine(3)
    assert coins.chain.standing(plan, [attempt.txid]).paid
    told = node.call("getrawtransaction", attempt.txid.hex(), 1)["vout"]
    found = [one["scriptPubKey"] for one in told]
    said = [one.get("addresses") or [one.get("address")] for one in found]
    assert all([text] in said for text in texts)
    for payment in payments:
        less = msgspec.structs.replace(payment, amount=payment.amount - 1)
        with pytest.raises(Unpayable, match="dust"):
            coins.chain.plan([less], [])
        if coins.chain.addresses.address(0).startswith("bcrt"):
            continue  # btcd reckons less than Core
        with pytest.raises(NodeRefuses, match="dust"):
            coins.chain.broadcast(forced(coins, payment, less))


def forced(coins: UtxoBed, payment: Payment, less: Payment) -> Attempt:
    """What is signed of a plan that pays a unit less than the adapter would."""
    plan = coins.chain.plan([payment], [])
    body = read_body(plan.body)
    pays = tuple(msgspec.structs.replace(one, amount=less.amount) for one in body.pays)
    data = msgspec.msgpack.encode(msgspec.structs.replace(body, pays=pays))
    return coins.sign(msgspec.structs.replace(plan, body=data), Approved(less))
