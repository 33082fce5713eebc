"""Where a request comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from ipaddress import ip_address, ip_network

FORWARDED = b"x-forwarded-for"
# Addresses that were looked at are remembered, so that a request does not parse its own.
KNOWN_MAX = 4096

Client = tuple[str, int] | None


def by_name(fields: Sequence[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Header fields by their names in small letters.

    Several lines of what proxies say are one list, in their order (RFC 9110, 5.3); of any other
    field the last line counts.
    """
    headers = dict(fields)
    if FORWARDED in headers:
        headers[FORWARDED] = b",".join(text for name, text in fields if name == FORWARDED)
    return headers


class Proxies:
    """Whose word on the caller's address counts: addresses and networks, separated by commas."""

    def __init__(self, trusted: str = "") -> None:
        networks = tuple(ip_network(one.strip()) for one in trusted.split(",") if one.strip())
        self._any = bool(networks)

        @lru_cache(KNOWN_MAX)
        def trusts(text: str) -> bool:
            try:
                address = ip_address(text)
            except ValueError:
                return False
            # A socket of both families shows callers of IPv4 inside IPv6.
            mapped = getattr(address, "ipv4_mapped", None)
            return any((mapped or address) in network for network in networks)

        self._trusts = trusts

    def caller(self, client: Client, headers: Mapping[bytes, bytes]) -> str:
        """The caller's address; a trusted proxy's word on it, where one stands before him.

        Each proxy adds whom it heard from behind what it was told, so the list is read from its end
        for as long as those who speak are trusted.
        """
        address = client[0] if client else ""
        if not self._any or FORWARDED not in headers:
            return address
        told = headers[FORWARDED].decode("latin-1").split(",")
        while told and self._trusts(address):
            further = told.pop().strip()
            if not _is_address(further):
                break
            address = further
        return address


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
