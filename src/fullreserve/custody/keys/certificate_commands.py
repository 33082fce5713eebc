"""`fullreserve custody renew`: certificates of the same keys, for as long again."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fullreserve.clock import SystemClock
from fullreserve.config import Settings
from fullreserve.custody.keys import authority, certificates
from fullreserve.custody.keys.authority import BadRequest
from fullreserve.custody.keys.commands import carried_out, day, keep_certificates, say
from fullreserve.custody.keys.record import RENEWAL, Entry, Record
from fullreserve.custody.keys.tls_door import CERTIFICATES

RENEWED = "renewed"


@carried_out
def renew(settings: Settings, names: Sequence[str], dry_run: bool) -> None:
    """New certificates for these names alone, of the keys that they have.

    The one before counts on until it ends. The new one is put beside it, since who shows it first
    would be refused by all that have not got the new record yet.
    """
    data, record = settings.data, Record.of(settings.data)
    known = {one.name: one for one in certificates.held(data, record)}
    for name in names:
        if name not in record.state.certificates:
            raise BadRequest(f"the record of ceremonies names no certificate of {name}")
        if name not in known:
            raise BadRequest(f"{CERTIFICATES}/{name}.pem is not the certificate that it names")
        say(f"{name}: until {day(known[name].ends_ms)}")
    if dry_run:
        say("Nothing was done: this was a dry run.")
        return
    now, title = SystemClock().wall_ms(), f"renewal {len(record.entries) + 1}"
    issued = authority.renew(title, [(name, known[name].text) for name in sorted(set(names))], now)
    prints = {name: authority.fingerprint(text) for name, text in issued.certificates.items()}
    said = tuple(f"certificate of {name} renewed" for name in prints)
    shown = certificates.shown(data, record, issued.certificates)
    entry = Entry(
        0, now, RENEWAL, "", authority=issued.authority, certificates=prints, said=said
    )  # fmt: skip
    done = record.append(msgspec.structs.replace(entry, **shown))
    keep_certificates(data, issued, RENEWED)
    for name, text in issued.certificates.items():
        say(f"{name}: until {day(authority.ends_ms(text))}, in {CERTIFICATES}/{RENEWED}/{name}.pem")
    say(
        f"Recorded as {done.hash}.",
        "Give every holder and signer a copy of the record, and then each his certificate: it goes",
        f"to {CERTIFICATES}/NAME.pem. The one there counts until it ends.",
    )
