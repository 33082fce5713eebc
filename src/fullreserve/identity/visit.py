"""Whence a person comes, and what coming leads to."""

from __future__ import annotations

from typing import NamedTuple

from fullreserve.identity.sessions import NewSession


class Visit(NamedTuple):
    """A browser at the door.

    `known` is the cookie of a device that signed in before, `session` that of the session which it
    has by now; "" for none.
    """

    address: str
    agent: str
    known: str
    session: str = ""

    def __repr__(self) -> str:
        return "Visit(…)"


class SignedIn(NamedTuple):
    """A session, and the cookie that marks the device as known from now on."""

    session: NewSession
    known: str

    def __repr__(self) -> str:
        return f"SignedIn({self.session!r})"


class Pending(NamedTuple):
    """The password was right; one of the ways is needed too."""

    ticket: str
    ways: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Pending({self.ways})"
