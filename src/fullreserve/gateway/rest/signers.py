"""Callers whose signatures compiled code checks: keys that came the full way once.

It only ever says yes. What it does not find right at once, a wrong signature as much as an unusual
form, goes the full way (`gateway.auth`), which has the words for what is wrong.
"""

from __future__ import annotations

from fullreserve.exchange.order_requests import PlainOrders, SignedRequests
from fullreserve.gateway.context import Context
from fullreserve.gateway.rest.address import FORWARDED, Client
from fullreserve.identity.api_key import ApiKey
from fullreserve.identity.caller import Caller

# Command, instrument, client order id, tag.
PlainOrder = tuple[bytes, int, bytes, bytes]


class Signers:
    """Keys that were proven by a request, until anything changes in the vault."""

    def __init__(self, context: Context) -> None:
        self._vault = context.vault
        self._context = context
        self._store = context.vault.store
        self._requests = SignedRequests(context.began_ms)
        self._names: set[str] = set()
        self._seen = -1

    def learn(self, caller: Caller) -> None:
        """Takes the next requests of a caller that was found in order."""
        if caller.name in self._names or not isinstance(caller, ApiKey):
            return
        self._look()
        credentials = caller.credentials()
        if credentials is None or not self._vault.is_current(caller):
            return
        self._names.add(caller.name)
        self._requests.learn(caller.name.encode(), *credentials, caller.uid, caller)

    def order(
        self, data: bytes, path: bytes, now_ms: int, plain: PlainOrders, number: int
    ) -> tuple[ApiKey, bytes | None, bytes, PlainOrder] | None:
        """The one order of a signed request: caller, proxy's word, signature, order."""
        self._look()
        return self._requests.order(data, path, now_ms, plain, number)

    def read(self, data: bytes, now_ms: int) -> tuple[ApiKey, bytes | None, bytes, bytes] | None:
        """A signed GET: caller, proxy's word, path, query."""
        self._look()
        return self._requests.read(data, now_ms)

    def admits(
        self, key: ApiKey, permission: int, client: Client, forwarded: bytes | None, now_ms: int
    ) -> bool:
        """Whether the key may do this from there now; what it says no to goes the full way."""
        if forwarded is not None or client is None:
            address = self._context.proxies.caller(
                client, {FORWARDED: forwarded} if forwarded else {}
            )
        else:
            address = client[0]
        if (
            not key.permissions & permission
            or not key.allows_address(address)
            or self._vault.is_expired(key, now_ms)
        ):
            return False
        key.used_ms = now_ms
        return True

    def _look(self) -> None:
        """Forgets everybody when the vault has changed."""
        count = self._store.count
        if count != self._seen:
            self._seen = count
            self._names.clear()
            self._requests.forget()
