"""Goal: a change of a Safe's owners goes on from whatever its chain has by now.

Method: the commands themselves, on anvil, with calls and moves by hand between them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fullreserve.custody import nodes
from fullreserve.custody.keys import gas, job
from fullreserve.custody.tiers.safe import SafeMissing
from tests.integration.custody.safes import CHAIN, ETHER, HOT, Chain, Tier
from tests.integration.custody.test_key_changes import EVM, HOLDERS, Office, holder

# Each holder makes a key, at the cost of a guess.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def chain() -> Iterator[Chain]:
    try:
        made = Chain()
    except (nodes.NodeMissing, SafeMissing) as missing:
        pytest.skip(str(missing))
    yield made
    made.process.kill()


def test_a_rotation_of_a_safe_goes_on_where_it_stood(
    chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: CUST-GONE-18, CUST-GONE-19. One of two is swapped, and the answer never came."""
    office = Office(tmp_path, monkeypatch)
    office.make_keys((*HOLDERS, "hal", "ida", "payer"))
    tier = Tier(chain, [holder(office, name) for name in HOLDERS], 2)
    where = f'chain_id = {CHAIN}\nsafe = "{tier.account.hex()}"\nguard = "{tier.gate.hex()}"\n'
    office.do("ceremony", office.plan(EVM, "safe", HOLDERS, where))
    url, out = chain.process.url, tmp_path / "turn.json"
    plan = office.plan(EVM, "safe", ("ann", "hal", "cyd", "ida"), where)
    office.do("rotate", "1", "warm", plan, "--node", url, "--out", out)
    parts = office.sign(out, ("ann", "cyd"))
    by: list[str | Path] = ["--node", url, "--payer", office.holders / "payer.keys"]
    payer = holder(office, "payer")
    chain.send(payer.account, b"", ETHER)
    calls = job.executions(job.read(out), office.record, [one.read_bytes() for one in parts])
    gas.send(chain.node, payer.device, tier.account, calls[:1])
    chain.node.call("anvil_mine", "0x1")
    stopped = "other owners on the chain than in the record"
    assert stopped in office.do("rotate", "1", "warm", plan, "--node", url, "--out", out, code=1)
    assert "1 of 2 calls already" in office.do("finish", out, *parts, *by, "--dry-run")
    assert "1 of 2 calls already" in office.do("finish", out, *parts, *by)
    chain.node.call("anvil_mine", "0x1")
    owners = {one.hex() for one in tier.view.owners()}
    assert owners == set(office.record.wallet(EVM, "warm").owners.values())
    assert holder(office, "ida").account.hex() in owners
    # What the Safe has done beside a job is no part of it.
    plan = office.plan(EVM, "safe", ("ann", "bob", "cyd", "ida"), where)
    office.do("rotate", "1", "warm", plan, "--node", url, "--out", out)
    parts = office.sign(out, ("ann", "cyd"))
    tier.do([holder(office, name) for name in ("ann", "cyd")], HOT, 1)
    said = office.do("finish", out, *parts, *by, code=1)
    number = job.read(out).transactions[0].nonce
    assert f"another transaction with the number {number} since" in said
    assert said.endswith("this job's cannot be: make the job anew\n")
    office.do("rotate", "1", "warm", plan, "--node", url, "--out", out)
    parts = office.sign(out, ("ann", "cyd"))
    office.do("finish", out, *parts, *by)
    chain.node.call("anvil_mine", "0x1")
    _overtaken_between(chain, office, tier)


def _overtaken_between(chain: Chain, office: Office, tier: Tier) -> None:
    """One call of two is done, and the number of the other is used for a move by hand."""
    url, out = chain.process.url, office.folder / "turn.json"
    by: list[str | Path] = ["--node", url, "--payer", office.holders / "payer.keys"]
    where = f'chain_id = {CHAIN}\nsafe = "{tier.account.hex()}"\nguard = "{tier.gate.hex()}"\n'
    plan = office.plan(EVM, "safe", ("ann", "hal", "cyd", "dan"), where)
    office.do("rotate", "1", "warm", plan, "--node", url, "--out", out)
    parts = office.sign(out, ("ann", "cyd"))
    calls = job.executions(job.read(out), office.record, [one.read_bytes() for one in parts])
    gas.send(chain.node, holder(office, "payer").device, tier.account, calls[:1])
    chain.node.call("anvil_mine", "0x1")
    tier.do([holder(office, name) for name in ("ann", "cyd")], HOT, 1)
    said = office.do("finish", out, *parts, *by, code=1)
    assert "with 1 of 2 done, bring the owners by hand to those of this job and finish it" in said
    last = job.read(out).transactions[1]
    tier.do([holder(office, name) for name in ("ann", "cyd")], last.to, 0, last.data)
    assert "its chain has 2 of 2 calls already" in office.do("finish", out, *parts, *by)
    owners = {one.hex() for one in tier.view.owners()}
    assert owners == set(office.record.wallet(EVM, "warm").owners.values())
