"""Goal: limits refuse what is over them and nothing else. Method: counted by hand."""

from fullreserve.gateway.ws.limits import (
    CONNECT_BURST,
    CONNECTS_PER_S,
    HOUR_MS,
    REQUESTS_MAX,
    Bucket,
    ConnectLimit,
)


def test_480_requests_an_hour() -> None:
    """Criterion: WS-LIMIT-1."""
    bucket = Bucket(REQUESTS_MAX, REQUESTS_MAX, HOUR_MS, 0)
    assert [bucket.take(0) for _ in range(REQUESTS_MAX + 1)].count(True) == REQUESTS_MAX
    assert not bucket.take(HOUR_MS // REQUESTS_MAX - 1)
    assert bucket.take(HOUR_MS // REQUESTS_MAX)
    assert not bucket.take(HOUR_MS // REQUESTS_MAX)


def test_new_connections_by_address() -> None:
    """Criterion: WS-LIMIT-2."""
    limit = ConnectLimit(enabled=True)
    admitted = [limit.admits("203.0.113.7", 0) for _ in range(CONNECT_BURST + 5)]
    assert admitted.count(True) == CONNECT_BURST
    assert limit.admits("203.0.113.8", 0)
    later = [limit.admits("203.0.113.7", 1_000) for _ in range(CONNECTS_PER_S + 5)]
    assert later.count(True) == CONNECTS_PER_S


def test_the_machine_itself_is_not_counted() -> None:
    """Criterion: WS-LIMIT-2."""
    limit = ConnectLimit(enabled=True)
    assert all(limit.admits("127.0.0.1", 0) for _ in range(10 * CONNECT_BURST))
    assert all(limit.admits("::1", 0) for _ in range(10 * CONNECT_BURST))
    off = ConnectLimit(enabled=False)
    assert all(off.admits("203.0.113.7", 0) for _ in range(10 * CONNECT_BURST))
