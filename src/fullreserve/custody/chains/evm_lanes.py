"""What the lanes of an EVM chain have left: one look at the node, and what is bound beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fullreserve.custody.chains.evm_blocks import read_header
from fullreserve.custody.chains.evm_safes import has_failed
from fullreserve.custody.chains.evm_sweeps import is_sent, transfer_asked
from fullreserve.custody.chains.evm_transaction import WORD, Body
from fullreserve.custody.chains.rpc import Node, NodeRefuses, field, quantity

BALANCE_OF = bytes.fromhex("70a08231")
TIP = 10**9


class Lanes:
    """The nonces and the coins that no plan has taken, as of the newest block.

    `tip` and `fee` are what a unit of gas is bid, in wei; `max_fee_cap` bounds the second.
    `halted` are lanes, by token, for which the contract moves nothing of what they hold, as it is
    paused or as its issuer stopped them: they pay none of it. `able` counts those that can.
    """

    def __init__(
        self,
        node: Node,
        lanes: Sequence[bytes],
        tokens: Sequence[bytes],
        taken: Sequence[Body],
        max_fee_cap: int,
        left: Sequence[bytes] = (),
    ) -> None:
        told = iter(_told(node, list(_questions(lanes, tokens, left))))
        self.tip, self.fee = fees(next(told), max_fee_cap)
        # What a lane that was left has begun comes to its end there; nothing else begins.
        self._free = {lane: quantity(next(told)) for lane in (*lanes, *left)}
        self._coin = {lane: quantity(next(told)) for lane in lanes}
        self._tokens = {
            (token, lane): quantity(next(told)) for token in tokens for lane in lanes
        }  # fmt: skip
        moves = {place: is_sent(next(told)) for place in self._tokens}
        holding = [place for place, amount in self._tokens.items() if amount]
        self.able = Counter(token for token, lane in holding if moves[token, lane])
        self.halted: dict[bytes, list[bytes]] = {}
        for token, lane in holding:
            if not moves[token, lane]:
                self.halted.setdefault(token, []).append(lane)
                self._tokens[token, lane] = 0
        self._loads = dict.fromkeys(lanes, 0)
        self._used: set[tuple[bytes, int]] = set()
        self._last = dict.fromkeys((*lanes, *left), -1)
        for body in taken:
            if body.lane in self._free:
                self._note(body)

    def is_halted(self, token: bytes, lane: bytes) -> bool:
        return lane in self.halted.get(token, ())

    @property
    def open(self) -> list[bytes]:
        """Those that nobody has stopped: what others get may not leave again. All, if none is."""
        stopped = {lane for lanes in self.halted.values() for lane in lanes}
        return [one for one in self._coin if one not in stopped] or list(self._coin)

    def put_off(self, unsigned: Mapping[bytes, int]) -> None:
        """Has lanes count as loaded with what nobody signed for them and was dropped."""
        for lane, count in unsigned.items():
            self._loads[lane] += count

    def by_load(self) -> list[bytes]:
        """The lane with the fewest open payments first, before all one that waits for a nonce."""
        return sorted(self._loads, key=lambda lane: (not self.has_gap(lane), self._loads[lane]))

    def has_gap(self, lane: bytes) -> bool:
        """Whether a nonce below that of an open payment is nobody's: until it is, none is paid."""
        return self.next_nonce(lane) < self._last[lane]

    def can_pay(self, body: Body, token: bytes | None, amount: int) -> bool:
        """Whether its lane holds that beside what it is bound to pay already."""
        if self._coin[body.lane] < body.value + body.gas * body.max_fee:
            return False
        return token is None or self._tokens[token, body.lane] >= amount

    def most(self, token: bytes | None, gas: int) -> int:
        """What the fullest lane can pay at twice the fee, as that may rise meanwhile."""
        cost = 2 * gas * self.fee
        if token is None:
            return max((coin - cost for coin in self._coin.values() if coin > cost), default=0)
        able = [lane for lane, coin in self._coin.items() if coin >= cost]
        return max((self._tokens[token, lane] for lane in able), default=0)

    def next_nonce(self, lane: bytes) -> int:
        """The lowest free one: a nonce that was given up again must not hold up those above it."""
        while (lane, self._free[lane]) in self._used:
            self._free[lane] += 1
        return self._free[lane]

    def take(self, body: Body) -> None:
        """A plan's transaction, whose nonce `next_nonce` gave."""
        self._note(body)

    def _note(self, body: Body) -> None:
        self._used.add((body.lane, body.nonce))
        self._last[body.lane] = max(self._last[body.lane], body.nonce)
        if body.lane not in self._loads:
            return
        self._loads[body.lane] += 1
        self._coin[body.lane] -= body.value + body.gas * body.max_fee
        if (body.to, body.lane) in self._tokens:
            amount = int.from_bytes(body.data[-WORD:], "big")
            self._tokens[body.to, body.lane] -= amount


def _questions(
    lanes: Sequence[bytes], tokens: Sequence[bytes], left: Sequence[bytes]
) -> Iterator[tuple[str, Sequence[Any]]]:
    yield "eth_getBlockByNumber", ["latest", False]
    for lane in (*lanes, *left):
        yield "eth_getTransactionCount", ["0x" + lane.hex(), "latest"]
    for lane in lanes:
        yield "eth_getBalance", ["0x" + lane.hex(), "latest"]
    for token in tokens:
        for lane in lanes:
            yield "eth_call", [balance_call(token, lane), "latest"]
    for token in tokens:
        for lane in lanes:
            # What leaves the balance as it is, and names nobody but the lane.
            yield "eth_call", [transfer_asked(token, lane, lane, 1), "latest"]


def _told(node: Node, asked: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
    """The answers, a contract's refusal among them; NodeProblem for any other."""
    told = node.tried(asked)
    for one in told:
        if isinstance(one, NodeRefuses) and not has_failed(one):
            raise one
    return told


def next_nonce(node: Node, lane: bytes) -> int:
    """The first that no transaction takes by this node, in a block or before one; NodeProblem."""
    account = "0x" + lane.hex()
    asked = [("eth_getTransactionCount", [account, at]) for at in ("latest", "pending")]
    return max(map(quantity, node.calls(asked)))


def balance_call(token: bytes, account: bytes) -> dict[str, str]:
    """The call that asks a token for an account's balance."""
    data = BALANCE_OF + account.rjust(WORD, b"\0")
    return {"to": "0x" + token.hex(), "data": "0x" + data.hex()}


def fees(block: Any, max_fee_cap: int) -> tuple[int, int]:
    """Tip and fee a unit of gas that outbid two full blocks; NodeGarbage.

    The base fee is the header's, which the block's hash covers.
    """
    read_header(block)
    base = quantity(field(block, "baseFeePerGas"))
    return TIP, min(2 * base + TIP, max_fee_cap)
