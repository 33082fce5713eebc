"""Goal: no node is served that nothing could ever be paid on. Method: litecoind as it comes."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fullreserve.clock import SystemClock
from fullreserve.custody import nodes
from fullreserve.custody.addresses import UtxoAddresses
from fullreserve.custody.chains import utxo, utxo_reading
from fullreserve.custody.chains.health import State, health
from fullreserve.custody.chains.rpc import Node
from tests.unit.custody.test_addresses import ROOTS


def test_a_node_without_an_index_is_told_what_it_lacks(tmp_path: Path) -> None:
    """Criterion: CHAINS-NODES-6."""
    process = nodes.start_litecoind(tmp_path / "node", index=False)
    try:
        asyncio.run(process.ready(SystemClock()))
        node = Node(process.url)
        of = UtxoAddresses([root.public() for root in ROOTS], 2, "rltc")
        genesis = bytes.fromhex(node.call("getblockhash", 0))
        chain = utxo.UtxoChain(node, of, utxo_reading.Terms(3, 4, genesis))
        node.call("generatetoaddress", 2, of.address(0))
        found = health(chain, None)
        assert found.state is State.GARBAGE
        assert "start it with txindex=1" in found.detail
    finally:
        process.kill()
