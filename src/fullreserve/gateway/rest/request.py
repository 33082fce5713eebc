"""A request on its way through a handler: who asks, and the parameters in the query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl

from fullreserve.gateway import ids, wire
from fullreserve.gateway.errors import Problem
from fullreserve.identity.caller import Caller

FIELDS_MAX = 100
LIST_MAX = 20


class PageBounds(NamedTuple):
    """`after` and `before` as the core's numbers (0: none), `limit` within its bounds."""

    after: int
    before: int
    limit: int


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
    def key(self) -> Caller:
        """Whose request it is; only private endpoints may ask."""
        assert self._key is not None
        return self._key

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

    def required(self, name: str) -> str:
        """Problem 50014 when it is absent."""
        value = self.text(name)
        if not value:
            raise Problem(50014, name=name)
        return value

    def choice(self, name: str, allowed: Sequence[str], default: str = "") -> str:
        """One of a few words; Problem 51000."""
        value = self.text(name) or default
        if value and value not in allowed:
            raise Problem(51000, name, ", ".join(allowed))
        return value

    def number(self, name: str, default: int = 0, most: int = 2**63 - 1) -> int:
        """A whole number from 0; Problem 51000."""
        text = self.text(name)
        if not text:
            return default
        if not (text.isascii() and text.isdigit()) or len(text) > 19 or int(text) > most:
            raise Problem(51000, name, f"a whole number from 0 to {most}")
        return int(text)

    def limit(self, default: int = 100, most: int = 100) -> int:
        """The page size: `limit`, at most `most`; more is cut down to it."""
        asked = self.number("limit", default)
        if asked == 0:
            raise Problem(51000, "limit", f"a whole number from 1 to {most}")
        return min(asked, most)

    def names(self, name: str) -> list[str]:
        """A comma list of at most 20; Problem 50025."""
        text = self.text(name)
        values = [value.strip() for value in text.split(",")] if text else []
        if len(values) > LIST_MAX:
            raise Problem(50025, name, str(LIST_MAX))
        return values

    def order_page(self) -> PageBounds:
        """Bounds by order id."""
        after, before = (self._order_bound(name) for name in ("after", "before"))
        return PageBounds(after, before, self.limit())

    def _order_bound(self, name: str) -> int:
        text = self.text(name)
        if text and not (text.isascii() and text.isdigit()):
            raise Problem(51000, name, "an order id")
        return ids.number(text)

    def time_page(self, default: int, most: int) -> PageBounds:
        """Bounds by time in ms."""
        return PageBounds(self.number("after"), self.number("before"), self.limit(default, most))


def _parsed(query: bytes) -> dict[str, str]:
    if not query:
        return {}
    try:
        pairs = parse_qsl(query.decode("ascii"), max_num_fields=FIELDS_MAX)
    except (UnicodeDecodeError, ValueError):
        raise Problem(51000, "query", f"at most {FIELDS_MAX} percent-encoded fields") from None
    return dict(pairs)
