"""Goal: no chain is served whose payments hang on one. Method: configurations, good and bad."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
import structlog

from fullreserve.app import custody
from fullreserve.custody import holders, networks
from fullreserve.custody.networks import BadNetworks, Branch, Generation, Network
from fullreserve.custody.spare import check, faults

BRANCH = Branch("02" * 33, "03" * 32)


def branch(number: int) -> Branch:
    return Branch(f"02{number:064x}", "03" * 32)


def followed(one: Network, *starts: int, keys: int = 3) -> Network:
    """By others' branches."""
    later = [
        Generation(tuple(branch(100 * number + key) for key in range(keys)), start)
        for number, start in enumerate(starts, 1)
    ]
    return msgspec.structs.replace(one, later=tuple(later))


LANES = ("aa" * 20, "bb" * 20, "cc" * 20)


def accounts(**more: Any) -> Network:
    values: dict[str, Any] = {"signers": ("one.sock", "two.sock"), "lanes": LANES, "kind": "evm"}
    values |= {"nodes": ("http://127.0.0.1:1",)} | more
    return Network(
        network=1, branches=(BRANCH,), decimals={2: 18},
        coin=2, credit_after=2, unlock_after=6, chain_id=1, **values,
    )  # fmt: skip


def scripts(threshold: int, keys: int, signers: int) -> Network:
    return Network(
        network=2, kind="utxo", nodes=("http://127.0.0.1:1",),
        branches=tuple(branch(number) for number in range(keys)),
        decimals={1: 8}, coin=1, credit_after=1, unlock_after=3, threshold=threshold, hrp="bc",
        signers=tuple(f"{number}.sock" for number in range(signers)),
    )  # fmt: skip


@pytest.mark.parametrize(
    "one",
    [
        accounts(),
        accounts(signers=()),
        accounts(signers=(), lanes=()),
        scripts(2, 3, 3),
        scripts(3, 5, 4),
        scripts(2, 2, 0),
        followed(scripts(2, 3, 4), 5, 5, 9, 0),
        followed(accounts(), 5, 0, keys=1),
    ],
)
def test_what_bears_the_loss_of_any_one_is_served(one: Network) -> None:
    """Criterion: LIVE-15."""
    assert list(faults(one)) == []


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (accounts(signers=("one.sock",)), "one signer alone"),
        (accounts(signers=("one.sock", "one.sock")), "stands twice"),
        (accounts(signers=("tls:far@127.0.0.1:1", "tls:far@127.0.0.1:2")), "stands twice"),
        (accounts(lanes=LANES[:2]), "2 lanes"),
        (scripts(2, 2, 2), "2-of-2 keys"),
        (scripts(3, 3, 4), "3-of-3 keys"),
        (scripts(2, 3, 2), "2 signers for 2"),
        (scripts(1, 1, 1), "1-of-1 keys"),
        (scripts(1, 3, 3), "at least 2 have to sign"),
        (scripts(0, 3, 3), "at least 2 have to sign"),
        (msgspec.structs.replace(scripts(2, 3, 3), branches=(BRANCH,) * 3), "a key stands twice"),
        (msgspec.structs.replace(scripts(2, 3, 3), branches=(BRANCH,) * 3), "2-of-1 keys"),
        (followed(scripts(2, 3, 3), 5, keys=2), "2-of-2 keys"),
        (followed(scripts(2, 3, 3), 0, keys=2), "2-of-2 keys"),
        (followed(scripts(2, 3, 3), 9, 5), "none may begin below"),
        (followed(scripts(2, 3, 3), 0, 5), "none may begin below"),
        (followed(accounts(), 5, keys=2), "is one branch"),
        (followed(accounts(kind="memo"), 5, keys=1), "no branch can follow"),
        (accounts(cold=LANES[1].upper()), "its cold account is one of its lanes"),
        (accounts(warm="0x" + LANES[0].removeprefix("0x")), "its warm account is one of its lanes"),
        (accounts(warm=LANES[0].removeprefix("0x")), "its warm account is one of its lanes"),
    ],
)
def test_what_hangs_on_one_is_refused(one: Network, words: str) -> None:
    """Criterion: LIVE-15."""
    with pytest.raises(BadNetworks, match=words):
        check([one], [])


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (holders.Holder(1, "two.sock", "03"), "person 1"),
        (holders.Holder(2, "one.sock", "03"), "signer one.sock"),
        (holders.Holder(2, "two.sock", "02"), "key 02"),
    ],
)
def test_two_shares_of_one_are_refused(second: holders.Holder, words: str) -> None:
    """Criterion: LIVE-15."""
    first = holders.Holder(1, "one.sock", "02")
    with pytest.raises(BadNetworks, match=f"quorum 7: {words} has 2 shares"):
        check([], [holders.Online(7, (first, second))])


def test_the_start_looks_at_them(tmp_path: Path) -> None:
    """Criterion: LIVE-15. Also at those that no node serves."""
    bad = accounts(signers=("one.sock",))
    for one in (bad, msgspec.structs.replace(bad, nodes=())):
        networks.keep(tmp_path, [one])
        with pytest.raises(BadNetworks, match="network 1: one signer alone"):
            custody.served(tmp_path)


def test_the_start_says_which_chain_nobody_follows(tmp_path: Path) -> None:
    """Criterion: LIVE-15. It may wait for a node, but not without a word."""
    key = Branch("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798", "03" * 32)
    followed = msgspec.structs.replace(accounts(), network=2, branches=(key,))
    networks.keep(tmp_path, [followed, accounts(nodes=())])
    with structlog.testing.capture_logs() as said:
        found = custody.served(tmp_path)
    assert list(found.addresses) == [2]
    assert [(one["log_level"], one["network"]) for one in said] == [("warning", 1)]
    networks.keep(tmp_path, [accounts(nodes=())])
    with structlog.testing.capture_logs() as said:
        assert custody.served(tmp_path).programs == ()
    assert [one["network"] for one in said] == [1]


def test_signers_elsewhere_are_told_where_the_setting_says_so(tmp_path: Path) -> None:
    """Criterion: CUST-FAR-1."""
    key = Branch("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798", "03" * 32)
    networks.keep(tmp_path, [msgspec.structs.replace(accounts(), branches=(key,))])
    desk = custody.SIGNER_DESK
    assert desk not in [one.module for one in custody.served(tmp_path).programs]
    assert desk in [one.module for one in custody.served(tmp_path, "127.0.0.1:9200").programs]
