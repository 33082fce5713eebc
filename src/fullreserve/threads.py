"""Pools of threads that have begun before anybody waits for them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier


def begun_threads(count: int, name: str) -> ThreadPoolExecutor:
    """A pool, all its threads at work.

    A pool's own way begins one when it is handed work and all others are busy, and who hands it
    over waits until the new one has had a processor: a loop would stand still meanwhile.
    """
    pool, begun = ThreadPoolExecutor(count, name), Barrier(count + 1)
    for _ in range(count):
        pool.submit(begun.wait)
    begun.wait()
    return pool
