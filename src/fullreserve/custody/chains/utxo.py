"""Chains of the Bitcoin family over Core's RPC: bitcoind, litecoind, and btcd, which speaks it too.

What they say is read by `utxo_reading`; what is paid, swept and gathered is made here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import ROUND_UP
from itertools import groupby, islice

import msgspec
import structlog

from fullreserve.custody.chains import utxo_transaction as tx
from fullreserve.custody.chains.adapter import Attempt, HotShort, Move, Payment, Plan, Unpayable
from fullreserve.custody.chains.raw_block import read_transaction
from fullreserve.custody.chains.rpc import NodeGarbage, NodeRefuses, Outbid, decimal, field, hexed
from fullreserve.custody.chains.utxo_reading import HASH, SATS, UtxoReading
from fullreserve.custody.chains.worth import Worth
from fullreserve.exchange.products.custody_wire import Tier

BLOCKS_TARGET = 6
SWEPT_AT_ONCE = 50
# Coins are gathered when all of them together are worth this many times what that costs.
WORTH = 10
GATHERED_LEAST = 5  # coins of hot that are made one

_ALREADY = (-27, -25)  # in a block; inputs spent, which may be by itself
_HELD = ("already", "txn-already")
# Core's words and btcd's.
_OUTBID = ("insufficient fee", "insufficient absolute fee", "mempool-conflict")

log = structlog.get_logger(__name__)


class UtxoChain(UtxoReading):
    """One network through one node, and what is sent on it.

    One transaction spends coins of one generation of branches: who lacks a key of it signs nothing.
    """

    batch_max = 100

    _is_capped = False  # the rate, as it was last asked for

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
