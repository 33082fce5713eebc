"""Sends calls to Safes: whoever pays the gas decides nothing.

A call to a Safe is bound by the Safe's own nonce. So it may be sent anew with any nonce of the
payer's: of two such calls the chain carries out one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import msgspec

from fullreserve.custody.addresses import account_of, checksummed
from fullreserve.custody.chains.adapter import Attempt
from fullreserve.custody.chains.evm_transaction import Body
from fullreserve.custody.chains.rpc import Node, quantity
from fullreserve.custody.keys.device import Device

PAYER = "payer"  # the key's name in its device
TIP = 10**9
FEE_MAX = 500 * 10**9  # wei a unit of gas


class Bid(msgspec.Struct, frozen=True):
    """The payer's nonce of a call and what a unit of gas was bid, in wei."""

    nonce: int
    tip: int
    fee: int


class Call(NamedTuple):
    """Signed."""

    attempt: Attempt
    bid: Bid


class FeeCap(ValueError):
    """A fee that would replace what was sent is above what is ever paid."""


class NoGas(ValueError):
    """Who pays has less than a call may cost; the message says who, what, and what helps."""


class FileGas:
    """Pays with the key named `payer` of a device."""

    def __init__(self, device: Device) -> None:
        self._device = device

    def sign(self, node: Node, to: bytes, data: bytes) -> Call:
        """A call, with the next nonce; NodeProblem, DeviceProblem."""
        return _call(node, self._device, to, data, next_nonce(node, self._device))

    def is_used(self, node: Node, bid: Bid) -> bool:
        """Whether a block has the nonce already, with this call or another; NodeProblem."""
        return _nonce(node, self._device, "latest") > bid.nonce

    def again(
        self, node: Node, to: bytes, data: bytes, before: Bid, others: Collection[int]
    ) -> Call | None:
        """The call anew, so that it can be in a block whatever became of its nonce; FeeCap.

        With a nonce that is used, the next one; else the lowest that is not used, with a higher
        fee: what stood before it may be lost. None when that is of `others`, sent anew themselves.
        """
        used = _nonce(node, self._device, "latest")
        if before.nonce < used:
            fresh = next_nonce(node, self._device)
            return _call(node, self._device, to, data, fresh, block="latest")
        if used != before.nonce and used in others:
            return None
        return _call(node, self._device, to, data, used, before, block="latest")


def send(node: Node, device: Device, to: bytes, calls: Sequence[bytes]) -> list[str]:
    """Each call in a transaction of its own, in order; their ids. NodeProblem, DeviceProblem.

    A call that the contract refuses is refused by the estimate, before anything is sent.
    """
    nonce = next_nonce(node, device)
    made = []
    for number, data in enumerate(calls):
        one = signed(node, device, to, data, nonce + number)
        made.append(str(node.call("eth_sendRawTransaction", "0x" + one.raw.hex())))
    return made


def next_nonce(node: Node, device: Device) -> int:
    """The payer's, behind all that waits; NodeProblem, DeviceProblem."""
    return _nonce(node, device, "pending")


def _nonce(node: Node, device: Device, block: str) -> int:
    sender = "0x" + account_of(device.public(PAYER)).hex()
    return quantity(node.call("eth_getTransactionCount", sender, block))


def signed(node: Node, device: Device, to: bytes, data: bytes, nonce: int) -> Attempt:
    """A call, signed; NodeProblem, DeviceProblem. Refused by the estimate where it would revert."""
    return _call(node, device, to, data, nonce).attempt


def _call(
    node: Node,
    device: Device,
    to: bytes,
    data: bytes,
    nonce: int,
    before: Bid | None = None,
    block: str = "pending",
) -> Call:
    lane = account_of(device.public(PAYER))
    asked = {"from": "0x" + lane.hex(), "to": "0x" + to.hex(), "data": "0x" + data.hex()}
    gas = quantity(node.call("eth_estimateGas", asked, block)) * 5 // 4
    base = quantity(node.call("eth_gasPrice"))
    chain_id = quantity(node.call("eth_chainId"))
    tip, fee = TIP, 2 * base + TIP
    if before is not None:
        # Nodes want a tenth more on both for a nonce that waits already.
        tip, fee = max(tip, before.tip * 9 // 8 + 1), max(fee, before.fee * 9 // 8 + 1)
        if fee > FEE_MAX:
            raise FeeCap(f"a fee of {fee} wei a unit of gas is above the cap of {FEE_MAX}")
    has = quantity(node.call("eth_getBalance", "0x" + lane.hex(), "latest"))
    if has < gas * fee:
        raise NoGas(
            f"{checksummed(lane)} pays the gas and has {has} of the {gas * fee} wei that this may "
            "cost: send it coins, or name another file with --payer"
        )
    body = Body(chain_id, lane, nonce, to, 0, data, gas, tip, fee)
    return Call(body.signed(device.sign(PAYER, body.digest())), Bid(nonce, tip, fee))
