"""Whether a chain's configuration needs somebody: what signs on it must bear the loss of any one.

And whether one alone can use it.

Looked at as the exchange starts. A chain without signers pays nothing and needs nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from fullreserve.custody.holders import Online
from fullreserve.custody.keys.tls import SCHEME, Endpoint
from fullreserve.custody.networks import BadNetworks, Branch, Network

SIGNATURES_MIN = 2  # of a chain of scripts: nobody moves its coins alone
LANES_MIN = 3  # of a chain of accounts: losing one is bounded and stops nothing


def check(networks: Sequence[Network], online: Sequence[Online]) -> None:
    """BadNetworks with every rule that is broken, and where."""
    said = [f"network {one.network}: {fault}" for one in networks for fault in faults(one)]
    said += [f"quorum {one.quorum}: {fault}" for one in online for fault in shared(one)]
    if said:
        raise BadNetworks("; ".join(said))


def faults(network: Network) -> Iterator[str]:
    """Why a chain's signers may not be as they are, in words; none when they may."""
    signers = len({_named(one) for one in network.signers})
    if not signers:
        return
    if signers < len(network.signers):
        yield "a signer stands twice"
    yield from _later(network)
    if network.is_script:
        m = network.threshold
        if m < SIGNATURES_MIN:
            yield f"{m} of its keys moves its coins: at least {SIGNATURES_MIN} have to sign"
        for branches in (network.branches, *(one.branches for one in network.later)):
            yield from _of_branches(m, branches)
        if signers <= m:
            yield f"{signers} signers for {m} signatures: one more than it takes, so {m + 1}"
        return
    if signers < 2:
        yield "one signer alone holds its lanes: each lane's key is held by two"
    for name, account in (("cold", network.cold), ("warm", network.warm)):
        if account and bare(account) in map(bare, network.lanes):
            yield f"its {name} account is one of its lanes, which signers pay from"
    lanes = dict.fromkeys(map(bare, network.lanes))
    if len(lanes) < LANES_MIN:
        yield f"{len(lanes)} lanes: at least {LANES_MIN}"
    if lanes.keys() & set(map(bare, network.left)):
        yield "a lane that was left is one of its lanes"


def _named(signer: str) -> str:
    """Who a signer is: over TLS its name, wherever it listens."""
    return Endpoint.read(signer).name if signer.startswith(SCHEME) else signer


def bare(account: str) -> str:
    """As the file of networks has an account."""
    return account.lower().removeprefix("0x")


def _of_branches(m: int, branches: Sequence[Branch]) -> Iterator[str]:
    keys = len({one.key.lower() for one in branches})
    if keys < len(branches):
        yield "a key stands twice among its branches: who holds it has two shares"
    if keys <= m:
        yield f"{m}-of-{keys} keys: the loss of one must be borne, so {m}-of-{m + 1}"


def _later(network: Network) -> Iterator[str]:
    """Of generations, oldest first: who has not begun stands behind the others."""
    if not network.later:
        return
    starts = [one.start for one in network.later]
    begun = [one for one in starts if one]
    if starts != sorted(begun) + [0] * (len(starts) - len(begun)) or min(starts) < 0:
        yield f"generations begin at {starts}: none may begin below the one before it"
    if network.needs_memo:
        yield "its users share one address: no branch can follow its own"
    if not network.is_script and any(len(one.branches) != 1 for one in network.later):
        yield "a generation of users' accounts is one branch"


def shared(one: Online) -> Iterator[str]:
    """What holders of a quorum have together, that each has to have for himself."""
    for name in ("person", "signer", "key"):
        counts = Counter(getattr(each, name) for each in one.holders)
        for value, shares in counts.items():
            if shares > 1:
                yield f"{name} {value} has {shares} shares; allowed is one"
