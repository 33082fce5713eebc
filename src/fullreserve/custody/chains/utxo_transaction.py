"""Transactions that spend outputs: what they pay and cost, and how they are put together.

The hot wallet is `wsh(sortedmulti(m, …))` at the newest of the house's own indexes; change goes
there. Sizes are upper bounds in virtual bytes. Partially signed transactions: BIP 174.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from coincurve import PublicKey
from embit.finalizer import finalize_psbt
from embit.psbt import PSBT
from embit.script import Script
from embit.transaction import Transaction, TransactionInput, TransactionOutput

from fullreserve.custody.addresses import UtxoAddresses
from fullreserve.custody.chains.adapter import Attempt, Unpayable
from fullreserve.custody.chains.raw_block import binding_of, outpoint

# Replaceable by a higher fee, without a lock: BIP 125.
SEQUENCE = 0xFFFFFFFD
# Of a tier's rest: to a witness script on the chain whose nodes want most (`UtxoAddresses.dust`).
DUST = 3_300
# Coins that replacements of one transaction may take beside those that it is bound to.
ADDED_MAX = 5
_ALL = b"\x01"  # SIGHASH_ALL
_OVERHEAD = 11
_SIGNATURE, _KEY = 73, 34


class Coin(msgspec.Struct, array_like=True, frozen=True):
    """An output of ours; `index` is that of its address."""

    txid: bytes
    output: int
    amount: int
    index: int = 0

    def outpoint(self) -> bytes:
        return outpoint(self.txid, self.output)


class Pays(msgspec.Struct, array_like=True, frozen=True):
    script: bytes
    amount: int


class Body(msgspec.Struct, array_like=True, frozen=True):
    """Payments in order, then the change where there is any; without payments it gathers coins.

    `inputs` are what it is bound to: each replacement spends all of them, before what is `added` of
    the hot wallet to pay a higher fee from. So no two of its versions can both be in a chain.
    """

    inputs: tuple[Coin, ...]
    pays: tuple[Pays, ...]
    change: int  # amount back to the hot wallet; 0: none
    added: tuple[Coin, ...] = ()

    @property
    def coins(self) -> tuple[Coin, ...]:
        """All that it spends, in the order of the transaction's inputs."""
        return self.inputs + self.added

    @property
    def fee(self) -> int:
        paid = sum(one.amount for one in self.pays)
        return sum(one.amount for one in self.coins) - paid - self.change


_decode = msgspec.msgpack.Decoder(Body).decode


def read_body(data: bytes) -> Body:
    """A body from bytes; msgspec.DecodeError."""
    return _decode(data)


def binding(inputs: tuple[Coin, ...]) -> bytes:
    """32 bytes for a set of inputs, whatever their order."""
    return binding_of([one.outpoint() for one in inputs])


def size(inputs: int, scripts: list[int], keys: int, threshold: int) -> int:
    """Virtual bytes of a signed transaction, at most."""
    witness = 4 + threshold * (_SIGNATURE + 1) + 3 + keys * _KEY + 3
    outputs = sum(9 + length for length in scripts)
    return _OVERHEAD + inputs * (41 + -(-witness // 4)) + outputs


def hot_place(addresses: UtxoAddresses) -> bytes:
    """The script that change goes to."""
    return addresses.place(addresses.own[0])


def unsigned(body: Body, addresses: UtxoAddresses) -> PSBT:
    """What signers are asked to sign."""
    hot = hot_place(addresses)
    inputs = [TransactionInput(one.txid, one.output, sequence=SEQUENCE) for one in body.coins]
    outputs = [TransactionOutput(one.amount, Script(one.script)) for one in body.pays]
    if body.change:
        outputs.append(TransactionOutput(body.change, Script(hot)))
    psbt = PSBT(Transaction(version=2, vin=inputs, vout=outputs))
    for scope, coin in zip(psbt.inputs, body.coins, strict=True):
        place = addresses.place(coin.index)
        scope.witness_utxo = TransactionOutput(coin.amount, Script(place))
        scope.witness_script = Script(addresses.witness_script(coin.index))
    return psbt


def is_of(part: bytes, body: Body, addresses: UtxoAddresses) -> bool:
    """Whether a signer answered this transaction, each input signed by keys of its script.

    His file may name another hot wallet; and what is kept as signed is never signed anew, so that
    one wrong signature would hold its payments up for ever.
    """
    given, ours = PSBT.parse(part), unsigned(body, addresses)
    signatures = [one.partial_sigs for one in given.inputs]
    for one in given.inputs:
        one.partial_sigs = OrderedDict()
    return given.serialize() == ours.serialize() and all(
        _is_signed(ours.sighash(at), addresses.keys(coin.index), found)
        for at, (coin, found) in enumerate(zip(body.coins, signatures, strict=True))
    )


def _is_signed(digest: bytes, keys: Sequence[bytes], found: Mapping[Any, bytes]) -> bool:
    """Whether all signatures of an input, one at least, are of its keys, over all of it."""
    return bool(found) and all(
        key.sec() in keys
        and made[-1:] == _ALL
        and PublicKey(key.sec()).verify(made[:-1], digest, hasher=None)
        for key, made in found.items()
    )


def completed(parts: list[bytes]) -> Attempt:
    """The transaction of what several signers signed; Unpayable when they are too few."""
    whole = PSBT.parse(parts[0])
    for part in parts[1:]:
        for mine, theirs in zip(whole.inputs, PSBT.parse(part).inputs, strict=True):
            mine.partial_sigs.update(theirs.partial_sigs)
    made = finalize_psbt(whole)
    if made is None:
        raise Unpayable(f"{len(parts)} signers do not suffice")
    return Attempt(made.txid(), made.serialize())
