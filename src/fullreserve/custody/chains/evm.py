"""EVM chains: the chain's own coin and ERC-20 tokens, paid from lanes of nonces.

Deposits in the chain's coin are read from full blocks, those in tokens from the logs of exactly
that block, so that a reorganisation cannot mix two chains. Coins that a contract sends by an
internal call are not seen: they need a node's traces.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any, NamedTuple

import msgspec

from fullreserve.custody.addresses import Addresses, Table, account_of, index_of_memo
from fullreserve.custody.chains import evm_transaction as tx
from fullreserve.custody.chains.adapter import (
    Attempt,
    Block,
    Chain,
    Deposit,
    HotShort,
    Move,
    Payment,
    Plan,
    Scan,
    Standing,
    Unpayable,
)
from fullreserve.custody.chains.evm_blocks import ACCOUNT, HASH, read_block
from fullreserve.custody.chains.rpc import (
    Node,
    NodeGarbage,
    NodeRefuses,
    field,
    hexed,
    quantity,
)
from fullreserve.custody.keccak import keccak256
from fullreserve.exchange.products.custody_wire import Tier

TRANSFER_EVENT = keccak256(b"Transfer(address,address,uint256)")
BALANCE_OF = bytes.fromhex("70a08231")

LEDGER = 8  # digits after the point
COIN = -1  # the output number of a transaction's own value
GAS_BARE = 21_000
GAS_COIN = 60_000  # a memo's data costs more than the bare 21,000
GAS_TOKEN = 120_000
TIP = 10**9
BUMP_NUMERATOR, BUMP_DENOMINATOR = 9, 8  # 12.5 %, the least that nodes take as a replacement

# An address is swept of the chain's coin when it holds this many times what that costs, and is
# given this many times what a token's transfer costs, as fees may rise until it is spent.
WORTH, GIVEN = 10, 2
ASKED_AT_ONCE = 500

# What nodes say of a transaction that they already hold.
_HELD = ("already known", "already imported", "known transaction", "nonce too low")


class Terms(NamedTuple):
    """What distinguishes one EVM network from another."""

    network: int
    chain_id: int
    coin: int  # asset number of the chain's own coin
    tokens: Mapping[int, bytes]  # contract of each token's asset number
    lanes: tuple[bytes, ...] = ()  # accounts that pay, each with its own nonces
    final_after: int = 12
    digits: Mapping[int, int] = {}  # decimals of each asset: what the ledger can express is moved
    max_fee_cap: int = 500 * 10**9  # wei a unit of gas


class EvmChain(Chain):
    """One EVM network through one node."""

    batch_max = 1
    proves_taken = True

    def __init__(self, node: Node, addresses: Addresses, terms: Terms) -> None:
        self.addresses = addresses
        self.network = terms.network
        self.terms = terms
        self._node = node
        self._table = Table(addresses)
        self._asset_of = {contract: asset for asset, contract in terms.tokens.items()}
        self._lanes = frozenset(terms.lanes)
        self._is_checked = False

    # Watching

    def know(self, count: int) -> None:
        self._table.extend(count)

    def tip(self) -> Block:
        self._check_chain()
        told = self._node.call("eth_getBlockByNumber", "latest", False)
        return read_block(told)

    def block(self, height: int) -> Block | None:
        told = self._node.call("eth_getBlockByNumber", hex(height), False)
        return None if told is None else read_block(told)

    def scan(self, block: Block, spends: Mapping[bytes, bytes]) -> Scan:
        wanted = {
            "blockHash": "0x" + block.hash.hex(),
            "address": ["0x" + contract.hex() for contract in self._asset_of],
            "topics": ["0x" + TRANSFER_EVENT.hex()],
        }
        asked: list[tuple[str, Sequence[Any]]] = [
            ("eth_getBlockByHash", [wanted["blockHash"], True])
        ]
        if self._asset_of:
            asked.append(("eth_getLogs", [wanted]))
        told, *logs = self._node.calls(asked)
        if told is None or read_block(told) != block:
            raise NodeGarbage(f"the node does not hold block {block.height} that it told of")
        sent = [_Sent.read(one) for one in field(told, "transactions")]
        deposits = [deposit for one in sent if (deposit := self._coin(one)) is not None]
        by_id = {one.txid: one for one in sent}
        deposits += self._tokens(block, logs[0] if logs else [], by_id)
        taken = {one.spend: one.txid for one in sent if one.spend in spends}
        return Scan(deposits, taken, len(sent))

    def _coin(self, sent: _Sent) -> Deposit | None:
        index = self._table.index(sent.to) if sent.value else None
        if index is None or self._is_own(sent.spend[:ACCOUNT]):
            return None
        coin, value = self.terms.coin, sent.value
        return Deposit(sent.txid, COIN, coin, index, self._memo(sent), value, (sent.spend,))

    def _is_own(self, account: bytes) -> bool:
        """What comes from us is gas for a sweep: withdrawals go to nobody's address here."""
        return account in self._lanes or self._table.index(account) is not None

    def _memo(self, sent: _Sent) -> int:  # noqa: ARG002 - only chains with memos have one
        return 0

    def _tokens(self, block: Block, logs: Any, by_id: Mapping[bytes, _Sent]) -> Iterator[Deposit]:
        if not isinstance(logs, list):
            raise NodeGarbage("the logs are no list")
        seen: Counter[bytes] = Counter()
        for log in logs:
            if hexed(field(log, "blockHash"), HASH) != block.hash:
                raise NodeGarbage("a log of another block")
            topics = [hexed(topic, HASH) for topic in field(log, "topics")]
            asset = self._asset_of.get(hexed(field(log, "address"), ACCOUNT))
            # A token that indexes other fields is none of ERC-20.
            if asset is None or len(topics) != 3 or topics[0] != TRANSFER_EVENT:
                continue
            index = self._table.index(topics[2][-ACCOUNT:])
            if self._is_own(topics[1][-ACCOUNT:]):
                continue
            amount = int.from_bytes(hexed(field(log, "data"), 32), "big")
            sent = by_id.get(hexed(field(log, "transactionHash"), HASH))
            if sent is None:
                raise NodeGarbage("a log of a transaction that its block does not hold")
            if index is not None and amount:
                # Counted within the transaction: its place in the block changes with the block.
                number, memo = seen[sent.txid], self._memo(sent)
                seen[sent.txid] += 1
                yield Deposit(sent.txid, number, asset, index, memo, amount, (sent.spend,))

    def _check_chain(self) -> None:
        if not self._is_checked:
            told = quantity(self._node.call("eth_chainId"))
            if told != self.terms.chain_id:
                raise NodeGarbage(f"the node is of chain {told}, not {self.terms.chain_id}")
            self._is_checked = True

    def balances(self, places: Sequence[bytes], block: Block) -> Mapping[tuple[bytes, int], int]:
        at = {"blockHash": "0x" + block.hash.hex()}
        keys = [(one, self.terms.coin) for one in places]
        asked: list[tuple[str, Sequence[Any]]] = [
            ("eth_getBalance", ["0x" + one.hex(), at]) for one in places
        ]
        for asset, token in self.terms.tokens.items():
            for one in places:
                keys.append((one, asset))
                call = {"to": "0x" + token.hex(), "data": "0x" + _balance_call(one).hex()}
                asked.append(("eth_call", [call, at]))
        told: list[Any] = []
        for start in range(0, len(asked), ASKED_AT_ONCE):
            told += self._node.calls(asked[start : start + ASKED_AT_ONCE])
        return dict(zip(keys, map(quantity, told), strict=True))

    # Paying

    def sweeps(self, indexes: Sequence[int], bound: Sequence[Plan]) -> list[Plan]:
        taken = [tx.read_body(plan.body) for plan in bound]
        busy = {body.lane for body in taken} | {body.to for body in taken}
        places = {self.addresses.place(index): index for index in indexes}
        free = [place for place in places if place not in busy]
        held = self.balances(free, self.tip()) if free else {}
        made = []
        for place in free:
            plan = self._sweep(place, places[place], held, taken)
            if plan is not None:
                made.append(plan)
                taken.append(tx.read_body(plan.body))
        return made

    def _sweep(
        self,
        place: bytes,
        index: int,
        held: Mapping[tuple[bytes, int], int],
        taken: Sequence[tx.Body],
    ) -> Plan | None:
        tip, fee = self._fees()
        coin, hot = held[place, self.terms.coin], self.terms.lanes[index % len(self.terms.lanes)]
        key = f"branch/{index}"
        for asset, token in self.terms.tokens.items():
            amount = self._whole(asset, held[place, asset])
            if not amount:
                continue
            if coin < GAS_TOKEN * fee:
                return self._gas_for(place, key, GIVEN * GAS_TOKEN * fee - coin, taken)
            data = tx.transfer_call(hot, amount)
            body = tx.Body(self.terms.chain_id, place, 0, token, 0, data, GAS_TOKEN, tip, fee)
            return self._as_move(body, Move(asset, Tier.DEPOSIT, Tier.HOT, key, amount), taken)
        amount = self._whole(self.terms.coin, coin - GAS_BARE * fee)
        if coin < WORTH * GAS_BARE * fee or amount <= 0:
            return None
        body = tx.Body(self.terms.chain_id, place, 0, hot, amount, b"", GAS_BARE, tip, fee)
        return self._as_move(
            body, Move(self.terms.coin, Tier.DEPOSIT, Tier.HOT, key, amount), taken
        )

    def _gas_for(
        self, place: bytes, key: str, amount: int, taken: Sequence[tx.Body]
    ) -> Plan | None:
        """The gas station: the coin that an address needs to send its tokens on."""
        tip, fee = self._fees()
        amount += -amount % 10 ** max(0, self._digits(self.terms.coin) - LEDGER)
        payment = Payment(0, self.terms.coin, amount, place)
        for lane in self._by_load(taken):
            body = tx.Body(self.terms.chain_id, lane, 0, place, amount, b"", GAS_BARE, tip, fee)
            if self._can_pay(body, payment, None, taken):
                move = Move(self.terms.coin, Tier.HOT, Tier.DEPOSIT, key, amount)
                return self._as_move(body, move, taken)
        return None

    def _digits(self, asset: int) -> int:
        return self.terms.digits.get(asset, LEDGER)

    def _whole(self, asset: int, amount: int) -> int:
        """What of an amount the ledger can express."""
        return int(amount - amount % 10 ** max(0, self._digits(asset) - LEDGER))

    def _as_move(self, body: tx.Body, move: Move, taken: Sequence[tx.Body]) -> Plan:
        fixed = msgspec.structs.replace(body, nonce=self._next_nonce(body.lane, taken))
        return msgspec.structs.replace(self._as_plan(fixed, ()), move=move)

    def plan(self, payments: Sequence[Payment], bound: Sequence[Plan]) -> Plan:
        if len(payments) != 1:
            raise Unpayable("a transaction of this chain pays one withdrawal")
        payment = payments[0]
        token = self.terms.tokens.get(payment.asset)
        if token is None and payment.asset != self.terms.coin:
            raise Unpayable(f"asset {payment.asset} is not on network {self.network}")
        to, value, data = tx.call_of(payment, token)
        gas = GAS_COIN if token is None else GAS_TOKEN
        tip, fee = self._fees()
        taken = [tx.read_body(plan.body) for plan in bound]
        for lane in self._by_load(taken):
            body = tx.Body(self.terms.chain_id, lane, 0, to, value, data, gas, tip, fee)
            if self._can_pay(body, payment, token, taken):
                nonce = self._next_nonce(lane, taken)
                return self._as_plan(msgspec.structs.replace(body, nonce=nonce), payments)
        raise HotShort(payment.asset, f"no lane holds {payment.amount} of asset {payment.asset}")

    def bumped(self, plan: Plan) -> Plan:
        body = tx.read_body(plan.body)
        tip, fee = self._fees()
        tip, fee = max(tip, _raised(body.max_tip)), max(fee, _raised(body.max_fee))
        if fee > self.terms.max_fee_cap:
            raise Unpayable(f"a fee of {fee} wei is above the cap of {self.terms.max_fee_cap}")
        return _with(plan, msgspec.structs.replace(body, max_tip=tip, max_fee=fee))

    def without(self, plan: Plan, withdrawal: int) -> Plan | None:  # noqa: ARG002 - it has one
        return None

    def cancelled(self, plan: Plan) -> Plan:
        """The same nonce, sent by the lane to itself: when it is final, nothing was paid."""
        body = tx.read_body(self.bumped(plan).body)
        empty = msgspec.structs.replace(body, to=body.lane, value=0, data=b"", gas=GAS_COIN)
        return _with(plan, empty)

    def broadcast(self, attempt: Attempt) -> None:
        try:
            told = self._node.call("eth_sendRawTransaction", "0x" + attempt.raw.hex())
        except NodeRefuses as refusal:
            if not any(words in refusal.message.lower() for words in _HELD):
                raise
        else:
            if hexed(told, HASH) != attempt.txid:
                raise NodeGarbage("the node names another transaction than the one it was given")

    def standing(self, plan: Plan, attempts: Sequence[bytes]) -> Standing:
        body = tx.read_body(plan.body)
        tip = self.tip()
        asked = [("eth_getTransactionReceipt", ["0x" + one.hex()]) for one in attempts]
        for txid, receipt in zip(attempts, self._node.calls(asked), strict=True):
            if receipt is not None:
                return self._included(body, txid, receipt, tip)
        settled = hex(max(tip.height - self.terms.final_after + 1, 0))
        lane = "0x" + body.lane.hex()
        if quantity(self._node.call("eth_getTransactionCount", lane, settled)) > body.nonce:
            return Standing(taken_by=hashlib.blake2b(plan.binding, digest_size=HASH).digest())
        asked = [("eth_getTransactionByHash", ["0x" + one.hex()]) for one in attempts]
        return Standing(known=any(one is not None for one in self._node.calls(asked)))

    def _included(self, body: tx.Body, txid: bytes, receipt: Any, tip: Block) -> Standing:
        height = quantity(field(receipt, "blockNumber"))
        block = self.block(height)
        if block is None or block.hash != hexed(field(receipt, "blockHash"), HASH):
            return Standing(known=True)  # the chain is being reorganised
        price = quantity(field(receipt, "effectiveGasPrice"))
        fee = quantity(field(receipt, "gasUsed")) * price
        worked = quantity(field(receipt, "status")) == 1
        if worked and body.to in self._asset_of:
            place = body.data[4 : 4 + 32][-ACCOUNT:]
            worked = any(self._moves(log, body, place) for log in field(receipt, "logs"))
        # What a lane sends to itself cancels.
        is_paid = worked and body.to != body.lane
        return Standing(
            known=True,
            height=height,
            confirmations=tip.height - height + 1,
            txid=txid,
            fee=fee,
            paid=is_paid,
        )

    @staticmethod
    def _moves(log: Any, body: tx.Body, place: bytes) -> bool:
        topics = [hexed(topic, HASH) for topic in field(log, "topics")]
        ends = [TRANSFER_EVENT, body.lane.rjust(HASH, b"\0"), place.rjust(HASH, b"\0")]
        return hexed(field(log, "address"), ACCOUNT) == body.to and topics == ends

    def _fees(self) -> tuple[int, int]:
        told = self._node.call("eth_getBlockByNumber", "latest", False)
        base = quantity(field(told, "baseFeePerGas"))
        return TIP, min(2 * base + TIP, self.terms.max_fee_cap)

    def _by_load(self, taken: Sequence[tx.Body]) -> list[bytes]:
        loads = dict.fromkeys(self.terms.lanes, 0)
        for body in taken:
            loads[body.lane] = loads.get(body.lane, 0) + 1
        return sorted(self.terms.lanes, key=lambda lane: loads[lane])

    def _next_nonce(self, lane: bytes, taken: Sequence[tx.Body]) -> int:
        """The lowest free one: a nonce that was given up again must not hold up those above it."""
        used = {body.nonce for body in taken if body.lane == lane}
        told = quantity(self._node.call("eth_getTransactionCount", "0x" + lane.hex(), "latest"))
        return next(nonce for nonce in count(told) if nonce not in used)

    def _can_pay(
        self, body: tx.Body, payment: Payment, token: bytes | None, taken: Sequence[tx.Body]
    ) -> bool:
        """Whether a lane holds it beside what it is bound to pay already."""
        lane = "0x" + body.lane.hex()
        mine = [one for one in taken if one.lane == body.lane]
        coin = sum(one.value + one.gas * one.max_fee for one in mine)
        held = quantity(self._node.call("eth_getBalance", lane, "latest"))
        if held < coin + body.value + body.gas * body.max_fee:
            return False
        if token is None:
            return True
        asked = {"to": "0x" + token.hex(), "data": "0x" + _balance_call(body.lane).hex()}
        held = quantity(self._node.call("eth_call", asked, "latest"))
        owed = sum(int.from_bytes(one.data[-32:], "big") for one in mine if one.to == token)
        return held >= owed + payment.amount

    def _as_plan(self, body: tx.Body, payments: Sequence[Payment]) -> Plan:
        ids = tuple(one.withdrawal for one in payments)
        fixed = tx.binding(body.lane, body.nonce)
        data = msgspec.json.encode(body)
        return Plan(self.network, ids, fixed, data, body.gas * body.max_fee)


class MemoChain(EvmChain):
    """One address for all users: the memo is digits in the transaction's data, with a check."""

    def _memo(self, sent: _Sent) -> int:
        try:
            return index_of_memo(sent.data.decode("ascii")) or 0
        except UnicodeDecodeError:
            return 0


class _Sent(NamedTuple):
    """A transaction of a block."""

    txid: bytes
    spend: bytes  # the sender and his nonce
    to: bytes
    value: int
    data: bytes

    @classmethod
    def read(cls, told: Any) -> _Sent:
        nonce = quantity(field(told, "nonce")).to_bytes(8, "big")
        target = field(told, "to")
        return cls(
            hexed(field(told, "hash"), HASH),
            hexed(field(told, "from"), ACCOUNT) + nonce,
            hexed(target, ACCOUNT) if target is not None else b"",
            quantity(field(told, "value")),
            hexed(field(told, "input")),
        )


def lane_of(key: bytes) -> bytes:
    """The account of a lane's public key."""
    return account_of(key)


def _balance_call(account: bytes) -> bytes:
    return BALANCE_OF + account.rjust(32, b"\0")


def _raised(fee: int) -> int:
    return -(-fee * BUMP_NUMERATOR // BUMP_DENOMINATOR)


def _with(plan: Plan, body: tx.Body) -> Plan:
    data = msgspec.json.encode(body)
    return msgspec.structs.replace(plan, body=data, fee=body.gas * body.max_fee)
