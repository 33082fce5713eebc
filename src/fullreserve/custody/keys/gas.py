"""Sends calls to Safes: whoever pays the gas decides nothing."""

from __future__ import annotations

from collections.abc import Sequence

from fullreserve.custody.addresses import account_of
from fullreserve.custody.chains.evm_transaction import Body
from fullreserve.custody.chains.rpc import Node, quantity
from fullreserve.custody.keys.device import Device

PAYER = "payer"  # the key's name in its device
TIP = 10**9


def send(node: Node, device: Device, to: bytes, calls: Sequence[bytes]) -> list[str]:
    """Each call in a transaction of its own, in order; their ids. NodeProblem, DeviceProblem.

    A call that the contract refuses is refused by the estimate, before anything is sent.
    """
    lane = account_of(device.public(PAYER))
    sender = "0x" + lane.hex()
    chain_id = quantity(node.call("eth_chainId"))
    nonce = quantity(node.call("eth_getTransactionCount", sender, "pending"))
    made = []
    for number, data in enumerate(calls):
        asked = {"from": sender, "to": "0x" + to.hex(), "data": "0x" + data.hex()}
        gas = quantity(node.call("eth_estimateGas", asked, "pending")) * 5 // 4
        base = quantity(node.call("eth_gasPrice"))
        body = Body(chain_id, lane, nonce + number, to, 0, data, gas, TIP, 2 * base + TIP)
        raw = body.signed(device.sign(PAYER, body.digest())).raw
        made.append(str(node.call("eth_sendRawTransaction", "0x" + raw.hex())))
    return made
