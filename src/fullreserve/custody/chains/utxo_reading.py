"""What a chain of the Bitcoin family says: its blocks, who was paid in them, and coins of ours.

The node needs its transaction index. It holds no wallet: coins are found by following the chain.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from fullreserve.custody.addresses import Table, UtxoAddresses
from fullreserve.custody.chains import utxo_transaction as tx
from fullreserve.custody.chains.adapter import (
    SENDERS_MAX,
    Attempt,
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
    Spender,
    Standing,
    gathered,
)
from fullreserve.custody.chains.raw_block import (
    Output,
    Transaction,
    outpoint,
    read_header,
    read_transaction,
    read_transactions,
    told_transaction,
)
from fullreserve.custody.chains.rpc import (
    Node,
    NodeGarbage,
    NodeRefuses,
    decimal,
    field,
    hexed,
    listed,
    whole,
)
from fullreserve.custody.chains.spent_scripts import SpentScripts

HASH = 32
SATS = 100_000_000
SPENDS_MAX = 16  # of a deposit's inputs, those that are looked for when it was orphaned
BEHIND_MOST = 100  # blocks that balances are told of behind the newest one
HASHES_AT_ONCE = 500  # some 40 kB of an answer
KEPT = 64  # blocks whose transactions are remembered by name
MATURE = 100  # confirmations
RATE_CAP = 500  # sats a virtual byte

_BTCD = "btcdjsonrpcapi"
_NO_INDEX = "it has no index of transactions: start it with txindex=1, and without pruning"


class Terms(NamedTuple):
    """What distinguishes one network from another; fee rates are in sats a virtual byte."""

    network: int
    asset: int
    genesis: bytes  # hash of block 0
    keys: int = 3
    threshold: int = 2
    rate_min: int = 1
    rate_default: int = 10  # where the node has no estimate
    rate_cap: int = RATE_CAP
    bump: int = 5  # sats a virtual byte more for each replacement, at least
    rate_low: int = 5  # up to which small coins of hot are made one
    coins_kept: int = 60  # of hot, which are never too many: payments take them side by side


class UtxoReading(Chain):
    """One network through one node, as far as it is only read.

    `coins` are ours, by outpoint, spent ones too.
    """

    addresses: UtxoAddresses
    is_script = True
    proves_scan = True  # blocks are read whole, and their root is checked

    def __init__(self, node: Node, addresses: UtxoAddresses, terms: Terms) -> None:
        self.addresses = addresses
        self.network = terms.network
        self.terms = terms
        self.coins: dict[bytes, tx.Coin] = {}
        self.hot = tx.hot_place(addresses)
        self._spent = SpentScripts(node)
        self._hots = {addresses.place(index): index for index in addresses.own}
        self._node = node
        self._table = Table(addresses)
        self._is_checked = self._is_indexed = False
        self._names: dict[bytes, frozenset[bytes]] = {}  # transactions of blocks

    def know(self, count: int) -> None:
        self._table.extend(count)

    def know_also(self, index: int) -> None:
        """Look for an index beyond those of users' addresses too."""
        self._table.add(index)

    def tip(self) -> Block:
        self._check_chain()
        height = self._node.call("getblockcount")
        block = self.block(whole(height))
        if block is None:
            raise NodeGarbage(f"no block at the height that the node told: {height}")
        self._check_index(block)
        return block

    def block(self, height: int) -> Block | None:
        try:
            hash_ = hexed(self._node.call("getblockhash", height), HASH)
            header = self._node.call("getblockheader", hash_.hex(), False)
        except NodeRefuses:
            return None
        return read_header(hexed(header), height, hash_)

    def scan(self, block: Block, spends: Mapping[bytes, bytes]) -> Scan:
        held = self._transactions(block.hash)
        deposits, taken = [], {}
        find, asset = self._table.index, self.terms.asset
        for one in held:
            for spend in one.spends if spends else ():
                if spend in spends:
                    taken[spend] = one.txid
            for number, (amount, script) in enumerate(one.outputs):
                index = find(script)
                if index is not None and amount:
                    inputs = tuple(one.spends[:SPENDS_MAX])
                    deposits.append(Deposit(one.txid, number, asset, index, 0, amount, inputs))
        return Scan(deposits, taken, len(held))

    def incoming(self, block: Block, tiers: Mapping[bytes, int]) -> list[Incoming]:
        held = self._transactions(block.hash)
        paying = [one for one in held
                  if any(amount and script in tiers for amount, script in one.outputs)]  # fmt: skip
        scripts = self._spent.of(paying, held)
        came = []
        for one in paying:
            # What spends coins of ours is a payment's change, a sweep, or a move between tiers.
            lay = (scripts.get(spend) for spend in one.spends)
            if not any(script in tiers or self._table.index(script) is not None
                       for script in lay if script is not None):  # fmt: skip
                came += [(one.txid, tiers[script], self.terms.asset, amount)
                         for amount, script in one.outputs
                         if amount and script in tiers]  # fmt: skip
        return gathered(came)

    def senders(self, txid: bytes) -> Senders:
        """Where the coins lay that it spends, as the transactions that made them say.

        What has no address, as a bare key, is not told.
        """
        taker, _ = told_transaction(self._node, txid)
        spends = [one for one in taker.spends if any(one[:HASH])]
        found = dict[str, None]()
        is_whole = len(spends) <= SENDERS_MAX
        for spend in spends[:SENDERS_MAX]:
            name, number = spend[:HASH][::-1], int.from_bytes(spend[HASH:], "little")
            made, _ = told_transaction(self._node, name)
            if number >= len(made.outputs):
                raise NodeGarbage(f"{name.hex()} has no output {number}")
            text = self.addresses.text_of_any(made.outputs[number].script)
            is_whole = is_whole and bool(text)
            if text:
                found[text] = None
        return Senders(tuple(found), is_whole)

    def departed(self, block: Block) -> list[Departed]:
        found = []
        for one in self._transactions(block.hash):
            hot = [self.coins.get(spend) for spend in one.spends]
            coins = tuple(coin for coin in hot if coin is not None)
            if any(coin.index in self.addresses.own for coin in coins):
                found.append(self._departed(one, coins))
            # What one pays back, the next may spend.
            for number, (amount, script) in enumerate(one.outputs):
                index = self._table.index(script)
                if index is not None and amount:
                    coin = tx.Coin(one.txid, number, amount, index)
                    self.coins.setdefault(coin.outpoint(), coin)
        return found

    def _departed(self, one: Transaction, coins: tuple[tx.Coin, ...]) -> Departed:
        outs = self._outs(one.outputs)
        back = sum(amount for amount, script in one.outputs if script in self._hots)
        pays = tuple(tx.Pays(out.payment.place, out.payment.amount) for out in outs)
        body = tx.Body(coins, pays, back)
        attempt = Attempt(one.txid, told_transaction(self._node, one.txid)[1])
        fewer = range(max(1, len(coins) - tx.ADDED_MAX), len(coins))
        others = tuple(tx.binding(coins[:count]) for count in fewer)
        data = msgspec.msgpack.encode(body)
        return Departed(attempt, tx.binding(coins), data, body.fee, outs, others)

    def outs(self, plan: Plan) -> tuple[Out, ...]:
        return self._outs([(one.amount, one.script) for one in tx.read_body(plan.body).pays])

    def _outs(self, paid: Iterable[tuple[int, bytes]]) -> tuple[Out, ...]:
        asset, find = self.terms.asset, self._table.index
        return tuple(
            Out(Payment(0, asset, amount, script), find(script) is not None)
            for amount, script in paid
            if script not in self._hots
        )

    def is_leaving(self, known: Sequence[Plan]) -> bool:
        """What a replacement added to its inputs is none that a plan is bound to."""
        bound = {one.outpoint() for plan in known for one in tx.read_body(plan.body).inputs}
        hot = (one for one in self.coins.values() if one.index in self.addresses.own)
        coins = [one for one in hot if one.outpoint() not in bound and self._is_unspent(one)]
        asked = (("gettxout", one.txid.hex(), one.output, True) for one in coins)
        return any(self._node.call(*one) is None for one in asked) or self._holds_spend(coins)

    def _holds_spend(self, coins: Sequence[tx.Coin]) -> bool:
        """The same of btcd, whose `gettxout` passes over spends that are in no block."""
        try:
            if not isinstance(said := self._node.call("version"), dict) or _BTCD not in said:
                return False
        except NodeRefuses:
            return False
        ours = {one.outpoint() for one in coins}
        held = (self._node.call("getrawtransaction", one, 0)
                for one in listed(self._node.call("getrawmempool", False)))  # fmt: skip
        return any(ours & set(read_transaction(hexed(one)).spends) for one in held)

    def _transactions(self, hash_: bytes) -> list[Transaction]:
        return read_transactions(hexed(self._node.call("getblock", hash_.hex(), 0)), hash_)

    def _has(self, block: Block, txid: bytes) -> bool:
        """Whether a block has a transaction; NodeProblem."""
        if block.hash not in self._names:
            self._names[block.hash] = frozenset(one.txid for one in self._transactions(block.hash))
            while len(self._names) > KEPT:
                del self._names[next(iter(self._names))]
        return txid in self._names[block.hash]

    def _check_chain(self) -> None:
        if not self._is_checked:
            told = hexed(self._node.call("getblockhash", 0), HASH)
            if told != self.terms.genesis:
                raise NodeGarbage(f"the node is of another chain, which begins with {told.hex()}")
            self._is_checked = True

    def _check_index(self, block: Block) -> None:
        """What pays later asks the node for any transaction, and would wait for ever without it."""
        if self._is_indexed or not block.height:
            return
        try:
            names = listed(field(self._node.call("getblock", block.hash.hex(), 1), "tx"))
            for name in names[:1]:
                self._node.call("getrawtransaction", name, 0)
        except NodeRefuses as refusal:
            if "txindex" in str(refusal):
                raise NodeGarbage(_NO_INDEX) from None
            return  # the index is being made, or the block is gone again
        self._is_indexed = True

    def standing(self, plan: Plan, attempts: Sequence[bytes]) -> Standing:
        body = tx.read_body(plan.body)
        found = [(txid, self._transaction(txid)) for txid in attempts]
        for txid, told in found:
            hash_ = told.get("blockhash") if told else None
            if told is None or not hash_:
                continue
            height = whole(field(self._node.call("getblockheader", hash_, True), "height"))
            block, tip = self.block(height), self.tip()
            if block is not None and block.hash == hexed(hash_, HASH):
                if not self._has(block, txid):
                    raise NodeGarbage(f"block {height} does not hold {txid.hex()}, as was said")
                # Replacements differ in their change, and in what was added to their inputs.
                sent = told_transaction(self._node, txid)[0]
                fee = sent.fee(self._spent_by(sent, body))
                depth = tip.height - height + 1
                return Standing(True, height, depth, txid, fee, block=block.hash)
        # An index goes on telling of a block that the chain has left: nobody holds what it held.
        if any(told is not None and not told.get("blockhash") for _, told in found):
            return Standing(known=True)
        # The change that a move spends may be in no block yet, or never come.
        is_child = plan.move is not None and plan.move.is_within
        if all(self._is_unspent(coin) or (is_child and self._is_unmade(coin))
               for coin in body.inputs):  # fmt: skip
            return Standing()
        return Standing(taken_by=hashlib.blake2b(plan.binding, digest_size=HASH).digest())

    def spender(self, plan: Plan, since: int) -> Spender | None:
        body, tip = tx.read_body(plan.body), self.tip().height
        inputs = [coin.outpoint() for coin in body.inputs]
        for height, hash_ in self._hashes(range(since, tip + 1)):
            for one in self._transactions(hash_):
                if not set(inputs).isdisjoint(one.spends):
                    found = Spender(one.txid, height, tip - height + 1, block=hash_)
                    is_of_it = one.takes(inputs) or one.begins_with(inputs)
                    return self._compared(found, one, plan) if is_of_it else found
        return None

    def _hashes(self, heights: range) -> Iterator[tuple[int, bytes]]:
        """Of blocks that the node has, many by one question: a payer may look back for weeks."""
        for start in range(0, len(heights), HASHES_AT_ONCE):
            some = heights[start : start + HASHES_AT_ONCE]
            told = self._node.tried([("getblockhash", [height]) for height in some])
            for height, one in zip(some, told, strict=True):
                if not isinstance(one, NodeRefuses):
                    yield height, hexed(one, HASH)

    def moved(self, plan: Plan, fee: int) -> int:
        body = tx.read_body(plan.body)
        is_within = plan.move is not None and plan.move.is_within
        # What gathers coins brings what its fee leaves, which a replacement raises.
        return super().moved(plan, fee) if body.pays or is_within else body.fee + body.change - fee

    def previous(self, plan: Plan) -> tuple[bytes, ...]:
        ids = sorted({coin.txid for coin in tx.read_body(plan.body).coins})
        # Without their witnesses, which no signer needs.
        return tuple(told_transaction(self._node, txid)[0].plain for txid in ids)

    def _compared(self, found: Spender, taker: Transaction, plan: Plan) -> Spender:
        """What of a plan was done by a transaction that took its inputs, before any of hot's.

        Fewer payments than the plan's: signed without those that were refused then, of which an
        older copy of the plan still knows.
        """
        body, left = tx.read_body(plan.body), Counter(taker.outputs)
        made = list[bool]()
        for one in body.pays:
            made.append(left[Output(one.amount, one.script)] > 0)
            left[Output(one.amount, one.script)] -= made[-1]
        paid = tuple(one for one, is_made in zip(plan.withdrawals, made, strict=False) if is_made)
        # What pays nobody gathers coins.
        gathers = not made and all(script in self._hots for _, script in taker.outputs)
        fee = taker.fee(self._spent_by(taker, body))
        return found._replace(is_ours=gathers or (bool(made) and all(made)), fee=fee, paid=paid)

    def balances(self, places: Sequence[bytes], block: Block) -> Mapping[tuple[bytes, int], int]:
        """From the newest block's state, without what came since `block`; NodeProblem.

        Such nodes keep no other's. NodeGarbage where the chain has left it, or far behind it.
        """
        held: dict[tuple[bytes, int], int] = {(one, self.terms.asset): 0 for one in places}
        by_index: dict[int, bytes] = {}
        asked = list[tuple[tx.Coin, bool]]()
        for coin in list(self.coins.values()):
            place = by_index.setdefault(coin.index, self.addresses.place(coin.index))
            if (place, self.terms.asset) in held:
                asked.append((coin, self._is_unspent(coin)))
        spent, made = self._since(block)
        for coin, is_unspent in asked:
            if coin.txid not in made and (is_unspent or coin.outpoint() in spent):
                held[by_index[coin.index], self.terms.asset] += coin.amount
        return held

    def _since(self, block: Block) -> tuple[set[bytes], set[bytes]]:
        """The outpoints that later blocks spent, and the ids of what they hold; NodeProblem."""
        spent, made, one = set[bytes](), set[bytes](), self.tip()
        if one.height - block.height > BEHIND_MOST:
            raise NodeGarbage(f"block {block.height} is far below the newest")
        while one.height > block.height:
            for each in self._transactions(one.hash):
                made.add(each.txid)
                spent.update(each.spends)
            below = self.block(one.height - 1)
            if below is None or below.hash != one.parent:
                raise NodeGarbage(f"block {one.height} gives way to another")
            one = below
        # Who followed a chain past the newest block that was told knows no parent of it.
        if (one.height, one.hash) != (block.height, block.hash):
            raise NodeGarbage(f"block {block.height} is not the chain's any more")
        return spent, made

    def spent(self, coins: Iterable[tx.Coin]) -> list[tx.Coin]:
        """Those that the newest block's state does not hold any more; NodeProblem."""
        return [one for one in coins if not self._is_unspent(one)]

    def take_coin(self, deposit: Deposit) -> tx.Coin:
        """A confirmed payment to an address of ours is a coin to spend."""
        coin = tx.Coin(deposit.txid, deposit.output, deposit.amount, deposit.index)
        self.coins[coin.outpoint()] = coin
        return coin

    def _is_unspent(self, coin: tx.Coin, *, spendable: bool = False) -> bool:
        """As of the newest block, whatever waits in the mempool.

        What a miner was paid is spendable 100 blocks later.
        """
        told = self._node.call("gettxout", coin.txid.hex(), coin.output, False)
        if told is None:
            return False
        script = hexed(field(field(told, "scriptPubKey"), "hex"))
        is_it = script == self.addresses.place(coin.index)
        if not is_it or _sats(field(told, "value")) != coin.amount:
            name = f"output {coin.output} of {coin.txid.hex()}"
            raise NodeGarbage(f"asked for {name}, told of another coin than the {coin.amount}")
        is_young = bool(told.get("coinbase")) and whole(field(told, "confirmations")) < MATURE
        return not (spendable and is_young)

    def _spent_by(self, taker: Transaction, body: tx.Body) -> int:
        """What a transaction's inputs hold: of a plan, and what was added to it."""
        amounts = {coin.outpoint(): coin.amount for coin in body.coins}
        made = {spend[:HASH][::-1]: None for spend in taker.spends if spend not in amounts}
        for txid in made:
            for number, one in enumerate(told_transaction(self._node, txid)[0].outputs):
                amounts.setdefault(outpoint(txid, number), one.amount)
        return sum(amounts[spend] for spend in taker.spends)

    def _is_waiting(self, txid: bytes) -> bool:
        """Whether the node holds it, in no block."""
        told = self._transaction(txid)
        return told is not None and not told.get("blockhash")

    def _is_unmade(self, coin: tx.Coin) -> bool:
        """Whether what makes a coin is in no block."""
        told = self._transaction(coin.txid)
        return told is None or not told.get("blockhash")

    def _transaction(self, txid: bytes) -> Any:
        try:
            told = self._node.call("getrawtransaction", txid.hex(), 1)
        except NodeRefuses:
            return None
        if not isinstance(told, dict):
            raise NodeGarbage("a transaction of no shape")
        return told


def _sats(value: Any) -> int:
    """Coins as JSON wrote them, in sats; doubles hold every amount there is to 8 digits.

    NodeGarbage.
    """
    return int((decimal(value) * SATS).to_integral_value())
