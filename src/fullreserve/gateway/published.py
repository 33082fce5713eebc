"""The files that statements of reserves are published as; the gateway serves them as they are.

Whoever mirrors the folder serves the same bytes: nothing about a statement depends on a gateway.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from fullreserve.gateway.errors import Problem

FOLDER = Path("reserves") / "public"
# Below this path of the web server the folder is served.
PREFIX = "/por/"
LATEST = "latest.json"

_NAMES = re.compile(
    r"(latest|history|key|addresses)\.json|epochs/[1-9][0-9]{0,14}\.json"
    r"|(evidence|addresses)/[0-9a-f]{64}\.json"
    r"|log/(hashes|checkpoint)|verify\.(py|html)|witness\.py"
)
_KINDS = {
    ".json": b"application/json",
    ".html": b"text/html; charset=utf-8",
    ".py": b"text/plain; charset=utf-8",
}
_STATEMENT_OF_EPOCH = re.compile(r"/api/v5/x/reserves/([0-9]{1,30})")
_LEAVES, _LEAF_BYTES = "log/hashes", 32

Header = tuple[bytes, bytes]
Answer = tuple[int, list[Header], bytes]


class File(NamedTuple):
    content: bytes
    changed_ns: int


class Published:
    """The folder of one exchange; None stands for an exchange without one."""

    def __init__(self, data: Path | None) -> None:
        self._folder = data / FOLDER if data is not None else None

    def file(self, name: str) -> bytes | None:
        """A published file's content; None for what is not published."""
        if self._folder is None or not _NAMES.fullmatch(name):
            return None
        try:
            return (self._folder / name).read_bytes()
        except OSError:
            return None

    def changed_ns(self) -> int:
        """When the newest statement came; 0 before the first."""
        if self._folder is None:
            return 0
        try:
            return (self._folder / LATEST).stat().st_mtime_ns
        except OSError:
            return 0

    def answer(self, path: str, headers: Mapping[bytes, bytes]) -> Answer | None:
        """What a GET of a path below `PREFIX`, or of a statement by its epoch, is answered.

        Problem 50046 for an epoch of which there is no statement.
        """
        del headers
        epoch = _STATEMENT_OF_EPOCH.fullmatch(path)
        if epoch is not None:
            found = self.file(f"epochs/{epoch[1]}.json")
            if found is None:
                raise Problem(50046, name=f"Statement {epoch[1]}", allowed=self._there())
            return 200, _head(".json"), row(found)
        if not path.startswith(PREFIX):
            return None
        content = self.file(path.removeprefix(PREFIX))
        return None if content is None else (200, _head(Path(path).suffix), content)

    def _there(self) -> str:
        """Which statements there are; each has a leaf of the log."""
        count = len(self.file(_LEAVES) or b"") // _LEAF_BYTES
        return f"there are statements 1 to {count}" if count else "none was made yet"


def row(content: bytes) -> bytes:
    """A published file as the one row of an answer."""
    return b'{"code":"0","msg":"","data":[%b]}' % content


def _head(suffix: str) -> list[Header]:
    kind = _KINDS.get(suffix, b"application/octet-stream")
    head = [
        (b"content-type", kind),
        (b"cache-control", b"no-cache"),
        (b"x-content-type-options", b"nosniff"),
        # Anybody's page may check us.
        (b"access-control-allow-origin", b"*"),
    ]
    if suffix == ".html":
        # The verifier is one file: its script is in it, and it speaks to nobody.
        policy = (
            b"default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
            b"form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
        )
        head.append((b"content-security-policy", policy))
    return head
