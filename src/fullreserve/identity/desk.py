"""The writing side of the identity room: a thread for the store, a few for hashes, never the loop.

Argon2 is slow on purpose and a commit waits for the disk; neither may hold an order up.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import structlog

from fullreserve.identity import passwords
from fullreserve.identity.address_book import AddressBook
from fullreserve.identity.approval_wait import ApprovalWait
from fullreserve.identity.audit import AuditLog
from fullreserve.identity.denied import Denied, Reason
from fullreserve.identity.deposit_claims import DepositClaims
from fullreserve.identity.devices import Devices
from fullreserve.identity.emails import Emails
from fullreserve.identity.failures import Failures
from fullreserve.identity.keyring import DamagedRow, KeyringError, WrongKey
from fullreserve.identity.keys import Keys
from fullreserve.identity.outbox import Outbox
from fullreserve.identity.passkeys import Passkeys
from fullreserve.identity.roles import Roles
from fullreserve.identity.rules import HOUR_MS, SECOND_MS
from fullreserve.identity.second_factor import SecondFactors
from fullreserve.identity.sessions import Sessions
from fullreserve.identity.sub_accounts import SubAccounts
from fullreserve.identity.tickets import Tickets
from fullreserve.identity.vault import Vault
from fullreserve.threads import begun_threads

WAITING_MAX = 64  # hashes; beyond it a flood of sign-ins is refused before it costs memory

P = ParamSpec("P")
T = TypeVar("T")

log = structlog.get_logger(__name__)


class Rooms:
    """What acts in the writing thread may use; a hold on the store of their own."""

    def __init__(self, vault: Vault) -> None:
        rules = vault.rules
        self.vault = vault
        self.store = vault.store
        self.rules = rules
        self.emails = Emails(vault.store)
        self.tickets = Tickets(vault.store, rules.ticket_failures_max)
        self.sessions = Sessions(vault)
        self.devices = Devices(vault.store, rules)
        self.failures = Failures(vault.store, rules)
        self.factors = SecondFactors(vault, self.tickets)
        self.passkeys = Passkeys(vault, self.tickets)
        self.outbox = Outbox(vault.store)
        self.roles = Roles(vault)
        self.approval_wait = ApprovalWait(vault, self.passkeys, self.roles)
        self.subs = SubAccounts(vault)
        self.keys = Keys(vault)
        self.audit = AuditLog(vault.store)
        self.addresses = AddressBook(vault)
        self.claims = DepositClaims(vault)

    def sweep(self) -> None:
        """Delete what has ended by itself."""
        self.tickets.sweep()
        self.sessions.sweep()
        self.devices.sweep()
        self.outbox.sweep()
        self.store.prune_changes()
        self.failures.sweep(HOUR_MS)


class Desk:
    """Runs acts on the store, one after the other, and hashes beside them; use it from the loop."""

    def __init__(self, gateway: Vault) -> None:
        self.rules = gateway.rules
        store = gateway.store
        busy_s = self.rules.busy_ms / SECOND_MS
        self._rooms = Rooms(Vault(store.folder, store.wall_ms, gateway.rules, busy_s))
        self._writer = begun_threads(1, "identity")
        self._hashers = begun_threads(self.rules.hashes_at_once, "argon2")
        self._waiting = 0
        # Set when a message was put into the outbox.
        self.posted = asyncio.Event()
        # Held by who changes an owner's flags in the core, from reading to writing them.
        self.flags_turn = asyncio.Lock()
        # What an unknown user's password is compared with, so that it takes as long.
        self._nobody = passwords.nobodys(self.rules.hashing)
        gateway.at_close(self.close)

    def close(self) -> None:
        """Finishes what has begun."""
        self._hashers.shutdown()
        self._writer.shutdown()
        self._rooms.vault.close()

    async def act(self, act: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """What an act returns; Denied, also when the store is locked or cannot be opened."""
        loop = asyncio.get_running_loop()
        try:
            done = await loop.run_in_executor(self._writer, lambda: act(*arguments, **named))
        except (sqlite3.Error, KeyringError) as problem:
            log.warning("identity vault not available", problem=str(problem))
            raise Denied(Reason.VAULT_LOCKED, _sentence(problem)) from problem
        if self._rooms.outbox.take_news():
            self.posted.set()
        return done

    @property
    def rooms(self) -> Rooms:
        """For acts alone."""
        return self._rooms

    async def hashed(self, password: str) -> str:
        """A password's hash."""
        return await self._hash(lambda: passwords.hashed(password, self.rules.hashing))

    async def matches(self, phc: str, password: str) -> bool:
        """Whether a password gives a hash; "" is nobody's, takes as long and is never right."""
        right = await self._hash(lambda: passwords.matches(phc or self._nobody, password))
        return right and bool(phc)

    async def _hash(self, work: Callable[[], T]) -> T:
        if self._waiting >= WAITING_MAX:
            raise Denied(Reason.BUSY)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._hashers, work)
        finally:
            self._waiting -= 1


def _sentence(problem: Exception) -> str:
    """What people can do about a vault that cannot be used, without a name of anybody's."""
    if isinstance(problem, DamagedRow):
        return f"one row of it is damaged ({problem.kind}): whoever runs the exchange puts it back"
    if isinstance(problem, WrongKey):
        return "its key is another store's: whoever runs the exchange puts the right one back"
    return "sign-in and settings wait for it, trading goes on; try again in a moment"
