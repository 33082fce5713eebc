"""Record what the compiled code mostly does, for the compiler: `make profile`.

Builds the core and the extension with counters, lets them run a seeded stream of commands and the
load of the benchmarks, and writes how often each branch was taken to `crates/usual-load.profdata`.
Every release build reads it (see `release_flags` in `setup.py`): it decides what is inlined and
what stands together, never what is computed. Functions that have changed since are compiled as
without it, so that it is recorded anew when the order path has changed much (decision 0021).

Needs `llvm-profdata` of the compiler's LLVM or a later one (`rustup component add llvm-tools`, or
Debian's `llvm-22`), in the compiler's own folder, on the path, or as `LLVM_PROFDATA`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.setup import (
    PROFILE,
    ROOT,
    VENV,
    SetupError,
    build_package,
    call,
    ensure_uv,
    set_up,
    step,
)

# Not the stream that the benchmark measures.
SEED = "20201016"
# Its name is a flag of the compiler's: another one each time would compile everything anew.
RAW = ROOT / "target" / "profile" / "counters"
LOADS = ("orders", "reads", "fanout", "records")


def main() -> None:
    """Record the load, and build with it."""
    try:
        merge = find_merger()
        set_up("bench")
        run_core(RAW / "core")
        run_exchange(RAW / "exchange")
        with step("merging"):
            call(merge, "merge", "--sparse", "-o", PROFILE, *sorted(RAW.glob("*/*.profraw")))
        build_package(ensure_uv())
    except SetupError as error:
        sys.exit(str(error))
    print(f"{PROFILE.relative_to(ROOT)}: {PROFILE.stat().st_size} bytes.")


def find_merger() -> str:
    """Return an `llvm-profdata` that reads what the compiler's counters write."""
    libraries = subprocess.run(
        ["rustc", "--print", "target-libdir"], capture_output=True, text=True, check=True
    ).stdout.strip()
    needed = major("rustc", "--version", "--verbose")
    own = str(Path(libraries).parent / "bin" / "llvm-profdata")
    found = (os.environ.get("LLVM_PROFDATA"), own, f"llvm-profdata-{needed}", "llvm-profdata")
    for name in filter(None, found):
        path = shutil.which(name)
        if path and major(path, "--version") >= needed:
            return path
    raise SetupError(
        f"llvm-profdata of LLVM {needed} or later was not found. Install it with "
        f"'rustup component add llvm-tools' or as Debian's llvm-{needed}, or name it in "
        "LLVM_PROFDATA."
    )


def major(*command: str) -> int:
    """Return the version of LLVM that a tool names."""
    words = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"LLVM version:? (\d+)", words)
    return int(found[1]) if found else 0


def run_core(raw: Path) -> None:
    """Count in the core's own stream; built apart, as counters slow everything down."""
    core = ("--release", "--quiet", "--locked", "-p", "fullreserve-core", "--example", "bench_core")
    counted = {
        "CARGO_TARGET_DIR": str(ROOT / "target" / "profile"),
        "CARGO_ENCODED_RUSTFLAGS": f"-Cprofile-generate={raw}",
    }
    with step("compiling the core's stream of commands, with counters"):
        call("cargo", "build", *core, **counted)
        forget_build(raw)
    with step("the core's stream of commands"):
        call("cargo", "run", *core, "--", "--seed", SEED, **counted)


def run_exchange(raw: Path) -> None:
    """Count in the exchange's processes under the load of the benchmarks."""
    build_package(ensure_uv(), f"-Cprofile-generate={raw}")
    forget_build(raw)
    for load in LOADS:
        with step(f"the load of the benchmark '{load}'"):
            call(VENV / "bin" / "python", "-m", "benchmarks", load)


def forget_build(raw: Path) -> None:
    """Remove what the compiler's own helpers counted, which are built with counters as well."""
    for path in raw.glob("*.profraw"):
        path.unlink()


if __name__ == "__main__":
    main()
