"""A request on its way through a handler: who asks, and the parameters in the query."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from fullreserve.gateway import wire
from fullreserve.gateway.errors import Problem
from fullreserve.identity.caller import Caller

FIELDS_MAX = 100


class Request:
    """A request whose signature and permission were checked.

    It arrived at `in_us` of wall time, `started_ns` of the monotonic clock.
    """

    __slots__ = (
        "_fields",
        "_key",
        "_query",
        "address",
        "answer_headers",
        "body",
        "headers",
        "in_us",
        "is_post",
        "started_ns",
    )

    def __init__(
        self,
        query: bytes,
        body: bytes,
        headers: Mapping[bytes, bytes],
        address: str,
        key: Caller | None,
        in_us: int,
        started_ns: int,
        *,
        is_post: bool = False,
    ) -> None:
        self._query = query
        self._key = key
        self._fields: dict[str, str] | None = None
        self.body = body
        self.headers = headers
        self.address = address
        self.in_us = in_us
        self.started_ns = started_ns
        self.is_post = is_post
        # What a handler adds to the answer's headers: cookies.
        self.answer_headers: list[tuple[bytes, bytes]] = []

    @property
    def is_unproven(self) -> bool:
        """Whether the key's passphrase was never seen by this process; never so for a session."""
        return self._key is not None and not self._key.knows_passphrase()

    @property
    def caller(self) -> int | str:
        """Who is counted: the user, or the address of somebody without a key."""
        return self._key.uid if self._key else self.address

    @property
    def key(self) -> Caller:
        """Whose request it is; only private endpoints may ask."""
        assert self._key is not None
        return self._key

    @property
    def query(self) -> bytes:
        """As it was sent."""
        return self._query

    @property
    def owner(self) -> int:
        return self.key.uid

    def fields(self) -> dict[str, str]:
        """Parameters of the query, or of the body where there is one; `""` for what is absent."""
        if self._fields is None:
            self._fields = wire.texts(self.body) if self.body else _parsed(self._query)
        return self._fields

    def subject(self, name: str) -> str:
        """A parameter that calls are counted by; "" where the request cannot be read."""
        try:
            return self.text(name)
        except Problem:
            return ""

    def text(self, name: str) -> str:
        return self.fields().get(name, "")


def _parsed(query: bytes) -> dict[str, str]:
    if not query:
        return {}
    try:
        pairs = parse_qsl(query.decode("ascii"), max_num_fields=FIELDS_MAX)
    except (UnicodeDecodeError, ValueError):
        raise Problem(51000, "query", f"at most {FIELDS_MAX} percent-encoded fields") from None
    return dict(pairs)
