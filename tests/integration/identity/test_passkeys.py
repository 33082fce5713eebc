"""Passkeys, with an authenticator in software."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fullreserve.identity.outbox import Kind
from fullreserve.identity.rules import MINUTE_MS
from tests.integration.identity.authenticator import PRESENT, Authenticator
from tests.integration.identity.bed import SESSION, Browser, Town, with_phone
from tests.integration.rest.bed import Answer


async def register(browser: Browser, device: Authenticator, name: str = "Laptop") -> Answer:
    begun = await browser.post("x/passkeys/begin")
    credential = device.create(begun.row["publicKey"])
    ticket = begun.row["ticket"]
    return await browser.post("x/passkeys/finish", ticket=ticket, credential=credential, name=name)


async def enter(browser: Browser, device: Authenticator) -> Answer:
    begun = await browser.post("x/sign-in/passkey-options")
    credential = device.get(begun.row["publicKey"])
    return await browser.post(
        "x/sign-in/passkey", ticket=begun.row["ticket"], credential=credential
    )


async def test_a_passkey_signs_in_by_itself(town: Town) -> None:
    """Criterion: ID-KEY-1"""
    home, device = await town.user(), Authenticator()
    await with_phone(home)
    await town.mail()
    made = await register(home, device)
    assert made.code == "0", made.json
    assert (made.row["name"], made.row["usedTs"]) == ("Laptop", "")
    assert [message.kind for message in await town.mail()] == [Kind.PASSKEY_ADDED]
    browser = town.browser()
    entered = await enter(browser, device)
    assert entered.code == "0", entered.json
    assert (await browser.get("x/session")).row["email"] == "ada@example.com"
    (row,) = (await home.get("x/passkeys")).data
    assert row["usedTs"] == str(town.clock.wall_ms())
    assert (await browser.sign_in()).row["ways"] == ["totp", "recovery", "passkey"]


async def test_options_ask_for_a_verified_user_and_name_what_is_there(town: Town) -> None:
    """Criterion: ID-KEY-1"""
    home, device = await town.user(), Authenticator()
    await register(home, device)
    options = (await home.post("x/passkeys/begin")).row["publicKey"]
    assert options["rp"] == {"id": "localhost", "name": "Fullreserve"}
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert len(options["excludeCredentials"]) == 1
    assert "ada" not in options["user"]["id"]
    challenge = (await town.browser().post("x/sign-in/passkey-options")).row["publicKey"]
    assert (challenge["allowCredentials"], challenge["userVerification"]) == ([], "required")
    other = (await town.browser().post("x/sign-in/passkey-options")).row["publicKey"]
    assert challenge["challenge"] != other["challenge"]


def _elsewhere(device: Authenticator) -> None:
    device.origin = "http://localhost.evil.example:8080"


def _other_site(device: Authenticator) -> None:
    device.host = "evil.example"


def _unverified(device: Authenticator) -> None:
    device.flags = PRESENT


def _cloned(device: Authenticator) -> None:
    device.count = 0


def _unknown(device: Authenticator) -> None:
    device.id = b"another passkey"


@pytest.mark.parametrize("bend", [_elsewhere, _other_site, _unverified, _cloned, _unknown])
async def test_a_bent_answer_opens_nothing(
    town: Town, bend: Callable[[Authenticator], None]
) -> None:
    """Criterion: ID-KEY-2. A copy of an authenticator betrays itself by its count."""
    home, device = await town.user(), Authenticator()
    await register(home, device)
    assert (await enter(town.browser(), device)).code == "0"
    assert (await enter(town.browser(), device)).code == "0"
    bend(device)
    browser = town.browser()
    answer = await enter(browser, device)
    assert (answer.status, answer.code) == (401, "90010")
    assert SESSION not in browser.cookies


@pytest.mark.parametrize("bend", [_elsewhere, _other_site, _unverified])
async def test_a_bent_registration_is_not_kept(
    town: Town, bend: Callable[[Authenticator], None]
) -> None:
    """Criterion: ID-KEY-2"""
    home, device = await town.user(), Authenticator()
    bend(device)
    assert (await register(home, device)).code == "90010"
    assert (await home.get("x/passkeys")).data == []


async def test_a_challenge_serves_once_and_expires(town: Town) -> None:
    """Criterion: ID-KEY-3"""
    home, device = await town.user(), Authenticator()
    await register(home, device)
    browser = town.browser()
    begun = await browser.post("x/sign-in/passkey-options")
    body = {"ticket": begun.row["ticket"], "credential": device.get(begun.row["publicKey"])}
    assert (await browser.post("x/sign-in/passkey", **body)).code == "0"
    assert (await browser.post("x/sign-in/passkey", **body)).code == "90005"
    begun = await browser.post("x/sign-in/passkey-options")
    town.clock.advance(15 * MINUTE_MS)
    body = {"ticket": begun.row["ticket"], "credential": device.get(begun.row["publicKey"])}
    assert (await browser.post("x/sign-in/passkey", **body)).code == "90005"


@pytest.mark.parametrize("credential", ["nonsense", "{}", '{"id":"!!"}', '{"id":5}', "[1]"])
async def test_nonsense_is_a_wrong_passkey(town: Town, credential: str) -> None:
    """Criterion: ID-KEY-2"""
    browser = town.browser()
    begun = await browser.post("x/sign-in/passkey-options")
    ticket = begun.row["ticket"]
    answer = await browser.post("x/sign-in/passkey", ticket=ticket, credential=credential)
    assert (answer.status, answer.code) == (401, "90010")


async def test_a_passkey_steps_up_its_own_user_alone(town: Town) -> None:
    """Criterion: ID-KEY-4"""
    ada, eve = await town.user("ada@example.com"), await town.user("eve@example.com")
    device, hers = Authenticator(), Authenticator()
    await register(ada, device)
    await register(eve, hers)
    town.clock.advance(10 * MINUTE_MS)
    assert (await ada.post("x/passkeys/begin")).code == "90006"
    for used, code in ((hers, "90010"), (device, "0")):
        begun = await ada.post("x/step-up/passkey-options")
        assert len(begun.row["publicKey"]["allowCredentials"]) == 1
        answer = await ada.post(
            "x/step-up/passkey",
            ticket=begun.row["ticket"],
            credential=used.get(begun.row["publicKey"]),
        )
        assert answer.code == code
    assert (await ada.post("x/passkeys/begin")).code == "0"


async def test_a_passkey_is_called_by_another_name(town: Town) -> None:
    """Criterion: ID-KEY-6"""
    home, device = await town.user(), Authenticator()
    made = (await register(home, device)).row
    renamed = await home.post("x/passkeys/rename", id=made["id"], name=f" {'Phone' * 20}")
    assert renamed.row == made | {"name": ("Phone" * 20)[:64]}
    assert (await home.get("x/passkeys")).row == renamed.row
    assert (await enter(town.browser(), device)).code == "0"
    eve = await town.user("eve@example.com")
    refused = await eve.post("x/passkeys/rename", id=made["id"], name="Mine")
    assert (refused.code, "id" in refused.json["msg"]) == ("51000", True)
    town.clock.advance(11 * MINUTE_MS)
    assert (await home.post("x/passkeys/rename", id=made["id"], name="Late")).code == "90006"


async def test_a_removed_passkey_opens_nothing(town: Town) -> None:
    """Criterion: ID-KEY-5"""
    ada, eve, device = (
        await town.user("ada@example.com"),
        await town.user("eve@e.org"),
        Authenticator(),
    )
    made = await register(ada, device)
    assert (await eve.post("x/passkeys/remove", id=made.row["id"])).code == "51000"
    assert (await register(eve, device)).code == "90009", "one passkey, one user"
    await town.mail()
    assert (await ada.post("x/passkeys/remove", id=made.row["id"])).code == "0"
    assert [message.kind for message in await town.mail()] == [Kind.PASSKEY_REMOVED]
    assert (await enter(town.browser(), device)).code == "90010"
