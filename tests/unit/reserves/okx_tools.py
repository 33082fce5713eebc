"""OKX's own validators, built from the source that their users would get; nothing of it is ours."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

MODULE = "github.com/okx/proof-of-reserves"
# A checkout of the module, for machines whose module proxy does not have it.
SOURCE = "OKX_PROOF_OF_RESERVES"


def built(name: str, folder: Path) -> Path:
    """`merklevalidator`, `verifyaddress` or `checkbalance`; the test is skipped without it."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("Go is not installed")
    source = os.environ.get(SOURCE)
    what = f"./cmd/{name}" if source else f"{MODULE}/cmd/{name}@latest"
    done = subprocess.run(
        [go, "install", "-buildvcs=false", what],
        env={**os.environ, "GOBIN": str(folder), "GOFLAGS": "-mod=mod"},
        cwd=source, capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"OKX's {name} cannot be built here: {done.stderr.strip()[-200:]}")
    return folder / name


def judged(program: Path, folder: Path, **options: object) -> str:
    """What a validator says, by its options' names; it writes its logs into a folder."""
    given = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    done = subprocess.run(
        [str(program), *given],
        cwd=folder, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    return done.stdout + done.stderr
