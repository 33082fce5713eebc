"""Blocks of an EVM chain, believed only where their hash is that of what they say.

Header: https://github.com/ethereum/execution-specs, `Header` of each fork; later forks append.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from fullreserve.custody import rlp
from fullreserve.custody.chains.adapter import Attempt, Block
from fullreserve.custody.chains.evm_transaction import Body
from fullreserve.custody.chains.rpc import HEIGHT_BITS, NodeGarbage, field, hexed, quantity
from fullreserve.custody.keccak import keccak256

HASH = 32
ACCOUNT = 20
NONCE_BITS, BYTE_BITS = 64, 8

# In the order of the header; `True`: a number.
_FIELDS = (
    ("parentHash", False),
    ("sha3Uncles", False),
    ("miner", False),
    ("stateRoot", False),
    ("transactionsRoot", False),
    ("receiptsRoot", False),
    ("logsBloom", False),
    ("difficulty", True),
    ("number", True),
    ("gasLimit", True),
    ("gasUsed", True),
    ("timestamp", True),
    ("extraData", False),
    ("mixHash", False),
    ("nonce", False),
)
_APPENDED = (
    ("baseFeePerGas", True),
    ("withdrawalsRoot", False),
    ("blobGasUsed", True),
    ("excessBlobGas", True),
    ("parentBeaconBlockRoot", False),
    ("requestsHash", False),
)


class Sent(NamedTuple):
    """A transaction of a block."""

    txid: bytes
    spend: bytes  # the sender and his nonce
    to: bytes
    value: int
    data: bytes
    told: Any = None  # as the node said it, for who checks its signature

    @property
    def call(self) -> tuple[bytes, int, bytes]:
        """Target, value and data."""
        return self.to, self.value, self.data

    @classmethod
    def read(cls, told: Any) -> Sent:
        nonce = quantity(field(told, "nonce"), NONCE_BITS).to_bytes(8, "big")
        target = field(told, "to")
        return cls(
            hexed(field(told, "hash"), HASH),
            hexed(field(told, "from"), ACCOUNT) + nonce,
            hexed(target, ACCOUNT) if target is not None else b"",
            quantity(field(told, "value")),
            hexed(field(told, "input")),
            told,
        )


def read_block(told: Any, height: int | None = None) -> Block:
    """A block of the node's answer; NodeGarbage when its hash is not the hash of its header.

    Also when it is not the one of a height that was asked for.
    """
    read_header(told)
    number, hash_ = quantity(told["number"], HEIGHT_BITS), hexed(told["hash"], HASH)
    if height not in (None, number):
        raise NodeGarbage(f"asked for block {height}, told of block {number}")
    return Block(number, hash_, hexed(told["parentHash"], HASH))


def read_sent(told: Any, chain_id: int) -> tuple[Body, Attempt]:
    """A transaction of a block's, as it would be sent again; NodeGarbage.

    What is of another kind than ours are cannot be sent again: nothing of it is kept but its id.
    """
    gas, target = quantity(field(told, "gas")), told.get("to")
    is_ours = told.get("type") == "0x2"
    most = quantity(field(told, "maxFeePerGas" if is_ours else "gasPrice"))
    body = Body(
        chain_id,
        hexed(field(told, "from"), ACCOUNT),
        quantity(field(told, "nonce"), NONCE_BITS),
        hexed(target, ACCOUNT) if target is not None else b"",
        quantity(field(told, "value")),
        hexed(field(told, "input")),
        gas,
        quantity(field(told, "maxPriorityFeePerGas")) if is_ours else most,
        most,
    )
    txid = hexed(field(told, "hash"), HASH)
    if not is_ours:
        return body, Attempt(txid, b"")
    parity = told.get("yParity") or field(told, "v")
    numbers = [quantity(field(told, name)).to_bytes(HASH, "big") for name in ("r", "s")]
    attempt = body.signed(b"".join(numbers) + bytes((quantity(parity, BYTE_BITS),)))
    if attempt.txid != txid:
        raise NodeGarbage(f"transaction {txid.hex()} is not what its hash says")
    return body, attempt


def read_header(told: Any) -> bytes:
    """The encoded header of the node's answer, which has the answer's hash; NodeGarbage."""
    items: list[rlp.Item] = [_item(told, *one) for one in _FIELDS]
    for name, is_number in _APPENDED:
        if told.get(name) is None:
            break
        items.append(_item(told, name, is_number))
    hash_ = hexed(field(told, "hash"), HASH)
    header = rlp.encode(items)
    if keccak256(header) != hash_:
        raise NodeGarbage(f"block {hash_.hex()} is not what its hash says")
    return header


def _item(told: Any, name: str, is_number: bool) -> bytes | int:
    value = field(told, name)
    return quantity(value) if is_number else hexed(value)
