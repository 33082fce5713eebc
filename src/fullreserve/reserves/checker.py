"""The stand-alone verifier as a module, for those of our own who have to judge as strangers do."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

# Of the checkout; `worker.put_verifiers` publishes it from there too.
FILE = Path(__file__).resolve().parents[3] / "verifier" / "verify.py"


class NoVerifier(RuntimeError):
    """The verifier is not on this machine."""


def verifier() -> ModuleType:
    """`verify.py`, loaded anew; NoVerifier."""
    spec = importlib.util.spec_from_file_location("fullreserve_verifier", FILE)
    if spec is None or spec.loader is None or not FILE.is_file():
        raise NoVerifier(f"{FILE} is missing: it is part of the repository")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
