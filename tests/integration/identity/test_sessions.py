"""A browser's session where a signature would stand: same endpoints, same permissions."""

from __future__ import annotations

import json

from fullreserve.gateway.rest.address import Proxies
from fullreserve.identity.rules import MINUTE_MS
from fullreserve.identity.session import Device
from fullreserve.identity.sessions import NewSession, Sessions
from tests.bed import ALICE
from tests.integration.identity.bed import PASSWORD, Town
from tests.integration.rest.bed import API, RestBed

ORDER = {
    "instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit",
    "px": "100", "sz": "1",
}  # fmt: skip


def session(rest: RestBed) -> NewSession:
    return Sessions(rest.vault).open(ALICE, Device("127.0.0.1", "Browser/1"))


def cookie(opened: NewSession) -> dict[str, str]:
    return {"Cookie": f"theme=dark; fullreserve-session={opened.token}"}


async def test_a_session_reads_and_trades_where_a_signature_would(town: Town) -> None:
    """Criterion: ID-AUTH-1"""
    rest = town.rest
    opened = session(rest)
    read = await rest.call("GET", API + "account/config", headers=cookie(opened))
    assert read.row["uid"] == str(ALICE)
    body = json.dumps(ORDER).encode()
    headers = cookie(opened) | {"X-CSRF-Token": opened.csrf}
    placed = await rest.call("POST", API + "trade/order", body=body, headers=headers)
    assert placed.row["sCode"] == "0"
    pending = await rest.call("GET", API + "trade/orders-pending", headers=cookie(opened))
    assert [row["ordId"] for row in pending.data] == [placed.row["ordId"]]


async def test_money_leaves_with_a_fresh_proof_alone(town: Town) -> None:
    """Criterion: ID-SES-1. What a browser is told is what it can cure."""
    home = await town.user()
    order = {"ccy": "BTC", "amt": "1", "dest": "4", "toAddr": "addr7"}
    assert (await home.post("asset/withdrawal", **order)).code == "58013"
    town.clock.advance(11 * MINUTE_MS)
    for path in ("asset/withdrawal", "asset/cancel-withdrawal"):
        assert (await home.post(path, **order)).code == "90006"
    await home.step_up()
    assert (await home.post("asset/withdrawal", **order)).code == "58013"


async def test_a_change_without_the_sessions_csrf_token_is_refused(town: Town) -> None:
    """Criterion: ID-AUTH-2"""
    rest = town.rest
    opened, other = session(rest), session(rest)
    body = json.dumps(ORDER).encode()
    for token in ("", "wrong", other.csrf):
        headers = cookie(opened) | ({"X-CSRF-Token": token} if token else {})
        answer = await rest.call("POST", API + "trade/order", body=body, headers=headers)
        assert (answer.status, answer.code) == (403, "90003")


async def test_an_ended_session_is_told_so_and_a_signature_goes_before_a_cookie(
    town: Town,
) -> None:
    """Criterion: ID-AUTH-3"""
    rest = town.rest
    opened = session(rest)
    signed = rest.signed(rest.bob, "GET", API + "account/config")
    answer = await rest.call("GET", API + "account/config", headers=signed | cookie(opened))
    assert answer.row["uid"] == str(rest.bob.uid)
    Sessions(rest.vault).end_all(ALICE)
    answer = await rest.call("GET", API + "account/config", headers=cookie(opened))
    assert (answer.status, answer.code) == (401, "90002")
    answer = await rest.call("GET", API + "account/config", headers={"Cookie": "theme=dark"})
    assert (answer.status, answer.code) == (401, "50103")


async def test_a_trusted_proxy_names_the_caller_and_nobody_else_does(town: Town) -> None:
    """Criterion: ID-AUTH-4"""
    await town.user()
    town.rest.context.proxies = Proxies("127.0.0.1")
    for peer, expected in (("127.0.0.1", "203.0.113.5"), ("192.0.2.1", "192.0.2.1")):
        headers = {
            "X-Forwarded-For": "198.51.100.1, 203.0.113.5",
            "Content-Type": "application/json",
        }
        body = json.dumps({"email": "ada@example.com", "password": PASSWORD}).encode()
        await town.rest.call("POST", API + "x/sign-in", "", body, headers, peer)
        (alert,) = await town.mail()
        assert alert.values["address"] == expected
