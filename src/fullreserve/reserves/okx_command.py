"""`fullreserve reserves export-okx`: a statement in the forms that OKX's validators read.

    full-liabilities-merkle-tree.txt    second format: the whole tree
    user_info/<uid>.json                second format: an account's `user_info_file.json`
    merkle_proof/<uid>.json             first format: an account's `merkle_proof_file.json`
    reserves.csv                        addresses, balances and signatures

Claims are those of the journal where the statement was made, and have to be its totals. The tree
shows everybody's parts without names, which is why nothing writes it by itself.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from fullreserve.clock import SystemClock
from fullreserve.config import Settings
from fullreserve.door.protocol import Unavailable
from fullreserve.door.socket_client import SocketDoor
from fullreserve.door.socket_server import SOCKET_NAME
from fullreserve.exchange import chart
from fullreserve.exchange.machine import Machine
from fullreserve.exchange.wire.events import AssetDefined
from fullreserve.exchange.wire.queries import ListAssets
from fullreserve.journal.errors import JournalError
from fullreserve.reserves import claims, keys, okx_export
from fullreserve.reserves.archive import HASHES, LEAF_BYTES, PUBLIC
from fullreserve.reserves.audit import Finding, replayed, statement_of
from fullreserve.reserves.okx_export import COINS, Account, Row
from fullreserve.reserves.places import NotProven
from fullreserve.reserves.signers import Signers
from fullreserve.reserves.statement import Document

DONE, WRONG = 0, 1
READS_ONLY = 0  # the gateway of who may not say anything to the exchange
TREE, CSV = "full-liabilities-merkle-tree.txt", "reserves.csv"
# Of a network's name and an asset: how OKX's table calls it, and the network. What is not in that
# table its validators cannot read.
NAMES = {
    ("ERC20", "ETH"): ("ETH", "ETH"),
    ("ERC20", "USDT"): ("USDT-ERC20", "ETH"),
    ("ERC20", "USDC"): ("USDC", "ETH"),
    ("Bitcoin", "BTC"): ("BTC", "BTC"),
    ("Litecoin", "LTC"): ("LTC", "LTC"),
}
_SCRIPT_SIGNATURES = 2

Amounts = tuple[Decimal, Decimal, Decimal]


def export(
    settings: Settings, destination: Path, epoch: int | None, account: Sequence[int] | None
) -> int:
    """Write a statement's files into a folder (the newest statement's by default)."""
    public = settings.data / keys.FOLDER / PUBLIC
    try:
        document = statement_of(public, epoch or newest(public))
        made = Claimants.of(settings.data, document)
        made.check(document)
        wanted = made.wanted(account)
        rows, left = asyncio.run(reserve_rows(settings.data, document))
        _prepare(destination)
        made.write(destination, wanted)
        heights = {row.coin: row.height for row in rows}
        (destination / CSV).write_text(okx_export.reserve_file(rows, heights))
    except (Finding, JournalError, Unavailable, keys.BadKey, OSError, ValueError) as problem:
        sys.stdout.write(f"FAILED: {problem}\n")
        return WRONG
    for sentence in left:
        sys.stdout.write(f"left out: {sentence}\n")
    sys.stdout.write(
        f"statement {document['epoch']}: {len(made.accounts)} accounts in the trees, files of "
        f"{len(wanted)}; {len(rows)} balances of reserves, in {destination}\n"
    )
    return DONE


def newest(public: Path) -> int:
    """The newest statement's epoch; Finding where there is none."""
    try:
        found = (public / HASHES).stat().st_size // LEAF_BYTES
    except OSError:
        found = 0
    if not found:
        raise Finding("there are no statements")
    return found


def _prepare(destination: Path) -> None:
    """What is in it is everybody's: its owner alone may look."""
    destination.mkdir(parents=True, exist_ok=True, mode=0o700)
    if any(destination.iterdir()):
        raise Finding(f"{destination} is not empty")


class Claimants(NamedTuple):
    """Who is owed any of the three coins, in the order of their leaves; the house is 0."""

    uids: list[int]
    accounts: list[Account]
    secret: bytes

    @classmethod
    def of(cls, data: Path, document: Document) -> Claimants:
        """By the journal where a statement was made; Finding, JournalError, keys.BadKey."""
        secret = hmac.digest(keys.salt(data), b"okx/%d" % document["epoch"], "sha256")
        found = [
            (uid, _account(secret, uid, amounts))
            for uid, amounts in owed(replayed(data, document)).items()
            if any(amounts)
        ]
        if len(found) < 2:
            raise Finding(f"fewer than two accounts have any of {', '.join(COINS)}")
        found.sort(key=lambda one: one[1].nonce)  # in no order of theirs
        return cls([uid for uid, _ in found], [one for _, one in found], secret)

    def check(self, document: Document) -> None:
        """That they add up to what the statement says is owed; Finding."""
        rows = {row["symbol"]: row for row in document["assets"]}
        for place, coin in enumerate(COINS):
            row = rows.get(coin, {"claims": "0", "decimals": 0})
            said = Decimal(row["claims"]).scaleb(-row["decimals"])
            total = sum((one.amounts[place] for one in self.accounts), Decimal(0))
            if total != said:
                raise Finding(f"{coin}: accounts have {total}, the statement says {said}")

    def wanted(self, uids: Sequence[int] | None) -> list[int]:
        """Places of these accounts, or of all users; Finding for one who is owed nothing here."""
        if uids is None:
            return [place for place, uid in enumerate(self.uids) if uid]
        lacking = [uid for uid in uids if uid not in self.uids]
        if lacking:
            raise Finding(f"account {lacking[0]} has none of {', '.join(COINS)}")
        return [self.uids.index(uid) for uid in uids]

    def write(self, destination: Path, wanted: Sequence[int]) -> None:
        """The trees and these accounts' files; OSError."""
        parts = [self._parts(one) for one in self.accounts]
        leaves = [
            okx_export.part_leaf(one, part)
            for one, split in zip(self.accounts, parts, strict=True)
            for part in split
        ]
        leaves.sort(key=lambda leaf: leaf.hash)
        with (destination / TREE).open("w") as file:
            file.writelines(line + "\n" for line in okx_export.tree_file(leaves))
        for folder in ("user_info", "merkle_proof"):
            (destination / folder).mkdir()
        known = okx_export.levels([okx_export.leaf(one) for one in self.accounts])
        for place in wanted:
            name = f"{self.uids[place]}.json"
            info = okx_export.parts_file(self.accounts[place], parts[place])
            _write(destination / "user_info" / name, info)
            proof = okx_export.user_file(self.accounts, place, known)
            _write(destination / "merkle_proof" / name, proof)

    def _parts(self, account: Account) -> list[Amounts]:
        """In two, at a place that nobody else knows: neighbours see parts, no whole balance."""
        first = []
        for coin, amount in zip(COINS, account.amounts, strict=True):
            units = int(amount.scaleb(8))
            drawn = hmac.digest(self.secret, f"{account.nonce}/{coin}".encode(), "sha256")
            first.append(Decimal(int.from_bytes(drawn) % (units + 1)).scaleb(-8))
        rest = tuple(have - part for have, part in zip(account.amounts, first, strict=True))
        (a, b, c), (x, y, z) = first, rest
        return [part for part in ((a, b, c), (x, y, z)) if any(part)]


def _write(place: Path, document: Any) -> None:
    place.write_text(json.dumps(document, indent=1) + "\n")


def _account(secret: bytes, uid: int, amounts: Amounts) -> Account:
    drawn = hmac.digest(secret, b"%d" % uid, "sha256")
    audit_id = str(int.from_bytes(sha256(drawn).digest()[:8]))
    return Account(audit_id, drawn.hex(), amounts)


def owed(machine: Machine) -> dict[int, Amounts]:
    """What each user is owed of the three coins, the house as 0; in whole coins."""
    assets: list[AssetDefined] = machine.query(ListAssets())
    named = {one.symbol: one for one in assets}
    numbers = [named[coin].asset if coin in named else None for coin in COINS]
    units: dict[int, list[int]] = {}
    for page in claims.pages(machine):
        for one in claims.unpacked(page.owners):
            sums = units.setdefault(chart.HOUSE if one.is_house else one.owner, [0] * len(COINS))
            for place, number in enumerate(numbers):
                sums[place] += one.amounts.get(number, 0) if number is not None else 0
    scales = [named[coin].scale if coin in named else 0 for coin in COINS]
    return {uid: _coins(sums, scales) for uid, sums in units.items()}


def _coins(units: Sequence[int], scales: Sequence[int]) -> Amounts:
    a, b, c = (Decimal(one).scaleb(-scale) for one, scale in zip(units, scales, strict=True))
    return a, b, c


async def reserve_rows(data: Path, document: Document) -> tuple[list[Row], list[str]]:
    """Rows of the reserve file, and what is left out of it and why; Finding, Unavailable."""
    name = document["reserves"]["evidence"]
    if not name:
        return [], ["all reserves: the statement shows none"]
    place = data / keys.FOLDER / PUBLIC / "evidence" / f"{name}.json"
    evidence: Document = json.loads(place.read_bytes())
    door = await SocketDoor.open(data / SOCKET_NAME, READS_ONLY, SystemClock())
    rows: list[Row] = []
    left: dict[str, None] = {}
    try:
        signers = Signers(data, door)
        for chain in evidence["chains"]:
            await signers.places(chain["network"])
            for one in chain["places"]:
                found, why = await _rows_of(chain, one, signers)
                rows += found
                left |= dict.fromkeys(why)
    finally:
        await door.close()
    return rows, list(left)


async def _rows_of(
    chain: Document, place: Document, signers: Signers
) -> tuple[list[Row], Iterable[str]]:
    """Of one address: a row for each of its assets that OKX's table has."""
    units = {symbol: int(text) for symbol, text in place["amounts"].items() if int(text)}
    known = {symbol for symbol in units if (chain["name"], symbol) in NAMES}
    why = [
        f"{symbol} on {chain['name']}: OKX's validators have no name for it"
        for symbol in sorted(units.keys() - known)
    ]
    if not known:
        return [], why
    address = place["address"]
    try:
        script, signatures = await _signed(chain, place, signers)
    except NotProven as problem:
        return [], [*why, f"{address}: {problem}"]
    digits = _digits(chain)
    rows = []
    for symbol in sorted(known):
        coin, network = NAMES[chain["name"], symbol]
        amount = Decimal(units[symbol]).scaleb(-digits[symbol])
        head = (coin, network, chain["height"], address, amount)
        rows.append(Row(*head, place["message"], signatures, script))
    return rows, why


async def _signed(
    chain: Document, place: Document, signers: Signers
) -> tuple[str, tuple[str, str]]:
    """Script and signatures in OKX's form; NotProven."""
    if chain["kind"] == "utxo":
        made = [base64.b64encode(bytes.fromhex(one)).decode() for one in place["signatures"]]
        if place.get("form") or not place["script"] or len(made) != _SCRIPT_SIGNATURES:
            raise NotProven("OKX's validators know scripts of two of three keys alone")
        return place["script"], (made[0], made[1])
    if place["tier"] == "declared" or place.get("form"):
        raise NotProven("its keys are elsewhere and have not signed in OKX's form")
    proof = await signers.signed(place["address"], place["message"], hashed=True)
    return "", ("0x" + proof.signatures[0], "")


def _digits(chain: Document) -> Mapping[str, int]:
    return {one["symbol"]: one["decimals"] for one in (chain["coin"], *chain["tokens"])}
