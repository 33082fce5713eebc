"""Which keys signers have, by their own word: each signs a fresh challenge with every one of them.

A file of networks says who is asked and which keys count; that who is asked has them nothing else
shows before coins lie under them.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import structlog
from coincurve import PrivateKey

from fullreserve.clock import Clock
from fullreserve.custody.addresses import account_of, checksummed
from fullreserve.custody.hd import Private, fingerprint
from fullreserve.custody.keys.signature import recovered
from fullreserve.custody.networks import Branch, Network
from fullreserve.custody.signer_wire import ShowKeys as Asked
from fullreserve.custody.signer_wire import SignerGone, ask_named
from fullreserve.custody.signing import WillNotSign

CHALLENGE = 32
AGAIN_MS = 60_000
LANE_HOLDERS = 2  # of each lane, and of the branch of users' accounts

_MAGIC = b"Fullreserve key shown\n"

log = structlog.get_logger(__name__)


class Shown(msgspec.Struct, frozen=True, array_like=True):
    """A public key of 33 bytes and the 65 bytes that it signed; `code` of a branch, else empty."""

    key: bytes
    code: bytes
    signature: bytes


Fits = Callable[[Shown], bool]


class Held(NamedTuple):
    """What signers have shown, by who is asked; and why one has shown nothing."""

    keys: Mapping[str, Sequence[Shown]]
    silent: Mapping[str, str]

    def of_branch(self, branch: Branch) -> list[str]:
        """Who has shown a branch, its chain code included."""
        wanted = (branch.key.lower(), branch.code.lower())
        return self._who(lambda one: (one.key.hex(), one.code.hex()) == wanted)

    def of_lane(self, account: str) -> list[str]:
        """Who has shown the key of a lane's account, in hexadecimal digits."""
        wanted = account.lower().removeprefix("0x")
        return self._who(lambda one: not one.code and account_of(one.key).hex() == wanted)

    def _who(self, fits: Fits) -> list[str]:
        return [name for name, keys in self.keys.items() if any(map(fits, keys))]


class Missing(NamedTuple):
    """What nobody has shown, or too few have: in words."""

    faults: tuple[str, ...]  # of which coins under those keys could not be spent, or not for long
    notes: tuple[str, ...]


def digest(network: int, challenge: bytes, key: bytes, code: bytes) -> bytes:
    """What a key signs to be shown."""
    text = _MAGIC + network.to_bytes(4, "big") + challenge + key + code
    return hashlib.sha256(text).digest()


def shown(network: int, challenge: bytes, keys: Sequence[PrivateKey | Private]) -> bytes:
    """A signer's answer: JSON of what it has; WillNotSign for a challenge of another length."""
    if len(challenge) != CHALLENGE or not 0 <= network < 1 << 32:
        raise WillNotSign(f"a challenge has {CHALLENGE} bytes")
    made = []
    for one in keys:
        code = one.code if isinstance(one, Private) else b""
        private = PrivateKey(one.secret)
        key = private.public_key.format()
        text = digest(network, challenge, key, code)
        made.append(Shown(key, code, private.sign_recoverable(text, hasher=None)))
    return msgspec.json.encode(made)


def ask(data: Path, network: Network) -> Held:
    """Asks each signer that a network names, by its socket or TLS; who is silent is not waited for.

    What does not prove itself by the challenge of this very question counts as not there.
    """
    found: dict[str, list[Shown]] = {}
    silent: dict[str, str] = {}
    for name in network.signers:
        challenge = os.urandom(CHALLENGE)
        try:
            told = ask_named(data, name, Asked(network.network, challenge))
            found[name] = list(_sound(network.network, challenge, told))
        except (WillNotSign, SignerGone) as refusal:
            silent[name] = str(refusal)
        except (msgspec.DecodeError, ValueError):
            silent[name] = "what it answers cannot be read"
    return Held(found, silent)


def _sound(network: int, challenge: bytes, told: bytes) -> Iterator[Shown]:
    for one in msgspec.json.decode(told, type=list[Shown]):
        if recovered(one.signature, digest(network, challenge, one.key, one.code)) == one.key:
            yield one


def missing(
    network: Network,
    held: Held,
    names: Mapping[str, str],
    added: Collection[str] | None = None,
) -> Missing:
    """What signers have not shown of the newest keys; `names` are the holders', by key.

    Faults are of the branches, or of the lanes that are `added`, where some are.
    """
    newest = network.later[-1].branches if network.later else network.branches
    gone = [f"{name} shows no key: {why}" for name, why in held.silent.items()]
    if network.is_script:
        faults, notes = _of_script(network.threshold, newest, held, names)
    else:
        of_branches = list(_of_branches(newest, held, names))
        of_lanes = {one: list(_of_lane(one, held)) for one in network.lanes}
        new = [said for one in added or () for said in of_lanes[one]]
        old = [said for one, each in of_lanes.items() if one not in (added or ()) for said in each]
        faults, notes = (of_branches, old) if added is None else (new, [*of_branches, *old])
    return Missing(tuple(faults), (*notes, *gone))


async def watch(data: Path, network: Network, clock: Clock) -> None:
    """Asks until all keys are there, and says in the log what is missing; signers come up first.

    A network without signers pays nothing and needs nobody.
    """
    said: Missing | None = None
    while network.signers and said != ((), ()):
        await clock.wait_ms(AGAIN_MS)
        lacks = missing(network, await asyncio.to_thread(ask, data, network), {})
        if lacks != said and lacks != ((), ()):
            log.error("keys of hot are not there", network=network.network,
                      missing=[*lacks.faults, *lacks.notes])  # fmt: skip
        said = lacks
    if network.signers:
        log.info("signers have shown all keys of hot", network=network.network)


def _of_script(
    m: int, branches: Sequence[Branch], held: Held, names: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    absent = [one for one in branches if not held.of_branch(one)]
    notes = [f"no signer has shown {_named(one, names)}" for one in absent]
    there = len(branches) - len(absent)
    if there > m:
        return [], notes
    return [f"signers have shown {there} of {len(branches)} keys: {m + 1} at least", *notes], []


def _of_branches(branches: Sequence[Branch], held: Held, names: Mapping[str, str]) -> Iterator[str]:
    for one in branches:
        who = held.of_branch(one)
        if len(who) < LANE_HOLDERS:
            yield f"{_by(who)} shown {_named(one, names)}: {LANE_HOLDERS} signers have to"


def _of_lane(account: str, held: Held) -> Iterator[str]:
    who = held.of_lane(account)
    if len(who) < LANE_HOLDERS:
        lane = checksummed(bytes.fromhex(account.lower().removeprefix("0x")))
        yield f"{_by(who)} shown the key of lane {lane}: {LANE_HOLDERS} signers have to"


def _by(who: Sequence[str]) -> str:
    return f"{who[0]} alone has" if who else "no signer has"


def _named(branch: Branch, names: Mapping[str, str]) -> str:
    key = branch.key.lower()
    whose = f" of {names[key]}" if key in names else ""
    return f"the key{whose} with fingerprint {fingerprint(bytes.fromhex(key)).hex()}"
