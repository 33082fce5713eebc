"""The web app: built files at `/`, and the policy that browsers hold its pages to.

Files with a hash in their name never change and are kept for ever; a page is asked for each time.
Any page's path is answered with the one document, whose router shows what belongs there. A page may
run only scripts and styles that are served here, and speak to this address and the WebSocket's.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

import fullreserve
from fullreserve.gateway.context import SocketPlace
from fullreserve.gateway.rest.page_host import host_of

Header = tuple[bytes, bytes]
Answer = tuple[int, list[Header], bytes]

PACKAGED = Path(fullreserve.__file__).with_name("web")
CHECKOUT = Path(fullreserve.__file__).parents[2] / "web" / "dist"
DOCUMENT = "index.html"
CONFIG_PATH = "/app-config.json"
SOCKET_PATH = "/ws/v5/"
HASHED = "/assets/"

KINDS = {
    ".html": b"text/html; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".css": b"text/css; charset=utf-8",
    ".json": b"application/json",
    ".svg": b"image/svg+xml",
    ".png": b"image/png",
    ".webp": b"image/webp",
    ".woff2": b"font/woff2",
    ".txt": b"text/plain; charset=utf-8",
    ".webmanifest": b"application/manifest+json",
}
# The best first.
CODINGS = ((b"br", ".br"), (b"gzip", ".gz"))
NOT_BUILT = b"The web app is not built. Build it with: python3 scripts/setup.py run\n"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; manifest-src 'self'; connect-src 'self' {socket}; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
PERMISSIONS = (
    b"camera=(), geolocation=(), microphone=(), payment=(), usb=(), "
    b"publickey-credentials-get=(self), publickey-credentials-create=(self)"
)
GUARDS: list[Header] = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", PERMISSIONS),
]


class File(NamedTuple):
    """A built file: its type, its bytes, and the same in the codings that it was packed with."""

    kind: bytes
    tag: bytes
    content: bytes
    packed: Mapping[bytes, bytes]


class WebApp:
    """The files of a folder; where there is none, pages say how to build them."""

    def __init__(self, socket: SocketPlace, *, demo: bool, folder: Path | None = None) -> None:
        self._socket = socket
        self._demo = demo
        self._folder = folder or (PACKAGED if PACKAGED.is_dir() else CHECKOUT)
        self._files: dict[str, File] = {}
        self._built_ns = 0

    @property
    def is_built(self) -> bool:
        """Whether there is something to show."""
        return (self._folder / DOCUMENT).is_file()

    async def answer(self, path: str, headers: Mapping[bytes, bytes]) -> Answer | None:
        """To a GET or HEAD; None where the path is neither a file nor a page's."""
        if path.startswith("/api/"):
            return None
        if path == CONFIG_PATH:
            return self._config(headers)
        await self._refresh()
        file = self._files.get(path)
        if file is not None and path != f"/{DOCUMENT}":
            return self._file(path, file, headers)
        if b"text/html" in headers.get(b"accept", b"") and "." not in path.rpartition("/")[2]:
            return self._page(headers)
        return None

    def _config(self, headers: Mapping[bytes, bytes]) -> Answer:
        """What a page has to know of this exchange before it asks anything else."""
        config = {
            "socket": self._socket_origin(headers) + SOCKET_PATH,
            "strict": self._socket.strict,
            "demo": self._demo,
            "version": fullreserve.__version__,
        }
        head = [(b"content-type", KINDS[".json"]), (b"cache-control", b"no-store"), *GUARDS]
        return 200, head, msgspec.json.encode(config)

    def _page(self, headers: Mapping[bytes, bytes]) -> Answer:
        document = self._files.get(f"/{DOCUMENT}")
        if document is None:
            return 404, [(b"content-type", KINDS[".txt"]), *GUARDS], NOT_BUILT
        policy = POLICY.format(socket=self._socket_origin(headers)).encode()
        extra = [
            (b"content-security-policy", policy),
            (b"cache-control", b"no-cache"),
            (b"etag", document.tag),
        ]
        return _coded(document, headers, extra)

    def _file(self, path: str, file: File, headers: Mapping[bytes, bytes]) -> Answer:
        lasting = b"public, max-age=31536000, immutable"
        kept = lasting if path.startswith(HASHED) else b"no-cache"
        return _coded(file, headers, [(b"cache-control", kept), (b"etag", file.tag)])

    def _socket_origin(self, headers: Mapping[bytes, bytes]) -> str:
        """The setting, else the page's own host at the WebSocket's port."""
        if self._socket.origin:
            return self._socket.origin
        bare = re.sub(r":[0-9]+$", "", host_of(headers))
        return f"ws{'s' if self._socket.secure else ''}://{bare}:{self._socket.port}"

    async def _refresh(self) -> None:
        """Reads the files at the first page, and again when they were built anew."""
        try:
            built_ns = (self._folder / DOCUMENT).stat().st_mtime_ns
        except OSError:
            built_ns = 0
        if built_ns != self._built_ns:
            self._files = await asyncio.to_thread(lambda: dict(_read(self._folder)))
            self._built_ns = built_ns


def _read(folder: Path) -> Iterator[tuple[str, File]]:
    if not (folder / DOCUMENT).is_file():
        return
    for path in sorted(folder.rglob("*")):
        kind = KINDS.get(path.suffix)
        if kind is None or not path.is_file():
            continue
        content = path.read_bytes()
        packed = {
            coding: other.read_bytes()
            for coding, suffix in CODINGS
            if (other := path.with_name(path.name + suffix)).is_file()
        }
        tag = b'"%b"' % hashlib.sha256(content).hexdigest()[:20].encode()
        yield f"/{path.relative_to(folder).as_posix()}", File(kind, tag, content, packed)


def _coded(file: File, headers: Mapping[bytes, bytes], extra: list[Header]) -> Answer:
    """The file in the best coding that the browser takes; 304 where it has it already."""
    head = [(b"content-type", file.kind), (b"vary", b"accept-encoding"), *extra, *GUARDS]
    if file.tag in headers.get(b"if-none-match", b""):
        return 304, head, b""
    accepted = {
        part.partition(b";")[0].strip()
        for part in headers.get(b"accept-encoding", b"").split(b",")
        if not re.search(rb";\s*q=0(?:\.0*)?\s*$", part)
    }
    for coding, _ in CODINGS:
        if coding in accepted and coding in file.packed:
            return 200, [*head, (b"content-encoding", coding)], file.packed[coding]
    return 200, head, file.content
