"""What an EVM chain says: its blocks, who was paid in them, and what accounts hold.

Deposits in the chain's coin are read from full blocks, those in tokens from the logs of exactly
that block, so that a reorganisation cannot mix two chains. Coins that a contract sends by an
internal call are in no transaction: balances tell of them (`evm_internal`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from typing import Any, NamedTuple, Self

import msgspec

from fullreserve.custody.addresses import Addresses, Table
from fullreserve.custody.chains import evm_transaction as tx
from fullreserve.custody.chains.adapter import (
    SENDERS_MAX,
    Block,
    Chain,
    Departed,
    Deposit,
    Incoming,
    Out,
    Payment,
    Plan,
    Scan,
    Senders,
    gathered,
)
from fullreserve.custody.chains.evm_blocks import ACCOUNT, HASH, Sent, read_block, read_sent
from fullreserve.custody.chains.evm_held import TRANSFER_EVENT, Blocks, Held, Token, transfers
from fullreserve.custody.chains.evm_internal import INTERNAL, Balances, is_lost, runs_code, span
from fullreserve.custody.chains.evm_lanes import balance_call
from fullreserve.custody.chains.evm_proof import signed
from fullreserve.custody.chains.evm_safes import has_failed, paid_by_safes
from fullreserve.custody.chains.rpc import (
    Node,
    NodeGarbage,
    NodeRefuses,
    OldRefused,
    field,
    hexed,
    listed,
    quantity,
)

COIN = -1  # the output number of a transaction's own value
ASKED_AT_ONCE = 500
WRITTEN_MAX = 64  # characters of a memo that is nobody's
SAFE_NONCE = "0xaffed0e0"  # nonce()


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
    max_tip_cap: int = 50 * 10**9  # of that, what goes to who makes the block
    left: tuple[bytes, ...] = ()  # lanes that begin no payment any more

    @property
    def hot(self) -> tuple[bytes, ...]:
        """Every account whose nonces are ours to spend."""
        return (*self.lanes, *self.left)


class EvmReading(Chain):
    """One EVM network through one node, as far as it is only read."""

    def __init__(self, node: Node, addresses: Addresses, terms: Terms) -> None:
        self.addresses = addresses
        self.network = terms.network
        self.terms = terms
        self._node = node
        self._table = Table(addresses)
        self._asset_of = {contract: asset for asset, contract in terms.tokens.items()}
        self._lanes = frozenset(terms.hot)
        self._is_checked = False
        self._blocks = Blocks(node)
        self._balances, self._of_tiers = (Balances(node, self._blocks) for _ in range(2))

    def know(self, count: int) -> None:
        self._table.extend(count)

    def tip(self) -> Block:
        self._check_chain()
        told = self._node.call("eth_getBlockByNumber", "latest", False)
        return read_block(told)

    def block(self, height: int) -> Block | None:
        told = self._node.call("eth_getBlockByNumber", hex(height), False)
        return None if told is None else read_block(told, height)

    def apart(self) -> Self:
        made = copy(self)
        made._node = self._node.apart()
        made._blocks = Blocks(made._node)
        made._balances, made._of_tiers = (Balances(made._node, made._blocks) for _ in range(2))
        return made

    def scan(self, block: Block, spends: Mapping[bytes, bytes]) -> Scan:
        held, logs = self._held(block)
        sent = held.sent
        deposits = [deposit for one in sent if (deposit := self._coin(one)) is not None]
        moved = self._transfers(block, held, logs, lambda one: self._table.index(one) is not None)
        deposits += self._tokens(moved, held)
        for txid in dict.fromkeys(one.txid for one in deposits):
            signed(held.by_id[txid].told)
        taken = {one.spend: one.txid for one in sent if one.spend in spends}
        if span(block) in spends:
            taken[span(block)] = block.hash
        return Scan(deposits, taken, len(sent), runs_code(held.told, sent))

    def internal(self, block: Block) -> list[Deposit] | None:
        rests = self._balances.rests(block, self._table.places())
        if rests is None:
            return None
        found = []
        for place, rest in rests.items():
            index = self._table.index(place)
            if index is not None and rest > 0:
                named = (block.hash, INTERNAL - index, self.terms.coin, index, 0)
                found.append(Deposit(*named, rest, (span(block),)))
        return found if self._is_proven(block, found) else None

    def _is_proven(self, block: Block, found: Sequence[Deposit]) -> bool:
        """Whether the node gives proofs of what came by no transaction; NodeProblem for others."""
        if found:
            rests = {self.addresses.place(one.index): one.amount for one in found}
            try:
                self._blocks.check_rests(block, rests)
            except NodeRefuses as refusal:
                if is_lost(refusal):
                    return False
                raise OldRefused(refusal.code, refusal.message) from None
        return True

    def incoming(self, block: Block, tiers: Mapping[bytes, int]) -> list[Incoming]:
        held, logs = self._held(block)
        coins = [
            one
            for one in held.sent
            if one.value and one.to in tiers and not self._is_from_us(one.spend[:ACCOUNT], tiers)
        ]
        # A Safe may refuse what it is sent.
        receipts = self._blocks.receipts(held) if coins else {}
        came = [
            (one.txid, tiers[one.to], self.terms.coin, one.value)
            for one in coins
            if quantity(field(receipts[one.txid], "status")) == 1
        ]
        tokens = [
            (one.txid, tiers[one.target], one.asset, one.amount)
            for one in self._transfers(block, held, logs, tiers.__contains__)
            if one.amount and one.target in tiers and not self._is_from_us(one.source, tiers)
        ]
        return gathered([*came, *tokens])

    def incoming_internal(self, block: Block, tiers: Mapping[bytes, int]) -> list[Incoming] | None:
        rests = self._of_tiers.rests(block, list(tiers))
        if rests is None:
            return None
        own = self._of_safes(block, list(tiers))
        if own is None:
            return []
        sums: dict[int, int] = {}
        for place in rests | own:
            rest = rests.get(place, 0) - own.get(place, 0)
            if rest < 0:
                return []  # what another place of ours has more may be just this
            if rest:
                sums[tiers[place]] = sums.get(tiers[place], 0) + rest
        return [
            Incoming(block.hash, tier, tier, self.terms.coin, amount)
            for tier, amount in sorted(sums.items())
        ]

    def _of_safes(self, block: Block, places: Sequence[bytes]) -> dict[bytes, int] | None:
        """What Safes among places paid in a block, in wei by place; None: not known."""
        parent = Block(block.height - 1, block.parent, b"")
        before, after = self.used_by_safes(places, parent), self.used_by_safes(places, block)
        if before.keys() - after.keys():
            return None
        ran = {one: more for one, count in after.items() if (more := count - before.get(one, 0))}
        if not ran:
            return {}
        held = self._held(block)[0]
        sent, receipts = [one for one in held.sent if one.to in ran], self._blocks.receipts(held)
        done = [one for one in sent if quantity(field(receipts[one.txid], "status")) == 1]
        return paid_by_safes(done, ran, places, self._asset_of)

    def senders(self, txid: bytes) -> Senders:
        """Its sender, and those of the listed tokens that it moved.

        Of what contracts sent by internal calls a node tells the block alone: nobody is named.
        """
        name = "0x" + txid.hex()
        asked = [(f"eth_getTransaction{one}", [name]) for one in ("ByHash", "Receipt")]
        sent, receipt = self._node.calls(asked)
        if sent is None and self._node.call("eth_getBlockByHash", name, False) is not None:
            return Senders((), is_whole=False)
        if sent is None or receipt is None:
            raise NodeGarbage(f"the node has no transaction {txid.hex()} in a block")
        found = {hexed(field(sent, "from"), ACCOUNT): None}
        for log in listed(field(receipt, "logs")):
            topics = [hexed(topic, HASH) for topic in listed(field(log, "topics"))]
            is_listed = hexed(field(log, "address"), ACCOUNT) in self._asset_of
            if is_listed and len(topics) == 3 and topics[0] == TRANSFER_EVENT:
                found[topics[1][-ACCOUNT:]] = None
        texts = tuple(map(self.addresses.text, found))
        return Senders(texts[:SENDERS_MAX], len(texts) <= SENDERS_MAX)

    def _is_from_us(self, account: bytes, tiers: Mapping[bytes, int]) -> bool:
        return account in tiers or self._is_own(account)

    def _held(self, block: Block) -> tuple[Held, Any]:
        """A block's transactions, and what the node says are its logs of tokens' transfers."""
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
        return self._blocks.read(block, told), logs[0] if logs else []

    def departed(self, block: Block) -> list[Departed]:
        sent = self._blocks.of(block).sent
        return [self._departed(one.told) for one in sent if one.spend[:ACCOUNT] in self._lanes]

    def _departed(self, told: Any) -> Departed:
        body, attempt = read_sent(told, self.terms.chain_id)
        fee = body.gas * body.max_fee
        data = msgspec.json.encode(body)
        outs = tuple(self._outs(body))
        return Departed(attempt, tx.binding(body.lane, body.nonce), data, fee, outs)

    def outs(self, plan: Plan) -> tuple[Out, ...]:
        return tuple(self._outs(tx.read_body(plan.body)))

    def _outs(self, body: tx.Body) -> Iterator[Out]:
        asset = self._asset_of.get(body.to)
        if asset is not None and tx.is_transfer(body.data):
            place = body.data[4 : 4 + tx.WORD][-ACCOUNT:]
            amount = int.from_bytes(body.data[-tx.WORD :], "big")
            yield Out(Payment(0, asset, amount, place), self._is_own(place))
        elif (body.to, body.value, body.data) != (body.lane, 0, b""):  # that one cancels another
            memo = body.data.decode("ascii", "replace")
            paid = Payment(0, self.terms.coin, body.value, body.to, memo)
            yield Out(paid, self._is_own(body.to) and not body.data)

    def is_leaving(self, known: Sequence[Plan]) -> bool:
        lanes = ["0x" + one.hex() for one in self.terms.hot]
        asked = [
            ("eth_getTransactionCount", [lane, block])
            for lane in lanes
            for block in ("latest", "pending")
        ]
        counts = [quantity(one) for one in self._calls(asked)]
        bound = {plan.binding for plan in known}
        return any(
            pending < newest
            or any(tx.binding(lane, one) not in bound for one in range(newest, pending))
            for lane, newest, pending in zip(self.terms.hot, counts[::2], counts[1::2], strict=True)
        )

    def _coin(self, sent: Sent) -> Deposit | None:
        index = self._table.index(sent.to) if sent.value else None
        if index is None or self._is_own(sent.spend[:ACCOUNT]):
            return None
        coin, value = self.terms.coin, sent.value
        memo, written = self._memo(sent), self._written(sent)
        return Deposit(sent.txid, COIN, coin, index, memo, value, (sent.spend,), written)

    def _is_own(self, account: bytes) -> bool:
        """What comes from us is gas for a sweep: withdrawals go to nobody's address here."""
        return account in self._lanes or self._table.index(account) is not None

    def _memo(self, sent: Sent) -> int:  # noqa: ARG002 - only chains with memos have one
        return 0

    def _written(self, sent: Sent) -> str:  # noqa: ARG002 - only chains with memos have one
        return ""

    def _tokens(self, moved: Sequence[Token], held: Held) -> Iterator[Deposit]:
        seen: Counter[bytes] = Counter()
        for asset, txid, source, target, amount in moved:
            index = self._table.index(target)
            if self._is_own(source):
                continue
            sent = held.by_id.get(txid)
            if sent is None:
                raise NodeGarbage("a log of a transaction that its block does not hold")
            if index is not None and amount:
                # Counted within the transaction: its place in the block changes with the block.
                number, memo = seen[sent.txid], self._memo(sent)
                seen[sent.txid] += 1
                spends, written = (sent.spend,), self._written(sent)
                yield Deposit(sent.txid, number, asset, index, memo, amount, spends, written)

    def _transfers(
        self, block: Block, held: Held, logs: Any, concerns: Callable[[bytes], bool]
    ) -> list[Token]:
        """What tokens moved: by the block's receipts, where the node's logs say that some is ours.

        A header has the root of its receipts, and nothing of the logs that a node looks up by it.
        """
        told = transfers(block, logs, self._asset_of)
        is_ours = any(one.amount and concerns(one.target) for one in told)
        if is_ours and told != transfers(block, self._blocks.logs(held), self._asset_of):
            raise NodeGarbage(f"the logs of block {block.height} are not those of its receipts")
        return told

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
                asked.append(("eth_call", [balance_call(token, one), at]))
        return dict(zip(keys, map(quantity, self._calls(asked)), strict=True))

    def used(self, places: Sequence[bytes], block: Block) -> Mapping[bytes, int]:
        at = {"blockHash": "0x" + block.hash.hex()}
        asked = [("eth_getTransactionCount", ["0x" + one.hex(), at]) for one in places]
        return dict(zip(places, map(quantity, self._calls(asked)), strict=True))

    def used_by_safes(self, places: Sequence[bytes], block: Block) -> Mapping[bytes, int]:
        at = {"blockHash": "0x" + block.hash.hex()}
        asked = [("eth_call", [{"to": "0x" + one.hex(), "data": SAFE_NONCE}, at]) for one in places]
        told = self._node.tried(asked)
        for one in told:
            if isinstance(one, NodeRefuses) and not has_failed(one):
                raise one  # a Safe may be there, by a node that is busy
        return {
            place: quantity(count)
            for place, count in zip(places, told, strict=True)
            if isinstance(count, str) and count != "0x"
        }

    def _calls(self, asked: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """The results of any number of calls; NodeProblem for the first bad."""
        told: list[Any] = []
        for start in range(0, len(asked), ASKED_AT_ONCE):
            told += self._node.calls(asked[start : start + ASKED_AT_ONCE])
        return told


def legible(data: bytes) -> str:
    """What a stranger wrote, for people: printable characters alone, at most `WRITTEN_MAX`.

    Anything else stands as U+FFFD: no control or direction of text reaches who reads it.
    """
    text = data[: 4 * (WRITTEN_MAX + 1)].decode("utf-8", "replace")
    plain = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
    return plain if len(plain) <= WRITTEN_MAX else plain[: WRITTEN_MAX - 1] + "…"
