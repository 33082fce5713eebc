"""Goal: no copy of the record makes a signer take somebody else for exchange or payer.

Method: entries as whoever brings a copy would add them, judged against what was taken.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullreserve.custody.keys import authority, certificates, exchange_key, shown_record, taken
from fullreserve.custody.keys.record import FILE, RENEWAL, Entry, Record, ShownKey
from fullreserve.custody.keys.taken import Judged, NotTaken
from fullreserve.custody.keys.tls_door import CERTIFICATES
from fullreserve.custody.keys.view_wire import COORDINATOR, EXCHANGE

NAMES, NOW_MS = (EXCHANGE, COORDINATOR), 1_800_000_000_000
replace = msgspec.structs.replace


class Held(NamedTuple):
    """A key of exchange or payer and its certificate."""

    name: str
    secret: bytes
    certificate: str

    @property
    def print(self) -> str:
        return authority.fingerprint(self.certificate)

    @property
    def key(self) -> str:
        return authority.key_fingerprint(self.certificate)

    def renewed(self) -> Held:
        issued = authority.renew("renewal", [(self.name, self.certificate)], NOW_MS)
        return self._replace(certificate=issued.certificates[self.name])


def held(name: str = EXCHANGE) -> Held:
    made = authority.identity(name)
    issued = authority.issue("ceremony", [(name, made.request)], NOW_MS)
    return Held(name, made.key, issued.certificates[name])


FIRST, NEXT, EVIL = held(), held(), held()
AGAIN = FIRST.renewed()


def names(
    one: Held, shown: ShownKey | msgspec.UnsetType = msgspec.UNSET, kind: str = "ceremony"
) -> Entry:
    made = Entry(0, 1, kind, "", certificates={one.name: one.print})
    return replace(made, **{one.name: shown})


BEGUN = names(FIRST)


class Copy:
    """A record that was taken, of an exchange whose key is that of FIRST."""

    def __init__(self, folder: Path, begins: Entry = BEGUN) -> None:
        self.path = folder / FILE
        self.record = Record(self.path)
        self.record.append(begins)
        self.newest = self.record.entries[-1].hash

    def adds(self, entry: Entry, named: Collection[str] = (), name: str = EXCHANGE) -> Judged:
        """What is thought of one entry more; NotTaken."""
        self.record.append(entry)
        *_, found = taken.judge(self.path, self.newest, (), lambda _network: None, {name: named})
        return found

    def signed(self, by: Held, of: Held, after: str = "") -> bytes:
        """A key's word that another follows, at the end of the record."""
        told = exchange_key.statement(of.name, after or self.record.entries[-1].hash, of.key)
        return authority.sign(by.secret, by.certificate, told)


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


def test_a_renewed_certificate_of_the_same_key_is_taken(copy: Copy) -> None:
    """Criterion: CUST-EXCHANGE-1. Whichever command made it, also after one that counts still."""
    shown = ShownKey(AGAIN.certificate, FIRST.certificate)
    found = copy.adds(names(AGAIN, shown, RENEWAL))
    assert found.why == "changes nobody's keys; the exchange's key is the same"
    # The certificate from before a renewal lies there until the new one is put in its place.
    more = FIRST.renewed()
    copy.adds(names(more, ShownKey(more.certificate, FIRST.certificate), RENEWAL))
    last = more.renewed()
    assert copy.adds(names(last, ShownKey(last.certificate, more.certificate)))


def test_a_key_that_the_one_before_signed_is_taken(copy: Copy) -> None:
    """Criterion: CUST-EXCHANGE-1"""
    shown = ShownKey(NEXT.certificate, FIRST.certificate, copy.signed(FIRST, NEXT))
    found = copy.adds(names(NEXT, shown))
    assert found.why == "changes nobody's keys; the exchange's key is signed by that of before"
    assert f"  key of exchange: {NEXT.key}" in list(shown_record.lines([found], copy.record))


def shows(one: Held, *more: object) -> Callable[[Copy], Entry]:
    return lambda _copy: names(one, ShownKey(one.certificate, *more))  # type: ignore[arg-type]


FORGED: dict[str, Callable[[Copy], Entry]] = {
    "named alone": lambda _copy: names(EVIL),
    "shown": shows(EVIL),
    "the true one is shown beside": shows(EVIL, FIRST.certificate),
    "the true one is shown in its place": lambda _copy: names(
        EVIL, ShownKey(FIRST.certificate, FIRST.certificate)
    ),
    "after one that was never the exchange's": shows(EVIL, EVIL.certificate),
    "signed by itself": lambda copy: names(
        EVIL, ShownKey(EVIL.certificate, FIRST.certificate, copy.signed(EVIL, EVIL))
    ),
    "signed for another": lambda copy: names(
        EVIL, ShownKey(EVIL.certificate, FIRST.certificate, copy.signed(FIRST, NEXT))
    ),
    "signed by itself, as the one before": lambda copy: names(
        EVIL, ShownKey(EVIL.certificate, EVIL.certificate, copy.signed(EVIL, EVIL))
    ),
    "signed elsewhere in the chain": lambda copy: names(
        EVIL, ShownKey(EVIL.certificate, FIRST.certificate, copy.signed(FIRST, EVIL, "0" * 64))
    ),
    "garbage is shown": lambda _copy: names(EVIL, ShownKey("nothing", "nothing", b"x")),
    "garbage came before": shows(EVIL, "nothing", b"x"),
    "no signature": shows(EVIL, FIRST.certificate, b"\x30\x00"),
}


@pytest.mark.parametrize("name", FORGED)
def test_another_key_is_not_taken(copy: Copy, name: str) -> None:
    """Criterion: CUST-EXCHANGE-1. Of a kind that is told of, and of what is to be done."""
    with pytest.raises(NotTaken, match=r"entry 2 .*names the certificate `exchange`") as told:
        copy.adds(FORGED[name](copy))
    assert f"and not of certificate {FIRST.print} as before" in str(told.value)
    assert "renewed with the same key" in str(told.value)
    assert "name it with --exchange" in str(told.value)


def test_a_first_one_is_wanted_by_name(tmp_path: Path) -> None:
    """Criterion: CUST-EXCHANGE-1. Where there was none nobody could have proven it."""
    copy = Copy(tmp_path, Entry(0, 1, "ceremony", ""))
    entry = names(FIRST, ShownKey(FIRST.certificate))
    with pytest.raises(NotTaken, match=f"of key {FIRST.key}, where there was none"):
        copy.adds(entry)
    assert taken.judge(copy.path, copy.newest, (), lambda _: None, {EXCHANGE: [FIRST.key.upper()]})


@pytest.mark.parametrize("of", ["key", "print"])
def test_a_key_that_was_lost_is_followed_by_one_that_is_named(copy: Copy, of: str) -> None:
    """Criterion: CUST-EXCHANGE-1. By its key, or as earlier versions recorded it alone."""
    shown = ShownKey(NEXT.certificate, FIRST.certificate) if of == "key" else msgspec.UNSET
    entry = names(NEXT, shown)
    with pytest.raises(NotTaken, match="nothing proves it"):
        copy.adds(entry, [EVIL.key, EVIL.print, FIRST.key, FIRST.print, ""])
    found = taken.judge(copy.path, copy.newest, (), lambda _: None, {EXCHANGE: [getattr(NEXT, of)]})
    assert found[0].why == "changes nobody's keys; the exchange's key as you had it"


def test_a_renewal_keeps_the_key_whoever_says_otherwise(copy: Copy) -> None:
    """Criterion: CUST-EXCHANGE-1. What was stolen would count on beside the one that follows."""
    signed = copy.signed(FIRST, NEXT)
    shown = ShownKey(NEXT.certificate, FIRST.certificate, signed)
    with pytest.raises(NotTaken, match=f"renews .* does not show that its key, {NEXT.key}, is the"):
        copy.adds(names(NEXT, shown, RENEWAL), [NEXT.key, NEXT.print])


def test_each_that_nothing_proves_is_named(copy: Copy) -> None:
    """Criterion: CUST-EXCHANGE-1. Who names the newest says nothing of those before it."""
    copy.record.append(names(EVIL, ShownKey(EVIL.certificate, FIRST.certificate)))
    shown = ShownKey(NEXT.certificate, EVIL.certificate, copy.signed(EVIL, NEXT))
    with pytest.raises(NotTaken, match="entry 2 "):
        copy.adds(names(NEXT, shown), [NEXT.key])


def test_what_proves_itself_is_no_part_of_the_chain(copy: Copy) -> None:
    """Criterion: CUST-EXCHANGE-1. Earlier versions read the record, and old ones stay whole."""
    shown = ShownKey(AGAIN.certificate, FIRST.certificate)
    entry = copy.record.append(replace(names(AGAIN, shown), payer=shown))
    bare = replace(entry, exchange=msgspec.UNSET, payer=msgspec.UNSET)
    assert bare.sealed().hash == entry.hash
    for name in NAMES:
        key = f'"{name}":{{"certificate"'.encode()
        assert key in copy.path.read_bytes().splitlines()[-1]
        assert key not in copy.path.read_bytes().splitlines()[0]
    assert Record(copy.path).entries[-1] == entry


def test_the_first_record_says_by_whom_one_would_be_told(copy: Copy) -> None:
    """Criterion: CUST-EXCHANGE-1"""
    judged = taken.judge(copy.path, "", (), lambda _: None)
    said = "\n".join(shown_record.lines(judged, copy.record))
    assert f"Who shows the certificate {FIRST.print} tells what was approved" in said
    copy.record.append(names(AGAIN, ShownKey(AGAIN.certificate, FIRST.certificate)))
    assert exchange_key.told(copy.record, EXCHANGE) == f"key {FIRST.key}"


@pytest.mark.parametrize("name", NAMES)
def test_a_ceremony_shows_what_it_can_prove(tmp_path: Path, name: str) -> None:
    """Criterion: CUST-EXCHANGE-1. By the key that lies there, of the certificate that counts."""
    first, after = held(name), held(name)
    again = first.renewed()
    copy, folder = Copy(tmp_path, names(first)), tmp_path / CERTIFICATES
    folder.mkdir()

    def shown(one: Held) -> ShownKey:
        made = certificates.shown(tmp_path, copy.record, {name: one.certificate})
        assert made.keys() == {name}
        return made[name]

    def compared(one: Held) -> str:
        return " ".join(certificates.compared({name: shown(one)}))

    assert certificates.shown(tmp_path, copy.record, {"ann": "x"}) == {}
    assert shown(after) == ShownKey(after.certificate)  # the one before is nowhere
    (folder / f"{name}.pem").write_text(first.certificate)
    for secret in (b"", EVIL.secret, authority.identity(name, b"a word").key):
        (folder / f"{name}.key").write_bytes(secret)
        assert shown(after) == ShownKey(after.certificate, first.certificate)
        assert "Nothing in the record proves it" in compared(after)
        assert f"take-record --{name}`" in compared(after)
    (folder / f"{name}.key").write_bytes(first.secret)
    assert shown(again) == ShownKey(again.certificate, first.certificate)
    assert compared(again) == f"The {name}'s key stays {first.key}."
    copy.adds(names(again, shown(again)))
    # The file of a certificate may be gone: what the record shows does.
    (folder / f"{name}.pem").unlink()
    assert shown(after).before == again.certificate
    assert copy.adds(names(after, shown(after))).why.endswith("signed by that of before")


PAYER, PAYERS_NEXT = held(COORDINATOR), held(COORDINATOR)
BOTH = replace(BEGUN, certificates=BEGUN.certificates | {COORDINATOR: PAYER.print})


def test_one_is_not_known_by_the_others_key(tmp_path: Path) -> None:
    """Criterion: CUST-EXCHANGE-1. Who pays does not tell what was approved, nor is it named so."""
    copy, payer = Copy(tmp_path, BOTH), PAYERS_NEXT
    told = exchange_key.statement(EXCHANGE, copy.newest, payer.key)
    forged = [
        names(NEXT, ShownKey(NEXT.certificate, PAYER.certificate, copy.signed(PAYER, NEXT))),
        names(payer, ShownKey(payer.certificate, FIRST.certificate, copy.signed(FIRST, payer))),
        names(payer, ShownKey(payer.certificate, PAYER.certificate,
                              authority.sign(PAYER.secret, PAYER.certificate, told))),
        # Shown in the other's place.
        replace(names(payer), exchange=ShownKey(payer.certificate, PAYER.certificate)),
        Entry(0, 1, "ceremony", "", certificates={EXCHANGE: PAYER.print}),
        Entry(0, 1, "ceremony", "", certificates={COORDINATOR: FIRST.print}),
    ]  # fmt: skip
    for number, entry in enumerate(forged):
        folder = tmp_path / str(number)
        folder.mkdir()
        (name,) = entry.certificates
        other = {EXCHANGE: COORDINATOR, COORDINATOR: EXCHANGE}[name]
        named = [NEXT.key, NEXT.print, payer.key, payer.print, PAYER.print, FIRST.print]
        with pytest.raises(NotTaken, match=f"names the certificate `{name}`.*with --{name}$"):
            Copy(folder, BOTH).adds(entry, named, other)
    assert copy.adds(names(payer), [payer.print], COORDINATOR).why.endswith(
        "; the payer's key as you had it"
    )


def test_each_of_both_has_to_be_proven(tmp_path: Path) -> None:
    """Criterion: CUST-EXCHANGE-1. In one entry, as one ceremony or renewal makes it."""
    copy, again = Copy(tmp_path, BOTH), PAYER.renewed()
    entry = names(AGAIN, ShownKey(AGAIN.certificate, FIRST.certificate), RENEWAL)
    both = replace(
        entry,
        certificates=entry.certificates | {COORDINATOR: again.print},
        payer=ShownKey(again.certificate, PAYER.certificate),
    )
    found = copy.adds(both)
    assert found.why == (
        "changes nobody's keys; the exchange's key is the same; the payer's key is the same"
    )
    said = list(shown_record.lines([found], copy.record))
    assert f"  key of payer: {PAYER.key}" in said
    more = AGAIN.renewed()
    entry = names(more, ShownKey(more.certificate, AGAIN.certificate))
    with pytest.raises(NotTaken, match=f"and not of key {PAYER.key} as before"):
        copy.adds(replace(entry, certificates=entry.certificates | {COORDINATOR: EVIL.print}))


STEPS = {"same": True, "signed": True, "alone": False, "stranger": False}
BEGIN = {name: held(name) for name in NAMES}


@given(st.sampled_from(NAMES), st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=4))
def test_only_what_goes_back_to_the_key_that_was_taken_counts(
    tmp_path_factory: pytest.TempPathFactory, name: str, steps: list[str]
) -> None:
    """Criterion: CUST-EXCHANGE-1. However many entries are added at once."""
    now = BEGIN[name]
    copy = Copy(tmp_path_factory.mktemp("copy"), names(now))
    for step in steps:
        after = now.renewed() if step == "same" else held(name)
        by = {"signed": now, "stranger": after}.get(step)
        signed = copy.signed(by, after) if by is not None else b""
        copy.record.append(names(after, ShownKey(after.certificate, now.certificate, signed)))
        now = after
    if all(STEPS[step] for step in steps):
        assert len(taken.judge(copy.path, copy.newest, (), lambda _: None)) == len(steps)
        return
    wrong = 2 + [STEPS[step] for step in steps].index(False)
    with pytest.raises(NotTaken, match=f"entry {wrong} .*nothing proves it"):
        taken.judge(copy.path, copy.newest, (), lambda _: None)
