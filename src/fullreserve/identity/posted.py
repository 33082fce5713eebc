"""Posts messages to the operator's own mailer: the URL that `identity.messages` names.

A message is a JSON object: `kind`, `email`, `text` (its words, in English) and `values`, which
fill words of the mailer's own. `X-Fullreserve-Signature` is HMAC-SHA-256 of the body under the
secret, in hexadecimal digits. Any status 2xx says that the mailer has it; anything else is tried
again, and one may come twice. Codes and links stand in it: it goes by https, or http to this
machine.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from fullreserve.identity.courier import sentence
from fullreserve.identity.outbox import Message

SECRET = "messages.secret"  # noqa: S105 - the file's name
SIGNATURE = "X-Fullreserve-Signature"
TIMEOUT_S = 10.0
SECRET_LEAST = hashlib.sha256().digest_size
PRIVATE = 0o077  # what the group and others may do with the file: nothing


class BadSecret(ValueError):
    """The secret's file cannot be used; the message names it and says what is allowed."""


class NotTaken(Exception):
    """The mailer does not have it; the message holds neither address nor words."""


class Posted:
    """A channel to one URL, which is https, or http on this machine."""

    def __init__(self, url: str, secret: bytes) -> None:
        self._parts = urlsplit(url)
        self._secret = secret

    async def deliver(self, message: Message) -> None:
        """NotTaken, OSError."""
        content = {
            "kind": message.kind,
            "email": message.email,
            "text": sentence(message),
            "values": message.values,
        }
        await asyncio.to_thread(self._post, msgspec.json.encode(content))

    def _post(self, body: bytes) -> None:
        import http.client  # a hundred modules, for who posts alone

        parts = self._parts
        https = parts.scheme == "https"
        make = http.client.HTTPSConnection if https else http.client.HTTPConnection
        connection = make(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
        signed = hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", SIGNATURE: signed}
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request("POST", target, body, headers)
            status = connection.getresponse().status
        except http.client.HTTPException as problem:
            raise NotTaken(type(problem).__name__) from None
        finally:
            connection.close()
        if not 200 <= status < 300:
            raise NotTaken(f"status {status}")


def secret_of(data: Path) -> bytes:
    """That of a data folder; BadSecret."""
    path = data / SECRET
    try:
        content = path.read_bytes().strip()
        mode = path.stat().st_mode
    except OSError as problem:
        raise BadSecret(f"{path}: {problem.strerror}") from None
    if mode & PRIVATE:
        raise BadSecret(f"{path}: its owner alone may read it (mode 0600)")
    if len(content) < SECRET_LEAST:
        raise BadSecret(f"{path}: at least {SECRET_LEAST} bytes")
    return content
