"""The repository's own files, as git would commit them."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@cache
def own_files() -> tuple[Path, ...]:
    """Return every file that is tracked, or would be with the next `git add`."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    paths = (ROOT / name for name in listed if name)
    return tuple(sorted(path for path in paths if path.is_file()))


def with_suffix(*suffixes: str, under: str = ".") -> list[Path]:
    """Return the own files with one of the suffixes, in and below a folder."""
    top = (ROOT / under).resolve()
    return [path for path in own_files() if path.suffix in suffixes and path.is_relative_to(top)]


def name(path: Path) -> str:
    """Return a file's path inside the repository."""
    return str(path.relative_to(ROOT))


def lines(path: Path) -> list[str]:
    """Return a text file's lines."""
    return path.read_text(encoding="utf-8").splitlines()
