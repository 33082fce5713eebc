"""A signed word on what an account is owed at one place in the log.

With a leaf it is proof of a lie, for anybody to see: where an account did not change between the
two places, both have to say the same. That it did not change is signed too, twice over: a receipt
says when it last changed, and a leaf in which epoch it was made. A change that is left out of the
next statement shows by the second, one that is taken back by the first.
"""

from __future__ import annotations

from collections import Counter

from fullreserve.exchange.machine import Machine
from fullreserve.exchange.wire.commands import ClaimClass, amount_int
from fullreserve.exchange.wire.events import AssetDefined, KindDefined
from fullreserve.exchange.wire.queries import AccountState, ListAssets, ListBalances, ListKinds
from fullreserve.journal.replica import Replica
from fullreserve.reserves.canonical import canonical
from fullreserve.reserves.claims import EQUITY
from fullreserve.reserves.keys import Signer
from fullreserve.reserves.statement import Document

VERSION = 1
TAG = b"fullreserve/receipt/1\n"


def changed_ms(replica: Replica, account: int) -> int:
    """Exchange time of the account's last change, 0 where it never had anything."""
    states: list[AccountState] = replica.machine.query(ListBalances(account))
    return max((one.updated_ms for one in states), default=0)


def receipt(replica: Replica, account: int, epoch: int, exchange: str) -> Document:
    """What is owed where the log stands; `epoch` is a statement's of this place or an earlier one.

    Amounts are units of 10^-decimals; an asset of which nothing is owed is left out.
    """
    head, machine = replica.head, replica.machine
    owed = _owed(machine, account)
    assets: list[AssetDefined] = sorted(machine.query(ListAssets()), key=lambda one: one.asset)
    return {
        "v": VERSION,
        "exchange": exchange,
        "account": str(account),
        "sequence": head.sequence,
        "time": head.time_ms,
        "since": changed_ms(replica, account),
        "epoch": epoch,
        "claims": [
            {"symbol": one.symbol, "decimals": one.scale, "claim": str(owed[one.asset])}
            for one in assets
            if owed[one.asset]
        ],
    }


def signed_receipt(document: Document, signer: Signer) -> Document:
    """The receipt with its signature over tag and canonical form."""
    return {"receipt": document, "signature": signer.sign(TAG + canonical(document)).hex()}


def _owed(machine: Machine, account: int) -> Counter[int]:
    """As the tree counts it: positive balances of what is a claim, by asset."""
    kinds: list[KindDefined] = machine.query(ListKinds())
    counted = {one.kind for one in kinds if one.claim != ClaimClass.NOT_A_CLAIM} | set(EQUITY)
    states: list[AccountState] = machine.query(ListBalances(account))
    owed: Counter[int] = Counter()
    for one in states:
        if one.kind in counted and (units := amount_int(one.balance)) > 0:
            owed[one.asset] += units
    return owed
