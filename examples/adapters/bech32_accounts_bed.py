"""The conformance suite's bed of the example: anvil, of which it says how to pay and to sign there.

`FULLRESERVE_BED=examples/adapters/bech32_accounts_bed.py .venv/bin/python -m pytest \\
tests/integration/custody/test_conformance.py` runs the suite on it alone.
"""

from __future__ import annotations

from pathlib import Path

from fullreserve.custody.adapter_files import Adapter, family_of, hash_of
from fullreserve.custody.chains import evm
from fullreserve.custody.chains.adapter import Attempt, Plan
from fullreserve.custody.chains.rpc import Node
from fullreserve.custody.networks import Branch, Network
from fullreserve.custody.signing import LANE, branch_name, lane_of
from tests.integration.custody.outsiders import (
    COIN,
    KNOWN,
    NODE_TIMEOUT_S,
    TERMS,
    TOKEN,
    Approved,
    EvmBed,
)

FILE = Path(__file__).with_name("bech32_accounts.py")
CHAIN_ID = 31_340


class Bed(EvmBed):
    """Its coin is paid; a bed of another family begins from the suite's own `Bed`."""

    def __init__(self, asset: int = COIN, chain_id: int = CHAIN_ID) -> None:
        content = FILE.read_bytes()
        self.family = family_of(content, FILE.name)
        self.adapter = Adapter(FILE.name, hash_of(content))
        super().__init__(chain_id, asset)

    @property
    def network(self) -> Network:
        """What `custody.json` would say of it."""
        return Network(
            network=1, kind=self.family.name, adapter=self.adapter, nodes=(self.url,), hrp="bell",
            branches=(Branch(self._root.key.hex(), self._root.code.hex()),), coin=COIN,
            decimals={COIN: 18, TOKEN: 6}, tokens={TOKEN: self.token.hex()},
            lanes=tuple(lane.hex() for lane in self.keys), chain_id=self.terms.chain_id,
            credit_after=TERMS.credit_after, unlock_after=TERMS.unlock_after,
        )  # fmt: skip

    @property
    def secrets(self) -> dict[str, bytes]:
        """What a signer's file of keys would hold."""
        lanes = {f"{LANE}{number}": key.secret for number, key in enumerate(self.keys.values())}
        return lanes | {branch_name(1): self.root.secret + self.root.code}

    @property
    def outside(self) -> str:
        return self.network.addresses().text(lane_of(self.outsider))

    def over(self, url: str, known: int = KNOWN) -> evm.EvmChain:
        self._asked.append(Node(url, timeout_s=NODE_TIMEOUT_S))
        chain = self.family.chain(self.network, self._asked[-1])
        chain.know(known)
        assert isinstance(chain, evm.EvmChain)
        return chain

    def sign(self, plan: Plan, approved: Approved) -> Attempt:
        policy = self.family.policy(self.network, self.secrets)
        assert policy is not None
        return self.family.completed(plan, [policy.sign(plan, approved.payments(plan))])


BED = Bed
