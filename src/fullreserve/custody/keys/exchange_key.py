"""Whose certificates `exchange` and `payer` are, who tell and who ask signers elsewhere.

The record has fingerprints of certificates alone, which say nothing of keys. So an entry that names
another certificate of theirs shows it, and the one that it follows: of the same key, or of one that
the key of before signed. All else a holder takes who names it. See docs/decisions/0030.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from fullreserve.custody.keys import authority
from fullreserve.custody.keys.record import RENEWAL, Entry, Record, ShownKey, State
from fullreserve.custody.keys.view_wire import COORDINATOR, EXCHANGE

DOES = {EXCHANGE: "tells what was approved", COORDINATOR: "asks signers elsewhere"}
ANOTHER = (
    "who shows it {1}. It may be renewed with the same key, or have a key that the one before "
    "signed; any other is taken by its key's fingerprint, which you have from the exchange's "
    "people by another way than the record: name it with --{0}"
)


class WrongKey(ValueError):
    """The record names a certificate of theirs that nothing proves; the message says which."""


def statement(name: str, after: str, key: str) -> bytes:
    """What the key of before signs: that another follows it, after the entry of a hash."""
    return f"Fullreserve {name} key\n{after}\n{key}\n".encode()


def recorded(record: Record, name: str) -> str:
    """The certificate (PEM) that counts, where the record shows it; else empty."""
    print_ = record.state.certificates.get(name, "")
    shown = (certificate_of(entry, name) for entry in reversed(record.entries))
    return next((one for one in shown if one and authority.fingerprint(one) == print_), "")


def certificate_of(entry: Entry, name: str) -> str:
    """The one that an entry shows, PEM, where it is what the entry names."""
    print_, shown = entry.certificates.get(name), _shown(entry, name)
    if print_ is None or isinstance(shown, msgspec.UnsetType):
        return ""
    return shown.certificate if _is(shown.certificate, (print_,)) else ""


def _shown(entry: Entry, name: str) -> ShownKey | msgspec.UnsetType:
    return {EXCHANGE: entry.exchange, COORDINATOR: entry.payer}[name]


def told(record: Record, name: str) -> str:
    """By what one of them is known now, for people; empty where it has no certificate."""
    print_ = record.state.certificates.get(name)
    if print_ is None:
        return ""
    return _told(recorded(record, name), print_)


def _told(certificate: str, print_: str) -> str:
    """Certificates of earlier versions are named alone, and not shown."""
    if not certificate:
        return f"certificate {print_}"
    return f"key {authority.key_fingerprint(certificate)}"


def why(before: Record, entry: Entry, named: Mapping[str, Collection[str]]) -> str:
    """Why an entry's certificates of theirs count; empty where it names none but those of before.

    `named` are, by name, fingerprints of keys or certificates that the holder has from elsewhere.
    WrongKey.
    """
    reasons = (_why(before, entry, name, named.get(name, ())) for name in DOES)
    return "; ".join(filter(None, reasons))


def _why(before: Record, entry: Entry, name: str, named: Collection[str]) -> str:
    print_, known = entry.certificates.get(name), before.state.certificates.get(name)
    if print_ is None or print_ == known:
        return ""
    shown = certificate_of(entry, name)
    key = authority.key_fingerprint(shown) if shown else ""
    if shown and (proof := _proven(before.state, entry, name, key)):
        return proof
    if shown and entry.kind == RENEWAL:
        # The certificate of before would count beside it.
        raise WrongKey(
            f"it renews the certificate `{name}`, and does not show that its key, {key}, is "
            "the one before: a ceremony names another key"
        )
    if {print_, key or print_} & {one.lower() for one in named}:
        return f"the {name}'s key as you had it"
    was = told(before, name)
    raise WrongKey(
        f"it names the certificate `{name}`, of {_told(shown, print_)}, "
        + (f"and not of {was} as before, " if was else "where there was none, ")
        + f"and nothing proves it: {ANOTHER.format(name, DOES[name])}"
    )


def _proven(state: State, entry: Entry, name: str, key: str) -> str:
    shown = _shown(entry, name)
    assert not isinstance(shown, msgspec.UnsetType)
    counts = [one for one, whose in state.renewed.items() if whose == name]
    if name in state.certificates:
        counts.append(state.certificates[name])
    if not _is(shown.before, counts):
        return ""
    if authority.key_fingerprint(shown.before) == key:
        return f"the {name}'s key is the same"
    if entry.kind != RENEWAL and authority.is_signed(
        shown.before, shown.signed, statement(name, entry.previous, key)
    ):
        return f"the {name}'s key is signed by that of before"
    return ""


def _is(certificate: str, prints: Collection[str]) -> bool:
    """Whether it is one that can be read, of these fingerprints."""
    try:
        return authority.fingerprint(certificate) in prints
    except ValueError:
        return False
