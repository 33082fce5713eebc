"""Our guard of a Safe: `nodes/contracts/PolicyGuard.sol` says what it lets through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from fullreserve.custody import contracts
from fullreserve.custody.tiers import abi

COIN = bytes(20)  # the chain's own, among the limits


class Rules(msgspec.Struct, array_like=True, frozen=True):
    """What a guard begins with; `limits` by token, or `COIN`, are amounts in any 24 hours."""

    delay_s: int  # until an announcement that loosens holds
    threshold: int  # the least
    spare: int  # owners that may always be missing
    destinations: tuple[bytes, ...]
    limits: Mapping[bytes, int]


def creation(safe: bytes, rules: Rules) -> bytes:
    """The data of the transaction that creates it."""
    amounts: Sequence[int] = list(rules.limits.values())
    arguments = abi.encoded(
        safe, rules.delay_s, rules.threshold, rules.spare, list(rules.destinations),
        list(rules.limits), amounts,
    )  # fmt: skip
    return contracts.creation("PolicyGuard") + arguments


def installs(guard: bytes) -> bytes:
    """The Safe's call to itself that puts it in force."""
    return abi.call("setGuard(address)", guard)


def announces(destination: bytes) -> bytes:
    """The Safe's call to the guard: allowed once the delay is over."""
    return abi.call("announceDestination(address)", destination)


def removes(destination: bytes) -> bytes:
    """At once."""
    return abi.call("removeDestination(address)", destination)


def limits(asset: bytes, amount: int) -> bytes:
    """Less at once, more after the delay."""
    return abi.call("setLimit(address,uint256)", asset, amount)


def succeeds(guard: bytes) -> bytes:
    """Announces another guard in this one's place."""
    return abi.call("announceGuard(address)", guard)
