"""The ports of both gateways, taken before anything slow: one that is taken is said at once."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple

from fullreserve.config import Address, Settings, environment_name


class CannotListen(OSError):
    """An address cannot be listened on; the message names the setting and says why."""


class Ports(NamedTuple):
    """Sockets that are bound and do not listen yet: until it is up the exchange refuses clients."""

    http: socket.socket
    ws: socket.socket


@contextmanager
def taken(settings: Settings) -> Iterator[Ports]:
    """Both ports of the settings; closed at the end."""
    with bound("http", settings.http) as http, bound("ws", settings.ws) as ws:
        yield Ports(http, ws)


def settled(settings: Settings, ports: Ports) -> Settings:
    """The settings with the ports that the system chose where they say 0."""
    http, ws = (each.getsockname()[1] for each in ports)
    return replace(
        settings, http=settings.http._replace(port=http), ws=settings.ws._replace(port=ws)
    )


def bound(setting: str, address: Address) -> socket.socket:
    """A socket bound to the address that a setting names; CannotListen."""
    with named(setting, address):
        found = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)
        # A name may have addresses of both kinds; one socket has one of them.
        family, _, _, _, place = min(found, key=lambda each: each[0] != socket.AF_INET)
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(place)
        except OSError:
            listener.close()
            raise
        return listener


@contextmanager
def named(setting: str, address: Address) -> Iterator[None]:
    """What the system says against an address, as a sentence that names its setting."""
    try:
        yield
    except CannotListen:
        raise
    except OSError as problem:
        reason = problem.strerror or str(problem)
        if problem.errno and not isinstance(problem, socket.gaierror):
            reason = os.strerror(problem.errno)
        name = environment_name((setting,))
        raise CannotListen(f"{name} = {address} cannot be listened on: {reason}") from problem
