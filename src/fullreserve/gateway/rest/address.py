"""Where a request comes from."""

from __future__ import annotations

from collections.abc import Mapping

# Whose word on the caller's address counts.
TRUSTED_PROXY = "127.0.0.1"

Client = tuple[str, int] | None


def address_of(client: Client, headers: Mapping[bytes, bytes]) -> str:
    """The caller's address; that which a proxy on this machine names, where there is one."""
    address = client[0] if client else ""
    if address == TRUSTED_PROXY and b"x-forwarded-for" in headers:
        forwarded = headers[b"x-forwarded-for"].decode("latin-1")
        return forwarded.rpartition(",")[2].strip()
    return address
