"""Sends calls to Safes: whoever pays the gas decides nothing."""

from __future__ import annotations

from collections.abc import Sequence

from fullreserve.custody.addresses import account_of
from fullreserve.custody.chains.adapter import Attempt
from fullreserve.custody.chains.evm_transaction import Body
from fullreserve.custody.chains.rpc import Node, quantity
from fullreserve.custody.keys.device import Device

PAYER = "payer"  # the key's name in its device
TIP = 10**9


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
    sender = "0x" + account_of(device.public(PAYER)).hex()
    return quantity(node.call("eth_getTransactionCount", sender, "pending"))


def signed(node: Node, device: Device, to: bytes, data: bytes, nonce: int) -> Attempt:
    """A call, signed; NodeProblem, DeviceProblem. Refused by the estimate where it would revert."""
    lane = account_of(device.public(PAYER))
    asked = {"from": "0x" + lane.hex(), "to": "0x" + to.hex(), "data": "0x" + data.hex()}
    gas = quantity(node.call("eth_estimateGas", asked, "pending")) * 5 // 4
    base = quantity(node.call("eth_gasPrice"))
    chain_id = quantity(node.call("eth_chainId"))
    body = Body(chain_id, lane, nonce, to, 0, data, gas, TIP, 2 * base + TIP)
    return body.signed(device.sign(PAYER, body.digest()))
