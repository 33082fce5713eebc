"""Goal: who lists the machine's processes learns no node's password.

Method: the nodes themselves, and what `ps` shows of them.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from fullreserve.clock import SystemClock
from fullreserve.custody import nodes
from fullreserve.custody.bech32 import encode
from fullreserve.custody.chains.rpc import Node, NodeProblem

MINING = encode("bcrt", 0, bytes(32))
STARTS: dict[str, Callable[[Path], nodes.NodeProcess]] = {
    "litecoind": nodes.start_litecoind,
    "btcd": lambda folder: nodes.start_btcd(folder, MINING),
}


def listed(pid: int) -> str:
    """A process's command line, as anybody on the machine can see it."""
    command = ["ps", "-ww", "-o", "args=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("name", STARTS)
async def test_a_nodes_password_is_in_no_command_line(name: str, tmp_path: Path) -> None:
    """It is asked for all the same, also after a second start. Criterion: CHAINS-NODES-1."""
    for _ in range(2):
        try:
            node = STARTS[name](tmp_path / "node")
        except nodes.NodeMissing as missing:
            pytest.skip(str(missing))
        try:
            await node.ready(SystemClock())
            password = urlsplit(node.url).password
            assert password
            shown = await asyncio.to_thread(listed, node.pid)
            assert name in shown
            assert password not in shown
            with pytest.raises(NodeProblem):
                Node(node.url.replace(password, "another")).call("getblockcount")
        finally:
            node.kill()
        (kept,) = [one for one in (tmp_path / "node").iterdir() if one.name == "rpc.conf"]
        assert kept.stat().st_mode & 0o777 == 0o600
        assert password in kept.read_text()
