"""Goal: what we put together is what independent libraries put together.

Method: eth-account decodes and re-signs our transactions; embit and Bitcoin Core's library judge
what is of Bitcoin's family.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import pytest
from coincurve import PrivateKey
from embit.script import Script
from embit.transaction import Transaction, TransactionInput, TransactionOutput
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from fullreserve.custody import rlp
from fullreserve.custody.addresses import EvmAddresses, UtxoAddresses, checksummed
from fullreserve.custody.chains import evm, raw_block
from fullreserve.custody.chains import evm_transaction as evm_tx
from fullreserve.custody.chains import utxo_transaction as utxo_tx
from fullreserve.custody.chains.adapter import Move, Payment, Plan, Unpayable
from fullreserve.custody.chains.rpc import NodeGarbage
from fullreserve.custody.hd import Private
from fullreserve.custody.holdings import COLD_INDEX
from fullreserve.custody.ownership import sign_as_key
from fullreserve.custody.signing import BRANCH, EvmPolicy, UtxoPolicy, WillNotSign, lane_of

KEY = PrivateKey(b"\x07" * 32)
LANE = lane_of(KEY)
TOKEN = b"\x22" * 20
TARGET = b"\x33" * 20
TERMS = evm.Terms(1, 31_337, 2, {6: TOKEN}, (LANE,))
USERS = Private.of_seed(b"u" * 32)
POLICY = EvmPolicy(TERMS, {LANE: KEY}, EvmAddresses(USERS.public()), USERS)

ROOTS = [Private.of_seed(bytes([number]) * 32) for number in (1, 2, 3)]
HOT = UtxoAddresses([root.public() for root in ROOTS], 2, "bcrt")
SATS = 4


@given(st.integers(0, 2**64), st.integers(0, 2**200), st.binary(max_size=100))
def test_a_signed_transaction_is_that_of_another_wallet(
    nonce: int, value: int, data: bytes
) -> None:
    """Criterion: CHAINS-PAY-7."""
    body = evm_tx.Body(31_337, LANE, nonce, TARGET, value, data, 60_000, 10, 10**11)
    ours = body.signed(KEY.sign_recoverable(body.digest(), hasher=None))
    told = {"type": 2, "chainId": 31_337, "nonce": nonce, "to": checksummed(TARGET)}
    told |= {"value": value, "data": data, "gas": 60_000}
    fees = {"maxPriorityFeePerGas": 10, "maxFeePerGas": 10**11}
    theirs = Account.sign_transaction(told | fees, KEY.secret)
    assert (ours.raw, ours.txid) == (bytes(theirs.raw_transaction), bytes(theirs.hash))


def test_lists_and_long_strings_are_encoded() -> None:
    """The examples of the encoding's description. Criterion: CHAINS-PAY-7."""
    assert rlp.encode([b"cat", b"dog"]).hex() == "c88363617483646f67"
    assert rlp.encode([[], [[]], [[], [[]]]]).hex() == "c7c0c1c0c3c0c1c0"
    assert rlp.encode(b"a" * 56)[:2].hex() == "b838"
    assert rlp.encode(1024).hex() == "820400"


def evm_plan(body: evm_tx.Body) -> Plan:
    fixed = evm_tx.binding(body.lane, body.nonce)
    return Plan(1, (9,), fixed, msgspec.json.encode(body), 1)


PAYMENT = Payment(9, 6, 1_000, TARGET)
OTHER_CALL = "target, value or call are not those of the approved withdrawal"
OUTSIDE = "the fee is outside the band"
GOOD = evm_tx.Body(31_337, LANE, 4, *evm_tx.call_of(PAYMENT, TOKEN), evm_tx.GAS_TOKEN, 10, 10**11)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"chain_id": 1}, "another chain"),
        ({"to": TARGET}, OTHER_CALL),
        ({"value": 1}, OTHER_CALL),
        ({"data": evm_tx.call_of(Payment(9, 6, 1_001, TARGET), TOKEN)[2]}, OTHER_CALL),
        ({"data": evm_tx.call_of(Payment(9, 6, 1_000, LANE), TOKEN)[2]}, OTHER_CALL),
        # The call of approve, with the same words.
        ({"data": bytes.fromhex("095ea7b3") + GOOD.data[4:]}, OTHER_CALL),
        ({"data": GOOD.data + b"\0"}, OTHER_CALL),
        ({"gas": 10**7}, "the gas limit is none of ours"),
        ({"max_fee": 10**13}, OUTSIDE),
        ({"max_fee": 0}, OUTSIDE),
        ({"max_tip": 10**12}, OUTSIDE),
        ({"max_tip": 10**11}, "the tip is outside the band"),
        ({"lane": b"\x44" * 20}, "the lane is not one of this signer's"),
    ],
)
def test_a_signer_refuses_whatever_was_not_approved(change: dict[str, object], why: str) -> None:
    """A type-2 transaction of a plain key cannot hold a delegatecall; every call is compared.

    Criterion: CHAINS-SIGNER-1.
    """
    assert POLICY.sign(evm_plan(GOOD), [PAYMENT])
    altered = msgspec.structs.replace(GOOD, **change)
    with pytest.raises(WillNotSign, match=why):
        POLICY.sign(evm_plan(altered), [PAYMENT])


def test_a_signer_refuses_another_nonce_than_the_bound_one() -> None:
    """Criterion: CHAINS-SIGNER-2."""
    other = msgspec.structs.replace(evm_plan(GOOD), binding=evm_tx.binding(LANE, 5))
    with pytest.raises(WillNotSign, match="binding"):
        POLICY.sign(other, [PAYMENT])
    with pytest.raises(WillNotSign, match="read"):
        POLICY.sign(msgspec.structs.replace(evm_plan(GOOD), body=b"junk"), [PAYMENT])


def made(*amounts: int, script: bytes = HOT.place(0)) -> Transaction:
    """A stranger's transaction whose outputs hold so much, at the hot wallet's address."""
    outputs = [TransactionOutput(amount, Script(script)) for amount in amounts]
    return Transaction(vin=[TransactionInput(b"\x05" * 32, len(amounts))], vout=outputs)


FROM = made(7, 1_000_000)
SHOWN = (FROM.serialize(),)
COIN = utxo_tx.Coin(FROM.txid(), 1, 1_000_000)
PAID = Payment(9, SATS, 400_000, HOT.place(7))
OTHER_OUTPUTS = "the outputs are not those of the approved withdrawals"
BODY = utxo_tx.Body((COIN,), (utxo_tx.Pays(PAID.place, PAID.amount),), 597_000)


def utxo_plan(body: utxo_tx.Body) -> Plan:
    return Plan(3, (9,), utxo_tx.binding(body.inputs), msgspec.msgpack.encode(body), 1)


def policy(number: int) -> UtxoPolicy:
    return UtxoPolicy(HOT, 500, 3, 2, ROOTS[number])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"pays": (utxo_tx.Pays(HOT.place(8), 400_000),)}, OTHER_OUTPUTS),
        ({"pays": (utxo_tx.Pays(HOT.place(7), 400_001),)}, OTHER_OUTPUTS),
        # a second "change"
        ({"pays": (*BODY.pays, utxo_tx.Pays(HOT.place(9), 1_000))}, OTHER_OUTPUTS),
        ({"pays": ()}, OTHER_OUTPUTS),
        ({"change": 600_001}, OUTSIDE),  # more than there is
        ({"change": -1}, OUTSIDE),
        ({"change": 0}, OUTSIDE),  # all of it to the miner
        ({"inputs": (COIN, COIN)}, "an input stands twice"),
        ({"inputs": ()}, "the inputs are not those of the binding"),
    ],
)
def test_a_signer_refuses_other_outputs_and_fees(change: dict[str, object], why: str) -> None:
    """Criterion: CHAINS-SIGNER-1."""
    assert policy(0).sign(utxo_plan(BODY), [PAID], SHOWN)
    with pytest.raises(WillNotSign, match=why):
        policy(0).sign(utxo_plan(msgspec.structs.replace(BODY, **change)), [PAID], SHOWN)


USERS_COIN = made(1_000_000, script=HOT.place(5))
SHOWN_ALL = (*SHOWN, *(made(number, 9_000).serialize() for number in range(9)))
SHOWN_ALL = (*SHOWN_ALL, USERS_COIN.serialize())


def small(count: int) -> tuple[utxo_tx.Coin, ...]:
    """Coins of hot, of 9,000 each."""
    return tuple(utxo_tx.Coin(made(n, 9_000).txid(), 1, 9_000) for n in range(count))


def of_user(index: int = 5) -> utxo_tx.Coin:
    return utxo_tx.Coin(USERS_COIN.txid(), 0, 1_000_000, index)


def test_a_signer_takes_coins_of_hot_beside_those_of_the_binding() -> None:
    """To pay a higher fee, and only so: not of users, not too many. Criterion: CHAINS-SIGNER-7."""
    raised = msgspec.structs.replace(BODY, added=small(1), change=600_000)
    policy(0).sign(utxo_plan(raised), [PAID], SHOWN_ALL)
    for change, why in (
        ({"added": small(6)}, "more than 5"),
        ({"added": (of_user(),), "change": 1_590_000}, "from the hot wallet alone"),
        ({"added": (COIN,), "change": 1_590_000}, "stands twice"),
        ({"added": small(1) * 2}, "stands twice"),
        ({"added": small(1), "change": 610_000}, "outside the band"),
        ({"inputs": (of_user(),)}, "from the hot wallet alone"),
    ):
        wrong = msgspec.structs.replace(raised, **change)
        with pytest.raises(WillNotSign, match=why):
            policy(0).sign(utxo_plan(wrong), [PAID], SHOWN_ALL)
    # What it is bound to are the first ones: added coins do not come into it.
    moved = msgspec.structs.replace(raised, inputs=small(1), added=(COIN,))
    other = msgspec.structs.replace(utxo_plan(raised), body=msgspec.msgpack.encode(moved))
    with pytest.raises(WillNotSign, match="binding"):
        policy(0).sign(other, [PAID], SHOWN_ALL)


def test_what_moves_is_of_one_place_and_comes_whole_to_hot() -> None:
    """Criterion: CHAINS-SIGNER-7."""

    def moving(*inputs: utxo_tx.Coin, **more: Any) -> Plan:
        total = sum(one.amount for one in inputs)
        body = utxo_tx.Body(inputs, (), total - 3_000)
        plan = utxo_plan(msgspec.structs.replace(body, **more))
        return msgspec.structs.replace(plan, withdrawals=(), move=Move(SATS, 1, 1, "", 0))

    policy(0).sign(moving(*small(3)), [], SHOWN_ALL)
    policy(0).sign(moving(of_user()), [], SHOWN_ALL)
    for wrong in (
        moving(of_user(), *small(1)),
        moving(*small(2), added=(COIN,)),
        moving(*small(1), change=0),
    ):
        with pytest.raises(WillNotSign, match="a move brings|added to payments alone"):
            policy(0).sign(wrong, [], SHOWN_ALL)


def test_no_two_signatures_burn_a_coin_between_them() -> None:
    """Each commits to its own input's amount alone: who understates the other's gets none.

    Criterion: CHAINS-SIGNER-6.
    """
    one, two = made(50 * 10**8), made(50 * 10**8, 1)
    coins = [utxo_tx.Coin(of.txid(), 0, 50 * 10**8) for of in (one, two)]
    shown = [of.serialize() for of in (one, two)]
    honest = utxo_tx.Body((coins[0], coins[1]), (), 100 * 10**8 - 9_000)
    move = Move(SATS, 1, 1, "", honest.change)

    def asked(*inputs: utxo_tx.Coin, change: int = 50 * 10**8 - 8_000) -> Plan:
        body = utxo_tx.Body(inputs, (), change)
        return msgspec.structs.replace(utxo_plan(body), withdrawals=(), move=move)

    assert policy(0).sign(asked(*coins, change=honest.change), [], shown[::-1])
    for number in (0, 1):
        told = list(coins)
        told[number] = msgspec.structs.replace(coins[number], amount=1_000)
        with pytest.raises(WillNotSign, match="holds 5000000000, not 1000"):
            policy(0).sign(asked(*told), [], shown)
        # Of another transaction than the coin's, or none.
        for less in (shown[:1], [], [shown[0], made(1_000).serialize()]):
            with pytest.raises(WillNotSign, match="without the transaction that made it"):
                policy(0).sign(asked(*told[::-1]), [], less)


@pytest.mark.parametrize(
    ("shown", "why"),
    [
        ([made(9, 1_000_000, script=HOT.place(1)).serialize()], "without the transaction"),
        ([SHOWN[0][:-1]], "ends too soon"),
        ([SHOWN[0] + b"\0"], "followed by more"),
        ([b""], "ends too soon"),
        ([bytes(1_000_001)], "larger than a block"),
    ],
)
def test_what_a_coin_holds_is_on_nobodys_word(shown: list[bytes], why: str) -> None:
    """Criterion: CHAINS-SIGNER-6."""
    with pytest.raises(WillNotSign, match=why):
        policy(0).sign(utxo_plan(BODY), [PAID], shown)


def test_a_coin_of_another_address_is_none_of_the_wallets() -> None:
    """Criterion: CHAINS-SIGNER-6."""
    elsewhere = made(1_000_000, script=HOT.place(1))
    coin = utxo_tx.Coin(elsewhere.txid(), 0, 1_000_000)
    body = msgspec.structs.replace(BODY, inputs=(coin,))
    with pytest.raises(WillNotSign, match="does not lie at address 0"):
        policy(0).sign(utxo_plan(body), [PAID], [elsewhere.serialize()])


@pytest.mark.parametrize("index", [COLD_INDEX, COLD_INDEX + 1, -1])
def test_a_signer_spends_nothing_that_lies_cold(index: int) -> None:
    """Alone or beside hot coins, as a move or to pay a withdrawal. Criterion: CHAINS-SIGNER-1."""
    cold = made(1_000_000, script=HOT.place(COLD_INDEX))
    coin = utxo_tx.Coin(cold.txid(), 0, 1_000_000, index)
    shown = (*SHOWN, cold.serialize())
    for inputs in ((coin,), (COIN, coin)):
        total = sum(one.amount for one in inputs)
        pays = msgspec.structs.replace(BODY, inputs=inputs, change=total - 403_000)
        moves = utxo_tx.Body(inputs, (), total - 3_000)
        move = Move(SATS, 1, 1, "", moves.change)
        moved = msgspec.structs.replace(utxo_plan(moves), withdrawals=(), move=move)
        with pytest.raises(WillNotSign, match="neither hot nor"):
            policy(0).sign(utxo_plan(pays), [PAID], shown)
        with pytest.raises(WillNotSign, match="neither hot nor"):
            policy(0).sign(moved, [], shown)


def test_a_signer_proves_its_place_that_has_the_last_index() -> None:
    """Whose coins would not count as reserves else. Criterion: CHAINS-SIGNER-1."""
    key = PrivateKey(ROOTS[0].child(COLD_INDEX).secret)
    proof = policy(0).prove(f"{BRANCH}{COLD_INDEX}", "Fullreserve says so")
    assert proof == sign_as_key(key, "Fullreserve says so", policy(0).hrp)
    for other in (COLD_INDEX + 1, f"0{COLD_INDEX}", "-1", "x"):
        with pytest.raises(WillNotSign, match="no key of this signer's"):
            policy(0).prove(f"{BRANCH}{other}", "Fullreserve says so")


def test_a_stranger_key_signs_nothing() -> None:
    """Criterion: CHAINS-SIGNER-1."""
    stranger = UtxoPolicy(HOT, 500, 3, 2, USERS)
    with pytest.raises(WillNotSign, match="wallet"):
        stranger.sign(utxo_plan(BODY), [PAID], SHOWN)


@pytest.mark.parametrize("pair", [(0, 1), (1, 2), (0, 2)])
def test_any_two_of_three_sign_and_cores_library_agrees(pair: tuple[int, int]) -> None:
    """Criterion: CHAINS-PAY-8."""
    import pbk

    parts = [policy(one).sign(utxo_plan(BODY), [PAID], SHOWN) for one in pair]
    whole = utxo_tx.completed(parts)
    script, judged = pbk.ScriptPubkey(HOT.place(0)), pbk.Transaction(whole.raw)
    flags = pbk.ScriptVerificationFlags.ALL & ~pbk.ScriptVerificationFlags.TAPROOT
    assert script.verify(COIN.amount, judged, None, 0, flags)
    assert not script.verify(COIN.amount - 1, judged, None, 0, flags)
    with pytest.raises(Unpayable, match="do not suffice"):
        utxo_tx.completed(parts[:1])


def test_the_estimated_size_is_never_less_than_the_real_one() -> None:
    """Criterion: CHAINS-PAY-6."""
    parts = [policy(one).sign(utxo_plan(BODY), [PAID], SHOWN) for one in (0, 1)]
    signed = Transaction.parse(utxo_tx.completed(parts).raw)
    stripped = raw_block.read_transaction(signed.serialize()).plain
    whole, plain = len(signed.serialize()), len(stripped)
    real = -(-(3 * plain + whole) // 4)
    assert real <= utxo_tx.size(1, [34, 34], 3, 2) <= real + 5


def block_of(transactions: list[Transaction]) -> tuple[bytes, bytes]:
    root = raw_block.merkle_root([one.txid()[::-1] for one in transactions])
    header = bytes(36) + root + bytes(12)
    body = bytes((len(transactions),)) + b"".join(one.serialize() for one in transactions)
    return header + body, hashlib.sha256(hashlib.sha256(header).digest()).digest()[::-1]


def some(count: int) -> list[Transaction]:
    parts = [policy(one).sign(utxo_plan(BODY), [PAID], SHOWN) for one in (0, 1)]
    signed = Transaction.parse(utxo_tx.completed(parts).raw)
    plain = [
        Transaction(vin=[TransactionInput(bytes([n]) * 32, n, Script(bytes(n)))],
                    vout=[TransactionOutput(n, Script(b"\x51" * n)) for n in range(300)])
        for n in range(count - 1)
    ]  # fmt: skip
    return [*plain, signed]


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_a_block_is_read_as_another_library_reads_it(count: int) -> None:
    """Criterion: CHAINS-NODE-2."""
    held = some(count)
    data, hash_ = block_of(held)
    read = raw_block.read_transactions(data, hash_)
    assert [one.txid for one in read] == [one.txid() for one in held]
    for one, other in zip(read, held, strict=True):
        scripts = [(out.value, out.script_pubkey.data) for out in other.vout]
        assert [(out.amount, out.script) for out in one.outputs] == scripts
        assert one.spends == [raw_block.outpoint(i.txid, i.vout) for i in other.vin]


def test_every_broken_block_is_refused() -> None:
    """Criterion: CHAINS-NODE-2."""
    data, hash_ = block_of(some(2))
    for end in range(0, len(data) - 1, 97):
        with pytest.raises(NodeGarbage):
            raw_block.read_transactions(data[:end], hash_)
    for place in range(0, 12_000, 501):
        broken = bytearray(data)
        broken[place] ^= 1
        with pytest.raises(NodeGarbage):
            raw_block.read_transactions(bytes(broken), hash_)
