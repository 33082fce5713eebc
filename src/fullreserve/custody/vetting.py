"""What vendors say of where a withdrawal goes: sanctions, risk of the address, the travel rule.

All are asked by one interface, whether they are lists in the data folder or services. Whoever
cannot be asked lets nothing through: the request is left to people, as one that a vendor doubts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from enum import IntEnum
from functools import partial
from hashlib import sha256
from typing import NamedTuple, Protocol

import structlog

from fullreserve.custody.asked_service import Service, ServiceDown, apart
from fullreserve.custody.screening import Screen
from fullreserve.exchange.products.policy_rules import Concern

log = structlog.get_logger(__name__)


class Kind(IntEnum):
    """What a vendor is asked about."""

    SANCTIONS = 1
    ADDRESS_RISK = 2
    TRAVEL_RULE = 3


class Verdict(IntEnum):
    """What a vendor says."""

    CLEAR = 1
    REVIEW = 2  # a person is to look at it
    BLOCK = 3  # it is not to be paid


WORDS = {one.name.lower(): one for one in Verdict}
DOWN = {
    Kind.SANCTIONS: Concern.SANCTIONS_DOWN,
    Kind.ADDRESS_RISK: Concern.RISK_DOWN,
    Kind.TRAVEL_RULE: Concern.TRAVEL_RULE_DOWN,
}
DOUBTED = {
    Kind.SANCTIONS: Concern.SANCTIONS,
    Kind.ADDRESS_RISK: Concern.RISK,
    Kind.TRAVEL_RULE: Concern.TRAVEL_RULE,
}


class Subject(NamedTuple):
    """A withdrawal, as far as vendors are told of it. USD at 10^-8."""

    request: int
    owner: int
    network: int
    asset: int
    amount: int  # at the ledger's scale
    usd: int
    address: str
    memo: str
    direction: str = "withdrawal"  # or deposit: then the address is a sender's

    @property
    def named(self) -> str:
        """The `request` of services: the same for the same question alone, as they may keep it."""
        if self.direction == "withdrawal":
            return str(self.request)
        return f"{self.direction}/{self.request}/{sha256(self.address.encode()).hexdigest()[:32]}"

    def facts(self) -> dict[str, str]:
        """As services are told."""
        return {name: str(value) for name, value in self._asdict().items() if name != "request"}


class VendorDown(Exception):
    """The vendor cannot be asked; the message says why."""


class Vendor(Protocol):
    """One that answers about one kind of thing."""

    kind: Kind
    name: str

    def ask(self, subject: Subject) -> Verdict:
        """Blocking; VendorDown."""


class Listed:
    """A list of addresses in the data folder: what stands there is blocked, or reviewed."""

    def __init__(self, kind: Kind, screen: Screen, verdict: Verdict) -> None:
        self.kind, self.name = kind, screen.path.name
        self._screen, self._verdict = screen, verdict

    def ask(self, subject: Subject) -> Verdict:
        """What the list says of the address."""
        return self._verdict if _stands_on(self._screen, subject) else Verdict.CLEAR


class TravelRule:
    """From an amount on, beneficiaries who are not on the list of those that are known."""

    kind = Kind.TRAVEL_RULE

    def __init__(self, known: Screen, over_usd: int) -> None:
        self.name = known.path.name
        self._known, self._over_usd = known, over_usd

    def ask(self, subject: Subject) -> Verdict:
        """REVIEW for an unknown one; what has no price is more than any amount."""
        is_small = 0 < subject.usd < self._over_usd
        return Verdict.CLEAR if is_small or _stands_on(self._known, subject) else Verdict.REVIEW


def _stands_on(screen: Screen, subject: Subject) -> bool:
    try:
        return screen.holds(subject.address)
    except (OSError, ValueError) as problem:
        raise VendorDown(f"{screen.path.name}: {problem}") from None


class Asked:
    """A vendor's service."""

    def __init__(self, kind: Kind, service: Service) -> None:
        self.kind, self.name = kind, service.name
        self._service = service

    def ask(self, subject: Subject) -> Verdict:
        """What the service says."""
        facts = {"kind": self.kind.name.lower(), **subject.facts()}
        try:
            return WORDS[self._service.ask(subject.named, facts, tuple(WORDS))]
        except ServiceDown as problem:
            raise VendorDown(str(problem)) from None


class Vetted(NamedTuple):
    """`concerns` of policy_rules.Concern: with any, no rule lets it through by itself."""

    is_blocked: bool
    concerns: int


class Vetting:
    """All vendors together; what is down is said once until it changes."""

    def __init__(self, vendors: Sequence[Vendor]) -> None:
        self._vendors = vendors
        self._said: dict[int, str] = {}  # the problem of each, by its place

    async def of(self, subject: Subject) -> Vetted:
        """The worst of what they say; never raises for one that is down."""
        asked = (apart(partial(one.ask, subject)) for one in self._vendors)
        found = await asyncio.gather(*asked, return_exceptions=True)
        is_blocked, concerns = False, 0
        for place, (vendor, one) in enumerate(zip(self._vendors, found, strict=True)):
            if isinstance(one, VendorDown):
                concerns |= DOWN[vendor.kind]
            elif isinstance(one, BaseException):
                raise one
            elif one is Verdict.REVIEW:
                concerns |= DOUBTED[vendor.kind]
            is_blocked = is_blocked or one is Verdict.BLOCK
            self._tell(place, vendor, str(one) if isinstance(one, VendorDown) else "")
        return Vetted(is_blocked, concerns)

    def _tell(self, place: int, vendor: Vendor, problem: str) -> None:
        if problem == self._said.get(place, ""):
            return
        self._said[place] = problem
        kind = vendor.kind.name.lower()
        if problem:
            log.error("vendor down: people review", vendor=vendor.name, kind=kind, problem=problem)
        else:
            log.info("vendor answers again", vendor=vendor.name, kind=kind)
