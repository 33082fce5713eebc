"""Puts a tier's Safe and its guard on a chain; whoever pays for that decides nothing.

All addresses are known beforehand: those of contracts that an account creates by its nonce, the
Safe's by CREATE2 (https://eips.ethereum.org/EIPS/eip-1014) of its owners.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from fullreserve.custody import rlp
from fullreserve.custody.addresses import account_of
from fullreserve.custody.chains.evm_transaction import Body
from fullreserve.custody.chains.rpc import Node, quantity
from fullreserve.custody.keccak import keccak256
from fullreserve.custody.keys.device import Device
from fullreserve.custody.keys.gas import PAYER, TIP
from fullreserve.custody.tiers import abi, guard, safe
from fullreserve.custody.tiers.guard import Rules

GAS_CREATE, GAS_CALL = 6_500_000, 1_000_000


class Deployed(NamedTuple):
    """The accounts; `transactions` in the order in which they were sent."""

    safe: bytes
    guard: bytes
    transactions: tuple[str, ...]


class _Sender:
    """Transactions of one account, one after another."""

    def __init__(self, node: Node, device: Device) -> None:
        self._node = node
        self._device = device
        self._lane = account_of(device.public(PAYER))
        self._chain = quantity(node.call("eth_chainId"))
        told = node.call("eth_getTransactionCount", "0x" + self._lane.hex(), "pending")
        self._nonce = quantity(told)
        self.sent: list[str] = []

    def create(self, code: bytes) -> bytes:
        """The account of the new contract."""
        made = keccak256(rlp.encode([self._lane, self._nonce]))[-abi.ACCOUNT :]
        self.send(b"", code, GAS_CREATE)
        return made

    def send(self, to: bytes, data: bytes, gas: int) -> None:
        """NodeProblem, DeviceProblem."""
        fee = 2 * quantity(self._node.call("eth_gasPrice")) + TIP
        body = Body(self._chain, self._lane, self._nonce, to, 0, data, gas, TIP, fee)
        raw = body.signed(self._device.sign(PAYER, body.digest())).raw
        self.sent.append(str(self._node.call("eth_sendRawTransaction", "0x" + raw.hex())))
        self._nonce += 1


def deploy(
    node: Node, device: Device, owners: Sequence[bytes], rules: Rules, salt: int
) -> Deployed:
    """The threshold is the guard's least; NodeProblem, DeviceProblem, safe.SafeMissing."""
    codes = [safe.creation_code(name) for name in ("Safe", "SafeProxyFactory", safe.HANDLER)]
    sender = _Sender(node, device)
    singleton, factory, handler = (sender.create(code) for code in codes)
    first = safe.set_up(owners, rules.threshold, handler)
    sender.send(factory, safe.proxy(singleton, first, salt), GAS_CALL)
    made = safe.address(factory, singleton, first, salt)
    guarded = sender.create(guard.creation(made, rules))
    return Deployed(made, guarded, tuple(sender.sent))
