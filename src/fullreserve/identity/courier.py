"""Who carries the outbox's messages to people, through one channel."""

from __future__ import annotations

import asyncio
import sys
from typing import Protocol, TextIO

import structlog

from fullreserve.clock import Clock
from fullreserve.identity.denied import Denied
from fullreserve.identity.desk import Desk
from fullreserve.identity.emails import masked
from fullreserve.identity.outbox import Kind, Message
from fullreserve.identity.rules import SECOND_MS

AT_ONCE = 20
LOOK_MS = 10 * SECOND_MS

log = structlog.get_logger(__name__)

_STOPPED = "Nothing is withdrawn to a chain for 24 hours."
_WORDS = {
    Kind.SIGN_UP: "Your sign-up code is {code}. Or follow {link}",
    Kind.ALREADY_REGISTERED: "You have an account already. Sign in, or reset your password: {link}",
    Kind.RESET: "Your code for a new password is {code}. Or follow {link}",
    Kind.PASSWORD_CHANGED: (
        f"Your password was changed, and all other sessions were ended. {_STOPPED}"
    ),
    Kind.NEW_SIGN_IN: "A new device signed in to your account from {address}: {agent}",
    Kind.SECOND_FACTOR_ON: "Two-factor authentication is on.",
    Kind.SECOND_FACTOR_OFF: f"Two-factor authentication is off. {_STOPPED}",
    Kind.RECOVERY_CODES: "New recovery codes were made for your account; the old ones are void.",
    Kind.RECOVERY_CODE_USED: "A recovery code opened your account; {left} are left.",
    Kind.PASSKEY_ADDED: f"The passkey {{name}} was added to your account. {_STOPPED}",
    Kind.PASSKEY_REMOVED: f"A passkey was removed from your account. {_STOPPED}",
    Kind.OPERATOR_PASSKEY: (
        "The passkey {name} was added to your operator's account. From {since} on it opens the "
        "account and approves. If it is not yours, remove it now and tell the other operators."
    ),
    Kind.APPROVALS_WAIT: (
        "What you approve with has changed on your operator's account. You approve nothing "
        "until {until}. If it was not you, tell the other operators now."
    ),
    Kind.KEY_CREATED: "The API key {label} was made, with the permissions {perm}.",
    Kind.KEYS_OFF: "All API keys of your account were switched off.",
    Kind.CLAIM_DECIDED: "Your claim {claim} of a missing deposit is {state}; see the page Deposit.",
    Kind.DELISTING: "{ccy} is delisted. Withdraw what you have of it before {end}.",
    Kind.WITHDRAWAL_CONFIRM: (
        "Confirm your withdrawal {id} of {amt} {ccy} on the page Withdraw before {until}, or it is "
        "refunded. If it was not you, cancel it there and change your password now."
    ),
    Kind.WITHDRAWAL_DELAY: (
        "Your withdrawal {id} of {amt} {ccy} goes on at {until}. If it was not you, cancel it on "
        "the page Withdraw before and change your password now."
    ),
    Kind.WITHDRAWAL_REVIEW: (
        "People look at your withdrawal {id} of {amt} {ccy} before it is paid. If it was not you, "
        "change your password and tell the support now."
    ),
    Kind.DEPOSIT_OWED: (
        "Your deposit {depId} of {amt} {ccy} was taken back by its chain, and {owed} {ccy} of it "
        "that were spent by then are owed. Your account is frozen: see the page Portfolio, and "
        "ask the support."
    ),
    Kind.SETTINGS_LOCKED: (
        "Your withdrawal settings are locked for {days} days. Nobody can loosen them before."
    ),
    Kind.ACCOUNT_CLOSED: "Your account is closed and your personal data is deleted.",
}


def sentence(message: Message) -> str:
    """What a message says."""
    return _WORDS[message.kind].format_map(message.values)


class Channel(Protocol):
    """A way to people. `deliver` raises when a message did not leave; it is then tried again."""

    async def deliver(self, message: Message) -> None:
        """Send one message; it may be one that was sent before."""


class Console:
    """Prints messages where the demo's operator sees them; never into the log."""

    def __init__(self, out: TextIO = sys.stdout) -> None:
        self._out = out

    async def deliver(self, message: Message) -> None:
        self._out.write(f"Message to {masked(message.email)}: {sentence(message)}\n")
        self._out.flush()


class Courier:
    """Delivers what is due; several may run, and then a message may come twice."""

    def __init__(self, desk: Desk, channel: Channel, clock: Clock) -> None:
        self._desk = desk
        self._channel = channel
        self._clock = clock

    async def run(self) -> None:
        """Deliver until cancelled: at once what this process puts in, and now and then the rest."""
        while True:
            self._desk.posted.clear()
            try:
                while await self.round():
                    pass
            except Denied as problem:
                log.warning("outbox not read", problem=str(problem))
            await self._until_news()

    async def _until_news(self) -> None:
        waits = [
            asyncio.ensure_future(self._desk.posted.wait()),
            asyncio.ensure_future(self._clock.wait_ms(LOOK_MS)),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def round(self) -> int:
        """Deliver what is due, at most a few; how many those were."""
        outbox = self._desk.rooms.outbox
        found = await self._desk.act(outbox.due, AT_ONCE)
        for due in found:
            try:
                if due.message.kind is not Kind.VOID:
                    await self._channel.deliver(due.message)
            except Exception as problem:  # noqa: BLE001 - one message must not stop the others
                # What a channel says of it may hold the address.
                kind = type(problem).__name__
                log.warning("message not delivered", number=due.number, problem=kind)
                await self._desk.act(outbox.failed, due)
            else:
                await self._desk.act(outbox.delivered, due.number)
        return len(found)
