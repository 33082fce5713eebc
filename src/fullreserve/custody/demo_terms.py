"""What the log is told of the demo's chains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from fullreserve.custody.networks import FeeBounds, Network
from fullreserve.custody.transfers import transfer
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.wire.commands import amount_bytes, amount_int

LEDGER = 8
FEE_TIMES = 20  # the fixed fee, at most


# OKX has no numbers for networks: ours.
NETWORK, BITCOIN, LITECOIN, MEMO = 1, 2, 3, 4


class Listed(NamedTuple):
    """An asset on a chain. Whole units: `each` lane is given, and cold and warm together."""

    symbol: str
    contract: str  # empty: the chain's own coin
    decimals: int
    each: int
    cold: int
    minimum_deposit: str
    fee: str
    minimum: str
    warm: int = 0
    deep: int = 0  # of people's cold wallet, beside `cold`

    def held(self, tier: str, *, is_old: bool = False) -> int:
        """What a tier's people are given; in old folders `cold` lies in an account of its own."""
        if tier == "warm":
            return self.warm
        return self.deep if is_old else self.cold + self.deep


def terms(
    network: int,
    code: str,
    assets: Sequence[Listed],
    numbers: Mapping[str, int],
    after: tuple[int, int],
    needs_memo: bool = False,
) -> wire.DefineNetwork:
    """A network; `after` are the confirmations to credit and to unlock. The first asset is gas."""
    lines = tuple(
        wire.NetworkAsset(
            numbers[one.symbol],
            one.decimals,
            _ledger(one.minimum_deposit),
            _ledger(one.fee),
            _ledger(one.minimum),
            _ledger(str(one.each)),
            min(one.decimals, LEDGER),
        )
        for one in assets
    )
    return wire.DefineNetwork(network, code, *after, needs_memo, lines[0].asset, lines)


def bounds(assets: Sequence[Listed], numbers: Mapping[str, int]) -> dict[int, FeeBounds]:
    """What fees that the node is asked for keep to: never less than the fixed one."""
    return {
        numbers[one.symbol]: FeeBounds(fee, fee * FEE_TIMES)
        for one in assets
        if (fee := amount_int(_ledger(one.fee)))
    }


def funded(
    network: int, salt: bytes, name: bytes, place: int, asset: int, tier: int, amount: int
) -> wire.Funded:
    """The house's own coins, by a name of their own: saying it again changes nothing."""
    known = transfer(salt, network, name, place)
    return wire.Funded(network, known, asset, tier, amount_bytes(amount))


def _ledger(text: str) -> bytes:
    whole, _, part = text.partition(".")
    return amount_bytes(int(whole + part.ljust(LEDGER, "0")))


# What commands and operators write into the file beside what the demo makes at each start, and
# what they add to it, by asset.
OPERATORS = ("left", "fee_budget", "payment_budget", "sweep_worth")
OF_ASSETS = ("decimals", "tokens", "fees")


def kept(made: Network, before: Network | None) -> Network:
    """A network as this start makes it, with what operators have written since the first."""
    if before is None:
        return made
    theirs = {name: getattr(before, name) for name in OPERATORS}
    both = {name: getattr(before, name) | getattr(made, name) for name in OF_ASSETS}
    return msgspec.structs.replace(made, **theirs, **both)


def with_listed(made: wire.DefineNetwork, before: wire.DefineNetwork | None) -> wire.DefineNetwork:
    """A network's terms as this start makes them, with the assets that operators have listed."""
    ours = {one.asset for one in made.assets}
    listed = before.assets if before is not None else ()
    others = (one for one in listed if one.asset not in ours)
    return msgspec.structs.replace(made, assets=(*made.assets, *others))
