"""Which vendors are asked, and the webhook: `custody-vendors.toml` in the data folder.

    [webhook]
    url = "https://policy.example.com/ask"
    secret = "webhook.secret"        # a file in the data folder, its owner's alone
    timeout_ms = 2000

    [travel_rule]
    over_usd = 1000                  # known beneficiaries: custody-beneficiaries.txt

    [deposits]                       # their senders are screened before they are credited
    least_kyc = 0                    # owners below that level do not get them

    [[vendor]]
    kind = "sanctions"               # or address_risk, travel_rule
    url = "https://vendor.example.com/screen"
    secret = "vendor.secret"

Lists that are asked whether there is such a file or not: `custody-sanctioned.txt` is blocked,
`custody-risky.txt` reviewed. One that was read and is gone is a vendor that is down.
"""

from __future__ import annotations

import stat
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec

from fullreserve.clock import Clock
from fullreserve.custody import networks
from fullreserve.custody.asked_service import BadService, Service
from fullreserve.custody.screening import FILE as SANCTIONED
from fullreserve.custody.screening import Screen
from fullreserve.custody.vetting import Asked, Kind, Listed, TravelRule, Vendor, Verdict, Vetting
from fullreserve.custody.webhook import Hook

FILE = "custody-vendors.toml"
RISKY, BENEFICIARIES = "custody-risky.txt", "custody-beneficiaries.txt"
USD = 10**8
KINDS = {one.name.lower(): one for one in Kind}


class _Service(msgspec.Struct, forbid_unknown_fields=True):
    url: str
    secret: str
    timeout_ms: int = 2_000
    kind: str = ""


class _TravelRule(msgspec.Struct, forbid_unknown_fields=True):
    over_usd: int


class _Deposits(msgspec.Struct, forbid_unknown_fields=True):
    least_kyc: int = 0


class _File(msgspec.Struct, forbid_unknown_fields=True):
    webhook: _Service | None = None
    travel_rule: _TravelRule | None = None
    deposits: _Deposits | None = None
    vendor: tuple[_Service, ...] = ()


class Vendors(NamedTuple):
    vetting: Vetting
    hook: Hook
    senders: Vetting | None = None  # of deposits, where they are screened
    least_kyc: int = 0


def screens_deposits(data: Path) -> bool:
    """Whether deposits wait for what vendors say of their senders; BadService."""
    return _read(data / FILE).deposits is not None


def load(data: Path, clock: Clock) -> Vendors:
    """Those of a data folder; BadService."""
    file = _read(data / FILE)
    sanctioned, risky = (
        Screen(data / name, partial(_readers, data)) for name in (SANCTIONED, RISKY)
    )
    for each in (sanctioned, risky):
        each.look()
    lists: list[Vendor] = [
        Listed(Kind.SANCTIONS, sanctioned, Verdict.BLOCK),
        Listed(Kind.ADDRESS_RISK, risky, Verdict.REVIEW),
    ]
    if file.travel_rule is not None:
        lists.append(TravelRule(Screen(data / BENEFICIARIES), file.travel_rule.over_usd * USD))
    for one in file.vendor:
        if one.kind not in KINDS:
            raise BadService(f"{FILE}: kind {one.kind!r} is none of {', '.join(KINDS)}")
        lists.append(Asked(KINDS[one.kind], _service(data, one, clock)))
    hook = _service(data, file.webhook, clock) if file.webhook is not None else None
    vetting = Vetting(lists)
    if file.deposits is None:
        return Vendors(vetting, Hook(hook))
    senders = Vetting([one for one in lists if one.kind is not Kind.TRAVEL_RULE])
    return Vendors(vetting, Hook(hook), senders, file.deposits.least_kyc)


def _readers(data: Path) -> list[Callable[[str], object]]:
    """What reads addresses of the networks of now; none where their file cannot be used."""
    try:
        return [one.addresses().read for one in networks.load(data)]
    except networks.BadNetworks:
        return []


def _read(path: Path) -> _File:
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _File)
    except FileNotFoundError:
        return _File()
    except (OSError, ValueError, msgspec.ValidationError) as bad:
        raise BadService(f"{path}: {bad}") from None


def _service(data: Path, one: _Service, clock: Clock) -> Service:
    path = data / one.secret
    try:
        mode, content = path.stat().st_mode, path.read_bytes()
    except OSError as problem:
        raise BadService(f"{path}: {problem.strerror}") from None
    if stat.S_IMODE(mode) & 0o077:
        raise BadService(f"{path} may be read by others than its owner")
    if not 0 < one.timeout_ms <= 30_000:
        raise BadService(f"{FILE}: timeout_ms is 1 to 30000")
    # What ends a line of text is no part of it; random bytes are as they are.
    secret = content.strip() if content.isascii() else content
    return Service(one.url, secret, one.timeout_ms, clock)
