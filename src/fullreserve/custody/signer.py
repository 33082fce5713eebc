"""A signer as a process of its own, with its own keys: `python -m fullreserve.custody.signer SPEC`.

It listens on a Unix socket that its owner alone can open, reads a proposed plan, learns what was
approved from the exchange itself, and answers with a signature or with why not. Keys are in an
encrypted file; the passphrase comes on standard input, so that no environment, argument or log has
it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import structlog
from coincurve import PrivateKey

from fullreserve import logs
from fullreserve.config import Settings
from fullreserve.custody import keyfile, networks
from fullreserve.custody.addresses import UtxoAddresses
from fullreserve.custody.chains.adapter import Payment, Plan
from fullreserve.custody.networks import BadNetworks, Network
from fullreserve.custody.signing import EvmPolicy, Intents, UtxoPolicy, WillNotSign, lane_of

LENGTH = 4
PLAN_MAX = 1 << 20
REQUEST_S = 10.0

log = structlog.get_logger(__name__)


class Spec(msgspec.Struct, frozen=True):
    """What a signer is started with; no secret is in it."""

    keys: str  # the encrypted file: `lane-0`, … and `utxo`
    socket: str
    data: str  # where the networks' file is
    intents: str = ""  # a file of approved payments by binding, as the exchange sealed them


class Answer(msgspec.Struct, array_like=True, frozen=True):
    """One of the two is empty."""

    signature: bytes = b""
    refusal: str = ""


class SealedIntents:
    """Approved payments in a file that the approver writes and the coordinator cannot."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def payments(self, plan: Plan) -> Sequence[Payment]:
        sealed = self._sealed().get(plan.binding)
        if sealed is None:
            raise WillNotSign("nothing was approved for this binding")
        by_id = {one.withdrawal: one for one in sealed}
        if tuple(by_id) != plan.withdrawals:
            raise WillNotSign("the withdrawals are not those that were approved together")
        return [by_id[one] for one in plan.withdrawals]

    def _sealed(self) -> dict[bytes, list[Payment]]:
        try:
            return msgspec.msgpack.decode(self._path.read_bytes(), type=dict[bytes, list[Payment]])
        except (OSError, msgspec.DecodeError):
            raise WillNotSign("what was approved cannot be read") from None


class Signer:
    """Signs plans of the networks that it has keys for."""

    def __init__(
        self, served: Sequence[Network], secrets: dict[str, bytes], intents: Intents
    ) -> None:
        self._intents = intents
        self._policies: dict[int, Callable[[Plan, Intents], bytes]] = {}
        for network in served:
            self._policies[network.network] = _policy(network, secrets)

    def answer(self, data: bytes) -> Answer:
        """Never raises: what cannot be read is refused too."""
        try:
            plan = msgspec.msgpack.decode(data, type=Plan)
            policy = self._policies.get(plan.network)
            if policy is None:
                return Answer(refusal=f"network {plan.network} is none of this signer's")
            return Answer(policy(plan, self._intents))
        except msgspec.DecodeError:
            return Answer(refusal="the proposal cannot be read")
        except WillNotSign as refusal:
            log.warning("refused to sign", reason=str(refusal))
            return Answer(refusal=str(refusal))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers one connection's requests, each a length and a plan."""
        try:
            while head := await reader.read(LENGTH):
                head += await reader.readexactly(LENGTH - len(head))
                length = int.from_bytes(head, "big")
                if length > PLAN_MAX:
                    break
                answer = msgspec.msgpack.encode(self.answer(await reader.readexactly(length)))
                writer.write(len(answer).to_bytes(LENGTH, "big") + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # who asks may go away at any moment
        finally:
            writer.close()


def _policy(network: Network, secrets: dict[str, bytes]) -> Callable[[Plan, Intents], bytes]:
    chain = network.chains()[0]
    if network.kind == "utxo":
        of = chain.addresses
        assert isinstance(of, UtxoAddresses)
        from fullreserve.custody.chains.utxo import UtxoChain

        assert isinstance(chain, UtxoChain)
        key = PrivateKey(secrets["utxo"])
        count, rate = len(network.branches), chain.terms.rate_cap
        return UtxoPolicy(of, rate, count, network.threshold, key).sign
    from fullreserve.custody.chains.evm import EvmChain

    assert isinstance(chain, EvmChain)
    lanes = [PrivateKey(one) for name, one in secrets.items() if name.startswith("lane-")]
    return EvmPolicy(chain.terms, {lane_of(key): key for key in lanes}).sign


class SignerGone(OSError):
    """No signer answers at the socket."""


def ask(path: Path, plan: Plan) -> bytes:
    """The signature; WillNotSign with the signer's reason, SignerGone."""
    data = msgspec.msgpack.encode(plan)
    try:
        with socket.socket(socket.AF_UNIX) as wire:
            wire.settimeout(REQUEST_S)
            wire.connect(str(path))
            wire.sendall(len(data).to_bytes(LENGTH, "big") + data)
            with wire.makefile("rb") as stream:
                length = int.from_bytes(_exactly(stream.read(LENGTH), LENGTH), "big")
                content = _exactly(stream.read(length), length)
    except OSError as problem:
        raise SignerGone(f"no signer answers at {path.name}: {problem}") from None
    answer = msgspec.msgpack.decode(content, type=Answer)
    if answer.refusal:
        raise WillNotSign(answer.refusal)
    return answer.signature


def _exactly(content: bytes, length: int) -> bytes:
    if len(content) != length:
        raise OSError("the connection was closed")
    return content


async def run(spec: Spec, passphrase: bytes) -> None:
    """Serves until SIGTERM."""
    served = networks.load(Path(spec.data))
    secrets = keyfile.unseal(Path(spec.keys), passphrase)
    signer = Signer(served, secrets, SealedIntents(Path(spec.intents)))
    mask = os.umask(0o177)
    try:
        server = await asyncio.start_unix_server(signer.serve, spec.socket)
    finally:
        os.umask(mask)
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await stopped.wait()
    server.close()


def main() -> int:
    """Run a signer as a process of its own."""
    settings = Settings.load()
    logs.configure(settings.log)
    spec = msgspec.json.decode(sys.argv[1], type=Spec)
    # What a signer that was killed left behind; a living one has its own place.
    Path(spec.socket).unlink(missing_ok=True)
    try:
        asyncio.run(run(spec, sys.stdin.buffer.readline().rstrip(b"\n")))
    except (keyfile.KeyFileError, BadNetworks, OSError) as problem:
        log.error("signer ends", problem=str(problem))  # noqa: TRY400 - a sentence
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
