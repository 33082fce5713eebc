"""200 subscribers of `books` and 20 of the best bid and offer, under a load of orders.

Every other request changes the best bid, as often as one client can that waits for each answer;
`bbo-tbt` tells it each 10 ms at most, `books` each 100.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.processes import LOADGEN, MAKER, ROOT, build_loadgen, exchange, loadgen

SECONDS = 8
RANGE = ("--price-from", "10000", "--prices", "300", "--moves-best")


def measure() -> Iterator[Figure]:
    build_loadgen()
    with tempfile.TemporaryDirectory(dir=".") as name, exchange(Path(name).absolute()) as served:
        load = [str(LOADGEN / "target" / "release" / "loadgen"), "ws", *RANGE]
        load += ["--seconds", str(SECONDS + 2), "--connections", "1", "--in-flight", "1"]
        load += ["--url", f"ws://{served.ws}/ws/v5/private"]
        load += ["--keys", served.keys, "--account", str(MAKER)]
        with subprocess.Popen(load, cwd=ROOT, stdout=subprocess.PIPE) as loading:
            seen = loadgen(
                *("fanout", "--url", f"ws://{served.ws}/ws/v5/public", "--symbol", "BTC-USDT"),
                *("--seconds", str(SECONDS), "--channel", "books", "--subscribers", "200"),
                *("--second-channel", "bbo-tbt", "--second-subscribers", "20"),
            )
            done = json.loads(loading.communicate()[0])
        if set(done["codes"]) != {"0"}:
            raise RuntimeError(f"the load was refused: {done['codes']}")
        changes = done["per_second"] / 2
        for channel, one in seen.items():
            yield Figure(
                f"fan-out of {channel} to {one['subscribers']} subscribers: p99 age on arrival",
                one["p99_ms"],
                "ms",
                f"p50 {one['p50_ms']} ms",
                None,
                "< 20 ms, no gap",
                "",
                f"{one['pushes']:,} pushes, {one['gaps']} gaps; {changes:.0f} changes of the best "
                "price a second",
            )
