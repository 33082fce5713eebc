"""Goal: both stand-alone verifiers say the same of every vector, and nothing else ever.

Method: the committed vectors, honest and forged, through `verify.py` and through the verifier of
the pages (in Node); then whatever hypothesis makes of an honest bundle.
"""

from __future__ import annotations

import ast
import copy
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts import verifier_page
from tests.unit.reserves import attacks, signed_balances
from tests.unit.reserves.forge import Account, Tree, bundle_of, honest, statement_of
from tests.unit.reserves.vector import Vector
from verifier import verify

ROOT = Path(__file__).resolve().parents[3]
RUNNER = Path(__file__).with_name("run_verifier.mjs")
VECTORS = attacks.vectors()
HONEST = honest()

Json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


def said(files: list[bytes], now_ms: int | None = None) -> str:
    try:
        verify.check_files(files, now_ms=now_ms)
    except verify.Refused as refused:
        return str(refused)
    return ""


def encoded(files: list[Any]) -> list[bytes]:
    return [json.dumps(file).encode() for file in files]


def in_node(cases: list[list[str]]) -> list[str]:
    """What the pages' verifier says of each case."""
    return [verdict for verdict, _ in with_meanings(cases)]


def with_meanings(
    cases: list[list[str]], clocks: Sequence[int | None] = ()
) -> list[tuple[str, str]]:
    """And what it says that means, by a reader's clock where one is given."""
    node = shutil.which("node")
    assert node, "Node is needed to build the web app, and to test its verifier"
    clocks = clocks or [None] * len(cases)
    pairs = zip(cases, clocks, strict=True)
    given = json.dumps([{"files": files, "now": now} for files, now in pairs])
    command = [node, str(RUNNER), str(verifier_page.SOURCE)]
    done = subprocess.run(
        command, input=given, capture_output=True, text=True, check=True, timeout=120
    )
    return [(verdict, meaning) for verdict, meaning in json.loads(done.stdout)]


def test_the_committed_vectors_are_these() -> None:
    """Criterion: POR-VERIFY-1"""
    assert attacks.FILE.read_text() == attacks.text()
    assert verifier_page.FILE.read_text() == verifier_page.page()
    assert len({one.name for one in VECTORS}) == len(VECTORS)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: one.name)
def test_verify_py_says_what_the_vector_says(vector: Vector) -> None:
    """A1 to A5, B1 to B4, the pitfalls: each is refused for its own reason. POR-VERIFY-1

    Criterion: POR-CONTROL-2, POR-CONTROL-3
    """
    assert said(encoded(vector.files), vector.now_ms) == vector.verdict


def test_each_known_attack_has_a_vector() -> None:
    """Criterion: POR-ATTACK-1, POR-ATTACK-2, POR-ATTACK-3"""
    refused = [one.name for one in VECTORS if one.verdict]
    for name in ("A1", "A2", "A3", "A4", "A5", "B1", "B2", "B3", "B4"):
        assert any(one.startswith(f"{name}:") for one in refused), name
    for words in (
        *(
            "a dummy account",
            "one asset's surplus",
            "netted",
            "place of padding",
            "children are swapped",
        ),
        *("the stated total is lower", "signature is reused", "long before", "signed long ago"),
        *("equivocation", "was truncated", "was rewritten", "borrowed across epochs"),
        *("counts a coin twice", "counts an address twice", "an account that was left out"),
    ):
        assert any(words in f"{one.name} {one.verdict}" for one in VECTORS), words


# By pitfall: what the names of its forged files hold.
PITFALLS = {
    "POR-PIT-1": ("A1:",),
    "POR-PIT-2": ("A2:", "A5:"),
    "POR-PIT-3": ("A3:", "shown another's leaf"),
    "POR-PIT-4": ("A4:",),
    "POR-PIT-5": ("netted", "a dummy account"),
    "POR-PIT-6": ("one asset's surplus",),
    "POR-PIT-7": ("equivocation:",),
    "POR-PIT-10": ("lowest:", "a low is hidden"),
    "POR-PIT-11": ("another's address:",),
    "POR-PIT-13": ("has run out", "longer than a month"),
    "POR-RESERVES-4": ("counts twice", "that is not named", "of a later block", "in no block"),
    "POR-PIT-15": ("an own token that counts", "a hole that is called an own token"),
    "POR-PIT-17": ("a reclassified token: users are owed it", "an own one counts, unsaid"),
    "POR-RESERVES-5": ("coins that went round", "more was there", "was before is not shown"),
    "POR-RESERVES-6": ("a network that is shown and is not",),
    "POR-PIT-18": ("a change of contract: unsaid", "counts as two tokens", "of another contract"),
    "POR-PIT-19": ("expires too late", "times that go back", "of a time to come"),
    "POR-PIT-8": ("a wrong balance", "a change is left out", "an asset is left out", "two orders:"),
}


@pytest.mark.parametrize("pitfall", PITFALLS)
def test_each_pitfall_has_files_that_fall_into_it(pitfall: str) -> None:
    """Criterion: POR-PIT-1, POR-PIT-2, POR-PIT-3, POR-PIT-4, POR-PIT-5, POR-PIT-6, POR-PIT-7

    Criterion: POR-PIT-8, POR-PIT-10, POR-PIT-11, POR-PIT-13, POR-PIT-15, POR-PIT-17,
    POR-RESERVES-4, POR-RESERVES-5, POR-RESERVES-6
    """
    refused = [one.name for one in VECTORS if one.verdict]
    for words in PITFALLS[pitfall]:
        assert any(words in name for name in refused), words


def test_the_pages_verifier_says_the_same() -> None:
    """Criterion: POR-VERIFY-1"""
    cases = [[json.dumps(file) for file in one.files] for one in VECTORS]
    judged = with_meanings(cases, [one.now_ms for one in VECTORS])
    found = dict(zip((one.name for one in VECTORS), judged, strict=True))
    assert {name: verdict for name, (verdict, _) in found.items()} == {
        one.name: one.verdict for one in VECTORS
    }
    for verdict, meaning in found.values():
        assert meaning == (verify.meaning_of(verdict) if verdict else "")


# Of these only the default can be said: they are about coins, keys and states.
ABOUT_COINS = re.compile(
    r"sign|address|coin|evidence|chain|block|script|Safe|balance|payment|BIP|consistency"
)


def test_each_refusal_means_something() -> None:
    """Each sentence of the source, in one of few kinds. Criterion: POR-VERIFY-6"""
    source = (ROOT / "verifier" / "verify.py").read_text()
    sentences = [
        "".join(str(part.value) if isinstance(part, ast.Constant) else "Your" for part in parts)
        for node in ast.walk(ast.parse(source))
        if (parts := _sentence_of(node))
    ]
    assert len(sentences) > 100
    for one in sentences:
        assert verify.meaning_of(one) != verify.NOT_SHOWN or ABOUT_COINS.search(one), one
    kinds = {
        "BTC: reserves of 0 do not cover 1 owed to users.": "owes its users more",
        "The log was rewritten: it does not begin with the earlier log.": "fit the exchange's log",
        "The statement is not signed by the exchange's key.": "altered on its way",
        "Your node has another block at this height.": "Your node and the file",
        "The file is not a bundle: it holds no JSON object.": "says nothing about",
        "[Errno 2] No such file or directory: 'x'": "says nothing about",
    }
    for sentence, words in kinds.items():
        assert words in verify.meaning_of(sentence), sentence


def _sentence_of(node: ast.AST) -> list[Any]:
    """The text that is raised, or made to be raised."""
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Refused" and node.args:
        text = node.args[0]
        text = text.left if isinstance(text, ast.BinOp) else text
    elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "msg":
        text = node.value
    else:
        return []
    if isinstance(text, ast.JoinedStr):
        return list(text.values)
    return [text] if isinstance(text, ast.Constant) else []


def test_verify_py_is_one_file_of_the_standard_library() -> None:
    """Criterion: POR-VERIFY-2"""
    source = (ROOT / "verifier" / "verify.py").read_text()
    imported = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
    assert imported <= sys.stdlib_module_names
    page = verifier_page.page()
    for word in ("fetch(", "XMLHttpRequest", "WebSocket(", "src=", "href=", "@import", "url("):
        assert word not in page


def test_the_page_has_words_for_each_step() -> None:
    """Criterion: POR-VERIFY-2"""
    page = verifier_page.page()
    steps = set(re.findall(r"say\('(\w+)'\)", page))
    words = page.partition("const STEPS = {")[2].partition("\n}")[0]
    assert steps
    assert steps == set(re.findall(r"^  (\w+):", words, re.MULTILINE))


def test_the_page_says_of_the_first_version_no_more_than_the_command() -> None:
    """What nothing has checked is not read. Criterion: POR-VERIFY-2"""
    node = shutil.which("node")
    assert node
    script = verifier_page.page().partition("'use strict'")[2].partition("function show(")[0]
    statement = json.dumps({"v": 1, "addresses": {}, "unshown": 5})
    script += f"console.log(remarks({{statement: {statement}, assets: []}}).join())"
    done = subprocess.run([node, "-e", script], capture_output=True, check=False, timeout=60)
    assert done.stdout.startswith(b"It is of version 1:"), done.stderr


def test_the_page_tells_of_old_signatures_and_of_blocks() -> None:
    """As the command does. Criterion: POR-STATE-9, POR-STATE-10"""
    node = shutil.which("node")
    assert node
    script = verifier_page.page().partition("'use strict'")[2].partition("function show(")[0]
    hour = 3_600_000
    chain = {"name": "ERC20", "height": 9, "signed": 100 * hour, "time": 122 * hour}
    told = json.dumps({"v": 2, "ts": 123 * hour, "reserves": {"chains": [chain]}})
    script += f"console.log(remarks({{statement: {told}, assets: [{{users: 1n, reserves: 2n}}]}}))"
    done = subprocess.run([node, "-e", script], capture_output=True, check=False, timeout=60)
    assert b"ERC20: block 9, 60 minutes old then." in done.stdout, done.stderr
    assert b"OLD SIGNATURES of ERC20: by 23 hours" in done.stdout


def test_the_last_sentence_says_where_no_claim_was_looked_for() -> None:
    """The same in the command and on the page. Criterion: POR-VERIFY-8"""
    node = shutil.which("node")
    assert node
    holding = [one for one in VECTORS if not one.verdict]
    program = verifier_page.page().partition("'use strict'")[2].partition("async function check()")
    cases = json.dumps([[json.dumps(file) for file in one.files] for one in holding])
    script = program[0] + (
        f"const told = []\nfor (const files of {cases}) "
        "told.push(verdictOf(await checkFiles(files), files.length))\n"
        "console.log(JSON.stringify(told))"
    )
    done = subprocess.run(
        [node, "--input-type=module"], input=script, capture_output=True, text=True, check=True,
        timeout=120,
    )  # fmt: skip
    said = [
        verify.verdict_of(verify.check_files(encoded(one.files)), len(one.files)) for one in holding
    ]
    assert json.loads(done.stdout) == said
    open_ends = {one.name for one, text in zip(holding, said, strict=True) if "NOT checked" in text}
    assert {"a token is shown", "receipts alone"} <= open_ends
    assert not {"an honest bundle", "reserves are shown", "receipts of one history"} & open_ends
    alone = {**HONEST}
    del alone["proof"]
    (told,) = verify.check_files(encoded([alone]))
    expected = "Everything in this file holds; no account's proof is there: whether what you are "
    assert verify.verdict_of([told], 1).startswith(expected)


def test_the_command_answers_with_its_exit_code(tmp_path: Path) -> None:
    """Alone in an empty folder, isolated from everything installed. Criterion: POR-VERIFY-2"""
    program = tmp_path / "verify.py"
    shutil.copyfile(ROOT / "verifier" / "verify.py", program)

    def run(content: bytes) -> tuple[int, str]:
        (tmp_path / "proof.json").write_bytes(content)
        command = [sys.executable, "-I", "-S", str(program), str(tmp_path / "proof.json")]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        return done.returncode, done.stdout.splitlines()[-1]

    row = json.dumps(HONEST).encode()
    assert run(row) == (0, "Everything in this file holds.")
    answer = b'{"code":"0","msg":"","data":[' + row + b"]}"
    assert run(answer) == (0, "Everything in this file holds.")
    changed = row.replace(b'"reserves": "1000"', b'"reserves": "1001"')
    expected = "FAILED: The statement is not signed by the exchange's key."
    assert run(changed) == (1, expected)
    assert run(b"\xff\x00")[0] == 1


def test_a_receipt_alone_has_no_coins_that_a_node_could_show(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: POR-VERIFY-3"""
    file = tmp_path / "receipt.json"
    file.write_text(json.dumps(signed_balances.receipt()))
    assert verify.main([str(file)]) == 0
    assert verify.main([str(file), "--node", "1=http://127.0.0.1:1"]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "FAILED: --node needs a bundle."


@given(st.data())
def test_whatever_is_altered_nothing_crashes_or_passes(data: st.DataObject) -> None:
    """Criterion: POR-VERIFY-3"""
    bundle = copy.deepcopy(HONEST)
    where: Any = bundle
    while True:
        keys = list(where) if isinstance(where, dict) else list(range(len(where)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(where[key], dict | list) or not where[key] or data.draw(st.booleans()):
            break
        where = where[key]
    before, put = where[key], data.draw(Json)
    where[key] = put
    # "6" for 6 is another document; true for 1 is not what a signature covers either.
    same = type(put) is type(before) and put == before
    # The proof of one's own may be left out; so may the house's, where it has nothing.
    left_out = where is bundle and key == "proof" and put is None
    found = said(encoded([bundle]))
    assert (found == "") == (same or left_out), found


@given(st.binary(max_size=200) | Json.map(lambda one: json.dumps(one).encode()))
def test_no_input_crashes_the_verifier(content: bytes) -> None:
    """Criterion: POR-VERIFY-3"""
    assert said([content])


@given(st.integers(0, 4000), st.integers(1, 255))
def test_no_altered_byte_passes(place: int, flip: int) -> None:
    """Criterion: POR-VERIFY-3"""
    content = bytearray(json.dumps(HONEST, separators=(",", ":")).encode())
    content[place % len(content)] ^= flip
    try:
        is_same = json.loads(content) == HONEST
    except ValueError:
        is_same = False
    assert is_same or said([bytes(content)])


def test_both_verifiers_agree_on_altered_bundles() -> None:
    """One process of Node for many cases. Criterion: POR-VERIFY-3"""
    cases = []
    text = json.dumps(HONEST, separators=(",", ":"))
    for place in range(3, len(text), 29):
        digit = "7" if text[place] != "7" else "8"
        cases.append([text[:place] + digit + text[place + 1 :]])
    thrown = [one for one in in_node(cases) if not one or one.startswith("THROWN")]
    assert not thrown
    assert all(said([files[0].encode()]) for files in cases)


def test_a_proof_of_a_large_tree_is_small_and_quickly_checked() -> None:
    """20 levels of 2 assets here; the size of 20 assets is measured by bench_tree. POR-VERIFY-4

    Criterion: POR-VERIFY-4
    """
    tree = Tree([Account(1, (0, 0)), *(Account(100 + n, (n, n)) for n in range(1, 1_500))])
    bundle = bundle_of(tree, statement_of(tree, (10**9, 10**9)), index=700)
    started = time.process_time()
    for _ in range(5):
        verify.check_bundle(bundle)
    assert (time.process_time() - started) / 5 < 1
