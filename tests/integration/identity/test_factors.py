"""Second factors: codes that serve once, recovery codes, and their way in and out."""

from __future__ import annotations

from fullreserve.identity.outbox import Kind
from fullreserve.identity.rules import MINUTE_MS
from fullreserve.identity.totp import STEP_MS
from tests.integration.identity.bed import Browser, Town, with_phone


async def pending(browser: Browser) -> str:
    answer = await browser.sign_in()
    assert answer.row["next"] == "second-factor"
    assert not answer.cookies
    return str(answer.row["ticket"])


async def code(browser: Browser, ticket: str, given: str) -> str:
    return (await browser.post("x/sign-in/code", ticket=ticket, code=given)).code


async def test_an_authenticator_that_works_is_asked_for_from_then_on(town: Town) -> None:
    """Criterion: ID-TOTP-1"""
    home = await town.user()
    begun = await home.post("x/totp/begin")
    assert begun.row["uri"].startswith("otpauth://totp/Fullreserve:ada%40example.com?secret=")
    assert (await home.post("x/totp/confirm", ticket=begun.row["ticket"], code="1")).code == "90005"
    assert (await home.sign_in()).row["next"] == "", "not on before it has shown that it works"
    phone, recovery = await with_phone(home)
    assert len(set(recovery)) == 10
    assert [message.kind for message in await town.mail()] == [Kind.SECOND_FACTOR_ON]
    assert (await home.get("x/session")).row["totp"] is True
    assert (await home.post("x/totp/begin")).code == "90009"
    browser = town.browser()
    ticket = await pending(browser)
    town.clock.advance(STEP_MS)
    assert await code(browser, ticket, phone.code()) == "0"
    assert (await browser.get("x/session")).code == "0"


async def test_a_code_serves_once_and_so_do_those_before_it(town: Town) -> None:
    """Criterion: ID-TOTP-2"""
    phone, _ = await with_phone(await town.user())
    browser = town.browser()
    assert await code(browser, await pending(browser), phone.code()) == "90005", "set it up"
    assert await code(browser, await pending(browser), phone.code(1)) == "0"
    assert await code(browser, await pending(browser), phone.code(1)) == "90005"
    town.clock.advance(STEP_MS)
    assert await code(browser, await pending(browser), phone.code(-1)) == "90005"
    town.clock.advance(STEP_MS)
    assert await code(browser, await pending(browser), phone.code()) == "0"


async def test_a_recovery_code_serves_once_and_new_ones_void_the_old(town: Town) -> None:
    """Criterion: ID-TOTP-3"""
    home = await town.user()
    _, recovery = await with_phone(home)
    browser = town.browser()
    assert await code(browser, await pending(browser), recovery[3].upper()) == "0"
    assert await code(browser, await pending(browser), recovery[3]) == "90005"
    assert (await home.get("x/session")).row["recoveryCodesLeft"] == "9"
    fresh = (await home.post("x/totp/recovery-codes")).row["recoveryCodes"]
    assert await code(browser, await pending(browser), recovery[4]) == "90005"
    assert await code(browser, await pending(browser), fresh[4]) == "0"
    other = await town.user("eve@example.com")
    await with_phone(other)
    eve = town.browser()
    ticket = (await eve.sign_in("eve@example.com")).row["ticket"]
    assert await code(eve, ticket, fresh[5]) == "90005"


async def test_the_second_step_is_locked_after_failures_of_strangers_alone(town: Town) -> None:
    """Criterion: ID-LOCK-3. Whoever has the password could begin again for ever."""
    home = await town.user()
    phone, _ = await with_phone(home)
    thief = town.browser("203.0.113.1")
    for _ in range(2):
        ticket = await pending(thief)
        for _ in range(5):
            assert await code(thief, ticket, "000000") == "90005"
        assert await code(thief, ticket, phone.code(1)) in ("90005", "90004"), "ticket is void"
    assert await code(thief, await pending(thief), phone.code(1)) == "90004"
    assert await code(home, await pending(home), phone.code(1)) == "0"
    town.clock.advance(15 * MINUTE_MS)
    assert await code(thief, await pending(thief), phone.code()) == "0"


async def test_removing_it_takes_the_recovery_codes_along(town: Town) -> None:
    """Criterion: ID-TOTP-4"""
    home = await town.user()
    _, recovery = await with_phone(home)
    browser = town.browser()
    ticket = await pending(browser)
    await town.mail()
    assert (await home.post("x/totp/remove")).code == "0"
    assert [message.kind for message in await town.mail()] == [Kind.SECOND_FACTOR_OFF]
    assert await code(browser, ticket, recovery[0]) == "90005"
    assert (await home.post("x/totp/remove")).code == "90009"
    assert (await home.post("x/totp/recovery-codes")).code == "90009"
    assert (await browser.sign_in()).row["next"] == ""


async def test_a_set_up_belongs_to_the_user_who_began_it(town: Town) -> None:
    """Criterion: ID-TOTP-1"""
    ada, eve = await town.user("ada@example.com"), await town.user("eve@example.com")
    begun = await ada.post("x/totp/begin")
    answer = await eve.post("x/totp/confirm", ticket=begun.row["ticket"], code="000000")
    assert answer.code == "90005"
