"""Goal: who is named gets a certificate and nobody else has to change anything; one is renewed
alone, before it ends. Method: the commands over a data folder, and TLS between copies of it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from fullreserve.clock import ManualClock
from fullreserve.custody import nodes
from fullreserve.custody.certificate_ends import CertificateEnds
from fullreserve.custody.keys import authority, certificates, tls_door
from fullreserve.custody.keys.exchange_key import DOES
from fullreserve.custody.keys.record import FILE, Entry, Record, ShownKey
from fullreserve.custody.keys.tls import NotTrusted
from fullreserve.custody.keys.tls_door import CERTIFICATES
from fullreserve.exchange.worker_files import CERTIFICATES as CERTIFICATES_FILE
from fullreserve.exchange.worker_files import ENDING_MS
from fullreserve.gateway.certificates import due, known
from tests.integration.custody.test_key_changes import WORD, Office

pytestmark = pytest.mark.usefixtures("cheap_passphrases")

PERSON = '[[person]]\nholder = "{}"\nperson = {}\n'
DAY_MS = 86_400_000


class Ceremonies(Office):
    """Ceremonies without a wallet."""

    def hold(self, *identities: str, holders: tuple[str, ...] = (), dry: bool = False) -> str:
        names = ", ".join(f'"{one}"' for one in identities)
        plan = self.folder / "plan.toml"
        persons = "".join(PERSON.format(name, n) for n, name in enumerate(holders, 1))
        plan.write_text(f"identity = [{names}]\n{persons}")
        return self.do("ceremony", plan, *(["--dry-run"] if dry else []))

    def identify(self, name: str, *more: str) -> None:
        """A new key, and its request where plans look for it."""
        self.do("identity", name, self.cards, *more)

    def ends(self) -> dict[str, int]:
        return {one.name: one.ends_ms for one in certificates.held(self.data, self.record)}

    def install(self, name: str) -> None:
        """A renewed certificate in the place of the one before."""
        place = self.data / CERTIFICATES
        shutil.move(place / "renewed" / f"{name}.pem", place / f"{name}.pem")

    def given(self, name: str) -> Path:
        """A folder of somebody's own, as it is given to him now."""
        folder = self.folder / f"of-{name}"
        there = folder / CERTIFICATES
        there.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.data / FILE, folder / FILE)
        shutil.copy(self.data / CERTIFICATES / f"{name}.pem", there / f"{name}.pem")
        shutil.copy(self.cards / f"{name}.key", there / f"{name}.key")
        return folder

    def as_holder(self, *words: str | Path, code: int = 0) -> str:
        """A command of bob's, in his own folder."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("FULLRESERVE_DATA", str(self.folder / "bobs"))
            return self.do(*words, code=code)

    def take(self, *words: str | Path, code: int = 0) -> str:
        """Bob takes the record as it is now."""
        return self.as_holder("take-record", self.data / FILE, "bob", *words, code=code)

    def key(self, name: str) -> str:
        """The fingerprint of the key that was made for it last."""
        return authority.requested_fingerprint(name, (self.cards / f"{name}.csr").read_text())


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ceremonies:
    """After a ceremony of two holders, a hot signer, the payer and the exchange."""
    made = Ceremonies(tmp_path, monkeypatch)
    made.make_keys(("ann", "bob"))
    for name in ("payer", "exchange"):
        made.identify(name)
    made.identify("one", "--sealed")
    said = made.hold("payer", "exchange", "one", holders=("ann", "bob"))
    assert "certificates for ann, bob, exchange, one, payer" in said
    return made


def prints(office: Ceremonies) -> dict[str, str]:
    return dict(office.record.state.certificates)


def test_who_is_named_gets_a_certificate_and_nobody_else(office: Ceremonies) -> None:
    """Criterion: CUST-CERT-1. As when the coordinator's was lost; also who has none."""
    before = prints(office)
    office.identify("payer")
    assert "certificates for payer\n" in office.hold("payer", dry=True)
    assert prints(office) == before
    office.hold("payer")
    after = prints(office)
    assert {name for name in after if after[name] != before[name]} == {"payer"}
    authorities = len(office.record.state.authorities)
    assert "certificates for nobody" in office.hold()
    assert prints(office) == after
    assert len(office.record.state.authorities) == authorities
    office.make_keys(("cyd",))
    assert "certificates for cyd\n" in office.hold(holders=("cyd",))
    assert "certificates for ann\n" in office.hold(holders=("ann",))


def test_who_is_gone_is_known_by_no_certificate_of_before(office: Ceremonies) -> None:
    """Criterion: CUST-CERT-2."""
    before = prints(office)
    office.do("renew", "ann", "bob")
    record = office.record
    assert record.state.renewed == {before["ann"]: "ann", before["bob"]: "bob"}
    record.append(Entry(0, 1, "replacement", "", gone=("bob",)))
    for state in (record.state, office.record.state):
        assert state.renewed == {before["ann"]: "ann"}
        assert "bob" not in state.certificates


def test_a_signers_key_is_sealed_under_its_passphrase(office: Ceremonies) -> None:
    """Criterion: CUST-CERT-1."""
    assert b"ENCRYPTED" in (office.cards / "one.key").read_bytes()
    assert b"ENCRYPTED" not in (office.cards / "payer.key").read_bytes()
    assert (office.cards / "one.key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", DOES)
def test_a_holder_takes_their_keys_by_what_proves_them(office: Ceremonies, name: str) -> None:
    """By the commands alone. Criterion: CUST-EXCHANGE-1."""
    key = office.key(name)
    assert f"The key of {name} has the fingerprint {key}." in office.said
    assert f"The {name}'s key is {key}.\nNothing in the record proves it" in office.said
    assert f"the {name} {DOES[name]} by the key {key}" in office.do("show")
    assert f"Who shows the key {key} {DOES[name]}" in office.take()
    office.do("renew", "exchange", "one", "payer")
    said = office.take()
    assert "the exchange's key is the same; the payer's key is the same" in said
    # What a stolen one is answered by: another, which the one before signs while it lies there.
    shutil.copy(office.cards / f"{name}.key", office.data / CERTIFICATES)
    office.identify(name)
    said, key = office.hold(name), office.key(name)
    assert f"The {name}'s key is {key} now, signed by the one before." in said
    said = office.take()
    assert f"the {name}'s key is signed by that of before" in said
    assert f"  key of {name}: {key}" in said
    # It was lost, and nobody can sign.
    (office.data / CERTIFICATES / f"{name}.key").unlink()
    office.identify(name)
    assert "Nothing in the record proves it" in office.hold(name)
    said = office.take(code=1)
    assert f"names the certificate `{name}`, of key {office.key(name)}, " in said
    assert f"and not of key {key} as before, and nothing proves it" in said
    assert f"name it with --{name}" in said
    (other,) = set(DOES) - {name}
    for wrong in ((f"--{name}", key), (f"--{other}", office.key(name))):
        assert "nothing proves it" in office.take(*wrong, code=1)
    said = office.take(f"--{name}", office.key(name))
    assert f"the {name}'s key as you had it" in said
    assert "It adds nothing." in office.take()


@pytest.fixture
def forged(office: Ceremonies, name: str) -> Path:
    """A copy of what bob has taken, with another exchange or payer at its end."""
    office.take()
    place = office.folder / "forged.jsonl"
    shutil.copy(office.data / FILE, place)
    made = authority.identity(name)
    issued = authority.issue("ceremony 2", [(name, made.request)], 1_900_000_000_000)
    prints = {name: authority.fingerprint(issued.certificates[name])}
    entry = Entry(0, 9, "ceremony", "", authority=issued.authority, certificates=prints)
    shown = {name: ShownKey(issued.certificates[name])}
    Record(place).append(msgspec.structs.replace(entry, **shown))
    return place


@pytest.mark.parametrize("name", DOES)
@pytest.mark.parametrize("command", ["take-record", "sign", "sign-move", "serve-holder"])
def test_a_copy_with_another_exchange_or_payer_is_refused(
    office: Ceremonies, forged: Path, command: str, name: str
) -> None:
    """By all that a holder does. Criterion: CUST-EXCHANGE-2."""
    own, keys, no = office.folder / "bobs" / FILE, office.holders / "bob.keys", office.folder / "no"
    kept = own.read_bytes()
    words = {
        "take-record": (forged, "bob"),
        "sign": (no, "bob", "--keys", keys, "--out", no),
        "sign-move": (no, no, "bob", no, "--keys", keys, "--out", no),
        "serve-holder": (no, "bob", "--keys", keys, "--socket", "bob.sock"),
    }
    if command != "take-record":
        shutil.copy(forged, own)
    said = office.as_holder(command, *words[command], code=1)
    assert f"entry 2 (ceremony): it names the certificate `{name}`, of key " in said
    assert f"and not of key {office.key(name)} as before, and nothing proves it" in said
    if command == "take-record":
        assert own.read_bytes() == kept
        return
    assert "bob has not taken the record" in said
    # With the true one the command goes on, to what is not there.
    own.write_bytes(kept)
    assert f"`{name}`" not in office.as_holder(command, *words[command], code=1)


async def echoed(question: bytes) -> bytes:
    return question


async def test_a_certificate_is_renewed_alone_and_nobody_waits(office: Ceremonies) -> None:
    """In whatever order its files are carried about. Criterion: CUST-CERT-2."""
    signer, payer = office.given("one"), office.given("payer")
    where = f"127.0.0.1:{nodes.free_port()}"
    server = await tls_door.listen(signer, "one", where, WORD.encode(), echoed)

    async def asked(folder: Path) -> bytes:
        return await asyncio.to_thread(tls_door.ask, folder, f"tls:one@{where}", b"?")

    before, text = prints(office), office.do("renew", "one", "payer", "--dry-run")
    assert "this was a dry run" in text
    assert prints(office) == before
    office.do("renew", "one", "payer")
    after = prints(office)
    assert {name for name in after if after[name] != before[name]} == {"one", "payer"}
    for folder in (payer, signer):
        shutil.copy(office.data / FILE, folder / FILE)
        assert await asked(payer) == b"?"
    for name in ("payer", "one"):
        office.install(name)
        office.given(name)
        assert await asked(payer) == b"?"
    # What a theft is answered by is a new key, and with it no certificate of the old one counts.
    stolen = shutil.copytree(payer, office.folder / "stolen")
    office.do("renew", "payer")
    office.identify("payer")
    office.hold("payer")
    assert office.record.state.renewed.keys() == {before["one"]}
    shutil.copy(office.data / FILE, signer / FILE)
    with pytest.raises(NotTrusted):
        await asked(stolen)
    assert await asked(office.given("payer")) == b"?"
    server.close()


def test_until_when_a_certificate_counts_is_shown(
    office: Ceremonies, shifted: Callable[[int], None]
) -> None:
    """Criterion: CUST-CERT-2. And what cannot be renewed is said."""
    first = office.ends()
    assert set(first) == {"ann", "bob", "exchange", "one", "payer"}
    for name in first:
        assert f"certificate of {name} until 20" in office.do("show")
    shifted(100 * DAY_MS)
    office.do("renew", "one")
    assert office.ends() == first  # as long as the one before is what is shown
    office.install("one")
    now = office.ends()
    assert now["one"] - first["one"] >= 100 * DAY_MS
    assert {**now, "one": 0} == {**first, "one": 0}
    assert "names no certificate of zoe" in office.do("renew", "zoe", code=1)
    (office.data / CERTIFICATES / "bob.pem").write_text("nothing")
    assert "bob.pem is not the certificate" in office.do("renew", "bob", code=1)
    assert "bob" not in office.ends()
    with pytest.raises(authority.BadRequest):
        authority.ends_ms("nothing")


@pytest.fixture
def shifted(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """The clock of commands runs so much ahead from then on."""
    from fullreserve.clock import SystemClock

    real = SystemClock.wall_ms

    def ahead(ms: int) -> None:
        monkeypatch.setattr(SystemClock, "wall_ms", lambda self: real(self) + ms)

    return ahead


def test_a_renewal_that_was_cut_off_is_carried_out_again(office: Ceremonies) -> None:
    """Between its record and its file. Criterion: CUST-CERT-2."""
    before = office.ends()
    office.do("renew", "one")
    (office.data / CERTIFICATES / "renewed" / "one.pem").unlink()
    assert office.ends() == before
    office.do("renew", "one")
    office.install("one")
    text = (office.data / CERTIFICATES / "one.pem").read_text()
    assert authority.fingerprint(text) == prints(office)["one"]


async def test_a_certificate_that_ends_is_called_for(
    office: Ceremonies, shifted: Callable[[int], None]
) -> None:
    """By the worker on duty, for gateways too, until another is shown. Criterion: CUST-CERT-3."""
    ends = office.ends()
    clock = ManualClock(ends["one"] - ENDING_MS - 1)
    duty = CertificateEnds(office.data, clock)

    async def said(after_ms: int) -> list[tuple[str, str, int]]:
        clock.advance(after_ms)
        with capture_logs() as lines:
            await duty.round()
            await duty.round()
        return [(one["log_level"], one["name"], one["days"]) for one in lines]

    assert await said(0) == []
    assert {one.name: one.ends_ms for one in known(office.data)} == ends
    assert due(office.data, clock.wall_ms()) == []
    names = sorted(name for name in ends if ends[name] == ends["one"])
    assert {"payer", "exchange", "one"} <= set(names)
    assert await said(1) == [("warning", name, 60) for name in names]
    assert due(office.data, clock.wall_ms()) == names
    assert await said(DAY_MS - 1) == []
    assert await said(1) == [("warning", name, 59) for name in names]
    shifted(100 * DAY_MS)
    office.do("renew", "one")
    office.install("one")
    others = [name for name in names if name != "one"]
    assert await said(DAY_MS) == [("warning", name, 58) for name in others]
    assert await said(59 * DAY_MS) == [("error", name, -1) for name in others]
    (office.data / CERTIFICATES_FILE).write_bytes(b"<html>")
    assert known(office.data) == []
    assert known(None) == []
