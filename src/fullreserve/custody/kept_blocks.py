"""The blocks of a node that forgets them: btcd begins its regression-test chain anew at each start.

https://github.com/btcsuite/btcd/blob/v0.26.0/btcd.go, `removeRegressionDB`. What was mined is kept
here, a block a line, and given back.
"""

from __future__ import annotations

from pathlib import Path

from fullreserve.custody.chains.rpc import Node


class KeptBlocks:
    """In the order in which they were mined."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def give(self, node: Node) -> None:
        """All of them; a node that has one already says so and goes on."""
        for line in self._lines():
            node.call("submitblock", line)

    def mine(self, node: Node, count: int) -> list[str]:
        """Has a node that holds all of them mine more; these."""
        fresh: list[str] = [node.call("getblock", one, 0) for one in node.call("generate", count)]
        with self._path.open("a") as file:
            file.writelines(f"{one}\n" for one in fresh)
        return fresh

    def _lines(self) -> list[str]:
        if not self._path.exists():
            return []
        whole, _, torn = self._path.read_text().rpartition("\n")
        if torn:  # by a crash; what follows is mined again
            self._path.write_text(whole + "\n")
        return whole.split("\n") if whole else []
