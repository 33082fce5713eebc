"""`take-adapter`: a network's family comes from a file, which is tried before it counts.

Each data folder takes it for itself, a signer's elsewhere as well: nothing brings code to another.
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from fullreserve.config import Settings
from fullreserve.custody import adapter_files, networks
from fullreserve.custody.adapter_files import Adapter, BadAdapter
from fullreserve.custody.keys.commands import carried_out, say
from fullreserve.custody.networks import BadNetworks, Network

LOADED_MS = 20_000  # of a trial
FIRST = 1  # index of the first user's address


class Taken(NamedTuple):
    """A file that was tried. `networks` are all of the file of networks, `network` the one."""

    networks: list[Network]
    network: Network
    content: bytes
    said: list[str]

    def keep(self, data: Path) -> None:
        """Puts it into a data folder, which names it from then on; OSError."""
        assert self.network.adapter is not None
        adapter_files.keep(data, self.network.adapter.file, self.content)
        networks.keep(data, self.networks)


@carried_out
def take_adapter(settings: Settings, network: int, file: Path, dry_run: bool) -> None:
    """Has a network of `custody.json` be of the family in a file, and says how that is named."""
    found = tried(settings.data, network, file)
    say(*found.said)
    if dry_run:
        say("Nothing was done: this was a dry run.")
        return
    found.keep(settings.data)
    say(
        f"It is {settings.data / adapter_files.FOLDER / file.name} now; what is started here from "
        "now on runs it. Compare its hash with that of every signer's folder: each takes it alone."
    )


def tried(data: Path, number: int, file: Path) -> Taken:
    """Runs a file as a network's adapter, derives an address and asks a node; BadNetworks, OSError.

    Nothing is kept yet.
    """
    stated = networks.stated(data)
    before = networks.named(stated, number)
    content = file.read_bytes()
    adapter = Adapter(file.name, adapter_files.hash_of(content))
    found = msgspec.structs.replace(before, adapter=adapter)
    try:
        adapter_files.check_name(file.name)
        _check_ends(content, file.name)
        family = adapter_files.family_of(content, file.name)
    except BadAdapter as bad:
        raise BadNetworks(f"network {number}: {bad}") from None
    kind = "scripts" if family.is_script else "accounts"
    said = [f"Adapter {file.name}, SHA-256 {adapter.hash}: family {family.name}, of {kind}."]
    with found.blamed():
        said += _tried(found)
    known = [found if one.network == number else one for one in stated]
    for one in known:
        if one.network != number:
            one.read_adapter(data)
    return Taken(known, found, content, said)


def _check_ends(content: bytes, name: str) -> None:
    """BadAdapter for a file that ends the process which loads it, or is never loaded."""
    told, tells = os.pipe()
    child = os.fork()
    if not child:
        with suppress(BaseException):  # it is told by the process that goes on
            adapter_files.family_of(content, name)
        os.write(tells, b"1")
        os._exit(0)
    os.close(tells)
    waiting = select.poll()
    waiting.register(told, select.POLLIN)
    is_ended = bool(waiting.poll(LOADED_MS))
    is_loaded = is_ended and os.read(told, 1) == b"1"
    os.close(told)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if not is_ended:
        raise BadAdapter(f"{name} is not loaded after {LOADED_MS / 1_000:g} s")
    if not is_loaded:
        code = os.waitstatus_to_exitcode(status)
        raise BadAdapter(f"{name} ends the process that loads it, with {code}")


def _tried(found: Network) -> Iterator[str]:
    """What it says; BadNetworks, and whatever else it raises."""
    of = found.addresses()
    text, place = of.address(FIRST), of.place(FIRST)
    if of.read(text) != place:
        raise BadNetworks(f"network {found.network}: it reads {text} as another place than its own")
    yield f"The first user's address there is {text}."
    if found.family.policy(found, {}) is not None:
        raise BadNetworks(f"network {found.network}: its policy signs without a key")
    chains = found.chains()
    if any(one.is_script != found.is_script for one in chains):
        raise BadNetworks(
            f"network {found.network}: its chain has another is_script than its family"
        )
    if not chains:
        yield f"It has no node in {networks.FILE}: none was asked."
        return
    tip = chains[0].tip()
    yield f"Its node is at block {tip.height}, {tip.hash.hex()}."
