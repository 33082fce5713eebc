"""A signer of a tier: it rebuilds what it is asked to sign from the approved intent, and remembers.

What it has signed for is on disk before a signature leaves it. It trusts its own clock only while
that runs as steadily as the machine's.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import msgspec
import structlog

from fullreserve.clock import NS_PER_MS, Clock
from fullreserve.custody import signer_wire
from fullreserve.custody.chains import evm_transaction, made_coins
from fullreserve.custody.kept_file import open_kept
from fullreserve.custody.keys import answers
from fullreserve.custody.keys.device import Device, DeviceProblem
from fullreserve.custody.keys.intent import (
    EXCHANGE,
    Approval,
    Intent,
    NotApproved,
    Rule,
    TierPolicy,
    check,
    rule_of,
)
from fullreserve.custody.keys.record import TierWallet
from fullreserve.custody.ownership import BadMessage
from fullreserve.custody.tiers import proving, safe, spending
from fullreserve.custody.tiers.safe import SafeTransaction
from fullreserve.custody.tiers.spending import Spend
from fullreserve.door.protocol import Unavailable

DAY_MS = 86_400_000
DRIFT_MAX_MS = 2_000
BACK_MAX_MS = 60_000
CHANGE_INDEXES = 20

_SCHEMA = """
CREATE TABLE IF NOT EXISTS signed (
    number INTEGER PRIMARY KEY, intent BLOB NOT NULL, binding BLOB NOT NULL, rule TEXT NOT NULL,
    amount TEXT NOT NULL, time_ms INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS newest (only INTEGER PRIMARY KEY CHECK (only = 1), time_ms INTEGER);
"""

_decode_asked = msgspec.json.Decoder(signer_wire.AnswerChallenge | signer_wire.SignMessage).decode

log = structlog.get_logger(__name__)


class Proposal(msgspec.Struct, frozen=True):
    """How a coordinator wants an intent to be carried out: by a spend or a Safe's transaction.

    `previous` are the transactions that made the coins of the spend, `proposed` is its proposer's
    word (keys.intent.propose).
    """

    intent: Intent
    approvals: tuple[Approval, ...]
    spend: Spend | None = None
    transaction: SafeTransaction | None = None
    previous: tuple[bytes, ...] = ()
    proposed: Approval | None = None

    @property
    def binding(self) -> bytes:
        """32 bytes for the inputs or the nonce; what the exchange binds a move to."""
        if self.spend is not None:
            return self.spend.binding
        if self.transaction is not None:
            return evm_transaction.binding(self.transaction.safe, self.transaction.nonce)
        return b""


class Decided(Protocol):
    """What a signer learns from the exchange itself."""

    async def check(self, proposal: Proposal) -> None:
        """NotApproved when the log has not decided and bound it, Unavailable when nobody says."""


class Answer(msgspec.Struct, frozen=True):
    """One of the two is empty."""

    part: bytes = b""
    refusal: str = ""


class TierMemory:
    """What was signed for, in a file of the signer's own."""

    def __init__(self, path: Path) -> None:
        self._db = open_kept(path, _SCHEMA)

    def close(self) -> None:
        self._db.close()

    def newest_ms(self) -> int:
        """The latest time at which it signed."""
        found = self._db.execute("SELECT time_ms FROM newest").fetchone()
        return int(found[0]) if found else 0

    def note(self, intent: Intent, binding: bytes, rule: Rule, now_ms: int) -> None:
        """NotApproved when it was signed for otherwise, or when the day's amount is used up.

        sqlite3.Error when it cannot be kept: then nothing may be signed.
        """
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._check(intent, binding, rule, now_ms)
            row = (intent.number, intent.digest(), binding, _name(rule), str(intent.amount), now_ms)
            self._db.execute("INSERT OR IGNORE INTO signed VALUES (?, ?, ?, ?, ?, ?)", row)
            self._db.execute("INSERT OR REPLACE INTO newest VALUES (1, ?)", (now_ms,))
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def _check(self, intent: Intent, binding: bytes, rule: Rule, now_ms: int) -> None:
        query = "SELECT intent, binding FROM signed WHERE number = ?"
        known = self._db.execute(query, (intent.number,)).fetchone()
        if known is not None:
            if (bytes(known[0]), bytes(known[1])) != (intent.digest(), binding):
                raise NotApproved("its number was signed for with other coins, nonce or content")
            return
        query = "SELECT amount FROM signed WHERE rule = ? AND time_ms > ?"
        rows = self._db.execute(query, (_name(rule), now_ms - DAY_MS))
        if sum(int(row[0]) for row in rows) + intent.amount > rule.day_max:
            raise NotApproved(f"24 hours would see more than {rule.day_max} move")


class TierSigner:
    """Signs with one holder's key, for the wallets that it knows by its own record."""

    def __init__(
        self,
        holder: str,
        device: Device,
        wallets: Mapping[tuple[int, str], TierWallet],
        policy: TierPolicy,
        memory: TierMemory,
        clock: Clock,
        decided: Decided | None = None,
    ) -> None:
        self._decided = decided
        self._holder = holder
        self._device = device
        self._wallets = wallets
        self._policy = policy
        self._memory = memory
        self._clock = clock
        self._started = (clock.wall_ms(), clock.monotonic_ns())

    async def answer(self, _name: str, question: bytes) -> bytes:
        """Never raises: what cannot be read or kept is refused too.

        To a challenge and a message, as hot signers are asked, it answers as they do.
        """
        try:
            asked = _decode_asked(question)
        except msgspec.DecodeError:
            return msgspec.json.encode(await self._answer(question))
        if isinstance(asked, signer_wire.SignMessage):
            return msgspec.json.encode(self._proves(asked))
        return msgspec.json.encode(self._present(asked))

    def _proves(self, asked: signer_wire.SignMessage) -> signer_wire.Answer:
        """That an address is ours, by a message that names it; `key` is the address."""
        wallets = (one for one in self._wallets.values() if one.network == asked.network)
        found = (held for one in wallets for held in proving.addresses(one))
        held = next((one for one in found if one.address == asked.key), None)
        if held is None or asked.hashed:
            refusal = f"{asked.key} is no address of a wallet that this holder knows"
            return signer_wire.Answer(refusal=refusal)
        try:
            return signer_wire.Answer(held.sign(asked.message, self._device, self._holder))
        except (proving.NoProof, BadMessage, DeviceProblem) as problem:
            log.warning("refused to sign", reason=str(problem))
            return signer_wire.Answer(refusal=str(problem))

    def _present(self, asked: signer_wire.AnswerChallenge) -> signer_wire.Answer:
        """That it is there, by the holder's own key, as if he had answered by hand."""
        try:
            made = answers.answer(self._device, self._holder, asked.quorum, asked.challenge)
        except (answers.NotTaken, DeviceProblem, OverflowError) as problem:
            return signer_wire.Answer(refusal=str(problem))
        return signer_wire.Answer(made)

    async def _answer(self, question: bytes) -> Answer:
        try:
            proposal = msgspec.json.decode(question, type=Proposal)
            is_decided = await self._is_decided(proposal)
            return Answer(self.sign(proposal, is_decided=is_decided))
        except (msgspec.DecodeError, ValueError, AttributeError):
            return Answer(refusal="the proposal cannot be read")
        except (NotApproved, DeviceProblem) as problem:
            log.warning("refused to sign", reason=str(problem))
            return Answer(refusal=str(problem))
        except Unavailable as problem:
            log.warning("cannot sign now", problem=str(problem))
            return Answer(refusal=f"what the exchange has decided cannot be read now: {problem}")
        except (sqlite3.Error, OSError) as problem:
            log.error("cannot remember", problem=type(problem).__name__)
            return Answer(refusal="the signer cannot remember what it signs: its disk")

    async def _is_decided(self, proposal: Proposal) -> bool:
        """Whether the log has decided it, which a standing rule lets do; NotApproved, Unavailable.

        Where there are approvals they may do instead, and a stray one spoils nothing.
        """
        intent = proposal.intent
        if self._decided is None or intent.proposer != EXCHANGE:
            return False
        if rule_of(intent, self._policy) is None:
            return False
        try:
            await self._decided.check(proposal)
        except (NotApproved, Unavailable):
            if not proposal.approvals:
                raise
            return False
        return True

    def sign(self, proposal: Proposal, *, is_decided: bool = False) -> bytes:
        """This holder's part; NotApproved, DeviceProblem, sqlite3.Error."""
        now_ms = self._now_ms()
        intent = proposal.intent
        rule = check(
            intent, proposal.approvals, self._policy, now_ms, is_decided=is_decided,
            binding=proposal.binding, signed=proposal.proposed,
        )  # fmt: skip
        wallet = self._wallets.get((intent.network, intent.source))
        if wallet is None:
            raise NotApproved(f"no {intent.source} wallet of network {intent.network} is known")
        if proposal.spend is not None:
            return self._script(wallet, proposal, rule, proposal.spend, now_ms)
        if proposal.transaction is not None:
            return self._safe(wallet, intent, rule, proposal.transaction, now_ms)
        raise NotApproved("it proposes nothing to sign")

    def _script(
        self, tier: TierWallet, proposal: Proposal, rule: Rule, spend: Spend, now_ms: int
    ) -> bytes:
        wallet, intent = tier.wallet, proposal.intent
        key = (
            next((one for one in wallet.keys if one.holder == self._holder), None)
            if wallet
            else None
        )
        if wallet is None or key is None:
            raise NotApproved(f"{self._holder} has no key of the {tier.name}")
        if spend.recovers or not spend.inputs:
            raise NotApproved("an intent is paid by the holders' branch")
        if len({one.outpoint() for one in spend.inputs}) != len(spend.inputs):
            raise NotApproved("an input stands twice")
        if [(one.script, one.amount) for one in spend.pays] != [(intent.place, intent.amount)]:
            raise NotApproved("the outputs are not those that were approved")
        if spend.left and not _is_own(wallet.place, spend.rest):
            raise NotApproved("the change goes elsewhere than to the wallet")
        if not 0 < spend.fee <= rule.fee_max or spend.left < 0:
            raise NotApproved("the fee is outside the band")
        try:
            made_coins.check(spend.inputs, wallet.place, proposal.previous)
        except made_coins.UnprovenCoin as bad:
            raise NotApproved(str(bad)) from None
        self._memory.note(intent, spend.binding, rule, now_ms)
        return spending.sign(wallet, spend, self._device, self._holder, key)

    def _safe(
        self, tier: TierWallet, intent: Intent, rule: Rule, asked: SafeTransaction, now_ms: int
    ) -> bytes:
        if self._holder not in tier.owners:
            raise NotApproved(f"{self._holder} is no owner of the {tier.name}")
        to, value, data = safe.transfer_call(rule.token or None, intent.place, intent.amount)
        account = bytes.fromhex(tier.safe)
        wanted = SafeTransaction(tier.chain_id, account, asked.nonce, to, value, data)
        if asked != wanted:
            raise NotApproved("target, value, call or Safe are not those that were approved")
        binding = asked.nonce.to_bytes(8, "big")
        self._memory.note(intent, binding, rule, now_ms)
        return safe.sign(asked, self._device, self._holder)[1]

    def _now_ms(self) -> int:
        """The time; NotApproved while the clock cannot be trusted."""
        now_ms = self._clock.wall_ms()
        ran_ms = (self._clock.monotonic_ns() - self._started[1]) // NS_PER_MS
        if abs(now_ms - self._started[0] - ran_ms) > DRIFT_MAX_MS:
            raise NotApproved("the signer's clock was set while it ran: look at it, and restart")
        if now_ms < self._memory.newest_ms() - BACK_MAX_MS:
            raise NotApproved("the signer's clock is behind what it signed before")
        return now_ms


def _is_own(place: Callable[[int], bytes], script: bytes) -> bool:
    return any(place(index) == script for index in range(CHANGE_INDEXES))


def _name(rule: Rule) -> str:
    return f"{rule.network}/{rule.source}/{rule.target}/{rule.asset}"
