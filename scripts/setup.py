"""Set the repository up: tools, environment, packages, the compiled core.

Needs nothing but Python 3.11 or later. Each step says what it does and how long it took; when
nothing changed since the last run, no step runs. What it makes stays inside the repository:
`.setup/` (uv and the stamp), `.venv/` and `target/`.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
UV_HOME = ROOT / ".setup" / "uv"
STAMP = ROOT / ".setup" / "stamp.json"
PYTHON_MIN = (3, 11)
RUST_MIN = (1, 95)
SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")

LEVELS = {
    "run": ("run", "build"),
    "test": ("run", "build", "test"),
    "bench": ("run", "build", "test", "bench"),
}

BUILD_INPUTS = (
    "pyproject.toml",
    "Cargo.toml",
    "Cargo.lock",
    "crates/*/src/**/*.rs",
    "crates/*/Cargo.toml",
)


class SetupError(Exception):
    """Something a person has to mend; the message says what and how."""


@contextmanager
def step(text: str) -> Iterator[None]:
    """Say what starts, and how long it took when it ends."""
    print(f"  {text} …", flush=True)
    started = time.monotonic()
    yield
    print(f"  {text}: {time.monotonic() - started:.1f} s", flush=True)


def call(*command: str | Path, **environment: str) -> None:
    """Run a command quietly; on failure show everything it said."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        print(done.stdout, file=sys.stderr)
        raise SetupError(f"'{' '.join(map(str, command))}' failed with code {done.returncode}.")


def apt_install(*packages: str) -> None:
    """Install Debian packages when this process may; otherwise say how to."""
    wanted = " ".join(packages)
    if not (shutil.which("apt-get") and os.geteuid() == 0):
        raise SetupError(f"Missing: {wanted}. Install with: sudo apt-get install {wanted}")
    with step(f"installing Debian packages: {wanted}"):
        call("apt-get", "update", "-qq")
        call("apt-get", "install", "-y", "-qq", *packages, DEBIAN_FRONTEND="noninteractive")


def has_module(name: str) -> bool:
    """Tell whether this Python can run `-m name`."""
    probe = [sys.executable, "-c", f"import {name}"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def check_rust() -> None:
    """Make sure that a new enough cargo and a linker are there."""
    if not shutil.which("cc"):
        apt_install("gcc", "libc6-dev")
    cargo_home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    cargo = shutil.which("cargo") or shutil.which("cargo", path=str(cargo_home / "bin"))
    needed = ".".join(map(str, RUST_MIN))
    how = (
        f"Rust {needed} or later is needed; Debian 12 packages an older one. "
        "Install it with rustup, see https://www.rust-lang.org/tools/install"
    )
    if cargo is None:
        raise SetupError(f"cargo was not found. {how}")
    os.environ["PATH"] = f"{Path(cargo).parent}{os.pathsep}{os.environ['PATH']}"
    words = subprocess.run([cargo, "--version"], capture_output=True, text=True, check=True).stdout
    version = words.split()[1]
    if tuple(int(part) for part in version.split(".")[:2]) < RUST_MIN:
        raise SetupError(f"cargo {version} at {cargo} is too old. {how}")


def ensure_uv() -> Path:
    """Return uv: the one pinned by the repository, installed into `.setup/uv` when missing."""
    private = UV_HOME / "bin" / "uv"
    if not private.exists():
        if not has_module("pip"):
            apt_install("python3-pip")
        with step("installing uv"):
            requirements = ROOT / "requirements" / "uv.txt"
            call(
                *(sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes"),
                *("--disable-pip-version-check", "--root-user-action=ignore"),
                *("--target", UV_HOME, "-r", requirements),
            )
    return private


def digest(patterns: tuple[str, ...]) -> str:
    """Hash the names and contents of the files that the patterns match."""
    total = hashlib.sha256()
    for path in sorted(path for pattern in patterns for path in ROOT.glob(pattern)):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{path.relative_to(ROOT)} {content}\n".encode())
    return total.hexdigest()


def read_stamp() -> dict[str, str]:
    """Return what the last run left: a digest for each requirement file and the build."""
    usable = STAMP.exists() and (VENV / "bin" / "python").exists()
    stamp: dict[str, str] = json.loads(STAMP.read_text()) if usable else {}
    return stamp if stamp.get("root") == str(ROOT) else {}


def write_stamp(stamp: dict[str, str]) -> None:
    """Replace the stamp in one step, so that an interrupted run leaves no half of one."""
    fresh = STAMP.with_suffix(".new")
    fresh.write_text(json.dumps(stamp, indent=1))
    fresh.replace(STAMP)


def install_packages(uv: Path, names: list[str]) -> None:
    """Make the environment hold exactly what the named requirement files pin."""
    files = [f"requirements/{name}.txt" for name in names]
    if not (VENV / "bin" / "python").exists():
        with step(f"creating .venv with Python {sys.version.split()[0]}"):
            call(uv, "venv", "--quiet", "--clear", "--python", sys.executable, VENV)
    with step(f"installing pinned packages: {', '.join(names)}"):
        call(uv, "pip", "sync", "--quiet", "--require-hashes", "--python", VENV, *files)


def build_package(uv: Path) -> None:
    """Compile the core for release and install the package in place."""
    with step("compiling the core (Rust, release)"):
        call(
            *(uv, "pip", "install", "--quiet", "--python", VENV, "--no-deps"),
            *("--no-build-isolation", "--reinstall-package", "fullreserve", "--editable", "."),
            # maturin and a plain `cargo build` in one folder rebuild PyO3 in turns.
            CARGO_TARGET_DIR=str(ROOT / "target" / "extension"),
            VIRTUAL_ENV=str(VENV),
            PATH=f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}",
        )


def compile_modules() -> None:
    """Keep what the exchange imports as bytecode, also where Python is told to write none."""
    modules = "simulation.app", "simulation.market", "records.follower", "records.history"
    imports = "; ".join(f"import fullreserve.{module}" for module in modules)
    with step("compiling the Python modules"):
        call(VENV / "bin" / "python", "-c", imports, PYTHONDONTWRITEBYTECODE="")


def set_up(level: str) -> None:
    """Bring the repository to a level: `run`, `test` or `bench`."""
    stamp = read_stamp()
    # A lower level after a higher one keeps what the higher one installed.
    names = [name for name in LEVELS["bench"] if name in LEVELS[level] or name in stamp]
    wanted = {name: digest((f"requirements/{name}.txt",)) for name in names}
    built = digest(BUILD_INPUTS)
    packages_fresh = all(stamp.get(name) == value for name, value in wanted.items())
    if packages_fresh and stamp.get("build_inputs") == built:
        return
    started = time.monotonic()
    print("Setting up:", flush=True)
    check_rust()
    os.environ["UV_PYTHON_DOWNLOADS"] = "never"
    if SYSTEM_CERTIFICATES.exists():
        # Trust what pip and cargo trust, also behind a proxy with a certificate of its own.
        os.environ.setdefault("UV_SYSTEM_CERTS", "true")
    uv = ensure_uv()
    if not packages_fresh:
        STAMP.unlink(missing_ok=True)
        install_packages(uv, names)
    build_package(uv)
    compile_modules()
    write_stamp({"root": str(ROOT), "build_inputs": built, **wanted})
    print(f"Set up in {time.monotonic() - started:.1f} s.", flush=True)


def main() -> int:
    """Return 0 when everything is in place, 1 when a person has to mend something."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("level", choices=list(LEVELS), nargs="?", default="run")
    if sys.version_info < PYTHON_MIN:
        print(f"Python {sys.version.split()[0]} is too old; 3.11 or later is needed.")
        return 1
    try:
        set_up(parser.parse_args().level)
    except SetupError as problem:
        print(f"Set-up stopped: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
