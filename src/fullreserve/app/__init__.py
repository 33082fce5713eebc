"""Wiring: how the rooms become one running exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fullreserve.config import Settings


def up(settings: Settings) -> int:
    """Run the exchange until SIGINT or SIGTERM; 0 after a clean stop."""
    # Child processes come through this package too; they must not import the whole exchange.
    from fullreserve.app.command import run
    from fullreserve.app.running import Plain

    return run(settings, Plain())
