"""Take pictures of the main pages into docs/screens/: `python -m scripts.screenshots`.

A demo exchange is started in a folder of its own, given a minute of market, and looked at as a user
with a few orders would see it, on a desk and on a phone. Needs what `setup.py test` installs.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, ViewportSize, sync_playwright

from scripts.source import ROOT
from tests.browser.conftest import ARGUMENTS, DESK, KEPT
from tests.browser.operator.desk import Operator, X, enrol_all, open_desk
from tests.browser.people import Person, SignedIn
from tests.server import Funds, LiveServer

FOLDER = ROOT / "docs" / "screens"
TALL_PHONE = ViewportSize(width=360, height=780)
SETTLED_MS = 6_000
FUNDS = (Funds("BTC", 2), Funds("ETH", 12), Funds("SOL", 40), Funds("USDT", 25_000))


class Picture(NamedTuple):
    """What is looked at, and how."""

    name: str
    path: str
    size: ViewportSize = DESK
    theme: str = "dark"
    language: str = "en"
    operator: bool = False


PICTURES = (
    Picture("markets", "/markets"),
    Picture("trade", "/trade/BTC-USDT"),
    Picture("trade-light-ru", "/trade/ETH-USDT", theme="light", language="ru"),
    Picture("portfolio", "/portfolio"),
    Picture("orders-zh", "/orders", theme="light", language="zh"),
    Picture("trade-small-prices", "/trade/XRP-BTC"),
    Picture("sign-in", "/sign-in"),
    Picture("sub-accounts-ru", "/account/sub-accounts", language="ru"),
    Picture("security", "/account/security"),
    Picture("console", "/operator", operator=True),
    Picture("console-instruments-ru", "/operator/instruments", operator=True, language="ru"),
    Picture("console-custody", "/operator/custody", operator=True),
    Picture("console-policy-ru", "/operator/policy", operator=True, language="ru", theme="light"),
    Picture("console-withdrawals", "/operator/withdrawals", operator=True),
    Picture("phone-markets", "/markets", TALL_PHONE),
    Picture("phone-trade-ru", "/trade/BTC-USDT", TALL_PHONE, language="ru"),
    Picture("phone-portfolio", "/portfolio", TALL_PHONE, "light"),
    Picture("phone-orders-ru", "/orders", TALL_PHONE, language="ru"),
    Picture("phone-console", "/operator", TALL_PHONE, operator=True),
)
# What is looked at once withdrawals are suspended, which every page says from then on.
STOPPED = (
    Picture("console-suspensions-zh", "/operator/suspensions", operator=True, language="zh"),
    Picture("console-suspension", "/operator/suspensions/{stop}", operator=True),
    Picture(
        "phone-console-suspension-ru",
        *("/operator/suspensions/{stop}", TALL_PHONE, "light", "ru"),
        operator=True,
    ),
)
DIGEST = sha256(b"a document").hexdigest()


def main() -> None:
    """Write the pictures; earlier ones of the same name are replaced."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        server = LiveServer(Path(folder) / "data").start("demo")
        try:
            _take(server)
        finally:
            server.stop()


def _take(server: LiveServer) -> None:
    person = _trader(server)
    (operator, *others) = open_desk(server)
    enrol_all(server, (operator, *others))
    with sync_playwright() as driver:
        found = shutil.which("chromium")
        browser = driver.chromium.launch(executable_path=found, args=ARGUMENTS)
        for picture in PICTURES:
            _one(browser, server, operator if picture.operator else person, picture)
        stop = _stopped(operator, others[0])
        for picture in STOPPED:
            _one(browser, server, operator, picture._replace(path=picture.path.format(stop=stop)))
        browser.close()
    for each in (person, operator, *others):
        each.close()


def _stopped(operator: Operator, other: Operator) -> str:
    """A suspension on its way back: some gates are passed, one is not."""
    why = {"note": "exercise of the quarter"}
    terms = {"actions": "withdraw", "level": "global", "reason": "SECURITY_INCIDENT"}
    stop: str = operator.post(X + "suspending/suspend", **terms, **why)[0]["suspension"]
    steps = {"ratify": other, "plan": operator, "check": operator, "sign-off": other}
    for step, who in steps.items():
        who.post(X + f"suspending/{step}", suspension=stop, **why)
    for gate in ("1", "2", "3", "5", "6", "8"):
        given = {"suspension": stop, "gate": gate, "digest": DIGEST}
        other.post(X + "suspending/show", **given, **why)
    return stop


def _trader(server: LiveServer) -> Person:
    """Somebody with orders around the market, and a fill."""
    person = Person(server, FUNDS)
    last = float(person.get("market/ticker", instId="BTC-USDT")[0]["last"])
    for side, share, size in (
        ("buy", 0.985, "0.05"),
        ("buy", 0.975, "0.08"),
        ("sell", 1.02, "0.4"),
    ):
        person.order(side, f"{last * share:.1f}", size)
    market = {"instId": "ETH-USDT", "tdMode": "cash", "side": "buy", "ordType": "market"}
    person.post("trade/order", **market, sz="1500", tgtCcy="quote_ccy")
    return person


def _one(browser: Browser, server: LiveServer, person: SignedIn, picture: Picture) -> None:
    is_phone = picture.size == TALL_PHONE
    context = browser.new_context(viewport=picture.size, is_mobile=is_phone, has_touch=is_phone)
    context.add_cookies([person.cookie])
    kept = json.dumps(json.dumps({"theme": picture.theme, "language": picture.language}))
    context.add_init_script(f"localStorage.setItem('{KEPT}', {kept})")
    page = context.new_page()
    page.goto(f"http://{server.http.replace('127.0.0.1', 'localhost')}{picture.path}")
    page.wait_for_timeout(SETTLED_MS)
    page.screenshot(path=FOLDER / f"{picture.name}.png")
    context.close()
    print(f"  {picture.name}", flush=True)


if __name__ == "__main__":
    main()
