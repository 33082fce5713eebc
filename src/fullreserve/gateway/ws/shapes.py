"""What a channel takes: its path, whether it needs a login, and the arguments it knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from fullreserve.exchange.catalog import Catalog

Arg = Mapping[str, str]

PUBLIC, PRIVATE, BUSINESS = "public", "private", "business"
PATHS = tuple(f"/ws/v5/{name}" for name in (PUBLIC, PRIVATE, BUSINESS))
DERIVATIVES = ("MARGIN", "SWAP", "FUTURES", "OPTION")
LISTED = ("SPOT", *DERIVATIVES, "EVENTS")
ANY = "ANY"


class Shape(NamedTuple):
    """A channel's path and arguments."""

    path: str
    login: bool = False
    # What `instType` may be; none where it is not an argument.
    types: tuple[str, ...] = ()
    # Arguments that narrow the channel. Families, spreads and algos named in one do not exist.
    names: tuple[str, ...] = ()
    needs_name: bool = False
    # Whether an instrument of spot trading may be named.
    spot: bool = False

    @property
    def arguments(self) -> tuple[str, ...]:
        """All of them, in the order in which pushes repeat them."""
        return (("instType",) if self.types else ()) + self.names

    def accepts(self, catalog: Catalog, arg: Arg) -> bool:
        """Whether an argument names only what there is."""
        kind = arg.get("instType", "") if self.types else ""
        if self.types and kind not in self.types:
            return False
        given = [name for name in self.names if arg.get(name)]
        if not given:
            return not self.needs_name
        return all(self._exists(catalog, name, arg[name], kind) for name in given)

    def _exists(self, catalog: Catalog, name: str, value: str, kind: str) -> bool:
        if name == "ccy":
            return value in catalog.asset_named
        is_spot = self.spot and name == "instId" and kind in ("", "SPOT", ANY)
        return is_spot and value in catalog.instrument_named
