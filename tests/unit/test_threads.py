"""Goal: who hands work to a pool does not wait for a thread to begin."""

from __future__ import annotations

import threading

from fullreserve.threads import begun_threads


def test_no_thread_of_a_pool_is_still_to_begin() -> None:
    """Criterion: HOUSE-CHILD-3. All of them at work together."""
    pool = begun_threads(3, "some")
    begun = threading.active_count()
    busy = threading.Barrier(4)
    for _ in range(3):
        pool.submit(busy.wait)
    busy.wait()
    assert threading.active_count() == begun
    assert sum(one.name.startswith("some") for one in threading.enumerate()) == 3
    pool.shutdown()
