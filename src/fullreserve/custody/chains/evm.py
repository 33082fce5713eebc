"""EVM chains: the chain's own coin and ERC-20 tokens, paid from lanes of nonces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from fullreserve.custody.addresses import Addresses, account_of, index_of_memo
from fullreserve.custody.chains import evm_transaction as tx
from fullreserve.custody.chains.adapter import (
    Asked,
    Attempt,
    Block,
    Halted,
    HotShort,
    Move,
    Payment,
    Plan,
    Standing,
    Unpayable,
)
from fullreserve.custody.chains.evm_blocks import ACCOUNT, HASH, Sent, read_block
from fullreserve.custody.chains.evm_held import TRANSFER_EVENT, held
from fullreserve.custody.chains.evm_lanes import TIP, Lanes, balance_call, fees, next_nonce
from fullreserve.custody.chains.evm_proof import signed
from fullreserve.custody.chains.evm_reading import ASKED_AT_ONCE, EvmReading, Terms, legible
from fullreserve.custody.chains.evm_sweeps import LEDGER, Holding, Source, Swept, sendable, sources
from fullreserve.custody.chains.evm_transaction import GAS_BARE, GAS_COIN, GAS_TOKEN
from fullreserve.custody.chains.rpc import (
    HEIGHT_BITS,
    Node,
    NodeGarbage,
    NodeRefuses,
    Outbid,
    field,
    hexed,
    listed,
    quantity,
)
from fullreserve.custody.chains.worth import Worth
from fullreserve.exchange.products.custody_wire import Tier

__all__ = ["EvmChain", "MemoChain", "Terms", "lane_of"]

BUMP_NUMERATOR, BUMP_DENOMINATOR = 9, 8  # 12.5 %, the least that nodes take as a replacement

# An address is given this many times what a token's transfer costs, as fees may rise until it is
# spent.
GIVEN = 2

# What nodes say of a transaction that they already hold.
_HELD = ("already known", "already imported", "known transaction", "nonce too low")

# And of one whose fee is too low, beside another of the same nonce or at all.
_OUTBID = ("underpriced", "less than block base fee")


class EvmChain(EvmReading):
    """One EVM network through one node."""

    batch_max = 1
    proves_taken = True

    def __init__(self, node: Node, addresses: Addresses, terms: Terms) -> None:
        super().__init__(node, addresses, terms)
        self._unsigned: dict[bytes, int] = {}  # gas that nobody signed for, by lane

    def nonce_of(self, plan: Plan) -> tuple[bytes, int]:
        body = tx.read_body(plan.body)
        return body.lane, body.nonce

    def sweeps(self, indexes: Sequence[int], bound: Sequence[Plan], worth: Worth) -> list[Plan]:
        taken = [tx.read_body(plan.body) for plan in bound]
        busy = {body.lane for body in taken} | {body.to for body in taken}
        places = sources(indexes, self.addresses, self.terms.lanes, self.terms.left)
        free = [place for place in places if place not in busy]
        if not free:
            return []
        held, lanes = self.balances(free, self.tip()), self._look(list(self._asset_of), taken)
        terms, places = self.terms, sources(indexes, self.addresses, lanes.open, self.terms.left)
        holding = Holding(held, terms.coin, tuple(terms.tokens), terms.digits, lanes.fee, worth)
        tokens = [
            one
            for one in holding.of_tokens(free)
            if not lanes.is_halted(terms.tokens[one.asset], places[one.place].target)
        ]
        targets = [places[one.place].target for one in tokens]
        due = holding.due(free, sendable(self._node, tokens, terms.tokens, targets))
        asked = [("eth_getTransactionCount", ["0x" + one.place.hex(), "latest"]) for one in due]
        nonces = list(map(quantity, self._calls(asked)))
        plans = [
            self._sweep(one, places[one.place], nonce, lanes)
            if one.has_gas
            else self._gas_for(one.place, places[one.place], held[one.place, terms.coin], lanes)
            for one, nonce in zip(due, nonces, strict=True)
        ]
        return [plan for plan in plans if plan is not None]

    def _sweep(self, one: Swept, source: Source, nonce: int, lanes: Lanes) -> Plan:
        hot = source.target
        token = self.terms.tokens.get(one.asset)
        call = (hot, one.amount, b"")
        if token is not None:
            call = (token, 0, tx.transfer_call(hot, one.amount))
        gas = GAS_BARE if token is None else GAS_TOKEN
        fixed = (self.terms.chain_id, one.place, nonce, *call, gas)
        move = Move(one.asset, source.tier, Tier.HOT, source.key, one.amount)
        return self._as_move(tx.Body(*fixed, lanes.tip, lanes.fee), move)

    def _gas_for(self, place: bytes, source: Source, held: int, lanes: Lanes) -> Plan | None:
        """The gas station: the coin that an address needs to send its tokens on."""
        amount = GIVEN * GAS_TOKEN * lanes.fee - held
        amount += -amount % 10 ** max(0, self.terms.digits.get(self.terms.coin, LEDGER) - LEDGER)
        body = self._from_a_lane(lanes, (place, amount, b""), GAS_BARE)
        if body is None:
            return None
        move = Move(self.terms.coin, Tier.HOT, source.tier, source.gas, amount)
        return self._as_move(body, move)

    def _as_move(self, body: tx.Body, move: Move) -> Plan:
        return msgspec.structs.replace(self._as_plan(body, ()), move=move)

    def _look(self, tokens: Sequence[bytes], taken: Sequence[tx.Body]) -> Lanes:
        lanes, left = self.terms.lanes, self.terms.left
        made = Lanes(self._node, lanes, tokens, taken, self.terms.max_fee_cap, left)
        made.put_off(self._unsigned)
        return made

    def not_signed(self, plan: Plan) -> bool:
        lane = tx.read_body(plan.body).lane
        self._unsigned[lane] = self._unsigned.get(lane, 0) + 1
        return True

    def why_kept(self, plan: Plan) -> str:
        if tx.read_body(plan.body).lane in self.terms.lanes:
            return "its lane still pays: leave that first (custody rotate-lanes)"
        return ""

    def next_nonce(self, plan: Plan) -> int:
        return next_nonce(self._node, tx.read_body(plan.body).lane)

    def _from_a_lane(
        self,
        lanes: Lanes,
        call: tuple[bytes, int, bytes],
        gas: int,
        token: bytes | None = None,
        amount: int = 0,
    ) -> tx.Body | None:
        """A call by the first lane that can pay it, which has taken it then; None for none."""
        to, value, data = call
        for lane in lanes.by_load():
            body = tx.Body(
                *(self.terms.chain_id, lane, 0, to, value, data, gas, lanes.tip, lanes.fee)
            )
            if lanes.can_pay(body, token, amount):
                body = msgspec.structs.replace(body, nonce=lanes.next_nonce(lane))
                lanes.take(body)
                return body
        return None

    def plan(self, payments: Sequence[Payment], bound: Sequence[Plan]) -> Plan:
        (made,) = self.plan_all([payments], bound)
        if isinstance(made, Unpayable):
            raise made
        return made

    def plan_all(
        self, batches: Sequence[Sequence[Payment]], bound: Sequence[Plan]
    ) -> list[Plan | Unpayable]:
        known = self.terms.tokens
        tokens = dict.fromkeys(
            known[one.asset] for batch in batches for one in batch if one.asset in known
        )
        lanes = self._look(list(tokens), [tx.read_body(plan.body) for plan in bound])
        return [self._planned(batch, lanes) for batch in batches]

    def _planned(self, batch: Sequence[Payment], lanes: Lanes) -> Plan | Unpayable:
        if len(batch) != 1:
            return Unpayable("a transaction of this chain pays one withdrawal")
        payment = batch[0]
        token = self.terms.tokens.get(payment.asset)
        if token is None and payment.asset != self.terms.coin:
            return Unpayable(f"asset {payment.asset} is not on network {self.network}")
        gas = GAS_COIN if token is None else GAS_TOKEN
        call = tx.call_of(payment, token)
        body = self._from_a_lane(lanes, call, gas, token, payment.amount)
        if body is None:
            why = f"no lane can send {payment.amount} of asset {payment.asset}"
            return HotShort(payment.asset, why)
        return self._as_plan(body, batch)

    def room(self, asset: int, bound: Sequence[Plan]) -> int | None:
        token = self.terms.tokens.get(asset)
        tokens = () if token is None else (token,)
        lanes = self._look(tokens, [tx.read_body(plan.body) for plan in bound])
        return lanes.most(token, GAS_COIN if token is None else GAS_TOKEN)

    def carries(self, plans: Sequence[Plan]) -> list[bool]:
        asked, moved = list[tuple[str, Sequence[Any]]](), list[int]()
        for plan in plans:
            body = tx.read_body(plan.body)
            if body.to in self._asset_of and tx.is_transfer(body.data):
                asked.append(("eth_call", [balance_call(body.to, body.lane), "latest"]))
                moved.append(int.from_bytes(body.data[-tx.WORD :], "big"))
            else:
                asked.append(("eth_getBalance", ["0x" + body.lane.hex(), "latest"]))
                moved.append(body.value)
        told = map(quantity, self._calls(asked))
        return [has >= amount for has, amount in zip(told, moved, strict=True)]

    def halted(self) -> list[Halted]:
        lanes = self._look(list(self._asset_of), ())
        return [
            Halted(
                self._asset_of[token], tuple(map(self.addresses.text, stopped)), lanes.able[token]
            )
            for token, stopped in lanes.halted.items()
        ]

    def fillers(self, bound: Sequence[Plan]) -> list[Plan]:
        """A lane's transaction to itself for each nonce below a bound one that is nobody's."""
        taken = [tx.read_body(plan.body) for plan in bound]
        if not taken:
            return []
        lanes, made = self._look((), taken), list[Plan]()
        for lane in self.terms.hot:
            while lanes.has_gap(lane):
                fixed = (self.terms.chain_id, lane, lanes.next_nonce(lane), lane, 0, b"")
                body = tx.Body(*fixed, GAS_BARE, lanes.tip, lanes.fee)
                lanes.take(body)
                made.append(self._as_move(body, Move(self.terms.coin, Tier.HOT, Tier.HOT, "", 0)))
        return made

    def bumped(
        self,
        plan: Plan,
        bound: Sequence[Plan] = (),  # noqa: ARG002 - a nonce takes nothing else
    ) -> Plan:
        body = tx.read_body(plan.body)
        tip, fee = self._fees()
        tip, fee = max(tip, _raised(body.max_tip)), max(fee, _raised(body.max_fee))
        if tip > self.terms.max_tip_cap:
            raise Unpayable(f"a tip of {tip} wei is above the cap of {self.terms.max_tip_cap}")
        if fee > self.terms.max_fee_cap:
            raise Unpayable(f"a fee of {fee} wei is above the cap of {self.terms.max_fee_cap}")
        return _with(plan, msgspec.structs.replace(body, max_tip=tip, max_fee=fee))

    def eased(self, plans: Sequence[Plan]) -> list[Plan]:
        tip, fee = self._fees() if plans else (0, 0)
        made = list(plans)
        for at, plan in enumerate(plans):
            body = tx.read_body(plan.body)
            if fee < body.max_fee:
                made[at] = _with(plan, msgspec.structs.replace(body, max_tip=tip, max_fee=fee))
        return made

    def without(self, plan: Plan, withdrawal: int) -> Plan | None:  # noqa: ARG002 - it has one
        return None

    def cancelled(self, plan: Plan) -> Plan:
        """The same nonce, sent by the lane to itself: when it is final, nothing was paid."""
        body = tx.read_body(self.bumped(plan).body)
        empty = msgspec.structs.replace(body, to=body.lane, value=0, data=b"", gas=GAS_COIN)
        return _with(plan, empty)

    def broadcast(self, attempt: Attempt) -> None:
        (refusal,) = self.broadcast_all([attempt])
        if refusal is not None:
            raise refusal

    def broadcast_all(self, attempts: Sequence[Attempt]) -> list[NodeRefuses | None]:
        asked = [("eth_sendRawTransaction", ["0x" + one.raw.hex()]) for one in attempts]
        found: list[NodeRefuses | None] = []
        for start in range(0, len(asked), ASKED_AT_ONCE):
            found += map(
                _refused,
                attempts[start : start + ASKED_AT_ONCE],
                self._node.tried(asked[start : start + ASKED_AT_ONCE]),
            )
        return found

    def standing(self, plan: Plan, attempts: Sequence[bytes]) -> Standing:
        (found,) = self.standing_all([Asked(plan, attempts)])
        if isinstance(found, NodeRefuses):
            raise found
        return found

    def standing_all(self, asked: Sequence[Asked]) -> list[Standing | NodeRefuses]:
        # The tip comes first: what is in a block by then has its receipt.
        tip = self.tip()
        ids = [txid for one in asked for txid in one.attempts]
        receipts = self._of_each("eth_getTransactionReceipt", ids)
        heights = {
            quantity(field(one, "blockNumber"), HEIGHT_BITS) for one in receipts.values() if one
        }
        blocks = self._at(sorted(heights))
        open_ = [one for one in asked if not any(receipts[txid] for txid in one.attempts)]
        taken = self._taken([tx.read_body(one.plan.body) for one in open_], tip)
        held = self._of_each(
            "eth_getTransactionByHash", [txid for one in open_ for txid in one.attempts]
        )
        made: list[Standing | NodeRefuses] = []
        for plan, attempts in asked:
            body = tx.read_body(plan.body)
            found = next((txid for txid in attempts if receipts[txid]), None)
            if found is not None:
                made.append(self._included(body, found, receipts[found], tip, blocks))
            elif body.nonce < taken[body.lane]:
                made.append(self._overtaken(body, attempts, tip))
            else:
                made.append(Standing(known=any(held[txid] is not None for txid in attempts)))
        return made

    def _of_each(self, method: str, ids: Sequence[bytes]) -> dict[bytes, Any]:
        told = self._calls([(method, ["0x" + one.hex()]) for one in ids])
        return dict(zip(ids, told, strict=True))

    def _at(self, heights: Sequence[int]) -> dict[int, Block]:
        told = self._calls([("eth_getBlockByNumber", [hex(one), False]) for one in heights])
        return {
            height: read_block(one, height)
            for height, one in zip(heights, told, strict=True)
            if one is not None
        }

    def _taken(self, bodies: Sequence[tx.Body], tip: Block) -> dict[bytes, int]:
        """The nonces of each lane that are final: all below a number."""
        settled = hex(self._settled(tip))
        lanes = list(dict.fromkeys(body.lane for body in bodies))
        asked = [("eth_getTransactionCount", ["0x" + one.hex(), settled]) for one in lanes]
        return dict(zip(lanes, map(quantity, self._calls(asked)), strict=True))

    def _overtaken(
        self, body: tx.Body, attempts: Sequence[bytes], tip: Block
    ) -> Standing | NodeRefuses:
        """Who took a nonce that is final, from the block that holds it, unless it makes our call.

        That a node has no receipt of ours proves nothing: it may have lost it.
        """
        try:
            height = self._height_of(body, tip)
            told = self._node.call("eth_getBlockByNumber", hex(height), True)
        except NodeRefuses as problem:
            return problem
        block = read_block(told, height)
        for sent in held(told).sent:
            if sent.spend == body.lane + body.nonce.to_bytes(8, "big"):
                signed(sent.told)
                is_same = sent.call == (body.to, body.value, body.data)
                if sent.txid in attempts or is_same:
                    return self._carried_out(body, sent.txid, tip, block)
                return Standing(height=height, taken_by=sent.txid, block=block.hash)
        return NodeRefuses(0, f"block {height} does not hold what took nonce {body.nonce}")

    def _carried_out(
        self, body: tx.Body, txid: bytes, tip: Block, block: Block
    ) -> Standing | NodeRefuses:
        """What became of it by a transaction that makes the same call with the same nonce.

        It is ours, signed with another fee: what was kept of it is from an older copy.
        """
        receipt = self._node.call("eth_getTransactionReceipt", "0x" + txid.hex())
        if receipt is None:
            return NodeRefuses(0, "the node holds our transaction, and not its receipt")
        return self._included(body, txid, receipt, tip, {block.height: block})

    def _height_of(self, body: tx.Body, tip: Block) -> int:
        """The block that took a nonce, which is final; NodeRefuses where its state is forgotten."""
        high, step = self._settled(tip), 8
        low = max(high - step, 0)
        while low and self._sent_by(body.lane, low) > body.nonce:
            high, step = low, 2 * step
            low = max(high - step, 0)
        while high - low > 1:
            middle = (low + high) // 2
            if self._sent_by(body.lane, middle) > body.nonce:
                high = middle
            else:
                low = middle
        return high

    def _sent_by(self, lane: bytes, height: int) -> int:
        return quantity(self._node.call("eth_getTransactionCount", "0x" + lane.hex(), hex(height)))

    def _settled(self, tip: Block) -> int:
        """The newest height that is final."""
        return max(tip.height - self.terms.final_after + 1, 0)

    def _included(
        self, body: tx.Body, txid: bytes, receipt: Any, tip: Block, blocks: Mapping[int, Block]
    ) -> Standing:
        if hexed(field(receipt, "transactionHash"), HASH) != txid:
            raise NodeGarbage(f"asked for {txid.hex()}, told of another transaction's receipt")
        height = quantity(field(receipt, "blockNumber"), HEIGHT_BITS)
        block = blocks.get(height)
        if block is None or block.hash != hexed(field(receipt, "blockHash"), HASH):
            return Standing(known=True)  # the chain is being reorganised
        if not self._blocks.has(block, txid):
            raise NodeGarbage(f"block {height} does not hold {txid.hex()}, whose receipt says so")
        price = quantity(field(receipt, "effectiveGasPrice"))
        fee = quantity(field(receipt, "gasUsed")) * price
        worked = self._worked(body, receipt)
        # Who is refunded for what did nothing is paid twice where the node said so alone.
        if not worked and self._worked(body, self._blocks.receipts(self._blocks.of(block))[txid]):
            raise NodeGarbage(f"the receipt of {txid.hex()} is not the one that its block covers")
        # What a lane sends to itself cancels.
        is_paid = worked and body.to != body.lane
        came = self._came(body, receipt)
        if 0 <= came < int.from_bytes(body.data[-tx.WORD :], "big"):
            came = self._came(body, self._blocks.receipts(self._blocks.of(block))[txid])
        return Standing(
            known=True,
            height=height,
            confirmations=tip.height - height + 1,
            txid=txid,
            fee=fee,
            paid=is_paid,
            block=block.hash,
            came=came,
        )

    def _came(self, body: tx.Body, receipt: Any) -> int:
        """A token may take a fee of each transfer; -1 for what is none."""
        if body.to not in self._asset_of or not tx.is_transfer(body.data):
            return -1
        place = body.data[4 : 4 + 32][-ACCOUNT:]
        moves = [log for log in listed(field(receipt, "logs")) if self._moves(log, body, place)]
        return sum(int.from_bytes(hexed(field(log, "data"), tx.WORD), "big") for log in moves)

    def _worked(self, body: tx.Body, receipt: Any) -> bool:
        if quantity(field(receipt, "status")) != 1 or body.to not in self._asset_of:
            return quantity(field(receipt, "status")) == 1
        place = body.data[4 : 4 + 32][-ACCOUNT:]
        return any(self._moves(log, body, place) for log in listed(field(receipt, "logs")))

    @staticmethod
    def _moves(log: Any, body: tx.Body, place: bytes) -> bool:
        topics = [hexed(topic, HASH) for topic in listed(field(log, "topics"))]
        ends = [TRANSFER_EVENT, body.lane.rjust(HASH, b"\0"), place.rjust(HASH, b"\0")]
        return hexed(field(log, "address"), ACCOUNT) == body.to and topics == ends

    def payment_cost(self, asset: int) -> int:
        """At the base fee of the newest block, for all the gas that a payment is given."""
        told = self._node.call("eth_getBlockByNumber", "latest", False)
        read_block(told)
        each: int = min(quantity(field(told, "baseFeePerGas")) + TIP, self.terms.max_fee_cap)
        return each * (GAS_COIN if asset == self.terms.coin else GAS_TOKEN)

    def _fees(self) -> tuple[int, int]:
        told = self._node.call("eth_getBlockByNumber", "latest", False)
        return fees(told, self.terms.max_fee_cap)

    def _as_plan(self, body: tx.Body, payments: Sequence[Payment]) -> Plan:
        ids = tuple(one.withdrawal for one in payments)
        fixed = tx.binding(body.lane, body.nonce)
        data = msgspec.json.encode(body)
        return Plan(self.network, ids, fixed, data, body.gas * body.max_fee)


class MemoChain(EvmChain):
    """One address for all users: the memo is digits in the transaction's data, with a check."""

    def _memo(self, sent: Sent) -> int:
        try:
            return index_of_memo(sent.data.decode("ascii")) or 0
        except UnicodeDecodeError:
            return 0

    def _written(self, sent: Sent) -> str:
        return "" if self._memo(sent) else legible(sent.data)


def lane_of(key: bytes) -> bytes:
    """The account of a lane's public key."""
    return account_of(key)


def _refused(attempt: Attempt, told: Any) -> NodeRefuses | None:
    """Why the node does not take it; NodeGarbage."""
    if isinstance(told, NodeRefuses):
        said = told.message.lower()
        if any(words in said for words in _HELD):
            return None
        is_outbid = any(words in said for words in _OUTBID)
        return Outbid(told.code, told.message) if is_outbid else told
    if hexed(told, HASH) != attempt.txid:
        raise NodeGarbage("the node names another transaction than the one it was given")
    return None


def _raised(fee: int) -> int:
    return -(-fee * BUMP_NUMERATOR // BUMP_DENOMINATOR)


def _with(plan: Plan, body: tx.Body) -> Plan:
    data = msgspec.json.encode(body)
    return msgspec.structs.replace(plan, body=data, fee=body.gas * body.max_fee)
