"""Goal: what encrypts a signer's file of keys stays as hard as it was, and opens files of before.

Method: a file that was sealed on 2026-11-27, opened by the code of today.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from fullreserve.custody import keyfile

PASSPHRASE = b"correct horse battery staple"
SEALED = bytes.fromhex(
    "66756c6c72657365727665206b65797320310a940a585fe3c0b90d9123711d79a134267382ce7fe91ce9e249"
    "40e5f2deb1a3a6299078aadb09c616982773913613814430120c5d6b029458735ea4657fda73f840171c47dd"
    "77369856ae29d368eafc6fe24b7c6501"
)


def test_a_file_of_before_opens_by_its_passphrase_alone(tmp_path: Path) -> None:
    """Criterion: CUST-KEY-7. By scrypt of 64 MB, so that a guess stays dear."""
    place = tmp_path / "ann.keys"
    place.write_bytes(SEALED)
    assert keyfile.unseal(place, PASSPHRASE) == {"lane0": bytes(31) + b"\x07"}
    with pytest.raises(keyfile.KeyFileError, match="the passphrase is wrong"):
        keyfile.unseal(place, PASSPHRASE[:-1])
    assert 128 * keyfile._N * keyfile._R >= 64 * 2**20
