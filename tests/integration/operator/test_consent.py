"""Approvals that an operator's passkey signs: each for one deed, once, and for nobody else.

When a passkey begins to count is shown in test_approval_wait; here it does at once.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest_asyncio

from tests.bed import ALICE
from tests.integration.identity.authenticator import Authenticator
from tests.integration.identity.bed import RULES
from tests.integration.identity.test_passkeys import register
from tests.integration.operator.bed import Console, Person
from tests.integration.rest.bed import Answer
from tests.memory_folder import memory_folder


@pytest_asyncio.fixture
async def console() -> AsyncIterator[Console]:
    with memory_folder() as folder:
        opened = await Console.open(folder, rules=replace(RULES, approval_wait_ms=0))
        yield opened
        await opened.close()


async def proposed(who: Person, amount: str) -> str:
    """The number of a correction of ALICE's."""
    body = {"account": "trading", "ccy": "USDT", "house": "treasury", "reason": "error"}
    made = await who.act("propose/correction", uid=ALICE, amount=amount, **body)
    return str(made.row["proposal"])


async def signed(who: Person, device: Authenticator, action: str, **terms: Any) -> dict[str, Any]:
    """What goes with a request that the passkey signs."""
    asked = await who.post("passkey-options", action=action, terms=json.dumps(terms))
    assert asked.code == "0", asked.json
    return {"ticket": asked.row["ticket"], "credential": device.get(asked.row["publicKey"])}


async def test_who_has_a_passkey_approves_with_it_alone(console: Console) -> None:
    """Criterion: OP-CONSENT-1, OP-CONSENT-2"""
    device = Authenticator()
    made = await register(console.bea.browser, device)
    first, second = [await proposed(console.ada, amount) for amount in ("5", "7")]
    rows = (await console.cleo.get("operators")).row["members"]
    has_one = {one["uid"]: one["passkey"] for one in rows}
    assert [has_one[str(who.uid)] for who in (console.ada, console.bea)] == [False, True]
    assert (await console.bea.post("approve", proposal=first)).code == "91025"

    async def approve(number: str, consent: dict[str, Any]) -> Answer:
        return await console.bea.post("approve", proposal=number, **consent)

    # A signature for another proposal, or for another deed, is none for this one, and is spent.
    for action, terms in (("approve", {"proposal": second}), ("reject", {"proposal": first})):
        consent = await signed(console.bea, device, action, **terms)
        assert (await approve(first, consent)).code == "90010"
        assert (await approve(second, consent)).code == "90005"
    town = console.town
    town.clock.advance(town.rest.vault.rules.step_up_ms)
    assert (await console.bea.act("reject", proposal=second)).code == "90006"
    consent = await signed(console.bea, device, "approve", proposal=first)
    done = await approve(first, consent)
    assert (done.code, done.row["state"]) == ("0", "done"), done.json
    assert (await approve(second, consent)).code == "90005"
    entries = (await console.ada.get("audit", actor=console.bea.uid, action="approve")).data
    (entry,) = [one for one in entries if one["result"] == "done"]
    assert entry["terms"] == {"proposal": first, "passkey": made.row["id"]}
    assert all(consent["ticket"] not in str(one) for one in entries)


async def test_a_signature_is_its_makers_and_who_has_no_passkey_steps_up(console: Console) -> None:
    """Criterion: OP-CONSENT-1"""
    other = Authenticator()
    await register(console.bea.browser, Authenticator())
    await register(console.dan, other)
    number = await proposed(console.cleo, "5")
    none = await console.ada.post("passkey-options", action="approve", terms="{}")
    assert none.code == "91023"
    for bent in (Authenticator(origin="http://evil.example"), other):
        consent = await signed(console.bea, bent, "approve", proposal=number)
        assert (await console.bea.post("approve", proposal=number, **consent)).code == "90010"
    assert (await console.ada.post("approve", proposal=number)).row["state"] == "done"
