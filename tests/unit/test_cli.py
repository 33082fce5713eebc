"""Goal: every command explains itself and ends with a documented code."""

import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fullreserve import __version__
from fullreserve.cli import DONE, build_parser, main
from fullreserve.cli.in_room import EXIT_CODES, USAGE, InRoom
from fullreserve.cli.unread import UNREAD

COMMANDS = [
    ("up",),
    ("demo",),
    ("journal", "verify"),
    ("journal", "stat"),
    ("journal", "export"),
    ("journal", "archive"),
    ("journal", "quarantine"),
    ("backup",),
    ("restore",),
    ("confirm-time",),
    ("version",),
    ("config",),
    ("custody", "ceremony"),
    ("custody", "sign"),
]


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work where there is no settings file."""
    monkeypatch.chdir(tmp_path)


def words(text: str) -> str:
    """Return text without the line breaks of a help page."""
    return " ".join(text.split())


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_its_exit_codes(
    command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: HOUSE-CLI-1."""
    with pytest.raises(SystemExit) as ended:
        main([*command, "--help"])
    assert ended.value.code == DONE
    assert EXIT_CODES in words(capsys.readouterr().out)


@pytest.mark.parametrize(
    "complete",
    [
        ["up"],
        ["demo"],
        ["journal", "verify"],
        ["journal", "stat"],
        ["journal", "export", "rows.jsonl", "--first", "2", "--last", "5"],
        ["journal", "archive", "archive"],
        ["journal", "quarantine", "5", "--reason", "a broken command"],
        ["backup", "copy"],
        ["restore", "copy"],
        ["confirm-time"],
    ],
    ids=" ".join,
)
def test_every_command_leads_to_a_function_that_takes_its_arguments(complete: list[str]) -> None:
    """Criterion: HOUSE-CLI-1. Rooms are imported when called: a wrong name would be found late."""
    arguments = build_parser().parse_args(complete)
    assert isinstance(arguments.run, InRoom)
    parameters = inspect.signature(arguments.run.resolve()).parameters
    assert [*parameters][1:] == [*arguments.run.names]
    assert all(hasattr(arguments, name) for name in arguments.run.names)


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        ["journal"],
        ["jump"],
        ["journal", "quarantine", "0", "--reason", "x"],
        ["journal", "quarantine", "-5", "--reason", "x"],
        ["journal", "quarantine", "5"],
        ["journal", "export", "--first", "x"],
        ["backup"],
        ["restore"],
    ],
    ids=" ".join,
)
def test_a_wrong_argument_ends_with_two(
    wrong: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: HOUSE-CLI-2."""
    with pytest.raises(SystemExit) as ended:
        main(wrong)
    assert ended.value.code == USAGE
    assert capsys.readouterr().err.startswith("usage: fullreserve")


def test_a_wrong_setting_ends_with_two_and_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criteria: HOUSE-CLI-2, HOUSE-CONFIG-2."""
    monkeypatch.setenv("FULLRESERVE_HTTP", "nowhere")
    assert main(["version"]) == USAGE
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("fullreserve: FULLRESERVE_HTTP is 'nowhere'; allowed is host:port")
    assert said.err.count("\n") == 1


def test_version_names_package_and_core(capsys: pytest.CaptureFixture[str]) -> None:
    """Criterion: HOUSE-CLI-3."""
    assert main(["version"]) == DONE
    assert capsys.readouterr().out == f"fullreserve {__version__} (core {__version__})\n"


def test_config_shows_what_was_set(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: HOUSE-CONFIG-3."""
    monkeypatch.setenv("FULLRESERVE_DEMO_SEED", "42")
    assert main(["config"]) == DONE
    assert "seed = 42\n" in capsys.readouterr().out


def test_the_installed_command_runs_in_its_own_process() -> None:
    """Criterion: HOUSE-CLI-3."""
    command = Path(sys.executable).parent / "fullreserve"
    done = subprocess.run([command, "version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (DONE, "")
    assert __version__ in done.stdout


@pytest.mark.parametrize(
    ("command", "unbuffered"),
    [(("config",), ""), (("config",), "1"), (("custody", "define-network", "--help"), "")],
)
def test_output_that_nobody_reads_is_no_error(command: tuple[str, ...], unbuffered: str) -> None:
    """Criterion: HOUSE-CLI-5."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "fullreserve.cli", *command],
        env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (UNREAD, b"")


def test_another_broken_pipe_than_the_output_stays_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Criterion: HOUSE-CLI-5."""

    def breaks(*_: object) -> int:
        raise BrokenPipeError

    monkeypatch.setattr("fullreserve.cli._run", breaks)
    reading, writing = os.pipe()
    with os.fdopen(reading), os.fdopen(writing, "w") as out:
        monkeypatch.setattr(sys, "stdout", out)
        with pytest.raises(BrokenPipeError):
            main(["version"])
