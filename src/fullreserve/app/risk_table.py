"""Points, bounds and thresholds of withdrawals' risk score: `custody-risk.toml` in the data folder.

    [points]
    new_address = 15

    [bounds]
    large_usd = 10000

    [thresholds]
    step_up = 60
    delay = 80
    review = 100

What is not said is as `exchange.products.risk_rules` has it. The start tells the log of a table
that it does not have yet.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from fullreserve.exchange.products.risk_rules import RiskTable, is_sound_table

FILE = "custody-risk.toml"


class BadRiskTable(ValueError):
    """The file means nothing; the message says why."""


def load(data: Path) -> RiskTable:
    """That of a data folder; BadRiskTable."""
    path = data / FILE
    try:
        table = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), RiskTable)
    except FileNotFoundError:
        return RiskTable()
    except (OSError, ValueError, msgspec.ValidationError) as bad:
        raise BadRiskTable(f"{path}: {bad}") from None
    if not is_sound_table(table):
        raise BadRiskTable(
            f"{path}: points are 0 to 1000, hours 0 to 720 (of a confirmation or a delay from 1 "
            "on), a share 0 to 10000, and 0 < step_up <= delay <= review"
        )
    return table
