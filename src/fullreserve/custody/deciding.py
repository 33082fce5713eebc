"""Puts withdrawals before the policy and makes its decisions heeded.

The fold of the policy decides; what it cannot know is found here: the kind and the age of the
destination, which the identity vault has, whether it looks like another of the owner's, what
vendors say of it, and the webhook's answer. Whatever is said twice, or lost on the way, changes
nothing: what is undecided is asked for again.
"""

from __future__ import annotations

import sqlite3
from asyncio import gather, to_thread
from collections.abc import Callable, Sequence

import structlog

from fullreserve.clock import Clock
from fullreserve.custody.bech32 import BadAddress
from fullreserve.custody.destinations import Destinations
from fullreserve.custody.house import House, Unknown
from fullreserve.custody.setbacks import Setbacks
from fullreserve.custody.vendors import Vendors
from fullreserve.custody.vetting import Subject
from fullreserve.door.protocol import Unavailable
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.policy_rules import Category, Concern, Webhook
from fullreserve.exchange.products.policy_wire import (
    POLICY,
    CountApprovals,
    GetPolicy,
    Judge,
    ListStates,
    PolicyView,
    Refused,
)
from fullreserve.exchange.products.withdrawal_state import (
    GetRequest,
    GetWithdrawal,
    ListUndecided,
    Undecided,
    Withdrawal,
    WithdrawalState,
)
from fullreserve.identity.keyring import WrongKey

# In a round: so many that were not asked about, and so many of those left to people in turn.
LOOKED_AT = 500
# Words in one submission: orders go in between, so that none waits for a queue of withdrawals.
AT_ONCE = 10
# Longer than vendors and the webhook may take: what comes into force by then is asked for.
SOON_MS = 300_000
ENDED = (WithdrawalState.CANCELED, WithdrawalState.FAILED, WithdrawalState.SUCCESS)

log = structlog.get_logger(__name__)


def asks_webhook(view: PolicyView, now_ms: int) -> bool:
    """Whether a rule does, or one of a change that may be in force when the word arrives."""
    soon = (one.rules for one in view.changes if one.is_due(now_ms + SOON_MS))
    return any(rule.webhook for rules in (view.rules, *soon) for rule in rules)


class Deciding:
    """Of all networks; `is_compared`, for threads, as the gateway's context has it.

    Where a backup was put back nothing is decided before it is known what the chain has paid since:
    what is refused, or has lain too long by now, would be refunded to who has it already.
    """

    def __init__(
        self,
        house: House,
        destinations: Destinations,
        vendors: Vendors,
        setbacks: Setbacks,
        clock: Clock,
        is_compared: Callable[[int], bool] = lambda _network: True,
    ) -> None:
        self._house = house
        self._is_compared = is_compared
        self._destinations = destinations
        self._vendors = vendors
        self._setbacks = setbacks
        self._clock = clock
        self._after = 0  # how far those left to people were looked at

    async def round(self) -> None:
        """What is undecided is decided as far as it can be; Unavailable.

        Everybody's: whose wait for people are looked at in turn, behind those never asked about.
        """
        # Those that fail stand among the first, and hide nobody behind them.
        most = LOOKED_AT + len(self._setbacks)
        question = ListUndecided(most, self._after)
        found: list[Undecided] = await self._house.ask(wire.WITHDRAWALS, question)
        left = [one for one in found if one.is_asked]
        if not self._after and len(left) < most:
            self._setbacks.keep([one.withdrawal for one in found])
        else:
            await self._forget([one.withdrawal for one in found])
        self._after = left[-1].withdrawal if len(left) == most else 0
        known = await to_thread(self._known_networks, found)
        found = [one for one in found if known[one.network]]
        left = [one for one in left if known[one.network]]
        moved, forgotten = await self._looked_up(left)
        fresh = [one for one in found if not one.is_asked] + forgotten
        fresh = [one for one in fresh if self._setbacks.is_due(one.withdrawal)]
        for start in range(0, len(fresh), AT_ONCE):
            part = fresh[start : start + AT_ONCE]
            await self._decide(part)
        self._setbacks.tell()
        for start in range(0, len(moved), AT_ONCE):
            await self._heed([one.withdrawal for one in moved[start : start + AT_ONCE]])

    def _known_networks(self, found: Sequence[Undecided]) -> dict[int, bool]:
        return {
            one: self._is_compared(one) for one in dict.fromkeys(each.network for each in found)
        }

    async def _forget(self, found: Sequence[int]) -> None:
        """Setbacks of what was cancelled: the rest of the list is not at hand, each is asked for.

        Those of what is undecided stand among the first and are in `found`.
        """
        seen = dict.fromkeys(found)
        for number in [one for one in self._setbacks.numbers() if one not in seen]:
            known: Withdrawal | None = await self._house.ask(
                wire.WITHDRAWALS, GetWithdrawal(number)
            )
            if known is None or known.state in ENDED:
                self._setbacks.over([number])

    async def _decide(self, part: Sequence[Undecided]) -> None:
        """Each by itself: one that cannot be vetted, whatever is wrong with it, stops no other."""
        tried = await gather(*(self._tried(one) for one in part))
        words = [one for one in tried if one is not None]
        codes = await self._house.report(POLICY, *words)
        decided = []
        for word, code in zip(words, codes, strict=True):
            if code == Refused.WEBHOOK:
                log.info("rules want the webhook by now: it is asked", withdrawal=word.withdrawal)
                continue
            if code:
                log.error("word refused", kind=type(word).__name__, code=code, fold=POLICY)
            decided.append(word.withdrawal)
        await self._heed(decided)

    async def _tried(self, one: Undecided) -> Judge | None:
        """None for one that is to be tried again later.

        Unavailable, Unknown, sqlite3.Error, WrongKey.
        """
        try:
            word = await self._judge(one)
        except (Unavailable, Unknown, sqlite3.Error, WrongKey):
            # Nobody's own: a vault that cannot be read is opened anew when the process begins.
            raise
        except Exception as problem:  # noqa: BLE001 - whatever one raises, the others go on
            self._setbacks.note(one.withdrawal, problem)
            return None
        self._setbacks.over([one.withdrawal])
        return word

    async def _looked_up(
        self, left: Sequence[Undecided]
    ) -> tuple[list[Undecided], list[Undecided]]:
        """Those of which something was said since; those that are to be judged once more.

        That are those which their owners have confirmed, or had their time to cancel. The policy
        also forgets a decision that refused, once there are many such.
        """
        if not left:
            return [], []
        numbers = tuple(one.request or one.withdrawal for one in left)
        now_ms = await self._house.now_ms(self._clock.wall_ms())
        states: list[int] = await self._house.ask(POLICY, ListStates(numbers, now_ms))
        approved: list[int] = await self._house.ask(POLICY, CountApprovals(numbers))
        found = list(zip(left, states, approved, strict=True))
        moved = [
            one
            for one, state, count in found
            if state and (state != one.judged or (count and one.state == WithdrawalState.REVIEW))
        ]
        return moved, [one for one, state, _ in found if not state]

    async def _heed(self, numbers: Sequence[int]) -> None:
        words = [wire.Heed(number) for number in numbers]
        codes = await self._house.report(wire.WITHDRAWALS, *words)
        for code in codes:
            if code:
                log.error("word refused", kind="Heed", code=code, fold=wire.WITHDRAWALS)

    async def _judge(self, one: Undecided) -> Judge:
        """With what vendors say, and the webhook where a rule asks for it."""
        try:
            entry = self._destinations.entry(one.owner, one.network, one.destination)
        except BadAddress:
            if not await self._asks_webhook():
                return Judge(one.withdrawal, Category.ONE_TIME, 0)
            # Nobody can be asked about a place that is not known.
            return Judge(one.withdrawal, Category.ONE_TIME, 0, Webhook.DOWN, Concern.WEBHOOK_DOWN)
        age_ms = max(0, self._clock.wall_ms() - entry.added_ms)
        subject = await self._subject(one, entry.text)
        vetted = await self._vendors.vetting.of(subject)
        category = Category.SANCTIONED if vetted.is_blocked else Category.BOOK
        answer, concerns = Webhook.NOT_ASKED, vetted.concerns
        if await self._asks_webhook():
            answer = await self._vendors.hook.ask(subject, category.name.lower(), age_ms)
            concerns |= Concern.WEBHOOK_DOWN if answer is Webhook.DOWN else 0
        marks = self._destinations.marks(one.owner, entry)
        place = self._destinations.place(entry)
        return Judge(one.withdrawal, category, age_ms, answer, concerns, marks, place)

    async def _asks_webhook(self) -> bool:
        view: PolicyView = await self._house.ask(POLICY, GetPolicy())
        return asks_webhook(view, await self._house.now_ms(self._clock.wall_ms()))

    async def _subject(self, one: Undecided, text: str) -> Subject:
        found: Withdrawal | None = await self._house.ask(
            wire.WITHDRAWALS, GetRequest(one.withdrawal)
        )
        asset, amount, usd = (found.asset, found.value, found.usd) if found else (0, 0, 0)
        address, _, memo = text.partition(":")
        place = (one.request or one.withdrawal, one.owner, one.network)
        return Subject(*place, asset, amount, usd, address, memo)
