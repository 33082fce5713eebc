"""What anvil does for the demo: it sends from an account of its own, and gives out of nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fullreserve.custody import contracts
from fullreserve.custody.chains.rpc import Node

if TYPE_CHECKING:
    from fullreserve.custody.demo_terms import Listed


def send(node: Node, **call: str) -> dict[str, str]:
    """From anvil's own rich account, which it signs for; the receipt."""
    sender = node.call("eth_accounts")[0]
    sent = node.call("eth_sendTransaction", {"from": sender, "gas": hex(3_000_000), **call})
    node.call("anvil_mine", "0x1")
    receipt: dict[str, str] = node.call("eth_getTransactionReceipt", sent)
    return receipt


def give(node: Node, one: Listed, contract: bytes, account: str, units: int) -> None:
    """Whole units of an asset, out of nothing."""
    amount = units * 10**one.decimals
    if not contract:
        node.call("anvil_setBalance", "0x" + account, hex(amount))
        return
    data = contracts.call("mint(address,uint256)", bytes.fromhex(account), amount)
    send(node, to="0x" + contract.hex(), data="0x" + data.hex())
