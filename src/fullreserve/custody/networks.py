"""The chains that the workers serve, as a file in the data folder; no secret of ours is in it.

Nodes' addresses may hold a password, so that it is readable by its owner alone.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from fullreserve.custody.addresses import Addresses, EvmAddresses, MemoAddresses, UtxoAddresses
from fullreserve.custody.chains import evm
from fullreserve.custody.chains.adapter import Chain
from fullreserve.custody.chains.following import Terms
from fullreserve.custody.chains.rpc import Node
from fullreserve.custody.chains.worth import TIMES
from fullreserve.custody.hd import Public
from fullreserve.custody.units import Scale

FILE = "custody.json"
KINDS = ("evm", "memo", "utxo")  # of chains that there is an adapter for
# In the ledger's units of a chain's coin: half a coin, and five.
UTXO_FEES_A_DAY, EVM_FEES_A_DAY = 50_000_000, 500_000_000


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


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """One chain. `kind` chooses the adapter: `evm`, `memo` or `utxo`.

    The first node is followed; a second one, where there is one, has to agree with it. A network
    without any is not served.
    """

    network: int
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
    # Coins are brought from users' addresses when they are worth so many times what that may cost.
    sweep_worth: int = TIMES
    signers: tuple[str, ...] = ()  # their sockets, by name below the data folder
    later: tuple[Generation, ...] = ()  # what followed `branches`, oldest first

    @property
    def needs_memo(self) -> bool:
        return self.kind == "memo"

    @property
    def terms(self) -> Terms:
        return Terms(self.credit_after, self.unlock_after)

    @property
    def scales(self) -> dict[int, Scale]:
        return {asset: Scale(decimals) for asset, decimals in self.decimals.items()}

    @property
    def fees_a_day(self) -> int:
        """The bound of a signer's moves that nobody approved, in the coin's own units."""
        usual = UTXO_FEES_A_DAY if self.kind == "utxo" else EVM_FEES_A_DAY
        return self.scales[self.coin].to_chain(self.fee_budget or usual)

    def addresses(self) -> Addresses:
        """How its addresses are written and read; BadNetworks."""
        if self.kind not in KINDS:
            raise BadNetworks(
                f"network {self.network} is of kind {self.kind!r}; allowed: {', '.join(KINDS)}"
            )
        branches = [one.public() for one in self.branches]
        later = [(one.start, [each.public() for each in one.branches]) for one in self.begun]
        if self.kind == "utxo":
            return UtxoAddresses(branches, self.threshold, self.hrp, later)
        contracts = [bytes.fromhex(one) for one in self.tokens.values()]
        if self.needs_memo:
            return MemoAddresses(branches[0], contracts)
        return EvmAddresses(branches[0], contracts, [(start, one[0]) for start, one in later])

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
        return [self._chain(Node(url)) for url in self.nodes]

    def _chain(self, node: Node) -> Chain:
        of = self.addresses()
        if isinstance(of, UtxoAddresses):
            # Read where it is needed alone: it takes a while, and accounts do without.
            from fullreserve.custody.chains import utxo

            genesis = bytes.fromhex(self.genesis)
            terms = utxo.Terms(self.network, self.coin, genesis, self.most_keys, self.threshold)
            return utxo.UtxoChain(node, of, terms)
        return self._evm(node, of)

    def _evm(self, node: Node, of: Addresses) -> Chain:
        if isinstance(of, MemoAddresses):
            return evm.MemoChain(node, of, self.evm_terms())
        return evm.EvmChain(node, of, self.evm_terms())

    def evm_terms(self) -> evm.Terms:
        """What distinguishes it from other chains of accounts."""
        return evm.Terms(
            self.network,
            self.chain_id,
            self.coin,
            {asset: bytes.fromhex(contract) for asset, contract in self.tokens.items()},
            tuple(bytes.fromhex(lane) for lane in self.lanes),
            self.unlock_after,
            self.decimals,
            left=tuple(bytes.fromhex(lane) for lane in self.left),
        )


def load(data: Path) -> list[Network]:
    """The networks of a data folder, none without the file; BadNetworks."""
    path = data / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Network])
    except FileNotFoundError:
        return []
    except (OSError, msgspec.DecodeError) as problem:
        raise BadNetworks(f"{path} cannot be read: {problem}") from None


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
