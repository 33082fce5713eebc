"""The demo's keys: made at the first start, one sealed file for each signer.

What the demo's chains hold is play money. The passphrase of a file lies beside it: whoever can read
the data folder can spend, which is right for a demo alone. No file holds another signer's part of a
key that several sign with; a lane's key is in two files, so that losing one stops nothing.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from coincurve import PrivateKey

from fullreserve.custody import keyfile
from fullreserve.custody.addresses import account_of
from fullreserve.custody.hd import HARDENED, Private
from fullreserve.custody.holders import key_of
from fullreserve.custody.networks import Branch
from fullreserve.custody.signing import LANE, branch_name

SIGNERS = ("one", "two", "three")
LANES = 3
# BIP 44 and BIP 48: https://github.com/bitcoin/bips. The second number is the coin (SLIP 44).
_ACCOUNTS, _SCRIPTS = 44 + HARDENED, 48 + HARDENED
_ETHER = 60 + HARDENED
_OLD_KEYS, _OLD_PASSPHRASE = "custody-demo.keys", "custody-demo.passphrase"


class Made(NamedTuple):
    """What may be known of the keys whose files are there."""

    lanes: tuple[str, ...]
    accounts: tuple[Branch, ...]  # of users' addresses on chains of accounts
    # On chains of Bitcoin's family, by network: one of each signer.
    scripts: dict[int, tuple[Branch, ...]]
    presence: dict[str, str]  # by signer, the key by which its answers to challenges are known


def keys_file(data: Path, signer: str) -> Path:
    """Where a signer's keys are."""
    return data / f"custody-signer-{signer}.keys"


def socket_name(signer: str) -> str:
    """Its socket, below the data folder."""
    return f"signer-{signer}.sock"


def passphrase(data: Path, signer: str) -> bytes:
    """That of a signer's file, made when there is none."""
    path = data / f"custody-signer-{signer}.passphrase"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(descriptor, "wb") as file:
        file.write(os.urandom(24).hex().encode())
        file.flush()
        os.fsync(file.fileno())
    return path.read_bytes()


def hold(
    data: Path, accounts: tuple[int, ...], scripts: dict[int, int], served: Collection[int]
) -> Made:
    """Makes the keys where there are none; what may be known of those whose files are there.

    `accounts` are networks of accounts, `scripts` those of Bitcoin's family with their coin types.
    None are made in place of keys that a network which is `served` goes by: whose file is gone is
    gone, and the others sign. keyfile.KeyFileError.
    """
    may_lack: tuple[str, ...] = ()
    if not any(one in served for one in scripts):
        # Chains of accounts go by the keys of the first two.
        may_lack = SIGNERS if not served or (data / _OLD_KEYS).exists() else SIGNERS[2:]
    lacking = [one for one in may_lack if not keys_file(data, one).exists()]
    if lacking and not served:
        # The first two hold the same lanes: where a start was killed amid them all are made anew.
        lacking = list(may_lack)
        for one in lacking:
            path = keys_file(data, one)
            if path.exists():
                path.rename(path.with_name(f"{path.name}.unused-{os.urandom(4).hex()}"))
    if lacking:
        _make(data, accounts, scripts, lacking)
    there = [one for one in SIGNERS if keys_file(data, one).exists()]
    kept = {one: keyfile.unseal(keys_file(data, one), passphrase(data, one)) for one in there}
    of_all = next((kept[one] for one in SIGNERS[:2] if one in kept), None)
    names = [f"{LANE}{number}" for number in range(LANES)]
    return Made(
        tuple(_account(PrivateKey(of_all[name])) for name in names if of_all and name in of_all),
        (_public(of_all[branch_name(accounts[0])]),) if of_all is not None else (),
        {
            network: tuple(_public(secrets[branch_name(network)]) for secrets in kept.values())
            for network in scripts
        },
        {name: key_of(secrets).public_key.format().hex() for name, secrets in kept.items()},
    )


def _make(
    data: Path, accounts: tuple[int, ...], scripts: dict[int, int], signers: Collection[str]
) -> None:
    root = _first_root(data)
    users = root.at(_ACCOUNTS, _ETHER, HARDENED, 0)
    # Hot wallets are of an account of their own, which users' branch says nothing of.
    hot = root.at(_ACCOUNTS, _ETHER, 1 + HARDENED, 0)
    lanes = {f"{LANE}{number}": hot.child(number).secret for number in range(LANES)}
    shared = {branch_name(network): _kept(users) for network in accounts}
    own: dict[str, dict[str, bytes]] = {
        "one": lanes | shared,
        "two": lanes | shared,
        "three": {},
    }
    for signer in signers:
        secrets = own[signer]
        part = Private.of_seed(os.urandom(32))
        for network, coin in scripts.items():
            branch = part.at(_SCRIPTS, coin + HARDENED, HARDENED, 2 + HARDENED, 0)
            secrets[branch_name(network)] = _kept(branch)
        keyfile.seal(keys_file(data, signer), secrets, passphrase(data, signer))


def _first_root(data: Path) -> Private:
    """A new one; that of a data folder whose keys were all in one file stays."""
    old = data / _OLD_KEYS
    if old.exists():
        word = (data / _OLD_PASSPHRASE).read_bytes()
        return Private.of_seed(keyfile.unseal(old, word)["seed"])
    return Private.of_seed(os.urandom(32))


def _kept(branch: Private) -> bytes:
    return branch.secret + branch.code


def _public(kept: bytes) -> Branch:
    branch = Private(kept[:32], kept[32:]).public()
    return Branch(branch.key.hex(), branch.code.hex())


def _account(key: PrivateKey) -> str:
    return account_of(key.public_key.format()).hex()
