"""Chains of the Bitcoin family over Core's RPC: bitcoind, litecoind, and btcd, which speaks it too.

The node needs its transaction index. It holds no wallet: coins are found by following the chain.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_UP
from itertools import groupby, islice
from typing import Any, NamedTuple

import msgspec
import structlog

from fullreserve.custody.addresses import Table, UtxoAddresses
from fullreserve.custody.chains import utxo_transaction as tx
from fullreserve.custody.chains.adapter import (
    SENDERS_MAX,
    Attempt,
    Block,
    Chain,
    Departed,
    Deposit,
    HotShort,
    Incoming,
    Move,
    Out,
    Payment,
    Plan,
    Scan,
    Senders,
    Spender,
    Standing,
    Unpayable,
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
    Outbid,
    decimal,
    field,
    hexed,
    listed,
    whole,
)
from fullreserve.custody.chains.spent_scripts import SpentScripts
from fullreserve.custody.chains.worth import Worth
from fullreserve.exchange.products.custody_wire import Tier

HASH = 32
SATS = 100_000_000
SPENDS_MAX = 16  # of a deposit's inputs, those that are looked for when it was orphaned
BLOCKS_TARGET = 6
SWEPT_AT_ONCE = 50
BEHIND_MOST = 100  # blocks that balances are told of behind the newest one
# Coins are gathered when all of them together are worth this many times what that costs.
WORTH = 10
GATHERED_LEAST = 5  # coins of hot that are made one

_ALREADY = (-27, -25)  # in a block; inputs spent, which may be by itself
_HELD = ("already", "txn-already")
_BTCD = "btcdjsonrpcapi"
_NO_INDEX = "it has no index of transactions: start it with txindex=1, and without pruning"
# Core's words and btcd's.
_OUTBID = ("insufficient fee", "insufficient absolute fee", "mempool-conflict")


HASHES_AT_ONCE = 500  # some 40 kB of an answer
KEPT = 64  # blocks whose transactions are remembered by name
MATURE = 100  # confirmations
RATE_CAP = 500  # sats a virtual byte


log = structlog.get_logger(__name__)


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


class UtxoChain(Chain):
    """One network through one node. `coins` are ours, by outpoint, spent ones too.

    One transaction spends coins of one generation of branches: who lacks a key of it signs nothing.
    """

    addresses: UtxoAddresses
    is_script = True
    batch_max = 100
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
        self._is_checked = self._is_indexed = self._is_capped = False
        self._names: dict[bytes, frozenset[bytes]] = {}  # transactions of blocks

    # Watching

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

    # Paying

    def plan(self, payments: Sequence[Payment], bound: Sequence[Plan]) -> Plan:
        pays = tuple(self._pays(one) for one in payments)
        wanted = sum(one.amount for one in pays)
        hots = [self._free((index,), bound)[::-1] for index in self.addresses.own]
        rich = [free for free in hots if sum(coin.amount for coin in free) >= wanted]
        rate = self._rate() if rich else 0
        for free in rich:
            body = self._covering(free, pays, rate)
            if body is not None:
                ids = tuple(one.withdrawal for one in payments)
                return self._as_plan(ids, body)
        raise HotShort(self.terms.asset, f"the hot wallet holds less than {wanted} and the fee")

    def _covering(
        self, free: Sequence[tx.Coin], pays: tuple[tx.Pays, ...], rate: int
    ) -> tx.Body | None:
        chosen = list[tx.Coin]()
        for coin in free:
            if not self._is_unspent(coin, spendable=True):
                continue
            chosen.append(coin)
            body = self._with_change(tx.Body(tuple(chosen), pays, 0), rate)
            if body is not None:
                return body
        return None

    def _free(self, indexes: Collection[int], bound: Sequence[Plan]) -> list[tx.Coin]:
        """Coins there that no plan has taken, the smallest first; some may be spent."""
        taken = {coin.outpoint() for plan in bound for coin in tx.read_body(plan.body).coins}
        coins = self.coins.items()
        free = [coin for key, coin in coins if coin.index in indexes and key not in taken]
        return sorted(free, key=lambda coin: (coin.amount, coin.outpoint()))

    def bumped(self, plan: Plan, bound: Sequence[Plan] = ()) -> Plan:
        body = tx.read_body(plan.body)
        vbytes = self._size(body, with_change=bool(body.change))
        rate = max(self._rate(), body.fee // vbytes + self.terms.bump)
        self._check_rate(rate)
        # The payments stay to the last unit: the change alone pays for the higher fee, and where
        # that does not suffice one more coin of hot.
        made = self._with_change(msgspec.structs.replace(body, change=0), rate)
        if made is None or not made.change:
            made = self._fuller(body, rate, [*bound, plan]) if body.pays else None
        if made is None:
            raise Unpayable("no change is left to pay a higher fee from, and no coin of hot")
        raised = self._as_plan(plan.withdrawals, made)
        return msgspec.structs.replace(raised, move=plan.move)

    def eased(self, plans: Sequence[Plan]) -> list[Plan]:
        rate = self._rate() if plans else 0
        return [self._eased(one, rate) for one in plans]

    def _eased(self, plan: Plan, rate: int) -> Plan:
        if plan.move is not None and plan.move.is_within:
            return plan  # it may pay for what made its coins as well
        body = tx.read_body(plan.body)
        made = self._with_change(msgspec.structs.replace(body, change=0), rate)
        if made is None or made.fee >= body.fee:
            return plan
        return msgspec.structs.replace(self._as_plan(plan.withdrawals, made), move=plan.move)

    def _check_rate(self, rate: int) -> None:
        if rate > self.terms.rate_cap:
            raise Unpayable(f"a rate of {rate} is above the cap of {self.terms.rate_cap}")

    def _fuller(self, body: tx.Body, rate: int, bound: Sequence[Plan]) -> tx.Body | None:
        """With one more coin: the smallest that would pay up to the cap, else the largest."""
        if len(body.added) == tx.ADDED_MAX:
            return None
        free = self._free((body.inputs[0].index,), bound)
        for wanted, coins in ((self.terms.rate_cap, free), (rate, free[::-1])):
            for coin in coins:
                more = msgspec.structs.replace(body, added=(*body.added, coin), change=0)
                made = self._with_change(more, rate)
                is_enough = self._with_change(more, wanted) is not None and made is not None
                if is_enough and self._is_unspent(coin, spendable=True):
                    return made
        return None

    def child(self, plan: Plan, attempts: Sequence[Attempt]) -> Plan | None:
        number = len(tx.read_body(plan.body).pays)
        held = [one for one in attempts if self._is_waiting(one.txid)]
        parent = read_transaction(held[-1].raw) if held else None
        rest = parent.outputs[number:] if parent is not None else ()
        if parent is None or len(rest) != 1 or rest[0].script not in self._hots:
            return None
        amounts = {one.outpoint(): one.amount for one in tx.read_body(plan.body).coins}
        paid = parent.fee(sum(amounts[spend] for spend in parent.spends))
        scripts = [len(one.script) for one in parent.outputs]
        above = self._size_of(len(parent.spends), scripts)
        coin = tx.Coin(parent.txid, number, rest[0].amount, self._hots[rest[0].script])
        own = self._size(tx.Body((coin,), (), 0), with_change=True)
        rate = max(self._rate(), paid // above + self.terms.bump)
        self._check_rate(rate)
        # Signers hold its fee against its own size alone.
        fee = min(rate * (above + own) - paid, self.terms.rate_cap * own)
        if coin.amount - fee < self.addresses.dust(self.hot):
            raise Unpayable("the change is too little to pay for what made it")
        return self._within_hot(tx.Body((coin,), (), coin.amount - fee))

    def parents(self, plan: Plan) -> frozenset[bytes]:
        return frozenset(one.txid for one in tx.read_body(plan.body).coins)

    def consolidation(self, bound: Sequence[Plan]) -> list[Plan]:
        """At most a quarter of what hot has free is bound so, in one transaction at a time."""
        if any(plan.move is not None and plan.move.is_within for plan in bound):
            return []
        rate, free = self._rate(), self._free(self.addresses.own[:1], bound)
        if rate > self.terms.rate_low or len(free) <= self.terms.coins_kept:
            return []
        free = [one for one in free if self._is_unspent(one, spendable=True)]
        most, chosen = sum(one.amount for one in free) // 4, list[tx.Coin]()
        for coin in free[: max(0, min(SWEPT_AT_ONCE, len(free) - self.terms.coins_kept))]:
            if sum(one.amount for one in chosen) + coin.amount <= most:
                chosen.append(coin)
        body = tx.Body(tuple(chosen), (), 0)
        fee = rate * self._size(body, with_change=True)
        if len(chosen) < GATHERED_LEAST or body.fee < WORTH * fee:
            return []
        return [self._within_hot(msgspec.structs.replace(body, change=body.fee - fee))]

    def _within_hot(self, body: tx.Body, key: str = "") -> Plan:
        """The ledger's hot tier loses the fee alone."""
        move = Move(self.terms.asset, Tier.HOT, Tier.HOT, key, 0)
        return msgspec.structs.replace(self._as_plan((), body), move=move)

    def without(self, plan: Plan, withdrawal: int) -> Plan | None:
        body, place = tx.read_body(plan.body), plan.withdrawals.index(withdrawal)
        pays = body.pays[:place] + body.pays[place + 1 :]
        if not pays:
            return None
        # The same inputs, which the others are bound to; what it would have got is change.
        change = body.change + body.pays[place].amount
        ids = plan.withdrawals[:place] + plan.withdrawals[place + 1 :]
        return self._as_plan(ids, msgspec.structs.replace(body, pays=pays, change=change))

    def broadcast(self, attempt: Attempt) -> None:
        try:
            told = self._node.call("sendrawtransaction", attempt.raw.hex())
        except NodeRefuses as refusal:
            if not any(words in refusal.message.lower() for words in _HELD):
                if refusal.code in _ALREADY and self._transaction(attempt.txid) is not None:
                    return
                if any(words in refusal.message.lower() for words in _OUTBID):
                    raise Outbid(refusal.code, refusal.message) from None
                raise
        else:
            if hexed(told, HASH) != attempt.txid:
                raise NodeGarbage("the node names another transaction than the one it was given")

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

    def unsigned(self, plan: Plan) -> bytes:
        """The PSBT that signers are asked to sign."""
        body = tx.read_body(plan.body)
        return bytes(tx.unsigned(body, self.addresses).serialize())

    def sweeps(self, indexes: Sequence[int], bound: Sequence[Plan], worth: Worth) -> list[Plan]:
        """Also of the hot wallets of older generations, to the newest."""
        found = list[Plan]()
        users = sorted({one for one in indexes if one not in self.addresses.own})
        for _, some in groupby(users, self.addresses.generation):
            free = self._worth_it(frozenset(some), bound, worth)[:SWEPT_AT_ONCE]
            unspent = [one for one in free if self._is_unspent(one, spendable=True)]
            body = self._gathered(unspent, worth)
            if body is not None:
                move = Move(self.terms.asset, Tier.DEPOSIT, Tier.HOT, "", body.change)
                found.append(msgspec.structs.replace(self._as_plan((), body), move=move))
        for index in self.addresses.own[1:]:
            found += self._from_older(index, bound, worth) if index in indexes else ()
        return found

    def _worth_it(
        self, indexes: Collection[int], bound: Sequence[Plan], worth: Worth
    ) -> list[tx.Coin]:
        """Free coins there that are worth what each adds to a fee, the largest first."""
        free = self._free(indexes, bound)[::-1]
        more = self._size_of(2, []) - self._size_of(1, [])
        fee = self._rate() * more if free else 0
        return [one for one in free if worth.pays(one.amount, fee)]

    def _from_older(self, index: int, bound: Sequence[Plan], worth: Worth) -> list[Plan]:
        """One after another, and half of the coins at most: payments go on from the others."""
        key = f"branch/{index}"
        if any(plan.move is not None and plan.move.key == key for plan in bound):
            return []
        free = self._worth_it((index,), bound, worth)
        unspent = (one for one in free if self._is_unspent(one, spendable=True))
        body = self._gathered(list(islice(unspent, 2 * SWEPT_AT_ONCE))[::2], worth)
        return [self._within_hot(body, key)] if body is not None else []

    def _gathered(self, chosen: Sequence[tx.Coin], worth: Worth) -> tx.Body | None:
        """All of some coins to the hot wallet; None where that is not worth its fee."""
        bare = tx.Body(tuple(chosen), (), 0)
        fee = self._rate() * self._size(bare, with_change=True) if chosen else 0
        if not chosen or not worth.pays(bare.fee, fee):
            return None
        return msgspec.structs.replace(bare, change=bare.fee - fee)

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

    def _pays(self, payment: Payment) -> tx.Pays:
        if payment.asset != self.terms.asset:
            raise Unpayable(f"asset {payment.asset} is not on network {self.network}")
        if payment.amount < self.addresses.dust(payment.place):
            raise Unpayable(f"{payment.amount} is dust, which nodes do not pass on")
        return tx.Pays(payment.place, payment.amount)

    def _with_change(self, bare: tx.Body, rate: int) -> tx.Body | None:
        """None while the inputs are too few. Change that is dust goes to the fee."""
        held = bare.fee
        change = held - rate * self._size(bare, with_change=True)
        if change >= self.addresses.dust(self.hot):
            return msgspec.structs.replace(bare, change=change)
        return bare if held >= rate * self._size(bare, with_change=False) else None

    def _size(self, body: tx.Body, *, with_change: bool) -> int:
        scripts = [len(one.script) for one in body.pays]
        scripts += [len(self.hot)] if with_change else []
        return self._size_of(len(body.coins), scripts)

    def _size_of(self, inputs: int, scripts: list[int]) -> int:
        return tx.size(inputs, scripts, self.terms.keys, self.terms.threshold)

    def _as_plan(self, ids: tuple[int, ...], body: tx.Body) -> Plan:
        data = msgspec.msgpack.encode(body)
        return Plan(self.network, ids, tx.binding(body.inputs), data, body.fee)

    def payment_cost(self, asset: int) -> int:  # noqa: ARG002 - a chain of one coin
        """Of two inputs, one payment and its change: in a batch each costs less."""
        scripts = [len(self.hot)] * 2
        return self._rate() * tx.size(2, scripts, self.terms.keys, self.terms.threshold)

    def _rate(self) -> int:
        """Sats a virtual byte, within the network's band."""
        try:
            told = self._node.call("estimatesmartfee", BLOCKS_TARGET)
            each = decimal(field(told, "feerate")) * SATS / 1000
            rate = int(each.to_integral_value(ROUND_UP))
        except (NodeRefuses, NodeGarbage):
            rate = self.terms.rate_default  # a young chain, or a node without estimates
        is_capped = rate > self.terms.rate_cap
        if is_capped and not self._is_capped:
            log.warning("fee estimate above the cap", network=self.network, sats=rate)
        self._is_capped = is_capped
        return min(max(rate, self.terms.rate_min), self.terms.rate_cap)

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
