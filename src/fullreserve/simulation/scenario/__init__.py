"""Incidents of the past, played on a whole exchange: its market, its chains, its signers."""

from __future__ import annotations

from pathlib import Path

from fullreserve.config import Settings


def scenario(settings: Settings, name: str, users: int = 1_000, report: Path | None = None) -> int:
    """Plays a scenario in a data folder of its own; 0 when everything ended as it has to."""
    from fullreserve.simulation.scenario import october_2020

    assert name == "october-2020"
    return october_2020.play(settings, users, report or Path("october-2020.html"))
