"""Addresses whose keys no signer of ours has at hand, each with a signature that somebody made.

Cold wallets on paper, on devices, in Safes: their holders sign a message by their own software and
hand in what it made (`fullreserve reserves declare`). As with signers' signatures, it is believed
for a day; then nothing of it counts until somebody signs again.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import msgspec
import structlog

from fullreserve.custody import networks
from fullreserve.custody.networks import BadNetworks, Network
from fullreserve.journal.durable_file import replace_file
from fullreserve.reserves.checker import NoVerifier, verifier
from fullreserve.reserves.keys import FOLDER
from fullreserve.reserves.places import Control, NotProven, Ownership, Place, read_message

FILE = "declared.json"
SAFE_FORM = "eip1271"
DECLARED = "declared"

log = structlog.get_logger(__name__)


class BadDeclared(ValueError):
    """The file of declared addresses cannot be read; the message says why."""


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """One address. `form` is as the evidence has it; `coins` are outpoints, where there are any."""

    network: int
    address: str
    form: str
    message: str
    signatures: tuple[str, ...]
    script: str = ""
    coins: tuple[str, ...] = ()

    def place(self) -> Place:
        """An account as its chain has it; an address of Bitcoin's family stands for itself."""
        account = _account(self.address)
        return Place(self.network, DECLARED, self.address, account, self.coins)

    def is_of(self, network: int, address: str) -> bool:
        """In whichever letters the account is written."""
        return (self.network, _account(self.address)) == (network, _account(address))

    def ownership(self) -> Ownership:
        return Ownership(
            message=self.message, signatures=self.signatures, script=self.script, form=self.form
        )


def load(data: Path) -> list[Declared]:
    """All of them, none without the file; BadDeclared."""
    path = data / FOLDER / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Declared])
    except FileNotFoundError:
        return []
    except (OSError, msgspec.DecodeError) as problem:
        raise BadDeclared(f"{path} cannot be read: {problem}") from None


def keep(data: Path, *fresh: Declared) -> None:
    """Adds some, instead of what was declared of their addresses before; BadDeclared."""
    known = load(data)
    for one in fresh:
        known = [old for old in known if not old.is_of(one.network, one.address)]
    _write(data, [*known, *fresh])


def drop(data: Path, network: int, address: str) -> None:
    """Forgets one; BadDeclared where none is declared."""
    known = load(data)
    others = [old for old in known if not old.is_of(network, address)]
    if len(others) == len(known):
        raise BadDeclared(f"{address} is not declared on network {network}")
    _write(data, others)


def _write(data: Path, all_of_them: Sequence[Declared]) -> None:
    content = msgspec.json.format(msgspec.json.encode(all_of_them), indent=1)
    (data / FOLDER).mkdir(parents=True, exist_ok=True, mode=0o700)
    replace_file(data / FOLDER / FILE, content)


def _account(address: str) -> bytes:
    """Of accounts, capital letters are a checksum only."""
    try:
        return bytes.fromhex(address[2:]) if address.startswith("0x") else address.encode()
    except ValueError:
        return address.encode(errors="replace")


def judged(network: Network, one: Declared) -> None:
    """NotProven where the verifier would refuse it, so that a statement never rests on it.

    Whether a Safe says yes only its chain can tell; it is asked at each reading.
    """
    judge = verifier()
    try:
        said = read_message(one.message)
    except ValueError as problem:
        raise NotProven(str(problem)) from None
    public, at_ms = bytes.fromhex(said.exchange), said.at_ms
    terms = {"chainId": network.chain_id}
    chain = judge.Chain(terms, one.network, said.height, at_ms, at_ms, public, {})
    document = msgspec.structs.asdict(one) | {"signatures": list(one.signatures)}
    try:
        _judge_coins(judge, network, one)
        if network.is_script:
            judge.check_script_place(document, chain, network.hrp)
        elif one.form == SAFE_FORM:
            judge.check_said(document, chain)
        else:
            judge.check_place(document, chain)
    except judge.Refused as refused:
        raise NotProven(str(refused)) from None


def _judge_coins(judge: ModuleType, network: Network, one: Declared) -> None:
    """NotProven, judge.Refused."""
    if one.coins and not network.is_script:
        raise NotProven("an account's balance is read from its chain: no coins are named with it")
    judge.coins_of({"coins": [{"outpoint": name, "amount": "1"} for name in one.coins]})
    if len(set(one.coins)) != len(one.coins):
        raise NotProven("a coin is named twice")


def _is_at(one: Declared, place: Place) -> bool:
    return (one.network, one.address) == (place.network, place.address)


class WithDeclared:
    """Places and proofs of another control, and those that were declared."""

    def __init__(self, data: Path, inner: Control) -> None:
        self._data = data
        self._inner = inner

    async def places(self, network: int) -> Sequence[Place]:
        """All that may hold coins; Unavailable."""
        own = list(await self._inner.places(network))
        known = {name for one in own for name in (one.account, one.address.encode())}
        declared = [one.place() for one in self._declared() if one.network == network]
        once = {one.account: one for one in declared if one.account not in known}
        return own + list(once.values())

    async def prove(self, place: Place, message: str) -> Ownership:
        """What was handed in of a declared place, however old; NotProven.

        A wallet of ours is asked about first: its holders may answer by machine, or by files.
        """
        handed = next((one for one in self._declared() if _is_at(one, place)), None)
        if handed is None:
            return await self._inner.prove(place, message)
        if place.tier != DECLARED:
            try:
                return await self._inner.prove(place, message)
            except NotProven as problem:
                log.info("what was handed in counts", address=place.address, problem=str(problem))
        self._judge(handed)
        return handed.ownership()

    def _judge(self, one: Declared) -> None:
        try:
            for network in networks.served(self._data):
                if network.network == one.network:
                    judged(network, one)
        except (BadNetworks, NoVerifier) as problem:
            raise NotProven(str(problem)) from None

    def _declared(self) -> list[Declared]:
        try:
            return load(self._data)
        except BadDeclared as problem:
            log.warning("nothing declared counts", problem=str(problem))
            return []
