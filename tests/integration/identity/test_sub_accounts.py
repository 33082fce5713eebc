"""Sub-accounts: OKX's `users/subaccount/*` and what goes with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fullreserve.door.outcome import outcome
from fullreserve.door.protocol import Refused
from fullreserve.exchange import chart
from fullreserve.exchange.wire.commands import (
    RULES_KNOWN,
    AccountKey,
    ActivateRules,
    OwnerFlag,
    Transfer,
    amount_bytes,
)
from fullreserve.exchange.wire.queries import GetOwner
from fullreserve.identity.api_key import Permission
from fullreserve.identity.owner_flags import change_flags
from fullreserve.identity.rules import MINUTE_MS
from fullreserve.identity.vault import NewKey
from tests.bed import ALICE, USDT, submit
from tests.integration.identity.bed import Browser, Town
from tests.integration.rest.bed import Answer

TRADE = Permission.READ_ONLY | Permission.TRADE
KEY = {"label": "bot", "passphrase": "Phrase-12", "perm": "trade"}
KEY_KEYS = ("apiKey", "label", "perm", "ip", "ts")
LIST_KEYS = (
    "canTransOut enable firstLvSubAcct frozenFunc gAuth ifDma label mobile subAcct subAcctLv ts "
    "type uid"
)


class Master:
    """Alice's master account with a key that is bound to addresses."""

    def __init__(self, town: Town) -> None:
        self.town = town
        vault = town.rest.vault
        self.key = vault.create_key(ALICE, "Phrase-12", TRADE, addresses=["127.0.0.1"])

    async def post(self, path: str, **body: Any) -> Answer:
        return await self.town.rest.post(path, self.key, body)

    async def get(self, path: str, **params: object) -> Answer:
        return await self.town.rest.get(path, self.key, **params)

    async def create(self, name: str, label: str = "") -> int:
        answer = await self.post(
            "users/subaccount/create-subaccount", subAcct=name, type="1", label=label
        )
        assert answer.code == "0", answer.json
        return int(answer.row["uid"])

    async def move(self, actor: int, source: AccountKey, target: AccountKey, units: int) -> None:
        door = self.town.rest.door
        amount = amount_bytes(units * 10**8)
        command = Transfer(door.gateway, door.numbers(1), actor, source, target, USDT, amount)
        reply = await outcome(door, command)
        assert not isinstance(reply, Refused)
        assert reply.code == 0

    async def fund(self, uid: int, units: int, room: int = chart.TRADE) -> None:
        source, target = AccountKey(ALICE, chart.TRADE, 0), AccountKey(uid, room, 0)
        await self.move(ALICE, source, target, units)


@pytest.fixture
def master(town: Town) -> Master:
    return Master(town)


async def test_a_master_that_its_sub_account_opens_has_the_level_of_new_accounts(
    town: Town,
) -> None:
    """Criterion: ID-SUB-1. The level is set where masters open at their sign-in, too."""
    rest = town.rest
    rest.context.desk.rules = replace(rest.context.desk.rules, opening_kyc=1)
    uid = rest.vault.create_user().uid
    key = rest.vault.create_key(uid, "Phrase-12", TRADE, addresses=["127.0.0.1"])
    body = {"subAcct": "strategy1", "type": "1", "label": ""}
    made = await rest.post("users/subaccount/create-subaccount", key, body)
    for one in (uid, int(made.row["uid"])):
        assert (await rest.door.query(GetOwner(one))).kyc == 1


async def test_a_sub_account_is_made_in_the_vault_and_in_the_core(master: Master) -> None:
    """Criterion: ID-SUB-1"""
    uid = await master.create("strategy1", "first")
    master.town.clock.advance(1000)
    await master.create("strategy2")
    owner = await master.town.rest.door.query(GetOwner(uid))
    assert (owner.owner, owner.master, owner.tier) == (uid, ALICE, 1)
    rows = (await master.get("users/subaccount/list")).data
    assert [row["subAcct"] for row in rows] == ["strategy2", "strategy1"]
    assert rows[1] == rows[1] | {
        "uid": str(uid), "label": "first", "type": "1", "enable": True, "canTransOut": True,
    }  # fmt: skip
    assert sorted(rows[1]) == LIST_KEYS.split()
    found = await master.get("users/subaccount/list", subAcct="strategy1")
    assert [row["uid"] for row in found.data] == [str(uid)]
    older = await master.get("users/subaccount/list", after=rows[0]["ts"])
    assert [row["subAcct"] for row in older.data] == ["strategy1"]
    newer = await master.get("users/subaccount/list", before=rows[1]["ts"])
    assert [row["subAcct"] for row in newer.data] == ["strategy2"]
    assert len((await master.get("users/subaccount/list", limit="1")).data) == 1
    assert (await master.get("users/subaccount/list", enable="false")).data == []


async def test_names_are_one_masters_own_and_bounded(master: Master) -> None:
    """Criterion: ID-SUB-1"""
    await master.create("strategy1")
    path = "users/subaccount/create-subaccount"
    for name, code in (
        ("strategy1", "59601"), ("short", "51000"), ("with-hyphen", "51000"), ("x" * 21, "51000"),
        ("", "50014"),
    ):  # fmt: skip
        assert (await master.post(path, subAcct=name, type="1")).code == code, name
    for number in range(29):
        await master.create(f"another{number}")
    assert (await master.post(path, subAcct="onemore", type="1")).code == "59603"
    home = await master.town.user()
    answer = await home.post(path, subAcct="strategy1", type="1")
    assert answer.code == "0", "another master's names are free"


async def test_a_key_of_a_sub_account_acts_for_it_alone(master: Master) -> None:
    """Criterion: ID-SUB-2"""
    uid = await master.create("strategy1")
    await master.fund(uid, 1000)
    made = (await master.post("users/subaccount/apikey", subAcct="strategy1", **KEY)).row
    assert sorted(made) == [
        "apiKey",
        "ip",
        "label",
        "passphrase",
        "perm",
        "secretKey",
        "subAcct",
        "ts",
    ]
    assert (made["perm"], made["ip"], made["passphrase"]) == ("read_only,trade", "", "Phrase-12")
    key = NewKey(uid, made["apiKey"], made["secretKey"], "Phrase-12")
    rest = master.town.rest
    config = (await rest.get("account/config", key)).row
    assert (config["uid"], config["mainUid"], config["type"]) == (str(uid), str(ALICE), "1")
    await rest.place(key, "buy", "100", "1")
    for path in ("users/subaccount/list", "asset/subaccount/bills"):
        assert (await rest.get(path, key)).code == "59500"
    own = {"subAcct": "strategy1", "apiKey": key.key}
    answer = await rest.post("users/subaccount/delete-apikey", key, own)
    assert answer.code == "59500"


async def test_keys_of_sub_accounts_are_listed_changed_and_deleted(master: Master) -> None:
    """Criterion: ID-SUB-2"""
    await master.create("strategy1")
    await master.create("strategy2")
    made = (await master.post("users/subaccount/apikey", subAcct="strategy1", **KEY)).row
    name = {"subAcct": "strategy1", "apiKey": made["apiKey"]}
    (row,) = (await master.get("users/subaccount/apikey", subAcct="strategy1")).data
    assert sorted(row) == sorted(KEY_KEYS)
    assert (await master.get("users/subaccount/apikey", **(name | {"apiKey": "k"}))).data == []
    changed = await master.post(
        "users/subaccount/modify-apikey", **name, perm="read_only", ip="10.0.0.1", label="new"
    )
    assert (changed.row["perm"], changed.row["ip"]) == ("read_only", "10.0.0.1/32")
    assert changed.row["label"] == "new"
    cleared = await master.post("users/subaccount/modify-apikey", **name, ip="")
    assert (cleared.row["ip"], cleared.row["label"]) == ("", "new")
    wrong = {"subAcct": "strategy2", "apiKey": made["apiKey"]}
    for path in ("modify-apikey", "delete-apikey"):
        assert (await master.post(f"users/subaccount/{path}", **wrong)).code == "59506"
    deleted = await master.post("users/subaccount/delete-apikey", **name)
    assert deleted.row == {"subAcct": "strategy1"}
    assert (await master.get("users/subaccount/apikey", subAcct="strategy1")).data == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"subAcct": "nobody1"}, "59510"),
        ({"perm": "withdraw"}, "59504"),
        ({"perm": "everything"}, "51000"),
        ({"ip": "nowhere"}, "59503"),
        ({"passphrase": "short"}, "59505"),
        ({"label": ""}, "50014"),
    ],
)
async def test_what_a_sub_accounts_key_cannot_be(
    master: Master, change: dict[str, str], code: str
) -> None:
    """Criterion: ID-SUB-2"""
    await master.create("strategy1")
    body = {"subAcct": "strategy1", **KEY} | change
    assert (await master.post("users/subaccount/apikey", **body)).code == code


async def test_only_a_bound_key_or_a_fresh_session_makes_accounts_and_keys(master: Master) -> None:
    """Criterion: ID-SUB-3. A stolen key shall not make others for itself."""
    town = master.town
    await master.create("strategy1")
    paths = ("create-subaccount", "apikey", "modify-apikey", "set-transfer-out")
    body = {"subAcct": "strategy1", "apiKey": "k", **KEY}
    for path in paths[:-1]:
        answer = await town.rest.post(f"users/subaccount/{path}", town.rest.alice, body)
        assert (answer.status, answer.code) == (403, "50035"), path
    home = await town.user()
    town.clock.advance(10 * MINUTE_MS)
    for path in paths:
        answer = await home.post(f"users/subaccount/{path}", **body)
        assert answer.code == "90006", path
    await home.step_up()
    assert (await _created(home)).code == "0"


async def _created(home: Browser) -> Answer:
    return await home.post("users/subaccount/create-subaccount", subAcct="strategy1", type="1")


async def test_money_of_sub_accounts_is_shown(master: Master) -> None:
    """Criterion: ID-SUB-4"""
    uid = await master.create("strategy1")
    await master.fund(uid, 1000)
    await master.fund(uid, 7, chart.FUND)
    made = (await master.post("users/subaccount/apikey", subAcct="strategy1", **KEY)).row
    key = NewKey(uid, made["apiKey"], made["secretKey"], "Phrase-12")
    await master.town.rest.place(key, "buy", "100", "1")
    balance = (await master.get("account/subaccount/balances", subAcct="strategy1")).row
    own = (await master.town.rest.get("account/balance", key)).row
    assert balance["details"] == own["details"]
    assert sorted(balance) == sorted(own)
    funding = await master.get("asset/subaccount/balances", subAcct="strategy1")
    assert funding.data == [{"ccy": "USDT", "bal": "7", "availBal": "7", "frozenBal": "0"}]
    none = await master.get("asset/subaccount/balances", subAcct="strategy1", ccy="BTC")
    assert none.data == []
    most = (await master.get("account/subaccount/max-withdrawal", subAcct="strategy1")).row
    assert (most["ccy"], most["maxWd"]) == ("USDT", "900")
    for path in ("account/subaccount/balances", "asset/subaccount/balances"):
        assert (await master.get(path, subAcct="nobody1")).code == "59510"
        assert (await master.get(path)).code == "50014"


async def test_money_moves_between_sub_accounts_by_their_masters_word(master: Master) -> None:
    """Criterion: ID-SUB-5"""
    first, second = await master.create("strategy1"), await master.create("strategy2")
    await master.fund(first, 100)
    way = {"from": "18", "to": "6", "fromSubAccount": "strategy1", "toSubAccount": "strategy2"}
    path = "asset/subaccount/transfer"
    moved = await master.post(path, ccy="USDT", amt="40", **way)
    assert len(moved.row["transId"]) == 19
    funding = await master.get("asset/subaccount/balances", subAcct="strategy2")
    assert funding.row["bal"] == "40"
    for change, code in (
        ({"amt": "60.5"}, "58350"), ({"amt": "0"}, "58114"), ({"amt": "x"}, "51000"),
        ({"amt": "-10"}, "58114"), ({"amt": "--1"}, "51000"),
        ({"amt": "0.000000001"}, "51000"), ({"ccy": "NONE"}, "51012"), ({"from": "7"}, "51000"),
        ({"toSubAccount": "strategy1"}, "59507"), ({"toSubAccount": "nobody1"}, "59510"),
        ({"toSubAccount": ""}, "50014"),
    ):  # fmt: skip
        refused = await master.post(path, **({"ccy": "USDT", "amt": "1", **way} | change))
        assert refused.code == code, change
    assert second > first


async def test_a_repeated_request_of_a_master_is_refused(master: Master) -> None:
    """Criterion: REST-AUTH-4. One that moves money, or tells a secret."""
    first = await master.create("strategy1")
    await master.create("strategy2")
    await master.fund(first, 100)
    way = {"from": "18", "to": "6", "fromSubAccount": "strategy1", "toSubAccount": "strategy2"}
    for path, body in (
        ("asset/subaccount/transfer", {"ccy": "USDT", "amt": "40", **way}),
        ("users/subaccount/apikey", {"subAcct": "strategy1", **KEY}),
    ):
        codes = await master.town.rest.repeated(path, master.key, body)
        assert codes == ["0", "50113"], path
    funding = await master.get("asset/subaccount/balances", subAcct="strategy2")
    assert funding.row["bal"] == "40"


async def test_transfers_between_master_and_sub_accounts_are_listed(master: Master) -> None:
    """Criterion: ID-SUB-7"""
    first, second = await master.create("strategy1"), await master.create("strategy2")
    for uid, units in ((first, 1), (second, 2), (first, 3)):
        await master.fund(uid, units)
        master.town.clock.advance(1000)
    source, target = AccountKey(first, chart.TRADE, 0), AccountKey(ALICE, chart.FUND, 0)
    await master.move(first, source, target, 1)
    await master.town.recorded()
    rows = (await master.get("asset/subaccount/bills")).data
    shown = [(row["subAcct"], row["type"], row["amt"], row["ccy"]) for row in rows]
    assert shown == [
        ("strategy1", "1", "1", "USDT"),
        ("strategy1", "0", "3", "USDT"),
        ("strategy2", "0", "2", "USDT"),
        ("strategy1", "0", "1", "USDT"),
    ]
    assert sorted(rows[0]) == ["amt", "billId", "ccy", "subAcct", "ts", "type"]
    for params, amounts in (
        ({"type": "0"}, ["3", "2", "1"]),
        ({"type": "1"}, ["1"]),
        ({"subAcct": "strategy2"}, ["2"]),
        ({"ccy": "BTC"}, []),
        ({"after": rows[1]["ts"]}, ["2", "1"]),
        ({"before": rows[2]["ts"]}, ["1", "3"]),
        ({"limit": "1"}, ["1"]),
    ):
        found = await master.get("asset/subaccount/bills", **params)
        assert [row["amt"] for row in found.data] == amounts, params
    for path in ("users/entrust-subaccount-list", "asset/subaccount/managed-subaccount-bills"):
        assert (await master.get(path)).data == []


class Family:
    """A master with two funded sub-accounts, and a key of the first."""

    def __init__(self, master: Master) -> None:
        self.master = master
        self.uid = 0
        self.key: NewKey

    @classmethod
    async def made(cls, master: Master) -> Family:
        family = cls(master)
        family.uid = await master.create("strategy1")
        await master.create("strategy2")
        await master.fund(family.uid, 100)
        made = (await master.post("users/subaccount/apikey", subAcct="strategy1", **KEY)).row
        family.key = NewKey(family.uid, made["apiKey"], made["secretKey"], "Phrase-12")
        return family

    async def ask(self, key: NewKey, kind: str, **more: str) -> Answer:
        body = {"ccy": "USDT", "amt": "7", "from": "18", "to": "6", "type": kind, **more}
        return await self.master.town.rest.post("asset/transfer", key, body)

    async def held(self, name: str) -> list[str]:
        found = await self.master.get("asset/subaccount/balances", subAcct=name)
        return [row["bal"] for row in found.data]


async def test_a_sub_account_may_be_kept_from_sending(master: Master) -> None:
    """Criterion: ID-SUB-6. It moves among its own; its master moves what it has."""
    family = await Family.made(master)
    door = master.town.rest.door
    await submit(door, [ActivateRules(door.gateway, door.numbers(1), RULES_KNOWN)])
    out = "users/subaccount/set-transfer-out"
    stopped = await master.post(out, subAcct="strategy1,strategy2", canTransOut=False)
    assert stopped.data == [
        {"subAcct": "strategy1", "canTransOut": False},
        {"subAcct": "strategy2", "canTransOut": False},
    ]
    (row,) = (await master.get("users/subaccount/list", subAcct="strategy1")).data
    assert row["canTransOut"] is False
    other = {"subAcct": "strategy2"}
    assert (await family.ask(family.key, "3")).code == "58119"
    assert (await family.ask(family.key, "4", **other)).code == "58119"
    assert (await family.ask(family.key, "0")).code == "0"
    assert (await family.ask(master.key, "2", subAcct="strategy1")).code == "0"
    path, way = "asset/subaccount/transfer", {
        "from": "18", "to": "18", "fromSubAccount": "strategy1", "toSubAccount": "strategy2",
    }  # fmt: skip
    assert (await master.post(path, ccy="USDT", amt="1", **way)).code == "0"
    assert (await master.post(out, subAcct="strategy1", canTransOut="true")).code == "0"
    assert (await family.ask(family.key, "4", **other)).code == "0"
    assert (await master.post(out, subAcct="nobody1", canTransOut=True)).code == "59510"


async def test_asset_transfer_moves_within_a_family(master: Master) -> None:
    """Criterion: ID-SUB-8"""
    family = await Family.made(master)
    rest = master.town.rest
    to_sub = await family.ask(master.key, "1", subAcct="strategy2")
    assert to_sub.code == "0", to_sub.json
    assert await family.held("strategy2") == ["7"]
    from_sub = await family.ask(master.key, "2", subAcct="strategy1")
    to_master = await family.ask(family.key, "3")
    assert (await rest.get("asset/balances", master.key)).row["bal"] == "14"
    to_other = await family.ask(family.key, "4", subAcct="strategy2")
    assert await family.held("strategy2") == ["14"]
    await master.town.recorded()
    for key, answer, kind, name in (
        (master.key, to_sub, "1", "strategy2"),
        (master.key, from_sub, "2", "strategy1"),
        (master.key, to_master, "2", "strategy1"),
        (family.key, to_master, "3", ""),
        (family.key, to_other, "4", "strategy2"),
    ):
        number = answer.row["transId"]
        seen = await rest.get("asset/transfer-state", key, transId=number, type=kind)
        assert (seen.row["type"], seen.row["subAcct"], seen.row["amt"]) == (kind, name, "7")
    number = to_sub.row["transId"]
    assert (await rest.get("asset/transfer-state", family.key, transId=number)).code == "51000"


async def test_who_may_ask_for_which_transfer(master: Master) -> None:
    """Criterion: ID-SUB-8"""
    family = await Family.made(master)
    for key, kind, more, code in (
        (family.key, "1", {"subAcct": "strategy2"}, "58128"),
        (family.key, "2", {"subAcct": "strategy2"}, "58128"),
        (master.key, "3", {}, "58127"),
        (master.key, "4", {"subAcct": "strategy1"}, "58127"),
        (master.key, "1", {}, "50014"),
        (master.key, "1", {"subAcct": "nobody1"}, "59510"),
        (family.key, "4", {"subAcct": "strategy1", "to": "18"}, "58123"),
        (master.key, "2", {"subAcct": "strategy1", "amt": "101"}, "58350"),
    ):
        assert (await family.ask(key, kind, **more)).code == code, (kind, more)
    assert await family.held("strategy1") == []


async def test_a_repeated_client_id_moves_within_a_family_once(master: Master) -> None:
    """Criterion: ID-SUB-8"""
    family = await Family.made(master)
    body = {"subAcct": "strategy2", "clientId": "once"}
    first = await family.ask(master.key, "1", **body)
    again = await family.ask(master.key, "1", **body)
    assert first.row["transId"] == again.row["transId"]
    assert await family.held("strategy2") == ["7"]
    other = await family.ask(master.key, "1", subAcct="strategy1", clientId="once")
    assert other.code == "50071"


class FrozenSub:
    """A user in a browser, and a funded sub-account with a key."""

    def __init__(self, town: Town, home: Browser) -> None:
        self.town, self.home = town, home
        self.key: NewKey

    @classmethod
    async def made(cls, town: Town) -> FrozenSub:
        sub = cls(town, await town.user())
        uid = int((await _created(sub.home)).row["uid"])
        made = (await sub.home.post("users/subaccount/apikey", subAcct="strategy1", **KEY)).row
        sub.key = NewKey(uid, made["apiKey"], made["secretKey"], "Phrase-12")
        source, target = AccountKey(ALICE, chart.TRADE, 0), AccountKey(uid, chart.TRADE, 0)
        await Master(town).move(chart.HOUSE, source, target, 1000)
        return sub

    async def act(self, word: str, **more: Any) -> str:
        return (await self.home.post(f"x/sub-accounts/{word}", subAcct="strategy1", **more)).code

    async def state(self) -> tuple[list[str], bool]:
        (row,) = (await self.home.get("x/sub-accounts")).data
        (listed,) = (await self.home.get("users/subaccount/list")).data
        return row["frozenBy"], listed["enable"]

    async def order(self) -> str:
        body = {"instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit"}
        answer = await self.town.rest.post("trade/order", self.key, body | {"px": "9", "sz": "1"})
        return str(answer.row["sCode"])

    async def send(self) -> str:
        body = {"ccy": "USDT", "amt": "1", "from": "18", "to": "6"}
        return (await self.town.rest.post("asset/transfer", self.key, body)).code

    async def pending(self) -> int:
        return len((await self.town.rest.get("trade/orders-pending", self.key)).data)


async def test_a_master_freezes_a_sub_account_and_frees_it(town: Town) -> None:
    """Criterion: ID-SUB-10"""
    sub = await FrozenSub.made(town)
    assert (await sub.order(), await sub.send(), await sub.state()) == ("0", "0", ([], True))
    assert await sub.act("freeze") == "0"
    assert await sub.state() == (["master"], False)
    assert (await sub.order(), await sub.send(), await sub.pending()) == ("50007", "58004", 1)
    assert await sub.act("freeze", cancelOrders=True) == "0", "again, with its orders"
    assert await sub.pending() == 0
    back = {"ccy": "USDT", "amt": "1", "from": "18", "to": "6", "type": "2"}
    assert (await sub.home.post("asset/transfer", subAcct="strategy1", **back)).code == "0"
    assert await sub.act("unfreeze") == "0"
    assert (await sub.order(), await sub.send(), await sub.state()) == ("0", "0", ([], True))


async def test_what_the_exchange_froze_stays_frozen(town: Town) -> None:
    """Criterion: ID-SUB-10"""
    sub = await FrozenSub.made(town)
    assert await sub.act("freeze") == "0"
    await change_flags(town.rest.context.desk, town.rest.door, sub.key.uid, OwnerFlag.FROZEN)
    assert (await sub.state())[0] == ["master", "exchange"]
    assert await sub.act("unfreeze") == "0"
    assert await sub.state() == (["exchange"], False)
    assert await sub.order() == "50007"


async def test_freezing_wants_a_session_a_fresh_proof_and_an_own_sub_account(town: Town) -> None:
    """Criterion: ID-SUB-10"""
    sub = await FrozenSub.made(town)
    assert (await town.rest.get("x/sub-accounts", sub.key)).code == "90011"
    nobodys = await sub.home.post("x/sub-accounts/freeze", subAcct="nobody1")
    assert nobodys.code == "59510"
    town.clock.advance(10 * MINUTE_MS)
    assert (await sub.act("freeze"), await sub.act("unfreeze")) == ("90006", "90006")
    await sub.home.step_up()
    assert await sub.act("freeze") == "0"
