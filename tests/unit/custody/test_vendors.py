"""Goal: whatever a vendor or a webhook does, nothing is let through for it.

Method: services on loopback that answer, lie, are slow or are gone; lists that are there, change,
or cannot be read. Whoever is down is told from whoever has nothing against it.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from fullreserve.clock import Clock, ManualClock
from fullreserve.custody import networks, vendors
from fullreserve.custody.asked_service import ANSWER_MAX, DOWN_MS, BadService, Service, ServiceDown
from fullreserve.custody.hd import Private
from fullreserve.custody.networks import Branch, Network
from fullreserve.custody.vetting import Subject, Vetted
from fullreserve.custody.webhook import Hook
from fullreserve.exchange.products.policy_rules import Concern, Webhook
from tests.unit.custody.vendor_service import SECRET, Remote

CLEAN, BAD, ODD, KNOWN = "bc1qclean", "bc1qbad", "bc1qodd", "bc1qknown"
TIMEOUT_MS = 30_000
WORDS = ("yes", "no")


def subject(address: str = CLEAN, usd: int = 500) -> Subject:
    return Subject(77, 10_000_001, 1, 2, 150_000_000, usd * 10**8, address, "")


def said(told: tuple[int, bytes, str], _question: object) -> tuple[int, bytes, str]:
    return told


def test_each_sender_of_a_deposit_is_a_question_of_its_own() -> None:
    """Criterion: VENDOR-11. A service may answer the same `request` as it did before."""
    asked = [
        subject(),
        subject()._replace(request=5, direction="deposit"),
        subject(BAD)._replace(request=5, direction="deposit"),
        subject(BAD)._replace(request=5, direction="deposit", network=2),
        subject()._replace(request=5),
    ]
    names = [one.named for one in asked]
    assert names[0] == "77"
    assert names[2] == names[3]
    assert len(set(names)) == 4


@pytest.fixture
def remote() -> Iterator[Remote]:
    made = Remote()
    yield made
    made.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_700_000_000_000)


def service(remote: Remote, clock: Clock, timeout_ms: int = TIMEOUT_MS) -> Service:
    return Service(remote.url, SECRET, timeout_ms, clock)


def test_requests_and_answers_are_signed_and_of_one_another(
    remote: Remote, clock: ManualClock
) -> None:
    """Criterion: VENDOR-1. Each request has a nonce of its own; one may come again."""
    one = service(remote, clock)
    assert [one.ask("77", {"asset": "2"}, WORDS) for _ in range(2)] == ["yes", "yes"]
    assert remote.signed == [True, True]
    first, second = remote.asked
    assert (first["request"], first["asset"], first["ts"]) == ("77", "2", 1_700_000_000_000)
    assert first["nonce"] != second["nonce"]


def test_an_answer_that_cannot_be_believed_is_none(remote: Remote, clock: ManualClock) -> None:
    """Criterion: VENDOR-1. Nor does a message tell the secret."""
    old = remote.signed_as({"request": "77", "nonce": "00"})
    for reply in (
        old,
        (200, old[1], "0" * 64),
        (200, old[1], "\xe9" * 64),
        (200, old[1], ""),
        (200, b"<html>", old[2]),
        (302, b"", ""),
        (500, b"", ""),
        (200, b"x" * (ANSWER_MAX + 1), ""),
    ):
        remote.reply = partial(said, reply)
        with pytest.raises(ServiceDown) as problem:
            service(remote, clock).ask("77", {}, WORDS)
        assert SECRET.decode() not in str(problem.value)
    remote.reply = lambda asked: remote.signed_as({"request": "78", "nonce": asked["nonce"]})
    with pytest.raises(ServiceDown, match="another question"):
        service(remote, clock).ask("77", {}, WORDS)
    remote.reply, remote.answer = remote.honest, "maybe"
    with pytest.raises(ServiceDown, match="none of yes, no"):
        service(remote, clock).ask("77", {}, WORDS)


def test_who_is_silent_is_down_and_not_waited_for_again_at_once(clock: ManualClock) -> None:
    """Criterion: VENDOR-2. A service that takes a question and never answers it."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        one = Service(url, SECRET, 20, clock)
        with pytest.raises(ServiceDown, match="Timeout"):
            one.ask("77", {}, WORDS)
        with pytest.raises(ServiceDown, match="a moment ago"):
            one.ask("78", {}, WORDS)
    clock.advance(DOWN_MS)
    with pytest.raises(ServiceDown) as again:
        one.ask("78", {}, WORDS)
    assert "a moment ago" not in str(again.value)


def test_one_that_fails_once_is_asked_once_more(remote: Remote, clock: ManualClock) -> None:
    """Criterion: VENDOR-2."""
    replies = [(503, b"", "")]
    remote.reply = lambda question: replies.pop() if replies else remote.honest(question)
    assert service(remote, clock).ask("77", {}, WORDS) == "yes"


def test_an_answer_that_comes_too_late_is_none(remote: Remote, clock: ManualClock) -> None:
    """Criterion: VENDOR-2. The time is the whole answer's, not that between two bytes."""

    def late(question: dict[str, Any]) -> tuple[int, bytes, str]:
        clock.advance(TIMEOUT_MS)
        return remote.honest(question)

    remote.reply = late
    with pytest.raises(ServiceDown, match="Timeout"):
        service(remote, clock).ask("77", {}, WORDS)


async def test_slow_vendors_and_others_do_not_wait_for_one_another(
    remote: Remote, clock: ManualClock
) -> None:
    """Criterion: VENDOR-2. The threads that challenges to holders use are others."""
    loop, over = asyncio.get_running_loop(), threading.Event()
    loop.set_default_executor(ThreadPoolExecutor(1))
    held = loop.run_in_executor(None, over.wait)
    try:
        asked = Hook(service(remote, clock)).ask(subject(), "book", 5)
        assert await asyncio.wait_for(asked, 60) is Webhook.YES
    finally:
        over.set()
        await held


def test_a_url_keeps_its_query_and_a_secret_its_bytes(
    tmp_path: Path, remote: Remote, clock: ManualClock
) -> None:
    """Criterion: VENDOR-1."""
    one = Service(f"{remote.url}?account=7", SECRET, TIMEOUT_MS, clock)
    assert one.ask("77", {}, WORDS) == "yes"
    assert remote.targets == ["/ask?account=7"]
    secret = tmp_path / "vendor.secret"
    secret.write_bytes(b"\xff" * 31 + b"\n")
    secret.chmod(0o600)
    (tmp_path / vendors.FILE).write_text(f'[webhook]\nurl = "{remote.url}"\nsecret = "{secret}"\n')
    vendors.load(tmp_path, clock)  # of 32 bytes, the last with them


def test_a_service_is_asked_by_https_with_a_secret_that_is_one(clock: ManualClock) -> None:
    """Criterion: VENDOR-1."""
    for url, secret in (
        ("http://vendor.example.com/", SECRET), ("ftp://127.0.0.1/", SECRET),
        ("https://vendor.example.com/", b"short"),
    ):  # fmt: skip
        with pytest.raises(BadService) as bad:
            Service(url, secret, 1000, clock)
        assert secret.decode() not in str(bad.value)
    assert Service("https://vendor.example.com/", SECRET, 1000, clock).name == "vendor.example.com"


async def test_lists_answer_without_any_service(tmp_path: Path, clock: ManualClock) -> None:
    """Criterion: VENDOR-3. They are read again as they change."""
    (tmp_path / "custody-sanctioned.txt").write_text(f"{BAD} # listed\n")
    (tmp_path / "custody-risky.txt").write_text(f"{ODD}\n")
    (tmp_path / "custody-beneficiaries.txt").write_text(f"{KNOWN}\n")
    (tmp_path / vendors.FILE).write_text("[travel_rule]\nover_usd = 1000\n")
    vetting = vendors.load(tmp_path, clock).vetting
    clear = Vetted(is_blocked=False, concerns=0)
    assert await vetting.of(subject()) == clear
    assert await vetting.of(subject(BAD.upper())) == Vetted(is_blocked=True, concerns=0)
    assert await vetting.of(subject(ODD)) == Vetted(is_blocked=False, concerns=Concern.RISK)
    rule = Vetted(is_blocked=False, concerns=Concern.TRAVEL_RULE)
    assert [await vetting.of(subject(usd=usd)) for usd in (999, 1000, 0)] == [clear, rule, rule]
    assert await vetting.of(subject(KNOWN, 10**6)) == clear
    (tmp_path / "custody-risky.txt").write_text("")
    assert await vetting.of(subject(ODD)) == clear
    (tmp_path / "custody-risky.txt").unlink()
    gone = Vetted(is_blocked=False, concerns=Concern.RISK_DOWN)
    assert await vetting.of(subject(CLEAN)) == gone


async def test_a_vendor_that_is_down_leaves_it_to_people(
    tmp_path: Path, remote: Remote, clock: ManualClock
) -> None:
    """Criterion: VENDOR-4. A list that cannot be read is down too; it is said once."""
    (tmp_path / "custody-sanctioned.txt").write_bytes(b"\xff\xfe")
    (tmp_path / "custody-risky.txt").mkdir()
    secret = tmp_path / "vendor.secret"
    secret.write_bytes(SECRET + b"\n")
    secret.chmod(0o600)
    (tmp_path / vendors.FILE).write_text(
        f'[[vendor]]\nkind = "travel_rule"\nurl = "{remote.url}"\nsecret = "vendor.secret"\n'
        f"timeout_ms = {TIMEOUT_MS}\n"
    )
    vetting = vendors.load(tmp_path, clock).vetting
    lists = Concern.SANCTIONS_DOWN | Concern.RISK_DOWN
    with capture_logs() as logs:
        remote.answer = "clear"
        assert await vetting.of(subject()) == Vetted(is_blocked=False, concerns=lists)
        remote.answer = "review"
        doubted = lists | Concern.TRAVEL_RULE
        assert await vetting.of(subject()) == Vetted(is_blocked=False, concerns=doubted)
        remote.answer = "block"
        assert await vetting.of(subject()) == Vetted(is_blocked=True, concerns=lists)
        remote.answer = "nonsense"
        gone = lists | Concern.TRAVEL_RULE_DOWN
        assert await vetting.of(subject()) == Vetted(is_blocked=False, concerns=gone)
    assert [one["event"] for one in logs] == ["vendor down: people review"] * 3
    assert {"kind", "address", "amount", "usd"} <= set(remote.asked[0])


async def test_the_webhook_says_yes_or_no_or_is_down(remote: Remote, clock: ManualClock) -> None:
    """Criterion: VENDOR-5."""
    hook = Hook(service(remote, clock))
    assert await hook.ask(subject(), "book", 5) is Webhook.YES
    assert (remote.asked[0]["category"], remote.asked[0]["ageMs"]) == ("book", "5")
    remote.answer = "no"
    assert await hook.ask(subject(), "book", 5) is Webhook.NO
    remote.answer = "allow"
    assert await hook.ask(subject(), "book", 5) is Webhook.DOWN
    assert await Hook(None).ask(subject(), "book", 5) is Webhook.DOWN


def test_deposits_are_screened_where_the_file_says_so(tmp_path: Path, clock: ManualClock) -> None:
    """Without the travel rule, which is about beneficiaries. Criterion: VENDOR-10."""
    file = tmp_path / vendors.FILE
    assert not vendors.screens_deposits(tmp_path)
    assert vendors.load(tmp_path, clock).senders is None
    file.write_text("[travel_rule]\nover_usd = 1\n[deposits]\nleast_kyc = 2\n")
    assert vendors.screens_deposits(tmp_path)
    found = vendors.load(tmp_path, clock)
    assert found.senders is not None
    assert found.least_kyc == 2
    assert asyncio.run(found.senders.of(subject())) == Vetted(False, 0)
    assert asyncio.run(found.vetting.of(subject())) == Vetted(False, Concern.TRAVEL_RULE)
    file.write_text("[deposits]\nkyc = 2\n")
    for read in (vendors.screens_deposits, partial(vendors.load, clock=clock)):
        with pytest.raises(BadService, match="kyc"):
            read(tmp_path)


def test_a_file_of_vendors_that_is_wrong_is_refused(tmp_path: Path, clock: ManualClock) -> None:
    """Criterion: VENDOR-3. So is a secret that others may read."""
    secret = tmp_path / "open.secret"
    secret.write_bytes(SECRET)
    secret.chmod(0o644)
    service_of = '[[vendor]]\nkind = "{}"\nurl = "https://v.example.com/"\nsecret = "{}"\n'
    for text, why in (
        ("[webhook]\n", "url"), ("x = 1\n", "unknown field"), ("[", "TOML|table|key"),
        (service_of.format("weather", "open.secret"), "none of sanctions"),
        (service_of.format("sanctions", "open.secret"), "by others"),
        (service_of.format("sanctions", "none.secret"), os.strerror(2)),
    ):  # fmt: skip
        (tmp_path / vendors.FILE).write_text(text)
        with pytest.raises(BadService, match=why):
            vendors.load(tmp_path, clock)


async def test_lines_of_a_list_that_are_no_address_are_said(
    tmp_path: Path, clock: ManualClock
) -> None:
    """At the start, and as the file changes; what is an address is listed. Criterion: VENDOR-9."""
    branch = Private.of_seed(bytes(32)).public()
    networks.keep(tmp_path, [Network(
        network=1, kind="evm", nodes=(), branches=(Branch(branch.key.hex(), branch.code.hex()),),
        decimals={2: 18}, coin=2, credit_after=1, unlock_after=2,
    )])  # fmt: skip
    listed = "0x" + "Ab" * 20
    path = tmp_path / "custody-sanctioned.txt"
    path.write_text(f"# a list\n{listed}\n0x1234  # torn\n\nnonsense\n")
    with capture_logs() as said:
        vetting = vendors.load(tmp_path, clock).vetting
    assert [(one["file"], one["count"], one["lines"]) for one in said] == [(path.name, 2, [3, 5])]
    assert (await vetting.of(subject(listed.lower()))).is_blocked
    path.write_text(f"{listed}\n")
    with capture_logs() as said:
        assert (await vetting.of(subject(listed))).is_blocked
    assert said == []
