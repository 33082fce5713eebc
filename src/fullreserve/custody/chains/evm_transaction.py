"""Fee-market transactions of Ethereum (type 2), unsigned and signed.

https://eips.ethereum.org/EIPS/eip-1559. The encoding is compared with eth-account's in the tests.
"""

from __future__ import annotations

import hashlib

import msgspec

from fullreserve.custody import rlp
from fullreserve.custody.chains.adapter import Attempt, Payment
from fullreserve.custody.keccak import keccak256

TYPE = b"\x02"
TRANSFER = bytes.fromhex("a9059cbb")  # transfer(address,uint256)
WORD = 32
GAS_BARE = 21_000
GAS_COIN = 60_000  # a memo's data costs more than the bare 21,000
GAS_TOKEN = 120_000


class Body(msgspec.Struct, array_like=True, frozen=True):
    """A transaction of one lane; fees in wei a unit of gas."""

    chain_id: int
    lane: bytes  # the sender's account
    nonce: int
    to: bytes
    value: int
    data: bytes
    gas: int
    max_tip: int
    max_fee: int

    def fields(self) -> list[rlp.Item]:
        """As they are signed."""
        fees: list[rlp.Item] = [self.chain_id, self.nonce, self.max_tip, self.max_fee, self.gas]
        return [*fees, self.to, self.value, self.data, []]

    def digest(self) -> bytes:
        """What is signed."""
        return keccak256(TYPE + rlp.encode(self.fields()))

    def signed(self, signature: bytes) -> Attempt:
        """With a recoverable signature: r, s and the parity."""
        if len(signature) != 2 * WORD + 1:
            raise ValueError("a recoverable signature has 65 bytes")
        r, s = signature[:WORD], signature[WORD : 2 * WORD]
        numbers = [signature[2 * WORD], int.from_bytes(r, "big"), int.from_bytes(s, "big")]
        raw = TYPE + rlp.encode([*self.fields(), *numbers])
        return Attempt(keccak256(raw), raw)


# JSON: amounts of 18 decimals are larger than MessagePack's integers.
_decode = msgspec.json.Decoder(Body).decode


def read_body(data: bytes) -> Body:
    """A body from bytes; msgspec.DecodeError."""
    return _decode(data)


def binding(lane: bytes, nonce: int) -> bytes:
    """32 bytes for a lane's nonce, the same for whatever is sent with it."""
    return hashlib.blake2b(lane + nonce.to_bytes(8, "big"), digest_size=32).digest()


def call_of(payment: Payment, token: bytes | None) -> tuple[bytes, int, bytes]:
    """Target, value and data that pay it, with a token's contract or in the chain's own coin."""
    if token is None:
        return payment.place, payment.amount, payment.memo.encode("ascii")
    return token, 0, transfer_call(payment.place, payment.amount)


def is_transfer(data: bytes) -> bool:
    """Whether a call is a token's transfer and nothing beside."""
    return data[:4] == TRANSFER and len(data) == 4 + 2 * WORD and not any(data[4:16])


def transfer_call(place: bytes, amount: int) -> bytes:
    """The data of a token's transfer."""
    return TRANSFER + place.rjust(WORD, b"\0") + amount.to_bytes(WORD, "big")
