"""Goal: both verifiers judge signatures of Bitcoin's family as the world does.

Method: the vectors that BIP 322 and BIP 340 publish, each through `verify.py` and through the
verifier of the pages (in Node, one process for all).
"""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from scripts import verifier_page
from verifier import verify

FOLDER = Path(__file__).with_name("published")
RUNNER = Path(__file__).with_name("run_published.mjs")
BASIC, GENERATED = (
    json.loads((FOLDER / f"bip-0322-{name}.json").read_text()) for name in ("basic", "generated")
)

Case = dict[str, Any]


def in_node(cases: list[Case]) -> list[Any]:
    """What the pages' verifier says of each."""
    node = shutil.which("node")
    assert node, "Node is needed to build the web app, and to test its verifier"
    done = subprocess.run(
        [node, str(RUNNER), str(verifier_page.SOURCE)],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    answers: list[Any] = json.loads(done.stdout)
    return answers


def in_python(case: Case) -> Any:
    """What verify.py says of one, in the same words."""
    if case["kind"] == "schnorr":
        fields = (bytes.fromhex(case[name]) for name in ("key", "message", "signature"))
        return verify.schnorr_holds(*fields)
    try:
        script = verify.script_of("bc", case["address"])
        message = case["message"].encode()
        if case["kind"] == "outpoint":
            return verify.message_outpoint(script, message).hex()
        held = verify.bip322(script, message, case["signature"])
    except verify.Refused:
        return None
    return [held.lock, held.sequence] if held else None


def proof(vector: Case, signature: str) -> Case:
    names = ("address", "message")
    return {"kind": "proof", "signature": signature} | {name: vector[name] for name in names}


def holding() -> list[tuple[Case, list[int]]]:
    """What has to hold, at which time and age."""
    vectors = [*BASIC["simple"], *GENERATED["simple"], *GENERATED["full"]]
    return [
        (proof(one, made), [one.get("lock_time", 0), one.get("sequence", 0)])
        for one in vectors
        for made in one["bip322_signatures"]
    ]


def failing() -> list[Case]:
    """What must not hold; proofs of funds are of another kind than we know."""
    wrong = [proof(one, one["signature"]) for one in [*BASIC["error"], *GENERATED["error"]]]
    funds = GENERATED["proof_of_funds"]
    return wrong + [proof(one, made) for one in funds for made in one["bip322_signatures"]]


def schnorr() -> list[tuple[Case, bool]]:
    with (FOLDER / "bip-0340.csv").open(newline="") as file:
        return [
            (
                {
                    "kind": "schnorr",
                    "key": row["public key"],
                    "message": row["message"],
                    "signature": row["signature"],
                },
                row["verification result"] == "TRUE",
            )
            for row in csv.DictReader(file)
        ]


def outpoints() -> list[tuple[Case, str]]:
    """The transaction's hash as blocks write it, with its only output."""
    return [
        (
            {"kind": "outpoint", "address": one["address"], "message": one["message"]},
            bytes.fromhex(one["to_spend_tx_hash"])[::-1].hex() + "00000000",
        )
        for one in BASIC["tx_hashes"]
    ]


EXPECTED: list[tuple[Case, Any]] = [
    *holding(),
    *((one, None) for one in failing()),
    *schnorr(),
    *outpoints(),
]


@pytest.mark.parametrize("number", range(len(EXPECTED)))
def test_verify_py_judges_as_published(number: int) -> None:
    """Criterion: POR-CONTROL-1"""
    case, expected = EXPECTED[number]
    assert in_python(case) == expected, case


def test_the_pages_verifier_judges_as_published() -> None:
    """Criterion: POR-CONTROL-1"""
    answers = in_node([case for case, _ in EXPECTED])
    for (case, expected), answer in zip(EXPECTED, answers, strict=True):
        assert answer == expected, (case, answer)


def test_what_is_published_covers_each_kind_of_address() -> None:
    """The vectors are all there. Criterion: POR-CONTROL-1"""
    kinds = {one["type"].partition("-multisig")[0] for one in GENERATED["full"]}
    assert kinds >= {"p2pkh", "p2wpkh", "p2tr", "p2sh-p2wpkh", "p2wsh", "p2sh", "p2sh-p2wsh"}
    assert len(holding()) >= 18
    assert len(failing()) >= 36
    assert sum(holds for _, holds in schnorr()) >= 9
