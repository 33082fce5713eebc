"""What holds for every test: nobody's own settings leak in, and chance can be repeated.

Property tests draw a few dozen examples in `make test` and thousands in `make test-all`. None has a
deadline, because a slow machine is no failure.
"""

import os

from hypothesis import HealthCheck, settings

for _name in [name for name in os.environ if name.startswith("FULLRESERVE_")]:
    if _name not in ("FULLRESERVE_LONG", "FULLRESERVE_BED"):
        del os.environ[_name]

# Statements of reserves are one more process: the tests that are about them turn them on.
os.environ["FULLRESERVE_RESERVES_STATEMENTS"] = "off"

settings.register_profile(
    "short", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("long", settings.get_profile("short"), max_examples=2_000)
settings.load_profile("long" if os.environ.get("FULLRESERVE_LONG") == "1" else "short")
