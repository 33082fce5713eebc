"""Asks a network's signers until as many have signed as it takes; none of them is indispensable."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Lock

import structlog

from fullreserve.custody.chains.adapter import Attempt, Plan
from fullreserve.custody.left import leave
from fullreserve.custody.networks import Network
from fullreserve.custody.payer_desk import NotSigned
from fullreserve.custody.setbacks import named
from fullreserve.custody.signer_wire import SignerGone, SignPlan, ask_named
from fullreserve.custody.signing import WillNotSign
from fullreserve.exchange.worker_files import gone_name

log = structlog.get_logger(__name__)


class Quorum:
    """The signers of one network; sockets in the data folder, or TLS endpoints."""

    def __init__(
        self, data: Path, network: Network, previous: Callable[[Plan], tuple[bytes, ...]]
    ) -> None:
        self._data = data
        self._previous = previous  # of `Chain`
        self._network = network
        self._needed = network.signatures
        self._gone: dict[str, None] = {}  # asked last, since each makes all others wait
        self._place = data / gone_name(network.network)
        self._place.unlink(missing_ok=True)  # what an earlier run left is found anew
        self._told: list[str] = []
        self._telling = Lock()

    def sign(self, plan: Plan) -> Attempt:
        """The signed transaction; NotSigned, NodeProblem."""
        try:
            return self._signed(plan)
        finally:
            self._tell()

    def _signed(self, plan: Plan) -> Attempt:
        parts: list[bytes] = []
        said: list[str] = []
        question = SignPlan(plan, self._previous(plan))
        family = self._network.family
        for name in sorted(self._network.signers, key=self._gone.__contains__):
            try:
                part = ask_named(self._data, name, question)
                self._gone.pop(name, None)
                if family.is_of(self._network, plan, part):
                    parts.append(part)
                else:
                    said.append(f"{name}: it signed otherwise, by another file or another key")
            except WillNotSign as refusal:
                said.append(f"{name}: {refusal}")
            except SignerGone as problem:
                self._gone[name] = None
                said.append(f"{name}: {problem}")
            except Exception as problem:  # noqa: BLE001 - whatever one answers, the next is asked
                log.error("a signer's answer cannot be read", signer=name, problem=named(problem))
                said.append(f"{name}: what it answers cannot be read")
            if len(parts) == self._needed:
                return family.completed(plan, parts)
        reasons = "; ".join(said) or "the network names no signers"
        raise NotSigned(f"{len(parts)} of {self._needed} signers signed: {reasons}")

    def _tell(self) -> None:
        """Who is silent stands in a file, so that all holders are challenged at once."""
        # Plans are signed by several threads: who tells last tells the newest.
        with self._telling:
            gone = sorted(self._gone.copy())
            if gone == self._told:
                return
            leave(self._place, gone, "nobody is told of silent signers")
            self._told = gone
