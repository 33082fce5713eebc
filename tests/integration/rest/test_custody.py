"""Goal: deposits and withdrawals as clients of OKX's API see them.

Method: the whole application over a real exchange; what chains do is said by the house through the
door, as a worker says it. Addresses are those of a chain that writes them as plain numbers.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from fullreserve.custody.unwell_spells import UnwellSpells
from fullreserve.door.protocol import Limit, Result
from fullreserve.exchange import chart
from fullreserve.exchange.products.calendar_wire import CALENDAR, DAY_MS, Delist
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    WITHDRAWALS,
    Bound,
    Confirmed,
    DefineNetwork,
    Failed,
    Hold,
    Included,
    NetworkAsset,
    Paid,
    QuoteFee,
    Seen,
    Settle,
    Tip,
)
from fullreserve.exchange.products.suspension_state import SuspensionState
from fullreserve.exchange.products.suspension_wire import (
    SUSPENSIONS,
    Action,
    Level,
    Mode,
    Reason,
    Scope,
    Suspend,
    Terms,
)
from fullreserve.exchange.products.withdrawal_state import OVERTAKEN, REVERTED
from fullreserve.exchange.wire.commands import (
    AccountKey,
    SetOwner,
    SetSuspension,
    Suspended,
    SuspensionLevel,
    Transfer,
    amount_bytes,
)
from fullreserve.exchange.worker_files import unwell_name
from fullreserve.gateway.calendar_keeper import CalendarKeeper
from fullreserve.gateway.custody_desk import say, stop_after_change
from fullreserve.gateway.rest.status_feed import json_feed
from fullreserve.gateway.ws.custody import DepositInfo, WithdrawalInfo
from fullreserve.gateway.ws.reference import Status
from fullreserve.identity.address_book import LOCK_MS
from fullreserve.identity.api_key import Permission
from fullreserve.identity.session import Device
from fullreserve.identity.sessions import Sessions
from fullreserve.identity.vault import NewKey
from tests.bed import ALICE, BOB, BTC, USDT, submit
from tests.integration.rest.bed import Answer, HandClock, RestBed

NETWORK = 1
COIN = 10**8
HASH = bytes(range(32))


class Numbers:
    """A chain whose addresses are `addr` and a number."""

    def address(self, index: int) -> str:
        return f"addr{index}"

    def read(self, text: str) -> bytes:
        if not text.startswith("addr"):
            raise ValueError("it begins with addr")
        return text.encode()

    def text(self, place: bytes) -> str:
        return place.decode()


def terms(network: int, code: str, *, needs_memo: bool = False) -> DefineNetwork:
    """A network with BTC on it."""
    line = NetworkAsset(
        *(BTC, 8, amount_bytes(0), amount_bytes(40_000)),
        *(amount_bytes(100_000), amount_bytes(500 * COIN), 8),
    )
    return DefineNetwork(network, code, 1, 2, needs_memo, gas_asset=BTC, assets=(line,))


@pytest.fixture
async def rest(tmp_path: Any) -> Any:
    made = await RestBed.open(tmp_path, clock=HandClock(1_700_000_000_000))
    made.context.addresses = {NETWORK: Numbers()}
    made.context.pays = lambda: True
    for fold in (DEPOSITS, WITHDRAWALS):
        await house(made, fold, terms(NETWORK, "Bitcoin"))
    # Without a last price the quota cannot be checked, and a person would look at each request.
    await made.place(made.bob, "sell", "40000", "0.1")
    await made.place(made.alice, "buy", "40000", "0.1")
    yield made
    await made.close()


@pytest.fixture
def payer(rest: RestBed) -> NewKey:
    """A key of ALICE's that may withdraw, bound to the test's own address."""
    bits = Permission.READ_ONLY | Permission.TRADE | Permission.WITHDRAW
    return rest.vault.create_key(ALICE, "Phrase-payer", bits, "payer", ["127.0.0.1"])


async def house(rest: RestBed, fold: int, payload: msgspec.Struct) -> None:
    reply = await say(rest.context, fold, payload)
    assert reply.code == 0


async def funded(rest: RestBed, coins: int) -> None:
    source, target = (AccountKey(ALICE, kind, 0) for kind in (chart.TRADE, chart.FUND))
    door = rest.door
    moved = Transfer(
        door.gateway, door.numbers(1), ALICE, source, target, BTC, amount_bytes(coins * COIN)
    )
    await submit(door, [moved])


async def aged(rest: RestBed) -> None:
    """The address book's entries are a day older."""
    desk = rest.context.desk

    def earlier() -> None:
        with desk.rooms.store.change():
            statement = "UPDATE withdrawal_addresses SET added_ms = added_ms - ?"
            desk.rooms.store.db.execute(statement, (LOCK_MS,))

    await desk.act(earlier)


async def booked(rest: RestBed) -> None:
    """`addr77` in ALICE's address book, a day old."""
    desk = rest.context.desk
    await desk.act(desk.rooms.addresses.add, ALICE, NETWORK, "addr77", "cold box")
    await aged(rest)


ORDER = {"ccy": "BTC", "amt": "0.5", "dest": "4", "toAddr": "addr77", "chain": "BTC-Bitcoin"}


async def test_a_deposit_from_its_address_to_its_unlocking(rest: RestBed, payer: NewKey) -> None:
    """Criterion: CUST-REST-1."""
    row = (await rest.get("asset/deposit-address", payer, ccy="BTC")).row
    assert (row["addr"], row["chain"], row["to"]) == ("addr1", "BTC-Bitcoin", "6")
    again = (await rest.get("asset/deposit-address", payer, ccy="BTC")).row
    assert again == row
    assert (await rest.get("asset/deposit-address", rest.bob, ccy="BTC")).row["addr"] == "addr2"
    await house(rest, DEPOSITS, Tip(NETWORK, 10, HASH, healthy=True))
    seen = Seen(NETWORK, HASH, BTC, 1, 0, amount_bytes(COIN), 0, 10, HASH)
    await house(rest, DEPOSITS, seen)
    listed = (await rest.get("asset/deposit-history", payer)).row
    assert (listed["state"], listed["amt"], listed["to"]) == ("0", "1", "addr1")
    await house(rest, DEPOSITS, Confirmed(NETWORK, HASH, 1))
    assert (await rest.get("asset/deposit-history", payer, state="1")).row["depId"]
    assert (await rest.get("asset/balances", payer, ccy="BTC")).row["availBal"] == "1"
    await booked(rest)
    refused = await rest.post("asset/withdrawal", payer, ORDER | {"amt": "0.9999"})
    assert refused.code == "58350"
    status = await rest.get("asset/deposit-withdraw-status", payer, txId=HASH.hex())
    assert status.row["state"].startswith("Credited")
    assert (await rest.get("asset/deposit-history", rest.bob)).data == []
    await house(rest, DEPOSITS, Tip(NETWORK, 11, HASH, healthy=True))
    await house(rest, DEPOSITS, Confirmed(NETWORK, HASH, 2))
    refused = await rest.post("asset/withdrawal", payer, ORDER | {"amt": "1"})
    assert refused.code == "58350"
    said = "available is 1 BTC; a fee of 0.0004 comes on top, so at most 0.9996 can be withdrawn"
    assert said in refused.json["msg"]


async def test_a_repeated_withdrawal_is_made_once(rest: RestBed, payer: NewKey) -> None:
    """Criterion: REST-AUTH-4. One with a `clientId` gets the answer of the first."""
    await booked(rest)
    whole = {"ccy": "BTC", "amt": "5", "from": "18", "to": "6"}
    assert (await rest.post("asset/transfer", rest.alice, whole)).code == "0"
    assert await rest.repeated("asset/withdrawal", payer, ORDER) == ["0", "50113"]
    named = ORDER | {"clientId": "n1"}
    assert await rest.repeated("asset/withdrawal", payer, named) == ["0", "0"]
    history = await rest.get("asset/withdrawal-history", payer)
    assert sorted(row["clientId"] for row in history.data) == ["", "n1"]


async def test_confirmations_count_with_each_block(rest: RestBed) -> None:
    """Criterion: CUST-REST-7. In the list and on the channel, as long as two nodes agree."""
    await rest.get("asset/deposit-address", rest.alice, ccy="BTC")
    seen = Seen(NETWORK, HASH, BTC, 1, 0, amount_bytes(COIN), 0, 10, HASH)
    topic = DepositInfo({"channel": "deposit-info"}, ALICE, rest.context)
    pushed: list[bytes] = []
    topic.write = pushed.append  # type: ignore[assignment, method-assign]

    async def counted(height: int, *, healthy: bool = True) -> tuple[str, str]:
        await house(rest, DEPOSITS, Tip(NETWORK, height, HASH, healthy=healthy))
        if height == 10:
            await house(rest, DEPOSITS, seen)
        row = (await rest.get("asset/deposit-history", rest.alice)).row
        await topic._learn(0)
        return row["actualDepBlkConfirm"], row["xHeight"]

    assert await counted(10) == ("1", "10")
    assert await counted(12) == ("3", "10")
    assert [b'"actualDepBlkConfirm":"%d"' % count in pushed[-1] for count in (1, 3)] == [0, 1]
    await topic._learn(0)
    assert len(pushed) == 2
    assert await counted(13, healthy=False) == ("0", "10")


async def test_what_is_under_the_least_deposit_says_what_is_missing(
    rest: RestBed, payer: NewKey
) -> None:
    """Criterion: CUST-REST-18. In the history, on the channel, and once it is credited."""
    line = replace(terms(NETWORK, "Bitcoin").assets[0], minimum_deposit=amount_bytes(COIN // 10))
    least = replace(terms(NETWORK, "Bitcoin"), assets=(line,))
    await house(rest, DEPOSITS, least)
    await rest.get("asset/deposit-address", payer, ccy="BTC")
    topic = DepositInfo({"channel": "deposit-info"}, ALICE, rest.context)
    pushed: list[bytes] = []
    topic.write = pushed.append  # type: ignore[assignment, method-assign]
    await house(rest, DEPOSITS, Tip(NETWORK, 10, HASH, healthy=True))

    async def seen(number: int, coins: int, *, confirms: bool = True) -> None:
        name = bytes([number]) * 32
        one = Seen(NETWORK, name, BTC, 1, 0, amount_bytes(coins), 0, 10, HASH)
        await house(rest, DEPOSITS, one)
        if confirms:
            await house(rest, DEPOSITS, Confirmed(NETWORK, name, 1))

    async def told() -> list[tuple[str, ...]]:
        rows = (await rest.get("asset/deposit-history", payer)).data
        names = ("amt", "state", "xMinDep", "xMissing")
        return [tuple(row[name] for name in names) for row in rows]

    await seen(1, COIN // 100)
    assert await told() == [("0.01", "0", "0.1", "0.09")]
    await topic._learn(0)
    assert b'"xMissing":"0.09"' in pushed[-1]
    status = await rest.get("asset/deposit-withdraw-status", payer, txId=(b"\1" * 32).hex())
    assert "once another 0.09 BTC came" in status.row["state"]
    (row,) = (await rest.get("asset/deposit-history", payer)).data
    assert row["xMsg"] == (
        "Below the least deposit of 0.1 BTC. It is kept, and is credited with what comes later "
        "on Bitcoin once another 0.09 BTC came"
    )
    # What is not confirmed does not count for others yet, and for itself only what is.
    await seen(2, COIN // 50, confirms=False)
    assert await told() == [("0.02", "0", "0.1", "0.07"), ("0.01", "0", "0.1", "0.09")]
    await seen(3, COIN // 12, confirms=False)
    assert (await told())[0] == ("0.08333333", "0", "0.1", "0.00666667")
    assert (await rest.get("asset/balances", payer, ccy="BTC")).data == []
    await house(rest, DEPOSITS, Confirmed(NETWORK, b"\2" * 32, 1))
    await house(rest, DEPOSITS, Confirmed(NETWORK, b"\3" * 32, 1))
    assert await told() == [
        ("0.08333333", "1", "", ""),
        ("0.02", "1", "", ""),
        ("0.01", "1", "", ""),
    ]
    assert (await rest.get("asset/balances", payer, ccy="BTC")).row["bal"] == "0.11333333"
    await topic._learn(0)
    assert b'"xMissing":"0' not in pushed[-1]


async def test_what_is_delisted_is_withdrawn_no_more(rest: RestBed, payer: NewKey) -> None:
    """Criterion: CAL-DELIST-3. A stop of its chain before that says that it is one."""
    await booked(rest)
    await funded(rest, 2)
    keeper, now = CalendarKeeper(rest.context), rest.context.clock.exchange_ms()
    delist = Delist(BTC, now + 1, now + 2, now + 61 * DAY_MS)
    assert (await say(rest.context, CALENDAR, delist)).code == 0
    amounts = iter(f"0.0{number}" for number in range(1, 9))

    async def asked() -> Answer:
        return await rest.post("asset/withdrawal", payer, ORDER | {"amt": next(amounts)})

    for days in (1, 30, 23, 6):
        await rest.pass_time(days * DAY_MS)
        await keeper.round()
        assert (await asked()).code == "0"
    await house(rest, WITHDRAWALS, Hold(NETWORK, 0, stopped=True, refuses=True))
    assert (await asked()).code == "58214"
    await house(rest, WITHDRAWALS, Hold(NETWORK, 0, stopped=False))
    await rest.pass_time(2 * DAY_MS)
    await keeper.round()
    await keeper.settle()
    refused = await asked()
    assert (refused.code, refused.json["msg"]) == (
        "58226",
        "BTC-Bitcoin is delisted and not available for crypto withdrawal",
    )


async def test_a_currencys_own_chain_stands_first_and_is_its_main_one(rest: RestBed) -> None:
    """With the contract of a token on the others. Criterion: CUST-REST-15."""
    token = "0x" + "5a" * 20
    rest.context.tokens = {(NETWORK, BTC): token}
    for fold in (DEPOSITS, WITHDRAWALS):
        await house(rest, fold, replace(terms(NETWORK, "Bitcoin"), gas_asset=USDT))
        await house(rest, fold, terms(9, "Own"))
    rows = (await rest.get("asset/currencies", rest.alice, ccy="BTC")).data
    assert [(one["chain"], one["mainNet"], one["ctAddr"]) for one in rows] == [
        ("BTC-Own", True, ""), ("BTC-Bitcoin", False, token),
    ]  # fmt: skip
    (address,) = (await rest.get("asset/deposit-address", rest.alice, ccy="BTC")).data
    assert (address["chain"], address["ctAddr"]) == ("BTC-Bitcoin", token[-6:])


async def test_a_network_whose_nodes_are_not_believed_is_shown_closed(rest: RestBed) -> None:
    """In `currencies` and `x/suspensions`, while it lasts. Criterion: CHAINS-WATCHER-6."""
    shown = []
    for healthy in (True, False, True):
        await house(rest, DEPOSITS, Tip(NETWORK, 10, HASH, healthy=healthy))
        line = (await rest.get("asset/currencies", rest.alice, ccy="BTC")).row
        shown.append((line["canDep"], line["canWd"]))
        unwell = (await rest.get("x/suspensions")).row["unwell"]
        assert unwell == ([] if healthy else [line["chain"].removeprefix("BTC-")])
    assert shown == [(True, True), (False, False), (True, True)]


async def test_a_deposit_that_comes_during_a_stop_is_acknowledged(rest: RestBed) -> None:
    """By state, sentence and time, in the list and on the channel. Criterion: CUST-REST-13."""
    clock = rest.context.clock
    assert isinstance(clock, HandClock)
    until = clock.exchange_ms() + 60_000
    await rest.get("asset/deposit-address", rest.alice, ccy="BTC")
    topic = DepositInfo({"channel": "deposit-info"}, ALICE, rest.context)
    pushed: list[bytes] = []
    topic.write = pushed.append  # type: ignore[assignment, method-assign]
    await house(rest, DEPOSITS, Hold(NETWORK, 0, stopped=True, until_ms=until))
    await house(rest, DEPOSITS, Tip(NETWORK, 10, HASH, healthy=True))
    seen = Seen(NETWORK, HASH, BTC, 1, 0, amount_bytes(COIN), 0, 10, HASH)
    await topic._learn(0)
    await house(rest, DEPOSITS, seen)

    async def told() -> list[str]:
        await topic._learn(0)
        row = (await rest.get("asset/deposit-history", rest.alice)).row
        why = row.get("xMsg", "").partition("suspended: ")[2].partition(".")[0]
        return [row["state"], row.get("xSuspId", "-"), row.get("xEstOpenTs", "-"), why]

    assert await told() == ["8", "", str(until), "maintenance of the network"]
    assert b"Seen on the chain" in pushed[-1]
    scope = Scope(Level.ASSET, asset=BTC)
    terms = Terms(Action.DEPOSIT_CREDIT, scope, Mode.QUEUE, Reason.WALLET_MAINT, until + 1)
    stop = (await say(rest.context, SUSPENSIONS, Suspend(terms))).sequence
    assert await told() == ["8", str(stop), str(until + 1), "wallet maintenance"]
    clock.advance(60_000)
    assert await told() == ["8", str(stop), "", "wallet maintenance"]
    await house(rest, DEPOSITS, Hold(NETWORK, 0, stopped=False))
    assert (await told())[2] == str(until + 1)
    folds = rest.bed.folds
    table = next(one.state for one in folds if one.number == SUSPENSIONS).suspensions
    table[stop] = msgspec.structs.replace(table[stop], state=SuspensionState.LIFTED)
    await house(rest, DEPOSITS, Tip(NETWORK, 11, HASH, healthy=False))
    assert await told() == ["8", "", "", "our node cannot be believed now"]
    await house(rest, DEPOSITS, Tip(NETWORK, 12, HASH, healthy=True))
    await house(rest, DEPOSITS, Settle(0, 0))
    assert await told() == ["0", "-", "-", ""]
    assert b"xMsg" not in pushed[-1]


async def test_an_address_says_that_withdrawals_are_suspended(rest: RestBed, payer: NewKey) -> None:
    """A program has the address with it; who sits at a browser says first that it is known.

    Criterion: CUST-REST-14.
    """
    now = rest.context.clock.exchange_ms()
    session = Sessions(rest.vault).open(BOB, Device("127.0.0.1", "a browser"))
    cookie = {"cookie": f"fullreserve-session={session.token}"}

    async def seen(query: str = "") -> Any:
        path = "/api/v5/asset/deposit-address"
        return (await rest.call("GET", path, "ccy=BTC" + query, headers=cookie)).row

    await house(rest, WITHDRAWALS, Hold(NETWORK, 0, stopped=True, until_ms=now + 60_000))
    row = (await rest.get("asset/deposit-address", payer, ccy="BTC")).row
    assert (row["addr"], row["xNoWithdraw"]) == ("addr1", True)
    assert "maintenance of the network" in row["xMsg"]
    assert (row["xSuspId"], row["xEstOpenTs"]) == ("", str(now + 60_000))
    scope = Scope(Level.ASSET, asset=BTC)
    terms = Terms(Action.WITHDRAW, scope, Mode.QUEUE, Reason.SECURITY_INCIDENT)
    stop = (await say(rest.context, SUSPENSIONS, Suspend(terms))).sequence
    row = (await rest.get("asset/deposit-address", payer, ccy="BTC")).row
    assert (row["addr"], row["xSuspId"], row["xReason"]) == (
        "addr1", str(stop), "SECURITY_INCIDENT",
    )  # fmt: skip
    assert now <= int(row["xSinceTs"]) <= rest.context.clock.exchange_ms()
    assert row["xEstOpenTs"] == ""
    assert "a security incident" in row["xMsg"]
    assert set(row["xWhy"]) == {"en", "ru", "zh"}
    hidden = await seen()
    assert (hidden["addr"], hidden["xWhy"]) == ("", row["xWhy"])
    assert (await seen("&xAckNoWithdraw=true"))["addr"] == "addr2"
    assert (await seen("&xAckNoWithdraw=false"))["addr"] == ""
    folds = rest.bed.folds
    table = next(one.state for one in folds if one.number == SUSPENSIONS).suspensions
    single = msgspec.structs.replace(terms, scope=Scope(Level.USER, key=BOB))
    table[stop] = msgspec.structs.replace(table[stop], terms=single)
    await house(rest, WITHDRAWALS, Hold(NETWORK, 0, stopped=False))
    secret = await seen()
    assert (secret["addr"], secret["xSuspId"], secret["xReason"]) == ("", "", "")
    assert "security" not in secret["xMsg"]
    row = (await rest.get("asset/deposit-address", payer, ccy="BTC")).row
    assert (row["xNoWithdraw"], "xMsg" in row) == (False, False)
    table[stop] = msgspec.structs.replace(table[stop], state=SuspensionState.LIFTED)
    assert ((await seen())["addr"], (await seen())["xNoWithdraw"]) == ("addr2", False)


async def test_an_unwell_network_has_a_row_of_the_status(rest: RestBed) -> None:
    """In `system/status`, on the channel and in the feeds. Criterion: CHAINS-WATCHER-6."""
    context = rest.context
    assert context.folder is not None
    spells = UnwellSpells(context.folder, NETWORK)
    topic, pushed = Status({"channel": "status"}, context), list[bytes]()
    topic.write = pushed.append  # type: ignore[assignment, method-assign]

    async def told(state: str) -> list[tuple[str, str, str]]:
        await topic._learn()
        rows = (await rest.get("system/status", state=state)).data
        return [(row["title"], row["begin"], row["end"]) for row in rows]

    await house(rest, DEPOSITS, Tip(NETWORK, 10, HASH, healthy=True))
    now = context.clock.exchange_ms()
    spells.begins("down", now - 7)
    assert await told("ongoing") == []  # the log is believed, not the file
    await house(rest, DEPOSITS, Tip(NETWORK, 10, HASH, healthy=False))
    title = "Bitcoin: deposits and withdrawals wait – our node does not answer"
    assert await told("ongoing") == [(title, str(now - 7), "")]
    assert b'"state":"ongoing"' in pushed[-1]
    assert b"unwell=" in pushed[-1]
    spells.begins("split", now)  # it lasts already
    spells = UnwellSpells(context.folder, NETWORK)
    spells.ends(now)
    await house(rest, DEPOSITS, Tip(NETWORK, 10, HASH, healthy=True))
    assert await told("ongoing") == []
    assert await told("completed") == [(title, str(now - 7), str(now))]
    assert b'"state":"completed"' in pushed[-1]
    content = json.loads((await json_feed(context, "http://localhost"))[1])
    assert [one["title"].partition(":")[0] for one in content["items"]] == [
        "resolved", "investigating",
    ]  # fmt: skip
    (context.folder / unwell_name(NETWORK)).write_bytes(b"damaged")
    await house(rest, DEPOSITS, Tip(NETWORK, 10, HASH, healthy=False))
    ((title, begin, _),) = await told("ongoing")
    assert (title, begin) == (
        "Bitcoin: deposits and withdrawals wait – our node cannot be believed", "",
    )  # fmt: skip


async def test_what_goes_to_an_address_of_ours_needs_no_chain(rest: RestBed, payer: NewKey) -> None:
    """Criterion: CUST-REST-6, CUST-REST-12."""
    await funded(rest, 2)
    theirs = (await rest.get("asset/deposit-address", rest.bob, ccy="BTC")).row["addr"]
    desk = rest.context.desk
    await desk.act(desk.rooms.addresses.add, ALICE, NETWORK, theirs, "Bob's")
    await aged(rest)
    # As for every transfer to a user, who receives has to be known.
    refused = await rest.post("asset/withdrawal", payer, ORDER | {"toAddr": theirs})
    assert refused.code == "58231"
    door = rest.door
    await submit(door, [SetOwner(door.gateway, door.numbers(1), BOB, 0, 1, 0, 1)])
    named = {"toAddr": theirs, "clientId": "theirs"}
    made = await rest.post("asset/withdrawal", payer, ORDER | named)
    listed = (await rest.get("asset/withdrawal-history", payer)).row
    assert (made.row["wdId"], listed["state"], listed["fee"]) == (listed["wdId"], "2", "0")
    # What it has not is left out, and named in a push, as OKX does.
    assert not {"addrEx", "memo", "pmtId", "tag"} & set(listed)
    topic = WithdrawalInfo({"channel": "withdrawal-info"}, ALICE, rest.context)
    pushed: list[bytes] = []
    topic.write = pushed.append  # type: ignore[assignment, method-assign]
    await topic._learn(0)
    assert b'"addrEx":null,"memo":"","pmtId":"","tag":""' in pushed[-1]
    assert b'"clientId":"theirs"' in pushed[-1]
    assert (await rest.get("asset/balances", rest.bob, ccy="BTC")).row["availBal"] == "0.5"


async def test_a_withdrawal_from_its_request_to_its_end(rest: RestBed, payer: NewKey) -> None:
    """Criterion: CUST-REST-2. And E2.5: one clientId, one withdrawal."""
    await funded(rest, 2)
    await booked(rest)
    order = ORDER | {"clientId": "once", "fee": "0.0004"}
    first, second = await asyncio.gather(
        rest.post("asset/withdrawal", payer, order), rest.post("asset/withdrawal", payer, order)
    )
    assert first.row["wdId"] == second.row["wdId"]
    balance = (await rest.get("asset/balances", payer, ccy="BTC")).row
    assert (balance["availBal"], balance["frozenBal"]) == ("1.4996", "0.5004")
    row = (await rest.get("asset/withdrawal-history", payer, clientId="once")).row
    assert (row["state"], row["to"], row["fee"]) == ("10", "addr77", "0.0004")
    number = int(row["wdId"]) - 10**18
    late = await rest.post("asset/cancel-withdrawal", payer, {"wdId": row["wdId"]})
    assert late.code == "92010"
    for payload in (
        Bound(number, HASH),
        Included(number, HASH, 5),
        Paid(number, HASH, 5, amount_bytes(100)),
    ):
        await house(rest, WITHDRAWALS, payload)
    row = (await rest.get("asset/withdrawal-history", payer, wdId=row["wdId"])).row
    assert (row["state"], row["txId"]) == ("2", HASH.hex())
    status = await rest.get("asset/deposit-withdraw-status", payer, wdId=row["wdId"])
    assert status.row["state"] == "Complete"
    other = await rest.get("asset/deposit-withdraw-status", rest.bob, wdId=row["wdId"])
    assert other.code == "58215"


async def test_a_queued_withdrawal_shows_its_place_and_can_be_canceled(
    rest: RestBed, payer: NewKey
) -> None:
    """Criterion: CUST-REST-3. `currencies` shows the switch; E1.1 through the API.

    Not while the chain is read after a restore, as it may be paid. Criterion: CHAINS-RESTORED-6.
    """
    await funded(rest, 2)
    await booked(rest)
    await house(rest, WITHDRAWALS, Hold(NETWORK, 0, stopped=True, until_ms=1_800_000_000_000))
    line = (await rest.get("asset/currencies", payer, ccy="BTC")).row
    assert (line["canWd"], line["canDep"]) == (False, True)
    assert line["wdEstOpenTime"] == "1800000000000"
    made = (await rest.post("asset/withdrawal", payer, ORDER)).row
    row = (await rest.get("asset/withdrawal-history", payer)).row
    assert (row["state"], row["xQueuePos"]) == ("0", "1")
    rest.context.is_compared = lambda number: number != NETWORK
    read = await rest.post("asset/cancel-withdrawal", payer, {"wdId": made["wdId"]})
    assert (read.code, "a backup was put back" in read.json["msg"]) == ("50001", True)
    rest.context.is_compared = lambda _: True
    assert (await rest.post("asset/cancel-withdrawal", payer, {"wdId": made["wdId"]})).row
    again = await rest.post("asset/cancel-withdrawal", payer, {"wdId": made["wdId"]})
    assert again.code == "58220"
    balance = (await rest.get("asset/balances", payer, ccy="BTC")).row
    assert (balance["availBal"], balance["frozenBal"]) == ("2", "0")
    await house(rest, WITHDRAWALS, Hold(NETWORK, 0, stopped=True, refuses=True))
    assert (await rest.post("asset/withdrawal", payer, ORDER)).code == "58214"


async def test_what_is_refused_says_why(rest: RestBed, payer: NewKey) -> None:
    """Criterion: CUST-REST-4, CHAINS-OWN-3. Verified addresses alone, a day after."""
    await funded(rest, 2)

    async def told(**change: str) -> tuple[str, str]:
        answer = await rest.post("asset/withdrawal", payer, ORDER | change)
        return answer.code, answer.json["msg"]

    async def code(**change: str) -> str:
        return (await told(**change))[0]

    assert await code() == "58207"
    desk = rest.context.desk
    await desk.act(desk.rooms.addresses.add, ALICE, NETWORK, "addr77", "cold box")
    assert await code() == "58207"
    await aged(rest)
    assert await code(toAddr="bc1q") == "58222"
    assert await code(fee="0.1") == "51000"
    split, said = await told(xAllowSplit="true", dest="3", toAddr=str(BOB))
    assert (split, "false for dest 3" in said) == ("51000", True)
    assert await code(chain="BTC-Moon") == "51000"
    for kind, dest in (("2", "4"), ("1", "3"), ("3", "4")):
        wrong, said = await told(toAddrType=kind, dest=dest)
        assert (wrong, "toAddrType" in said) == ("51000", True)
    rest.context.is_house = lambda number, text: (number, text) == (NETWORK, "addr-lane")
    own, said = await told(toAddr="addr-lane")
    assert own == "58224"
    assert "no chain pays; allowed is a user's id, with dest 3" in said
    assert await code(ccy="ETH") == "58013"
    await house(rest, DEPOSITS, terms(2, "Memo", needs_memo=True))
    rest.context.addresses = {NETWORK: Numbers(), 2: Numbers()}
    assert await code(chain="BTC-Memo") == "58221"
    assert await code(amt="0.0001") == "58206"
    assert await code(amt="501") == "58205"
    assert await code(amt="2") == "58350"
    to_oneself, said = await told(dest="3", toAddr=str(ALICE))
    assert to_oneself == "58218"
    assert "toAddr is of your own accounts; use asset/transfer" in said
    for nobody in ("ALICE", "99999999", str(chart.HOUSE)):
        unknown, said = await told(dest="3", toAddr=nobody)
        assert unknown == "58213"
        assert "the id of a user" in said
    # A chain is of what goes to one.
    assert await code(dest="3", toAddr=str(BOB), toAddrType="2", chain="BTC-Moon") == "58231"
    assert await code() == "0"
    await stop_after_change(rest.context, ALICE)
    assert await code() == "58219"
    assert "until 20" in (await rest.post("asset/withdrawal", payer, ORDER)).json["msg"]


async def test_stopped_transfers_to_users_are_refused_in_words_of_transfers(
    rest: RestBed, payer: NewKey
) -> None:
    """Criterion: CUST-REST-16. Withdrawals to chains go on, and nothing says that they do not."""
    await funded(rest, 2)
    sent = ORDER | {"dest": "3", "toAddr": str(BOB), "amt": "0.1"}
    door, everywhere = rest.door, (SuspensionLevel.GLOBAL, 0)
    known = SetOwner(door.gateway, door.numbers(1), BOB, 0, 1, 0, 1)
    stop = SetSuspension(door.gateway, door.numbers(1), 1, Suspended.SUB_TRANSFER, *everywhere)
    await submit(door, [known, stop])
    refused = await rest.post("asset/withdrawal", payer, sent)
    assert (refused.code, refused.json["msg"]) == ("58110", "Transfers are suspended")
    rows = (await rest.get("asset/currencies", payer)).data
    assert {row["canInternal"] for row in rows} == {False}


async def test_currencies_show_what_suspensions_leave(rest: RestBed, payer: NewKey) -> None:
    """Criterion: SUS-REST-11. A cap with what is left of it, a review, transfers within."""
    await funded(rest, 2)
    await booked(rest)

    async def line(ccy: str = "BTC") -> dict[str, Any]:
        return dict((await rest.get("asset/currencies", payer, ccy=ccy)).row)

    free = await line()
    assert (free["canInternal"], free["xWdCapUsd"], free["xWdReviewed"]) == (True, "", False)
    asset, reason = Scope(Level.ASSET, asset=BTC), Reason.MARKET_DISLOCATION
    await house(rest, SUSPENSIONS, Suspend(Terms(Action.WITHDRAW, asset, Mode.REVIEW, reason)))
    assert (await line())["xWdReviewed"] is True
    within = Terms(Action.INTERNAL_TRANSFER, asset, Mode.QUEUE, reason)
    await house(rest, SUSPENSIONS, Suspend(within))
    assert ((await line())["canInternal"], (await line("USDT"))["canInternal"]) == (False, True)


async def test_currencies_show_a_cap_and_what_is_left_of_it(rest: RestBed, payer: NewKey) -> None:
    """Criterion: SUS-REST-11."""
    await funded(rest, 2)
    await booked(rest)
    caps = (30_000 * COIN, amount_bytes(3 * COIN))
    asset, reason = Scope(Level.ASSET, asset=BTC), Reason.MARKET_DISLOCATION
    terms = Terms(Action.WITHDRAW, asset, Mode.CAP, reason, 0, *caps)
    await house(rest, SUSPENSIONS, Suspend(terms))
    assert (await rest.post("asset/withdrawal", payer, ORDER)).code == "0"
    row = (await rest.get("asset/currencies", payer, ccy="BTC")).row
    assert (row["canWd"], row["xWdCapUsd"], row["xWdCapLeftUsd"]) == (True, "30000", "10000")
    assert row["xWdCapAll"] == "3"
    told = (await rest.get("x/suspensions")).row["suspensions"][0]["title"]["en"]
    assert (
        "limited, at most 30000 USD a user, at most 3 BTC of all users on each chain in 24 hours"
        in told
    )


async def test_who_meets_the_cap_of_all_users_is_told_what_is_left(
    rest: RestBed, payer: NewKey
) -> None:
    """Criterion: SUS-REST-11."""
    await funded(rest, 2)
    await booked(rest)
    asset, reason = Scope(Level.ASSET, asset=BTC), Reason.MARKET_DISLOCATION
    caps = (0, amount_bytes(7 * COIN // 10))
    await house(
        rest, SUSPENSIONS, Suspend(Terms(Action.WITHDRAW, asset, Mode.CAP, reason, 0, *caps))
    )
    assert (await rest.post("asset/withdrawal", payer, ORDER)).code == "0"
    refused = await rest.post("asset/withdrawal", payer, ORDER)
    assert refused.code == "58205"
    assert "0.2 BTC, which is left of the 0.7 that all users together may" in refused.json["msg"]
    assert (await rest.post("asset/withdrawal", payer, ORDER | {"amt": "0.2"})).code == "0"


@pytest.mark.parametrize("is_lifted", [True, False])
async def test_a_cap_that_is_another_by_now_is_told_as_that(
    rest: RestBed, payer: NewKey, monkeypatch: pytest.MonkeyPatch, is_lifted: bool
) -> None:
    """Criterion: SUS-REST-11. It is lifted, or has room again, before its refusal is worded."""
    await funded(rest, 2)
    await booked(rest)
    asset, reason = Scope(Level.ASSET, asset=BTC), Reason.MARKET_DISLOCATION
    terms = Terms(Action.WITHDRAW, asset, Mode.CAP, reason, 0, 0, amount_bytes(COIN // 10))
    await house(rest, SUSPENSIONS, Suspend(terms))
    table = next(one.state for one in rest.bed.folds if one.number == SUSPENSIONS).suspensions
    (number,) = table
    submit_it = rest.door.submit

    def submitted(
        commands: Sequence[bytes], done: Callable[[Result], None], limits: Sequence[Limit] = ()
    ) -> None:
        def answered(result: Result) -> None:
            freer = replace(terms, per_asset=amount_bytes(9 * COIN))
            lifted = {"state": SuspensionState.LIFTED} if is_lifted else {"terms": freer}
            table[number] = replace(table[number], **lifted)
            done(result)

        submit_it(commands, answered, limits)

    monkeypatch.setattr(rest.door, "submit", submitted)
    refused = await rest.post("asset/withdrawal", payer, ORDER)
    assert refused.code == "58205"
    assert refused.json["msg"].endswith("of a moment ago, which is another by now; ask again")
    assert (await rest.post("asset/withdrawal", payer, ORDER)).code == "0"


async def test_the_address_book_needs_a_session(rest: RestBed, payer: NewKey) -> None:
    """Criterion: CUST-REST-5. An API key cannot add where it withdraws to."""
    assert (await rest.get("x/withdrawal-addresses", payer)).code == "90011"
    desk = rest.context.desk
    made = await desk.act(desk.rooms.addresses.add, ALICE, NETWORK, "addr5", "mine")
    assert (await desk.act(desk.rooms.addresses.of, ALICE))[0].text == "addr5"
    stored = (rest.folder / "identity.db").read_bytes()
    stored += (rest.folder / "identity.db-wal").read_bytes()
    assert b"addr5" not in stored
    await desk.act(desk.rooms.addresses.remove, ALICE, made.number)
    assert await desk.act(desk.rooms.addresses.find, ALICE, NETWORK, "addr5") is None
    assert await desk.act(desk.rooms.addresses.text, ALICE, made.number) == "addr5"


async def quote(rest: RestBed, least: str, fee: str, most: str) -> None:
    btc = rest.context.catalog.assets[BTC]
    until_ms = rest.context.clock.exchange_ms() + 600_000
    low, now, high = (amount_bytes(btc.parse(one)) for one in (least, fee, most))
    await house(rest, WITHDRAWALS, QuoteFee(NETWORK, BTC, low, now, high, until_ms))


async def test_who_is_refunded_is_told_what_refused_it(rest: RestBed, payer: NewKey) -> None:
    """Criterion: CHAINS-PAYER-24, CUST-REST-22. Not the same as of what failed otherwise."""
    await funded(rest, 2)
    await booked(rest)
    topic = WithdrawalInfo({"channel": "withdrawal-info"}, ALICE, rest.context)
    pushed: list[bytes] = []
    topic.write = pushed.append  # type: ignore[assignment, method-assign]
    refused, failed = (REVERTED, "Refused by a contract", "92013"), (OVERTAKEN, "Failed", None)
    for code, word, reason in (refused, failed):
        made = await rest.post("asset/withdrawal", payer, ORDER)
        number = int(made.row["wdId"]) - 10**18
        await house(rest, WITHDRAWALS, Bound(number, HASH))
        await house(rest, WITHDRAWALS, Failed(number, code, HASH, HASH))
        status = await rest.get("asset/deposit-withdraw-status", payer, wdId=made.row["wdId"])
        assert status.row["state"].startswith(word)
        assert status.row["state"].endswith("the amount and the fee were returned")
        row = (await rest.get("asset/withdrawal-history", payer, wdId=made.row["wdId"])).row
        assert (row["state"], row.get("xReason")) == ("-1", reason)
        await topic._learn(0)
        assert row["wdId"].encode() in pushed[-1]
        assert (b'"xReason":"92013"' in pushed[-1]) is (reason is not None)


async def test_a_fee_that_moves_is_shown_held_and_agreed_to(rest: RestBed, payer: NewKey) -> None:
    """Criterion: CUST-FEE-8."""
    await funded(rest, 2)
    await booked(rest)
    await quote(rest, "0.0001", "0.0005", "0.001")
    line = (await rest.get("asset/currencies", payer, ccy="BTC")).row
    assert [line[one] for one in ("minFee", "fee", "maxFee")] == ["0.0001", "0.0005", "0.001"]
    refused = await rest.post("asset/withdrawal", payer, ORDER | {"fee": "0.0004"})
    assert (refused.code, "0.0005" in refused.json["msg"]) == ("51000", True)
    await house(rest, WITHDRAWALS, Hold(NETWORK, 0, stopped=True))
    made = await rest.post("asset/withdrawal", payer, ORDER | {"fee": "0.0005"})
    await quote(rest, "0.0001", "0.0008", "0.001")
    await house(rest, WITHDRAWALS, Hold(NETWORK, 0, stopped=False))
    row = (await rest.get("asset/withdrawal-history", payer, state="0")).row
    assert (row["wdId"], row["fee"], row["xFeeNow"]) == (made.row["wdId"], "0.0005", "0.0008")
    status = await rest.get("asset/deposit-withdraw-status", payer, wdId=row["wdId"])
    assert status.code == "0"
    agree = {"wdId": row["wdId"], "fee": "0.0005"}
    refused = await rest.post("x/withdrawal-fee/agree", payer, agree)
    assert (refused.code, "0.0008" in refused.json["msg"]) == ("51000", True)
    agree["fee"] = "0.0008"
    assert (await rest.post("x/withdrawal-fee/agree", rest.bob, agree)).code != "0"
    assert (await rest.post("x/withdrawal-fee/agree", payer, agree)).code == "0"
    row = (await rest.get("asset/withdrawal-history", payer)).row
    assert (row["state"], row["fee"], row["xFeeNow"]) == ("10", "0.0008", "")
    assert (await rest.get("asset/balances", payer, ccy="BTC")).row["frozenBal"] == "0.5008"
