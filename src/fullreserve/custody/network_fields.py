"""What fields of a network in `custody.json` can be, each by its name and with what is allowed.

Looked at as the exchange starts, and by the commands that tell it of a network. What is of one
family alone its class says (`Family.faults`); how many signers and keys there have to be is
`spare`'s.
"""

from __future__ import annotations

import re
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from coincurve import PublicKey

from fullreserve.custody.chains.following import KEPT
from fullreserve.custody.keys.tls import SCHEME, Endpoint
from fullreserve.custody.networks import FILE, BadNetworks, Branch, Network

NUMBER_MAX = (1 << 32) - 1
DECIMALS_MAX = 30
CODE_MAX = 32
PORT_MAX = 65_535
CODE = re.compile(r"[A-Za-z0-9]+(?:[ .-][A-Za-z0-9]+)*")
_KEY = re.compile(r"0[23][0-9a-fA-F]{64}")
_CHAIN_CODE = re.compile(r"[0-9a-fA-F]{64}")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def check(data: Path, networks: Sequence[Network]) -> None:
    """BadNetworks with all that cannot be, and where."""
    check_mode(data)
    said = [
        f"network {one.network} in {FILE}: {fault}" for one in networks for fault in faults(one)
    ]
    for name in ("network", "code"):
        counts = Counter(value for one in networks if (value := getattr(one, name)))
        said += [
            f"{name} {value} stands {times} times in {FILE}"
            for value, times in counts.items()
            if times > 1
        ]
    if said:
        raise BadNetworks("; ".join(said))


def check_mode(data: Path) -> None:
    """BadNetworks where others than its owner may read the file or write it."""
    try:
        mode = stat.S_IMODE((data / FILE).stat().st_mode)
    except FileNotFoundError:
        return
    if mode & _OTHERS:
        raise BadNetworks(
            f"{data / FILE} has mode {mode:04o}: others may read or write it, and a node's address "
            "may hold a password; allowed: 0600 (chmod 600)"
        )


def faults(network: Network) -> Iterator[str]:
    """Why its fields cannot be as they are, in words; none when they can. BadNetworks: its kind."""
    yield from _numbers(network)
    yield from _assets(network)
    yield from map("nodes: {}".format, _nodes(network.nodes))
    yield from map("signers: {}".format, _signers(network.signers))
    generations = [("branches", network.branches)]
    generations += [(f"later {n}", one.branches) for n, one in enumerate(network.later)]
    broken = [fault for where, each in generations for fault in _branches(where, each)]
    yield from broken
    if broken:
        return
    # What is its own it says of branches that keys can be derived of.
    with network.blamed():
        yield from network.family.faults(network)


def _numbers(network: Network) -> Iterator[str]:
    if not 1 <= network.network <= NUMBER_MAX:
        yield f"its number has to be 1 to {NUMBER_MAX}"
    if network.code and not is_code(network.code):
        yield f"code: {network.code!r} is not {code_allowed()}"
    if not 1 <= network.credit_after <= network.unlock_after <= KEPT:
        yield (
            f"credit_after {network.credit_after} and unlock_after {network.unlock_after}: 1 to "
            f"{KEPT}, and the second no less than the first"
        )
    for name in ("fee_budget", "payment_budget"):
        if (value := getattr(network, name)) < 0:
            yield f"{name} {value}: 0 or more, in 10^-8 of its coin"
    if network.sweep_worth < 1:
        yield f"sweep_worth {network.sweep_worth}: 1 or more times the cost"


def is_code(code: str) -> bool:
    """Whether a network may be called so."""
    return bool(CODE.fullmatch(code)) and len(code) <= CODE_MAX


def code_allowed() -> str:
    """What a network may be called, in words."""
    return (
        f"1 to {CODE_MAX} letters and digits, with single blanks, points or hyphens between "
        "them, for example ERC20"
    )


def _assets(network: Network) -> Iterator[str]:
    if network.coin not in network.decimals:
        yield f"its coin, asset {network.coin}, is not among its decimals"
    for asset, decimals in network.decimals.items():
        if not 0 <= decimals <= DECIMALS_MAX:
            yield f"asset {asset} has {decimals} decimals; allowed: 0 to {DECIMALS_MAX}"
    for asset in network.tokens:
        if asset not in network.decimals:
            yield f"asset {asset} has a contract and no decimals"
    for asset in network.fees:
        if asset not in network.decimals:
            yield f"fees: asset {asset} has no decimals; those with them are {_listed(network)}"


def _listed(network: Network) -> str:
    return ", ".join(map(str, sorted(network.decimals))) or "none"


def _nodes(nodes: Sequence[str]) -> Iterator[str]:
    """Which addresses are none; a password in one is not repeated."""
    for number, url in enumerate(nodes, 1):
        try:
            parts = urlsplit(url)
            is_one = parts.scheme in ("http", "https") and bool(parts.hostname)
            is_one = is_one and (parts.port is None or parts.port > 0)
        except ValueError:  # a port beyond the last, a bracket without its other
            is_one = False
        if not is_one:
            yield (
                f"number {number} is no address of a node; allowed: http://host:port and "
                f"https://host:port, with user:password@ before the host, ports 1 to {PORT_MAX}"
            )
    if len(set(nodes)) < len(nodes):
        yield "one stands twice: a second node is another one"


def _signers(signers: Sequence[str]) -> Iterator[str]:
    for text in signers:
        if not (_is_endpoint(text) if text.startswith(SCHEME) else _is_inside(text)):
            yield (
                f"{text!r}; allowed: the name of a socket below the data folder, as ann.sock, or "
                f"{SCHEME}NAME@host:port with port 1 to {PORT_MAX}"
            )


def _is_endpoint(text: str) -> bool:
    try:
        found = Endpoint.read(text)
    except ValueError:
        return False
    return bool(found.host) and 1 <= found.port <= PORT_MAX


def _is_inside(text: str) -> bool:
    path = PurePosixPath(text)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts


def _branches(where: str, branches: Sequence[Branch]) -> Iterator[str]:
    if not branches:
        yield f"{where}: none; users' addresses are derived of them"
    for number, one in enumerate(branches, 1):
        if not _is_key(one.key):
            yield (
                f"{where}: key of number {number} is no public key: 66 hexadecimal digits, 02 or "
                "03 first"
            )
        if not _CHAIN_CODE.fullmatch(one.code):
            yield f"{where}: code of number {number}: 64 hexadecimal digits"


def _is_key(text: str) -> bool:
    if not _KEY.fullmatch(text):
        return False
    try:
        PublicKey(bytes.fromhex(text))
    except ValueError:
        return False
    return True
