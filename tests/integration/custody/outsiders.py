"""Chains under test: a real node or two, an adapter, and somebody outside who pays us.

Each `Bed` speaks one family; the suite speaks to beds alone.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import cache, cached_property
from pathlib import Path

import msgspec
import pbk
from coincurve import PrivateKey
from eth_account import Account

from fullreserve.clock import SystemClock
from fullreserve.custody import contracts, nodes
from fullreserve.custody.addresses import (
    EvmAddresses,
    MemoAddresses,
    UtxoAddresses,
    checksummed,
    memo_of,
)
from fullreserve.custody.chains import evm, utxo, utxo_reading, utxo_transaction
from fullreserve.custody.chains import evm_transaction as tx
from fullreserve.custody.chains.adapter import Attempt, Chain, Deposit, Payment, Plan
from fullreserve.custody.chains.following import Cursor, Report, Seen, Terms, advance
from fullreserve.custody.chains.rpc import Node
from fullreserve.custody.hd import Private, Public
from fullreserve.custody.signing import EvmPolicy, UtxoPolicy, lane_of

TERMS = Terms(credit_after=2, unlock_after=3)
COIN, TOKEN = 2, 6
# A node that is silent is waited for so long; one that is well is slow on two busy cores.
NODE_TIMEOUT_S = 3
# Addresses: of each a balance is asked after every block that runs a contract.
KNOWN = 300
GAS = 300_000
ETHER = 10**18
# A contract that sends what it is sent on to the account in its data, by an internal call, as a
# smart-contract wallet does: CALL(GAS, CALLDATALOAD(0), CALLVALUE, 0, 0, 0, 0).
FORWARDER = bytes.fromhex("6000600060006000346000355af100")
COINS = 48  # of the hot wallet
ROOTS = [Private.of_seed(bytes([n]) * 32) for n in (1, 2, 3)]
NEWEST = 8


class Approved:
    """Intents of a test: what it says was approved."""

    def __init__(self, *payments: Payment) -> None:
        self.by_id = {one.withdrawal: one for one in payments}

    def payments(self, plan: Plan) -> Sequence[Payment]:
        return [self.by_id[one] for one in plan.withdrawals]


class KnownScripts(UtxoAddresses):
    """Keeps what it derived: each chain of a bed asks for the same."""

    @cache  # noqa: B019 - of a few that live as long as the tests
    def place(self, index: int) -> bytes:
        return super().place(index)


class KnownAccounts(EvmAddresses):
    """The same of accounts."""

    @cache  # noqa: B019 - as above
    def place(self, index: int) -> bytes:
        return super().place(index)


@cache
def scripts(hrp: str) -> UtxoAddresses:
    """Those of all beds of a chain of coins."""
    return KnownScripts([root.public() for root in ROOTS], 2, hrp)


@cache
def accounts(branch: Public) -> EvmAddresses:
    """Those of all beds of a chain of accounts."""
    return KnownAccounts(branch)


class Bed(ABC):
    """One chain under test."""

    url: str
    node: Node
    chain: Chain
    asset: int
    unit: int  # a sensible amount
    needs_memo = False
    _newest = 9

    @property
    @abstractmethod
    def outside(self) -> str:
        """The address of who pays."""

    @abstractmethod
    def over(self, url: str, known: int = KNOWN) -> Chain:
        """The same adapter through another address, for so many of ours."""

    @abstractmethod
    def pay(self, index: int, amount: int) -> bytes:
        """Somebody pays an address of ours; the transaction is what `again` takes."""

    @abstractmethod
    def again(self, raw: bytes) -> None:
        """Gives a transaction to the node once more."""

    @abstractmethod
    def mine(self, count: int = 1) -> None:
        """Blocks with whatever waits."""

    @abstractmethod
    def reorganise(self, depth: int, instead: bytes | None = None) -> None:
        """The newest blocks give way to others without their transactions, or with `instead`."""

    @abstractmethod
    def conflicting(self, raw: bytes) -> bytes:
        """Another transaction that takes what `raw` takes, to somebody else."""

    @abstractmethod
    def sign(self, plan: Plan, approved: Approved) -> Attempt:
        """What the signers make of a plan."""

    @abstractmethod
    def balance(self, index: int) -> int:
        """What the chain says an address of ours holds; on a chain with memos: the outsider's."""

    @abstractmethod
    def rival(self) -> AbstractContextManager[Chain]:
        """Through another real node, which holds another block at the newest height of ours."""

    @abstractmethod
    def close(self) -> None:
        """Ends its nodes."""

    def fresh(self) -> int:
        """An index that no test used."""
        self._newest += 1
        assert self._newest < KNOWN, "the chain knows too few addresses for so many tests"
        return self._newest

    def payment(self, withdrawal: int, index: int, amount: int) -> Payment:
        return Payment(withdrawal, self.asset, amount, self.chain.addresses.place(index))

    def cursor(self) -> Cursor:
        """Follows from the tip."""
        cursor = Cursor()
        list(advance(self.chain, cursor, TERMS))
        return cursor

    def reports(self, cursor: Cursor) -> list[Report]:
        return list(advance(self.chain, cursor, TERMS))


class EvmBed(Bed):
    """anvil, which mines on request; the outsider mints and pays from keys of his own."""

    chain: evm.EvmChain

    def __init__(self, chain_id: int, asset: int, *, memo: bool = False) -> None:
        self._asked: list[Node] = []
        self.process = nodes.start_anvil(chain_id)
        asyncio.run(self.process.ready(SystemClock()))
        self.url, self.asset = self.process.url, asset
        self.unit = 10**9 if asset == TOKEN else 10**15
        self.needs_memo = memo
        self.node = Node(self.url)
        self.rich = self.node.call("eth_accounts")[0]
        self.outsider = PrivateKey(bytes(31) + b"\x77")
        self.keys = {lane_of(key): key for key in (PrivateKey(bytes([9]) * 31 + bytes([n]))
                                                   for n in (1, 2, 3))}  # fmt: skip
        self.root = Private.of_seed(b"a seed of the tests alone, 32 by")
        self._root = self.root.public()
        self.token = self._deploy("DemoUSDT")
        self._make_terms(chain_id)
        self._fund()
        self.chain = self.over(self.url)

    @property
    def outside(self) -> str:
        return checksummed(lane_of(self.outsider))

    def _make_terms(self, chain_id: int) -> None:
        lanes = tuple(self.keys)
        self.terms = evm.Terms(1, chain_id, COIN, {TOKEN: self.token}, lanes, TERMS.unlock_after)

    def _fund(self) -> None:
        for account in (*self.keys, lane_of(self.outsider)):
            self.command(account, value=1000 * ETHER)
            self.command(self.token, contracts.call("mint(address,uint256)", account, 10**15))

    def over(self, url: str, known: int = KNOWN) -> evm.EvmChain:
        kind = evm.MemoChain if self.needs_memo else evm.EvmChain
        addresses = MemoAddresses(self._root) if self.needs_memo else accounts(self._root)
        self._asked.append(Node(url, timeout_s=NODE_TIMEOUT_S))
        chain = kind(self._asked[-1], addresses, self.terms)
        chain.know(1 if self.needs_memo else known)
        return chain

    def command(self, to: bytes | None, data: bytes = b"", value: int = 0) -> dict[str, str]:
        """By the owner of the token and of the coins, mined at once; the receipt."""
        call = {"from": self.rich, "data": "0x" + data.hex(), "value": hex(value)}
        call |= {"to": "0x" + to.hex()} if to is not None else {}
        told = self.node.call("eth_sendTransaction", call | {"gas": hex(6_000_000)})
        self.mine()
        receipt: dict[str, str] = self.node.call("eth_getTransactionReceipt", told)
        return receipt

    def _deploy(self, name: str) -> bytes:
        receipt = self.command(None, contracts.creation(name))
        return bytes.fromhex(receipt["contractAddress"][2:])

    def forwarder(self) -> bytes:
        """The account of a contract that sends on what it is sent."""
        size = len(FORWARDER)  # PUSH it, store it, and return it
        stored = bytes((0x5F + size,)) + FORWARDER + bytes.fromhex("600052")
        receipt = self.command(None, stored + bytes((0x60, size, 0x60, 32 - size, 0xF3)))
        return bytes.fromhex(receipt["contractAddress"][2:])

    def forward(self, contract: bytes, place: bytes, value: int) -> bytes:
        """The outsider has a contract send coins to a place."""
        raw = self._signed(self._next(), contract, value, place.rjust(32, b"\0"))
        self.again(raw)
        return raw

    def pay(self, index: int, amount: int) -> bytes:
        place = self.chain.addresses.place(index)
        memo = memo_of(index).encode() if self.needs_memo and index else b""
        return self.send(place, amount, memo)

    def send(self, place: bytes, amount: int, memo: bytes = b"") -> bytes:
        """From the outsider, in the bed's asset."""
        to, value, data = place, amount, memo
        if self.asset == TOKEN:
            to, value = self.token, 0
            data = contracts.call("transfer(address,uint256)", place, amount)
        raw = self._signed(self._next(), to, value, data)
        self.again(raw)
        return raw

    def spend(self, index: int, value: int, **bid: object) -> None:
        """Whoever has the key of an address of ours sends coins out of it; `bid`: its fields."""
        owner = Account.from_key(self.root.child(index).secret)
        call = {"to": "0x" + "99" * 20, "value": value, "chainId": self.terms.chain_id}
        call |= {"nonce": self._next(bytes.fromhex(owner.address[2:])), "gas": 21_000}
        bid = bid or {"maxFeePerGas": 10**11, "maxPriorityFeePerGas": 10**9}
        self.again(bytes(owner.sign_transaction(call | bid).raw_transaction))

    def _next(self, account: bytes | None = None) -> int:
        name = "0x" + (account or lane_of(self.outsider)).hex()
        return int(self.node.call("eth_getTransactionCount", name, "pending"), 16)

    def _signed(self, nonce: int, to: bytes, value: int, data: bytes, fee: int = 10**11) -> bytes:
        lane = lane_of(self.outsider)
        body = tx.Body(self.terms.chain_id, lane, nonce, to, value, data, GAS, 10**9, fee)
        self.last = body
        return body.signed(self.outsider.sign_recoverable(body.digest(), hasher=None)).raw

    def again(self, raw: bytes) -> None:
        self.node.call("eth_sendRawTransaction", "0x" + raw.hex())

    def mine(self, count: int = 1) -> None:
        self.node.call("anvil_mine", hex(count))

    def reorganise(self, depth: int, instead: bytes | None = None) -> None:
        given = [["0x" + instead.hex(), 0]] if instead is not None else []
        self.node.call("anvil_reorg", depth, given)

    def conflicting(self, raw: bytes) -> bytes:
        last = self.last
        return self._signed(last.nonce, b"\x99" * 20, 1, b"", fee=2 * last.max_fee)

    def sign(self, plan: Plan, approved: Approved) -> Attempt:
        policy = EvmPolicy(self.terms, self.keys, self.chain.addresses, self.root)
        signature = policy.sign(plan, approved.payments(plan))
        return tx.read_body(plan.body).signed(signature)

    def balance(self, index: int) -> int:
        place = self.chain.addresses.place(index)
        if self.asset == COIN:
            return int(self.node.call("eth_getBalance", "0x" + place.hex(), "latest"), 16)
        asked = contracts.call("balanceOf(address)", place)
        call = {"to": "0x" + self.token.hex(), "data": "0x" + asked.hex()}
        return int(self.node.call("eth_call", call, "latest"), 16)

    @contextmanager
    def rival(self) -> Iterator[Chain]:
        process = nodes.start_anvil(self.terms.chain_id)
        try:
            asyncio.run(process.ready(SystemClock()))
            node = Node(process.url)
            self._asked.append(node)
            node.call("anvil_mine", hex(self.chain.tip().height))
            yield self.over(process.url)
        finally:
            process.kill()

    def close(self) -> None:
        for node in (*self._asked, self.node):
            node.close()
        self.process.kill()


class UtxoBed(Bed):
    """Two nodes that do not know each other: the second grows the branch that wins."""

    asset = 4
    unit = 1_000_000

    def __init__(self, start: Callable[[Path, str], nodes.NodeProcess], folder: Path,
                 hrp: str, blocks: int) -> None:  # fmt: skip
        self._hrp = hrp
        self._asked: list[Node] = []
        self.roots = list(ROOTS)
        self._outside = PrivateKey(bytes(31) + b"\x55")
        outside = Private(self._outside.secret, bytes(32))
        self._addresses = UtxoAddresses([outside.public()], 1, hrp)
        self._pays_to = self._addresses.address(0)
        self._start: Callable[[str], nodes.NodeProcess] = lambda name: start(
            folder / name, self._pays_to
        )
        self._processes: list[nodes.NodeProcess] = []
        self._scanned: dict[bytes, Sequence[Deposit]] = {}
        self.url = self._ready("one")
        self.node = Node(self.url)
        genesis = bytes.fromhex(self.node.call("getblockhash", 0))
        self.terms = utxo_reading.Terms(3, self.asset, genesis)
        self.chain: utxo.UtxoChain = self.over(self.url)
        self.mine(blocks)
        alone = utxo_reading.Terms(3, self.asset, genesis, keys=1, threshold=1)
        self.outsider = utxo.UtxoChain(self.node, self._addresses, alone)
        self.outsider.know(1)
        self._outsiders = outside
        for height in range(1, blocks - 100):
            block = self.chain.block(height)
            assert block is not None
            for deposit in self.outsider.scan(block, {}).deposits:
                self.outsider.take_coin(deposit)
        self._fund()
        self.agree()

    @property
    def outside(self) -> str:
        return self._pays_to

    def _fund(self) -> None:
        """Gives our hot wallet coins."""
        cursor = self.cursor()
        self.send([self.payment(0, 0, 40 * self.unit + number) for number in range(COINS)])
        self.mine()
        for report in self.reports(cursor):
            if isinstance(report, Seen) and report.deposit.index == 0:
                self.chain.take_coin(report.deposit)

    def _ready(self, name: str) -> str:
        """Starts a node; its address. A node ends with the thread that starts it."""
        self._processes.append(process := self._start(name))
        with ThreadPoolExecutor(1) as thread:  # the caller's may have a loop that runs
            thread.submit(asyncio.run, process.ready(SystemClock())).result()
        return process.url

    @cached_property
    def _second(self) -> tuple[Node, str]:
        """The other node and its address, started for who asks: most tests need one node alone."""
        url = self._ready("other")
        return Node(url), url

    @property
    def _is_doubled(self) -> bool:
        return len(self._processes) > 1

    @property
    def other(self) -> Node:
        """The second node, with the blocks up to the height that both agreed on last."""
        node, _ = self._second
        for height in range(node.call("getblockcount") + 1, self._agreed + 1):
            self.hand_over(self.node, node, self.node.call("getblockhash", height))
        return node

    @property
    def other_url(self) -> str:
        assert self.other
        return self._second[1]

    def over(self, url: str, known: int = KNOWN) -> utxo.UtxoChain:
        self._asked.append(Node(url, timeout_s=NODE_TIMEOUT_S))
        chain = utxo.UtxoChain(self._asked[-1], scripts(self._hrp), self.terms)
        chain.know(known)
        return chain

    def pay(self, index: int, amount: int) -> bytes:
        return self.send([self.payment(0, index, amount)])

    def send(self, payments: Sequence[Payment]) -> bytes:
        """From the outsider, who uses each coin once."""
        self._spent = self.outsider.plan(payments, [])
        attempt = self._signed(self._spent)
        for coin in utxo_transaction.read_body(self._spent.body).inputs:
            del self.outsider.coins[coin.outpoint()]
        self.again(attempt.raw)
        return attempt.raw

    def _signed(self, plan: Plan) -> Attempt:
        body = utxo_transaction.read_body(plan.body)
        policy = UtxoPolicy(self._addresses, 10**6, 1, 1, self._outsiders)
        approved = [Payment(0, self.asset, one.amount, one.script) for one in body.pays]
        part = policy.sign(plan, approved, self.outsider.previous(plan))
        return utxo_transaction.completed([part])

    def again(self, raw: bytes) -> None:
        self.node.call("sendrawtransaction", raw.hex())

    def mine(self, count: int = 1) -> None:
        self._mine(self.node, count)

    def _mine(self, node: Node, count: int, pays_to: str = "") -> list[str]:
        """A few at a time: a busy machine takes long for hundreds, and a node is waited for."""
        mined: list[str] = []
        while len(mined) < count:
            some = min(count - len(mined), 20)
            if self._hrp == "bcrt":
                mined += node.call("generate", some)
            else:
                mined += node.call("generatetoaddress", some, pays_to or self._pays_to)
        return mined

    @staticmethod
    def hand_over(source: Node, target: Node, hash_: str) -> None:
        target.call("submitblock", source.call("getblock", hash_, 0))

    def reorganise(self, depth: int, instead: bytes | None = None) -> None:
        if instead is not None:
            self.other.call("sendrawtransaction", instead.hex())
        other, tip = self.other, self.node.call("getblockcount")
        behind = tip - other.call("getblockcount")
        assert behind >= depth, "the test mined too few blocks since the two nodes agreed"
        for hash_ in self._mine(other, behind + 1):
            self.hand_over(other, self.node, hash_)

    def agree(self) -> None:
        """Both nodes hold one chain, from which a test may branch."""
        self._agreed: int = self.node.call("getblockcount")
        if self._is_doubled:
            assert self.other

    def conflicting(self, raw: bytes) -> bytes:
        body = utxo_transaction.read_body(self._spent.body)
        stranger = self._addresses.place(1)
        pays = (utxo_transaction.Pays(stranger, body.pays[0].amount),)
        other = msgspec.structs.replace(body, pays=pays)
        plan = msgspec.structs.replace(self._spent, body=msgspec.msgpack.encode(other))
        return self._signed(plan).raw

    def sign(self, plan: Plan, approved: Approved) -> Attempt:
        return self.signed_by(plan, approved, (0, 2))

    def signed_by(self, plan: Plan, approved: Approved, signers: Iterable[int]) -> Attempt:
        terms = self.terms
        of, roots = self.chain.addresses, [self.roots[one] for one in signers]
        policies = [UtxoPolicy(of, terms.rate_cap, 3, 2, root) for root in roots]
        known, made = approved.payments(plan), self.chain.previous(plan)
        whole = utxo_transaction.completed([one.sign(plan, known, made) for one in policies])
        self._judged(plan, whole)
        return whole

    def _judged(self, plan: Plan, whole: Attempt) -> None:
        """Criterion: CHAINS-JUDGED-1. By Bitcoin Core's own consensus library, each input."""
        transaction = pbk.Transaction(whole.raw)
        # Taproot wants all coins that are spent; there is none among ours.
        flags = pbk.ScriptVerificationFlags.ALL & ~pbk.ScriptVerificationFlags.TAPROOT
        for number, coin in enumerate(utxo_transaction.read_body(plan.body).inputs):
            place = pbk.ScriptPubkey(self.chain.addresses.place(coin.index))
            assert place.verify(coin.amount, transaction, None, number, flags), (plan, number)

    def balance(self, index: int) -> int:
        """By the newest blocks: an index is used by one test."""
        tip, held = self.node.call("getblockcount"), 0
        for height in range(tip - NEWEST, tip + 1):
            block = self.chain.block(height)
            assert block is not None
            if block.hash not in self._scanned:
                self._scanned[block.hash] = self.chain.scan(block, {}).deposits
            held += sum(one.amount for one in self._scanned[block.hash] if one.index == index)
        return held

    @contextmanager
    def rival(self) -> Iterator[Chain]:
        self.agree()
        other = self.other
        self.mine()
        # To somebody else: what two nodes mine to one within a second may be one block.
        mined = self._mine(other, 1, self._addresses.address(1))
        yield self.over(self.other_url)
        # The next test begins with one chain.
        for hash_ in (*mined, *self._mine(other, 1)):
            self.hand_over(other, self.node, hash_)

    def close(self) -> None:
        second = [self._second[0]] if self._is_doubled else []
        for node in (*self._asked, self.node, *second):
            node.close()
        for process in self._processes:
            process.kill()


def deposits(reports: Iterable[Report]) -> list[Deposit]:
    return [one.deposit for one in reports if isinstance(one, Seen)]
