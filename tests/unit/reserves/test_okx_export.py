"""Goal: the validators of okx/proof-of-reserves accept our files, and not altered ones.

Method: what their Go source checks, written again here from its description; where Go and its
module proxy are, the long tests build the validators themselves from the published source.
"""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from coincurve import PrivateKey, PublicKey

from fullreserve.custody.addresses import account_of
from fullreserve.custody.ownership import hashed_digest
from fullreserve.reserves import okx_export as okx
from fullreserve.reserves.okx_export import Account, Row
from tests.unit.reserves.okx_tools import built, judged

ACCOUNTS = [
    Account(str(1_000 + n), hashlib.sha256(bytes((n,))).hexdigest(), tuple_of)
    for n, tuple_of in enumerate(
        (Decimal(n) / 8, Decimal(3 * n), Decimal("19398.33550812") + n) for n in range(7)
    )
]
COIN = range(len(okx.COINS))


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def text_of(balances: dict[str, str]) -> str:
    return "".join(balances[coin] for coin in okx.COINS)


def is_valid_v1(document: dict[str, Any]) -> bool:
    """The walk of MerkleValidator, first format."""
    own, path = document["self"], document["path"]
    compact = json.dumps(own["balances"], separators=(",", ":"))
    if sha(own["nonce"] + compact) != own["hash"] or path[0]["type"] == own["type"]:
        return False
    name, sums, on_left = own["hash"], own["balances"], own["type"] == okx.LEFT
    for height, node in enumerate(path[:-1], 2):
        is_left = node["type"] == okx.LEFT
        pair = (node["hash"], name) if is_left else (name, node["hash"])
        sums = {
            coin: okx.plain(Decimal(sums[coin]) + Decimal(node["balances"][coin]))
            for coin in okx.COINS
        }
        name = sha("".join(pair) + text_of(sums) + str(height))
    root = path[-1]
    assert on_left in (True, False)
    same = (root["hash"], root["balances"], root["type"]) == (name, sums, okx.ROOT)
    return same and root["height"] == len(path)


def altered(document: Any) -> Any:
    """One digit of an amount is another."""
    text = json.dumps(document)
    at = text.index('"USDT": "') + len('"USDT": "')
    return json.loads(text[:at] + ("8" if text[at] != "8" else "7") + text[at + 1 :])


@pytest.mark.parametrize("count", range(2, 8))
def test_the_first_format_walks_to_its_root(count: int) -> None:
    """Criterion: POR-OKX-1"""
    for index in range(count):
        document = okx.user_file(ACCOUNTS[:count], index)
        assert is_valid_v1(document)
        assert not is_valid_v1(altered(document))


def split(account: Account) -> list[tuple[Decimal, Decimal, Decimal]]:
    """In two leaves."""
    a, b, c = account.amounts
    return [(a, Decimal(0), c), (Decimal(0), b, Decimal(0))]


def test_the_second_formats_tree_holds_every_part() -> None:
    """Criterion: POR-OKX-1"""
    leaves = [okx.part_leaf(one, part) for one in ACCOUNTS for part in split(one)]
    lines = list(okx.tree_file(leaves))
    assert lines[0].split(",")[1] == str(len(okx.levels(leaves)))
    bottom = [line.split(",", 2) for line in lines if line.split(",")[1] == "1"]
    total = sum(Decimal(json.loads(line[2])["USDT"]) for line in bottom)
    assert total == sum(one.amounts[2] for one in ACCOUNTS)
    user = okx.parts_file(ACCOUNTS[3], split(ACCOUNTS[3]))
    names = {line[0] for line in bottom}
    assert all(node["hash"] in names for node in user["nodes"])
    for node in user["nodes"]:
        assert node["hash"] == sha(user["hash"] + text_of(node["balances"]))
        # Inside a level the right child stands before the left one.
    first = dict(zip(("hash", "height"), lines[0].split(",")[:2], strict=True))
    right, left = lines[1].split(",", 2), lines[2].split(",", 2)
    sums = text_of(json.loads(lines[0].split(",", 2)[2]))
    assert first["hash"] == sha(left[0] + right[0] + sums + first["height"])


def reserve_rows() -> list[Row]:
    key = PrivateKey(b"\7" * 32)
    message = "Fullreserve says that this is its address"
    raw = key.sign_recoverable(hashed_digest(message), hasher=None)
    signature = "0x" + (raw[:64] + bytes((27 + raw[64],))).hex()
    address = "0x" + account_of(key.public_key.format()).hex()
    return [Row("ETH", "ETH", 100, address, Decimal("1.5"), message, (signature, ""))]


def test_the_reserve_file_has_nine_columns_and_signatures_that_recover() -> None:
    """Criterion: POR-OKX-2"""
    rows = reserve_rows()
    text = okx.reserve_file(rows, {"ETH": 100})
    summary, details = text.split("\n\n")
    assert summary == "coin,snapshot height,amount\nETH,100,1.5"
    _, line = details.splitlines()
    fields = line.split(",")
    assert len(fields) == 9
    made = bytes.fromhex(fields[6][2:])
    recoverable = made[:64] + bytes((made[64] - 27,))
    digest = hashed_digest(fields[5])
    key = PublicKey.from_signature_and_message(recoverable, digest, hasher=None)
    assert "0x" + account_of(key.format()).hex() == fields[3]
    with pytest.raises(ValueError, match="comma"):
        okx.reserve_file([rows[0]._replace(message="a, b")], {"ETH": 100})


@pytest.fixture(scope="module")
def validator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built("merklevalidator", tmp_path_factory.mktemp("okx"))


@pytest.mark.slow
def test_okx_own_validator_judges_the_first_format(validator: Path, tmp_path: Path) -> None:
    """Criterion: POR-OKX-3"""
    place = tmp_path / "merkle_proof_file.json"
    honest = okx.user_file(ACCOUNTS, 3)
    for document, passes in ((honest, True), (altered(honest), False)):
        place.write_text(json.dumps(document))
        assert (
            "validation passed" in judged(validator, tmp_path, merkle_proof_file=place)
        ) is passes


@pytest.mark.slow
def test_okx_own_validator_judges_the_second_format(validator: Path, tmp_path: Path) -> None:
    """A digit of the user's file, or of the user's line of the tree, is another: refused.

    It adds up our leaves to what all accounts have, and finds the user's in them.
    Criterion: POR-OKX-4
    """
    tree, info = tmp_path / "tree.txt", tmp_path / "user_info_file.json"
    leaves = [okx.part_leaf(one, part) for one in ACCOUNTS for part in split(one)]
    honest = okx.parts_file(ACCOUNTS[3], split(ACCOUNTS[3]))
    lines = "".join(f"{line}\n" for line in okx.tree_file(leaves))

    def passes(text: str, document: Any) -> bool:
        tree.write_text(text)
        info.write_text(json.dumps(document))
        said = judged(validator, tmp_path, merkle_file=tree, user_info_file=info)
        assert ("validation passed" in said) is not ("validation failed" in said), said
        if "validation passed" in said:
            total = [okx.plain(sum((one.amounts[n] for one in ACCOUNTS), Decimal(0))) for n in COIN]
            assert "{} BTC , {} ETH , {} USDT".format(*total) in said, said
        return "validation passed" in said

    assert passes(lines, honest)
    assert not passes(lines, altered(honest))
    name = honest["nodes"][0]["hash"]
    amount = honest["nodes"][0]["balances"]["USDT"]
    (own,) = [one for one in lines.splitlines() if one.startswith(f"{name},1,")]
    other = own.replace(f'"{amount}"', f'"{int(amount[0]) % 9 + 1}{amount[1:]}"')
    assert own != other
    assert not passes(lines.replace(own, other), honest)


def test_the_second_formats_user_file_is_altered_by_a_digit() -> None:
    """What the validator recomputes of it no longer fits. Criterion: POR-OKX-4"""
    honest = okx.parts_file(ACCOUNTS[3], split(ACCOUNTS[3]))
    for document, fits in ((honest, True), (altered(honest), False)):
        found = [sha(document["hash"] + text_of(one["balances"])) for one in document["nodes"]]
        assert (found == [one["hash"] for one in document["nodes"]]) is fits
