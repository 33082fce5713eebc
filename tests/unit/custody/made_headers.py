"""Headers of an EVM chain that tests make: each has the hash of what it says, as anybody's can."""

from __future__ import annotations

from typing import Any

from fullreserve.custody import rlp
from fullreserve.custody.chains import evm_blocks
from fullreserve.custody.keccak import keccak256


def rehashed(block: dict[str, Any]) -> None:
    """Gives a changed header the hash that it has."""
    names = [*evm_blocks._FIELDS, *evm_blocks._APPENDED]
    items = [evm_blocks._item(block, *one) for one in names if block.get(one[0]) is not None]
    block["hash"] = "0x" + keccak256(rlp.encode(items)).hex()


def header(base_fee: int) -> dict[str, Any]:
    """Of a block of nothing, at a fee in wei a unit of gas."""
    block = {name: "0x0" if is_number else "0x" for name, is_number in evm_blocks._FIELDS}
    block |= {"parentHash": "0x" + "00" * 32, "baseFeePerGas": hex(base_fee)}
    rehashed(block)
    return block
