"""Goal: nothing that a forger makes crashes a verifier, passes it wrongly, or divides the two.

Method: the fuzzer of `fuzzing`, which begins with all vectors and is guided by the lines that it
reaches; what it kept then goes through the verifier of the pages in one process of Node. Another
run is guided by the blocks of that verifier, too, and has both judge each input.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts import verifier_page
from tests.unit.reserves import attacks, fuzzing
from tests.unit.reserves.pages_verifier import PagesVerifier, pages_verifier
from tests.unit.reserves.test_verifiers import in_node

VECTORS = attacks.vectors()
SOME = VECTORS[::3]  # a good part of the short run is to look at what is known
SHORT, LONG = 150, 30_000
FEW, MANY = 100, 8_000  # with both verifiers at each input


def check(seed: int, times: int, pages: PagesVerifier | None = None) -> fuzzing.Fuzzer:
    fuzzer = fuzzing.Fuzzer(seed, VECTORS if pages is None else SOME, pages)
    for one in fuzzer.run(times):
        assert not one.is_divided, (one.page, one.verdict, json.dumps(one.files)[:3000])
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


def test_a_short_run_is_guided_by_the_pages_verifier_too() -> None:
    """Both judge each input alike. Criterion: POR-VERIFY-7"""
    with pages_verifier() as pages:
        fuzzer = check(3, FEW, pages)
    assert len(fuzzer.parts) > 300
    assert fuzzer.by_page > 0


def test_the_fuzzer_would_find_a_page_that_forgets(tmp_path: Path) -> None:
    """A rule that only one of the two has divides them. Criterion: POR-VERIFY-7"""
    rule = "reserves + leaving < users"
    source = verifier_page.SOURCE.read_text()
    assert source.count(rule) == 1
    forgetful = tmp_path / "verifier.js"
    (tmp_path / "package.json").write_text('{"type": "module"}')
    forgetful.write_text(source.replace(rule, "false"))
    uncovered = [one for one in VECTORS if one.verdict.startswith("BTC: reserves of")]
    with pages_verifier(forgetful) as pages:
        fuzzer = fuzzing.Fuzzer(4, [*uncovered[:3], VECTORS[0]], pages)
        assert any(one.is_divided for one in [*fuzzer.kept, *fuzzer.run(FEW)])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_a_long_run_is_guided_by_the_pages_verifier_too(seed: int) -> None:
    """Criterion: POR-VERIFY-7"""
    with pages_verifier() as pages:
        check(200 + seed, MANY, pages)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_a_long_run_finds_nothing(seed: int) -> None:
    """Criterion: POR-VERIFY-5"""
    check_pages_too(check(100 + seed, LONG))
