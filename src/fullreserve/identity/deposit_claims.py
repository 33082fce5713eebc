"""What users say of deposits that they miss, sealed; and what operators answered.

It names transactions and their owners, which the log does not. What an operator decides moves
nothing: money comes by the proposal that the decision names.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from fullreserve.identity.denied import Denied, Reason
from fullreserve.identity.outbox import Kind as MessageKind
from fullreserve.identity.outbox import Message, Outbox
from fullreserve.identity.vault import Vault

OPEN_MAX = 10  # of one user
KEPT_MAX = 200  # of one user, over and open


class Kind(StrEnum):
    """What is wrong with a deposit."""

    MEMO = "memo"  # without its memo, or with a wrong one
    CHAIN = "chain"  # on another chain than the address is for
    TOKEN = "token"  # noqa: S105 - of a coin that is not listed there
    MISSING = "missing"  # as it should be, and not shown


class State(StrEnum):
    """How far a claim is."""

    OPEN = "open"
    SETTLED = "settled"  # by the proposal that is named with it
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"  # by the user


class Said(msgspec.Struct, array_like=True, frozen=True):
    """What the user says; amounts and names as they were typed."""

    kind: Kind
    ccy: str
    chain: str
    transaction: str
    amount: str = ""
    memo: str = ""
    note: str = ""


class Claim(msgspec.Struct, frozen=True):
    """A claim; `answer` is what the user is told."""

    number: int
    uid: int
    said: Said
    state: State
    filed_ms: int
    changed_ms: int
    proposal: int = 0
    answer: str = ""


_COLUMNS = "number, uid, mark, state, filed_ms, changed_ms, proposal, sealed, answer"
_said = msgspec.msgpack.Decoder(Said)

_Row = tuple[int, int, bytes, str, int, int, int, bytes, bytes]


class DepositClaims:
    """The claims of all users; use it from the thread that writes."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._store = vault.store
        self._outbox = Outbox(vault.store)

    def file(self, uid: int, said: Said) -> Claim:
        """A new claim; the open one of the same transaction, where there is one. Denied."""
        self._vault.require(uid)
        mark = self._store.keyed("deposit claim", f"{uid}:{plain_name(said.transaction)}")
        mine = self.of(uid)
        waiting = [one for one in mine if one.state is State.OPEN]
        for one in waiting:
            if plain_name(one.said.transaction) == plain_name(said.transaction):
                return one
        if len(waiting) >= OPEN_MAX:
            raise Denied(Reason.NOT_NOW, f"at most {OPEN_MAX} open claims")
        if len(mine) >= KEPT_MAX:
            raise Denied(Reason.NOT_NOW, f"at most {KEPT_MAX} claims")
        now = self._store.wall_ms()
        sealed = self._store.seal(uid, _place(mark), msgspec.msgpack.encode(said))
        with self._store.change():
            number = self._store.db.execute(
                "INSERT INTO deposit_claims (uid, mark, state, filed_ms, changed_ms, sealed) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (uid, mark, State.OPEN, now, now, sealed),
            ).lastrowid
        assert number is not None
        return Claim(number, uid, said, State.OPEN, now, now)

    def of(self, uid: int) -> list[Claim]:
        """A user's claims, newest first."""
        rows = self._store.db.execute(
            f"SELECT {_COLUMNS} FROM deposit_claims "  # noqa: S608 - names of our own
            "WHERE uid = ? ORDER BY number DESC",
            (uid,),
        ).fetchall()
        return [self._read(row) for row in rows]

    def listed(self, state: State | None, after: int, limit: int) -> list[Claim]:
        """Everybody's, oldest first, of a state or of any."""
        rows = self._store.db.execute(
            f"SELECT {_COLUMNS} FROM deposit_claims "  # noqa: S608 - names of our own
            "WHERE number > ? AND (? = '' OR state = ?) ORDER BY number LIMIT ?",
            (after, state or "", state or "", limit),
        ).fetchall()
        return [self._read(row) for row in rows]

    def find(self, number: int) -> Claim | None:
        """A claim by its number."""
        row = self._store.db.execute(
            f"SELECT {_COLUMNS} FROM deposit_claims WHERE number = ?",  # noqa: S608
            (number,),
        ).fetchone()
        return None if row is None else self._read(row)

    def withdraw(self, uid: int, number: int) -> None:
        """Takes an open claim back; Denied for none of the user's."""
        with self._store.change():
            done = self._store.db.execute(
                "UPDATE deposit_claims SET state = ?, changed_ms = ? "
                "WHERE uid = ? AND number = ? AND state = ?",
                (State.WITHDRAWN, self._store.wall_ms(), uid, number, State.OPEN),
            )
        if not done.rowcount:
            raise Denied(Reason.BAD_PARAMETER, "the id of an open claim of yours", "claimId")

    def decide(self, number: int, state: State, answer: str, proposal: int = 0) -> bool:
        """Ends an open claim and tells its user; False when it is over already.

        Denied for a proposal that settled another.
        """
        one = self.find(number)
        if one is None or one.state is not State.OPEN:
            return False
        if proposal and self._has_settled(proposal):
            allowed = "one that has settled no other claim"
            raise Denied(Reason.BAD_PARAMETER, allowed, "proposal")
        with self._store.change():
            sealed = self._store.seal(one.uid, f"{_place_of(number)}:answer", answer.encode())
            self._store.db.execute(
                "UPDATE deposit_claims SET state = ?, changed_ms = ?, proposal = ?, answer = ? "
                "WHERE number = ?",
                (state, self._store.wall_ms(), proposal, sealed, number),
            )
            email = self._vault.personal(one.uid).email
            if email:
                told = {"claim": str(number), "state": str(state)}
                self._outbox.put(one.uid, Message(MessageKind.CLAIM_DECIDED, email, told))
        return True

    def _has_settled(self, proposal: int) -> bool:
        select = "SELECT 1 FROM deposit_claims WHERE proposal = ? LIMIT 1"
        return self._store.db.execute(select, (proposal,)).fetchone() is not None

    def _read(self, row: _Row) -> Claim:
        number, uid, mark, state, filed_ms, changed_ms, proposal, sealed, answer = row
        said = _said.decode(self._store.unseal(uid, _place(mark), sealed))
        place = f"{_place_of(number)}:answer"
        text = self._store.unseal(uid, place, answer).decode() if answer else ""
        return Claim(number, uid, said, State(state), filed_ms, changed_ms, proposal, text)


def plain_name(transaction: str) -> str:
    """A transaction's name in small letters and without the 0x that some write before it."""
    return transaction.strip().lower().removeprefix("0x")


def _place(mark: bytes) -> str:
    return f"deposit_claim:{mark.hex()}"


def _place_of(number: int) -> str:
    return f"deposit_claim:{number}"
