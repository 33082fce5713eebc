"""Goal: a start does not wait for modules that serving needs only later.

Method: a fresh interpreter imports what `fullreserve demo` starts with and names what came along.
"""

import subprocess
import sys

LATER = {"sqlalchemy", "prometheus_client", "fullreserve.records.schema"}


def test_the_database_and_the_metrics_are_loaded_later() -> None:
    probe = "import sys, fullreserve.app.command, fullreserve.simulation.app; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, check=True, text=True)
    loaded = set(done.stdout.split())
    assert "fullreserve.app.running" in loaded
    assert not LATER & loaded
