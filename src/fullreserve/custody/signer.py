"""A signer as a process of its own, with its own keys: `python -m fullreserve.custody.signer SPEC`.

It listens on a Unix socket that its owner alone can open, reads a proposed plan, learns what was
approved from the exchange itself, and answers with a signature or with why not. On the exchange's
machine it asks at its door and vault, elsewhere over TLS. Plans it signs for
the payer alone: over TLS by its certificate, on the socket by the exchange's word that it started
the process that asks, whose number the kernel tells. Keys are in an
encrypted file; the passphrase comes on standard input, so that no environment, argument or log has
it.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import msgspec
import structlog
from coincurve import PrivateKey

from fullreserve import logs
from fullreserve.after_trading import WORKERS, after_trading
from fullreserve.clock import Clock, SystemClock
from fullreserve.config import Settings
from fullreserve.custody import holders, keyfile, networks, shown_keys
from fullreserve.custody.chains.adapter import GAS, Plan
from fullreserve.custody.destinations import Destinations
from fullreserve.custody.exchange_view import ExchangeView, LocalView
from fullreserve.custody.fee_budget import TIMES, Budgets
from fullreserve.custody.house import House, Unknown
from fullreserve.custody.intents import ExchangeIntents, Memory
from fullreserve.custody.keys import exchange_key, taken, tls_door
from fullreserve.custody.keys.answers import SIZE, signed_digest
from fullreserve.custody.keys.no_dumps import forbid_dumps
from fullreserve.custody.keys.record import BadRecord, Record
from fullreserve.custody.keys.remote_view import RemoteView
from fullreserve.custody.keys.tls import NotTrusted
from fullreserve.custody.networks import BadNetworks, Network
from fullreserve.custody.ownership import BadMessage
from fullreserve.custody.repeats import Repeats
from fullreserve.custody.settled_fees import SettledFees
from fullreserve.custody.signer_wire import (
    Answer,
    AnswerChallenge,
    AnyQuestion,
    ShowKeys,
    ShowSigned,
    SignMessage,
    SignPlan,
    Spec,
    decode_question,
    peer_of,
    serve_frames,
)
from fullreserve.custody.signing import Policy, WillNotSign
from fullreserve.door.protocol import Unavailable
from fullreserve.door.socket_client import SocketDoor
from fullreserve.door.socket_server import SOCKET_NAME
from fullreserve.identity.keyring import KeyringError
from fullreserve.identity.store import FILE_NAME, KEY_NAME
from fullreserve.identity.vault import Vault
from fullreserve.until_terminated import until_ended, until_terminated

READS_ONLY = 0  # the gateway of who may not say anything to the exchange

log = structlog.get_logger(__name__)


class Signer:
    """Signs plans of the networks that it has keys for, and messages that prove an address.

    `policies` are by network.
    """

    def __init__(
        self,
        policies: Mapping[int, Policy],
        intents: ExchangeIntents,
        key: PrivateKey,
        budgets: Budgets,
        is_payer: Callable[[int], Awaitable[bool]],
        clock: Clock | None = None,
    ) -> None:
        self._repeats = Repeats(clock or SystemClock())
        self._budgets = budgets
        self._is_payer = is_payer
        self._intents = intents
        self.policies = policies
        self._key = key  # of its presence

    async def answer(self, data: bytes, pid: int | None = None) -> Answer:
        """Never raises: what cannot be read is refused too. `pid` asks; None: the coordinator."""
        try:
            question = decode_question(data)
            if isinstance(question, SignPlan | ShowSigned) and pid is not None:
                await self._check_payer(pid)
            return Answer(await self._answered(question))
        except msgspec.DecodeError:
            return Answer(refusal="the proposal cannot be read")
        except (WillNotSign, BadMessage) as refusal:
            if self._repeats.is_due(str(refusal)):
                log.warning("refused to sign", reason=str(refusal))
            return Answer(refusal=str(refusal))
        except sqlite3.Error as problem:
            log.error("its own file fails", problem=type(problem).__name__)
            return Answer(refusal="this signer's own file cannot be read or written now")
        except Unavailable as problem:
            log.warning("cannot sign now", problem=str(problem))
            return Answer(refusal=f"what was approved cannot be read now: {problem}")
        except (Unknown, OSError) as problem:
            log.warning("cannot sign now", problem=type(problem).__name__)
            return Answer(refusal="what was approved cannot be read now")
        except Exception as problem:  # noqa: BLE001 - of a policy that is not of this source
            # Its kind alone: what it says may hold a key.
            log.error("a policy fails", problem=type(problem).__name__)
            return Answer(refusal=f"this signer's policy fails: {type(problem).__name__}")

    async def encoded(self, data: bytes, pid: int | None = None) -> bytes:
        """The answer as it goes over a wire."""
        return msgspec.json.encode(await self.answer(data, pid))

    async def _check_payer(self, pid: int) -> None:
        if not await self._is_payer(pid):
            log.error("asked as the payer asks, by who is not the payer", pid=pid)
            raise WillNotSign("only the payer that the exchange started may propose a plan")

    async def _answered(self, question: AnyQuestion) -> bytes:
        if isinstance(question, AnswerChallenge):
            if len(question.challenge) != SIZE:
                raise WillNotSign(f"a challenge has {SIZE} bytes")
            digest = signed_digest(question.quorum, question.challenge)
            return self._key.sign_recoverable(digest, hasher=None)
        if isinstance(question, SignMessage):
            policy = self._policy(question.network)
            return policy.prove(question.key, question.message, hashed=question.hashed)
        if isinstance(question, ShowKeys):
            # Who is asked for several networks may have keys of some alone.
            known = self.policies.get(question.network)
            own = known.own_keys() if known is not None else ()
            return shown_keys.shown(question.network, question.challenge, own)
        if isinstance(question, ShowSigned):
            return msgspec.json.encode(self._intents.signed(question))
        assert isinstance(question, SignPlan)
        return await self._signed(question, self._policy(question.plan.network))

    async def _signed(self, question: SignPlan, policy: Policy) -> bytes:
        plan, is_known = question.plan, policy.knows_cost
        approved = await self._intents.approved(plan)
        covered = await self._intents.covered(plan)
        free = covered if is_known else TIMES * covered
        budget = self._budgets.moves if is_known or not approved else self._budgets.payments
        charged: list[int] = []

        def charge(of: Plan, fee: int, for_payments: bool) -> None:
            if fee > free:
                budget.charge(of, fee - free, for_payments)
                charged.append(fee - free)

        signature = policy.sign(plan, approved, question.previous, charge)
        self._intents.note(plan, signature)
        is_given = plan.move is not None and plan.move.key.startswith(GAS)
        # What a lane that was left is given counts all.
        if charged and not is_given and (name := policy.name_of(plan, signature)):
            budget.signed(plan, name)
        return signature

    def _policy(self, network: int) -> Policy:
        found = self.policies.get(network)
        if found is None:
            raise WillNotSign(f"network {network} is none of this signer's")
        return found

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers one connection's questions."""
        await serve_frames(partial(self.encoded, pid=peer_of(writer)), reader, writer)


def policies_of(served: Sequence[Network], secrets: Mapping[str, bytes]) -> dict[int, Policy]:
    """What a signer with these secrets signs on each network; none where it has no key."""
    made = {one.network: _policy(one, secrets) for one in served}
    return {network: policy for network, policy in made.items() if policy is not None}


def _policy(network: Network, secrets: Mapping[str, bytes]) -> Policy | None:
    family = network.family
    try:
        return family.policy(network, secrets)
    except Exception as problem:
        if network.adapter is None:
            raise
        # What it says may hold what it was given.
        what = f"network {network.network}, {network.adapter.file}: {type(problem).__name__}"
        raise BadNetworks(f"{what} in its signer's policy") from None


Asking = tuple[ExchangeView, Callable[[int], Awaitable[bool]]]


@asynccontextmanager
async def exchange_of(spec: Spec, passphrase: bytes, clock: Clock) -> AsyncIterator[Asking]:
    """The exchange, and whether it started a process to pay; Unavailable, NotTrusted, OSError."""
    data = Path(spec.data)
    if spec.exchange:
        try:
            if newest := taken.begin(data, spec.name):
                record = Record.of(data)
                known = {name: exchange_key.told(record, name) for name in exchange_key.DOES}
                log.warning("the first record is taken: compare it", newest=newest, **known)
        except BadRecord as bad:
            raise NotTrusted(str(bad)) from None
        side = tls_door.Side(data, spec.name, passphrase, serves=False, is_elsewhere=True)
        side.now()
        yield RemoteView(side, spec.exchange), _is_nobody
        return
    needed = (FILE_NAME, KEY_NAME)
    if missing := [name for name in needed if not (data / name).exists()]:
        # Nothing of the exchange's is made in its place: an empty vault names no address.
        raise Unavailable(
            f"{data} has no {', '.join(missing)}: it is not the folder of an exchange; "
            "elsewhere name its address in `exchange`, tls:exchange@host:port"
        )
    vault = Vault(data, clock.wall_ms)
    # Who has its passphrase may be away for longer than an exchange that is upgraded.
    door = await SocketDoor.open(data / SOCKET_NAME, READS_ONLY, clock, lasts=True)
    try:
        yield LocalView(House(door), Destinations(vault)), door.is_payer
    finally:
        await door.close()
        vault.close()


async def _is_nobody(_pid: int) -> bool:
    """The exchange starts no process on another machine."""
    return False


async def run(spec: Spec, passphrase: bytes) -> None:
    """Serves until SIGTERM."""
    data, clock = Path(spec.data), SystemClock()
    served = networks.served(data)
    secrets = await asyncio.to_thread(keyfile.unseal, Path(spec.keys), passphrase)
    async with exchange_of(spec, passphrase, clock) as (exchange, is_payer):
        kept = data / f"custody-signer-{spec.name}.sqlite"
        memory = Memory(kept)
        budgets = Budgets.open(kept, served, clock)
        intents = ExchangeIntents(exchange, served, memory, data)
        presence = holders.key_of(secrets)
        policies = policies_of(served, secrets)
        signer = Signer(policies, intents, presence, budgets, is_payer)
        servers = await _listening(spec, signer, passphrase)
        log.info("signer serves", name=spec.name, presence=presence.public_key.format().hex())
        accounts = [one for one in served if one.network in policies and not one.is_script]
        nodes = {one.network: (one.chains(), one.unlock_after) for one in accounts}
        await until_terminated(SettledFees(budgets, nodes).run(clock))
        for one in servers:
            one.close()
        budgets.close()
        memory.close()


async def _listening(spec: Spec, signer: Signer, passphrase: bytes) -> list[asyncio.Server]:
    """On the socket, and by TLS where it is to."""
    mask = os.umask(0o177)
    try:
        servers = [await asyncio.start_unix_server(until_ended(signer.serve), spec.socket)]
    finally:
        os.umask(mask)
    if spec.listen:
        where = (Path(spec.data), spec.name, spec.listen, passphrase, signer.encoded)
        servers.append(await tls_door.listen(*where, is_elsewhere=bool(spec.exchange)))
    return servers


def main() -> int:
    """Run a signer as a process of its own."""
    forbid_dumps()
    settings = Settings.load()
    logs.configure(settings.log)
    after_trading(WORKERS)
    spec = msgspec.json.decode(sys.argv[1], type=Spec)
    # What a signer that was killed left behind; a living one has its own place.
    Path(spec.socket).unlink(missing_ok=True)
    try:
        asyncio.run(run(spec, sys.stdin.buffer.readline().rstrip(b"\n")))
    except (keyfile.KeyFileError, KeyringError, BadNetworks, Unavailable, OSError) as problem:
        log.error("signer ends", problem=str(problem))
        final = isinstance(problem, keyfile.KeyFileError | BadNetworks)
        return os.EX_DATAERR if final else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
