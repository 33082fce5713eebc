"""Goal: what operators write for ever has no secret in it.

Method: a key in each shape that it may have, made for the test; and what only looks like one.
"""

from __future__ import annotations

import pytest
from coincurve import PrivateKey
from embit.slip39 import SLIP39_WORDS

from fullreserve.custody.hd import base58check
from fullreserve.gateway.told_secrets import secret_in

KEY = PrivateKey(b"\x07" * 32)
BACKUP = "legal winner thank year wave sausage worth useful legal winner thank yellow"
SECRETS = {
    "a private key": KEY.to_pem().decode(),
    "an extended private key": "look: xprv" + "9" * 107,
    "an age key": "age-secret-key-1qqqq",
    "a wallet's private key": "(" + base58check(b"\x80" + KEY.secret + b"\x01") + ")",
    "the words of a key's backup": f"Kept as: {BACKUP.title()}!",
    "a secret behind its name": "the API key is: 0011223344",
}


@pytest.mark.parametrize("name", list(SECRETS))
def test_a_secret_is_named_by_its_kind(name: str) -> None:
    """Criterion: SUS-REST-4"""
    assert secret_in(SECRETS[name]) == name


def test_words_of_another_backup() -> None:
    """Criterion: SUS-REST-4"""
    assert secret_in(" ".join(SLIP39_WORDS[200:220])) == "the words of a key's backup"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Six people from 14:00 on; keys were checked by two of them.",
        "Block " + "ab" * 32 + " at 812,004; xpub661MyMwAqRbcF; 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
        "9" * 52,
        " ".join(BACKUP.split()[:11]),
        "The secret of a good restart is: to wait",
    ],
)
def test_what_is_none_is_let_through(text: str) -> None:
    """Criterion: SUS-REST-4"""
    assert secret_in(text) == ""
