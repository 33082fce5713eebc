"""Goal: what is committed names no host, path or paper that a reader does not have.

Method: search every text file. The words are put together here, so that this file passes too.
"""

import re
from pathlib import Path

import pytest

from scripts.source import name, own_files

HOSTS = (
    ("py" + "pi", "org"),
    ("python" + "hosted", "org"),
    ("npm" + "js", "org"),
    ("npm" + "js", "com"),
    ("proxy.go" + "lang", "org"),
    ("maven", "org"),
    ("maven.apache", "org"),
    ("deb.debian", "org"),
)
REGISTRY = re.compile(
    "|".join(rf"\b{host}\.{end}\b" for host, end in HOSTS)
    # `Cargo.lock` names the index by a word that holds the host's.
    + r"|\bcrates"
    + r"\.io\b(?!-index)",
    re.IGNORECASE,
)
ELSEWHERE = re.compile(r"\bsha" + r"red/(?:design|reference|data|hooks)\b")
MACHINE = re.compile(r"(?<![\w.])/(?:wo" + r"rk|fa" + r"rm)/")


def text(path: Path) -> str:
    """Return a file's text; nothing for a binary file."""
    content = path.read_bytes()
    return "" if b"\0" in content else content.decode("utf-8")


def matches(pattern: re.Pattern[str]) -> list[str]:
    """Return each place that matches, as `file: text`."""
    return [
        f"{name(path)}: {found[0]}"
        for path in own_files()
        for found in pattern.finditer(text(path))
    ]


def test_no_file_names_the_host_of_a_package_registry() -> None:
    """Criterion: HOUSE-TEXT-1."""
    assert not matches(REGISTRY)


def test_no_file_cites_papers_outside_the_repository() -> None:
    """Criterion: HOUSE-TEXT-2."""
    assert not matches(ELSEWHERE)


def test_no_file_holds_a_path_of_one_machine() -> None:
    """Criterion: HOUSE-TEXT-2."""
    assert not matches(MACHINE)


@pytest.mark.parametrize("host", [f"files.{host}.{end}" for host, end in HOSTS])
def test_the_search_finds_what_it_looks_for(host: str) -> None:
    assert REGISTRY.search(f"https://{host}/simple")
    assert not REGISTRY.search(f"{host}anisation")
