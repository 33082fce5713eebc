"""Take pictures of the main pages into docs/screens/: `python -m scripts.screenshots [NAME …]`.

A demo exchange is started in a folder of its own, given a minute of market, and looked at as a user
with a few orders would see it, on a desk and on a phone. Needs what `setup.py test` installs.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, ViewportSize, sync_playwright

from fullreserve.clock import SystemClock
from fullreserve.custody import networks
from fullreserve.identity.address_book import LOCK_MS, AddressBook
from fullreserve.identity.vault import Vault
from fullreserve.simulation.outside import WALLET
from scripts.source import ROOT
from tests.bed import USDT
from tests.browser.conftest import ARGUMENTS, DESK, KEPT
from tests.browser.operator.desk import Operator, X, enrol_all, open_desk
from tests.browser.people import Person, SignedIn
from tests.integration.custody.outside import Outside
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
    Picture("deposit", "/deposit?ccy=USDT"),
    Picture("addresses-ru", "/addresses", theme="light", language="ru"),
    Picture("reserves", "/reserves"),
    Picture("phone-deposit-ru", "/deposit?ccy=USDT", TALL_PHONE, language="ru"),
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
    Picture("withdraw", "/withdraw?ccy=ETH"),
    Picture("status", "/status", theme="light"),
    Picture("phone-withdraw-zh", "/withdraw?ccy=USDT", TALL_PHONE, "light", "zh"),
    Picture("phone-status-ru", "/status", TALL_PHONE, language="ru"),
)
DIGEST = sha256(b"a document").hexdigest()


def main() -> None:
    """Write the pictures; earlier ones of the same name are replaced."""
    wanted = set(sys.argv[1:])
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        server = LiveServer(Path(folder) / "data").start("demo")
        try:
            _take(server, wanted)
        finally:
            server.stop()


def _take(server: LiveServer, wanted: set[str]) -> None:
    person = _trader(server)
    _holder(server, person)
    (operator, *others) = open_desk(server)
    enrol_all(server, (operator, *others))
    with sync_playwright() as driver:
        found = shutil.which("chromium")
        browser = driver.chromium.launch(executable_path=found, args=ARGUMENTS)
        stop = ""
        for picture in (*PICTURES, *STOPPED):
            if picture is STOPPED[0]:
                stop = _stopped(operator, others[0])
                _ask(person, "ETH", "2")
            if not wanted or picture.name in wanted:
                who = operator if picture.operator else person
                _one(browser, server, who, picture._replace(path=picture.path.format(stop=stop)))
        browser.close()
    for each in (person, operator, *others):
        each.close()


def _stopped(operator: Operator, other: Operator) -> str:
    """A suspension on its way back: some gates are passed, one is not."""
    why = {"note": "exercise of the quarter"}
    terms = {"actions": "withdraw", "level": "global", "reason": "SECURITY_INCIDENT"}
    stop: str = operator.post(X + "suspending/suspend", **terms, **why)[0]["suspension"]
    steps = {"ratify": other, "plan": operator, "check": operator}
    for step, who in steps.items():
        who.post(X + f"suspending/{step}", suspension=stop, **why)
    for gate in ("1", "2", "3", "5", "6", "8"):
        given = {"suspension": stop, "gate": gate, "document": "What the exercise wants."}
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


def _holder(server: LiveServer, person: Person) -> None:
    """Who has paid in and taken out, and has addresses, one of them new."""
    (network,) = networks.load(server.folder)
    outside = Outside(network)
    for ccy, amt in (("USDT", "9000"), ("ETH", "6")):
        person.post("asset/transfer", **{"ccy": ccy, "amt": amt, "from": "18", "to": "6"})
    vault = Vault(server.folder, SystemClock().wall_ms)
    AddressBook(vault).add(person.uid, 1, WALLET, "Hardware wallet", age_ms=2 * LOCK_MS)
    vault.close()
    friend = {"chain": "USDT-ERC20", "addr": "0x" + "5a" * 20, "label": "A friend"}
    person.post("x/withdrawal-addresses/add", **friend)
    address = person.get("asset/deposit-address", ccy="USDT")[0]["addr"]
    outside.send(USDT, address, 2_500 * 10**6)
    _ask(person, "USDT", "1200")
    outside.send(network.coin, address, 3 * 10**18)


def _ask(person: Person, ccy: str, amt: str) -> None:
    """A withdrawal to the wallet outside."""
    line = {"ccy": ccy, "chain": f"{ccy}-ERC20", "dest": "4", "toAddr": WALLET}
    person.post("asset/withdrawal", **line, amt=amt)


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
