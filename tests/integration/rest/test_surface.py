"""What holds for every request: shapes of errors, limits, keys, health."""

from __future__ import annotations

from pathlib import Path

import pytest

from fullreserve.clock import SystemClock
from fullreserve.gateway.rest.app import BODY_MAX
from fullreserve.identity.api_key import Permission
from tests.integration.rest.bed import API, RestBed

ORDER = API + "trade/order"


async def test_every_refusal_is_json(rest: RestBed) -> None:
    """Criterion: REST-1"""
    for method, path, status, code in [
        ("GET", "/", 404, "50005"),
        ("GET", API + "no/such", 404, "50005"),
        ("POST", API + "no/such", 404, "50005"),
        ("DELETE", ORDER, 405, "50115"),
        ("POST", API + "public/time", 405, "50115"),
        ("POST", "/healthz", 405, "50115"),
        ("GET", ORDER, 401, "50103"),
        ("POST", ORDER, 401, "50103"),
        ("GET", API + "public/instruments", 400, "50014"),
    ]:
        answer = await rest.call(method, path)
        assert (answer.status, answer.code) == (status, code)
        assert answer.json["msg"]
        assert answer.data == []
        assert answer.headers["content-type"] == "application/json"


async def test_a_body_has_a_largest_size(rest: RestBed) -> None:
    """Criterion: REST-1, REST-IN-2"""
    body = b'{"a":"' + b"x" * BODY_MAX + b'"}'
    answer = await rest.post("trade/order", rest.alice, body)
    assert (answer.status, answer.code) == (413, "50002")
    assert str(BODY_MAX) in answer.json["msg"]


async def test_malformed_bodies(rest: RestBed) -> None:
    """Criterion: REST-IN-2"""
    for body, status, code in [
        (b"", 400, "50000"),
        (b"{", 400, "50002"),
        (b"[]", 400, "50002"),
        (b'{"instId":NaN}', 400, "50002"),
        (b"[" * 100_000, 400, "50002"),
        (b"\x00\xff", 400, "50002"),
    ]:
        answer = await rest.post("trade/order", rest.alice, body)
        assert (answer.status, answer.code) == (status, code)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (rb'{"clOrdId":"\ud800"}', "half of a UTF-16 surrogate pair"),
        (rb'{"clOrdId":"\ud800","instId":"BTC-USDT"}', "half of a UTF-16 surrogate pair"),
        (rb'{"clOrdId":"\ud800', "truncated"),
        (rb'{"clOrdId":"a', "truncated"),
    ],
)
async def test_a_refused_body_says_what_is_wrong(rest: RestBed, body: bytes, said: str) -> None:
    """Criterion: REST-IN-2"""
    for path in ("trade/order", "asset/transfer"):
        answer = await rest.post(path, rest.alice, body)
        assert (answer.status, answer.code) == (400, "50002")
        assert said in answer.json["msg"]


async def test_an_internal_error_is_said_without_details(
    rest: RestBed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: REST-1

    A catalog that breaks stands for a fault nobody thought of.
    """
    monkeypatch.setattr(rest.feed.market.catalog, "instruments", None)
    answer = await rest.get("public/instruments", instType="SPOT")
    assert (answer.status, answer.code) == (500, "50026")
    assert "None" not in answer.json["msg"]


async def test_permissions_and_revocation(rest: RestBed) -> None:
    """Criterion: REST-AUTH-3, REST-AUTH-5"""
    reader = rest.vault.create_key(rest.alice.uid, "p", Permission.READ_ONLY)
    assert (await rest.get("account/balance", reader)).code == "0"
    refused = await rest.post("trade/order", reader, {})
    assert (refused.code, "trade" in refused.json["msg"]) == ("50120", True)
    trader = rest.vault.create_key(rest.alice.uid, "p", Permission.TRADE)
    assert (await rest.get("account/balance", trader)).code == "0"
    rest.vault.revoke_key(trader.key)
    assert (await rest.get("account/balance", trader)).code == "50111"


async def test_a_wrong_passphrase_before_and_after_the_right_one(rest: RestBed) -> None:
    """Criterion: REST-AUTH-2"""
    path = API + "account/balance"
    for _ in range(2):
        headers = rest.signed(rest.alice, "GET", path) | {"OK-ACCESS-PASSPHRASE": "wrong"}
        assert (await rest.call("GET", path, headers=headers)).code == "50105"
        assert (await rest.get("account/balance", rest.alice)).code == "0"


class SlowWindows(SystemClock):
    """Durations pass at a tenth of their speed, so that a slow machine fills a window too."""

    def monotonic_ns(self) -> int:
        return super().monotonic_ns() // 10


async def test_limits_answer_429(tmp_path: Path) -> None:
    """Criterion: REST-LIM-1, REST-2"""
    rest = await RestBed.open(tmp_path, limits=True, clock=SlowWindows())
    answers = [await rest.get("public/time") for _ in range(11)]
    assert [answer.status for answer in answers[:10]] == [200] * 10
    assert (answers[10].status, answers[10].code) == (429, "50011")
    order = {"instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit"}
    body = {**order, "px": "40000", "sz": "0.001"}
    orders = [await rest.post("trade/order", rest.alice, body) for _ in range(70)]
    codes = [answer.code for answer in orders]
    assert any(int(answer.json["inTime"]) % 1000 for answer in orders[:5]), "microseconds"
    assert codes[:60] == ["0"] * 60
    assert "50011" in codes[60:]
    many = await rest.post("trade/batch-orders", rest.alice, [body] * 20)
    assert many.code == "0"
    await rest.close()


async def test_orders_of_an_account_have_a_limit_of_their_own(tmp_path: Path) -> None:
    """Criterion: REST-LIM-2"""
    rest = await RestBed.open(tmp_path, limits=True, clock=SlowWindows())
    names = ("BTC-USDT", "ETH-USDT", "BTC-USDC", "ETH-BTC")
    order = {"tdMode": "cash", "side": "buy", "ordType": "limit", "px": "1", "sz": "1"}
    batches = [[{**order, "instId": name}] * 20 for name in names for _ in range(14)]
    answers = [await rest.post("trade/batch-orders", rest.alice, batch) for batch in batches]
    codes = [{row["sCode"] for row in answer.data} for answer in answers]
    refused = [answer for answer in answers if answer.data[0]["sCode"] == "50061"]
    assert len(refused) >= 3
    for answer in refused:
        assert (answer.status, answer.code, len(answer.data)) == (200, "1", 20)
        assert all("1000 in 2 s" in row["sMsg"] for row in answer.data)
    assert codes.count({"50061"}) == len(refused)
    assert "50061" not in set().union(*codes[:50])
    # Cancellations are counted apart.
    cancel = {"instId": "BTC-USDT", "ordId": "1"}
    assert (await rest.post("trade/cancel-order", rest.alice, cancel)).code == "1"
    await rest.close()


async def test_reads_are_counted_by_what_the_table_says(tmp_path: Path) -> None:
    """Criterion: REST-LIM-1"""
    rest = await RestBed.open(tmp_path, limits=True, clock=SlowWindows())

    async def codes(path: str, times: int, address: str = "10.0.0.1", **params: str) -> list[str]:
        query = "&".join(f"{name}={value}" for name, value in params.items())
        calls = [await rest.call("GET", API + path, query, address=address) for _ in range(times)]
        return [call.code for call in calls]

    assert "50011" in await codes("public/instruments", 25, instType="SPOT")
    assert await codes("public/instruments", 1, instType="SWAP") == ["0"]
    # Made-up names are one subject together.
    assert "50011" in [
        c for n in range(25) for c in await codes("public/instruments", 1, instType=f"X{n}")
    ]
    assert await codes("public/instruments", 1, "10.0.0.2", instType="SPOT") == ["0"]
    assert "50011" in await codes("public/funding-rate", 12, instId="BTC-USDT")
    await rest.close()


async def test_health_and_metrics(rest: RestBed) -> None:
    """Criterion: REST-OPS-1"""
    await rest.place(rest.alice, "buy", "40000", "0.1")
    healthy = await rest.call("GET", "/healthz")
    assert healthy.status == 200
    assert healthy.json["state"] == "running"
    assert healthy.json["durable"] > 0
    assert {"market", "records"} >= set(healthy.json["lag"]) >= {"market"}
    await rest.bed.sequencer.close()
    stopped = await rest.call("GET", "/healthz")
    assert stopped.status == 503
