"""`fullreserve reserves audit`: a statement from raw data, for an auditor inside the house.

It reads what a stranger cannot: the journal. Totals are made again from a replay of the log up to
the sequence that the statement names; every statement is checked against the log of statements; and
every address of the evidence is asked for at the auditor's own nodes, where there are any.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from fullreserve.config import Settings
from fullreserve.custody.chains.rpc import Node, NodeProblem
from fullreserve.custody.contracts import call
from fullreserve.exchange.machine import Machine
from fullreserve.exchange.wire.commands import amount_int
from fullreserve.exchange.wire.events import AssetDefined
from fullreserve.exchange.wire.queries import ListAssets
from fullreserve.journal.errors import JournalError
from fullreserve.journal.reader import JournalReader
from fullreserve.journal.replay import Recovered, recover
from fullreserve.journal.snapshots import FOLDER_NAME as SNAPSHOTS
from fullreserve.journal.sqlite import FOLDER_NAME as JOURNAL
from fullreserve.reserves import claims
from fullreserve.reserves.archive import HASHES, LEAF_BYTES, PUBLIC
from fullreserve.reserves.canonical import canonical
from fullreserve.reserves.checker import NoVerifier, verifier
from fullreserve.reserves.keys import FOLDER
from fullreserve.reserves.statement import TAG, Document, hash_of
from fullreserve.reserves.transparency import leaf_hash

DONE, WRONG = 0, 1
BAR = 40


class Finding(Exception):
    """What does not hold, in one sentence."""


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _progress(done: int, of: int) -> None:
    if sys.stderr.isatty():
        filled = BAR * done // max(1, of)
        sys.stderr.write(f"\r[{'#' * filled}{'.' * (BAR - filled)}] {done} of {of}")
        sys.stderr.write("\n" if done == of else "")


def audit(settings: Settings, epoch: int | None, node: Sequence[str] | None) -> int:
    """Check a statement (the newest by default) against the journal and the auditor's nodes."""
    folder = settings.data / FOLDER / PUBLIC
    try:
        newest = check_log(folder)
        document = statement_of(folder, epoch or newest)
        _say(f"{newest} statements, each signed and in the log, each naming the one before it")
        check_claims(settings.data, document)
        _say(f"claims of statement {document['epoch']} are those of the journal, to the unit")
        urls = dict(one.split("=", 1) for one in node or ())
        shown = check_control(folder, document, urls)
        _say(f"{shown} addresses are the exchange's: their keys signed")
        asked = check_places(folder, document, urls)
        _say(f"{asked} balances are those of your own nodes")
        for symbol, counts in check_cover(document):
            how = "it covers claims on itself alone" if counts else "nothing is held for it"
            _say(f"{symbol} is the exchange's own token: {how}")
    except (Finding, NoVerifier, JournalError, NodeProblem, OSError, ValueError) as problem:
        _say(f"FAILED: {problem}")
        return WRONG
    _say("Every asset is covered. Everything that could be checked holds.")
    return DONE


def statement_of(folder: Path, epoch: int) -> Document:
    """A published statement; OSError, ValueError."""
    document: Document = json.loads((folder / "epochs" / f"{epoch}.json").read_bytes())["statement"]
    return document


def check_log(folder: Path) -> int:
    """How many statements there are, once all of them hold together; Finding, NoVerifier."""
    hashes = (folder / HASHES).read_bytes()
    count, previous = len(hashes) // LEAF_BYTES, ""
    judge, before = verifier(), None
    for epoch in range(1, count + 1):
        row = json.loads((folder / "epochs" / f"{epoch}.json").read_bytes())
        document = row["statement"]
        leaf = hashes[(epoch - 1) * LEAF_BYTES : epoch * LEAF_BYTES]
        if leaf_hash(canonical(document)) != leaf:
            raise Finding(f"statement {epoch} is not the one in the log")
        if document["epoch"] != epoch or document["previous"] != previous:
            raise Finding(f"statement {epoch} does not follow the one before it")
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(document["exchange"]))
        try:
            key.verify(bytes.fromhex(row["signature"]), TAG + canonical(document))
        except InvalidSignature:
            raise Finding(f"statement {epoch} is not signed by its key") from None
        try:
            if before is not None:
                judge.check_following(before, document)
        except judge.Refused as refused:
            raise Finding(str(refused)) from None
        previous, before = hash_of(document), document
        _progress(epoch, count)
    if not count:
        raise Finding("there are no statements")
    return count


def replayed(data: Path, document: Document) -> Machine:
    """The exchange where a statement was made, from the journal; Finding, JournalError."""
    place = document["journal"]
    recovered: Recovered = recover(
        JournalReader(data / JOURNAL), data / SNAPSHOTS, durable=place["sequence"]
    )
    head = recovered.replica.head
    if (head.sequence, head.hash.hex()) != (place["sequence"], place["hash"]):
        raise Finding(f"the journal has another row at sequence {place['sequence']}")
    return recovered.replica.machine


def check_claims(data: Path, document: Document) -> None:
    """That a replay to the statement's sequence owes what it says; Finding, JournalError."""
    machine = replayed(data, document)
    assets: list[AssetDefined] = sorted(machine.query(ListAssets()), key=lambda one: one.asset)
    totals, house = dict.fromkeys((one.asset for one in assets), 0), dict[int, int]()
    users = 0
    for page in claims.pages(machine):
        for owed in claims.unpacked(page.owners):
            users += not owed.is_house
            for asset, amount in owed.amounts.items():
                totals[asset] += amount
                if owed.is_house:
                    house[asset] = house.get(asset, 0) + amount
        lacking = {one.asset: amount_int(one.amount) for one in page.shortfalls}
    for one, row in zip(assets, document["assets"], strict=True):
        made = (totals[one.asset], house.get(one.asset, 0), lacking.get(one.asset, 0))
        said = tuple(int(row[name]) for name in ("claims", "house", "shortfall"))
        if made != said:
            raise Finding(f"{one.symbol}: the journal owes {made}, the statement says {said}")
    if document["claims"]["leaves"] != users + 1:
        raise Finding(f"the tree has {document['claims']['leaves']} leaves for {users} accounts")


def check_control(folder: Path, document: Document, nodes: dict[str, str]) -> int:
    """That the evidence holds for the stand-alone verifier; how many addresses it is of. Finding.

    Coins of Bitcoin's family, and payments on their way, are looked for at the auditor's nodes too.
    """
    name = document["reserves"]["evidence"]
    if not name:
        return 0
    judge = verifier()
    row = (folder / "epochs" / f"{document['epoch']}.json").read_bytes()
    evidence = judge.load((folder / "evidence" / f"{name}.json").read_bytes())
    listed = document.get("addresses", {}).get("list")
    lists = [json.loads((folder / f"addresses/{listed}.json").read_bytes())] if listed else []
    try:
        said = judge.check_statement(judge.load(row))
        said = said._replace(assets=judge.assets_of(document))
        judge.check_evidence(evidence, said)
        for chain in evidence["chains"]:
            number = str(chain["network"])
            if number in nodes:
                spec = f"{number}={nodes[number]}"
                judge.check_node(spec, said, [evidence], lists, _progress)
    except judge.Refused as refused:
        raise Finding(str(refused)) from None
    return sum(len(chain["places"]) for chain in evidence["chains"])


def check_places(folder: Path, document: Document, nodes: dict[str, str]) -> int:
    """That the auditor's nodes have the balances of the evidence; how many were asked."""
    name = document["reserves"]["evidence"]
    if not name:
        return 0
    evidence = json.loads((folder / "evidence" / f"{name}.json").read_bytes())
    asked = 0
    for chain in evidence["chains"]:
        url = nodes.get(str(chain["network"]))
        if url is None:
            _say(f"chain {chain['name']}: no node of yours was named (--node)")
            continue
        if chain["kind"] == "utxo":  # looked for with the signatures
            asked += sum(len(place["coins"]) for place in chain["places"])
            continue
        node = Node(url)
        for number, place in enumerate(chain["places"], 1):
            asked += _check_place(node, chain, place)
            _progress(number, len(chain["places"]))
    return asked


def _check_place(node: Node, chain: dict[str, Any], place: dict[str, Any]) -> int:
    at, address = hex(chain["height"]), place["address"]
    contracts = {one["symbol"]: one["contract"] for one in chain["tokens"]}
    for symbol, units in place["amounts"].items():
        if symbol in contracts:
            data = call("balanceOf(address)", bytes.fromhex(address[2:]))
            to = {"to": "0x" + contracts[symbol], "data": "0x" + data.hex()}
            found = int(node.call("eth_call", to, at), 16)
        else:
            found = int(node.call("eth_getBalance", address, at), 16)
        if found != int(units):
            raise Finding(f"{address} has {found} units of {symbol}, the evidence says {units}")
    return len(place["amounts"])


def check_cover(document: Document) -> list[tuple[str, bool]]:
    """That each asset is covered, as verifiers have it; Finding, NoVerifier.

    What comes back are the exchange's own tokens, and whether what is held of them counts.
    """
    judge = verifier()
    try:
        assets = judge.assets_of(document)
        for one in assets:
            judge.check_cover(one)
    except judge.Refused as refused:
        raise Finding(str(refused)) from None
    return [(one.symbol, not one.uncounted) for one in assets if one.own]
