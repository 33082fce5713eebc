"""Goal: what a Safe holds counts while the Safe itself says that enough owners signed.

Method: a real Safe on anvil, declared with signatures of two of its three owners; the evidence is
read by the stand-alone verifier, offline. Then one owner signs alone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from coincurve import PrivateKey

from fullreserve.clock import ManualClock, SystemClock
from fullreserve.custody import networks, nodes
from fullreserve.custody.addresses import account_of
from fullreserve.custody.hd import Private
from fullreserve.custody.networks import Branch, Network
from fullreserve.custody.tiers import safe
from fullreserve.custody.tiers.safe import SafeMissing
from fullreserve.exchange.products.registry import products
from fullreserve.reserves import declared
from fullreserve.reserves.declared import Declared, WithDeclared
from fullreserve.reserves.evidence import Evidence
from fullreserve.reserves.places import NotProven, Ownership, Place, Said, message_of
from tests.bed import Bed
from tests.integration.custody.safes import CHAIN, ETHER, Chain
from tests.unit.reserves.accounts_control import recoverable, safe_said
from verifier import verify

# Blocks say which time it is.
NOW_MS = SystemClock().wall_ms()
ASSET = 2
NUMBER = 1
EXCHANGE = "ab" * 32
KEYS = [PrivateKey(bytes((n,)) * 32) for n in (71, 72, 73)]


class Nobody:
    """No signer at hand."""

    async def places(self, network: int) -> Sequence[Place]:
        return ()

    async def prove(self, place: Place, message: str) -> Ownership:
        raise NotProven(f"nobody signs {message} for {place.address}")


@pytest.fixture(scope="module")
def chain() -> Iterator[Chain]:
    try:
        made = Chain()
    except (nodes.NodeMissing, SafeMissing) as missing:
        pytest.skip(str(missing))
    yield made
    made.process.stop()


@pytest.fixture
def account(chain: Chain) -> bytes:
    owners = [account_of(key.public_key.format()) for key in KEYS]
    first = safe.set_up(owners, 2, chain.handler)
    made = chain.send(chain.factory, safe.proxy(chain.singleton, first, next(chain.salts)))
    created = bytes.fromhex(made["logs"][-1]["topics"][1][2:])[-20:]
    chain.send(created, b"", 3 * ETHER)
    return created


@pytest_asyncio.fixture
async def evidence(chain: Chain, tmp_path: Path) -> AsyncIterator[Evidence]:
    root = Private.of_seed(bytes(32)).public()
    network = Network(
        network=NUMBER,
        kind="evm",
        nodes=(chain.process.url,),
        branches=(Branch(root.key.hex(), root.code.hex()),),
        decimals={ASSET: 18},
        coin=ASSET,
        credit_after=0,
        unlock_after=6,
        chain_id=CHAIN,
    )
    networks.keep(tmp_path, [network])
    bed = await Bed.open(tmp_path, folds=products(), clock=ManualClock(NOW_MS))
    control = WithDeclared(tmp_path, Nobody())
    yield Evidence(tmp_path, await bed.door(7), bed.clock, EXCHANGE, control)
    await bed.close()


def declare(data: Path, account: bytes, signers: Sequence[PrivateKey]) -> None:
    address = "0x" + account.hex()
    message = message_of(Said(EXCHANGE, address, NUMBER, 0, "00" * 32, NOW_MS - 1_000))
    digest = safe_said(message, account, CHAIN)
    made = tuple(recoverable(key, digest) for key in signers)
    one = Declared(
        network=NUMBER, address=address, form="eip1271", message=message, signatures=made
    )
    declared.keep(data, one)


async def test_a_safe_counts_while_it_says_yes(
    account: bytes, evidence: Evidence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """3 ETH of a 2-of-3 Safe, offline to the unit; not with one owner, nor with an old signature.

    Criterion: POR-RESERVES-3
    """
    declare(tmp_path, account, KEYS[1:])
    shown, document = await evidence.read(NOW_MS)
    assert document is not None
    assert shown.amounts == {ASSET: 3 * 10**8}
    (of,), (told,) = shown.chains, document["chains"]
    row: dict[str, Any] = {
        "network": NUMBER, "name": "ETH", "height": of.height, "block": of.block,
        "signed": of.signed_ms,
    }  # fmt: skip
    public = bytes.fromhex(EXCHANGE)
    assert verify.check_chain(told, row, {"ts": NOW_MS}, public, set()) == {"ETH": 3 * ETHER}
    told["places"][0]["signatures"].pop()
    with pytest.raises(verify.Refused, match="fewer owners signed than the Safe needs"):
        verify.check_chain(told, row, {"ts": NOW_MS}, public, set())
    monkeypatch.setattr("fullreserve.reserves.evidence.BLOCK_AGE_MAX_MS", 48 * 3_600_000)
    later, _ = await evidence.read(NOW_MS + 24 * 3_600_000)
    assert not later.amounts


async def test_a_safe_with_too_few_signatures_does_not_count(
    account: bytes, evidence: Evidence, tmp_path: Path
) -> None:
    """The Safe says no at the block. Criterion: POR-RESERVES-3"""
    declare(tmp_path, account, KEYS[:1])
    shown, _ = await evidence.read(NOW_MS)
    assert not shown.amounts
    assert ASSET not in shown.whole
