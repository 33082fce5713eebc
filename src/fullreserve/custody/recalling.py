"""Asks a network's signers what they have signed of payments that are to be let go of their lane.

A signature may exist that the payer never got, or that was lost with its store: each signer
remembers what it signed. Who cannot be reached says nothing, which counts for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec
from msgspec.structs import replace

from fullreserve.custody.chains.adapter import Attempt, Chain, Plan
from fullreserve.custody.networks import Network
from fullreserve.custody.setbacks import named
from fullreserve.custody.signer_wire import BoundTo, ShowSigned, Signed, SignerGone, ask_named
from fullreserve.custody.signing import WillNotSign

_decode = msgspec.json.Decoder(list[Signed]).decode


class Recalled(NamedTuple):
    """What signers say. `made` are transactions of a plan, by its binding, the cheapest first.

    `held` is why one may not be let go, by its binding; `untold` why none may. `silent` are those
    who do not answer.
    """

    made: dict[bytes, list[tuple[Plan, Attempt]]]
    held: dict[bytes, str]
    untold: str
    silent: tuple[str, ...]


class Recall(Protocol):
    """Of one network."""

    def __call__(self, plans: Sequence[Plan], *, never: bool) -> Recalled:
        """`never`: what a signer has not signed of these it signs no more."""


class _Told(NamedTuple):
    name: str
    signed: Sequence[Signed] = ()
    untold: str = ""
    is_silent: bool = False


class SignersRecall:
    """Of all signers that the network names, side by side: who is silent takes a while."""

    def __init__(self, data: Path, network: Network, chain: Chain) -> None:
        self._data = data
        self._network = network
        self._chain = chain

    def __call__(self, plans: Sequence[Plan], *, never: bool) -> Recalled:
        wanted = {one.binding: one for one in plans}
        asked = tuple(BoundTo(one.withdrawals, one.binding) for one in plans)
        question = ShowSigned(self._network.network, asked, never)
        names = self._network.signers
        with ThreadPoolExecutor(max(1, len(names))) as pool:
            told = list(pool.map(lambda name: self._asked(name, question), names))
        made: dict[bytes, list[tuple[Plan, Attempt]]] = {}
        held: dict[bytes, list[str]] = {}
        for by in told:
            for one in by.signed:
                plan = wanted.get(one.binding)
                attempt = self._attempt(plan, one) if plan is not None else None
                if attempt is not None and one.plan is not None:
                    made.setdefault(one.binding, []).append((one.plan, attempt))
                else:
                    held.setdefault(one.binding, []).append(f"{by.name} {_why(one)}")
        return Recalled(
            {binding: _cheapest_first(each) for binding, each in made.items()},
            {binding: "; ".join(said) for binding, said in held.items()},
            "; ".join(by.untold for by in told if by.untold),
            tuple(by.name for by in told if by.is_silent),
        )

    def _asked(self, name: str, question: ShowSigned) -> _Told:
        try:
            return _Told(name, _decode(ask_named(self._data, name, question)))
        except SignerGone:
            return _Told(name, is_silent=True)
        except WillNotSign as refusal:
            return _Told(name, untold=f"{name} does not tell what it has signed: {refusal}")
        except Exception as problem:  # noqa: BLE001 - whatever one answers
            return _Told(name, untold=f"{name}: what it answers cannot be read: {named(problem)}")

    def _attempt(self, wanted: Plan, one: Signed) -> Attempt | None:
        """The transaction, where it makes the plan's payment and is rightly signed."""
        plan, family, chain = one.plan, self._network.family, self._chain
        # Signed with another fee it is the same payment.
        if plan is None or replace(plan, body=wanted.body, fee=wanted.fee) != wanted:
            return None
        try:
            is_same = chain.nonce_of(plan) == chain.nonce_of(wanted)
            is_same = is_same and chain.outs(plan) == chain.outs(wanted)
            if is_same and family.is_of(self._network, plan, one.part):
                return family.completed(plan, [one.part])
        except Exception:  # noqa: BLE001 - of bytes that may be anything
            return None
        return None


def _why(one: Signed) -> str:
    if one.under != one.binding:
        return "has signed it with another nonce"
    if one.plan is None:
        return "has signed it, and has not kept the transaction"
    return "has signed something else with its nonce"


def _cheapest_first(made: Sequence[tuple[Plan, Attempt]]) -> list[tuple[Plan, Attempt]]:
    by_id = {attempt.txid: (plan, attempt) for plan, attempt in made}
    return sorted(by_id.values(), key=lambda one: one[0].fee)
