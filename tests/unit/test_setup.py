"""Goal: set-up does what is needed, nothing twice, and says what only a person can mend."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from scripts import setup

ROOT = setup.ROOT
TEST_LEVEL = setup.LEVELS["test"]


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let set-up believe that a copy of the repository's inputs is the repository."""
    for pattern in (*setup.BUILD_INPUTS, "requirements/*.txt"):
        for path in ROOT.glob(pattern):
            copy = tmp_path / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    monkeypatch.setattr(setup, "STAMP", tmp_path / "stamp.json")
    return tmp_path


@pytest.mark.usefixtures("elsewhere")
def test_with_everything_in_place_no_step_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: HOUSE-RUN-1. Also a lower level after a higher one is in place."""
    requirements = {name: setup.digest((f"requirements/{name}.txt",)) for name in TEST_LEVEL}
    place = {"root": str(setup.ROOT), "build_inputs": setup.digest(setup.BUILD_INPUTS)}
    document = setup.ROOT / "web" / "dist" / "index.html"
    document.parent.mkdir(parents=True)
    document.touch()
    web = setup.web_digests("run") | setup.web_digests("test")
    (setup.ROOT / setup.NODE_CLIENT / "node_modules").mkdir(parents=True)
    client = {"client_node": setup.digest((f"{setup.NODE_CLIENT}/package-lock.json",))}
    nodes = dict.fromkeys(("nodes", "nodes_test"), setup.digest(setup.NODES_LOCK))
    setup.write_stamp(place | requirements | web | client | nodes)
    setup.set_up("run")
    setup.set_up("test")
    monkeypatch.setenv("PATH", "")
    assert capsys.readouterr().out == ""
    with pytest.raises(setup.SetupError):
        setup.set_up("bench")


@pytest.mark.parametrize("changed", ["crates/core/src/lib.rs", "Cargo.lock", "pyproject.toml"])
def test_a_change_to_what_the_build_reads_is_seen(elsewhere: Path, changed: str) -> None:
    """Criterion: HOUSE-RUN-1."""
    before = setup.digest(setup.BUILD_INPUTS)
    (elsewhere / changed).write_bytes((elsewhere / changed).read_bytes() + b"\n")
    assert setup.digest(setup.BUILD_INPUTS) != before


def test_a_new_file_is_seen_and_a_touched_one_is_not(elsewhere: Path) -> None:
    """Criterion: HOUSE-RUN-1."""
    before = setup.digest(setup.BUILD_INPUTS)
    (elsewhere / "Cargo.toml").touch()
    assert setup.digest(setup.BUILD_INPUTS) == before
    (elsewhere / "crates/core/src/new.rs").write_text("")
    assert setup.digest(setup.BUILD_INPUTS) != before


def test_the_stamp_of_another_folder_counts_for_nothing(elsewhere: Path) -> None:
    """Criterion: HOUSE-RUN-1. A copied or moved repository has paths of its old place inside."""
    setup.STAMP.write_text(json.dumps({"root": str(ROOT), "run": "1"}))
    assert setup.read_stamp() == {}
    setup.write_stamp({"root": str(elsewhere), "run": "1"})
    assert setup.read_stamp()["run"] == "1"


def test_missing_rust_is_named_with_the_way_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: HOUSE-RUN-2."""
    (tmp_path / "cc").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CARGO_HOME", str(tmp_path / "none"))
    with pytest.raises(setup.SetupError, match="cargo was not found.*Install it with rustup"):
        setup.check_rust()


def test_an_old_cargo_is_named_with_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: HOUSE-RUN-2."""
    (tmp_path / "cc").symlink_to(sys.executable)
    old = tmp_path / "cargo"
    old.write_text("#!/bin/sh\necho 'cargo 1.63.0 (fd9c4297c 2022-07-01)'\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    with pytest.raises(setup.SetupError, match=r"cargo 1\.63\.0 .* is too old.*rustup"):
        setup.check_rust()


def test_every_program_is_kept_as_bytecode() -> None:
    """Criterion: HOUSE-RUN-1. One that is not is compiled anew by each start of it."""
    source = ROOT / "src"
    ends = '__name__ == "__main__"'
    found = {
        ".".join(path.relative_to(source).with_suffix("").parts)
        for path in source.rglob("*.py")
        if ends in path.read_text(encoding="utf-8")
    }
    assert found == {f"fullreserve.{name}" for name in setup.PROGRAMS}


def test_a_failing_step_shows_what_the_command_said(capfd: pytest.CaptureFixture[str]) -> None:
    """Criterion: HOUSE-RUN-2."""
    with pytest.raises(setup.SetupError, match="failed with code 7"):
        setup.call(sys.executable, "-c", "print('no space left'); exit(7)")
    assert "no space left" in capfd.readouterr().err


@pytest.fixture
def npm(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What set-up asks npm for; a build leaves a document."""
    asked: list[str] = []

    def call(*command: str | Path, folder: str = ".", **_environment: str) -> None:
        asked.append(" ".join(map(str, command[1:3])))
        dist = elsewhere / folder / "dist"
        (dist.parent / "node_modules").mkdir(exist_ok=True)
        dist.mkdir(exist_ok=True)
        (dist / "index.html").touch()

    (elsewhere / "web" / "src").mkdir(parents=True)
    (elsewhere / "web" / "package-lock.json").write_text("{}")
    (elsewhere / "web" / "src" / "main.tsx").write_text("")
    # The stamp counts only beside an environment.
    python = elsewhere / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    monkeypatch.setattr(setup, "VENV", elsewhere / ".venv")
    monkeypatch.setattr(setup, "call", call)
    monkeypatch.setattr(setup, "check_node", lambda: None)
    setup.write_stamp({"root": str(elsewhere)})
    return asked


def test_the_web_app_is_built_when_its_sources_changed(elsewhere: Path, npm: list[str]) -> None:
    """Criterion: WEB-BUILD-1. The packages are installed again only for another lock file."""
    setup.set_up_web("test")
    setup.set_up_web("test")
    setup.set_up_web("run")
    assert npm == ["ci --no-audit", "run --silent"]
    (elsewhere / "web" / "src" / "main.tsx").write_text("changed")
    setup.set_up_web("run")
    assert npm[2:] == ["run --silent"]
    (elsewhere / "web" / "package-lock.json").write_text('{"changed": true}')
    setup.set_up_web("run")
    assert npm[3:] == ["ci --no-audit", "run --silent"]


def test_a_missing_browser_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Criterion: WEB-BUILD-2. Only the tests need one."""
    monkeypatch.setenv("PATH", str(tmp_path))
    setup.check_browser("run")
    with pytest.raises(setup.SetupError, match="apt-get install chromium"):
        setup.check_browser("test")


def test_without_node_the_exchange_runs_without_pages(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: WEB-BUILD-1. Tests need it, though."""
    monkeypatch.setenv("PATH", str(elsewhere))
    setup.set_up_web("run")
    said = capsys.readouterr().err
    assert "node was not found" in said
    assert "20.19" in said
    with pytest.raises(setup.SetupError, match="node was not found"):
        setup.set_up_web("test")


def test_an_old_node_is_named(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Criterion: WEB-BUILD-1"""
    for tool in ("node", "npm"):
        (elsewhere / tool).write_text("#!/bin/sh\necho v18.19.0\n")
        (elsewhere / tool).chmod(0o755)
    monkeypatch.setenv("PATH", str(elsewhere))
    with pytest.raises(setup.SetupError, match=r"node 18\.19\.0 .* is too old"):
        setup.check_node()
