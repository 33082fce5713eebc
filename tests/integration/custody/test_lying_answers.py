"""Goal: a node whose answers are well formed and untrue has nothing credited, signed, or refunded.

Method: real nodes behind a server that changes one thing of what they say; each lie is named by the
adapter's refusal, and the same is taken from the node once it tells the truth.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs

from fullreserve.custody.chains import utxo
from fullreserve.custody.chains.adapter import Attempt, Chain, Plan, Standing
from fullreserve.custody.chains.evm_transaction import read_body
from fullreserve.custody.chains.following import Report, advance, restore, store
from fullreserve.custody.chains.raw_block import double_sha256
from fullreserve.custody.chains.rpc import NodeGarbage
from tests.integration.custody.liar import REFUSED, Liar, Lie
from tests.integration.custody.outsiders import TERMS, Approved, Bed, EvmBed, UtxoBed, deposits
from tests.unit.custody.made_headers import rehashed

ACCOUNTS, COINS = ("evm", "erc20", "memo"), ("litecoin", "bitcoin")
BLOCK = ("eth_getBlockByNumber", "eth_getBlockByHash")
OTHER = "0x" + "99" * 20
UNCOVERED = ("effectiveGasPrice", "gasUsed")  # of a receipt


@pytest.fixture(autouse=True)
def agreed(bed: Bed) -> None:
    if isinstance(bed, UtxoBed):
        bed.agree()


@contextmanager
def told(bed: Bed, lie: Lie) -> Iterator[Chain]:
    """The adapter over a node that lies; it knows the coins of the bed's."""
    with Liar(bed.url) as liar:
        chain = bed.over(liar.url, bed.fresh())
        if isinstance(bed, UtxoBed) and isinstance(chain, utxo.UtxoChain):
            chain.coins = dict(bed.chain.coins)
        liar.lie = lie
        yield chain


def is_refused(bed: Bed, lie: Lie, why: str, blocks: int = 1) -> None:
    """Somebody pays us, and nothing of it is credited by a liar's word; it is by the truth."""
    cursor = bed.cursor()
    bed.mine(2)
    bed.reports(cursor)
    bed.pay(bed.fresh(), bed.unit)
    bed.pay(bed.fresh(), bed.unit)
    bed.mine(blocks)
    before = store(cursor)
    reports: list[Report] = []
    with told(bed, lie) as chain, pytest.raises(NodeGarbage, match=why):
        reports.extend(advance(chain, restore(before), TERMS))
    assert deposits(reports) == []
    assert len(deposits(bed.reports(restore(before)))) == 2


def with_block(change: Callable[[dict[str, Any]], None], *, whole: bool = False) -> Lie:
    """A change of each block that is told, or of those alone that are told with transactions."""

    def lie(method: str, _asked: list[Any], result: Any) -> Any:
        is_meant = method in BLOCK and isinstance(result, dict)
        if is_meant and (not whole or any(isinstance(one, dict) for one in result["transactions"])):
            result = copy.deepcopy(result)
            change(result)
        return result

    return lie


# What is watched


@pytest.mark.parametrize("blocks", [1, 3])
def test_a_block_of_another_height(bed: Bed, blocks: int) -> None:
    """Each block asked for is told as the one below it. Criterion: CHAINS-LIES-1."""

    def lie(method: str, asked: list[Any], result: Any) -> Any:
        if method == "eth_getBlockByNumber" and asked[0] != "latest":
            return bed.node.call(method, hex(int(asked[0], 16) - 1), *asked[1:])
        if method == "getblockhash" and asked[0]:
            return bed.node.call(method, asked[0] - 1)
        return result

    is_refused(bed, lie, "asked for block", blocks)


def test_a_block_that_follows_another(bed: Bed) -> None:
    """Its header is one that has its hash. Criterion: CHAINS-LIES-1."""
    first = bed.chain.tip().height
    forged: dict[str, str] = {}  # of coins: headers by their hash

    def lie(method: str, asked: list[Any], result: Any) -> Any:
        if method == "eth_getBlockByNumber" and int(result["number"], 16) > first:
            result = dict(result) | {"parentHash": "0x" + "77" * 32}
            rehashed(result)
        if method == "getblockhash" and asked[0] > first:
            header = bytes.fromhex(bed.node.call("getblockheader", result, False))
            header = header[:4] + b"\x77" * 32 + header[36:]
            result = double_sha256(header)[::-1].hex()
            forged[result] = header.hex()
        if method == "getblockheader":
            result = forged.get(asked[0], result)
        return result

    is_refused(bed, lie, "follows 7777")


def test_a_height_that_goes_backwards(bed: Bed) -> None:
    """Nothing gives way that a node has lost: it is behind itself. Criterion: CHAINS-LIES-2."""
    cursor = bed.cursor()
    bed.pay(bed.fresh(), bed.unit)
    bed.mine(3)
    bed.reports(cursor)
    newest = bed.chain.tip().height - 3

    def lie(method: str, asked: list[Any], result: Any) -> Any:
        if method == "eth_getBlockByNumber":
            wanted = newest if asked[0] == "latest" else int(asked[0], 16)
            return None if wanted > newest else bed.node.call(method, hex(wanted), *asked[1:])
        if method == "getblockhash" and asked[0] > newest:
            return REFUSED
        return newest if method == "getblockcount" else result

    before = store(cursor)
    with told(bed, lie) as chain, pytest.raises(NodeGarbage, match=f"{newest}, lies below"):
        list(advance(chain, cursor, TERMS))
    assert bed.reports(restore(before)) == []


def test_a_node_of_another_network(bed: Bed) -> None:
    """Criterion: CHAINS-LIES-3."""

    def lie(method: str, asked: list[Any], result: Any) -> Any:
        if method == "getblockhash" and asked[0] == 0:
            return "00" * 31 + "01"
        return "0x1" if method == "eth_chainId" else result

    is_refused(bed, lie, "of chain 1, not|of another chain")


@pytest.mark.parametrize("bed", ACCOUNTS, indirect=True)
def test_a_transaction_that_is_not_what_its_hash_says(bed: EvmBed) -> None:
    """A thousand times as much in it, or a sender who did not sign it. Criterion: CHAINS-LIES-4."""

    def more(block: dict[str, Any]) -> None:
        for one in block["transactions"]:
            one["value"] = hex(int(one["value"], 16) + 1000)

    def of_another(block: dict[str, Any]) -> None:
        for one in block["transactions"]:
            one["from"] = OTHER

    def renamed(block: dict[str, Any]) -> None:
        for one in block["transactions"]:
            one["hash"] = one["hash"][:-2] + "00"

    covered = "not those that its hash covers"
    is_refused(bed, with_block(more, whole=True), covered)
    is_refused(bed, with_block(of_another, whole=True), "signed by another than its sender")
    # Of tokens a log's transaction is another then.
    is_refused(bed, with_block(renamed, whole=True), "not what its hash says|no receipt")


@pytest.mark.parametrize("bed", ACCOUNTS, indirect=True)
def test_a_transaction_of_another_block(bed: EvmBed) -> None:
    """A payment of before, once more, and one that is told twice. Criterion: CHAINS-LIES-4."""
    bed.pay(bed.fresh(), bed.unit)
    bed.mine()
    older = bed.node.call("eth_getBlockByNumber", "latest", True)["transactions"][0]

    def again(block: dict[str, Any]) -> None:
        block["transactions"].append(older)

    is_refused(bed, with_block(again, whole=True), "not those that its hash covers")


@pytest.mark.parametrize("bed", ["evm"], indirect=True)
def test_a_block_of_many_transactions_is_believed(bed: EvmBed) -> None:
    """More than one byte counts. Criterion: CHAINS-LIES-4."""
    next_ = int(bed.node.call("eth_getTransactionCount", bed.rich, "latest"), 16)
    call = {"from": bed.rich, "to": OTHER}
    calls = [("eth_sendTransaction", [call | {"nonce": hex(next_ + one)}]) for one in range(140)]
    names = bed.node.calls(calls)
    bed.mine()
    block = bed.chain.tip()
    assert bed.chain.scan(block, {}).transactions == len(names)
    assert len(bed.chain._blocks.receipts(bed.chain._blocks.of(block))) == len(names)


@pytest.mark.parametrize("bed", COINS, indirect=True)
def test_a_block_of_coins_with_a_transaction_twice(bed: UtxoBed) -> None:
    """The root of three is that of four, the last one twice. Criterion: CHAINS-LIES-4."""

    def lie(method: str, asked: list[Any], result: Any) -> Any:
        if method == "getblock" and not asked[1] and result[160:162] == "03":
            names = bed.node.call(method, asked[0], 1)["tx"]
            last = bed.node.call("getrawtransaction", names[-1], 0)
            return result[:160] + "04" + result[162:] + last
        return result

    is_refused(bed, lie, "holds a transaction twice")


@pytest.mark.parametrize("bed", ["erc20"], indirect=True)
def test_a_log_of_what_no_receipt_holds(bed: EvmBed) -> None:
    """Also where receipts are told that say the same. Criterion: CHAINS-LIES-5."""

    def lie(method: str, _asked: list[Any], result: Any) -> Any:
        if method == "eth_getLogs":
            return [one | {"data": "0x" + "0f" * 32} for one in result]
        return result

    def consistent(method: str, asked: list[Any], result: Any) -> Any:
        if method == "eth_getTransactionReceipt" and result:
            return result | {"logs": lie("eth_getLogs", asked, result["logs"])}
        return lie(method, asked, result)

    is_refused(bed, lie, "not those of its receipts")
    is_refused(bed, consistent, "receipts are not those that its hash covers")


def internal_payment(bed: EvmBed) -> bytes:
    """A contract of a stranger's sends coins to an address of ours, whose place is told."""
    place = bed.chain.addresses.place(bed.fresh())
    bed.forward(bed.forwarder(), place, bed.unit)
    bed.mine()
    return place


@pytest.mark.parametrize("bed", ["evm"], indirect=True)
def test_a_balance_that_jumps(bed: EvmBed) -> None:
    """In a block that runs code, where balances alone tell. Criterion: CHAINS-LIES-6."""
    place = internal_payment(bed)
    block, account = bed.chain.tip(), "0x" + place.hex()

    def lie(method: str, asked: list[Any], result: Any) -> Any:
        is_after = method == "eth_getBalance" and asked == [account, {"blockHash": hash_}]
        return hex(int(result, 16) + 10**18) if is_after else result

    def proved(method: str, asked: list[Any], result: Any) -> Any:
        if method == "eth_getProof":
            result = copy.deepcopy(result) | {"balance": "0xffff"}
            result["accountProof"][-1] = result["accountProof"][-1][:-2] + "00"
        return lie(method, asked, result)

    def cheap(method: str, _asked: list[Any], result: Any) -> Any:
        is_it = method == "eth_getTransactionReceipt"
        return result | {"cumulativeGasUsed": "0x1"} if is_it else result

    hash_ = "0x" + block.hash.hex()
    for one, why in ((lie, "did not get"), (proved, "not what its block's state holds"),
                     (cheap, "receipts are not those")):  # fmt: skip
        with told(bed, one) as chain, pytest.raises(NodeGarbage, match=why):
            chain.internal(block)
    assert [one.amount for one in bed.chain.internal(block) or ()] == [bed.unit]


@pytest.mark.parametrize("bed", ["evm"], indirect=True)
def test_a_fee_of_our_own_that_no_hash_covers(bed: EvmBed) -> None:
    """It would be credited as a contract's payment. Criterion: CHAINS-LIES-6.

    The address pays in each way there is, and what it gets is told to the wei.
    """
    index, place = spending(bed)
    contract = bed.forwarder()
    for bid in ({"gasPrice": 3 * 10**9}, {"gasPrice": 4 * 10**9, "accessList": []},
                {"maxFeePerGas": 5 * 10**9, "maxPriorityFeePerGas": 5 * 10**9},
                {"maxFeePerGas": 10**11, "maxPriorityFeePerGas": 7}):  # fmt: skip
        bed.spend(index, 1_000, **bid)
    bed.forward(contract, place, bed.unit)
    bed.mine()
    block = bed.chain.tip()
    kinds = bed.node.call("eth_getBlockByHash", "0x" + block.hash.hex(), True)["transactions"]
    assert {one["type"] for one in kinds} == {"0x0", "0x1", "0x2"}

    def lie(method: str, _asked: list[Any], result: Any) -> Any:
        if method == "eth_getTransactionReceipt":
            more = {name: hex(int(result[name], 16) + 10**9) for name in UNCOVERED}
            return result | more
        return result

    dearer = with_block(dear, whole=True)
    for one in (lie, dearer):
        with told(bed, one) as chain:
            found = chain.internal(block) or []
        assert [(one.index, one.amount) for one in found] == [(index, bed.unit)]


@pytest.mark.parametrize("bed", ["evm"], indirect=True)
def test_a_sender_who_sent_another_transaction(bed: EvmBed) -> None:
    """What a stranger paid, an address of ours would have back. Criterion: CHAINS-LIES-6."""
    index, place = spending(bed)
    contract = bed.forwarder()
    bed.spend(index, 1_000)
    bed.forward(contract, place, bed.unit)
    bed.send(bytes.fromhex(OTHER[2:]), 7 * bed.unit)
    bed.mine()
    block, account = bed.chain.tip(), "0x" + place.hex()

    def exchanged(block: dict[str, Any]) -> None:
        own = next(one for one in block["transactions"] if one["from"] == account)
        other = next(one for one in block["transactions"] if one["value"] == hex(7 * bed.unit))
        own["from"], other["from"] = other["from"], account

    lie = with_block(exchanged, whole=True)
    with told(bed, lie) as chain, pytest.raises(NodeGarbage, match="signed by another"):
        chain.internal(block)
    assert [one.amount for one in bed.chain.internal(block) or ()] == [bed.unit]


def spending(bed: EvmBed) -> tuple[int, bytes]:
    """An address of ours that has coins to spend: its index, and its place."""
    index = bed.fresh()
    place = bed.chain.addresses.place(index)
    bed.node.call("anvil_setBalance", "0x" + place.hex(), hex(10**18))
    bed.mine()
    return index, place


def dear(block: dict[str, Any]) -> None:
    """The price that nodes tell of each transaction, which is none of the bids of newer kinds."""
    for one in block["transactions"]:
        if "maxFeePerGas" in one:
            one["gasPrice"] = hex(10**15)


@pytest.mark.parametrize("bed", ["evm"], indirect=True)
def test_a_balance_that_no_proof_is_given_of(bed: EvmBed) -> None:
    """It is left to people. Criterion: CHAINS-LIES-6."""
    internal_payment(bed)

    def lie(method: str, _asked: list[Any], result: Any) -> Any:
        return REFUSED if method == "eth_getProof" else result

    with told(bed, lie) as chain:
        assert chain.internal(bed.chain.tip()) is None


# What is paid


def paid(bed: Bed) -> tuple[Plan, Attempt]:
    """A payment of ours that the node holds."""
    index = bed.fresh()
    payment = bed.payment(index, index, bed.unit)
    plan = bed.chain.plan([payment], ())
    attempt = bed.sign(plan, Approved(payment))
    bed.chain.broadcast(attempt)
    return plan, attempt


def test_a_receipt_of_another_transaction(bed: Bed) -> None:
    """A payment in no block is not paid by one that is in a block. Criterion: CHAINS-LIES-7."""
    _, other = paid(bed)
    bed.mine()
    plan, attempt = paid(bed)
    name, is_renamed = other.txid.hex(), False

    def lie(method: str, asked: list[Any], result: Any) -> Any:
        if method == "eth_getTransactionReceipt":
            found = bed.node.call(method, "0x" + name)
            return found | {"transactionHash": asked[0]} if is_renamed else found
        if method == "getrawtransaction" and asked[1]:
            return bed.node.call(method, name, 1)
        return result

    for is_renamed in (False, True):
        why = "does not hold" if is_renamed else "told of another transaction's|does not hold"
        with told(bed, lie) as chain, pytest.raises(NodeGarbage, match=why):
            chain.standing(plan, [attempt.txid])
    assert bed.chain.standing(plan, [attempt.txid]) == Standing(known=True)
    bed.mine()
    assert bed.chain.standing(plan, [attempt.txid]).confirmations == 1


@pytest.mark.parametrize("bed", ACCOUNTS, indirect=True)
def test_a_receipt_that_says_that_nothing_was_done(bed: EvmBed) -> None:
    """It would be refunded, and is paid. Criterion: CHAINS-LIES-7."""
    plan, attempt = paid(bed)
    bed.mine()

    def lie(method: str, _asked: list[Any], result: Any) -> Any:
        is_it = method == "eth_getTransactionReceipt"
        return result | {"status": "0x0", "logs": []} if is_it else result

    with told(bed, lie) as chain, pytest.raises(NodeGarbage, match="receipts are not those"):
        chain.standing(plan, [attempt.txid])
    assert bed.chain.standing(plan, [attempt.txid]).paid


@pytest.mark.parametrize("bed", COINS, indirect=True)
@pytest.mark.parametrize("part", ["value", "script"])
def test_a_coin_that_is_another(bed: UtxoBed, part: str) -> None:
    """Nothing is planned with it. Criterion: CHAINS-LIES-8."""

    def lie(method: str, _asked: list[Any], result: Any) -> Any:
        if method != "gettxout" or result is None:
            return result
        if part == "value":
            return result | {"value": 1000 * result["value"]}
        return result | {"scriptPubKey": result["scriptPubKey"] | {"hex": "0014" + "99" * 20}}

    payment = bed.payment(1, bed.fresh(), bed.unit)
    with told(bed, lie) as chain, pytest.raises(NodeGarbage, match="told of another coin than"):
        chain.plan([payment], ())
    assert bed.chain.plan([payment], ()).fee


@pytest.mark.parametrize("bed", ACCOUNTS, indirect=True)
def test_a_fee_of_accounts_that_is_absurd(bed: EvmBed) -> None:
    """Not the header's, or in a header of its own: then the cap ends it. CHAINS-LIES-9."""

    def higher(block: dict[str, Any]) -> None:
        block["baseFeePerGas"] = hex(10**24)

    def forged(block: dict[str, Any]) -> None:
        higher(block)
        rehashed(block)

    payment = bed.payment(1, bed.fresh(), bed.unit)
    with told(bed, with_block(higher)) as chain:
        for ask in (lambda: chain.plan([payment], ()), lambda: chain.payment_cost(bed.asset)):
            with pytest.raises(NodeGarbage, match="not what its hash says"):
                ask()
    with told(bed, with_block(forged)) as chain:
        body = read_body(chain.plan([payment], ()).body)
        assert body.max_fee == bed.terms.max_fee_cap


@pytest.mark.parametrize("bed", COINS, indirect=True)
def test_a_fee_of_coins_that_is_absurd(bed: UtxoBed) -> None:
    """The cap ends it, which is said. Criterion: CHAINS-LIES-9."""

    def lie(method: str, _asked: list[Any], result: Any) -> Any:
        return {"feerate": 10, "blocks": 6} if method == "estimatesmartfee" else result

    payment = bed.payment(1, bed.fresh(), bed.unit)
    with told(bed, lie) as chain, capture_logs() as said:
        fees = [chain.plan([payment], ()).fee for _ in range(2)]
        size = chain.payment_cost(bed.asset) // bed.terms.rate_cap
    assert max(fees) <= bed.terms.rate_cap * size
    assert [one["event"] for one in said].count("fee estimate above the cap") == 1
