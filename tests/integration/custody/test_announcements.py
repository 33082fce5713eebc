"""Goal: what a Safe's owners announce to its guard is told in the time that it waits for.

Method: Safes under our guard on anvil, whose clock is moved; a second node that hides what it can.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from fullreserve.custody import announcements, nodes
from fullreserve.custody.addresses import checksummed
from fullreserve.custody.announcements import EVERY, Announcements
from fullreserve.custody.keys.record import Entry, Record
from fullreserve.custody.networks import Network
from fullreserve.custody.tiers import abi, guard
from fullreserve.custody.tiers.safe import SafeMissing
from fullreserve.exchange.worker_files import AnnouncedKind, announced_name
from fullreserve.gateway.announced import known
from tests.bed import USDT
from tests.integration.custody.holders import people
from tests.integration.custody.liar import REFUSED, Liar
from tests.integration.custody.refills import NETWORK, accounts
from tests.integration.custody.safes import DELAY, ETHER, LIMIT, STRANGER, TOKENS, Chain, Tier

FIVE = people(5)
OTHER = b"\x77" * 20
LIMIT_, TARGET, GUARD = AnnouncedKind.LIMIT, AnnouncedKind.DESTINATION, AnnouncedKind.GUARD


@pytest.fixture
def chain() -> Iterator[Chain]:
    try:
        made = Chain()
    except (nodes.NodeMissing, SafeMissing) as missing:
        pytest.skip(str(missing))
    yield made
    made.process.kill()


class Desk:
    """A Safe that the record names, and a worker that watches it by some nodes."""

    def __init__(self, chain: Chain, folder: Path, *others: str) -> None:
        self.tier, self.folder = Tier(chain, FIVE, 3), folder
        known = accounts(self.tier, FIVE)
        wallet = msgspec.structs.replace(known.wallet, guard=self.tier.gate.hex())
        Record.of(folder).append(Entry(0, 1, "ceremony", "", wallets=(wallet,)))
        self.network: Network = msgspec.structs.replace(
            known.network, nodes=(chain.process.url, *others),
            tokens={USDT: chain.token.hex()},
            decimals=known.network.decimals | {USDT: 6},
        )  # fmt: skip
        self.begin()

    def begin(self) -> None:
        self.worker = Announcements(self.network, self.folder)

    async def look(self) -> list[tuple[AnnouncedKind, str, str]]:
        for _ in range(EVERY):
            await self.worker.look()
        return [(one.kind, one.account, one.amount) for one in known(self.folder)]

    def announce(self, data: bytes) -> int:
        """From when it counts, in ms."""
        self.tier.chain.wait(1)
        self.tier.do(FIVE[:3], self.tier.gate, data=data)
        block: dict[str, Any] = self.tier.chain.node.call("eth_getBlockByNumber", "latest", False)
        return (int(block["timestamp"], 16) + DELAY) * 1_000


async def test_what_is_announced_is_said_once_until_it_is_in_force(
    chain: Chain, tmp_path: Path
) -> None:
    """With Safe, address and time; what the ceremony agreed on is none. Criterion: CUST-GUARD-5."""
    desk = Desk(chain, tmp_path)
    assert await desk.look() == []
    from_ms = desk.announce(guard.announces(STRANGER))
    desk.announce(guard.limits(chain.token, 3 * TOKENS))
    desk.announce(guard.limits(OTHER, (1 << 256) - 1))
    desk.announce(guard.limits(chain.token, TOKENS - 1))  # a lower one counts at once
    desk.announce(guard.limits(guard.COIN, 4 * LIMIT))
    desk.announce(guard.limits(guard.COIN, 3 * LIMIT))
    with capture_logs() as said:
        assert await desk.look() == [
            (TARGET, checksummed(STRANGER), ""),
            (LIMIT_, checksummed(OTHER), str((1 << 256) - 1)),
            (LIMIT_, "", str(15 * 10**8)),
        ]
        for _ in range(2):
            chain.node.call("anvil_mine", "0x1")
            await desk.look()
            desk.begin()
    told = [one for one in said if one["log_level"] == "error"]
    assert [one["kind"] for one in told] == [TARGET, LIMIT_, LIMIT_]
    first, listed, coin = known(tmp_path)
    assert (first.network, first.tier, first.safe, first.from_ms) == (
        NETWORK, "warm", checksummed(desk.tier.account), from_ms,
    )  # fmt: skip
    assert (listed.asset, coin.asset) == (-1, desk.network.coin)
    chain.wait(DELAY)
    assert await desk.look() == []
    desk.tier.do(FIVE[:3], STRANGER, 6 * ETHER)


async def test_another_guard_is_told_until_it_is_there_or_withdrawn(
    chain: Chain, tmp_path: Path
) -> None:
    """None at all too, and past its delay, as it may come any time. Criterion: CUST-GUARD-5."""
    desk = Desk(chain, tmp_path)
    for none in (b"\0" * 20, OTHER):
        desk.announce(guard.succeeds(none))
    desk.announce(guard.announces(OTHER))
    assert await desk.look() == [(GUARD, "", ""), (GUARD, checksummed(OTHER), ""),
                                 (TARGET, checksummed(OTHER), "")]  # fmt: skip
    desk.announce(guard.removes(OTHER))
    desk.announce(abi.call("withdrawGuard(address)", OTHER))
    assert await desk.look() == [(GUARD, "", "")]
    chain.wait(2 * DELAY)
    desk.begin()
    assert await desk.look() == [(GUARD, "", "")]
    desk.tier.do(FIVE[:3], desk.tier.account, data=guard.installs(b"\0" * 20))
    assert await desk.look() == []


async def test_one_who_looks_for_the_first_time_finds_what_waits(
    chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many blocks came since, some at a time, and none of before. Criterion: CUST-GUARD-5.

    A damaged file of before is none.
    """
    monkeypatch.setattr(announcements, "BLOCKS_AT_ONCE", 5)
    monkeypatch.setattr(announcements, "AGAIN", 1)
    desk = Desk(chain, tmp_path)
    desk.announce(guard.announces(OTHER))
    before = int(chain.node.call("eth_blockNumber"), 16)
    chain.node.call("anvil_mine", "0x64")
    chain.wait(2 * DELAY)
    desk.announce(guard.announces(STRANGER))
    chain.node.call("anvil_mine", "0x1f")
    (tmp_path / announced_name(NETWORK)).write_bytes(b"<html>")
    with Liar(chain.process.url) as liar:
        asked = list[int]()

        def note(method: str, params: list[Any], result: Any) -> Any:
            if method == "eth_getLogs":
                asked.append(int(params[0]["fromBlock"], 16))
            return result

        liar.lie = note
        desk.network = msgspec.structs.replace(desk.network, nodes=(liar.url,))
        desk.begin()
        assert await desk.look() == [(TARGET, checksummed(STRANGER), "")]
    assert min(asked) > before + 5
    assert len(asked) >= 0x1F // 5


async def test_one_node_is_enough_to_tell_and_a_silent_one_changes_nothing(
    chain: Chain, tmp_path: Path
) -> None:
    """Either may hide it. Criterion: CUST-GUARD-5. What one cannot say is logged once."""
    with Liar(chain.process.url) as liar:
        desk = Desk(chain, tmp_path, liar.url)
        desk.announce(guard.announces(STRANGER))

        def hides(method: str, _params: list[Any], result: Any) -> Any:
            if method == "eth_call":
                return "0x" + "0" * (len(result) - 2)
            return [] if method == "eth_getLogs" else result

        liar.lie = hides
        for urls in (desk.network.nodes, desk.network.nodes[::-1]):
            (tmp_path / announced_name(NETWORK)).unlink(missing_ok=True)
            desk.network = msgspec.structs.replace(desk.network, nodes=urls)
            desk.begin()
            assert await desk.look() == [(TARGET, checksummed(STRANGER), "")], urls
        with capture_logs() as said:
            for lie in (lambda *_: REFUSED, lambda *_: "<html>"):
                liar.lie = lie
                assert len(await desk.look()) == len(await desk.look()) == 1
        assert [one["log_level"] for one in said] == ["warning"] * 2
