"""The chains that the workers serve, as a file in the data folder; no secret of ours is in it.

Nodes' addresses may hold a password, so that it is readable by its owner alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import msgspec

from fullreserve.custody.adapter_files import Adapter, BadAdapter, known, read
from fullreserve.custody.addresses import Addresses, UtxoAddresses
from fullreserve.custody.chains.adapter import Chain
from fullreserve.custody.chains.families import FAMILIES
from fullreserve.custody.chains.family import Family
from fullreserve.custody.chains.following import Terms
from fullreserve.custody.chains.rpc import Node
from fullreserve.custody.chains.worth import TIMES
from fullreserve.custody.hd import Public
from fullreserve.custody.units import Scale

FILE = "custody.json"


class BadNetworks(ValueError):
    """The file cannot be used; the message says why."""


class Branch(msgspec.Struct, frozen=True):
    """A public branch, in hexadecimal digits."""

    key: str
    code: str

    def public(self) -> Public:
        return Public(bytes.fromhex(self.key), bytes.fromhex(self.code))


class Generation(msgspec.Struct, frozen=True):
    """Branches that follow those before them, which stay in use for what lies at their addresses.

    `start` is the first user's index that has them. 0: they wait for the next start of the
    exchange, which says it (`generations.begin`); nothing uses them before.
    """

    branches: tuple[Branch, ...]
    start: int = 0


class FeeBounds(msgspec.Struct, frozen=True):
    """Between what a fee that is quoted moves, in the ledger's units."""

    least: int
    most: int

    def __post_init__(self) -> None:
        if not 0 <= self.least <= self.most:
            raise ValueError(f"a fee between {self.least} and {self.most}")


class Network(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One chain. `kind` names its family: `evm`, `memo`, `utxo`, or that of its `adapter`.

    The first node is followed; a second one, where there is one, has to agree with it. A network
    without any is not served.
    """

    network: int
    code: str = ""  # what people and commands call it: `ERC20` of `USDT-ERC20`
    kind: str
    nodes: tuple[str, ...]
    branches: tuple[Branch, ...]
    decimals: dict[int, int]  # of each asset on this chain
    coin: int
    credit_after: int
    unlock_after: int
    chain_id: int = 0
    tokens: dict[int, str] = {}
    lanes: tuple[str, ...] = ()
    left: tuple[str, ...] = ()  # lanes that pay no more; what they hold goes to the others
    cold: str = ""  # account of the cold wallet, where it has one
    warm: str = ""  # address of the warm one, to which hot is swept above its cap
    threshold: int = 2
    hrp: str = ""
    genesis: str = ""
    # By asset, where the fee of a withdrawal is quoted from the node; fixed where it is not.
    fees: dict[int, FeeBounds] = {}
    # What moves without approval may cost in 24 hours, in the ledger's units of its coin; 0: what
    # `fees_a_day` says.
    fee_budget: int = 0
    # The same of what payments of accounts may cost beyond some times what their users pay.
    payment_budget: int = 0
    # Coins are brought from users' addresses when they are worth so many times what that may cost.
    sweep_worth: int = TIMES
    signers: tuple[str, ...] = ()  # their sockets, by name below the data folder
    later: tuple[Generation, ...] = ()  # what followed `branches`, oldest first
    adapter: Adapter | None = None  # the file that its family is in, where this source has it not

    @property
    def family(self) -> Family:
        """What its kind is; BadNetworks."""
        if self.adapter is not None:
            return self._of_file(self._read(partial(known, self.adapter)))
        found = FAMILIES.get(self.kind)
        if found is None:
            raise BadNetworks(
                f"network {self.network} is of kind {self.kind!r}; allowed: {', '.join(FAMILIES)}, "
                "and that of a file which its adapter names"
            )
        return found

    def read_adapter(self, data: Path) -> None:
        """Reads the file that its family is in, where it has one; BadNetworks."""
        if self.adapter is not None:
            self._of_file(self._read(partial(read, data, self.adapter)))

    def _read(self, reading: Callable[[], Family]) -> Family:
        try:
            return reading()
        except BadAdapter as bad:
            raise BadNetworks(f"network {self.network}: {bad}") from None

    def _of_file(self, found: Family) -> Family:
        if found.name != self.kind:
            raise BadNetworks(
                f"network {self.network} is of kind {self.kind!r}, its adapter of {found.name!r}"
            )
        return found

    @property
    def is_script(self) -> bool:
        """Whether it has coins of scripts, as Bitcoin, and not accounts; BadNetworks."""
        return self.family.is_script

    @property
    def needs_memo(self) -> bool:
        return self.family.needs_memo

    @property
    def terms(self) -> Terms:
        return Terms(self.credit_after, self.unlock_after)

    @property
    def scales(self) -> dict[int, Scale]:
        return {asset: Scale(decimals) for asset, decimals in self.decimals.items()}

    @property
    def fees_a_day(self) -> int:
        """The bound of a signer's moves that nobody approved, in the coin's own units."""
        return self.scales[self.coin].to_chain(self.fee_budget or self.family.fees_a_day)

    @property
    def signatures(self) -> int:
        """How many signers it takes."""
        return self.threshold if self.is_script else 1

    @property
    def payments_a_day(self) -> int:
        """The bound of what payments of accounts cost beyond what their users pay, likewise."""
        return self.scales[self.coin].to_chain(self.payment_budget or self.family.fees_a_day)

    def addresses(self) -> Addresses:
        """How its addresses are written and read; BadNetworks."""
        with self.blamed():
            of = self.family.addresses(self)
        if self.is_script and not isinstance(of, UtxoAddresses):
            raise BadNetworks(f"network {self.network}: addresses of scripts are UtxoAddresses")
        return of

    def scripts(self) -> UtxoAddresses:
        """Its addresses where they are of scripts; BadNetworks."""
        of = self.addresses()
        if not isinstance(of, UtxoAddresses):
            raise BadNetworks(f"network {self.network} has accounts, and no scripts")
        return of

    @property
    def begun(self) -> tuple[Generation, ...]:
        """Later generations that are in use."""
        return tuple(one for one in self.later if one.start)

    @property
    def most_keys(self) -> int:
        """Of a script of any generation."""
        return max(len(self.branches), *(len(one.branches) for one in self.begun), 0)

    def chains(self) -> list[Chain]:
        """The adapter over each of its nodes."""
        with self.blamed():
            return [self.family.chain(self, Node(url)) for url in self.nodes]

    @contextmanager
    def blamed(self) -> Iterator[None]:
        """Whatever an adapter's file cannot do is its network's fault, in words."""
        try:
            yield
        except BadNetworks:
            raise
        except Exception as problem:
            if self.adapter is None:
                raise
            what = f"{type(problem).__name__}: {problem}"
            raise BadNetworks(f"network {self.network}, {self.adapter.file}: {what}") from problem


def load(data: Path) -> list[Network]:
    """The networks of a data folder, none without the file; BadNetworks."""
    found = stated(data)
    for one in found:
        one.read_adapter(data)
    return found


def load_with(data: Path, number: int) -> dict[int, Network]:
    """Those of `load`, by number, of which one has to be there; BadNetworks."""
    known = {one.network: one for one in load(data)}
    if number not in known:
        there = ", ".join(f"{one.network} {one.code}".rstrip() for one in known.values())
        raise BadNetworks(f"network {number} is not in {FILE}; there are: {there or 'none'}")
    return known


def stated(data: Path) -> list[Network]:
    """What the file says, no adapter having been read; BadNetworks."""
    path = data / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Network])
    except FileNotFoundError:
        return []
    except (OSError, msgspec.DecodeError) as problem:
        raise BadNetworks(f"{path} cannot be read: {problem}{_allowed(problem)}") from None


def _allowed(problem: Exception) -> str:
    if "unknown field" not in str(problem):
        return ""
    return f"; fields of a network are {', '.join(Network.__struct_fields__)}"


def named(known: Sequence[Network], number: int) -> Network:
    """The one of a number; BadNetworks."""
    found = [one for one in known if one.network == number]
    if len(found) != 1:
        names = ", ".join(str(one.network) for one in known) or "none"
        raise BadNetworks(
            f"network {number} stands {len(found)} times in {FILE}, which has {names}"
        )
    return found[0]


def served(data: Path) -> list[Network]:
    """Those that have a node; the others wait for one."""
    return [one for one in load(data) if one.nodes]


def keep(data: Path, networks: list[Network]) -> None:
    """Replaces the file in one step."""
    fresh = data / f"{FILE}.new"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(networks), indent=1))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(data / FILE)
