"""Safe's contracts and our guard on anvil, and Safes of tiers under it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from typing import Any

import pytest

from fullreserve.clock import SystemClock
from fullreserve.custody import contracts, nodes
from fullreserve.custody.chains.rpc import Node, NodeRefuses
from fullreserve.custody.tiers import abi, guard, safe
from fullreserve.custody.tiers.safe import SafeTransaction, SafeView
from tests.integration.custody.holders import Holder

CHAIN = 31_347
DAY, DELAY = 86_400, 172_800
ETHER = 10**18
HOT, STRANGER = b"\x22" * 20, b"\x99" * 20
LIMIT = 5 * ETHER
TOKENS = 1_000 * 10**6


class Chain:
    """anvil, with Safe's contracts and a token; who sends transactions pays their gas."""

    def __init__(self) -> None:
        self.process = nodes.start_anvil(CHAIN)
        asyncio.run(self.process.ready(SystemClock()))
        self.node = Node(self.process.url)
        self.sender = self.node.call("eth_accounts")[0]
        self.singleton = self.created(safe.creation_code("Safe"))
        self.factory = self.created(safe.creation_code("SafeProxyFactory"))
        self.handler = self.created(safe.creation_code("CompatibilityFallbackHandler"))
        self.token = self.created(contracts.creation("DemoUSDT"))
        self.salts = itertools.count(1)

    def send(self, to: bytes | None, data: bytes, value: int = 0) -> dict[str, Any]:
        call = {"from": self.sender, "data": "0x" + data.hex(), "value": hex(value)}
        call |= {"to": "0x" + to.hex()} if to is not None else {}
        # What would revert is said at once, with the reason.
        self.node.call("eth_call", call, "pending")
        told = self.node.call("eth_sendTransaction", call | {"gas": hex(6_000_000)})
        self.node.call("anvil_mine", "0x1")
        receipt: dict[str, Any] = self.node.call("eth_getTransactionReceipt", told)
        assert receipt["status"] == "0x1"
        return receipt

    def created(self, code: bytes) -> bytes:
        return bytes.fromhex(self.send(None, code)["contractAddress"][2:])

    def wait(self, seconds: int) -> None:
        self.node.call("evm_increaseTime", seconds)
        self.node.call("anvil_mine", "0x1")

    def balance(self, account: bytes) -> int:
        return int(self.node.call("eth_getBalance", "0x" + account.hex(), "latest"), 16)

    def tokens(self, account: bytes) -> int:
        asked = abi.call("balanceOf(address)", account)
        call = {"to": "0x" + self.token.hex(), "data": "0x" + asked.hex()}
        return int(self.node.call("eth_call", call, "latest"), 16)


class Tier:
    """A Safe under its guard, with coins and tokens in it."""

    def __init__(
        self,
        chain: Chain,
        owners: Sequence[Holder],
        threshold: int,
        targets: tuple[bytes, ...] = (HOT,),
    ) -> None:
        self.chain = chain
        first = safe.set_up([one.account for one in owners], threshold, chain.handler)
        made = chain.send(chain.factory, safe.proxy(chain.singleton, first, next(chain.salts)))
        created: str = made["logs"][-1]["topics"][1]
        self.account = bytes.fromhex(created[2:])[-20:]
        self.view = SafeView(chain.node, self.account)
        limits = {guard.COIN: LIMIT, chain.token: TOKENS}
        self.rules = guard.Rules(DELAY, threshold, 2, targets, limits)
        self.gate = chain.created(guard.creation(self.account, self.rules))
        self.do(owners[:threshold], self.account, data=guard.installs(self.gate))
        chain.send(self.account, b"", 100 * ETHER)
        chain.send(chain.token, abi.call("mint(address,uint256)", self.account, 10 * TOKENS))

    def transaction(self, to: bytes, value: int = 0, data: bytes = b"") -> SafeTransaction:
        return SafeTransaction(CHAIN, self.account, self.view.nonce(), to, value, data)

    def signed(self, by: Sequence[Holder], transaction: SafeTransaction) -> bytes:
        made: dict[bytes, bytes] = {}
        for one in by:
            made |= one.approves(transaction)
        owners, threshold = self.view.owners(), self.view.threshold()
        return transaction.execution(safe.checked(transaction, made, owners, threshold))

    def do(self, by: Sequence[Holder], to: bytes, value: int = 0, data: bytes = b"") -> None:
        transaction = self.transaction(to, value, data)
        self.chain.send(self.account, self.signed(by, transaction))

    def refuses(self, why: str, by: Sequence[Holder], to: bytes, value: int = 0,
                data: bytes = b"") -> None:  # fmt: skip
        with pytest.raises(NodeRefuses) as refused:
            self.do(by, to, value, data)
        text = why.encode().hex()
        assert why in str(refused.value) or text in str(refused.value), refused.value
