"""Whose certificate `exchange` is: signers elsewhere are told by it what was approved.

The record has fingerprints of certificates alone, which say nothing of keys. So an entry that names
another certificate of the exchange's shows it, and the one that it follows: of the same key, or of
one that the key of before signed. All else a holder takes who names it. See docs/decisions/0030.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from fullreserve.custody.keys import authority
from fullreserve.custody.keys.record import RENEWAL, Entry, Record, State
from fullreserve.custody.keys.view_wire import EXCHANGE

ANOTHER = (
    "signers are told by it what was approved. It may be renewed with the same key, or have a key "
    "that the one before signed; any other is taken by its key's fingerprint, which you have from "
    "the exchange's people by another way than the record: name it with --exchange"
)
_MAGIC = b"Fullreserve exchange key\n"


class WrongExchange(ValueError):
    """The record names a certificate `exchange` that nothing proves; the message says which."""


def statement(after: str, key: str) -> bytes:
    """What the key of before signs: that another follows it, after the entry of a hash."""
    return _MAGIC + f"{after}\n{key}\n".encode()


def recorded(record: Record) -> str:
    """The certificate (PEM) of the exchange that counts, where the record shows it; else empty."""
    print_ = record.state.certificates.get(EXCHANGE, "")
    shown = (certificate_of(entry) for entry in reversed(record.entries))
    return next((one for one in shown if one and authority.fingerprint(one) == print_), "")


def certificate_of(entry: Entry) -> str:
    """The one that an entry shows of the exchange, PEM, where it is what the entry names."""
    print_ = entry.certificates.get(EXCHANGE)
    shown = entry.exchange
    if print_ is None or isinstance(shown, msgspec.UnsetType):
        return ""
    return shown.certificate if _is(shown.certificate, (print_,)) else ""


def told(record: Record) -> str:
    """By what the exchange is known now, for people; empty where it has no certificate."""
    print_ = record.state.certificates.get(EXCHANGE)
    if print_ is None:
        return ""
    return _told(recorded(record), print_)


def _told(certificate: str, print_: str) -> str:
    """Certificates of earlier versions are named alone, and not shown."""
    if not certificate:
        return f"certificate {print_}"
    return f"key {authority.key_fingerprint(certificate)}"


def why(before: Record, entry: Entry, named: Collection[str]) -> str:
    """Why an entry's certificate of the exchange counts; empty where it names no other than before.

    `named` are fingerprints of its key, or of itself, that the holder has from elsewhere.
    WrongExchange.
    """
    print_, known = entry.certificates.get(EXCHANGE), before.state.certificates.get(EXCHANGE)
    if print_ is None or print_ == known:
        return ""
    shown = certificate_of(entry)
    key = authority.key_fingerprint(shown) if shown else ""
    if shown and (proof := _proven(before.state, entry, key)):
        return proof
    if shown and entry.kind == RENEWAL:
        # The certificate of before would count beside it.
        raise WrongExchange(
            f"it renews the certificate `{EXCHANGE}`, and does not show that its key, {key}, is "
            "the one before: a ceremony names another key"
        )
    if {print_, key or print_} & {one.lower() for one in named}:
        return "the exchange's key as you had it"
    was = told(before)
    raise WrongExchange(
        f"it names the certificate `{EXCHANGE}`, of {_told(shown, print_)}, "
        + (f"and not of {was} as before, " if was else "where there was none, ")
        + f"and nothing proves it: {ANOTHER}"
    )


def _proven(state: State, entry: Entry, key: str) -> str:
    assert not isinstance(entry.exchange, msgspec.UnsetType)
    counts = [one for one, name in state.renewed.items() if name == EXCHANGE]
    if EXCHANGE in state.certificates:
        counts.append(state.certificates[EXCHANGE])
    shown = entry.exchange
    if not _is(shown.before, counts):
        return ""
    if authority.key_fingerprint(shown.before) == key:
        return "the exchange's key is the same"
    if entry.kind != RENEWAL and authority.is_signed(
        shown.before, shown.signed, statement(entry.previous, key)
    ):
        return "the exchange's key is signed by that of before"
    return ""


def _is(certificate: str, prints: Collection[str]) -> bool:
    """Whether it is one that can be read, of these fingerprints."""
    try:
        return authority.fingerprint(certificate) in prints
    except ValueError:
        return False
