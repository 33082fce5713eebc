"""Starts the exchange that is measured as `fullreserve up` starts one, with its settings.

`python -m benchmarks.server`; see `measured`.
"""

from __future__ import annotations

import sys

from fullreserve import collector
from fullreserve.cli.in_room import InRoom
from fullreserve.config import Settings

if __name__ == "__main__":
    # Tests install it, no exchange does, and structlog loads it where it is.
    sys.modules["rich"] = None  # type: ignore[assignment] # None refuses an import
    collector.look_seldom()
    sys.exit(InRoom("benchmarks.measured:serve").resolve()(Settings.load()))
