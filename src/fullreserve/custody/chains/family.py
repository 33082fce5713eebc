"""What one family of chains has that another has otherwise: one class says all of it.

`Network.kind` names a family. Those of this source are in `families`; what the rest of custody
asks of a chain it asks of its family, so that no other place knows any of them by name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from fullreserve.custody.addresses import Addresses
from fullreserve.custody.chains.adapter import Attempt, Chain, Plan
from fullreserve.custody.chains.rpc import Node

if TYPE_CHECKING:  # each reads the other's names alone
    from fullreserve.custody.networks import Network
    from fullreserve.custody.signing import Policy


class Family(ABC):
    """Chains of one kind; it keeps nothing, what one chain differs in is its `Network`'s.

    `is_script`: coins of scripts, as Bitcoin's, whose addresses are `UtxoAddresses`; accounts, as
    Ethereum's, else. `fees_a_day` is what moves that nobody approved may cost in 24 hours where the
    network says nothing, in the ledger's units of its coin. `id_prefix` is what explorers write
    before the digits of a transaction's id.
    """

    name: ClassVar[str]
    is_script: ClassVar[bool] = False
    needs_memo: ClassVar[bool] = False
    fees_a_day: ClassVar[int] = 500_000_000  # five coins
    id_prefix: ClassVar[str] = "0x"

    @abstractmethod
    def addresses(self, network: Network) -> Addresses:
        """How addresses are written and read; ValueError for fields that cannot be used."""

    @abstractmethod
    def chain(self, network: Network, node: Node) -> Chain:
        """The network through one of its nodes; ValueError for fields that cannot be used."""

    @abstractmethod
    def policy(self, network: Network, secrets: Mapping[str, bytes]) -> Policy | None:
        """What a signer with these secrets goes by; None where it has no key of the network.

        The names of secrets are those of `signing`.
        """

    @abstractmethod
    def completed(self, plan: Plan, parts: Sequence[bytes]) -> Attempt:
        """The signed transaction, of what as many signers as it takes have answered."""

    def faults(self, network: Network) -> Iterator[str]:  # noqa: ARG002 - the interface
        """Why its own fields cannot be as they are, each by name and with what is allowed."""
        yield from ()

    def contract(self, network: Network, digits: str) -> str:  # noqa: ARG002 - the interface
        """A token's contract as people write it, of the hexadecimal digits in `Network.tokens`."""
        return f"0x{digits.removeprefix('0x')}"

    def is_of(
        self,
        network: Network,  # noqa: ARG002 - the interface
        plan: Plan,  # noqa: ARG002 - the interface
        part: bytes,  # noqa: ARG002 - the interface
    ) -> bool:
        """Whether what a signer answered is of this plan, and rightly signed; ValueError.

        What is kept as signed is never signed anew: one wrong part would hold its payments up for
        ever. Where this is left as it is, each signer of the network can do that.
        """
        return True
