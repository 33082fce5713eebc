"""A signer: holds keys, rebuilds what it is asked to sign from the approved intent, and compares.

The coordinator only proposes. A proposal that differs in anything (another target or amount, an
extra output, change elsewhere, another chain, a fee outside the band, a contract that is none of
ours, a call other than a transfer) is refused, whoever asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar

import msgspec
from coincurve import PrivateKey

from fullreserve.custody.addresses import UtxoAddresses, account_of
from fullreserve.custody.chains import evm, evm_transaction
from fullreserve.custody.chains.adapter import Payment, Plan

T = TypeVar("T")


class WillNotSign(Exception):
    """The proposal is not what was approved; the message says in what."""


class Intents(Protocol):
    """Where a signer learns what was approved; never from who asks for the signature."""

    def payments(self, plan: Plan) -> Sequence[Payment]:
        """What the plan's withdrawals are to pay, in its order; WillNotSign for a stranger.

        Only of withdrawals that the exchange has bound to `plan.binding`.
        """


class EvmPolicy(NamedTuple):
    """What a signer knows of an EVM network by itself."""

    terms: evm.Terms
    keys: Mapping[bytes, PrivateKey]  # by lane

    def sign(self, plan: Plan, intents: Intents) -> bytes:
        """The recoverable signature; WillNotSign."""
        body = _decoded(evm_transaction.read_body, plan)
        if body.lane not in self.keys or body.lane not in self.terms.lanes:
            raise WillNotSign("the lane is not one of this signer's")
        if evm_transaction.binding(body.lane, body.nonce) != plan.binding:
            raise WillNotSign("the lane and nonce are not those of the binding")
        approved = intents.payments(plan)
        if len(approved) != 1:
            raise WillNotSign("a transaction pays one withdrawal")
        self._compare(body, approved[0])
        return self.keys[body.lane].sign_recoverable(body.digest(), hasher=None)

    def _compare(self, body: evm_transaction.Body, payment: Payment) -> None:
        token = self.terms.tokens.get(payment.asset)
        if token is None and payment.asset != self.terms.coin:
            raise WillNotSign("the asset is not on this network")
        if body.chain_id != self.terms.chain_id:
            raise WillNotSign("it is for another chain")
        if not 0 < body.max_fee <= self.terms.max_fee_cap or body.max_tip > body.max_fee:
            raise WillNotSign("the fee is outside the band")
        if body.gas not in (evm.GAS_COIN, evm.GAS_TOKEN):
            raise WillNotSign("the gas limit is none of ours")
        wanted = evm_transaction.call_of(payment, token)
        cancels = (body.lane, 0, b"")  # a self-send takes the nonce and pays nobody
        if (body.to, body.value, body.data) not in (wanted, cancels):
            raise WillNotSign("target, value or call are not those of the approved withdrawal")


class UtxoPolicy(NamedTuple):
    """What a signer knows of a network of the Bitcoin family by itself."""

    addresses: UtxoAddresses
    rate_cap: int
    keys: int
    threshold: int
    key: PrivateKey  # of the hot address

    def sign(self, plan: Plan, intents: Intents) -> bytes:
        """The PSBT with this signer's signatures; WillNotSign."""
        from embit import ec

        from fullreserve.custody.chains import utxo_transaction as tx

        body = _decoded(tx.read_body, plan)
        if tx.binding(body.inputs) != plan.binding or not body.inputs:
            raise WillNotSign("the inputs are not those of the binding")
        if len({coin.outpoint() for coin in body.inputs}) != len(body.inputs):
            raise WillNotSign("an input stands twice")
        wanted = [(one.place, one.amount) for one in intents.payments(plan)]
        if [(one.script, one.amount) for one in body.pays] != wanted:
            raise WillNotSign("the outputs are not those of the approved withdrawals")
        hot = self.addresses.place(0)
        scripts = [len(one.script) for one in body.pays] + [len(hot)]
        cap = self.rate_cap * tx.size(len(body.inputs), scripts, self.keys, self.threshold)
        # Change is what the fee leaves, and to the hot address only: `tx.unsigned` puts it there.
        if not 0 < body.fee <= cap or body.change < 0:
            raise WillNotSign("the fee is outside the band")
        psbt = tx.unsigned(body, hot, self.addresses.witness_script(0))
        if not psbt.sign_with(ec.PrivateKey(self.key.secret)):
            raise WillNotSign("this signer's key is not one of the wallet's")
        return bytes(psbt.serialize())


def lane_of(key: PrivateKey) -> bytes:
    """The account that a key sends from."""
    return account_of(key.public_key.format())


def _decoded(read: Callable[[bytes], T], plan: Plan) -> T:
    try:
        return read(plan.body)
    except msgspec.DecodeError:
        raise WillNotSign("the proposal cannot be read") from None
