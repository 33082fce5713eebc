"""Wallets that sign messages by BIP 137 and BIP 322: transactions and digests are embit's."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from coincurve import PrivateKey
from embit import ec, script
from embit.networks import NETWORKS
from embit.script import Script
from embit.transaction import Transaction, TransactionInput, TransactionOutput

from fullreserve.custody.ownership import script_digest

KEYS = [ec.PrivateKey(bytes((n,)) * 32) for n in (41, 42, 43)]
STRANGER = ec.PrivateKey(bytes((99,)) * 32)
Key = Any  # of embit, which has no types
Sign = Callable[[str], Sequence[str]]


def address(pays: Script) -> str:
    """On a chain for tests."""
    return str(pays.address(NETWORKS["regtest"]))


def to_key(key: Key = KEYS[0]) -> Script:
    return script.p2pkh(key.get_public_key())


def to_witness_key(key: Key = KEYS[0]) -> Script:
    return script.p2wpkh(key.get_public_key())


def to_wrapped(key: Key = KEYS[0]) -> Script:
    return script.p2sh(to_witness_key(key))


def to_taproot(key: Key = KEYS[0]) -> Script:
    return script.p2tr(key.get_public_key())


def to_sign(pays: Script, message: str, age: int = 0) -> Transaction:
    """The transaction that is signed; `age` is what its input has to wait for."""
    tag = hashlib.sha256(b"BIP0322-signed-message").digest()
    said = hashlib.sha256(tag + tag + message.encode()).digest()
    first = TransactionInput(bytes(32), 0xFFFFFFFF, Script(b"\0\x20" + said), 0)
    spent = Transaction(0, [first], [TransactionOutput(0, pays)], 0)
    inputs = [TransactionInput(spent.txid(), 0, sequence=age)]
    return Transaction(2 if age else 0, inputs, [TransactionOutput(0, Script(b"\x6a"))], 0)


def simple(stack: Sequence[bytes]) -> str:
    """A witness as it is written: each part is short here."""
    whole = bytes((len(stack),)) + b"".join(bytes((len(one),)) + one for one in stack)
    return "smp" + base64.b64encode(whole).decode()


def full(made: Transaction) -> str:
    return "ful" + base64.b64encode(made.serialize()).decode()


def signed(key: Key, made: Transaction, code: Script) -> bytes:
    """As a witness has it."""
    return bytes(key.sign(made.sighash_segwit(0, code, 0)).serialize()) + b"\x01"


def by_witness_key(key: Key = KEYS[0]) -> Sign:
    def sign(message: str) -> Sequence[str]:
        made = to_sign(to_witness_key(key), message)
        return (simple([signed(key, made, to_key(key)), key.sec()]),)

    return sign


def by_taproot(key: Key = KEYS[0], pays: Script | None = None) -> Sign:
    def sign(message: str) -> Sequence[str]:
        of = pays or to_taproot(key)
        digest = to_sign(of, message).sighash_taproot(0, [of], [0])
        return (simple([key.taproot_tweak(b"").schnorr_sign(digest).serialize()]),)

    return sign


def by_key(key: Key = KEYS[0]) -> Sign:
    """Of the hash of a key: such an address has no simple form."""

    def sign(message: str) -> Sequence[str]:
        made = to_sign(to_key(key), message)
        der = bytes(key.sign(made.sighash_legacy(0, to_key(key))).serialize()) + b"\x01"
        pushed = bytes((len(der),)) + der + b"\x21" + key.sec()
        made.vin[0].script_sig = Script(pushed)
        return (full(made),)

    return sign


def by_script(code: bytes, witness: Callable[[Transaction], Sequence[bytes]], age: int = 0) -> Sign:
    """Of a witness script; `witness` makes what stands before it."""

    def sign(message: str) -> Sequence[str]:
        made = to_sign(script.p2wsh(Script(code)), message, age)
        stack = [*witness(made), code]
        if not age:
            return (simple(stack),)
        made.vin[0].witness = script.Witness(stack)
        return (full(made),)

    return sign


def several(code: bytes, keys: Sequence[Key]) -> Callable[[Transaction], Sequence[bytes]]:
    """Signatures in the order of the script's keys."""
    return lambda made: [b"", *(signed(key, made, Script(code)) for key in keys)]


def compact(kind: int, key: Key = KEYS[0]) -> Sign:
    """BIP 137: `kind` is 31 for the hash of a key, 35 for a wrapped one, 39 for a witness key."""

    def sign(message: str) -> Sequence[str]:
        digest = script_digest(message, "bcrt")
        made = PrivateKey(key.secret).sign_recoverable(digest, hasher=None)
        return ((bytes((kind + made[64],)) + made[:64]).hex(),)

    return sign
