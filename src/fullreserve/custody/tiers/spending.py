"""Spending from a tier's wallet: built by anybody, signed by any m, finished by anybody.

What travels is a PSBT (BIP 174), so that a machine which is never connected, or a hardware wallet,
signs it from a file. Whatever comes back is checked against what was sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from fullreserve.custody.chains import utxo_transaction as tx
from fullreserve.custody.chains.adapter import Attempt, Unpayable
from fullreserve.custody.keys.device import Device
from fullreserve.custody.keys.signature import der, is_valid_der
from fullreserve.custody.tiers.wallet import Key, Wallet

if TYPE_CHECKING:
    from embit.psbt import PSBT

SIGHASH_ALL = 1
PLACE = 34  # bytes of a script hash's output script
PSBT_MAX = 1 << 24

_OVERHEAD, _INPUT, _SIGNATURE = 11, 41, 74


class WalletShort(Unpayable):
    """The tier's wallet holds less than that and the fee."""


class WrongPart(ValueError):
    """What came back is not a signature of what was sent; the message says in what."""


class Spend(msgspec.Struct, array_like=True, frozen=True):
    """Coins of one wallet, what they pay, and where the rest goes.

    The rest goes to the wallet itself, or, when keys are changed, to the one that follows it.
    """

    inputs: tuple[tx.Coin, ...]
    pays: tuple[tx.Pays, ...]
    rest: bytes  # output script
    left: int  # amount that goes there; 0: nothing
    recovers: bool = False

    @property
    def fee(self) -> int:
        return sum(one.amount for one in self.inputs) - self.left - sum(p.amount for p in self.pays)

    @property
    def binding(self) -> bytes:
        """The same for every replacement."""
        return tx.binding(self.inputs)


def vbytes(wallet: Wallet, spend: Spend) -> int:
    """Virtual bytes once signed, at most."""
    needed, _ = wallet.spenders(recovers=spend.recovers)
    script = len(wallet.witness_script(0))
    refused = wallet.threshold + 1 if spend.recovers else 0  # the branch that is not taken
    witness = 2 + 1 + needed * _SIGNATURE + refused + 3 + script
    outputs = sum(9 + len(one.script) for one in spend.pays) + (9 + PLACE if spend.left else 0)
    return _OVERHEAD + len(spend.inputs) * (_INPUT + -(-witness // 4)) + outputs


def planned(
    wallet: Wallet,
    coins: Sequence[tx.Coin],
    pays: Sequence[tx.Pays],
    rest: bytes,
    rate: int,
    first: Sequence[tx.Coin] = (),
) -> Spend:
    """Pays from as few coins as will do, largest first; Unpayable. `rate` is sats a vbyte.

    What of `coins` is among `first` goes before all others, in that order.
    """
    wanted = sum(one.amount for one in pays)
    chosen: list[tx.Coin] = []
    place = {one.outpoint(): number for number, one in enumerate(first)}

    def order(one: tx.Coin) -> tuple[int, int, bytes]:
        return place.get(one.outpoint(), len(place)), -one.amount, one.outpoint()

    for coin in sorted(coins, key=order):
        chosen.append(coin)
        made = _with_rest(wallet, Spend(tuple(chosen), tuple(pays), rest, 1), rate)
        if made is not None:
            return made
    held = sum(one.amount for one in coins)
    raise WalletShort(f"the wallet holds {held}, which is less than {wanted} and the fee")


def swept(
    wallet: Wallet, coins: Sequence[tx.Coin], rest: bytes, rate: int, *, recovers: bool = False
) -> Spend:
    """All coins to one place; Unpayable when the fee would take them."""
    made = _with_rest(wallet, Spend(tuple(coins), (), rest, 1, recovers), rate) if coins else None
    if made is None:
        raise Unpayable("there is nothing to move that is worth its fee")
    return made


def bumped(wallet: Wallet, spend: Spend, rate: int) -> Spend:
    """The same inputs and payments at a higher fee, which the rest pays; Unpayable."""
    fee = rate * vbytes(wallet, spend)
    # Nodes want a sat more for each virtual byte than the one that is replaced: BIP 125.
    if fee < spend.fee + vbytes(wallet, spend):
        raise Unpayable(f"a rate of {rate} does not replace a fee of {spend.fee}")
    left = spend.left - (fee - spend.fee)
    if left < tx.DUST:
        raise Unpayable("what is left does not pay a higher fee")
    return msgspec.structs.replace(spend, left=left)


def _with_rest(wallet: Wallet, spend: Spend, rate: int) -> Spend | None:
    """None while the inputs are too few. A rest that is dust goes to the fee."""
    bare = msgspec.structs.replace(spend, left=0)
    left = bare.fee - rate * vbytes(wallet, spend)
    if left >= tx.DUST:
        return msgspec.structs.replace(spend, left=left)
    enough = bool(spend.pays) and bare.fee >= rate * vbytes(wallet, bare)
    return bare if enough else None


def unsigned(wallet: Wallet, spend: Spend, previous: Sequence[bytes] = ()) -> PSBT:
    """What holders sign, with the paths by which their devices find their keys.

    `previous` are the transactions that made the coins, which devices want to see.
    """
    from embit.ec import PublicKey
    from embit.psbt import PSBT, DerivationPath
    from embit.script import Script
    from embit.transaction import Transaction, TransactionInput, TransactionOutput

    # A relative lock is looked at in version 2 alone: BIP 68.
    sequence = wallet.older if spend.recovers else tx.SEQUENCE
    inputs = [TransactionInput(one.txid, one.output, sequence=sequence) for one in spend.inputs]
    outputs = [TransactionOutput(one.amount, Script(one.script)) for one in spend.pays]
    if spend.left:
        outputs.append(TransactionOutput(spend.left, Script(spend.rest)))
    psbt = PSBT(Transaction(version=2, vin=inputs, vout=outputs))
    made = {one.txid(): one for one in map(Transaction.parse, previous)}
    for scope, coin in zip(psbt.inputs, spend.inputs, strict=True):
        scope.non_witness_utxo = made.get(coin.txid)
        scope.witness_utxo = TransactionOutput(coin.amount, Script(wallet.place(coin.index)))
        scope.witness_script = Script(wallet.witness_script(coin.index))
        for key in (*wallet.keys, *wallet.recovery):
            where = DerivationPath(bytes.fromhex(key.fingerprint), list(key.path(coin.index)))
            scope.bip32_derivations[PublicKey.parse(key.at(coin.index))] = where
    return psbt


def txid_of(wallet: Wallet, spend: Spend) -> bytes:
    """Of the transaction, whoever signs it: signatures are no part of what is hashed."""
    return bytes(unsigned(wallet, spend).tx.txid())


def digests(wallet: Wallet, spend: Spend) -> list[bytes]:
    """What is signed for each input: BIP 143."""
    psbt = unsigned(wallet, spend)
    return [bytes(psbt.sighash(number)) for number in range(len(spend.inputs))]


def sign(wallet: Wallet, spend: Spend, device: Device, name: str, key: Key) -> bytes:
    """A PSBT with one holder's signatures; keys.device.DeviceProblem, WrongPart."""
    from embit.ec import PublicKey

    psbt = unsigned(wallet, spend)
    for number, (scope, coin) in enumerate(zip(psbt.inputs, spend.inputs, strict=True)):
        path = key.path(coin.index)
        public = device.public(name, path)
        if public != key.at(coin.index):
            raise WrongPart(f"the device's key is not {key.holder}'s")
        made = device.sign(name, bytes(psbt.sighash(number)), path)
        scope.partial_sigs[PublicKey.parse(public)] = der(made) + bytes((SIGHASH_ALL,))
    return bytes(psbt.serialize())


def read_part(wallet: Wallet, spend: Spend, data: bytes) -> dict[str, list[bytes]]:
    """Each holder's signatures in a PSBT that came back, by input; WrongPart.

    A part may hold several holders' signatures. One that is wrong spoils its part: whoever sent it
    is told, rather than a transaction that no node takes.
    """
    psbt = _parsed(data)
    wanted = unsigned(wallet, spend)
    if psbt.tx.serialize() != wanted.tx.serialize():
        raise WrongPart("it is another transaction than the one that was sent")
    _, keys = wallet.spenders(recovers=spend.recovers)
    found: dict[str, list[bytes]] = {}
    for key in keys:
        signed = []
        for number, (scope, coin) in enumerate(zip(psbt.inputs, spend.inputs, strict=True)):
            held = {one.sec(): made for one, made in scope.partial_sigs.items()}
            made = held.get(key.at(coin.index))
            if made is None:
                break
            digest = bytes(wanted.sighash(number))
            if made[-1:] != b"\x01" or not is_valid_der(made[:-1], digest, key.at(coin.index)):
                raise WrongPart(f"a signature of {key.holder} is not valid")
            signed.append(bytes(made))
        if len(signed) == len(spend.inputs):
            found[key.holder] = signed
    if not found:
        raise WrongPart("it holds no complete signature of a holder")
    return found


def completed(wallet: Wallet, spend: Spend, parts: Sequence[bytes]) -> Attempt:
    """The transaction that as many holders as needed have signed; Unpayable, WrongPart."""
    signed: dict[str, list[bytes]] = {}
    for part in parts:
        signed |= read_part(wallet, spend, part)
    needed, keys = wallet.spenders(recovers=spend.recovers)
    if len(signed) < needed:
        raise Unpayable(f"{len(signed)} of {needed} holders have signed")
    return _finished(wallet, spend, signed, needed, keys)


def _finished(
    wallet: Wallet, spend: Spend, signed: dict[str, list[bytes]], needed: int, keys: Sequence[Key]
) -> Attempt:
    from embit.script import Witness
    from embit.transaction import Transaction

    made = Transaction.parse(unsigned(wallet, spend).tx.serialize())
    for number, (one, coin) in enumerate(zip(made.vin, spend.inputs, strict=True)):
        order = {key.holder: key.at(coin.index) for key in keys}
        holders = [holder for holder in order if holder in signed]
        if not wallet.recovery:
            holders.sort(key=lambda holder: order[holder])
        shown = [signed[holder][number] for holder in holders[:needed]]
        # The branch of the holders fails with nothing but empty signatures: its number and more.
        refused = [b""] * (wallet.threshold + 1) if spend.recovers else []
        one.witness = Witness([b"", *shown, *refused, wallet.witness_script(coin.index)])
    return Attempt(made.txid(), made.serialize())


def _parsed(data: bytes) -> PSBT:
    from embit.psbt import PSBT

    if len(data) > PSBT_MAX:
        raise WrongPart("it is too long to be one of ours")
    try:
        return PSBT.from_string(data.decode()) if data[:4] == b"cHNi" else PSBT.parse(data)
    except Exception:  # noqa: BLE001 - a stranger's file: the library raises whatever it meets
        raise WrongPart("it is no PSBT") from None


def name_of(spend: Spend) -> str:
    """A short name for files."""
    return hashlib.sha256(msgspec.msgpack.encode(spend)).hexdigest()[:12]
