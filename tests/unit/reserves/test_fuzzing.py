"""Goal: nothing that a forger makes crashes a verifier, passes it wrongly, or divides the two.

Method: the fuzzer of `fuzzing`, which begins with all vectors and is guided by the lines that it
reaches; what it kept then goes through the verifier of the pages in one process of Node.
"""

from __future__ import annotations

import json

import pytest

from tests.unit.reserves import attacks, fuzzing
from tests.unit.reserves.test_verifiers import in_node

VECTORS = attacks.vectors()
SHORT, LONG = 150, 30_000


def check(seed: int, times: int) -> fuzzing.Fuzzer:
    fuzzer = fuzzing.Fuzzer(seed, VECTORS)
    for one in fuzzer.run(times):
        assert not one.thrown, (one.thrown, json.dumps(one.files)[:3000])
        assert not fuzzing.lies(one.files), json.dumps(one.files)[:3000]
    return fuzzer


def check_pages_too(fuzzer: fuzzing.Fuzzer) -> None:
    """Both verifiers accept the same; the sentence may name another of several faults."""
    cases = [[json.dumps(file) for file in one.files] for one in fuzzer.kept]
    for one, said in zip(fuzzer.kept, in_node(cases), strict=True):
        assert not said.startswith("THROWN"), (said, json.dumps(one.files)[:3000])
        assert (said == "") == (one.verdict == ""), (
            said,
            one.verdict,
            json.dumps(one.files)[:3000],
        )


def test_a_short_run_finds_nothing() -> None:
    """Criterion: POR-VERIFY-5"""
    check_pages_too(check(1, SHORT))


def test_the_fuzzer_gets_further_than_the_vectors() -> None:
    """It is guided: it reaches lines that no vector reaches. Criterion: POR-VERIFY-5"""
    fuzzer = fuzzing.Fuzzer(2, VECTORS)
    begun = len(fuzzer.arcs)
    fuzzer.run(SHORT // 2)
    assert len(fuzzer.arcs) > begun


def test_the_fuzzer_would_find_a_verifier_that_forgets() -> None:
    """A file that is not covered is told apart from one that is. Criterion: POR-VERIFY-5"""
    uncovered = next(one for one in VECTORS if one.verdict.startswith("BTC: reserves of"))
    assert fuzzing.lies(uncovered.files) == ["BTC is not covered"]
    assert not fuzzing.lies(VECTORS[0].files)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_a_long_run_finds_nothing(seed: int) -> None:
    """Criterion: POR-VERIFY-5"""
    check_pages_too(check(100 + seed, LONG))
