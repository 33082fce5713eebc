"""The first use of a key in this process: its passphrase is checked with argon2, once."""

from __future__ import annotations

import asyncio
from weakref import WeakValueDictionary

from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.request import Request


class Proving:
    """Checks passphrases aside of the loop, one at a time for each key.

    A bot opens many connections at once: the others wait for the first check, and are compared
    with what it found, instead of each taking tens of milliseconds of all cores.
    """

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def check(self, request: Request) -> None:
        """Problem 50105 when the passphrase is not the key's."""
        given = request.headers[b"ok-access-passphrase"]
        key = request.key
        lock = self._locks.get(key.name)
        if lock is None:
            lock = self._locks[key.name] = asyncio.Lock()
        async with lock:
            if key.knows_passphrase():
                right = key.passphrase_matches(given)
            else:
                right = await asyncio.to_thread(key.passphrase_matches, given)
        if not right:
            raise Problem(50105)
