"""Goal: a session behaves as clients expect: login, subscriptions, limits, closing.

Method: plain WebSocket clients against a running exchange of real parts.
"""

import asyncio
import gc
import json
import logging
import socket as sockets
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from fullreserve.clock import NS_PER_MS, ManualClock
from fullreserve.config import Address
from fullreserve.exchange.wire import commands as c
from fullreserve.gateway.rest.address import Proxies
from fullreserve.gateway.ws import connection as ws_connection
from fullreserve.gateway.ws import limits as ws_limits
from fullreserve.gateway.ws import server as ws_server
from fullreserve.gateway.ws.frames import Close, close_frame, text_frame
from fullreserve.gateway.ws.hub import IDLE_MS, SWEEP_MS
from fullreserve.gateway.ws.limits import REQUESTS_MAX
from fullreserve.identity.api_key import Permission
from fullreserve.identity.rules import PRODUCTION
from tests.integration.ws.live import (
    BOTH,
    BTC_USDT,
    PASSPHRASE,
    WAIT_S,
    Live,
    login,
    order,
    running,
)

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)

UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Live]:
    async with running(tmp_path) as started:
        yield started


async def test_login_then_private_channels(live: Live) -> None:
    """Criterion: WS-LOGIN-1, WS-LOGIN-4, WS-SUB-5."""
    key = await live.trader()
    async with live.client(path="/ws/v5/private?brokerId=9999") as client:
        assert (await client.ask("subscribe", {"channel": "account"}))["code"] == "60011"
        assert (await client.ask("order", order("buy", "1", "1")))["code"] == "60011"
        await client.send(login(key, live.context.clock))
        reply = await client.next()
        assert (reply["event"], reply["code"], reply["msg"]) == ("login", "0", "")
        await client.subscribe("orders", instType="ANY")
        count = await client.next()
        assert (count["event"], count["channel"], count["connCount"]) == (
            "channel-conn-count", "orders", "1",
        )  # fmt: skip
        async with live.client(key) as second:
            await second.subscribe("orders", instType="SPOT")
            assert (await second.next())["connCount"] == "2"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"timestamp": "yesterday"}, "60004"),
        ({"timestamp": "1597026383"}, "60006"),
        ({"apiKey": "nobody"}, "60005"),
        ({"sign": "AAAA"}, "60007"),
        ({"passphrase": "wrong"}, "60024"),
        ({"apiKey": ""}, "60027"),
    ],
)
async def test_a_wrong_login_says_what_is_wrong(
    live: Live, changed: dict[str, Any], code: str
) -> None:
    """Criterion: WS-LOGIN-1, WS-LOGIN-7."""
    key = await live.trader()
    async with live.client() as client:
        await client.send(login(key, live.context.clock, **changed))
        reply = await client.next()
        assert (reply["event"], reply["code"]) == ("error", code)
        assert key.secret not in str(reply)
        assert await client.closed() == 4001


async def test_http_is_answered_as_rest_does(tmp_path: Path) -> None:
    """Criterion: WS-HTTP-1."""
    async with running(tmp_path, strict=True) as live:
        http = live.url.replace("ws", "http")
        for path, headers, status, code in (
            ("/ws/v5/public", {}, 426, "60012"),
            ("/ws/v5/public", UPGRADE | {"Sec-WebSocket-Version": "8"}, 426, "60012"),
            ("/ws/v5/public", UPGRADE | {"Connection": "close"}, 426, "60012"),
            ("/nowhere", {}, 404, "50005"),
        ):
            async with httpx.AsyncClient() as client:
                answer = await client.get(http + path, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (status, code)
            assert answer.headers["content-type"] == "application/json"
            assert answer.json()["msg"]
            if status == 426:
                assert answer.headers["sec-websocket-version"] == "13"


TLS_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500)
UPGRADING = (
    b"GET /\xff HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-Forwarded-For: \xff\r\n"
    b"Sec-WebSocket-Extensions: \xff\r\n\r\n"
)


async def answered(address: Address, sent: bytes, wanted: int = 1) -> bytes:
    """What begins the answer to raw bytes; nothing where the connection is closed instead."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(sent)
    begin = b""
    with suppress(ConnectionResetError):  # what was not read is thrown away with it
        begin = await asyncio.wait_for(reader.read(wanted), WAIT_S)
    writer.close()
    return begin


async def test_what_is_no_http_is_refused_or_closed_and_nothing_is_said_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Criterion: WS-HTTP-2."""
    caplog.set_level(logging.WARNING)
    async with running(tmp_path / "patient") as live:
        live.context.proxies = Proxies("127.0.0.1")
        for sent, status in (
            (b"garbage\r\n\r\n", b"400"),
            (b"\xff\xfe\r\n\r\n", b"400"),
            (b"GET / HTTP/1.1\r\n\xffx: 1\r\n\r\n", b"400"),
            (b"GET / HTTP/1.1\r\nUpgrade: \xff\r\nConnection: \xff\r\n\r\n", b"426"),
            (UPGRADING, b"101"),
        ):
            assert await answered(live.server.address, sent, 12) == b"HTTP/1.1 " + status, sent
        assert await answered(live.server.address, b"x" * 20_000) == b""
    monkeypatch.setattr(ws_server, "HANDSHAKE_S", 0.1)
    async with running(tmp_path / "hasty") as live:
        for sent in (TLS_HELLO, b"GET / HT", b""):
            assert await answered(live.server.address, sent) == b"", sent
        # What a broken connection leaves behind would be complained of when it is collected.
        gc.collect()
        await asyncio.sleep(0)
    gc.collect()
    assert [record.getMessage() for record in caplog.records] == []


async def test_operations_for_one_take_one(live: Live) -> None:
    """Criterion: WS-REQ-7."""
    key, other = await live.trader(), await live.trader()
    clock = live.context.clock
    async with live.client() as client:
        both = login(key, clock)["args"] + login(other, clock)["args"]
        reply = await client.ask("login", *both)
        assert (reply["code"], "one account" in reply["msg"]) == ("60013", True)
    async with live.client(key) as client:
        for op in ("order", "amend-order", "cancel-order"):
            reply = await client.ask(op, order("buy", "1", "1"), order("buy", "1", "1"))
            assert (reply["code"], reply["data"], "batch" in reply["msg"]) == ("60013", [], True)
        reply = await client.ask("batch-orders", order("buy", "1", "1"), order("buy", "1", "1"))
        assert reply["code"] == "0"


async def test_ids_of_requests(live: Live) -> None:
    """Criterion: WS-REQ-6."""
    async with live.client(await live.trader()) as client:
        for request_id, code in (("x-1", "60033"), ("a" * 33, "60033"), ("", "60033"), (7, None)):
            await client.send(
                {"id": request_id, "op": "subscribe", "args": [{"channel": "status"}]}
            )
            reply = await client.next()
            assert reply.get("code") == code
            assert ("32 letters and digits" in reply.get("msg", "")) == bool(code)
        await client.send({"op": "order", "args": [order("buy", "1", "1")]})
        reply = await client.next()
        assert (reply["code"], "id" in reply["msg"]) == ("60027", True)
        await client.send({"id": "x-1", "op": "order", "args": [order("buy", "1", "1")]})
        assert (await client.next())["code"] == "60033"


async def test_timestamps_as_clients_send_them(live: Live) -> None:
    """Criterion: WS-LOGIN-2."""
    key = await live.trader()
    now_ms = live.context.clock.wall_ms()
    for timestamp in (now_ms // 1000, f"{now_ms / 1000:.3f}"):
        async with live.client() as client:
            await client.send(login(key, live.context.clock, timestamp=timestamp))
            assert (await client.next())["event"] == "login"


async def test_a_second_login_of_another_user_is_refused(live: Live) -> None:
    """Criterion: WS-LOGIN-3."""
    key, other = await live.trader(), await live.trader()
    async with live.client(key) as client:
        await client.send(login(other, live.context.clock))
        assert (await client.next())["code"] == "60031"
        await client.send(login(key, live.context.clock))
        assert (await client.next())["event"] == "login"


async def test_what_is_sent_during_a_login_waits_for_it(tmp_path: Path) -> None:
    """Criterion: WS-LOGIN-5. The first login of a key takes argon2's time."""
    async with running(tmp_path, rules=PRODUCTION) as live, live.client() as client:
        key = await live.trader()
        await client.send(login(key, live.context.clock))
        await client.send({"op": "subscribe", "args": [{"channel": "account"}]})
        await client.send("ping")
        assert (await client.next())["event"] == "login"
        assert (await client.next())["event"] == "subscribe"
        assert (await client.next())["event"] == "channel-conn-count"
        assert await client.raw() == "pong"


async def test_a_revoked_key_trades_no_more(live: Live) -> None:
    """Criterion: WS-LOGIN-6."""
    key = await live.trader()
    async with live.client(key) as client:
        assert (await client.ask("order", order("buy", "1", "1")))["code"] == "0"
        live.context.vault.revoke_key(key.key)
        await client.send({"id": "2", "op": "order", "args": [order("buy", "1", "1")]})
        assert await client.closed() == Close.KEY_CHANGED


async def test_a_key_that_may_only_read_places_no_orders(live: Live) -> None:
    """Criterion: WS-OP-2."""
    key = await live.trader(Permission.READ_ONLY)
    async with live.client(key) as client:
        reply = await client.ask("order", order("buy", "1", "1"))
        assert (reply["code"], reply["data"]) == ("50120", [])


async def test_one_acknowledgement_for_each_argument(live: Live) -> None:
    """Criterion: WS-SUB-1, WS-SUB-2, WS-REQ-1."""
    good = {"channel": "tickers", "instId": "BTC-USDT"}
    bad = {"channel": "tickers", "instId": "NO-SUCH"}
    none = {"channel": "no-such", "instId": "BTC-USDT"}
    async with live.client() as client:
        await client.send({"id": "s1", "op": "subscribe", "args": [good, bad, none, good]})
        ack, snapshot, first, second, again = [await client.next() for _ in range(5)]
        assert ack == {"id": "s1", "event": "subscribe", "arg": good, "connId": ack["connId"]}
        assert snapshot["arg"] == good
        assert [first["code"], second["code"]] == ["60018", "60018"]
        assert "NO-SUCH" in first["msg"]
        assert again["event"] == "subscribe"
        ack = await client.ask("unsubscribe", good)
        assert (ack["event"], ack["arg"]) == ("unsubscribe", good)
        assert not live.server.hub.topic(("tickers", BTC_USDT))


async def test_differential_books_exclude_each_other(live: Live) -> None:
    """Criterion: WS-SUB-4."""
    key = await live.trader()
    async with live.client() as client:
        denied = await client.ask("subscribe", {"channel": "books-l2-tbt", "instId": "BTC-USDT"})
        assert denied["code"] == "60011"
    async with live.client(key) as client:
        await client.subscribe("books", instId="BTC-USDT")
        denied = await client.ask("subscribe", {"channel": "books-l2-tbt", "instId": "BTC-USDT"})
        assert denied["code"] == "64004"
        assert denied["msg"] == (
            "channel:books-l2-tbt,instId:BTC-USDT: this and the subscribed channel books "
            "exclude each other"
        )
        await client.subscribe("books-l2-tbt", instId="ETH-USDT")
        assert (await client.of("books-l2-tbt"))["action"] == "snapshot"


async def test_strict_paths(tmp_path: Path) -> None:
    """Criterion: WS-SUB-3."""
    async with running(tmp_path, strict=True) as live:
        key = await live.trader()
        arg = {"instId": "BTC-USDT"}
        for path, channel, code in (
            ("/ws/v5/public", "candle1m", "64001"),
            ("/ws/v5/business", "books", "64002"),
            ("/ws/v5/private", "tickers", "60018"),
            ("/ws/v5/public", "orders", "60018"),
            ("/ws/v5/public", "books", None),
            ("/ws/v5/business", "trades-all", None),
            ("/ws/v5/private", "fills", None),
            ("/ws/v5/private", "deposit-info", "64001"),
        ):
            async with live.client(key, path) as client:
                reply = await client.ask("subscribe", {"channel": channel, **arg})
                assert reply.get("code") == code, (path, channel)
        for path, op, code in (
            ("/ws/v5/public", "order", "60028"),
            ("/ws/v5/business", "batch-orders", "60028"),
            ("/ws/v5/private", "order-algo", "60028"),
            ("/ws/v5/business", "order-algo", "1"),
            ("/ws/v5/private", "order", "0"),
        ):
            async with live.client(key, path) as client:
                # The very text that is read straight to its command.
                params = {**order("buy", "1", "1"), "instIdCode": BTC_USDT}
                await client.send({"id": "1", "op": op, "args": [params]})
                assert (await client.next())["code"] == code, (path, op)
        with pytest.raises(InvalidStatus) as refused:
            async with live.client(path="/ws/v5/elsewhere"):
                pass
        assert refused.value.response.status_code == 404


async def test_garbage_is_refused_and_the_connection_goes_on(live: Live) -> None:
    """Criterion: WS-REQ-2, WS-REQ-4, WS-REQ-5, WS-FRAME-1."""
    async with live.client() as client:
        for text, code in (
            ("", "60012"),
            ("\x00", "60012"),
            ("[]", "60012"),
            ("{}", "60012"),
            ('{"op":7}', "60012"),
            ('{"op":"subscribe"}', "60013"),
            ('{"op":"subscribe","args":[1]}', "60013"),
            ('{"op":"subscribe","args":[{"channel":{"a":1}}]}', "60013"),
            ('{"op":"login","args":[]}', "60013"),
            ('{"op":"fly","args":[]}', "60019"),
            ("[" * 10_000, "60012"),
        ):
            await client.send(text)
            assert (await client.next())["code"] == code, text
        await client.socket.send(b"\xff\xfe")
        assert (await client.next())["code"] == "60012"
        # One request in three fragments.
        await client.socket.send(["{", '"op":"subscribe","args":[{"channel":"status"}]', "}"])
        assert (await client.next())["event"] == "subscribe"
        await client.send("ping")
        assert await client.raw() == "pong"
        await client.socket.ping()


async def test_a_frame_that_is_too_large_closes(live: Live) -> None:
    """Criterion: WS-REQ-3."""
    async with live.client() as client:
        await client.send('{"op":"subscribe","args":["' + "x" * 70_000 + '"]}')
        assert (await client.next())["code"] == "60012"
        await client.send("x" * 200_000)
        assert await client.closed() == Close.TOO_BIG
    async with live.client() as client:
        await client.socket.send(["x" * 70_000, "y" * 70_000])
        assert await client.closed() == Close.TOO_BIG


async def test_481_requests_are_one_too_many(tmp_path: Path) -> None:
    """Criterion: WS-LIMIT-1."""
    async with running(tmp_path, limits=True) as live, live.client() as client:
        arg = {"channel": "status"}
        for _ in range(REQUESTS_MAX):
            await client.send({"op": "unsubscribe", "args": [arg]})
        replies = [await client.next() for _ in range(REQUESTS_MAX)]
        assert {reply["event"] for reply in replies} == {"unsubscribe"}
        assert (await client.ask("subscribe", arg))["code"] == "60014"


async def test_an_idle_connection_is_closed_and_a_pinging_one_is_not(tmp_path: Path) -> None:
    """Criterion: WS-IDLE-1."""
    clock = ManualClock()
    async with running(tmp_path, clock=clock) as live, live.client() as idle, live.client() as busy:
        await idle.send("ping")
        assert await idle.raw() == "pong"
        for _ in range(IDLE_MS // 10_000 + 1):
            clock.advance(10_000)
            await busy.send("ping")
            assert await busy.raw() == "pong"
        assert await idle.closed() == Close.IDLE
        await busy.send("ping")
        assert await busy.raw() == "pong"


async def test_nobody_is_closed_before_30_seconds(tmp_path: Path) -> None:
    """Criterion: WS-IDLE-1. Whenever between two sweeps something came last."""
    clock = ManualClock()
    async with running(tmp_path, clock=clock) as live, live.client() as client:
        hub = live.server.hub
        clock.advance(SWEEP_MS - 1)
        await client.send("ping")
        assert await client.raw() == "pong"
        now_ms = clock.monotonic_ns() // NS_PER_MS
        hub.sweep(now_ms + IDLE_MS)
        assert len(hub.members) == 1
        hub.sweep(now_ms + IDLE_MS + 1)
        assert await client.closed() == Close.IDLE


async def test_a_client_that_does_not_read_is_cut_off_alone(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: WS-SLOW-1."""
    monkeypatch.setattr(ws_connection, "SEND_BUFFER_MAX", 64 * 1024)
    loop = asyncio.get_running_loop()
    with sockets.socket() as silent:
        silent.setblocking(False)
        await loop.sock_connect(silent, tuple(live.server.address))
        await loop.sock_sendall(silent, HANDSHAKE)
        assert (await loop.sock_recv(silent, 12)) == b"HTTP/1.1 101"
        (slow,) = live.server.hub.members
        async with live.client() as other:
            frame = text_frame(b"x" * 32_000)
            for _ in range(2_000):
                slow.write(frame)
                await other.send("ping")
                assert await other.raw() == "pong"
                if slow not in live.server.hub.members:
                    break
        assert slow not in live.server.hub.members
        # Who reads on in the end learns why.
        said = bytearray()
        while part := await loop.sock_recv(silent, 1 << 20):
            said += part
        assert said.endswith(close_frame(Close.SLOW_CONSUMER, "send buffer full"))


async def test_connections_of_a_channel_are_counted_not_subscriptions(live: Live) -> None:
    """Criterion: WS-SUB-5."""
    key = await live.trader()
    async with live.client(key) as first, live.client(key) as second:
        for name in ("BTC-USDT", "ETH-USDT"):
            await first.subscribe("orders", instType="SPOT", instId=name)
            told = await first.until(lambda one: one.get("event") == "channel-conn-count")
            assert told["connCount"] == "1"
        await second.subscribe("orders", instType="ANY")
        told = await second.until(lambda one: one.get("event") == "channel-conn-count")
        assert told["connCount"] == "2"
        await first.ask(
            "unsubscribe", {"channel": "orders", "instType": "SPOT", "instId": "BTC-USDT"}
        )
        assert live.server.connections(key.uid, "orders") == 2
        await first.ask(
            "unsubscribe", {"channel": "orders", "instType": "SPOT", "instId": "ETH-USDT"}
        )
        assert live.server.connections(key.uid, "orders") == 1


async def test_a_half_open_connection_leaves_nothing_behind(live: Live) -> None:
    """Criterion: WS-SLOW-1. A reset in the middle of a subscription."""
    key = await live.trader()
    async with live.client(key) as client:
        await client.subscribe("account")
        await client.subscribe("books", instId="BTC-USDT")
        raw = client.socket.transport.get_extra_info("socket")
        raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        client.socket.transport.abort()
        async with live.client() as other:
            # While this answer was under way the loop has seen the reset, too.
            await other.send("ping")
            assert await other.raw() == "pong"
        assert live.server.hub.topic(("books", BTC_USDT)) is None
        assert live.server.connections(key.uid, "account") == 0


async def test_a_notice_comes_before_a_planned_stop(live: Live) -> None:
    """Criterion: WS-STOP-1."""
    async with live.client() as client:
        await client.send("ping")
        assert await client.raw() == "pong"
        live.server.announce()
        notice = await client.next()
        assert (notice["event"], notice["code"]) == ("notice", "64008")
        await live.server.close()
        assert await client.closed() == Close.GOING_AWAY


async def test_instruments_come_whole_and_then_changed(live: Live) -> None:
    """Criterion: WS-REF-1."""
    async with live.client() as client:
        await client.subscribe("instruments", instType="SPOT")
        full = await client.next()
        assert [row["instId"] for row in full["data"]] == ["BTC-USDT", "ETH-USDT"]
        assert full["data"][0]["instIdCode"] == BTC_USDT
        state = c.SetInstrumentState(0, 0, BTC_USDT, c.InstrumentState.POST_ONLY)
        await live.send([state])
        (changed,) = (await client.next())["data"]
        assert (changed["instId"], changed["state"]) == ("BTC-USDT", "post_only")


async def test_connections_on_a_private_channel_are_counted_and_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: WS-SUB-5."""
    monkeypatch.setattr(ws_server, "CHANNEL_CONNECTIONS_MAX", 1)
    async with running(tmp_path, limits=True) as live:
        key = await live.trader()
        async with live.client(key) as first, live.client(key) as second:
            await first.subscribe("orders", instType="ANY")
            assert (await first.next())["event"] == "channel-conn-count"
            await second.subscribe("orders", instType="ANY")
            refused = await second.next()
            assert (refused["event"], refused["connCount"]) == ("channel-conn-count-error", "1")
            assert (await first.ask("unsubscribe", {"channel": "orders", "instType": "ANY"}))[
                "event"
            ] == "unsubscribe"
            await second.subscribe("orders", instType="ANY")
            assert (await second.next())["event"] == "channel-conn-count"


async def test_callers_behind_a_proxy_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: WS-LIMIT-2, WS-LIMIT-3."""
    monkeypatch.setattr(ws_limits, "CONNECT_BURST", 2)
    clock = ManualClock()
    async with running(tmp_path, limits=True, clock=clock) as live:
        live.context.proxies = Proxies("127.0.0.1")
        uid = (await live.trader()).uid
        key = live.context.vault.create_key(uid, PASSPHRASE, BOTH, addresses=["203.0.113.7"])
        url = f"ws://{live.server.address}"

        def behind(address: str) -> connect:
            # What the caller itself claims stands first and counts for nothing.
            headers = {"X-Forwarded-For": f"203.0.113.7, {address}"}
            return connect(url, additional_headers=headers, ping_interval=None)

        for address, code in (("203.0.113.7", "0"), ("198.51.100.1", "50110")):
            async with behind(address) as socket:
                await socket.send(json.dumps(login(key, clock)))
                assert json.loads(await socket.recv())["code"] == code
                if code == "0":
                    (member,) = live.server.hub.members
                    assert isinstance(member, ws_connection.Connection)
                    assert (member.address, member.key is not None) == (address, True)
        # In two lines of the header, the caller's own first, it is the same list.
        lines = [("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-For", "198.51.100.2")]
        async with connect(url, additional_headers=lines, ping_interval=None):
            (member,) = live.server.hub.members
            assert isinstance(member, ws_connection.Connection)
            assert member.address == "198.51.100.2"
        for ended in (None, Close.TRY_AGAIN_LATER):
            async with behind("198.51.100.1") as socket:
                if ended is None:
                    await socket.send("ping")
                    assert await socket.recv() == "pong"
                else:
                    await asyncio.wait_for(socket.wait_closed(), WAIT_S)
                    assert socket.close_code == ended
        # From the machine itself none is counted, and a third of a second brings one back.
        for _ in range(5):
            async with connect(url) as socket:
                await socket.send("ping")
                assert await socket.recv() == "pong"
        clock.advance(334)
        async with behind("198.51.100.1") as socket:
            await socket.send("ping")
            assert await socket.recv() == "pong"
