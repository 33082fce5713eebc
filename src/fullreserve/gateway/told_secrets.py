"""Finds secrets in what operators write, before it is kept for ever and shown.

It knows what a secret looks like, and no secret: private keys as files, extended keys and wallets
have them, words that back a key up (BIP 39, SLIP 39), and a value behind a secret's name. A bare
number of 64 hexadecimal digits is a hash as well, and is let through.
"""

from __future__ import annotations

import re
from hashlib import sha256

from fullreserve.logs import SECRET_KEY

WORDS_MIN = 12  # BIP 39's shortest backup; ordinary sentences do not have as many of its words
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_SHAPES = (
    ("a private key", re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY")),
    ("an extended private key", re.compile(rf"\b[a-zA-Z]prv[{_BASE58}]{{80,}}")),
    ("an age key", re.compile(r"AGE-SECRET-KEY-1", re.IGNORECASE)),
)
_WALLET_KEY = re.compile(rf"\b[{_BASE58}]{{51,52}}\b")
_NAMED = re.compile(rf"(?:{SECRET_KEY.pattern})[\w \"'-]{{0,12}}[:=]\s*\S{{6,}}", re.IGNORECASE)


def secret_in(text: str) -> str:
    """What of a secret's look a text has, in words; "" for nothing."""
    for name, shape in _SHAPES:
        if shape.search(text):
            return name
    if any(_is_wallet_key(found) for found in _WALLET_KEY.findall(text)):
        return "a wallet's private key"
    if _has_backup(text):
        return "the words of a key's backup"
    return "a secret behind its name" if _NAMED.search(text) else ""


def _is_wallet_key(text: str) -> bool:
    """Whether it is a key in WIF: base58 with a checksum, 32 or 33 bytes behind a high version."""
    number = 0
    for letter in text:
        number = number * 58 + _BASE58.index(letter)
    size = (number.bit_length() + 7) // 8
    data = number.to_bytes(size)
    payload, checksum = data[:-4], data[-4:]
    is_whole = sha256(sha256(payload).digest()).digest()[:4] == checksum
    return is_whole and size in (37, 38) and payload[0] >= 0x80


def _has_backup(text: str) -> bool:
    from embit.slip39 import SLIP39_WORDS
    from embit.wordlists.bip39 import WORDLIST

    lists = tuple(dict.fromkeys(words) for words in (WORDLIST, SLIP39_WORDS))
    runs = [0] * len(lists)
    for word in re.findall(r"[^\W\d_]+", text.lower()):
        runs = [run + 1 if word in known else 0 for run, known in zip(runs, lists, strict=True)]
        if max(runs) >= WORDS_MIN:
            return True
    return False
