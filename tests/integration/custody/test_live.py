"""Goal: coins go in and out of a running exchange on a real chain, and nothing is paid twice.

Method: the demo with its workers as processes, ccxt as the user, a wallet outside.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import groupby
from typing import Any

import psutil
import pytest

from fullreserve.custody import networks, nodes
from fullreserve.custody.addresses import checksummed
from fullreserve.custody.chains.adapter import Plan
from fullreserve.custody.screening import FILE
from fullreserve.custody.signer_wire import SignerGone, SignPlan, ask_named
from fullreserve.custody.signing import WillNotSign
from fullreserve.simulation.outside import WALLET
from tests.bed import USDT
from tests.integration.custody.live import ETHER, Live
from tests.integration.custody.outside import Outside
from tests.memory_folder import memory_folder

ETH = 2

PAYER, WATCHER = "fullreserve.custody.paying", "fullreserve.custody.watcher"
SIGNER, HOLDERS = "fullreserve.custody.signer", "fullreserve.custody.demo_holders"
ON_ERC20 = {"network": "ERC20"}


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    try:
        nodes.anvil()
    except nodes.NodeMissing as missing:
        pytest.skip(str(missing))
    with memory_folder() as folder:
        made = Live(folder / "data").start()
        yield made
        assert made.stop() == 0, made.log
        assert "Traceback" not in made.log
        # Whatever was deposited, swept, paid and killed: the books agree with the chain.
        assert "ledger and chain differ" not in made.log


@pytest.fixture
def okx(live: Live) -> Any:
    """Of each test: the exchange may have been started again."""
    return live.client()


@pytest.fixture
def outside(live: Live) -> Outside:
    return Outside(live.network())


@pytest.fixture(scope="module")
def coins(live: Live) -> None:
    """The trader has money to withdraw, whichever test is the first."""
    fund(live, live.client(), Outside(live.network()), 2_000)


def fund(live: Live, okx: Any, outside: Outside, amount: int) -> None:
    """A deposit of so many USDT, until it can be withdrawn."""
    address = okx.fetch_deposit_address("USDT", ON_ERC20)["address"]
    sent = outside.send(USDT, address, amount * 10**6)
    live.until(lambda: [one["info"]["state"] for one in came(okx, sent)] == ["2"], "coins")


def came(okx: Any, *sent: str) -> list[Any]:
    """The deposits of these transactions."""
    return [one for one in okx.fetch_deposits() if one["txid"] in sent]


def test_a_deposit_is_seen_credited_and_unlocked(live: Live, okx: Any, outside: Outside) -> None:
    """Criterion: CHAINS-LIVE-1."""
    address = okx.fetch_deposit_address("USDT", ON_ERC20)["address"]
    assert okx.fetch_deposit_address("ETH", ON_ERC20)["address"] == address
    before = okx.fetch_balance({"type": "funding"}).get("USDT", {"free": 0})["free"]
    sent = outside.send(USDT, address, 2_500 * 10**6)
    ether = outside.send(ETH, address, 100 * ETHER)
    live.until(
        lambda: [one["status"] for one in came(okx, sent, ether)] == ["ok", "ok"], "two deposits"
    )
    found = {one["currency"]: one for one in came(okx, sent, ether)}
    assert (found["USDT"]["txid"], found["ETH"]["txid"]) == (sent, ether)
    assert (found["USDT"]["amount"], found["ETH"]["amount"]) == (2_500, 100)
    assert found["USDT"]["network"] == "ERC20"
    live.until(
        lambda: all(one["info"]["state"] == "2" for one in came(okx, sent, ether)), "unlocking"
    )
    assert okx.fetch_balance({"type": "funding"})["USDT"]["free"] == before + 2_500


def test_signers_sign_plans_for_the_payer_alone(live: Live) -> None:
    """Criterion: CHAINS-SIGNER-12. Who has the user's rights, as this test has, is none."""
    (network,) = networks.served(live.folder)
    asked = SignPlan(Plan(network.network, (), b"", b"", 0))

    def refusal(name: str) -> str:
        try:
            ask_named(live.folder, name, asked)
        except SignerGone:
            return ""  # it has not started yet
        except WillNotSign as refused:
            return str(refused)
        raise AssertionError("it signed")

    for name in network.signers:
        found = live.until(partial(refusal, name), "a signer's answer")
        assert found == "only the payer that the exchange started may propose a plan"


@pytest.mark.usefixtures("coins")
def test_a_withdrawal_is_paid_on_the_chain(live: Live, okx: Any, outside: Outside) -> None:
    """Criterion: CHAINS-LIVE-2."""
    live.until(
        lambda: all(one["info"]["canWd"] for one in _lines(okx, "USDT")), "the payer's coming"
    )
    before = outside.balance(USDT)
    made = okx.withdraw("USDT", 1_000, WALLET.lower(), ON_ERC20 | {"fee": "1"})
    done = live.until(lambda: _ended(okx, made["id"]), "a withdrawal")
    assert (done["status"], done["fee"]["cost"]) == ("ok", 1)
    assert outside.balance(USDT) - before == 1_000 * 10**6
    receipt = outside.node.call("eth_getTransactionReceipt", done["txid"])
    assert receipt["status"] == "0x1"
    fees = okx.fetch_deposit_withdraw_fees(["USDT"])["USDT"]["networks"]
    assert fees["ERC20"]["withdraw"]["fee"] == 1


def test_users_coins_come_to_the_hot_wallet(live: Live, okx: Any, outside: Outside) -> None:
    """The gas station pays for a token's way, and nobody is credited for it; not for dust's.

    Criterion: CHAINS-SWEEP-1, CHAINS-SWEEP-3, CHAINS-SWEEP-4.
    """
    # A price, without which nobody knows what a token is worth against gas.
    live.client("trader2").create_order("ETH/USDT", "limit", "sell", 1, 2_000)
    okx.create_order("ETH/USDT", "limit", "buy", 1, 2_000)
    stranger = live.client("taker2")
    dust = stranger.fetch_deposit_address("USDT", ON_ERC20)["address"]
    outside.send(USDT, dust, 10**6)
    live.until(lambda: _states(stranger) == ["2"], "dust that can change no more")
    address = okx.fetch_deposit_address("USDT", ON_ERC20)["address"]
    before = {one["txid"] for one in okx.fetch_deposits()}
    sent = {outside.send(USDT, address, 100 * 10**6), outside.send(ETH, address, 10 * ETHER)}
    live.until(lambda: [one["status"] for one in came(okx, *sent)] == ["ok", "ok"], "two deposits")
    live.until(lambda: not outside.balance(USDT, address), "a sweep of tokens")
    live.until(lambda: outside.balance(ETH, address) < ETHER // 1000, "a sweep of the coin")
    assert {one["txid"] for one in okx.fetch_deposits()} == before | sent
    other = live.client("taker1")
    poor = other.fetch_deposit_address("USDT", ON_ERC20)["address"]
    assert not outside.balance(ETH, poor)
    outside.send(USDT, poor, 500 * 10**6)
    live.until(lambda: len(other.fetch_deposits()) == 1, "a deposit of tokens alone")
    live.until(lambda: not outside.balance(USDT, poor), "a sweep with given gas")
    assert [one["currency"] for one in other.fetch_deposits()] == ["USDT"]
    # It was looked at before, and lies where it came.
    assert (outside.balance(USDT, dust), outside.balance(ETH, dust)) == (10**6, 0)


def _states(okx: Any) -> list[str]:
    return [one["info"]["state"] for one in okx.fetch_deposits()]


def _lines(okx: Any, symbol: str) -> list[Any]:
    return list(okx.fetch_currencies()[symbol]["networks"].values())


def _ended(okx: Any, number: str) -> Any:
    (one,) = (one for one in okx.fetch_withdrawals() if one["id"] == number)
    return one if one["status"] in ("ok", "failed", "canceled") else None


@pytest.mark.usefixtures("coins")
def test_each_step_is_pushed(live: Live, okx: Any) -> None:
    """Criterion: CHAINS-LIVE-4."""
    with live.subscribed(okx, "deposit-info", "withdrawal-info") as pushed:
        first = next(row for channel, row in pushed if channel == "deposit-info")
        assert (first["state"], first["subAcct"]) == ("2", "")
        assert first["chain"] in ("USDT-ERC20", "ETH-ERC20")
        made = okx.withdraw("USDT", 5, WALLET, ON_ERC20 | {"fee": "1"})
        states = []
        for channel, row in pushed:
            if channel == "withdrawal-info" and row["wdId"] == made["id"]:
                states.append(row["state"])
                if row["state"] == "2":
                    break
        assert row["txId"].startswith("0x")
        # What lasts less than a look is not said; what changed within a state says it again.
        assert [state for state, _ in groupby(states)] == [
            state for state in ("10", "1", "15", "2") if state in states
        ]


WITHDRAWALS = 12


def test_killed_at_any_moment_everything_is_paid_once(
    live: Live, okx: Any, outside: Outside
) -> None:
    """Payer, watcher and signers are killed again and again while withdrawals are on their way.

    Criterion: CHAINS-LIVE-3.
    """
    fund(live, okx, outside, 1_000)
    before, held = outside.balance(USDT), okx.fetch_balance({"type": "funding"})["USDT"]["total"]
    # Amounts that no two share: a payment made twice would be seen as such.
    amounts = [10 + number / 1000 for number in range(WITHDRAWALS)]
    ids = []
    for number, amount in enumerate(amounts):
        order = ON_ERC20 | {"fee": "1", "clientId": f"kill{number}"}
        ids.append(okx.withdraw("USDT", amount, WALLET, order)["id"])
        _kill(live, (PAYER, WATCHER, SIGNER)[number % 3])
    for turn in range(8):
        _kill(live, (PAYER, SIGNER, PAYER, WATCHER)[turn % 4])
        live.until(lambda: live.child(PAYER), "the payer's coming back")
    done = live.until(lambda: _all_ended(okx, ids), "every withdrawal's end")
    assert {one["status"] for one in done} == {"ok"}
    assert len({one["txid"] for one in done}) == WITHDRAWALS
    assert outside.balance(USDT) - before == round(sum(amounts) * 10**6)
    # One refund or one payment with its fee for each, and nothing else moved.
    left = okx.fetch_balance({"type": "funding"})["USDT"]["total"]
    assert round(held - left, 6) == round(sum(amounts) + WITHDRAWALS, 6)


def test_the_whole_exchange_is_killed_amid_payments(live: Live, outside: Outside) -> None:
    """Exchange, workers and signers at once: each is paid once. Criterion: CHAINS-KILL-1."""
    okx = live.client("trader2")
    fund(live, okx, outside, 500)
    before, held = outside.balance(USDT), okx.fetch_balance({"type": "funding"})["USDT"]["total"]
    amounts = [20.25, 21.5, 23.125]
    order = ON_ERC20 | {"fee": "1"}
    ids = [okx.withdraw("USDT", amount, WALLET, order)["id"] for amount in amounts]
    live.until(lambda: _row(okx, ids[0])["state"] != "10", "the first on its way")
    for trouble in ("Traceback", "ledger and chain differ"):
        assert trouble not in live.log
    live.kill()
    live.start()
    okx = live.client("trader2")
    done = live.until(lambda: _all_ended(okx, ids), "every withdrawal's end")
    assert {one["status"] for one in done} == {"ok"}
    assert Outside(live.network()).balance(USDT) - before == round(sum(amounts) * 10**6)
    left = okx.fetch_balance({"type": "funding"})["USDT"]["total"]
    assert round(held - left, 6) == round(sum(amounts) + len(amounts), 6)


def test_who_holds_keys_leaves_no_core_dump(live: Live) -> None:
    """Criterion: CUST-KEY-5."""
    for module in (SIGNER, HOLDERS, PAYER):
        found = live.child(module)
        assert found is not None
        assert found.rlimit(psutil.RLIMIT_CORE) == (0, 0)


def _row(okx: Any, number: str) -> Any:
    (one,) = (one["info"] for one in okx.fetch_withdrawals() if one["id"] == number)
    return one


def _kill(live: Live, module: str) -> None:
    found = live.child(module)
    if found is not None:
        found.kill()


def _all_ended(okx: Any, ids: list[str]) -> list[Any]:
    found = [one for one in okx.fetch_withdrawals() if one["id"] in ids]
    ended = all(one["status"] in ("ok", "failed", "canceled") for one in found)
    return found if ended and len(found) == len(ids) else []


def test_the_policy_stands_before_the_payer(live: Live, okx: Any, outside: Outside) -> None:
    """Criterion: POL-18.

    To an address that nobody else pays to: others' payments there would add to its score, and with
    them a delay would be asked for.
    """
    fund(live, okx, outside, 70_000)
    own = live.verified("trader", checksummed(b"\x5e" * 20))
    large = okx.withdraw("USDT", 60_000, own, ON_ERC20 | {"fee": "1"})["id"]
    live.until(lambda: _row(okx, large)["xWait"] == "confirm", "its owner to be asked")
    live.confirm(large)
    live.until(lambda: _row(okx, large)["state"] == "4", "an operator to be asked")
    live.approve(large)
    assert live.until(lambda: _ended(okx, large), "the approved one")["status"] == "ok"
    assert outside.balance(USDT, own) == 60_000 * 10**6
    held = okx.fetch_balance({"type": "funding"})["USDT"]
    (live.folder / FILE).write_text(f"{WALLET.lower()}  # as a vendor would write it\n")
    try:
        listed = okx.withdraw("USDT", 5, WALLET, ON_ERC20 | {"fee": "1"})["id"]
        done = live.until(lambda: _ended(okx, listed), "a refusal")
    finally:
        (live.folder / FILE).write_text("")  # without the file, the list would be down
    assert (done["status"], done["info"]["xReason"]) == ("failed", "58217")
    assert okx.fetch_balance({"type": "funding"})["USDT"] == held
