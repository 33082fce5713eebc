"""Proof that an address is ours: its keys sign a message that can be nothing but a message.

What is signed begins with the magic of signed messages (EIP-191 for accounts, the Bitcoin family's
own for scripts), which no transaction begins with. The message itself is text that says what it
is, so that a signer can refuse everything else by reading it.

https://eips.ethereum.org/EIPS/eip-191, version 0x45; https://github.com/bitcoin/bips, BIP 137 for
the form of one key's signature. A script of several keys is proven by as many of them as it needs.
"""

from __future__ import annotations

import hashlib

import msgspec
from coincurve import PrivateKey, PublicKey

from fullreserve.custody import bech32
from fullreserve.custody.addresses import account_of, read_account
from fullreserve.custody.keccak import keccak256

# Every message begins so. What liveness and reserves want signed is told apart by what follows.
PREFIX = "Fullreserve "
MESSAGE_MAX = 1_000

_COMPACT = 31  # of a compressed key; the recovery number is added
_MAGIC = {"ltc": b"Litecoin Signed Message:\n", "bc": b"Bitcoin Signed Message:\n"}
_COINS = {"ltc": "ltc", "tltc": "ltc", "rltc": "ltc"}


class BadMessage(ValueError):
    """Not a message that a signer signs; the text says why."""


class Ownership(msgspec.Struct, frozen=True, kw_only=True):
    """What a stranger needs to check that whoever signed holds an address; all in hexadecimal.

    `signatures` are 65 bytes each. Of an account: r, s and 27 or 28. Of a script: BIP 137's form,
    in the order of the script's keys; `script` is the one that the address is the hash of.
    """

    address: str
    message: str
    signatures: tuple[str, ...]
    script: str = ""


def checked(message: str) -> bytes:
    """The message as bytes; BadMessage for what could be read as anything else."""
    if not message.startswith(PREFIX):
        raise BadMessage(f"a message begins with {PREFIX!r}")
    if len(message) > MESSAGE_MAX or not message.isascii() or not message.isprintable():
        raise BadMessage(f"a message is at most {MESSAGE_MAX} printable ASCII characters")
    return message.encode("ascii")


def account_digest(message: str) -> bytes:
    """What an account's key signs."""
    text = checked(message)
    return keccak256(b"\x19Ethereum Signed Message:\n" + str(len(text)).encode() + text)


def hashed_digest(message: str) -> bytes:
    """What an account's key signs for OKX's validators: EIP-191 over the text's own hash.

    32 bytes behind the magic are no transaction either.
    """
    return keccak256(b"\x19Ethereum Signed Message:\n32" + keccak256(checked(message)))


def script_digest(message: str, hrp: str) -> bytes:
    """What the keys of a script sign; `hrp` is the beginning of the chain's addresses."""
    text = checked(message)
    magic = _MAGIC[_COINS.get(hrp, "bc")]
    whole = _sized(magic) + _sized(text)
    return hashlib.sha256(hashlib.sha256(whole).digest()).digest()


def sign_as_account(key: PrivateKey, message: str, *, hashed: bool = False) -> bytes:
    """r, s and 27 or 28; `hashed` as `hashed_digest` says."""
    digest = hashed_digest(message) if hashed else account_digest(message)
    made = key.sign_recoverable(digest, hasher=None)
    return made[:64] + bytes((27 + made[64],))


def sign_as_key(key: PrivateKey, message: str, hrp: str) -> bytes:
    """One key's part of a script's proof."""
    made = key.sign_recoverable(script_digest(message, hrp), hasher=None)
    return bytes((_COMPACT + made[64],)) + made[:64]


def signer_of(signature: bytes, message: str, hrp: str) -> bytes:
    """The public key that made a part; ValueError."""
    if len(signature) != 65 or not _COMPACT <= signature[0] < _COMPACT + 4:
        raise ValueError("not a signature of a compressed key")
    made = signature[1:] + bytes((signature[0] - _COMPACT,))
    key = PublicKey.from_signature_and_message(made, script_digest(message, hrp), hasher=None)
    return bytes(key.format())


def verify(proof: Ownership) -> bool:
    """Whether the address is held by who signed; False also for what makes no sense."""
    try:
        signatures = [bytes.fromhex(one) for one in proof.signatures]
        if proof.address.startswith("0x"):
            return _holds_account(proof, signatures)
        return _holds_script(proof, signatures)
    except (ValueError, IndexError, KeyError):  # whatever a stranger puts there is no proof
        return False


def _holds_account(proof: Ownership, signatures: list[bytes]) -> bool:
    (signature,) = signatures
    made = signature[:64] + bytes((signature[64] - 27,))
    digest = account_digest(proof.message)
    key = PublicKey.from_signature_and_message(made, digest, hasher=None)
    return account_of(key.format()) == read_account(proof.address)


def _holds_script(proof: Ownership, signatures: list[bytes]) -> bool:
    hrp = proof.address.rpartition("1")[0]
    script = bytes.fromhex(proof.script)
    version, program = bech32.decode(hrp, proof.address)
    if version or hashlib.sha256(script).digest() != program:
        return False
    needed, keys = _multisig(script)
    made = {signer_of(one, proof.message, hrp) for one in signatures}
    return len(made & set(keys)) >= needed


def _multisig(script: bytes) -> tuple[int, list[bytes]]:
    """How many of which keys `m <keys> n CHECKMULTISIG` wants; ValueError for another script."""
    count = (len(script) - 3) // 34
    keys = [script[2 + 34 * n : 35 + 34 * n] for n in range(count)]
    whole = bytes((script[0],)) + b"".join(b"\x21" + key for key in keys)
    if script != whole + bytes((0x50 + count, 0xAE)) or not 1 <= script[0] - 0x50 <= count:
        raise ValueError("not a script of several keys")
    return script[0] - 0x50, keys


def _sized(text: bytes) -> bytes:
    length = len(text)
    return (bytes((length,)) if length < 0xFD else b"\xfd" + length.to_bytes(2, "little")) + text
