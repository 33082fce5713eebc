"""Runs a module as a child that ends with its parent: `python -m fullreserve.app.child MODULE`.

A parent that is killed cannot end its children; Linux does it for them.
"""

from __future__ import annotations

import ctypes
import os
import runpy
import signal
import sys

from fullreserve import collector

# https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html
_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Ties this process to its parent, then becomes the module."""
    parent, module = int(sys.argv[1]), sys.argv[2]
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        return  # it died before it could be asked to tell
    sys.argv = sys.argv[2:]
    collector.look_seldom()
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except Exception as problem:  # noqa: BLE001 - whatever it is, operators have to know
        tell(module, problem)
        sys.exit(1)


def tell(module: str, problem: Exception) -> None:
    """Why a child ends, where nobody expected it: in the log, without what it worked on."""
    import structlog

    from fullreserve.faults import frames_of, kind_of, leaves

    log = structlog.get_logger(__name__)
    for one in leaves(problem):
        kind = kind_of(one)
        log.error("child fails", module=module, problem=kind, frames=frames_of(one))


if __name__ == "__main__":
    main()
