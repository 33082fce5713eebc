"""Goal: a memo that no transaction carries enters no address book, and is not withdrawn to.

Method: a user's session against a chain with memos, whose addresses are read as the payer does.
"""

from __future__ import annotations

import pytest

from fullreserve.custody.addresses import MemoAddresses
from fullreserve.custody.hd import Private
from fullreserve.exchange.products.custody_wire import DEPOSITS
from fullreserve.gateway.custody_desk import say
from tests.integration.operator.bed import Console
from tests.integration.rest.test_custody import terms

MEMO = 2
THERE = "0x" + "7b" * 20
NOT_DIGITS = ("\U0001f642", "\u0667", "12a", "1" * 21)


@pytest.fixture
async def memos(desk: Console) -> Console:
    """BTC on a chain with memos."""
    context = desk.town.rest.context
    assert (await say(context, DEPOSITS, terms(MEMO, "Memo", needs_memo=True))).code == 0
    branch = Private.of_seed(b"a seed of the tests alone, 32 by").public()
    context.addresses = {MEMO: MemoAddresses(branch)}
    return desk


@pytest.mark.parametrize(("memo", "code"), [*((one, "58222") for one in NOT_DIGITS), ("", "58221")])
async def test_a_memo_that_no_transaction_carries_is_refused(
    memos: Console, memo: str, code: str
) -> None:
    """Where it is entered and where it is withdrawn to. Criterion: CHAINS-ADDRESS-5."""
    book = "x/withdrawal-addresses"
    entered = {"chain": "BTC-Memo", "addr": f"{THERE}:{memo}", "label": "there"}
    added = await memos.dan.post(f"{book}/add", **entered)
    assert (added.code, "memo" in added.json["msg"]) == (code, True)
    assert (await memos.dan.get(book)).data == []
    order = {"ccy": "BTC", "amt": "1", "dest": "4", "chain": "BTC-Memo", "toAddr": entered["addr"]}
    # Also where an older exchange had taken it into the book.
    desk = memos.town.rest.context.desk
    text = entered["addr"].lower()
    await desk.act(desk.rooms.addresses.add, memos.dan_uid, MEMO, text, "there")
    assert (await memos.dan.post("asset/withdrawal", **order)).code == code


async def test_a_memo_of_digits_is_kept_as_it_was_written(memos: Console) -> None:
    """Criterion: CHAINS-ADDRESS-5."""
    for memo in ("7", "007"):
        text = f"{THERE}:{memo}"
        added = await memos.dan.post(
            "x/withdrawal-addresses/add", chain="BTC-Memo", addr=text, label="there"
        )
        assert added.row["addr"].partition(":")[2] == memo


async def test_no_wallet_of_the_exchange_comes_into_the_address_book(memos: Console) -> None:
    """Criterion: CHAINS-OWN-3. Whatever memo stands behind it."""
    context = memos.town.rest.context
    context.is_house = lambda network, text: (
        (network, text.partition(":")[0].lower()) == (MEMO, THERE.lower())
    )
    book = "x/withdrawal-addresses"
    entered = {"chain": "BTC-Memo", "addr": f"{THERE}:7", "label": "there"}
    refused = await memos.dan.post(f"{book}/add", **entered)
    assert refused.code == "58224"
    assert "no chain pays; allowed is a user's id, with dest 3" in refused.json["msg"]
    assert (await memos.dan.get(book)).data == []
    context.is_house = lambda _network, _text: False
    assert (await memos.dan.post(f"{book}/add", **entered)).row


async def test_a_tokens_contract_is_refused_in_the_address_book_and_by_withdrawals(
    memos: Console,
) -> None:
    """Criterion: CHAINS-OWN-4. Also where an older exchange had taken it into the book."""
    context, text = memos.town.rest.context, f"{THERE}:7"
    branch = Private.of_seed(b"a seed of the tests alone, 32 by").public()
    context.addresses = {MEMO: MemoAddresses(branch, (bytes.fromhex(THERE[2:]),))}
    book = "x/withdrawal-addresses"
    added = await memos.dan.post(f"{book}/add", chain="BTC-Memo", addr=text, label="there")
    desk = context.desk
    await desk.act(desk.rooms.addresses.add, memos.dan_uid, MEMO, text, "there")
    order = {"ccy": "BTC", "amt": "1", "dest": "4", "chain": "BTC-Memo", "toAddr": text}
    for refused in (added, await memos.dan.post("asset/withdrawal", **order)):
        assert refused.code == "58222"
        assert "it is a token's own contract: coins sent there are lost" in refused.json["msg"]


async def test_a_claims_amount_is_of_digits(desk: Console) -> None:
    """Criterion: CUST-CLAIM-1."""
    claim = {"kind": "memo", "ccy": "BTC", "chain": "BTC-Memo", "txId": "ab"}
    refused = await desk.dan.post("x/deposit-claims/file", **claim, amt="\u0663")
    assert refused.code == "51000"
