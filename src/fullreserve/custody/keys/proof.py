"""Proof, in an entry of the record, that holders of a wallet signed that another follows it.

A script wallet's holders sign the transaction that brings its coins to the next: by any input's
signature (SIGHASH_ALL, BIP 143) to the script that its keys, threshold and recovery are hashed in.
A Safe's owners sign the calls that swap them.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fullreserve.custody.keys import job
from fullreserve.custody.keys.job import GUARD, Job, WrongJob
from fullreserve.custody.keys.record import Proof, Record, TierWallet
from fullreserve.custody.keys.signature import is_valid_der
from fullreserve.custody.tiers import spending
from fullreserve.custody.tiers.safe import NotEnough

_ALL = bytes((spending.SIGHASH_ALL,))


def made(done: Job, record: Record, parts: Sequence[bytes]) -> Proof | msgspec.UnsetType:
    """Of a finished job, before it is recorded; UNSET where nothing was signed, or a guard alone.

    A gathering changes no keys: its proof says which coins it has moved. WrongPart.
    """
    if done.kind == GUARD:
        return msgspec.UNSET
    if done.spend is None:
        if not done.transactions:
            return msgspec.UNSET
        return Proof(transactions=done.transactions, parts=tuple(parts))
    before = job.source_of(done, record)
    assert before.wallet is not None
    signed: dict[str, bytes] = {}
    for part in parts:
        found = spending.read_part(before.wallet, done.spend, part)
        signed |= {holder: by_input[0] for holder, by_input in found.items()}
    return Proof(done.spend, signed)


def signers(done: Job, record: Record, proof: Proof) -> list[str]:
    """Who signed it, as many as the wallet of before needs; WrongJob where they are too few.

    `record` is that of before; what may follow there is looked at as by each holder who signs.
    """
    before = job.allowed(done, record)
    if before.wallet is None:
        return _owners(done, record, before, proof)
    if proof.spend is None or not proof.spend.inputs:
        raise WrongJob(f"nobody signed that coins of the {before.name} go")
    job.follows(done, proof.spend)
    needed, keys = before.wallet.spenders(recovers=proof.spend.recovers)
    digest, index = spending.digests(before.wallet, proof.spend)[0], proof.spend.inputs[0].index
    sound = [
        one.holder
        for one in keys
        if _is_signed(proof.signed.get(one.holder, b""), digest, one.at(index))
    ]
    if len(sound) < needed:
        raise WrongJob(f"{len(sound)} of {needed} holders of the {before.name} have signed it")
    return sound


def _is_signed(made: bytes, digest: bytes, key: bytes) -> bool:
    return made[-1:] == _ALL and is_valid_der(made[:-1], digest, key)


def _owners(done: Job, record: Record, before: TierWallet, proof: Proof) -> list[str]:
    calls = msgspec.structs.replace(done, transactions=proof.transactions)
    try:
        job.executions(calls, record, proof.parts)
    except NotEnough as few:
        raise WrongJob(str(few)) from None
    names = {account: name for name, account in (before.owners | done.after.owners).items()}
    return sorted({names[_owner(part)] for part in proof.parts if _owner(part) in names})


def _owner(part: bytes) -> str:
    return msgspec.json.decode(part, type=job.SafePart).owner.hex()
