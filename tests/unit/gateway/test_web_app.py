"""Goal: browsers get the built files and nothing else. Method: a folder with a few of them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from fullreserve.gateway.context import SocketPlace
from fullreserve.gateway.rest.web_app import WebApp

DOCUMENT = b"<!doctype html><title>Fullreserve</title>"
HTML = {b"accept": b"text/html,application/xhtml+xml", b"host": b"exchange.example:8080"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    built = tmp_path / "dist"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_bytes(DOCUMENT)
    script = built / "assets" / "index-Abc123.js"
    script.write_bytes(b"export {}")
    script.with_name("index-Abc123.js.br").write_bytes(b"brotli")
    script.with_name("index-Abc123.js.gz").write_bytes(b"gzip")
    (built / "favicon.svg").write_bytes(b"<svg/>")
    (tmp_path / "secret.txt").write_text("not to be served")
    return built


def web(folder: Path, socket: SocketPlace | None = None) -> WebApp:
    return WebApp(socket or SocketPlace(), demo=False, folder=folder)


async def get(
    app: WebApp, path: str, **headers: bytes
) -> tuple[int, dict[bytes, bytes], bytes] | None:
    given = {name.replace("_", "-").encode(): value for name, value in headers.items()}
    answer = await app.answer(path, {b"host": b"exchange.example:8080", **given})
    if answer is None:
        return None
    status, head, content = answer
    return status, dict(head), content


async def test_hashed_files_are_kept_and_the_document_is_asked_for(folder: Path) -> None:
    """Criterion: WEB-SERVE-1"""
    app = web(folder)
    script = await get(app, "/assets/index-Abc123.js")
    assert script is not None
    assert script[1][b"content-type"] == b"text/javascript; charset=utf-8"
    assert b"immutable" in script[1][b"cache-control"]
    page = await get(app, "/", accept=b"text/html")
    assert page is not None
    assert (page[0], page[1][b"cache-control"], page[2]) == (200, b"no-cache", DOCUMENT)
    again = await get(app, "/", accept=b"text/html", if_none_match=page[1][b"etag"])
    assert again is not None
    assert (again[0], again[2]) == (304, b"")


@pytest.mark.parametrize("path", ["/markets", "/trade/BTC-USDT", "/account/api-keys", "/nowhere"])
async def test_any_page_is_the_document(folder: Path, path: str) -> None:
    """Criterion: WEB-SERVE-2"""
    page = await get(web(folder), path, accept=b"text/html")
    assert page is not None
    assert page[2] == DOCUMENT


@pytest.mark.parametrize(
    "path",
    [
        "/api/v5/nothing",
        "/assets/gone-Xyz.js",
        "/../secret.txt",
        "/assets/../../secret.txt",
        "/%2e%2e/secret.txt",
        "//etc/passwd.txt",
        "/assets/index-Abc123.js.br",
    ],
)
async def test_what_is_no_file_and_no_page_is_not_answered(folder: Path, path: str) -> None:
    """Criterion: WEB-SERVE-2"""
    assert await get(web(folder), path, accept=b"text/html") is None


async def test_a_client_that_wants_no_page_gets_none(folder: Path) -> None:
    """Criterion: WEB-SERVE-2. Bots keep getting JSON for paths that do not exist."""
    assert await get(web(folder), "/nowhere", accept=b"*/*") is None


@pytest.mark.parametrize(
    ("accepted", "coding", "content"),
    [
        (b"gzip, deflate, br", b"br", b"brotli"),
        (b"gzip", b"gzip", b"gzip"),
        (b"br;q=0, gzip;q=0.5", b"gzip", b"gzip"),
        (b"identity", None, b"export {}"),
        (b"", None, b"export {}"),
    ],
)
async def test_codings(folder: Path, accepted: bytes, coding: bytes | None, content: bytes) -> None:
    """Criterion: WEB-SERVE-3"""
    answer = await get(web(folder), "/assets/index-Abc123.js", accept_encoding=accepted)
    assert answer is not None
    assert (answer[1].get(b"content-encoding"), answer[2]) == (coding, content)
    assert answer[1][b"vary"] == b"accept-encoding"


async def test_the_policy_of_the_document(folder: Path) -> None:
    """Criterion: WEB-SERVE-4"""
    page = await get(web(folder, SocketPlace("wss://ws.example")), "/", accept=b"text/html")
    assert page is not None
    policy = dict(
        part.strip().split(" ", 1)
        for part in page[1][b"content-security-policy"].decode().split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["connect-src"] == "'self' wss://ws.example"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in str(policy)
    assert page[1][b"x-content-type-options"] == b"nosniff"


@pytest.mark.parametrize(
    ("socket", "host", "address"),
    [
        (SocketPlace(port=8081), b"localhost:8080", "ws://localhost:8081/ws/v5/"),
        (SocketPlace(port=9443, secure=True), b"a.example", "wss://a.example:9443/ws/v5/"),
        (SocketPlace(port=8081), b"[::1]:8080", "ws://[::1]:8081/ws/v5/"),
        (SocketPlace("wss://ws.example"), b"a.example", "wss://ws.example/ws/v5/"),
        (SocketPlace(port=8081), b"a; script-src *", "ws://localhost:8081/ws/v5/"),
        (SocketPlace(port=8081), b"", "ws://localhost:8081/ws/v5/"),
    ],
)
async def test_where_the_socket_is(
    folder: Path, socket: SocketPlace, host: bytes, address: str
) -> None:
    """Criterion: WEB-SERVE-5"""
    answer = await get(web(folder, socket), "/app-config.json", host=host)
    assert answer is not None
    assert json.loads(answer[2])["socket"] == address


async def test_files_that_are_not_built_yet(tmp_path: Path) -> None:
    """Criterion: WEB-SERVE-6"""
    folder = tmp_path / "dist"
    app = web(folder)
    page = await get(app, "/", accept=b"text/html")
    assert page is not None
    assert page[0] == 404
    assert b"scripts/setup.py run" in page[2]
    folder.mkdir()
    (folder / "index.html").write_bytes(DOCUMENT)
    page = await get(app, "/", accept=b"text/html")
    assert page is not None
    assert page[2] == DOCUMENT
    (folder / "index.html").write_bytes(b"a later build")
    os.utime(folder / "index.html", ns=(1, 1))
    page = await get(app, "/", accept=b"text/html")
    assert page is not None
    assert page[2] == b"a later build"
