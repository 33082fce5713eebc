"""What a signer remembers of what it signed, and what it says of it. Criterion: CUST-UNBIND-7."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fullreserve.custody import intents
from fullreserve.custody.chains.adapter import Plan
from fullreserve.custody.intents import Memory
from fullreserve.custody.signer_wire import BoundTo, ShowSigned, Signed
from fullreserve.custody.signing import WillNotSign

OLD, NEW = b"\x01" * 32, b"\x02" * 32


def plan(withdrawal: int, binding: bytes = OLD, body: bytes = b"body") -> Plan:
    return Plan(1, (withdrawal,), binding, body, 21_000)


def asked(withdrawal: int, binding: bytes = OLD, *, never: bool = False) -> ShowSigned:
    return ShowSigned(1, (BoundTo((withdrawal,), binding),), never)


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    made = Memory(tmp_path / "signer")
    yield made
    made.close()


def test_it_shows_each_transaction_that_it_signed(memory: Memory, tmp_path: Path) -> None:
    dearer = plan(5, body=b"dearer")
    for one, part in ((plan(5), b"first"), (dearer, b"second"), (plan(5), b"first")):
        memory.note(one, part)
    shown = [Signed(OLD, OLD, plan(5), b"first"), Signed(OLD, OLD, dearer, b"second")]
    assert memory.signed(asked(5)) == shown
    again = Memory(tmp_path / "signer")
    assert again.signed(asked(5)) == shown
    again.close()
    assert memory.signed(asked(5, NEW)) == [Signed(NEW, OLD)], "under another nonce"
    assert memory.signed(asked(6)) == shown, "with the nonce of another payment"
    assert memory.signed(asked(6, NEW)) == []
    memory.note(plan(7, NEW))
    assert memory.signed(asked(7, NEW)) == [Signed(NEW, NEW)], "as of an earlier release"


def test_what_it_said_not_to_have_signed_it_signs_no_more(memory: Memory) -> None:
    memory.note(plan(5), b"part")
    memory.signed(asked(6, NEW))
    memory.check(plan(6, NEW))
    assert memory.signed(asked(6, NEW, never=True)) == []
    for refused in (memory.check, memory.note):
        with pytest.raises(WillNotSign, match="is being let go of this"):
            refused(plan(6, NEW))
    memory.note(plan(6, b"\x03" * 32), b"part")
    memory.signed(asked(5, never=True))
    memory.note(plan(5, body=b"dearer"), b"part")


def test_transactions_are_kept_of_the_newest_alone(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intents, "PARTS_MAX", 3)
    bindings = [bytes([number]) * 32 for number in range(5)]
    for number, binding in enumerate(bindings):
        memory.note(plan(number, binding), b"part")
    shown = [memory.signed(asked(number, binding))[0] for number, binding in enumerate(bindings)]
    assert [one.plan is not None for one in shown] == [False, False, True, True, True]
    assert [one.under for one in shown] == bindings
