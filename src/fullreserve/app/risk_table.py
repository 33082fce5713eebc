"""Points, bounds and thresholds of withdrawals' risk score: `custody-risk.toml` in the data folder.

    [points]
    new_address = 15

    [bounds]
    large_usd = 10000

    [thresholds]
    step_up = 60
    delay = 80
    review = 100

What is not said is as `exchange.products.risk_rules` has it. The first start with chains tells the
log of it; from then on the log's table holds, which several operators change, and the file changes
nothing: a start says in which values it differs.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from fullreserve.exchange.products.risk_rules import ALLOWED, RiskTable, is_sound_table

FILE = "custody-risk.toml"


class BadRiskTable(ValueError):
    """The file means nothing; the message says why."""


def load(data: Path) -> RiskTable | None:
    """That of a data folder, None without a file; BadRiskTable."""
    path = data / FILE
    try:
        table = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), RiskTable)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, msgspec.ValidationError) as bad:
        raise BadRiskTable(f"{path}: {bad}") from None
    if not is_sound_table(table):
        raise BadRiskTable(f"{path}: {ALLOWED}")
    return table


def differences(file: RiskTable, log: RiskTable) -> list[str]:
    """The values in which they differ, as `group.name: file, log`."""
    groups = msgspec.to_builtins(log)
    return [
        f"{group}.{name}: {value} in the file, {groups[group][name]} in the log"
        for group, values in msgspec.to_builtins(file).items()
        for name, value in values.items()
        if value != groups[group][name]
    ]
