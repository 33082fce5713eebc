"""Goal: the chain of decisions is worked out again from a running exchange's answers alone.

Method: an operator loads it page by page and runs the script on the files, as they
came and with decisions altered, left out and moved; who else asks for it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fullreserve.exchange.products.policy_rules import REVIEWERS, Rule, Verb
from fullreserve.exchange.products.policy_wire import EDITION, Adopt, Found
from fullreserve.gateway import ids
from scripts.source import ROOT
from tests.bed import ALICE
from tests.integration.operator.bed import Console
from tests.integration.operator.test_policy import decide, say

SCRIPT = ROOT / "verifier" / "decisions.py"
CHAIN = "policy/chain"


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", str(SCRIPT), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


async def loaded(console: Console, folder: Path, limit: int) -> list[Path]:
    """Each page as it came, in a file."""
    files: list[Path] = []
    behind = "0"
    while True:
        page = await console.cleo.get(CHAIN, behind=behind, limit=limit)
        assert page.code == "0", page.json
        if not page.data:
            return files
        files.append(folder / f"page-{len(files)}.json")
        files[-1].write_text(json.dumps(page.json), encoding="utf-8")
        behind = page.data[-1]["number"]


@pytest.fixture
async def decided(console: Console) -> Console:
    """Rules, and five decisions by them."""
    rules = (Rule(1, Verb.ALLOW, most_usd=100 * 10**8), Rule(2, Verb.APPROVE, REVIEWERS, 1))
    for word in (Found(rules), Adopt(EDITION)):
        await say(console, word)
    for request, usd in ((7, 10), (8, 1000), (9, 20), (10, 5000), (11, 30)):
        await decide(console, request, usd)
    await console.recorded()
    return console


async def test_pages_are_checked_from_outside(decided: Console, tmp_path: Path) -> None:
    """Criterion: POL-41. To the head that the policy shows."""
    files = await loaded(decided, tmp_path, 2)
    assert [len(json.loads(file.read_text())["data"]) for file in files] == [2, 2, 1]
    head = (await decided.ada.get("policy")).row["head"]
    done = run(*map(str, files), "--head", head)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"RIGHT: 5 decisions, each over the one before; the last is {head}\n"
    row = (await decided.ada.get("policy/decision", wdId=ids.text(9))).row
    assert run(*map(str, files), "--digest", row["digest"]).returncode == 0
    (whole,) = await loaded(decided, tmp_path, 500)
    assert run(str(whole)).returncode == 0


async def test_what_was_altered_left_out_or_moved_is_named(
    decided: Console, tmp_path: Path
) -> None:
    """Criterion: POL-42."""
    (file,) = await loaded(decided, tmp_path, 500)
    head = (await decided.ada.get("policy")).row["head"]
    rows = json.loads(file.read_text(encoding="utf-8"))["data"]
    altered = json.loads(json.dumps(rows))
    altered[2]["facts"]["owner"] = str(ALICE + 1)
    first, second, third, fourth, fifth = rows
    for forged, named in (
        (altered, f"decision 3 of 5, number {third['number']}"),
        ([first, third, fourth, fifth], "decision 2 of 4"),
        ([first, third, second, fourth, fifth], "decision 2 of 5"),
        (rows[:4], head),
    ):
        file.write_text(json.dumps(forged), encoding="utf-8")
        done = run(str(file), "--head", head)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("WRONG: ")
        assert named in done.stderr


async def test_operators_alone_see_it_and_that_is_noted(decided: Console) -> None:
    """Criterion: POL-43. Of any role; a user's session is denied, as without any."""
    assert (await decided.cleo.get(CHAIN)).code == "0"
    noted = (await decided.ada.get("audit", action=CHAIN)).data
    assert [(row["actor"], row["result"]) for row in noted] == [(str(decided.cleo.uid), "done")]
    refused = await decided.dan.get(f"x/operator/{CHAIN}")
    assert (refused.status, refused.json["data"]) == (403, [])
    assert (await decided.town.browser().get(f"x/operator/{CHAIN}")).status == 401
    for wrong in ({"behind": -1}, {"behind": "x"}, {"limit": 0}):
        assert (await decided.ada.get(CHAIN, **wrong)).code == "51000"
