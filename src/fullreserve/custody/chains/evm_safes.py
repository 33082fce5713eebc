"""What Safes of ours paid in a block: by internal calls too, and to us it is no gift."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from fullreserve.custody.chains.evm_blocks import ACCOUNT, Sent
from fullreserve.custody.chains.evm_transaction import WORD
from fullreserve.custody.chains.rpc import NodeRefuses

# The selector of `execTransaction`, whose arguments follow in this order.
EXECUTE = bytes.fromhex("6a761202")
_TO, _VALUE, _DATA, _OPERATION, _SAFE_GAS, _BASE_GAS, _GAS_PRICE = range(7)
_WORDS = 10
# What nodes say of code that ran and failed; the code of such an error is 3, or not agreed on.
_FAILED = ("revert", "opcode", "stack", "jump", "out of gas", "evm error")
_REVERTED = 3


def has_failed(refusal: NodeRefuses) -> bool:
    """Whether a node refuses a call because its contract failed: it is no Safe then."""
    said = refusal.message.lower()
    return refusal.code == _REVERTED or any(word in said for word in _FAILED)


class Execution(NamedTuple):
    """What a Safe does: `has_data` where it calls something."""

    to: bytes
    value: int
    has_data: bool


def read_execution(data: bytes) -> Execution | None:
    """Of a call to a Safe; None of another one, or where it can do more, or fail unseen.

    As by a delegate call or by a refund of gas; with gas set aside for it a call that fails is
    carried out as well.
    """
    if data[: len(EXECUTE)] != EXECUTE or len(data) < len(EXECUTE) + _WORDS * WORD:
        return None
    words = data[len(EXECUTE) :]

    def number(at: int) -> int:
        return int.from_bytes(words[at : at + WORD], "big")

    if any(number(one * WORD) for one in (_OPERATION, _SAFE_GAS, _BASE_GAS, _GAS_PRICE)):
        return None
    to = words[_TO * WORD : (_TO + 1) * WORD][-ACCOUNT:]
    return Execution(to, number(_VALUE * WORD), number(number(_DATA * WORD)) > 0)


def paid_by_safes(
    done: Iterable[Sent],
    ran: Mapping[bytes, int],
    places: Collection[bytes],
    tokens: Collection[bytes],
) -> dict[bytes, int] | None:
    """What their payments took and brought in a block, in wei by place.

    `done` are its transactions that did not fail, `ran` how many each Safe has carried out in it.
    None where it is not all known: what was carried out by way of another contract, or called one
    that is none of `tokens`, which send no coins, nor the Safe itself.
    """
    changes: dict[bytes, int] = {}
    left = dict(ran)
    for one in done:
        call = read_execution(one.data) if one.to in left else None
        if call is None:
            continue
        if call.has_data and call.to not in tokens and call.to != one.to:
            return None
        left[one.to] -= 1
        for place, change in ((one.to, -call.value), (call.to, call.value)):
            if place in places:
                changes[place] = changes.get(place, 0) + change
    return None if any(left.values()) else changes
