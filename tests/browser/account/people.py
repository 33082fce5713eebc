"""What people do on the account's pages, by the names that the pages give to things."""

from __future__ import annotations

from base64 import b32decode
from itertools import count

from playwright.sync_api import Page

from fullreserve.clock import SystemClock
from fullreserve.identity import totp
from tests.browser.account.exchange import Exchange

PASSWORD = "correct horse battery"
_numbers = count(1)


def new_email() -> str:
    """An address that nobody had yet."""
    return f"person{next(_numbers)}@mail.example"


def sign_up(page: Page, exchange: Exchange, email: str = "", password: str = PASSWORD) -> str:
    """Become a user through the pages; the address."""
    email = email or new_email()
    page.goto("/sign-up")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Create account").click()
    code = page.get_by_label("Code from the message")
    code.fill(exchange.mail("sign-up code").code)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_text("Welcome to Fullreserve").wait_for()
    return email


def enter(page: Page, exchange: Exchange, email: str = "", password: str = PASSWORD) -> str:
    """Become a user by the API alone, in this page's profile: for tests of what comes after."""
    email = email or new_email()
    request = page.context.request
    begun = request.post("/api/v5/x/sign-up", data={"email": email, "password": password})
    ticket = begun.json()["data"][0]["ticket"]
    code = exchange.mail("sign-up code").code
    entered = request.post("/api/v5/x/sign-up/confirm", data={"ticket": ticket, "code": code})
    assert entered.json()["code"] == "0", entered.text()
    return email


def sign_in(page: Page, email: str, password: str = PASSWORD) -> None:
    """The first step of signing in, from the page for it."""
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("main").get_by_role("button", name="Log in", exact=True).click()


def sign_out(page: Page) -> None:
    """Leave through the account menu."""
    page.get_by_role("banner").get_by_role("button", name="Account:").click()
    page.get_by_role("menuitem", name="Log out").click()
    page.get_by_role("banner").get_by_role("link", name="Log in").wait_for()


def uid(page: Page) -> int:
    """Who is signed in."""
    return int(page.context.request.get("/api/v5/x/session").json()["data"][0]["uid"])


def post(page: Page, path: str, **body: object) -> dict[str, object]:
    """The answer to a POST in the page's session, sent beside the page."""
    request = page.context.request
    token = request.get("/api/v5/x/session").json()["data"][0]["csrfToken"]
    answer = request.post(f"/api/v5/{path}", data=body, headers={"X-CSRF-Token": token})
    envelope: dict[str, object] = answer.json()
    return envelope


class Phone:
    """An authenticator app with one secret."""

    def __init__(self, secret: str) -> None:
        self._secret = b32decode(secret + "=" * (-len(secret) % 8))
        self._clock = SystemClock()

    def code(self, steps: int = 0) -> str:
        """The code of now, or of so many steps later; the exchange takes those beside it too."""
        return totp.code(self._secret, self._clock.wall_ms() // totp.STEP_MS + steps)
