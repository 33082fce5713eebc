"""Goal: who runs a signer sees who was refused, and a certificate that was replaced opens nothing
though the signer runs on. Method: a signer's TLS door in this process, over a record that grows."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from fullreserve.clock import ManualClock
from fullreserve.custody import nodes
from fullreserve.custody.keys import tls, tls_door
from fullreserve.custody.keys.authority import SUFFIX
from fullreserve.custody.keys.record import FILE
from fullreserve.custody.keys.tls import LINES_MAX, NotTrusted, Refusals
from fullreserve.custody.keys.tls_door import Side
from tests.integration.custody.elsewhere import PASSPHRASE, Ceremony


class Renewed:
    """Signer `one` on a port, with a folder of its own; askers by the folders that they have."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ceremony = Ceremony(folder / "ceremony")
        self.ceremony.hold("one", "bob", "payer")
        self.own = self.given("own", "one")
        self.where = f"127.0.0.1:{nodes.free_port()}"

    def given(self, folder: str, *names: str) -> Path:
        """A folder with the record as it is now and these names' certificates."""
        made = self.folder / folder
        made.mkdir(exist_ok=True)
        self.ceremony.give(made, *names)
        return made

    async def ask(self, folder: Path) -> bytes:
        place = f"tls:one@{self.where}"
        return await asyncio.to_thread(tls_door.ask, folder, place, b"a question")


async def echoed(question: bytes) -> bytes:
    return question


@pytest.fixture
async def renewed(tmp_path: Path) -> AsyncIterator[Renewed]:
    made = Renewed(tmp_path)
    server = await tls_door.listen(made.own, "one", made.where, PASSPHRASE, echoed)
    yield made
    server.close()


async def test_a_certificate_that_was_replaced_opens_nothing(renewed: Renewed) -> None:
    """From when the new record lies in the running signer's folder. Criterion: CUST-TLS-4."""
    stolen = renewed.given("stolen", "payer")
    assert await renewed.ask(stolen) == b"a question"
    renewed.ceremony.hold("payer", "one")
    renewed.given("own")  # the record alone: its own certificate is the old one still
    with pytest.raises(NotTrusted):
        await renewed.ask(stolen)
    fresh = renewed.given("fresh", "payer")
    with pytest.raises(NotTrusted):  # who asks takes the signer's new one alone
        await renewed.ask(fresh)
    renewed.given("own", "one")
    assert await renewed.ask(fresh) == b"a question"
    shutil.copy(fresh / FILE, stolen / FILE)
    with pytest.raises(NotTrusted):
        await renewed.ask(stolen)


async def test_a_connection_ends_with_the_certificate_that_opened_it(renewed: Renewed) -> None:
    """Though it was open before. Criterion: CUST-TLS-4."""
    known = Side(renewed.given("stolen", "payer"), "payer", serves=False).now()
    host, _, port = renewed.where.partition(":")
    reader, writer = await asyncio.open_connection(
        host, int(port), ssl=known.context, server_hostname="one" + SUFFIX
    )
    question = b"\x00\x00\x00\x0aa question"
    writer.write(question)
    assert await reader.readexactly(len(question)) == question
    renewed.ceremony.hold("payer", "one")
    renewed.given("own")
    writer.write(question)
    assert await reader.read() == b""
    writer.close()


async def test_a_record_that_is_damaged_opens_to_nobody(renewed: Renewed) -> None:
    """Until it is mended. Criterion: CUST-TLS-4."""
    payer = renewed.given("payer", "payer")
    good = (renewed.own / FILE).read_bytes()
    (renewed.own / FILE).write_bytes(good + b"{}\n")
    with capture_logs() as said, pytest.raises(OSError, match="."):
        await renewed.ask(payer)
    assert [one["why"] for one in said if one["event"] == "refused by TLS"] == [
        f"{FILE}: entry 2 cannot be read"
    ]
    (renewed.own / FILE).write_bytes(good)
    assert await renewed.ask(payer) == b"a question"


async def test_whoever_is_refused_is_in_the_signers_log(renewed: Renewed) -> None:
    """With the reason; a question as large as may be is none. Criterion: CUST-TLS-5."""
    holder = Side(renewed.given("bob", "bob"), "bob", PASSPHRASE, serves=False).now()
    where = tls.Endpoint.read(f"tls:one@{renewed.where}")
    stranger = Ceremony(renewed.folder / "stranger")
    stranger.hold("payer", "one")
    evil = renewed.folder / "evil"
    evil.mkdir()
    stranger.give(evil, "payer")
    with capture_logs() as said:
        with pytest.raises(NotTrusted):
            await asyncio.to_thread(tls.ask, where, *holder, b"a question")
        with pytest.raises(NotTrusted):
            await renewed.ask(evil)
        host, _, port = renewed.where.partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        await reader.read()
        writer.close()
        payer = Side(renewed.given("payer", "payer"), "payer", serves=False).now()
        large = b"x" * tls.QUESTION_MAX
        assert await asyncio.to_thread(tls.ask, where, *payer, large) == large
    assert [(one["who"], one["why"]) for one in said if one["event"] == "refused by TLS"] == [
        ("bob", "bob is not payer, and asks no signer"),
        ("127.0.0.1", "TLSV1_ALERT_UNKNOWN_CA"),
        ("127.0.0.1", "HTTP_REQUEST"),
    ]


def test_a_flood_leaves_a_few_lines(tmp_path: Path) -> None:
    """Criterion: CUST-TLS-5. The next minute says how many there were."""
    clock = ManualClock(0)
    refusals = Refusals(clock)
    with capture_logs() as said:
        for _ in range(1_000):
            refusals.say("10.0.0.9", "x" * 1_000)
        clock.advance(60_000)
        refusals.say("10.0.0.9", "again")
    assert len(said) == LINES_MAX + 2
    assert max(len(one.get("why", "")) for one in said) == 200
    assert [one.get("times") for one in said[-2:]] == [1_000 - LINES_MAX, None]
