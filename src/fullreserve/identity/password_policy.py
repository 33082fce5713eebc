"""Which passwords are taken: long ones that are not everybody's first guess."""

from __future__ import annotations

from fullreserve.identity.denied import Denied, Reason
from fullreserve.identity.rules import Rules

# Of the lists that guessers begin with, what is long enough to pass the length.
_GUESSED_FIRST = """
1234567890 12345678910 0123456789 0987654321 qwertyuiop 1q2w3e4r5t 1qaz2wsx3edc qwerty12345
qwerty123456 password123 password1234 password12345 passw0rd123 iloveyou123 letmein1234 welcome123
welcome1234 administrator adminadmin changeme123 football123 baseball123 sunshine123 princess123
superman123 trustno1trustno1 abc1234567 abcd123456 abcdefghij q1w2e3r4t5 q1w2e3r4t5y6 zaq12wsxcde3
zxcvbnm123 asdfghjkl1 asdfghjkl123 fullreserve
"""
GUESSED_FIRST = frozenset(_GUESSED_FIRST.split())
KINDS_MIN = 4  # different characters


def check(password: str, email: str, rules: Rules) -> None:
    """Denied for a password that is too short, too long, or too easy to guess."""
    if not rules.password_min <= len(password) <= rules.password_max:
        span = f"{rules.password_min} to {rules.password_max} characters"
        raise Denied(Reason.BAD_PASSWORD, f"it must have {span}")
    plain = password.casefold()
    name = email.partition("@")[0]
    if plain in GUESSED_FIRST or len(set(plain)) < KINDS_MIN or plain in (email, name * 2):
        raise Denied(Reason.BAD_PASSWORD, "it is among the first that would be guessed")
