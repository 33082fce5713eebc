"""Safes: a tier's account on an EVM chain, which m of n owners command.

The contracts are Safe 1.5.0 as its npm package has them, compiled by its authors; what is loaded is
compared with the hash that stands here. Typed data is EIP-712's:
https://eips.ethereum.org/EIPS/eip-712.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from fullreserve.custody.addresses import account_of
from fullreserve.custody.chains.rpc import Node, NodeGarbage, hexed, quantity
from fullreserve.custody.keccak import keccak256
from fullreserve.custody.keys.device import Device
from fullreserve.custody.keys.signature import recovered
from fullreserve.custody.ownership import account_digest
from fullreserve.custody.tiers import abi
from fullreserve.custody.tiers.abi import Dynamic

VERSION = "1.5.0"
SENTINEL = bytes(19) + b"\x01"  # stands before the first owner
NOBODY = bytes(20)
CALL = 0
HANDLER = "CompatibilityFallbackHandler"

_PACKAGE = (
    Path(__file__).resolve().parents[4]
    / "nodes/node_modules/@safe-global/safe-smart-account/build/artifacts/contracts"
)
_FILES = {
    "Safe": "Safe.sol/Safe.json",
    "SafeProxyFactory": "proxies/SafeProxyFactory.sol/SafeProxyFactory.json",
    "SafeProxy": "proxies/SafeProxy.sol/SafeProxy.json",
    HANDLER: ("handler/CompatibilityFallbackHandler.sol/CompatibilityFallbackHandler.json"),
}
# SHA-256 of the creation code.
_CODE = {
    "Safe": "943277f947e2c1159eee9ecf34cc6169754392f17c4d9a40dd832e522e8ef88f",
    "SafeProxyFactory": "2cd10541305e51eba367b21bfe3f860cb80accc8b66542637a79802a54a6aae1",
    "SafeProxy": "fb86fac66038529896fdad87a465bd52a04bc18584e91755d8b727a5df703e3e",
    HANDLER: ("d05d685b4c7b07d04523b82c5f0227595e28fc3f2bb3f80896e0d371dad9654b"),
}
_DOMAIN = keccak256(b"EIP712Domain(uint256 chainId,address verifyingContract)")
_TRANSACTION = keccak256(
    b"SafeTx(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,"
    b"uint256 baseGas,uint256 gasPrice,address gasToken,address refundReceiver,uint256 nonce)"
)
_MESSAGE = keccak256(b"SafeMessage(bytes message)")
_EXECUTE = (
    "execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)"
)


class SafeMissing(RuntimeError):
    """The contracts are not on this machine, or are not those that they should be."""


class NotEnough(ValueError):
    """Too few owners have signed, or somebody who is none; the message says which."""


class SafeTransaction(msgspec.Struct, array_like=True, frozen=True):
    """What owners sign. `operation` 1 would run foreign code as the Safe itself: never ours."""

    chain_id: int
    safe: bytes
    nonce: int
    to: bytes
    value: int = 0
    data: bytes = b""
    operation: int = CALL

    def digest(self) -> bytes:
        """What is signed."""
        fields = abi.word(self.to) + abi.word(self.value) + keccak256(self.data)
        # No gas is refunded: it would go to whoever sends it, at a price of his choice.
        refund = abi.word(0) * 5
        struct = fields + abi.word(self.operation) + refund + abi.word(self.nonce)
        return _typed(self.chain_id, self.safe, keccak256(_TRANSACTION + struct))

    def execution(self, signatures: Mapping[bytes, bytes]) -> bytes:
        """The call that anybody may send; signatures by owner, who stand in order."""
        joined = b"".join(signatures[owner] for owner in sorted(signatures))
        return abi.call(
            _EXECUTE, self.to, self.value, Dynamic(self.data), self.operation, 0, 0, 0,
            NOBODY, NOBODY, Dynamic(joined),
        )  # fmt: skip


def message_digest(chain_id: int, safe: bytes, message: str) -> bytes:
    """What owners sign for their Safe to say yes to a message's EIP-191 hash: EIP-1271.

    ownership.BadMessage for what is none of ours.
    """
    return _typed(chain_id, safe, keccak256(_MESSAGE + keccak256(account_digest(message))))


def _typed(chain_id: int, safe: bytes, struct: bytes) -> bytes:
    domain = keccak256(_DOMAIN + abi.word(chain_id) + abi.word(safe))
    return keccak256(b"\x19\x01" + domain + struct)


def creation_code(name: str) -> bytes:
    """A contract of the package; SafeMissing."""
    try:
        kept = json.loads((_PACKAGE / _FILES[name]).read_text())
    except OSError:
        raise SafeMissing(
            "Safe is not installed; `npm ci` in the folder nodes/ installs it"
        ) from None
    code = bytes.fromhex(kept["bytecode"].removeprefix("0x"))
    if hashlib.sha256(code).hexdigest() != _CODE[name]:
        raise SafeMissing(f"{name} is not the contract of Safe {VERSION}")
    return code


def check_installed() -> None:
    """SafeMissing where a contract of the package is not on this machine."""
    for name in _CODE:
        creation_code(name)


def set_up(owners: Sequence[bytes], threshold: int, handler: bytes) -> bytes:
    """The first call to a new Safe; without modules."""
    return abi.call(
        "setup(address[],uint256,address,bytes,address,address,uint256,address)",
        list(owners), threshold, NOBODY, Dynamic(b""), handler, NOBODY, 0, NOBODY,
    )  # fmt: skip


def proxy(singleton: bytes, first_call: bytes, salt: int) -> bytes:
    """The call to the factory that makes a Safe."""
    signature = "createProxyWithNonce(address,bytes,uint256)"
    return abi.call(signature, singleton, Dynamic(first_call), salt)


def address(factory: bytes, singleton: bytes, first_call: bytes, salt: int) -> bytes:
    """Where the factory makes a Safe; SafeMissing."""
    mixed = keccak256(keccak256(first_call) + abi.word(salt))
    code = keccak256(creation_code("SafeProxy") + abi.word(singleton))
    return keccak256(b"\xff" + factory + mixed + code)[-abi.ACCOUNT :]


def sign(transaction: SafeTransaction, device: Device, name: str) -> tuple[bytes, bytes]:
    """The owner and its signature; keys.device.DeviceProblem, NotEnough for a foreign call."""
    if transaction.operation != CALL:
        raise NotEnough("DELEGATECALL is never signed")
    made = device.sign(name, transaction.digest())
    return account_of(device.public(name)), made[:64] + bytes((27 + made[64],))


def checked(
    transaction: SafeTransaction,
    signatures: Mapping[bytes, bytes],
    owners: Sequence[bytes],
    threshold: int,
) -> dict[bytes, bytes]:
    """As many owners' valid signatures as are needed; NotEnough."""  # fmt: skip
    digest, sound = transaction.digest(), {}
    for owner, made in signatures.items():
        key = recovered(made[:64] + bytes((made[64] - 27,)), digest) if len(made) == 65 else None
        if key is None or account_of(key) != owner:
            raise NotEnough(f"the signature of 0x{owner.hex()} is not valid")
        if owner not in owners:
            raise NotEnough(f"0x{owner.hex()} is no owner")
        sound[owner] = made
    if len(sound) < threshold:
        raise NotEnough(f"{len(sound)} of {threshold} owners have signed")
    return dict(sorted(sound.items())[:threshold])


def swap_call(owners: Sequence[bytes], old: bytes, new: bytes) -> bytes:
    """Replaces an owner by another, in the order in which the Safe lists them; ValueError."""
    place = list(owners).index(old)
    before = owners[place - 1] if place else SENTINEL
    return abi.call("swapOwner(address,address,address)", before, old, new)


def transfer_call(token: bytes | None, to: bytes, amount: int) -> tuple[bytes, int, bytes]:
    """Target, value and data that pay in a token, or in the chain's own coin."""
    if token is None:
        return to, amount, b""
    return token, 0, abi.call("transfer(address,uint256)", to, amount)


class SafeView:
    """What a node says of a Safe."""

    def __init__(self, node: Node, safe: bytes) -> None:
        self._node = node
        self._safe = safe

    def owners(self, block: str = "latest") -> list[bytes]:
        """In the Safe's own order, after a block; NodeProblem."""
        told = self._call("getOwners()", block)
        words = [told[at : at + abi.WORD] for at in range(0, len(told), abi.WORD)]
        if len(words) < 2 or len(words) != 2 + int.from_bytes(words[1], "big"):
            raise NodeGarbage("no list of owners")
        return [one[-abi.ACCOUNT :] for one in words[2:]]

    def threshold(self, block: str = "latest") -> int:
        return int.from_bytes(self._call("getThreshold()", block), "big")

    def nonce(self, block: str = "latest") -> int:
        """Of the next transaction, after a block; NodeProblem."""
        return int.from_bytes(self._call("nonce()", block), "big")

    def chain_id(self) -> int:
        return quantity(self._node.call("eth_chainId"))

    def _call(self, signature: str, block: str = "latest") -> bytes:
        asked = {"to": "0x" + self._safe.hex(), "data": "0x" + abi.call(signature).hex()}
        return hexed(self._node.call("eth_call", asked, block))
